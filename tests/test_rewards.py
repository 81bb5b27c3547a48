"""Rewards: the built-in ones, a user's own in the workers, their weighted sum, and what goes wrong in them."""

import functools
import math
import time
from pathlib import Path

import numpy as np
import pytest

from kpo_jax import references
from kpo_jax.tasks import rewards
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.tasks.rewards import Format, Graded, RewardConfig, RewardTerm, Term, graded, named, terms
from kpo_jax.tasks.totals import overlong_shaping, scores, total_reward
from kpo_jax.verifier import Grader, Verdict, verify

PROBLEM = Problem("p", "half?", "0.5")
RESPONSES = ["\\boxed{0.5}", "\\boxed{ $0.5$ }", "\\boxed{\\frac12}", "\\boxed{0.6}", "0.5"]
LENGTHS = np.array([5, 5, 5, 5, 5])


def of(kind, **parameters):
    return [graded(rewards.build(kind, parameters)(response, PROBLEM), kind) for response in RESPONSES]


def test_work_that_is_left_undone_is_no_answer_unless_asked_for():
    problem = Problem("p", "47 times 53?", "2491")
    for kind, wrong in (("correct", 0), ("plus_minus_one", -1)):
        for given, earned in (({}, wrong), ({"evaluated": False}, 1)):
            assert graded(rewards.build(kind, given)(r"\boxed{47 \cdot 53}", problem), kind).score == earned
        assert graded(rewards.build(kind, {})(r"\boxed{2491}", problem), kind).score == 1  # control


# ------------------------------------------------------------------------------------------------------------ built in


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("correct", [1, 1, 1, 0, 0]),
        ("exact", [1, 1, 0, 0, 0]),  # \frac12 is right, but not the same string
        ("plus_minus_one", [1, 1, 1, -1, -1]),
    ],
)
def test_conventions(kind, expected):
    found = of(kind)
    config = RewardConfig(kind)
    reward = total_reward(scores({kind: found}, LENGTHS, 10, config), terms(config, "correct"))
    assert reward.dtype == np.float32 and reward.shape == (5,)
    np.testing.assert_array_equal(reward, np.array(expected, np.float32))
    # accuracy is that of mathematics, whatever is paid
    assert [one[1:] for one in found] == [tuple(verify(response, "0.5")) for response in RESPONSES]


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("007", "7", True),
        ("1,000", "1000", True),
        ("\\dfrac{1}{2}", "\\frac{1}{2}", True),
        ("\\left( 3, 4 \\right)", "(3,4)", True),
        ("2x+1", "2 x + 1", True),
        ("2/4", "1/2", False),
        ("1+2x", "2x+1", False),
        ("a b", "ab", False),
        ("1 2", "12", False),
    ],
)
def test_exact_match_normalises_notation_only(answer, reference, same):
    assert rewards.exact(f"\\boxed{{{answer}}}", Problem("p", "?", reference)).score == same


def test_format_matches_a_pattern():
    assert [one.score for one in of("format", pattern=r"boxed\{0")] == [1, 0, 0, 1, 0]
    assert [one.score for one in of("format", pattern=r"\A0")] == [0, 0, 0, 0, 1]
    with pytest.raises(ValueError, match=r"^pattern: '\(' is no regular expression"):
        Format("(")


# ------------------------------------------------------------------------------------------------------------- the sum


def test_overlong_shaping_is_linear_in_tokens_over_the_buffer():
    """By hand: limit 100, buffer 20: free up to 80, half the penalty at 90, all of it at 100."""
    lengths = np.array([0, 1, 79, 80, 81, 90, 99, 100])
    expected = np.array([0, 0, 0, 0, -0.05, -0.5, -0.95, -1.0], np.float32)
    np.testing.assert_allclose(overlong_shaping(lengths, 100, RewardConfig(overlong_buffer=20)), expected, atol=1e-6)
    doubled = overlong_shaping(lengths, 100, RewardConfig(overlong_buffer=20, overlong_penalty=2.0))
    np.testing.assert_allclose(doubled, 2 * expected, atol=1e-6)


def test_overlong_shaping_adds_to_every_convention():
    lengths = np.array([100, 80, 90, 90, 100])
    config = RewardConfig("plus_minus_one", overlong_buffer=20)
    each = scores({"plus_minus_one": of("plus_minus_one")}, lengths, 100, config)
    assert list(each) == ["plus_minus_one", "overlong"]
    np.testing.assert_allclose(total_reward(each, terms(config, "")), [0, 1, 0.5, -1.5, -2], atol=1e-6)


def test_overlong_shaping_is_off_by_default():
    np.testing.assert_array_equal(overlong_shaping(np.array([1, 10**6]), 100, RewardConfig()), [0, 0])
    assert list(scores({"correct": of("correct")}, LENGTHS, 10, RewardConfig())) == ["correct"]


