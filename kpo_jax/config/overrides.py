"""A configuration file and the flags that change it: `--config=FILE.py[:argument] --config.a.b=value ...`."""

import ast
import importlib.util
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from kpo_jax import choices, packaged
from kpo_jax.checks import Problem
from kpo_jax.config.plain import Leaf, an, fields_of, leaf_paths, parameter_leaves, to_dict
from kpo_jax.config.schema import Config
from kpo_jax.config.suggest import did_you_mean

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
    path, _, argument = spec.partition(":")
    found = _find(path)
    module_spec = importlib.util.spec_from_file_location("kpo_jax_configuration_file", found)
    if module_spec is None:
        raise ValueError(f"--config: {path} is not a Python file; a configuration is one, with a function get_config()")
    module = importlib.util.module_from_spec(module_spec)
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
    near = sorted(f for f in os.listdir(os.path.dirname(path) or ".") if f.endswith(".py")) if _is_folder(path) else []
    there = f"; there are {', '.join(near)} in {os.path.dirname(path) or '.'}" if near else ""
    own = ", ".join(sorted(f.removesuffix(".py") for f in os.listdir(folder) if f.endswith(".py")))
    raise ValueError(f"--config: no file {path}{there}; built in are {own}")


def _is_folder(path: str) -> bool:
    return os.path.isdir(os.path.dirname(path) or ".")


def override(plain: dict[str, Any], texts: Mapping[str, str]) -> Overridden:
    """The configuration with the fields that `texts` names (a.b -> text) set; None as text unsets a parameter.

    A component that is exchanged keeps those parameters that the new one has too; the others are dropped, with a note.
    """
    plain, problems, notes = _copy(plain), [], []
    spelled = {_spelled(plain, path): text for path, text in texts.items()}
    # names of components first: which parameters are legal depends on them
    for path, text in sorted(spelled.items(), key=lambda item: not _is_chooser(plain, item[0])):
        try:
            _set(plain, path, text, set(spelled), notes)
        except ValueError as error:
            problems.append((path, str(error)))
    order = list(spelled)
    return Overridden(plain, sorted(problems, key=lambda problem: order.index(problem[0])), notes)


def _copy(value):
    return {key: _copy(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value


def _walk(plain: dict, path: str):
    """(class, its dict, last part of the path): the record that a path leads into; class None where it leads
    nowhere.
    """
    cls, here, parts = Config, plain, path.split(".")
    while len(parts) > 1:
        kind = fields_of(cls).get(parts[0])
        if kind is None or isinstance(kind, Leaf):
            return None, here, path
        here = here.setdefault(parts.pop(0), {})
        if not dataclass_like(kind):
            if len(parts) == 1:
                return None, here, path
            kind, here = kind.__args__[1], here.setdefault(parts.pop(0), {})
        if not isinstance(here, dict):  # a broken configuration: reported where it is read
            return None, {}, path
        cls = kind
    return cls, here, parts[0]


def dataclass_like(kind) -> bool:
    """Whether the kind of a field is a record, rather than a mapping of names to records."""
    return isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")


def _spelled(plain: dict, path: str) -> str:
    """`algorithm.filter=ema` is short for `algorithm.filter.name=ema`."""
    cls, _, last = _walk(_copy(plain), path)
    kind = fields_of(cls).get(last) if cls else None
    return f"{path}.{kind.chooser}" if dataclass_like(kind) and choices.is_choice(kind) else path


def _is_chooser(plain: dict, path: str) -> bool:
    cls, _, last = _walk(_copy(plain), path)
    return cls is not None and choices.is_choice(cls) and last == cls.chooser


def _set(plain: dict, path: str, text: str, overridden: set[str], notes: list[str]) -> None:
    """Set one field in place. Raises ValueError, without the path, for what is no field or no such value."""
    cls, here, last = _walk(plain, path)
    if cls is None:
        raise ValueError(f"no such field{did_you_mean(path, leaf_paths(Config, plain))}")
    kind = fields_of(cls).get(last)
    is_parameter = False
    if kind is None and choices.is_choice(cls):
        name = here.get(cls.chooser, cls.__dataclass_fields__[cls.chooser].default)
        try:
            leaves = parameter_leaves(cls, name)
        except ValueError:
            return  # an unknown component is reported once, by its name
        kind, is_parameter = leaves.get(last), True
        if kind is None and text == "None":
            return  # it takes none, so there is nothing to unset
        if kind is None:
            has = f"it has {', '.join(leaves) or 'none'}"
            near = did_you_mean(path, leaf_paths(Config, plain))
            raise ValueError(f"no such field, and {name!r} has no such parameter ({has}){near}")
    if kind is None:
        raise ValueError(f"no such field{did_you_mean(path, leaf_paths(Config, plain))}")
    if not isinstance(kind, Leaf):
        raise ValueError(
            f"a record, not a value; its fields are {', '.join(fields_of(kind)) if dataclass_like(kind) else 'named'}"
        )
    if is_parameter and text == "None":
        here.pop(last, None)
        return
    value = parse(text, kind)
    if choices.is_choice(cls) and last == cls.chooser and value != here.get(last):
        _exchange(cls, here, value, path, overridden, notes)
    here[last] = value


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
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is not {an(leaf)}") from None
    if not isinstance(value, leaf.type) or (leaf.type is int and isinstance(value, bool)):
        raise ValueError(f"{text!r} is not {an(leaf)}")
    return value
