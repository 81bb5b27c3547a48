"""PPO's clip in a band that follows the ratios: as many of their own deviations wide on each side, whatever the filter.

A band of fixed width is narrow for one filter and wide for another, so it confounds any comparison of filters: with
log-ratios of deviation 0.012, -3e-4 to +4e-4 is beyond reach at Q/V = 1e-6 and a fortieth of a deviation at 1e-2.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import positive, refuse
from kpo_jax.filters.base import batch_scale
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
class ScaledClipped:
    """`Clipped` with the band [exp(-clip_low s), exp(clip_high s)], s the deviation of the minibatch's filtered
    log-ratios about a ratio of 1. No gradient flows through s.

    Attributes:
      clip_low, clip_high: bounds of the filtered log-ratio in its deviations, >= 0.
      floor: the least s, > 0: what a minibatch that is on-policy, all log-ratios 0, is measured by.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    clip_low: float = 3.0
    clip_high: float = 4.0
    floor: float = 1e-6
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = True

    def __post_init__(self):
        own = [*problems_of_log_band(self), *positive(self, "floor")]
        refuse([*own, *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        log_ratio = masked.clean(filtered_log_ratio, batch.response_mask)
        scale = batch_scale(log_ratio, batch.response_mask, self.floor, "deviation")
        bound = lambda deviations: jnp.exp(jnp.minimum(deviations * scale, self.log_ratio_cap))
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        ratio, beyond = capped_ratio(log_ratio, advantage, self.log_ratio_cap)
        token_loss, clipped = clipped_surrogate(ratio, advantage, bound(-self.clip_low), bound(self.clip_high), None)
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (clipped | beyond) & batch.response_mask)
