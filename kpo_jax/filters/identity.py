"""The token's own ratio, unfiltered: PPO and GRPO."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.filters.base import clean_tokens, shift_right, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Identity:
    """rho_t = z_t: the Kalman filter in the limit process_var -> inf, so gain 1 and any innovation is expected.

    The innovation is the step from the previous valid token (from 0 at the first), its expected deviation inf.
    """

    examples: ClassVar[tuple[dict, ...]] = ({},)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        places = jnp.arange(log_ratio.shape[1], dtype=jnp.int32)[None, :]
        last_valid = jax.lax.cummax(jnp.where(response_mask, places, 0), axis=1)  # a masked place 0 holds a clean 0
        state = jnp.take_along_axis(log_ratio, last_valid, axis=1)
        output = FilterOutput(
            log_ratio=log_ratio,
            innovation=log_ratio - shift_right(state),
            innovation_std=jnp.full_like(log_ratio, jnp.inf),
            gain=jnp.ones_like(log_ratio),
            saturated=jnp.zeros_like(response_mask),
        )
        return zero_masked(output, response_mask)
