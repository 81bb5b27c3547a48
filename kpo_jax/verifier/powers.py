"""Powers, roots, logarithms and absolute values of exact values."""

from fractions import Fraction

from kpo_jax.verifier.arithmetic import factored
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.field import ONE, Field, Monomial, Poly, Ratio, Value
from kpo_jax.verifier.polynomials import poly_multiply
from kpo_jax.verifier.roots import positive_root
from kpo_jax.verifier.trigonometry import sine_cosine
from kpo_jax.verifier.values import (
    HALF,
    add,
    checked_real,
    constant,
    has_i,
    hashed_value,
    is_constant,
    leading,
    lift,
    multiply,
    negated,
    primitive_part,
    ratio,
    single,
    single_ratio,
    unhashed,
)
from kpo_jax.verifier.zero import integer_power, invert, is_zero, sign_of


def to_power(field: Field, base: Value, exponent: Value) -> Value:
    """base**exponent. Raises Unreadable where it is not defined."""
    if isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return integer_power(field, base, exponent.numerator)
        return rational_root(field, base, exponent)
    if isinstance(base, Fraction) and base == 1:
        return base
    if exponent.den != ONE:  # one opaque exponent
        c, inner = primitive_part(field, exponent)
        product = Fraction(1)
        for logarithm, weight in logarithms(field, base):
            argument = checked_real(field, inner)
            argument = argument if logarithm is None else multiply(field, argument, logarithm)
            key = ("exp", hashed_value(argument))
            product = multiply(field, product, single(field, key, c * weight, positive=True))
        return product
    rest = dict(exponent.num)
    result = to_power(field, base, rest.pop((), Fraction(0)))
    for logarithm, weight in logarithms(field, base):
        for monomial, coefficient in rest.items():
            result = multiply(field, result, exponential(field, logarithm, monomial, coefficient * weight))
    return result


# ---- exponentials and logarithms


def logarithms(field: Field, base: Value) -> list[tuple[Value | None, Fraction]]:
    """ln(base) as a sum of (logarithm, weight); None is the logarithm of e."""
    if isinstance(base, Fraction):
        if not base:
            raise Unreadable("a symbolic power of zero")
        if base < 0:
            return [(log_atom(field, Fraction(-1)), Fraction(1)), *logarithms(field, -base)]
        return [(log_atom(field, Fraction(p)), Fraction(k)) for p, k in factored(base)]
    if base.den == ONE and len(base.num) == 1:
        ((monomial, coefficient),) = base.num.items()
        parts = logarithms(field, coefficient)
        for index, exponent in monomial:
            key = field.generators[index].key
            if key[0] == "i":
                raise Unreadable("a symbolic power of a complex number")
            if key[0] == "exp":
                parts.append((unhashed(key[1]), Fraction(exponent)))
            elif key[0] == "e":
                parts.append((None, Fraction(exponent)))
            elif key[0] == "prime":
                parts.append((log_atom(field, Fraction(key[1])), Fraction(exponent)))
            else:
                parts.append((log_atom(field, single_ratio(index)), Fraction(exponent)))
        return parts
    c, inner = primitive_part(field, lift(base))
    return [*logarithms(field, c), (log_atom(field, inner), Fraction(1))]


def log_atom(field: Field, a: Value) -> Value:
    """ln a as a generator."""
    return single(field, ("log", hashed_value(checked_real(field, a))))


def log_sum(field: Field, a: Value) -> Value:
    """ln a. Raises Unreadable for a constant that is not positive."""
    if is_constant(field, a) and sign_of(field, a) <= 0:
        raise Unreadable("the logarithm of a number that is not positive")
    total: Value = Fraction(0)
    for logarithm, weight in logarithms(field, a):
        total = add(field, total, multiply(field, weight, logarithm if logarithm is not None else Fraction(1)))
    return total


