"""What tells the configuration of a run from the one that it is resumed with."""

import dataclasses
from typing import Any

from kpo_jax.config.schema import Config


def difference(old: Config, new: Config) -> list[str]:
    """One line for every field that differs and is not FREE, i.e. that would change a resumed run's trajectory."""
    return list(_lines(old, new, ""))


def free_fields() -> set[str]:
    """The fields of Config itself of which nothing would change a resumed run's trajectory: those that are FREE, and
    records of such fields alone.
    """
    config, is_free = Config(), lambda field: bool(field.metadata.get("free"))
    inner = lambda value: dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    return {
        field.name
        for field in dataclasses.fields(config)
        if is_free(field) or ((own := inner(getattr(config, field.name))) and all(map(is_free, own)))
    }


def _lines(old: Any, new: Any, path: str):
    for field in dataclasses.fields(old):
        if field.metadata.get("free"):
            continue
        a, b, where = getattr(old, field.name), getattr(new, field.name), f"{path}{field.name}"
        if dataclasses.is_dataclass(a):
            yield from _lines(a, b, f"{where}.")
        elif isinstance(a, dict):
            named = path if field.name == "parameters" else f"{where}."
            yield from _mapping_lines(a, b, named)
        elif a != b:
            yield f"{where}: {a!r} -> {b!r}"


def _mapping_lines(old: dict, new: dict, path: str):
    for name in dict.fromkeys([*old, *new]):
        a, b = old.get(name), new.get(name)
        if dataclasses.is_dataclass(a) and dataclasses.is_dataclass(b):
            yield from _lines(a, b, f"{path}{name}.")
        elif a != b or (name in old) != (name in new):
            yield f"{path}{name}: {a!r} -> {b!r}"
