"""EMA-KPO: exponential smoothing of the log-ratio, the Kalman filter with its gain held constant."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import refuse, share
from kpo_jax.filters.base import clean_tokens, zero_masked
from kpo_jax.filters.kalman import filter_in_parallel
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Ema:
    """rho_t = (1 - gain) rho_{t-1} + gain z_t, rho_0 = 0.

    It is `Kalman` started at its steady state, initial_var = gain V with Q/V = gain^2 / (1 - gain). There is no noise
    model: the innovation's expected deviation is inf.

    Attributes:
      gain: in (0, 1]; 1 is the token's own ratio.
    """

    gain: float
    examples: ClassVar[tuple[dict, ...]] = (dict(gain=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(share(self, "gain"))

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        output = filter_in_parallel(self, log_ratio, response_mask, constant_gains)
        return zero_masked(output, response_mask)


def constant_gains(model: Ema, number: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The same gain and no expectation of the innovation, for observations numbered `number` [B, T]."""
    return jnp.full(number.shape, model.gain, jnp.float32), jnp.full(number.shape, jnp.inf, jnp.float32)
