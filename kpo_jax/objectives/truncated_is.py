"""Truncated importance sampling for responses that another program sampled (Yao et al. 2025): a weight on any
objective.

The sampler's probabilities differ from the trainer's own by numerics. The weight min(exp(old - sampler), C), old being
the trainer's log-probability of the policy that sampled, corrects for it up to the truncation.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from kpo_jax import masked
from kpo_jax.checks import one_of, positive, refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import Objective, TiesTokens, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch

LEVELS = ("token", "sequence")


def truncated_weights(
    old_log_prob: jax.Array, sampler_log_prob: jax.Array, response_mask: jax.Array, level: str, cap: float
) -> jax.Array:
    """Weights [B, T], float32, without gradient, 0 where masked.

    level "token": min(exp(old - sampler), cap) of each token. "sequence": that of the whole response, the sum of its
    differences, at every token: unbiased but for the cap, and of a spread that grows with the length.
    """
    difference = masked.clean(old_log_prob - sampler_log_prob, response_mask)
    if level == "sequence":
        difference = jnp.broadcast_to(jnp.sum(difference, axis=1, keepdims=True), difference.shape)
    weight = jnp.exp(jnp.minimum(difference, math.log(cap)))
    return jax.lax.stop_gradient(jnp.where(response_mask, weight, 0.0))


@dataclasses.dataclass(frozen=True)
class TruncatedIS:
    """Another objective with its token losses weighted by `truncated_weights`.

    Where the objective ties a response's tokens together (`base.TiesTokens`), the level "token" takes the geometric
    mean of a response's weights for all of its tokens, as `geo_mean` of verl does. With a filter that ties them, such
    as `sequence_mean` with gradients through it, only the level "sequence" weights what it says.

    Attributes:
      objective: the objective that is weighted.
      level: "token" or "sequence".
      cap: C, the largest weight, > 0.
    """

    objective: Objective
    level: str
    cap: float = 2.0

    def __post_init__(self):
        refuse([*one_of(self, "level", LEVELS), *positive(self, "cap")])

    @property
    def batch_coupled(self) -> bool:
        return self.objective.batch_coupled

    @property
    def aggregation(self) -> str:
        return self.objective.aggregation

    @property
    def length_norm(self) -> float | None:
        return self.objective.length_norm

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput, token losses weighted."""
        output = self.objective(filtered_log_ratio, batch)
        weights = truncated_weights(
            batch.old_log_prob, batch.sampler_log_prob, batch.response_mask, self.level, self.cap
        )
        if self.level == "token" and isinstance(self.objective, TiesTokens):
            smallest = jnp.finfo(jnp.float32).tiny
            mean = masked.mean(jnp.log(jnp.maximum(weights, smallest)), batch.response_mask, axis=1, keepdims=True)
            weights = jnp.where(batch.response_mask, jnp.exp(mean), 0.0)
        token_loss = weights * output.token_loss
        return output._replace(loss=total(self, batch, token_loss), token_loss=token_loss)
