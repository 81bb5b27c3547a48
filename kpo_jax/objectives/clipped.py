"""The clipped surrogate of PPO (Schulman et al. 2017, arXiv 1707.06347, eq. 7), which GRPO, GSPO and KPO share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import refuse, unless
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import (
    capped_ratio,
    clipped_surrogate,
    problems_of_aggregation,
    problems_of_band,
    problems_of_cap,
    total,
)
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class Clipped:
    """Per token, with ratio r = exp(min(filtered_log_ratio, log_ratio_cap)): max(-A r, -A clip(r, 1 - low, 1 + high)).

    Attributes:
      clip_low, clip_high: how far the ratio may fall below and rise above 1 while the gradient lives.
      clip: False drops the clip, leaving -A r.
      dual_clip: None, or the ratio c > 1 + clip_high beyond which a negative advantage costs no more (3 as a rule).
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    clip_low: float = 0.2
    clip_high: float = 0.2
    clip: bool = True
    dual_clip: float | None = None
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({}, dict(dual_clip=3.0, aggregation="token-mean"))
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        problems = [*problems_of_band(self), *problems_of_cap(self), *problems_of_aggregation(self)]
        if self.dual_clip is not None:
            good = self.clip and self.dual_clip > 1 + self.clip_high
            problems += unless(good, "dual_clip", f"{self.dual_clip!r} needs clip=True and must exceed 1 + clip_high")
        refuse(problems)

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        ratio, beyond = capped_ratio(filtered_log_ratio, advantage, self.log_ratio_cap)
        token_loss, clipped = -advantage * ratio, jnp.zeros_like(batch.response_mask)
        if self.clip:
            token_loss, clipped = clipped_surrogate(
                ratio, advantage, 1 - self.clip_low, 1 + self.clip_high, self.dual_clip
            )
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (clipped | beyond) & batch.response_mask)
