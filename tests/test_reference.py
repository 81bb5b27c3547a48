"""The divergence from a reference policy: as a penalty by hand, in the loss of a model, and as a metric."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_learner import MODEL, packed, rows

from kpo_jax import masked
from kpo_jax.algorithm import diagnostics
from kpo_jax.algorithm.loss import PolicyLoss, policy_loss
from kpo_jax.config import MeshConfig
from kpo_jax.filters.identity import Identity
from kpo_jax.model.decoder import init_params
from kpo_jax.model.head import token_log_probs
from kpo_jax.objectives import aggregation_weights
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.kl import KL_ESTIMATES, KLConfig, kl_estimate, kl_penalty
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.training import learner

MASK = jnp.asarray([[1, 1, 0], [1, 0, 0]], bool)
# log of policy over reference: log 2, -log 2; and 0
LOG_PROB = jnp.asarray(np.where(MASK, np.log([[0.5, 0.25, 1], [0.5, 1, 1]]), np.nan), jnp.float32)
REFERENCE = jnp.asarray(np.where(MASK, np.log([[0.25, 0.5, 1], [0.5, 1, 1]]), np.nan), jnp.float32)
TWO = np.log(2)
BY_HAND = {
    "k1": [[TWO, -TWO, 0], [0, 0, 0]],
    "k2": [[TWO**2 / 2, TWO**2 / 2, 0], [0, 0, 0]],
    "k3": [[TWO - 0.5, 1 - TWO, 0], [0, 0, 0]],
}
SLOPE = {"k1": [[1, 1, 0], [1, 0, 0]], "k2": [[TWO, -TWO, 0], [0, 0, 0]], "k3": [[1 - 0.5, 1 - 2, 0], [0, 0, 0]]}


@pytest.mark.parametrize("kind", KL_ESTIMATES)
def test_penalty_and_gradient_by_hand(kind):
    weights = jnp.asarray([[0.25, 0.5, 0], [0.25, 0, 0]])
    ratio = jnp.full(MASK.shape, jnp.nan)  # not looked at
    penalty = lambda log_prob: kl_penalty(log_prob, REFERENCE, ratio, MASK, weights, KLConfig(kind, 0.1))
    (value, sums), gradient = jax.value_and_grad(penalty, has_aux=True)(LOG_PROB)
    np.testing.assert_allclose(value, 0.1 * np.sum(np.asarray(weights) * BY_HAND[kind]), rtol=1e-5)
    np.testing.assert_allclose(gradient, 0.1 * np.asarray(weights) * SLOPE[kind], rtol=1e-5)
    np.testing.assert_allclose(sums, [np.sum(BY_HAND[k]) for k in KL_ESTIMATES], rtol=1e-5, atol=1e-7)
    nothing, _ = kl_penalty(LOG_PROB, REFERENCE, ratio, MASK, weights, KLConfig(kind, 0.0))
    assert nothing == 0  # measured alone


@pytest.mark.parametrize("kind", ["k1+", "k3+"])
def test_a_plus_has_the_value_of_the_estimate_and_the_slope_of_k2(kind):
    weights = jnp.asarray([[0.25, 0.5, 0], [0.25, 0, 0]])
    penalty = lambda log_prob: kl_penalty(log_prob, REFERENCE, log_prob, MASK, weights, KLConfig(kind, 0.1))[0]
    value, gradient = jax.value_and_grad(penalty)(LOG_PROB)
    np.testing.assert_allclose(value, 0.1 * np.sum(np.asarray(weights) * BY_HAND[kind[:2]]), rtol=1e-5)
    np.testing.assert_allclose(gradient, 0.1 * np.asarray(weights) * SLOPE["k2"], rtol=1e-5)


def test_k3_is_capped_and_loses_its_gradient_there():
    """At log-ratios of -2, -3, -25 and -200: e^2 - 3 = 4.39; e^3 - 4 = 16.1 and the others are beyond 10."""
    mask, weights = jnp.ones((1, 4), bool), jnp.ones((1, 4))
    log_prob, reference = jnp.asarray([[-2.0, -3.0, -25.0, -200.0]]), jnp.zeros((1, 4))
    of = lambda config: jax.value_and_grad(lambda x: kl_penalty(x, reference, x, mask, weights, config)[0])(log_prob)
    value, gradient = of(KLConfig("k3", 1.0))
    np.testing.assert_allclose(value, np.exp(2) - 3 + 30, rtol=1e-6)
    np.testing.assert_allclose(gradient, [[1 - np.exp(2), 0, 0, 0]], rtol=1e-5)
    value, gradient = of(KLConfig("k3+", 1.0))
    np.testing.assert_allclose(value, np.exp(2) - 3 + 30, rtol=1e-6)
    np.testing.assert_allclose(gradient, log_prob, rtol=1e-6)
    assert of(KLConfig("k3", 1.0, cap=20.0))[1][0, 1] == pytest.approx(1 - np.exp(3), rel=1e-5)
    uncapped = of(KLConfig("k3", 1.0, cap=np.inf))[1]  # control: TRL's
    assert uncapped[0, 2] == pytest.approx(-7.2e10, rel=1e-2) and not np.isfinite(uncapped[0, 3])


def test_the_corrected_bias_by_hand_and_on_average():
    """r k3 has the gradient r k1; averaged over the OLD policy it is the divergence, with its gradient."""
    rng = np.random.default_rng(0)
    logits, old, reference = jnp.asarray(rng.standard_normal((3, 7)), jnp.float32)
    log_p, log_o, log_q = (jax.nn.log_softmax(x) for x in (logits, old, reference))
    mask, weights = jnp.ones((1, 7), bool), jnp.exp(log_o)[None]
    config = KLConfig("k3", 1.0, cap=np.inf, bias_corrected=True)

    def average(x, config=config):
        log_prob = jax.nn.log_softmax(x)
        return kl_penalty(log_prob[None], log_q[None], (log_prob - log_o)[None], mask, weights, config)[0]

    divergence = lambda x: jnp.sum(jax.nn.softmax(x) * (jax.nn.log_softmax(x) - log_q))
    np.testing.assert_allclose(average(logits), divergence(logits), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(average)(logits), jax.grad(divergence)(logits), atol=1e-5)
    plain = lambda x: average(x, KLConfig("k3", 1.0, cap=np.inf))
    assert np.abs(jax.grad(plain)(logits) - jax.grad(divergence)(logits)).max() > 1e-2  # control
    one = lambda x: kl_penalty(x, log_q[None], x - log_o[None], mask, jnp.ones((1, 7)), config)[0]
    by_hand = np.exp(log_p - log_o) * (log_p - log_q)
    np.testing.assert_allclose(jax.grad(one)(log_p[None])[0], by_hand, rtol=1e-4, atol=1e-6)
    masked = kl_penalty(log_p[None], log_q[None] * jnp.nan, log_p[None], ~mask, weights, config)
    assert masked[0] == 0 and not masked[1].any()


def test_the_trap_on_policy_gradients_of_the_three_estimates():
    """Averaged over the policy itself: k1's is 0, k2's that of KL(policy || reference), k3's that of KL(reference ||
    policy).
    """
    logits, reference = jnp.asarray(np.random.default_rng(0).standard_normal((2, 7)), jnp.float32)
    log_p, log_q = jax.nn.log_softmax(logits), jax.nn.log_softmax(reference)
    average = lambda kind: jax.grad(
        lambda x: jnp.sum(jnp.exp(log_p) * kl_estimate(jax.nn.log_softmax(x), log_q, kind))
    )(logits)
    forward = jax.grad(lambda x: jnp.sum(jax.nn.softmax(x) * (jax.nn.log_softmax(x) - log_q)))(logits)
    backward = jax.grad(lambda x: jnp.sum(jnp.exp(log_q) * (log_q - jax.nn.log_softmax(x))))(logits)
    np.testing.assert_allclose(average("k1"), jnp.zeros(7), atol=1e-6)
    np.testing.assert_allclose(average("k2"), forward, atol=1e-5)
    np.testing.assert_allclose(average("k3"), backward, atol=1e-5)
    assert (
        np.abs(forward - backward).max() > 1e-2 and np.abs(forward).max() > 1e-2
    )  # control: they are three different things


def test_in_the_loss_and_the_metrics_of_a_model():
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    batch = rows()
    batch["reference_log_prob"] = np.where(batch["response_mask"], batch["old_log_prob"] - 0.3, np.nan).astype(
        np.float32
    )
    _, arrays = packed(batch, mesh)
    arrays = jax.tree.map(lambda x: x[0] if x.ndim else x, learner.with_totals(arrays))
    params = init_params(MODEL, jax.random.key(0))
    objective = Clipped()
    log_prob, entropy = token_log_probs(MODEL, params, arrays.packed)
    loss = lambda batch, kl: policy_loss(log_prob, entropy, batch, PolicyLoss(Identity(), objective, kl=kl))
    off, (measured_off, _) = loss(arrays.replace(reference_log_prob=None), KLConfig())
    on, (measured, _) = loss(arrays, KLConfig("k3", 0.5))
    mask = np.asarray(arrays.response_mask)
    d = np.where(mask, log_prob - np.asarray(arrays.reference_log_prob), 0).astype(np.float64)
    estimates = {"k1": d, "k2": d**2 / 2, "k3": np.exp(-d) + d - 1}
    weights = np.asarray(aggregation_weights(arrays, objective.aggregation))
    np.testing.assert_allclose(on - off, 0.5 * np.sum(weights * estimates["k3"]), rtol=1e-4)
    assert on - off > 1e-2
    scalars = diagnostics.summarize(diagnostics.merge(measured, measured), kappa=np.inf, has_reference=True)
    for kind, values in estimates.items():
        np.testing.assert_allclose(scalars[f"policy/reference_{kind}"], values[mask].mean(), rtol=1e-4)
    assert not any("reference" in name for name in diagnostics.summarize(measured_off, kappa=np.inf))
    assert masked.count(arrays.response_mask) == measured.num_tokens


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        (dict(estimate="k4"), r"estimate: 'k4' is not one of k1, k2, k3, k1\+, k3\+"),
        (dict(estimate="k3", cap=0.0), r"cap: 0.0 is not a number > 0 \(inf allowed\)"),
        (dict(estimate="k3", beta=-1.0), "beta: -1.0 is not a finite number >= 0"),
        (dict(beta=0.1), "beta: 0.1 weighs nothing without an estimate"),
        (dict(reward_beta=0.1, bias_corrected=True), "bias_corrected: True corrects nothing without an estimate"),
    ],
)
def test_bad_parameters_are_named(bad, line):
    with pytest.raises(ValueError, match=line):
        KLConfig(**bad)
