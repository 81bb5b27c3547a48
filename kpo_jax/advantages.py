"""Advantages from the rewards of groups of samples of one prompt: (reward [B], group_size) -> [B], B = prompts * G."""

import jax
import jax.numpy as jnp

STD_FLOOR = 1e-6


def group_advantage(reward: jax.Array, group_size: int) -> jax.Array:
    """GRPO's advantage (Shao et al. 2024, arXiv 2402.03300): (reward - mean) / (std + 1e-6) within each group.

    Consecutive `group_size` rows of reward [B] form a group; the std has ddof 1. A group of one has mean 0 and std 1,
    so its advantage is its reward. Equal rewards give exactly 0. Raises ValueError unless group_size >= 1 divides B.
    """
    if group_size < 1 or reward.ndim != 1 or reward.shape[0] % group_size:
        raise ValueError(f"group_size={group_size!r} is not legal: it must divide reward [B], {reward.shape}")
    groups = reward.astype(jnp.float32).reshape(-1, group_size)
    if group_size == 1:
        return (groups / (1 + STD_FLOOR)).ravel()
    # From the first sample, equal rewards are exactly 0; else 1 / 1e-6 would blow up the rounding of their mean.
    groups = groups - groups[:, :1]
    mean, std = jnp.mean(groups, axis=1, keepdims=True), jnp.std(groups, axis=1, ddof=1, keepdims=True)
    return ((groups - mean) / (std + STD_FLOOR)).ravel()


ADVANTAGES = {"group": group_advantage}
