"""From verdicts to rewards, on the host: what a right answer is worth, and what an overlong response costs."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from kpo_jax.verifier import Verdict
from kpo_jax.verifier.decide import same_notation

KINDS = ("correct", "exact", "plus_minus_one")


@dataclasses.dataclass(frozen=True)
class RewardConfig:
    """What a response earns.

    Attributes:
      kind: "correct": 1 if the answer is equal to the reference as mathematics, else 0. "exact": the KPO paper's binary
        exact match, 1 if the two are the same string once notation is normalised, else 0. "plus_minus_one": DAPO, +1 or
        -1 by mathematics.
      overlong_buffer: tokens before the length limit in which the penalty grows from 0 to its full size (Lcache of
        DAPO); 0 is off.
      overlong_penalty: the full size, at the limit.
    """

    kind: str = "correct"
    overlong_buffer: int = 0
    overlong_penalty: float = 1.0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"RewardConfig: kind is {self.kind!r}; legal are {', '.join(KINDS)}")
        if self.overlong_buffer < 0 or self.overlong_penalty < 0:
            raise ValueError(
                f"RewardConfig: overlong_buffer {self.overlong_buffer} and overlong_penalty {self.overlong_penalty} must not be negative"
            )


def score(
    verdicts: Sequence[Verdict],
    answers: Sequence[str],
    response_lengths: np.ndarray,
    max_response_length: int,
    config: RewardConfig,
) -> np.ndarray:
    """The reward of every response, float32 [B].

    Args:
      verdicts: of `verifier.verify_batch`, one per row.
      answers: the reference answers, one per row.
      response_lengths: [B] tokens, the end token included.
      max_response_length: the sampler's limit, tokens.

    Raises:
      ValueError: rows that do not match, or a buffer longer than the limit.
    """
    if not len(verdicts) == len(answers) == len(response_lengths):
        raise ValueError(
            f"score: {len(verdicts)} verdicts, {len(answers)} answers, {len(response_lengths)} lengths; they must agree"
        )
    if config.kind == "exact":
        right = [
            v.extracted is not None and same_notation(v.extracted, a) for v, a in zip(verdicts, answers, strict=True)
        ]
    else:
        right = [verdict.correct for verdict in verdicts]
    low = -1.0 if config.kind == "plus_minus_one" else 0.0
    return np.where(right, np.float32(1), np.float32(low)) + overlong_shaping(
        response_lengths, max_response_length, config
    )


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
            f"overlong_buffer is {config.overlong_buffer} tokens but max_response_length is {max_response_length}; it must not be longer"
        )
    excess = lengths - np.float32(max_response_length - config.overlong_buffer)
    return np.float32(config.overlong_penalty) * np.minimum(-excess / np.float32(config.overlong_buffer), 0)
