"""KL-Cov (Cui et al. 2025, arXiv 2505.22617): the tokens that lower the entropy most are held back by a penalty.

Of all tokens the share with the largest (A - mean A)(log p - mean log p), see `clip_cov`, pay for their log-ratio. No
clip. Checked against kl_cov of verl's core_algos.py; its share is 0.0002, that of the authors' 7B script 0.002.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import not_negative, refuse, share
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import capped_ratio, problems_of_aggregation, problems_of_cap, total
from kpo_jax.objectives.clip_cov import covariances
from kpo_jax.objectives.random_drop import drawn
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class KlCov:
    """Per token -A r, and coefficient |z| more for max(1, share * tokens) of them.

    Attributes:
      share: of the minibatch's tokens, in (0, 1].
      coefficient: of the penalty, >= 0.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    share: float = 2e-3
    coefficient: float = 1.0
    aggregation: str = "token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = True

    def __post_init__(self):
        own = [*share(self, "share"), *not_negative(self, "coefficient")]
        refuse([*own, *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput."""
        mask = batch.response_mask
        log_ratio = masked.clean(filtered_log_ratio, mask)
        advantage = masked.over_tokens(batch.advantage, mask)  # [B, T]
        ratio, beyond = capped_ratio(log_ratio, advantage, self.log_ratio_cap)
        how_many = jnp.maximum((self.share * masked.count(mask)).astype(jnp.int32), 1)
        held = drawn(-covariances(log_ratio, advantage, batch)[1], mask, how_many)
        size = jax.lax.stop_gradient(jnp.sign(log_ratio)) * log_ratio  # abs(), whose slope at 0 would be 1
        token_loss = -advantage * ratio + jnp.where(held, self.coefficient * size, 0.0)
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, beyond & mask)
