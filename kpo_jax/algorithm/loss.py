"""What a network is trained to minimise, as functions of its outputs: there is no model here, and no optimizer.

    log_ratio = log_prob - old_log_prob
    filtered  = ratio_filter(log_ratio, response_mask)
    loss      = objective(filtered, batch)

A batch of numpy arrays is enough:

    how = PolicyLoss(SaturatedKalman(1e-2, 1.0, kappa=3.0), Clipped(0.2, 0.2))
    batch = Batch.of(response_mask, old_log_prob, advantage)
    loss, (measured, tokens) = policy_loss(log_prob, entropy, batch, how)

Every loss is a sum over valid tokens that is already divided by the totals of the whole optimizer step
(`Batch.num_tokens`, `Batch.num_sequences`), so the losses of the microbatches of a step add up to the loss of the step.
"""

import dataclasses

import jax
import jax.numpy as jnp

from kpo_jax import masked
from kpo_jax.algorithm import diagnostics, null
from kpo_jax.algorithm.diagnostics import Accumulator
from kpo_jax.filters import RatioFilter, apply_filter
from kpo_jax.objectives import Objective, aggregation_weights
from kpo_jax.objectives.kl import KLConfig, kl_penalty
from kpo_jax.objectives.rejection import RejectionConfig, kept, reject
from kpo_jax.objectives.value import value_loss
from kpo_jax.records import Batch, FilterOutput, ObjectiveOutput, TokenTrace, require_tokens


@dataclasses.dataclass(frozen=True)
class PolicyLoss:
    """How the policy's loss is made. Hashable, so it is static under jit.

    Attributes:
      ratio_filter: what becomes of the log-ratios before the objective sees them.
      objective: what is minimised of the filtered log-ratios.
      filter_gradient: straight_through or through_filter, see `filters.apply_filter`.
      kl: the penalty for leaving the reference policy, which needs `Batch.reference_log_prob`; by default none.
      entropy_bonus: what a nat of the policy's entropy takes off the loss (A3C's beta: Mnih et al. 2016, arXiv
        1602.01783). The entropies are those of single tokens, at the sampling temperature, after the responses of the
        rollout; they add up as the objective's token losses do.
      rejection: which tokens have no part in the objective's loss; by default none.
    """

    ratio_filter: RatioFilter
    objective: Objective
    filter_gradient: str = "straight_through"
    kl: KLConfig = KLConfig()
    entropy_bonus: float = 0.0
    rejection: RejectionConfig = RejectionConfig()


def policy_loss(
    log_prob: jax.Array, entropy: jax.Array, batch: Batch, how: PolicyLoss
) -> tuple[jax.Array, tuple[Accumulator, TokenTrace]]:
    """The loss of one microbatch, and what was met on the way to it.

    Args:
      log_prob: [B, T], of the response tokens under the policy that is trained. The gradient flows through it.
      entropy: [B, T], nats, of the trained policy's distributions of these tokens. The gradient flows through it where
        there is an entropy bonus; else it is only measured.
      batch: the other arrays of the tokens; `packed` is not read.

    Returns:
      (loss [] float32, (diagnostics.Accumulator, TokenTrace)); the latter two carry no gradient.

    Raises:
      ValueError: an array is not [B, T], or the mask is not boolean.
    """
    require_tokens(batch.response_mask, log_prob=log_prob, entropy=entropy, old_log_prob=batch.old_log_prob)
    log_ratio = jnp.where(batch.response_mask, log_prob - batch.old_log_prob, 0.0)
    loss, token_gradient, filtered, out = surrogate(jax.lax.stop_gradient(log_ratio), batch, how)
    # of the value of the loss and, in first order, of its gradient: so the gradient of each token is at hand, too
    loss = loss + jnp.sum(token_gradient * (log_ratio - jax.lax.stop_gradient(log_ratio)))
    weights = aggregation_weights(batch, how.objective.aggregation, how.objective.length_norm)
    penalty, reference_kl_sum, bonus = 0.0, None, None
    if how.kl.has_reference:
        require_tokens(batch.response_mask, reference_log_prob=batch.reference_log_prob)
        penalty, reference_kl_sum = kl_penalty(
            log_prob, batch.reference_log_prob, log_ratio, batch.response_mask, weights, how.kl
        )
    if how.entropy_bonus:
        bonus = how.entropy_bonus * jnp.sum(weights * masked.clean(entropy, batch.response_mask))
        penalty -= bonus
    tokens = TokenTrace(log_prob, log_ratio, *filtered, out.clipped)
    measured = diagnostics.measure(
        tokens,
        entropy,
        batch,
        null.measure(*null.weigh(token_gradient, batch, how.objective), log_ratio),
        kappa=how.ratio_filter.kappa,
        reference_kl_sum=reference_kl_sum,
        entropy_bonus=bonus,
    )
    return loss + penalty, jax.lax.stop_gradient((measured, tokens))


