"""KRPO's advantage (Wang 2025, billhhh/KRPO_LLMs_RL): a Kalman filter over the rewards of a group is the baseline."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.advantages.base import groups_of
from kpo_jax.checks import not_negative, positive, refuse
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Krpo:
    """(reward - x) / (sqrt(P) + std_floor) after x and P have absorbed the reward, in the group's order.

    From x = 0 and P = initial_var. The order of a group's samples matters, and equal rewards do not give 0, as
    released.

    Attributes:
      process_var: variance of the baseline's walk per sample, >= 0.
      measurement_var: variance of a reward about the baseline, > 0.
      initial_var: P before the first sample, >= 0.
      std_floor: what is added to sqrt(P), > 0.
    """

    process_var: float = 1e-5
    measurement_var: float = 1e-2
    initial_var: float = 1.0
    std_floor: float = 1e-8
    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __post_init__(self):
        refuse([*not_negative(self, "process_var", "initial_var"), *positive(self, "measurement_var", "std_floor")])

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array:
        """[B] -> [B]."""

        def step(state, r):
            mean, var = state
            gain = (var + self.process_var) / (var + self.process_var + self.measurement_var)
            mean, var = mean + gain * (r - mean), self.measurement_var * gain
            return (mean, var), (r - mean) / (jnp.sqrt(var) + self.std_floor)

        initial = (jnp.float32(0), jnp.float32(self.initial_var))
        groups = groups_of(reward, group_size)
        return jax.vmap(lambda group: jax.lax.scan(step, initial, group)[1])(groups).ravel()
