"""The distance to a ratio of 1 without a clip: by hand, over parts, and of the methods that are near and far."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.algorithm import null
from kpo_jax.algorithm.choices import build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, policy_loss, surrogate
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.records import Batch

RNG = np.random.default_rng(0)
MASK = RNG.random((8, 60)) < 0.95
ADVANTAGE = np.array([1.0, -2.0, 0.5, -0.7, 0.0, -1.5, 2.0, 0.3], np.float32)
Z = np.where(MASK, np.where(RNG.random(MASK.shape) < 0.8, 1e-5, 0.06) * RNG.standard_t(3, MASK.shape), 0)
Z = Z.astype(np.float32)
BATCH = Batch.of(MASK, np.zeros(MASK.shape, np.float32), ADVANTAGE)


def loss_of(name, **objective):
    algorithm = METHODS[name]
    chosen = dataclasses.replace(algorithm.objective, parameters=algorithm.objective.parameters | objective)
    return PolicyLoss(build_filter(algorithm.filter), build_objective(chosen), algorithm.filter.gradient)


def figures(how, z=Z, batch=BATCH):
    gradient = surrogate(jnp.asarray(z), batch, how)[1]
    found = null.figures(null.measure(*null.weigh(gradient, batch, how.objective), jnp.asarray(z)))
    return {name: float(value) for name, value in found.items()}


def test_figures_by_hand():
    # weights 1, 0, 2 of units 3, -4, 0.5; the second token has moved, the third too, the fourth has no advantage
    found = null.measure(jnp.array([1.0, 0, 2, 7]), jnp.array([3.0, -4, 0.5, 0]), jnp.array([1e-4, 0.1, -0.1, 5]))
    found = {name: float(value) for name, value in null.figures(found).items()}
    along, squares, null_squares = 9 + 2 * 0.25, 9 + 1, 9 + 16 + 0.25
    assert found["cosine"] == pytest.approx(along / np.sqrt(squares * null_squares))
    assert found["step_size"] == pytest.approx(np.sqrt(squares / null_squares))
    assert found["moved_fraction"] == pytest.approx(2 / 3) and found["lost_fraction"] == 0.5
    nothing = null.figures(null.nothing())
    assert np.isnan(nothing["cosine"]) and nothing["lost_fraction"] == 0
    assert not null.is_null(nothing["cosine"], nothing["lost_fraction"])


@pytest.mark.parametrize("aggregation", ["token-mean", "seq-mean-token-mean", "seq-mean-token-sum-norm"])
def test_the_null_is_itself_in_every_aggregation(aggregation):
    found = figures(loss_of("ratio_one", aggregation=aggregation))
    assert found["cosine"] == pytest.approx(1, abs=1e-6) and found["step_size"] == pytest.approx(1, rel=1e-5)
    assert found["lost_fraction"] == 0 and 0.1 < found["moved_fraction"] < 0.3


def test_which_methods_are_the_null_on_short_heavy_tailed_data():
    """What a review of the study found: nearly still tokens make a median so small that the filter is off."""
    without_v = ("is_kpo_quantile", "is_kpo_rank", "is_kpo_score_t")
    names = ("kpo_strong", "is_kpo_calibrated", "kpo_weak", "gspo", "grpo", *without_v)
    found = {name: figures(loss_of(name)) for name in names}
    nulls = {name for name, of in found.items() if null.is_null(of["cosine"], of["lost_fraction"])}
    assert nulls == {"kpo_strong", "is_kpo_calibrated", "is_kpo_score_t"}
    # of thresholds that need no V those set by a share are met by the tokens that move
    assert all(found[name]["cosine"] < 0.9 for name in ("is_kpo_quantile", "is_kpo_rank"))
    assert found["kpo_weak"]["cosine"] < 0.95 and found["kpo_weak"]["lost_fraction"] > 0.2
    assert found["grpo"]["lost_fraction"] < 0.1 and found["grpo"]["cosine"] > 0.98
    # scales that leave out what does not move saturate a few tokens, and let the rest through at the same gain
    gain = surrogate(jnp.asarray(Z), BATCH, loss_of("kpo_weak"))[2].gain
    for name in ("is_kpo_deviation", "is_kpo_moved", "is_kpo_running_moved"):
        filtered = surrogate(jnp.asarray(Z), BATCH, loss_of(name))[2]
        assert 0.001 < filtered.saturated[MASK].mean() < 0.05, name
        np.testing.assert_allclose(filtered.gain, gain, rtol=1e-5)
        of = figures(loss_of(name))
        assert not null.is_null(of["cosine"], of["lost_fraction"])
    # as many gradients are gone, but not those of the moved tokens
    assert figures(loss_of("random_drop"))["lost_fraction"] < found["kpo_weak"]["lost_fraction"]


def test_a_loss_has_the_gradient_of_its_tokens_and_measures_it():
    how = loss_of("kpo_weak")
    of = lambda log_prob: policy_loss(log_prob, jnp.zeros(MASK.shape), BATCH, how)
    (value, (measured, _)), gradient = jax.jit(jax.value_and_grad(of, has_aux=True))(jnp.asarray(Z))
    expected, token_gradient, _, _ = surrogate(jnp.asarray(Z), BATCH, how)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, token_gradient, rtol=1e-5, atol=1e-9)
    alone = figures(how)
    for name, figure in null.figures(measured.null).items():
        assert float(figure) == pytest.approx(alone[name], rel=1e-5)


def test_parts_add_up_and_junk_under_the_mask_does_not_count():
    how = loss_of("kpo_weak")
    weight, unit = null.weigh(surrogate(jnp.asarray(Z), BATCH, how)[1], BATCH, how.objective)
    whole = null.measure(weight, unit, Z)
    parts = [null.measure(weight[rows], unit[rows], Z[rows]) for rows in (slice(0, 3), slice(3, 8))]
    for ours, theirs in zip(jax.tree.map(jnp.add, *parts), whole, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    dirty = null.measure(jnp.where(MASK, weight, jnp.nan), unit, jnp.where(MASK, Z, jnp.inf))
    for ours, theirs in zip(dirty, whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert null.measure(weight, unit, Z * 1e-3).num_moved < whole.num_moved  # control
