"""The countdown game: make a target from given numbers, each used at most once, by + - * / and parentheses.

A problem is one line, `make 18 from 3, 8, 2`, and its row holds `numbers` and `target`. There are many right answers,
so the answer is not compared with a reference but worked out: see `solved`. A demonstration writes one operation per
line and ends with the whole expression:

    8-2=6
    3*6=18
    Answer: 3*(8-2)

With a character tokenizer one character is one token.
"""

import ast
import hashlib
import operator
import random
import re
from collections import Counter
from fractions import Fraction
from typing import Any, NamedTuple

from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.verifier import Verdict, extract_answer

SPLITS = ("train", "test")
TEST_SHARE = 10  # one problem in so many, by a hash of its numbers and target, belongs to the test split
MAX_EXPRESSION = 200  # characters; what is longer is wrong
_MAX_MISSES = 10_000  # draws in a row without a new problem, after which the game counts as exhausted
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_SPELLINGS = {"\\times": "*", "\\cdot": "*", "\\div": "/", "×": "*", "·": "*", "÷": "/", "−": "-"}
_TEXT = re.compile(r"\\(?:text|mathrm)\{([^{}]*)\}")
_NO_SIGN = re.compile(r"\\(?:left|right|[()\[\],;!])")  # of TeX: large parentheses, formulas, spaces


class Wrong(ValueError):
    """Why an expression is none of the game."""


class Step(NamedTuple):
    """One operation of a worked solution: the two values, the sign between them, and what comes out."""

    left: int
    sign: str
    right: int
    result: int

    def __str__(self) -> str:
        return f"{self.left}{self.sign}{self.right}={self.result}"


def problems(split: str, num: int, seed: int, *, num_numbers: int, max_number: int, max_target: int) -> list[Problem]:
    """`num` different problems that can be solved, a pure function of the arguments.

    A problem belongs to one split for ever, by a hash of its sorted numbers and its target, so no seed leaks test
    problems into training. The target is none of the numbers. Raises ValueError for an unknown split and when the game
    holds fewer than `num` problems.
    """
    if split not in SPLITS:
        raise ValueError(f"countdown split {split!r}: legal are {', '.join(SPLITS)}")
    rng = random.Random(seed)
    found: dict[tuple, Problem] = {}
    misses = 0  # in a row
    while len(found) < num:
        if misses == _MAX_MISSES:
            raise ValueError(f"countdown {split}: found {len(found)} problems, not {num}; ask for fewer")
        misses += 1
        numbers = [rng.randint(1, max_number) for _ in range(num_numbers)]
        steps, expression = _draw(numbers, rng.randrange, max_value=max(max_target, max_number) * 4)
        target = steps[-1].result
        key = (*sorted(numbers), target)
        digest = hashlib.sha256(repr(key).encode()).hexdigest()
        in_test = int(digest[:8], 16) % TEST_SHARE == 0
        if not 1 <= target <= max_target or target in numbers or key in found or in_test != (split == "test"):
            continue
        misses = 0
        text = f"make {target} from {', '.join(map(str, numbers))}"
        row = {"numbers": numbers, "target": target}
        found[key] = Problem(f"countdown-{digest[:12]}", text, str(target), _written(steps, expression), row)
    return list(found.values())


def demonstration(problem: Problem, rng, error_rate: float = 0.0) -> str:
    """The worked solution; with probability `error_rate` that of other operations, which miss the target.

    `rng` is a numpy Generator. Raises ValueError when the problem has no solution, or error_rate is outside [0, 1].
    """
    if not 0.0 <= error_rate <= 1.0:
        raise ValueError(f"error_rate {error_rate}: must lie in [0, 1]")
    if problem.solution is None:
        raise ValueError(f"{problem.id}: the problem has no solution to demonstrate")
    if rng.random() >= error_rate:
        return problem.solution
    numbers, target = problem.row["numbers"], problem.row["target"]
    for _ in range(100):
        steps, expression = _draw(numbers, lambda high: int(rng.integers(high)), max_value=4 * max(target, *numbers))
        if steps[-1].result != target:
            break
    return _written(steps, expression)


