"""Statistics against numbers worked out by hand, enumeration of subsets and simulated truth."""

import itertools
import math

import numpy as np
import pytest

from kpo_jax import stats
from kpo_jax.recording import evaluations
from kpo_jax.report import comparison, score_tables
from kpo_jax.stats import (
    avg_at_k,
    clustered_bootstrap,
    clustered_interval,
    paired_difference,
    pass_at_k,
    two_proportion_z,
)


def test_avg_and_pass_by_hand():
    correct = np.array([[1, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]])
    assert avg_at_k(correct) == pytest.approx(5 / 12)
    assert pass_at_k(correct, 1) == pytest.approx(5 / 12)
    # One right of four: C(3, 2) / C(4, 2) = 3 / 6.
    assert pass_at_k(correct, 2) == pytest.approx((0.5 + 1 + 0) / 3)
    assert pass_at_k(correct, 4) == pytest.approx(2 / 3)


def test_pass_at_k_is_the_mean_over_all_subsets():
    correct = np.random.default_rng(0).random((7, 6)) < 0.3
    for k in range(1, 7):
        subsets = list(itertools.combinations(range(6), k))
        expected = np.mean([[correct[row, list(subset)].any() for subset in subsets] for row in range(7)])
        assert pass_at_k(correct, k) == pytest.approx(expected)
    # Drawing k samples with replacement is another number, and this test tells them apart.
    with_replacement = np.mean(
        [[correct[r, list(s)].any() for s in itertools.product(range(6), repeat=3)] for r in range(7)]
    )
    assert abs(with_replacement - pass_at_k(correct, 3)) > 0.01


def test_pass_at_k_with_many_samples():
    correct = np.zeros((2, 5000), bool)
    correct[:, 0] = True
    assert pass_at_k(correct, 2500) == pytest.approx(0.5)
    assert pass_at_k(correct, 5000) == 1.0


@pytest.mark.parametrize("k", [0, 5, -1])
def test_pass_at_k_needs_k_samples(k):
    with pytest.raises(ValueError, match=r"must lie in 1\.\.4"):
        pass_at_k(np.zeros((2, 4)), k)


@pytest.mark.parametrize(
    "correct", [np.zeros(3), np.zeros((0, 4)), np.zeros((4, 0)), np.full((2, 2), 0.5), np.array([[1.0, np.nan]])]
)
def test_bad_grades_are_refused(correct):
    with pytest.raises(ValueError, match=r"correct h"):
        avg_at_k(correct)


def clustered(rng, num_problems, num_samples, shift=0.0):
    """Grades whose samples share their problem's success rate: most problems are easy or hopeless. Mean 0.5."""
    rate = rng.beta(0.3, 0.3, size=num_problems) + shift
    return rng.random((num_problems, num_samples)) < rate[:, None]


def test_clustered_bootstrap_covers_the_truth_and_a_sample_interval_does_not():
    rng = np.random.default_rng(1)
    covered = covered_by_samples = 0
    for seed in range(100):
        correct = clustered(rng, 80, 16)
        low, high = clustered_bootstrap(correct, avg_at_k, num_resamples=300, seed=seed)
        covered += low <= 0.5 <= high
        covered_by_samples += abs(correct.mean() - 0.5) < 1.96 * 0.5 / math.sqrt(correct.size)
    assert covered >= 87
    assert covered_by_samples <= 75


def test_one_problem_alone_has_no_interval_and_stops_no_run():
    one, more = np.array([[1, 0, 1]]), np.array([[1, 0], [0, 0], [1, 1]])
    assert np.isnan(clustered_interval(one, avg_at_k)).all()
    assert clustered_interval(more, avg_at_k) == clustered_bootstrap(more, avg_at_k)
    value, low, high = evaluations.accuracies(one)["avg@3"]
    assert value == pytest.approx(2 / 3) and np.isnan([low, high]).all()
    assert comparison.difference({0: one}, {0: 1 - one}) is None
    assert comparison.difference({0: more}, {0: 1 - more}) is not None  # the control
    graded = evaluations.Graded(one, [("1+1=?", "2")], None)
    assert score_tables._gain(graded, graded) == "not compared: one problem"


def test_clustered_bootstrap_by_hand():
    # Two problems, one always and one never solved: a resample has mean 0, 1/2 or 1 with chances 1/4, 1/2, 1/4.
    correct = np.array([[1, 1], [0, 0]])
    assert clustered_bootstrap(correct, avg_at_k) == (0.0, 1.0)
    assert clustered_bootstrap(correct, avg_at_k, level=0.3) == (0.5, 0.5)
    assert clustered_bootstrap(np.ones((5, 2)), lambda c: pass_at_k(c, 2)) == (1.0, 1.0)


