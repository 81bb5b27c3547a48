"""Every metric against numpy in float64 over the valid tokens; parts merge to the whole."""

import functools
import itertools
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from kpo_jax.algorithm import diagnostics, null, regime
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.kpo_released import KpoReleased
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.records import Batch, TokenTrace

ROWS, LENGTH, KAPPA = 8, 21, 1.5
RNG = np.random.default_rng(0)
MASK = np.arange(LENGTH)[None, :] < RNG.integers(4, LENGTH + 1, ROWS)[:, None]
MASK[0, 2], MASK[1], MASK[3], MASK[4] = False, True, False, True
ADVANTAGE = np.array([1.0, -0.5, 0.0, 2.0, -1.0, 0.3, -2.0, 0.0], np.float32)
FILTER = SaturatedKalman(5e-2, 0.1, kappa=KAPPA)


def make_inputs(ratio_filter=FILTER):
    """What `measure` reads, by name; `clipped` is never true at a zero advantage, as in an objective."""
    rng = np.random.default_rng(1)
    normal = lambda scale: jnp.asarray(scale * rng.standard_normal((ROWS, LENGTH)), jnp.float32)
    old_log_prob, log_ratio = normal(1.0) - 2, normal(0.5) + jnp.asarray(ADVANTAGE)[:, None] / 4
    log_ratio *= jnp.where(np.random.default_rng(2).random((ROWS, LENGTH)) < 0.8, 1, 1e-4)  # some have not moved
    return dict(
        filtered=ratio_filter(log_ratio, jnp.asarray(MASK)),
        log_ratio=log_ratio,
        response_mask=jnp.asarray(MASK),
        advantage=jnp.asarray(ADVANTAGE),
        clipped=jnp.asarray((rng.random((ROWS, LENGTH)) < 0.6) & MASK & (ADVANTAGE != 0)[:, None]),
        log_prob=old_log_prob + log_ratio,
        old_log_prob=old_log_prob,
        sampler_log_prob=old_log_prob + normal(0.01),
        entropy=jnp.abs(normal(1.0)),
        weight=jnp.where(rng.random((ROWS, LENGTH)) < 0.3, 0.0, 1 + normal(0.2)),
        unit=jnp.asarray(MASK * ADVANTAGE[:, None]) * jnp.abs(normal(1.0)),
    )


INPUTS = make_inputs()


@functools.partial(jax.jit, static_argnames="kappa")
def measure(inputs, kappa=KAPPA):
    inputs = dict(inputs)
    tokens = TokenTrace(inputs.pop("log_prob"), inputs.pop("log_ratio"), *inputs.pop("filtered"), inputs.pop("clipped"))
    entropy, mask = inputs.pop("entropy"), inputs["response_mask"]
    distance = null.measure(inputs.pop("weight"), jnp.where(mask, inputs.pop("unit"), 0.0), tokens.log_ratio)
    return diagnostics.measure(tokens, entropy, Batch(packed=None, **inputs), distance, kappa=kappa)


def summarize(inputs):
    return jax.device_get(diagnostics.summarize(measure(inputs), kappa=KAPPA, var_ratio=0.5, band=0.1))


def rows_of(inputs, rows):
    return jax.tree.map(lambda x: x[rows], inputs)


def assert_summaries_agree(a, b, rtol=1e-5):
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=rtol, atol=1e-7, err_msg=key)


