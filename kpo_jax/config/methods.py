"""A configuration with a method's algorithm, and what else makes the method's system."""

import dataclasses

from kpo_jax.algorithm.methods import method
from kpo_jax.config.schema import Config
from kpo_jax.tasks.registry import build_task
from kpo_jax.tasks.rewards import main_reward

_DAPO_BUFFER = 4096 / 20480  # its overlong buffer over its longest response


def with_method(config: Config, name: str) -> Config:
    """The configuration with a method's algorithm and, for DAPO, its reward: +1 / -1, and overlong shaping in tokens.

    DAPO's buffer is a fifth of its longest response, here as there: of `sampler.max_response_length` as it is now, so
    one that is changed later wants another `reward.overlong_buffer`. The reward `correct` becomes +1 / -1; any other,
    the task's own or the configuration's, says for itself what is right and stays what it is.

    Raises ValueError naming the legal methods.
    """
    config = dataclasses.replace(config, algorithm=method(name))
    if name != "dapo":
        return config
    buffer = round(_DAPO_BUFFER * config.sampler.max_response_length)
    reward = dataclasses.replace(config.reward, overlong_buffer=buffer)
    kind, parameters = main_reward(reward, build_task(config.task).reward)
    if kind == "correct":
        reward = dataclasses.replace(reward, kind="plus_minus_one", parameters=parameters)
    return dataclasses.replace(config, reward=reward)
