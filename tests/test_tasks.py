"""The registry of tasks, and the countdown game: its problems, its demonstrations and its reward."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpo_jax.tasks import countdown
from kpo_jax.tasks.countdown import Wrong, evaluate, solved
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.tasks.prompts import DataConfig, load_problems
from kpo_jax.tasks.registry import TASKS, TaskConfig, build_task
from kpo_jax.weights.tokenizers import CharTokenizer

SIZES = dict(num_numbers=3, max_number=9, max_target=50)
PROBLEM = Problem("p", "make 14 from 3, 8, 2", "14", None, {"numbers": [3, 8, 2], "target": 14})


# ------------------------------------------------------------------------------------------------------------ the game


@pytest.mark.parametrize(
    "answer",
    ["3*2+8", "2 * 3 + 8", "(8)+(3*2)", "8+3\\times2", "8 + 3×2", "$3*2+8$", "3*2+8=14", "3*2+8 = 14.",
     "3\\times\\left(2\\right)+8", "\\(3*2+8\\)", "\\text{3*2+8}", "3\\,\\cdot\\,2+8", "8/(1)*0+14"],
)
def test_any_expression_that_makes_the_target_is_right(answer):
    right = answer != "8/(1)*0+14"  # the control: numbers that were not given
    for response in (f"so\nAnswer: {answer}", f"\\boxed{{{answer}}}"):
        assert solved(response, PROBLEM).correct == right, solved(response, PROBLEM)


def test_numbers_of_a_row_may_be_texts():
    problem = PROBLEM._replace(row={"numbers": ["3", "8", "2"], "target": "14"})
    assert solved("Answer: 3*2+8", problem).correct and not solved("Answer: 3*2+8*1", problem).correct


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("3+8+2", "makes 13, not 14"),
        ("3*8-2-8", "uses 8 more often than it was given"),
        ("14", "uses 14 more often than it was given"),
        ("3*2+8=15", "the equation does not hold"),
        ("8/(3-3)", "divides by zero"),
        ("8/3*2", "makes 16/3, not 14"),
        *(
            (text, "not an expression of whole numbers")
            for text in ("8**2", "8//3", "-8+3", "+8", "8 3", "08+3*2", "8_0")
        ),
        *(
            (text, "not an expression of whole numbers")
            for text in ("abs(8)", "8.0+3*2", "8+3*2;1", "8,3", "8<9", "()")
        ),
        *(
            (text, "not an expression of whole numbers")
            for text in ("__import__('os')", "1e3", "０+8", "8if 3else 2", "((8")
        ),
        ("(" * 150 + "8" + ")" * 40, "not an expression of whole numbers"),
        ("8+" * 200 + "8", "longer than an expression may be"),
    ],
)
def test_everything_else_is_wrong_with_a_reason(answer, reason):
    verdict = solved(f"Answer: {answer}", PROBLEM)
    assert not verdict.correct and verdict.reason.startswith(reason)


def test_no_answer_is_no_answer():
    assert solved("3*2+8", PROBLEM) == (False, None, "no final answer")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789+-*/() ", max_size=220))
def test_the_parser_ends_with_a_value_or_a_reason(text):
    try:
        numbers, value = evaluate(text)
    except Wrong:
        return
    assert numbers and value == value


@pytest.mark.parametrize(
    ("num_numbers", "max_number", "max_target"), [(2, 20, 100), (3, 9, 50), (4, 99, 100), (6, 99, 999)]
)
def test_solutions_are_right_and_slips_are_wrong(num_numbers, max_number, max_target):
    sizes = dict(num_numbers=num_numbers, max_number=max_number, max_target=max_target)
    rng = np.random.default_rng(0)
    for problem in countdown.problems("train", 100, 3, **sizes):
        assert solved(problem.solution, problem).correct
        assert countdown.demonstration(problem, rng) == problem.solution
        assert not solved(countdown.demonstration(problem, rng, 1.0), problem).correct
        for line in problem.solution.splitlines()[:-1]:
            left, _, right = line.partition("=")
            assert evaluate(left)[1] == int(right)
        numbers, value = evaluate(problem.solution.splitlines()[-1].removeprefix("Answer: "))
        assert sorted(numbers) == sorted(problem.row["numbers"]) and value == problem.row["target"]
        assert problem.row["target"] not in problem.row["numbers"] and 1 <= value <= max_target


def test_the_control_a_wrong_solution_is_seen():
    problem = countdown.problems("train", 1, 0, **SIZES)[0]
    assert not solved(
        problem.solution, problem._replace(row=problem.row | {"target": problem.row["target"] + 1})
    ).correct


def key(problem):
    return (*sorted(problem.row["numbers"]), problem.row["target"])


def test_splits_are_disjoint_whatever_the_seeds_and_nothing_repeats():
    train = [key(p) for seed in range(3) for p in countdown.problems("train", 300, seed, **SIZES)]
    test = [key(p) for seed in range(3) for p in countdown.problems("test", 60, seed, **SIZES)]
    assert not set(train) & set(test)
    assert len(set(train[:300])) == 300 and len(set(train)) > 500  # and the seeds are others


def test_problems_are_a_pure_function_and_pinned():
    first = countdown.problems("train", 50, 7, **SIZES)
    assert first == countdown.problems("train", 50, 7, **SIZES) and first[:20] == countdown.problems(
        "train", 20, 7, **SIZES
    )
    assert [p.problem for p in countdown.problems("train", 2, 0, **SIZES)] == PINNED
    tokenizer = CharTokenizer()
    assert all(tokenizer.encode(p.problem + "\n" + p.solution) for p in first)


PINNED = ["make 49 from 7, 7, 1", "make 10 from 4, 9, 3"]


def test_bad_requests():
    with pytest.raises(ValueError, match="countdown split 'validation': legal are train, test"):
        countdown.problems("validation", 1, 0, **SIZES)
    with pytest.raises(ValueError, match=r"found .* problems, not 100; ask for fewer"):
        countdown.problems("train", 100, 0, num_numbers=2, max_number=2, max_target=5)
    with pytest.raises(ValueError, match=r"error_rate 1\.5"):
        countdown.demonstration(PROBLEM, np.random.default_rng(0), 1.5)
    with pytest.raises(ValueError, match="p: the problem has no solution"):
        countdown.demonstration(PROBLEM, np.random.default_rng(0))


# -------------------------------------------------------------------------------------------------------- the registry


def test_math_is_the_default_and_is_what_it_was():
    task = build_task(TaskConfig())
    assert TaskConfig().name == "math" and task.reward == "correct" and task.problems is None
    assert task.template.text == "{problem}\n"


def test_countdown_by_its_name_and_parameters():
    task = build_task(TaskConfig("countdown", SIZES))
    problems, dropped = load_problems(DataConfig(source="task", num_problems=20, problem_seed=7), task)
    assert problems == countdown.problems("train", 20, 7, **SIZES) and dropped == {}
    with pytest.raises(ValueError, match=r"the task needs a column: arithmetic-.*: no field 'numbers'"):
        load_problems(DataConfig(num_problems=20), task)
    with pytest.raises(ValueError, match=r"data\.source: 'task' is legal with a task that has problems of its own"):
        load_problems(DataConfig(source="task"), TASKS["math"]())


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("chess", {}, "^name: 'chess' is not one of math, countdown, nor of the form file.py:Name$"),
        ("nowhere.py:task", {}, "^name: no file nowhere.py$"),
        (
            "countdown",
            {"size": 3},
            "^size: 'countdown' has no such parameter; it has num_numbers, max_number, max_target$",
        ),
        (
            "countdown",
            {"num_numbers": 1, "max_target": 0},
            "^num_numbers: 1 is not .* from 2 to 8; max_target: 0 is not",
        ),
        ("kpo_jax.tasks.rewards:correct", {}, "correct' was not made: TypeError: "),
    ],
)
def test_bad_tasks_are_one_line(name, parameters, message):
    with pytest.raises(ValueError, match=message) as error:
        build_task(TaskConfig(name, parameters))
    assert "\n" not in str(error.value)
