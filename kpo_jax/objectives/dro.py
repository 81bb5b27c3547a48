"""DRO (Richemond et al. 2024, arXiv 2405.19107), as reinforcement learning of language models uses it: no ratio, but a
quadratic price of having moved.

Per token the gradient is (-A + beta z) dlog_prob, z the log-ratio to the policy that sampled. Checked against the loss
`dro` of Tinker's documentation, which sums over tokens; the paper's own has a learned value in place of the baseline.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import not_negative, refuse
from kpo_jax.lazy import jax
from kpo_jax.objectives.base import problems_of_aggregation, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class Dro:
    """Per token -A (1 + z) + beta z^2 / 2. Nothing is exponentiated, and nothing clipped.

    Tokens without an advantage pay, too. The value at a ratio of 1 is -A, as the other objectives'.

    Attributes:
      beta: the price, >= 0; Tinker's example has 0.05.
      aggregation, length_norm: see `aggregation_weights`.
    """

    beta: float = 0.05
    aggregation: str = "token-mean"
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse([*not_negative(self, "beta"), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        log_ratio = masked.clean(filtered_log_ratio, batch.response_mask)
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        token_loss = -advantage * (1 + log_ratio) + self.beta * log_ratio**2 / 2
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, batch.response_mask & False)
