"""Every method as a whole, without the model: builds everywhere, has a gradient, and is what its name says."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax import config as config_lib
from kpo_jax.advantages import ADVANTAGES
from kpo_jax.config import build_filter, build_objective
from kpo_jax.filters import apply_filter
from kpo_jax.methods import METHODS, method

RNG = np.random.default_rng(0)
ROWS, LENGTH, GROUP = 16, 64, 8
MASK = np.arange(LENGTH)[None, :] < RNG.integers(5, LENGTH + 1, ROWS)[:, None]
MASK[3, 2:5] = False
REWARD = jnp.asarray(RNG.random(ROWS), jnp.float32)
OUTLIERS = np.where(RNG.random((ROWS, LENGTH)) < 0.03, 12, 1)
# innovations of the deviation that the paper prints, 0.012, with outliers
LOG_RATIO = jnp.asarray(np.where(MASK, 0.012 * OUTLIERS * RNG.standard_normal((ROWS, LENGTH)), 0), jnp.float32)
ROBUST = [name for name in METHODS if name.startswith("is_kpo_") and name != "is_kpo_weak"]


@functools.cache
def gradient(name, shift=0.0):
    """d loss / d log_prob [B, T] of a method, and its filter's output."""
    algorithm = METHODS[name]
    batch = make_batch(MASK, ADVANTAGES[algorithm.advantage](REWARD, GROUP))
    ratio_filter, objective = build_filter(algorithm.filter), build_objective(algorithm.objective)

    def loss(log_ratio):
        output = apply_filter(ratio_filter, log_ratio, batch.response_mask, algorithm.filter.gradient)
        return objective(output.log_ratio, batch).loss, output

    return jax.device_get(jax.jit(jax.grad(loss, has_aux=True))(LOG_RATIO + shift))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_builds_with_every_configuration_file(name):
    for path in (Path(__file__).parents[1] / "configs").glob("*.py"):
        try:
            config_dict = config_lib.load_config_file(f"{path}:{name}")
        except ValueError as error:  # a file whose argument is something else
            assert "no method" not in str(error)
            continue
        _, problems = config_lib.from_config_dict(config_dict)
        # what is left to the user: files, and a minibatch at once for a filter that measures its scale over it
        assert all(".path: no file" in line or "measures its scale" in line for line in problems), (path, problems)
        assert config_dict.algorithm.to_dict() == config_lib.to_dict(METHODS[name])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_finite_gradient_that_leaves_masked_tokens_alone(name):
    grads, output = gradient(name)
    assert np.isfinite(grads).all() and np.abs(grads).max() > 1e-5
    assert not grads[~MASK].any() and np.isfinite(output.log_ratio).all()


def test_no_two_methods_are_one_except_where_theory_says_so():
    same = [
        (a, b)
        for i, a in enumerate(METHODS)
        for b in list(METHODS)[i + 1 :]
        if METHODS[a].advantage == METHODS[b].advantage and np.allclose(gradient(a)[0], gradient(b)[0], rtol=1e-5, atol=1e-8)
    ]
    assert ("gspo", "gspo_token") in same
    # saturation at the paper's V does nothing at all to innovations of the paper's size
    assert ("kpo_weak", "is_kpo_weak") in same
    assert set(same) == {("gspo", "gspo_token"), ("kpo_weak", "is_kpo_weak")}


@pytest.mark.parametrize("name", ROBUST)
def test_robust_variants_smooth_as_kpo_weak_but_cut_outliers(name):
    weak, robust = gradient("kpo_weak")[1], gradient(name)[1]
    assert METHODS[name].objective == METHODS["kpo_weak"].objective
    moved = np.abs(robust.log_ratio - weak.log_ratio)[MASK]
    assert moved.max() > 2e-3
    if robust.saturated.any():
        assert 0.001 < robust.saturated[MASK].mean() < 0.5
    else:
        assert name in ("is_kpo_wolf", "is_kpo_student_t")
    if name not in ("is_kpo_iterated", "is_kpo_huber", "is_kpo_wolf", "is_kpo_student_t"):  # whose gains follow the data
        np.testing.assert_allclose(robust.gain, weak.gain, atol=2e-3)


def test_released_defaults():
    def parts(name):
        algorithm = METHODS[name]
        return algorithm.filter, algorithm.objective, algorithm.advantage

    objective = lambda name: build_objective(METHODS[name].objective)
    assert METHODS["dr_grpo"].advantage == "dr_grpo" and objective("dr_grpo").aggregation == "seq-mean-token-sum-norm"
    assert METHODS["krpo"].advantage == "krpo" and objective("krpo") == objective("grpo")
    assert (objective("gmpo").clip_low, objective("gmpo").clip_high, objective("gmpo").aggregation) == (0.4, 0.4, "seq-mean-token-mean")
    assert (objective("cispo").clip_low, objective("cispo").clip_high, objective("cispo").aggregation) == (1.0, 4.0, "token-mean")
    assert (objective("sapo").tau_positive, objective("sapo").tau_negative) == (1.0, 1.05)
    ctpo = objective("ctpo")
    assert (ctpo.clip_low, ctpo.clip_high, ctpo.dual_clip, ctpo.aggregation) == (0.025, 0.05, 0.05, "token-mean")
    unclipped = parts("kpo_unclipped")
    assert (unclipped[0].process_var, unclipped[0].measurement_var, unclipped[1].clip) == (1e-4, 1.0, False)
    assert parts("ema_kpo")[0].gain == pytest.approx(9.995e-4, rel=1e-4)
    assert parts("gspo")[0].gradient == "through_filter" and parts("gspo_token")[0].gradient == "straight_through"
    assert parts("gspo")[1] == parts("gspo_token")[1]


def test_an_unknown_method_names_the_legal_ones():
    with pytest.raises(ValueError, match=r"no method 'dapo'; there are grpo, gspo, .*is_kpo_student_t"):
        method("dapo")  # its sampling is a part of it, and is not here


def test_a_filter_of_the_whole_batch_refuses_microbatches():
    config_dict = config_lib.load_config_file(f"{Path(__file__).parents[1]}/configs/tiny.py:is_kpo_calibrated")
    for name, refused in (("calibrated", True), ("kalman", False)):
        config_dict.learner.microbatch_tokens = 4096
        if name == "kalman":
            config_dict.algorithm.filter.update(dict(name="kalman", process_var=1e-2, measurement_var=1.0))
            config_dict.algorithm.filter.update(dict(var_ratio=None, initial_ratio=None, kappa=None))
        problems = config_lib.from_config_dict(config_dict)[1]
        assert any("filter 'calibrated' measures its scale" in line for line in problems) == refused
        assert refused or problems == []
