"""The objectives beside `clipped`, by hand; what all objectives have in common; where two systems are one."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax.filters import apply_filter
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.objectives import AGGREGATIONS, OBJECTIVES, TruncatedIS, aggregation_weights
from kpo_jax.objectives.cispo import Cispo
from kpo_jax.objectives.clip_cov import ClipCov
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.dppo import Dppo
from kpo_jax.objectives.dro import Dro
from kpo_jax.objectives.geometric import Geometric
from kpo_jax.objectives.harmonic import Harmonic
from kpo_jax.objectives.kl_cov import KlCov
from kpo_jax.objectives.position_clipped import PositionClipped
from kpo_jax.objectives.random_drop import RandomDrop, drawn
from kpo_jax.objectives.sapo import Sapo
from kpo_jax.objectives.scaled_clipped import ScaledClipped

RNG = np.random.default_rng(0)
MASK = RNG.random((6, 12)) < 0.8
MASK[4] = False
ADVANTAGE = np.array([1.0, -2.0, 0.5, -0.7, 3.0, -1.5], np.float32)
FILTERED = jnp.asarray(np.where(MASK, 0.4 * RNG.standard_normal(MASK.shape), 0), jnp.float32)
BATCH = make_batch(MASK, ADVANTAGE)
# under the mask there is junk, and elsewhere too for objectives that must not look at it
OLD = np.where(MASK, -RNG.exponential(1.5, MASK.shape), np.nan).astype(np.float32)
READS_OLD = (Dppo, ClipCov, KlCov)
each_objective = pytest.mark.parametrize("cls", OBJECTIVES.values(), ids=OBJECTIVES)


def batch_for(cls, rows=slice(None), mask=MASK, **totals):
    batch = make_batch(mask[rows], ADVANTAGE[rows], **totals)
    return batch.replace(old_log_prob=jnp.asarray(OLD[rows])) if cls in READS_OLD else batch


def loss_and_gradient(objective, filtered, batch):
    return jax.value_and_grad(lambda f: objective(f, batch).loss)(jnp.asarray(filtered, jnp.float32))


# --- by hand


def test_dual_clip_by_hand():
    """Ratios 5 and 2.5 at A = -2: beyond c = 3 the loss stays at 6 and the gradient is gone. At A = 1 nothing
    changes.
    """
    filtered = jnp.log(jnp.array([[5.0, 2.5], [5.0, 2.5]]))
    batch = make_batch(np.ones((2, 2)), [-2.0, 1.0])
    output = Clipped(dual_clip=3.0)(filtered, batch)
    np.testing.assert_allclose(output.token_loss, [[6, 5], [-1.2, -1.2]], rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, [[True, False], [True, True]])
    np.testing.assert_allclose(
        loss_and_gradient(Clipped(dual_clip=3.0), filtered, batch)[1], [[0, 5 / 4], [0, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(Clipped()(filtered, batch).token_loss[0], [10, 5], rtol=1e-6)  # control: without it


def test_position_clipped_by_hand():
    """Bounds exp(-.1 sqrt t), exp(.2 sqrt t) at the t-th VALID token: at t = 1 and t = 4."""
    mask = np.array([[1, 0, 1, 1, 1]] * 3, bool)
    z = np.array([[0.5, 9.0, 0.0, 0.1, 0.5]] * 2 + [[-0.5, 9.0, 0.0, 0.1, -0.5]])
    batch = make_batch(mask, [1.0, -1.0, -1.0])
    objective = PositionClipped(0.1, 0.2, dual_clip=0.22)
    expected = [
        [-math.exp(0.2), 0, -1, -math.exp(0.1), -math.exp(0.4)],  # A = 1: cut from above, wider at t = 4
        [math.exp(0.22), 0, 1, math.exp(0.1), math.exp(0.44)],  # A = -1: dual clip
        [math.exp(-0.1), 0, 1, math.exp(0.1), math.exp(-0.2)],  # A = -1: cut from below
    ]
    output = objective(jnp.asarray(z, jnp.float32), batch)
    np.testing.assert_allclose(np.where(mask, output.token_loss, 0), expected, rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, [[1, 0, 0, 0, 1]] * 3)
    np.testing.assert_allclose(output.loss, np.sum(expected) / 12, rtol=1e-6)  # token-mean
    gradient = loss_and_gradient(objective, z, batch)[1]
    assert not np.asarray(gradient)[np.asarray(output.clipped)].any()
    np.testing.assert_allclose(gradient[1, 3], math.exp(0.1) / 12, rtol=1e-6)
    without = PositionClipped(0.1, 0.2)(jnp.asarray(z, jnp.float32), batch)
    np.testing.assert_allclose(without.token_loss[1, 4], math.exp(0.5), rtol=1e-6)


def test_geometric_by_hand():
    """z = .6, -.6, .2, clip .4. A = 1: the smaller, .4, -.6, .2, mean 0. A = -2: the larger, .6, -.4, .2, mean .4 /
    3.
    """
    mask = np.array([[1, 1, 0, 1]] * 2, bool)
    z = np.array([[0.6, -0.6, 7.0, 0.2]] * 2)
    batch = make_batch(mask, [1.0, -2.0])
    output = Geometric()(jnp.asarray(z, jnp.float32), batch)
    losses = -1.0, 2 * math.exp(0.4 / 3)
    np.testing.assert_allclose(np.where(mask, output.token_loss, 0), [[x, x, 0, x] for x in losses], rtol=1e-6)
    np.testing.assert_allclose(output.loss, np.mean(losses), rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, [[1, 0, 0, 0], [0, 1, 0, 0]])
    gradient = loss_and_gradient(Geometric(), z, batch)[1]
    one, two = losses[0] / 3 / 2, losses[1] / 3 / 2
    np.testing.assert_allclose(gradient, [[0, one, 0, one], [two, 0, 0, two]], atol=1e-6)


def test_cispo_by_hand():
    """Weights clip(r, .5, 2) = 1, 2, .5 whatever the sign of A; the gradient is -w A for clipped tokens too."""
    z = np.log([[1.0, 3.0, 0.25]] * 2)
    batch = make_batch(np.ones((2, 3)), [1.0, -2.0])
    output = Cispo(0.5, 1.0)(jnp.asarray(z, jnp.float32), batch)
    expected = [[-1, -2, -0.5], [2, 4, 1]]
    np.testing.assert_allclose(output.token_loss, expected, rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, [[0, 1, 1]] * 2)
    np.testing.assert_allclose(loss_and_gradient(Cispo(0.5, 1.0), z, batch)[1], np.array(expected) / 6, rtol=1e-6)
    np.testing.assert_allclose(
        Cispo()(jnp.log(jnp.array([[7.0, 4.0, 1e-3]] * 2)), batch).token_loss[0], [-5, -4, -1e-3], rtol=1e-5
    )


def test_sapo_by_hand():
    """f = 4 sigmoid(tau (r - 1)) / tau: at r = 1, 2 / tau; at r = 2 and tau = 1, 4 / (1 + 1 / e)."""
    z = np.log([[1.0, 2.0]] * 2)
    batch = make_batch(np.ones((2, 2)), [1.0, -2.0])
    output = Sapo()(jnp.asarray(z, jnp.float32), batch)
    sigmoid = lambda x: 1 / (1 + math.exp(-x))
    expected = [[-2, -4 * sigmoid(1)], [2 * 2 / 1.05, 2 * 4 * sigmoid(1.05) / 1.05]]
    np.testing.assert_allclose(output.token_loss, expected, rtol=1e-6)
    assert not output.clipped.any()
    slope = lambda tau, r: 4 * sigmoid(tau * (r - 1)) * (1 - sigmoid(tau * (r - 1))) * r
    by_hand = [[-slope(1, 1), -slope(1, 2)], [2 * slope(1.05, 1), 2 * slope(1.05, 2)]]
    np.testing.assert_allclose(loss_and_gradient(Sapo(), z, batch)[1], np.array(by_hand) / 4, rtol=1e-5)
    assert slope(1, 1) == 1


def test_random_drop_by_hand():
    """Of the signs' tokens as many as the clip takes, no masked one, and others for other ratios."""
    rng = np.random.default_rng(1)
    mask = rng.random((8, 50)) < 0.9
    advantage = np.where(np.arange(8) == 7, 0.0, rng.standard_normal(8)).astype(np.float32)
    batch = make_batch(mask, advantage)
    filtered = jnp.asarray(np.where(mask, 0.3 * rng.standard_normal(mask.shape), 0), jnp.float32)
    clip, drop = Clipped(0.1, 0.3)(filtered, batch), RandomDrop(0.1, 0.3)(filtered, batch)
    sign = np.broadcast_to(np.sign(advantage)[:, None], mask.shape)
    for side in (1, -1, 0):
        assert clip.clipped[sign == side].sum() == drop.clipped[sign == side].sum()
    assert drop.clipped.sum() > 0 and not drop.clipped[~mask].any() and (clip.clipped != drop.clipped).any()
    np.testing.assert_allclose(drop.token_loss[mask], (-advantage[:, None] * np.exp(filtered))[mask], rtol=1e-6)
    gradient = np.asarray(loss_and_gradient(RandomDrop(0.1, 0.3), filtered, batch)[1])
    np.testing.assert_array_equal((gradient == 0)[mask & (sign != 0)], drop.clipped[mask & (sign != 0)])
    again = RandomDrop(0.1, 0.3)(filtered, batch).clipped
    junk = RandomDrop(0.1, 0.3)(jnp.where(mask, filtered, jnp.nan), batch).clipped
    np.testing.assert_array_equal(again, drop.clipped)
    np.testing.assert_array_equal(junk, drop.clipped)
    other = RandomDrop(0.1, 0.3)(filtered.at[0, 0].add(1e-6), batch).clipped
    assert other.sum() == drop.clipped.sum() and (other != drop.clipped).any()


