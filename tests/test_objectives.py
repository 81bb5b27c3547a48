"""The clipped objective by hand, its aggregations, and exact sums over microbatches."""

import dataclasses
import itertools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.filters import apply_filter
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.kalman import Kalman
from kpo_jax.objectives import AGGREGATIONS, OBJECTIVES, aggregation_weights
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.records import Batch


def make_batch(mask, advantage, num_tokens=None, num_sequences=None):
    mask = jnp.asarray(mask, bool)
    blank = jnp.full(mask.shape, jnp.nan)  # an objective must not look at these
    return Batch(
        packed=None,
        response_mask=mask,
        old_log_prob=blank,
        sampler_log_prob=blank,
        advantage=jnp.asarray(advantage, jnp.float32),
        reward=blank[:, 0],
        num_tokens=jnp.sum(mask, dtype=jnp.int32) if num_tokens is None else num_tokens,
        num_sequences=jnp.sum(jnp.any(mask, axis=1), dtype=jnp.int32) if num_sequences is None else num_sequences,
    )


# Two responses and an empty row, clip 0.5 / 1. Ratios 1, 3 (above 2), 1/4; and 1/4 (below 1/2), 4.
RATIO = np.array([[1, 3, 0.25], [0.25, 4, 1], [1, 1, 1]], np.float32)
MASK = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0]], bool)
ADVANTAGE = [1.0, -2.0, 7.0]
# A = 1: -min(r, clip r): -1, -2 (clipped), -0.25. A = -2: 2 max(r, clip r): 1 (clipped), 8.
TOKEN_LOSS = np.array([[-1, -2, -0.25], [1, 8, 0], [0, 0, 0]])
CLIPPED = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], bool)
UNCLIPPED_TOKEN_LOSS = np.array([[-1, -3, -0.25], [0.5, 8, 0], [0, 0, 0]])
FILTERED = jnp.where(MASK, jnp.log(RATIO), 0)
BATCH = make_batch(MASK, ADVANTAGE)

# Row sums of TOKEN_LOSS: -3.25 over 3 tokens, 9 over 2.
LOSSES = {
    "token-mean": 5.75 / 5,
    "seq-mean-token-mean": (-3.25 / 3 + 9 / 2) / 2,
    "seq-mean-token-sum": 5.75 / 2,
    "seq-mean-token-sum-norm": 5.75 / 2 / 10,
}
each_aggregation = pytest.mark.parametrize("aggregation", AGGREGATIONS)


def clipped(aggregation="seq-mean-token-mean", low=0.5, high=1.0, **options):
    return Clipped(low, high, aggregation=aggregation, length_norm=length_norm(aggregation), **options)


def length_norm(aggregation):
    return 10 if aggregation == "seq-mean-token-sum-norm" else None


@each_aggregation
def test_loss_by_hand(aggregation):
    output = jax.jit(clipped(aggregation).__call__)(FILTERED, BATCH)
    np.testing.assert_allclose(output.loss, LOSSES[aggregation], rtol=1e-6)
    np.testing.assert_allclose(np.where(MASK, output.token_loss, 0), TOKEN_LOSS, rtol=1e-6)
    np.testing.assert_array_equal(output.clipped, CLIPPED)
    assert output.loss.dtype == output.token_loss.dtype == jnp.float32 and output.clipped.dtype == bool
    others = [value for name, value in LOSSES.items() if name != aggregation]
    assert min(abs(float(output.loss) - other) for other in others) > 0.1  # control: no two agree by chance


def test_unclipped_loss_by_hand():
    output = clipped("token-mean", clip=False)(FILTERED, BATCH)
    np.testing.assert_allclose(np.where(MASK, output.token_loss, 0), UNCLIPPED_TOKEN_LOSS, rtol=1e-6)
    np.testing.assert_allclose(output.loss, 4.25 / 5, rtol=1e-6)
    assert not output.clipped.any()


