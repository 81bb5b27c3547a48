"""Every method as a whole, without the model: builds everywhere, has a gradient, and is what its name says."""

import dataclasses
import functools
import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax import config as config_lib
from kpo_jax.advantages import ADVANTAGES, Told, advantages_of
from kpo_jax.advantages.gae import Gae
from kpo_jax.algorithm.choices import ObjectiveConfig, build_advantage, build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, judged
from kpo_jax.algorithm.methods import METHODS, method
from kpo_jax.config import Config, with_method
from kpo_jax.filters import FILTERS
from kpo_jax.model.config import CriticConfig
from kpo_jax.objectives import OBJECTIVES, aggregation_weights
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.objectives.rejection import RejectionConfig
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.registry import TaskConfig
from kpo_jax.tasks.rewards import Graded, RewardConfig, terms
from kpo_jax.tasks.totals import scores, total_reward

RNG = np.random.default_rng(0)
ROWS, LENGTH, GROUP = 16, 64, 8
MASK = np.arange(LENGTH)[None, :] < RNG.integers(5, LENGTH + 1, ROWS)[:, None]
MASK[3, 2:5] = False
REWARD = jnp.asarray(RNG.random(ROWS), jnp.float32)
TOKEN_ADVANTAGE = jnp.asarray(RNG.standard_normal((ROWS, LENGTH)), jnp.float32)  # a critic's
OUTLIERS = np.where(RNG.random((ROWS, LENGTH)) < 0.03, 12, 1)
# innovations of the deviation that the paper prints, 0.012, with outliers
LOG_RATIO = jnp.asarray(np.where(MASK, 0.012 * OUTLIERS * RNG.standard_normal((ROWS, LENGTH)), 0), jnp.float32)
OLD = jnp.asarray(np.where(MASK, -RNG.exponential(0.7, (ROWS, LENGTH)), np.nan), jnp.float32)
FADING = "is_kpo_wolf", "is_kpo_student_t", "is_kpo_adaptive_var", "is_kpo_score_t", "is_kpo_mixture"
ROBUST = [name for name in METHODS if name.startswith("is_kpo_") and name != "is_kpo_weak"]


@functools.cache
def mismatch():
    """Trainer less sampler [ROWS, LENGTH]: none but in four rows, which the methods that reject take differently."""
    z = np.zeros((ROWS, LENGTH), np.float32)
    z[0, 1], z[1], z[2] = 2.0, -0.03, 0.002  # a token; what only adds up; what only a mean of 1e-3 sees
    negative = np.asarray(build_advantage(METHODS["grpo"].advantage)(REWARD, GROUP)) < 0
    z[np.flatnonzero(negative & (np.arange(ROWS) > 3))[0]] = -0.6
    return z


