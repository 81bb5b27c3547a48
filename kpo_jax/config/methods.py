"""A configuration with a method's algorithm, and what else makes the method's system."""

import dataclasses

from kpo_jax.algorithm.methods import method
from kpo_jax.config.schema import Config

_DAPO_BUFFER = 4096 / 20480  # its overlong buffer over its longest response


def with_method(config: Config, name: str) -> Config:
    """The configuration with a method's algorithm and, for DAPO, its reward: +1 / -1, and overlong shaping in tokens.

    DAPO's buffer is a fifth of its longest response, here as there. Raises ValueError naming the legal methods.
    """
    config = dataclasses.replace(config, algorithm=method(name))
    if name != "dapo":
        return config
    buffer = round(_DAPO_BUFFER * config.sampler.max_response_length)
    return dataclasses.replace(
        config, reward=dataclasses.replace(config.reward, kind="plus_minus_one", overlong_buffer=buffer)
    )
