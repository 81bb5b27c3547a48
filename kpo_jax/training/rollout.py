"""Prompts -> samples -> grades -> rewards -> advantages -> the rows of a training batch."""

import bisect
import dataclasses

import jax.numpy as jnp
import numpy as np

from kpo_jax.advantages import Told, advantages_of
from kpo_jax.algorithm.choices import build_advantage
from kpo_jax.recording.terminal import tell
from kpo_jax.records import Completions
from kpo_jax.runtime import distributed, preemption
from kpo_jax.tasks import rewards
from kpo_jax.tasks.prompts import Problem
from kpo_jax.tasks.rewards import Graded, Term
from kpo_jax.tasks.totals import scores, total_reward, weights
from kpo_jax.verifier import Grader, count_failures
from kpo_jax.verifier.evaluated import NOT_EVALUATED


@dataclasses.dataclass(frozen=True)
class Rollout:
    """One training step's samples, on the host, prompt-major: rows i * G .. i * G + G - 1 answer prompt i.

    `rows` holds what the learner needs, by the field names of records.Batch: tokens [B, S], prompt_length [B],
    response_mask [B, T], sampler_log_prob [B, T], reward [B] and, unless it takes scores, advantage [B]. `texts` are
    one per row, `problems` one per group. `graded` has one list per reward, the main one first, with one entry per row,
    and `scores` what goes into the reward [B] by name, before weights. `generated` is all that was sampled, where that
    is more than is trained on (see dynamic_sampling).
    """

    rows: dict[str, np.ndarray]
    finished: np.ndarray
    texts: list[str]
    graded: dict[str, list[Graded]]
    scores: dict[str, np.ndarray]
    problems: list[Problem]
    generated: "Rollout | None" = None

    @property
    def verdicts(self) -> list[Graded]:
        """Of the main reward, one per row."""
        return next(iter(self.graded.values()))


def stop_at(sampler, stop: tuple[str, ...], tokenizer):
    """`sampler`, but a response ends, finished, with the token that completes the first of the `stop` texts.

    A response so cut is what a sampler that stops there would have drawn: whether to stop depends on the tokens up to
    there alone. Texts are those of `tokenizer.decode`, without special tokens. No more is drawn of a response once the
    host has seen a stop text in it, between two dispatches.
    """
    if not stop:
        return sampler

    def sample(*args, ended=None, **kwargs) -> Completions:
        parts = []

        def cut(rows, part):
            part = cut_at(part, stop, tokenizer)
            parts.append((rows, part))
            if ended is not None:
                ended(rows, part)

        completions = sampler(*args, ended=cut, stops=_Watch(stop, tokenizer), **kwargs)
        for rows, part in parts:  # every row has been cut once, when it ended
            for name, few in vars(part).items():
                getattr(completions, name)[rows] = few
        return completions

    return sample


class _Watch:
    """Which responses that are still drawn hold a stop text; of each it reads what is new since it was last asked.

    It may miss one, where many tokens without text stand inside a stop text: that response is cut when it has ended.
    """

    def __init__(self, stop: tuple[str, ...], tokenizer):
        self.stop, self.tokenizer = stop, tokenizer
        self.before = 4 * max(map(len, stop))  # a stop text may have begun in so many tokens, four to a character
        self.read: dict[int, int] = {}  # tokens of a sample that were read

    def __call__(self, samples, tokens, lengths) -> np.ndarray:
        return np.array(
            [self._stops(*row) for row in zip(samples.tolist(), tokens, lengths.tolist(), strict=True)], bool
        )

    def _stops(self, sample: int, tokens: np.ndarray, length: int) -> bool:
        start = max(self.read.get(sample, 0) - self.before, 0)
        self.read[sample] = length
        # the new tokens may spell a stop text that all of them do not: half a character is decoded as another
        return all(_contains_stop(tokens[first:length].tolist(), self.stop, self.tokenizer) for first in (start, 0))


def _contains_stop(ids: list[int], stop: tuple[str, ...], tokenizer) -> bool:
    text = tokenizer.decode(ids)
    return any(one in text for one in stop)