@functools.cache
def gradient(name, shift=0.0):
    """d loss / d log_prob [B, T] of a method, and its filter's output."""
    algorithm = METHODS[name]
    advantage = TOKEN_ADVANTAGE
    if not algorithm.has_critic:
        told = Told(jnp.asarray(MASK.sum(axis=1)), REWARD[None], jnp.ones(1))
        advantage = advantages_of(build_advantage(algorithm.advantage), REWARD, GROUP, told)
    batch = make_batch(MASK, advantage).replace(old_log_prob=OLD, sampler_log_prob=OLD - mismatch())
    ratio_filter, objective = build_filter(algorithm.filter), build_objective(algorithm.objective)
    how = PolicyLoss(ratio_filter, objective, algorithm.filter.gradient, rejection=algorithm.rejection)

    def loss(log_ratio):
        output, out = judged(log_ratio, batch, how)
        return out.loss, output

    return jax.device_get(jax.jit(jax.grad(loss, has_aux=True))(LOG_RATIO + shift))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_builds_with_every_configuration_file(name):
    for path in (Path(__file__).parents[1] / "configs").glob("*.py"):
        try:
            plain = config_lib.load_file(f"{path}:{name}")
        except ValueError as error:  # a file whose argument is something else
            assert "no method" not in str(error)
            continue
        config, problems = config_lib.checked(plain)
        # what is left to the user: files, and a minibatch at once for what looks at all of it
        assert all(text.startswith("no file") or "must see at once" in text for _, text in problems), (path, problems)
        assert config.algorithm == METHODS[name]


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
        if METHODS[a].advantage == METHODS[b].advantage
        and np.allclose(gradient(a)[0], gradient(b)[0], rtol=1e-5, atol=1e-8)
    ]
    assert ("gspo", "gspo_token") in same
    # saturation at the paper's V does nothing at all to innovations of the paper's size
    assert ("kpo_weak", "is_kpo_weak") in same
    # over responses as short as these strong smoothing is no ratio at all, and its own band is not met
    null = set(itertools.combinations(("kpo_strong", "ratio_one", "reinforce", "kpo_strong_scaled"), 2))
    wide = ("kpo_weak_wide", "kpo_weak_scaled")  # neither of the wider bands is ever met
    assert set(same) == {("gspo", "gspo_token"), ("kpo_weak", "is_kpo_weak"), wide} | null
    # the released filter's arithmetic lasts for 64 tokens, but it takes a masked token for a 0
    gap = np.arange(ROWS) == 3
    released, exact = (gradient(name)[1].log_ratio for name in ("kpo_released", "kpo_weak"))
    np.testing.assert_allclose(released[~gap], exact[~gap], atol=1e-6)
    assert np.abs(released[gap] - exact[gap]).max() > 1e-5


def test_a_ratio_of_one_is_the_policy_gradient_whatever_the_ratios():
    """To the bit: -A times the token's share in the loss, off-policy too, where every other method departs from it."""
    batch = make_batch(MASK, build_advantage(METHODS["ratio_one"].advantage)(REWARD, GROUP))
    null = -aggregation_weights(batch, "seq-mean-token-mean") * batch.advantage[:, None]
    for shift in (0.0, -3.0, 20.0):
        grads, output = gradient("ratio_one", shift)
        np.testing.assert_array_equal(grads, null)
        assert not output.log_ratio.any() and np.allclose(output.innovation, LOG_RATIO + shift * MASK, atol=1e-6)
    assert np.abs(gradient("kpo_strong", -3.0)[0] - null).max() > 1e-6  # control


def test_random_drop_is_kpo_weak_with_other_tokens():
    weak, drop = gradient("kpo_weak")[0], gradient("random_drop")[0]
    advantage = np.asarray(build_advantage(METHODS["kpo_weak"].advantage)(REWARD, GROUP))[:, None]
    for sign in (advantage > 0, advantage < 0):
        lost = [MASK & sign & (grads == 0) for grads in (weak, drop)]
        assert lost[0].sum() == lost[1].sum() > 50 and (lost[0] != lost[1]).any()
    both = (weak != 0) & (drop != 0)
    np.testing.assert_allclose(drop[both], weak[both], rtol=1e-6)


@pytest.mark.parametrize("name", ROBUST)
def test_robust_variants_smooth_as_kpo_weak_but_cut_outliers(name):
    weak, robust = gradient("kpo_weak")[1], gradient(name)[1]
    assert METHODS[name].objective == METHODS["kpo_weak"].objective
    moved = np.abs(robust.log_ratio - weak.log_ratio)[MASK]
    assert moved.max() > 2e-3
    if robust.saturated.any():
        assert 0.001 < robust.saturated[MASK].mean() < 0.5
    else:
        assert name in (*FADING, "is_kpo_median_window")
    if name not in (*FADING, "is_kpo_iterated", "is_kpo_huber"):  # whose gains follow the data
        np.testing.assert_allclose(robust.gain, weak.gain, atol=2e-3)


