"""masked.py against numpy in float64 on the valid values alone."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax import masked

RNG = np.random.default_rng(0)
MASK = RNG.random((6, 37)) < 0.7
MASK[2] = False
VALUES = RNG.standard_t(4, MASK.shape).astype(np.float32) + 3
VALID = VALUES[MASK].astype(np.float64)
JUNK = np.where(MASK, VALUES, RNG.choice([np.nan, np.inf, -np.inf, 1e38], MASK.shape)).astype(np.float32)


def test_pooled_statistics_match_numpy_and_ignore_junk():
    for values in (VALUES, JUNK):
        np.testing.assert_allclose(masked.mean(values, MASK), VALID.mean(), rtol=1e-6)
        np.testing.assert_allclose(masked.var(values, MASK), VALID.var(), rtol=1e-5)
        np.testing.assert_allclose(masked.var(values, MASK, ddof=1), VALID.var(ddof=1), rtol=1e-5)
        np.testing.assert_allclose(masked.maximum(values, MASK), VALID.max(), rtol=1e-6)
        np.testing.assert_allclose(masked.maximum(-values, MASK), (-VALID).max(), rtol=1e-6)
        assert masked.count(MASK) == len(VALID)
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.mean(JUNK * MASK))  # control: multiplying by the mask is not enough


def test_axis_statistics_match_numpy_and_an_empty_row_gives_zero():
    for function, reference in ((masked.mean, np.mean), (masked.var, np.var), (masked.maximum, np.max)):
        kept = [row[keep].astype(np.float64) for row, keep in zip(VALUES, MASK, strict=True)]
        expected = [reference(row) if len(row) else 0 for row in kept]
        np.testing.assert_allclose(function(JUNK, MASK, axis=1), expected, rtol=1e-5)


@pytest.mark.parametrize("q", [0, 0.1, 0.5, 0.999, 1])
def test_quantile_matches_numpy(q):
    np.testing.assert_allclose(masked.quantile(JUNK, MASK, q), np.quantile(VALID, q), rtol=1e-6)


def test_one_valid_value_and_ddof_beyond_the_count():
    one = np.zeros(MASK.shape, bool)
    one[1, 5] = True
    assert masked.quantile(JUNK, one, 0.3) == masked.mean(JUNK, one) == masked.maximum(JUNK, one) == JUNK[1, 5]
    assert masked.var(JUNK, one) == masked.var(JUNK, one, ddof=1) == 0


def test_nothing_valid_gives_zero_with_zero_gradient():
    none = np.zeros(MASK.shape, bool)
    for function in (masked.mean, masked.var, masked.maximum, lambda x, m: masked.quantile(x, m, 0.5)):
        value, gradient = jax.value_and_grad(function)(jnp.asarray(JUNK), none)
        assert value == 0
        chex.assert_trees_all_equal(gradient, jnp.zeros_like(gradient))
    assert masked.kurtosis(masked.moments(JUNK, none)) == 0


def test_gradient_of_the_mean_ignores_junk():
    gradient = jax.grad(masked.mean)(jnp.asarray(JUNK), MASK)
    np.testing.assert_allclose(gradient, MASK / MASK.sum(), rtol=1e-6)


def numpy_moments(values):
    deviation = values - values.mean()
    return [len(values), values.mean(), *((deviation**power).sum() for power in (2, 3, 4))]


def test_moments_and_kurtosis_match_numpy():
    moments = masked.moments(JUNK, MASK)
    np.testing.assert_allclose(np.array(moments, np.float64), numpy_moments(VALID), rtol=1e-5)
    expected = ((VALID - VALID.mean()) ** 4).mean() / VALID.var() ** 2
    np.testing.assert_allclose(masked.kurtosis(moments), expected, rtol=1e-5)
    gaussian = RNG.standard_normal(200_000).astype(np.float32)
    np.testing.assert_allclose(masked.kurtosis(masked.moments(gaussian, np.ones(200_000, bool))), 3, atol=0.05)
    assert masked.kurtosis(masked.moments(np.full(8, 0.25, np.float32), np.ones(8, bool))) == 0


def test_merged_moments_of_unequal_parts_are_those_of_the_whole():
    values = VALUES + np.arange(6, dtype=np.float32)[:, None]  # parts with different means, so every delta term counts
    parts = [masked.moments(values[rows], MASK[rows]) for rows in (slice(0, 1), slice(1, 2), slice(2, 3), slice(3, 6))]
    merged = masked.no_moments()
    for part in parts:
        merged = masked.merge_moments(merged, part)
    expected = numpy_moments(values[MASK].astype(np.float64))
    np.testing.assert_allclose(np.array(merged, np.float64), expected, rtol=1e-5)
    assert merged.count.dtype == jnp.int32
    added = jax.tree.map(lambda *part: sum(part), *parts)  # control: plain addition is wrong
    assert abs(added.m4 - expected[4]) > 0.1 * expected[4]


def test_merging_nothing_changes_nothing():
    moments = masked.moments(JUNK, MASK)
    chex.assert_trees_all_equal(masked.merge_moments(moments, masked.no_moments()), moments)
    chex.assert_trees_all_equal(masked.merge_moments(masked.no_moments(), moments), moments)
    chex.assert_trees_all_equal(masked.merge_moments(masked.no_moments(), masked.no_moments()), masked.no_moments())


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"one shape, got \(6, 37\) and \(6, 36\)"):
        masked.mean(VALUES, MASK[:, :-1])
    with pytest.raises(ValueError, match=r"mask must be boolean.*float32"):
        masked.mean(VALUES, MASK.astype(np.float32))
    with pytest.raises(ValueError, match=r"q: 1\.5 is not a number in \[0, 1\]"):
        masked.quantile(VALUES, MASK, 1.5)
