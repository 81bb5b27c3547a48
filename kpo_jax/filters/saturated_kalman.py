"""IS-KPO: the Kalman-filtered log-ratio with its innovations saturated.

The innovation is clipped at kappa of its own standard deviations before it moves the state; the variances are those of
the linear filter. This is the filter of Masreliez and Martin (1977) without the inflation of the state variance.
"""

import dataclasses

import jax
import jax.numpy as jnp

from kpo_jax import masked as masked_stats
from kpo_jax.filters.base import is_number, require, zero_masked
from kpo_jax.filters.kalman import check_model, chosen_method, filter_by_scan, filter_in_parallel, observed_places
from kpo_jax.types import FilterOutput


@dataclasses.dataclass(frozen=True)
class SaturatedKalman:
    """rho_t = rho_{t-1} + K_t clip(d_t, -kappa sigma_t, kappa sigma_t).

    Attributes: those of `Kalman`, and
      kappa: saturation threshold in standard deviations of the innovation, > 0; inf is the linear filter.

    Its estimate depends on the variances' ratios, as the linear filter's does, and on kappa sqrt(measurement_var).
    The parallel method runs the linear filter and repeats sequentially only if some innovation of the batch saturates.
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    kappa: float = 3.0
    masked: str = "hold"
    method: str = "auto"

    def __post_init__(self):
        check_model(self)
        require(is_number(self.kappa) and self.kappa > 0, "kappa", self.kappa, "a number > 0 (inf allowed)")

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = masked_stats.clean(log_ratio, response_mask)
        observed = observed_places(self, response_mask)
        if chosen_method(self) == "scan":
            return zero_masked(filter_by_scan(self, log_ratio, observed), response_mask)
        linear = filter_in_parallel(self, log_ratio, observed)
        saturates = jnp.any(observed & (jnp.abs(linear.innovation) > self.kappa * linear.innovation_std))
        output = jax.lax.cond(
            saturates, lambda: filter_by_scan(self, log_ratio, observed), lambda: linear
        )  # up to the first saturated token the two are one filter, so the test misses nothing
        return zero_masked(output, response_mask)
