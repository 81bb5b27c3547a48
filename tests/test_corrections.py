"""Truncated importance sampling, KL estimates and the critic's loss, by hand and against what they estimate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax.algorithm.choices import ObjectiveConfig, build_objective
from kpo_jax.objectives import TruncatedIS
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.geometric import Geometric
from kpo_jax.objectives.kl import KL_ESTIMATES, kl_estimate
from kpo_jax.objectives.truncated_is import truncated_weights
from kpo_jax.objectives.value import value_loss

MASK = np.array([[1, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
# trainer over sampler: 1/2, 3 (above C = 2), 4 in all 6; and 1/2, 1/2
SAMPLER = np.full((3, 4), -1.0, np.float32)
OLD = SAMPLER + np.log([[0.5, 3, 1e9, 4], [0.5, 0.5, 1, 1], [1, 1, 1, 1]]).astype(np.float32)
JUNK = np.where(MASK, OLD, np.nan).astype(np.float32)
WEIGHTS = {
    "token": [[0.5, 2, 0, 2], [0.5, 0.5, 0, 0], [0] * 4],
    "sequence": [[2, 2, 0, 2], [0.25, 0.25, 0, 0], [0] * 4],
}


@pytest.mark.parametrize("level", WEIGHTS)
def test_truncated_weights_by_hand(level):
    for old in (OLD, JUNK):
        np.testing.assert_allclose(truncated_weights(old, SAMPLER, MASK, level, 2.0), WEIGHTS[level], rtol=1e-6)
    uncapped = truncated_weights(OLD, SAMPLER, MASK, level, 1e6)
    assert np.abs(uncapped - np.array(WEIGHTS[level])).max() > 0.9  # control: the cap was met
    gradient = jax.grad(lambda old: jnp.sum(truncated_weights(old, SAMPLER, MASK, level, 2.0)))(jnp.asarray(OLD))
    assert not gradient.any()


@pytest.mark.parametrize("level", WEIGHTS)
def test_truncated_is_weights_every_tokens_loss_and_gradient(level):
    batch = make_batch(MASK, [1.0, -2.0, 5.0]).replace(
        old_log_prob=jnp.asarray(JUNK), sampler_log_prob=jnp.asarray(SAMPLER)
    )
    plain = Clipped(aggregation="token-mean")
    on_policy = jnp.zeros(MASK.shape)
    corrected = TruncatedIS(plain, level)
    loss, gradient = jax.value_and_grad(lambda f: corrected(f, batch).loss)(on_policy)
    expected = -np.array([[1.0], [-2.0], [5.0]]) * WEIGHTS[level] / 5
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)
    np.testing.assert_allclose(loss, expected.sum(), rtol=1e-6)
    assert corrected.aggregation == "token-mean" and corrected.length_norm is None
    agreed = batch.replace(sampler_log_prob=batch.old_log_prob)  # without mismatch it changes nothing
    np.testing.assert_allclose(corrected(on_policy, agreed).loss, plain(on_policy, agreed).loss, rtol=1e-6)
    assert abs(loss - plain(on_policy, batch).loss) > 0.05  # control


def test_token_weights_of_a_geometric_mean_enter_by_their_own_geometric_mean():
    """As in verl's geo_mean: (1/2 * 2 * 2)^(1/3) for every token of the first response, 1/2 of the second."""
    batch = make_batch(MASK, [1.0, -2.0, 5.0]).replace(
        old_log_prob=jnp.asarray(JUNK), sampler_log_prob=jnp.asarray(SAMPLER)
    )
    corrected = TruncatedIS(Geometric(), "token")(jnp.zeros(MASK.shape), batch)
    root = 2 ** (1 / 3)
    np.testing.assert_allclose(
        corrected.token_loss, [[-root, -root, 0, -root], [1, 1, 0, 0], [0] * 4], rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(corrected.loss, (-root + 1) / 2, rtol=1e-5)
    plain = TruncatedIS(Clipped(), "token")(jnp.zeros(MASK.shape), batch)
    np.testing.assert_allclose(plain.token_loss[0], [-0.5, -2, 0, -2], rtol=1e-5)  # control: each token its own
    gone = batch.replace(sampler_log_prob=batch.sampler_log_prob + 1e4)
    assert np.isfinite(TruncatedIS(Geometric(), "token")(jnp.zeros(MASK.shape), gone).loss)


def test_truncated_is_is_a_part_of_the_objectives_configuration():
    built = build_objective(ObjectiveConfig(clip_high=0.28, truncated_is="sequence", truncated_is_cap=5.0))
    assert built == TruncatedIS(Clipped(clip_high=0.28), "sequence", 5.0)
    assert build_objective(ObjectiveConfig(truncated_is="token")).cap == 2.0
    for fields, line in [
        (dict(truncated_is="word"), "truncated_is: 'word' is not one of token, sequence"),
        (
            dict(truncated_is="token", truncated_is_cap=0.0),
            "truncated_is_cap: 0.0 is not a finite number > 0",
        ),
        (
            dict(truncated_is_cap=3.0),
            "truncated_is_cap: 3.0 caps nothing without truncated_is",
        ),
        (dict(name="sapo", clip_low=0.2), "clip_low: 'sapo' has no such parameter; it has tau_positive, "),
    ]:
        with pytest.raises(ValueError) as error:
            build_objective(ObjectiveConfig(**fields))
        assert str(error.value).startswith(line)


def test_kl_estimates_by_hand():
    log_prob, reference = jnp.log(jnp.array([0.5, 0.25])), jnp.log(jnp.array([0.25, 0.5]))
    two = np.log(2)
    for kind, expected in {"k1": [two, -two], "k2": [two**2 / 2] * 2, "k3": [two - 0.5, 1 - two]}.items():
        np.testing.assert_allclose(kl_estimate(log_prob, reference, kind), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="kind: 'k4' is not one of k1, k2, k3, "):
        kl_estimate(log_prob, reference, "k4")


def test_kl_estimates_average_to_the_divergence():
    """Under the policy k1 and k3 average to KL(policy || reference) exactly; k2 averages to it nearby, with its
    gradient.
    """
    rng = np.random.default_rng(0)
    logits, reference = jnp.asarray(rng.standard_normal((2, 7)), jnp.float32)
    log_p, log_q = jax.nn.log_softmax(logits), jax.nn.log_softmax(reference)
    divergence = lambda logits: jnp.sum(jax.nn.softmax(logits) * (jax.nn.log_softmax(logits) - log_q))
    average = {kind: jnp.sum(jnp.exp(log_p) * kl_estimate(log_p, log_q, kind)) for kind in KL_ESTIMATES}
    np.testing.assert_allclose(average["k1"], divergence(logits), rtol=1e-5)
    np.testing.assert_allclose(average["k3"], divergence(logits), rtol=1e-5)
    assert abs(average["k2"] - divergence(logits)) > 1e-2
    sampled = lambda kind: jax.grad(
        lambda logits: jnp.sum(jnp.exp(log_p) * kl_estimate(jax.nn.log_softmax(logits), log_q, kind))
    )(logits)
    np.testing.assert_allclose(sampled("k2"), jax.grad(divergence)(logits), atol=1e-5)
    np.testing.assert_allclose(sampled("k1"), jnp.zeros(7), atol=1e-6)
    assert np.abs(sampled("k3") - jax.grad(divergence)(logits)).max() > 1e-2


def test_k3_does_not_cancel_near_the_reference():
    d = np.float32(1e-4)
    np.testing.assert_allclose(kl_estimate(jnp.zeros(1) + d, jnp.zeros(1), "k3"), d**2 / 2, rtol=0.05)
    naive = np.exp(-d, dtype=np.float32) - np.float32(1) + d
    assert abs(naive - d**2 / 2) > 0.5 * d**2 / 2


def test_value_loss_by_hand():
    """Step 1 from 0, clip .2. R = 2: held back, (2 - .2)^2 / 2, no gradient. R = -1: (1 + 1)^2 / 2. A small step is
    free.
    """
    value, old, returns = jnp.array([1.0, 1.0, 0.1]), jnp.zeros(3), jnp.array([2.0, -1.0, 1.0])
    np.testing.assert_allclose(value_loss(value, old, returns), [1.8**2 / 2, 2, 0.9**2 / 2], rtol=1e-6)
    gradient = jax.grad(lambda v: jnp.sum(value_loss(v, old, returns)))(value)
    np.testing.assert_allclose(gradient, [0, 2, -0.9], rtol=1e-6)
    unclipped = value_loss(value, old, returns, clip=float("inf"))
    np.testing.assert_allclose(unclipped, [0.5, 2, 0.405], rtol=1e-6)
    with pytest.raises(ValueError, match="clip: 0 is not"):
        value_loss(value, old, returns, clip=0)
