"""OPO's advantage (Hao et al. 2025, arXiv 2505.23585): the baseline of least variance, if squared gradients grow as the
length of a response.

Checked against compute_opo_outcome_advantage of verl's core_algos.py.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.advantages.base import Informed, Told, groups_of
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Opo(Informed):
    """reward - sum(length * reward) / sum(length) within each group; a group of one has its reward.

    Equal rewards give exactly 0.
    """

    examples: ClassVar[tuple[dict, ...]] = ({},)

    def __call__(self, reward: jax.Array, group_size: int, told: Told) -> jax.Array:
        """[B], and of the responses their lengths -> [B]."""
        groups = groups_of(reward, group_size)
        if group_size == 1:
            return groups.ravel()
        lengths, groups = groups_of(told.lengths, group_size), groups - groups[:, :1]
        weighted = jnp.sum(lengths * groups, axis=1, keepdims=True)
        return (groups - masked.divide(weighted, jnp.sum(lengths, axis=1, keepdims=True))).ravel()
