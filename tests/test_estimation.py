"""Maximum likelihood of Q and V on simulated traces: against a dense Gaussian, recovery, both ends, and tests that
refute.
"""

import math

import numpy as np
import pytest
from scipy import stats

from kpo_jax.algorithm.estimation import estimate, log_likelihood, nis, standardized_innovations, whiteness
from kpo_jax.filters.kalman import Kalman

Q, V = 4e-6, 1e-4


def simulate(process_var=Q, measurement_var=V, initial_var=0.0, sequences=64, length=120, seed=0, noise=None):
    """(log-ratio with junk under the mask, mask): sequences of several lengths, with a gap in every fifth, one of them
    empty.
    """
    rng = np.random.default_rng(seed)
    mask = np.arange(length)[None, :] < rng.integers(length // 2, length + 1, sequences)[:, None]
    mask[::5, 7:11] = False
    mask[3] = False
    z = np.full(mask.shape, np.nan)
    for row in range(sequences):
        number = mask[row].sum()
        level = rng.normal(0, math.sqrt(initial_var)) + np.cumsum(rng.normal(0, math.sqrt(process_var), number))
        shocks = rng.standard_normal(number) if noise is None else noise(rng, number)
        z[row, mask[row]] = level + math.sqrt(measurement_var) * shocks
    return z, mask


def test_likelihood_is_that_of_the_joint_gaussian():
    z, mask = simulate(sequences=6, length=20, initial_var=1e-5)
    for process_var, measurement_var, initial_var in ((Q, V, 1e-5), (0.0, V, 0.0), (Q, 0.0, 0.0), (3e-5, 2e-5, 1e-3)):
        expected = 0.0
        for row in range(6):
            number = mask[row].sum()
            if number:
                times = np.arange(1, number + 1)
                covariance = (
                    initial_var + process_var * np.minimum.outer(times, times) + measurement_var * np.eye(number)
                )
                expected += stats.multivariate_normal(np.zeros(number), covariance, allow_singular=False).logpdf(
                    z[row, mask[row]]
                )
        found = log_likelihood(z, mask, process_var, measurement_var, initial_var)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        assert (
            abs(log_likelihood(z, mask, 1.1 * process_var + 1e-8, measurement_var, initial_var) - expected) > 1e-3
        )  # control


def test_innovations_are_the_filters():
    z, mask = simulate(sequences=5, length=40)
    output = Kalman(Q, V, 2e-5)(np.where(mask, z, 0).astype(np.float32), mask)
    expected = np.asarray(output.innovation / np.where(mask, output.innovation_std, 1))
    found = standardized_innovations(z, mask, Q, V, 2e-5)
    np.testing.assert_array_equal(np.isnan(found), ~mask)
    np.testing.assert_allclose(found[mask], expected[mask], atol=1e-4)


def test_the_maximum_is_one():
    z, mask = simulate()
    found = estimate(z, mask)
    at = lambda q, v: log_likelihood(z, mask, q * found.process_var, v * found.measurement_var)
    np.testing.assert_allclose(found.log_likelihood, at(1, 1), rtol=1e-10)
    for q, v in ((1.05, 1), (0.95, 1), (1, 1.02), (1, 0.98), (1.05, 1.02), (0.95, 0.98)):
        assert at(q, v) < found.log_likelihood
    assert found.num_tokens == mask.sum() and found.num_sequences == 63


@pytest.mark.parametrize("unit", [1e3, 1.0, 1e-3])
def test_an_unknown_start_gives_the_same_ratio_in_any_unit(unit):
    """Nowhere, not even where V is 0, may its first tokens enter the likelihood."""
    z, mask = simulate(initial_var=0.0, sequences=200, length=8)
    found, other = (estimate(x, mask, initial_ratio=math.inf) for x in (z, unit * z))
    assert other.var_ratio == pytest.approx(found.var_ratio, rel=1e-3)
    assert other.process_var == pytest.approx(unit**2 * found.process_var, rel=1e-3)
    assert found.num_tokens == other.num_tokens < mask.sum()


@pytest.mark.parametrize("initial_ratio", [0.0, 0.5, math.inf])
def test_variances_are_recovered_within_their_errors(initial_ratio):
    """Over seeds the errors are of the size that is claimed: neither biased, nor boastful, nor timid."""
    scores, covered = [], []
    for seed in range(12):
        z, mask = simulate(
            initial_var=0.0 if math.isinf(initial_ratio) else initial_ratio * V, seed=seed, sequences=40, length=80
        )
        found = estimate(z, mask, initial_ratio=initial_ratio)
        scores.append(
            [(found.process_var - Q) / found.process_var_se, (found.measurement_var - V) / found.measurement_var_se]
        )
        covered.append(found.var_ratio_low <= Q / V <= found.var_ratio_high)
    scores = np.array(scores)
    assert (
        np.abs(scores).max() < 4
        and np.all(np.abs(scores.mean(axis=0)) < 1)
        and np.all((scores.std(axis=0) > 0.4) & (scores.std(axis=0) < 1.8))
    )
    assert sum(covered) >= 9
    wrong = estimate(*simulate(process_var=4 * Q, sequences=40, length=80))  # control: other data have other estimates
    assert abs(wrong.process_var - Q) > 4 * wrong.process_var_se


def test_estimates_scale_with_the_data_and_do_not_see_junk_or_padding():
    z, mask = simulate(sequences=20, length=60)
    found = estimate(z, mask)
    scaled = estimate(10 * z, mask)
    np.testing.assert_allclose(
        [scaled.process_var, scaled.measurement_var], [100 * found.process_var, 100 * found.measurement_var], rtol=1e-4
    )
    np.testing.assert_allclose(
        [scaled.var_ratio_low, scaled.var_ratio_high], [found.var_ratio_low, found.var_ratio_high], rtol=1e-3
    )
    wide = estimate(np.pad(z, ((0, 0), (0, 9)), constant_values=7.0), np.pad(mask, ((0, 0), (0, 9))))
    assert wide == found
    assert estimate(np.where(mask, z, 0).astype(np.float32), mask) != found  # control: rounding is seen


def test_white_noise_has_no_process_and_a_random_walk_no_measurement_noise():
    white = estimate(*simulate(process_var=0.0))
    assert white.var_ratio_low == 0 and white.process_var < 0.05 * Q and white.var_ratio_high < 0.01
    np.testing.assert_allclose(white.measurement_var, V, rtol=0.1)
    walk = estimate(*simulate(measurement_var=0.0))
    assert walk.var_ratio_high == math.inf and walk.measurement_var < 0.05 * Q and walk.var_ratio_low > 1
    np.testing.assert_allclose(walk.process_var, Q, rtol=0.1)
    both = estimate(*simulate())
    assert both.var_ratio_low > 0 and both.var_ratio_high < math.inf  # control
    alternating = np.tile([0.01, -0.01], (4, 20))  # more than white: Q is 0 and nothing else
    at_zero = estimate(alternating, np.ones(alternating.shape, bool))
    assert (
        at_zero.process_var == 0
        and math.isnan(at_zero.process_var_se)
        and at_zero.measurement_var == pytest.approx(1e-4)
    )
    assert at_zero.measurement_var_se == pytest.approx(1e-4 * math.sqrt(2 / 160))
    steps = np.cumsum(np.tile([0.01] * 5 + [-0.01] * 5, (4, 4)), axis=1)  # steps that go on: V is 0
    at_one = estimate(steps, np.ones(steps.shape, bool))
    assert at_one.measurement_var == 0 and math.isnan(at_one.measurement_var_se) and at_one.var_ratio == math.inf
    assert at_one.process_var == pytest.approx(1e-4)


def test_whiteness_by_hand_and_its_size():
    """One sequence 1, -1, 1, 2: r_1 = (-1 - 1 + 2) / 7, r_2 = (1 - 2) / 7; Ljung-Box 4 * 6 * (r_1^2 / 3 + r_2^2 /
    2).
    """
    found = whiteness(np.array([[1.0, np.nan, -1, 1, 2, np.nan]]), lags=2)
    np.testing.assert_allclose(found.autocorrelation, [0, -1 / 7])
    np.testing.assert_allclose(found.statistic, 24 * (1 / 49) / 2)
    np.testing.assert_allclose(found.p_value, stats.chi2.sf(12 / 49, 2))
    rng = np.random.default_rng(0)
    draw = {
        "normal": rng.standard_normal,
        "student": lambda size: rng.standard_t(3, size),
    }  # heavy tails are white all the same
    for sample in draw.values():
        rejected = np.mean([whiteness(sample((30, 40))).p_value < 0.05 for _ in range(200)])
        assert rejected < 0.11
    # sequences are not glued together: an end and the next beginning make no pair
    jump = np.repeat(rng.standard_normal(200), 2).reshape(-1, 2)[:, ::1]
    assert (
        whiteness(jump, lags=1).p_value < 1e-6
        and whiteness(jump.reshape(1, -1)[:, 1:-1].reshape(-1, 2), lags=1).p_value > 1e-3
    )


def test_a_model_that_fits_passes_and_others_are_refuted():
    white, consistent = [], []
    for seed in range(1, 10):
        z, mask = simulate(seed=seed, sequences=40, length=80)
        found = estimate(z, mask)
        fitted = standardized_innovations(z, mask, found.process_var, found.measurement_var)
        white.append(whiteness(fitted, num_fitted=1).p_value > 0.05)
        consistent.append(nis(fitted).consistent)
        assert nis(fitted).mean == pytest.approx(1, abs=1e-6)
    assert sum(white) >= 7 and sum(consistent) >= 7
    stiff = standardized_innovations(
        z, mask, Q / 100, V
    )  # too small a gain: what it does not follow stays in the innovations
    assert whiteness(stiff).p_value < 1e-6
    paper = nis(standardized_innovations(z, mask, 1e-2, 1.0))  # the paper's V = 1: far too large for these log-ratios
    assert not paper.consistent and paper.mean < 0.01 < paper.low


def test_heavy_tails_fail_nis_although_the_mean_is_one():
    z, mask = simulate(noise=lambda rng, size: rng.standard_t(2.5, size))
    found = estimate(z, mask)
    heavy = nis(standardized_innovations(z, mask, found.process_var, found.measurement_var))
    assert not heavy.consistent and heavy.p_value < 1e-6 and heavy.mean == pytest.approx(1, abs=1e-6)


def test_nis_by_hand_and_its_size():
    found = nis(np.array([[1.0, 1.0], [3.0, np.nan]]))
    assert found.mean == pytest.approx(11 / 3) and found.num_sequences == 2
    assert found.sequences_inside == 1  # 2 is within chi-square(2)'s bounds, 9 is not within chi-square(1)'s
    assert found.p_value == pytest.approx(1 - 0.95**2)
    np.testing.assert_allclose([found.low, found.high], stats.chi2.ppf([0.0125, 0.9875], 3) / 3)
    rng = np.random.default_rng(1)
    right = np.mean([nis(rng.standard_normal((30, 40))).consistent for _ in range(1000)])
    assert 0.94 < right < 0.985  # refused in at most 5 % of cases; one of the two checks is discrete and falls short
    assert not nis(1.2 * rng.standard_normal((30, 40))).consistent  # control


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda z, m: estimate(z[0], m[0]), r"must both be \[B, T\]"),
        (lambda z, m: estimate(z, m.astype(float)), "boolean mask"),
        (lambda z, m: estimate(z, ~m), "valid value.s. are not finite"),
        (lambda z, m: estimate(z, m & False), "no valid token"),
        (lambda z, m: estimate(0 * np.nan_to_num(z), m), "every valid log-ratio is 0, as before the first update"),
        (lambda z, m: estimate(z, m, initial_ratio=-1.0), "initial_ratio: -1.0 is not"),
        (lambda z, m: estimate(z[:1, :1], m[:1, :1]), "at least two are needed"),
        (lambda z, m: log_likelihood(z, m, -1.0, 1.0), "process_var: -1.0 is not"),
        (lambda z, m: log_likelihood(z, m, 0.0, 0.0), "both are 0"),
        (lambda z, m: whiteness(np.where(m, 1.0, np.nan)[:, :1]), "leave nothing to test"),
        (lambda z, m: whiteness(np.zeros((2, 3))), "every innovation is 0"),
        (lambda z, m: nis(np.full((2, 3), np.nan)), "no valid token"),
    ],
)
def test_bad_input_is_one_line(call, line):
    z, mask = simulate(sequences=5, length=20)
    with pytest.raises(ValueError, match=line):
        call(z, mask)


def test_one_token_a_sequence_tells_the_sum_of_the_variances_alone():
    z, mask = simulate(sequences=300, length=2)
    mask &= np.arange(2)[None, :] == 0
    found = estimate(z, mask)
    np.testing.assert_allclose(found.process_var + found.measurement_var, np.mean(z[mask] ** 2), rtol=1e-6)
    assert (found.var_ratio_low, found.var_ratio_high) == (0.0, math.inf)
