"""What filters and objectives return. Apart from the other records, whose import takes jax's (see `lazy`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import jax


class FilterOutput(NamedTuple):
    """What a ratio filter returns; every filter fills every field, each [B, T]; masked places hold 0 / False.

    Attributes:
      log_ratio: filtered log importance ratio (rho_t), float32.
      innovation: measurement minus prediction (d_t), before any saturation, float32.
      innovation_std: standard deviation the filter expects of the innovation (sigma_t), float32.
      gain: Kalman gain, in [0, 1], float32.
      saturated: bool, True where the innovation was saturated.
    """

    log_ratio: jax.Array
    innovation: jax.Array
    innovation_std: jax.Array
    gain: jax.Array
    saturated: jax.Array


class ObjectiveOutput(NamedTuple):
    """loss [] (a sum, already divided by the batch's global denominator), token_loss [B, T], clipped [B, T] bool."""

    loss: jax.Array
    token_loss: jax.Array
    clipped: jax.Array
