"""Generalized advantage estimates (Schulman et al. 2016, arXiv 1506.02438): of a token, from a critic's values."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.checks import between, refuse
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Gae:
    """Discounted sums of the critic's one-step errors, and the returns that the critic learns.

    Attributes:
      gamma: discount, in [0, 1].
      lam: in [0, 1]; 1 is the return minus the value, 0 the one-step difference.
    """

    gamma: float = 1.0
    lam: float = 1.0
    examples: ClassVar[tuple[dict, ...]] = ({}, dict(gamma=0.9, lam=0.5))

    def __post_init__(self):
        refuse(between(self, 0, 1, "gamma", "lam"))

    def __call__(self, reward: jax.Array, value: jax.Array, response_mask: jax.Array) -> tuple[jax.Array, jax.Array]:
        """(advantage, advantage + value), float32 [B, T], 0 where masked, without gradient.

        Args:
          reward: [B, T], given at each token; a response's verdict belongs to its last valid token.
          value: [B, T], the critic's expectation before each token.
          response_mask: [B, T] bool; a masked token is skipped, so the next of a token is the next valid one, and the
            value after the last is 0.
        """
        reward, value = masked.clean(reward, response_mask), masked.clean(value, response_mask)

        def step(later, token):
            later_advantage, later_value = later
            r, v, valid = token
            advantage = r + self.gamma * later_value - v + self.gamma * self.lam * later_advantage
            return (jnp.where(valid, advantage, later_advantage), jnp.where(valid, v, later_value)), advantage

        zeros = jnp.zeros(reward.shape[0])
        _, advantage = jax.lax.scan(step, (zeros, zeros), (reward.T, value.T, response_mask.T), reverse=True)
        advantage = jnp.where(response_mask, advantage.T, 0.0)
        return jax.lax.stop_gradient((advantage, advantage + value))
