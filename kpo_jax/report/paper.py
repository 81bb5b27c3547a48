"""What the paper prints, and what its equations give at the same settings.

Paper: "Innovation saturation does not robustify Kalman-filtered importance ratios in LLM reinforcement learning". The
exact column is the steady state of the scalar Kalman filter, which Q, V and kappa determine; no initial variance,
horizon or averaging gives all the printed figures. Everything that the paper's tables print is in docs/science.md.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from kpo_jax.filters import Kalman, KpoReleased

SAMPLES = 500 * 16  # MATH-500, 16 samples a problem: what the printed percentages are of


class FilterSetting(NamedTuple):
    """Q, V, kappa (inf: no saturation) of a method, and the gain, innovation deviation and threshold that the paper's
    text and its Table 3 print, as text.
    """

    process_var: float
    measurement_var: float
    kappa: float
    gain: str = "-"
    innovation_std: str = "-"
    threshold: str = "-"


class PrintedScore(NamedTuple):
    """Of the paper's Table 1, on one of its sets: avg@16 and pass@16 in percent."""

    avg: float
    passed: float


class PrintedInnovations(NamedTuple):
    """A row of the paper's Table 2: kurtosis and largest innovation at a training step, and the saturated share, None
    where none is printed.
    """

    step: int
    kurtosis: float
    largest: float
    saturated: float | None = None


class PrintedOption(NamedTuple):
    """A row of the paper's Table 3: gain and saturated share as text, avg@16 on MATH-500 in percent."""

    gain: str
    saturated: str
    avg: float


MATH = "MATH-500"
TABLE_1 = {
    "kpo_strong": {
        MATH: PrintedScore(59.60, 85.40),
        "AIME'24": PrintedScore(8.96, 30.00),
        "AIME'25": PrintedScore(6.04, 26.67),
    },
    "kpo_weak": {
        MATH: PrintedScore(47.81, 85.40),
        "AIME'24": PrintedScore(8.75, 36.67),
        "AIME'25": PrintedScore(4.79, 26.67),
    },
    "is_kpo_weak": {
        MATH: PrintedScore(48.59, 84.20),
        "AIME'24": PrintedScore(6.25, 30.00),
        "AIME'25": PrintedScore(3.54, 23.33),
    },
}
TABLE_2 = {
    "kpo_weak": (
        PrintedInnovations(1, 18.27, 0.397),
        PrintedInnovations(5, 41.95, 0.556),
        PrintedInnovations(10, 43.54, 0.456),
        PrintedInnovations(15, 43.48, 0.402),
    ),
    "is_kpo_weak": (
        PrintedInnovations(1, 17.57, 0.360, 0.0),
        PrintedInnovations(5, 25.62, 0.437, 1.2e-7),
        PrintedInnovations(10, 27.61, 0.379, 0.0),
        PrintedInnovations(14, 29.01, 0.355, 0.0),
    ),
}
TABLE_3 = {
    "is_kpo_weak": PrintedOption("about 2 %", "< 1e-6", 48.59),
    "kpo_weak": PrintedOption("about 2 %", "-", 47.81),
    "opt0": PrintedOption("about 5 %", "about 1e-6", 43.94),
    "opt1": PrintedOption("about 29 %", "about 5e-6", 43.58),
}
FIGURE_2 = {"saturated_most": 7e-7, "at_step": 3, "innovation_about": 0.4, "threshold": 3.0}  # of is_kpo_weak
SETTINGS = {
    "kpo_strong": FilterSetting(1e-6, 1.0, math.inf),
    "kpo_weak": FilterSetting(1e-2, 1.0, math.inf),
    "is_kpo_weak": FilterSetting(1e-2, 1.0, 3.0, "about 2 %", "about 1.02", "about 3.06"),
    "opt0": FilterSetting(5e-2, 1.0, 1.0, "about 5 %"),
    "opt1": FilterSetting(1e-2, 0.1, 2.0, "about 29 %", "-", "about .75"),
}


# What of the regime (see algorithm.regime) the paper prints or its settings give; its mean length is not printed, and
# is taken for 860 tokens.
REGIME = {
    "length": "0.86 (strong), 86 (weak)",
    "kurtosis": "17 to 59",
    "innovation_abs_max": "not printed",
    "threshold": "not printed; 7 of its largest d",
    "band": "not printed",
}


class SteadyState(NamedTuple):
    """Gain in [0, 1], innovation standard deviation and threshold in the unit of log-ratios; the threshold may be
    inf.
    """

    gain: float
    innovation_std: float
    threshold: float


def steady_state(process_var: float, measurement_var: float, kappa: float) -> SteadyState:
    """K = (-l + sqrt(l^2 + 4 l)) / 2 with l = Q/V, sigma = sqrt(V / (1 - K)), threshold = kappa sigma."""
    ratio = process_var / measurement_var
    gain = (math.sqrt(ratio**2 + 4 * ratio) - ratio) / 2
    innovation_std = math.sqrt(measurement_var / (1 - gain))
    return SteadyState(gain, innovation_std, kappa * innovation_std)


def mean_gain(var_ratio: float, length: int) -> float:
    """The exact gain from P_0 = 0 averaged over the first `length` >= 1 tokens of a response: what a finite response
    can show.
    """
    gain = total = 0.0
    for _ in range(length):
        predicted = gain + var_ratio  # in units of V, in which the variance after a token is its gain
        gain = predicted / (1 + predicted)
        total += gain
    return total / length


def printed_z() -> tuple[int, int]:
    """Right answers behind the printed percentages of IS-KPO-weak and KPO-weak, of SAMPLES each."""
    return tuple(round(TABLE_1[name][MATH].avg / 100 * SAMPLES) for name in ("is_kpo_weak", "kpo_weak"))


def released_numerics(process_var: float, measurement_var: float, length: int) -> tuple[int | None, int | None, float]:
    """How KPO's released filter departs from the exact one on `length` tokens of white noise of deviation 0.012.

    Returns (first token, from 0, at which the filtered log-ratio is off by a tenth of its deviation; first NaN; the
    largest difference over finite tokens in those deviations). None where there is no such token.
    """
    noise = np.random.default_rng(0).normal(0, 0.012, (1, length)).astype(np.float32)
    mask = jnp.ones((1, length), bool)
    released = np.asarray(KpoReleased(process_var, measurement_var)(jnp.asarray(noise), mask).log_ratio)[0]
    exact = np.asarray(Kalman(process_var, measurement_var, 0.0)(jnp.asarray(noise), mask).log_ratio)[0]
    error = np.abs(released - exact) / exact.std()
    off = np.flatnonzero(~(error < 0.1))
    bad = np.flatnonzero(np.isnan(released))
    return (int(off[0]) if off.size else None, int(bad[0]) if bad.size else None, float(np.nanmax(error)))
