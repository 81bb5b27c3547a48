"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): how they begin, and what they make of the weights.

A decoder with adapters reads one tree: the frozen weights, and beside them `lora`, which `parameters.adapters` declares
and which alone is trained. A tree without it is the same decoder with its adapters off.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from kpo_jax.model import parameters
from kpo_jax.model.config import ModelConfig

_STREAM = 0x10AA  # fold_in constant: other numbers than those of the decoder's own weights


@functools.partial(jax.jit, static_argnums=0)
def init_adapters(config: ModelConfig, key: jax.Array) -> dict[str, Any] | None:
    """The first adapters, the float32 arrays of `parameters.adapters`; None for a decoder without.

    As PEFT begins them: A uniform in +-1 / sqrt(in) (Kaiming's with a = sqrt(5)), B at 0. So the policy is that of the
    frozen weights, to the bit.
    """
    if not config.lora.rank:
        return None
    key = jax.random.fold_in(key, _STREAM)
    flat, tree = jax.tree_util.tree_flatten_with_path(parameters.adapters(config))

    def first(number, path, one):
        if path[-1].key == "b":
            return jnp.zeros(one.shape, jnp.float32)
        bound = one.shape[-2] ** -0.5
        return jax.random.uniform(jax.random.fold_in(key, number), one.shape, jnp.float32, -bound, bound)

    return tree.unflatten(first(number, path, one) for number, (path, one) in enumerate(flat))


def merged(config: ModelConfig, params) -> dict[str, Any]:
    """The decoder's parameters with its adapters within the weights: float32 where there is one, else as they are."""
    base = {name: part for name, part in params.items() if name != parameters.LORA}
    return merge(config, base, params.get(parameters.LORA, {}))


def merge(config: ModelConfig, weights, adapters) -> dict[str, Any]:
    """The same of a part of the tree, as of all layers or a single one, with the adapters of that part."""
    out = dict(weights)
    for name, part in adapters.items():
        if "a" not in part:
            out[name] = merge(config, weights[name], part)
            continue
        low_rank = jnp.matmul(part["a"], part["b"], precision=jax.lax.Precision.HIGHEST)
        weight = weights[name].astype(jnp.float32)
        out[name] = weight + config.lora.scale * low_rank.reshape(weight.shape)
    return out
