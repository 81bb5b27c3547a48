"""Bytes of what the passes over a model hold for a while, worked out from shapes and without jax.

It is what XLA's plans for GPUs were seen to hold where they hold most: in the backward pass of a layer, at its MLP or
its attention. docs/accelerators.md has it beside the compiler's own figures.
"""

from kpo_jax.model.config import DTYPES, ModelConfig
from kpo_jax.model.parameters import Parameter, Table, gated, leaves, tree
from kpo_jax.model.shapes import PackShape
from kpo_jax.runtime.mesh import bytes_per_device


def of_update(config: ModelConfig, shape: PackShape, sizes: dict[str, int]) -> int:
    """On one device of a mesh of those sizes, in an update: what the layers keep of a microbatch of this shape for the
    backward pass, what the layer at work has beside it, and its weights as it reads them.
    """
    rows = shape.rows // (sizes["data"] * sizes["fsdp"])
    tokens = rows * shape.length // sizes.get("sequence", 1)
    kept, at_mlp, at_attention = _of_token(config, sizes["tensor"])
    before, within = _of_attention(config, rows, shape.length, sizes)
    at_work = max(tokens * at_mlp + before, tokens * at_attention + within)
    return tokens * config.num_layers * kept + at_work + _weights_at_work(config, sizes)


def _of_token(config: ModelConfig, tensor: int) -> tuple[int, int, int]:
    """Bytes of a token: (what every layer keeps, and beside them in the layer that is derived at its MLP, and at its
    attention).
    """
    width, experts = config.hidden_size, config.experts_per_token or 1
    inner = experts * config.intermediate_size // tensor
    heads, kv_heads = (number * config.head_dim // tensor for number in (config.num_heads, config.num_kv_heads))
    mlp, attention = 4 * inner + 3 * (heads + kv_heads) + 6 * width, 2 * inner + 5 * (heads + kv_heads) + 3 * width
    if experts > 1:  # a token's row once for each of its experts, and what they make of it
        mlp += 3 * experts * width
    # of projections all outputs but down_proj's, which no gradient needs
    projected, again, rounded = heads + 2 * kv_heads + width + 2 * inner, inner + heads + 2 * kv_heads, 0
    if config.remat == "full":
        kept, again = width, 0
    elif config.remat == "attention":
        kept = width + projected
    elif config.remat == "elementwise":
        kept, again = width + projected + heads, again + heads
    else:  # each elementwise step's too, those of norms and rotations in float32
        kept, again = mlp + 2 * inner + heads + kv_heads, 0
        rounded = 4 * width + 2 * (heads + kv_heads)
    size = DTYPES[config.dtype]
    return size * kept + 4 * rounded, size * (mlp - again), size * (attention - again)


def _of_attention(config: ModelConfig, rows: int, length: int, sizes: dict[str, int]) -> tuple[int, int]:
    """What takes the square of a row, (while the MLP is derived, while attention is): which token sees which, of which
    cuDNN makes a gradient; and, where there is no kernel, weights.
    """
    pairs, windowed = rows * length**2, "l" in config.layer_kinds and config.window < length
    seen = DTYPES[config.dtype] * pairs
    if config.dtype == "bfloat16" and not windowed:
        return seen, 2 * seen
    return seen, 4 * 4 * pairs * config.num_heads // (sizes["tensor"] * sizes.get("sequence", 1))


def _weights_at_work(config: ModelConfig, sizes: dict[str, int]) -> int:
    """Weights of a layer's MLP as the products read them, two of its three at once; and those of all layers that are
    stored with their split axis last, which are turned before they are gathered.
    """
    split = sizes["fsdp"] * sizes.get("sequence", 1) > 1
    if not split and config.param_dtype == config.dtype:
        return 0
    matrix = gated(config)["gate_proj"]
    read = 2 * bytes_per_device([matrix], config.dtype, {"tensor": sizes["tensor"]}) * (config.experts_per_token or 1)
    if not split:
        return read
    turned = [one for one in leaves(tree(config)["layers"]) if one.axes[-1] == "embed"]
    return read + bytes_per_device(turned, config.param_dtype, sizes)


def of_another_gradient(trained: Table, dtype: str, sizes: dict[str, int]) -> int:
    """What a microbatch's gradient takes beside the sum of those before it. That of embeddings is added at once where
    one device has all of it.
    """
    alone = all(size == 1 for size in sizes.values())
    parts = {name: one for name, one in trained.items() if not (alone and isinstance(one, Parameter))}
    return bytes_per_device(leaves(parts), dtype, sizes)


def of_prefill(config: ModelConfig, tokens: int, tensor: int) -> int:
    """On one device that prefills so many tokens at once."""
    inner = (config.experts_per_token or 1) * config.intermediate_size
    return tokens * DTYPES[config.dtype] * (3 * inner + 2 * config.num_heads * config.head_dim) // tensor


def of_logits(config: ModelConfig, rows: int, tensor: int) -> int:
    """On one device that draws the next tokens of so many rows: float32 logits and what is drawn from them."""
    return 2 * 4 * rows * config.vocab_size // tensor
