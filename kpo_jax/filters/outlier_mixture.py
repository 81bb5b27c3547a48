"""A Kalman filter with two states of the measurement: ordinary noise, or now and then noise c times as wide.

The posterior of a token is a mixture of two Gaussians, which is taken for one of its mean and variance before the next
(GPB1: Ackerson and Fu 1970; Bar-Shalom, Li and Kirubarajan 2001, section 11.6.4). With p the predicted variance in
units of V = s^2, which follows the innovations (own), x = d^2 / s^2, and w the probability of an outlier,

    log w/(1-w) = log e/(1-e) + (log((1 + p) / (c^2 + p)) + x / (1 + p) - x / (c^2 + p)) / 2
    log s^2 <- log s^2 + a ((1 - w) (x / (1 + p) - 1) + w min(x / (c^2 + p) - 1, 1))

so that neither state nor scale is moved far by an outlier, and a lasting change of scale is followed all the same.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import between, not_negative, positive, refuse, share, unless
from kpo_jax.filters.base import FLOORS, batch_scale, clean_tokens, first_scale, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput

LARGEST = 1e15  # innovation over scale: its square is a float32


@dataclasses.dataclass(frozen=True)
class OutlierMixture:
    """An outlier moves the state by the gain of the wide noise, about 1 / c^2 of the ordinary one: little, but without
    a bound. Nothing counts as saturated. The gain that is reported is the mean gain.

    Attributes:
      var_ratio: Q/V, >= 0.
      initial_ratio: P_0/V, >= 0.
      outliers: e, the probability of an outlier beforehand, in (0, 1).
      spread: c, the outliers' deviation over the ordinary one, > 1.
      rate: a, in (0, 1].
      initial_scale: s before the first token of every response, > 0; None takes the batch's
        (`filters.base.batch_scale`).
      floor: the least s, in [1e-18, 1e18].
    """

    var_ratio: float
    initial_ratio: float = 0.0
    outliers: float = 0.02
    spread: float = 10.0
    rate: float = 0.05
    initial_scale: float | None = None
    floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = (
        dict(var_ratio=0.1, initial_ratio=0.3, outliers=0.2, spread=4.0, initial_scale=0.5),
    )
    kappa: ClassVar[float] = math.inf

    def __post_init__(self):
        problems = [
            *not_negative(self, "var_ratio", "initial_ratio"),
            *positive(self, "spread"),
            *between(self, *FLOORS, "floor"),
            *share(self, "outliers", "rate"),
            *([] if self.initial_scale is None else positive(self, "initial_scale")),
        ]
        refuse(
            problems
            or [
                *unless(self.spread > 1, "spread", f"{self.spread!r} is not wider than ordinary noise; above 1"),
                *unless(self.outliers < 1, "outliers", f"{self.outliers!r} leaves no ordinary noise; below 1"),
            ]
        )

    @property
    def batch_coupled(self) -> bool:
        return self.initial_scale is None

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        of_batch = lambda: batch_scale(log_ratio, response_mask, self.floor)
        scale = first_scale(self.initial_scale, self.floor, of_batch)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), scale)
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of s^2."""
        state_mean, state_var, scale = state
        predicted_var, wide = state_var + self.var_ratio, self.spread**2
        innovation = z - state_mean
        square = jnp.clip(innovation / scale, -LARGEST, LARGEST) ** 2
        ordinary, outlying = square / (1 + predicted_var), square / (wide + predicted_var)
        prior = math.log(self.outliers / (1 - self.outliers))
        odds = prior + (jnp.log((1 + predicted_var) / (wide + predicted_var)) + ordinary - outlying) / 2
        outlier, inlier = jax.nn.sigmoid(odds), jax.nn.sigmoid(-odds)
        narrow_gain, wide_gain = predicted_var / (1 + predicted_var), predicted_var / (wide + predicted_var)
        gain = inlier * narrow_gain + outlier * wide_gain
        between = outlier * inlier * (narrow_gain - wide_gain) ** 2 * square
        updated_var = inlier * narrow_gain + outlier * wide * wide_gain + between  # P = V K of each
        step = inlier * (ordinary - 1) + outlier * jnp.minimum(outlying - 1, 1)
        updated_scale = jnp.maximum(scale * jnp.exp(self.rate / 2 * step), self.floor)
        updated_mean = state_mean + gain * innovation
        innovation_std = scale * jnp.sqrt(1 + predicted_var)
        output = FilterOutput(updated_mean, innovation, innovation_std, gain, jnp.zeros((), bool))
        return (updated_mean, updated_var, updated_scale), output
