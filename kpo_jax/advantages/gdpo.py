"""GDPO's advantage (Liu et al. 2026, arXiv 2601.05242): several rewards, each in units of its own spread.

Where rewards are added up first, as elsewhere here, one of wide spread drowns the others, and different ways of earning
the same sum are one. Checked against compute_gdpo_outcome_advantage of verl's core_algos.py and normalize_then_sum of
TRL. Over the batch verl takes moments over tokens; here they are over responses, as in TRL.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.advantages.base import Informed, Told, groups_of
from kpo_jax.advantages.group import Group
from kpo_jax.checks import positive, refuse
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Gdpo(Informed):
    """The weighted sum of the advantages `Group` of each reward, over its deviation in the batch.

    The batch is one generation batch, with its groups of equal rewards. The penalty for length is a reward of weight 1.

    Attributes:
      std_floor: what is added to each deviation (ddof 1), > 0.
    """

    std_floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __post_init__(self):
        refuse(positive(self, "std_floor"))

    def __call__(self, reward: jax.Array, group_size: int, told: Told) -> jax.Array:
        """[B], and the scores and weights of which it is the sum -> [B]."""
        groups_of(reward, group_size)  # or a line that names what is wrong with the two
        each = jnp.stack([Group(self.std_floor)(score, group_size) for score in told.scores])  # [rewards, B]
        whole = jnp.sum(told.weights[:, None] * each, axis=0)
        if whole.size == 1:
            return whole
        # groups add up to 0 each, so the batch's mean is rounding; less it, a group of equal rewards would not be 0
        center = jnp.mean(whole) if group_size == 1 else 0.0
        return (whole - center) / (jnp.std(whole, ddof=1) + self.std_floor)
