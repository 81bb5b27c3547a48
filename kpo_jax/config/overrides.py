"""A configuration file and the flags that change it: `--config=FILE.py[:argument] --config.a.b=value ...`."""

import ast
import dataclasses
import importlib.util
import os
import re
import sys
import typing
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kpo_jax import choices, packaged
from kpo_jax.checks import Leaf, Problem, an
from kpo_jax.config.plain import (
    chosen,
    fields_of,
    leaf_paths,
    no_such_field,
    parameter_leaves,
    to_dict,
)
from kpo_jax.config.schema import Config
from kpo_jax.config.suggest import did_you_mean

_SPEC = re.compile(r"(?P<path>.+?\.py|[^:]*)(?::(?P<argument>.*))?", re.DOTALL)  # folders may have colons, too
_BOOLS = {"true": True, "1": True, "false": False, "0": False}


class Overridden(NamedTuple):
    """The configuration as nested dicts after its overrides, what is wrong with them, and lines that say what they
    drop.
    """

    plain: dict[str, Any]
    problems: list[Problem]
    notes: list[str]


def load_file(spec: str) -> dict[str, Any]:
    """get_config() of `path` or `path:argument`, as nested dicts; of the package's configurations the name is enough.

    Raises ValueError, one line, if there is no such file or it does not give a configuration.
    """
    path, argument = _SPEC.fullmatch(spec).group("path", "argument")
    found = _find(path)
    module_spec = importlib.util.spec_from_file_location("kpo_jax_configuration_file", found)
    if module_spec is None:
        raise ValueError(f"--config: {path} is not a Python file; a configuration is one, with a function get_config()")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # where dataclasses look for the names of annotations
    try:
        module_spec.loader.exec_module(module)
        config = module.get_config(argument) if argument else module.get_config()
    except (Exception, SystemExit) as error:  # a configuration file is a user's program: whatever it raises
        text = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"--config: {path} did not give a configuration: {text}") from error
    if isinstance(config, Config):
        return to_dict(config)
    if hasattr(config, "to_dict"):  # a ConfigDict of ml_collections
        config = config.to_dict()
    if not isinstance(config, Mapping):
        raise ValueError(f"--config: get_config() of {path} returned a {type(config).__name__}, not a Config")
    return dict(config)


def _find(path: str) -> str:
    if os.path.isfile(path):
        return path
    folder = packaged.configurations()
    if os.path.isfile(named := os.path.join(folder, f"{path.removesuffix('.py')}.py")) and os.sep not in path:
        return named
    beside = os.path.dirname(path) or "."
    near = _python_files(beside) if os.path.isdir(beside) else []
    there = f"; there are {', '.join(near)} in {beside}" if near else ""
    own = ", ".join(name.removesuffix(".py") for name in _python_files(folder))
    raise ValueError(f"--config: no file {path}{there}; built in are {own}")


def _python_files(folder) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".py"))


def override(plain: dict[str, Any], texts: Mapping[str, str]) -> Overridden:
    """The configuration with the fields that `texts` names (a.b -> text) set.

    None as text is None where that is legal, and else unsets a parameter, which then has its default. A component that
    is exchanged keeps those parameters that the new one has too; the others are dropped, with a note.
    """
    plain, problems, notes = _copy(plain), [], []
    spelled = {_spelled(path): text for path, text in texts.items()}
    # names of components first: which parameters are legal depends on them
    for path in sorted(spelled, key=lambda path: not _is_chooser(path)):
        try:
            _set(plain, path, spelled[path], set(spelled), notes)
        except ValueError as error:
            problems.append((path, str(error)))
    order = list(spelled)
    return Overridden(plain, sorted(problems, key=lambda problem: order.index(problem[0])), notes)


