"""IS-KPO whose threshold follows a running scale of the innovations, whatever V: kappa s_{t-1}, never s_t.

    mean      s <- (1 - a) s + a 1.2533 min(|d|, kappa s)
    median    log s <- log s + a sign(1.4826 |d| - s)

The constants make s a Gaussian's standard deviation. Gains are the linear filter's, from Q/V and P_0/V alone.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.checks import between, not_negative, one_of, positive, refuse, share
from kpo_jax.filters.base import (
    FLOORS,
    GAUSSIAN_MEAN,
    GAUSSIAN_MEDIAN,
    batch_scale,
    clean_tokens,
    first_scale,
    scan_tokens,
    zero_masked,
)
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

STATISTICS = ("mean", "median")


@dataclasses.dataclass(frozen=True)
class RunningScale:
    """Saturation at kappa running scales; innovation_std is that scale.

    Attributes:
      var_ratio: Q/V, >= 0.
      initial_ratio: P_0/V, >= 0.
      kappa: saturation threshold in running scales, > 0, finite.
      statistic: "mean" or "median" (see above).
      rate: a, in (0, 1]; 0.02 to 0.05 as a rule.
      initial_scale: s before the first token of every response, > 0; None takes the batch's
        (`filters.base.batch_scale`).
      floor: the least s, in [1e-18, 1e18].
      noise: tokens with a smaller |d| do not move s, nor count in the batch's scale, and s is at least that; >= 0.
    """

    var_ratio: float
    initial_ratio: float = 0.0
    kappa: float = 3.0
    statistic: str = "mean"
    rate: float = 0.05
    initial_scale: float | None = None
    floor: float = 1e-6
    noise: float = 0.0
    examples: ClassVar[tuple[dict, ...]] = (
        dict(var_ratio=0.1, initial_ratio=0.3, kappa=1.0),
        dict(var_ratio=0.1, initial_ratio=0.3, kappa=1.0, statistic="median", initial_scale=0.8),
    )

    def __post_init__(self):
        refuse(
            [
                *not_negative(self, "var_ratio", "initial_ratio", "noise"),
                *positive(self, "kappa"),
                *between(self, *FLOORS, "floor"),
                *share(self, "rate"),
                *one_of(self, "statistic", STATISTICS),
                *([] if self.initial_scale is None else positive(self, "initial_scale")),
            ]
        )

    @property
    def batch_coupled(self) -> bool:
        return self.initial_scale is None

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        of_batch = lambda: batch_scale(log_ratio, response_mask, self.floor, noise=self.noise)
        scale = first_scale(self.initial_scale, max(self.floor, self.noise), of_batch)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), scale)
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of V."""
        state_mean, state_var, scale = state
        predicted_var = state_var + self.var_ratio
        gain = predicted_var / (1 + predicted_var)
        innovation, threshold = z - state_mean, self.kappa * scale
        size = jnp.abs(innovation)
        updated_mean = state_mean + gain * jnp.clip(innovation, -threshold, threshold)
        if self.statistic == "mean":
            updated_scale = (1 - self.rate) * scale + self.rate * GAUSSIAN_MEAN * jnp.minimum(size, threshold)
        else:
            updated_scale = scale * jnp.exp(self.rate * jnp.sign(GAUSSIAN_MEDIAN * size - scale))
        updated_scale = jnp.where(size >= self.noise, jnp.maximum(updated_scale, max(self.floor, self.noise)), scale)
        output = FilterOutput(updated_mean, innovation, scale, gain, size > threshold)
        return (updated_mean, gain, updated_scale), output