def test_bootstrap_is_reproducible():
    correct = clustered(np.random.default_rng(0), 20, 4)
    assert clustered_bootstrap(correct, seed=3) == clustered_bootstrap(correct, seed=3)
    assert clustered_bootstrap(correct, seed=3) != clustered_bootstrap(correct, seed=4)


def test_one_problem_has_no_interval():
    with pytest.raises(ValueError, match="at least two"):
        clustered_bootstrap(np.ones((1, 16)))
    with pytest.raises(ValueError, match="level"):
        clustered_bootstrap(np.ones((3, 2)), level=95)


def exact_sign_flip_p(difference):
    observed = abs(difference.mean()) - 1e-12
    flips = itertools.product((-1, 1), repeat=len(difference))
    return np.mean([abs((np.array(signs) * difference).mean()) >= observed for signs in flips])


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.4])
def test_paired_p_value_is_the_exact_one(shift):
    rng = np.random.default_rng(5)
    a, b = clustered(rng, 10, 8, shift), clustered(rng, 10, 4)
    result = paired_difference(a, b)
    assert result.difference == pytest.approx(a.mean() - b.mean())
    assert result.low <= result.difference <= result.high
    assert result.p_value == pytest.approx(exact_sign_flip_p(a.mean(axis=1) - b.mean(axis=1)), abs=0.02)


def test_pairing_sees_what_the_pooled_test_misses():
    # The same 40 problems; run a solves one sample more on every second problem that is neither easy nor hopeless.
    solved = np.repeat([0, 4, 8, 12], 10)
    b = np.arange(16)[None, :] < solved[:, None]
    a = np.arange(16)[None, :] < (solved + (np.arange(40) % 2) * (solved > 0))[:, None]
    result = paired_difference(a, b)
    assert result.p_value < 0.001 and result.low > 0
    assert two_proportion_z(int(a.sum()), a.size, int(b.sum()), b.size)[1] > 0.3
    # Without the pairing (problems of b in another order) the difference drowns in the spread between problems.
    assert paired_difference(a, np.random.default_rng(0).permutation(b)).p_value > 0.05


@pytest.mark.parametrize("at_once", [1, 100, 2**20])
def test_resamples_and_flips_are_drawn_as_one_after_the_other(at_once, monkeypatch):
    monkeypatch.setattr(stats, "_DRAWN_AT_ONCE", at_once)
    a, b = (clustered(np.random.default_rng(seed), 7, 4) for seed in (0, 1))
    difference, rng, means, as_extreme = a.mean(axis=1) - b.mean(axis=1), np.random.default_rng(0), [], 0
    for _ in range(300):
        means.append(difference[rng.integers(7, size=7)].mean())
        flipped = ((rng.integers(0, 2, size=7) * 2 - 1) * difference).mean()
        as_extreme += abs(flipped) >= abs(difference.mean()) - 1e-12
    expected = (difference.mean(), *np.quantile(means, [(1 - 0.95) / 2, (1 + 0.95) / 2]), (1 + as_extreme) / 301)
    assert paired_difference(a, b, num_resamples=300) == expected
    assert paired_difference(a, b, num_resamples=300, seed=1) != expected  # control


def test_paired_difference_of_equal_runs():
    correct = clustered(np.random.default_rng(2), 30, 8)
    result = paired_difference(correct, correct)
    assert result == (0.0, 0.0, 0.0, 1.0)


def test_paired_difference_keeps_its_level_under_the_null():
    rng = np.random.default_rng(3)
    p_values = [
        paired_difference(clustered(rng, 25, 4), clustered(rng, 25, 4), num_resamples=400).p_value for _ in range(150)
    ]
    assert 0.01 <= np.mean(np.array(p_values) < 0.1) <= 0.19


def test_paired_difference_needs_the_same_problems():
    with pytest.raises(ValueError, match="3 problems against 4"):
        paired_difference(np.ones((3, 2)), np.ones((4, 2)))


def test_two_proportion_z_by_hand():
    # Pooled 0.5, std sqrt(0.25 * (1/100 + 1/100)) = 0.0707..., difference 0.1.
    z, p = two_proportion_z(55, 100, 45, 100)
    assert z == pytest.approx(math.sqrt(2))
    assert p == pytest.approx(0.1572992, abs=1e-6)
    assert two_proportion_z(45, 100, 55, 100) == pytest.approx((-z, p))
    assert two_proportion_z(0, 5, 0, 7) == (0.0, 1.0)
    with pytest.raises(ValueError, match="6 successes of 5 in b"):
        two_proportion_z(1, 5, 6, 5)


def test_two_proportion_z_of_the_printed_table():
    # MATH-500 avg@16: 48.59 % against 47.81 % of 8,000 samples each.
    z, p = two_proportion_z(round(0.4859 * 8000), 8000, round(0.4781 * 8000), 8000)
    assert z == pytest.approx(0.98, abs=0.01)
    assert p == pytest.approx(0.33, abs=0.01)
