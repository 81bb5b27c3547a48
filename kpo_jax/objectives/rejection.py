"""Rejection: tokens or whole responses whose policies have drifted apart lose their part in the loss, under any
objective.

Unlike a clip, which acts on a ratio and on one side of it, rejection takes a token out of both. Of a response's
log-ratios z between two policies (`between`), a token or response is kept if

    token          exp(z_t) in [low, high]                the mask of IcePop (Ling team 2025, arXiv 2510.18855)
    sequence       exp(sum z) in [low, high]              masked importance sampling (Liu, Li et al. 2025)
    geometric      exp(mean z) in [low, high]             the same of the geometric mean
    largest_k3     max(exp(z) - z - 1) <= high            trust region masking (Li et al. 2025, arXiv 2512.23075)
    mean_k3        mean(exp(z) - z - 1) <= high           the same of the mean
    off_policy     A >= 0 or mean(-z) <= high             DeepSeek-V3.2's sequence mask (arXiv 2512.02556, eq. 9)

The definitions are those of verl's rollout_corr_helper.py (token_k1, seq_sum_k1, seq_mean_k1, seq_max_k3, seq_mean_k3)
and of TRL's get_off_policy_mask. Two things differ. verl takes bounds on the inverse ratio, which is the same where
low = 1 / high. And there a rejected token leaves the denominators of the loss; here they stay, as with TRL and IcePop,
so that what is rejected makes a step smaller.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from kpo_jax import masked
from kpo_jax.checks import above_zero, from_zero, one_of, refuse, unless
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import Objective, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch

OF_RATIOS = ("token", "sequence", "geometric")
CRITERIA = (*OF_RATIOS, "largest_k3", "mean_k3", "off_policy")
BETWEEN = ("sampler_and_trainer", "old_and_new", "sampler_and_new")
LARGEST_LOG_RATIO = 20.0  # that is exponentiated, as in verl


@dataclasses.dataclass(frozen=True)
class RejectionConfig:
    """What is rejected, see above.

    Attributes:
      criterion: one of those above; "" rejects nothing.
      between: the two policies. sampler_and_trainer: the numerics of sampling, trainer over sampler, both of the policy
        that drew the response. old_and_new: the drift of the updates since, as the filter is given it. sampler_and_new:
        both together.
      low: least ratio of the first three criteria, >= 0; the others have none.
      high: largest ratio, or divergence in nats, > 0; inf is no bound.
    """

    criterion: str = ""
    between: str = "sampler_and_trainer"
    low: float = 0.0
    high: float = math.inf

    def __post_init__(self):
        problems = [
            *one_of(self, "criterion", ("", *CRITERIA)),
            *one_of(self, "between", BETWEEN),
            *from_zero(self, "low"),
            *above_zero(self, "high"),
        ]
        bounded, no_bounds = (self.low, self.high) != (0, math.inf), "inf rejects nothing, nor does low = 0"
        reads_low = self.criterion in ("", *OF_RATIOS)
        not_read = f"is not read by the criterion {self.criterion!r}; it must be 0"
        wrong = f"{self.low!r} {f'is not below high = {self.high!r}' if reads_low else not_read}"
        refuse(
            problems
            or [
                *unless(self.low < self.high if reads_low else self.low == 0, "low", wrong),
                *unless(bounded or not self.criterion, "high", no_bounds),
                *unless(self.criterion or not bounded, "criterion", "'' rejects nothing, whatever low and high"),
            ]
        )


def kept(log_ratio: jax.Array, batch: Batch, config: RejectionConfig) -> jax.Array:
    """[B, T] bool, True where valid and not rejected; `log_ratio` [B, T] is that of the new to the old policy."""
    mask = batch.response_mask
    z = jnp.zeros(mask.shape, jnp.float32)
    if config.between != "old_and_new":
        z += masked.clean(batch.old_log_prob - batch.sampler_log_prob, mask)
    if config.between != "sampler_and_trainer":
        z += masked.clean(log_ratio, mask)
    z = jax.lax.stop_gradient(z)
    of_rows = lambda x: jnp.broadcast_to(x, mask.shape)
    low, high = math.log(config.low) if config.low else -math.inf, math.log(config.high)
    if config.criterion in OF_RATIOS:
        if config.criterion == "sequence":
            z = of_rows(jnp.sum(z, axis=1, keepdims=True))
        elif config.criterion == "geometric":
            z = of_rows(masked.mean(z, mask, axis=1, keepdims=True))
        return mask & (z >= low) & (z <= high)
    if config.criterion == "off_policy":
        drift = of_rows(masked.mean(-z, mask, axis=1, keepdims=True))
        return mask & ((masked.over_tokens(batch.advantage, mask) >= 0) | (drift <= config.high))
    z = jnp.minimum(z, LARGEST_LOG_RATIO)
    divergence = jnp.expm1(z) - z
    if config.criterion == "largest_k3":
        return mask & of_rows(masked.maximum(divergence, mask, axis=1)[:, None] <= config.high)
    return mask & of_rows(masked.mean(divergence, mask, axis=1, keepdims=True) <= config.high)


def reject(output: ObjectiveOutput, keep: jax.Array, batch: Batch, objective: Objective) -> ObjectiveOutput:
    """The output of `objective` with what is `kept` alone; the rest counts as clipped where it has an advantage."""
    token_loss = jnp.where(keep, output.token_loss, 0.0)
    has_advantage = masked.over_tokens(batch.advantage, batch.response_mask) != 0
    clipped = output.clipped | (batch.response_mask & ~keep & has_advantage)
    return ObjectiveOutput(total(objective, batch, token_loss), token_loss, clipped)