_KALMAN = lambda q, v, **rest: ("kalman", dict(process_var=q, measurement_var=v, initial_var=0.0) | rest)
_IS = lambda q, v, kappa, **rest: (
    "saturated_kalman",
    dict(process_var=q, measurement_var=v, initial_var=0.0, kappa=kappa) | rest,
)
_SCALED = dict(var_ratio=1e-2, initial_ratio=0.0, kappa=3.0)
_WITHOUT_V = dict(var_ratio=1e-2, initial_ratio=0.0)
_NOISE = dict(process_var=1e-6, measurement_var=1e-4, initial_var=0.0)
_NARROW = (
    "clipped",
    dict(
        clip_low=3e-4, clip_high=4e-4, clip=True, dual_clip=None, aggregation="seq-mean-token-mean", log_ratio_cap=10.0
    ),
)
_OWN_WIDTH = ("scaled_clipped", dict(clip_low=3.0, clip_high=4.0))
_WIDE = ("clipped", dict(clip_low=0.2, clip_high=0.2, clip=True, dual_clip=None, aggregation="seq-mean-token-mean"))
_TOKEN_MEAN = dict(_WIDE[1], aggregation="token-mean")

_DPPO = dict(aggregation="seq-mean-token-sum-norm", log_ratio_cap=10.0)
WEIGHTED = {"icepop": ("token", 5.0), "seq_mis": ("sequence", 2.0)}  # by the sampler: level, largest weight
REJECTED = {
    "icepop": ("token", "sampler_and_trainer", 0.5, 5.0),
    "seq_mis": ("sequence", "sampler_and_trainer", 0.5, 2.0),
    "geo_rs": ("geometric", "sampler_and_trainer", 0.999, 1.001),
    "opsm": ("off_policy", "sampler_and_new", 0.0, 0.5),
    "trm": ("largest_k3", "sampler_and_new", 0.0, 0.05),
}

