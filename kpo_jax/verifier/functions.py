"""From trees to exact values: powers, roots, trigonometry, logarithms and the rest, as generators of the algebra.

Two expressions in variables are equal if they are equal as real functions wherever both are defined.
"""

from fractions import Fraction
from math import acos, asin, atan, ceil, comb, factorial, floor, gcd, isfinite, lcm, pi

from kpo_jax.verifier.algebra import ONE, Algebra, Monomial, Ratio, Value, checked, factor, hashed_value, rational_power, unhashed
from kpo_jax.verifier.notation import TooComplex, Unreadable

MAX_FACTORIAL = 600
MAX_MULTIPLE = 16  # of an angle, sin 16x
_HALF = Fraction(1, 2)
_COSINES = {  # of a fraction of pi: the surds that come up, as (rational part, ((coefficient, radicand), ...))
    Fraction(1, 4): (Fraction(0), ((Fraction(1, 2), 2),)),
    Fraction(1, 6): (Fraction(0), ((Fraction(1, 2), 3),)),
    Fraction(1, 5): (Fraction(1, 4), ((Fraction(1, 4), 5),)),
    Fraction(2, 5): (Fraction(-1, 4), ((Fraction(1, 4), 5),)),
    Fraction(1, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(1, 4), 2))),
    Fraction(5, 12): (Fraction(0), ((Fraction(1, 4), 6), (Fraction(-1, 4), 2))),
}


