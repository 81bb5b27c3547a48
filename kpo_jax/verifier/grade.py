"""`verify` and `is_equivalent`: one response against one reference answer, in this process."""

from typing import NamedTuple

from kpo_jax.verifier.decide import EQUAL, decide
from kpo_jax.verifier.evaluated import NOT_EVALUATED, leaves_work
from kpo_jax.verifier.extract import extract_answer


class Verdict(NamedTuple):
    """Whether a response is right, the answer found in it (None if none), and why, in a few words."""

    correct: bool
    extracted: str | None
    reason: str


def verify(response: str, answer: str, evaluated: bool = True) -> Verdict:
    """Grade the final answer of `response` against `answer` (a reference as the data set gives it).

    With `evaluated`, an answer that is equal to a plain number but leaves the work undone (47 \\cdot 53 for 2491) is
    wrong, with a reason of its own, "not evaluated"; without it, equality is enough.

    Returns within two seconds of CPU time whatever the text; needs no signal and so runs in any thread. An unforeseen
    exception is a wrong verdict whose reason starts with "error", so that it can be counted.
    """
    extracted = None
    try:
        extracted = extract_answer(response)
        if extracted is None:
            return Verdict(False, None, "no final answer")
        correct, reason = decide(extracted, answer)
        if correct and evaluated and reason == EQUAL and leaves_work(extracted, answer):
            correct, reason = False, NOT_EVALUATED
    except Exception as error:  # hostile text must never end a run: what goes wrong is a verdict, and counted
        return Verdict(False, extracted, f"error: {type(error).__name__}: {error}"[:200])
    return Verdict(correct, extracted, reason)


def is_equivalent(a: str, b: str) -> bool:
    """Whether two answers say the same; symmetric."""
    return decide(a, b)[0]