def solved(response: str, problem: Problem) -> Verdict:
    """Right if the final answer (a last line `Answer: ...` or a box) is an expression that makes the target.

    It may use each number at most as often as it was given, + - * /, and parentheses; `= 14` may follow. The problem's
    row must have `numbers` and `target`. Values are exact fractions; nothing is evaluated as code.
    """
    answer = extract_answer(response)
    if answer is None:
        return Verdict(False, None, "no final answer")
    left = Counter(map(int, problem.row["numbers"]))
    target = Fraction(problem.row["target"])
    try:
        expression, equals, stated = _plain(answer).partition("=")
        used, value = evaluate(expression)
        if equals and evaluate(stated)[1] != value:
            raise Wrong("the equation does not hold")
        if extra := Counter(used) - left:
            raise Wrong(f"uses {min(extra)} more often than it was given")
        if value != target:
            raise Wrong(f"makes {value}, not {target}")
    except Wrong as error:
        return Verdict(False, answer, str(error))
    return Verdict(True, answer, "makes the target")


def evaluate(text: str) -> tuple[list[int], Fraction]:
    """(the numbers in the expression, its exact value). Raises Wrong for all that is not whole numbers, + - * / ( )."""
    if len(text) > MAX_EXPRESSION:
        raise Wrong("longer than an expression may be")
    if not re.fullmatch(r"[0-9+\-*/() ]+", text):
        raise Wrong("not an expression of whole numbers, + - * / and parentheses")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        numbers: list[int] = []
        return numbers, _value(tree, numbers)
    except (SyntaxError, RecursionError, MemoryError):  # the parser of the standard library raises each of them
        raise Wrong("not an expression of whole numbers, + - * / and parentheses") from None


def _value(node: ast.expr, numbers: list[int]) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        numbers.append(node.value)
        return Fraction(node.value)
    if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATORS:
        raise Wrong("not an expression of whole numbers, + - * / and parentheses")
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    try:
        return _OPERATORS[type(node.op)](left, right)
    except ZeroDivisionError:
        raise Wrong("divides by zero") from None


def _plain(text: str) -> str:
    text = _TEXT.sub(r"\1", text)
    for spelling, sign in _SPELLINGS.items():
        text = text.replace(spelling, sign)
    text = _NO_SIGN.sub("", text)
    return text.replace("$", "").strip().rstrip(".")


def _draw(numbers: list[int], below, max_value: int) -> tuple[list[Step], str]:
    """Operations that use up all numbers, and the expression they add up to; `below(n)` draws from 0 to n - 1.

    Every value on the way is a whole number from 0. A product is drawn up to max_value alone; sums may go beyond it.
    """
    values: list[tuple[int, str, Any]] = [(number, str(number), None) for number in numbers]
    steps = []
    while len(values) > 1:
        left = values.pop(below(len(values)))
        right = values.pop(below(len(values)))
        if left[0] < right[0]:
            left, right = right, left
        legal = ["+", "-"] + ["*"] * (left[0] * right[0] <= max_value)
        legal += ["/"] * (right[0] != 0 and left[0] % right[0] == 0)
        sign = legal[below(len(legal))]
        result = {"+": left[0] + right[0], "-": left[0] - right[0], "*": left[0] * right[0]}.get(sign)
        result = left[0] // right[0] if result is None else result
        steps.append(Step(left[0], sign, right[0], result))
        values.append((result, f"{_inside(left, sign)}{sign}{_inside(right, sign, last=True)}", sign))
    return steps, values[0][1]


def _inside(value: tuple[int, str, Any], sign: str, last: bool = False) -> str:
    """The text of an operand, in parentheses where it needs them."""
    _, text, own = value
    loose = own in ("+", "-")
    needs = own is not None and ((sign in "*/" and loose) or (last and sign == "-" and loose) or (last and sign == "/"))
    return f"({text})" if needs else text


def _written(steps: list[Step], expression: str) -> str:
    return "\n".join([*map(str, steps), f"Answer: {expression}"])
