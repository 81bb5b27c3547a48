"""Sines, cosines and their inverses: multiples of pi exactly, variables by the addition formulas.

Angles such as x and x/2 must share one base angle. A field keeps, for every angle seen, the common denominator of the
multiples it came with. When that grows after the angle was used, the field is stale, and its owner starts again with
the denominators kept.
"""

from fractions import Fraction
from math import acos, asin, atan, isfinite, lcm, pi

from kpo_jax.verifier.enclosures import value_ball
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.field import ONE, Field, Ratio, Value
from kpo_jax.verifier.roots import positive_root
from kpo_jax.verifier.values import (
    HALF,
    add,
    checked_real,
    constant,
    hashed_value,
    is_constant,
    leading,
    lift,
    multiply,
    negated,
    primitive_part,
    single,
)
from kpo_jax.verifier.zero import is_zero, same_value

MAX_MULTIPLE = 16  # of an angle, sin 16x
_COSINES = {  # of a fraction of pi: the surds that come up, as (rational part, ((coefficient, radicand), ...))
    Fraction(1, 4): (Fraction(0), ((Fraction(1, 2), 2),)),
    Fraction(1, 6): (Fraction(0), ((Fraction(1, 2), 3),)),
    Fraction(1, 5): (Fraction(1, 4), ((Fraction(1, 4), 5),)),
    Fraction(2, 5): (Fraction(-1, 4), ((Fraction(1, 4), 5),)),
    Fraction(1, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(1, 4), 2))),
    Fraction(5, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(-1, 4), 2))),
}


def sine_cosine(field: Field, angle: Value) -> tuple[Value, Value]:
    """(sin, cos): multiples of pi exactly, sums and multiples of one base angle by the addition formulas."""
    sine, cosine = Fraction(0), Fraction(1)
    if not isinstance(angle, Fraction) and angle.den != ONE:
        c, inner = primitive_part(field, angle)
        parts = [(c if leading(inner.num) > 0 else -c, inner if leading(inner.num) > 0 else negated(inner))]
    else:
        parts = [(x, Ratio({m: Fraction(1)}, ONE)) for m, x in lift(angle).num.items()]
    pi_monomial = lift(constant(field, "pi")).num.keys()
    for coefficient, unit in parts:
        if unit.den == ONE and unit.num.keys() == pi_monomial:
            other = (cosine_of_pi(field, coefficient - HALF), cosine_of_pi(field, coefficient))
        else:
            other = multiple_angle(field, coefficient, unit)
        sine, cosine = (
            add(field, multiply(field, sine, other[1]), multiply(field, cosine, other[0])),
            add(field, multiply(field, cosine, other[1]), multiply(field, sine, other[0]), -1),
        )
    return sine, cosine


def cosine_of_pi(field: Field, turn: Fraction) -> Value:
    """cos(turn * pi), folded into the first quadrant."""
    turn = abs((turn + 1) % 2 - 1)
    if turn > HALF:
        return multiply(field, Fraction(-1), cosine_of_pi(field, 1 - turn))
    known = {Fraction(0): Fraction(1), HALF: Fraction(0), Fraction(1, 3): HALF}.get(turn)
    if known is not None:
        return known
    if turn in _COSINES:
        total: Value
        total, surds = _COSINES[turn]
        for coefficient, radicand in surds:
            total = add(field, total, multiply(field, coefficient, positive_root(field, Fraction(radicand), HALF)))
        return total
    if turn.denominator > 400:
        raise TooComplex("an angle too fine")
    return multiply(field, HALF, single(field, ("cospi", turn), positive=True, algebraic=True))


def multiple_angle(field: Field, coefficient: Fraction, unit: Ratio) -> tuple[Value, Value]:
    """(sin, cos) of coefficient times an angle that is no multiple of pi."""
    key = hashed_value(checked_real(field, unit))
    denominator = lcm(field.angle_units.get(key, 1), coefficient.denominator)
    if field.angle_units.get(key, denominator) != denominator:
        field.stale = True
    field.angle_units[key] = denominator
    count = abs(coefficient) * denominator
    if count > MAX_MULTIPLE:
        raise TooComplex("a multiple of an angle too large")
    fixed = hashed_value(multiply(field, Fraction(1, denominator), unit)) if is_constant(field, unit) else None
    sine = single(field, ("sin", key, fixed))
    square = add(field, Fraction(1), multiply(field, sine, sine), -1)
    cosine = single(field, ("cos", key, fixed), period=2, base=lift(square))
    step, total = (sine, cosine), (Fraction(0), Fraction(1))
    for _ in range(int(count)):
        total = (
            add(field, multiply(field, total[0], step[1]), multiply(field, total[1], step[0])),
            add(field, multiply(field, total[1], step[1]), multiply(field, total[0], step[0]), -1),
        )
    return (total[0] if coefficient > 0 else multiply(field, Fraction(-1), total[0])), total[1]


def inverse_trigonometric(field: Field, name: str, a: Value) -> Value:
    """A rational multiple of pi, guessed in floating point and then proved by the exact sine or cosine; else unread."""
    if is_zero(field, a):
        guess = 0.5 if name == "arccos" else 0.0
    else:
        precise = value_ball(field, a, 128)
        x = precise.re / (1 << 128)
        if abs(precise.im) > precise.err or not isfinite(x) or (name != "arctan" and abs(x) > 1.0000001):
            raise Unreadable("an inverse function outside its domain")
        x = x if name == "arctan" else max(-1.0, min(1.0, x))
        guess = {"arcsin": asin, "arccos": acos, "arctan": atan}[name](x) / pi
    turn = Fraction(guess).limit_denominator(120)
    sine, cosine = sine_cosine(field, multiply(field, turn, constant(field, "pi")))
    proved = {"arcsin": (sine, a), "arccos": (cosine, a), "arctan": (sine, multiply(field, a, cosine))}[name]
    if not same_value(field, *proved):
        raise Unreadable("an angle that is no simple fraction of pi")
    return multiply(field, turn, constant(field, "pi"))