@each_aggregation
def test_clipping_kills_the_gradient_and_nothing_else_does(aggregation):
    gradient = lambda **options: jax.grad(lambda f: clipped(aggregation, **options)(f, BATCH).loss)(FILTERED)
    full = -np.array(ADVANTAGE)[:, None] * RATIO * aggregation_weights(BATCH, aggregation, length_norm(aggregation))
    np.testing.assert_allclose(gradient(), np.where(CLIPPED, 0, full), rtol=1e-5)
    np.testing.assert_allclose(gradient(clip=False), full, rtol=1e-5)


def test_gradient_on_policy_is_whole_even_on_the_edge_of_the_band():
    batch = make_batch(np.ones((2, 1)), [1.0, -1.0])
    for low, high in ((0.2, 0.2), (0.0, 0.0)):
        objective = clipped(low=low, high=high)
        loss, gradient = jax.value_and_grad(lambda f, o=objective: o(f, batch).loss)(jnp.zeros((2, 1)))
        assert loss == 0
        np.testing.assert_allclose(gradient, [[-0.5], [0.5]])


def test_narrow_band_resolves_in_float32():
    edges = jnp.log1p(jnp.array([[-3.1e-4, -2.9e-4, 3.9e-4, 4.1e-4]] * 2))
    output = Clipped(3e-4, 4e-4)(edges, make_batch(np.ones((2, 4)), [1.0, -1.0]))
    np.testing.assert_array_equal(output.clipped, [[0, 0, 0, 1], [1, 0, 0, 0]])


def test_zero_advantage_is_never_clipped():
    assert not clipped()(FILTERED, make_batch(MASK, [0.0, 0.0, 0.0])).clipped.any()


def test_log_ratio_cap_keeps_the_loss_finite_and_its_gradient_zero():
    batch = make_batch([[True]], [-1.0])
    loss, gradient = jax.value_and_grad(lambda f: clipped()(f, batch).loss)(jnp.array([[1e30]]))
    np.testing.assert_allclose(loss, math.exp(10), rtol=1e-6)
    assert gradient == 0
    np.testing.assert_allclose(clipped(log_ratio_cap=2.0)(jnp.array([[5.0]]), batch).loss, math.exp(2), rtol=1e-6)


@each_aggregation
def test_losses_and_gradients_of_microbatches_add_up(aggregation):
    rng = np.random.default_rng(0)
    mask = np.arange(9)[None, :] < rng.integers(0, 10, 8)[:, None]
    mask[5] = False
    advantage, z = rng.standard_normal(8), jnp.asarray(np.where(mask, rng.standard_normal((8, 9)), 0), jnp.float32)
    whole = make_batch(mask, advantage)
    value_and_grad = jax.jit(jax.value_and_grad(lambda f, batch: clipped(aggregation)(f, batch).loss))
    loss, gradient = value_and_grad(z, whole)
    for cuts in ([0, 3, 8], [0, 3, 5, 6, 8]):  # one part is a single empty row
        rows = [slice(*cut) for cut in itertools.pairwise(cuts)]
        parts = [
            value_and_grad(z[r], make_batch(mask[r], advantage[r], whole.num_tokens, whole.num_sequences)) for r in rows
        ]
        np.testing.assert_allclose(sum(part[0] for part in parts), loss, rtol=1e-5)
        np.testing.assert_allclose(np.concatenate([part[1] for part in parts]), gradient, atol=1e-6)
    local = sum(clipped(aggregation)(z[r], make_batch(mask[r], advantage[r])).loss for r in rows)
    assert abs(local - loss) > 1e-2  # control: denominators of the microbatch itself do not add up


@each_aggregation
def test_weights_sum_to_what_a_mean_of_ones_is_and_skip_empty_rows(aggregation):
    weights = aggregation_weights(BATCH, aggregation, length_norm(aggregation))
    total = dict(zip(AGGREGATIONS, (1, 1, 5 / 2, 5 / 20), strict=True))[aggregation]
    np.testing.assert_allclose(weights.sum(), total, rtol=1e-6)
    assert not np.asarray(weights)[~MASK].any()
    more = make_batch(np.vstack([MASK, np.zeros((4, 3), bool)]), [*ADVANTAGE, 1, 1, 1, 1])  # empty rows change nothing
    np.testing.assert_array_equal(aggregation_weights(more, aggregation, length_norm(aggregation))[:3], weights)


