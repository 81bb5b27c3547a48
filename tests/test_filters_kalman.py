"""The Kalman filters against float64 oracles, their exact invariances and limits, and one method against the other."""

import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.filters.identity import Identity
from kpo_jax.filters.kalman import METHOD_OF_BACKEND, Kalman, chosen_method, closed_form
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.records import FilterOutput

METHODS = ("scan", "parallel")
each_method = pytest.mark.parametrize("method", METHODS)
RNG = np.random.default_rng(0)


def ragged(rows, length):
    """Noise around a walk [rows, length], and a mask: full, ragged, with interior holes, with a masked start."""
    z = 0.002 * np.cumsum(RNG.standard_normal((rows, length)), axis=1) + RNG.standard_normal((rows, length))
    mask = np.ones((rows, length), bool)
    mask[1, (3 * length) // 5 :] = False
    mask[2:] = RNG.random((rows - 2, length)) < 0.9
    mask[3, : length // 8] = False
    return z.astype(np.float32), mask


Z, MASK = ragged(4, 64)
LONG = ragged(4, 16384)  # one long shape for all tests: JAX compiles each operation once per shape
SILENCE = np.zeros((4, 16384), np.float32), np.ones((4, 16384), bool)


def sequential_oracle(z, observed, process_var, measurement_var, initial_var=0.0, kappa=math.inf):
    """The textbook recursion in float64, variances carried as P; parameters broadcast against z[..., 0]."""
    state_mean = np.zeros(np.broadcast_shapes(np.shape(process_var), z.shape[:-1]))
    state_var = np.full(state_mean.shape, float(initial_var))
    outputs = [[] for _ in FilterOutput._fields]
    for t in range(z.shape[-1]):
        predicted_var = state_var + process_var
        gain = predicted_var / (predicted_var + measurement_var)
        innovation = z[..., t].astype(np.float64) - state_mean
        std = np.sqrt(predicted_var + measurement_var)
        updated = state_mean + gain * np.clip(innovation, -kappa * std, kappa * std)
        is_observed = observed[..., t]
        state_mean = np.where(is_observed, updated, state_mean)
        state_var = np.where(is_observed, (1 - gain) * predicted_var, state_var)
        values = (updated, innovation, std, gain, np.abs(innovation) > kappa * std)
        for output, value in zip(outputs, values, strict=True):
            output.append(np.where(is_observed, value, 0))
    return FilterOutput(*(np.stack(output, axis=-1) for output in outputs))


def assert_matches(output, expected, atol):
    for name, value in output._asdict().items():
        np.testing.assert_allclose(np.asarray(value, np.float64), getattr(expected, name), atol=atol, err_msg=name)


# --- oracles


def test_both_methods_match_a_float64_recursion_over_16384_tokens():
    settings = [(q, v) for v in (1.0, 0.1) for q in (1e-6, 1e-4, 1e-3, 1e-2, 5e-2)]
    z, mask = LONG
    process_var, measurement_var = (np.array(column)[:, None] for column in zip(*settings, strict=True))
    linear = sequential_oracle(z, mask, process_var, measurement_var)
    saturated = sequential_oracle(z, mask, process_var, measurement_var, kappa=2.5)
    assert (saturated.saturated.any(axis=-1)).all()
    for i, variances in enumerate(settings):
        expected, expected_saturated = (FilterOutput(*(field[i] for field in oracle)) for oracle in (linear, saturated))
        for method in METHODS:
            assert_matches(Kalman(*variances, method=method)(z, mask), expected, atol=1e-5)
            if method == "scan" or variances[1] == 0.1:  # the parallel fallback is the scan: half the settings will do
                output = SaturatedKalman(*variances, kappa=2.5, method=method)(z, mask)
                assert_matches(output, expected_saturated, atol=1e-5)
        if variances[0] >= 1e-3:  # control: a filter that never saturates is caught
            assert np.abs(expected.log_ratio - expected_saturated.log_ratio).max() > 1e-2


@each_method
@pytest.mark.parametrize("masked", ["hold", "zero_observation"])
def test_linear_filter_is_the_posterior_of_the_joint_gaussian(method, masked):
    """No recursion: condition the joint normal of walk and observations on everything observed so far, in float64."""
    process_var, measurement_var, initial_var = 0.03, 0.2, 0.5
    output = Kalman(process_var, measurement_var, initial_var, masked, method)(Z[:, :24], MASK[:, :24])
    for row in range(len(Z)):
        seen = np.flatnonzero(MASK[row, :24]) if masked == "hold" else np.arange(24)
        z = np.where(MASK[row], Z[row], 0).astype(np.float64)[seen]
        steps = np.arange(1, len(seen) + 1)
        walk = initial_var + process_var * np.minimum(steps[:, None], steps[None, :])
        look = walk + measurement_var * np.eye(len(seen))
        for n, place in enumerate(seen):
            if not MASK[row, place]:
                continue
            mean = walk[n, : n + 1] @ np.linalg.solve(look[: n + 1, : n + 1], z[: n + 1])
            past = np.linalg.solve(look[:n, :n], np.stack([z[:n], walk[:n, n]], axis=1)) if n else np.zeros((0, 2))
            predicted_mean, explained = walk[n, :n] @ past
            std = math.sqrt(look[n, n] - explained)
            np.testing.assert_allclose(output.log_ratio[row, place], mean, atol=1e-5)
            np.testing.assert_allclose(output.innovation[row, place], z[n] - predicted_mean, atol=1e-5)
            np.testing.assert_allclose(output.innovation_std[row, place], std, atol=1e-5)
            np.testing.assert_allclose(output.gain[row, place], 1 - measurement_var / std**2, atol=1e-5)


# --- gains


@pytest.mark.parametrize("initial_var", [0.0, 1e-8, 1.0, 1e6, math.inf])
def test_gains_match_the_recursion_and_never_overflow_over_65536_tokens(initial_var):
    length = 65536
    for process_var in (0.0, 1e-20, 1e-10, 1e-6, 1e-3, 1.0, 1e4, math.inf):
        gain, expected, std = initial_var, np.zeros(length), np.zeros(length)
        for t in range(length):
            predicted = gain + process_var
            gain = 1 / (1 + 1 / predicted) if predicted else 0.0
            expected[t], std[t] = gain, math.sqrt(1 + predicted)
            if t > 20 and gain == expected[t - 1]:
                expected[t:], std[t:] = expected[t], std[t]
                break
        gain, innovation_std = closed_form(Kalman(process_var, 1.0, initial_var), jnp.arange(1, length + 1))
        np.testing.assert_allclose(gain, expected, rtol=1e-6)
        np.testing.assert_allclose(innovation_std, std, rtol=1e-6)


@pytest.mark.parametrize("process_var", [0.0, 1e-10, 1e-6, 1e4, math.inf])
@pytest.mark.parametrize("initial_var", [0.0, 1e6, math.inf])
def test_scan_and_closed_form_gains_agree_over_65536_tokens(process_var, initial_var):
    z, mask = jnp.zeros((1, 65536)), jnp.ones((1, 65536), bool)
    output = Kalman(process_var, 1.0, initial_var, method="scan")(z, mask)
    gain, std = closed_form(Kalman(process_var, 1.0, initial_var), jnp.arange(1, 65537)[None, :])
    np.testing.assert_allclose(output.gain, gain, atol=1e-7)
    np.testing.assert_allclose(output.innovation_std, std, rtol=1e-6)


def test_gain_recursion_survives_where_the_textbook_variance_update_collapses():
    """(1 - K) P in float32 loses a large initial variance: the second gain comes out 0 or inf, not 1/2."""
    big = np.float32(1e12)
    gain = big / (big + np.float32(1))
    collapsed = (np.float32(1) - gain) * big
    assert abs(collapsed - 1) > 0.5
    for method in METHODS:
        output = Kalman(0.0, 1.0, 1e12, method=method)(Z, np.ones_like(MASK))
        np.testing.assert_allclose(output.gain[:, :4], [[1, 1 / 2, 1 / 3, 1 / 4]] * 4, rtol=1e-6)


@pytest.mark.parametrize(
    ("process_var", "measurement_var", "gain", "sigma"),
    [
        (1e-6, 1.0, 9.995e-4, 1.0005),
        (1e-4, 1.0, 0.009950, 1.0050),
        (1e-2, 1.0, 0.095125, 1.0513),
        (5e-2, 1.0, 0.200000, 1.1180),
        (1e-2, 0.1, 0.270156, 0.3702),
    ],
)
def test_steady_state(process_var, measurement_var, gain, sigma):
    var_ratio = process_var / measurement_var
    exact = (-var_ratio + math.sqrt(var_ratio**2 + 4 * var_ratio)) / 2
    assert exact == pytest.approx(gain, rel=1e-4)
    for method in METHODS:
        output = Kalman(process_var, measurement_var, method=method)(*SILENCE)
        np.testing.assert_allclose(output.gain[0, -1], exact, rtol=1e-4)
        np.testing.assert_allclose(output.innovation_std[0, -1], sigma, rtol=2e-4)
        np.testing.assert_allclose(output.innovation_std**2, measurement_var / (1 - output.gain), rtol=1e-5)


@each_method
def test_gain_ramps_up_from_a_certain_start(method):
    gain = Kalman(1e-6, 1.0, method=method)(*SILENCE).gain[0]
    np.testing.assert_allclose(gain[jnp.array([9, 99, 999])], [1e-5, 9.97e-5, 7.6e-4], rtol=3e-3)


# --- invariances


def every(process_var, measurement_var, initial_var=0.0, kappa=1.0):
    """Both filters by both methods."""
    return [Kalman(process_var, measurement_var, initial_var, method=method) for method in METHODS] + [
        SaturatedKalman(process_var, measurement_var, initial_var, kappa, method=method) for method in METHODS
    ]


def test_gains_depend_on_variance_ratios_only():
    for base, scaled, other in zip(every(1e-2, 0.1, 0.5), every(1.0, 10.0, 50.0), every(1.0, 10.0, 5.0), strict=True):
        gain = base(Z, MASK).gain
        np.testing.assert_allclose(scaled(Z, MASK).gain, gain, rtol=1e-5)
        assert np.abs(other(Z, MASK).gain - gain).max() > 1e-2  # control: initial_var must scale too


def test_scaling_variances_and_dividing_kappa_by_the_root_changes_nothing():
    s = 25.0
    for kappa in (1.0, 0.3):
        base = every(1e-2, 0.5, 0.2, kappa)
        scaled = every(s * 1e-2, s * 0.5, s * 0.2, kappa / math.sqrt(s))
        forgotten = every(s * 1e-2, s * 0.5, s * 0.2, kappa)
        for ratio_filter, twin, wrong in zip(base, scaled, forgotten, strict=True):
            output, same, different = (f(Z, MASK) for f in (ratio_filter, twin, wrong))
            np.testing.assert_allclose(same.log_ratio, output.log_ratio, atol=1e-5)
            np.testing.assert_array_equal(same.saturated, output.saturated)
            if isinstance(ratio_filter, SaturatedKalman):  # control: kappa must be divided
                assert np.abs(different.log_ratio - output.log_ratio).max() > 1e-3


def test_scale_equivariance():
    c = 3.0
    for base, scaled in zip(every(1e-2, 0.5, 0.2), every(c**2 * 1e-2, c**2 * 0.5, c**2 * 0.2), strict=True):
        small, large = base(Z, MASK), scaled(c * Z, MASK)
        for name in ("log_ratio", "innovation", "innovation_std"):
            np.testing.assert_allclose(getattr(large, name), c * getattr(small, name), rtol=1e-4, atol=1e-5)
        if isinstance(base, SaturatedKalman):  # control: saturation makes the filter nonlinear in z alone
            assert np.abs(base(c * Z, MASK).log_ratio - c * small.log_ratio).max() > 1e-2


@each_method
def test_kappa_to_infinity_is_kpo(method):
    linear = Kalman(1e-2, 0.1, 0.2, method=method)(Z, MASK)
    for kappa in (1e6, math.inf):
        chex.assert_trees_all_close(SaturatedKalman(1e-2, 0.1, 0.2, kappa, method=method)(Z, MASK), linear, atol=1e-6)
    saturated = SaturatedKalman(1e-2, 0.1, 0.2, 2.0, method=method)(Z, MASK)
    assert np.abs(saturated.log_ratio - linear.log_ratio).max() > 1e-2


@each_method
def test_process_var_to_infinity_is_the_token_ratio(method):
    identity = Identity()(Z, MASK)
    chex.assert_trees_all_close(Kalman(math.inf, 1.0, method=method)(Z, MASK), identity, atol=1e-6)
    for process_var, error in ((1e8, 1e-6), (1e2, 1e-1)):
        output = Kalman(process_var, 1.0, method=method)(Z, MASK)
        np.testing.assert_allclose(output.log_ratio, identity.log_ratio, atol=error)
    assert np.abs(output.log_ratio - identity.log_ratio).max() > 1e-3  # control: 100 is not infinite


@each_method
def test_diffuse_start_without_process_noise_is_the_running_mean(method):
    mean = SequenceMean()(Z, MASK).log_ratio
    for initial_var in (math.inf, 1e9):
        output = Kalman(0.0, 1.0, initial_var, method=method)(Z, MASK).log_ratio
        for row, keep in enumerate(MASK):
            z = Z[row, keep].astype(np.float64)
            np.testing.assert_allclose(output[row, keep], np.cumsum(z) / np.arange(1, len(z) + 1), atol=1e-5)
            np.testing.assert_allclose(output[row, keep][-1], mean[row, keep][-1], atol=1e-5)
    informed = Kalman(0.0, 1.0, 1.0, method=method)(Z, MASK).log_ratio  # control: a finite prior shrinks the mean
    assert np.abs(informed - output).max() > 1e-2


@each_method
def test_no_variance_at_all_keeps_the_ratio_at_one(method):
    for output in (Kalman(0.0, 1.0, method=method)(Z, MASK), SaturatedKalman(0.0, 1.0, method=method)(Z, MASK)):
        assert not output.log_ratio.any() and not output.gain.any()
        np.testing.assert_array_equal(output.innovation, np.where(MASK, Z, 0))
        np.testing.assert_array_equal(output.innovation_std, MASK.astype(np.float32))


# --- one method against the other


@pytest.mark.parametrize("masked", ["hold", "zero_observation"])
def test_methods_agree_in_value_and_gradient(masked):
    for kappa in (0.5, 1e3):
        results = []
        for method in METHODS:
            ratio_filter = SaturatedKalman(1e-2, 0.1, 0.3, kappa, masked, method)

            def loss(z, ratio_filter=ratio_filter):
                output = ratio_filter(z, MASK)
                return jnp.sum(jnp.sin(output.log_ratio)), output

            results.append(jax.jit(jax.grad(loss, has_aux=True))(Z))
        chex.assert_trees_all_close(*results, atol=1e-5)
        assert results[0][1].saturated.any() == (kappa < 1e3)


def test_parallel_method_notices_saturation_at_a_masked_token():
    """With zero observations the only innovation beyond the threshold may be one that the mask hides."""
    z = np.array([[1.0, 2.0, 3.0, 4.0, 0.0, 3.0]], np.float32)
    mask = np.array([[True, True, True, True, False, True]])
    options = dict(process_var=10.0, measurement_var=1.0, kappa=1.0, masked="zero_observation")
    scan, parallel = (SaturatedKalman(**options, method=method)(z, mask) for method in METHODS)
    assert not scan.saturated.any()
    chex.assert_trees_all_close(scan, parallel, atol=1e-6)
    linear = Kalman(10.0, 1.0, masked="zero_observation")(z, mask)
    assert abs(linear.log_ratio[0, 5] - scan.log_ratio[0, 5]) > 1e-2


def test_one_loud_token_is_enough_for_the_sequential_fallback():
    z = (0.01 * Z).astype(np.float32)
    quiet = SaturatedKalman(1e-2, 1.0, kappa=3.0, method="parallel")
    chex.assert_trees_all_equal(quiet(z, MASK), Kalman(1e-2, 1.0, method="parallel")(z, MASK))
    z[0, 40] = 50.0
    output = quiet(z, MASK)
    assert output.saturated[0, 40] and output.saturated.sum() == 1
    chex.assert_trees_all_close(output, SaturatedKalman(1e-2, 1.0, kappa=3.0, method="scan")(z, MASK), atol=1e-6)


def test_auto_follows_the_backend(monkeypatch):
    for backend, method in METHOD_OF_BACKEND.items():
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)
        assert chosen_method(Kalman(1e-2, 1.0)) == method
        assert chosen_method(SaturatedKalman(1e-2, 1.0, method="parallel")) == "parallel"
    monkeypatch.setattr(jax, "default_backend", lambda: "abacus")
    assert chosen_method(Kalman(1e-2, 1.0)) == "scan"


# --- bad parameters


@pytest.mark.parametrize(
    ("name", "bad", "legal"),
    [
        *(("process_var", bad, "a number >= 0 (inf allowed)") for bad in (-1e-9, math.nan, "1e-6", None, True)),
        *(("initial_var", bad, "a number >= 0 (inf allowed)") for bad in (-1.0, math.nan)),
        *(("measurement_var", bad, "a finite number > 0") for bad in (0, 0.0, -1.0, math.inf, math.nan)),
        ("masked", "skip", "one of hold, zero_observation"),
        ("method", "fast", "one of auto, scan, parallel"),
    ],
)
def test_bad_parameters_are_named_with_what_is_legal(name, bad, legal):
    for make in (Kalman, SaturatedKalman):
        with pytest.raises(ValueError) as error:
            make(**(dict(process_var=1e-2, measurement_var=1.0) | {name: bad}))
        assert str(error.value) == f"{name}: {bad!r} is not {legal}"


@pytest.mark.parametrize("bad", [0, -3.0, math.nan, "3", None])
def test_bad_kappa_is_named(bad):
    with pytest.raises(ValueError, match=r"kappa: .* is not a number > 0 \(inf allowed\)"):
        SaturatedKalman(1e-2, 1.0, kappa=bad)
