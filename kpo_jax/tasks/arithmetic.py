"""Built-in arithmetic problems with worked steps: enough to see reinforcement learning work without a download.

A problem is one line, `47+38-25=?`; its demonstration writes one equation per line and ends with the answer:

    47+38=85
    85-25=60
    Answer: 60

Products come first, then sums from left to right. With a character tokenizer one character is one token.

    difficulty   terms                                  response, characters
    easy         4 numbers up to 9                      27 to 33
    medium       4 numbers up to 49                     27 to 37
    hard         6 terms up to 99, 2 of them products   56 to 80
    chain        8 numbers up to 9                      51 to 65
    long         27 to 36 numbers up to 49              210 to 330
    single       2 numbers up to 9, or 1 product        15 to 21

`single` is for language models: its problems read `What is 7 + 8?` and `What is 11 * 4?`, its factors go up to 12, and
there are only 202 of them, 109 in train and 93 in test, with `4 + 9` on the same side as `9 + 4`.

Every running value of a right response lies between 0 and the difficulty's `max_value`.
"""

from __future__ import annotations

import hashlib
import random
import re
from typing import NamedTuple

from kpo_jax.lazy import np
from kpo_jax.tasks.problem_sets import Problem

SPLITS = ("train", "test")
_MAX_MISSES = 10_000  # draws in a row without a new problem, after which the task counts as exhausted
_SLIPS = (1, 2, 10)  # how far a wrong step lands from the right value


class Difficulty(NamedTuple):
    """What a problem is made of: numbers of terms and products, and the largest number and running value."""

    min_terms: int
    max_terms: int
    max_number: int
    max_value: int  # at least 2 * max_number, so that a next term always fits
    num_products: int = 0  # a problem of a single term is always a product
    max_factor: int = 9
    signs: tuple[int, ...] = (-1, 1)
    spoken: bool = False  # "What is 7 + 8?" rather than "7+8=?"
    test_share: int = 10  # one problem in so many, by a hash of its text, belongs to the test split


DIFFICULTIES = {
    "easy": Difficulty(min_terms=4, max_terms=4, max_number=9, max_value=18),
    "medium": Difficulty(min_terms=4, max_terms=4, max_number=49, max_value=99),
    "hard": Difficulty(min_terms=6, max_terms=6, max_number=99, max_value=199, num_products=2),
    "chain": Difficulty(min_terms=8, max_terms=8, max_number=9, max_value=18),
    "long": Difficulty(min_terms=27, max_terms=36, max_number=49, max_value=99),
    "single": Difficulty(1, 2, max_number=9, max_value=144, max_factor=12, signs=(1,), spoken=True, test_share=3),
}


class Term(NamedTuple):
    """A signed number, or a signed product of two when `factor` is not None."""

    sign: int
    number: int
    factor: int | None = None

    @property
    def value(self) -> int:
        return self.number if self.factor is None else self.number * self.factor


def check(difficulty: str, split: str) -> None:
    """Raises ValueError for an unknown difficulty or split."""
    if difficulty not in DIFFICULTIES:
        raise ValueError(f"arithmetic difficulty {difficulty!r}: legal are {', '.join(DIFFICULTIES)}")
    if split not in SPLITS:
        raise ValueError(f"arithmetic split {split!r}: legal are {', '.join(SPLITS)}")


def problems(difficulty: str, split: str, num: int, seed: int) -> list[Problem]:
    """`num` different problems, a pure function of the arguments.

    A problem belongs to one split for ever, by a hash of its text, so no seed leaks test problems into training.
    Raises ValueError for an unknown difficulty or split and when the task holds fewer than `num` problems.
    """
    check(difficulty, split)
    rng, kind = random.Random(seed), DIFFICULTIES[difficulty]
    found: dict[str, Problem] = {}
    misses = 0  # in a row
    while len(found) < num:
        if misses == _MAX_MISSES:
            raise ValueError(f"arithmetic {difficulty}/{split}: found {len(found)} problems, not {num}; ask for fewer")
        terms = _draw_terms(kind, rng)
        text = _text(terms, kind.spoken)
        digest = hashlib.sha256(text.encode()).hexdigest()
        misses += 1
        in_test = _hash(_text(_ordered(terms), spoken=False) if kind.spoken else text) % kind.test_share == 0
        if text in found or in_test != (split == "test"):
            continue
        misses = 0
        lines, value = _work(terms, slips=None)
        found[text] = Problem(f"arithmetic-{difficulty}-{digest[:12]}", text, str(value), "\n".join(lines))
    return list(found.values())


