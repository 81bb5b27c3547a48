"""Finished or running runs, read from what they wrote to their workdirs, and grouped by method over seeds. numpy
only.
"""

import dataclasses
import json
import re
from collections.abc import Callable

import numpy as np

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import free_fields, to_dict
from kpo_jax.places import folder, shown
from kpo_jax.recording import evaluations as evals
from kpo_jax.recording import metrics, provenance

# What may differ between seeds of one method, none of it the method, beside what may change when a run is resumed.
_NOT_THE_METHOD = {"seed", "init_from", "warm_start"} | free_fields()


@dataclasses.dataclass(frozen=True)
class Run:
    """What a workdir holds: its label, configuration, training metrics by line, and evaluations {set: {step: Graded}}.

    `minibatches` are the metrics of every optimizer step; `starts` say where the numbers come from (see
    recording/provenance.py), and are empty for a run of an earlier version.
    """

    label: str
    workdir: str
    config: dict
    lines: list[dict]
    evaluations: dict[str, dict[int, evals.Graded]]
    minibatches: list[dict]
    starts: list[dict]

    @property
    def seed(self) -> int:
        return self.config["seed"]

    def newest(self, name: str) -> evals.Graded:
        """The newest evaluation on set `name`."""
        return self.evaluations[name][max(self.evaluations[name])]

    def last(self, name: str) -> np.ndarray:
        """correct [problems, k] of the newest evaluation on set `name`."""
        return self.newest(name).correct

    def comparable(self, name: str) -> dict[int, np.ndarray]:
        """{step: correct} of the evaluations on set `name` that compare with the newest: of its problems, drawn as it
        was. What is asked of evaluations may change while a run goes on, and k, which may too, moves no mean.
        """
        newest = self.newest(name)
        return {step: of.correct for step, of in self.evaluations[name].items() if not evals.unlike(newest, of)}


def load(workdir: str) -> Run:
    """Raises ValueError if `workdir` holds no run."""
    path = folder(workdir)
    if not (path / "config.json").is_file():
        raise ValueError(f"report: no run in {workdir} (no config.json)")
    try:
        config = json.loads((path / "config.json").read_text())
        lines, minibatches = metrics.read(workdir), metrics.read(workdir, "minibatches")
        evaluations, starts = evals.load(workdir), provenance.read(workdir)
    except (ValueError, KeyError) as error:
        raise ValueError(f"report: {workdir} holds a damaged run ({error})") from None
    return Run(path.resolve().name, shown(workdir), config, lines, evaluations, minibatches, starts)


def by_method(runs: list[Run]) -> dict[str, list[Run]]:
    """{name: its runs, by seed}, in the order of `runs`.

    Runs that differ in nothing but the seed (and in what is not the method: steps, base policy, evaluation, devices and
    the like) are one group. It has the name in METHODS of its algorithm if there is one and it is the only group that
    has it, else what is left of its first run's label without `_seed0`, `_0` and the like.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        key = json.dumps({k: v for k, v in run.config.items() if k not in _NOT_THE_METHOD}, sort_keys=True)
        if run.seed in [other.seed for other in groups.get(key, [])]:
            key += run.workdir  # the same method and seed twice are two things to compare, not two seeds
        groups.setdefault(key, []).append(run)
    names = [known_method(group[0].config["algorithm"]) for group in groups.values()]
    out: dict[str, list[Run]] = {}
    for name, group in zip(names, groups.values(), strict=True):
        if name is None or names.count(name) > 1:
            name = without_seed(group[0].label, len(group) > 1)
        if name in out:
            name = group[0].label
        out[name if name not in out else group[0].workdir] = sorted(group, key=lambda run: run.seed)
    return out


def without_seed(label: str, bare: bool = False) -> str:
    """A run's label without `_seed0` or the like at its end; `_0` as well if `bare`, which may be a part of the name of
    a single run.
    """
    return re.sub(r"(?<=.)[_-](seed[_-]?)?\d+$" if bare else r"(?<=.)[_-]seed[_-]?\d+$", "", label)


def known_method(algorithm: dict) -> str | None:
    """The name in METHODS of an algorithm as config.json has it."""
    return next((name for name, known in METHODS.items() if _stated(to_dict(known)) == _stated(algorithm)), None)


def _stated(mapping: dict) -> dict:
    return {k: _stated(v) if isinstance(v, dict) else v for k, v in mapping.items() if v is not None}


def sets(runs: list[Run]) -> list[str]:
    """Names of the evaluation sets, in the order in which the runs first have them."""
    return list(dict.fromkeys(name for run in runs for name in run.evaluations))


def over_steps(run: Run, key: str, of: Callable = np.mean) -> float | None:
    """Mean (or min or max) of a metric over the training steps; None where the run has no finite value of it."""
    values = [line[key] for line in run.lines if line.get(key) is not None and "filter/gain_mean" in line]
    return float(of(values)) if values else None


def over(runs: list[Run], key: str) -> float | None:
    """The mean over runs of a metric's mean over training steps; None where no run has it."""
    values = [value for run in runs if (value := over_steps(run, key)) is not None]
    return float(np.mean(values)) if values else None


def total(run: Run, key: str) -> int:
    """Sum of a count over all training steps."""
    return int(sum(line[key] for line in run.lines if line.get(key) is not None))
