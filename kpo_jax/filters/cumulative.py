"""The ratio of everything up to a token, CTPO's (arXiv 2605.07331): the log-ratios add up."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.filters.base import clean_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Cumulative:
    """rho_t = z_1 + ... + z_t over the row's valid tokens.

    The importance ratio of the prefix, unbiased and of growing spread, hence the position-dependent bounds of the
    objective `position_clipped`. The next token's log-ratio is expected to be 0: it is the innovation, and counts
    whole.
    """

    examples: ClassVar[tuple[dict, ...]] = ({},)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        output = FilterOutput(
            log_ratio=jnp.cumsum(log_ratio, axis=1),
            innovation=log_ratio,
            innovation_std=jnp.full_like(log_ratio, jnp.inf),
            gain=jnp.ones_like(log_ratio),
            saturated=jnp.zeros_like(response_mask),
        )
        return zero_masked(output, response_mask)