# name -> (filter, its parameters), (objective, its parameters), advantage; what is not named here is off
RELEASED = {
    "ratio_one": (_KALMAN(0.0, 1.0), ("clipped", dict(_WIDE[1], clip=False)), "group"),
    "reinforce": (_KALMAN(0.0, 1.0), ("clipped", dict(_WIDE[1], clip=False)), "group"),
    "random_drop": (
        _KALMAN(1e-2, 1.0),
        ("random_drop", dict(clip_low=3e-4, clip_high=4e-4, aggregation="seq-mean-token-mean", log_ratio_cap=10.0)),
        "group",
    ),
    "ppo": (("identity", {}), ("clipped", _TOKEN_MEAN), "gae"),
    "grpo": (("identity", {}), _WIDE, "group"),
    "dr_grpo": (("identity", {}), ("clipped", dict(_WIDE[1], aggregation="seq-mean-token-sum-norm")), "dr_grpo"),
    "dapo": (("identity", {}), ("clipped", dict(_TOKEN_MEAN, clip_high=0.28, dual_clip=10.0)), "group"),
    "gspo": (("sequence_mean", {}), _NARROW, "group"),
    "gspo_token": (("sequence_mean", {}), _NARROW, "group"),
    "gmpo": (
        ("identity", {}),
        ("geometric", dict(clip_low=0.4, clip_high=0.4, aggregation="seq-mean-token-mean")),
        "group",
    ),
    "krpo": (("identity", {}), _WIDE, "krpo"),
    "cispo": (
        ("identity", {}),
        ("cispo", dict(clip_low=1.0, clip_high=4.0, aggregation="token-mean")),
        "group",
    ),  # a cap of 5
    "sapo": (
        ("identity", {}),
        ("sapo", dict(tau_positive=1.0, tau_negative=1.05, aggregation="seq-mean-token-mean")),
        "group",
    ),
    "ctpo": (
        ("cumulative", {}),
        ("position_clipped", dict(clip_low=0.025, clip_high=0.05, dual_clip=0.05, aggregation="token-mean")),
        "group",
    ),
    "minpro_experimental": (("min_prefix", {}), _WIDE, "group"),
    "luspo": (("sequence_mean", {}), ("clipped", dict(_NARROW[1], aggregation="seq-mean-token-sum")), "group"),
    "hmpo": (
        ("identity", {}),
        ("harmonic", dict(clip_low=0.4, clip_high=0.4, aggregation="seq-mean-token-mean")),
        "group",
    ),
    "ctpo_geomean": (
        ("kalman", dict(process_var=0.0, measurement_var=1.0, initial_var=np.inf)),
        ("position_clipped", dict(clip_low=0.025, clip_high=0.05, dual_clip=0.05, power=-0.5)),
        "group",
    ),
    "dppo_tv": (("identity", {}), ("dppo", dict(_DPPO, divergence="tv", clip_low=0.15, clip_high=0.15)), "dr_grpo"),
    "dppo_kl": (("identity", {}), ("dppo", dict(_DPPO, divergence="kl", clip_low=0.05, clip_high=0.05)), "dr_grpo"),
    "vespo": (
        ("identity", {}),
        ("vespo", dict(power_positive=2.0, rate_positive=3.0, power_negative=3.0, rate_negative=2.0)),
        "group",
    ),
    "clip_cov": (
        ("identity", {}),
        ("clip_cov", dict(clip_low=1.0, clip_high=1.0, share=2e-4, cov_low=1.0, cov_high=5.0)),
        "group",
    ),
    "kl_cov": (("identity", {}), ("kl_cov", dict(share=2e-3, coefficient=1.0, aggregation="token-mean")), "group"),
    "dro": (("identity", {}), ("dro", dict(beta=0.05, aggregation="token-mean")), "group"),
    "opo": (("identity", {}), _WIDE, "opo"),
    "gdpo": (("identity", {}), _WIDE, "gdpo"),
    "icepop": (("identity", {}), _WIDE, "group"),
    "seq_mis": (("identity", {}), _WIDE, "group"),
    "geo_rs": (("identity", {}), _WIDE, "group"),
    "opsm": (("identity", {}), _WIDE, "group"),
    "trm": (("identity", {}), _WIDE, "group"),
    "kpo_strong": (_KALMAN(1e-6, 1.0), _NARROW, "group"),
    "kpo_weak": (_KALMAN(1e-2, 1.0), _NARROW, "group"),
    "kpo_unclipped": (_KALMAN(1e-4, 1.0), ("clipped", dict(_WIDE[1], clip=False)), "group"),
    "kpo_released": (("kpo_released", dict(process_var=1e-2, measurement_var=1.0)), _NARROW, "group"),
    "ema_kpo": (("ema", dict(gain=9.995e-4)), _NARROW, "group"),
    "is_kpo_weak": (_IS(1e-2, 1.0, 3.0, covariance="standard"), _NARROW, "group"),
    "opt0": (_IS(5e-2, 1.0, 1.0), _NARROW, "group"),
    "opt1": (_IS(1e-2, 0.1, 2.0), _NARROW, "group"),
    "is_kpo_calibrated": (("calibrated", _SCALED), _NARROW, "group"),
    "is_kpo_deviation": (("calibrated", dict(_SCALED, scale="deviation")), _NARROW, "group"),
    "is_kpo_moved": (("calibrated", dict(_SCALED, noise=1e-3)), _NARROW, "group"),
    "is_kpo_running_moved": (
        ("running_scale", dict(_SCALED, statistic="mean", rate=0.05, floor=1e-6, noise=1e-3)),
        _NARROW,
        "group",
    ),
    "kpo_weak_wide": (_KALMAN(1e-2, 1.0), _WIDE, "group"),
    "kpo_weak_scaled": (_KALMAN(1e-2, 1.0), _OWN_WIDTH, "group"),
    "kpo_strong_scaled": (_KALMAN(1e-6, 1.0), _OWN_WIDTH, "group"),
    "grpo_scaled": (("identity", {}), _OWN_WIDTH, "group"),
    "is_kpo_running_mean": (
        ("running_scale", dict(_SCALED, statistic="mean", rate=0.05, floor=1e-6)),
        _NARROW,
        "group",
    ),
    "is_kpo_running_median": (
        ("running_scale", dict(_SCALED, statistic="median", rate=0.05, floor=1e-6)),
        _NARROW,
        "group",
    ),
    "is_kpo_masreliez": (_IS(1e-6, 1e-4, 3.0, covariance="masreliez"), _NARROW, "group"),
    "is_kpo_iterated": (
        ("iterated", dict(_NOISE, bound=1.0364, state_bound=1.0364, iterations=3, step_size=1.0)),
        _NARROW,
        "group",
    ),
    "is_kpo_huber": (("huber", dict(_NOISE, bound=1.345, iterations=2)), _NARROW, "group"),
    "is_kpo_wolf": (("wolf", _NOISE), _NARROW, "group"),
    "is_kpo_student_t": (("student_t", dict(_NOISE, iterations=3)), _NARROW, "group"),
    "is_kpo_stubborn": (("stubborn", dict(_NOISE, kappa=3.0)), _NARROW, "group"),
    "is_kpo_adaptive_var": (("adaptive_var", _NOISE), _NARROW, "group"),
    "is_kpo_quantile": (("quantile", dict(_WITHOUT_V, quantile=0.98, rate=0.05)), _NARROW, "group"),
    "is_kpo_rank": (("rank", dict(_WITHOUT_V, window=32, rank=3)), _NARROW, "group"),
    "is_kpo_median_window": (("median_window", dict(_WITHOUT_V, window=5)), _NARROW, "group"),
    "is_kpo_score_t": (("score_t", dict(_WITHOUT_V, degrees_of_freedom=4.0)), _NARROW, "group"),
    "is_kpo_mixture": (("outlier_mixture", dict(_WITHOUT_V, outliers=0.02, spread=10.0)), _NARROW, "group"),
    "kpo_smoother": (("smoother", _KALMAN(1e-2, 1.0)[1]), _NARROW, "group"),
}


