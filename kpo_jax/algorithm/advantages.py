"""Advantages: of a response, from the rewards of a group of samples of one prompt, (reward [B], group_size) -> [B],
B = prompts * G; and of a token, from a critic's values (`gae`).

In every group advantage consecutive `group_size` rows of reward [B] form a group, and ValueError is raised unless
group_size >= 1 divides B.
"""

import jax
import jax.numpy as jnp

from kpo_jax import masked

STD_FLOOR = 1e-6


def group_advantage(reward: jax.Array, group_size: int) -> jax.Array:
    """GRPO's (Shao et al. 2024, arXiv 2402.03300): (reward - mean) / (std + 1e-6) within each group.

    The std has ddof 1. A group of one has mean 0 and std 1, so its advantage is its reward. Equal rewards give exactly
    0.
    """
    groups = _groups(reward, group_size)
    if group_size == 1:
        return (groups / (1 + STD_FLOOR)).ravel()
    centered, std = _centered(groups), jnp.std(groups - groups[:, :1], axis=1, ddof=1, keepdims=True)
    return (centered / (std + STD_FLOOR)).ravel()


def dr_grpo_advantage(reward: jax.Array, group_size: int) -> jax.Array:
    """Dr.GRPO's (Liu et al. 2025, arXiv 2503.20783): reward - mean within each group; a group of one has its reward."""
    groups = _groups(reward, group_size)
    return (groups if group_size == 1 else _centered(groups)).ravel()


def rloo_advantage(reward: jax.Array, group_size: int) -> jax.Array:
    """Leave-one-out (Ahmadian et al. 2024, arXiv 2402.14740): reward - mean of the others; a group of one has its
    reward.
    """
    groups = _groups(reward, group_size)
    return (groups if group_size == 1 else _centered(groups) * (group_size / (group_size - 1))).ravel()


def krpo_advantage(reward: jax.Array, group_size: int) -> jax.Array:
    """KRPO's (Wang 2025, billhhh/KRPO_LLMs_RL): a Kalman filter over the rewards of a group, in their order, is the
    baseline.

    From x = 0 and P = 1, with process variance 1e-5 and measurement variance 1e-2, (reward - x) / (sqrt(P) + 1e-8)
    after x and P have absorbed the reward. The order of a group's samples matters, and equal rewards do not give 0, as
    released.
    """
    process_var, measurement_var = 1e-5, 1e-2

    def step(state, r):
        mean, var = state
        gain = (var + process_var) / (var + process_var + measurement_var)
        mean, var = mean + gain * (r - mean), measurement_var * gain
        return (mean, var), (r - mean) / (jnp.sqrt(var) + 1e-8)

    groups = _groups(reward, group_size)
    initial = (jnp.float32(0), jnp.float32(1))
    return jax.vmap(lambda group: jax.lax.scan(step, initial, group)[1])(groups).ravel()


CRITIC_ADVANTAGE = "gae"  # not in the registry: it needs a critic's values
ADVANTAGES = {
    "group": group_advantage,
    "dr_grpo": dr_grpo_advantage,
    "rloo": rloo_advantage,
    "krpo": krpo_advantage,
}


def gae(
    reward: jax.Array, value: jax.Array, response_mask: jax.Array, gamma: float = 1.0, lam: float = 1.0
) -> tuple[jax.Array, jax.Array]:
    """Generalized advantage estimates (Schulman et al. 2016, arXiv 1506.02438) and the returns that a critic learns.

    Args:
      reward: [B, T], given at each token; a response's verdict belongs to its last valid token.
      value: [B, T], the critic's expectation before each token.
      response_mask: [B, T] bool; a masked token is skipped, so the next of a token is the next valid one, and the value
        after the last is 0.
      gamma: discount, in [0, 1].
      lam: in [0, 1]; 1 is the return minus the value, 0 the one-step difference.

    Returns:
      (advantage, advantage + value), float32 [B, T], 0 where masked, without gradient.

    Raises:
      ValueError: gamma or lam outside [0, 1].
    """
    for name, number in (("gamma", gamma), ("lam", lam)):
        if not 0 <= number <= 1:
            raise ValueError(f"{name}={number!r} is not legal: it must lie in [0, 1]")
    reward, value = masked.clean(reward, response_mask), masked.clean(value, response_mask)

    def step(later, token):
        later_advantage, later_value = later
        r, v, valid = token
        advantage = r + gamma * later_value - v + gamma * lam * later_advantage
        return (jnp.where(valid, advantage, later_advantage), jnp.where(valid, v, later_value)), advantage

    zeros = jnp.zeros(reward.shape[0])
    _, advantage = jax.lax.scan(step, (zeros, zeros), (reward.T, value.T, response_mask.T), reverse=True)
    advantage = jnp.where(response_mask, advantage.T, 0.0)
    return jax.lax.stop_gradient((advantage, advantage + value))


def _groups(reward: jax.Array, group_size: int) -> jax.Array:
    """[prompts, G] float32. Raises ValueError unless group_size >= 1 divides B."""
    if group_size < 1 or reward.ndim != 1 or reward.shape[0] % group_size:
        raise ValueError(f"group_size={group_size!r} is not legal: it must divide reward [B], {reward.shape}")
    return reward.astype(jnp.float32).reshape(-1, group_size)


def _centered(groups: jax.Array) -> jax.Array:
    """Minus the mean of each row. From the first sample, equal rewards are exactly 0; else 1 / 1e-6 would blow up the
    rounding.
    """
    groups = groups - groups[:, :1]
    return groups - jnp.mean(groups, axis=1, keepdims=True)
