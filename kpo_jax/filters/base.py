"""What every ratio filter shares: its interface, its masking, its checks, and the choice of gradient.

A ratio filter is a frozen, hashable dataclass (so static under jit) called on token log-ratios. To add one: write a
file beside this one and add a line to FILTERS in `__init__.py`.
"""

import numbers
from typing import Protocol

import jax
import jax.numpy as jnp

from kpo_jax import masked
from kpo_jax.types import FilterOutput

FILTER_GRADIENTS = ("straight_through", "through_filter")


class RatioFilter(Protocol):
    """Maps log_ratio [B, T] (any float dtype) and response_mask [B, T] bool to a FilterOutput of float32 [B, T].

    A filter looks at one row at a time. What lies under a False mask changes neither values nor gradients.
    `kappa` is the saturation threshold in standard deviations of the innovation, inf for filters that never saturate.
    """

    @property
    def kappa(self) -> float: ...

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput: ...


def apply_filter(
    ratio_filter: RatioFilter, log_ratio: jax.Array, response_mask: jax.Array, gradient: str
) -> FilterOutput:
    """Filter log-ratios [B, T] and choose what the filtered log-ratio's gradient is; other fields carry none.

    straight_through: value rho_t, gradient that of the token's own log-ratio (the ratio of KPO's released code,
      exp(log_prob - sg[log_prob] + sg[rho_t])).
    through_filter: value rho_t, gradient by the chain rule through the filter, so gains scale a token's gradient.

    Raises ValueError on any other `gradient`.
    """
    log_ratio = masked.clean(log_ratio, response_mask)
    if gradient == "straight_through":
        output = jax.lax.stop_gradient(ratio_filter(jax.lax.stop_gradient(log_ratio), response_mask))
        # The bracket is exactly 0, so the value is exactly rho; (rho + z) - z would round.
        return output._replace(log_ratio=output.log_ratio + (log_ratio - jax.lax.stop_gradient(log_ratio)))
    if gradient == "through_filter":
        output = ratio_filter(log_ratio, response_mask)
        return jax.lax.stop_gradient(output)._replace(log_ratio=output.log_ratio)
    raise ValueError(f"gradient={gradient!r} is not legal: it must be one of {', '.join(FILTER_GRADIENTS)}")


def zero_masked(output: FilterOutput, response_mask: jax.Array) -> FilterOutput:
    """Put 0 / False at every masked place of every field."""
    return FilterOutput(*(jnp.where(response_mask, field, jnp.zeros_like(field)) for field in output))


def shift_right(x: jax.Array) -> jax.Array:
    """x [B, T] one token later, 0 first: what was known before each token."""
    return jnp.pad(x[:, :-1], ((0, 0), (1, 0)))


def require(legal: bool, name: str, value, description: str) -> None:
    """Raise a one-line ValueError naming the field, its value and the legal range unless `legal`."""
    if not legal:
        raise ValueError(f"{name}={value!r} is not legal: it must be {description}")


def is_number(value) -> bool:
    """A real number, neither a bool nor NaN; inf counts."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value
