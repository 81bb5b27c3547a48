"""Checks of a record's fields. A problem is (field, text), which reads `field: text` behind the path of the record.

A record lists what is wrong with it and refuses all of it at once:

    def __post_init__(self):
        refuse([*positive(self, "kappa", "floor"), *one_of(self, "statistic", STATISTICS)])
"""

import math
import numbers
from collections.abc import Iterable
from typing import NamedTuple

Problem = tuple[str, str]


class Leaf(NamedTuple):
    """What a field or parameter may hold: a value of this type, or None where it is optional."""

    type: type
    optional: bool


class Illegal(ValueError):
    """What is wrong with the fields of a record, all of it: `problems`."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise Illegal if there is a problem."""
    if problems := list(problems):
        raise Illegal(problems)


def typed(value, leaf: Leaf):
    """The value as the field has it. Raises ValueError, without the path, if it is of another type."""
    if value is None and leaf.optional:
        return None
    if leaf.type is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if leaf.type is tuple and isinstance(value, list):  # JSON has lists alone
        return tuple(value)
    if not isinstance(value, leaf.type) or (leaf.type is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is a {type(value).__name__}, not {an(leaf)}")
    return value


def an(leaf: Leaf) -> str:
    """The type of a leaf, with its article."""
    article = "an" if leaf.type is int else "a"
    return f"{article} {leaf.type.__name__}{' or None' if leaf.optional else ''}"


def is_number(value) -> bool:
    """Whether it is a real number, neither a bool nor NaN; inf is one."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value


def is_whole(value) -> bool:
    """Whether it is an int and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def unless(good: bool, name: str, text: str) -> list[Problem]:
    """The problem, unless all is good."""
    return [] if good else [(name, text)]


def one_of(owner, name: str, legal: Iterable[str]) -> list[Problem]:
    """The named field must be one of the texts."""
    value, legal = getattr(owner, name), list(legal)
    return unless(value in legal, name, f"{value!r} is not one of {', '.join(filter(None, legal))}")


def whole(owner, least: int, *names: str) -> list[Problem]:
    """The named fields must be whole numbers from `least`."""
    good = lambda value: is_whole(value) and value >= least
    return _each(owner, names, good, f"a whole number >= {least}")


def of_32_bits(owner, *names: str) -> list[Problem]:
    """The named fields must be whole numbers of 32 bits: of larger ones jax's keys take the last 32."""
    good = lambda value: is_whole(value) and 0 <= value < 2**32
    return _each(owner, names, good, "a whole number from 0 to 2**32 - 1")


def positive(owner, *names: str) -> list[Problem]:
    """The named fields must be finite numbers > 0."""
    return _each(owner, names, lambda value: is_number(value) and 0 < value < math.inf, "a finite number > 0")


def not_negative(owner, *names: str) -> list[Problem]:
    """The named fields must be finite numbers >= 0."""
    return _each(owner, names, lambda value: is_number(value) and 0 <= value < math.inf, "a finite number >= 0")


def above_zero(owner, *names: str) -> list[Problem]:
    """The named fields must be numbers > 0; inf is one."""
    return _each(owner, names, lambda value: is_number(value) and value > 0, "a number > 0 (inf allowed)")


def from_zero(owner, *names: str) -> list[Problem]:
    """The named fields must be numbers >= 0; inf is one."""
    return _each(owner, names, lambda value: is_number(value) and value >= 0, "a number >= 0 (inf allowed)")


def between(owner, low: float, high: float, *names: str) -> list[Problem]:
    """The named fields must be numbers in [low, high]."""
    return _each(
        owner, names, lambda value: is_number(value) and low <= value <= high, f"a number in [{low:g}, {high:g}]"
    )


def share(owner, *names: str) -> list[Problem]:
    """The named fields must be numbers in (0, 1]."""
    return _each(owner, names, lambda value: is_number(value) and 0 < value <= 1, "a number in (0, 1]")


def below_one(owner, *names: str) -> list[Problem]:
    """The named fields must be numbers in [0, 1), and not rounded to 1 in float32."""
    return _each(owner, names, lambda value: is_number(value) and 0 <= value < 1 - 2**-25, "a number in [0, 1)")


def _each(owner, names, good, wanted: str) -> list[Problem]:
    values = {name: getattr(owner, name) for name in names}
    return [(name, f"{value!r} is not {wanted}") for name, value in values.items() if not good(value)]
