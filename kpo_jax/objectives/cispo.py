"""CISPO (MiniMax 2025, arXiv 2506.13585): REINFORCE with a clipped importance weight, so no token loses its
gradient.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import problems_of_aggregation, problems_of_band, problems_of_cap, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class Cispo:
    """Per token, with the weight w = clip(r, 1 - low, 1 + high) held constant: gradient -w A dlog_prob.

    The value is -w A, comparable with the other objectives', where the paper's -w A log_prob has the same gradient. The
    gradient of log_prob is that of the filtered log-ratio, so filter gradients should be straight_through.

    Attributes:
      clip_low, clip_high: the weight's band; the default has no lower end and caps it at 5. The paper prints no value.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated; it only prevents overflow.
    """

    clip_low: float = 1.0
    clip_high: float = 4.0
    aggregation: str = "token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*problems_of_band(self), *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput. `clipped` marks weights that the band
        changed.
        """
        log_ratio = filtered_log_ratio.astype(jnp.float32)
        fixed = jax.lax.stop_gradient(log_ratio)
        ratio = jnp.exp(jnp.minimum(fixed, self.log_ratio_cap))
        weight = jnp.clip(ratio, 1 - self.clip_low, 1 + self.clip_high)
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        token_loss = -advantage * weight * (1 + (log_ratio - fixed))
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (weight != ratio) & batch.response_mask)
