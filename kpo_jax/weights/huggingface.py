"""Pretrained weights in: Hugging Face directories and hub ids (safetensors), straight onto the mesh.

`find` names the local path of the weights and checks everything that can be checked from config.json and the headers of
the files, before a device is touched; `load_params` then reads them. A leaf of ours is a whole stack of Hugging Face's
tensors: `hf_layout` says which, and how a stored matrix [out, in] becomes [in, heads, head_dim]. Files are
memory-mapped, so that of a tensor only the slice that a device of this process holds is read.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kpo_jax.lazy import jax, jnp, np
from kpo_jax.model.config import LoraConfig, ModelConfig
from kpo_jax.weights import gguf
from kpo_jax.weights.huggingface_config import read_config
from kpo_jax.weights.huggingface_files import (
    INDEX,
    StoredTensor,
    check_finite,
    one_line,
    read_header,
    weight_files,
)
from kpo_jax.weights.layout import Layout, flat_layouts, is_layout, layouts

_DOCUMENTS = ["config.json", "generation_config.json"]
_COMPARED_ROWS = 4096


# --------------------------------------------------------------------------------------- which weights, and do they fit


def find(name: str, revision: str, model_config: ModelConfig) -> str:
    """Local path of the weights that `name` (a directory, a .gguf file or a hub id) stands for, fit for `model_config`.

    A hub id is downloaded at `revision` ("" = its main branch). Raises ValueError, in one line, for a name that is none
    of these, for an architecture that is not ours, for one that is not `model_config`'s (the line lists the overrides
    that make it so), and for missing, extra, misshapen or truncated tensors. Touches no device.
    """
    path = find_config(name, revision, model_config)
    if not is_local(name):
        path = _download(name, revision, [*_DOCUMENTS, INDEX, "model*.safetensors"])
    if not gguf.is_gguf(path):
        open_tensors(path, model_config)
    return path


def find_config(name: str, revision: str, model_config: ModelConfig) -> str:
    """As `find`, but of the architecture alone: from the hub come config.json and generation_config.json, no
    weights.
    """
    path = name if is_local(name) else _download(name, revision, _DOCUMENTS)
    check_architecture(path, model_config)
    return path


def is_local(name: str) -> bool:
    """Whether `name` is a directory or a .gguf file and not a hub id. Raises ValueError for a name that is none of
    them.
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    if gguf.is_gguf(name) and not os.path.isfile(name):
        raise ValueError(f"pretrained: no file {name}")
    if gguf.is_gguf(name) or os.path.isdir(name):
        return True
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise ValueError(
            f"pretrained: {name!r} is no directory, no .gguf file, and not a hub id like Qwen/Qwen3-4B"
        ) from None
    return False


def _download(name: str, revision: str, patterns: list[str]) -> str:
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(name, revision=revision or None, allow_patterns=patterns)
    except Exception as error:  # the hub's client raises its own errors, httpx's and OSError
        raise ValueError(f"pretrained: cannot fetch {name!r} from the hub: {one_line(error)}") from error


def check_architecture(path: str, model_config: ModelConfig) -> None:
    """Raises ValueError with ready-to-paste overrides if the weights at the local `path` are not of `model_config`."""
    found = gguf.read_config(path) if gguf.is_gguf(path) else read_config(path)
    if flags := overrides(model_config, found):
        raise ValueError(f"pretrained: {path} is not of config.model; what differs: {flags}")


def overrides(model_config: ModelConfig, fields: Mapping[str, Any]) -> str:
    """The flags, ready to paste, that make a model one of these fields; "" if it is."""
    given = dataclasses.replace(model_config, lora=LoraConfig())  # which may not go with the other
    wanted = dataclasses.replace(given, **fields)
    return " ".join(shlex.quote(f"--config.{line}") for line in _differences("model", wanted, given))


def _differences(path: str, wanted, given) -> Iterator[str]:
    """`path.field=value` of every field of a record in which another differs, records inside it field by field."""
    for field in dataclasses.fields(wanted):
        value, other = getattr(wanted, field.name), getattr(given, field.name)
        if dataclasses.is_dataclass(value):
            yield from _differences(f"{path}.{field.name}", value, other)
        elif value != other:
            text = str(value).lower() if isinstance(value, bool) else str(value).replace(" ", "")
            yield f"{path}.{field.name}={text}"


# ---------------------------------------------------------------------------------------------------------- the tensors


