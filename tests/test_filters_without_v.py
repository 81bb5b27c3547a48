"""Filters whose threshold needs no V, and the smoother: float64 loops, shares, scales and limits."""

import math
import statistics

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_filters_robust import LINEAR_ESTIMATE, MASK, P0, ROWS, Q, V, Z, oracle, run

from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.median_window import MedianWindow
from kpo_jax.filters.outlier_mixture import OutlierMixture
from kpo_jax.filters.quantile import Quantile
from kpo_jax.filters.rank import Rank
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.filters.score_t import ScoreT
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.filters.smoother import Smoother

RATIOS = (Q / V, P0 / V)
RNG = np.random.default_rng(3)
SIZES = np.abs(Z[MASK].astype(np.float64))
MAD = 1.4826 * float(np.median(SIZES))
Z90 = statistics.NormalDist().inv_cdf(0.95)


# --- oracles: one token, variance in units of V: `state -> (state, (estimate, innovation, its std, gain, saturated))`


def predicted(p):
    p += Q / V
    return p, p / (p + 1)


def quantile(state, z, q=0.9, rate=0.05, kappa=Z90):
    x, p, s = state
    (p, k), d = predicted(p), z - x
    beyond = abs(d) > kappa * s
    x += k * max(-kappa * s, min(kappa * s, d))
    after = math.exp(math.log(s) + rate * ((1 if beyond else 0) - (1 - q)))
    return (x, k, after), (x, d, s, k, beyond)


def rank(state, z, window=7, k_th=2):
    x, p, sizes = state
    (p, k), d = predicted(p), z - x
    bound = sorted([*[math.inf] * (window - len(sizes)), *sizes[-window:]])[-k_th]
    x += k * max(-bound, min(bound, d))
    return (x, k, [*sizes, abs(d)]), (x, d, math.inf, k, abs(d) > bound)


def median_window(state, z, window=4):
    x, p, seen = state
    (p, k), seen = predicted(p), [*seen, z]
    new = x + k * (statistics.median(seen[-window:]) - x)
    return (new, k, seen), (new, z - x, math.inf, k, False)


def score_t(state, z, nu=4.0, rate=0.05):
    x, p, s = state
    (p, k), d = predicted(p), z - x
    b = (d**2 / (nu * s**2)) / (1 + d**2 / (nu * s**2))
    after = math.exp(math.log(s) + rate * ((nu + 1) * b - 1))  # the score of log s under a t density
    return (x + k * (1 - b) * d, k, after), (x + k * (1 - b) * d, d, s * math.sqrt(nu / (nu - 2)), k * (1 - b), False)


def outlier_mixture(state, z, e=0.02, c=10.0, rate=0.05):
    x, p, s = state
    p, d = p + Q / V, z - x
    density = lambda var: math.exp(-(d**2) / var / 2) / math.sqrt(var)
    narrow, wide = s**2 * (1 + p), s**2 * (c**2 + p)
    w = e * density(wide) / (e * density(wide) + (1 - e) * density(narrow))
    means, variances = (x + p / (1 + p) * d, x + p / (c**2 + p) * d), (p / (1 + p), p * c**2 / (c**2 + p))
    mean = (1 - w) * means[0] + w * means[1]  # the two posteriors are taken for one of their mean and variance
    var = sum(share * (v + (m - mean) ** 2 / s**2) for share, m, v in zip((1 - w, w), means, variances, strict=True))
    gain = (mean - x) / d
    step = (1 - w) * (d**2 / narrow - 1) + w * min(d**2 / wide - 1, 1)
    return (mean, var, s * math.exp(rate / 2 * step)), (mean, d, math.sqrt(narrow), gain, False)


START = (0.0, P0 / V)
ORACLES = {
    Quantile(*RATIOS, quantile=0.9): (quantile, (*START, float(np.quantile(SIZES, 0.9)) / Z90)),
    Quantile(*RATIOS, quantile=0.9, initial_scale=0.3): (quantile, (*START, 0.3)),
    Rank(*RATIOS, window=7, rank=2): (rank, (*START, [])),
    MedianWindow(*RATIOS, window=4): (median_window, (*START, [])),
    ScoreT(*RATIOS): (score_t, (*START, MAD)),
    OutlierMixture(*RATIOS): (outlier_mixture, (*START, MAD)),
    OutlierMixture(*RATIOS, initial_scale=0.9): (outlier_mixture, (*START, 0.9)),
}


@pytest.mark.parametrize("ratio_filter", ORACLES, ids=str)
def test_filter_matches_its_formula_in_float64(ratio_filter):
    expected = oracle(*ORACLES[ratio_filter])
    for name, value, field in zip(
        ("log_ratio", "innovation", "std", "gain", "saturated"), run(ratio_filter), expected, strict=True
    ):
        np.testing.assert_allclose(np.asarray(value, np.float64), field, atol=5e-5, err_msg=name)
    assert np.abs(expected[0] - LINEAR_ESTIMATE).max() > 1e-2  # control: the linear filter is another