def test_the_table_has_every_method_and_methods_are_made_of_what_there_is():
    assert set(RELEASED) == set(METHODS)
    assert {algorithm.filter.name for algorithm in METHODS.values()} <= set(FILTERS)
    assert {algorithm.objective.name for algorithm in METHODS.values()} <= set(OBJECTIVES)
    assert {algorithm.advantage.name for algorithm in METHODS.values()} <= set(ADVANTAGES)


@pytest.mark.parametrize("name", METHODS)
def test_released_defaults(name):
    algorithm, plain = METHODS[name], dict(truncated_is=None, truncated_is_cap=None)
    (filter_name, filter_values), (objective_name, objective_values), advantage = RELEASED[name]
    assert (algorithm.filter.name, algorithm.objective.name, algorithm.advantage.name) == (
        filter_name,
        objective_name,
        advantage,
    )
    for built, values in (
        (build_filter(algorithm.filter), filter_values),
        (build_objective(dataclasses.replace(algorithm.objective, **plain)), objective_values),
    ):
        for field, value in values.items():
            found = getattr(built, field)
            assert found == pytest.approx(value, rel=1e-4) if isinstance(value, float) else found == value, field
        for field in dataclasses.fields(built):  # and nothing else is set
            assert field.name in values or getattr(built, field.name) == field.default, field.name
    assert algorithm.filter.gradient == ("through_filter" if name in ("gspo", "luspo") else "straight_through")
    assert algorithm.dynamic_sampling == (10 if name == "dapo" else 0)
    assert algorithm.kl == KLConfig() and algorithm.kl.estimate == ""
    assert algorithm.rejection == RejectionConfig(*REJECTED.get(name, ()))
    weighted = algorithm.objective.truncated_is, algorithm.objective.truncated_is_cap
    assert weighted == WEIGHTED.get(name, (None, None))
    assert build_objective(ObjectiveConfig(truncated_is="token")).cap == 2.0