def test_scaled_clipped_is_clipped_in_its_own_deviations():
    """A band of one deviation down and two up, measured by hand; the same tokens are clipped at any scale."""
    valid = np.asarray(FILTERED)[MASK].astype(np.float64)
    deviation = np.sqrt((valid**2).mean())
    band = dict(clip_low=1 - math.exp(-deviation), clip_high=math.exp(2 * deviation) - 1)
    ours, theirs = ScaledClipped(1.0, 2.0), Clipped(**band)
    np.testing.assert_array_equal(ours(FILTERED, BATCH).clipped, theirs(FILTERED, BATCH).clipped)
    both = (loss_and_gradient(objective, FILTERED, BATCH) for objective in (ours, theirs))
    for a, b in zip(*both, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)
    tiny = 1e-3 * FILTERED
    assert ours(FILTERED, BATCH).clipped.any()
    np.testing.assert_array_equal(ours(tiny, BATCH).clipped, ours(FILTERED, BATCH).clipped)
    assert not theirs(tiny, BATCH).clipped.any()  # control: a band of fixed width
    assert not ours(jnp.zeros(MASK.shape), BATCH).clipped.any()


def test_drawn_takes_exactly_as_many_even_of_equal_numbers():
    among = np.array([[1, 0, 1], [1, 1, 0]], bool)
    np.testing.assert_array_equal(drawn(jnp.zeros((2, 3)), among, 3), [[1, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(drawn(jnp.array([[0.9, 0, 0.1], [0.2, 0.3, 0]]), among, 2), [[0, 0, 1], [1, 0, 0]])
    assert not drawn(jnp.zeros((2, 3)), among, 0).any() and drawn(jnp.ones((2, 3)) * 0.5, among, 4).sum() == 4


# --- in common


@each_objective
def test_every_objective_has_the_policy_gradient_on_policy(cls):
    """At a ratio of 1 all of them are -A dlog_prob, weighted by the aggregation; off it they are not."""
    batch = batch_for(cls)
    gradient = loss_and_gradient(cls(), jnp.zeros(MASK.shape), batch)[1]
    clipped = np.asarray(cls()(jnp.zeros(MASK.shape), batch).clipped)
    assert clipped.sum() == (cls is ClipCov)  # which takes one token at least
    policy_gradient = np.where(clipped, 0, -ADVANTAGE[:, None] * aggregation_weights(BATCH, cls().aggregation))
    np.testing.assert_allclose(gradient, policy_gradient, rtol=1e-5, atol=1e-7)
    assert np.abs(loss_and_gradient(cls(), FILTERED, batch)[1] - policy_gradient).max() > 1e-3


@each_objective
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_losses_and_gradients_of_microbatches_add_up(cls, aggregation):
    """But where the objective says that it must see the whole minibatch: there the gradients are others."""
    narrow = dict(clip_low=0.5, clip_high=0.5) if cls in (RandomDrop, ScaledClipped) else {}  # so some are clipped
    objective = cls(aggregation=aggregation, **narrow)
    whole = loss_and_gradient(objective, FILTERED, batch_for(cls))
    totals = dict(num_tokens=BATCH.num_tokens, num_sequences=BATCH.num_sequences)
    parts = [loss_and_gradient(objective, FILTERED[r], batch_for(cls, r, **totals)) for r in (slice(0, 2), slice(2, 6))]
    assert np.allclose(np.concatenate([part[1] for part in parts]), whole[1], atol=1e-6) != cls.batch_coupled
    if cls.batch_coupled:
        return
    np.testing.assert_allclose(sum(part[0] for part in parts), whole[0], rtol=1e-5)
    local = sum(objective(FILTERED[r], batch_for(cls, r)).loss for r in (slice(0, 2), slice(2, 6)))
    off = abs(local - whole[0])
    assert off > 1e-2 or off > 0.05 * abs(whole[0])  # control: denominators of the microbatch itself


@each_objective
def test_masked_places_do_not_matter_and_nothing_valid_is_a_zero_loss(cls):
    junk = jnp.where(MASK, FILTERED, 5.0)
    batch = batch_for(cls)
    output, clean = cls()(junk, batch), cls()(FILTERED, batch)
    np.testing.assert_allclose(output.loss, clean.loss, rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, clean.clipped)
    assert not (np.asarray(clean.clipped) & ~MASK).any()
    loss, gradient = loss_and_gradient(cls(), jnp.zeros(MASK.shape), batch_for(cls, mask=np.zeros_like(MASK)))
    assert loss == 0 and not gradient.any()
    assert clean.loss.dtype == clean.token_loss.dtype == jnp.float32 and clean.clipped.dtype == bool
    coarse = cls()(FILTERED.astype(jnp.bfloat16), batch)
    assert coarse.loss.dtype == coarse.token_loss.dtype == jnp.float32


@each_objective
def test_huge_log_ratios_stay_finite(cls):
    for huge in (500.0, -500.0):
        loss, gradient = loss_and_gradient(cls(), jnp.where(MASK, huge, 0.0), batch_for(cls))
        assert np.isfinite(loss) and np.isfinite(gradient).all()


@pytest.mark.parametrize(
    "cls", [Clipped, PositionClipped, Geometric, Harmonic, Sapo, RandomDrop, ScaledClipped, ClipCov, KlCov]
)
def test_what_the_log_ratio_cap_takes_counts_as_clipped(cls):
    """A log-ratio of 12 with A < 0, which no band clips, has no gradient beyond a cap of 10, and says so."""
    z = jnp.where(MASK & (ADVANTAGE < 0)[:, None], 12.0, 0.0)
    unbounded = dict(clip_low=math.inf, clip_high=math.inf) if cls in (Geometric, Harmonic) else {}
    if cls is ClipCov:
        unbounded = dict(cov_low=1e8, cov_high=1e9)  # where there is no token to draw
    if cls is KlCov:
        unbounded = dict(coefficient=0.0)  # nor a term to add
    objective = cls(**unbounded)
    output = objective(z, BATCH)
    gradient = np.asarray(loss_and_gradient(objective, z, BATCH)[1])
    gone = MASK & (gradient == 0) & (ADVANTAGE != 0)[:, None]
    assert gone.any() and not gone.all()
    np.testing.assert_array_equal(output.clipped, gone)
    if cls is not Sapo:  # whose gate is closed by then, cap or not
        higher = cls(log_ratio_cap=20.0, **unbounded)
        assert not (higher(z, BATCH).clipped & gone).any()  # control
        assert np.all(np.asarray(loss_and_gradient(higher, z, BATCH)[1])[gone])


@each_objective
def test_objectives_are_static_and_named_after_their_files(cls):
    assert hash(cls()) == hash(cls()) and cls() == cls()
    assert cls.__module__ == f"kpo_jax.objectives.{dict(zip(OBJECTIVES.values(), OBJECTIVES, strict=True))[cls]}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        cls().aggregation = "token-mean"
    if cls is not Dro:  # which exponentiates nothing
        with pytest.raises(ValueError, match="log_ratio_cap: 0 is not"):
            cls(log_ratio_cap=0)
    with pytest.raises(ValueError, match="aggregation: 'mean' is not one of"):
        cls(aggregation="mean")


def test_without_a_length_norm_it_is_the_longest_response():
    weights = aggregation_weights(BATCH, "seq-mean-token-sum-norm")
    np.testing.assert_array_equal(weights, aggregation_weights(BATCH, "seq-mean-token-sum-norm", 12))
    assert np.abs(weights - aggregation_weights(BATCH, "seq-mean-token-sum-norm", 11)).max() > 1e-3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Clipped(dual_clip=1.1),
            "dual_clip: 1.1 needs clip=True and must exceed 1 + clip_high",
        ),
        (
            lambda: Clipped(clip=False, dual_clip=3.0),
            "dual_clip: 3.0 needs clip=True and must exceed 1 + clip_high",
        ),
        (lambda: PositionClipped(dual_clip=0.01), "dual_clip: 0.01 is below clip_high = 0.05"),
        (lambda: PositionClipped(clip_low=-1.0), "clip_low: -1.0 is not a number >= 0 (inf allowed)"),
        (lambda: Geometric(clip_high=math.nan), "clip_high: nan is not a number >= 0 (inf allowed)"),
        (lambda: Cispo(clip_low=1.5), "clip_low: 1.5 is not a number in [0, 1]"),
        (lambda: PositionClipped(power=2.0), "power: 2.0 is not a number in [-1, 1]"),
        (lambda: Sapo(tau_negative=0), "tau_negative: 0 is not a finite number > 0"),
    ],
)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


