"""The optimal token baseline (OTB; arXiv 2602.07078): of each token the baseline of least variance, if its gradient is
what the policy's logits say up to there.

    B_t = sum(W_t G_t) / sum(W_t) over the responses of a group that have a token t
    W_t = sum over s <= t of |onehot - pi_s|^2 = sum of 1 - 2 pi_s(token) + sum of pi_s^2

G_t is the reward from token t on. The square is that of the gradient of the token's log-probability by its logits, in
place of that by all parameters. Checked against compute_optimal_token_baseline_advantage of verl's core_algos.py, of
which the weights of truncated importance sampling are not here: there their squares multiply W_t.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax import masked
from kpo_jax.advantages.base import OfTokens, TokensTold
from kpo_jax.lazy import jax, jnp


@dataclasses.dataclass(frozen=True)
class Otb(OfTokens):
    """G_t - B_t; a group of one has its rewards. Equal rewards at the ends give exactly 0 where B_t is the group's.

    Attributes:
      lone_tail: where one response alone goes on, whether its tokens keep the baseline, which is then G_t itself and
        leaves no advantage. Else it is 0 there, as in verl, and the advantage is the reward.
    """

    lone_tail: bool = False
    examples: ClassVar[tuple[dict, ...]] = ({}, dict(lone_tail=True))

    def __call__(self, reward: jax.Array, group_size: int, told: TokensTold) -> jax.Array:
        """[B, T], given at each token -> [B, T], 0 where masked, without gradient. Raises ValueError unless group_size
        >= 1 divides B.
        """
        if group_size < 1 or reward.ndim != 2 or reward.shape[0] % group_size:
            raise ValueError(f"group_size: {group_size!r} does not divide reward [B, T], {reward.shape}")
        mask = told.response_mask
        to_go = _from_the_end(masked.clean(reward, mask))
        if group_size == 1:
            return jax.lax.stop_gradient(jnp.where(mask, to_go, 0.0))
        energy = masked.clean(1 - 2 * jnp.exp(told.old_log_prob) + told.squared_probs, mask)
        energy = jnp.cumsum(jnp.maximum(energy, 0.0), axis=1)  # a square; rounding may leave less than 0
        grouped = lambda x: x.reshape(-1, group_size, x.shape[1])
        to_go, valid, weight = grouped(to_go), grouped(mask), grouped(jnp.where(mask, energy, 0.0))
        weight = jnp.where(jnp.sum(weight, axis=1, keepdims=True) == 0, valid, weight)  # of no weights their mean
        # from the first response's reward, so that equal ones are exactly 0
        relative = jnp.where(valid, to_go - to_go[:, :1, :1], 0.0)
        total = jnp.sum(weight, axis=1, keepdims=True)
        baseline = masked.divide(jnp.sum(weight * relative, axis=1, keepdims=True), total)
        advantage = relative - baseline
        if not self.lone_tail:
            lone = jnp.sum(valid, axis=1, keepdims=True, dtype=jnp.int32) == 1
            advantage = jnp.where(lone, to_go, advantage)
        return jax.lax.stop_gradient(jnp.where(valid, advantage, 0.0).reshape(mask.shape))


def _from_the_end(x):
    """[B, T]: the sum from each token on."""
    return jnp.cumsum(x[:, ::-1], axis=1)[:, ::-1]
