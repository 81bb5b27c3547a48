"""Models in GGUF files: the architecture, and the weights dequantised onto the mesh.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Needs the `gguf` package, imported where a file is
  opened.

The query and key rows of a Llama file are in another order than ours. Rotary embedding turns pairs of features: ggml's
Llama pairs neighbours (2i, 2i + 1), this package and Hugging Face pair (i, i + H/2). Moving even rows to the first half
of each head and odd rows to the second gives the same model.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from kpo_jax.lazy import jax, jnp, np
from kpo_jax.model.config import ARCHITECTURE_FIELDS, ModelConfig
from kpo_jax.model.families import FAMILIES
from kpo_jax.weights.gguf_header import check_header
from kpo_jax.weights.huggingface_files import check_finite, one_line
from kpo_jax.weights.layout import Layout, gguf_layouts, is_layout

FAMILY_OF = {family.gguf: name for name, family in FAMILIES.items() if family.gguf}

# Every hyperparameter of the architecture that is understood; another one may change the function, so it is refused.
_HYPERPARAMETERS = {
    "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size", "attention.head_count",
    "attention.head_count_kv", "attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon",
    "rope.freq_base", "rope.dimension_count",
}  # fmt: skip


def is_gguf(path: str) -> bool:
    """Whether a path names a GGUF file, by its ending."""
    return path.endswith(".gguf")


def open_file(path: str):
    """The gguf.GGUFReader of a file. Raises ValueError, in one line, if it cannot be read or `gguf` is not
    installed.
    """
    try:
        import gguf  # noqa: F401 (asks whether it is there)
    except ModuleNotFoundError:
        raise ValueError(f"{path}: reading GGUF files needs the gguf package; pip install gguf") from None
    try:
        stat = os.stat(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    return _open(path, stat.st_size, stat.st_mtime_ns)


# seconds go into a large vocabulary, and the tokenizer, the architecture and the weights all ask
@functools.lru_cache(maxsize=1)
def _open(path: str, size: int, modified: int):
    import gguf

    try:
        check_header(path)
        return gguf.GGUFReader(path)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise ValueError(
            f"{path}: a GGUF file that is truncated or corrupt at {size} bytes ({one_line(error)})"
        ) from error


def metadata(path: str) -> dict[str, Any]:
    """Every key and value of the file's header."""
    reader = open_file(path)
    try:
        return {key: field.contents() for key, field in reader.fields.items()}
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path}: a GGUF file whose header is corrupt ({one_line(error)})") from error


def read_config(path: str) -> dict[str, Any]:
    """The architecture, by the field names of ModelConfig; what is numerics or a choice of the run is left out.

    Raises ValueError, in one line, for another architecture than Llama, rope scaling and whatever else the model has
    not.
    """
    fields = metadata(path)
    architecture = fields.get("general.architecture")
    if not isinstance(architecture, str) or architecture not in FAMILY_OF:
        found = one_line(repr(architecture))
        raise ValueError(f"{path}: architecture {found} is not supported; legal are {', '.join(FAMILY_OF)}")
    own = {k.removeprefix(f"{architecture}."): v for k, v in fields.items() if k.startswith(f"{architecture}.")}
    if own.pop("rope.scaling.type", "none") != "none" or any(k.startswith("rope.scal") for k in own):
        raise ValueError(f"{path}: rope scaling is not supported")
    if unknown := sorted(set(own) - _HYPERPARAMETERS):
        raise ValueError(
            f"{path}: {one_line(', '.join(unknown))}: not supported; legal are {', '.join(sorted(_HYPERPARAMETERS))}"
        )
    tensors = {tensor.name: tensor for tensor in open_file(path).tensors}
    try:
        num_heads = own["attention.head_count"]
        head_dim = own.get("attention.key_length", own["embedding_length"] // num_heads)
        config = dict(
            vocab_size=int(tensors["token_embd.weight"].shape[1]),
            hidden_size=own["embedding_length"],
            intermediate_size=own["feed_forward_length"],
            num_layers=own["block_count"],
            num_heads=num_heads,
            num_kv_heads=own.get("attention.head_count_kv", num_heads),
            head_dim=head_dim,
            rope_theta=_shortest(own.get("rope.freq_base", 10_000.0)),
            norm_eps=_shortest(own["attention.layer_norm_rms_epsilon"]),
            tie_embeddings="output.weight" not in tensors,
            family=FAMILY_OF[architecture],
        )
    except KeyError as error:
        raise ValueError(f"{path}: the file has no {error.args[0]}") from None
    except (IndexError, TypeError, ValueError, ZeroDivisionError):
        raise ValueError(f"{path}: the table of tokens has one axis, or sizes are no numbers > 0 (head counts that "
                         "differ between layers are not supported)") from None  # fmt: skip
    for name in ("attention.value_length", "rope.dimension_count"):
        if own.get(name, head_dim) != head_dim:
            found = one_line(repr(own[name]))
            raise ValueError(f"{path}: {name} {found} differs from the head dimension {head_dim}; not supported")
    try:
        whole = ModelConfig(**config)
    except ValueError as error:
        raise ValueError(f"{path}: {one_line(error)}") from None
    return {name: getattr(whole, name) for name in ARCHITECTURE_FIELDS}


def load_params(path: str, config: ModelConfig, shardings) -> dict[str, Any]:
    """The parameters of model.py in `config.param_dtype`, each on its sharding, dequantised one parameter at a time.

    A host holds one whole parameter (the layers of one matrix, or the embedding) in float32 at its peak.

    Args:
      shardings: the tree of the parameters with a Sharding at each leaf.

    Raises:
      ValueError: as `open_tensors`, and for a quantisation that `gguf` cannot undo.
    """
    tensors = open_tensors(path, config)

    def load(layout: Layout, sharding):
        value = _read(path, tensors, config, layout)
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])

    return jax.tree.map(load, gguf_layouts(config), shardings, is_leaf=is_layout)


