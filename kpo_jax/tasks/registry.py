"""TASKS: the tasks that are built in, by name; and the task that a configuration names."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from kpo_jax import choices, references
from kpo_jax.checks import refuse, unless
from kpo_jax.tasks import arithmetic
from kpo_jax.tasks import countdown as game
from kpo_jax.tasks.task import Task

DEFAULT_NUM_PROBLEMS = 4096  # of a task that makes as many as it is asked for


def math() -> Task:
    """Problems with one final answer, from wherever `data` says: the built-in arithmetic, files or the hub."""
    return Task(reward="correct", demonstration=arithmetic.demonstration)


def countdown(*, num_numbers: int = 4, max_number: int = 99, max_target: int = 100) -> Task:
    """Make a target from `num_numbers` numbers of 1 to `max_number`, each used at most once; see countdown.py."""
    refuse(
        [
            *unless(2 <= num_numbers <= 8, "num_numbers", f"{num_numbers!r} is not a whole number from 2 to 8"),
            *unless(1 <= max_number <= 9999, "max_number", f"{max_number!r} is not a whole number from 1 to 9999"),
            *unless(1 <= max_target <= 9999, "max_target", f"{max_target!r} is not a whole number from 1 to 9999"),
        ]
    )

    def problems(split: str, num: int, seed: int):
        sizes = dict(num_numbers=num_numbers, max_number=max_number, max_target=max_target)
        return game.problems(split, num or DEFAULT_NUM_PROBLEMS, seed, **sizes)

    return Task(reward="countdown", problems=problems, demonstration=game.demonstration, columns=("numbers", "target"))


TASKS: dict[str, Callable[..., Task]] = {"math": math, "countdown": countdown}


@dataclasses.dataclass(frozen=True)
class TaskConfig:
    """Which task: a name in TASKS or `file.py:factory`, and the parameters of its factory."""

    registry: ClassVar[Mapping[str, Any]] = TASKS
    chooser: ClassVar[str] = "name"

    name: str = "math"
    parameters: Mapping[str, bool | int | float | str | None] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        choices.spell_out(self)
        try:
            references.parameters(references.look_up(TASKS, self.name))
        except ValueError as error:
            refuse([("name", str(error))])


def build_task(config: TaskConfig) -> Task:
    """The task that a configuration names. Raises ValueError, one line, if its factory does not make one."""
    try:
        task = choices.build(config)()
    except ValueError:
        raise
    except Exception as error:  # a user's program may raise anything
        raise ValueError(f"task {config.name!r} was not made: {type(error).__name__}: {error}") from error
    if not isinstance(task, Task):
        raise ValueError(f"{config.name!r} made a {type(task).__name__}, not a kpo_jax.tasks.Task")
    return task
