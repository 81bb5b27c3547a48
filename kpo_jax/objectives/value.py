"""The critic's loss of PPO with a clipped step, as OpenAI's baselines and its descendants have it."""

from __future__ import annotations

from kpo_jax.lazy import jax, jnp


def value_loss(value: jax.Array, old_value: jax.Array, returns: jax.Array, clip: float = 0.2) -> jax.Array:
    """Per token max((v - R)^2, (clip(v, v_old - clip, v_old + clip) - R)^2) / 2, float32, of the shape of its
    arguments.

    Where the step from old_value is beyond `clip` and took the value nearer to the return, the gradient is 0. Weigh the
    tokens by `aggregation_weights`; values under a mask are the caller's to clean. Raises ValueError unless clip > 0.
    """
    if not clip > 0:
        raise ValueError(f"clip: {clip!r} is not a number > 0 (inf: not clipped)")
    value, old_value, returns = (x.astype(jnp.float32) for x in (value, old_value, returns))
    near = jnp.clip(value, old_value - clip, old_value + clip)
    free, held = (value - returns) ** 2, (near - returns) ** 2
    return jnp.where(held > free, held, free) / 2  # max(), whose gradient would be split at a tie
