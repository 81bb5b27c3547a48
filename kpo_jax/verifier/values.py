"""Exact values, rational numbers or quotients of two polynomials: arithmetic without division, and inspection."""

from fractions import Fraction

from kpo_jax.verifier.arithmetic import checked
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.field import ONE, Field, Poly, Ratio, Value
from kpo_jax.verifier.polynomials import content, poly_add, poly_multiply, poly_power, reduced

HALF = Fraction(1, 2)


def lift(a: Value) -> Ratio:
    """A value as a quotient of polynomials."""
    return a if isinstance(a, Ratio) else Ratio({(): a} if a else {}, ONE)


def ratio(field: Field, num: Poly, den: Poly) -> Value:
    """num / den as a value; a denominator of one term is divided out."""
    if not num:
        return Fraction(0)
    if len(den) == 1 and den != ONE:
        num = poly_multiply(field, num, poly_power(field, den, -1))
        den = ONE
    if den is ONE or den == ONE:
        den = ONE
        if len(num) == 1 and () in num:
            return num[()]
    return Ratio(num, den)


def single(field: Field, key: tuple, exponent: Fraction | int = 1, **fields) -> Value:
    """A power of one generator, which is made with these fields if it is new."""
    return ratio(field, {((field.generator(key, **fields), Fraction(exponent)),): Fraction(1)}, ONE)


def single_ratio(index: int) -> Ratio:
    """The generator with this id."""
    return Ratio({((index, 1),): Fraction(1)}, ONE)


def constant(field: Field, name: str) -> Value:
    """pi, e or i."""
    if name == "pi":
        return single(field, ("pi",), positive=True)
    if name == "e":
        return single(field, ("e",), positive=True)
    if name == "i":
        return single(field, ("i",), period=2, base=Ratio({(): Fraction(-1)}, ONE), algebraic=True)
    raise Unreadable("infinity inside an expression")


def add(field: Field, a: Value, b: Value, sign: int = 1) -> Value:
    """a + sign b"""
    field.spend(1)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return checked(a + sign * b)
    a, b = lift(a), lift(b)
    if a.den == b.den:
        return ratio(field, poly_add(field, a.num, b.num, sign), a.den)
    num = poly_add(field, poly_multiply(field, a.num, b.den), poly_multiply(field, b.num, a.den), sign)
    return ratio(field, num, poly_multiply(field, a.den, b.den))


def multiply(field: Field, a: Value, b: Value) -> Value:
    """a b"""
    field.spend(1)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return checked(a * b)
    a, b = lift(a), lift(b)
    if a.num == b.den:
        return ratio(field, b.num, a.den)
    if b.num == a.den:
        return ratio(field, a.num, b.den)
    return ratio(field, poly_multiply(field, a.num, b.num), poly_multiply(field, a.den, b.den))


def negated(a: Ratio) -> Ratio:
    """-a"""
    return Ratio({m: -x for m, x in a.num.items()}, a.den)


def primitive_part(field: Field, a: Ratio) -> tuple[Fraction, Ratio]:
    """(c, b) with a = c b, c positive rational, b of coprime integer coefficients above and below."""
    num, den = reduced(field, a.num), reduced(field, a.den)
    c, d = content(num), content(den)
    return c / d, Ratio({m: x / c for m, x in num.items()}, {m: x / d for m, x in den.items()} if den != ONE else ONE)


def leading(poly: dict) -> Fraction:
    """The coefficient of the greatest monomial, by which signs are normalised."""
    return poly[max(poly)]


def hashed_value(a: Value) -> tuple | Fraction:
    """A value as a key of the generator table; `unhashed` is its inverse."""
    return a if isinstance(a, Fraction) else tuple(tuple(sorted(part.items())) for part in a)


def unhashed(key: tuple | Fraction) -> Value:
    """The value of a key that `hashed_value` made."""
    if isinstance(key, Fraction):
        return key
    num, den = (dict(part) for part in key)
    return Ratio(num, ONE if den == ONE else den)


# ---- inspection


def closure(field: Field, used: set[int]) -> set[int]:
    """The generators used, and those their bases use, and so on."""
    found, pending = set(used), list(used)
    while pending:
        base = field.generators[pending.pop()].base
        for index in {i for part in (base or ()) for monomial in part for i, _ in monomial} - found:
            found.add(index)
            pending.append(index)
    return found


def has_i(field: Field, a: Value) -> bool:
    """Whether the imaginary unit is anywhere in a value."""
    a = lift(a)
    used = {index for part in a for monomial in part for index, _ in monomial}
    return any(field.generators[index].key[0] == "i" for index in closure(field, used))


def checked_real(field: Field, a: Value) -> Value:
    """The argument of a function that is kept as it stands: it must not be complex, as nobody looks inside again."""
    if has_i(field, a):
        raise Unreadable("a function of a complex number")
    return a


def is_constant(field: Field, a: Value) -> bool:
    """Whether a value is a number, without variables or opaque functions."""
    return isinstance(a, Fraction) or all(
        field.generators[index].key[0] not in ("sym", "abs", "logbase") and _constant_key(field, index)
        for part in (a.num, a.den) for monomial in part for index, _ in monomial
    )  # fmt: skip


def _constant_key(field: Field, index: int) -> bool:
    generator = field.generators[index]
    kind = generator.key[0]
    if kind in ("pi", "e", "i", "prime", "cospi"):
        return True
    if kind == "root":
        return is_constant(field, generator.base)
    if kind in ("log", "exp"):
        return is_constant(field, unhashed(generator.key[1]))
    return kind in ("sin", "cos") and generator.key[2] is not None
