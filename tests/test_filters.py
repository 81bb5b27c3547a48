"""One contract for every filter in FILTERS, the two gradients of apply_filter, and the two filters without a model."""

import dataclasses
import functools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from kpo_jax.filters import FILTER_GRADIENTS, FILTERS, apply_filter
from kpo_jax.filters.calibrated import Calibrated
from kpo_jax.filters.huber import Huber
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.iterated import Iterated
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.kpo_released import KpoReleased
from kpo_jax.filters.quantile import Quantile
from kpo_jax.filters.rank import Rank
from kpo_jax.filters.running_scale import RunningScale
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.filters.smoother import Smoother
from kpo_jax.filters.stubborn import Stubborn
from kpo_jax.records import FilterOutput

EXAMPLES = [cls(**parameters) for cls in FILTERS.values() for parameters in cls.examples]
SATURATING = (SaturatedKalman, Calibrated, RunningScale, Stubborn, Iterated, Huber, Quantile, Rank)
LOOKING_AHEAD = (SequenceMean, Smoother)
each_filter = pytest.mark.parametrize("ratio_filter", EXAMPLES, ids=str)
each_gradient = pytest.mark.parametrize("gradient", FILTER_GRADIENTS)

ROWS, LENGTH = 8, 16
RNG = np.random.default_rng(0)
LOG_RATIO = jnp.asarray(RNG.standard_normal((ROWS, LENGTH)), jnp.float32)
MASK = RNG.random((ROWS, LENGTH)) < 0.8
MASK[0], MASK[1], MASK[2, 9:], MASK[3, :4] = True, False, False, False
MASK = jnp.asarray(MASK)
COTANGENT = jnp.asarray(RNG.standard_normal((ROWS, LENGTH)), jnp.float32)
JUNK = jnp.where(MASK, LOG_RATIO, jnp.asarray(RNG.choice([np.nan, np.inf, -np.inf, 3e38], MASK.shape), jnp.float32))


@functools.partial(jax.jit, static_argnums=0)
def filtered(ratio_filter, log_ratio, mask):
    return ratio_filter(log_ratio, mask)


@functools.partial(jax.jit, static_argnums=(0, 3))
def value_and_gradient(ratio_filter, log_ratio, mask, gradient):
    """The output, and the gradient of a weighted sum of the filtered log-ratio."""

    def weighted_sum(z):
        output = apply_filter(ratio_filter, z, mask, gradient)
        return jnp.sum(output.log_ratio * COTANGENT), output

    grads, output = jax.grad(weighted_sum, has_aux=True)(log_ratio)
    return output, grads


@dataclasses.dataclass(frozen=True)
class Broken:
    """A running sum with one fault, for negative controls."""

    fault: str
    kappa = math.inf
    batch_coupled = False

    def __call__(self, log_ratio, response_mask):
        mask = response_mask.astype(jnp.float32)
        state = jnp.cumsum(log_ratio * mask, axis=1)
        if self.fault == "mixes rows":
            state = state + jnp.mean(state)
        return FilterOutput(state, state, state, state, response_mask)


def test_examples_cover_the_registry_and_names_match_files():
    assert {type(example) for example in EXAMPLES} == set(FILTERS.values())
    for name, cls in FILTERS.items():
        assert cls.__module__ == f"kpo_jax.filters.{name}"


@each_filter
def test_filter_is_static_frozen_and_fills_every_field(ratio_filter):
    twin = dataclasses.replace(ratio_filter)
    assert hash(ratio_filter) == hash(twin) and ratio_filter == twin
    assert ratio_filter.kappa > 0 and ratio_filter.batch_coupled in (True, False)
    assert math.isinf(ratio_filter.kappa) or isinstance(ratio_filter, SATURATING)
    output = filtered(ratio_filter, LOG_RATIO, MASK)
    for name, field in output._asdict().items():
        chex.assert_shape(field, (ROWS, LENGTH))
        chex.assert_type(field, bool if name == "saturated" else jnp.float32)
        assert not np.asarray(field)[~np.asarray(MASK)].any(), name
    gain, std = (np.asarray(field)[np.asarray(MASK)] for field in (output.gain, output.innovation_std))
    assert (gain > 0).all() and (gain <= 1).all() and (std > 0).all()
    if math.isfinite(ratio_filter.kappa):
        beyond = (jnp.abs(output.innovation) > ratio_filter.kappa * output.innovation_std) & MASK
        chex.assert_trees_all_equal(output.saturated, beyond)
    assert output.saturated.any() == isinstance(ratio_filter, SATURATING)


