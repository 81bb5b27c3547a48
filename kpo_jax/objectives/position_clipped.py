"""CTPO's surrogate (arXiv 2605.07331): PPO's, with bounds on the log-ratio that follow a power of the position."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import between, refuse, unless
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import (
    capped_ratio,
    clipped_surrogate,
    problems_of_aggregation,
    problems_of_cap,
    problems_of_log_band,
    total,
)
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class PositionClipped:
    """At the row's t-th valid token the band of the ratio is [exp(-clip_low t^power), exp(clip_high t^power)].

    Meant for the filter `cumulative`, whose log-ratio is a sum of t terms; with power = -1/2 for their mean (the filter
    `kalman` with Q = 0 and P_0 = inf). Checked against cum-token-cumprod-la and cum-token-geomean-la of
    horizon-llm/CTPO.

    Attributes:
      clip_low, clip_high: bounds of the log-ratio at the first token, >= 0.
      power: in [-1, 1]; 1/2 with sums, -1/2 with means, as released.
      dual_clip: None, or d >= clip_high: beyond a ratio of exp(d t^power) a negative advantage costs no more (0.05 as
        released).
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    clip_low: float = 0.025
    clip_high: float = 0.05
    power: float = 0.5
    dual_clip: float | None = None
    aggregation: str = "token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = (dict(dual_clip=0.05),)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        own = [*problems_of_log_band(self), *between(self, -1, 1, "power")]
        problems = [*own, *problems_of_cap(self), *problems_of_aggregation(self)]
        if self.dual_clip is not None:
            good = self.dual_clip >= self.clip_high
            problems += unless(good, "dual_clip", f"{self.dual_clip!r} is below clip_high = {self.clip_high!r}")
        refuse(problems)

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        position = jnp.maximum(jnp.cumsum(batch.response_mask, axis=1, dtype=jnp.float32), 1)  # [B, T], from 1
        bound = lambda width: jnp.exp(jnp.minimum(width * position**self.power, self.log_ratio_cap))
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        ratio, beyond = capped_ratio(filtered_log_ratio, advantage, self.log_ratio_cap)
        dual = None if self.dual_clip is None else bound(self.dual_clip)
        token_loss, clipped = clipped_surrogate(ratio, advantage, bound(-self.clip_low), bound(self.clip_high), dual)
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (clipped | beyond) & batch.response_mask)
