"""Advantages that take what scoring finds: the optimal token baseline and the divergence in the reward, by hand."""

import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from configurations import load
from test_model import CONFIG, random_params, random_tokens

from kpo_jax.advantages import TokensTold, Told, token_rewards
from kpo_jax.advantages.dr_grpo import DrGrpo
from kpo_jax.advantages.gae import Gae
from kpo_jax.advantages.otb import Otb
from kpo_jax.algorithm.choices import AdvantageConfig, AlgorithmConfig
from kpo_jax.config import Config
from kpo_jax.model import critic
from kpo_jax.model.config import CriticConfig
from kpo_jax.model.head import head_log_probs, head_squared_probs
from kpo_jax.objectives.kl import KLConfig, reward_penalty
from kpo_jax.training.step import Minibatch, add_advantages

MASK = np.array([[1, 1, 1], [1, 1, 0]], bool)
# 1 - 2 p + sum of squares: a half each of two tokens is 1/2, certainty is 0, a quarter each of four is 3/4
PROB = np.array([[0.5, 0.25, 0.5], [1.0, 0.5, 0.3]])
SQUARES = np.array([[0.5, 0.25, 0.5], [1.0, 0.5, 0.1]])


def told(prob=PROB, squares=SQUARES, mask=MASK):
    return TokensTold(jnp.log(jnp.asarray(prob, jnp.float32)), jnp.asarray(squares, jnp.float32), jnp.asarray(mask))


def at_the_end(reward, mask=MASK):
    return token_rewards(jnp.asarray(reward, jnp.float32), jnp.asarray(mask))


# ------------------------------------------------------------------------------------------------------ token baseline


def test_token_baseline_by_hand():
    """W is 1/2, 5/4, 7/4 and 0, 1/2. Rewards 1 and 0: B is 1, then (5/4) / (7/4) = 5/7; then one response is left."""
    advantage = Otb()(at_the_end([1.0, 0.0]), 2, told())
    np.testing.assert_allclose(advantage, [[0, 2 / 7, 1], [-1, -5 / 7, 0]], atol=1e-6)
    kept = Otb(lone_tail=True)(at_the_end([1.0, 0.0]), 2, told())
    np.testing.assert_allclose(kept, [[0, 2 / 7, 0], [-1, -5 / 7, 0]], atol=1e-6)
    plain = DrGrpo()(jnp.array([1.0, 0.0]), 2)  # the control: the group's mean
    assert np.abs(advantage[:, 1] - plain).max() > 0.2


def test_token_baseline_of_rewards_along_the_way():
    """What comes before a token is not in its reward: of 1, 2, 3 the rest is 6, 5, 3."""
    reward = jnp.array([[1.0, 2.0, 3.0], [0.0, 0.0, 9.0]])
    advantage = Otb()(reward, 2, told())
    np.testing.assert_allclose(advantage, [[0, 5 - 25 / 7, 3], [-6, -25 / 7, 0]], rtol=1e-5, atol=1e-5)


def looped(reward, group, prob, squares, mask):
    """The definition in float64, the reward at the last token."""
    out = np.zeros(mask.shape)
    for start in range(0, len(reward), group):
        rows = range(start, start + group)
        for t in range(mask.shape[1]):
            energy = {i: sum((1 - 2 * prob[i, s] + squares[i, s]) for s in range(t + 1)) for i in rows if mask[i, t]}
            total = sum(energy.values())
            baseline = sum(energy[i] * reward[i] for i in energy) / total if len(energy) > 1 else 0
            for i in energy:
                out[i, t] = reward[i] - baseline
    return out


def drawn(seed=0, groups=3, group=4, length=9, vocab=6):
    """Rewards, and of tokens drawn from random distributions their probabilities and the sums of squares."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(vocab, 0.3), (groups * group, length))
    token = (p.cumsum(-1) > rng.random((groups * group, length, 1))).argmax(-1)
    mask = np.arange(length)[None] < rng.integers(1, length + 1, groups * group)[:, None]
    return rng.normal(size=len(mask)), np.take_along_axis(p, token[..., None], -1)[..., 0], (p**2).sum(-1), mask


def test_token_baseline_is_its_definition_whatever_is_masked():
    reward, prob, squares, mask = drawn()
    expected = looped(reward, 4, prob, squares, mask)
    clean = Otb()(at_the_end(reward, mask), 4, told(prob, squares, mask))
    np.testing.assert_allclose(clean, expected, atol=1e-4)
    junk = TokensTold(*(jnp.where(mask, x, jnp.nan) for x in told(prob, squares, mask)[:2]), jnp.asarray(mask))
    np.testing.assert_array_equal(Otb()(jnp.where(mask, at_the_end(reward, mask), jnp.inf), 4, junk), clean)
    other = Otb()(at_the_end(reward, mask), 4, told(prob, squares[::-1], mask))  # the control
    assert np.abs(other - expected).max() > 1e-3


def test_token_baseline_has_the_least_variance():
    """Of the gradient by the logits of a policy of one token, over all it may draw: less than the mean's."""
    p, reward = np.array([0.7, 0.2, 0.1]), np.array([1.0, 0.0, 0.5])
    gradients = np.eye(3) - p
    energy = (gradients**2).sum(-1)
    np.testing.assert_allclose(energy, 1 - 2 * p + (p**2).sum())

    def variance(baseline):
        each = (reward - baseline)[:, None] * gradients
        return (p[:, None] * each**2).sum() - ((p[:, None] * each).sum(0) ** 2).sum()

    best = (p * energy * reward).sum() / (p * energy).sum()
    assert variance(best) < min(variance(best + d) for d in (-1e-3, 1e-3)) < variance((p * reward).sum())
    # as many draws as the probabilities say, in one group
    draws = np.repeat(np.arange(3), (p * 10).round().astype(int))
    one = told(p[draws][:, None], np.full((10, 1), (p**2).sum()), np.ones((10, 1), bool))
    advantage = Otb()(jnp.asarray(reward[draws], jnp.float32)[:, None], 10, one)
    np.testing.assert_allclose(advantage[:, 0], reward[draws] - best, atol=1e-5)


