"""Methods compared over problems and seeds: pooled scores, paired differences, gap recovery. Pure; imports no jax.

A cell of a method is correct [problems, k] of one seed; all cells of a comparison have the same problems in the same
order. Two kinds of interval say two things. Over problems (bootstrap of whole problems): what another draw of problems
would have given with these very runs, and nothing about the methods. Over seeds (Student's t of the seeds'
differences): what another seed of the training would have given. A seed is the unit of every claim about methods; with
three seeds the interval is wide, and that is what three seeds can say.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from kpo_jax import stats
from kpo_jax.lazy import Lazy

scipy_stats = Lazy("scipy.stats")


class Score(NamedTuple):
    """A value with its 95 % interval over problems."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """a minus b: over problems with its paired p-value, each seed's, over seeds (nan with one seed), and the
    two-proportion z.
    """

    paired: stats.PairedDifference
    seeds: list[float]
    seeds_low: float
    seeds_high: float
    z: float
    z_p_value: float

    def verdict(self) -> str:
        """ "higher" or "lower" if both intervals say so, "higher/lower in these runs" if only that over problems does,
        else "unclear".
        """
        sign = "higher" if self.paired.difference > 0 else "lower"
        if not (self.paired.low > 0 or self.paired.high < 0):
            return "unclear"
        return sign if self.seeds_low > 0 or self.seeds_high < 0 else f"{sign} in these runs"


def pooled(cells: list[np.ndarray]) -> np.ndarray:
    """[problems, seeds * k]: the samples of all seeds beside each other, so that a problem stays one cluster."""
    if len({len(cell) for cell in cells}) != 1:
        raise ValueError(f"report: runs graded on {', '.join(str(len(c)) for c in cells)} problems cannot be pooled")
    return np.concatenate(cells, axis=1)


def average(cells: list[np.ndarray]) -> Score:
    """avg@k over all seeds."""
    correct = pooled(cells)
    return Score(stats.avg_at_k(correct), *_interval(correct, stats.avg_at_k))


def passed(cells: list[np.ndarray]) -> Score:
    """pass@k, k the samples of ONE seed, averaged over the seeds: pooling the samples would give pass@(seeds k)."""
    ends = np.cumsum([0, *(cell.shape[1] for cell in cells)])

    def statistic(correct):
        return float(np.mean([correct[:, a:b].any(axis=1).mean() for a, b in itertools.pairwise(ends)]))

    correct = pooled(cells)
    return Score(statistic(correct), *_interval(correct, statistic))


def _interval(correct: np.ndarray, statistic) -> tuple[float, float]:
    return stats.clustered_bootstrap(correct, statistic) if len(correct) > 1 else (math.nan, math.nan)


def difference(a: dict[int, np.ndarray], b: dict[int, np.ndarray]) -> Difference | None:
    """a minus b over the seeds that both have, {seed: correct}; None if there is no such seed."""
    seeds = sorted(set(a) & set(b))
    if not seeds:
        return None
    cells_a, cells_b = pooled([a[s] for s in seeds]), pooled([b[s] for s in seeds])
    each = [float(a[s].mean() - b[s].mean()) for s in seeds]
    z, z_p_value = stats.two_proportion_z(int(cells_a.sum()), cells_a.size, int(cells_b.sum()), cells_b.size)
    return Difference(stats.paired_difference(cells_a, cells_b), each, *t_interval(each), z, z_p_value)


def t_interval(values: list[float]) -> tuple[float, float]:
    """95 % interval of the mean of independent values by Student's t; (nan, nan) of a single one."""
    if len(values) < 2:
        return math.nan, math.nan
    half = _t_quantile(len(values)) * np.std(values, ddof=1) / math.sqrt(len(values))
    return float(np.mean(values) - half), float(np.mean(values) + half)


def _t_quantile(num_values: int) -> float:
    return float(scipy_stats.t.ppf(0.975, num_values - 1))


def fieller(gains: list[float], gaps: list[float]) -> tuple[float, float] | None:
    """95 % interval of mean(gains) / mean(gaps) over paired seeds (Fieller 1954).

    None where the data do not exclude a mean gap of 0: the ratio is then not bounded. None with a single seed too.
    """
    if len(gains) < 2:
        return None
    gain, gap = float(np.mean(gains)), float(np.mean(gaps))
    covariance = np.cov(gains, gaps) * _t_quantile(len(gains)) ** 2 / len(gains)
    leading = gap**2 - covariance[1, 1]
    if leading <= 0:
        return None
    middle = gain * gap - covariance[0, 1]
    half = math.sqrt(max(middle**2 - leading * (gain**2 - covariance[0, 0]), 0.0))
    return (middle - half) / leading, (middle + half) / leading


def gap_recovery(strong, weak, robust, num_resamples: int = 4000) -> Score | None:
    """(robust - weak) / (strong - weak) over the seeds that all three have, with a bootstrap interval over problems.

    None without a common seed. The interval is nan where a twentieth of the resamples or more have no gap of the
    observed sign to
    recover: the ratio then has no meaning that an interval could bound.
    """
    seeds = sorted(set(strong) & set(weak) & set(robust))
    if not seeds:
        return None
    means = [pooled([cells[s] for s in seeds]).mean(axis=1) for cells in (strong, weak, robust)]
    gap, gain = means[0] - means[1], means[2] - means[1]
    if abs(gap.mean()) < 1e-12:
        return Score(math.nan, math.nan, math.nan)
    chosen = np.random.default_rng(0).integers(len(gap), size=(num_resamples, len(gap)))
    gaps, gains = gap[chosen].mean(axis=1), gain[chosen].mean(axis=1)
    good = gaps * np.sign(gap.mean()) > 1e-12
    interval = (math.nan, math.nan)
    if good.mean() > 0.95:
        interval = tuple(float(x) for x in np.quantile(gains[good] / gaps[good], [0.025, 0.975]))
    return Score(float(gain.mean() / gap.mean()), *interval)


def holm(p_values: list[float]) -> list[float]:
    """Holm's adjusted p-values: of m questions asked together, one that is below 0.05 after this is not luck of the
    many.
    """
    order = np.argsort(p_values, kind="stable")
    out, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        out[index] = running
    return out
