"""The files of a Hugging Face directory: JSON, and where the tensors of its safetensors files are."""

from __future__ import annotations

import json
import math
import os
from typing import Any, NamedTuple

from kpo_jax.ends import Refused
from kpo_jax.lazy import jnp, np

STORED_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
MAX_JSON_BYTES = 100_000_000  # as safetensors' limit on a header; nothing longer is read
_MAX_RANK = 8
_MAX_NAME = 200
_CHECKED_AT_ONCE = 2**16  # weights: they stay in a core's cache


def read_json(file: str) -> dict[str, Any]:
    """A JSON object from a file. Raises ValueError in one line."""
    try:
        size = os.path.getsize(file)
        if size > MAX_JSON_BYTES:
            raise ValueError(f"pretrained: {file} has {size} bytes; a JSON document has at most {MAX_JSON_BYTES}")
        with open(file, "rb") as stream:
            text = stream.read()
    except FileNotFoundError:
        raise ValueError(f"pretrained: no file {file}") from None
    except OSError as error:
        raise ValueError(f"pretrained: cannot read {file}: {error.strerror}") from None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"pretrained: {file} is not JSON: {one_line(error)}") from None
    if not isinstance(value, dict):
        raise ValueError(f"pretrained: {file} is JSON but not an object")
    return value


def one_line(what: Exception | str) -> str:
    """What an error or a file says, in one line of at most 300 characters; the type where that is nothing."""
    return " ".join(str(what).split())[:300] or type(what).__name__


class NotFinite(Refused):
    """A weight is NaN or infinite; in one line, which tensor."""


def check_finite(weights: np.ndarray, where: str) -> None:
    """Raises NotFinite if some of the weights, contiguous in a float of 2 or 4 bytes, are NaN or infinite.

    Those are the numbers with all bits of the exponent set. A part at a time, so that no second copy is made.
    """
    size = weights.dtype.itemsize
    exponent = np.array(np.inf, weights.dtype).view(f"u{size}")
    bits = weights.reshape(-1).view(f"u{size}")
    for start in range(0, bits.size, _CHECKED_AT_ONCE):
        wrong = (bits[start : start + _CHECKED_AT_ONCE] & exponent) == exponent
        if wrong.any():
            value = weights.reshape(-1)[start + int(np.argmax(wrong))]
            raise NotFinite(f"pretrained: {where}: {float(value)} among its weights, expected finite numbers")


class StoredTensor(NamedTuple):
    """Where a tensor's bytes are."""

    file: str
    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int

    def view(self) -> np.ndarray:
        """The tensor mapped from its file; nothing is read until it is used."""
        return np.memmap(self.file, self.dtype, "r", self.offset, self.shape)


def weight_files(path: str) -> list[str]:
    """The safetensors files of a directory. Raises ValueError if there are none, or not all that its index names."""
    single, index = os.path.join(path, SINGLE), os.path.join(path, INDEX)
    if os.path.isfile(single):
        return [single]
    if not os.path.isfile(index):
        pickled = sorted(f for f in os.listdir(path) if f.startswith("pytorch_model") and f.endswith(".bin"))
        hint = (
            f"; {pickled[0]} is a pickle, which runs code when it is read: convert it to safetensors" if pickled else ""
        )
        raise ValueError(f"pretrained: {path} has neither {SINGLE} nor {INDEX}{hint}")
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not all(
        _is_name(name) and _is_name(f) and f == os.path.basename(f) for name, f in weight_map.items()
    ):
        raise ValueError(
            f"pretrained: {index}: weight_map is not an object of tensor names and file names in the same directory"
        )
    for name, file in weight_map.items():
        if not os.path.isfile(os.path.join(path, file)):
            raise ValueError(f"pretrained: tensor {name}: {index} expects it in {file}, and there is no such file")
    return [os.path.join(path, file) for file in sorted(set(weight_map.values()))]


