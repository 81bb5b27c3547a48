"""Units of measure, currencies and counting nouns after a number."""

from fractions import Fraction
from typing import NamedTuple

from kpo_jax.verifier.cursor import Cursor
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.nodes import Unit

CURRENCIES = {
    sign: Unit(((name, 1),), Fraction(1)) for sign, name in (("$", "money"), ("euro", "euro"), ("pounds", "sterling"))
}
# Words that change what a number means: 5 \text{ or so} is not 5.
_NOT_UNITS = frozenset(
    [
        "not", "no", "to", "than", "least", "most", "about", "approximately", "or", "and", "if", "when", "where",
        "except", "minus", "plus", "times", "over", "under", "less", "more", "zero", "one", "infinity", "infinitely",
        "nor", "but", "unless", "either", "neither", "is", "are", "equals", "ths", "inverted", "negated", "doubled",
        "tripled", "halved", "twice", "thrice", "factorial", "mod", "modulo", "undefined", "roughly", "nearly",
        "almost", "around", "maybe", "perhaps", "bn", "mln",
    ]
)  # fmt: skip
# 2 \text{ negative roots} are counted; 2 \text{ negative}, without a noun, may be -2.
_NO_NOUNS = frozenset(
    [
        "inverse", "reciprocal", "negative", "double", "triple", "root", "base", "binary", "octal", "hexadecimal",
        "false", "wrong", "incorrect",
    ]
)  # fmt: skip
MULTIPLIERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_LARGE_NUMBERS = (*MULTIPLIERS, "quadrillion", "quintillion", "googol", "lakh", "crore")
_SMALL_NUMBERS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# Number words are no units in the singular and in the plural: 3 \text{ tens} is 30, 3 \text{ quarters} is 3/4. But 3
# zeros, 3 ones and 3 seconds are counted.
_NUMBER_WORDS = frozenset(
    [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "half", "halve", "quarter", "third", "fourth",
        "fifth", "sixth", "seventh", "eighth", "ninth", "twelfth", *_SMALL_NUMBERS, *_TENS, *_LARGE_NUMBERS,
        *(name + "th" for name in _SMALL_NUMBERS + _LARGE_NUMBERS), *(name[:-1] + "ieth" for name in _TENS),
    ]
)  # fmt: skip
_NAMED_UNITS = {  # dimension -> name (singular, lower case) -> factor to the dimension's base unit
    "length": {
        "m": 1, "meter": 1, "metre": 1, "cm": "1/100", "centimeter": "1/100", "centimetre": "1/100", "mm": "1/1000",
        "millimeter": "1/1000", "km": 1000, "kilometer": 1000, "kilometre": 1000, "inch": "127/5000",
        "inche": "127/5000", "in": "127/5000", "foot": "381/1250", "feet": "381/1250", "ft": "381/1250",
        "yard": "1143/1250", "yd": "1143/1250", "mile": "201168/125", "mi": "201168/125",
    },
    "time": {
        "second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600, "day": 86400,
        "week": 604800,
    },
    "month": {"month": 1}, "year": {"year": 1, "yr": 1},
    "mass": {
        "gram": 1, "g": 1, "kg": 1000, "kilogram": 1000, "mg": "1/1000", "milligram": "1/1000",
    },
    "weight": {"pound": 16, "lb": 16, "ounce": 1, "oz": 1},
    "money": {"dollar": 1, "usd": 1, "cent": "1/100", "penny": "1/100", "pennie": "1/100"},
    "euro": {"euro": 1}, "mph": {"mph": 1},
}  # fmt: skip
_VOLUME = {"length": 3}
_FORCE, _ENERGY = {"mass": 1, "length": 1, "time": -2}, {"mass": 1, "length": 2, "time": -2}
_PRESSURE, _POWER = {"mass": 1, "length": -1, "time": -2}, {"mass": 1, "length": 2, "time": -3}
_VOLTAGE = {**_POWER, "current": -1}
# Symbols of physics, which take prefixes: (names, powers of the dimensions, factor to gram, metre, second and so on).
_SYMBOLS: list[tuple[str, dict[str, int], str]] = [
    ("m", {"length": 1}, "1"), ("s", {"time": 1}, "1"), ("g", {"mass": 1}, "1"), ("L l", _VOLUME, "1/1000"),
    ("A ampere amp", {"current": 1}, "1"), ("K kelvin", {"temperature": 1}, "1"), ("mol mole", {"amount": 1}, "1"),
    ("N newton", _FORCE, "1000"), ("J joule", _ENERGY, "1000"), ("W watt", _POWER, "1000"),
    ("Pa pascal", _PRESSURE, "1000"), ("Hz hertz", {"time": -1}, "1"), ("C coulomb", {"current": 1, "time": 1}, "1"),
    ("V volt", _VOLTAGE, "1000"), ("ohm", {**_VOLTAGE, "current": -2}, "1000"),
    ("F farad", {"current": 2, "time": 4, "mass": -1, "length": -2}, "1/1000"),
    ("S siemens", {"current": 2, "time": 3, "mass": -1, "length": -2}, "1/1000"),
    ("T tesla", {"mass": 1, "time": -2, "current": -1}, "1000"),
    ("H henry", {**_ENERGY, "current": -2}, "1000"), ("Wb weber", {**_ENERGY, "current": -1}, "1000"),
    ("eV electronvolt", {"electronvolt": 1}, "1"), ("cal calorie", {"calorie": 1}, "1"),
    ("bar", _PRESSURE, "100000000"),
    ("pc parsec", {"parsec": 1}, "1"), ("M molar", {"amount": 1, "length": -3}, "1000"),
]  # fmt: skip
_PREFIXES = {"T": 12, "G": 9, "M": 6, "k": 3, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
_PREFIXED_WORDS = {"kilo": 3, "mega": 6, "giga": 9, "centi": -2, "milli": -3, "micro": -6, "nano": -9}
_MORE_UNITS: list[tuple[str, dict[str, int], str]] = [
    ("liter litre", _VOLUME, "1/1000"), ("ml milliliter millilitre cc", _VOLUME, "1/1000000"),
    ("angstrom", {"length": 1}, "1/10000000000"), ("erg", _ENERGY, "1/10000"), ("dyn dyne", _FORCE, "1/100"),
    ("atm atmosphere", {"atmosphere": 1}, "1"), ("kWh", _ENERGY, "3600000000"), ("unit square sq cubic per", {}, "1"),
    ("rad radian", {"radian": 1}, "1"), ("AU", {"astronomical unit": 1}, "1"), ("ly", {"light year": 1}, "1"),
]  # fmt: skip


class Scale(NamedTuple):
    """A unit: powers of the dimensions, and their factor, as a number times a power of ten, to the base units."""

    powers: dict[str, int]
    number: str | int
    ten: int = 0

    def factor(self) -> Fraction:
        """The factor as one number."""
        return Fraction(self.number) * Fraction(10) ** self.ten


def _units() -> dict[str, Scale]:
    found = {}
    for names, powers, number in _SYMBOLS:
        symbol, *words = names.split()
        found |= {prefix + symbol: Scale(powers, number, ten) for prefix, ten in _PREFIXES.items()}
        for word in words:
            found |= {prefix + word: Scale(powers, number, ten) for prefix, ten in _PREFIXED_WORDS.items()}
    for names, powers, number in (*_SYMBOLS, *_MORE_UNITS):
        found |= dict.fromkeys(names.split(), Scale(powers, number))
    for dimension, numbers in _NAMED_UNITS.items():
        found |= {name: Scale({dimension: 1}, number) for name, number in numbers.items()}
    plurals = {name + "s": scale for name, scale in found.items() if len(name) > 2 and name.islower()}
    for name in ("cm", "mm", "km", "kg", "mg", "ml", "ft", "yd", "hr", "yr", "lb", "oz", "mi"):
        plurals[name + "s"] = found[name]
    return found | plurals


UNITS = _units()
# What is a unit also outside of \text; there V, ms and kN are products of variables.
PLAIN_UNITS = (
    frozenset(name for numbers in _NAMED_UNITS.values() for name in numbers)
    | frozenset(name + "s" for numbers in _NAMED_UNITS.values() for name in numbers if len(name) > 1)
    | {"ml", "mls", "l", "liter", "liters", "unit", "units", "sq", "square", "cubic", "per"}
)


def at_unit(cursor: Cursor) -> bool:
    """Whether a unit begins here that is more than a word: /s, \\cdot m, \\frac{m}{s}, with m and s in \\text."""
    if cursor.at("*", "cdot", "times", "/"):
        return cursor.ahead(1).kind == "word" and cursor.ahead(1).value in UNITS
    in_fraction = cursor.at("frac") and cursor.ahead(1).value == "{"
    return in_fraction and cursor.ahead(2).kind == "word" and cursor.ahead(2).value in UNITS


def read_unit(cursor: Cursor) -> Unit:
    """The unit at the cursor: cm^2, miles per hour, kg m^{-2} s^{-1}, N \\cdot m, J/(kg K), \\frac{m}{s}, students."""
    powers: dict[str, Fraction] = {}
    factor = _read_product(cursor, powers, 1)
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), factor)


