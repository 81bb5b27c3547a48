"""SAPO (Gao et al. 2025, arXiv 2511.20347): a soft gate in place of the clip."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import positive, refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import capped_ratio, problems_of_aggregation, problems_of_cap, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class Sapo:
    """Per token -A f(r), f(r) = sigmoid(tau (r - 1)) 4 / tau, whose slope at r = 1 is 1 and fades on both sides.

    Nothing is clipped. The value at r = 1 is -2 A / tau, not -A.

    Attributes:
      tau_positive: how fast the gate closes where A > 0, > 0.
      tau_negative: the same where A <= 0.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    tau_positive: float = 1.0
    tau_negative: float = 1.05
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(
            [*positive(self, "tau_positive", "tau_negative"), *problems_of_cap(self), *problems_of_aggregation(self)]
        )

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        ratio, beyond = capped_ratio(filtered_log_ratio, advantage, self.log_ratio_cap)
        tau = jnp.where(advantage > 0, self.tau_positive, self.tau_negative)
        token_loss = -advantage * jax.nn.sigmoid(tau * (ratio - 1)) * 4 / tau
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, beyond & batch.response_mask)
