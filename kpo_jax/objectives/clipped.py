"""The clipped surrogate of PPO (Schulman et al. 2017, arXiv 1707.06347, eq. 7), which GRPO, GSPO and KPO share."""

import dataclasses

import jax
import jax.numpy as jnp

from kpo_jax.objectives.base import aggregation_weights, check_aggregation
from kpo_jax.types import Batch, ObjectiveOutput


@dataclasses.dataclass(frozen=True)
class Clipped:
    """Per token, with ratio r = exp(min(filtered_log_ratio, log_ratio_cap)): max(-A r, -A clip(r, 1 - low, 1 + high)).

    Attributes:
      clip_low, clip_high: how far the ratio may fall below and rise above 1 while the gradient lives.
      clip: False drops the clip, leaving -A r.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated; it only prevents overflow.
    """

    clip_low: float
    clip_high: float
    clip: bool = True
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None

    def __post_init__(self):
        if not 0 <= self.clip_low <= 1:
            raise ValueError(f"clip_low={self.clip_low!r} is not legal: it must lie in [0, 1]")
        if not self.clip_high >= 0:
            raise ValueError(f"clip_high={self.clip_high!r} is not legal: it must be >= 0")
        if not 0 < self.log_ratio_cap <= 80:
            raise ValueError(f"log_ratio_cap={self.log_ratio_cap!r} is not legal: it must lie in (0, 80]")
        check_aggregation(self.aggregation, self.length_norm)

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput.

        The mask enters by multiplication with zero weights, so a NaN under it would reach the loss; of the filters,
        only `KpoReleased` puts one there.
        """
        ratio = jnp.exp(jnp.minimum(filtered_log_ratio.astype(jnp.float32), self.log_ratio_cap))
        advantage = batch.advantage.astype(jnp.float32)[:, None]  # [B, 1]
        token_loss = -advantage * ratio
        clipped = jnp.zeros_like(batch.response_mask)
        if self.clip:
            clipped_loss = -advantage * jnp.clip(ratio, 1 - self.clip_low, 1 + self.clip_high)
            clipped = clipped_loss > token_loss
            token_loss = jnp.where(clipped, clipped_loss, token_loss)  # max(), whose gradient would be split at a tie
        weights = aggregation_weights(batch, self.aggregation, self.length_norm)
        return ObjectiveOutput(jnp.sum(weights * token_loss), token_loss, clipped & batch.response_mask)