# --- two systems that are one


def gspo_as_printed(z, low=0.1, high=0.2):
    """mean over responses of -min(s A, clip(s) A), s the geometric mean of the response's ratios."""
    s = jnp.exp(jnp.sum(jnp.where(MASK, z, 0), axis=1) / jnp.maximum(MASK.sum(axis=1), 1))
    each = -jnp.minimum(s * ADVANTAGE, jnp.clip(s, 1 - low, 1 + high) * ADVANTAGE)
    return jnp.sum(jnp.where(MASK.any(axis=1), each, 0)) / 5


def through(gradient, objective, batch=BATCH):
    return jax.value_and_grad(
        lambda z: objective(apply_filter(SequenceMean(), z, batch.response_mask, gradient).log_ratio, batch).loss
    )


def test_gspo_token_is_gspo_for_one_advantage_a_response_and_not_otherwise():
    z = jnp.where(MASK, FILTERED + jnp.array([0.5, -0.5, 0, 0, 0, 0])[:, None], 0.0)  # two responses beyond the band
    objective = Clipped(0.1, 0.2)
    gspo, token = (through(g, objective)(z) for g in ("through_filter", "straight_through"))
    printed = jax.value_and_grad(gspo_as_printed)(z)
    for ours in (gspo, token):
        np.testing.assert_allclose(ours[0], printed[0], rtol=1e-5)
        np.testing.assert_allclose(ours[1], printed[1], atol=1e-6)
    clipped = objective(apply_filter(SequenceMean(), z, MASK, "straight_through").log_ratio, BATCH).clipped
    assert clipped.any() and not clipped[np.asarray(MASK)].all()  # both branches were met
    # control: weights that differ within a response are an advantage of each token
    batch = BATCH.replace(
        old_log_prob=jnp.zeros(MASK.shape),
        sampler_log_prob=jnp.asarray(0.5 * RNG.standard_normal(MASK.shape), jnp.float32),
    )
    for level, same in (("sequence", True), ("token", False)):
        pair = [through(g, TruncatedIS(objective, level), batch)(z)[1] for g in ("through_filter", "straight_through")]
        assert np.allclose(*pair, atol=1e-6) == same


