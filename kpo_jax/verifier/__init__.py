r"""Grading of final answers to mathematics problems, made to be trusted as a reward.

Pure Python, which imports neither jax nor a computer algebra system.

    verify(response, answer) -> Verdict(correct, extracted, reason)      one response, in this process, from any thread
    verify_batch(responses, answers) -> list[Verdict]                    many, in worker processes that can be killed
    extract_answer(text) -> str | None                                   the final answer as it was written
    is_equivalent(a, b) -> bool                                          whether two answers say the same; symmetric

How it decides. Identical texts and plain numbers compare as strings, whatever their length. Then come letters, number
bases, dates and words. All else is read by a parser of its own (`notation`, `parser`: nothing is ever evaluated as
code), turned into exact values (`evaluate`, `powers`, `zero`) and compared by structure (`compare`, `intervals`). Two
values are equal if their normal forms agree, or if their difference is an algebraic number that is proved to be zero
by a root-separation bound. Floating point is never asked whether two answers are equal. Every step is charged to a
budget, and length, digits, exponents and nesting are capped: what exceeds them is wrong, with the reason "too
complex". So hostile text costs at most about a second.

The conventions, and why

Which text is the answer
  - The last complete \boxed{...} (also \boxed 7, \fbox, \framebox) or the last line `Answer: ...`, whichever comes
    last. Both are read whatever the prompt asked for, since a model loses nothing by the wrong form. A box that is
    not closed, an empty line, and a number in prose are no answer: else a truncated response could be right by
    chance.
  - Only text after the last closing think tag counts, and text after an opening one that is not closed does not: a
    thought is no answer.
  - One box holds one answer. `5 or 6`, `5, 6`, `\pm 5`, `5 = 6` and `5 \approx 6` are wrong for 5, or a model could
    hedge. A chain of equal values (`1/2 = 0.5`) is one answer, and so is an exact value with its correct rounding
    (`\sqrt2 \approx 1.41`, which counts as \sqrt2). `(B) 12` is B and is 12.

What is equal
  - Numbers are exact. 0.333 is not 1/3, 3.14 is not pi; 0.\overline{3} is 1/3. There is no tolerance, so rounding is
    right only where the reference is rounded the same way.
  - Expressions in variables are equal if they are equal as real functions wherever both are defined: (x^2-1)/(x-1) is
    x+1, \sqrt{x^2} is |x| and not x. Odd roots of negative numbers are real; under a
    logarithm or a symbolic power variables are positive. Variables are case-sensitive. `log` without a base may be
    natural or decimal: its laws hold, its values do not.
  - A unit, currency, degree or percent sign may be left out on one side, since data sets strip them, but not
    contradicted: 5 cm is 5 and 0.05 m, but not 5 m and not 5 apples. A degree is also pi/180, a percentage also a
    hundredth.
  - A name before an equals sign is a label: x = 5, f(x) = ..., a + b = 7, x \in [1, 2]. Two equations are equal if
    they are the same up to rearrangement and a constant factor; x = 5 is not y = 5. Inequalities may be flipped, and
    in one variable are sets of reals.
  - \{1, 2\}, `1, 2`, `1 or 2`, `1 and 2` are one unordered set. (1, 2) is ordered and is not `1, 2`. (1, 2) may be a
    point or an open interval, whichever the other side is; [1, 2] is neither. A tuple in round or angle brackets is
    also a column or row vector, but a column is no row.
  - 1,234 is a number; it may be a list of 1 and 234 only where the other side is one. 1\frac12 is 3/2. 2e3 is 2000,
    2e - 3 has the constant e.
  - A number base is part of the answer: 52_8 is neither 52_9 nor 52 nor 42. The question asks for a form, and
    repeating the number it gave must not pay.
  - Single letters A to J are choices, (C) or c or \text{C}. Longer words compare without case, style, leading article
    and surrounding punctuation; a word is never a product of variables, so `seat` is not `east`. 3:4 is 6:8 and 3/4,
    but 6:40 is not 3:20: both may be times.
  - What is not read as mathematics is equal only to the same text. Only ASCII digits, and the Unicode signs of
    mathematics, have a meaning.
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
