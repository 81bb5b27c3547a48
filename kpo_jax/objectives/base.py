"""What every objective shares: its interface and how token losses add up to one loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kpo_jax import masked
from kpo_jax.checks import Problem, between, from_zero, is_number, one_of, positive, unless
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch

AGGREGATIONS = ("token-mean", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm")


class Objective(Protocol):
    """A frozen, hashable dataclass: filtered_log_ratio [B, T] (0 where masked) and its batch -> ObjectiveOutput.

    Its loss is the sum of its token losses weighted by `aggregation_weights(batch, aggregation, length_norm)`.
    `batch_coupled` is False where a token's loss depends on its own row alone, True where it depends on the whole batch
    that the objective is called on, which must then not be cut into microbatches.
    """

    @property
    def batch_coupled(self) -> bool: ...

    aggregation: str
    length_norm: float | None

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput: ...


class TiesTokens:
    """Mark of an objective in which a response's token losses hang together: the gradient of each token passes through
    the losses of all, so a weight of single tokens would not weigh their gradients.
    """


def problems_of_aggregation(objective) -> list[Problem]:
    """What is wrong with `aggregation` and `length_norm`, which all objectives share."""
    aggregation, norm = objective.aggregation, objective.length_norm
    problems = one_of(objective, "aggregation", AGGREGATIONS)
    if norm is not None:
        takes_none = f"{norm!r} does nothing with aggregation {aggregation!r}"
        problems += unless(aggregation == "seq-mean-token-sum-norm", "length_norm", takes_none)
        problems += positive(objective, "length_norm")
    return problems


def problems_of_band(objective) -> list[Problem]:
    """What is wrong with `clip_low` and `clip_high`: 1 - low and 1 + high must be the ends of a band of ratios."""
    return [*between(objective, 0, 1, "clip_low"), *from_zero(objective, "clip_high")]


def problems_of_log_band(objective) -> list[Problem]:
    """The same where -clip_low and clip_high are the ends of a band of log-ratios."""
    return from_zero(objective, "clip_low", "clip_high")


def problems_of_cap(objective) -> list[Problem]:
    """What is wrong with `log_ratio_cap`: its exponential must be a float32."""
    value = objective.log_ratio_cap
    return unless(is_number(value) and 0 < value <= 80, "log_ratio_cap", f"{value!r} is not a number in (0, 80]")


def capped_ratio(filtered_log_ratio: jax.Array, advantage: jax.Array, cap: float) -> tuple[jax.Array, jax.Array]:
    """(exp(min(z, cap)), True where the cap ends a gradient) of log-ratios z and advantages of one shape; float32."""
    log_ratio = filtered_log_ratio.astype(jnp.float32)
    return jnp.exp(jnp.minimum(log_ratio, cap)), (log_ratio > cap) & (advantage != 0)


def clipped_surrogate(
    ratio: jax.Array,
    advantage: jax.Array,
    lowest: jax.Array | float,
    highest: jax.Array | float,
    dual: jax.Array | float | None,
) -> tuple[jax.Array, jax.Array]:
    """(token loss, clipped) [B, T] of PPO: max(-A r, -A clip(r, lowest, highest)), advantage [B, T], bounds that
    broadcast.

    `dual`, if there is one, is the ratio at which a negative advantage costs no more (Ye et al. 2020, arXiv 1912.09729,
    eq. 5): the loss there is -A dual. `clipped` is True where the gradient is cut off.
    """
    token_loss, clipped_loss = -advantage * ratio, -advantage * jnp.clip(ratio, lowest, highest)
    clipped = clipped_loss > token_loss
    token_loss = jnp.where(clipped, clipped_loss, token_loss)  # max(), whose gradient would be split at a tie
    if dual is not None:
        beyond = (advantage < 0) & (ratio > dual)
        token_loss = jnp.where(beyond, jnp.minimum(token_loss, -advantage * dual), token_loss)
        clipped |= beyond
    return token_loss, clipped


def aggregation_weights(batch: Batch, aggregation: str, length_norm: float | None = None) -> jax.Array:
    """Weights [B, T], float32, 0 where masked, such that loss = sum(weights * token_loss).

    token-mean: 1 / tokens. seq-mean-token-mean: 1 / (sequences * own length). seq-mean-token-sum: 1 / sequences.
    seq-mean-token-sum-norm: 1 / (sequences * length_norm), as Dr.GRPO (Liu et al. 2025, arXiv 2503.20783); without a
    length_norm it is T, the longest response the sampler allows.

    `tokens` and `sequences` are the batch's whole-step numbers, fully masked rows not counted, so the losses of the
    microbatches of a step add up to the loss of the step.
    """
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"aggregation: {aggregation!r} is not one of {', '.join(AGGREGATIONS)}")
    per_token = masked.divide(batch.response_mask.astype(jnp.float32), batch.num_tokens)
    per_sequence = masked.divide(batch.response_mask.astype(jnp.float32), batch.num_sequences)
    if aggregation == "token-mean":
        return per_token
    if aggregation == "seq-mean-token-mean":
        return masked.divide(per_sequence, masked.count(batch.response_mask, axis=1, keepdims=True))
    if aggregation == "seq-mean-token-sum":
        return per_sequence
    return per_sequence / (length_norm or batch.response_mask.shape[1])


def total(objective: Objective, batch: Batch, token_loss: jax.Array) -> jax.Array:
    """The loss [] that token losses [B, T] add up to.

    The mask enters by multiplication with zero weights, so a NaN under it would reach the loss; of the filters, only
    `KpoReleased` puts one there.
    """
    return jnp.sum(aggregation_weights(batch, objective.aggregation, objective.length_norm) * token_loss)
