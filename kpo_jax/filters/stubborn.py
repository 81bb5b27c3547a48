"""IS-KPO with a stubborn bound (Alessandri and Zaccarian 2018; Astolfi et al.): the threshold follows what it clips.

    threshold_t = sqrt(s_{t-1})        s_t = (1 - a) s_{t-1} + a kappa^2 d_t^2

The innovation enters s before it is clipped, so one outlier is cut and a lasting change opens the bound for itself.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import between, positive, refuse, share
from kpo_jax.filters.base import FLOORS, clean_tokens, scan_tokens, zero_masked
from kpo_jax.filters.kalman import problems_of_finite_model
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Stubborn:
    """Saturation at kappa running root mean squares of the innovations; innovation_std is that running root mean
    square.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`, finite. They give the gains, which are the linear
        filter's, and the first threshold, kappa sqrt(measurement_var).
      kappa: threshold over running root mean square, > 0, finite; its square is the c of the literature.
      rate: a, in (0, 1]; one minus the literature's decay.
      floor: the least running root mean square, in [1e-18, 1e18].
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    kappa: float = 3.0
    rate: float = 0.05
    floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3, kappa=1.0),)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(
            [
                *problems_of_finite_model(self),
                *positive(self, "kappa"),
                *between(self, *FLOORS, "floor"),
                *share(self, "rate"),
            ]
        )

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        var_ratio = self.process_var / self.measurement_var

        def step(state, z):
            state_mean, state_var, mean_square = state  # s / kappa^2
            predicted_var = state_var + var_ratio
            gain = predicted_var / (1 + predicted_var)
            innovation, innovation_std = z - state_mean, jnp.sqrt(mean_square)
            threshold = self.kappa * innovation_std
            updated_mean = state_mean + gain * jnp.clip(innovation, -threshold, threshold)
            updated_square = (1 - self.rate) * mean_square + self.rate * innovation**2
            output = FilterOutput(updated_mean, innovation, innovation_std, gain, jnp.abs(innovation) > threshold)
            return (updated_mean, gain, jnp.maximum(updated_square, self.floor**2)), output

        first = max(math.sqrt(self.measurement_var), self.floor) ** 2
        initial = (jnp.float32(0), jnp.float32(self.initial_var / self.measurement_var), jnp.float32(first))
        return zero_masked(scan_tokens(step, initial, log_ratio, response_mask), response_mask)
