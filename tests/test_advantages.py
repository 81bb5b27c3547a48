"""Group advantages against numpy and by hand."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.advantages import ADVANTAGES
from kpo_jax.advantages.group import Group


def test_by_hand():
    reward = jnp.array([1.0, 0.0, 0.0, 0.0, 3.0, 1.0, 3.0, 1.0])
    advantage = Group()(reward, 4)
    np.testing.assert_allclose(advantage[:4], [1.5, -0.5, -0.5, -0.5], atol=1e-5)  # mean 1/4, std 1/2
    half_root_3 = np.sqrt(3) / 2  # mean 2, std 2 / sqrt(3)
    np.testing.assert_allclose(advantage[4:], [half_root_3, -half_root_3, half_root_3, -half_root_3], atol=1e-5)
    assert advantage.dtype == jnp.float32
    assert ADVANTAGES["group"] is Group


def test_matches_numpy_with_ddof_one_within_consecutive_rows():
    reward = np.random.default_rng(0).standard_normal(24)
    groups = reward.reshape(4, 6)
    center = groups - groups.mean(axis=1, keepdims=True)
    expected = lambda ddof: (center / (groups.std(axis=1, ddof=ddof, keepdims=True) + 1e-6)).ravel()
    advantage = jax.jit(Group(), static_argnums=1)(jnp.asarray(reward, jnp.float32), 6)
    np.testing.assert_allclose(advantage, expected(1), atol=1e-5)
    assert np.abs(advantage - expected(0)).max() > 0.05  # control: the population std
    assert np.abs(advantage - np.asarray(Group()(jnp.asarray(reward), 4))).max() > 0.05  # control: other groups


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -0.3, 1e6 / 3])
def test_equal_rewards_have_exactly_no_advantage(value):
    reward = jnp.full(7, value, jnp.float32)
    chex.assert_trees_all_equal(Group()(reward, 7), jnp.zeros(7))


def test_rounding_of_the_mean_would_otherwise_be_blown_up():
    """Control for the test above: the formula as printed gives equal rewards a visible advantage."""
    worst = 0
    for value in np.linspace(0.1, 1, 50, dtype=np.float32):
        reward = np.full(7, value, np.float32)
        mean = reward.sum(dtype=np.float32) / np.float32(7)
        worst = max(worst, abs(float((reward[0] - mean) / np.float32(1e-6))))
    assert worst > 0.01


def test_a_large_common_offset_does_not_matter():
    reward = jnp.array([1.0, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(Group()(reward + 4096, 4), Group()(reward, 4), atol=1e-5)


def test_a_group_of_one_has_its_reward():
    reward = jnp.array([1.0, 0.0, -2.0])
    np.testing.assert_allclose(Group()(reward, 1), reward, rtol=2e-6)


@pytest.mark.parametrize("group_size", [0, -4, 3, 16])
def test_bad_group_size_is_named(group_size):
    with pytest.raises(ValueError, match=rf"group_size: {group_size} does not divide reward \[B\], \(8,\)"):
        Group()(jnp.zeros(8), group_size)