def test_rank_and_median_by_hand():
    """Q/V = inf is the median itself. With P_0 = V and Q = 0 the gains are 1/2, 1/3, 1/4, ...: the mean with a 0."""
    z, mask = np.array([[1.0, -4.0, 9.0, 2.0, 3.0, 100.0]], np.float32), np.array([[1, 1, 0, 1, 1, 1]], bool)
    medians = run(MedianWindow(math.inf, window=3), z, mask).log_ratio
    np.testing.assert_allclose(medians, [[1, -1.5, 0, 1, 2, 3]])
    output = run(Rank(0.0, 1.0, window=2, rank=2), z, mask)
    # the second largest of (inf, 1) is 1: the innovation -4.5 is cut to -1, and the mean is 1/2 - 1/3 = 1/6;
    # that of (1, 4.5) is 1: 11/6 is cut to 1, and the mean is 1/6 + 1/4; that of (4.5, 11/6) is 11/6: 31/12 is cut
    np.testing.assert_allclose(output.innovation, [[1, -4.5, 0, 11 / 6, 31 / 12, 100 - 47 / 60]], rtol=1e-6)
    np.testing.assert_allclose(output.log_ratio[0, :5], [1 / 2, 1 / 6, 0, 5 / 12, 47 / 60], rtol=1e-6)
    np.testing.assert_array_equal(output.saturated, [[0, 1, 0, 1, 1, 1]])


LONG, FULL = RNG.standard_t(2, (4, 4000)), np.ones((4, 4000), bool)


@pytest.mark.parametrize(
    ("ratio_filter", "share"),
    [(Quantile(1e-2, quantile=0.95, initial_scale=1e-3), 0.05), (Rank(1e-2, window=19, rank=1), 0.05)],
    ids=str,
)
@pytest.mark.parametrize("scale", [1e-2, 1e-4])
def test_the_share_that_is_saturated_is_what_was_asked_for_whatever_scale_and_distribution(ratio_filter, share, scale):
    for noise in (LONG, np.sign(LONG) * np.abs(LONG) ** 3):
        saturated = run(ratio_filter, (scale * noise).astype(np.float32), FULL).saturated
        assert saturated[:, 1000:].mean() == pytest.approx(share, abs=0.015)
    z = (scale * LONG).astype(np.float32)  # control: kappa deviations of a V that is given
    assert run(SaturatedKalman(1e-8, 1e-6, kappa=1.96), z, FULL).saturated.mean() > 0.3 or scale == 1e-4
    assert run(SaturatedKalman(1e-4, 1e-2, kappa=1.96), z, FULL).saturated.mean() < 0.02


@pytest.mark.parametrize("make", [Quantile, Rank, MedianWindow, ScoreT, OutlierMixture], ids=lambda make: make.__name__)
def test_no_scale_is_assumed(make):
    base = run(make(*RATIOS))
    for c in (1e-3, 50.0):
        scaled = run(make(*RATIOS), (c * Z).astype(np.float32))
        np.testing.assert_allclose(scaled.log_ratio / c, base.log_ratio, atol=2e-4)
    linear = SaturatedKalman(Q, V, P0, 1.5)  # control
    assert np.abs(run(linear, (50 * Z).astype(np.float32)).log_ratio / 50 - run(linear).log_ratio).max() > 0.1


@pytest.mark.parametrize(
    ("limit", "near"),
    [
        (Quantile(*RATIOS, initial_scale=1e6), Quantile(*RATIOS, quantile=0.7, initial_scale=1.0)),
        (Rank(*RATIOS, window=300, rank=1), Rank(*RATIOS, window=30)),
        (MedianWindow(*RATIOS, window=1), MedianWindow(*RATIOS, window=3)),
        (ScoreT(*RATIOS, 1e9), ScoreT(*RATIOS)),
        (OutlierMixture(*RATIOS, outliers=1e-30, spread=2.0, initial_scale=1e3), OutlierMixture(*RATIOS)),
    ],
    ids=str,
)
def test_the_limit_is_kpo(limit, near):
    linear = run(Kalman(Q, V, P0))
    np.testing.assert_allclose(run(limit).log_ratio, linear.log_ratio, atol=1e-4)
    assert np.abs(run(near).log_ratio - linear.log_ratio).max() > 1e-2  # control