def _read_product(cursor: Cursor, powers: dict[str, Fraction], sign: int) -> Fraction:
    """Add the units at the cursor to the powers; their factor to the base units. A sign of -1 divides by them."""
    factor, exponent, nouns, joined = Fraction(1), Fraction(1), 0, False
    while True:
        if at_unit(cursor) and not cursor.at("frac"):
            joined = True
            sign = -sign if cursor.take().value == "/" else sign
        elif cursor.at("/") and cursor.ahead(1).value == "(" and cursor.ahead(2).value in UNITS:
            cursor.position += 2
            factor *= _read_product(cursor, powers, -sign)
            cursor.expect(")")
            continue
        elif at_unit(cursor):
            cursor.take()
            for part in (sign, -sign):
                cursor.expect("{")
                factor *= _read_product(cursor, powers, part)
                cursor.expect("}")
            continue
        elif cursor.at("-") and cursor.ahead(1).value in UNITS and not (cursor.token.spaced or cursor.ahead(1).spaced):
            joined = True  # N-m
            cursor.take()
        elif cursor.at("/") and cursor.ahead(1).kind == "word":
            joined = True
            sign = -sign
            cursor.take()
        if cursor.token.kind != "word":
            if exponent != 1:  # 5 \text{ squared} is 25
                raise Unreadable("a power of no unit")
            return factor
        if not cursor.token.spaced and cursor.token.value not in UNITS and not joined:
            raise Unreadable("a word that sticks to a number")
        joined = False
        word = cursor.take().value
        if word in ("square", "squared", "sq", "cubic", "cubed", "cu"):
            exponent = Fraction(2 if word[:2] == "sq" else 3)
            continue
        if word == "per":
            sign = -sign
            continue
        if cursor.accept("^"):
            exponent = _read_exponent(cursor)
        elif cursor.token.kind == "word" and cursor.token.value in ("squared", "cubed"):
            exponent = Fraction(2 if cursor.take().value == "squared" else 3)
        nouns += word not in UNITS
        last = cursor.token.kind != "word"
        if word in _NOT_UNITS or {word, _singular(word)} & _NUMBER_WORDS or (last and word in _NO_NOUNS) or nouns > 3:
            raise Unreadable(f"the word {word!r} after a number")
        unit = UNITS[word] if word in UNITS else Scale({_singular(word): 1}, 1)
        scale = unit.factor()
        if exponent.denominator > 1 and scale != 1:
            raise Unreadable("a root of a scale")
        factor *= scale ** (sign * exponent) if scale != 1 else 1
        for dimension, power in unit.powers.items():
            powers[dimension] = powers.get(dimension, Fraction(0)) + sign * exponent * power
        exponent = Fraction(1)


def _read_exponent(cursor: Cursor) -> Fraction:
    """2, {2}, {-1}, {1/2}"""
    braces = cursor.accept("{")
    sign = -1 if cursor.accept("-") else 1
    top = cursor.take()
    bottom = cursor.take() if braces and cursor.accept("/") else None
    if braces:
        cursor.expect("}")
    values = [token.value for token in (top, bottom) if token is not None]
    if not all(isinstance(value, Fraction) and value.denominator == 1 and 0 < value < 10 for value in values):
        raise Unreadable("the power of a unit")
    return sign * values[0] / values[-1] if len(values) > 1 else sign * values[0]


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
