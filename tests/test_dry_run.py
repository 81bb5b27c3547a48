"""What a dry run works out without jax is what jax itself says."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from configurations import load

from kpo_jax.commands import activations, memory, runs
from kpo_jax.commands.dry_run import describe
from kpo_jax.commands.memory import decoding_bytes, human, state_bytes
from kpo_jax.config import LearnerConfig, MeshConfig, problems_of
from kpo_jax.ends import Refused
from kpo_jax.model import critic
from kpo_jax.model.decoder import hidden_states, init_params
from kpo_jax.runtime.mesh import mesh_shape
from kpo_jax.runtime.sharding import local_mesh, localized, make_mesh, param_specs
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


def test_what_is_held_together_is_the_sum_of_each_phase():
    stale = dataclasses.replace(CONFIG, rollout=dataclasses.replace(CONFIG.rollout, staleness=1))
    sizes = mesh_shape(CONFIG.mesh, 8)
    for config in (CONFIG, stale):
        params, moments = state_bytes(config, sizes)
        held = memory.held(config, sizes)
        assert held["parameters"] == params and held["optimizer"] == moments and "frozen" not in held
        beside = held["critic"] + held["its optimizer"] + held.get("past policies", 0)
        always, found = params + moments + beside, memory.at_once(config, sizes)
        update, rollout, evaluation = memory.phases(config, sizes).values()  # others are not in all runs
        many = memory._update_shape(config, sizes).microbatches > 1  # their gradients are added up in float32
        assert update["gradient"] == params * (2 if many else 1) and update["activations"] > 0
        assert found["update"] == always + sum(update.values())
        assert rollout["for decoding"] == decoding_bytes(config)
        assert rollout["KV cache"] == memory.cache_bytes(config, sizes)
        assert found["rollout"] == always + sum(rollout.values())
        assert found["evaluation"] == always + sum(evaluation.values())
        said = f"  together       {human(found['update'])} in the update, {human(found['rollout'])} in the rollout"
        assert said in describe(config)
    assert memory.held(stale, sizes)["past policies"] == params  # the control: the second has more


def test_an_evaluation_is_a_call_of_its_own():
    def evaluation(**fields):
        config = dataclasses.replace(CONFIG, eval=dataclasses.replace(CONFIG.eval, **fields))
        return memory.phases(config, mesh_shape(CONFIG.mesh, 8)).get(memory.EVALUATION)

    found, call = evaluation(), memory._evaluations(CONFIG)
    assert (call.prompts, call.group) == (CONFIG.eval.prompts_per_call, CONFIG.eval.num_samples)
    rows = CONFIG.eval.prompts_per_call * (call.prompt + CONFIG.eval.num_samples * call.response)
    per_token = 2 * CONFIG.model.num_layers * CONFIG.model.num_kv_heads * CONFIG.model.head_dim * 4
    assert found["eval KV cache"] == rows * per_token // 8
    more = evaluation(num_samples=2 * CONFIG.eval.num_samples)
    assert more["eval KV cache"] > 1.5 * found["eval KV cache"] and more["for decoding"] == found["for decoding"]
    longer = {name: dataclasses.replace(data, max_prompt_length=512) for name, data in CONFIG.eval.sets.items()}
    assert evaluation(sets=longer)["eval KV cache"] > found["eval KV cache"]
    assert evaluation(sets={}) is None  # the control: where nothing is evaluated
    config = dataclasses.replace(CONFIG, eval=dataclasses.replace(CONFIG.eval, num_samples=4096))
    most = memory.at_once(config, mesh_shape(config.mesh, 8))[memory.EVALUATION]
    said = memory.refusal(config, 8, most - 1)
    assert "in the evaluation" in said and "--config.eval.prompts_per_call=" in said


def test_every_host_prefills_for_itself_and_sends_within():
    """Qwen3-4B: 8 prompts of 1,024 tokens at once on a host, whose keys and values go to all eight devices."""
    fields = dict(learner__microbatch_tokens=0, rollout__prompts_per_call=64)
    config, _ = load("configs/qwen3_4b_dapo.py", mesh__data=-1, **fields)
    sent = 2 * 36 * 8 * 1024 * 8 * 128 * 2
    passes = 1024 * 2 * (3 * 9728 + 2 * 32 * 128)
    for hosts in (1, 8):
        sizes = mesh_shape(config.mesh, 8 * hosts)
        assert memory.phases(config, sizes, hosts)["rollout"]["in its passes"] == sent + passes
    wrong = memory.phases(config, sizes, 1)["rollout"]["in its passes"]  # the control: one host of 64 devices
    assert wrong > 4 * sent
    alone, _ = load("configs/qwen3_4b_dapo.py", mesh__data=1, mesh__fsdp=1, rollout__prompts_per_call=8)
    assert memory.phases(alone, mesh_shape(alone.mesh, 1))["rollout"]["in its passes"] < sent  # no one to send to


def test_parameters_move_where_the_sampler_s_mesh_splits_them_otherwise():
    def moves(hosts=1, **mesh):
        config = dataclasses.replace(CONFIG, mesh=MeshConfig(**mesh))
        return memory._sampling_mesh(config, mesh_shape(config.mesh, 16), hosts)

    assert moves(fsdp=8) == (1, False) and moves(fsdp=8, hosts=2) == (1, False)
    assert moves(fsdp=16, hosts=2, across_hosts=True) == (1, True)
    assert moves(tensor=16, hosts=2, across_hosts=True) == (8, True)
    assert moves(fsdp=8, sampling_tensor=2) == (2, True)
    assert moves(fsdp=4, tensor=2, sampling_tensor=2) == (2, True)  # they are whole there along fsdp
    assert moves(tensor=2, sampling_tensor=2) == (2, False)


def test_what_is_offered_would_start():
    config, _ = load("configs/qwen3_4b_dapo.py", mesh__data=1)
    offered = [flags for flags, _ in memory.nearest(config, 8)]
    assert {"rollout.prompts_per_call": 8, "eval.prompts_per_call": 8} in offered
    for flags in offered:
        assert problems_of(memory._changed(config, flags)) == [], flags
    assert problems_of(memory._changed(config, {"rollout.prompts_per_call": 4}))  # fewer than rows
    assert {"rollout.prompts_per_call": 4} not in offered
    # weights of 61 GiB in every device: a mesh of the sampler's own is enough
    large, _ = load("configs/qwen3_32b_dapo.py", mesh__data=1)
    said = memory.refusal(large, 16, 79 * 2**30, hosts=2)
    assert said.endswith("--config.mesh.sampling_tensor=2 could fit") or "sampling_tensor=4 could" in said, said
    split = dict(mesh__data=1, mesh__fsdp=8, rollout__prompts_per_call=8)
    inner, _ = load("configs/qwen3_4b_dapo.py", **split)
    per_host = [flags for flags, _ in memory.nearest(inner, 8, hosts=2) if "mesh.fsdp" in flags]
    assert per_host == []  # fsdp may not cross hosts unless it is said


def test_parameters_on_their_way_to_a_sampling_mesh_are_a_phase_of_their_own():
    model = dataclasses.replace(CONFIG.model, dtype="bfloat16", param_dtype="float32")
    mesh = MeshConfig(fsdp=8, sampling_tensor=2)
    base = dataclasses.replace(CONFIG, model=model, mesh=mesh)
    sizes, moved = mesh_shape(mesh, 8), []
    for dtype in ("", "int8", "float32"):
        config = dataclasses.replace(base, sampler=dataclasses.replace(base.sampler, dtype=dtype))
        own = local_mesh(make_mesh(mesh), 2)
        there = localized(
            jax.eval_shape(lambda: init_params(model, jax.random.key(0))), param_specs(model), make_mesh(mesh), own,
            config.sampler.moved_dtype(model),
        )  # fmt: skip
        found = memory.phases(config, sizes)
        # norms have no axis that is split, so they stay, and stay what they are
        small = sum(4 * x.size for x in jax.tree.leaves(there) if x.sharding.is_fully_replicated)
        exact = on_one_device(there, jax.tree.map(lambda x: x.sharding, there))
        assert 0 <= exact - found[memory.MOVE]["split again"] <= small
        assert found[memory.MOVE]["for decoding"] == found["rollout"]["for decoding"] == decoding_bytes(config)
        assert "split again" not in found["rollout"]
        moved.append(found[memory.MOVE]["split again"])
    assert 2 * moved[0] == moved[1] == moved[2]
    narrow = dataclasses.replace(model, param_dtype="bfloat16")
    wide = dataclasses.replace(base.sampler, dtype="float32")
    assert wide.moved_dtype(narrow) is None and base.sampler.moved_dtype(model) == "bfloat16"  # never a wider one
    assert f"  split again    {human(moved[0])}" in describe(base).splitlines()
    there = memory.at_once(base, sizes)[memory.MOVE]
    assert f"{human(there)} in the way to the sampler's mesh" in describe(base)
    assert memory.MOVE not in memory.phases(CONFIG, mesh_shape(CONFIG.mesh, 8))  # the control: a mesh for both


def test_moments_on_the_host_are_on_the_device_in_the_update_alone():
    sizes = mesh_shape(CONFIG.mesh, 8)
    other = dataclasses.replace(CONFIG, learner=dataclasses.replace(CONFIG.learner, moments_on_host=True))
    here, there = (memory.at_once(config, sizes) for config in (CONFIG, other))
    held, moments = memory.held(CONFIG, sizes), state_bytes(CONFIG, sizes)[1]
    assert set(held) - set(memory.held(other, sizes)) == {"optimizer", "its optimizer"}
    assert here["rollout"] - there["rollout"] == moments + held["its optimizer"] > 0
    assert here["update"] - there["update"] == moments + held["its optimizer"]
    gradient = memory.phases(other, sizes)["update"]["gradient"]
    assert there[memory.OPTIMIZER] == sum(memory.held(other, sizes).values()) + gradient + moments
    said = describe(other).splitlines()
    assert f"  moments        {human(moments)}" in said
    assert f"{human(there[memory.OPTIMIZER])} in the optimizer's step;" in next(x for x in said if "together" in x)


def test_what_cannot_fit_is_refused_with_the_nearest_that_could():
    config, _ = load("configs/tiny.py:grpo", mesh__data=8)
    needed = memory.at_once(config, mesh_shape(config.mesh, 8))
    most = max(needed.values())
    assert memory.refusal(config, 8, most) is None  # the control: exactly as much as there is
    said = memory.refusal(config, 8, most - 1)
    assert said.startswith(f"a device may have to hold about {human(most)} in the ") and "\n" not in said
    flags = dict(word.removeprefix("--config.").split("=") for word in said.split() if word.startswith("--config."))
    assert flags and said.endswith("could fit")
    other = memory._changed(config, {path: int(value) if value.isdigit() else value for path, value in flags.items()})
    assert max(memory.at_once(other, mesh_shape(other.mesh, 8)).values()) < most
    assert "no single change is enough" in memory.refusal(config, 8, 1000)


def test_of_an_update_that_cannot_fit_microbatches_shrink_and_then_the_mesh_is_split_further():
    """336 tokens are one sequence for each of eight devices, the fewest that there can be."""
    fields = dict(mesh__data=8, sampler__max_response_length=8, model__dtype="bfloat16", model__remat="full")
    for tokens, change in ((2 * 336, "learner.microbatch_tokens=336"), (336, "mesh.data=4 --config.mesh.fsdp=2")):
        config, _ = load("configs/tiny.py:grpo", learner__microbatch_tokens=tokens, **fields)
        needed = memory.at_once(config, mesh_shape(config.mesh, 8))
        assert needed["update"] > needed["rollout"]
        assert "in the update" in (said := memory.refusal(config, 8, needed["update"] - 1))
        assert f"--config.{change} could fit" in said


def test_prompts_may_be_allowed_to_be_longer_than_a_microbatch():
    """A run's own are shorter, so it may start, and be planned; no smaller microbatch is offered to it."""
    config, _ = load("configs/tiny.py:grpo", mesh__data=1, data__max_prompt_length=1024)
    sizes, tokens = mesh_shape(config.mesh, 1), config.learner.microbatch_tokens
    shape = memory._update_shape(config, sizes)
    assert tokens < 1024 and shape.rows * shape.length <= tokens
    assert "in the update" in describe(config)
    assert all("learner.microbatch_tokens" not in flags for flags, _ in memory.nearest(config, 1))
    short, _ = load("configs/tiny.py:grpo", mesh__data=1)
    assert any("learner.microbatch_tokens" in flags for flags, _ in memory.nearest(short, 1))  # the control
    with pytest.raises(ValueError, match=r"learner\.microbatch_tokens: 8 is below"):  # less than a response
        memory._update_shape(load("configs/tiny.py:grpo", mesh__data=1, learner__microbatch_tokens=8)[0], sizes)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("remat", ["full", "attention", "elementwise"])