def sees_junk(ratio_filter, gradient):
    clean = value_and_gradient(ratio_filter, LOG_RATIO, MASK, gradient)
    dirty = value_and_gradient(ratio_filter, JUNK, MASK, gradient)
    same = jax.tree.map(lambda a, b: bool(jnp.array_equal(a, b)), clean, dirty)
    return not all(jax.tree.leaves(same)) or bool(jnp.where(MASK, 0, dirty[1]).any())


@each_gradient
@each_filter
def test_junk_under_the_mask_changes_neither_values_nor_gradients(ratio_filter, gradient):
    assert not sees_junk(ratio_filter, gradient)


def test_junk_is_seen_by_a_filter_that_multiplies_by_the_mask():
    assert jnp.isnan(Broken("multiplies")(JUNK, MASK).log_ratio).any()
    gradient = jax.grad(lambda z: jnp.nansum(Broken("multiplies")(z, MASK).log_ratio ** 2))(JUNK)
    assert jnp.isnan(gradient).any()


@each_filter
def test_right_padding_changes_nothing(ratio_filter):
    widen = lambda x, value: jnp.pad(x, ((0, 0), (0, 5)), constant_values=value)
    narrow = filtered(ratio_filter, LOG_RATIO, MASK)
    wide = filtered(ratio_filter, widen(LOG_RATIO, jnp.nan), widen(MASK, False))
    chex.assert_trees_all_close(jax.tree.map(lambda x: x[:, :LENGTH], wide), narrow, atol=1e-6)
    assert not any(np.asarray(field[:, LENGTH:]).any() for field in wide)


@each_filter
def test_held_tokens_might_as_well_not_be_there(ratio_filter):
    """Hold: moving the masked tokens of a row to its end changes nothing. Zero observation: it does."""
    keep = np.asarray(MASK[3])
    order = np.argsort(~keep, kind="stable")
    loose = filtered(ratio_filter, LOG_RATIO, MASK).log_ratio[3, keep]
    tight = filtered(ratio_filter, LOG_RATIO[:, order], MASK[:, order]).log_ratio[3, : keep.sum()]
    observes_zeros = isinstance(ratio_filter, KpoReleased) or "zero_observation" in str(ratio_filter)
    assert np.allclose(loose, tight, atol=1e-6) != observes_zeros


def rows_are_independent(ratio_filter):
    """Whether a row's output stays when rows change places, and when another row changes."""
    output = filtered(ratio_filter, LOG_RATIO, MASK).log_ratio
    order = np.roll(np.arange(ROWS), 3)
    permuted = filtered(ratio_filter, LOG_RATIO[order], MASK[order]).log_ratio
    others = filtered(ratio_filter, LOG_RATIO.at[4].mul(100), MASK).log_ratio.at[4].set(output[4])
    assert np.allclose(permuted, output[order], atol=1e-6)
    return np.allclose(others, output, atol=1e-6)


@each_filter
def test_rows_are_independent_unless_the_filter_says_otherwise(ratio_filter):
    assert rows_are_independent(ratio_filter) != ratio_filter.batch_coupled
    assert not rows_are_independent(Broken("mixes rows"))  # control


@functools.partial(jax.jit, static_argnums=0)
def jacobian(ratio_filter):
    """[output token, input token] of an unmasked row."""
    return jax.jacobian(lambda z: ratio_filter(z[None, :], MASK[:1]).log_ratio[0])(LOG_RATIO[0])


@each_filter
def test_a_token_sees_only_its_past_except_in_the_sequence_mean_and_the_smoother(ratio_filter):
    derivative = jacobian(ratio_filter)
    assert derivative.any()
    assert jnp.triu(derivative, 1).any() == isinstance(ratio_filter, LOOKING_AHEAD)
    if not ratio_filter.batch_coupled:  # beyond first order, too
        now, other = (filtered(ratio_filter, z, MASK) for z in (LOG_RATIO, LOG_RATIO.at[:, 9:].mul(-100)))
        same = jax.tree.map(lambda a, b: bool(jnp.allclose(a[:, :9], b[:, :9])), now, other)
        assert all(jax.tree.leaves(same)) != isinstance(ratio_filter, LOOKING_AHEAD)