def cut_at(completions: Completions, stop: tuple[str, ...], tokenizer) -> Completions:
    """The completions (host arrays) cut after the token with which the decoded response first contains a `stop`
    text.
    """
    ends = completions.mask.sum(axis=1)
    stopped = np.zeros(len(ends), bool)
    for row, length in enumerate(ends):
        ids = completions.tokens[row, :length].tolist()

        def contains_stop(end, ids=ids):
            return _contains_stop(ids[:end], stop, tokenizer)

        if contains_stop(len(ids)):
            # True from the completing token on: what a token adds to the text leaves what was there before.
            ends[row] = bisect.bisect_left(range(1, len(ids)), True, key=contains_stop) + 1
            stopped[row] = True
    mask = np.arange(completions.mask.shape[1])[None, :] < ends[:, None]
    return Completions(
        tokens=np.where(mask | ~stopped[:, None], completions.tokens, tokenizer.pad_id),
        mask=mask,
        sampler_log_prob=np.where(mask, completions.sampler_log_prob, np.float32(0)),
        finished=completions.finished | stopped,
    )


def join_rows(prompt_ids: list[list[int]], completions: Completions, width: int, pad_id: int):
    """(tokens [B, width], prompt_length [B]): every row is prompt, response, padding, without a gap."""
    num_rows, group = completions.tokens.shape[0], completions.tokens.shape[0] // len(prompt_ids)
    tokens = np.full((num_rows, width), pad_id, np.int32)
    prompt_length = np.repeat([len(ids) for ids in prompt_ids], group).astype(np.int32)
    for row in range(num_rows):
        prompt, response = prompt_ids[row // group], completions.tokens[row][completions.mask[row]]
        tokens[row, : len(prompt)] = prompt
        tokens[row, len(prompt) : len(prompt) + len(response)] = response
    return tokens, prompt_length


def sample_and_grade(
    sampler, params, prompt_ids, problems, *, terms, where: str, key, row_ids, tokenizer, prompt_length, num_slots
):
    """(completions, texts, graded) of all prompts, of which every process has sampled and graded its share.

    The rows are what one process would have drawn: row_ids [num_prompts, G] name their random streams. `problems` has
    one entry per prompt, `terms` are the rewards, `where` says which rollout this is, and num_slots counts the prompts
    at once over all processes. `graded` is {name of the reward: one Graded per row}.

    Raises:
      preemption.Interrupted: some process was asked to stop; on all of them.
    """
    share, group = distributed.share(len(prompt_ids)), row_ids.shape[1]
    problems, texts = problems[share], {}
    try:
        # what has ended is read and graded while the devices sample the rest
        with Grader(program=rewards.program(terms)) as grader:

            def read_and_submit(rows, ended):
                for row, tokens, mask in zip(rows.tolist(), ended.tokens, ended.mask, strict=True):
                    texts[row] = tokenizer.decode(tokens[mask].tolist())
                    for number in range(len(terms)):
                        grader.submit((row, number), *rewards.request(number, texts[row], problems[row // group]))

            completions = sampler(
                params,
                prompt_ids[share],
                key=key,
                row_ids=row_ids[share],
                prompt_length=prompt_length,
                num_slots=num_slots // distributed.num_processes(),
                ended=read_and_submit,
            )
            replies = grader.replies(preemption.check)
        own = (
            [texts[row] for row in range(len(texts))],
            [[rewards.received(replies[row, i], t) for row in range(len(texts))] for i, t in enumerate(terms)],
        )
    except preemption.Interrupted:
        distributed.meet(where)
        raise
    if distributed.meet(where):
        raise preemption.Interrupted(f"asked to stop during {where}")
    parts = distributed.gather(own)
    texts = [text for part, _ in parts for text in part]
    graded = {t.name: [Graded(*one) for _, part in parts for one in part[i]] for i, t in enumerate(terms)}
    _warn_of_errors(graded, where)
    return distributed.gather_rows(completions), texts, graded


def _warn_of_errors(graded: dict[str, list[Graded]], where: str) -> None:
    """Say so where a reward raised on half of the responses or more: it is likely to be at fault, and not they."""
    for name, rows in graded.items():
        errors = [row.reason for row in rows if row.reason.startswith("error")]
        if 2 * len(errors) >= len(rows) > 0 and distributed.is_first():
            tell(f"warning: reward {name} failed on {len(errors)} of {len(rows)} responses of {where}; {errors[0]}")


def rollout(
    sampler,
    params,
    problems: list[Problem],
    prompt_ids,
    *,
    terms: tuple[Term, ...],
    where,
    config,
    tokenizer,
    key,
    prompt_length,
    first_row=0,
) -> Rollout:
    """Sample and grade groups of one training step. `config` is the whole Config; `key` is the step's own, `where`
    names it, `terms` are its rewards.

    `first_row` is how many rows of the step were sampled before: no two rows of a step share a random stream.
    """
    group, max_response = config.rollout.group_size, config.sampler.max_response_length
    completions, texts, graded = sample_and_grade(
        sampler,
        params,
        prompt_ids,
        problems,
        terms=terms,
        where=where,
        key=key,
        row_ids=first_row + np.arange(len(problems) * group).reshape(-1, group),
        tokenizer=tokenizer,
        prompt_length=prompt_length,
        num_slots=config.rollout.prompts_at_once,
    )
    each = scores(graded, completions.mask.sum(axis=1), max_response, config.reward)
    reward = total_reward(each, terms)
    tokens, lengths = join_rows(prompt_ids, completions, prompt_length + max_response, tokenizer.pad_id)
    rows = dict(
        tokens=tokens,
        prompt_length=lengths,
        response_mask=completions.mask,
        sampler_log_prob=completions.sampler_log_prob,
        reward=reward,
    )
    if not config.algorithm.advantage_after_scoring:
        advantage, told = build_advantage(config.algorithm.advantage), told_of(each, completions.mask, terms)
        rows["advantage"] = np.asarray(advantages_of(advantage, jnp.asarray(reward), group, told))
    return Rollout(rows=rows, finished=completions.finished, texts=texts, graded=graded, scores=each, problems=problems)


def told_of(scores: dict[str, np.ndarray], response_mask: np.ndarray, terms: tuple[Term, ...]) -> Told:
    """What an advantage is told of responses [B, T] beside their rewards; `scores` are those of a Rollout."""
    return Told(
        lengths=jnp.asarray(response_mask.sum(axis=1), jnp.int32),
        scores=jnp.asarray(np.stack(list(scores.values()))),
        weights=jnp.asarray(weights(scores, terms)),
    )


def right_of(result: Rollout, group_size: int) -> np.ndarray:
    """[groups, G] bool: which responses are right, by the main reward."""
    return np.array([verdict.correct for verdict in result.verdicts], bool).reshape(-1, group_size)


def summary(result: Rollout, group_size: int) -> dict[str, float]:
    """Scalars of a rollout: rewards, accuracy, response length in tokens, how many groups carry no signal.

    `rollout/reward_mean` is of what is trained on, `reward/NAME_mean` of each reward before its weight.

    They are those of all that was sampled: what is left after groups were dropped says less about the policy.
    """
    used, result = result, result.generated or result
    reward = result.rows["reward"]
    groups = reward.reshape(-1, group_size)
    right = right_of(result, group_size)
    lengths = result.rows["response_mask"].sum(axis=1)
    return (
        {
            "rollout/reward_mean": float(reward.mean()),
            "rollout/correct": float(right.mean()),
            "rollout/not_evaluated": float(np.mean([v.reason == NOT_EVALUATED for v in result.verdicts])),
            "rollout/no_answer": float(np.mean([v.extracted is None for v in result.verdicts])),
            "rollout/length_mean": float(lengths.mean()),
            "rollout/length_max": int(lengths.max()),
            "rollout/truncated": float(1 - result.finished.mean()),
            "rollout/solved_groups": float(right.all(axis=1).mean()),
            "rollout/failed_groups": float(1 - right.any(axis=1).mean()),
            "rollout/uniform_groups": float(np.mean(groups.min(axis=1) == groups.max(axis=1))),
        }
        | {f"reward/{name}_mean": float(score.mean()) for name, score in result.scores.items()}
        | {f"reward/{name}_failures": sum(count_failures(rows).values()) for name, rows in result.graded.items()}
        | {f"verifier/{kind}": count for kind, count in count_failures(result.verdicts).items()}
        | _dropped(used, group_size)
    )


def _dropped(used: Rollout, group_size: int) -> dict[str, int]:
    """How many generation batches it took to fill the batch, how many groups were all right or all wrong, how many
    were one too many.
    """
    if used.generated is None:
        return {}
    right = right_of(used.generated, group_size)
    dropped = int(np.sum(right.all(axis=1) | ~right.any(axis=1)))
    size = len(used.rows["reward"]) // group_size
    return {
        "rollout/generation_batches": len(right) // size,
        "rollout/groups_dropped": dropped,
        "rollout/groups_surplus": len(right) - dropped - size,
    }
