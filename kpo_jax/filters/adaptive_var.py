"""KPO whose noise level follows its innovations, at a fixed Q/V (after Mehra 1970 and Mohamed and Schwarz 1999).

The expected square of an innovation is C = predicted_var + V, and predicted_var = P + (Q/V) V, so with C measured as a
running mean of the squared innovations before this token,

    V = max((C - P) / (1 + Q/V), floor^2)        C <- (1 - a) C + a d^2
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import between, not_negative, positive, refuse, share
from kpo_jax.filters.base import FLOORS, clean_tokens, scan_tokens, zero_masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.outputs import FilterOutput


@dataclasses.dataclass(frozen=True)
class AdaptiveVar:
    """The linear filter with V of each token from the tokens before it. It does not saturate: a larger V is its
    defence.

    The gain depends on the data only as V changes: where V is steady it is the linear filter's at Q/V.

    Attributes:
      process_var, measurement_var, initial_var: as in `Kalman`, finite; Q/V is kept, measurement_var is V at the first
        token.
      rate: a, in (0, 1].
      floor: the least sqrt(V), in [1e-18, 1e18].
    """

    process_var: float
    measurement_var: float
    initial_var: float = 0.0
    rate: float = 0.05
    floor: float = 1e-6
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=0.1, initial_var=0.3),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(
            [
                *not_negative(self, "process_var", "initial_var"),
                *positive(self, "measurement_var"),
                *between(self, *FLOORS, "floor"),
                *share(self, "rate"),
            ]
        )

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        squares = self.initial_var + self.process_var + self.measurement_var
        initial = (jnp.float32(0), jnp.float32(self.initial_var), jnp.float32(squares))
        return zero_masked(scan_tokens(self.step, initial, log_ratio, response_mask), response_mask)

    def step(self, state, z):
        """One token; variances in units of z^2."""
        state_mean, state_var, squares = state
        var_ratio = self.process_var / self.measurement_var
        measurement_var = jnp.maximum((squares - state_var) / (1 + var_ratio), self.floor**2)
        predicted_var = state_var + var_ratio * measurement_var
        gain = predicted_var / (predicted_var + measurement_var)
        innovation = z - state_mean
        updated_mean = state_mean + gain * innovation
        updated_squares = (1 - self.rate) * squares + self.rate * innovation**2
        innovation_std = jnp.sqrt(predicted_var + measurement_var)
        output = FilterOutput(updated_mean, innovation, innovation_std, gain, jnp.zeros((), bool))
        return (updated_mean, gain * measurement_var, updated_squares), output
