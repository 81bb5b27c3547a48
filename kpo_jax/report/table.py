"""What the tables of a report are made of: cells are text, numbers of one row have one unit."""

import math
from typing import NamedTuple

from kpo_jax import stats


class Table(NamedTuple):
    """A caption that says what the columns are, and the cells as text."""

    caption: str
    header: list[str]
    rows: list[list[str]]


def points(value: float, low: float, high: float, sign: bool = False) -> str:
    """A share with its interval, in percent or percentage points."""
    form = "+.1f" if sign else ".1f"
    interval = f" [{100 * low:{form}}, {100 * high:{form}}]" if math.isfinite(low) else ""
    return f"{100 * value:{form}}{interval}"


def p_text(p_value: float, least: bool | None = None) -> str:
    """A p-value of sign flips, which cannot be smaller than one of the flips drawn: there it is only known to be at
    most that. `least` says so of a p-value that was made from such a one.
    """
    if least if least is not None else at_least_p(p_value):
        return f"<= {p_value:.0e}".replace("e-0", "e-")
    return f"{p_value:.2g}"


def at_least_p(p_value: float) -> bool:
    """Whether no flip of those drawn was as extreme as what was observed."""
    return p_value <= stats.LEAST_P


def number_text(value: float | None, form: str = ".3g") -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:{form}}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