def read_header(file: str) -> dict[str, StoredTensor]:
    """The tensors of one safetensors file. Raises ValueError, in one line, for what the safetensors library refuses: a
    file that is truncated or not of that format, tensors that share bytes, and bytes that belong to no tensor.

    The format: 8 bytes of header length (little-endian), a JSON object of dtype, shape and offsets by tensor, the bytes
    (https://huggingface.co/docs/safetensors).
    """
    try:
        start, entries = _read_entries(file)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"pretrained: {file} is not a whole safetensors file: {one_line(error)}") from None
    size, tensors = os.path.getsize(file), {}
    for name, (dtype, shape, begin, end) in entries.items():
        if dtype not in STORED_DTYPES:
            legal = ", ".join(STORED_DTYPES)
            raise ValueError(f"pretrained: tensor {name} in {file}: dtype {one_line(dtype)}, expected {legal}")
        stored = jnp.dtype(STORED_DTYPES[dtype])
        if end - begin != math.prod(shape) * stored.itemsize:
            raise ValueError(
                f"pretrained: tensor {name} in {file}: {end - begin} bytes, expected those of {dtype} {shape}"
            )
        if start + end > size:
            raise ValueError(
                f"pretrained: tensor {name} in {file}: the file has {size} bytes, expected {start + end}: "
                "it is truncated"
            )
        tensors[name] = StoredTensor(file, stored, shape, start + begin)
    _check_tiling(file, {name: entry[2:] for name, entry in entries.items()}, size - start)
    return tensors


def _read_entries(file: str) -> tuple[int, dict[str, tuple]]:
    """(where the bytes of the tensors begin, (dtype, shape, begin, end) by tensor), of the right types and signs."""
    size = os.path.getsize(file)
    with open(file, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > MAX_JSON_BYTES:
            raise ValueError(f"its header has {length} bytes, at most {MAX_JSON_BYTES} are legal")
        if 8 + length > size:
            raise ValueError(f"it has {size} bytes, and its header alone ends at {8 + length}")
        header = json.loads(stream.read(length), object_pairs_hook=_once_each)
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    return 8 + length, {name: _entry(name, value) for name, value in header.items() if name != "__metadata__"}


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return value


def _entry(name: str, value: Any) -> tuple:
    """A tensor's line of the header."""
    if not _is_name(name):
        raise ValueError(f"a tensor's name is {_short(name)}, expected at most {_MAX_NAME} printable characters")
    if not isinstance(value, dict) or not {"dtype", "shape", "data_offsets"} <= value.keys():
        raise ValueError(f"tensor {name} needs dtype, shape and data_offsets")
    shape, offsets = value["shape"], value["data_offsets"]
    if not (_are_whole(shape) and len(shape) <= _MAX_RANK):
        raise ValueError(f"tensor {name}: shape {_short(shape)}, expected at most {_MAX_RANK} integers >= 0")
    if not (_are_whole(offsets) and len(offsets) == 2 and offsets[0] <= offsets[1]):
        raise ValueError(f"tensor {name}: data_offsets {_short(offsets)}, expected integers 0 <= begin <= end")
    if not isinstance(value["dtype"], str):
        raise ValueError(f"tensor {name}: dtype {_short(value['dtype'])}, expected a name")
    return value["dtype"], tuple(shape), *offsets


def _is_name(name: Any) -> bool:
    """Whether it is a text that fits into one line."""
    return isinstance(name, str) and name.isprintable() and len(name) <= _MAX_NAME


def _are_whole(values: Any) -> bool:
    """Whether it is a list of numbers of 63 bits; true and false are none."""
    return isinstance(values, list) and all(type(x) is int and 0 <= x < 2**63 for x in values)


def _short(value: Any) -> str:
    return json.dumps(value)[:80]


def _check_tiling(file: str, offsets: dict[str, tuple[int, int]], size: int) -> None:
    """Raises ValueError unless the tensors lie one after the other in all of `size` bytes."""
    before, last = 0, "the header"
    for name, (begin, end) in sorted(offsets.items(), key=lambda item: item[1]):
        if begin != before:
            what = "shares bytes with" if begin < before else "leaves a hole after"
            raise ValueError(
                f"pretrained: tensor {name} in {file}: begins at {begin}, expected {before}: it {what} {last}"
            )
        before, last = end, name
    if before != size:
        raise ValueError(f"pretrained: {file}: {size - before} bytes after the last tensor belong to none")
