"""WoLF: a Kalman filter that weighs its measurements by an inverse multi-quadric (Duran-Martin et al. 2024, arXiv
2405.05646).

The variance of a measurement with innovation d is taken for V / w^2, w^2 = 1 / (1 + d^2 / c^2): the further it lies,
the less it counts, and it never moves the state by more than a bounded amount.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import positive, refuse
from kpo_jax.filters.kalman import filter_reweighted, problems_of_finite_model
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Wolf:
    """The weighted-likelihood filter. It fades an outlier out smoothly, so nothing counts as saturated.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`, finite.
      bound: c in units of sqrt(measurement_var), > 0. 2.385 has 95 % efficiency for a location under Gaussian noise
        (the weight is Cauchy's); the paper tunes c by task.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    bound: float = 2.385
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_finite_model(self), *positive(self, "bound")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""

        def weigh(innovation, predicted_var):
            return 1 / (1 + (innovation / self.bound) ** 2), jnp.zeros((), bool)

        return filter_reweighted(self, log_ratio, response_mask, weigh)