def test_unclipped_geometric_is_the_unclipped_sequence_ratio():
    ours = loss_and_gradient(Geometric(math.inf, math.inf), FILTERED, BATCH)
    theirs = through("through_filter", Clipped(clip=False))(FILTERED)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-6)
    assert abs(Geometric(0.1, 0.1)(FILTERED, BATCH).loss - theirs[0]) > 1e-3  # control: clipped


def test_position_bounds_at_the_first_token_are_a_band():
    """With one valid token CTPO's bounds are PPO's, e^-.1 and e^.2; with two they are not."""
    for tokens, same in ((1, True), (2, False)):
        mask = np.arange(3)[None, :] < np.full((4, 1), tokens)
        batch = make_batch(mask, [1.0, -1.0, 1.0, -1.0])
        z = jnp.asarray(np.where(mask, [[0.25], [-0.13], [-0.5], [0.5]], 0), jnp.float32)
        position = loss_and_gradient(PositionClipped(0.1, 0.2), z, batch)
        band = loss_and_gradient(Clipped(1 - math.exp(-0.1), math.exp(0.2) - 1, aggregation="token-mean"), z, batch)
        assert np.allclose(position[0], band[0], rtol=1e-6) == same
        assert np.allclose(position[1], band[1], atol=1e-7) == same
