"""KPO on running medians: the filter is given the median of the last few log-ratios in place of the last (Tukey 1971).

A median of W does not move by one outlier, nor by (W - 1) / 2 of them, and knows no V. It lags by as many tokens.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import from_zero, refuse, whole
from kpo_jax.filters.base import clean_tokens, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class MedianWindow:
    """rho_t = rho_{t-1} + K_t (m_t - rho_{t-1}), m_t the median of the last `window` log-ratios, z_t included.

    Gains are the linear filter's, from Q/V and P_0/V alone. The innovation is that of z_t, its expected deviation inf
    (no noise model). Nothing counts as saturated.

    Attributes:
      var_ratio: Q/V, >= 0; inf is the median itself.
      initial_ratio: P_0/V, >= 0.
      window: W; 1 is the linear filter. Where there are fewer yet, the median is theirs.
    """

    var_ratio: float
    initial_ratio: float = 0.0
    window: int = 5
    examples: ClassVar[tuple[dict, ...]] = (dict(var_ratio=0.1, initial_ratio=0.3, window=3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*from_zero(self, "var_ratio", "initial_ratio"), *whole(self, 1, "window")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        nothing_yet = jnp.full(self.window, jnp.inf, jnp.float32)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), nothing_yet, jnp.int32(0))
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of V."""
        state_mean, state_var, last, number = state
        last, number = jnp.append(last[1:], z), jnp.minimum(number + 1, self.window)
        ordered = jnp.sort(last)  # places that are not filled yet come last
        median = (ordered[(number - 1) // 2] + ordered[number // 2]) / 2
        gain = 1 / (1 + 1 / (state_var + self.var_ratio))
        updated_mean = state_mean + gain * (median - state_mean)
        output = FilterOutput(updated_mean, z - state_mean, jnp.float32(jnp.inf), gain, jnp.zeros((), bool))
        return (updated_mean, gain, last, number), output
