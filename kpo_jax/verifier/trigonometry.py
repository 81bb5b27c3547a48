"""Sines, cosines and their inverses: multiples of pi exactly, variables by the addition formulas."""

from fractions import Fraction
from math import acos, asin, atan, isfinite, lcm, pi

from kpo_jax.verifier.algebra import Value, hashed_value
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.polynomials import ONE, Ratio
from kpo_jax.verifier.powers import HALF, Powers, leading

MAX_MULTIPLE = 16  # of an angle, sin 16x
_COSINES = {  # of a fraction of pi: the surds that come up, as (rational part, ((coefficient, radicand), ...))
    Fraction(1, 4): (Fraction(0), ((Fraction(1, 2), 2),)),
    Fraction(1, 6): (Fraction(0), ((Fraction(1, 2), 3),)),
    Fraction(1, 5): (Fraction(1, 4), ((Fraction(1, 4), 5),)),
    Fraction(2, 5): (Fraction(-1, 4), ((Fraction(1, 4), 5),)),
    Fraction(1, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(1, 4), 2))),
    Fraction(5, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(-1, 4), 2))),
}


class Trigonometry(Powers):
    """Angles such as x and x/2 must share one base angle. `angle_units` keeps, for every angle seen, the denominators it came with;
    when a new one turns up after the angle was used, `stale` is set and the caller evaluates again with the units kept.
    """

    def __init__(self, angle_units: dict):
        super().__init__()
        self.angle_units = angle_units
        self.stale = False

    def sine_cosine(self, angle: Value) -> tuple[Value, Value]:
        """(sin, cos): multiples of pi exactly, sums by the addition formulas, multiples of one base angle by repeated addition."""
        sine, cosine = Fraction(0), Fraction(1)
        if not isinstance(angle, Fraction) and angle.den != ONE:
            c, inner = self.primitive(angle)
            parts = [(c if leading(inner.num) > 0 else -c, inner if leading(inner.num) > 0 else self.negated(inner))]
        else:
            parts = [(x, Ratio({m: Fraction(1)}, ONE)) for m, x in self.lift(angle).num.items()]
        pi_monomial = self.lift(self.constant("pi")).num.keys()
        for coefficient, unit in parts:
            if unit.den == ONE and unit.num.keys() == pi_monomial:
                other = (self.cosine_of_pi(coefficient - HALF), self.cosine_of_pi(coefficient))
            else:
                other = self.multiple_angle(coefficient, unit)
            sine, cosine = (
                self.add(self.multiply(sine, other[1]), self.multiply(cosine, other[0])),
                self.add(self.multiply(cosine, other[1]), self.multiply(sine, other[0]), -1),
            )
        return sine, cosine

    def cosine_of_pi(self, turn: Fraction) -> Value:
        """cos(turn * pi), folded into the first quadrant."""
        turn = abs((turn + 1) % 2 - 1)
        if turn > HALF:
            return self.multiply(Fraction(-1), self.cosine_of_pi(1 - turn))
        known = {Fraction(0): Fraction(1), HALF: Fraction(0), Fraction(1, 3): HALF}.get(turn)
        if known is not None:
            return known
        if turn in _COSINES:
            total: Value
            total, surds = _COSINES[turn]
            for coefficient, radicand in surds:
                total = self.add(total, self.multiply(coefficient, self.root_of_rational(Fraction(radicand), HALF)))
            return total
        if turn.denominator > 400:
            raise TooComplex("an angle too fine")
        return self.multiply(HALF, self.single(("cospi", turn), positive=True, algebraic=True))

    def multiple_angle(self, coefficient: Fraction, unit: Ratio) -> tuple[Value, Value]:
        key = hashed_value(self.real(unit))
        denominator = lcm(self.angle_units.get(key, 1), coefficient.denominator)
        if self.angle_units.get(key, denominator) != denominator:
            self.stale = True
        self.angle_units[key] = denominator
        count = abs(coefficient) * denominator
        if count > MAX_MULTIPLE:
            raise TooComplex("a multiple of an angle too large")
        constant = hashed_value(self.multiply(Fraction(1, denominator), unit)) if self.is_constant(unit) else None
        sine = self.single(("sin", key, constant))
        square = self.add(Fraction(1), self.multiply(sine, sine), -1)
        cosine = self.single(("cos", key, constant), period=2, base=self.lift(square))
        step, total = (sine, cosine), (Fraction(0), Fraction(1))
        for _ in range(int(count)):
            total = (
                self.add(self.multiply(total[0], step[1]), self.multiply(total[1], step[0])),
                self.add(self.multiply(total[1], step[1]), self.multiply(total[0], step[0]), -1),
            )
        return (total[0] if coefficient > 0 else self.multiply(Fraction(-1), total[0])), total[1]

    def inverse_trigonometric(self, name: str, a: Value) -> Value:
        """A rational multiple of pi, guessed in floating point and then proved by the exact sine or cosine; else unread."""
        if self.is_zero(a):
            guess = 0.5 if name == "arccos" else 0.0
        else:
            precise = self.value_ball(a, 128)
            x = precise.re / (1 << 128)
            if abs(precise.im) > precise.err or not isfinite(x) or (name != "arctan" and abs(x) > 1.0000001):
                raise Unreadable("an inverse function outside its domain")
            x = x if name == "arctan" else max(-1.0, min(1.0, x))
            guess = {"arcsin": asin, "arccos": acos, "arctan": atan}[name](x) / pi
        turn = Fraction(guess).limit_denominator(120)
        sine, cosine = self.sine_cosine(self.multiply(turn, self.constant("pi")))
        proved = {"arcsin": (sine, a), "arccos": (cosine, a), "arctan": (sine, self.multiply(a, cosine))}[name]
        if not self.equal(*proved):
            raise Unreadable("an angle that is no simple fraction of pi")
        return self.multiply(turn, self.constant("pi"))
