"""Methods compared over problems and seeds: pooled scores, paired differences, gap recovery. Pure; imports no jax.

A cell of a method is correct [problems, k] of one seed; all cells of a comparison have the same problems in the same
order. Two kinds of interval say two things. Over problems (bootstrap of whole problems): what another draw of problems
would have given with these very runs, and nothing about the methods. Over seeds (Student's t of the seeds'
differences): what another seed of the training would have given. A seed is the unit of every claim about methods; with
three seeds the interval is wide, and that is what three seeds can say.
"""

import bisect
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


class Judged(NamedTuple):
    """What the seeds say of one of several planned differences.

    Attributes:
      p_value, p_holm: of no difference, by a paired t over seeds; alone, and after Holm over all that were asked.
      p_equal: of a difference of EQUAL or more, by two one-sided t tests over seeds (TOST), after Holm likewise.
      verdict: "higher" or "lower" if p_holm is below LEVEL, "equal within 2 points" if p_equal is, "higher in these
        runs" or "lower in these runs" if no more than the interval over problems excludes 0, else "unclear".
    """

    p_value: float
    p_holm: float
    p_equal: float
    verdict: str


LEVEL = 0.05
SIZES = (2.0, 3.0, 5.0)  # differences, points, for which tables of power say how many seeds they take
EQUAL = 0.02  # a difference of scores that is called none, as a share: 2 points


def judge(asked: list[Difference]) -> list[Judged]:
    """Each difference judged as one of those that were asked together. One seed says nothing of others: p is nan."""
    p_values, equal = [paired_t(d.seeds) for d in asked], [tost(d.seeds, EQUAL) for d in asked]
    return [
        Judged(p, adjusted, same, _verdict(difference, adjusted, same))
        for difference, p, adjusted, same in zip(asked, p_values, holm(p_values), holm(equal), strict=True)
    ]


def _verdict(of: Difference, p_holm: float, p_equal: float) -> str:
    if p_holm < LEVEL:
        return "higher" if np.mean(of.seeds) > 0 else "lower"
    if p_equal < LEVEL:
        return f"equal within {100 * EQUAL:g} points"
    if of.paired.low > 0 or of.paired.high < 0:
        return f"{'higher' if of.paired.difference > 0 else 'lower'} in these runs"
    return "unclear"


def pooled(cells: list[np.ndarray]) -> np.ndarray:
    """[problems, seeds * k]: the samples of all seeds beside each other, so that a problem stays one cluster."""
    if len({len(cell) for cell in cells}) != 1:
        raise ValueError(f"report: runs graded on {', '.join(str(len(c)) for c in cells)} problems cannot be pooled")
    return np.concatenate(cells, axis=1)


def average(cells: list[np.ndarray]) -> Score:
    """avg@k over all seeds."""
    correct = pooled(cells)
    return Score(stats.avg_at_k(correct), *stats.clustered_interval(correct, stats.avg_at_k))


def passed(cells: list[np.ndarray]) -> Score:
    """pass@k, k the samples of ONE seed, averaged over the seeds: pooling the samples would give pass@(seeds k)."""
    ends = np.cumsum([0, *(cell.shape[1] for cell in cells)])

    def statistic(correct):
        return float(np.mean([correct[:, a:b].any(axis=1).mean() for a, b in itertools.pairwise(ends)]))

    correct = pooled(cells)
    return Score(statistic(correct), *stats.clustered_interval(correct, statistic))


def difference(a: dict[int, np.ndarray], b: dict[int, np.ndarray]) -> Difference | None:
    """a minus b over the seeds that both have, {seed: correct}; None if there is no such seed, or one problem alone."""
    seeds = sorted(set(a) & set(b))
    if not seeds or len(a[seeds[0]]) < 2:
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


def paired_t(values: list[float]) -> float:
    """Two-sided p of a mean of 0 of independent differences, by Student's t; nan of a single one. Differences that are
    all 0 have p 1, others that are all equal 0.
    """
    if len(values) < 2:
        return math.nan
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * scipy_stats.t.sf(abs(mean) / error, len(values) - 1))