class Evaluator(Algebra):
    """Values of parsed trees.

    Angles such as x and x/2 must share one base angle. `angle_units` keeps, for every angle seen, the denominators it came with; when
    a new one turns up after the angle was used, `stale` is set and the caller evaluates again with the units kept.
    """

    def __init__(self, angle_units: dict | None = None):
        super().__init__()
        self.angle_units: dict = angle_units if angle_units is not None else {}
        self.stale = False

    def value(self, node: tuple) -> Value:
        self.spend(2)
        kind = node[0]
        if kind == "num":
            return node[1]
        if kind == "sym":
            return self.single(node)
        if kind == "add":
            total = self.value(node[1][0])
            for term in node[1][1:]:
                total = self.add(total, self.value(term))
            return total
        if kind == "neg":
            return self.multiply(Fraction(-1), self.value(node[1]))
        if kind == "apply":  # a product, as far as values go
            return self.multiply(self.value(node[1]), self.value(node[2]))
        if kind == "mul":
            product = self.value(node[1][0][1])
            for sign, part in node[1][1:]:
                part = self.value(part)
                product = self.multiply(product, part if sign > 0 else self.invert(part))
            return product
        if kind == "pow":
            return self.power(self.value(node[1]), self.value(node[2]))
        if kind == "const":
            return self.constant(node[1])
        if kind == "call":
            return self.call(node[1], node[2])
        if kind == "degree":
            return self.multiply(self.value(node[1]), self.multiply(self.constant("pi"), Fraction(1, 180)))
        if kind == "percent":
            return self.multiply(self.value(node[1]), Fraction(1, 100))
        raise Unreadable(f"a {kind} inside an expression")

    def constant(self, name: str) -> Value:
        if name == "pi":
            return self.single(("pi",), positive=True)
        if name == "e":
            return self.single(("e",), positive=True)
        if name == "i":
            return self.single(("i",), period=2, base=Ratio({(): Fraction(-1)}, ONE), algebraic=True)
        raise Unreadable("infinity inside an expression")

    # ---- powers and roots

    def power(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, Fraction):
            if exponent.denominator == 1:
                return self.integer_power(base, exponent.numerator)
            return self.rational_root(base, exponent)
        if isinstance(base, Fraction) and base == 1:
            return base
        if exponent.den != ONE:  # one opaque exponent
            c, inner = self.primitive(exponent)
            product = Fraction(1)
            for logarithm, weight in self.logarithms(base):
                argument = inner if logarithm is None else self.multiply(inner, logarithm)
                key = ("exp", hashed_value(argument))
                product = self.multiply(product, self.single(key, c * weight, positive=True))
            return product
        rest = dict(exponent.num)
        result = self.power(base, rest.pop((), Fraction(0)))
        for logarithm, weight in self.logarithms(base):
            for monomial, coefficient in rest.items():
                result = self.multiply(result, self.exponential(logarithm, monomial, coefficient * weight))
        return result

    def logarithms(self, base: Value) -> list[tuple[Value | None, Fraction]]:
        """ln(base) as a sum of (logarithm, weight); None is the logarithm of e."""
        if isinstance(base, Fraction):
            if not base:
                raise Unreadable("a symbolic power of zero")
            if base < 0:
                return [(self.log_atom(Fraction(-1)), Fraction(1)), *self.logarithms(-base)]
            return [(self.log_atom(Fraction(p)), Fraction(k)) for p, k in factored(base)]
        if base.den == ONE and len(base.num) == 1:
            ((monomial, coefficient),) = base.num.items()
            parts = self.logarithms(coefficient)
            for index, exponent in monomial:
                key = self.generators[index].key
                if key[0] == "i":
                    raise Unreadable("a symbolic power of a complex number")
                if key[0] == "exp":
                    parts.append((unhashed(key[1]), Fraction(exponent)))
                elif key[0] == "e":
                    parts.append((None, Fraction(exponent)))
                elif key[0] == "prime":
                    parts.append((self.log_atom(Fraction(key[1])), Fraction(exponent)))
                else:
                    parts.append((self.log_atom(self.single_ratio(index)), Fraction(exponent)))
            return parts
        c, primitive = self.primitive(self.lift(base))
        return [*self.logarithms(c), (self.log_atom(primitive), Fraction(1))]

    def log_atom(self, a: Value) -> Value:
        return self.single(("log", hashed_value(a)))

    def exponential(self, logarithm: Value | None, monomial: Monomial, coefficient: Fraction) -> Value:
        """exp(coefficient * monomial * logarithm), with logarithm None for 1; a power of i in the monomial turns it into cos + i sin."""
        product = Ratio({monomial: Fraction(1)}, ONE)
        if logarithm is not None:
            product = self.lift(self.multiply(product, logarithm))
        imaginary = self.ids.get(("i",))
        ((joined, scale),) = product.num.items()
        exponents = dict(joined)
        if exponents.pop(imaginary, 0):
            angle = self.multiply(coefficient * scale, self.ratio({tuple(sorted(exponents.items())): Fraction(1)}, ONE))
            sine, cosine = self.sine_cosine(angle)
            return self.add(cosine, self.multiply(self.constant("i"), sine))
        logs = [(index, power) for index, power in joined if self.generators[index].key[0] == "log" and power == 1]
        if len(logs) == 1 and len(joined) == 1:  # exp(c ln a) = a**c
            argument = self.generators[logs[0][0]].key[1]
            if argument == -1:
                raise Unreadable("a root of a power of -1")
            return self.power(unhashed(argument), coefficient * scale)
        key = ("exp", hashed_value(self.ratio({joined: Fraction(1)}, ONE)))
        return self.single(key, coefficient * scale, positive=True)

    def rational_root(self, base: Value, exponent: Fraction) -> Value:
        if self.is_zero(base):
            if exponent <= 0:
                raise Unreadable("zero to a power that is not positive")
            return Fraction(0)
        if isinstance(base, Fraction):
            return self.root_of_rational(base, exponent)
        if base.den == ONE and len(base.num) == 1:
            split = self.root_of_monomial(base, exponent)
            if split is not None:
                return split
        return self.root_of_sum(base, exponent)

    def root_of_rational(self, base: Fraction, exponent: Fraction) -> Value:
        """Roots of primes; of a negative number the real root if the index is odd, else the principal one."""
        sign: Value = Fraction(1)
        if base < 0:
            if exponent.denominator % 2:
                sign = Fraction(-1) ** (exponent.numerator % 2)
            else:
                sine, cosine = self.sine_cosine(self.multiply(exponent, self.constant("pi")))
                sign = self.add(cosine, self.multiply(self.constant("i"), sine))
        result: Value = Fraction(1)
        for p, k in factored(abs(base)):
            whole = (k * exponent).__floor__()
            result = self.multiply(result, rational_power(Fraction(p), whole))
            if k * exponent != whole:
                result = self.multiply(result, self.prime_root(p, k * exponent - whole))
        return self.multiply(sign, result)

    def prime_root(self, p: int, exponent: Fraction) -> Value:
        return self.single(
            ("prime", p), exponent, period=1, base=Ratio({(): Fraction(p)}, ONE), positive=True, algebraic=True
        )

    def root_of_monomial(self, base: Ratio, exponent: Fraction) -> Value | None:
        """(c x**a) ** exponent, where it splits: c > 0 or an odd root, generators of positive numbers, and at most one variable."""
        ((monomial, coefficient),) = base.num.items()
        if coefficient < 0 and exponent.denominator % 2 == 0:
            return None
        signed = [(index, power) for index, power in monomial if not self.generators[index].positive]
        if len(signed) > 1 or (signed and self.generators[signed[0][0]].key[0] == "i"):
            return None
        result = self.root_of_rational(coefficient, exponent)
        for index, power in monomial:
            generator = self.generators[index]
            if generator.key[0] == "prime":
                part = self.root_of_rational(Fraction(generator.key[1]), power * exponent)
            else:
                part = self.ratio({((index, power * exponent),): Fraction(1)}, ONE)
                even_inside = power.numerator % 2 == 0 and exponent.denominator % 2 == 0
                if even_inside and not generator.positive and power * exponent % 2:  # sqrt(x**2) = |x|
                    part = self.power(self.absolute(self.single_ratio(index)), power * exponent)
            result = self.multiply(result, part)
        return result

    def root_of_sum(self, base: Ratio, exponent: Fraction) -> Value:
        c, inner = self.primitive(base)
        scale = self.root_of_rational(c, exponent)
        constant = self.is_constant(inner)
        if constant and not self.has_i(inner):
            if self.sign(inner) < 0:
                inner = self.negated(inner)
                flip = self.root_of_rational(Fraction(-1), exponent)
                return self.multiply(self.multiply(scale, flip), self.root_of_sum(inner, exponent))
            if inner.den != ONE:  # (n/d)**(p/q) = (n d**(q-1))**(p/q) / d**p for positive d
                den = self.ratio(inner.den, ONE)
                num = self.ratio(inner.num, ONE)
                if self.sign(den) < 0:
                    den, num = self.multiply(Fraction(-1), den), self.multiply(Fraction(-1), num)
                num = self.multiply(num, self.integer_power(den, exponent.denominator - 1))
                top = self.rational_root(num, exponent)
                return self.multiply(scale, self.multiply(top, self.integer_power(den, -exponent.numerator)))
        elif exponent.denominator % 2 and leading(inner.num) < 0:
            scale = self.multiply(scale, Fraction(-1) ** (exponent.numerator % 2))
            inner = self.negated(inner)
        algebraic = constant and inner.den == ONE and all(
            self.generators[index].algebraic and power > 0 for monomial in inner.num for index, power in monomial
        )
        key = ("root", hashed_value(inner))
        generator = self.single(key, exponent, period=1, base=inner, positive=constant and not self.has_i(inner), algebraic=algebraic)
        return self.multiply(scale, generator)

    def absolute(self, a: Value) -> Value:
        if isinstance(a, Fraction):
            return abs(a)
        if self.has_i(a):
            return self.rational_root(self.multiply(a, self.conjugate(self.lift(a))), _HALF)
        if self.is_constant(a):
            return a if self.sign(a) >= 0 else self.multiply(Fraction(-1), a)
        c, inner = self.primitive(self.lift(a))
        if leading(inner.num) < 0:
            inner = self.negated(inner)
        key = ("abs", hashed_value(inner))
        if any(self.generators[i].key[:1] == ("sym",) and self.generators[i].key[1][0] in "zw" for m in inner.num for i, _ in m):
            return self.multiply(c, self.single(key, positive=True))  # z and w are usually complex: |z|**2 is not z**2
        return self.multiply(c, self.single(key, period=2, base=self.lift(self.multiply(inner, inner)), positive=True))

    def conjugate(self, a: Ratio) -> Value:
        """The complex conjugate; variables are real, and i must not hide inside a root or a function."""
        index = self.ids[("i",)]
        if any(self.has_i(self.single_ratio(i)) for part in a for monomial in part for i, _ in monomial if i != index):
            raise Unreadable("the absolute value of a nested complex expression")

        def flipped(poly: dict) -> dict:
            return {m: x if dict(m).get(index, 0) % 2 == 0 else -x for m, x in poly.items()}

        return self.ratio(flipped(a.num), flipped(a.den))

    def single_ratio(self, index: int) -> Ratio:
        return Ratio({((index, 1),): Fraction(1)}, ONE)

    # ---- trigonometry

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
                other = (self.cosine_of_pi(coefficient - _HALF), self.cosine_of_pi(coefficient))
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
        if turn > _HALF:
            return self.multiply(Fraction(-1), self.cosine_of_pi(1 - turn))
        known = {Fraction(0): Fraction(1), _HALF: Fraction(0), Fraction(1, 3): _HALF}.get(turn)
        if known is not None:
            return known
        if turn in _COSINES:
            total: Value
            total, surds = _COSINES[turn]
            for coefficient, radicand in surds:
                total = self.add(total, self.multiply(coefficient, self.root_of_rational(Fraction(radicand), _HALF)))
            return total
        if turn.denominator > 400:
            raise TooComplex("an angle too fine")
        return self.multiply(_HALF, self.single(("cospi", turn), positive=True, algebraic=True))

    def multiple_angle(self, coefficient: Fraction, unit: Ratio) -> tuple[Value, Value]:
        key = hashed_value(unit)
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

    # ---- functions by name

    def call(self, name: str, nodes: tuple) -> Value:
        args = [self.value(node) for node in nodes] if name != "det" else []
        if name == "det":
            if nodes[0][0] != "matrix":
                raise Unreadable("a determinant")
            return self.determinant([[self.value(cell) for cell in row] for row in nodes[0][1]])
        if name == "root":
            return self.power(args[0], self.invert(args[1]))
        if name in ("sqrt", "cbrt"):
            return self.rational_root(args[0], _HALF if name == "sqrt" else Fraction(1, 3))
        if name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            sine, cosine = self.sine_cosine(args[0])
            top = {"sin": sine, "cos": cosine, "tan": sine, "cot": cosine}.get(name, Fraction(1))
            bottom = {"tan": cosine, "cot": sine, "sec": cosine, "csc": sine}.get(name)
            return top if bottom is None else self.multiply(top, self.invert(bottom))
        if name in ("arcsin", "arccos", "arctan"):
            try:
                return self.inverse_trigonometric(name, args[0])
            except Unreadable:
                return self.single((name, hashed_value(args[0])))
        if name in ("sinh", "cosh", "tanh"):
            up, down = self.power(self.constant("e"), args[0]), self.power(self.constant("e"), self.multiply(Fraction(-1), args[0]))
            difference, total = self.add(up, down, -1), self.add(up, down)
            return self.multiply(
                {"sinh": difference, "cosh": total}.get(name, difference), self.invert(total) if name == "tanh" else _HALF
            )
        if name == "exp":
            return self.power(self.constant("e"), args[0])
        if name in ("ln", "log", "lg"):
            return self.logarithm(name, args)
        if name == "abs":
            return self.absolute(args[0])
        return self.counting(name, args)

    def logarithm(self, name: str, args: list[Value]) -> Value:
        top = self.log_sum(args[0])
        if name == "ln":
            return top
        if len(args) == 2:
            return self.multiply(top, self.invert(self.log_sum(args[1])))
        # \log without a base may mean base 10 or e: quotients and sums of logarithms hold in both, values in neither
        base = self.log_sum(Fraction(10)) if name == "lg" else self.single(("logbase",), positive=True)
        return self.multiply(top, self.invert(base))

    def log_sum(self, a: Value) -> Value:
        if self.is_constant(a) and self.sign(a) <= 0:
            raise Unreadable("the logarithm of a number that is not positive")
        total: Value = Fraction(0)
        for logarithm, weight in self.logarithms(a):
            total = self.add(total, self.multiply(weight, logarithm if logarithm is not None else Fraction(1)))
        return total

    def counting(self, name: str, args: list[Value]) -> Value:
        """floor, ceil, factorial, binomials, gcd, lcm, max and min of rational numbers, within caps; otherwise opaque."""
        if not all(isinstance(a, Fraction) for a in args):
            return self.single((name, tuple(hashed_value(a) for a in args)))
        if len(args) != {"floor": 1, "ceil": 1, "factorial": 1, "binom": 2}.get(name, max(2, len(args))):
            raise Unreadable(f"{name} of {len(args)} arguments")
        whole = all(a.denominator == 1 for a in args)
        if name in ("floor", "ceil"):
            return Fraction(floor(args[0]) if name == "floor" else ceil(args[0]))
        if name in ("max", "min"):
            return max(args) if name == "max" else min(args)
        if whole and name in ("gcd", "lcm"):
            return checked(Fraction((gcd if name == "gcd" else lcm)(*(int(a) for a in args))))
        if whole and name == "factorial" and args[0] >= 0:
            if args[0] > MAX_FACTORIAL:
                raise TooComplex("a factorial too large")
            return Fraction(factorial(int(args[0])))
        if whole and name == "binom" and args[1] >= 0 and args[0] >= 0:
            if args[0] > MAX_FACTORIAL and min(args[1], args[0] - args[1]) > 20:
                raise TooComplex("a binomial too large")
            return checked(Fraction(comb(int(args[0]), int(args[1]))))
        return self.single((name, tuple(args)))

    def determinant(self, rows: list[list[Value]]) -> Value:
        if any(len(row) != len(rows) for row in rows) or len(rows) > 4:
            raise Unreadable("a determinant")
        if len(rows) == 1:
            return rows[0][0]
        total: Value = Fraction(0)
        for column, head in enumerate(rows[0]):
            minor = self.determinant([row[:column] + row[column + 1 :] for row in rows[1:]])
            total = self.add(total, self.multiply(head, minor), (-1) ** column)
        return total

    # ---- inspection

    def is_constant(self, a: Value) -> bool:
        return isinstance(a, Fraction) or all(
            self.generators[index].key[0] not in ("sym", "abs", "logbase") and self._constant_key(index)
            for part in (a.num, a.den) for monomial in part for index, _ in monomial
        )  # fmt: skip

    def _constant_key(self, index: int) -> bool:
        generator = self.generators[index]
        kind = generator.key[0]
        if kind in ("pi", "e", "i", "prime", "cospi"):
            return True
        if kind == "root":
            return self.is_constant(generator.base)
        if kind in ("log", "exp"):
            return self.is_constant(unhashed(generator.key[1]))
        return kind in ("sin", "cos") and generator.key[2] is not None

    def has_i(self, a: Value) -> bool:
        a = self.lift(a)
        used = {index for part in a for monomial in part for index, _ in monomial}
        return any(self.generators[index].key[0] == "i" for index in self.closure(used))

    def negated(self, a: Ratio) -> Ratio:
        return Ratio({m: -x for m, x in a.num.items()}, a.den)

def leading(poly: dict) -> Fraction:
    return poly[max(poly)]


def factored(a: Fraction) -> list[tuple[int, int]]:
    """A positive rational as (prime or cofactor, exponent) pairs."""
    return [*factor(a.numerator).items(), *((p, -k) for p, k in factor(a.denominator).items())]
