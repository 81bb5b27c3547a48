"""Dr.GRPO's advantage (Liu et al. 2025, arXiv 2503.20783): within a group, in units of reward."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.advantages.base import centered, groups_of
from kpo_jax.lazy import jax


@dataclasses.dataclass(frozen=True)
class DrGrpo:
    """reward - mean within each group; a group of one has its reward."""

    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array:
        """[B] -> [B]."""
        groups = groups_of(reward, group_size)
        return (groups if group_size == 1 else centered(groups)).ravel()