@each_filter
def test_bfloat16_is_filtered_in_float32(ratio_filter):
    coarse = LOG_RATIO.astype(jnp.bfloat16)
    fine = coarse.astype(jnp.float32)
    chex.assert_trees_all_close(filtered(ratio_filter, coarse, MASK), filtered(ratio_filter, fine, MASK), atol=1e-6)
    in_bfloat16 = jnp.cumsum(coarse, axis=1)  # control: what filtering in bfloat16 would cost
    assert jnp.abs(in_bfloat16 - jnp.cumsum(fine, axis=1)).max() > 1e-3


@each_filter
def test_one_token(ratio_filter):
    """From a state of 0 the first token's innovation is its log-ratio, or 0 if its own mean predicts it.

    The estimate takes the gain's share of it, or less if it saturates, and never leaves the range between the two.
    """
    z, mask = LOG_RATIO[:, :1], MASK[:, :1]
    output = filtered(ratio_filter, z, mask)
    reweighted = math.isinf(ratio_filter.kappa) and isinstance(ratio_filter, SATURATING)  # saturates in its own way
    threshold = jnp.where(mask, ratio_filter.kappa * output.innovation_std, 0)
    moved = jnp.where(mask, output.gain * jnp.clip(z, -threshold, threshold), 0)
    chex.assert_trees_all_close(jnp.where(reweighted & output.saturated, moved, output.log_ratio), moved, atol=1e-6)
    between = (output.log_ratio * z >= 0) & (jnp.abs(output.log_ratio) <= jnp.abs(z) * (1 + 1e-6))
    assert jnp.where(mask, between, True).all()
    expected = jnp.where(mask & (not isinstance(ratio_filter, SequenceMean)), z, 0)
    chex.assert_trees_all_equal(output.innovation, expected)


@each_gradient
@each_filter
def test_everything_masked_gives_zeros(ratio_filter, gradient):
    result = value_and_gradient(ratio_filter, JUNK, jnp.zeros_like(MASK), gradient)
    chex.assert_trees_all_equal(result, jax.tree.map(jnp.zeros_like, result))


@each_filter
def test_eight_devices_give_what_one_gives(ratio_filter):
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    rows = NamedSharding(mesh, PartitionSpec("data"))
    spread = jax.jit(ratio_filter.__call__, in_shardings=(rows, rows), out_shardings=rows)(LOG_RATIO, MASK)
    assert len(spread.log_ratio.sharding.device_set) == 8
    chex.assert_trees_all_close(spread, filtered(ratio_filter, LOG_RATIO, MASK), atol=1e-6)


@each_filter
def test_straight_through_has_the_filters_value_and_the_tokens_gradient(ratio_filter):
    output, grads = value_and_gradient(ratio_filter, LOG_RATIO, MASK, "straight_through")
    chex.assert_trees_all_close(output, filtered(ratio_filter, LOG_RATIO, MASK), atol=1e-6)
    chex.assert_trees_all_equal(grads, jnp.where(MASK, COTANGENT, 0))


@pytest.mark.parametrize(
    "ratio_filter", [f for f in EXAMPLES if not f.batch_coupled], ids=str
)  # theirs leaves out the scale
def test_through_filter_has_the_gradient_of_the_filter(ratio_filter):
    """Against central differences at five points of the case's own; the two gradients agree for the identity alone.

    The median counts: a token may lie within the difference step of a bound, where there is no gradient to compare
    with.
    """
    objective = lambda z: float(np.sum(np.asarray(filtered(ratio_filter, z, MASK).log_ratio * COTANGENT, np.float64)))
    step, errors = 1e-3, {gradient: [] for gradient in FILTER_GRADIENTS}
    for z, direction in (
        np.random.default_rng(EXAMPLES.index(ratio_filter)).standard_normal((5, 2, ROWS, LENGTH)).astype(np.float32)
    ):
        slope = (objective(z + step * direction) - objective(z - step * direction)) / (2 * step)
        for gradient in FILTER_GRADIENTS:
            output, grads = value_and_gradient(ratio_filter, z, MASK, gradient)
            chex.assert_trees_all_close(output, filtered(ratio_filter, z, MASK), atol=1e-6)
            errors[gradient].append(abs(float(jnp.sum(grads * direction)) - slope) / (1 + abs(slope)))
    assert np.median(errors["through_filter"]) < 1e-3
    assert (np.median(errors["straight_through"]) < 1e-3) == isinstance(ratio_filter, Identity)  # control


