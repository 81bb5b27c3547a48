"""A file is written whole or not at all."""

import os
import resource

import pytest

from kpo_jax.files import write_whole


def test_text_and_bytes_take_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "new" / "folder" / "a.json"
    assert write_whole(path, "Zürich\n") == path and path.read_bytes() == "Zürich\n".encode()
    write_whole(str(path), memoryview(b"\x00\xff"))
    assert path.read_bytes() == b"\x00\xff"
    assert os.listdir(path.parent) == ["a.json"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    write_whole(tmp_path / "a", "old")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, unlimited[1]))
    try:
        with pytest.raises(OSError):
            write_whole(tmp_path / "a", "x" * 1000)
        write_whole(tmp_path / "b", "x" * 100)  # the control: this fits
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (tmp_path / "a").read_text() == "old" and sorted(os.listdir(tmp_path)) == ["a", "b"]
