"""DAPO's dynamic sampling (Yu et al. 2025, arXiv 2503.14476, section 3.2): groups that teach nothing are sampled again.

A group that is all right or all wrong is dropped (eq. 11: 0 < number of right answers < G), and further generation
batches are drawn until as many groups as a step trains on are there. Which prompts those batches hold is a pure
function of (seed, step, batch): the first has the step's own prompts, as without dynamic sampling, the later ones go
through the other problems in an order of the step's own (`data.extra_prompts`). So nothing but the step need be saved
for a run to resume as it was, and the order of prompts does not depend on what was dropped before.

Verdicts of the main reward are counted, not rewards compared: with overlong shaping or a second reward, rewards differ
within groups that are all right or all wrong, too. The recipe of verl does so by filter_groups.metric=acc.
"""

from collections.abc import Callable

import numpy as np

from kpo_jax.ends import Failed
from kpo_jax.training.rollout import Rollout, right_of


class NotFull(Failed):
    """The batch was not full after the most generation batches; the message says what was found."""


def mixed_groups(result: Rollout, group_size: int) -> np.ndarray:
    """[groups] bool, True where some of `group_size` consecutive responses are right and some are not."""
    right = right_of(result, group_size)
    return right.any(axis=1) & ~right.all(axis=1)


def fill(generate: Callable[[int], Rollout], *, num_groups: int, group_size: int, max_batches: int) -> Rollout:
    """The first `num_groups` groups, in the order they were drawn, that are neither all right nor all wrong.

    Args:
      generate: the rollout of a generation batch, by its number from 0.
      max_batches: how many batches may be drawn.

    Returns:
      a Rollout of these groups, whose `generated` holds all that was drawn, surplus groups too.

    Raises:
      NotFull: the batches did not hold enough such groups.
    """
    batches, kept = [], 0
    for number in range(max_batches):
        batches.append(generate(number))
        kept += int(np.sum(mixed_groups(batches[-1], group_size)))
        if kept >= num_groups:
            break
    everything = _joined(batches)
    mixed, right = mixed_groups(everything, group_size), right_of(everything, group_size).all(axis=1)
    if kept < num_groups:
        raise NotFull(
            f"dynamic sampling: {kept} of the {num_groups} groups of a batch after {max_batches} generation batches "
            f"(algorithm.dynamic_sampling); of the {np.sum(~mixed)} groups dropped {np.sum(right)} are all right, the "
            "others all wrong: the problems are too hard or too easy for the policy; "
            "algorithm.dynamic_sampling=0 trains on them all the same"
        )
    chosen = np.flatnonzero(mixed)[:num_groups]
    return _taken(everything, chosen, group_size)


def _joined(batches: list[Rollout]) -> Rollout:
    return Rollout(
        rows={name: np.concatenate([batch.rows[name] for batch in batches]) for name in batches[0].rows},
        finished=np.concatenate([batch.finished for batch in batches]),
        texts=[text for batch in batches for text in batch.texts],
        graded={name: [one for batch in batches for one in batch.graded[name]] for name in batches[0].graded},
        scores={name: np.concatenate([batch.scores[name] for batch in batches]) for name in batches[0].scores},
        problems=[problem for batch in batches for problem in batch.problems],
    )


def _taken(everything: Rollout, groups: np.ndarray, group_size: int) -> Rollout:
    rows = (groups[:, None] * group_size + np.arange(group_size)[None, :]).ravel()
    return Rollout(
        rows={name: value[rows] for name, value in everything.rows.items()},
        finished=everything.finished[rows],
        texts=[everything.texts[row] for row in rows],
        graded={name: [graded[row] for row in rows] for name, graded in everything.graded.items()},
        scores={name: score[rows] for name, score in everything.scores.items()},
        problems=[everything.problems[group] for group in groups],
        generated=everything,
    )
