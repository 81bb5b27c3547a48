"""What a response earns: a reward is a function `(response, problem) -> float | bool | Verdict | Graded`.

Rewards run in worker processes that can be killed (verifier.pool): a reward that hangs, runs out of memory, raises or
returns what is no number costs its response the reward and is counted, and the run goes on. A worker imports this
module and the file of the reward, so neither should import jax. Keyword-only arguments of the function, annotated with
plain types, are parameters that the configuration may set. A dataclass with `__call__(response, problem)` is as good.
"""

import dataclasses
import functools
import inspect
import numbers
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

from kpo_jax import choices, references
from kpo_jax.checks import Illegal, is_number, not_negative, refuse, unless, whole
from kpo_jax.checks import Problem as Fault
from kpo_jax.tasks import countdown
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.verifier import Verdict, gradable, verify
from kpo_jax.verifier.decide import same_notation
from kpo_jax.verifier.pool import Failure, Program

OVERLONG = "overlong"  # the name under which the penalty for length is recorded


class Graded(NamedTuple):
    """What one reward says of one response.

    Attributes:
      score: what is trained on, before its weight.
      correct: whether the response counts as right in evaluations (avg@k and pass@k).
      extracted: the answer found in the response; None if there is none, or none is looked for.
      reason: why, in a few words; starts with "error" or "timeout" where the reward failed.
    """

    score: float
    correct: bool
    extracted: str | None
    reason: str


def correct(response: str, problem: Problem, *, evaluated: bool = True) -> Verdict:
    """1 if the final answer is equal to the reference as mathematics, else 0.

    With `evaluated` an answer to a plain number must be one that a person would call evaluated, see verifier.verify.
    """
    return verify(response, problem.answer, evaluated=evaluated)


def exact(response: str, problem: Problem, *, evaluated: bool = True) -> Graded:
    """The binary exact match of the KPO paper: 1 if answer and reference are the same once notation is normalised.

    Accuracy in evaluations stays that of mathematics, so that it can be compared between rewards.
    """
    verdict = verify(response, problem.answer, evaluated=evaluated)
    same = verdict.extracted is not None and same_notation(verdict.extracted, problem.answer)
    return Graded(float(same), *verdict)


def plus_minus_one(response: str, problem: Problem, *, evaluated: bool = True) -> Graded:
    """DAPO's: +1 if the final answer is equal to the reference as mathematics, else -1."""
    verdict = verify(response, problem.answer, evaluated=evaluated)
    return Graded(1.0 if verdict.correct else -1.0, *verdict)


@dataclasses.dataclass(frozen=True)
class Format:
    """1 if the regular expression `pattern` matches somewhere in the response, else 0; it may hold anchors."""

    pattern: str

    def __post_init__(self):
        try:
            re.compile(self.pattern)
        except (re.error, TypeError, RecursionError, OverflowError) as error:
            refuse([("pattern", f"{self.pattern!r} is no regular expression: {error}")])

    def __call__(self, response: str, problem: Problem) -> float:
        return float(re.search(self.pattern, response) is not None)


REWARDS: dict[str, Callable] = {
    "correct": correct,
    "exact": exact,
    "plus_minus_one": plus_minus_one,
    "format": Format,
    "countdown": countdown.solved,
}

MATHEMATICS = {"correct", "exact", "plus_minus_one"}  # the rewards that compare with the reference as mathematics
_LARGEST = 3.4028234663852886e38  # of float32, which scores and weights are from the batch on
FAILED = {"plus_minus_one": -1.0}  # what a response earns whose reward failed; 0 with every other reward


@dataclasses.dataclass(frozen=True)
class RewardTerm:
    """One more reward: its kind in REWARDS or `file.py:name`, its weight in the sum, and its own parameters."""

    registry: ClassVar[Mapping[str, Any]] = REWARDS
    chooser: ClassVar[str] = "kind"

    kind: str
    weight: float = 1.0
    parameters: Mapping[str, bool | int | float | str | None] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        choices.spell_out(self)
        refuse([*_known(self), *_finite(self, "weight")])


