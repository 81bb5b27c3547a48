"""The Kalman SMOOTHER (Rauch, Tung and Striebel 1965): what KPO's model says of a token, given the whole response.

Not causal, so no filter: a token's estimate depends on later ones. It is the best estimate under the model, and bounds
what any filter of it can gain. After the filter runs a pass from the last token backwards:

    rho_t^s = rho_t + P_t / (P_t + Q) (rho_{t+1}^s - rho_t)
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.checks import from_zero, positive, refuse
from kpo_jax.filters.base import zero_masked
from kpo_jax.filters.kalman import Kalman
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Smoother:
    """The estimates are smoothed; innovation, its deviation and the gain are those of the filter that runs first.

    With process_var = 0 and initial_var = inf it is `SequenceMean`.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`; masked tokens are skipped.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*from_zero(self, "process_var", "initial_var"), *positive(self, "measurement_var")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        forward = Kalman(self.process_var, self.measurement_var, self.initial_var)(log_ratio, response_mask)
        var_ratio = self.process_var / self.measurement_var
        pull = masked.divide(forward.gain, forward.gain + var_ratio)  # in units of V the variance is the gain

        def step(carry, token):
            later, is_later = carry
            mean, pull, valid = token
            smoothed = mean + jnp.where(is_later, pull * (later - mean), 0.0)
            return (jnp.where(valid, smoothed, later), is_later | valid), smoothed

        def one_row(*row):
            return jax.lax.scan(step, (jnp.float32(0), jnp.zeros((), bool)), row, reverse=True)[1]

        smoothed = jax.vmap(one_row)(forward.log_ratio, pull, jnp.asarray(response_mask))
        return zero_masked(forward._replace(log_ratio=smoothed), response_mask)
