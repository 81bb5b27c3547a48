"""What evaluations find, as files: `WORKDIR/evals/step_NNNNNN_SET.jsonl`, one JSON line per problem. numpy only.

A line has id, problem, answer, `correct` [k] and `extracted` [k] of the k samples, `rewards` {name: [k]} before their
weights, `response`, the text of the first sample, and `sampling`, how all were drawn.
"""

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kpo_jax import stats
from kpo_jax.files import write_whole
from kpo_jax.places import folder


@dataclasses.dataclass(frozen=True)
class EvalResult:
    """`correct` [num_problems, k] bool; `rewards` {name: [num_problems, k]}; the rest says what was asked and, for the
    first sample of each problem, answered. `sampling` is what was asked of drawing, by its fields.
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
    sampling: dict


class Graded(NamedTuple):
    """What is compared of an evaluation: `correct` [problems, k], (problem, answer) of each in that order, and how
    samples were drawn, None where an earlier version did not say. Where one lacks the problem its id stands there,
    which may say no more than where a file was.
    """

    correct: np.ndarray
    asked: list[tuple[str, str]]
    sampling: dict | None


def unlike(a: Graded, b: Graded) -> str:
    """Why the evaluation `a` does not compare with `b`, in words; "" where it does, whatever their k."""
    if a.asked != b.asked:
        return "other problems"
    pair = a.sampling or {}, b.sampling or {}
    differ = [name for name in pair[0].keys() & pair[1].keys() if pair[0][name] != pair[1][name]]
    return ", ".join(f"{name} is {pair[0][name]}, not {pair[1][name]}" for name in sorted(differ))


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
            "sampling": result.sampling,
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


def load(workdir: str) -> dict[str, dict[int, Graded]]:
    """{set: {step: Graded}} of everything `save` wrote in a workdir."""
    asked = lambda line: (line["problem" if "problem" in line else "id"], line["answer"])
    out: dict[str, dict[int, Graded]] = {}
    for path in _paths(workdir):
        (step, name), lines = _step_and_set(path), _lines(path)
        correct = np.array([line["correct"] for line in lines], bool)
        sampling = lines[0].get("sampling") if lines else None
        out.setdefault(name, {})[step] = Graded(correct, [asked(line) for line in lines], sampling)
    return out


def load_responses(workdir: str, name: str, step: int) -> list[dict]:
    """The lines of one evaluation, see the top of this module; older runs lack `problem`, `rewards` and `sampling`."""
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
