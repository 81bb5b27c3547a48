"""What group advantages share: their interface, and groups of consecutive rows of reward [B], B = prompts * G."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kpo_jax import masked
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


class TokensTold(NamedTuple):
    """What is known of the tokens of the responses, by the trainer and of the policy that drew them; [B, T], junk where
    masked.

    Attributes:
      old_log_prob: of each token.
      squared_probs: the sum of the squared probabilities of all tokens that might have stood there.
      response_mask: bool.
    """

    old_log_prob: jax.Array
    squared_probs: jax.Array
    response_mask: jax.Array


class OfTokens:
    """Mark of an advantage of single tokens, called with (reward [B, T], group_size, TokensTold) -> [B, T], 0 where
    masked.
    """


def advantages_of(advantage: Advantage | Informed, reward: jax.Array, group_size: int, told: Told) -> jax.Array:
    """The advantage [B] of rewards [B], by an advantage of either kind."""
    return advantage(reward, group_size, told) if isinstance(advantage, Informed) else advantage(reward, group_size)


def token_rewards(reward: jax.Array, response_mask: jax.Array, penalty: jax.Array | None = None) -> jax.Array:
    """[B, T] float32, 0 where masked: the reward [B] at a response's last valid token, less the penalty [B, T] of
    each.
    """
    after = jnp.cumsum(response_mask[:, ::-1], axis=1)[:, ::-1]  # valid tokens from this one on
    rewards = jnp.where(response_mask & (after == 1), reward.astype(jnp.float32)[:, None], 0.0)
    return rewards if penalty is None else rewards - masked.clean(penalty, response_mask)


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
