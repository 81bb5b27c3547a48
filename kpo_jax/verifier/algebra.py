"""Exact values with a decidable zero test: rational numbers, or ratios of two polynomials.

A difference is accepted as zero for one of two reasons only: its normal form is empty, or it is a polynomial in algebraic
numbers whose absolute value is proved to lie under a root-separation bound (Burnikel, Funke, Mehlhorn, Schirra and Schmitt,
"A separation bound for real algebraic expressions", Algorithmica 55, 2009): a nonzero algebraic integer of degree at most d with
all conjugates at most u in absolute value is at least u**(1-d). No tolerance is ever applied.
"""

from fractions import Fraction
from math import lcm

from kpo_jax.verifier import numeric
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.polynomials import (
    ONE,
    SMALL_PRIMES,
    Monomial,
    Poly,
    Polynomials,
    Ratio,
    checked,
    rational_power,
    totient,
)

Value = Fraction | Ratio


class Algebra(Polynomials):
    """Arithmetic, the zero test and rigorous numbers of values."""

    def single(self, key: tuple, exponent: Fraction | int = 1, **fields) -> Value:
        return self.ratio({((self.generator(key, **fields), Fraction(exponent)),): Fraction(1)}, ONE)

    def ratio(self, num: Poly, den: Poly) -> Value:
        if not num:
            return Fraction(0)
        if len(den) == 1 and den != ONE:
            num = self.poly_multiply(num, self.poly_power(den, -1))
            den = ONE
        if den is ONE or den == ONE:
            den = ONE
            if len(num) == 1 and () in num:
                return num[()]
        return Ratio(num, den)

    @staticmethod
    def lift(a: Value) -> Ratio:
        return a if isinstance(a, Ratio) else Ratio({(): a} if a else {}, ONE)

    def add(self, a: Value, b: Value, sign: int = 1) -> Value:
        self.spend(1)
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return checked(a + sign * b)
        a, b = self.lift(a), self.lift(b)
        if a.den == b.den:
            return self.ratio(self.poly_add(a.num, b.num, sign), a.den)
        num = self.poly_add(self.poly_multiply(a.num, b.den), self.poly_multiply(b.num, a.den), sign)
        return self.ratio(num, self.poly_multiply(a.den, b.den))

    def multiply(self, a: Value, b: Value) -> Value:
        self.spend(1)
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return checked(a * b)
        a, b = self.lift(a), self.lift(b)
        if a.num == b.den:
            return self.ratio(b.num, a.den)
        if b.num == a.den:
            return self.ratio(a.num, b.den)
        return self.ratio(self.poly_multiply(a.num, b.num), self.poly_multiply(a.den, b.den))

    def invert(self, a: Value) -> Value:
        if self.is_zero(a):
            raise Unreadable("division by zero")
        if isinstance(a, Fraction):
            return 1 / a
        return self.ratio(a.den, a.num)

    def integer_power(self, a: Value, exponent: int) -> Value:
        if isinstance(a, Fraction):
            if not a and exponent <= 0:
                raise Unreadable("zero to a power that is not positive")
            return rational_power(a, exponent)
        if exponent < 0:
            a, exponent = self.invert(a), -exponent
        if not exponent:
            return Fraction(1)
        a = self.lift(a)
        return self.ratio(self.poly_power(a.num, exponent), self.poly_power(a.den, exponent))

    def primitive(self, a: Ratio) -> tuple[Fraction, Ratio]:
        """(c, b) with a = c b, c positive rational, b of coprime integer coefficients above and below."""
        num, den = self.reduce(a.num), self.reduce(a.den)
        c, d = self.content(num), self.content(den)
        return c / d, Ratio({m: x / c for m, x in num.items()}, {m: x / d for m, x in den.items()} if den != ONE else ONE)

    # ---- the zero test

    def equal(self, a: Value, b: Value) -> bool:
        return self.is_zero(self.add(a, b, -1))

    def is_zero(self, a: Value) -> bool:
        if isinstance(a, Fraction):
            return not a
        poly = self.reduce(self.without_poles(a.num), scale=True)
        groups: dict[Monomial, Poly] = {}
        for monomial, coefficient in poly.items():
            free = tuple(pair for pair in monomial if not self.generators[pair[0]].algebraic)
            bound = tuple(pair for pair in monomial if self.generators[pair[0]].algebraic)
            groups.setdefault(free, {})[bound] = coefficient
        return all(self.algebraic_zero(group) for group in groups.values())

    def algebraic_zero(self, poly: Poly) -> bool:
        """Whether a nonempty polynomial in algebraic generators, in normal form, is the number zero."""
        used = {index for monomial in poly for index, _ in monomial}
        keys = [self.generators[index].key for index in used]
        if len(poly) == 1 or all(key[0] == "i" or (key[0] == "prime" and key[1] < SMALL_PRIMES[-1] ** 2) for key in keys):
            return False  # roots of distinct primes are linearly independent (Besicovitch 1940)
        c = self.content(poly)
        poly = {monomial: coefficient / c for monomial, coefficient in poly.items()}
        if numeric_size(self.evaluate(poly, 96)) > 0:
            return False
        degree = self.degree_bound(used, poly)
        bound = sum(abs(coefficient) * self.conjugate_bound(monomial) for monomial, coefficient in poly.items())
        bits = int(bound).bit_length()
        precision = (degree + 2) * bits + 64
        if precision > numeric.MAX_PRECISION:
            raise TooComplex("roots too deep to decide")
        self.spend(precision)
        value = self.evaluate(poly, precision)
        if numeric_size(value) > 0:
            return False
        if value.size() >= 1 << precision - (degree - 1) * bits:
            raise TooComplex("a number the precision does not resolve")
        return True  # its absolute value is under bound ** (1 - degree)

    def closure(self, used: set[int]) -> set[int]:
        """The generators used, and those their bases use, and so on."""
        found, pending = set(used), list(used)
        while pending:
            base = self.generators[pending.pop()].base
            for index in {i for part in (base or ()) for monomial in part for i, _ in monomial} - found:
                found.add(index)
                pending.append(index)
        return found

    def degree_bound(self, used: set[int], poly: Poly) -> int:
        """A bound on the degree of the field the generators span: roots multiply it by their index, cosines lie in one cyclotomic field."""
        used = self.closure(used)
        polys = [poly, *(part for index in used if self.generators[index].base for part in self.generators[index].base)]
        degree = order = 1
        for index in used:
            kind, *data = self.generators[index].key
            if kind == "cospi":
                order = lcm(order, 2 * data[0].denominator)
            else:
                roots = [exponent.denominator for p in polys for monomial in p for i, exponent in monomial if i == index]
                degree *= lcm(*roots) * self.generators[index].period
        return degree * max(1, totient(order) // 2)

    def conjugate_bound(self, monomial: Monomial) -> int:
        """An integer bound on every conjugate of a monomial of algebraic integers, with exponents that are not negative."""
        product = 1
        for index, exponent in monomial:
            generator = self.generators[index]
            size = {"i": 1, "cospi": 2}.get(generator.key[0])
            if size is None:
                size = int(sum(abs(c) * self.conjugate_bound(m) for m, c in generator.base.num.items()))
                product *= numeric.integer_root(size ** exponent.numerator, exponent.denominator) + 1
            else:
                product *= size ** exponent.__ceil__()
        return product

    # ---- numbers

    def evaluate(self, poly: Poly, precision: int) -> numeric.Ball:
        """A ball around a polynomial without variables. Raises Unreadable where there are variables."""
        total = numeric.Ball(0, 0, 0)
        cache: dict[int, numeric.Ball] = {}
        for monomial, coefficient in poly.items():
            term = numeric.ball(coefficient, precision)
            for index, exponent in monomial:
                if index not in cache:
                    cache[index] = self.generator_ball(index, precision)
                factor = cache[index]
                if exponent.denominator > 1:
                    factor = numeric.root(factor, exponent.denominator, precision)
                term = numeric.multiply(term, numeric.power(factor, exponent.numerator, precision), precision)
                self.spend(1 + precision // 512)
            total = numeric.add(total, term)
        return total

    def generator_ball(self, index: int, precision: int) -> numeric.Ball:
        kind, *data = self.generators[index].key
        if kind == "prime":
            return numeric.ball(Fraction(data[0]), precision)
        if kind == "i":
            return numeric.Ball(0, 1 << precision, 0)
        if kind == "pi":
            return numeric.pi(precision)
        if kind == "e":
            return numeric.exp(numeric.Ball(1 << precision, 0, 0), precision)
        if kind == "cospi":
            turn = numeric.multiply(numeric.pi(precision), numeric.ball(data[0], precision), precision)
            cosine = numeric.exp(numeric.Ball(-turn.im, turn.re, turn.err), precision)
            return numeric.Ball(2 * cosine.re, 0, 2 * cosine.err)
        if kind == "root":
            return self.value_ball(self.generators[index].base, precision)
        if kind == "log":
            return numeric.log(self.value_ball(unhashed(data[0]), precision), precision)
        if kind in ("sin", "cos") and data[1] is not None:
            angle = self.value_ball(unhashed(data[1]), precision)
            turned = numeric.exp(numeric.Ball(-angle.im, angle.re, angle.err), precision)
            return numeric.Ball(turned.im if kind == "sin" else turned.re, 0, turned.err)
        if kind == "exp":
            return numeric.exp(self.value_ball(unhashed(data[0]), precision), precision)
        raise Unreadable("no number")

    def value_ball(self, a: Value, precision: int) -> numeric.Ball:
        a = self.lift(a)
        num = self.evaluate(a.num, precision)
        if a.den == ONE:
            return num
        return numeric.multiply(num, numeric.inverse(self.evaluate(a.den, precision), precision), precision)

    def sign(self, a: Value) -> int:
        """-1, 0 or 1 for a real constant. Raises Unreadable if it is not one, TooComplex if it stays undecided."""
        if isinstance(a, Fraction):
            return (a > 0) - (a < 0)
        if self.is_zero(a):
            return 0
        for precision in (96, 384, 1536):
            value = self.value_ball(a, precision)
            if abs(value.im) > value.err:
                raise Unreadable("not a real number")
            if abs(value.re) > value.err:
                return 1 if value.re > 0 else -1
        raise TooComplex("a sign that stays undecided")


def numeric_size(value: numeric.Ball) -> int:
    """A positive lower bound of the size where the ball excludes zero, else 0."""
    return max(0, max(abs(value.re), abs(value.im)) - value.err)


def hashed_value(a: Value) -> tuple | Fraction:
    """A value as a key of the generator table; `unhashed` is its inverse."""
    return a if isinstance(a, Fraction) else tuple(tuple(sorted(part.items())) for part in a)


def unhashed(key: tuple | Fraction) -> Value:
    if isinstance(key, Fraction):
        return key
    num, den = (dict(part) for part in key)
    return Ratio(num, ONE if den == ONE else den)
