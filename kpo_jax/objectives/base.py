"""What every objective shares: its interface and how token losses add up to one loss."""

from typing import Protocol

import jax
import jax.numpy as jnp

from kpo_jax import masked
from kpo_jax.types import Batch, ObjectiveOutput

AGGREGATIONS = ("token-mean", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm")


class Objective(Protocol):
    """A frozen, hashable dataclass: filtered_log_ratio [B, T] (0 where masked) and its batch -> ObjectiveOutput."""

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput: ...


def check_aggregation(aggregation: str, length_norm: float | None) -> None:
    """Raise ValueError unless the aggregation is known and has a positive length_norm exactly if it needs one."""
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"aggregation={aggregation!r} is not legal: it must be one of {', '.join(AGGREGATIONS)}")
    needed = aggregation == "seq-mean-token-sum-norm"
    if needed and (length_norm is None or not 0 < length_norm < float("inf")):
        raise ValueError(f"length_norm={length_norm!r} is not legal: {aggregation} needs a finite number > 0")
    if not needed and length_norm is not None:
        raise ValueError(f"length_norm={length_norm!r} is not legal: {aggregation} takes none")


def aggregation_weights(batch: Batch, aggregation: str, length_norm: float | None = None) -> jax.Array:
    """Weights [B, T], float32, 0 where masked, such that loss = sum(weights * token_loss).

    token-mean: 1 / tokens. seq-mean-token-mean: 1 / (sequences * own length). seq-mean-token-sum: 1 / sequences.
    seq-mean-token-sum-norm: 1 / (sequences * length_norm), as Dr.GRPO (Liu et al. 2025, arXiv 2503.20783).

    `tokens` and `sequences` are the batch's whole-step numbers, fully masked rows not counted, so the losses of the
    microbatches of a step add up to the loss of the step. Raises ValueError on an unknown aggregation.
    """
    check_aggregation(aggregation, length_norm)
    per_token = masked.divide(batch.response_mask.astype(jnp.float32), batch.num_tokens)
    per_sequence = masked.divide(batch.response_mask.astype(jnp.float32), batch.num_sequences)
    if aggregation == "token-mean":
        return per_token
    if aggregation == "seq-mean-token-mean":
        return masked.divide(per_sequence, masked.count(batch.response_mask, axis=1, keepdims=True))
    if aggregation == "seq-mean-token-sum":
        return per_sequence
    return per_sequence / length_norm
