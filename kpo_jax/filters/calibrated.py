"""IS-KPO with the noise scale measured on the batch: V = s^2, Q = (Q/V) V.

The gain depends on Q/V alone, so it is that of the filter before; the threshold kappa sigma follows the data's scale.
That resolves what looks like a tension (a threshold low enough to matter needs a low V, which raises the gain at a
fixed Q). It matters what s is of. Where most log-ratios are next to 0, so are their median and the threshold: the
filter then lets next to nothing through, and training with it is training with a ratio of 1 (docs/results.md). The
standard deviation, or the median of the tokens above the noise of computing a log-ratio twice, does not do this.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from kpo_jax.checks import above_zero, between, not_negative, one_of, refuse
from kpo_jax.filters.base import FLOORS, SCALES, batch_scale, clean_tokens, zero_masked
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.lazy import jax
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Calibrated:
    """`SaturatedKalman` with measurement_var = s^2, process_var = var_ratio s^2, initial_var = initial_ratio s^2.

    s is the batch's scale (`filters.base.batch_scale`), so without a noise f(c z) = c f(z) above the floor, and a
    batch that is on-policy (all z = 0) is filtered at the floor.

    Attributes:
      var_ratio: Q/V, >= 0.
      initial_ratio: P_0/V, >= 0.
      kappa: saturation threshold in standard deviations of the innovation, > 0; inf is a linear filter.
      floor: the least s, in [1e-18, 1e18].
      scale: "median" (1.4826 median|z|) or "deviation" (root mean square).
      noise: tokens with a smaller |z| are not counted, and s is at least that; >= 0. What --mode=noise measures of a
        policy with itself, or 1e-3 for tokens that have moved.
    """

    var_ratio: float
    initial_ratio: float = 0.0
    kappa: float = 3.0
    floor: float = 1e-6
    scale: str = "median"
    noise: float = 0.0
    examples: ClassVar[tuple[dict, ...]] = (
        dict(var_ratio=0.1, initial_ratio=0.3, kappa=1.0),
        dict(var_ratio=0.1, initial_ratio=0.3, kappa=1.0, scale="deviation"),
    )
    batch_coupled: ClassVar[bool] = True

    def __post_init__(self):
        refuse(
            [
                *not_negative(self, "var_ratio", "initial_ratio", "noise"),
                *one_of(self, "scale", SCALES),
                *above_zero(self, "kappa"),
                *between(self, *FLOORS, "floor"),
            ]
        )

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        scale = batch_scale(log_ratio, response_mask, self.floor, self.scale, self.noise)
        unit = SaturatedKalman(self.var_ratio, 1.0, self.initial_ratio, self.kappa)(log_ratio / scale, response_mask)
        output = unit._replace(
            log_ratio=scale * unit.log_ratio,
            innovation=scale * unit.innovation,
            innovation_std=scale * unit.innovation_std,
        )
        return zero_masked(output, response_mask)