def surrogate(
    log_ratio: jax.Array, batch: Batch, how: PolicyLoss
) -> tuple[jax.Array, jax.Array, FilterOutput, ObjectiveOutput]:
    """(loss [], d loss / d log_ratio [B, T], what the filter and the objective gave) of log-ratios [B, T], 0 where
    masked; without the divergence penalty.
    """

    def loss(log_ratio):
        filtered, out = judged(log_ratio, batch, how)
        return out.loss, (filtered, out)

    (value, (filtered, out)), token_gradient = jax.value_and_grad(loss, has_aux=True)(log_ratio)
    return value, token_gradient, filtered, out


def judged(log_ratio: jax.Array, batch: Batch, how: PolicyLoss) -> tuple[FilterOutput, ObjectiveOutput]:
    """What the filter makes of log-ratios [B, T], 0 where masked, and what the objective makes of that."""
    keep = kept(log_ratio, batch, how.rejection) if how.rejection.criterion else None
    if keep is not None:  # nor may a filter carry the gradient of what is rejected to other tokens
        log_ratio = jnp.where(keep, log_ratio, jax.lax.stop_gradient(log_ratio))
    filtered = apply_filter(how.ratio_filter, log_ratio, batch.response_mask, how.filter_gradient)
    out = how.objective(filtered.log_ratio, batch)
    return filtered, out if keep is None else reject(out, keep, batch, how.objective)


def supervised_loss(log_prob: jax.Array, batch: Batch) -> jax.Array:
    """The mean negative log-likelihood [] of the step's valid response tokens, as one microbatch's share of it.

    `log_prob` is [B, T]. Raises ValueError if it is not, or if the mask is not boolean.
    """
    require_tokens(batch.response_mask, log_prob=log_prob)
    return -jnp.sum(jnp.where(batch.response_mask, log_prob, 0.0)) / jnp.maximum(batch.num_tokens, 1)


def critic_loss(value: jax.Array, batch: Batch, value_clip: float) -> tuple[jax.Array, jax.Array]:
    """The critic's loss [], and how many tokens' values left the clip range ([] int32).

    Args:
      value: [B, T], the critic's value before each response token.
      batch: its `old_value` and `returns` are read, see `objectives.value.value_loss`.
      value_clip: how far a value may move from the old one while its gradient lives; inf is no clip.

    Raises:
      ValueError: an array is not [B, T], or the mask is not boolean.
    """
    mask = batch.response_mask
    require_tokens(mask, value=value, old_value=batch.old_value, returns=batch.returns)
    value, old_value, returns = (masked.clean(x, mask) for x in (value, batch.old_value, batch.returns))
    loss = jnp.sum(value_loss(value, old_value, returns, value_clip))  # 0 at a masked place, where all three are
    return masked.divide(loss, batch.num_tokens), masked.count(mask & (jnp.abs(value - old_value) > value_clip))
