"""Polynomials over generators in exact rationals, every cost charged to a budget.

A polynomial maps monomials to nonzero rational coefficients; a monomial is a sorted tuple of (generator id, exponent), exponents being
integers or fractions of either sign. Generators are variables, pi, e, i, roots of primes, roots of polynomials, sines and cosines,
logarithms and powers. Some carry a relation `generator**period = base`, by which polynomials reduce to a normal form.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from kpo_jax.verifier import numeric
from kpo_jax.verifier.errors import TooComplex

MAX_BITS = 12_000  # of any integer
BUDGET = 100_000  # steps per comparison, each some microseconds at most
SMALL_PRIMES = [p for p in range(2, 1000) if all(p % d for d in range(2, int(p**0.5) + 1))]

Monomial = tuple  # of (generator id, exponent)
Poly = dict  # Monomial -> Fraction
ONE: Poly = {(): Fraction(1)}


class Ratio(NamedTuple):
    num: Poly
    den: Poly


@dataclass
class Generator:
    """key: what it is; period, base: generator**period = base, period 0 for none; positive: stands for a positive real.

    algebraic: whether it is an algebraic integer (its degree is counted in `degree_bound`).
    """

    key: tuple
    period: int = 0
    base: Ratio | None = None
    positive: bool = False
    algebraic: bool = False


class Polynomials:
    """One comparison's generators and budget. Polynomials of different instances must not meet."""

    def __init__(self, budget: int = BUDGET):
        self.generators: list[Generator] = []
        self.ids: dict[tuple, int] = {}
        self.budget = budget

    def spend(self, steps: int) -> None:
        self.budget -= steps
        if self.budget < 0:
            raise TooComplex("too much work")

    def generator(self, key: tuple, **fields) -> int:
        index = self.ids.get(key)
        if index is None:
            index = self.ids[key] = len(self.generators)
            self.generators.append(Generator(key, **fields))
        return index

    def poly_add(self, a: Poly, b: Poly, sign: int = 1) -> Poly:
        self.spend(1 + len(b) + len(a) // 16)
        total = dict(a)
        for monomial, coefficient in b.items():
            value = total.get(monomial, 0) + sign * coefficient
            if value:
                total[monomial] = checked(value)
            else:
                total.pop(monomial, None)
        return total

    def poly_multiply(self, a: Poly, b: Poly) -> Poly:
        total: Poly = {}
        for left, x in a.items():
            self.spend(len(b) * (2 + len(left) + (x.numerator.bit_length() + x.denominator.bit_length()) // 128))
            for right, y in b.items():
                monomial, factor = self.join(left, right)
                value = total.get(monomial, 0) + x * y * factor
                if value:
                    total[monomial] = checked(value)
                else:
                    total.pop(monomial, None)
        return total

    def join(self, a: Monomial, b: Monomial) -> tuple[Monomial, Fraction | int]:
        """The product of two monomials and the rational factor that roots of primes and powers of i leave behind."""
        if not a or not b:
            return a or b, 1
        exponents = dict(a)
        for index, exponent in b:
            exponents[index] = exponents.get(index, 0) + exponent
        return self.tidy(exponents)

    def tidy(self, exponents: dict) -> tuple[Monomial, Fraction | int]:
        factor: Fraction | int = 1
        for index, exponent in list(exponents.items()):
            kind = self.generators[index].key[0]
            if kind == "prime" and not 0 <= exponent < 1:
                whole = exponent.__floor__()
                factor *= rational_power(Fraction(self.generators[index].key[1]), whole)
                exponents[index] = exponent - whole
            elif kind == "i" and not 0 <= exponent < 2 and exponent.denominator == 1:
                factor *= (-1) ** int(exponent // 2 % 2)
                exponents[index] = exponent % 2
        return tuple(sorted((index, exponent) for index, exponent in exponents.items() if exponent)), factor

    def poly_power(self, a: Poly, exponent: int) -> Poly:
        if len(a) == 1:
            ((monomial, coefficient),) = a.items()
            tidied, factor = self.tidy({index: power * exponent for index, power in monomial})
            return {tidied: checked(rational_power(coefficient, exponent) * factor)}
        result = ONE
        for bit in bin(exponent)[2:]:
            result = self.poly_multiply(result, result)
            if bit == "1":
                result = self.poly_multiply(result, a)
        return result

    def reduce(self, poly: Poly, scale: bool = False) -> Poly:
        """Apply the relations, outermost generators first. With `scale`, up to a nonzero factor (enough to test for zero)."""
        present = sorted({index for monomial in poly for index, _ in monomial}, reverse=True)
        position = 0
        while position < len(present):
            index = present[position]
            position += 1
            period, base = self.generators[index].period, self.generators[index].base
            if not period or self.generators[index].key[0] in ("prime", "i"):
                continue
            powers = [dict(monomial).get(index, 0) for monomial in poly]
            low, high = min(powers, default=0), max(powers, default=0)
            shift = -(low // period) * period if low < 0 and scale else 0
            if high + shift < period:
                if shift:
                    poly = self.poly_multiply(poly, {((index, Fraction(shift)),): Fraction(1)})
                continue
            if base.den != ONE and not scale:
                continue
            top = (high + shift) // period
            self.spend(len(poly) * 2)
            total: Poly = {}
            for monomial, coefficient in poly.items():
                exponents = dict(monomial)
                power = exponents.pop(index, 0) + shift
                whole = power // period if power >= 0 else 0
                if power - whole * period:
                    exponents[index] = power - whole * period
                term = {tuple(sorted(exponents.items())): coefficient}
                term = self.poly_multiply(term, self.poly_power(base.num, int(whole)))
                if base.den != ONE:
                    term = self.poly_multiply(term, self.poly_power(base.den, int(top - whole)))
                total = self.poly_add(total, term)
            poly = total
            present = present[:position] + sorted(
                {i for monomial in poly for i, _ in monomial if i < index}, reverse=True
            )
        return poly

    def without_poles(self, poly: Poly) -> Poly:
        """Times the least monomial that leaves no negative exponent."""
        lowest: dict = {}
        for monomial in poly:
            for index, exponent in monomial:
                lowest[index] = min(exponent, lowest.get(index, 0))
        return self.poly_multiply(poly, {tuple(sorted((i, -x) for i, x in lowest.items() if x)): Fraction(1)})

    def content(self, poly: Poly) -> Fraction:
        """The positive rational c such that poly / c has coprime integer coefficients."""
        top = bottom = 0
        for coefficient in poly.values():
            top = gcd(top, coefficient.numerator)
            bottom = lcm(bottom, coefficient.denominator) if bottom else coefficient.denominator
        return Fraction(top, bottom)


def checked(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise TooComplex("too many digits")
    return value


def rational_power(base: Fraction, exponent: int) -> Fraction:
    size = max(base.numerator.bit_length() - 1, base.denominator.bit_length() - 1)
    if abs(exponent) * size > MAX_BITS:
        raise TooComplex("a power with too many digits")
    return Fraction(base) ** int(exponent)


def totient(n: int) -> int:
    result = n
    for p in factor(n):
        result -= result // p
    return result


def factor(n: int) -> dict[int, int]:
    """n as small primes and a cofactor without small prime factors, which is split if it is a perfect power."""
    found: dict[int, int] = {}
    for p in SMALL_PRIMES:
        if p * p > n:
            break
        while n % p == 0:
            n //= p
            found[p] = found.get(p, 0) + 1
    if n > 1:
        for degree in range(n.bit_length() // 9 if n.bit_length() < 512 else 3, 1, -1):
            candidate = numeric.integer_root(n, degree)
            if candidate**degree == n:
                found[candidate] = found.get(candidate, 0) + degree
                return found
        found[n] = found.get(n, 0) + 1
    return found
