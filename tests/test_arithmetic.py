"""Worked steps checked by Python's own arithmetic; splits, repetition and lengths checked as properties."""

import re

import numpy as np
import pytest

from kpo_jax.tasks.arithmetic import DIFFICULTIES, demonstration, problems
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.weights.tokenizers import CharTokenizer

RESPONSE_LENGTHS = {
    "easy": (27, 33),
    "medium": (27, 37),
    "hard": (56, 80),
    "chain": (51, 65),
    "long": (210, 330),
    "single": (15, 21),
}
NUM = {"single": (105, 90)}  # problems to ask for, in train and test; the rest have plenty


def expression(problem):
    return problem.removesuffix("=?").removeprefix("What is ").removesuffix("?").replace(" ", "")


def reads(text):
    """The value of an expression of +, -, * over integers, by Python itself."""
    assert re.fullmatch(r"-?\d+([+*-]\d+)*", text), text
    return eval(text)


def check_steps(problem, response):
    """How many steps are wrong, and the answer; asserts that the steps are the problem's own, in order."""
    *lines, last = response.split("\n")
    terms = re.findall(r"[+-]?[\d*]+", expression(problem))
    wrong = 0
    values = []
    for term in terms:
        body = term.lstrip("+-")
        if "*" in body:
            left, right = lines.pop(0).split("=")
            assert left == body
            wrong += reads(left) != int(right)
            body = right
        values.append((term[0] if term[0] in "+-" else "+", body))
    running = values[0][1]
    for sign, value in values[1:]:
        left, right = lines.pop(0).split("=")
        assert left == f"{running}{sign}{value}"
        wrong += reads(left) != int(right)
        running = right
    assert not lines
    assert last == f"Answer: {running}"
    return wrong, int(running)


def extracted(response):
    return re.findall(r"^Answer: (-?\d+)$", response, re.M)[-1]


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_worked_steps_are_right(difficulty):
    rng = np.random.default_rng(0)
    for problem in problems(difficulty, "train", NUM.get(difficulty, (300,))[0], seed=0):
        response = demonstration(problem, rng)
        assert check_steps(problem.problem, response) == (0, reads(expression(problem.problem)))
        assert extracted(response) == problem.answer == str(reads(expression(problem.problem)))
        assert response == problem.solution
        low, high = RESPONSE_LENGTHS[difficulty]
        assert low <= len(response) <= high
        values = [int(value) for value in re.findall(r"=(-?\d+)", response)]
        assert min(values) >= 0 and max(values) <= DIFFICULTIES[difficulty].max_value


def test_the_check_sees_a_wrong_step():
    assert check_steps("47+38-5*5=?", "5*5=25\n47+38=85\n85-25=60\nAnswer: 60") == (0, 60)
    assert check_steps("47+38-5*5=?", "5*5=25\n47+38=86\n86-25=61\nAnswer: 61") == (1, 61)
    with pytest.raises(AssertionError):
        check_steps("47+38-5*5=?", "5*5=25\n47+38=86\n85-25=60\nAnswer: 60")  # does not carry on from its slip


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
@pytest.mark.parametrize("error_rate", [0.05, 0.5, 1.0])
def test_slips_make_the_answer_wrong(difficulty, error_rate):
    rng = np.random.default_rng(1)
    num_wrong = num_steps = 0
    for problem in problems(difficulty, "train", NUM.get(difficulty, (200,))[0], seed=3):
        response = demonstration(problem, rng, error_rate)
        wrong, answer = check_steps(problem.problem, response)
        assert (wrong == 0) == (str(answer) == problem.answer)
        num_wrong += wrong
        num_steps += response.count("\n")
        CharTokenizer().encode(response)
    spread = 4 * np.sqrt(error_rate * (1 - error_rate) / num_steps)
    assert abs(num_wrong / num_steps - error_rate) <= spread


def test_slips_are_drawn_from_the_generator():
    problem = problems("hard", "train", 1, seed=0)[0]
    first, again, other = (demonstration(problem, np.random.default_rng(seed), 0.5) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_splits_are_disjoint_and_nothing_repeats(difficulty):
    num_train, num_test = NUM.get(difficulty, (500, 100))
    train = [problem.problem for seed in range(3) for problem in problems(difficulty, "train", num_train, seed)]
    test = [problem.problem for seed in range(3) for problem in problems(difficulty, "test", num_test, seed)]
    assert not set(train) & set(test)
    for seed in range(3):
        texts = [problem.problem for problem in problems(difficulty, "train", num_train, seed)]
        ids = {problem.id for problem in problems(difficulty, "train", num_train, seed)}
        assert len(set(texts)) == len(ids) == num_train


def test_problems_are_a_pure_function():
    assert problems("medium", "train", 50, 1) == problems("medium", "train", 50, 1)
    assert problems("medium", "train", 50, 1) == problems("medium", "train", 80, 1)[:50]
    assert problems("medium", "train", 50, 1) != problems("medium", "train", 50, 2)


def test_problems_and_split_are_pinned():
    """A change of the draw would break resuming; one of the split would leak test problems into training."""
    assert [problem.problem for problem in problems("easy", "test", 3, seed=0)] == [
        "1+4+2-4=?",
        "3+6+2-3=?",
        "1+4-3+4=?",
    ]


def test_spoken_problems_and_their_mirrors_are_on_one_side():
    def unordered(split, num):
        return {
            (*sorted(re.split(r"[+*]", expression(p.problem))), "*" in p.problem)
            for p in problems("single", split, num, 0)
        }

    train, test = unordered("train", NUM["single"][0]), unordered("test", NUM["single"][1])
    assert min(len(train), len(test)) > 50 and not train & test
    texts = [p.problem for p in problems("single", "train", NUM["single"][0], 0)]
    assert {re.fullmatch(r"What is \d+ ([+*]) \d+\?", text)[1] for text in texts} == {"+", "*"}
    for split, num, seed in (("train", 109, 103), ("test", 93, 12)):  # all; these seeds miss one for long
        assert len(problems("single", split, num, seed)) == num


def test_operators_and_answers_are_balanced():
    texts = "".join(problem.problem for problem in problems("medium", "train", 1000, seed=0))
    assert 0.4 < texts.count("+") / (texts.count("+") + texts.count("-")) < 0.65
    answers = [problem.answer for problem in problems("medium", "train", 1000, seed=0)]
    assert max(answers.count(answer) for answer in set(answers)) < 40  # no answer is worth guessing


def test_bad_requests():
    with pytest.raises(ValueError, match="legal are easy, medium, hard, chain, long, single"):
        problems("extreme", "train", 1, 0)
    with pytest.raises(ValueError, match="legal are train, test"):
        problems("easy", "validation", 1, 0)
    with pytest.raises(ValueError, match="ask for fewer"):
        problems("easy", "test", 10_000, 0)
    problem = problems("easy", "train", 1, 0)[0]
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        demonstration(problem, np.random.default_rng(0), 1.5)
    with pytest.raises(ValueError, match="must lie in"):
        demonstration(problem, np.random.default_rng(0), float("nan"))
    for text in (
        "What is 2+2?",
        "2+2",
        "__import__('os')=?",
        "2**9999=?",
        "5=?",
        "What is 5?",
        "What is 2 - 2?",
        "1" * 10_000 + "+1=?",
    ):
        with pytest.raises(ValueError, match="not an arithmetic problem"):
            demonstration(Problem("x", text, "4"), np.random.default_rng(0))
