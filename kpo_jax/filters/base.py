"""What every ratio filter shares: its interface, its masking, its checks, and the choice of gradient.

A ratio filter is a frozen, hashable dataclass (so static under jit) called on token log-ratios. To add one: write a
file beside this one and add a line to FILTERS in `__init__.py`. Its `examples` are the parameters that the tests call
it with.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, Protocol

from kpo_jax import masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

SCALES = ("median", "deviation")
FILTER_GRADIENTS = ("straight_through", "through_filter")
FLOORS = (1e-18, 1e18)  # of a scale: their squares are float32s
GAUSSIAN_MEDIAN = 1.4826  # standard deviation over median absolute deviation, of a Gaussian
GAUSSIAN_MEAN = math.sqrt(math.pi / 2)  # 1.2533, standard deviation over mean absolute deviation, of a Gaussian


class RatioFilter(Protocol):
    """Maps log_ratio [B, T] (any float dtype) and response_mask [B, T] bool to a FilterOutput of float32 [B, T].

    What lies under a False mask changes neither values nor gradients. Diagnostics read two attributes more:
    `kappa`: the saturation threshold in units of innovation_std; inf where the filter has none, or none in that unit.
    `batch_coupled`: False where a row's output depends on that row alone; True where the filter measures a scale over
      the whole batch that it is called on, so the batch must not be cut into microbatches. No gradient flows through
      that scale.
    """

    batch_coupled: ClassVar[bool]

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
    log_ratio = clean_tokens(log_ratio, response_mask)
    if gradient == "straight_through":
        output = jax.lax.stop_gradient(ratio_filter(jax.lax.stop_gradient(log_ratio), response_mask))
        # The bracket is exactly 0, so the value is exactly rho; (rho + z) - z would round.
        return output._replace(log_ratio=output.log_ratio + (log_ratio - jax.lax.stop_gradient(log_ratio)))
    if gradient == "through_filter":
        output = ratio_filter(log_ratio, response_mask)
        return jax.lax.stop_gradient(output)._replace(log_ratio=output.log_ratio)
    raise ValueError(f"gradient: {gradient!r} is not one of {', '.join(FILTER_GRADIENTS)}")


def check_tokens(log_ratio: jax.Array, response_mask: jax.Array) -> None:
    """Raise ValueError unless log_ratio is [B, T] and response_mask a boolean mask of that shape."""
    if jnp.ndim(log_ratio) != 2:
        raise ValueError(
            f"log_ratio has shape {jnp.shape(log_ratio)}; a filter takes [B, T], so one response is z[None]"
        )
    if jnp.shape(response_mask) != jnp.shape(log_ratio):
        raise ValueError(f"response_mask has shape {jnp.shape(response_mask)}, log_ratio {jnp.shape(log_ratio)}")
    if jnp.asarray(response_mask).dtype != jnp.bool_:
        raise ValueError(
            f"response_mask must be boolean (True on valid tokens), got {jnp.asarray(response_mask).dtype}"
        )


def clean_tokens(log_ratio: jax.Array, response_mask: jax.Array) -> jax.Array:
    """log_ratio [B, T] in float32 with zeros where masked. Raises ValueError as `check_tokens` does."""
    check_tokens(log_ratio, response_mask)
    return masked.clean(jnp.asarray(log_ratio), jnp.asarray(response_mask))


def scan_tokens(step: Callable, initial, log_ratio: jax.Array, observed: jax.Array) -> FilterOutput:
    """Run a recursion over the tokens of each row of log_ratio [B, T].

    `step(state, z) -> (new state, FilterOutput)` of scalars; `initial` is every row's first state, a pytree of scalars.
    A token that is not `observed` [B, T] bool leaves the state as it is.
    """

    def hold(state, token):
        z, is_observed = token
        updated, output = step(state, z)
        return jax.tree.map(lambda new, old: jnp.where(is_observed, new, old), updated, state), output

    return jax.vmap(lambda z, z_observed: jax.lax.scan(hold, initial, (z, z_observed))[1])(log_ratio, observed)


def batch_scale(
    log_ratio: jax.Array, response_mask: jax.Array, floor: float, statistic: str = "median", noise: float = 0.0
) -> jax.Array:
    """The scale of the batch's log-ratios about a ratio of 1, []; at least `floor` and `noise`. Carries no gradient.

    statistic "median": 1.4826 median|z|, a Gaussian's standard deviation, over the valid tokens with |z| >= noise. Most
      tokens of a language model hardly move; without a `noise` to leave them out they make the scale next to 0.
    statistic "deviation": the root mean square of the same tokens.
    """
    size = jnp.abs(log_ratio)
    counted = response_mask & (size >= noise)
    if statistic == "deviation":
        scale = jnp.sqrt(masked.mean(size**2, counted))
    else:
        scale = GAUSSIAN_MEDIAN * masked.quantile(size, counted, 0.5)
    return jax.lax.stop_gradient(jnp.maximum(scale, max(floor, noise)))


def first_scale(given: float | None, floor: float, of_batch: Callable[[], jax.Array]) -> jax.Array:
    """The scale before the first token of a response, []: the one `given`, at least `floor`, or that `of_batch`."""
    return of_batch() if given is None else jnp.float32(max(given, floor))


def zero_masked(output: FilterOutput, response_mask: jax.Array) -> FilterOutput:
    """Put 0 / False at every masked place of every field."""
    return FilterOutput(*(jnp.where(response_mask, field, jnp.zeros_like(field)) for field in output))


def shift_right(x: jax.Array) -> jax.Array:
    """x [B, T] one token later, 0 first: what was known before each token."""
    return jnp.pad(x[:, :-1], ((0, 0), (1, 0)))
