"""Experimental: MinPRO (arXiv 2601.22718), a token's ratio times the smallest ratio before it.

The paper's clipping could not be read; with the objective `clipped` this is our reading of it, not a reproduction.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.filters.base import clean_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class MinPrefix:
    """rho_t = z_t + min over the row's valid tokens s < t of z_s; the first token has no prefix and rho_1 = z_1.

    Experimental. As in `Cumulative`, a token's log-ratio is expected to be 0 and counts whole.
    """

    examples: ClassVar[tuple[dict, ...]] = ({},)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        so_far = jax.lax.cummin(jnp.where(response_mask, log_ratio, jnp.inf), axis=1)
        before = jnp.pad(so_far[:, :-1], ((0, 0), (1, 0)), constant_values=jnp.inf)
        output = FilterOutput(
            log_ratio=log_ratio + jnp.where(jnp.isinf(before), 0.0, before),
            innovation=log_ratio,
            innovation_std=jnp.full_like(log_ratio, jnp.inf),
            gain=jnp.ones_like(log_ratio),
            saturated=jnp.zeros_like(response_mask),
        )
        return zero_masked(output, response_mask)
