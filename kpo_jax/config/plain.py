"""A configuration as plain nested dicts, as JSON and flags have it, and back, with everything that is wrong with it.

The parameters of a component stand beside the other fields of the record that chooses it. A problem is (path, text),
the path being the flag that a person types: `algorithm.filter.kappa`.
"""

import contextlib
import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from kpo_jax import choices, references
from kpo_jax.checks import Illegal, Leaf, Problem, typed
from kpo_jax.config.suggest import did_you_mean

# --------------------------------------------------------------------------------------------------- records to dicts


def to_dict(record) -> dict[str, Any]:
    """A record of the configuration as nested dicts of plain values."""
    out = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name == "parameters" and choices.is_choice(type(record)):
            out |= value
        elif dataclasses.is_dataclass(value):
            out[field.name] = to_dict(value)
        elif isinstance(value, dict):
            out[field.name] = {key: to_dict(inner) for key, inner in value.items()}
        else:
            out[field.name] = value
    return out


def flat(mapping: Mapping, path: str = "") -> dict[str, Any]:
    """Nested dicts as one, by the paths of their values: a.b -> value."""
    out = {}
    for name, value in mapping.items():
        out |= flat(value, f"{path}{name}.") if isinstance(value, Mapping) else {f"{path}{name}": value}
    return out


# ------------------------------------------------------------------------------------------------ what fields there are


def fields_of(cls) -> dict[str, Any]:
    """name -> Leaf, the class of a nested record, or `dict[str, class]`; the parameters of a choice left out."""
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls) if f.name != "parameters" or not choices.is_choice(cls)]
    return {name: _kind(hints[name]) for name in names}


def _kind(hint):
    if dataclasses.is_dataclass(hint) or typing.get_origin(hint) is dict:
        return hint
    optional = isinstance(hint, types.UnionType)  # X | None
    inner = next(h for h in typing.get_args(hint) if h is not types.NoneType) if optional else hint
    return Leaf(typing.get_origin(inner) or inner, optional)


def parameter_leaves(cls, name: str) -> dict[str, Leaf]:
    """The parameters of the component of that name; "" has none. Raises ValueError if there is no such component."""
    if not name:
        return {}
    found = references.parameters(references.look_up(cls.registry, name))
    if taken := sorted(set(found) & set(fields_of(cls))):
        raise ValueError(f"{name!r} has a parameter {taken[0]!r}, which is a field of its own here; rename it")
    return {key: Leaf(about.type, about.optional) for key, about in found.items()}


def leaf_paths(cls, mapping: Mapping | None = None, path: str = "") -> list[str]:
    """The paths of every field that may be set, with the parameters of the components that `mapping` names."""
    out = []
    mapping = mapping if isinstance(mapping, Mapping) else {}
    for name, kind in fields_of(cls).items():
        if isinstance(kind, Leaf):
            out.append(path + name)
        elif typing.get_origin(kind) is dict:
            inner = typing.get_args(kind)[1]
            records = mapping.get(name)
            for key, value in records.items() if isinstance(records, Mapping) else ():
                out += leaf_paths(inner, value, f"{path}{name}.{key}.")
        else:
            out += leaf_paths(kind, mapping.get(name), f"{path}{name}.")
    if choices.is_choice(cls):
        with contextlib.suppress(ValueError):  # an unknown component is reported where it is read
            out += [path + name for name in parameter_leaves(cls, chosen(cls, mapping))]
    return out


def chosen(cls, mapping: Mapping) -> Any:
    """The name of the component that the mapping of a choice names; that of the class where it names none."""
    default = next(field.default for field in dataclasses.fields(cls) if field.name == cls.chooser)
    return mapping.get(cls.chooser, default)


# --------------------------------------------------------------------------------------------------- dicts to records


def from_plain(cls, mapping, path: str = "", root: list[str] | None = None) -> tuple[Any, list[Problem]]:
    """(the record, problems). Where something is wrong the record holds the field's default, None if there is none.

    `root` are all legal paths, for suggestions.
    """
    root = leaf_paths(cls, mapping, path) if root is None else root
    if choices.is_choice(cls) and isinstance(mapping, str):
        mapping = {cls.chooser: mapping}
    if not isinstance(mapping, Mapping):
        wanted = ", ".join(fields_of(cls))
        return None, [(path.rstrip("."), f"{mapping!r} is not a record with the fields {wanted}")]
    values, parameters, problems = {}, {}, []
    kinds = fields_of(cls)
    leaves, unreadable = {}, False
    if choices.is_choice(cls):
        name = chosen(cls, mapping)
        if isinstance(name, str):
            try:
                leaves = parameter_leaves(cls, name)
            except ValueError as error:
                problems.append((f"{path}{cls.chooser}", str(error)))
        unreadable = bool(problems) or not isinstance(name, str)  # of a component that is not known, no parameter is
    for name, value in mapping.items():
        where = f"{path}{name}"
        if name in kinds and isinstance(kinds[name], Leaf):
            _take(values, name, value, kinds[name], where, problems)
        elif name in kinds and typing.get_origin(kinds[name]) is dict:
            values[name] = _records(typing.get_args(kinds[name])[1], value, where, root, problems)
        elif name in kinds:
            record, found = from_plain(kinds[name], value, f"{where}.", root)
            problems += found
            if record is not None:
                values[name] = record
        elif name in leaves:
            _take(parameters, name, value, leaves[name], where, problems)
        elif not unreadable:
            problems.append((where, no_such_field(cls, mapping) + did_you_mean(where, root)))
    record, found = _construct(cls, values, parameters, path, {where for where, _ in problems})
    return record, problems + found


def no_such_field(cls, mapping: Mapping) -> str:
    """What is said of a name that is neither a field of the class nor a parameter of what its mapping chooses."""
    if not choices.is_choice(cls):
        return "no such field"
    name = chosen(cls, mapping)
    has = ", ".join(parameter_leaves(cls, name)) or "none"
    return f"no such field, and {name!r} has no such parameter (it has {has})"


def _records(inner, value, where: str, root: list[str], problems: list[Problem]) -> dict:
    if not isinstance(value, Mapping):
        problems.append((where, f"{value!r} is not a mapping of names to records"))
        return {}
    out = {}
    for key, one in value.items():
        record, found = from_plain(inner, one, f"{where}.{key}.", root)
        problems += found
        if record is not None:
            out[key] = record
    return out


def _take(values: dict, name: str, value, leaf: Leaf, where: str, problems: list[Problem]) -> None:
    try:
        values[name] = typed(value, leaf)
    except ValueError as error:
        problems.append((where, str(error)))


def _construct(cls, values: dict, parameters: dict, path: str, wrong: set[str]) -> tuple[Any, list[Problem]]:
    """(record, further problems). Fields that the record itself refuses are left out, so that the rest is kept."""
    problems: list[Problem] = []
    if choices.is_choice(cls):
        values = values | {"parameters": parameters}
    for field in dataclasses.fields(cls):
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if not has_default and field.name not in values:
            problems += [] if path + field.name in wrong else [(path + field.name, "required")]
            return None, problems
    try:
        record = cls(**values)
    except Illegal as error:
        problems += [(path + name, text) for name, text in error.problems if path + name not in wrong]
        refused = {name for name, _ in error.problems}
        try:
            record = cls(**{name: value for name, value in values.items() if name not in refused})
        except (ValueError, TypeError):  # not for these fields alone, or one of them has no default
            return None, problems
    if choices.is_choice(cls):
        problems += [(path + name, text) for name, text in choices.check(record) if path + name not in wrong]
    return record, problems
