"""What evaluations find, as files: `WORKDIR/evals/step_NNNNNN_SET.jsonl`, one JSON line per problem. numpy only.

A line has id, problem, answer, `correct` [k] and `extracted` [k] of the k samples, `rewards` {name: [k]} before their
weights, and `response`, the text of the first sample.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np

from kpo_jax import stats
from kpo_jax.files import write_whole
from kpo_jax.places import folder


@dataclasses.dataclass(frozen=True)
class EvalResult:
    """`correct` [num_problems, k] bool; `rewards` {name: [num_problems, k]}; the rest says what was asked and, for the
    first sample of each problem, answered.
    """

    name: str
    step: int
    ids: list[str]
    problems: list[str]
    answers: list[str]
    correct: np.ndarray
    rewards: dict[str, np.ndarray]
    extracted: list[list[str | None]]
    responses: list[str]
    truncated: float


def accuracies(correct: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """{"avg@k": (value, low, high), "pass@k": ...} with 95 % problem-clustered bootstrap intervals, nan where there is
    one problem alone; correct [problems, k].
    """
    k = correct.shape[1]

    def pass_at_k(c):
        return stats.pass_at_k(c, k)

    return {
        f"{name}@{k}": (statistic(correct), *stats.clustered_interval(correct, statistic))
        for name, statistic in (("avg", stats.avg_at_k), ("pass", pass_at_k))
    }


def scalars(result: EvalResult) -> dict[str, float]:
    """The metrics of one evaluation, keyed eval/SET/..."""
    out = {f"eval/{result.name}/truncated": result.truncated}
    for name, (value, low, high) in accuracies(result.correct).items():
        out |= {
            f"eval/{result.name}/{name}": value,
            f"eval/{result.name}/{name}_low": low,
            f"eval/{result.name}/{name}_high": high,
        }
    return out | {f"eval/{result.name}/reward_{name}": float(score.mean()) for name, score in result.rewards.items()}


def save(result: EvalResult, workdir: str) -> Path:
    """Write the evaluation's file, whole or not at all."""
    lines = [
        {
            "id": result.ids[i],
            "problem": result.problems[i],
            "answer": result.answers[i],
            "correct": result.correct[i].tolist(),
            "extracted": result.extracted[i],
            "rewards": {name: score[i].tolist() for name, score in result.rewards.items()},
            "response": result.responses[i],
        }
        for i in range(len(result.ids))
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return write_whole(_path(workdir, result.name, result.step), text)


def forget(workdir: str, after: int) -> None:
    """Remove the files of steps beyond `after`: of an earlier life of the run, whose steps are done again."""
    for path in _paths(workdir):
        if _step_and_set(path)[0] > after:
            path.unlink()


def load(workdir: str) -> dict[str, dict[int, np.ndarray]]:
    """{set: {step: correct [problems, k]}} of everything `save` wrote in a workdir."""
    out: dict[str, dict[int, np.ndarray]] = {}
    for path in _paths(workdir):
        step, name = _step_and_set(path)
        out.setdefault(name, {})[step] = np.array([line["correct"] for line in _lines(path)], bool)
    return out


def load_problems(workdir: str) -> dict[str, list[tuple[str, str]]]:
    """{set: (problem, answer) of the rows of `load`}, of the newest evaluation of each set; (id, answer) where an older
    run lacks the problem. An id alone may say no more than where a file was.
    """
    told = lambda line: (line["problem" if "problem" in line else "id"], line["answer"])
    return {_step_and_set(path)[1]: [told(line) for line in _lines(path)] for path in _paths(workdir)}


def load_responses(workdir: str, name: str, step: int) -> list[dict]:
    """The lines of one evaluation, see the top of this module; older runs lack `problem` and `rewards`."""
    return _lines(_path(workdir, name, step))


def _path(workdir: str, name: str, step: int) -> Path:
    return folder(workdir) / "evals" / f"step_{step:06d}_{name}.jsonl"


def _paths(workdir: str) -> list[Path]:
    return sorted((folder(workdir) / "evals").glob("step_*_*.jsonl"))


def _step_and_set(path: Path) -> tuple[int, str]:
    _, step, name = path.stem.split("_", 2)
    return int(step), name


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