def exponential(field: Field, logarithm: Value | None, monomial: Monomial, coefficient: Fraction) -> Value:
    """exp(coefficient * monomial * logarithm), with logarithm None for 1.

    A power of i in the monomial turns it into cos + i sin.
    """
    product = Ratio({monomial: Fraction(1)}, ONE)
    if logarithm is not None:
        product = lift(multiply(field, product, logarithm))
    imaginary = field.ids.get(("i",))
    ((joined, scale),) = product.num.items()
    exponents = dict(joined)
    if exponents.pop(imaginary, 0):
        angle = multiply(field, coefficient * scale, ratio(field, {tuple(sorted(exponents.items())): Fraction(1)}, ONE))
        sine, cosine = sine_cosine(field, angle)
        return add(field, cosine, multiply(field, constant(field, "i"), sine))
    logs = [(index, power) for index, power in joined if field.generators[index].key[0] == "log" and power == 1]
    if len(logs) == 1 and len(joined) == 1:  # exp(c ln a) = a**c
        argument = field.generators[logs[0][0]].key[1]
        if argument == -1:
            raise Unreadable("a root of a power of -1")
        return to_power(field, unhashed(argument), coefficient * scale)
    key = ("exp", hashed_value(ratio(field, {joined: Fraction(1)}, ONE)))
    return single(field, key, coefficient * scale, positive=True)


# ---- roots


def rational_root(field: Field, base: Value, exponent: Fraction) -> Value:
    """base**exponent for a fraction. Raises Unreadable for zero to a power that is not positive."""
    if is_zero(field, base):
        if exponent <= 0:
            raise Unreadable("zero to a power that is not positive")
        return Fraction(0)
    if isinstance(base, Fraction):
        return root_of_rational(field, base, exponent)
    if base.den == ONE and len(base.num) == 1:
        split = root_of_monomial(field, base, exponent)
        if split is not None:
            return split
    return root_of_sum(field, base, exponent)


def root_of_rational(field: Field, base: Fraction, exponent: Fraction) -> Value:
    """Roots of primes; of a negative number the real root if the index is odd, else the principal one."""
    sign: Value = Fraction(1)
    if base < 0:
        if exponent.denominator % 2:
            sign = Fraction(-1) ** (exponent.numerator % 2)
        else:
            sine, cosine = sine_cosine(field, multiply(field, exponent, constant(field, "pi")))
            sign = add(field, cosine, multiply(field, constant(field, "i"), sine))
    return multiply(field, sign, positive_root(field, abs(base), exponent))


def root_of_monomial(field: Field, base: Ratio, exponent: Fraction) -> Value | None:
    """(c x**a) ** exponent where it splits, else None.

    It splits for c > 0 or an odd root, generators of positive numbers, and at most one variable.
    """
    ((monomial, coefficient),) = base.num.items()
    if coefficient < 0 and exponent.denominator % 2 == 0:
        return None
    signed = [(index, power) for index, power in monomial if not field.generators[index].positive]
    if len(signed) > 1 or (signed and field.generators[signed[0][0]].key[0] == "i"):
        return None
    result = root_of_rational(field, coefficient, exponent)
    for index, power in monomial:
        generator = field.generators[index]
        if generator.key[0] == "prime":
            part = root_of_rational(field, Fraction(generator.key[1]), power * exponent)
        else:
            part = ratio(field, {((index, power * exponent),): Fraction(1)}, ONE)
            even_inside = power.numerator % 2 == 0 and exponent.denominator % 2 == 0
            if even_inside and not generator.positive and power * exponent % 2:  # sqrt(x**2) = |x|
                part = to_power(field, absolute(field, single_ratio(index)), power * exponent)
        result = multiply(field, result, part)
    return result


def root_of_sum(field: Field, base: Ratio, exponent: Fraction) -> Value:
    """(c times a primitive sum) ** exponent, with the root of the sum as a generator."""
    c, inner = primitive_part(field, base)
    scale = root_of_rational(field, c, exponent)
    fixed = is_constant(field, inner)
    if fixed and not has_i(field, inner):
        if sign_of(field, inner) < 0:
            inner = negated(inner)
            flip = root_of_rational(field, Fraction(-1), exponent)
            return multiply(field, multiply(field, scale, flip), root_of_sum(field, inner, exponent))
        if inner.den != ONE:  # (n/d)**(p/q) = (n d**(q-1))**(p/q) / d**p for positive d
            den = ratio(field, inner.den, ONE)
            num = ratio(field, inner.num, ONE)
            if sign_of(field, den) < 0:
                den, num = multiply(field, Fraction(-1), den), multiply(field, Fraction(-1), num)
            num = multiply(field, num, integer_power(field, den, exponent.denominator - 1))
            top = rational_root(field, num, exponent)
            return multiply(field, scale, multiply(field, top, integer_power(field, den, -exponent.numerator)))
    elif exponent.denominator == 2 and not fixed and not has_i(field, inner):
        top, bottom = cleared(field, inner)
        if bottom != ONE:
            return multiply(field, scale, root_of_quotient(field, top, bottom, exponent))
    elif exponent.denominator % 2 and leading(inner.num) < 0 and not has_i(field, inner):
        scale = multiply(field, scale, Fraction(-1) ** (exponent.numerator % 2))
        inner = negated(inner)
    algebraic = (
        fixed
        and inner.den == ONE
        and all(field.generators[index].algebraic and power > 0 for monomial in inner.num for index, power in monomial)
    )
    key = ("root", hashed_value(inner))
    generator = single(
        field, key, exponent, period=1, base=inner, positive=fixed and not has_i(field, inner), algebraic=algebraic
    )
    return multiply(field, scale, generator)


