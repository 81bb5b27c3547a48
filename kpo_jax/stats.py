"""Statistics of graded samples, numpy only.

`correct` is always [problems, samples] of 0/1. The samples of one problem are correlated, so intervals and tests
here resample or flip whole problems; the two-proportion z, which takes all samples for independent, is kept to
compare with papers that print it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray
NUM_FLIPS = 10_000
_DRAWN_AT_ONCE = 2**20  # random numbers in memory
LEAST_P = 1 / (1 + NUM_FLIPS)  # of `paired_difference`: the observed arrangement is always counted


class PairedDifference(NamedTuple):
    """difference = avg(a) - avg(b), its interval [low, high], and the two-sided p-value of no difference."""

    difference: float
    low: float
    high: float
    p_value: float


def avg_at_k(correct: Array) -> float:
    """Mean over problems of the mean over the k samples of each."""
    return float(_checked(correct).mean())


def pass_at_k(correct: Array, k: int) -> float:
    """Unbiased pass@k from n >= k samples per problem: mean of 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, eq. 1).

    Raises ValueError when k is not in 1..n.
    """
    correct = _checked(correct)
    num_samples = correct.shape[1]
    if not 1 <= k <= num_samples:
        raise ValueError(f"pass@{k}: k must lie in 1..{num_samples}, the samples per problem")
    num_wrong = num_samples - correct.sum(axis=1)
    # C(n-c, k) / C(n, k) as a product of k ratios in [0, 1]: nothing overflows, and it is 0 exactly once n-c < k.
    drawn = np.arange(k)
    ratios = np.maximum(num_wrong[:, None] - drawn, 0) / (num_samples - drawn)
    return float(np.mean(1.0 - ratios.prod(axis=1)))


def clustered_bootstrap(
    correct: Array,
    statistic: Callable[[Array], float] = avg_at_k,
    num_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of `statistic(correct)`, resampling problems (never samples) with replacement."""
    correct = _checked(correct)
    num_problems = _at_least_two(correct)
    rng = np.random.default_rng(seed)
    values = [statistic(correct[rng.integers(num_problems, size=num_problems)]) for _ in range(num_resamples)]
    return _interval(np.asarray(values), level)


def clustered_interval(correct: Array, statistic: Callable[[Array], float]) -> tuple[float, float]:
    """`clustered_bootstrap`, (nan, nan) of a single problem."""
    return clustered_bootstrap(correct, statistic) if len(correct) > 1 else (math.nan, math.nan)


def paired_difference(
    correct_a: Array, correct_b: Array, num_resamples: int = NUM_FLIPS, seed: int = 0, level: float = 0.95
) -> PairedDifference:
    """Compares two runs graded on the same problems in the same order; numbers of samples may differ.

    The interval resamples problems; the p-value flips the sign of each problem's difference (the runs are exchangeable
    under the null), with the observed arrangement counted, so it is never 0.
    """
    correct_a, correct_b = _checked(correct_a), _checked(correct_b)
    if len(correct_a) != len(correct_b):
        raise ValueError(f"paired_difference: {len(correct_a)} problems against {len(correct_b)}; grade the same ones")
    num_problems = _at_least_two(correct_a)
    difference = correct_a.mean(axis=1) - correct_b.mean(axis=1)
    rng = np.random.default_rng(seed)
    resampled, as_extreme = np.empty(num_resamples), 0
    # The slack keeps exact ties, which are common with few samples, from being lost to rounding.
    threshold = abs(difference.mean()) - 1e-12
    at_once = max(1, _DRAWN_AT_ONCE // (2 * num_problems))
    for begin in range(0, num_resamples, at_once):
        rows = resampled[begin : begin + at_once]
        drawn = rng.integers(np.repeat([num_problems, 2], num_problems), size=(len(rows), 2 * num_problems))
        chosen, signs = drawn[:, :num_problems], drawn[:, num_problems:] * 2 - 1
        rows[:] = difference[chosen].mean(axis=1)
        as_extreme += np.sum(abs((signs * difference).mean(axis=1)) >= threshold)
    low, high = _interval(resampled, level)
    return PairedDifference(float(difference.mean()), low, high, (1 + int(as_extreme)) / (1 + num_resamples))


def two_proportion_z(successes_a: int, n_a: int, successes_b: int, n_b: int) -> tuple[float, float]:
    """Pooled z of proportion a minus proportion b and its two-sided p-value; (0, 1) when both are all or nothing."""
    for name, successes, total in (("a", successes_a, n_a), ("b", successes_b, n_b)):
        if not 0 <= successes <= total or total < 1:
            raise ValueError(f"two_proportion_z: {successes} successes of {total} in {name}; need 0 <= successes <= n")
    pooled = (successes_a + successes_b) / (n_a + n_b)
    std = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
    if std == 0.0:
        return 0.0, 1.0
    z = (successes_a / n_a - successes_b / n_b) / std
    return z, math.erfc(abs(z) / math.sqrt(2))


def _checked(correct: Array) -> Array:
    correct = np.asarray(correct)
    if correct.ndim != 2 or correct.size == 0:
        raise ValueError(f"correct has shape {correct.shape}; expected [problems, samples], neither of them 0")
    if not np.isin(correct, (0, 1)).all():
        raise ValueError("correct holds a value that is neither 0 nor 1")
    return correct.astype(np.int64)


def _at_least_two(correct: Array) -> int:
    if len(correct) < 2:
        raise ValueError("one problem has no spread between problems; give at least two")
    return len(correct)


def _interval(values: Array, level: float) -> tuple[float, float]:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level}: must lie between 0 and 1")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
