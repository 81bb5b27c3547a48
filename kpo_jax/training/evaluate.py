"""avg@k and pass@k of a policy on named sets, with intervals that respect problems as clusters."""

import dataclasses
import json
import os
from pathlib import Path

import jax
import numpy as np

from kpo_jax import stats as statistics
from kpo_jax.tasks.prompts import Problem
from kpo_jax.training.rollout import sample_and_grade

KEY_STREAM = 2  # fold_in constant of evaluation; training samples from another one


@dataclasses.dataclass(frozen=True)
class EvalSet:
    """Problems ready to be sampled: `prompt_ids[i]` encodes `problems[i]`; all fit in `prompt_length` tokens."""

    name: str
    problems: list[Problem]
    prompt_ids: list[list[int]]
    prompt_length: int


@dataclasses.dataclass(frozen=True)
class EvalResult:
    """`correct` [num_problems, k] bool; the rest says what was asked and, for the first sample of each problem,
    answered.
    """

    name: str
    step: int
    ids: list[str]
    problems: list[str]
    answers: list[str]
    correct: np.ndarray
    extracted: list[list[str | None]]
    responses: list[str]
    truncated: float


def answer(sampler, params, eval_set: EvalSet, *, num_samples, prompts_per_call, tokenizer, seed):
    """(texts, verdicts, finished), `num_samples` a problem, prompt-major. They depend on (seed, problem, sample)
    alone.
    """
    num_problems = len(eval_set.problems)
    completions, texts, verdicts = sample_and_grade(
        sampler,
        params,
        eval_set.prompt_ids,
        [problem.answer for problem in eval_set.problems],
        where=f"evaluation on {eval_set.name}",
        key=jax.random.fold_in(jax.random.key(seed), KEY_STREAM),
        row_ids=np.arange(num_problems * num_samples).reshape(num_problems, num_samples),
        tokenizer=tokenizer,
        prompt_length=eval_set.prompt_length,
        num_slots=prompts_per_call,
    )
    return texts, verdicts, completions.finished


def evaluate(eval_set: EvalSet, *, step: int, num_samples: int, **sampling) -> EvalResult:
    """Sample `num_samples` responses to every problem of the set and grade them; `sampling` as in `answer`."""
    texts, verdicts, finished = answer(eval_set=eval_set, num_samples=num_samples, **sampling)
    return EvalResult(
        name=eval_set.name,
        step=step,
        ids=[problem.id for problem in eval_set.problems],
        problems=[problem.problem for problem in eval_set.problems],
        answers=[problem.answer for problem in eval_set.problems],
        correct=np.array([v.correct for v in verdicts]).reshape(-1, num_samples),
        extracted=[[v.extracted for v in verdicts[i : i + num_samples]] for i in range(0, len(verdicts), num_samples)],
        responses=texts[::num_samples],
        truncated=float(1 - finished.mean()),
    )


def scores(correct: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """{"avg@k": (value, low, high), "pass@k": ...} with 95 % problem-clustered bootstrap intervals; correct [problems,
    k].
    """
    k = correct.shape[1]

    def pass_at_k(c):
        return statistics.pass_at_k(c, k)

    return {
        f"{name}@{k}": (statistic(correct), *statistics.clustered_bootstrap(correct, statistic))
        for name, statistic in (("avg", statistics.avg_at_k), ("pass", pass_at_k))
    }


def scalars(result: EvalResult) -> dict[str, float]:
    """The metrics of one evaluation, keyed eval/SET/..."""
    out = {f"eval/{result.name}/truncated": result.truncated}
    for name, (value, low, high) in scores(result.correct).items():
        out |= {
            f"eval/{result.name}/{name}": value,
            f"eval/{result.name}/{name}_low": low,
            f"eval/{result.name}/{name}_high": high,
        }
    return out


def save(result: EvalResult, workdir: str) -> Path:
    """One JSON line per problem in `workdir`/evals/step_NNNNNN_SET.jsonl, written whole or not at all."""
    path = Path(workdir) / "evals" / f"step_{result.step:06d}_{result.name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = zip(
        result.ids,
        result.problems,
        result.answers,
        result.correct.tolist(),
        result.extracted,
        result.responses,
        strict=True,
    )
    keys = ("id", "problem", "answer", "correct", "extracted", "response")
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows))
    os.replace(temporary, path)
    return path


def load_ids(workdir: str) -> dict[str, list[str]]:
    """{set: the problems' ids, in the order of the rows of `load`}, of the newest evaluation of each set."""
    out: dict[str, list[str]] = {}
    for path in sorted((Path(workdir) / "evals").glob("step_*_*.jsonl")):
        out[path.stem.split("_", 2)[2]] = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    return out


def load_responses(workdir: str, name: str, step: int) -> list[dict]:
    """The lines of one evaluation: id, answer, correct [k], extracted [k], response and, in runs of this version,
    problem.
    """
    path = Path(workdir) / "evals" / f"step_{step:06d}_{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def load(workdir: str) -> dict[str, dict[int, np.ndarray]]:
    """{set: {step: correct [problems, k]}} of everything `save` wrote in a workdir."""
    out: dict[str, dict[int, np.ndarray]] = {}
    for path in sorted((Path(workdir) / "evals").glob("step_*_*.jsonl")):
        _, step, name = path.stem.split("_", 2)
        correct = [json.loads(line)["correct"] for line in path.read_text().splitlines()]
        out.setdefault(name, {})[int(step)] = np.array(correct, bool)
    return out
