"""The record that the exact values of one comparison share: its generators, its budget and its base angles."""

from fractions import Fraction
from typing import NamedTuple

from kpo_jax.verifier.errors import TooComplex

BUDGET = 100_000  # steps per comparison, each some microseconds at most

Monomial = tuple  # of (generator id, exponent), sorted; exponents are integers or fractions of either sign
Poly = dict  # Monomial -> Fraction, none of them zero
ONE: Poly = {(): Fraction(1)}


class Ratio(NamedTuple):
    """A quotient of two polynomials."""

    num: Poly
    den: Poly


Value = Fraction | Ratio


class Generator(NamedTuple):
    """A number or function that polynomials are made of.

    key: what it is, as (kind, ...). The kinds are sym, pi, e, i, prime, root, abs, cospi, sin, cos, log, logbase, exp,
      and the names of functions that stay opaque.
    period, base: the relation generator**period = base; a period of 0 means that there is none.
    positive: whether it stands for a positive real number.
    algebraic: whether it is an algebraic integer, whose degree `degree_bound` counts.
    """

    key: tuple
    period: int = 0
    base: Ratio | None = None
    positive: bool = False
    algebraic: bool = False


class Field:
    """The generators and the budget of one comparison. Values of different fields must not meet.

    Attributes:
      generators, ids: every generator by its id, and the id by its key.
      budget: steps that are left.
      angle_units: for every base angle the common denominator of the multiples of it that were seen (`trigonometry`).
      stale: whether one of these denominators grew after it was used, so that the values must be computed again.
    """

    def __init__(self, angle_units: dict[tuple, int] | None = None, budget: int = BUDGET):
        self.generators: list[Generator] = []
        self.ids: dict[tuple, int] = {}
        self.budget = budget
        self.angle_units: dict[tuple, int] = {} if angle_units is None else angle_units
        self.stale = False

    def spend(self, steps: int) -> None:
        """Charge some steps. Raises TooComplex when none are left."""
        self.budget -= steps
        if self.budget < 0:
            raise TooComplex("too much work")

    def generator(self, key: tuple, **fields) -> int:
        """The id of the generator with this key; a new one gets the other fields of `Generator`."""
        index = self.ids.get(key)
        if index is None:
            index = self.ids[key] = len(self.generators)
            self.generators.append(Generator(key, **fields))
        return index
