"""Estimates of the KL divergence of the current policy from a reference, from one sample (Schulman, "Approximating KL
divergence").

The trap of a loss: an estimator's gradient is not the gradient of what it estimates. Sampled from the current policy,
that of k1 averages to 0 (the score function's mean), so as a loss it is noise however large beta; k2's is the gradient
of the divergence; k3's is that of the divergence the other way round, KL(reference || policy). And once the policy has
moved from the one that sampled, each is weighted by the wrong distribution: `KLConfig.bias_corrected` weighs it by the
ratio of the two, whose own gradient makes that of k3 the divergence's.
"""

from __future__ import annotations

import dataclasses
import math

from kpo_jax import masked
from kpo_jax.checks import above_zero, not_negative, one_of, refuse, unless
from kpo_jax.lazy import jax, jnp, np

KL_ESTIMATES = ("k1", "k2", "k3")
PENALTIES = (*KL_ESTIMATES, "k1+", "k3+")
LARGEST_LOG_RATIO = 20.0  # that is exponentiated where there is a cap, as in verl, and for the corrected bias


def kl_estimate(log_prob: jax.Array, reference_log_prob: jax.Array, kind: str, cap: float = math.inf) -> jax.Array:
    """Per-token estimate, float32, of the shape of its arguments; with d = log_prob - reference_log_prob:

    k1 = d: unbiased, may be negative, and its gradient averages to 0, so it belongs into rewards rather than losses.
    k2 = d^2 / 2: biased, with the gradient of the KL divergence on-policy.
    k3 = exp(-d) + d - 1: unbiased, never negative (GRPO's); its gradient on-policy is that of KL(reference || policy).
    k1+, k3+: their values with k2's gradient, which is that of the divergence on-policy (verl's kl_penalty).
    k3 is at most `cap`, and has no gradient beyond; that of k3+ stays.

    Values under a mask are the caller's to clean. Raises ValueError on an unknown kind.
    """
    difference = log_prob.astype(jnp.float32) - reference_log_prob.astype(jnp.float32)
    if kind in ("k1+", "k3+"):
        slope = difference**2 / 2
        value = kl_estimate(log_prob, reference_log_prob, kind[:-1], cap)
        return jax.lax.stop_gradient(value) + (slope - jax.lax.stop_gradient(slope))
    if kind == "k1":
        return difference
    if kind == "k2":
        return difference**2 / 2
    if kind == "k3":
        if cap < math.inf:  # or exp overflows where it is capped, and 0 * inf is a gradient of NaN
            difference = jnp.maximum(difference, -LARGEST_LOG_RATIO)
        estimate = jnp.expm1(-difference) + difference  # expm1: near the reference, exp(-d) - 1 would cancel
        return jnp.where(estimate > cap, cap, estimate)
    raise ValueError(f"kind: {kind!r} is not one of {', '.join(PENALTIES)}")


@dataclasses.dataclass(frozen=True)
class KLConfig:
    """The divergence from a reference policy: the run's first one (before step 1, after any warm start), of which the
    adapters are left out where a run trains some.

    Attributes:
      estimate: k1, k2, k3, k1+ or k3+ in the loss (see `kl_estimate`, and the trap above); "" is none. Without one, and
        with reward_beta = 0, there is no reference at all, which costs nothing. Else its weights are held beside the
        policy's and score every rollout.
      beta: weight of the estimate in the loss, >= 0; 0 only measures (GRPO's paper has k3 with 0.04).
      reward_beta: weight of k1 in the reward, >= 0, see `reward_penalty`; beside the one in the loss or in its place.
      cap: largest k3 of a token in the loss, beyond which it has no gradient: 10 in verl, inf in TRL. It is reached
        where the policy is e^2.6 times less likely than the reference; at e^25 an unlimited gradient is 7e10.
      bias_corrected: weigh a token's estimate by its ratio of current to old policy, gradient included (DeepSeek-V3.2,
        arXiv 2512.02556; TRL's use_bias_correction_kl). k3 then has the gradient of r k1.
    """

    estimate: str = ""
    beta: float = 0.0
    reward_beta: float = 0.0
    cap: float = 10.0
    bias_corrected: bool = False

    def __post_init__(self):
        weighs_nothing = bool(self.beta) and not self.estimate
        corrects_nothing = self.bias_corrected and not self.estimate
        refuse(
            [
                *one_of(self, "estimate", ("", *PENALTIES)),
                *not_negative(self, "beta", "reward_beta"),
                *above_zero(self, "cap"),
                *unless(not weighs_nothing, "beta", f"{self.beta!r} weighs nothing without an estimate"),
                *unless(not corrects_nothing, "bias_corrected", "True corrects nothing without an estimate"),
            ]
        )

    @property
    def has_reference(self) -> bool:
        """Whether there is a reference policy."""
        return bool(self.estimate) or self.reward_beta > 0


def reward_penalty(old_log_prob: jax.Array, reference_log_prob: jax.Array, response_mask: jax.Array) -> np.ndarray:
    """k1 of each token [B, T], float32, 0 where masked, of the policy that drew; an array of the host.

    What reward_beta weighs and takes off the reward: of the token where a critic or a token baseline gives it an
    advantage of its own, of the whole response, as a sum, otherwise. There k1 is right: a reward is not derived, and
    the policy gradient of a reward of -k1 is that of the divergence (InstructGPT: Ouyang et al. 2022, arXiv 2203.02155,
    eq. 2; verl's use_kl_in_reward; TRL's PPO and RLOO trainers).
    """
    old, reference = (masked.clean(jnp.asarray(x), response_mask) for x in (old_log_prob, reference_log_prob))
    return np.asarray(kl_estimate(old, reference, "k1"))


def kl_penalty(
    log_prob: jax.Array,
    reference_log_prob: jax.Array,
    log_ratio: jax.Array,
    response_mask: jax.Array,
    weights: jax.Array,
    config: KLConfig,
):
    """(beta sum(weights * estimate) [], sums over valid tokens of k1, k2, k3 [3], as they are, without gradient).

    With no estimate for the loss the first is 0.

    Arrays are [B, T]; `log_ratio` is that of the current to the old policy.
    """
    log_prob, reference_log_prob, log_ratio = (
        masked.clean(x, response_mask) for x in (log_prob, reference_log_prob, log_ratio)
    )
    estimates = [kl_estimate(log_prob, reference_log_prob, kind) for kind in KL_ESTIMATES]  # 0 where masked
    sums = jax.lax.stop_gradient(jnp.stack([jnp.sum(estimate) for estimate in estimates]))
    if not config.estimate:
        return jnp.zeros((), jnp.float32), sums
    penalty = kl_estimate(log_prob, reference_log_prob, config.estimate, config.cap)
    if config.bias_corrected:
        penalty = penalty * jnp.exp(jnp.minimum(log_ratio, LARGEST_LOG_RATIO))
    return config.beta * jnp.sum(weights * penalty), sums
