"""Whether an answer can be read at all, whatever it is compared with."""

import re
from collections.abc import Iterator

from kpo_jax.verifier import trees
from kpo_jax.verifier.decide import MAX_TEXT, parsed
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.evaluate import evaluate
from kpo_jax.verifier.field import Field
from kpo_jax.verifier.nodes import (
    Based,
    Difference,
    Intersection,
    List,
    Matrix,
    Node,
    PlusMinus,
    Ratio,
    Relation,
    Set,
    Special,
    Tuple,
    Union,
    Word,
)
from kpo_jax.verifier.notation import has_thousands, translate, with_units
from kpo_jax.verifier.words import (
    bare_number,
    based_number,
    choice,
    clock,
    conditional,
    date,
    is_no_answer,
    is_prose,
    labelled_choice,
    labelled_value,
    plain_text,
)

PROSE = "prose"
MAX_WORDS = 6  # of an answer in words; more are a sentence about it
ELSEWHERE = {"above", "below", "see", "box", "boxed", "shown"}  # words of a text that says where the answer stands


def is_readable(text: str) -> bool:
    """Whether a candidate for the final answer is a number, a choice, a few words, a date or mathematics."""
    found = _reading(text)
    if found != PROSE:
        return found is not None
    words = re.findall("[a-z]+", text.lower())
    return len(text.split()) <= MAX_WORDS and ELSEWHERE.isdisjoint(words)


def gradable(reference: str) -> bool:
    """Whether a reference can be read at all.

    An answer to one that cannot is only right if it is written in the same way. NaN, Infinity and empty texts are no
    references; neither are expressions without a value, as 1/0.
    """
    found = _reading(reference)
    if found is None or not isinstance(found, tuple):
        return found is not None
    try:
        field = Field()
        for part in _values(found):
            evaluate(field, part)
    except (Unreadable, TooComplex):
        return False
    return True


def _reading(text: str) -> Node | str | None:
    """What a text is read as: a tree, PROSE, another kind of answer that needs no tree, or None."""
    if is_no_answer(text):
        return None
    if bare_number(text):
        return "number"
    if len(text) > MAX_TEXT:
        return None
    plain = translate(text)
    if is_no_answer(plain):
        return None
    for special in (bare_number, choice, based_number, date, clock, labelled_choice):
        if special(plain):
            return special.__name__
    if plain_text(plain) or is_prose(plain):
        return PROSE
    parts = conditional(plain)
    plain = parts[0] if parts else plain
    plain = labelled_value(plain) or plain
    try:
        return parsed(with_units(plain), has_thousands(plain))
    except (Unreadable, TooComplex):
        return None


def _values(node: Node) -> Iterator[Node]:
    """The numbers and expressions that an answer is made of."""
    if isinstance(node, (List, Set, Tuple)):
        parts = node.items
    elif isinstance(node, (Relation, Ratio)):
        parts = node.sides
    elif isinstance(node, Matrix):
        parts = tuple(cell for row in node.rows for cell in row)
    elif isinstance(node, (Union, Intersection, Difference)):
        parts = (node.left, node.right)
    else:
        parts = ()
    for part in parts:
        yield from _values(part)
    number = trees.without_unit(node)[0]
    if not parts and not trees.infinite(number) and not isinstance(number, (Word, Special, Based)):
        if trees.has(number, PlusMinus):
            yield from trees.variants(number)
        elif not trees.is_matrix(number):
            yield number
