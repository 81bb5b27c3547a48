"""Whether two answers, as texts, say the same: the cheap comparisons first, the mathematics last."""

import re
from collections.abc import Iterator
from functools import lru_cache

from kpo_jax.verifier.compare import equal_trees
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.nodes import Node
from kpo_jax.verifier.notation import has_thousands, may_be_list, translate, with_units
from kpo_jax.verifier.parser import parse
from kpo_jax.verifier.words import (
    bare_number,
    based_number,
    choice,
    clock,
    conditional,
    date,
    is_no_answer,
    is_prose,
    label_alone,
    labelled_choice,
    labelled_value,
    plain_text,
    same_date,
    text_items,
)

EQUAL = "equal"  # the reason of answers that are equal as mathematics, in whatever form
MAX_TEXT = 20_000  # characters; longer answers are equal only if they are identical or plain numbers
_NO_DIGIT = re.compile(r"[^0-9]+")
_PART = r"(?:\{\s?([A-Za-z0-9])\s?\}|([A-Za-z0-9]))"  # of a short fraction
_SHORT_FRACTION = re.compile(r"\\frac\s?" + _PART + r"\s?" + _PART)
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_SINGLE = r"\s?\{\s?(\\[A-Za-z]+|[A-Za-z0-9])\s?\}"
_SCRIPT = re.compile(r"([\^_]|\\[A-Za-z]+)" + _SINGLE)  # also x^{2}, \sqrt{2}
_GROUP = re.compile(r"(?<![A-Za-z0-9}\]^_\\ ])" + _SINGLE)
_SPACE_BEFORE_NUMBER = re.compile(r"(\\[A-Za-z]+) (?=[0-9])")  # \equiv 3
_MEANINGLESS_SPACE = re.compile(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])|(?<=[0-9]) (?=[A-Za-z])")


def same_notation(a: str, b: str) -> bool:
    """Strict match: the same number, or the same string once style, spacing and unicode are normalised."""
    if is_no_answer(a) or is_no_answer(b):
        return False
    numbers = bare_number(a), bare_number(b)
    if None not in numbers:
        return numbers[0] == numbers[1]
    if max(len(a), len(b)) > MAX_TEXT:
        return a == b
    return _same_when_compact(translate(a), translate(b))


def _same_when_compact(one: str, two: str) -> bool:
    if not one or _NO_DIGIT.sub("", one) != _NO_DIGIT.sub("", two):  # most answers that differ, differ in their digits
        return False
    return compact(one) == compact(two)


def compact(text: str) -> str:
    """A translated text without white space and braces that carry no meaning.

    White space between two words or two digits stays, and so do braces around more than one letter, digit or command.
    """
    text = _SHORT_FRACTION.sub(_braced_fraction, _FRACTION.sub(r"\\frac", text))
    text = _GROUP.sub(r"\1 ", _SCRIPT.sub(r"\1\2 ", text))
    return _SPACE_BEFORE_NUMBER.sub(r"\1", _MEANINGLESS_SPACE.sub("", " ".join(text.split())))


def _braced_fraction(match: re.Match) -> str:
    return f"\\frac{{{match[1] or match[2]}}}{{{match[3] or match[4]}}}"


def decide(answer: str, reference: str) -> tuple[bool, str]:
    """(equal, why). Symmetric in its arguments."""
    if not answer.strip() or not reference.strip():
        return False, "empty answer"
    if is_no_answer(answer) or is_no_answer(reference):
        return False, "no answer"
    if answer == reference:
        return True, "identical"
    numbers = bare_number(answer), bare_number(reference)
    if None not in numbers:
        return numbers[0] == numbers[1], "number"
    if max(len(answer), len(reference)) > MAX_TEXT:
        return False, "too long"
    one, two = translate(answer), translate(reference)
    if one == two and one:
        return True, "same notation"
    numbers = bare_number(one), bare_number(two)
    if None not in numbers:
        return numbers[0] == numbers[1], "number"
    for special in (choice, based_number, date, clock):
        pair = special(one), special(two)
        if None not in pair:
            same = same_date(*pair) if special is date else pair[0] == pair[1]
            return same, special.__name__.replace("_", " ")
    texts = plain_text(one), plain_text(two)
    if texts[0] and texts[0] == texts[1]:
        return True, "same text"
    if _same_when_compact(one, two):
        return True, "same notation"
    conditions = conditional(one), conditional(two)
    if conditions != (None, None):
        equal, reason = _decide_conditional(one, conditions[0], two, conditions[1])
        if equal:
            return True, reason
    values = labelled_value(one), labelled_value(two)
    if (values[0] is None) != (values[1] is None):  # a sum or a probability with its value, against the value
        return decide(values[0] or one, values[1] or two)
    labelled = labelled_choice(one), labelled_choice(two)
    if labelled != (None, None):
        return _decide_labelled(one, labelled[0], two, labelled[1])
    if is_prose(one) or is_prose(two):
        return bool(text_items(one)) and text_items(one) == text_items(two), "text"
    return _decide_mathematics(one, two)


def _decide_conditional(one: str, part_one: tuple | None, two: str, part_two: tuple | None) -> tuple[bool, str]:
    """x^2 for x > 0 is x^2; against x^2 for x < 0 both parts count."""
    equal, reason = decide(part_one[0] if part_one else one, part_two[0] if part_two else two)
    if part_one and part_two:
        equal = equal and decide(part_one[1], part_two[1])[0]
    return equal, reason


def _decide_labelled(one: str, label_one: tuple | None, two: str, label_two: tuple | None) -> tuple[bool, str]:
    """(B) 12 is B, and it is 12; against (B) 13 both parts count. So is it with Yes, n = 6."""
    if label_one and label_two:
        equal, reason = decide(label_one[1], label_two[1])
        return (equal, reason) if label_one[0] == label_two[0] else (False, "another choice")
    (letter, value), other = (label_one, two) if label_one else (label_two, one)
    if not label_alone(other):
        return decide(value, other)
    try:
        return letter == label_alone(other) and (is_prose(value) or bool(parsed(translate(value), True))), "choice"
    except (Unreadable, TooComplex):
        return False, "choice with a value that is not read"


def _decide_mathematics(one: str, two: str) -> tuple[bool, str]:
    reason = "not equal"
    for readings in _readings(one, two):
        try:
            trees = [parsed(text, thousands) for text, thousands in readings]
            if equal_trees(*trees):
                return True, EQUAL
        except Unreadable as error:
            reason = f"not read as mathematics: {error}"
        except TooComplex as error:
            return False, f"too complex: {error}"
    return False, reason


def _readings(one: str, two: str) -> Iterator[tuple[tuple[str, bool], tuple[str, bool]]]:
    """1,234 is a number; where the other side is a list it may also be a list. 5 m/s may be a speed."""
    yield (one, True), (two, True)
    if with_units(one) != one or with_units(two) != two:
        yield (with_units(one), True), (with_units(two), True)
    if "," in one and "," in two:
        if may_be_list(one):
            yield (one, False), (two, True)
        if may_be_list(two):
            yield (one, True), (two, False)


def parsed(text: str, thousands: bool) -> Node:
    """The tree of a translated text; with `thousands`, 1,234 is one number. Raises Unreadable or TooComplex."""
    thousands = thousands and has_thousands(text)
    return _parsed_short(text, thousands) if len(text) <= 200 else parse(text, thousands)


_parsed_short = lru_cache(maxsize=1024)(parse)  # the samples of one prompt share a reference
