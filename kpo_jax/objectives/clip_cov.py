"""Clip-Cov (Cui et al. 2025, arXiv 2505.22617): a few of the tokens that lower the entropy lose their gradient.

A token lowers the entropy where its log-probability and its advantage are large together, by the covariance's term
c = (A - mean A)(log p - mean log p). Of the tokens with c in (cov_low, cov_high) a few are drawn. Checked against
clip_cov of verl's core_algos.py, whose draw is torch's; here it follows from the log-probabilities, as in
`random_drop`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import is_number, refuse, share, unless
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import (
    capped_ratio,
    clipped_surrogate,
    problems_of_aggregation,
    problems_of_band,
    problems_of_cap,
    total,
)
from kpo_jax.objectives.random_drop import drawn, numbers_of
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class ClipCov:
    """`Clipped`, and of the tokens that it leaves max(1, share * tokens), or as many as there are, without gradient.

    Attributes:
      clip_low, clip_high: as in `Clipped`; the authors' 1 and 1 clip only what has doubled.
      share: of the minibatch's tokens, in (0, 1].
      cov_low, cov_high: between these is the covariance of those that are drawn from.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    clip_low: float = 1.0
    clip_high: float = 1.0
    share: float = 2e-4
    cov_low: float = 1.0
    cov_high: float = 5.0
    aggregation: str = "token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = True

    def __post_init__(self):
        ordered = is_number(self.cov_low) and is_number(self.cov_high) and self.cov_low < self.cov_high
        own = [
            *problems_of_band(self),
            *share(self, "share"),
            *unless(ordered, "cov_low", f"{self.cov_low!r} is not a number below cov_high = {self.cov_high!r}"),
        ]
        refuse([*own, *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput. `clipped` marks those drawn, too."""
        mask = batch.response_mask
        log_ratio = masked.clean(filtered_log_ratio, mask)
        advantage = masked.over_tokens(batch.advantage, mask)  # [B, T]
        ratio, beyond = capped_ratio(log_ratio, advantage, self.log_ratio_cap)
        token_loss, clipped = clipped_surrogate(ratio, advantage, 1 - self.clip_low, 1 + self.clip_high, None)
        log_prob, covariance = covariances(log_ratio, advantage, batch)
        among = mask & ~clipped & (covariance > self.cov_low) & (covariance < self.cov_high)
        how_many = jnp.maximum((self.share * masked.count(mask)).astype(jnp.int32), 1)
        dropped = drawn(numbers_of(log_prob), among, how_many)
        token_loss = jnp.where(dropped, jax.lax.stop_gradient(token_loss), token_loss)
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, (clipped | beyond | dropped) & mask)


def covariances(log_ratio: jax.Array, advantage: jax.Array, batch: Batch) -> tuple[jax.Array, jax.Array]:
    """(log-probabilities, (A - mean A)(log_prob - mean log_prob)) [B, T] without gradient, means over valid tokens.

    The log-probability is the old one plus the filtered log-ratio, so with the filter `identity` it is the policy's.
    """
    mask = batch.response_mask
    log_prob = jax.lax.stop_gradient(masked.clean(batch.old_log_prob, mask) + log_ratio)
    off = lambda x: x - masked.mean(x, mask)
    return log_prob, off(advantage) * off(log_prob)
