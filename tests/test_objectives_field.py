"""The objectives of 2026 by hand: DPPO, VESPO, HMPO, Clip-Cov, KL-Cov, DRO, CTPO with means."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax.filters.kalman import Kalman
from kpo_jax.objectives.clip_cov import ClipCov
from kpo_jax.objectives.dppo import Dppo, binary_kl
from kpo_jax.objectives.dro import Dro
from kpo_jax.objectives.geometric import Geometric
from kpo_jax.objectives.harmonic import Harmonic
from kpo_jax.objectives.kl_cov import KlCov
from kpo_jax.objectives.position_clipped import PositionClipped
from kpo_jax.objectives.vespo import Vespo


def gradient(objective, z, batch):
    return np.asarray(jax.grad(lambda f: objective(f, batch).loss)(jnp.asarray(z, jnp.float32)))


def batch_of(mask, advantage, old):
    old = jnp.asarray(np.where(np.asarray(mask, bool), np.log(old), np.nan), jnp.float32)
    return make_batch(mask, advantage).replace(old_log_prob=old)


# old and new probabilities: up by 0.2, up by 0.1, down by 0.2, down by 0.1, masked, 5 times a rare token
OLD = np.array([[0.5, 0.5, 0.5, 0.5, 0.5, 0.01]] * 2)
NEW = np.array([[0.7, 0.6, 0.3, 0.4, 0.99, 0.05]] * 2)
MASK = np.array([[1, 1, 1, 1, 0, 1]] * 2, bool)


def coin(q, p):
    return q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))


def test_dppo_by_hand():
    """A = 1 loses the token that rose by 0.2, A = -1 that which fell by 0.2; a ratio of 5 at 0.01 stays."""
    batch, z = batch_of(MASK, [1.0, -1.0], OLD), np.where(MASK, np.log(NEW / OLD), 3.0)
    objective = Dppo("tv", 0.15, 0.15, aggregation="token-mean")
    output, ratio = objective(jnp.asarray(z, jnp.float32), batch), np.where(MASK, NEW / OLD, 0)
    beyond = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]], bool)
    np.testing.assert_array_equal(output.clipped, beyond)
    expected = np.where(beyond, 0, ratio) * np.array([[-1.0], [1.0]])
    np.testing.assert_allclose(np.where(MASK, output.token_loss, 0), expected, rtol=1e-5)
    np.testing.assert_allclose(gradient(objective, z, batch), expected / 10, rtol=1e-5)  # r A dlog_prob, r constant
    distance = coin(OLD, NEW)
    ours = binary_kl(*(jnp.log(jnp.asarray(x)) for x in (OLD, NEW)))
    np.testing.assert_allclose(ours, distance, rtol=2e-4, atol=1e-6)
    kl = Dppo("kl", 0.05, 0.05)(jnp.asarray(z, jnp.float32), batch).clipped
    direction = np.array([[1], [-1]]) * (NEW - OLD)
    np.testing.assert_array_equal(kl, MASK & (distance > 0.05) & (direction > 0))
    assert kl.any() and not Dppo("kl", 0.5, 0.5)(jnp.asarray(z, jnp.float32), batch).clipped.any()  # control
    certain = batch_of(np.ones((1, 2)), [1.0], np.array([[1.0, 1e-30]]))  # 1 - p is 0 on both sides
    for divergence in ("tv", "kl"):
        assert np.isfinite(gradient(Dppo(divergence), np.array([[0.1, 0.1]]), certain)).all()


def test_vespo_by_hand():
    """W = e^.5 for A = 1: W^2 e^(3 - 3 W); W = e^-.2 for A = -2: W^3 e^(2 - 2 W). The same for all tokens of a row."""
    mask = np.array([[1, 0, 1], [1, 1, 0]], bool)
    z = np.array([[0.2, 9.0, 0.3], [0.1, -0.3, 9.0]])
    batch = make_batch(mask, [1.0, -2.0])
    phi = math.exp(2 * 0.5 + 3 - 3 * math.exp(0.5)), math.exp(-3 * 0.2 + 2 - 2 * math.exp(-0.2))
    expected = np.array([[-phi[0], 0, -phi[0]], [2 * phi[1], 2 * phi[1], 0]])
    output = Vespo()(jnp.asarray(z, jnp.float32), batch)
    np.testing.assert_allclose(output.token_loss, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient(Vespo(), z, batch), expected / 4, rtol=1e-5)
    peak = [float(Vespo()(jnp.log(jnp.array([[w]])), make_batch([[True]], [-1.0])).loss) for w in (1.4, 1.5, 1.6)]
    assert peak[1] == max(peak) > 1  # at k / lambda
    far = Vespo()(jnp.full((2, 3), 8.0), batch)
    assert far.clipped[mask].all() and not far.token_loss.any()
    assert Vespo()(jnp.zeros((1, 1)), make_batch([[True]], [-1.0])).loss == 1


def test_harmonic_by_hand():
    """z = .6, -.6, .2, clip .4. A = 1: .4, -.6, .2; A = -2: .6, -.4, .2. h = 3 / sum e^-y, dh/dz = h^2 e^-y / 3."""
    mask = np.array([[1, 1, 0, 1]] * 2, bool)
    z = np.array([[0.6, -0.6, 7.0, 0.2]] * 2)
    batch = make_batch(mask, [1.0, -2.0])
    output = Harmonic()(jnp.asarray(z, jnp.float32), batch)
    worse = np.array([[0.4, -0.6, 0.2], [0.6, -0.4, 0.2]])
    mean = 3 / np.exp(-worse).sum(axis=1)
    losses = np.array([-1.0, 2.0]) * mean
    np.testing.assert_allclose(np.where(mask, output.token_loss, 0), [[x, x, 0, x] for x in losses], rtol=1e-6)
    np.testing.assert_allclose(output.loss, losses.mean(), rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, [[1, 0, 0, 0], [0, 1, 0, 0]])
    slopes = np.array([[-1.0], [2.0]]) * mean[:, None] ** 2 * np.exp(-worse) / 3 / 2
    slopes[output.clipped[:, [0, 1, 3]]] = 0
    np.testing.assert_allclose(gradient(Harmonic(), z, batch)[:, [0, 1, 3]], slopes, rtol=1e-5, atol=1e-7)
    assert (np.abs(losses) < np.abs(Geometric()(jnp.asarray(z, jnp.float32), batch).token_loss[:, 0])).all()  # control


def test_dro_by_hand():
    batch, z = make_batch([[1, 1, 0], [1, 0, 0]], [1.0, -2.0]), np.array([[0.5, -1.0, 9.0], [2.0, 9.0, 9.0]])
    objective = Dro(beta=0.5)
    output = objective(jnp.asarray(z, jnp.float32), batch)
    np.testing.assert_allclose(output.token_loss[:, 0], [-1.5 + 0.0625, 2 * 3 + 1], rtol=1e-6)
    np.testing.assert_allclose(
        gradient(objective, z, batch), np.array([[-1 + 0.25, -1 - 0.5, 0], [2 + 1.0, 0, 0]]) / 3, rtol=1e-6
    )
    assert not output.clipped.any()


RNG = np.random.default_rng(0)
WIDE = RNG.random((6, 50)) < 0.9
PROBABILITY = np.where(WIDE, RNG.random(WIDE.shape), 1.0)
ADVANTAGE = np.array([1.5, -1.0, 0.5, -0.2, 2.0, -2.5], np.float32)
SMALL = np.where(WIDE, 0.05 * RNG.standard_normal(WIDE.shape), 0).astype(np.float32)


def covariance_by_hand():
    advantage = np.broadcast_to(ADVANTAGE[:, None], WIDE.shape)
    log_prob = np.log(PROBABILITY) + SMALL
    return (advantage - advantage[WIDE].mean()) * (log_prob - log_prob[WIDE].mean())


def test_clip_cov_by_hand():
    batch, covariance = batch_of(WIDE, ADVANTAGE, PROBABILITY), covariance_by_hand()
    objective = ClipCov(share=0.02, cov_low=0.5, cov_high=3.0)
    dropped = np.asarray(objective(jnp.asarray(SMALL), batch).clipped)
    assert dropped.sum() == int(0.02 * WIDE.sum()) > 3  # nothing has doubled, so the band clips nothing
    assert not dropped[~WIDE].any() and ((covariance > 0.5) & (covariance < 3.0))[dropped].all()
    np.testing.assert_array_equal(gradient(objective, SMALL, batch) == 0, dropped | ~WIDE)
    few = ClipCov(share=0.5, cov_low=1.0, cov_high=1.1)(jnp.asarray(SMALL), batch).clipped  # as many as there are
    np.testing.assert_array_equal(few, WIDE & (covariance > 1.0) & (covariance < 1.1))
    other = objective(jnp.asarray(SMALL), batch_of(WIDE, ADVANTAGE, PROBABILITY * 0.999)).clipped
    assert other.sum() == dropped.sum() and (other != dropped).any()  # another draw
    assert ClipCov()(jnp.asarray(SMALL), batch).clipped.sum() == 1  # at least one
    narrow = ClipCov(0.01, 0.01, share=0.02, cov_low=0.5, cov_high=3.0)(jnp.asarray(SMALL), batch).clipped
    assert narrow.sum() > 2 * dropped.sum()  # the band's and those drawn


def test_kl_cov_by_hand():
    batch, covariance = batch_of(WIDE, ADVANTAGE, PROBABILITY), covariance_by_hand()
    objective = KlCov(share=0.02, coefficient=0.5)
    held = WIDE & (covariance >= np.sort(covariance[WIDE])[-int(0.02 * WIDE.sum())])
    assert held.sum() == 5
    plain = -ADVANTAGE[:, None] * np.exp(SMALL)
    output = objective(jnp.asarray(SMALL), batch)
    np.testing.assert_allclose(output.token_loss[WIDE], (plain + held * 0.5 * np.abs(SMALL))[WIDE], rtol=1e-5)
    expected = np.where(WIDE, plain + held * 0.5 * np.sign(SMALL), 0) / WIDE.sum()
    np.testing.assert_allclose(gradient(objective, SMALL, batch), expected, rtol=1e-4, atol=1e-8)
    assert np.abs(gradient(KlCov(share=0.02, coefficient=0.0), SMALL, batch) - expected).max() > 1e-3  # control


@pytest.mark.parametrize("make", [Dppo, ClipCov, KlCov])
def test_what_lies_under_the_mask_of_old_log_probabilities_does_not_matter(make):
    loud = np.where(WIDE, np.log(PROBABILITY), 1e30)
    batches = [batch_of(WIDE, ADVANTAGE, PROBABILITY), make_batch(WIDE, ADVANTAGE)]
    batches[1] = batches[1].replace(old_log_prob=jnp.asarray(loud, jnp.float32))
    one, other = (jax.value_and_grad(lambda f, b=b: make()(f, b).loss)(jnp.asarray(SMALL)) for b in batches)
    np.testing.assert_array_equal(one[1], other[1])
    assert one[0] == other[0] and np.isfinite(one[0])


def test_ctpo_with_means_is_the_running_mean_in_a_band_that_narrows():
    """At the t-th valid token log r_t = mean z, clipped beyond .05 / sqrt t; row 2 has a masked token first."""
    z = np.array([[0.06, 0.02, 0.0, 0.04], [9.0, 0.06, 0.02, 0.04]], np.float32)
    mask = np.array([[1, 1, 1, 1], [0, 1, 1, 1]], bool)
    filtered = Kalman(0.0, 1.0, math.inf)(z, mask).log_ratio
    means = np.array([[0.06, 0.04, 0.08 / 3, 0.03], [0, 0.06, 0.04, 0.04]])
    np.testing.assert_allclose(filtered, means, atol=1e-6)
    objective = PositionClipped(0.025, 0.05, -0.5)
    output = objective(filtered, make_batch(mask, [1.0, 1.0]))
    bounds = np.array([[0.05 / math.sqrt(t) for t in (1, 2, 3, 4)], [9, *(0.05 / math.sqrt(t) for t in (1, 2, 3))]])
    np.testing.assert_array_equal(output.clipped, mask & (means > bounds))
    np.testing.assert_allclose(output.token_loss[mask], -np.exp(np.minimum(means, bounds))[mask], rtol=1e-6)
    widening = PositionClipped(0.025, 0.05)(filtered, make_batch(mask, [1.0, 1.0]))  # control
    assert output.clipped[:, 2:].any() and not widening.clipped[:, 2:].any()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Dppo("js"), "divergence: 'js' is not one of tv, kl"),
        (lambda: Dppo(clip_low=-1.0), "clip_low: -1.0 is not a number >= 0 (inf allowed)"),
        (lambda: Vespo(rate_negative=0.0), "rate_negative: 0.0 is not a finite number > 0"),
        (lambda: ClipCov(share=0.0), "share: 0.0 is not a number in (0, 1]"),
        (lambda: ClipCov(cov_low=5.0), "cov_low: 5.0 is not a number below cov_high = 5.0"),
        (lambda: KlCov(coefficient=-1), "coefficient: -1 is not a finite number >= 0"),
        (lambda: Dro(beta=math.inf), "beta: inf is not a finite number >= 0"),
    ],
)
def test_bad_parameters_are_named(make, problem):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == problem