def test_what_layers_keep_for_the_backward_pass_is_what_jax_keeps(remat, dtype):
    """The arrays that the scan over the layers hands to the one back over them."""
    rows, length = 2, 24
    model = dataclasses.replace(CONFIG.model, remat=remat, dtype=dtype, num_layers=3)
    params = jax.eval_shape(lambda: init_params(model, jax.random.key(0)))
    tokens = jax.ShapeDtypeStruct((rows, length), "int32")
    loss = lambda params, tokens: jax.numpy.sum(hidden_states(model, params, tokens, tokens).astype("float32"))
    jaxpr = jax.make_jaxpr(jax.grad(loss))(params, tokens)
    first = next(one for one in jaxpr.eqns if one.primitive.name == "scan")
    stacked = [x.aval for x in first.outvars[first.params["num_carry"] :]]
    of_tokens = [x for x in stacked if x.size % (3 * rows * length) == 0 and x.ndim > 2]
    kept = sum(x.size * x.dtype.itemsize for x in of_tokens) // (3 * rows * length)
    normalisers = 4 * model.num_heads * (remat == "elementwise")  # of the CPU's attention, float32
    assert kept == activations._of_token(model, 1)[0] + normalisers


def test_the_parts_of_an_update_s_estimate_by_hand():
    """A device of eight, Qwen3-4B's shapes: 2 rows of 5,120 tokens, 2,560 wide, 36 layers that keep their inputs."""
    config, _ = load("configs/qwen3_4b_dapo.py", mesh__data=1)
    sizes, tokens = mesh_shape(config.mesh, 8), 2 * 5120
    at_work = 2 * (4 * 9728 + 3 * (32 + 8) * 128 + 6 * 2560)  # the MLP, attention and residual stream of one layer
    turned = 36 * (9728 + 32 * 128) * 2560 * 4 // 8  # down_proj and o_proj
    expected = tokens * (36 * 2 * 2560 + at_work) + 2 * 2 * 5120**2 + 2 * 2 * 9728 * 2560 + turned
    update = memory.phases(config, sizes)["update"]
    assert update["activations"] == expected
    assert update["of microbatch"] == update["gradient"] == state_bytes(config, sizes)[0]
    one = dataclasses.replace(config, mesh=MeshConfig(data=1), learner=LearnerConfig(microbatch_tokens=5120))
    alone = memory.phases(one, mesh_shape(one.mesh, 1))["update"]
    assert alone["gradient"] - alone["of microbatch"] == 4 * (151_936 + 1) * 2560  # embeddings and the last norm
    whole = dataclasses.replace(one, learner=LearnerConfig(microbatch_tokens=0))
    assert "of microbatch" not in memory.phases(whole, mesh_shape(one.mesh, 1))["update"]


def test_a_start_that_cannot_fit_ends_before_anything_is_made(monkeypatch, tmp_path):
    config, _ = load("configs/tiny.py:grpo", mesh__data=8)
    values = {"mode": "train", "workdir": str(tmp_path / "run"), "allow_config_change": False, "ignore_memory": False}
    assert memory.device_memory() is None  # a CPU does not say
    monkeypatch.setattr(memory, "device_memory", lambda: 2**20)
    with pytest.raises(Refused, match=r"a device may have to hold .* and has 1\.00 MiB; .*; --ignore_memory starts"):
        runs.prepared(config, values)
    assert not (tmp_path / "run").exists()
    runs.prepared(config, values | {"workdir": str(tmp_path / "ignored"), "ignore_memory": True})
    assert (tmp_path / "ignored").is_dir()
    monkeypatch.setattr(memory, "device_memory", lambda: 2**40)
    runs.prepared(config, values)  # the control
    assert (tmp_path / "run").is_dir()


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
        ({"XLA_FLAGS": "", "JAX_NUM_CPU_DEVICES": "2"}, "True 2 False"),
    ],
)
def test_devices_are_counted_as_jax_does_but_without_it(environment, said):
    command = [sys.executable, "-c", COUNT]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"} | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == said, done.stderr
