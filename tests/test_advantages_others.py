"""Dr.GRPO, leave-one-out, KRPO and GAE: by hand, looped in float64, and where they agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.advantages import ADVANTAGES, CRITIC_ADVANTAGE, OfTokens, Told, advantages_of
from kpo_jax.advantages.dr_grpo import DrGrpo
from kpo_jax.advantages.gae import Gae
from kpo_jax.advantages.group import Group
from kpo_jax.advantages.krpo import Krpo
from kpo_jax.advantages.rloo import Rloo

RNG = np.random.default_rng(0)
REWARD = jnp.array([1.0, 0.0, 0.0, 0.0, 3.0, 1.0, 3.0, 1.0])


def test_by_hand():
    np.testing.assert_allclose(DrGrpo()(REWARD, 4), [0.75, -0.25, -0.25, -0.25, 1, -1, 1, -1], rtol=1e-6)
    np.testing.assert_allclose(Rloo()(REWARD, 4), [1, -1 / 3, -1 / 3, -1 / 3, 4 / 3, -4 / 3, 4 / 3, -4 / 3], rtol=1e-6)
    # KRPO's first: P- = 1.00001, K = P- / 1.01001, x = K, P = .01 K; (1 - x) / sqrt(P)
    k = 1.00001 / 1.01001
    first = (1 - k) / np.sqrt(0.01 * k)
    np.testing.assert_allclose(Krpo()(REWARD, 4)[jnp.array([0, 4])], [first, 3 * first], rtol=1e-4)


def test_krpo_matches_a_float64_loop():
    reward = RNG.random(24).astype(np.float32)
    expected = []
    for group in reward.reshape(4, 6):
        x, p = 0.0, 1.0
        for r in group.astype(np.float64):
            p += 1e-5
            k = p / (p + 1e-2)
            x, p = x + k * (r - x), (1 - k) * p
            expected.append((r - x) / (np.sqrt(p) + 1e-8))
    np.testing.assert_allclose(Krpo()(jnp.asarray(reward), 6), expected, rtol=1e-4, atol=1e-4)


def test_leave_one_out_matches_its_definition():
    reward = RNG.standard_normal(24)
    expected = [group[i] - np.delete(group, i).mean() for group in reward.reshape(4, 6) for i in range(6)]
    np.testing.assert_allclose(Rloo()(jnp.asarray(reward), 6), expected, atol=1e-5)


def test_they_differ_by_scale_alone():
    reward = jnp.asarray(RNG.standard_normal(24), jnp.float32)
    plain = DrGrpo()(reward, 6)
    np.testing.assert_allclose(Rloo()(reward, 6), plain * 6 / 5, rtol=1e-5)
    std = np.repeat(np.asarray(reward).reshape(4, 6).std(axis=1, ddof=1), 6)
    np.testing.assert_allclose(Group()(reward, 6), plain / (std + 1e-6), rtol=1e-4)
    ratio = np.asarray(Krpo()(reward, 6) / plain).reshape(4, 6)
    assert ratio.std(axis=1).min() > 0.1  # control: KRPO's is not a multiple of it


OF_RESPONSES = [
    name for name, of in ADVANTAGES.items() if name != CRITIC_ADVANTAGE and not issubclass(of, OfTokens)
]
LENGTH = RNG.integers(1, 50, 24)


def called(name, reward, group_size, lengths=None):
    """With lengths, and with one reward of weight 2, for those that look at them."""
    lengths = LENGTH[: len(reward)] if lengths is None else lengths
    told = Told(jnp.asarray(lengths), jnp.asarray(reward, jnp.float32)[None] / 2, jnp.full(1, 2.0))
    return advantages_of(ADVANTAGES[name](), jnp.asarray(reward), group_size, told)


def test_opo_by_hand_and_by_definition():
    """Lengths 1, 3: (1 * 4 + 3 * 0) / 4 = 1 is the baseline; 2, 2: the mean."""
    advantage = called("opo", np.array([4.0, 0.0, 4.0, 0.0], np.float32), 2, np.array([1, 3, 2, 2]))
    np.testing.assert_allclose(advantage, [3, -1, 2, -2])
    reward = RNG.standard_normal(24).astype(np.float32)
    groups, lengths = reward.reshape(4, 6).astype(float), LENGTH.reshape(4, 6)
    baseline = (lengths * groups).sum(axis=1, keepdims=True) / lengths.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(called("opo", reward, 6), (groups - baseline).ravel(), atol=1e-5)
    assert np.abs(called("opo", reward, 6) - DrGrpo()(jnp.asarray(reward), 6)).max() > 0.01  # control
    assert np.isfinite(called("opo", reward, 6, np.zeros(24, int))).all()


def test_gdpo_is_not_drowned_by_a_loud_reward():
    """By hand: two rewards in units of their own deviation, weighted, then in units of the batch's."""
    loud, quiet = 100 * RNG.standard_normal(12), RNG.integers(0, 2, 12) + 0.01 * RNG.standard_normal(12)
    told = Told(jnp.ones(12), jnp.asarray([loud, quiet], jnp.float32), jnp.array([1.0, 3.0]))
    reward = jnp.asarray(loud + 3 * quiet, jnp.float32)
    unit = lambda x: ((y := x.reshape(3, 4)) - y.mean(1, keepdims=True)) / y.std(1, ddof=1, keepdims=True)
    whole = (unit(loud) + 3 * unit(quiet)).ravel()
    expected = (whole - whole.mean()) / whole.std(ddof=1)
    advantage = advantages_of(ADVANTAGES["gdpo"](), reward, 4, told)
    np.testing.assert_allclose(advantage, expected, rtol=1e-3, atol=1e-4)
    assert np.corrcoef(advantage, unit(quiet).ravel())[0, 1] > 0.8
    assert abs(np.corrcoef(Group()(reward, 4), unit(quiet).ravel())[0, 1]) < 0.6  # control: drowned
    assert called("gdpo", np.ones(1, np.float32), 1).shape == (1,)


