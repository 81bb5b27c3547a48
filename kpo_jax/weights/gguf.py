"""Llama-type models in GGUF files: the architecture, and the weights dequantised onto the mesh.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Needs the `gguf` package, imported where a file is
  opened.

The file's query and key rows are in another order than ours. Rotary embedding turns pairs of features: ggml's Llama
pairs neighbours (2i, 2i + 1), this package and Hugging Face pair (i, i + H/2). Moving even rows to the first half of
each head and odd rows to the second gives the same model.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from kpo_jax.lazy import jax, jnp, np
from kpo_jax.model.config import ModelConfig
from kpo_jax.weights.gguf_header import check_header
from kpo_jax.weights.huggingface_files import check_finite, one_line

ARCHITECTURE = "llama"

# Every hyperparameter of the architecture that is understood; another one may change the function, so it is refused.
_HYPERPARAMETERS = {
    "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size", "attention.head_count",
    "attention.head_count_kv", "attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon",
    "rope.freq_base", "rope.dimension_count",
}  # fmt: skip


class Source(NamedTuple):
    """Where a parameter comes from: the tensor's name and its shape in the file, and what makes it ours."""

    name: str  # {} stands for the layer
    shape: tuple[int, ...]
    convert: Callable[[np.ndarray], np.ndarray]


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
    if architecture != ARCHITECTURE:
        raise ValueError(f"{path}: architecture {architecture!r} is not supported; legal is {ARCHITECTURE!r}")
    own = {k.removeprefix(f"{ARCHITECTURE}."): v for k, v in fields.items() if k.startswith(f"{ARCHITECTURE}.")}
    if own.pop("rope.scaling.type", "none") != "none" or any(k.startswith("rope.scal") for k in own):
        raise ValueError(f"{path}: rope scaling is not supported")
    if unknown := sorted(set(own) - _HYPERPARAMETERS):
        raise ValueError(
            f"{path}: {', '.join(unknown)}: not supported; legal are {', '.join(sorted(_HYPERPARAMETERS))}"
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
            qk_norm=False,
            qkv_bias=False,
        )
    except KeyError as error:
        raise ValueError(f"{path}: the file has no {error.args[0]}") from None
    except (IndexError, TypeError, ZeroDivisionError):
        raise ValueError(f"{path}: the table of tokens has one axis, or sizes are no numbers > 0 (head counts that "
                         "differ between layers are not supported)") from None  # fmt: skip
    for name in ("attention.value_length", "rope.dimension_count"):
        if own.get(name, head_dim) != head_dim:
            raise ValueError(f"{path}: {name} {own[name]} differs from the head dimension {head_dim}; not supported")
    try:
        ModelConfig(**config)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return config


def load_params(path: str, config: ModelConfig, shardings) -> dict[str, Any]:
    """The parameters of model.py in `config.param_dtype`, each on its sharding, dequantised one parameter at a time.

    A host holds one whole parameter (the layers of one matrix, or the embedding) in float32 at its peak.

    Args:
      shardings: the tree of the parameters with a Sharding at each leaf.

    Raises:
      ValueError: as `open_tensors`, and for a quantisation that `gguf` cannot undo.
    """
    tensors = open_tensors(path, config)

    def load(source: Source, sharding):
        value = _read(path, tensors, config, source)
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])

    return jax.tree.map(load, _sources(config), shardings, is_leaf=lambda x: isinstance(x, Source))


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
    wanted = {}
    for source in jax.tree.leaves(_sources(config), is_leaf=lambda x: isinstance(x, Source)):
        wanted |= dict.fromkeys(_names(source, config), source.shape)
    missing, extra = sorted(set(wanted) - set(tensors)), sorted(set(tensors) - set(wanted))
    for what, names in (("has no tensor", missing), ("has a tensor that the model has not:", extra)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"{path}: the file {what} {', '.join(names[:3])}{more}")
    for name, shape in wanted.items():
        found = tuple(int(n) for n in reversed(tensors[name].shape))
        if found != shape:
            raise ValueError(f"{path}: tensor {name} has shape {found}, must be {shape}")
    return tensors


def from_interleaved(rows: np.ndarray, num_heads: int) -> np.ndarray:
    """[num_heads * H, D] of neighbouring rotary pairs -> the same rows with the pairs H/2 apart."""
    pairs = rows.reshape(num_heads, -1, 2, rows.shape[-1])
    return pairs.swapaxes(1, 2).reshape(rows.shape)


def _sources(config: ModelConfig) -> dict[str, Any]:
    """The tree of model.py with a Source at each leaf."""
    width, inner, head = config.hidden_size, config.intermediate_size, config.head_dim
    queries = config.num_heads * head

    def same(name, *shape):
        return Source(name, shape, lambda x: x)

    def matrix(name, *shape):
        return Source(f"blk.{{}}.{name}.weight", shape, np.transpose)

    def heads(name, num, interleaved):
        def convert(x):
            x = from_interleaved(x, num) if interleaved else x
            return x.T.reshape(width, num, head)

        return Source(f"blk.{{}}.{name}.weight", (num * head, width), convert)

    def output(x):
        return x.T.reshape(config.num_heads, head, width)

    tree = {
        "embed_tokens": same("token_embd.weight", config.vocab_size, width),
        "norm": same("output_norm.weight", width),
        "layers": {
            "input_layernorm": same("blk.{}.attn_norm.weight", width),
            "post_attention_layernorm": same("blk.{}.ffn_norm.weight", width),
            "self_attn": {
                "q_proj": heads("attn_q", config.num_heads, True),
                "k_proj": heads("attn_k", config.num_kv_heads, True),
                "v_proj": heads("attn_v", config.num_kv_heads, False),
                "o_proj": Source("blk.{}.attn_output.weight", (width, queries), output),
            },
            "mlp": {
                "gate_proj": matrix("ffn_gate", inner, width),
                "up_proj": matrix("ffn_up", inner, width),
                "down_proj": matrix("ffn_down", width, inner),
            },
        },
    }
    if not config.tie_embeddings:
        tree["lm_head"] = same("output.weight", config.vocab_size, width)
    return tree


def _names(source: Source, config: ModelConfig) -> list[str]:
    return [source.name.format(i) for i in range(config.num_layers)] if "{}" in source.name else [source.name]


def _read(path: str, tensors, config: ModelConfig, source: Source) -> np.ndarray:
    """One parameter, its layers stacked, in param_dtype."""
    dtype = jnp.dtype(config.param_dtype)

    def read(name):
        return _finite(np.ascontiguousarray(source.convert(_dequantise(path, tensors[name]))).astype(dtype), path, name)

    first, *others = _names(source, config)
    if "{}" not in source.name:
        return read(first)
    first = read(first)
    stacked = np.empty((config.num_layers, *first.shape), dtype)
    stacked[0] = first
    for layer, name in enumerate(others, start=1):
        stacked[layer] = read(name)
    return stacked


def _finite(weights: np.ndarray, path: str, name: str) -> np.ndarray:
    check_finite(weights, f"tensor {name} in {path}")
    return weights


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
