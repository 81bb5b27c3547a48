"""Components by name: of a registry, or `path/to/file.py:Name`, or `package.module:Name`; and what parameters they
take.

Only a configuration names what is imported, and a configuration file is code already: the text of models and data never
does. The source of all that was loaded is remembered (`loaded`), so that a run can keep it beside its configuration,
and what was kept can be used in place of the files (`use`), which may be gone or changed by then.
"""

import dataclasses
import functools
import hashlib
import importlib
import importlib.util
import inspect
import linecache
import os
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kpo_jax.checks import Leaf, refuse, typed

REFERENCE = re.compile(r"(?P<location>.+\.py|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
REQUIRED = dataclasses.MISSING  # the default of a parameter that has none

_SOURCES: dict[str, str] = {}  # location -> the text that was loaded, or is to be
_MODULES: dict[str, types.ModuleType] = {}


class Parameter(NamedTuple):
    """A parameter of a component: its type, whether None is legal, and its default (REQUIRED if it has none)."""

    type: type
    optional: bool
    default: Any


def build(registry: Mapping[str, Any], name: str, given: Mapping[str, Any]) -> Any:
    """The component with the given parameters: an instance of a dataclass, or a function with its keywords filled in.

    Raises ValueError for a name that is none, and for whatever making the dataclass raises; Illegal for parameters that
    it does not have, or that are missing, and for what the dataclass refuses.
    """
    component = look_up(registry, name)
    legal = parameters(component)
    has = f"{name!r} has no such parameter; it has {', '.join(legal) or 'none'}"
    missing = [key for key, about in legal.items() if about.default is REQUIRED and key not in given]
    refuse([*((key, has) for key in given if key not in legal), *((key, f"required by {name!r}") for key in missing)])
    if not isinstance(component, type):
        return functools.partial(component, **given)
    try:
        return component(**given)
    except ValueError:
        raise
    except (Exception, SystemExit) as error:  # a user's program may raise anything
        raise ValueError(f"{name!r} was not made: {type(error).__name__}: {error}") from error


def is_reference(name: str) -> bool:
    """Whether the name is one of a file or module rather than of a registry."""
    return REFERENCE.fullmatch(name) is not None


def look_up(registry: Mapping[str, Any], name: str) -> Any:
    """The component of that name. Raises ValueError, one line, if there is none or its file cannot be loaded."""
    if not isinstance(name, str):
        raise ValueError(f"{name!r} is no name")
    if name in registry:
        return registry[name]
    match = REFERENCE.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not one of {', '.join(registry)}, nor of the form file.py:Name")
    module = _module(match["location"])
    if not hasattr(module, match["name"]):
        public = [key for key, value in vars(module).items() if not key.startswith("_") and callable(value)]
        raise ValueError(f"{match['location']} has no {match['name']!r}; it has {', '.join(public) or 'nothing'}")
    return getattr(module, match["name"])


def parameters(component: Callable) -> dict[str, Parameter]:
    """The parameters that a configuration may set: the fields of a dataclass, the keyword-only arguments of a function.

    Raises ValueError if the component is neither, if a parameter is annotated with no plain type: bool, int, float,
    str, or one of them `| None`; or if its default is none of that type.
    """
    if dataclasses.is_dataclass(component) and isinstance(component, type):
        fields = [(field.name, field.default) for field in dataclasses.fields(component) if field.init]
    elif inspect.isfunction(component):
        wanted = inspect.signature(component).parameters.values()
        fields = [(p.name, REQUIRED if p.default is p.empty else p.default) for p in wanted if p.kind is p.KEYWORD_ONLY]
    else:
        raise ValueError(f"{component!r} is neither a dataclass nor a function")
    hints = _hints(component, [name for name, _ in fields])
    return {name: _parameter(component, name, hints.get(name), default) for name, default in fields}


def _hints(component: Callable, names: list[str]) -> dict[str, Any]:
    """The types of the parameters. A function's other arguments may have types that a type checker alone imports."""
    try:
        if isinstance(component, type):
            return typing.get_type_hints(component)
        own = {name: hint for name, hint in component.__annotations__.items() if name in names}
        return typing.get_type_hints(types.SimpleNamespace(__annotations__=own), inspect.unwrap(component).__globals__)
    except Exception as error:  # an annotation may be any expression
        raise ValueError(f"{component.__name__}: its annotations cannot be read: {error}") from error


def loaded() -> dict[str, str]:
    """The source text of every file and module that was loaded by reference, by its location."""
    return {location: _SOURCES[location] for location in _MODULES}


def use(sources: Mapping[str, str]) -> None:
    """Load these texts for these locations from now on, whatever the files there hold. What is loaded already stays."""
    for location, text in sources.items():
        if location not in _MODULES:
            _SOURCES[location] = text


def digest(text: str) -> str:
    """What tells two source texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(location: str) -> str | None:
    """The source text at a location as it is now; None if there is none. Nothing is executed, but packages are
    imported.
    """
    if location.endswith(".py"):
        if not os.path.isfile(location):
            return None
        with open(location, encoding="utf-8-sig") as file:  # as Python reads it, without a byte order mark
            return file.read()
    if os.getcwd() not in sys.path:  # as `python -m` has it; a console script does not
        sys.path.append(os.getcwd())
    try:
        spec = importlib.util.find_spec(location)
    except ImportError:
        return None
    return read(spec.origin) if spec is not None and spec.origin and spec.origin.endswith(".py") else None


def _module(location: str) -> types.ModuleType:
    if location in _MODULES:
        return _MODULES[location]
    try:
        now = read(location)
    except (Exception, SystemExit) as error:  # the packages that a module is in are a user's program, too
        raise ValueError(f"{location} cannot be read: {type(error).__name__}: {error}") from error
    text = _SOURCES.get(location, now)
    if text is None:
        raise ValueError(f"no file {location}" if location.endswith(".py") else f"no module {location}")
    try:
        if text == now and not location.endswith(".py"):
            module = importlib.import_module(location)
        else:
            module = _executed(location, text)
    except (Exception, SystemExit) as error:  # a user's program may raise anything
        raise ValueError(f"{location} did not load: {type(error).__name__}: {error}") from error
    _SOURCES[location], _MODULES[location] = text, module
    return module


def _executed(location: str, text: str) -> types.ModuleType:
    name = f"kpo_jax_reference_{digest(location + text)}"
    module = types.ModuleType(name)
    module.__file__ = location
    if not location.endswith(".py"):
        module.__package__ = location.rpartition(".")[0] or location  # where its relative imports begin
    linecache.cache[location] = (len(text), None, text.splitlines(keepends=True), location)  # for tracebacks
    sys.modules[name] = module  # where dataclasses look for the names of annotations
    try:
        exec(compile(text, location, "exec"), vars(module))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _parameter(component, name: str, hint, default) -> Parameter:
    optional = isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)
    inner = [h for h in typing.get_args(hint) if h is not type(None)] if optional else [hint]
    if len(inner) != 1 or inner[0] not in (bool, int, float, str):
        raise ValueError(f"{component.__name__}: parameter {name!r} is not annotated with bool, int, float or str")
    about = Parameter(inner[0], optional, default)
    if default is not REQUIRED:
        try:
            typed(default, Leaf(about.type, optional))
        except ValueError as error:
            raise ValueError(f"{component.__name__}: the default of parameter {name!r}: {error}") from None
    return about
