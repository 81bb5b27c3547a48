"""Grids of filters and objectives, written on one line: NAME:field=value,value:field=value,...

NAME is a method (its filter and its objective), a filter (with the recorded objective; file.py:Name is one too), or
`recorded`. Every field of the filter and of the objective may follow, and objective=NAME; several values of a field
make a grid, all combinations of all fields:

    kalman:process_var=1e-6,1e-4,1e-2:measurement_var=1
    is_kpo_weak:kappa=1,2,3:clip_low=3e-4,0.2:clip_high=0.28
"""

import dataclasses
import itertools
from typing import NamedTuple

from kpo_jax import references
from kpo_jax.algorithm.choices import AlgorithmConfig, FilterConfig, ObjectiveConfig, build_filter, build_objective
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import Config, line, override, to_dict
from kpo_jax.config.plain import fields_of, from_plain, parameter_leaves
from kpo_jax.config.suggest import did_you_mean
from kpo_jax.filters import FILTERS


class Candidate(NamedTuple):
    """A filter and an objective to try; `label` is the grid's line with one value for every field."""

    label: str
    algorithm: AlgorithmConfig


def parse(text: str, recorded: AlgorithmConfig) -> list[Candidate]:
    """The candidates of one line. Raises ValueError, one line, for a name, field, value or combination that is none."""
    parts = text.split(":")
    named = list(itertools.takewhile(lambda part: "=" not in part, parts))
    name, fields = ":".join(named), {}
    for part in parts[len(named) :]:
        field, equals, values = part.partition("=")
        if not equals or field in fields:
            number = "one" if field in fields else "a"
            raise ValueError(f"--grid={text}: {field} needs {number} list of values, {field}=value,value")
        fields[field] = values.split(",")
    candidates = []
    for values in itertools.product(*fields.values()):
        chosen = dict(zip(fields, values, strict=True))
        try:
            algorithm = _replace(_base(name, recorded), chosen)
        except ValueError as error:
            raise ValueError(f"--grid={text}: {error}") from None
        candidates.append(Candidate(":".join([name, *(f"{k}={v}" for k, v in chosen.items())]), algorithm))
    return candidates


def _base(name: str, recorded: AlgorithmConfig) -> AlgorithmConfig:
    if name == "recorded":
        return recorded
    if name in METHODS:
        return METHODS[name]
    if name in FILTERS or references.is_reference(name):
        return dataclasses.replace(recorded, filter=FilterConfig(name))
    raise ValueError(f"no method or filter {name!r}{did_you_mean(name, ['recorded', *METHODS, *FILTERS])}")


def _replace(base: AlgorithmConfig, texts: dict[str, str]) -> AlgorithmConfig:
    """The algorithm with the fields that `texts` names. Raises ValueError for what is no field or not legal."""
    plain = to_dict(Config(algorithm=base))
    if "objective" in texts:
        plain = _overridden(plain, {"algorithm.objective.name": texts["objective"]})
    legal = {
        part: {*fields_of(cls), *parameter_leaves(cls, plain["algorithm"][part]["name"])} - {"name"}
        for part, cls in (("filter", FilterConfig), ("objective", ObjectiveConfig))
    }
    paths = {}
    for field in texts.keys() - {"objective"}:
        part = next((part for part, fields in legal.items() if field in fields), None)
        if part is None:
            near = did_you_mean(field, [*legal["filter"], *legal["objective"], "objective"])
            raise ValueError(f"{field!r} is no field of this filter or objective{near}")
        paths[f"algorithm.{part}.{field}"] = texts[field]
    plain = _overridden(plain, paths)
    algorithm, problems = from_plain(AlgorithmConfig, plain["algorithm"])
    if problems:
        raise ValueError("; ".join(map(line, problems)))
    build_filter(algorithm.filter), build_objective(algorithm.objective)
    return algorithm


def _overridden(plain: dict, texts: dict[str, str]) -> dict:
    changed = override(plain, texts)
    if changed.problems:
        raise ValueError("; ".join(map(line, changed.problems)))
    return changed.plain
