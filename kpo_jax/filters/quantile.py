"""IS-KPO whose threshold is a quantile of the innovations, followed token by token, whatever V (own; Robbins and Monro
1951 on a logarithmic scale).

    threshold b = kappa s, P(|N(0, 1)| < kappa) = q        log s <- log s + a (1[|d| > b] - (1 - q))

In the long run the share 1 - q of the innovations is saturated, whatever their scale and distribution: no V and no
number of deviations enters. A high quantile is one of the tokens that move, however many there are that hardly do.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.checks import between, not_negative, positive, refuse, share, unless
from kpo_jax.filters.base import FLOORS, clean_tokens, first_scale, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Quantile:
    """Saturation at a running quantile; innovation_std is that of the Gaussian that has it, so kappa follows from q.

    Gains are the linear filter's, from Q/V and P_0/V alone.

    Attributes:
      var_ratio: Q/V, >= 0.
      initial_ratio: P_0/V, >= 0.
      quantile: q, the share of innovations that are let through, in (0, 1).
      rate: a, in (0, 1].
      initial_scale: s before the first token of every response, > 0; None takes that of the batch's log-ratios.
      floor: the least s, in [1e-18, 1e18].
    """

    var_ratio: float
    initial_ratio: float = 0.0
    quantile: float = 0.98
    rate: float = 0.05
    initial_scale: float | None = None
    floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = (dict(var_ratio=0.1, initial_ratio=0.3, quantile=0.7),)

    def __post_init__(self):
        refuse(
            [
                *not_negative(self, "var_ratio", "initial_ratio"),
                *share(self, "quantile", "rate"),
                *unless(self.quantile != 1, "quantile", f"{self.quantile!r} lets everything through; below 1"),
                *between(self, *FLOORS, "floor"),
                *([] if self.initial_scale is None else positive(self, "initial_scale")),
            ]
        )

    @property
    def kappa(self) -> float:
        return _gaussian(self.quantile)

    @property
    def batch_coupled(self) -> bool:
        return self.initial_scale is None

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)

        def of_batch():
            size = masked.quantile(jnp.abs(log_ratio), response_mask, self.quantile)
            return jax.lax.stop_gradient(jnp.maximum(size / self.kappa, self.floor))

        scale = first_scale(self.initial_scale, self.floor, of_batch)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), scale)
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of V."""
        state_mean, state_var, scale = state
        predicted_var = state_var + self.var_ratio
        gain = predicted_var / (1 + predicted_var)
        innovation, threshold = z - state_mean, self.kappa * scale
        beyond = jnp.abs(innovation) > threshold
        updated_mean = state_mean + gain * jnp.clip(innovation, -threshold, threshold)
        updated_scale = scale * jnp.exp(self.rate * (beyond - (1 - self.quantile)))
        output = FilterOutput(updated_mean, innovation, scale, gain, beyond)
        return (updated_mean, gain, jnp.maximum(updated_scale, self.floor)), output


@functools.cache
def _gaussian(quantile: float) -> float:
    """The deviations within which the share `quantile` of a Gaussian lies."""
    return statistics.NormalDist().inv_cdf((1 + quantile) / 2)