def cleared(field: Field, a: Ratio) -> tuple[Poly, Poly]:
    """A quotient as (numerator, denominator) without negative exponents, the denominator with a positive sign."""
    lowest: dict = {}
    for part in a:
        for monomial in part:
            for index, power in monomial:
                lowest[index] = min(power, lowest.get(index, 0))
    sign = Fraction(1 if leading(a.den) > 0 else -1)
    poles = {tuple(sorted((index, -power) for index, power in lowest.items() if power)): sign}
    return poly_multiply(field, a.num, poles), poly_multiply(field, a.den, poles)


def root_of_quotient(field: Field, top: Poly, bottom: Poly, exponent: Fraction) -> Value:
    """(top / bottom)**exponent as top**exponent / bottom**exponent, for halves of integers.

    Where top and bottom are both negative, both roots are imaginary. The quotient of the roots is still right, as long
    as each of them is one root: so squares are drawn out of monomials first, with their absolute values.
    """
    root, square = drawn_out(field, top)
    root_below, square_below = drawn_out(field, bottom)
    above = multiply(field, rational_root(field, root, exponent), power_of_size(field, square, exponent.numerator))
    below = multiply(
        field, rational_root(field, root_below, exponent), power_of_size(field, square_below, exponent.numerator)
    )
    return multiply(field, above, invert(field, below))


def power_of_size(field: Field, a: Value, exponent: int) -> Value:
    """|a|**exponent"""
    return integer_power(field, absolute(field, a), exponent)


def drawn_out(field: Field, poly: Poly) -> tuple[Value, Value]:
    """(f, e) with poly = f e**2, e as large as can be for a monomial, and 1 otherwise."""
    if len(poly) > 1:
        return ratio(field, poly, ONE), Fraction(1)
    ((monomial, coefficient),) = poly.items()
    square = tuple((index, Fraction(power // 2)) for index, power in monomial if power >= 2)
    rest = tuple((index, power % 2) for index, power in monomial if power % 2)
    return ratio(field, {rest: coefficient}, ONE), ratio(field, {square: Fraction(1)}, ONE)


# ---- absolute values


def absolute(field: Field, a: Value) -> Value:
    """|a|: by its sign for a real constant, by its conjugate for a complex number, else a generator."""
    if isinstance(a, Fraction):
        return abs(a)
    if has_i(field, a):
        return rational_root(field, multiply(field, a, conjugate(field, lift(a))), HALF)
    if is_constant(field, a):
        return a if sign_of(field, a) >= 0 else multiply(field, Fraction(-1), a)
    c, inner = primitive_part(field, lift(a))
    if leading(inner.num) < 0:
        inner = negated(inner)
    key = ("abs", hashed_value(inner))
    if any(
        field.generators[i].key[:1] == ("sym",) and field.generators[i].key[1][0] in "zw"
        for m in inner.num
        for i, _ in m
    ):
        return multiply(field, c, single(field, key, positive=True))  # z and w are usually complex: |z|**2 is not z**2
    return multiply(field, c, single(field, key, period=2, base=lift(multiply(field, inner, inner)), positive=True))


def conjugate(field: Field, a: Ratio) -> Value:
    """The complex conjugate; variables are real, and i must not hide inside a root or a function."""
    index = field.ids[("i",)]
    if any(has_i(field, single_ratio(i)) for part in a for monomial in part for i, _ in monomial if i != index):
        raise Unreadable("the absolute value of a nested complex expression")

    def flipped(poly: dict) -> dict:
        return {m: x if dict(m).get(index, 0) % 2 == 0 else -x for m, x in poly.items()}

    return ratio(field, flipped(a.num), flipped(a.den))