@pytest.mark.parametrize("name", OF_RESPONSES)
def test_only_krpo_depends_on_the_order_of_a_group(name):
    order = RNG.permutation(6)
    reward = RNG.standard_normal(6).astype(np.float32)
    permuted = called(name, reward[order], 6, LENGTH[:6][order])
    assert np.allclose(permuted, called(name, reward, 6)[order], atol=1e-4) == (name != "krpo")


@pytest.mark.parametrize("name", OF_RESPONSES)
def test_shapes_bad_groups_equal_rewards_and_a_group_of_one(name):
    advantage = called(name, REWARD.astype(jnp.bfloat16), 2)
    assert advantage.shape == (8,) and advantage.dtype == jnp.float32
    with pytest.raises(ValueError, match=r"group_size: 3 does not divide reward \[B\], \(8,\)"):
        called(name, REWARD, 3)
    equal = called(name, jnp.full(14, 0.1), 7)
    assert equal.any() == (name == "krpo")  # as released
    if name not in ("krpo", "gdpo"):  # which is in units of the batch's deviation
        np.testing.assert_allclose(called(name, REWARD, 1), REWARD, rtol=2e-6)


def gae_loop(reward, value, mask, gamma, lam):
    """Sums of discounted one-step differences, from the definition."""
    advantage = np.zeros(reward.shape)
    for row in range(len(reward)):
        valid = np.flatnonzero(mask[row])
        r, v = reward[row, valid].astype(np.float64), np.append(value[row, valid].astype(np.float64), 0)
        delta = r + gamma * v[1:] - v[:-1]
        for i, place in enumerate(valid):
            advantage[row, place] = sum((gamma * lam) ** (j - i) * delta[j] for j in range(i, len(valid)))
    return advantage


def test_gae_by_hand():
    reward, value = jnp.array([[0.0, 9.0, 0.0, 1.0]]), jnp.array([[0.5, 9.0, 0.25, 0.75]])
    mask = jnp.array([[True, False, True, True]])
    advantage, returns = Gae()(reward, value, mask)  # gamma = lam = 1: return minus value
    np.testing.assert_allclose(advantage, [[0.5, 0, 0.75, 0.25]])
    np.testing.assert_allclose(returns, [[1, 0, 1, 1]])
    advantage, _ = Gae(gamma=0.5, lam=0.0)(reward, value, mask)  # one-step differences
    np.testing.assert_allclose(advantage, [[0.125 - 0.5, 0, 0.375 - 0.25, 0.25]])


def test_gae_matches_its_definition_and_skips_masked_tokens():
    mask = RNG.random((5, 20)) < 0.8
    mask[0], mask[1] = True, False
    reward, value = RNG.standard_normal((2, 5, 20)).astype(np.float32)
    junk = [jnp.where(mask, x, jnp.nan) for x in (reward, value)]
    for gamma, lam in ((1.0, 1.0), (0.9, 0.95), (0.99, 0.0)):
        advantage, returns = jax.jit(Gae(gamma, lam))(*junk, mask)
        expected = gae_loop(reward, value, mask, gamma, lam)
        np.testing.assert_allclose(advantage, expected, atol=1e-5)
        np.testing.assert_allclose(returns, np.where(mask, expected + value, 0), atol=1e-5)
        held = gae_loop(np.where(mask, reward, 0), np.where(mask, value, 0), np.ones_like(mask), gamma, lam)
        assert (
            np.abs(np.where(mask, held - expected, 0)).max() > 0.1 or gamma == lam == 1
        )  # control: masked tokens as tokens
    assert not jax.grad(lambda v: jnp.sum(Gae()(reward, v, mask)[0]))(jnp.asarray(value)).any()
    with pytest.raises(ValueError, match=r"lam: 1.5 is not a number in \[0, 1\]"):
        Gae(lam=1.5)