def _expected(model_config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Stored shape of every tensor that a directory of this model holds."""
    return {name: layout.stored for layout in flat_layouts(model_config) for _, name in layout.names(model_config)}


def open_tensors(path: str, model_config: ModelConfig) -> dict[str, StoredTensor]:
    """The tensors of a directory under Hugging Face's names, all there and of the shapes of `model_config`.

    A tied model may carry an lm_head.weight if it is the embedding's equal, value for value: then nothing is lost by
    leaving it out. Raises ValueError in one line that names tensor, file, what was found and what was expected.
    """
    found = {}
    for file in weight_files(path):
        for name, tensor in read_header(file).items():
            if name in found:
                raise ValueError(f"pretrained: tensor {name} is in {found[name].file} and in {file}; expected once")
            if not name.endswith("rotary_emb.inv_freq"):  # old exports carry it; it follows from rope_theta
                found[name] = tensor
    expected = _expected(model_config)
    if missing := [name for name in expected if name not in found]:
        raise ValueError(
            f"pretrained: {path}: tensor {missing[0]} {expected[missing[0]]} is missing{_and_more(missing)}"
        )
    for name, shape in expected.items():
        if found[name].shape != shape:
            raise ValueError(
                f"pretrained: tensor {name} in {found[name].file}: shape {found[name].shape}, expected {shape}"
            )
    if model_config.tie_embeddings and "lm_head.weight" in found:
        head, embedding = found.pop("lm_head.weight"), found["model.embed_tokens.weight"]
        if not _equal(head, embedding):
            raise ValueError(
                f"pretrained: tensor lm_head.weight in {head.file} {head.shape} differs from "
                "model.embed_tokens.weight, expected its equal, since tie_word_embeddings is true in config.json"
            )
    if extra := [name for name in found if name not in expected]:
        tensor = found[extra[0]]
        raise ValueError(
            f"pretrained: tensor {extra[0]} {tensor.shape} in {tensor.file}: expected no such tensor{_and_more(extra)}"
        )
    return found


def _and_more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""


def _equal(a: StoredTensor, b: StoredTensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    steps = range(0, a.shape[0], _COMPARED_ROWS)
    return all(np.array_equal(a.view()[i : i + _COMPARED_ROWS], b.view()[i : i + _COMPARED_ROWS]) for i in steps)


# -------------------------------------------------------------------------------------------------------- onto the mesh


def load_params(path: str, model_config: ModelConfig, shardings):
    """The parameters at the local `path` (see `find`), in param_dtype, on the tree of NamedSharding `shardings`.

    Every process reads the slices that its own devices hold, once each. Host memory holds one device's shard of one
    leaf at a time, and for a moment the one before (on a CPU that buffer may become the array). Raises ValueError as
    `open_tensors` does, and NotFinite for a weight that is NaN or infinite: then it is in cache anyway.
    """
    if gguf.is_gguf(path):
        return gguf.load_params(path, model_config, shardings)
    tensors = open_tensors(path, model_config)
    dtype = jnp.dtype(model_config.param_dtype)

    def load(layout, sharding):
        stacked = layout.stacked(model_config)
        read = lambda index: _read_shard(tensors, layout, dtype, len(stacked), index)
        return place(stacked + layout.shape, sharding, read)

    return jax.tree.map(load, layouts(model_config), shardings, is_leaf=is_layout)


def place(shape: tuple[int, ...], sharding, read: Callable[[tuple[slice, ...]], np.ndarray]) -> jax.Array:
    """A global array of which `read(index)` gives the shard at `index`, called once for each that this process holds.

    As jax.make_array_from_callback, but that one keeps all shards of the process on the host at the same time, and
    reads replicas again.
    """
    holders: dict[tuple, list] = {}
    for device, index in sharding.addressable_devices_indices_map(shape).items():
        key = tuple(part.indices(size)[:2] for part, size in zip(index, shape, strict=True))
        holders.setdefault(key, []).append(device)
    arrays = []
    for key, devices in holders.items():
        # a name for the shard would keep it while the next is read
        arrays += _put(read(tuple(slice(*bounds) for bounds in key)), devices)
    return jax.make_array_from_single_device_arrays(shape, sharding, arrays)


def _put(shard: np.ndarray, devices: list) -> list[jax.Array]:
    return jax.block_until_ready([jax.device_put(shard, device) for device in devices])


def _read_shard(
    tensors: dict[str, StoredTensor], layout: Layout, dtype, stacked: int, index: tuple[slice, ...]
) -> np.ndarray:
    """The shard at `index` of a leaf, the first `stacked` axes of which are over tensors: one of them after the other,
    so that a cast needs no second copy of the shard.
    """
    shard = np.empty([part.stop - part.start for part in index], dtype)
    over, inside = index[:stacked], index[stacked:]
    for place in itertools.product(*(range(part.start, part.stop) for part in over)):
        tensor = tensors[layout.named(place)]
        out = shard[tuple(number - part.start for number, part in zip(place, over, strict=True))]
        copy_block(out, layout.from_stored(tensor.view())[inside])
        check_finite(out, f"tensor {layout.named(place)} in {tensor.file}")
    return shard


def copy_block(out: np.ndarray, mapped: np.ndarray) -> None:
    """The one place where bytes of weights are read."""
    np.copyto(out, mapped, casting="unsafe")
