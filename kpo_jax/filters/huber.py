"""A Kalman filter with Huber's loss for its measurements, by reweighting (Huber 1964; IRLS).

Each round weighs the measurement by its residual from the current estimate, w = min(1, c sqrt(V) / |z - rho|), takes
its variance for V / w, and estimates anew from the prediction.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import positive, refuse, whole
from kpo_jax.filters.kalman import filter_reweighted, problems_of_finite_model
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Huber:
    """The filter of Huber's loss.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`, finite.
      bound: c, in units of sqrt(measurement_var), > 0; 1.345 has 95 % efficiency if the noise is Gaussian after all.
      iterations: rounds of reweighting, usually 1 to 3. One round weighs by the innovation itself.

    The gain is that of the last round; `saturated` marks a weight below 1 in it.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    bound: float = 1.345
    iterations: int = 2
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_finite_model(self), *positive(self, "bound"), *whole(self, 1, "iterations")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""

        def weigh(innovation, predicted_var):
            residual = innovation
            for _ in range(self.iterations):
                size = jnp.abs(residual)
                weight = self.bound / jnp.maximum(size, self.bound)  # never divides by 0, so its gradient is finite
                residual = innovation / (1 + weight * predicted_var)  # z - rho after an update with that weight
            return weight, size > self.bound

        return filter_reweighted(self, log_ratio, response_mask, weigh)
