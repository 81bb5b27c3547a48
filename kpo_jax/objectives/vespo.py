"""VESPO (Shen et al. 2026, arXiv 2602.10693): a response is weighted by a smooth function of its whole ratio.

    W = exp(sum_t z_t)        phi(W) = W^k exp(lambda (1 - W))

phi is 1 at a ratio of 1, peaks at k / lambda and fades on both sides; it is held constant, so a token's gradient is
-phi(W) A dlog_prob. Checked against get_gamma_weights of TRL and of Liger-Kernel, whose defaults these are.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import positive, refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import problems_of_aggregation, problems_of_cap, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch

SMALLEST_LOG_RATIO = -18.420681  # log 1e-8


@dataclasses.dataclass(frozen=True)
class Vespo:
    """Per token -phi(W) A, W of the response's filtered log-ratios; for the filter `identity`.

    The value is comparable with the other objectives', where TRL's -phi A log_prob has the same gradient. TRL
    multiplies W by the sampler's weight; here `truncated_is` weights the loss, as with every objective.

    Attributes:
      power_positive, rate_positive: k and lambda where A >= 0, > 0.
      power_negative, rate_negative: the same where A < 0.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log W that is exponentiated; phi is 0 long before.
    """

    power_positive: float = 2.0
    rate_positive: float = 3.0
    power_negative: float = 3.0
    rate_negative: float = 2.0
    aggregation: str = "token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        own = positive(self, "power_positive", "rate_positive", "power_negative", "rate_negative")
        refuse([*own, *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput. `clipped` marks what has a weight of 0."""
        log_ratio = masked.clean(filtered_log_ratio, batch.response_mask)
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        fixed = jax.lax.stop_gradient(log_ratio)
        log_whole = jnp.sum(jnp.clip(fixed, -20.0, 20.0), axis=1, keepdims=True)  # a token's, as in TRL
        log_whole = jnp.clip(log_whole, SMALLEST_LOG_RATIO, self.log_ratio_cap)
        power = jnp.where(advantage >= 0, self.power_positive, self.power_negative)
        rate = jnp.where(advantage >= 0, self.rate_positive, self.rate_negative)
        weight = jnp.exp(power * log_whole - rate * jnp.expm1(log_whole))
        token_loss = -advantage * weight * (1 + (log_ratio - fixed))
        clipped = (weight == 0) & (advantage != 0) & batch.response_mask
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, clipped)
