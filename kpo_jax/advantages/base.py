"""What group advantages share: their interface, and groups of consecutive rows of reward [B], B = prompts * G."""

from __future__ import annotations

from typing import Protocol

from kpo_jax.lazy import jax, jnp


class Advantage(Protocol):
    """A frozen dataclass: reward [B] and the size of a group -> advantage [B], float32.

    Consecutive `group_size` rows form a group. Raises ValueError unless group_size >= 1 divides B.
    """

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array: ...


def groups_of(reward: jax.Array, group_size: int) -> jax.Array:
    """[prompts, G] float32. Raises ValueError unless reward is [B] and group_size >= 1 divides B."""
    if group_size < 1 or reward.ndim != 1 or reward.shape[0] % group_size:
        raise ValueError(f"group_size: {group_size!r} does not divide reward [B], {reward.shape}")
    return reward.astype(jnp.float32).reshape(-1, group_size)


def centered(groups: jax.Array) -> jax.Array:
    """Minus the mean of each row. From the first sample, equal rewards are exactly 0; else 1 / 1e-6 would blow up the
    rounding.
    """
    groups = groups - groups[:, :1]
    return groups - jnp.mean(groups, axis=1, keepdims=True)
