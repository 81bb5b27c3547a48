"""One ratio per response, the geometric mean of its token ratios: GSPO (Zheng et al. 2025, arXiv 2507.18071)."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.filters.base import clean_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class SequenceMean:
    """rho_t = mean of the row's valid z, at every token. It looks ahead, as only `smoother` does beside it.

    With straight_through gradients this is GSPO-token, with through_filter it is GSPO. It is the last value of a
    Kalman filter with process_var = 0 and initial_var = inf. It predicts by the mean: the innovation is the distance
    from it, its expected deviation inf (no noise model), and the gain every token's weight, 1 / valid tokens.
    """

    examples: ClassVar[tuple[dict, ...]] = ({},)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        row_mean = masked.mean(log_ratio, response_mask, axis=1, keepdims=True)  # [B, 1]
        lengths = masked.count(response_mask, axis=1, keepdims=True)  # [B, 1]
        output = FilterOutput(
            log_ratio=jnp.broadcast_to(row_mean, log_ratio.shape),
            innovation=log_ratio - row_mean,
            innovation_std=jnp.full_like(log_ratio, jnp.inf),
            gain=jnp.broadcast_to(masked.divide(jnp.float32(1), lengths), log_ratio.shape),
            saturated=jnp.zeros_like(response_mask),
        )
        return zero_masked(output, response_mask)
