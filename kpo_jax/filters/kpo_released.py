"""KPO's released filter, float32 faults included, to measure how much of a result they explain. Not for training.

The definition is that of `kalman_gains_nonsteady_1d` and `kalman_filter` in recipe/kpo/core_algos.py of
github.com/shuohe1995/verl-kpo (commit 128cf51). The gains come from hyperbolic sines, the state from a cumulative sum
divided by a decaying product, and the angle eta of the sines from log(s + sqrt(s^2 - 1)), s = 1 + Q/(2 V). Float32
holds the first two not for long, and rounds s where Q/V is small:

    process_var / measurement_var    1e-6    1e-4    1e-3    1e-2    5e-2    1e-2 / 0.1
    stops forgetting at about token  never   never   2208     698     312           221
    NaN from token (zero-based)      never   never   2718     871     394           280
    gain after 4096 tokens, too large by, at 1e-6: 2.4 %

NaN survives the mask: it comes out of padding as it does out of tokens, and 0 * NaN is NaN in the loss. So a padded
length beyond that index spoils the loss even if every response is shorter, and this one filter does not zero masked
places by selection but multiplies by the mask, as the original does.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from kpo_jax.checks import positive, refuse
from kpo_jax.filters.base import clean_tokens, shift_right
from kpo_jax.lazy import jax, jnp, np
from kpo_jax.outputs import FilterOutput

SMALLEST_DECAY = 1e-30
SMALLEST_GAIN = 1e-6
SMALLEST_RATIO = 1e-12  # below it the polynomials are taken for those of Q/V = 0


@dataclasses.dataclass(frozen=True)
class KpoReleased:
    """Kalman filter with initial_var = 0, masked tokens observed as 0; exact only while its numerics last (see above).

    Attributes:
      process_var: > 0, finite.
      measurement_var: > 0, finite.
    """

    process_var: float
    measurement_var: float
    examples: ClassVar[tuple[dict, ...]] = (dict(process_var=1e-2, measurement_var=1.0),)
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False

    def __post_init__(self):
        refuse(positive(self, "process_var", "measurement_var"))

    def __call__(self, log_ratio: jax.Array, response_mask: jax.Array) -> FilterOutput:
        """[B, T], [B, T] bool -> FilterOutput."""
        log_ratio = clean_tokens(log_ratio, response_mask)
        gain, decay = (jnp.broadcast_to(x[None, :], log_ratio.shape) for x in self.gain_and_decay(log_ratio.shape[1]))
        state_mean = decay * jnp.cumsum(gain * log_ratio / decay, axis=1)
        # The product with the mask, spelled out: a compiler turns x * mask into a selection, which would drop the NaN.
        times_mask = lambda x: jnp.where(response_mask | jnp.isnan(x), x, 0.0)
        return FilterOutput(
            log_ratio=times_mask(state_mean),
            innovation=times_mask(log_ratio - shift_right(state_mean)),
            innovation_std=times_mask(jnp.sqrt(self.measurement_var / (1 - gain))),
            gain=times_mask(gain),
            saturated=jnp.zeros_like(response_mask),
        )

    def gain_and_decay(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """[T] gains, and [T] products of 1 - gain clamped from below, float32, computed while tracing.

        The gain of token t comes from the t-th power of [[1, Q/V], [1, 1 + Q/V]], whose entries are Chebyshev
        polynomials of the second kind. In numpy, because a compiler cancels the division by sinh(eta), which moves NaN.
        """
        one, t = np.float32(1), np.arange(1, length + 1, dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            var_ratio = np.float32(self.process_var / self.measurement_var)
            cosine = one + np.float32(0.5) * var_ratio  # of the angle eta; here the digits of a small Q/V are lost
            eta = np.log(cosine + np.sqrt(np.maximum(cosine * cosine - one, np.float32(0))))
            scale = np.maximum(np.sinh(eta), np.float32(1e-20))
            chebyshev = t if abs(var_ratio) < SMALLEST_RATIO else np.sinh(t * eta) / scale
            before = np.append(np.float32(0), chebyshev[:-1])
            gain = var_ratio * chebyshev / ((one + var_ratio) * chebyshev - before)
            gain = np.clip(gain, np.float32(SMALLEST_GAIN), np.float32(1 - SMALLEST_GAIN))  # NaN stays NaN
            log_decay = np.cumsum(np.log(one - gain), dtype=np.float32)
        return gain, np.exp(np.maximum(log_decay, np.float32(np.log(SMALLEST_DECAY))))
