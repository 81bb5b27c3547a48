"""Powers, roots, logarithms and absolute values of exact values."""

from fractions import Fraction

from kpo_jax.verifier.algebra import Algebra, Value, hashed_value, unhashed
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.polynomials import ONE, Monomial, Ratio, factor, rational_power

HALF = Fraction(1, 2)


class Powers(Algebra):
    """Needs `sine_cosine` of its subclass, for powers of -1 and exp of imaginary numbers."""

    def constant(self, name: str) -> Value:
        if name == "pi":
            return self.single(("pi",), positive=True)
        if name == "e":
            return self.single(("e",), positive=True)
        if name == "i":
            return self.single(("i",), period=2, base=Ratio({(): Fraction(-1)}, ONE), algebraic=True)
        raise Unreadable("infinity inside an expression")

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
                argument = self.real(inner) if logarithm is None else self.multiply(self.real(inner), logarithm)
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
        return self.single(("log", hashed_value(self.real(a))))

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
        elif exponent.denominator % 2 and leading(inner.num) < 0 and not self.has_i(inner):
            scale = self.multiply(scale, Fraction(-1) ** (exponent.numerator % 2))
            inner = self.negated(inner)
        algebraic = (
            constant
            and inner.den == ONE
            and all(
                self.generators[index].algebraic and power > 0 for monomial in inner.num for index, power in monomial
            )
        )
        key = ("root", hashed_value(inner))
        generator = self.single(
            key, exponent, period=1, base=inner, positive=constant and not self.has_i(inner), algebraic=algebraic
        )
        return self.multiply(scale, generator)

    def absolute(self, a: Value) -> Value:
        if isinstance(a, Fraction):
            return abs(a)
        if self.has_i(a):
            return self.rational_root(self.multiply(a, self.conjugate(self.lift(a))), HALF)
        if self.is_constant(a):
            return a if self.sign(a) >= 0 else self.multiply(Fraction(-1), a)
        c, inner = self.primitive(self.lift(a))
        if leading(inner.num) < 0:
            inner = self.negated(inner)
        key = ("abs", hashed_value(inner))
        if any(
            self.generators[i].key[:1] == ("sym",) and self.generators[i].key[1][0] in "zw"
            for m in inner.num
            for i, _ in m
        ):
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

    def log_sum(self, a: Value) -> Value:
        if self.is_constant(a) and self.sign(a) <= 0:
            raise Unreadable("the logarithm of a number that is not positive")
        total: Value = Fraction(0)
        for logarithm, weight in self.logarithms(a):
            total = self.add(total, self.multiply(weight, logarithm if logarithm is not None else Fraction(1)))
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

    def real(self, a: Value) -> Value:
        """The argument of a function that is kept as it stands: it must not be complex, as nobody looks inside again."""
        if self.has_i(a):
            raise Unreadable("a function of a complex number")
        return a

    def negated(self, a: Ratio) -> Ratio:
        return Ratio({m: -x for m, x in a.num.items()}, a.den)


def leading(poly: dict) -> Fraction:
    return poly[max(poly)]


def factored(a: Fraction) -> list[tuple[int, int]]:
    """A positive rational as (prime or cofactor, exponent) pairs."""
    return [*factor(a.numerator).items(), *((p, -k) for p, k in factor(a.denominator).items())]