def expected_summary(inputs):
    """Straight from the definitions, float64."""
    valid = {k: np.asarray(v)[MASK].astype(np.float64) for k, v in inputs.items() if k not in ("filtered", "advantage")}
    filtered = {k: np.asarray(v)[MASK].astype(np.float64) for k, v in inputs["filtered"]._asdict().items()}
    clipped = valid["clipped"]
    advantage = np.broadcast_to(ADVANTAGE[:, None], MASK.shape)[MASK]
    position = np.broadcast_to(np.arange(LENGTH) * 8 // LENGTH, MASK.shape)[MASK]
    d = filtered["innovation"]
    gain = np.asarray(inputs["filtered"].gain)
    last = [gain[row, np.flatnonzero(keep)[-1]] for row, keep in enumerate(MASK) if keep.any()]
    raw, smooth = np.exp(valid["log_ratio"]), np.exp(filtered["log_ratio"])
    gap = np.abs(valid["sampler_log_prob"] - valid["old_log_prob"])
    of_trainer = np.exp(valid["old_log_prob"] - valid["sampler_log_prob"])
    counts = advantage != 0
    ours, theirs = (valid["weight"] * valid["unit"])[counts], valid["unit"][counts]
    moved, lost = np.abs(valid["log_ratio"][counts]) > 1e-3, ours == 0
    threshold, rows = KAPPA * filtered["innovation_std"].mean(), MASK.any(axis=1).sum()
    return {
        "ratio/raw_log_sd": valid["log_ratio"].std(),
        "ratio/filtered_log_sd": filtered["log_ratio"].std(),
        "regime/length": MASK.sum() / rows * math.sqrt(0.5),
        "regime/innovation_abs_max": np.abs(d).max() / valid["log_ratio"].std(),
        "regime/threshold": threshold / valid["log_ratio"].std(),
        "regime/band": 0.1 / filtered["log_ratio"].std(),
        "null/cosine": ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs),
        "null/step_size": np.linalg.norm(ours) / np.linalg.norm(theirs),
        "null/moved_fraction": moved.mean(),
        "null/lost_fraction": (moved & lost).sum() / moved.sum(),
        "filter/innovation_kurtosis": ((d - d.mean()) ** 4).mean() / d.var() ** 2,
        "filter/innovation_abs_max": np.abs(d).max(),
        "filter/innovation_std_mean": filtered["innovation_std"].mean(),
        "filter/threshold": KAPPA * filtered["innovation_std"].mean(),
        "filter/saturated_count": filtered["saturated"].sum(),
        "filter/saturated_fraction": filtered["saturated"].mean(),
        "filter/gain_mean": filtered["gain"].mean(),
        "filter/gain_last": np.mean(last),
        "ratio/raw_mean": raw.mean(),
        "ratio/raw_max": raw.max(),
        "ratio/raw_ess": raw.sum() ** 2 / (raw**2).sum() / len(raw),
        "ratio/filtered_mean": smooth.mean(),
        "ratio/filtered_max": smooth.max(),
        "ratio/filtered_ess": smooth.sum() ** 2 / (smooth**2).sum() / len(smooth),
        "clip/fraction": clipped.mean(),
        "clip/fraction_positive": clipped[advantage > 0].mean(),
        "clip/fraction_negative": clipped[advantage < 0].mean(),
        **{f"clip/fraction_position_{i}": clipped[position == i].mean() for i in range(8)},
        "policy/approx_kl": (raw - 1 - valid["log_ratio"]).mean(),
        "policy/log_prob": valid["log_prob"].mean(),
        "policy/entropy": valid["entropy"].mean(),
        "policy/num_tokens": MASK.sum(),
        "mismatch/abs_mean": gap.mean(),
        "mismatch/abs_max": gap.max(),
        "mismatch/kl": (of_trainer - 1 - np.log(of_trainer)).mean(),
    }


def test_every_metric_matches_its_definition():
    summary = summarize(INPUTS)
    assert_summaries_agree(summary, expected_summary(INPUTS), rtol=1e-4)
    for key, value in summary.items():
        chex.assert_shape(value, ())
        assert value.dtype == (np.int32 if key in ("filter/saturated_count", "policy/num_tokens") else np.float32), key
        assert value != 0, key  # control: the example exercises every metric


@pytest.mark.parametrize("cuts", [[0, 3, 4, 8], [0, 4, 8], list(range(9))], ids=str)
def test_parts_merge_to_the_whole(cuts):
    """Also with a part that is a single empty row, and starting from nothing."""
    parts = [measure(rows_of(INPUTS, slice(*cut))) for cut in itertools.pairwise(cuts)]
    merged = diagnostics.init()
    for part in parts:
        merged = diagnostics.merge(merged, part)
    whole = measure(INPUTS)
    assert_summaries_agree(
        diagnostics.summarize(merged, kappa=KAPPA), jax.device_get(diagnostics.summarize(whole, kappa=KAPPA))
    )
    for name in ("num_tokens", "num_sequences", "num_saturated", "num_clipped", "clip"):
        chex.assert_trees_all_equal(getattr(merged, name), getattr(whole, name))


def test_averaging_the_summaries_of_parts_is_not_the_summary_of_the_whole():
    """Control for the test above: every pooled metric differs from the plain mean over unequal parts."""
    parts = [summarize(rows_of(INPUTS, rows)) for rows in (slice(0, 4), slice(4, 8))]
    whole = summarize(INPUTS)
    for key, value in whole.items():
        if "position" not in key and "negative" not in key:
            assert abs(np.mean([part[key] for part in parts]) - value) > 1e-5 * abs(value), key


def test_merge_is_commutative_associative_and_has_a_zero():
    a, b, c = (measure(rows_of(INPUTS, rows)) for rows in (slice(0, 3), slice(3, 4), slice(4, 8)))
    merge = diagnostics.merge
    chex.assert_trees_all_close(merge(a, merge(b, c)), merge(merge(a, b), c), rtol=1e-5, atol=1e-5)
    chex.assert_trees_all_close(merge(a, b), merge(b, a), rtol=1e-5, atol=1e-5)
    chex.assert_trees_all_equal(merge(a, diagnostics.init()), a)
    chex.assert_trees_all_equal(merge(diagnostics.init(), a), a)


def test_accumulator_is_a_scan_carry():
    stacked = jax.tree.map(lambda x: x.reshape(4, 2, *x.shape[1:]), INPUTS)
    step = lambda carry, inputs: (diagnostics.merge(carry, measure(inputs)), None)
    merged = jax.jit(lambda inputs: jax.lax.scan(step, diagnostics.init(), inputs)[0])(stacked)
    assert_summaries_agree(diagnostics.summarize(merged, kappa=KAPPA, var_ratio=0.5, band=0.1), summarize(INPUTS))


