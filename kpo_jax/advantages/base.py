"""What group advantages share: their interface, and groups of consecutive rows of reward [B], B = prompts * G."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kpo_jax.lazy import jax, jnp


class Advantage(Protocol):
    """A frozen dataclass: reward [B] and the size of a group -> advantage [B], float32.

    Consecutive `group_size` rows form a group. Raises ValueError unless group_size >= 1 divides B.
    """

    def __call__(self, reward: jax.Array, group_size: int) -> jax.Array: ...


class Told(NamedTuple):
    """What is known of the responses besides their rewards.

    Attributes:
      lengths: [B] tokens, int32.
      scores: [R, B], float32, of every reward before its weight, the penalty for length included.
      weights: [R], float32; the reward [B] is their weighted sum.
    """

    lengths: jax.Array
    scores: jax.Array
    weights: jax.Array


class Informed:
    """Mark of an advantage that is called with (reward, group_size, told)."""


def advantages_of(advantage: Advantage | Informed, reward: jax.Array, group_size: int, told: Told) -> jax.Array:
    """The advantage [B] of rewards [B], by an advantage of either kind."""
    return advantage(reward, group_size, told) if isinstance(advantage, Informed) else advantage(reward, group_size)


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