def test_several_rewards_are_summed_by_weight():
    form = RewardTerm("format", 0.25, {"pattern": "boxed"})
    config = RewardConfig("correct", weight=2.0, extra={"form": form, "none": RewardTerm("correct", 0.0)})
    found = terms(config, "correct")
    assert [(term.name, term.weight) for term in found] == [("correct", 2.0), ("form", 0.25), ("none", 0.0)]
    each = scores({t.name: of(t.kind, **t.parameters) for t in found}, LENGTHS, 10, config)
    assert total_reward(each, found).tolist() == [2.25, 2.25, 2.25, 0.25, 0]


def test_rows_that_do_not_match():
    with pytest.raises(ValueError, match="5 graded rows, 4 lengths"):
        scores({"correct": of("correct")}, LENGTHS[:4], 10, RewardConfig())
    with pytest.raises(ValueError, match="it must not be longer"):
        scores({"correct": of("correct")}, LENGTHS, 10, RewardConfig(overlong_buffer=11))


# ------------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"kind": "Correct"},
            "^kind: 'Correct' is not one of correct, exact, plus_minus_one, format, countdown, nor of",
        ),
        ({"kind": "nowhere.py:f"}, "^kind: no file nowhere.py$"),
        ({"overlong_buffer": -1}, "^overlong_buffer: -1 is not a whole number >= 0"),
        ({"overlong_penalty": -0.5}, "^overlong_penalty: -0.5 is not"),
        ({"weight": math.inf}, "^weight: inf is no number"),
        ({"weight": 1e39}, "^weight: 1e\\+39 is no number of float32"),
        ({"kind": "format"}, "^pattern: required by 'format'"),
        ({"kind": "format", "parameters": {"pattern": "["}}, r"^pattern: '\[' is no regular expression"),
        (
            {"kind": "exact", "parameters": {"a": 1}},
            "^a: 'exact' has no such parameter; it has evaluated",
        ),
        ({"parameters": {"a": 1}}, "^parameters: the reward of the task takes its parameters from the task"),
        ({"kind": "exact", "extra": {"exact": RewardTerm("correct")}}, "^extra.exact: the main reward has this name"),
        ({"extra": {"overlong": RewardTerm("correct")}}, "^extra.overlong: this is the name of the penalty"),
        ({"extra": {"a b": RewardTerm("correct")}}, "^extra.a b: a reward is named by letters"),
        ({"kind": "x", "weight": math.nan, "overlong_buffer": 0.5}, "^kind: .*; weight: .*; overlong_buffer: "),
    ],
)
def test_bad_configurations(fields, message):
    with pytest.raises(ValueError, match=message) as error:
        RewardConfig(**fields)
    assert "\n" not in str(error.value)


def test_the_tasks_own_reward_is_a_name_a_function_or_a_partial(tmp_path):
    assert named("exact") == ("exact", {})
    assert named(rewards.exact) == ("exact", {})
    path = tmp_path / "own.py"
    path.write_text(
        "import dataclasses\ndef own(response, problem, *, least: int = 1): return len(response) >= least\n"
        "@dataclasses.dataclass\nclass Own:\n    n: int\n"
        "    seen: dict = dataclasses.field(default_factory=dict, init=False)\n"
    )
    own = rewards.build(f"{path}:own", {})
    assert named(own) == (f"{path}:own", {})
    assert named(functools.partial(own, least=3)) == (f"{path}:own", {"least": 3})
    assert terms(RewardConfig(), own)[0].name == "own"
    with pytest.raises(ValueError, match=r"reward\.extra\.own: the reward of the task has this name"):
        terms(RewardConfig(extra={"own": RewardTerm("correct")}), own)
    assert named(Format("x")) == ("format", {"pattern": "x"})
    assert named(references.look_up({}, f"{path}:Own")(3)) == (f"{path}:Own", {"n": 3})
    with pytest.raises(ValueError, match="is not at the top level of its file"):
        named(lambda response, problem: 1.0)
    for thing in (5, np.random.default_rng(0), object()):
        with pytest.raises(ValueError, match="of the task is neither a name, a function nor a dataclass"):
            named(thing)


# ----------------------------------------------------------------------------------------------------- what it returns


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (1, Graded(1.0, True, None, "")),
        (0.5, Graded(0.5, False, None, "")),
        (-2.0, Graded(-2.0, False, None, "")),
        (True, Graded(1.0, True, None, "")),
        (np.bool_(False), Graded(0.0, False, None, "")),
        (np.float32(1.5), Graded(1.5, True, None, "")),
        (Verdict(True, "7", "why"), Graded(1.0, True, "7", "why")),
        (Graded(0.3, True, 7, "why"), Graded(0.3, True, "7", "why")),
    ],
)
def test_what_a_reward_may_return(result, expected):
    assert graded(result) == expected and type(graded(result).score) is float