def test_an_outlier_moves_the_mixture_by_the_gain_of_the_wide_noise():
    at, z = 100, Z.copy()
    z[0, at] = 1e4
    output = run(OutlierMixture(*RATIOS), z)
    assert output.gain[0, at] < 0.02 * output.gain[0, at - 1]
    assert output.innovation_std[0, at + 1] < 1.1 * output.innovation_std[0, at]


@pytest.mark.parametrize("ratio_filter", [ScoreT(1e-3, rate=0.02, initial_scale=0.01), OutlierMixture(1e-3, rate=0.02)])
def test_the_scale_follows_a_lasting_change_and_no_outlier(ratio_filter):
    quiet = 0.05 * RNG.standard_normal((4, 2000))
    quiet[:, ::50] = 3.0
    quiet[:, 1000:] *= 10
    std = np.asarray(run(ratio_filter, quiet.astype(np.float32), np.ones(quiet.shape, bool)).innovation_std)
    assert 0.04 < std[:, 500:1000].mean() < 0.11 and 0.4 < std[:, 1700:].mean() < 1.1
    assert np.std(quiet[:, :1000]) > 0.4  # control: what the standard deviation makes of it


# --- the smoother


def posterior_means(z, q, v, p0):
    """argmin of sum (z_t - x_t)^2 / v + sum (x_t - x_{t-1})^2 / q + x_1^2 / (p0 + q), by a dense solve."""
    n = len(z)
    steps = np.eye(n) - np.eye(n, k=-1)
    precision = np.diag(np.r_[1 / (p0 + q), np.full(n - 1, 1 / q)])
    return np.linalg.solve(np.eye(n) / v + steps.T @ precision @ steps, z / v)


def test_the_smoother_is_the_posterior_mean_given_the_whole_response():
    smoothed, forward = run(Smoother(Q, V, P0)), run(Kalman(Q, V, P0))
    for row in range(ROWS):
        keep = MASK[row]
        expected = posterior_means(Z[row, keep].astype(np.float64), Q, V, P0)
        np.testing.assert_allclose(np.asarray(smoothed.log_ratio)[row, keep], expected, atol=2e-6)
        last = np.flatnonzero(keep)[-1]
        assert smoothed.log_ratio[row, last] == forward.log_ratio[row, last]  # where there is nothing to look ahead to
    assert np.abs(smoothed.log_ratio - forward.log_ratio).max() > 0.1  # control


def test_without_a_walk_the_smoother_is_the_mean_of_the_response():
    np.testing.assert_allclose(
        run(Smoother(0.0, V, math.inf)).log_ratio, run(SequenceMean()).log_ratio, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(run(Smoother(math.inf, V)).log_ratio, np.where(MASK, Z, 0), atol=1e-6)
    assert not run(Smoother(0.0, V)).log_ratio.any()
    gradient = jax.grad(lambda z: jnp.sum(Smoother(0.0, V)(z, jnp.asarray(MASK)).log_ratio))(jnp.asarray(Z))
    assert np.isfinite(gradient).all()


def test_the_smoother_is_nearer_to_the_truth_than_any_filter():
    truth = np.cumsum(0.1 * RNG.standard_normal((8, 500)), axis=1)
    z = (truth + RNG.standard_normal(truth.shape)).astype(np.float32)
    error = lambda f: float(np.mean((run(f, z, np.ones(z.shape, bool)).log_ratio - truth) ** 2))
    assert error(Smoother(1e-2, 1.0)) < 0.7 * error(Kalman(1e-2, 1.0))


# --- bad parameters


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Quantile(0.1, quantile=1), "quantile: 1 lets everything through; below 1"),
        (lambda: Quantile(0.1, quantile=0.0), "quantile: 0.0 is not a number in (0, 1]"),
        (lambda: Quantile(-0.1), "var_ratio: -0.1 is not a finite number >= 0"),
        (lambda: Rank(0.1, window=0), "window: 0 is not a whole number >= 1"),
        (lambda: Rank(0.1, window=3, rank=4), "rank: 4 exceeds window = 3"),
        (lambda: MedianWindow(0.1, window=2.5), "window: 2.5 is not a whole number >= 1"),
        (lambda: ScoreT(0.1, degrees_of_freedom=math.inf), "degrees_of_freedom: inf is not a finite number > 0"),
        (lambda: ScoreT(0.1, initial_scale=0.0), "initial_scale: 0.0 is not a finite number > 0"),
        (lambda: OutlierMixture(0.1, spread=1.0), "spread: 1.0 is not wider than ordinary noise; above 1"),
        (lambda: OutlierMixture(0.1, outliers=1), "outliers: 1 leaves no ordinary noise; below 1"),
        (lambda: Smoother(1.0, 0.0), "measurement_var: 0.0 is not a finite number > 0"),
    ],
)
def test_bad_parameters_are_named_with_what_is_legal(make, problem):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == problem
