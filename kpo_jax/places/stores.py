"""What keeps a workdir that is not a folder of this machine: objects of a bucket, gs://BUCKET/RUN and s3://BUCKET/RUN,
through fsspec; or the files of a folder that can do no more than that (a mounted bucket), file:///FOLDER/RUN.

A store writes an object whole or not at all, and makes one where none is; it cannot append, rename or lock. (A folder
writes a file whole by renaming it, which its mount must allow.) Names are relative to the address, with slashes. Every
method raises OSError, one line, if the store cannot be reached or refuses.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from kpo_jax.files import write_whole
from kpo_jax.lazy import Lazy

fsspec = Lazy("fsspec")

PACKAGES = {"gs": "gcsfs", "s3": "s3fs"}  # what fsspec needs for them: the extras of the same names
SCHEMES = (*PACKAGES, "file")


class Store(Protocol):
    """See the top of this module."""

    def names(self) -> list[str]:
        """Of everything under the address; raises OSError, too, if there is no such bucket."""

    def read(self, name: str) -> bytes | None:
        """What an object holds; None if there is none of that name."""

    def write(self, name: str, content: bytes) -> None:
        """Put an object in the place of whatever is there."""

    def create(self, name: str, content: bytes) -> bool:
        """Make an object unless there is one; whether it was made. Of several that try at once one does."""

    def remove(self, names: list[str]) -> None:
        """Remove objects; those that are not there are none."""

    def upload(self, folder: Path, names: list[str]) -> None:
        """Write objects from the files of the same names in `folder`. Raises FileNotFoundError if one is not there."""

    def download(self, folder: Path, names: list[str]) -> None:
        """The other way round."""


def opened(address: str) -> Store:
    """The store at an address. Raises ValueError, without its first words, if there can be none."""
    scheme, _, path = address.partition("://")
    path = path.rstrip("/")
    if scheme not in SCHEMES:
        legal = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"{scheme}:// is not supported; it must be a path of this machine's file system, or {legal}")
    if scheme == "file":
        if not path.startswith("/"):
            raise ValueError(f"{address} names no absolute path; it must be file:///FOLDER/RUN")
        return Folder(Path(path))
    if not all(path.split("/", 1)) or "/" not in path:
        raise ValueError(f"{address} names no folder of a bucket; it must be {scheme}://BUCKET/RUN")
    return Bucket(scheme, path)


class Folder:
    """A Store of files."""

    def __init__(self, path: Path):
        self._path = path

    def names(self) -> list[str]:
        return [str(path.relative_to(self._path)) for path in self._path.rglob("*") if path.is_file()]

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        write_whole(self._path / name, content)

    def create(self, name: str, content: bytes) -> bool:
        self._path.mkdir(parents=True, exist_ok=True)
        try:
            with (self._path / name).open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def remove(self, names: list[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)
            for parent in (self._path / name).parents:  # buckets have no empty folders
                if parent == self._path or any(parent.iterdir() if parent.is_dir() else ()):
                    break
                with contextlib.suppress(FileNotFoundError):
                    parent.rmdir()

    def upload(self, folder: Path, names: list[str]) -> None:
        for name in names:
            write_whole(self._path / name, (folder / name).read_bytes())

    def download(self, folder: Path, names: list[str]) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._path / name, folder / name)


class Bucket:
    """A Store of objects. What the client library raises becomes OSError."""

    def __init__(self, scheme: str, path: str):
        self._path = path
        try:
            self._files = fsspec.filesystem(scheme, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            package = PACKAGES[scheme]
            raise ValueError(f"{scheme}:// needs {package} ({error}); pip install {package}") from error
        except Exception as error:  # as where credentials are damaged
            raise ValueError(f"{scheme}:// cannot be opened: {_one_line(error)}") from error

    def names(self) -> list[str]:
        with _as_os_errors():
            return [name.removeprefix(f"{self._path}/") for name in self._files.find(self._path)]

    def read(self, name: str) -> bytes | None:
        with _as_os_errors():
            try:
                return self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        with _as_os_errors():
            self._files.pipe_file(self._at(name), content)

    def create(self, name: str, content: bytes) -> bool:
        with _as_os_errors():
            try:
                self._files.pipe_file(self._at(name), content, mode="create")  # a precondition of the request
            except FileExistsError:
                return False
            return True

    def remove(self, names: list[str]) -> None:
        if names:
            with _as_os_errors(), contextlib.suppress(FileNotFoundError):
                self._files.rm([self._at(name) for name in names])

    def upload(self, folder: Path, names: list[str]) -> None:
        if names:
            with _as_os_errors():
                self._files.put([str(folder / name) for name in names], [self._at(name) for name in names])

    def download(self, folder: Path, names: list[str]) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if names:
            with _as_os_errors():
                self._files.get([self._at(name) for name in names], [str(folder / name) for name in names])

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # each client has errors of its own
        raise OSError(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
