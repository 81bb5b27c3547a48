"""Whether an answer can be read at all, whatever it is compared with."""

from kpo_jax.verifier.decide import MAX_TEXT, parsed
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.notation import has_thousands, translate
from kpo_jax.verifier.words import bare_number, based_number, choice, clock, date, is_prose, labelled_choice

MAX_WORDS = 6  # of an answer in words; more are a sentence about it


def is_readable(text: str) -> bool:
    """Whether a candidate for the final answer is a number, a choice, a few words, a date or mathematics."""
    if bare_number(text):
        return True
    if not text.strip() or len(text) > MAX_TEXT:
        return False
    plain = translate(text)
    if any(special(plain) for special in (bare_number, choice, based_number, date, clock, labelled_choice)):
        return True
    if is_prose(plain):
        return len(plain.split()) <= MAX_WORDS
    try:
        parsed(plain, has_thousands(plain))
    except (Unreadable, TooComplex):
        return False
    return True
