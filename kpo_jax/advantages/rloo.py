"""The leave-one-out advantage (Ahmadian et al. 2024, arXiv 2402.14740)."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.advantages.base import centered, groups_of
from kpo_jax.lazy import jax


@dataclasses.dataclass(frozen=True)
class Rloo:
    """reward - mean of the others of its group; a group of one has its reward."""

    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array:
        """[B] -> [B]."""
        groups = groups_of(reward, group_size)
        return (groups if group_size == 1 else centered(groups) * (group_size / (group_size - 1))).ravel()
