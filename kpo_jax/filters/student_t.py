"""A Kalman filter with Student-t measurement noise, solved variationally (after Agamennoni, Nieto and Nebot 2011).

A measurement's precision L / V is itself unknown, L ~ Gamma(nu / 2, nu / 2). From L = 1 the two factors of the
posterior are updated in turn: the state with the variance V / L, then L = (nu + 1) / (nu + ((z - rho)^2 + state_var) /
V).
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
class StudentT:
    """The variational Student-t filter. It fades an outlier out smoothly, so nothing counts as saturated.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`, finite.
      degrees_of_freedom: nu, > 0; the larger, the nearer to the linear filter.
      iterations: updates of the state, 2 to 3 as a rule; with one, L stays 1 and the filter is linear.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    degrees_of_freedom: float = 4.0
    iterations: int = 3
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_finite_model(self), *positive(self, "degrees_of_freedom"), *whole(self, 1, "iterations")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        nu = self.degrees_of_freedom

        def weigh(innovation, predicted_var):
            weight = jnp.ones(())
            for _ in range(self.iterations - 1):
                residual = innovation / (1 + weight * predicted_var)
                state_var = predicted_var / (1 + weight * predicted_var)
                weight = (nu + 1) / (nu + residual**2 + state_var)
            return weight, jnp.zeros((), bool)

        return filter_reweighted(self, log_ratio, response_mask, weigh)
