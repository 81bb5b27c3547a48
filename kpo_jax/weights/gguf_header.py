"""Whether the header of a GGUF file is one, before a reader believes what it says.

The `gguf` package trusts every length in a file: an array of 2^60 numbers in a file of 100 bytes is read past the end
for as long as there is memory. Here each length is held against what is left of the file, and nothing is kept. Format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import struct

from kpo_jax.lazy import np

_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # by the type of a value
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_MAX_RANK = 4
# A vocabulary of 262,144 has a million or so: tokens, their types, scores and merges. The reader makes objects of each.
_MAX_VALUES = 8_000_000


def check_header(path: str) -> None:
    """Raises ValueError, in one line, unless the lengths in the file's header fit the file. Reads the header alone."""
    with open(path, "rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError("not a GGUF file")
    cursor = _Cursor(np.memmap(path, np.uint8, "r"))
    cursor.at = 4
    version, num_tensors, num_fields = cursor.number("<I"), cursor.number("<Q"), cursor.number("<Q")
    if version not in _VERSIONS:
        raise ValueError(f"version {version} of the format, legal are {', '.join(map(str, _VERSIONS))}")
    for _ in range(num_fields):  # a count that lies ends with the file: each takes some of it
        cursor.string()
        _check_value(cursor, cursor.number("<I"))
    for _ in range(num_tensors):
        cursor.string()
        rank = cursor.number("<I")
        if rank > _MAX_RANK:
            raise ValueError(f"a tensor of {rank} axes, at most {_MAX_RANK} are legal")
        sizes = [cursor.number("<Q") for _ in range(rank)]
        if any(size >= 2**31 for size in sizes):
            raise ValueError(f"a tensor of shape {sizes}")
        cursor.skip(4 + 8)  # its type and where its bytes begin, which the reader checks


class _Cursor:
    """A place in the file's bytes that moves on."""

    def __init__(self, data):
        self.data, self.at, self.values = data, 0, 0

    def skip(self, count: int) -> int:
        """Passes over bytes; where they began."""
        start = self.at
        if count > len(self.data) - start:
            raise ValueError(f"{count} bytes at {start} end behind the file")
        self.at += count
        return start

    def number(self, kind: str) -> int:
        return struct.unpack_from(kind, self.data, self.skip(struct.calcsize(kind)))[0]

    def string(self) -> None:
        length = self.number("<Q")
        start = self.skip(length)
        self.data[start : start + length].tobytes().decode("utf-8")  # UnicodeDecodeError is a ValueError

    def count(self, values: int) -> None:
        self.values += values
        if self.values > _MAX_VALUES:
            raise ValueError(f"more than {_MAX_VALUES} values in the header")


def _check_value(cursor: _Cursor, kind: int) -> None:
    if kind == _STRING:
        cursor.count(1)
        cursor.string()
    elif kind in _SCALAR_BYTES:
        cursor.count(1)
        cursor.skip(_SCALAR_BYTES[kind])
    elif kind == _ARRAY:
        inner, length = cursor.number("<I"), cursor.number("<Q")
        cursor.count(length)
        if inner == _STRING:
            for _ in range(length):
                cursor.string()
        elif inner in _SCALAR_BYTES:
            cursor.skip(length * _SCALAR_BYTES[inner])
        else:
            raise ValueError(f"an array of type {inner}")
    else:
        raise ValueError(f"a value of type {kind}")