def test_ppo_has_its_critics_defaults():
    assert (Gae().gamma, Gae().lam, CriticConfig().value_clip) == (1.0, 1.0, 0.2)


def test_dapo_brings_its_reward_whose_buffer_is_counted_in_tokens():
    """Of 20480 tokens its last 4096: at 18432, half way, -1/2 is added to +1 or -1."""
    config = with_method(Config(sampler=SampleConfig(max_response_length=20480)), "dapo")
    assert (config.reward.kind, config.reward.overlong_buffer, config.reward.overlong_penalty) == (
        "plus_minus_one",
        4096,
        1.0,
    )
    graded = {"plus_minus_one": [Graded(score, score > 0, "1", "") for score in (1.0, 1.0, 1.0, -1.0)]}
    each = scores(graded, np.array([16384, 18432, 20480, 18432]), 20480, config.reward)
    reward = total_reward(each, terms(config.reward, "correct"))
    np.testing.assert_allclose(reward, [1, 0.5, 0, -1.5])
    assert (
        with_method(Config(), "grpo").reward == Config().reward
        and with_method(Config(), "grpo").algorithm == METHODS["grpo"]
    )


def test_dapo_pays_plus_and_minus_one_for_mathematics_and_leaves_every_other_reward(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(
        "import functools\nfrom kpo_jax.tasks import Task\nfrom kpo_jax.tasks.rewards import correct\n"
        "def own(response, problem, *, k: float): return k\n"
        "def task(): return Task(functools.partial(correct, evaluated=False))\n"
    )
    loose, own = {"evaluated": False}, RewardConfig(f"{path}:own", parameters={"k": 1.0})
    for task, reward, kind, parameters in [
        ("math", RewardConfig(), "plus_minus_one", {"evaluated": True}),
        ("math", RewardConfig("correct", parameters=loose), "plus_minus_one", loose),
        (f"{path}:task", RewardConfig(), "plus_minus_one", loose),
        ("math", RewardConfig("exact"), "exact", {"evaluated": True}),
        ("math", own, own.kind, own.parameters),
        ("countdown", RewardConfig(), "", {}),
    ]:
        found = with_method(Config(task=TaskConfig(task), reward=reward), "dapo").reward
        assert (found.kind, found.parameters, found.overlong_buffer) == (kind, parameters, 13), (task, reward)


def test_dynamic_sampling_needs_groups():
    config = with_method(Config(), "dapo")
    alone = dataclasses.replace(config, rollout=dataclasses.replace(config.rollout, group_size=1))
    assert config_lib.problems_of(config) == []
    problem = (
        "algorithm.dynamic_sampling: a group of one (rollout.group_size) is all right or all wrong, so all are dropped"
    )
    assert config_lib.problems_of(alone) == [problem]


def test_an_unknown_method_names_the_legal_ones():
    with pytest.raises(ValueError, match=r"no method 'dappo'; there are grpo, gspo, .*is_kpo_student_t"):
        method("dappo")


def test_a_filter_of_the_whole_batch_refuses_microbatches():
    plain = config_lib.load_file(f"{Path(__file__).parents[1]}/configs/tiny.py:is_kpo_calibrated")
    kalman = {"algorithm.filter.name": "kalman", "algorithm.filter.process_var": "1e-2"}
    for texts, refused in (({}, True), (kalman | {"algorithm.filter.measurement_var": "1.0"}, False)):
        changed = config_lib.override(plain, {"learner.microbatch_tokens": "4096", **texts})
        problems = config_lib.checked(changed.plain)[1]
        assert any("filter 'calibrated' must see at once" in text for _, text in problems) == refused
        assert refused or problems == []
