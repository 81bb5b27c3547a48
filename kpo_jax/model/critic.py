"""PPO's critic: a network of its own that expects the reward of a response at each of its tokens.

It is the policy's decoder, begun from the policy's first weights, with a linear value head in place of the vocabulary;
it shares nothing that learns with the policy and has its own optimizer: where the policy has adapters, it has adapters
of its own over the same frozen weights. A shared trunk would save its memory, but then the value
loss moves the policy, by a coefficient that has to be tuned, and the policy's update is no longer the update that the
other methods have.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.advantages.base import token_rewards
from kpo_jax.advantages.gae import Gae
from kpo_jax.model.config import CriticConfig, ModelConfig
from kpo_jax.model.head import packed_hidden_states
from kpo_jax.model.parameters import LORA
from kpo_jax.records import Packed

STD_FLOOR = 1e-6


def init_params(policy_params) -> dict:
    """The critic's first parameters: a copy of the policy's without its output head, of one with adapters a copy of
    these alone, and a value head that is 0.
    """
    own = [LORA] if LORA in policy_params else [name for name in policy_params if name != "lm_head"]
    trunk = {name: jax.tree.map(jnp.copy, policy_params[name]) for name in own}
    width = policy_params["norm"].shape[0]
    return {"trunk": trunk, "value_head": {"kernel": jnp.zeros(width, jnp.float32), "bias": jnp.zeros((), jnp.float32)}}


def token_values(config: ModelConfig, params, packed: Packed) -> jax.Array:
    """The value before each response token, [B, T] float32: the reward that the critic expects from what it has read.

    `config` is the policy's. The values are finite junk where `packed.places` is junk. Frozen weights that are not the
    critic's own stand beside its trunk.
    """
    trunk_config = dataclasses.replace(config, tie_embeddings=True)  # it has no output head to declare
    hidden = packed_hidden_states(trunk_config, params | params["trunk"], packed)
    hidden = jnp.take_along_axis(hidden, packed.columns[:, :, None], axis=1, mode="clip")  # [R, C, D]
    hidden = hidden.astype(jnp.float32)
    value = jnp.einsum("rcd,d->rc", hidden, params["value_head"]["kernel"]) + params["value_head"]["bias"]
    return value.reshape(-1)[packed.places]


def targets(
    reward: np.ndarray,
    value: np.ndarray,
    response_mask: np.ndarray,
    estimate: Gae,
    config: CriticConfig,
    penalty: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What the policy and the critic are to learn from a whole rollout, by generalized advantage estimation (GAE).

    Args:
      reward: [N], of each response; it is given at the response's last valid token.
      value: [N, T], of the critic at rollout time. After a response's last token the value is 0, truncated or not.
      response_mask: [N, T] bool.
      estimate: the advantage that a configuration names.
      config: normalize is read.
      penalty: [N, T], what each token takes off the reward; None is nothing.

    Returns:
      (advantage, returns), float32 [N, T], 0 where masked.
    """
    mask, penalty = jnp.asarray(response_mask), None if penalty is None else jnp.asarray(penalty)
    rewards = token_rewards(jnp.asarray(reward), mask, penalty)
    advantage, returns = jax.device_get(estimate(rewards, jnp.asarray(value), mask))
    if config.normalize and response_mask.any():
        valid = advantage[response_mask].astype(np.float64)
        scaled = (advantage - valid.mean()) / (valid.std() + STD_FLOOR)
        advantage = np.where(response_mask, scaled, 0).astype(np.float32)
    return advantage, returns


def summary(value: np.ndarray, returns: np.ndarray, response_mask: np.ndarray) -> dict[str, float]:
    """Metrics of how good the critic's values [N, T] at rollout time were, over the valid tokens.

    critic/explained_variance is 1 - var(returns - value) / var(returns): 1 for a critic that knows the returns, 0 for
    one that knows their mean, and 0 where the returns do not vary.
    """
    value, returns = value[response_mask].astype(np.float64), returns[response_mask].astype(np.float64)
    if not returns.size:
        return {f"critic/{name}": 0.0 for name in ("explained_variance", "error_rms", "value_mean", "return_mean")}
    spread = returns.var()
    return {
        "critic/explained_variance": float(1 - (returns - value).var() / spread) if spread else 0.0,
        "critic/error_rms": float(np.sqrt(((returns - value) ** 2).mean())),
        "critic/value_mean": float(value.mean()),
        "critic/return_mean": float(returns.mean()),
    }