def tost(values: list[float], margin: float) -> float:
    """p of a mean of independent differences that lies `margin` or more from 0: the larger of two one-sided t tests
    (Schuirmann 1987). Small says that the mean is within the margin; nan of a single value.
    """
    if len(values) < 2:
        return math.nan
    room, error = margin - abs(float(np.mean(values))), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    if error == 0:
        return 0.0 if room > 0 else 1.0
    return float(scipy_stats.t.sf(room / error, len(values) - 1))


def sign_flips(values: list[float], num_resamples: int = 2**18) -> float:
    """Two-sided p of independent differences that are symmetric about 0, of whatever distribution: the share of all
    choices of signs whose mean is as far from 0 (of so many drawn ones, where there are more); nan of a single one.
    """
    count = len(values)
    if count < 2:
        return math.nan
    if 2**count <= num_resamples:  # all of them; scipy takes thirty times as long
        signs = 1 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1)
        sums = np.abs(signs @ np.asarray(values, float))
        return float(np.mean(sums >= sums[0] - 1e-12 * np.abs(values).sum()))
    pairs = np.asarray(values, float), np.zeros(count)
    mean = lambda a, b, axis: np.mean(a - b, axis=axis)
    found = scipy_stats.permutation_test(
        pairs, mean, permutation_type="samples", n_resamples=num_resamples, batch=4096, vectorized=True,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def power(difference: float, sd: float, num_seeds: int, level: float = LEVEL) -> float:
    """The chance that a paired t over `num_seeds` >= 2 finds a difference whose seeds have the deviation `sd` > 0 (the
    noncentral t; two-sided).
    """
    freedom, shift = num_seeds - 1, difference / sd * math.sqrt(num_seeds)
    edge = scipy_stats.t.ppf(1 - level / 2, freedom)
    # the lower tail as the upper one of -t: scipy's cdf is nan where it is small
    return float(sum(scipy_stats.nct.sf(edge, freedom, [shift, -shift])))


def power_equal(margin: float, sd: float, num_seeds: int, level: float = LEVEL) -> float:
    """The chance that `tost` over `num_seeds` >= 2 finds a difference that is 0, whose seeds have the deviation `sd` >
    0, to be within the margin: the mean over what deviation the seeds may show.
    """
    freedom = num_seeds - 1
    shown = np.sqrt(scipy_stats.chi2.ppf((np.arange(1000) + 0.5) / 1000, freedom) / freedom)
    room = margin / sd * math.sqrt(num_seeds) - scipy_stats.t.ppf(1 - level, freedom) * shown
    return float(np.mean(np.maximum(1 - 2 * scipy_stats.norm.sf(room), 0)))


def seeds_needed(
    difference: float, sd: float, level: float = LEVEL, chance: float = 0.8, most: int = 1000, of=power
) -> int | None:
    """The least number of seeds with which the power, `power` or `power_equal`, is `chance`; None if `most` are too
    few.
    """
    sizes = range(2, most + 1)
    place = bisect.bisect_left(sizes, chance, key=lambda n: of(difference, sd, n, level))  # power rises with seeds
    return sizes[place] if place < len(sizes) else None


def pooled_sd(cells: dict[str, dict[int, np.ndarray]]) -> float | None:
    """The deviation over seeds of the difference of two methods, {method: {seed: correct}}: the root of the mean
    variance over all pairs that have two seeds in common and are not the same grades; None if there is no such pair.
    """
    variances = []
    for a, b in itertools.combinations(cells.values(), 2):
        each = [float(a[s].mean() - b[s].mean()) for s in sorted(set(a) & set(b))]
        if len(each) > 1 and any(each):
            variances.append(np.var(each, ddof=1))
    return float(np.sqrt(np.mean(variances))) if variances else None


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
    many. A question without a p-value (nan) keeps none and is not one of the m.
    """
    if any(map(math.isnan, p_values)):
        found = iter(holm([p for p in p_values if not math.isnan(p)]))
        return [p if math.isnan(p) else next(found) for p in p_values]
    order = np.argsort(p_values, kind="stable")
    out, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        out[index] = running
    return out
