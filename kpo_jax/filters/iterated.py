"""The iteratively saturated Kalman filter (Yang and Boyd 2025, arXiv 2507.00272), for one state.

Measurements and state steps may both have outliers. From the prediction, k gradient steps on the sum of two Huber
losses,

    rho += s (K beta (z - rho) + (1 - K) alpha (predicted - rho))
    alpha = min(1, c_s sqrt(predicted_var) / |rho - predicted|)
    beta = min(1, c_o sqrt(measurement_var) / |z - rho|)

then, unless the covariance is the standard one, 1 / state_var = alpha / predicted_var + beta / measurement_var.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import not_negative, one_of, positive, refuse, share, whole
from kpo_jax.filters.base import clean_tokens, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

COVARIANCES = ("weighted", "standard")
QUANTILE = 1.0364  # square root of the 0.7 quantile of chi-square with one degree of freedom


@dataclasses.dataclass(frozen=True)
class Iterated:
    """The filter of Huber losses on measurement and state, by a fixed number of saturated steps.

    Attributes:
      process_var: > 0, finite. measurement_var, initial_var: as in `Kalman`, finite.
      bound: c_o, in units of sqrt(measurement_var).
      state_bound: c_s, in units of sqrt(predicted_var).
      iterations: k. One step clips the innovation at c_o sqrt(measurement_var) and never saturates the state.
      step_size: s, in (0, 1], so that the estimate stays between prediction and measurement.
      covariance: "weighted" as in the paper, so that gains depend on the data, or "standard", that of the linear
        filter.

    The gain is K; `saturated` marks an innovation beyond c_o sqrt(measurement_var).
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    bound: float = QUANTILE
    state_bound: float = QUANTILE
    iterations: int = 3
    step_size: float = 1.0
    covariance: str = "weighted"
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(
            [
                *positive(self, "process_var", "measurement_var", "bound", "state_bound"),
                *not_negative(self, "initial_var"),
                *whole(self, 1, "iterations"),
                *share(self, "step_size"),
                *one_of(self, "covariance", COVARIANCES),
            ]
        )

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        initial = (jnp.float32(0), jnp.float32(self.initial_var / self.measurement_var))
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; variances in units of measurement_var, innovation and move in units of its root."""
        state_mean, state_var = state
        measurement_std = math.sqrt(self.measurement_var)
        predicted_var = state_var + self.process_var / self.measurement_var
        gain = predicted_var / (1 + predicted_var)
        state_bound = self.state_bound * jnp.sqrt(predicted_var)
        innovation = (z - state_mean) / measurement_std
        move = jnp.zeros(())  # estimate minus prediction
        for _ in range(self.iterations):
            to_measurement = jnp.clip(innovation - move, -self.bound, self.bound)
            to_prediction = jnp.clip(-move, -state_bound, state_bound)
            move = move + self.step_size * (gain * to_measurement + (1 - gain) * to_prediction)
        updated_mean = state_mean + measurement_std * move
        updated_var = gain
        if self.covariance == "weighted":
            alpha = state_bound / jnp.maximum(jnp.abs(move), state_bound)
            beta = self.bound / jnp.maximum(jnp.abs(innovation - move), self.bound)
            updated_var = predicted_var / (alpha + beta * predicted_var)
        innovation_std = measurement_std * jnp.sqrt(1 + predicted_var)
        output = FilterOutput(updated_mean, z - state_mean, innovation_std, gain, jnp.abs(innovation) > self.bound)
        return (updated_mean, updated_var), output
