"""The losses on arrays of one's own: values and gradients against the formulas in numpy's float64."""

import dataclasses
import textwrap

import jax
import numpy as np
import pytest

from kpo_jax.algorithm import loss
from kpo_jax.algorithm.loss import PolicyLoss, critic_loss, policy_loss, supervised_loss
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.records import Batch

ROWS, LENGTH = 3, 5
RNG = np.random.default_rng(0)
MASK = np.arange(LENGTH)[None, :] < np.array([5, 3, 0])[:, None]
OLD = RNG.normal(-2, 0.5, MASK.shape).astype(np.float32)
LOG_PROB = (OLD + RNG.normal(0, 0.4, MASK.shape)).astype(np.float32)
REFERENCE = (OLD - 0.2).astype(np.float32)
ENTROPY = RNG.random(MASK.shape).astype(np.float32)
ADVANTAGE = np.array([1.5, -0.5, 2.0], np.float32)
Q, V, LOW, HIGH, BETA = 0.1, 0.5, 0.3, 0.1, 0.2
HOW = PolicyLoss(
    Kalman(Q, V),
    Clipped(LOW, HIGH, aggregation="token-mean"),
    filter_gradient="through_filter",
    kl=KLConfig("k3", BETA),
)


def filtered_by_hand(z):
    """The Kalman recursion over rows [B, T] from a state that is known to be 0."""
    out, mean, var = np.zeros(z.shape), 0.0, 0.0
    for t in range(z.shape[1]):
        predicted = var + Q
        gain = predicted / (predicted + V)
        mean = mean + gain * (z[:, t] - mean)
        var = (1 - gain) * predicted
        out[:, t] = mean
    return out


def loss_by_hand(filter_gradient):
    """(loss, its gradient [B, T]) of HOW on the arrays above, the clip and the chain rule written out."""
    z = np.where(MASK, LOG_PROB.astype(np.float64) - OLD, 0)
    ratio, advantage, weight = np.exp(filtered_by_hand(z)), ADVANTAGE[:, None].astype(np.float64), MASK / MASK.sum()
    loss, clipped = -advantage * ratio, -advantage * np.clip(ratio, 1 - LOW, 1 + HIGH)
    of_filtered = np.where(clipped > loss, 0, weight * loss)  # d loss / d filtered log-ratio
    if filter_gradient == "through_filter":
        response = filtered_by_hand(np.eye(LENGTH))  # [s, t]: what a log-ratio of 1 at token s adds to token t
        of_log_ratio = of_filtered @ response.T
    else:
        of_log_ratio = of_filtered
    d = np.where(MASK, LOG_PROB.astype(np.float64) - REFERENCE, 0)
    penalty, slope = np.exp(-d) + d - 1, 1 - np.exp(-d)
    value = np.sum(weight * np.maximum(loss, clipped)) + BETA * np.sum(weight * penalty)
    return value, np.where(MASK, of_log_ratio + BETA * weight * slope, 0), (clipped > loss) & MASK


def batch(**others):
    return Batch.of(MASK, OLD, ADVANTAGE, **others)


@pytest.mark.parametrize("filter_gradient", ["straight_through", "through_filter"])
def test_policy_loss_and_gradient_by_hand(filter_gradient):
    how = dataclasses.replace(HOW, filter_gradient=filter_gradient)
    of = lambda log_prob: policy_loss(log_prob, ENTROPY, batch(reference_log_prob=REFERENCE), how)
    (value, (measured, tokens)), gradient = jax.value_and_grad(of, has_aux=True)(LOG_PROB)
    expected, expected_gradient, clipped = loss_by_hand(filter_gradient)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(tokens.clipped, clipped)
    assert (
        clipped.any() and not clipped[MASK].all() and measured.num_tokens == 8 and measured.num_clipped == clipped.sum()
    )
    # the negative control: the other way through the filter is another gradient of the same value
    other = loss_by_hand("straight_through" if filter_gradient == "through_filter" else "through_filter")[1]
    assert np.abs(gradient - other).max() > 1e-2


def test_the_example_of_the_module_runs():
    lines = [line for line in loss.__doc__.splitlines() if line.startswith("    ") and "filtered" not in line]
    (example,) = ["\n".join(lines[i : i + 3]) for i, line in enumerate(lines) if line.strip().startswith("how =")]
    arrays = dict(log_prob=LOG_PROB, entropy=ENTROPY, response_mask=MASK, old_log_prob=OLD, advantage=ADVANTAGE)
    names = vars(loss) | arrays | dict(SaturatedKalman=SaturatedKalman, Clipped=Clipped)
    exec(textwrap.dedent(example), names)
    assert np.isfinite(names["loss"]) and names["measured"].num_tokens == MASK.sum()


def test_what_is_masked_and_what_is_measured_alone_do_not_matter():
    junk = lambda x: np.where(MASK, x, np.nan).astype(np.float32)
    how = dataclasses.replace(HOW, kl=KLConfig())
    grad = jax.grad(lambda log_prob, entropy, batch: policy_loss(log_prob, entropy, batch, how)[0])
    plain = grad(LOG_PROB, ENTROPY, batch())
    dirty = grad(junk(LOG_PROB), junk(ENTROPY) + 1, Batch.of(MASK, junk(OLD), ADVANTAGE))
    np.testing.assert_array_equal(plain, dirty)
    moved = grad(LOG_PROB + np.float32(0.1), ENTROPY, batch())  # control: log-probabilities matter
    assert np.abs(plain - moved).max() > 1e-3


