"""A control for a clip: as many tokens lose their gradient as the clip would take, but which ones is drawn.

What a method loses with the clip and not with this is due to WHICH tokens it takes; what it loses with both is due to
how many.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from kpo_jax import masked
from kpo_jax.checks import refuse
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import (
    capped_ratio,
    clipped_surrogate,
    problems_of_aggregation,
    problems_of_band,
    problems_of_cap,
    total,
)
from kpo_jax.outputs import ObjectiveOutput

if TYPE_CHECKING:
    from kpo_jax.records import Batch


@dataclasses.dataclass(frozen=True)
class RandomDrop:
    """Per token -A r, without gradient at as many tokens of each sign of A as `Clipped` with this band would clip.

    A clip takes tokens with A > 0 above its band alone and those with A < 0 below it alone, so the signs are its two
    sides. The tokens are drawn from all valid ones of the sign in the minibatch, by random numbers that follow from the
    bits of its ratios: a run that is resumed or replayed draws the same ones.

    Attributes:
      clip_low, clip_high: how far the ratio may fall below and rise above 1 before a token counts as clipped.
      aggregation, length_norm: see `aggregation_weights`.
      log_ratio_cap: largest log-ratio that is exponentiated, against overflow; beyond it a token counts as clipped.
    """

    clip_low: float = 0.2
    clip_high: float = 0.2
    aggregation: str = "seq-mean-token-mean"
    log_ratio_cap: float = 10.0
    length_norm: float | None = None
    examples: ClassVar[tuple[dict, ...]] = ({},)
    batch_coupled: ClassVar[bool] = True

    def __post_init__(self):
        refuse([*problems_of_band(self), *problems_of_cap(self), *problems_of_aggregation(self)])

    def __call__(self, filtered_log_ratio: jax.Array, batch: Batch) -> ObjectiveOutput:
        """[B, T] filtered log-ratio, 0 where masked -> ObjectiveOutput. `clipped` marks the tokens that were drawn."""
        mask = batch.response_mask
        log_ratio = masked.clean(filtered_log_ratio, mask)
        advantage = masked.over_tokens(batch.advantage, mask)  # [B, T]
        ratio, beyond = capped_ratio(log_ratio, advantage, self.log_ratio_cap)
        _, clipped = clipped_surrogate(ratio, advantage, 1 - self.clip_low, 1 + self.clip_high, None)
        number = numbers_of(log_ratio)
        dropped = jnp.zeros_like(mask)
        for sign in (advantage > 0, advantage < 0):
            dropped |= drawn(number, sign & mask, masked.count(clipped & sign & mask))
        token_loss = -advantage * jnp.where(dropped, jax.lax.stop_gradient(ratio), ratio)
        return ObjectiveOutput(total(self, batch, token_loss), token_loss, dropped | beyond)


def numbers_of(x: jax.Array) -> jax.Array:
    """Random numbers in [0, 1) of the shape of `x` [B, T], float32, that follow from the bits of x."""
    return jax.random.uniform(jax.random.key(_bits(x)), x.shape)


def drawn(number: jax.Array, among: jax.Array, how_many: jax.Array) -> jax.Array:
    """[B, T] bool: the `how_many` ([] int) places of `among` ([B, T] bool) with the smallest numbers [B, T], finite.

    Of equal numbers the one that comes first is the smaller, so there are never too many.
    """
    order = jnp.argsort(jnp.where(among, number, jnp.inf).ravel(), stable=True)
    rank = jnp.zeros_like(order).at[order].set(jnp.arange(order.size, dtype=order.dtype))
    return among & (rank.reshape(among.shape) < how_many)


def _bits(x: jax.Array) -> jax.Array:
    """A number [] uint32 that follows from every bit of x and from no order of its places."""
    return jnp.sum(jax.lax.bitcast_convert_type(jax.lax.stop_gradient(x), jnp.uint32), dtype=jnp.uint32)
