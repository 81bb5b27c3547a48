"""IS-KPO by rank: an innovation is cut to the k-th largest of the last W, whatever V (own).

Of W + 1 innovations that could have come in any order, the last exceeds the k-th largest of those before it with
probability k / (W + 1), whatever their distribution. So the share that is saturated is set, and no scale is assumed,
measured or followed.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import not_negative, refuse, unless, whole
from kpo_jax.filters.base import clean_tokens, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class Rank:
    """Saturation at the `rank`-th largest |innovation| of the `window` before, in the response.

    Places of the window that are not filled yet count as larger than any, so at first fewer are cut. Gains are the
    linear filter's, from Q/V and P_0/V alone. There is no noise model: the innovation's expected deviation is inf.

    Attributes:
      var_ratio: Q/V, >= 0.
      initial_ratio: P_0/V, >= 0.
      window: W, innovations that are remembered, as they were before they were cut.
      rank: k, from 1 to W; k - 1 outliers among the remembered do not raise the threshold.
    """

    var_ratio: float
    initial_ratio: float = 0.0
    window: int = 32
    rank: int = 3
    examples: ClassVar[tuple[dict, ...]] = (dict(var_ratio=0.1, initial_ratio=0.3, window=4, rank=2),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        problems = [*not_negative(self, "var_ratio", "initial_ratio"), *whole(self, 1, "window", "rank")]
        refuse(problems or unless(self.rank <= self.window, "rank", f"{self.rank!r} exceeds window = {self.window!r}"))

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        nothing_yet = jnp.full(self.window, jnp.inf, jnp.float32)
        initial = (jnp.float32(0), jnp.float32(self.initial_ratio), nothing_yet)
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; the state's variance in units of V."""
        state_mean, state_var, sizes = state
        predicted_var = state_var + self.var_ratio
        gain = predicted_var / (1 + predicted_var)
        innovation, threshold = z - state_mean, jax.lax.top_k(sizes, self.rank)[0][-1]
        size = jnp.abs(innovation)
        updated_mean = state_mean + gain * jnp.clip(innovation, -threshold, threshold)
        output = FilterOutput(updated_mean, innovation, jnp.float32(jnp.inf), gain, size > threshold)
        return (updated_mean, gain, jnp.append(sizes[1:], size)), output
