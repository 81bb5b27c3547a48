"""Rigorous numbers of exact values: balls that hold them, to any precision."""

from fractions import Fraction

from kpo_jax.verifier import numeric
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.field import ONE, Field, Poly, Value
from kpo_jax.verifier.values import lift, unhashed


def poly_ball(field: Field, poly: Poly, precision: int) -> numeric.Ball:
    """A ball around a polynomial without variables. Raises Unreadable where there are variables."""
    total = numeric.Ball(0, 0, 0)
    cache: dict[int, numeric.Ball] = {}
    for monomial, coefficient in poly.items():
        term = numeric.ball(coefficient, precision)
        for index, exponent in monomial:
            if index not in cache:
                cache[index] = generator_ball(field, index, precision)
            factor = cache[index]
            if exponent.denominator > 1:
                factor = numeric.root(factor, exponent.denominator, precision)
            term = numeric.multiply(term, numeric.power(factor, exponent.numerator, precision), precision)
            field.spend(1 + precision // 512)
        total = numeric.add(total, term)
    return total


def generator_ball(field: Field, index: int, precision: int) -> numeric.Ball:
    """A ball around a generator. Raises Unreadable if it is no number."""
    kind, *data = field.generators[index].key
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
        return value_ball(field, field.generators[index].base, precision)
    if kind == "log":
        return numeric.log(value_ball(field, unhashed(data[0]), precision), precision)
    if kind in ("sin", "cos") and data[1] is not None:
        angle = value_ball(field, unhashed(data[1]), precision)
        turned = numeric.exp(numeric.Ball(-angle.im, angle.re, angle.err), precision)
        return numeric.Ball(turned.im if kind == "sin" else turned.re, 0, turned.err)
    if kind == "exp":
        return numeric.exp(value_ball(field, unhashed(data[0]), precision), precision)
    raise Unreadable("no number")


def value_ball(field: Field, a: Value, precision: int) -> numeric.Ball:
    """A ball around a value without variables."""
    a = lift(a)
    num = poly_ball(field, a.num, precision)
    if a.den == ONE:
        return num
    return numeric.multiply(num, numeric.inverse(poly_ball(field, a.den, precision), precision), precision)


def numeric_size(value: numeric.Ball) -> int:
    """A positive lower bound of the size where the ball excludes zero, else 0."""
    return max(0, max(abs(value.re), abs(value.im)) - value.err)
