"""Statistics over the valid places of an array, written once: mean, variance, maximum, quantile, pooled moments.

Every function takes `x` and a boolean `mask` of the same shape, works in float32, never lets anything under a False
mask (junk, NaN, inf) reach its value or its gradient, and returns 0 where nothing is valid.
"""

from __future__ import annotations

from typing import NamedTuple

from kpo_jax.lazy import jax, jnp


class Moments(NamedTuple):
    """Count (int32), mean, and the sums of the 2nd, 3rd and 4th powers of (x - mean), each []."""

    count: jax.Array
    mean: jax.Array
    m2: jax.Array
    m3: jax.Array
    m4: jax.Array


def clean(x: jax.Array, mask: jax.Array) -> jax.Array:
    """`x` in float32 with exact zeros, and zero gradient, where the mask is False. Raises ValueError on a bad pair."""
    if x.shape != mask.shape:
        raise ValueError(f"array and mask must have one shape, got {x.shape} and {mask.shape}")
    if mask.dtype != jnp.bool_:
        raise ValueError(f"mask must be boolean (True on valid places), got dtype {mask.dtype}")
    return jnp.where(mask, x.astype(jnp.float32), 0.0)


def over_tokens(x: jax.Array, mask: jax.Array) -> jax.Array:
    """A number per row [B], or per token [B, T], as one per token of `mask` [B, T], cleaned: how an advantage enters a
    loss.
    """
    return clean(jnp.broadcast_to(x[:, None] if x.ndim == 1 else x, mask.shape), mask)


def divide(numerator: jax.Array, denominator: jax.Array) -> jax.Array:
    """numerator / denominator in float32, and 0 (with zero gradient) where the denominator is 0."""
    safe = jnp.where(denominator == 0, 1, denominator)
    return jnp.where(denominator == 0, 0.0, numerator / safe).astype(jnp.float32)


def count(mask: jax.Array, axis=None, keepdims: bool = False) -> jax.Array:
    """Number of True places, int32."""
    return jnp.sum(mask, axis=axis, keepdims=keepdims, dtype=jnp.int32)


def mean(x: jax.Array, mask: jax.Array, axis=None, keepdims: bool = False) -> jax.Array:
    """Mean over valid places."""
    return divide(jnp.sum(clean(x, mask), axis=axis, keepdims=keepdims), count(mask, axis, keepdims))


def var(x: jax.Array, mask: jax.Array, axis=None, ddof: int = 0) -> jax.Array:
    """Variance over valid places with denominator count - ddof; 0 where the count does not exceed ddof."""
    deviation = clean(clean(x, mask) - mean(x, mask, axis=axis, keepdims=True), mask)
    return divide(jnp.sum(deviation**2, axis=axis), jnp.maximum(count(mask, axis) - ddof, 0))


def maximum(x: jax.Array, mask: jax.Array, axis=None) -> jax.Array:
    """Largest valid value; 0 where nothing is valid."""
    largest = jnp.max(jnp.where(mask, clean(x, mask), -jnp.inf), axis=axis)
    return jnp.where(jnp.any(mask, axis=axis), largest, 0.0)


def quantile(x: jax.Array, mask: jax.Array, q: float) -> jax.Array:
    """The q-quantile, q in [0, 1], of all valid values together, interpolated linearly (numpy's default); []."""
    if not 0 <= q <= 1:
        raise ValueError(f"q: {q!r} is not a number in [0, 1]")
    ordered = jnp.sort(jnp.where(mask, clean(x, mask), jnp.inf).ravel())
    number = count(mask)
    position = q * jnp.maximum(number - 1, 0)
    below = jnp.floor(position).astype(jnp.int32)
    above = jnp.minimum(below + 1, jnp.maximum(number - 1, 0))
    fraction = position - below
    value = ordered[below] + fraction * (ordered[above] - ordered[below])
    return jnp.where(number > 0, value, 0.0)


def moments(x: jax.Array, mask: jax.Array) -> Moments:
    """Moments of all valid values together, by two passes (mean first, then powers of the deviation)."""
    center = mean(x, mask)
    deviation = clean(clean(x, mask) - center, mask)
    return Moments(count(mask), center, *(jnp.sum(deviation**power) for power in (2, 3, 4)))


def no_moments() -> Moments:
    """The moments of nothing: the neutral element of `merge_moments`."""
    return Moments(jnp.zeros((), jnp.int32), *(jnp.zeros((), jnp.float32) for _ in range(4)))


def merge_moments(a: Moments, b: Moments) -> Moments:
    """Moments of the union of two samples (Pebay 2008, SAND2008-6212, eq. 2.1 and its cases p = 3, 4).

    Written with the shares of the two counts instead of the counts, which would overflow float32 when cubed.
    """
    total = a.count + b.count
    share_a, share_b = divide(a.count, total), divide(b.count, total)
    delta = b.mean - a.mean
    between = total * share_a * share_b  # n_a n_b / n
    m2 = a.m2 + b.m2 + between * delta**2
    m3 = (
        a.m3 + b.m3
        + between * (share_a - share_b) * delta**3
        + 3 * delta * (share_a * b.m2 - share_b * a.m2)
    )  # fmt: skip
    m4 = (
        a.m4 + b.m4
        + between * (share_a**2 - share_a * share_b + share_b**2) * delta**4
        + 6 * delta**2 * (share_a**2 * b.m2 + share_b**2 * a.m2)
        + 4 * delta * (share_a * b.m3 - share_b * a.m3)
    )  # fmt: skip
    return Moments(total, share_a * a.mean + share_b * b.mean, m2, m3, m4)


def std(of: Moments) -> jax.Array:
    """Standard deviation, with the count as denominator; 0 of nothing."""
    return jnp.sqrt(divide(of.m2, of.count))


def kurtosis(of: Moments) -> jax.Array:
    """Fourth standardized moment, 3 for a Gaussian; 0 where m2 is 0 (nothing valid, or no spread)."""
    return divide(divide(of.m4, of.m2), divide(of.m2, of.count))