@dataclasses.dataclass(frozen=True)
class RewardConfig:
    """What a response earns: the sum of weighted rewards, and what an overlong response loses.

    Attributes:
      kind: the main reward, a name in REWARDS or `file.py:name`; "" is the task's own, which for the task `math` is
        "correct". It decides what counts as right in evaluations.
      weight: of the main reward.
      overlong_buffer: tokens before the length limit in which the penalty grows from 0 to its full size (Lcache of
        DAPO); 0 is off.
      overlong_penalty: the full size, at the limit.
      extra: further rewards by the names under which they are recorded.
      parameters: of the main reward; the task's own takes its parameters from the task.
    """

    registry: ClassVar[Mapping[str, Any]] = REWARDS
    chooser: ClassVar[str] = "kind"

    kind: str = ""
    weight: float = 1.0
    overlong_buffer: int = 0
    overlong_penalty: float = 1.0
    extra: dict[str, RewardTerm] = dataclasses.field(default_factory=dict)
    parameters: Mapping[str, bool | int | float | str | None] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        choices.spell_out(self)
        names = [
            (f"extra.{name}", text)
            for name in self.extra
            for good, text in (
                (re.fullmatch(r"[A-Za-z]\w*", name), "a reward is named by letters, digits and _"),
                (name != OVERLONG, "this is the name of the penalty for length"),
                (name != short_name(self.kind), "the main reward has this name already"),
            )
            if not good
        ]
        own = [("parameters", "the reward of the task takes its parameters from the task; name a kind")]
        refuse(
            [
                *(_known(self) if self.kind else own if self.parameters else []),
                *_finite(self, "weight"),
                *whole(self, 0, "overlong_buffer"),
                *not_negative(self, "overlong_penalty"),
                *names,
            ]
        )


class Term(NamedTuple):
    """One reward of a run: the name under which it is recorded, which function it is, and its weight."""

    name: str
    kind: str
    weight: float = 1.0
    parameters: Mapping[str, Any] = {}


def main_reward(config: RewardConfig, own: str | Callable) -> tuple[str, Mapping[str, Any]]:
    """(kind, parameters) of the main reward, which is `own`, the task's, where the configuration names none."""
    return (config.kind, config.parameters) if config.kind else named(own)


def terms(config: RewardConfig, own: str | Callable) -> tuple[Term, ...]:
    """The rewards of a run, the main one first; `own` is the reward of the task.

    Raises ValueError, one line, if two have one name or one cannot be built.
    """
    kind, parameters = main_reward(config, own)
    main = Term(short_name(kind), kind, config.weight, parameters)
    if main.name in config.extra or main.name == OVERLONG:
        raise ValueError(f"reward.extra.{main.name}: the reward of the task has this name already")
    found = (main, *(Term(name, extra.kind, extra.weight, extra.parameters) for name, extra in config.extra.items()))
    for term in found:
        build(term.kind, term.parameters)
    return found


def ungradable(problems: Iterable[Problem], of: Iterable[Term]) -> list[Problem]:
    """The problems whose reference answer the grader cannot read; none where no reward of `of` compares with it.

    An answer to one of them is right only if it is written in the same way.
    """
    if not any(term.kind in MATHEMATICS for term in of):
        return []
    readable = functools.lru_cache(gradable)
    return [problem for problem in problems if not readable(problem.answer)]


def build(kind: str, parameters: Mapping[str, Any]) -> Callable:
    """The function of that kind with its parameters filled in. Raises ValueError, one line, for what does not fit."""
    built = references.build(REWARDS, kind, parameters)
    try:
        inspect.signature(built).bind("response", "problem")
    except TypeError as error:
        raise ValueError(f"reward {kind!r} is not called with (response, problem): {error}") from None
    return built


