"""The files of a Hugging Face directory: JSON, and where the tensors of its safetensors files are."""

import json
import math
import os
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

STORED_DTYPES = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16), "BF16": np.dtype(jnp.bfloat16)}
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"


def read_json(file: str) -> dict[str, Any]:
    """A JSON object from a file. Raises ValueError in one line."""
    try:
        with open(file, encoding="utf-8") as stream:
            value = json.load(stream)
    except FileNotFoundError:
        raise ValueError(f"pretrained: no file {file}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"pretrained: {file} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"pretrained: {file} is JSON but not an object")
    return value


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
        isinstance(f, str) and f == os.path.basename(f) for f in weight_map.values()
    ):
        raise ValueError(
            f"pretrained: {index}: weight_map is not an object of tensor names and file names in the same directory"
        )
    for name, file in weight_map.items():
        if not os.path.isfile(os.path.join(path, file)):
            raise ValueError(f"pretrained: tensor {name}: {index} expects it in {file}, and there is no such file")
    return [os.path.join(path, file) for file in sorted(set(weight_map.values()))]


def read_header(file: str) -> dict[str, StoredTensor]:
    """The tensors of one safetensors file. Raises ValueError for a file that is truncated or not of that format.

    The format: 8 bytes of header length (little-endian), a JSON object of dtype, shape and offsets by tensor, the bytes
    (https://huggingface.co/docs/safetensors).
    """
    size = os.path.getsize(file)
    with open(file, "rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
        try:
            if start > size:
                raise ValueError(f"it has {size} bytes, and its header alone ends at {start}")
            header = json.loads(stream.read(start - 8))
            entries = {
                k: (v["dtype"], tuple(v["shape"]), *v["data_offsets"]) for k, v in header.items() if k != "__metadata__"
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"pretrained: {file} is not a whole safetensors file: {error}") from None
    tensors = {}
    for name, (dtype, shape, begin, end) in entries.items():
        if dtype not in STORED_DTYPES:
            raise ValueError(f"pretrained: tensor {name} in {file}: dtype {dtype}, expected {', '.join(STORED_DTYPES)}")
        if end - begin != math.prod(shape) * STORED_DTYPES[dtype].itemsize:
            raise ValueError(
                f"pretrained: tensor {name} in {file}: {end - begin} bytes, expected those of {dtype} {shape}"
            )
        if begin < 0 or start + end > size:
            raise ValueError(
                f"pretrained: tensor {name} in {file}: the file has {size} bytes, expected {start + end}: "
                "it is truncated"
            )
        tensors[name] = StoredTensor(file, STORED_DTYPES[dtype], shape, start + begin)
    return tensors
