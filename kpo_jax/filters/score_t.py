"""A score-driven filter of Student's t (Harvey and Luati 2014, "Filtering with heavy tails"; Harvey 2013).

State and scale both follow the score of a t density at the innovation d, so neither is moved far by an outlier and V
does not enter:

    w = 1 / (1 + d^2 / (nu s^2))        rho <- rho + K w d        log s <- log s + a ((nu + 1) (1 - w) - 1)

w d is the paper's u, the score of the location but for a factor, and (nu + 1) (1 - w) - 1 is the score of log s. There
K is a constant; here it is the linear filter's gain at Q/V. Unlike `student_t`, which weighs against a fixed V.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import between, not_negative, positive, refuse, share
from kpo_jax.filters.base import FLOORS, batch_scale, clean_tokens, first_scale, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

LARGEST = 1e18  # innovation over scale: its square is a float32


@dataclasses.dataclass(frozen=True)
class ScoreT:
    """It fades an outlier out smoothly, so nothing counts as saturated. The gain that is reported is K w.

    Attributes:
      var_ratio: Q/V, >= 0: of the gain K alone.
      initial_ratio: P_0/V, >= 0.
      degrees_of_freedom: nu, > 0; the larger, the nearer to the linear filter. innovation_std is s sqrt(nu / (nu - 2)),
        inf for nu <= 2.
      rate: a, in (0, 1].
      initial_scale: s before the first token of every response, > 0; None takes the batch's
        (`filters.base.batch_scale`).
      floor: the least s, in [1e-18, 1e18].
    """

    var_ratio: float
    initial_ratio: float = 0.0
    degrees_of_freedom: float = 4.0
    rate: float = 0.05
    initial_scale: float | None = None
    floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = (
        dict(var_ratio=0.1, initial_ratio=0.3, degrees_of_freedom=2.0, initial_scale=0.8),
    )
    kappa: ClassVar[float] = math.inf

    def __post_init__(self):
        refuse(
            [
                *not_negative(self, "var_ratio", "initial_ratio"),
                *positive(self, "degrees_of_freedom"),
                *between(self, *FLOORS, "floor"),
                *share(self, "rate"),
                *([] if self.initial_scale is None else positive(self, "initial_scale")),
            ]
        )

    @property
    def batch_coupled(self) -> bool:
        return self.initial_scale is None

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        of_batch = lambda: batch_scale(log_ratio, response_mask, self.floor)
        scale = first_scale(self.initial_scale, self.floor, of_batch)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), scale)
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of V."""
        state_mean, state_var, scale = state
        nu, predicted_var = self.degrees_of_freedom, state_var + self.var_ratio
        gain, innovation = predicted_var / (1 + predicted_var), z - state_mean
        weight = 1 / (1 + jnp.clip(innovation / scale, -LARGEST, LARGEST) ** 2 / nu)
        updated_mean = state_mean + gain * weight * innovation
        updated_scale = scale * jnp.exp(self.rate * ((nu + 1) * (1 - weight) - 1))
        innovation_std = scale * (math.sqrt(nu / (nu - 2)) if nu > 2 else math.inf)
        output = FilterOutput(updated_mean, innovation, innovation_std, gain * weight, jnp.zeros((), bool))
        return (updated_mean, gain, jnp.maximum(updated_scale, self.floor)), output
