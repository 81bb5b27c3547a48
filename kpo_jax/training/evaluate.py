"""Evaluation of a policy on a set of problems: k sampled responses each, graded."""

import dataclasses

import jax
import numpy as np

from kpo_jax.recording.evaluations import EvalResult
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import ProblemSet
from kpo_jax.training.rollout import sample_and_grade

KEY_STREAM = 2  # fold_in constant of evaluation; training samples from another one


def answer(sampler, params, problem_set: ProblemSet, *, terms, num_samples, prompts_per_call, tokenizer, seed):
    """(texts, graded, finished), `num_samples` a problem, prompt-major; `graded` has a list for each of the rewards
    `terms`. They depend on (seed, problem, sample) alone.
    """
    num_problems = len(problem_set.problems)
    completions, texts, graded = sample_and_grade(
        sampler,
        params,
        problem_set.prompt_ids,
        problem_set.problems,
        terms=terms,
        where=f"evaluation on {problem_set.name}",
        key=jax.random.fold_in(jax.random.key(seed), KEY_STREAM),
        row_ids=np.arange(num_problems * num_samples).reshape(num_problems, num_samples),
        tokenizer=tokenizer,
        prompt_length=problem_set.prompt_length,
        num_slots=prompts_per_call,
    )
    return texts, graded, completions.finished


def evaluate(problem_set: ProblemSet, *, step: int, num_samples: int, how: SampleConfig, **sampling) -> EvalResult:
    """Sample `num_samples` responses to every problem of the set and grade them; `how` the sampler draws, and
    `sampling` as in `answer`.

    What is right is what the main reward, the first of the terms, calls correct.
    """
    texts, graded, finished = answer(problem_set=problem_set, num_samples=num_samples, **sampling)
    main = next(iter(graded.values()))
    return EvalResult(
        name=problem_set.name,
        step=step,
        ids=[problem.id for problem in problem_set.problems],
        problems=[problem.problem for problem in problem_set.problems],
        answers=[problem.answer for problem in problem_set.problems],
        correct=np.array([one.correct for one in main]).reshape(-1, num_samples),
        rewards={name: np.array([one.score for one in of]).reshape(-1, num_samples) for name, of in graded.items()},
        extracted=[[one.extracted for one in main[i : i + num_samples]] for i in range(0, len(main), num_samples)],
        responses=texts[::num_samples],
        truncated=float(1 - finished.mean()),
        # but for the number type: runs that differ in it alone are compared
        sampling={name: value for name, value in dataclasses.asdict(how).items() if name != "dtype"},
    )
