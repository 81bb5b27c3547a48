"""GMPO (Zhao et al. 2025, arXiv 2507.20673): the geometric mean of a response's ratios, each clipped in log space."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import (
    TiesTokens,
    capped_ratio,
    problems_of_aggregation,
    problems_of_cap,
    problems_of_log_band,
    total,
)
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class Geometric(TiesTokens):
    """Per response -A exp(mean_t y_t), y_t the worse of the log-ratio z_t and clip(z_t, -clip_low, clip_high).

    The worse is the smaller for A > 0 and the larger for A < 0, so a token's clip only ever takes its gradient away.
    Every valid token of a response has the response's loss, which seq-mean-token-mean averages over responses.

    Attributes:
      clip_low, clip_high: bounds of the log-ratio, >= 0.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest mean log-ratio that is exponentiated, against overflow; beyond it tokens count as clipped.
    """

    clip_low: float = 0.4
    clip_high: float = 0.4
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_log_band(self), *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        log_ratio = masked.clean(filtered_log_ratio, batch.response_mask)
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        bounded = jnp.clip(log_ratio, -self.clip_low, self.clip_high)
        clipped = jnp.sign(advantage) * log_ratio > jnp.sign(advantage) * bounded
        worse = jnp.where(clipped, bounded, log_ratio)
        mean = masked.mean(worse, batch.response_mask, axis=1, keepdims=True)  # [B, 1]
        ratio, beyond = capped_ratio(jnp.broadcast_to(mean, log_ratio.shape), advantage, self.log_ratio_cap)
        token_loss = -advantage * ratio
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (clipped | beyond) & batch.response_mask)
