"""IS-KPO: the Kalman-filtered log-ratio with its innovations saturated.

The innovation is clipped at kappa of its own standard deviations before it moves the state. The variances are those of
the linear filter ("standard"), or count what saturation costs as Masreliez and Martin (1977) do ("masreliez"):

    state_var = predicted_var - gain (1 - 2 Phi(-kappa)) predicted_var

In either case they, and with them the gains, do not depend on the data.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import above_zero, one_of, refuse
from kpo_jax.filters.base import clean_tokens, zero_masked
from kpo_jax.filters.kalman import (
    chosen_method,
    filter_by_scan,
    filter_in_parallel,
    observed_places,
    problems_of_model,
)
from kpo_jax.lazy import jax, jnp, np
from kpo_jax.outputs import FilterOutput

COVARIANCES = ("standard", "masreliez")


@dataclasses.dataclass(frozen=True)
class SaturatedKalman:
    """rho_t = rho_{t-1} + K_t clip(d_t, -kappa sigma_t, kappa sigma_t).

    Attributes: those of `Kalman`, and
      kappa: saturation threshold in standard deviations of the innovation, > 0; inf is the linear filter.
      covariance: "standard" or "masreliez" (see above).

    Its estimate depends on the variances' ratios, as the linear filter's does, and on kappa sqrt(measurement_var).
    The parallel method runs the linear filter and repeats sequentially only if some innovation of the batch saturates.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    kappa: float = 3.0
    masked: str = "hold"
    method: str = "auto"
    covariance: str = "standard"
    examples: ClassVar[tuple[dict, ...]] = (
        dict(
            process_var=1e-2, measurement_var=0.1, initial_var=0.3, kappa=1.0, masked="zero_observation", method="scan"
        ),
        dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3, kappa=1.0, masked="hold", method="parallel"),
    )
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_model(self), *one_of(self, "covariance", COVARIANCES), *above_zero(self, "kappa")])

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        if chosen_method(self) == "scan":
            return filter_by_scan(self, log_ratio, response_mask, self.lost)
        log_ratio = clean_tokens(log_ratio, response_mask)
        observed = observed_places(self, response_mask)
        linear = filter_in_parallel(self, log_ratio, observed, tabulated_gains if self.lost else None)
        saturates = jnp.any(observed & (jnp.abs(linear.innovation) > self.kappa * linear.innovation_std))
        # up to the first saturated token the two are one filter, so the test misses nothing
        output = jax.lax.cond(
            saturates, lambda: filter_by_scan(self, log_ratio, response_mask, self.lost), lambda: linear
        )
        return zero_masked(output, response_mask)

    @property
    def lost(self) -> float:
        """Share of a measurement's information lost to saturation: 0, or 2 Phi(-kappa)."""
        return math.erfc(self.kappa / math.sqrt(2)) if self.covariance == "masreliez" else 0.0


def tabulated_gains(model: SaturatedKalman, number: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Gain and innovation_std of the observations numbered `number` [B, T], from 1, by recursion while tracing."""
    gain, predicted = np.zeros(number.shape[1]), np.zeros(number.shape[1])
    state_var = model.initial_var / model.measurement_var
    for t in range(number.shape[1]):
        predicted[t] = state_var + model.process_var / model.measurement_var
        gain[t] = 1 / (1 + 1 / predicted[t]) if predicted[t] else 0.0
        state_var = gain[t] * (1 + model.lost * predicted[t])
    innovation_std = np.sqrt(model.measurement_var * (1 + predicted))
    return jnp.asarray(gain, jnp.float32)[number - 1], jnp.asarray(innovation_std, jnp.float32)[number - 1]