@each_aggregation
def test_everything_masked_is_a_zero_loss(aggregation):
    batch = make_batch(np.zeros_like(MASK), ADVANTAGE)
    loss, gradient = jax.value_and_grad(lambda f: clipped(aggregation)(f, batch).loss)(jnp.zeros(MASK.shape))
    assert loss == 0 and not gradient.any()


def test_values_under_the_mask_do_not_matter_unless_they_are_not_finite():
    """Weights, not selection, apply the mask, so that the NaN of `KpoReleased` shows in the loss."""
    louder = jnp.where(MASK, FILTERED, 5.0)
    assert clipped()(louder, BATCH).loss == clipped()(FILTERED, BATCH).loss
    chex.assert_trees_all_equal(clipped()(louder, BATCH).clipped, clipped()(FILTERED, BATCH).clipped)
    for aggregation in AGGREGATIONS:
        objective = jax.jit(clipped(aggregation).__call__)  # a compiler might turn the product into a selection
        assert jnp.isnan(objective(jnp.where(MASK, FILTERED, jnp.nan), BATCH).loss)


def ppo_loss_float64(log_ratio, mask, advantage, low, high):
    """Means of means of -min(r A, clip(r) A), looped as printed."""
    rows = []
    for z, keep, a in zip(log_ratio.astype(np.float64), mask, advantage, strict=True):
        r = np.exp(z[keep])
        if keep.any():
            rows.append(np.mean(-np.minimum(r * a, np.clip(r, 1 - low, 1 + high) * a)))
    return np.mean(rows)


def test_identity_with_the_clipped_objective_is_grpo_and_so_is_kpo_with_infinite_process_noise():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((6, 12)).astype(np.float32) * 0.3
    mask = rng.random((6, 12)) < 0.8
    mask[4] = False
    advantage = rng.standard_normal(6).astype(np.float32)
    batch = make_batch(mask, advantage)

    def loss_and_gradient(ratio_filter, gradient):
        def loss(x):
            filtered = apply_filter(ratio_filter, x, batch.response_mask, gradient)
            return clipped(low=0.2, high=0.2)(filtered.log_ratio, batch).loss

        return jax.value_and_grad(loss)(jnp.asarray(z))

    grpo = loss_and_gradient(Identity(), "straight_through")
    np.testing.assert_allclose(grpo[0], ppo_loss_float64(z, mask, advantage, 0.2, 0.2), rtol=1e-5)
    for gradient in ("straight_through", "through_filter"):
        for process_var, close in ((math.inf, True), (1e9, True), (1.0, False)):
            kpo = loss_and_gradient(Kalman(process_var, 1.0), gradient)
            for ours, theirs in zip(kpo, grpo, strict=True):
                assert np.allclose(ours, theirs, atol=1e-6) == close


def test_objectives_are_static_and_registered():
    assert OBJECTIVES["clipped"] is Clipped
    assert hash(clipped()) == hash(clipped()) and clipped() == clipped()
    with pytest.raises(dataclasses.FrozenInstanceError):
        clipped().clip_low = 0.1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(clip_low=-0.1), "clip_low: -0.1 is not a number in [0, 1]"),
        (dict(clip_low=1.5), "clip_low: 1.5 is not a number in [0, 1]"),
        (dict(clip_high=-1e-4), "clip_high: -0.0001 is not a number >= 0 (inf allowed)"),
        (dict(clip_high=math.nan), "clip_high: nan is not a number >= 0 (inf allowed)"),
        (dict(log_ratio_cap=0), "log_ratio_cap: 0 is not a number in (0, 80]"),
        (dict(aggregation="mean"), f"aggregation: 'mean' is not one of {', '.join(AGGREGATIONS)}"),
        (
            dict(aggregation="seq-mean-token-sum-norm", length_norm=0),
            "length_norm: 0 is not a finite number > 0",
        ),
        (dict(length_norm=5), "length_norm: 5 does nothing with aggregation 'seq-mean-token-mean'"),
    ],
)
def test_bad_parameters_are_named(bad, message):
    with pytest.raises(ValueError) as error:
        Clipped(**(dict(clip_low=0.2, clip_high=0.2) | bad))
    assert str(error.value) == message