def _copy(value):
    return {key: _copy(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value


def _kind(parts: Iterable[str]) -> Any:
    """What a path leads to: a Leaf, the class of a record, `dict[str, class]`, or None where it leads nowhere."""
    kind = Config
    for part in parts:
        if typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        else:
            kind = fields_of(kind).get(part) if dataclasses.is_dataclass(kind) else None
    return kind


def _owner(path: str) -> tuple[type | None, list[str], str]:
    """(class, the path to it, name): the record that a path leads into; class None where it leads nowhere."""
    *parents, name = path.split(".")
    cls = _kind(parents)
    return (cls, parents, name) if dataclasses.is_dataclass(cls) else (None, [], path)


def _spelled(path: str) -> str:
    """`algorithm.filter=ema` is short for `algorithm.filter.name=ema`."""
    kind = _kind(path.split("."))
    return f"{path}.{kind.chooser}" if dataclasses.is_dataclass(kind) and choices.is_choice(kind) else path


def _is_chooser(path: str) -> bool:
    cls, _, name = _owner(path)
    return cls is not None and choices.is_choice(cls) and name == cls.chooser


def _set(plain: dict, path: str, text: str, overridden: set[str], notes: list[str]) -> None:
    """Set one field in place. Raises ValueError, without the path, for what is no field or no such value."""
    cls, parents, name = _owner(path)
    kind = fields_of(cls).get(name) if cls else None
    here = plain
    for number, parent in enumerate(parents):
        value = here.setdefault(parent, {})
        if isinstance(value, str):  # a file's "filter": "ema" is short, too
            chooser = _spelled(".".join(parents[: number + 1])).removeprefix(".".join(parents[: number + 1]))
            value = here[parent] = {chooser[1:]: value} if chooser else value
        here = value
        if not isinstance(here, dict):
            return  # a value where a record belongs is reported where it is read
    if cls and kind is None and choices.is_choice(cls):
        _set_parameter(cls, here, name, path, text, plain)
    elif kind is None:
        raise ValueError(f"no such field{did_you_mean(path, leaf_paths(Config, plain))}")
    elif not isinstance(kind, Leaf):
        raise ValueError(f"{text!r} is not a record of its own; set the fields {path}.*")
    else:
        value = parse(text, kind)
        if _is_chooser(path) and value != here.get(name):
            _exchange(cls, here, value, path, overridden, notes)
        here[name] = value


def _set_parameter(cls, here: dict, name: str, path: str, text: str, plain: dict) -> None:
    """Set or unset a parameter of the component that `here` chooses. Raises ValueError as `_set` does."""
    try:
        kind = parameter_leaves(cls, chosen(cls, here)).get(name)
    except ValueError:
        return  # an unknown component is reported once, by its name
    if kind is not None and (kind.optional or text != "None"):
        here[name] = parse(text, kind)
    elif text == "None" and (kind is not None or name in here or _is_parameter(cls, name)):
        here.pop(name, None)  # and where the component takes none, there is nothing to unset
    else:
        raise ValueError(no_such_field(cls, here) + did_you_mean(path, leaf_paths(Config, plain)))


def _is_parameter(cls, name: str) -> bool:
    """Whether some component of the registry has a parameter of that name."""
    return any(name in parameter_leaves(cls, component) for component in cls.registry)


def _exchange(cls, here: dict, name: str, path: str, overridden: set[str], notes: list[str]) -> None:
    """Drop the parameters that the component of that name does not have."""
    try:
        legal = parameter_leaves(cls, name)
    except ValueError:
        return  # reported where the record is read
    parent = path.rpartition(".")[0]
    dropped = [key for key in here if key not in fields_of(cls) and key not in legal]
    for key in dropped:
        del here[key]
    if told := [key for key in dropped if f"{parent}.{key}" not in overridden]:
        notes.append(f"{path}: {name!r} has no {', '.join(told)}; dropped")


def parse(text: str, leaf: Leaf):
    """The value that a flag's text says. Raises ValueError if it is none of the leaf's type."""
    if leaf.optional and text == "None":
        return None
    if leaf.type is str:
        return text
    if leaf.type is bool:
        if text.lower() in _BOOLS:
            return _BOOLS[text.lower()]
        raise ValueError(f"{text!r} is not {an(leaf)}")
    try:
        value = float(text) if leaf.type is float else ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is not {an(leaf)}") from None
    if not isinstance(value, leaf.type) or (leaf.type is int and isinstance(value, bool)):
        raise ValueError(f"{text!r} is not {an(leaf)}")
    return value
