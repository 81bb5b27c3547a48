"""The zero test of exact values, and what rests on it: equality, signs and division.

A difference is accepted as zero for one of two reasons only: its normal form is empty, or it is a polynomial in
algebraic numbers whose absolute value is proved to lie under a root-separation bound (Burnikel, Funke, Mehlhorn,
Schirra and Schmitt, "A separation bound for real algebraic expressions", Algorithmica 55, 2009): a nonzero algebraic
integer of degree at most d with all conjugates at most u in absolute value is at least u**(1-d). No tolerance is ever
applied.
"""

from fractions import Fraction
from math import lcm

from kpo_jax.verifier.arithmetic import SMALL_PRIMES, rational_power, totient
from kpo_jax.verifier.enclosures import numeric_size, poly_ball, value_ball
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.field import Field, Monomial, Poly, Value
from kpo_jax.verifier.numeric import MAX_PRECISION, integer_root
from kpo_jax.verifier.polynomials import content, poly_power, reduced, without_poles
from kpo_jax.verifier.values import add, closure, lift, ratio


def same_value(field: Field, a: Value, b: Value) -> bool:
    """Whether a - b is proved to be zero."""
    return is_zero(field, add(field, a, b, -1))


def is_zero(field: Field, a: Value) -> bool:
    """Whether a value is proved to be zero. Raises TooComplex where that stays undecided."""
    if isinstance(a, Fraction):
        return not a
    poly = reduced(field, without_poles(field, a.num), scale=True)
    groups: dict[Monomial, Poly] = {}
    for monomial, coefficient in poly.items():
        free = tuple(pair for pair in monomial if not field.generators[pair[0]].algebraic)
        bound = tuple(pair for pair in monomial if field.generators[pair[0]].algebraic)
        groups.setdefault(free, {})[bound] = coefficient
    return all(algebraic_zero(field, group) for group in groups.values())


def sign_of(field: Field, a: Value) -> int:
    """-1, 0 or 1 for a real constant. Raises Unreadable if it is not one, TooComplex if it stays undecided."""
    if isinstance(a, Fraction):
        return (a > 0) - (a < 0)
    if is_zero(field, a):
        return 0
    for precision in (96, 384, 1536):
        value = value_ball(field, a, precision)
        if abs(value.im) > value.err:
            raise Unreadable("not a real number")
        if abs(value.re) > value.err:
            return 1 if value.re > 0 else -1
    raise TooComplex("a sign that stays undecided")


def invert(field: Field, a: Value) -> Value:
    """1 / a. Raises Unreadable for zero."""
    if is_zero(field, a):
        raise Unreadable("division by zero")
    if isinstance(a, Fraction):
        return 1 / a
    return ratio(field, a.den, a.num)


def integer_power(field: Field, a: Value, exponent: int) -> Value:
    """a**exponent for an integer exponent. Raises Unreadable for zero to a power that is not positive."""
    if isinstance(a, Fraction):
        if not a and exponent <= 0:
            raise Unreadable("zero to a power that is not positive")
        return rational_power(a, exponent)
    if exponent < 0:
        a, exponent = invert(field, a), -exponent
    if not exponent:
        return Fraction(1)
    a = lift(a)
    return ratio(field, poly_power(field, a.num, exponent), poly_power(field, a.den, exponent))


# ---- the proof


def algebraic_zero(field: Field, poly: Poly) -> bool:
    """Whether a nonempty polynomial in algebraic generators, in normal form, is the number zero."""
    used = {index for monomial in poly for index, _ in monomial}
    keys = [field.generators[index].key for index in used]
    if len(poly) == 1 or all(key[0] == "i" or (key[0] == "prime" and key[1] < SMALL_PRIMES[-1] ** 2) for key in keys):
        return False  # roots of distinct primes are linearly independent (Besicovitch 1940)
    c = content(poly)
    poly = {monomial: coefficient / c for monomial, coefficient in poly.items()}
    if numeric_size(poly_ball(field, poly, 96)) > 0:
        return False
    degree = degree_bound(field, used, poly)
    bound = sum(abs(coefficient) * conjugate_bound(field, monomial) for monomial, coefficient in poly.items())
    bits = int(bound).bit_length()
    precision = (degree + 2) * bits + 64
    if precision > MAX_PRECISION:
        raise TooComplex("roots too deep to decide")
    field.spend(precision)
    value = poly_ball(field, poly, precision)
    if numeric_size(value) > 0:
        return False
    if value.size() >= 1 << precision - (degree - 1) * bits:
        raise TooComplex("a number the precision does not resolve")
    return True  # its absolute value is under bound ** (1 - degree)


def degree_bound(field: Field, used: set[int], poly: Poly) -> int:
    """A bound on the degree of the number field that the generators span.

    Roots multiply it by their index; cosines lie in one cyclotomic field.
    """
    used = closure(field, used)
    polys = [poly, *(part for index in used if field.generators[index].base for part in field.generators[index].base)]
    degree = order = 1
    for index in used:
        kind, *data = field.generators[index].key
        if kind == "cospi":
            order = lcm(order, 2 * data[0].denominator)
        else:
            roots = [exponent.denominator for p in polys for monomial in p for i, exponent in monomial if i == index]
            degree *= lcm(*roots) * field.generators[index].period
    return degree * max(1, totient(order) // 2)


def conjugate_bound(field: Field, monomial: Monomial) -> int:
    """An integer bound on every conjugate of a monomial of algebraic integers, with exponents that are not negative."""
    product = 1
    for index, exponent in monomial:
        generator = field.generators[index]
        size = {"i": 1, "cospi": 2}.get(generator.key[0])
        if size is None:
            size = int(sum(abs(c) * conjugate_bound(field, m) for m, c in generator.base.num.items()))
            product *= integer_root(size**exponent.numerator, exponent.denominator) + 1
        else:
            product *= size ** exponent.__ceil__()
    return product