@pytest.mark.parametrize(
    "result", [math.nan, math.inf, -math.inf, 1e39, -(10**40), None, "1", [1.0], Graded(math.nan, True, None, "")]
)
def test_what_is_no_number_is_a_counted_error(result):
    found = graded(result)
    assert (found.score, found.correct) == (0.0, False)
    assert found.reason.startswith("error: the reward is ")
    assert found.reason.endswith(", not a finite number of float32")
    assert graded(result, "plus_minus_one").score == -1.0


# ---------------------------------------------------------------------------------------------------------- in workers

HOSTILE = """
import os, sys, time, subprocess
from kpo_jax.tasks import Graded, Problem, Task, Verdict

def hostile(response, problem, *, bonus: float = 0.0):
    if response == "raise": raise KeyError("a\\nb")
    if response == "hang": time.sleep(1000)
    if response == "memory": bytearray(5 << 30)
    if response == "print": print("x" * 100_000, flush=True); os.write(1, b"[true, [1]]\\n"); sys.stdout.write("[")
    if response == "read": return 1.0 if sys.stdin.readline() == "" else 0.0
    if response == "exit": sys.exit(3)
    if response == "die": os._exit(7)
    if response == "nan": return float("nan")
    if response == "child": subprocess.Popen(["sleep", "98765"]); time.sleep(1000)
    if response == "threads": return Graded(1.0, True, None, os.environ["OPENBLAS_NUM_THREADS"])
    if response == "modules": return float(not {"jax", "numpy"} & set(sys.modules))
    if response == "row":
        row = problem.row
        return Graded(len(row["nested"][1]), True, row["text"], repr(row["no"]))
    return 1.0 + bonus
"""


def grade(tmp_path, responses, timeout=20.0, problem=PROBLEM, extra=()):
    path = tmp_path / "hostile.py"
    path.write_text(HOSTILE)
    wanted = (Term("hostile", f"{path}:hostile", 1.0, {"bonus": 0.5}), *extra)
    for term in wanted:
        rewards.build(term.kind, term.parameters)  # as the configuration does, which loads the file
    path.unlink()  # a worker is sent the text
    with Grader(workers=1, timeout=timeout, program=rewards.program(wanted)) as grader:
        for row, response in enumerate(responses):
            for number in range(len(wanted)):
                grader.submit((row, number), *rewards.request(number, response, problem))
        replies = grader.replies()
    return [[rewards.received(replies[r, i], t) for r in range(len(responses))] for i, t in enumerate(wanted)]


def test_what_goes_wrong_in_a_reward_is_a_counted_reason_and_does_not_spread(tmp_path):
    responses = ["fine", "raise", "memory", "print", "read", "exit", "die", "nan", "fine"]
    found, other = grade(tmp_path, responses, extra=(Term("same", "format", 1.0, {"pattern": "."}),))
    assert [one.reason for one in found] == [
        "",
        "error: KeyError: 'a\\nb'",
        "error: out of memory",
        "",
        "",
        "error: SystemExit: 3",
        "error: the worker died with code 7",
        "error: the reward is nan, not a finite number of float32",
        "",
    ]
    assert [one.score for one in found] == [1.5, 0, 0, 1.5, 1, 0, 0, 0, 1.5]
    assert [one.score for one in other] == [1.0] * 9  # the other reward of the same responses is not touched


def test_a_reward_that_hangs_ends_with_what_it_started(tmp_path):
    """Each after one that does not, as a worker's first reply may take longer."""
    (found,) = grade(tmp_path, ["fine", "hang", "fine", "child", "fine"], timeout=0.5)
    assert [one.reason for one in found] == ["", "timeout after 0.5 s", "", "timeout after 0.5 s", ""]
    deadline = time.monotonic() + 60
    while sleeping() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sleeping() == []


def sleeping():
    """The processes that the reward started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == b"sleep\x0098765\x00":
                found.append(path)
        except OSError:
            continue
    return found


def test_a_worker_has_the_whole_row_and_one_thread_and_imports_no_jax(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "64")  # which take more address space than a worker has
    problem = Problem("p", "?", "", None, {"nested": [[], [1, 2]], "text": "é\u2028\ud800\0", "no": None})
    (found,) = grade(tmp_path, ["row", "modules", "threads"], problem=problem)
    assert found[0] == Graded(2.0, True, "é\u2028\ud800\0", "None")
    assert found[1].score == 1.0 and found[2].reason == "1"


def test_a_file_that_does_not_load_in_a_worker_is_a_counted_error():
    term = Term("own", "nowhere.py:f")
    with Grader(workers=1, program=rewards.program([term])) as grader:
        grader.submit(0, *rewards.request(0, "a", PROBLEM))
        found = rewards.received(grader.replies()[0], term)
    assert found == Graded(0.0, False, None, "error: ValueError: no file nowhere.py")
