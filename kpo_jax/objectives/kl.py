"""Estimates of the KL divergence of the current policy from a reference, from one sample (Schulman, "Approximating KL
divergence").

The trap of a loss: an estimator's gradient is not the gradient of what it estimates. Sampled from the current policy,
that of k1 averages to 0 (the score function's mean), so as a loss it is noise however large beta; k2's is the gradient
of the divergence; k3's is that of the divergence the other way round, KL(reference || policy). And once the policy has
moved from the one that sampled, each is weighted by the wrong distribution.
"""

from __future__ import annotations

import dataclasses

from kpo_jax import masked
from kpo_jax.checks import not_negative, one_of, refuse, unless
from kpo_jax.lazy import jax, jnp

KL_ESTIMATES = ("k1", "k2", "k3")


def kl_estimate(log_prob: jax.Array, reference_log_prob: jax.Array, kind: str) -> jax.Array:
    """Per-token estimate, float32, of the shape of its arguments; with d = log_prob - reference_log_prob:

    k1 = d: unbiased, may be negative, and its gradient averages to 0, so it belongs into rewards rather than losses.
    k2 = d^2 / 2: biased, with the gradient of the KL divergence on-policy.
    k3 = exp(-d) + d - 1: unbiased, never negative (GRPO's); its gradient on-policy is that of KL(reference || policy).

    Values under a mask are the caller's to clean. Raises ValueError on an unknown kind.
    """
    difference = log_prob.astype(jnp.float32) - reference_log_prob.astype(jnp.float32)
    if kind == "k1":
        return difference
    if kind == "k2":
        return difference**2 / 2
    if kind == "k3":
        return jnp.expm1(-difference) + difference  # expm1: near the reference, exp(-d) - 1 would cancel
    raise ValueError(f"kind: {kind!r} is not one of {', '.join(KL_ESTIMATES)}")


@dataclasses.dataclass(frozen=True)
class KLConfig:
    """The divergence from a reference policy, which is the run's first one (before step 1, after any warm start).

    Attributes:
      estimate: k1, k2 or k3 (see `kl_estimate`, and the trap above); "" is no reference at all, which costs nothing.
        With one, its weights are held beside the policy's and score every rollout.
      beta: weight of the estimate in the loss, >= 0; 0 only measures (GRPO's paper has k3 with 0.04).
    """

    estimate: str = ""
    beta: float = 0.0

    def __post_init__(self):
        weighs_nothing = bool(self.beta) and not self.estimate
        refuse(
            [
                *one_of(self, "estimate", ("", *KL_ESTIMATES)),
                *not_negative(self, "beta"),
                *unless(not weighs_nothing, "beta", f"{self.beta!r} weighs nothing without an estimate"),
            ]
        )


def kl_penalty(
    log_prob: jax.Array, reference_log_prob: jax.Array, response_mask: jax.Array, weights: jax.Array, config: KLConfig
):
    """(beta sum(weights * estimate) [], sums over valid tokens of k1, k2, k3 [3] without gradient) of log-probabilities
    [B, T].
    """
    log_prob, reference_log_prob = (
        masked.clean(log_prob, response_mask),
        masked.clean(reference_log_prob, response_mask),
    )
    estimates = {
        kind: kl_estimate(log_prob, reference_log_prob, kind) for kind in KL_ESTIMATES
    }  # 0 where masked, all three
    sums = jnp.stack([jnp.sum(estimates[kind]) for kind in KL_ESTIMATES])
    return config.beta * jnp.sum(weights * estimates[config.estimate]), jax.lax.stop_gradient(sums)
