"""What a dry run works out without jax is what jax itself says."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from configurations import load

from kpo_jax.commands.dry_run import decoding_bytes, describe, human, state_bytes
from kpo_jax.config import LearnerConfig, MeshConfig
from kpo_jax.model import critic
from kpo_jax.model.decoder import init_params
from kpo_jax.runtime.mesh import mesh_shape
from kpo_jax.runtime.sharding import local_mesh, make_mesh
from kpo_jax.sampling.decoding import decode_weights
from kpo_jax.sampling.programs import Programs
from kpo_jax.training.learner import make_init, make_optimizer

ROOT = Path(__file__).parents[1]
CONFIG, _ = load("configs/tiny.py:ppo", mesh__data=2, mesh__fsdp=2, mesh__tensor=2, model__param_dtype="bfloat16")


def on_one_device(tree, shardings) -> int:
    """Bytes of a tree of shapes that lie on the first device."""
    shard = lambda x, sharding: jax.ShapeDtypeStruct(sharding.shard_shape(x.shape), x.dtype)
    return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(jax.tree.map(shard, tree, shardings)))


@pytest.mark.parametrize("first, second", [("float32", "float32"), ("bfloat16", "float32"), ("float32", "bfloat16")])
def test_bytes_of_parameters_and_moments_are_those_of_the_state(first, second):
    learner = dataclasses.replace(CONFIG.learner, first_moment_dtype=first, second_moment_dtype=second)
    config = dataclasses.replace(CONFIG, learner=learner)
    optimizer = make_optimizer(config.learner)
    init, shardings = make_init(config.model, optimizer, make_mesh(config.mesh), optimizer)
    shapes, counters = jax.eval_shape(init, jax.random.key(0)), 8
    params, moments = state_bytes(config, mesh_shape(config.mesh, 8))
    assert params == on_one_device(shapes.params, shardings.params)
    assert 0 <= on_one_device(shapes.opt_state, shardings.opt_state) - moments <= counters
    head = 4 * (config.model.hidden_size + 1)  # the critic's, in float32
    said = describe(config).splitlines()
    of_critic = on_one_device(shapes.critic.params, shardings.critic.params)
    assert f"  critic         {human(of_critic - head)}" in said
    # the control: the other mesh, and moments of the other kind
    assert params != state_bytes(config, {"data": 8, "fsdp": 1, "tensor": 1})[0]
    halves = LearnerConfig(first_moment_dtype="bfloat16", second_moment_dtype="bfloat16")
    others = dataclasses.replace(config, learner=halves)
    assert moments > state_bytes(others, mesh_shape(config.mesh, 8))[1]


def test_bytes_of_past_policies_are_those_of_so_many_parameters():
    stale = dataclasses.replace(CONFIG, rollout=dataclasses.replace(CONFIG.rollout, staleness=3))
    size = human(3 * state_bytes(CONFIG, mesh_shape(CONFIG.mesh, 8))[0])
    assert f"  past policies  {size}" in describe(stale).splitlines()
    assert "past policies" not in describe(CONFIG)  # the control


def test_an_untied_critic_has_no_output_head():
    config = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, tie_embeddings=False))
    params = jax.eval_shape(lambda: critic.init_params(init_params(config.model, jax.random.key(0))))["trunk"]
    size = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(params))
    whole = dataclasses.replace(config, mesh=dataclasses.replace(config.mesh, data=1, fsdp=1, tensor=1))
    assert f"  critic         {human(size)}" in describe(whole).splitlines()
    assert size < state_bytes(whole, mesh_shape(whole.mesh, 1))[0]


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("mesh", [dict(data=2, fsdp=2, tensor=2), dict(fsdp=8, sampling_tensor=2)])
def test_bytes_for_decoding_are_those_of_its_weights(mesh, tie):
    model = dataclasses.replace(CONFIG.model, tie_embeddings=tie, dtype="bfloat16")
    config = dataclasses.replace(CONFIG, model=model, mesh=MeshConfig(**mesh))
    own = local_mesh(make_mesh(config.mesh), config.mesh.sampling_tensor)
    programs = Programs(model, config.sampler, own, ())
    weights = jax.eval_shape(lambda: decode_weights(model, init_params(model, jax.random.key(0))))
    assert decoding_bytes(config) == on_one_device(weights, programs.weight_shardings())
    whole = dataclasses.replace(config, mesh=MeshConfig(fsdp=8))
    assert decoding_bytes(whole) > 1.5 * decoding_bytes(config)
    assert f"  for decoding   {human(decoding_bytes(config))}" in describe(config).splitlines()


COUNT = """
import os, sys
from kpo_jax.runtime import cpu
count, imported = cpu.count_all(os.environ), "jax" in sys.modules
import jax
print(count == len(jax.devices()), count, imported)
"""


@pytest.mark.parametrize(
    "environment, said",
    [
        ({"XLA_FLAGS": ""}, "True 1 False"),
        ({"XLA_FLAGS": "--xla_force_host_platform_device_count=3"}, "True 3 False"),
        ({"XLA_FLAGS": "", "JAX_NUM_CPU_DEVICES": "2"}, "True 2 True"),  # which jax reads itself
    ],
)
def test_devices_are_counted_as_jax_does_but_without_it(environment, said):
    command = [sys.executable, "-c", COUNT]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"} | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == said, done.stderr
