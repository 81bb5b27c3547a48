"""Units of measure, currencies and counting nouns after a number."""

from collections.abc import Callable
from fractions import Fraction

from kpo_jax.verifier.cursor import Cursor
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.nodes import Node, Num, Unit

CURRENCIES = {
    sign: Unit(((name, 1),), Fraction(1)) for sign, name in (("$", "money"), ("euro", "euro"), ("pounds", "sterling"))
}
# Words that change what a number means: 5 \text{ or so} is not 5.
_NOT_UNITS = frozenset(
    [
        "not", "no", "to", "than", "least", "most", "about", "approximately", "or", "and", "if", "when", "where",
        "except", "minus", "plus", "times", "over", "under", "less", "more", "zero", "one", "two", "three", "four",
        "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "half", "third", "quarter", "infinity",
        "infinitely", "nor", "but", "unless", "either", "neither", "is", "are", "equals",
    ]
)  # fmt: skip
_BASE_UNITS = {
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
    "volume": {"liter": 1, "litre": 1, "l": 1, "ml": "1/1000", "milliliter": "1/1000"},
    "money": {"dollar": 1, "usd": 1, "cent": "1/100", "penny": "1/100", "pennie": "1/100"},
    "euro": {"euro": 1},
}  # fmt: skip
# name (singular, lower case) -> (dimension or None for a pure number, factor to the dimension's base unit)
UNITS: dict[str, tuple[str | None, Fraction]] = {
    name: (dimension, Fraction(factor)) for dimension, names in _BASE_UNITS.items() for name, factor in names.items()
}
UNITS["unit"] = (None, Fraction(1))
UNITS |= {name + "s": unit for name, unit in UNITS.items() if len(name) > 1}
MULTIPLIERS = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
UNITS |= {"mph": ("mph", Fraction(1)), **dict.fromkeys(("square", "sq", "cubic", "per"), (None, Fraction(1)))}


def read_unit(cursor: Cursor, read_power: Callable[[Cursor], Node]) -> Unit:
    """The unit that the words at the cursor name; `read_power` reads the argument of a `^`."""
    powers: dict[str, int] = {}
    factor, sign, exponent, nouns = Fraction(1), 1, 1, 0
    while True:
        if cursor.token.kind == "word":
            if not cursor.token.spaced and cursor.token.value not in UNITS:
                raise Unreadable("a word that sticks to a number")
            word = cursor.take().value
        elif cursor.at("/") and cursor.ahead(1).kind == "word":
            cursor.take()
            word = "per"
        else:
            break
        if word in ("square", "squared", "sq", "cubic", "cubed", "cu"):
            exponent = 2 if word[:2] == "sq" else 3
            continue
        if word == "per":
            sign = -1
            continue
        if cursor.accept("^"):
            power = read_power(cursor)
            if not isinstance(power, Num) or power.value not in (1, 2, 3):
                raise Unreadable("the power of a unit")
            exponent = int(power.value)
        elif cursor.token.kind == "word" and cursor.token.value in ("squared", "cubed"):
            exponent = 2 if cursor.take().value == "squared" else 3
        nouns += word not in UNITS
        if word in _NOT_UNITS or nouns > 3:
            raise Unreadable(f"the word {word!r} after a number")
        dimension, scale = UNITS.get(word, (_singular(word), Fraction(1)))
        factor *= scale ** (sign * exponent)
        if dimension:
            powers[dimension] = powers.get(dimension, 0) + sign * exponent
        exponent = 1
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), factor)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