def demonstration(problem: Problem, rng: np.random.Generator, error_rate: float = 0.0) -> str:
    """The worked response, one equation per line and a last line `Answer: N`; no newline at the end.

    Each step is wrong with probability `error_rate` (a sum is off by 1, 2 or 10, a product by one factor) and later
    steps carry on from it. All slips of a response push the answer the same way, so they never cancel: with one slip
    or more the answer is wrong.
    Raises ValueError when the problem is not one of this module's, or error_rate is outside [0, 1].
    """
    if not 0.0 <= error_rate <= 1.0:
        raise ValueError(f"error_rate {error_rate}: must lie in [0, 1]")
    terms = _parse(problem.problem)
    num_steps = len(terms) - 1 + sum(term.factor is not None for term in terms)
    wrong = rng.random(num_steps) < error_rate
    slips = np.where(wrong, rng.choice(_SLIPS, num_steps), 0) * rng.choice([-1, 1])
    lines, _ = _work(terms, slips=slips.tolist())
    return "\n".join(lines)


def _work(terms: list[Term], slips: list[int] | None) -> tuple[list[str], int]:
    """Lines of the worked response and the answer; slips, one per step, are added to that step's result."""
    remaining = iter(slips or [])
    lines, values = [], []
    for term in terms:
        value = term.value
        if term.factor is not None:
            # A wrong product is its neighbour in the multiplication table. Times the sign, because a product that is
            # subtracted must slip the other way to push the answer this way.
            value += term.sign * int(np.sign(next(remaining, 0))) * term.number
            lines.append(f"{term.number}*{term.factor}={value}")
        values.append(value)
    running = values[0]
    for term, value in zip(terms[1:], values[1:], strict=True):
        result = running + term.sign * value + next(remaining, 0)
        lines.append(f"{running}{'+' if term.sign > 0 else '-'}{value}={result}")
        running = result
    return [*lines, f"Answer: {running}"], running


def _draw_terms(difficulty: Difficulty, rng: random.Random) -> list[Term]:
    num_terms = rng.randint(difficulty.min_terms, difficulty.max_terms)
    products = rng.sample(range(num_terms), difficulty.num_products if num_terms > 1 else 1)
    terms, running = [], 0
    for position in range(num_terms):
        if position in products:
            number, factor = rng.randint(2, difficulty.max_factor), rng.randint(2, difficulty.max_factor)
        else:
            number, factor = rng.randint(1, difficulty.max_number), None
        sign = 1 if position == 0 else rng.choice(difficulty.signs)
        value = Term(1, number, factor).value
        if not 0 <= running + sign * value <= difficulty.max_value:
            sign = -sign
        terms.append(Term(sign, number, factor))
        running += sign * value
    return terms


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _ordered(terms: list[Term]) -> list[Term]:
    """The same for 4 + 9 and 9 + 4; of positive terms only."""
    return sorted(t if t.factor is None else Term(1, *sorted((t.number, t.factor))) for t in terms)


def _text(terms: list[Term], spoken: bool) -> str:
    body = "".join(
        ("+" if term.sign > 0 else "-") + (f"{term.number}" if term.factor is None else f"{term.number}*{term.factor}")
        for term in terms
    ).removeprefix("+")
    return f"{body}=?" if not spoken else "What is " + re.sub(r"([+*-])", r" \1 ", body) + "?"


def _parse(text: str) -> list[Term]:
    body = text.removesuffix("=?")
    if spoken := re.fullmatch(r"What is (\d+ [+*] \d+)\?", text):
        body = spoken[1].replace(" ", "")
    if body == text or not re.fullmatch(r"\d{1,4}(\*\d{1,4})?([+-]\d{1,4}(\*\d{1,4})?)*", body) or body.isdecimal():
        raise ValueError(f"not an arithmetic problem: {text[:60]!r}; expected the form 47+38-25=?")
    return [
        Term(-1 if sign == "-" else 1, int(number), int(factor) if factor else None)
        for sign, number, factor in re.findall(r"([+-]?)(\d+)(?:\*(\d+))?", body)
    ]
