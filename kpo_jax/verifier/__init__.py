"""Grading of final answers to mathematics problems, made to be trusted as a reward.

Pure Python, which imports neither jax nor a computer algebra system.

    verify(response, answer) -> Verdict(correct, extracted, reason)      one response, in this process, from any thread
    verify_batch(responses, answers) -> list[Verdict]                    many, in worker processes that can be killed
    extract_answer(text) -> str | None                                   the final answer as it was written
    is_equivalent(a, b) -> bool                                          whether two answers say the same; symmetric
    gradable(reference) -> bool                                          whether a reference can be read at all

How it decides, and every convention with the reason for it, is in docs/verifier.md. The files, each of which imports
only from those above it:

    errors, nodes, field, cursor          the records that all others share
    units, notation, parser               from text to tokens, and from tokens to trees
    numeric, arithmetic, polynomials,     exact values: rational numbers, or quotients of polynomials in generators
      values, enclosures, zero, roots,
      trigonometry, powers, evaluate
    trees, intervals, compare             whether two trees say the same
    words, decide                         whether two texts say the same
    readable, evaluated                   whether a text can be read, and whether it leaves work undone
    extract, grade, pool                  from a response to a verdict, here or in worker processes
"""

from kpo_jax.verifier.extract import extract_answer
from kpo_jax.verifier.grade import Verdict, is_equivalent, verify
from kpo_jax.verifier.pool import Grader, count_failures, verify_batch
from kpo_jax.verifier.readable import gradable

__all__ = [
    "Grader",
    "Verdict",
    "count_failures",
    "extract_answer",
    "gradable",
    "is_equivalent",
    "verify",
    "verify_batch",
]
