"""Checks of a record's fields. A problem is (field, text), which reads `field: text` behind the path of the record.

A record lists what is wrong with it and refuses all of it at once:

    def __post_init__(self):
        refuse([*positive(self, "kappa", "floor"), *one_of(self, "statistic", STATISTICS)])
"""

import math
import numbers
from collections.abc import Iterable

Problem = tuple[str, str]


class Illegal(ValueError):
    """What is wrong with the fields of a record, all of it: `problems`."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise Illegal if there is a problem."""
    if problems := list(problems):
        raise Illegal(problems)


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


def _each(owner, names, good, wanted: str) -> list[Problem]:
    values = {name: getattr(owner, name) for name in names}
    return [(name, f"{value!r} is not {wanted}") for name, value in values.items() if not good(value)]
