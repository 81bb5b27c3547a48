"""GRPO's advantage (Shao et al. 2024, arXiv 2402.03300): within a group, in units of its standard deviation."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.advantages.base import centered, groups_of
from kpo_jax.checks import positive, refuse
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Group:
    """(reward - mean) / (std + std_floor) within each group.

    The std has ddof 1. A group of one has mean 0 and std 1, so its advantage is its reward. Equal rewards give exactly
    0.

    Attributes:
      std_floor: what is added to the std, > 0.
    """

    std_floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __post_init__(self):
        refuse(positive(self, "std_floor"))

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array:
        """[B] -> [B]."""
        groups = groups_of(reward, group_size)
        if group_size == 1:
            return (groups / (1 + self.std_floor)).ravel()
        std = jnp.std(groups - groups[:, :1], axis=1, ddof=1, keepdims=True)
        return (centered(groups) / (std + self.std_floor)).ravel()