def named(reward: str | Callable) -> tuple[str, dict[str, Any]]:
    """(kind, parameters) of a reward that a task gives as a name, a function, or a functools.partial of one.

    Raises ValueError for what is none of these, and if a worker could not find the function again: it must stand at the
    top of its file.
    """
    if isinstance(reward, str):
        return reward, {}
    function, parameters = (reward.func, reward.keywords) if isinstance(reward, functools.partial) else (reward, {})
    if dataclasses.is_dataclass(function) and not isinstance(function, type):
        parameters = {f.name: getattr(function, f.name) for f in dataclasses.fields(function) if f.init}
        function = type(function)
    if not hasattr(function, "__qualname__"):
        raise ValueError(f"the reward {function!r} of the task is neither a name, a function nor a dataclass")
    for name, known in REWARDS.items():
        if function is known:
            return name, dict(parameters)
    module = sys.modules.get(function.__module__)
    if module is None or module.__dict__.get(function.__name__) is not function:
        raise ValueError(f"the reward {function.__qualname__} of the task is not at the top level of its file")
    by_reference = module.__dict__.get("__file__") in references.loaded()
    return f"{module.__file__ if by_reference else module.__name__}:{function.__name__}", dict(parameters)


def short_name(kind: str) -> str:
    """The name under which a reward is recorded: that of the registry, or the function's after the colon."""
    return kind.rpartition(":")[2]


# ------------------------------------------------------------------------------------------------- in worker processes


def program(of: Iterable[Term]) -> Program:
    """What a worker is given: the rewards by reference, and the source text of what they refer to."""
    given = {
        "rewards": [[term.kind, dict(term.parameters)] for term in of],
        "sources": references.loaded(),
        "path": sys.path,
    }
    return Program("kpo_jax.tasks.rewards:serve", given)


def serve(given: Mapping[str, Any]) -> Callable[..., list]:
    """In a worker: what answers a request (number of the reward, response, problem) with the fields of a Graded."""
    sys.path += [place for place in given["path"] if place not in sys.path]
    references.use(given["sources"])
    functions: list[Callable | None] = [None] * len(given["rewards"])

    def reply(number: int, response: str, problem: list) -> list:
        kind, parameters = given["rewards"][number]
        try:
            if functions[number] is None:
                functions[number] = build(kind, parameters)
            return list(graded(functions[number](response, Problem(*problem)), kind))
        except MemoryError:
            return list(failed(kind, "error: out of memory"))
        except (Exception, SystemExit) as error:  # a user's function may raise anything
            return list(failed(kind, " ".join(f"error: {type(error).__name__}: {error}".split())[:200]))

    return reply


def graded(result: Any, kind: str = "") -> Graded:
    """What a reward returned as a Graded: a Verdict earns 1 or 0, and a number of 1 or more counts as right.

    What is no finite number of float32 is a failure, which earns what FAILED says of the kind.
    """
    if isinstance(result, Verdict):
        result = Graded(float(result.correct), *result)
    elif not isinstance(result, Graded):
        if type(result).__name__ in ("bool", "bool_"):  # numpy has its own
            result = float(result)
        right = isinstance(result, numbers.Real) and result >= 1
        result = Graded(result, right, None, "")
    if not _is_float32(result.score):
        return failed(kind, f"error: the reward is {result.score!r}, not a finite number of float32"[:200])
    extracted = None if result.extracted is None else str(result.extracted)
    return Graded(float(result.score), bool(result.correct), extracted, str(result.reason))


def failed(kind: str, reason: str) -> Graded:
    """Of a response whose reward failed."""
    return Graded(FAILED.get(kind, 0.0), False, None, reason)


def request(number: int, response: str, problem: Problem) -> list:
    """What a worker is sent to grade a response with reward `number`."""
    return [number, response, [*problem[:4], dict(problem.row), problem.messages]]


def received(reply: Any, term: Term) -> Graded:
    """The Graded of a worker's reply, or of the failure of the worker."""
    return failed(term.kind, reply.reason) if isinstance(reply, Failure) else Graded(*reply)


# -------------------------------------------------------------------------------------------------------------- checks


def _known(owner: RewardConfig | RewardTerm) -> list[Fault]:
    try:
        build(owner.kind, owner.parameters)
    except Illegal as error:
        return error.problems
    except ValueError as error:
        return [("kind", str(error))]
    return []


def _finite(owner: RewardConfig | RewardTerm, *names: str) -> list[Fault]:
    values = {name: getattr(owner, name) for name in names}
    text = "{!r} is no number of float32"
    return [fault for name, it in values.items() for fault in unless(_is_float32(it), name, text.format(it))]


def _is_float32(value: Any) -> bool:
    """Whether it is a finite number of float32."""
    return is_number(value) and abs(value) <= _LARGEST
