"""Grids of filters and objectives, written on one line: NAME:field=value,value:field=value,...

NAME is a method (its filter and its objective), a filter (with the recorded objective), or `recorded`. Every field of
FilterConfig and ObjectiveConfig may follow, and objective=NAME; several values of a field make a grid, all combinations
of all fields:

    kalman:process_var=1e-6,1e-4,1e-2:measurement_var=1
    is_kpo_weak:kappa=1,2,3:clip_low=3e-4,0.2:clip_high=0.28
"""

import dataclasses
import itertools
import types
import typing
from typing import NamedTuple

from kpo_jax.config import AlgorithmConfig, FilterConfig, ObjectiveConfig, build_filter, build_objective, nearest
from kpo_jax.filters import FILTER_GRADIENTS, FILTERS
from kpo_jax.methods import METHODS

_FILTER_FIELDS = set(FilterConfig.__dataclass_fields__) - {"name"}
_OBJECTIVE_FIELDS = set(ObjectiveConfig.__dataclass_fields__) - {"name"}
_BOOLS = {"true": True, "1": True, "false": False, "0": False}


class Candidate(NamedTuple):
    """A filter and an objective to try; `label` is the grid's line with one value for every field."""

    label: str
    algorithm: AlgorithmConfig


def parse(line: str, recorded: AlgorithmConfig) -> list[Candidate]:
    """The candidates of one line. Raises ValueError, one line, for a name, field, value or combination that is not
    legal.
    """
    name, *parts = line.split(":")
    fields: dict[str, list[str]] = {}
    for part in parts:
        field, equals, values = part.partition("=")
        legal = _FILTER_FIELDS | _OBJECTIVE_FIELDS | {"objective"}
        if field not in legal:
            raise ValueError(f"--grid={line}: {field!r} is no field of a filter or objective{nearest(field, legal)}")
        if not equals or field in fields:
            raise ValueError(
                f"--grid={line}: {field} needs {'one' if field in fields else 'a'} list of values, {field}=value,value"
            )
        fields[field] = values.split(",")
    candidates = []
    for values in itertools.product(*fields.values()):
        chosen = dict(zip(fields, values, strict=True))
        try:
            algorithm = _replace(_base(name, recorded), chosen)
            check(algorithm)
        except ValueError as error:
            raise ValueError(f"--grid={line}: {error}") from None
        candidates.append(Candidate(":".join([name, *(f"{k}={v}" for k, v in chosen.items())]), algorithm))
    return candidates


def check(algorithm: AlgorithmConfig) -> None:
    """Raise ValueError unless filter, gradient and objective are legal, as in a configuration."""
    build_filter(algorithm.filter)
    build_objective(algorithm.objective)
    if algorithm.filter.gradient not in FILTER_GRADIENTS:
        raise ValueError(f"gradient: {algorithm.filter.gradient!r} is not {' or '.join(FILTER_GRADIENTS)}")


def _base(name: str, recorded: AlgorithmConfig) -> AlgorithmConfig:
    if name == "recorded":
        return recorded
    if name in METHODS:
        return METHODS[name]
    if name in FILTERS:
        return dataclasses.replace(recorded, filter=FilterConfig(name=name))
    legal = ["recorded", *METHODS, *FILTERS]
    raise ValueError(f"no method or filter {name!r}{nearest(name, legal).replace('field', 'name')}")


def _replace(base: AlgorithmConfig, texts: dict[str, str]) -> AlgorithmConfig:
    ratio_filter = _typed(FilterConfig, {k: v for k, v in texts.items() if k in _FILTER_FIELDS})
    objective = ObjectiveConfig(name=texts["objective"]) if "objective" in texts else base.objective
    return dataclasses.replace(
        base,
        filter=dataclasses.replace(base.filter, **ratio_filter),
        objective=dataclasses.replace(
            objective, **_typed(ObjectiveConfig, {k: v for k, v in texts.items() if k in _OBJECTIVE_FIELDS})
        ),
    )


def _typed(cls, texts: dict[str, str]) -> dict:
    hints, values = typing.get_type_hints(cls), {}
    for name, text in texts.items():
        hint = hints[name]
        if isinstance(hint, types.UnionType):
            hint = next(h for h in typing.get_args(hint) if h is not type(None))
        try:
            values[name] = _BOOLS[text.lower()] if hint is bool else hint(text)
        except (ValueError, KeyError):
            raise ValueError(f"{name}: {text!r} is not a {hint.__name__}") from None
    return values
