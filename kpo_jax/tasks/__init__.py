"""Problems, prompts and rewards. What a user's own task needs: Task, Problem, Template, Graded and Verdict."""

from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.tasks.rewards import Graded
from kpo_jax.tasks.task import Task
from kpo_jax.tasks.templates import Template
from kpo_jax.verifier import Verdict

__all__ = ["Graded", "Problem", "Task", "Template", "Verdict"]
