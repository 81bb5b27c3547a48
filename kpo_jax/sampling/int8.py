"""Weights in int8 for decoding: a symmetric scale for each output channel, and products that apply it.

    scale  = max abs w over the inputs of the channel / 127        w ~ values * scale
    values = round(w / scale), in [-127, 127]                      x w ~ (x values) * scale

Only weights are in int8. What they are multiplied with stays in its own number type, as which int8 is exact, so a
weight is off by half a scale at most and a product by no more than that and its own rounding. It is the
weights' part of LLM.int8()'s vector-wise quantization (Dettmers et al. 2022, arXiv 2208.07339), without its outliers.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

LARGEST = 127  # -128 has no counterpart


class Int8(NamedTuple):
    """A weight held in int8.

    Attributes:
      values: int8, of the weight's shape.
      scale: float32, of that shape but 1 along the axis of the inputs.
    """

    values: jax.Array
    scale: jax.Array


def quantized(weight: jax.Array, axis: int) -> Int8:
    """The weight with one scale for each output channel; `axis` is that of the inputs. A channel of zeros stays zeros,
    and one that is not finite is not finite.
    """
    weight = weight.astype(jnp.float32)
    scale = jnp.max(jnp.abs(weight), axis=axis, keepdims=True) / LARGEST
    values = jnp.round(weight / jnp.where(scale == 0, 1, scale))
    return Int8(values.astype(jnp.int8), scale)


def dequantized(weight: jax.Array | Int8, dtype) -> jax.Array:
    """The weight itself in `dtype`; as it is where it is not held in int8."""
    if isinstance(weight, Int8):
        return (weight.values.astype(jnp.float32) * weight.scale).astype(dtype)
    return weight


def product(equation: str, x: jax.Array, weight: jax.Array | Int8) -> jax.Array:
    """einsum of x [B, inputs] and a weight [inputs, ...], in x's dtype; where that is held in int8, its scales multiply
    what comes out.
    """
    if isinstance(weight, Int8):
        out = jnp.einsum(equation, x, weight.values.astype(x.dtype), preferred_element_type=jnp.float32)
        return (out * weight.scale).astype(x.dtype)
    return jnp.einsum(equation, x, weight)
