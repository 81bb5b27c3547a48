"""From the scores of a response to the one reward that is trained on: weights, and the penalty for length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpo_jax.lazy import np
from kpo_jax.tasks.rewards import OVERLONG, Graded, RewardConfig, Term


def scores(
    graded: Mapping[str, Sequence[Graded]], response_lengths: np.ndarray, max_response_length: int, config: RewardConfig
) -> dict[str, np.ndarray]:
    """The score of every response by the name of the reward, float32 [B] each, before weights.

    Args:
      graded: by reward, one per row.
      response_lengths: [B] tokens, the end token included.
      max_response_length: the sampler's limit, tokens.

    Raises:
      ValueError: rows that do not match, or a buffer longer than the limit.
    """
    if uneven := {len(rows) for rows in graded.values()} - {len(response_lengths)}:
        raise ValueError(f"scores: {uneven.pop()} graded rows, {len(response_lengths)} lengths; they must agree")
    found = {name: np.array([row.score for row in rows], np.float32) for name, rows in graded.items()}
    if config.overlong_buffer:
        found[OVERLONG] = overlong_shaping(response_lengths, max_response_length, config)
    return found


def total_reward(scores: Mapping[str, np.ndarray], terms: Sequence[Term]) -> np.ndarray:
    """The weighted sum of the scores, float32 [B]; the penalty for length has weight 1."""
    return sum(weight * score for weight, score in zip(weights(scores, terms), scores.values(), strict=True))


def weights(scores: Mapping[str, np.ndarray], terms: Sequence[Term]) -> np.ndarray:
    """The weight of every score, float32 [R], in their order; that of the penalty for length is 1."""
    of = {OVERLONG: 1.0} | {term.name: term.weight for term in terms}
    return np.array([of[name] for name in scores], np.float32)


def overlong_shaping(response_lengths: np.ndarray, max_response_length: int, config: RewardConfig) -> np.ndarray:
    """DAPO's soft punishment, float32 [B], in tokens: 0 up to limit - buffer, then linear down to -penalty at the
    limit.

    `penalty * min(-(length - (limit - buffer)) / buffer, 0)` (Yu et al. 2025, equation 13).
    """
    lengths = np.asarray(response_lengths, np.float32)
    if not config.overlong_buffer:
        return np.zeros_like(lengths)
    if config.overlong_buffer > max_response_length:
        raise ValueError(
            f"overlong_buffer is {config.overlong_buffer} tokens but max_response_length is {max_response_length}; "
            "it must not be longer"
        )
    excess = lengths - np.float32(max_response_length - config.overlong_buffer)
    return np.float32(config.overlong_penalty) * np.minimum(-excess / np.float32(config.overlong_buffer), 0)
