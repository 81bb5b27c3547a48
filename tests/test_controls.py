"""The controls of a study: the A/A twin, and dropped tokens that do not depend on devices. The null is in
test_methods.py.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from test_objectives import make_batch
from test_trace import build, small

from kpo_jax import config as config_lib
from kpo_jax.objectives.random_drop import RandomDrop
from kpo_jax.training.step import collect


def test_a_twin_draws_other_responses_to_the_same_prompts_and_the_same_ones_each_time():
    config = small("kpo_weak", rollout__prompts_per_step=8)
    inputs, programs = build(config)
    params = programs.init(jax.random.key(0)).params
    drawn = {}
    for stream in (0, 1, 2):
        rollout = dataclasses.replace(config.rollout, stream=stream)
        one, again = (
            collect(dataclasses.replace(config, rollout=rollout), inputs, programs, params, 3) for _ in range(2)
        )
        assert [p.id for p in one.problems] == [p.id for p in again.problems]
        np.testing.assert_array_equal(one.rows["tokens"], again.rows["tokens"])
        drawn[stream] = one
    for stream in (1, 2):
        assert [p.id for p in drawn[stream].problems] == [p.id for p in drawn[0].problems]
        assert drawn[stream].texts != drawn[stream - 1].texts
    assert _problems("rollout.stream", "2") == []
    assert [path for path, _ in _problems("rollout.stream", "-1")] == ["rollout.stream"]


def _problems(path, value):
    changed = config_lib.override(config_lib.load_file("tiny:grpo"), {path: value})
    return changed.problems + config_lib.checked(changed.plain)[1]


def test_the_study_s_twin_differs_in_its_stream_alone():
    plain, twin = (config_lib.load_file(f"study:kpo_weak{end}") for end in ("", "_twin"))
    assert plain["rollout"].pop("stream") == 0 and twin["rollout"].pop("stream") == 1
    assert plain == twin
    fast = config_lib.load_file("study:kpo_weak_twin_fast")
    assert fast["rollout"]["stream"] == 1 and fast["learner"]["learning_rate"] == 6e-4
    wide = config_lib.load_file("study:kpo_weak_wide_twin")
    assert wide["algorithm"]["objective"]["clip_low"] == 0.2 and wide["rollout"]["stream"] == 1


def test_which_tokens_are_dropped_does_not_depend_on_the_devices():
    rng = np.random.default_rng(0)
    mask = rng.random((8, 40)) < 0.9
    batch = make_batch(mask, rng.standard_normal(8))
    filtered = jnp.asarray(np.where(mask, 0.3 * rng.standard_normal(mask.shape), 0), jnp.float32)
    drop = jax.jit(lambda z, b: RandomDrop(0.1, 0.1)(z, b).clipped)
    sharding = NamedSharding(Mesh(np.array(jax.devices()), ("data",)), PartitionSpec("data"))
    whole = drop(filtered, batch)
    np.testing.assert_array_equal(drop(jax.device_put(filtered, sharding), batch), whole)
    assert len(jax.devices()) == 8 and whole.sum() > 50 and (drop(filtered + 1e-6 * mask, batch) != whole).any()