def open_tensors(path: str, config: ModelConfig) -> dict[str, Any]:
    """Name -> gguf.ReaderTensor of exactly the tensors of `config`; no weight is read yet.

    Raises ValueError, in one line, for a file that is not this model: another architecture, or a missing, extra or
    misshapen tensor.
    """
    wrong = [
        f"{name} is {value!r} in the file and {getattr(config, name)!r} in the configuration"
        for name, value in read_config(path).items()
        if getattr(config, name) != value
    ]
    if wrong:
        raise ValueError(f"{path}: {'; '.join(wrong)}")
    tensors = {tensor.name: tensor for tensor in open_file(path).tensors}
    leaves = jax.tree.leaves(gguf_layouts(config), is_leaf=is_layout)
    wanted = {name: layout.stored for layout in leaves for _, name in layout.names(config)}
    missing, extra = sorted(set(wanted) - set(tensors)), sorted(set(tensors) - set(wanted))
    for what, names in (("has no tensor", missing), ("has a tensor that the model has not:", extra)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"{path}: the file {what} {one_line(', '.join(names[:3]))}{more}")
    for name, shape in wanted.items():
        found = tuple(int(n) for n in reversed(tensors[name].shape))
        if found != shape:
            raise ValueError(f"{path}: tensor {name} has shape {found}, must be {shape}")
    return tensors


def from_interleaved(rows: np.ndarray, num_heads: int) -> np.ndarray:
    """[num_heads * H, D] of neighbouring rotary pairs -> the same rows with the pairs H/2 apart."""
    pairs = rows.reshape(num_heads, -1, 2, rows.shape[-1])
    return pairs.swapaxes(1, 2).reshape(rows.shape)


def _read(path: str, tensors, config: ModelConfig, layout: Layout) -> np.ndarray:
    """One parameter, its layers stacked, in param_dtype."""
    dtype = jnp.dtype(config.param_dtype)
    leaf = np.empty((*layout.stacked(config), *layout.shape), dtype)
    heads = {"attn_q": config.num_heads, "attn_k": config.num_kv_heads} if config.description.gguf_interleaved else {}
    for place, name in layout.names(config):
        value = _dequantise(path, tensors[name])
        if (kind := name.split(".")[-2]) in heads:
            value = from_interleaved(value, heads[kind])
        np.copyto(leaf[place], layout.from_stored(value), casting="unsafe")
        check_finite(leaf[place], f"tensor {name} in {path}")
    return leaf


def _dequantise(path: str, tensor) -> np.ndarray:
    """A tensor in float32, its shape in numpy's order."""
    import gguf

    try:
        value = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError:
        raise ValueError(
            f"{path}: tensor {tensor.name} is {tensor.tensor_type.name}, which gguf cannot dequantise"
        ) from None
    return np.asarray(value, np.float32)


def _shortest(value: float) -> float:
    """The decimal that was meant: the file stores float32, in which 1e-5 reads 9.999999747e-06."""
    return float(str(np.float32(value)))
