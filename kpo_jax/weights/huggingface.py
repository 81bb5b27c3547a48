"""Pretrained weights in: Hugging Face directories and hub ids (safetensors), straight onto the mesh.

`find` names the local path of the weights and checks everything that can be checked from config.json and the headers of
the files, before a device is touched; `load_params` then reads them. A leaf of ours is a whole stack of Hugging Face's
tensors: `hf_layout` says which, and how a stored matrix [out, in] becomes [in, heads, head_dim]. Files are
  memory-mapped, so that of a
tensor only the slice that a device of this process holds is read.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.checks import is_number, is_whole
from kpo_jax.model.config import ModelConfig
from kpo_jax.weights import gguf
from kpo_jax.weights.huggingface_files import (
    INDEX,
    StoredTensor,
    check_finite,
    one_line,
    read_header,
    read_json,
    weight_files,
)
from kpo_jax.weights.layout import Layout, flat_layouts, is_layout, layouts

# architecture in config.json -> (its model_type, the flags that make our decoder that architecture)
ARCHITECTURES = {
    "Qwen3ForCausalLM": ("qwen3", {"qk_norm": True, "qkv_bias": False}),
    "Qwen2ForCausalLM": ("qwen2", {"qk_norm": False, "qkv_bias": True}),
    "LlamaForCausalLM": ("llama", {"qk_norm": False, "qkv_bias": False}),
}
# what the weights decide; dtypes and remat are the run's own choice
ARCHITECTURE_FIELDS = (
    "vocab_size", "hidden_size", "intermediate_size", "num_layers", "num_heads", "num_kv_heads", "head_dim",
    "rope_theta", "norm_eps", "tie_embeddings", "qk_norm", "qkv_bias",
)  # fmt: skip
_DOCUMENTS = ["config.json", "generation_config.json"]
_COMPARED_ROWS = 4096
_MAX_LAYERS = 10_000


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
    """Whether `name` is a directory or a .gguf file and not a hub id. Raises ValueError for a .gguf file that is not
    there.
    """
    if gguf.is_gguf(name) and not os.path.isfile(name):
        raise ValueError(f"pretrained: no file {name}")
    return gguf.is_gguf(name) or os.path.isdir(name)


def _download(name: str, revision: str, patterns: list[str]) -> str:
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        raise ValueError(
            f"pretrained: {name!r} is no directory, no .gguf file, and not a hub id like Qwen/Qwen3-4B"
        ) from None
    try:
        return snapshot_download(name, revision=revision or None, allow_patterns=patterns)
    except Exception as error:  # the hub's client raises its own errors, httpx's and OSError
        raise ValueError(f"pretrained: cannot fetch {name!r} from the hub: {one_line(error)}") from error


def check_architecture(path: str, model_config: ModelConfig) -> None:
    """Raises ValueError with ready-to-paste overrides if the weights at the local `path` are not of `model_config`."""
    found = gguf.read_config(path) if gguf.is_gguf(path) else read_config(path)
    overrides = [
        f"--config.model.{field}={str(found[field]).lower() if isinstance(found[field], bool) else found[field]}"
        for field in ARCHITECTURE_FIELDS
        if found[field] != getattr(model_config, field)
    ]
    if overrides:
        raise ValueError(f"pretrained: {path} is not of config.model; what differs: {' '.join(overrides)}")


def read_config(path: str) -> dict[str, Any]:
    """The ARCHITECTURE_FIELDS of a directory's config.json. Raises ValueError for what our decoder cannot compute.

    transformers fills the defaults of the architecture and knows every spelling of rope_theta.
    """
    import transformers

    file = os.path.join(path, "config.json")
    written = read_json(file)
    names = written.get("architectures")
    if names not in [[name] for name in ARCHITECTURES]:
        raise ValueError(
            f"pretrained: {file}: architectures {names} not supported; supported are {', '.join(ARCHITECTURES)}"
        )
    model_type, flags = ARCHITECTURES[names[0]]
    if written.get("model_type") != model_type:
        raise ValueError(
            f"pretrained: {file}: model_type is {written.get('model_type')!r}, that of {names[0]} is {model_type!r}"
        )
    layers = written.get("num_hidden_layers", 1)
    if not (is_whole(layers) and 1 <= layers <= _MAX_LAYERS):  # transformers makes lists of that length
        raise ValueError(
            f"pretrained: {file}: num_hidden_layers: {layers!r} is not a whole number in [1, {_MAX_LAYERS}]"
        )
    try:
        config = transformers.AutoConfig.from_pretrained(path, trust_remote_code=False, local_files_only=True).to_dict()
    except Exception as error:  # its validation raises errors of several libraries
        raise ValueError(f"pretrained: {file}: {one_line(error)}") from error
    if reasons := _unsupported(written | config):
        raise ValueError(f"pretrained: {file}: not supported: {'; '.join(reasons)}")
    heads, width = config.get("num_attention_heads"), config.get("hidden_size")
    fields = flags | {
        "vocab_size": config.get("vocab_size"),
        "hidden_size": width,
        "intermediate_size": config.get("intermediate_size"),
        "num_layers": config.get("num_hidden_layers"),
        "num_heads": heads,
        "num_kv_heads": config.get("num_key_value_heads"),
        "head_dim": config.get("head_dim")
        or (width // heads if is_whole(width) and is_whole(heads) and heads else None),
        "rope_theta": _as_float(config["rope_parameters"].get("rope_theta")),
        "norm_eps": _as_float(config.get("rms_norm_eps")),
        "tie_embeddings": bool(config.get("tie_word_embeddings")),
    }
    try:
        ModelConfig(**fields)
    except ValueError as error:
        raise ValueError(f"pretrained: {file}: {error}") from None
    return fields


def _quotient(width: Any, heads: Any) -> int | None:
    return width // heads if is_whole(width) and is_whole(heads) and heads else None


def _as_float(value: Any) -> Any:
    return float(value) if is_number(value) else value


def _unsupported(config: dict[str, Any]) -> list[str]:
    """What of a completed config.json our decoder does not compute, a phrase each."""
    reasons = []
    rope = config.get("rope_parameters") or {}
    if (
        not isinstance(rope, dict)
        or rope.get("rope_type") != "default"
        or rope.get("partial_rotary_factor", 1.0) != 1.0
    ):
        reasons.append(f"rope scaling {json.dumps(rope)} (YaRN and others)")
    if sliding := sorted({str(kind) for kind in config.get("layer_types") or ()} - {"full_attention"}):
        reasons.append(f"layer types {', '.join(sliding)}")
    if config.get("hidden_act") != "silu":
        reasons.append(f"hidden_act {config.get('hidden_act')!r} (silu is)")
    reasons += [f"{key} true" for key in ("attention_bias", "mlp_bias") if config.get(key)]
    if config.get("quantization_config"):
        reasons.append("quantized weights (quantization_config)")
    return reasons


# ---------------------------------------------------------------------------------------------------------- the tensors


def _expected(model_config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Stored shape of every tensor that a directory of this model holds."""
    return {
        layout.name.format(number): layout.stored
        for layout in flat_layouts(model_config)
        for number in range(model_config.num_layers if "{}" in layout.name else 1)
    }


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
    leaf at a time (on a CPU that buffer may become the array). Raises ValueError as `open_tensors` does, and NotFinite
    for a weight that is NaN or infinite: then it is in cache anyway.
    """
    if gguf.is_gguf(path):
        return gguf.load_params(path, model_config, shardings)
    tensors = open_tensors(path, model_config)
    dtype = jnp.dtype(model_config.param_dtype)

    def load(layout, sharding):
        layers = (model_config.num_layers,) if "{}" in layout.name else ()
        return place(layers + layout.shape, sharding, lambda index: _read_shard(tensors, layout, dtype, index))

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


def _read_shard(tensors: dict[str, StoredTensor], layout: Layout, dtype, index: tuple[slice, ...]) -> np.ndarray:
    """The shard at `index` of a leaf: layer by layer, so that a cast needs no second copy of the shard."""
    shard = np.empty([part.stop - part.start for part in index], dtype)

    def read(out, name, part):
        tensor = tensors[name]
        copy_block(out, layout.from_stored(tensor.view())[part])
        check_finite(out, f"tensor {name} in {tensor.file}")

    if "{}" not in layout.name:
        read(shard, layout.name, index)
    else:
        for row, number in enumerate(range(index[0].start, index[0].stop)):
            read(shard[row], layout.name.format(number), index[1:])
    return shard


def copy_block(out: np.ndarray, mapped: np.ndarray) -> None:
    """The one place where bytes of weights are read."""
    np.copyto(out, mapped, casting="unsafe")
