"""The `Task` record: where problems come from, how they are put to a model, and what a response earns.

Imports neither jax nor numpy, as a user's file that has a task often has its reward too, which workers load.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.tasks.templates import TEMPLATES, Template


@dataclasses.dataclass(frozen=True)
class Task:
    """What is learned. A task is made by a factory: a function whose keyword-only arguments are its parameters.

    Attributes:
      reward: the main reward where the configuration names none (reward.kind): a name in REWARDS, a function at the top
        level of its file, or a functools.partial of one.
      template: how a problem is put to the model where the configuration names no template.
      problems: `problems(split, num, seed)` gives the problems of data.source = "task": `num` of them, or all where it
        is 0, a pure function of the arguments. None where the problems come from files alone.
      demonstration: `demonstration(problem, rng, error_rate)` gives a worked response for the warm start, with mistakes
        at that rate drawn from a numpy Generator. None where there are none.
      columns: the names of columns that the row of every problem must have.
    """

    reward: str | Callable[..., Any] = "correct"
    template: Template = TEMPLATES["plain"]
    problems: Callable[[str, int, int], Iterable[Problem]] | None = None
    demonstration: Callable[..., str] | None = None
    columns: tuple[str, ...] = ()
