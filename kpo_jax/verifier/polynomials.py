"""Polynomials over the generators of a field, in exact rationals; every cost is charged to the field's budget.

A polynomial maps monomials to nonzero rational coefficients. Generators are variables, pi, e, i, roots of primes, roots
of polynomials, sines and cosines, logarithms and powers. Some carry a relation `generator**period = base`, by which
polynomials reduce to a normal form.
"""

from fractions import Fraction
from math import gcd, lcm

from kpo_jax.verifier.arithmetic import checked, rational_power
from kpo_jax.verifier.field import ONE, Field, Monomial, Poly


def poly_add(field: Field, a: Poly, b: Poly, sign: int = 1) -> Poly:
    """a + sign b"""
    field.spend(1 + len(b) + len(a) // 16)
    total = dict(a)
    for monomial, coefficient in b.items():
        value = total.get(monomial, 0) + sign * coefficient
        if value:
            total[monomial] = checked(value)
        else:
            total.pop(monomial, None)
    return total


def poly_multiply(field: Field, a: Poly, b: Poly) -> Poly:
    """a b"""
    total: Poly = {}
    for left, x in a.items():
        field.spend(len(b) * (2 + len(left) + (x.numerator.bit_length() + x.denominator.bit_length()) // 128))
        for right, y in b.items():
            monomial, factor = join(field, left, right)
            value = total.get(monomial, 0) + x * y * factor
            if value:
                total[monomial] = checked(value)
            else:
                total.pop(monomial, None)
    return total


def join(field: Field, a: Monomial, b: Monomial) -> tuple[Monomial, Fraction | int]:
    """The product of two monomials and the rational factor that roots of primes and powers of i leave behind."""
    if not a or not b:
        return a or b, 1
    exponents = dict(a)
    for index, exponent in b:
        exponents[index] = exponents.get(index, 0) + exponent
    return tidy(field, exponents)


def tidy(field: Field, exponents: dict) -> tuple[Monomial, Fraction | int]:
    """(sorted exponents, the rational factor that whole powers of roots of primes and of i leave behind)."""
    factor: Fraction | int = 1
    for index, exponent in list(exponents.items()):
        kind = field.generators[index].key[0]
        if kind == "prime" and not 0 <= exponent < 1:
            whole = exponent.__floor__()
            factor *= rational_power(Fraction(field.generators[index].key[1]), whole)
            exponents[index] = exponent - whole
        elif kind == "i" and not 0 <= exponent < 2 and exponent.denominator == 1:
            factor *= (-1) ** int(exponent // 2 % 2)
            exponents[index] = exponent % 2
    return tuple(sorted((index, exponent) for index, exponent in exponents.items() if exponent)), factor


def poly_power(field: Field, a: Poly, exponent: int) -> Poly:
    """a**exponent; a negative exponent needs a polynomial of one term."""
    if len(a) == 1:
        ((monomial, coefficient),) = a.items()
        tidied, factor = tidy(field, {index: power * exponent for index, power in monomial})
        return {tidied: checked(rational_power(coefficient, exponent) * factor)}
    result = ONE
    for bit in bin(exponent)[2:]:
        result = poly_multiply(field, result, result)
        if bit == "1":
            result = poly_multiply(field, result, a)
    return result


def reduced(field: Field, poly: Poly, scale: bool = False) -> Poly:
    """Apply the relations, outermost generators first.

    With `scale` the result holds up to a nonzero factor, which is enough to test for zero.
    """
    present = sorted({index for monomial in poly for index, _ in monomial}, reverse=True)
    position = 0
    while position < len(present):
        index = present[position]
        position += 1
        period, base = field.generators[index].period, field.generators[index].base
        if not period or field.generators[index].key[0] in ("prime", "i"):
            continue
        powers = [dict(monomial).get(index, 0) for monomial in poly]
        low, high = min(powers, default=0), max(powers, default=0)
        shift = -(low // period) * period if low < 0 and scale else 0
        if high + shift < period:
            if shift:
                poly = poly_multiply(field, poly, {((index, Fraction(shift)),): Fraction(1)})
            continue
        if base.den != ONE and not scale:
            continue
        top = (high + shift) // period
        field.spend(len(poly) * 2)
        total: Poly = {}
        for monomial, coefficient in poly.items():
            exponents = dict(monomial)
            power = exponents.pop(index, 0) + shift
            whole = power // period if power >= 0 else 0
            if power - whole * period:
                exponents[index] = power - whole * period
            term = {tuple(sorted(exponents.items())): coefficient}
            term = poly_multiply(field, term, poly_power(field, base.num, int(whole)))
            if base.den != ONE:
                term = poly_multiply(field, term, poly_power(field, base.den, int(top - whole)))
            total = poly_add(field, total, term)
        poly = total
        present = present[:position] + sorted({i for monomial in poly for i, _ in monomial if i < index}, reverse=True)
    return poly


def without_poles(field: Field, poly: Poly) -> Poly:
    """Times the least monomial that leaves no negative exponent."""
    lowest: dict = {}
    for monomial in poly:
        for index, exponent in monomial:
            lowest[index] = min(exponent, lowest.get(index, 0))
    return poly_multiply(field, poly, {tuple(sorted((i, -x) for i, x in lowest.items() if x)): Fraction(1)})


def content(poly: Poly) -> Fraction:
    """The positive rational c such that poly / c has coprime integer coefficients."""
    top = bottom = 0
    for coefficient in poly.values():
        top = gcd(top, coefficient.numerator)
        bottom = lcm(bottom, coefficient.denominator) if bottom else coefficient.denominator
    return Fraction(top, bottom)
