"""DPPO (Qi et al. 2026, arXiv 2602.04879): a trust region of divergences in place of ratios, by a mask.

Of a token's distribution only its own probability is looked at, against all else (the paper's binary approximation): a
ratio of 2 is little where p is 1e-4 and much where it is 0.4. With p the current and q the old probability a token with
A > 0 is masked where p has gone too far above q, one with A <= 0 where it has gone too far below,

    tv    p - q > clip_high;  q - p > clip_low
    kl    q log(q/p) + (1-q) log((1-q)/(1-p)) > clip_high and p > q;  > clip_low and p < q

and what is not masked has the gradient -A r dlog_prob. Checked against dppo_tv and dppo_kl of verl's core_algos.py; its
script has thresholds of 0.15 (tv) and 0.05 (kl), a largest weight of 1e4, and rewards less their mean as advantages.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import from_zero, one_of, refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import problems_of_aggregation, problems_of_cap, total
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch

DIVERGENCES = ("tv", "kl")
SMALLEST = 1e-8  # what is added to 1 - p, as in verl


@dataclasses.dataclass(frozen=True)
class Dppo:
    """Per token -A r, r held constant in the weight, without gradient or value where it is masked (see above).

    The current probability is the old one times the filtered ratio, so with the filter `identity` it is the policy's.

    Attributes:
      divergence: "tv" or "kl".
      clip_low, clip_high: largest divergences, >= 0.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated; beyond it the weight stays, and the gradient lives.
    """

    divergence: str = "tv"
    clip_low: float = 0.15
    clip_high: float = 0.15
    aggregation: str = "seq-mean-token-sum-norm"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({}, dict(divergence="kl", clip_low=0.05, clip_high=0.05))
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        own = [*one_of(self, "divergence", DIVERGENCES), *from_zero(self, "clip_low", "clip_high")]
        refuse([*own, *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput. `clipped` marks what is masked."""
        log_ratio = masked.clean(filtered_log_ratio, batch.response_mask)
        advantage = masked.over_tokens(batch.advantage, batch.response_mask)  # [B, T]
        fixed = jax.lax.stop_gradient(log_ratio)
        old = masked.clean(batch.old_log_prob, batch.response_mask)
        new = jnp.minimum(old + fixed, 0.0)
        step = jnp.exp(new) - jnp.exp(old)
        distance = jnp.abs(step) if self.divergence == "tv" else binary_kl(old, new)
        beyond_high, beyond_low = (step > 0) & (distance > self.clip_high), (step < 0) & (distance > self.clip_low)
        beyond = jnp.where(advantage > 0, beyond_high, beyond_low) & batch.response_mask
        weight = jnp.where(beyond, 0.0, jnp.exp(jnp.minimum(fixed, self.log_ratio_cap)))
        token_loss = -advantage * weight * (1 + (log_ratio - fixed))
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, beyond & (advantage != 0))


def binary_kl(log_q: jax.Array, log_p: jax.Array) -> jax.Array:
    """KL of a coin that falls q from one that falls p, of their logarithms, nats."""
    other_q, other_p = -jnp.expm1(log_q), -jnp.expm1(log_p)  # 1 - q, 1 - p
    return jnp.exp(log_q) * (log_q - log_p) + other_q * jnp.log((other_q + SMALLEST) / (other_p + SMALLEST))