def dirtied(inputs):
    """NaN, inf or large numbers at the masked places of every [B, T] float, True in those of every bool."""

    def dirty(x):
        if x.shape != MASK.shape:
            return x
        junk = jnp.asarray(RNG.choice([np.nan, np.inf, -np.inf, 1e30], MASK.shape), jnp.float32)
        return jnp.where(MASK, x, junk if x.dtype == jnp.float32 else True)

    return jax.tree.map(dirty, inputs) | {"response_mask": inputs["response_mask"]}


def test_junk_under_the_mask_changes_nothing():
    assert_summaries_agree(summarize(dirtied(INPUTS)), summarize(INPUTS), rtol=0)
    exposed = dirtied(INPUTS) | {"response_mask": jnp.ones_like(INPUTS["response_mask"])}
    assert not np.isfinite(summarize(exposed)["policy/entropy"])  # control: the junk is there


def test_padding_to_another_length_changes_only_positions():
    wide = jax.tree.map(lambda x: jnp.pad(x, ((0, 0), (0, 19))) if x.shape == MASK.shape else x, INPUTS)
    padded, summary = summarize(wide), summarize(INPUTS)
    positions = [key for key in summary if "position" in key]
    assert_summaries_agree(*({k: v for k, v in s.items() if k not in positions} for s in (padded, summary)))
    assert any(padded[key] != summary[key] for key in positions)


def test_nothing_valid_is_all_zeros():
    nothing = INPUTS | {"response_mask": jnp.zeros_like(INPUTS["response_mask"])}
    chex.assert_trees_all_equal(measure(nothing), diagnostics.init())
    summary = summarize(nothing)
    compared = [summary.pop(f"null/{name}") for name in ("cosine", "step_size")]
    assert np.isnan(compared).all() and not any(summary.values())


def test_short_responses_leave_positions_empty():
    short = jax.tree.map(lambda x: x[:, :3] if x.shape == MASK.shape else x, INPUTS)
    summary = summarize(short)
    assert all(np.isfinite(value) for value in summary.values())
    assert not any(summary[f"clip/fraction_position_{i}"] for i in (1, 3, 4, 6, 7))


def test_eight_devices_give_what_one_gives():
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    spread = jax.device_put(INPUTS, NamedSharding(mesh, PartitionSpec("data")))
    assert_summaries_agree(summarize(spread), summarize(INPUTS))


def test_filters_without_a_threshold_or_a_noise_model():
    for ratio_filter in (Kalman(1e-2, 1.0), Identity(), KpoReleased(1e-2, 1.0), Kalman(0.0, 1.0, math.inf)):
        inputs = make_inputs(ratio_filter)
        accumulator = measure(inputs, kappa=ratio_filter.kappa)
        summary = diagnostics.summarize(accumulator, kappa=ratio_filter.kappa)
        assert "filter/threshold" not in summary
        assert all(np.isfinite(value) for value in summary.values())
        std = np.asarray(inputs["filtered"].innovation_std)[MASK]
        known = std[np.isfinite(std)]
        np.testing.assert_allclose(summary["filter/innovation_std_mean"], known.mean() if len(known) else 0, rtol=1e-5)


def test_enormous_ratios_stay_finite_and_are_capped_at_e20():
    summary = summarize(INPUTS | {"log_ratio": INPUTS["log_ratio"].at[0, 0].set(1e6)})
    assert all(np.isfinite(value) for value in summary.values())
    np.testing.assert_allclose(summary["ratio/raw_max"], math.exp(20), rtol=1e-5)
    np.testing.assert_allclose(summary["ratio/raw_ess"], 1 / MASK.sum(), rtol=1e-3)


def test_small_divergences_survive_float32():
    """k3 of log-ratios near 1e-4 is about 5e-9: exp(z) - 1 - z in float32 has no digit of it left."""
    z = jnp.full((ROWS, LENGTH), 1e-4)
    summary = summarize(INPUTS | {"log_ratio": z})
    np.testing.assert_allclose(summary["policy/approx_kl"], 5e-9, rtol=1e-2)
    assert abs(float(jnp.exp(z[0, 0]) - 1 - z[0, 0]) / 5e-9 - 1) > 1


def test_the_regime_of_methods():
    """Q/V and half the clip band of the configurations that have them."""
    of = lambda name: (
        regime.var_ratio(METHODS[name].filter.name, METHODS[name].filter.parameters),
        regime.band(METHODS[name].objective.name, METHODS[name].objective.parameters),
    )
    assert of("kpo_weak") == (1e-2, pytest.approx(3.5e-4)) and of("opt1") == (pytest.approx(0.1), pytest.approx(3.5e-4))
    assert of("grpo") == (None, 0.2) and of("ratio_one") == (0.0, None)
    assert of("gmpo") == of("hmpo") == (None, 0.4)  # geometric and harmonic: of the log-ratio itself
    assert of("is_kpo_calibrated")[0] == 1e-2 and of("kpo_weak_scaled")[1] is None
    assert of("ema_kpo")[0] == pytest.approx(1e-6, rel=1e-3)
    for theirs in ({"gain": None}, {"measurement_var": 0.0}, {"var_ratio": -1.0}):  # names that mean something else
        assert regime.var_ratio("my/filters.py:Mine", theirs) is None