def test_token_baseline_at_its_ends():
    reward, prob, squares, mask = drawn()
    equal = Otb(lone_tail=True)(at_the_end(np.full(12, 0.3), mask), 4, told(prob, squares, mask))
    assert not equal.any()  # exactly
    alone = Otb()(at_the_end(reward, mask), 1, told(prob, squares, mask))
    np.testing.assert_allclose(alone, np.where(mask, reward[:, None], 0), rtol=1e-6)
    certain = Otb()(at_the_end([1.0, 0.0]), 2, told(np.ones((2, 3)), np.ones((2, 3))))  # no weights: the mean
    np.testing.assert_allclose(certain[:, :2], [[0.5, 0.5], [-0.5, -0.5]])
    nothing = Otb()(at_the_end([1.0, 0.0], np.zeros((2, 3), bool)), 2, told(mask=np.zeros((2, 3), bool)))
    assert not nothing.any()
    assert Otb()(at_the_end([1.0, 0.0]).astype(jnp.bfloat16), 2, told()).dtype == jnp.float32
    for group, shape in ((0, (4, 3)), (3, (4, 3)), (2, (4,))):
        with pytest.raises(ValueError, match=f"group_size: {group} does not divide reward"):
            Otb()(jnp.zeros(shape), group, told())


@pytest.mark.parametrize("num_tiles", [1, 3])
def test_squared_probabilities_are_those_of_the_softmax(num_tiles):
    params, targets = random_params(CONFIG), random_tokens((20,))
    hidden = jax.random.normal(jax.random.key(0), (20, CONFIG.hidden_size))
    head = params["embed_tokens"]
    log_prob, squares = head_squared_probs(hidden, head, targets, 0.7, num_tiles)
    p = jax.nn.softmax(jnp.matmul(hidden, head.T, precision="highest") / 0.7)
    np.testing.assert_allclose(squares, jnp.sum(p**2, axis=-1), rtol=1e-4)
    np.testing.assert_array_equal(log_prob, head_log_probs(hidden, head, targets, 0.7, num_tiles)[0])
    assert np.abs(squares - jnp.sum(p, axis=-1)).max() > 0.1  # the control
    extreme, ones = head_squared_probs(1e4 * hidden, head, targets, 0.7, num_tiles)
    assert np.isfinite(extreme).all()
    np.testing.assert_allclose(ones, 1, rtol=1e-5)


# ------------------------------------------------------------------------------------------- divergence in the reward

OLD = np.log(np.where(MASK, PROB, 0.5)).astype(np.float32)
REFERENCE = (OLD - np.array([[0.5, -0.25, 1.0], [0.0, 2.0, 7.0]])).astype(np.float32)


def rewards_of(advantage, beta=0.1, estimate="", **more):
    """Advantages and metrics of the two responses with rewards 1 and 0 by the rule of a run, in two minibatches."""
    algorithm = AlgorithmConfig(advantage=AdvantageConfig(advantage), kl=KLConfig(estimate, reward_beta=beta))
    config = dataclasses.replace(Config(), algorithm=algorithm)
    config = dataclasses.replace(config, rollout=dataclasses.replace(config.rollout, group_size=2))
    junk = lambda x: np.where(MASK, x, np.nan).astype(np.float32)
    rows = dict(
        reward=np.array([1, 0], np.float32), response_mask=MASK, old_log_prob=junk(OLD),
        reference_log_prob=junk(REFERENCE), squared_probs=junk(SQUARES), **more,
    )  # fmt: skip
    minibatches = [Minibatch({name: x[i : i + 1] for name, x in rows.items()}, None, None) for i in (0, 1)]
    known = Told(jnp.array([3, 2]), jnp.array([[1.0, 0.0]]), jnp.ones(1))
    metrics = add_advantages(config, SimpleNamespace(), None, minibatches, known)
    return np.concatenate([minibatch.rows["advantage"] for minibatch in minibatches]), metrics