@each_filter
def test_only_the_log_ratio_carries_a_gradient(ratio_filter):
    @jax.jit
    def gradient_of_the_innovation(z):
        applied = lambda z, gradient: jnp.sum(apply_filter(ratio_filter, z, MASK, gradient).innovation)
        bare = lambda z: jnp.sum(ratio_filter(z, MASK).innovation * COTANGENT)
        return *(jax.grad(applied)(z, gradient) for gradient in FILTER_GRADIENTS), jax.grad(bare)(z)

    *applied, bare = gradient_of_the_innovation(LOG_RATIO)
    assert not np.any(applied) and bare.any()


def test_the_two_gradients_differ_by_ten_in_step_size_when_smoothing_is_strong():
    """A token's mean gradient weight through the filter: about 0.1 at Q/V = 1e-6, 1 at Q/V = 1e-2."""
    ones = jnp.ones((1, 1024), bool)
    for process_var, low, high in ((1e-6, 0.05, 0.2), (1e-2, 0.97, 1.0)):
        output = lambda z, v=process_var: jnp.sum(apply_filter(Kalman(v, 1.0), z, ones, "through_filter").log_ratio)
        assert low < jax.grad(output)(jnp.zeros((1, 1024))).mean() < high


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="gradient: 'reinforce' is not one of straight_through, thr"):
        apply_filter(Identity(), LOG_RATIO, MASK, "reinforce")


@each_filter
def test_shapes_and_masks_that_are_none_are_named(ratio_filter):
    """Called on its own too, and on numpy arrays, which are as good as any."""
    log_ratio, mask = np.asarray(LOG_RATIO), np.asarray(MASK)
    assert ratio_filter(log_ratio, mask).log_ratio.shape == (ROWS, LENGTH)  # control
    for z, valid, wanted in [
        (log_ratio[0], mask[0], r"log_ratio has shape \(16,\); a filter takes \[B, T\], so one response is z\[None\]"),
        (log_ratio, mask.astype(np.float32), r"response_mask must be boolean .* got float32"),
        (log_ratio, mask[:, :-1], r"response_mask has shape \(8, 15\), log_ratio \(8, 16\)"),
    ]:
        with pytest.raises(ValueError, match=wanted):
            ratio_filter(z, valid)


def test_identity_is_the_token_ratio():
    output = Identity()(LOG_RATIO, MASK)
    chex.assert_trees_all_equal(output.log_ratio, jnp.where(MASK, LOG_RATIO, 0))
    for row in range(ROWS):
        kept = np.asarray(LOG_RATIO[row])[np.asarray(MASK[row])]
        steps = np.diff(kept, prepend=np.float32(0))
        np.testing.assert_array_equal(np.asarray(output.innovation[row])[np.asarray(MASK[row])], steps)


def test_sequence_mean_is_the_mean_of_valid_tokens_and_its_gradient_is_gspo():
    output, grads = value_and_gradient(SequenceMean(), LOG_RATIO, MASK, "through_filter")
    for row in range(ROWS):
        keep = np.asarray(MASK[row])
        if keep.any():
            mean = np.asarray(LOG_RATIO[row], np.float64)[keep].mean()
            np.testing.assert_allclose(np.asarray(output.log_ratio[row])[keep], mean, atol=1e-6)
            np.testing.assert_allclose(np.asarray(output.gain[row])[keep], 1 / keep.sum(), rtol=1e-6)
            weight = np.asarray(COTANGENT[row])[keep].sum() / keep.sum()
            np.testing.assert_allclose(np.asarray(grads[row])[keep], weight, atol=1e-6)