@pytest.mark.parametrize("aggregation", ["token-mean", "seq-mean-token-mean"])
def test_the_entropy_bonus_by_hand(aggregation):
    """Its share in the loss, its gradient, and neither elsewhere; junk under the mask does not reach it."""
    plain = PolicyLoss(Identity(), Clipped(LOW, HIGH, aggregation=aggregation))
    how = dataclasses.replace(plain, entropy_bonus=0.25)
    of = lambda log_prob, entropy, how: policy_loss(log_prob, entropy, batch(), how)
    junk = np.where(MASK, ENTROPY, np.nan).astype(np.float32)
    (value, (measured, _)), gradients = jax.value_and_grad(of, (0, 1), has_aux=True)(LOG_PROB, junk, how)
    lengths = MASK.sum(axis=1, keepdims=True)
    shares = MASK / MASK.sum() if aggregation == "token-mean" else MASK / np.maximum(lengths, 1) / 2  # two have tokens
    bonus = 0.25 * np.sum(shares * ENTROPY)
    (without, (unmeasured, _)), others = jax.value_and_grad(of, (0, 1), has_aux=True)(LOG_PROB, junk, plain)
    np.testing.assert_allclose(without - value, bonus, rtol=1e-5)
    np.testing.assert_allclose(measured.entropy_bonus, bonus, rtol=1e-6)
    np.testing.assert_allclose(gradients[1], -0.25 * shares, rtol=1e-6)
    np.testing.assert_array_equal(gradients[0], others[0])
    assert not others[1].any() and unmeasured.entropy_bonus == 0  # the control: without it, nothing


def test_losses_of_microbatches_add_up_with_the_totals_of_the_step():
    whole = batch()
    fields = ("response_mask", "old_log_prob", "sampler_log_prob", "advantage")
    part = lambda rows: whole.replace(**{name: getattr(whole, name)[rows] for name in fields})
    how = PolicyLoss(Identity(), Clipped())
    of = lambda rows, batch: float(policy_loss(LOG_PROB[rows], ENTROPY[rows], batch, how)[0])
    first, rest = slice(1), slice(1, 3)
    np.testing.assert_allclose(of(first, part(first)) + of(rest, part(rest)), of(slice(None), whole), rtol=1e-6)
    own = Batch.of(MASK[first], OLD[first], ADVANTAGE[first])  # control: with a microbatch's own totals they do not
    assert abs(of(first, own) - of(first, part(first))) > 1e-2


def test_supervised_loss_by_hand():
    value, gradient = jax.value_and_grad(supervised_loss)(LOG_PROB, batch())
    np.testing.assert_allclose(value, -LOG_PROB[MASK].mean(dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.where(MASK, -1 / MASK.sum(), 0), rtol=1e-6)


def test_critic_loss_by_hand():
    """Values 1 from 0, clip 0.2. R = 2: (2 - 0.2)^2 / 2 and no gradient; R = -1: 2^2 / 2 and gradient 2."""
    ones, high = np.ones(MASK.shape, np.float32), np.arange(LENGTH)[None, :] % 2 == 0
    given = batch(old_value=0 * ones, returns=np.where(high, 2 * ones, -ones))
    (value, num_clipped), gradient = jax.value_and_grad(lambda v: critic_loss(v, given, 0.2), has_aux=True)(ones)
    share = (high & MASK).sum() / MASK.sum()
    np.testing.assert_allclose(value, share * 1.8**2 / 2 + (1 - share) * 2, rtol=1e-6)
    np.testing.assert_allclose(gradient, np.where(MASK & ~high, 2 / MASK.sum(), 0), rtol=1e-6)
    assert num_clipped == MASK.sum()
    assert critic_loss(ones, given, np.inf)[0] != value  # control: the clip counts


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (lambda: Batch.of(MASK[0], OLD[0], ADVANTAGE[:1]), r"response_mask: its shape \(5,\) is not \[B, T\]"),
        (lambda: Batch.of(MASK * 1.0, OLD, ADVANTAGE), "response_mask: its dtype float32 is not bool"),
        (lambda: Batch.of(MASK, OLD[:, :1], ADVANTAGE), r"old_log_prob: its shape \(3, 1\) is not that of the mask"),
        (lambda: Batch.of(MASK, OLD, ADVANTAGE[:2]), r"advantage: its shape \(2,\) is not \[B\] or \[B, T\]"),
        (lambda: policy_loss(LOG_PROB[0], ENTROPY, batch(), HOW), r"log_prob: its shape \(5,\) .* \[B, T\] = \(3, 5\)"),
        (lambda: policy_loss(LOG_PROB, ENTROPY[:2], batch(), HOW), r"entropy: its shape \(2, 5\)"),
        (lambda: policy_loss(LOG_PROB, ENTROPY, batch(), HOW), r"reference_log_prob: None; \[B, T\] = \(3, 5\)"),
        (lambda: supervised_loss(LOG_PROB[0], batch()), r"log_prob: its shape \(5,\)"),
        (lambda: critic_loss(LOG_PROB, batch(), 0.2), "old_value: None"),
    ],
)
def test_what_is_not_sequences_by_tokens_is_one_line(made, line):
    with pytest.raises(ValueError, match=line) as caught:
        made()
    assert "\n" not in str(caught.value)