def test_a_divergence_is_taken_off_the_reward_by_hand():
    """k1 is 0.5, -0.25, 1 and 0, 2: 1.25 and 2 of the responses. At 0.1 the rewards are 0.875 and -0.2, 1.075 apart."""
    k1 = reward_penalty(*(np.where(MASK, x, np.nan) for x in (OLD, REFERENCE)), MASK)
    np.testing.assert_allclose(k1, [[0.5, -0.25, 1], [0, 2, 0]], rtol=1e-5)
    advantage, metrics = rewards_of("dr_grpo")
    np.testing.assert_allclose(advantage, [0.5375, -0.5375], rtol=1e-5)
    assert metrics == pytest.approx({"advantage/kl_mean": 1.625, "advantage/reward_mean": 0.3375})
    np.testing.assert_allclose(rewards_of("rloo")[0], [1.075, -1.075], rtol=1e-5)
    np.testing.assert_allclose(rewards_of("opo")[0], [0.43, -0.645], rtol=1e-5)  # 3 and 2 tokens long
    np.testing.assert_allclose(rewards_of("dr_grpo", beta=0.2)[0], [0.575, -0.575], rtol=1e-5)  # the control
    np.testing.assert_array_equal(rewards_of("dr_grpo", estimate="k3")[0], advantage)  # in the loss is another matter


def test_several_rewards_in_units_of_their_own_have_the_divergence_for_one_more():
    """GDPO: (1, 0) and -(1.25, 2) are both +-1 / sqrt 2 in a group of two; weights 1 and 0.1 scale the sum alone."""
    np.testing.assert_allclose(rewards_of("gdpo")[0], [0.5**0.5, -(0.5**0.5)], rtol=1e-4)


def test_a_token_baseline_has_the_divergence_of_the_tokens_to_come():
    reward = np.array([[-0.05, 0.025, 0.9], [0, -0.2, 0]])
    expected = Otb()(jnp.asarray(reward, jnp.float32), 2, told())
    advantage, _ = rewards_of("otb")
    np.testing.assert_allclose(advantage, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(advantage[0, 2], 0.9, rtol=1e-5)  # by hand: the last token alone
    assert np.abs(advantage - rewards_of("otb", beta=0.0)[0]).max() > 0.05  # the control
    assert rewards_of("otb", beta=0.0)[1] == {}


def test_a_critic_has_the_divergence_of_each_token():
    """gamma = lam = 1 and no values: the rewards to go. Without a penalty it is the reward at each token."""
    how = (Gae(), CriticConfig(normalize=False))
    penalty = np.where(MASK, 0.1 * (OLD - REFERENCE), np.nan).astype(np.float32)
    reward, value = np.array([1, 0], np.float32), np.zeros((2, 3), np.float32)
    advantage, returns = critic.targets(reward, value, MASK, *how, penalty)
    np.testing.assert_allclose(advantage, [[0.875, 0.925, 0.9], [-0.2, -0.2, 0]], rtol=1e-5)
    np.testing.assert_allclose(returns, advantage)
    np.testing.assert_allclose(critic.targets(reward, value, MASK, *how)[0], [[1, 1, 1], [0, 0, 0]])  # the control


def test_token_rewards_skip_gaps_and_rows_of_nothing():
    mask = jnp.array([[True, False, True, False], [True] * 4, [False] * 4])
    np.testing.assert_array_equal(
        token_rewards(jnp.array([1.0, 2.0, jnp.nan]), mask), [[0, 0, 1, 0], [0, 0, 0, 2], [0] * 4]
    )


# ------------------------------------------------------------------------------------------------------ configurations


def test_what_asks_for_a_reference_and_when_advantages_are_made():
    assert not KLConfig().has_reference and KLConfig("k3").has_reference and KLConfig(reward_beta=0.1).has_reference
    of = lambda name, beta=0.0: AlgorithmConfig(advantage=AdvantageConfig(name), kl=KLConfig(reward_beta=beta))
    assert not of("group").advantage_after_scoring and of("group", 0.1).advantage_after_scoring
    assert of("otb").advantage_after_scoring and of("otb").has_token_baseline
    assert of("gae").has_token_advantage and not of("gae").has_token_baseline and not of("group", 1).has_token_advantage


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (dict(reward_beta=-0.1), "algorithm.kl.reward_beta: -0.1 is not a finite number >= 0"),
        (dict(reward_beta=float("inf")), "algorithm.kl.reward_beta: inf is not a finite number >= 0"),
        (dict(reward_beta=0.1, beta=0.1), "algorithm.kl.beta: 0.1 weighs nothing without an estimate"),
    ],
)
def test_bad_fields_are_named_in_one_line(fields, line):
    _, problems = load("configs/tiny.py:grpo", **{f"algorithm__kl__{name}": value for name, value in fields.items()})
    assert problems == [line]
    good = dict(algorithm__kl__reward_beta=0.1, algorithm__kl__beta=0.1, algorithm__kl__estimate="k3")
    assert load("configs/tiny.py:grpo", **good)[1] == []  # the control
