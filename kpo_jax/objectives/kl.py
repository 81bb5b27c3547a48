"""Estimates of the KL divergence of the current policy from a reference, from one sample (Schulman, "Approximating KL divergence")."""

import jax
import jax.numpy as jnp

KL_ESTIMATES = ("k1", "k2", "k3")


def kl_estimate(log_prob: jax.Array, reference_log_prob: jax.Array, kind: str) -> jax.Array:
    """Per-token estimate, float32, of the shape of its arguments; with d = log_prob - reference_log_prob:

    k1 = d: unbiased, may be negative, and its gradient averages to 0, so it belongs into rewards rather than losses.
    k2 = d^2 / 2: biased, with the gradient of the KL divergence on-policy.
    k3 = exp(-d) + d - 1: unbiased, never negative (GRPO's).

    Values under a mask are the caller's to clean. Raises ValueError on an unknown kind.
    """
    difference = log_prob.astype(jnp.float32) - reference_log_prob.astype(jnp.float32)
    if kind == "k1":
        return difference
    if kind == "k2":
        return difference**2 / 2
    if kind == "k3":
        return jnp.expm1(-difference) + difference  # expm1: near the reference, exp(-d) - 1 would cancel
    raise ValueError(f"kind={kind!r} is not legal: it must be one of {', '.join(KL_ESTIMATES)}")
