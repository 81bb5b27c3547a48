"""Adapters: they begin as no change, learn alone, resume to the bit, shard, and leave for Hugging Face and for PEFT."""

import dataclasses
import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest
from absl.testing import flagsaver
from configurations import load
from safetensors.numpy import load_file, save_file

from kpo_jax import main
from kpo_jax.algorithm.methods import method
from kpo_jax.commands import export as exports
from kpo_jax.commands.memory import frozen_bytes, state_bytes
from kpo_jax.config import CheckpointConfig, Config, LearnerConfig, MeshConfig, RolloutConfig, difference
from kpo_jax.ends import Refused
from kpo_jax.model import decoder, flops, lora, parameters
from kpo_jax.model.config import CriticConfig, LoraConfig, ModelConfig
from kpo_jax.model.packing import make_batch, pack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.recording import lines
from kpo_jax.recording import workdir as workdirs
from kpo_jax.records import over
from kpo_jax.runtime import sharding
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.decoding import decode_weights
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.rewards import RewardConfig
from kpo_jax.training import checkpoints, learner, setup, trainer
from kpo_jax.training import step as steps
from kpo_jax.training.inputs import load_inputs
from kpo_jax.weights import adapters as adapter_files
from kpo_jax.weights import peft as peft_files
from kpo_jax.weights.layout import layouts

SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=8)
MODEL = ModelConfig(**SIZES, lora=LoraConfig(rank=4, alpha=8.0), remat="none")
PHI = dataclasses.replace(MODEL, family="phi3")
ONE = MeshConfig(data=1)


def network(config, key=0, moved=True):
    """All parameters of a policy; `moved`, its adapters are no longer those at the start."""
    params = decoder.init_params(config, jax.random.key(key)) | lora.init_adapters(config, jax.random.key(key))
    if not moved:
        return params
    rng = np.random.default_rng(key)
    shift = lambda x: x + jnp.asarray(rng.normal(0, 0.1, x.shape), x.dtype)
    return params | {parameters.LORA: jax.tree.map(shift, params[parameters.LORA])}


def off(params):
    return {name: part for name, part in params.items() if name != parameters.LORA}


TOKENS = jnp.asarray(np.random.default_rng(1).integers(64, size=(3, 12)), jnp.int32)


@jax.jit(static_argnums=0)
def logits(config, params):
    positions = jnp.broadcast_to(jnp.arange(TOKENS.shape[1])[None, :], TOKENS.shape)
    return decoder.logits(config, params, decoder.hidden_states(config, params, TOKENS, positions))


within, decoded = (jax.jit(function, static_argnums=0) for function in (lora.merged, decode_weights))


# --------------------------------------------------------------------------------------------------------- the policy


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_adapters_begin_as_no_change_to_the_bit(dtype):
    config = dataclasses.replace(MODEL, family="qwen2", dtype=dtype, param_dtype=dtype)
    begun = network(config, moved=False)
    np.testing.assert_array_equal(logits(config, begun), logits(config, off(begun)))
    moved = network(config)  # the control
    assert np.abs(logits(config, moved) - logits(config, off(moved))).max() > 1e-2


def test_adapters_begin_as_pefts_do():
    config = dataclasses.replace(MODEL, hidden_size=64, param_dtype="bfloat16")
    begun = lora.init_adapters(config, jax.random.key(0))
    declared = parameters.adapters(config)
    assert jax.tree.map(lambda x: x.shape, begun) == jax.tree.map(lambda one: one.shape, declared)
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(begun))
    pair = begun[parameters.LORA]["layers"]["self_attn"]["q_proj"]
    bound = 64**-0.5  # Kaiming's uniform with a = sqrt(5): sqrt(6 / ((1 + 5) in))
    assert not pair["b"].any() and 0.95 * bound < np.abs(pair["a"]).max() <= bound
    assert np.std(pair["a"]) == pytest.approx(bound / 3**0.5, rel=0.1)
    other = begun[parameters.LORA]["layers"]["self_attn"]["k_proj"]["a"]
    assert (np.asarray(pair["a"]) != other).mean() > 0.99 and (pair["a"][0] != pair["a"][1]).mean() > 0.99
    assert lora.init_adapters(dataclasses.replace(config, lora=LoraConfig()), jax.random.key(0)) is None


def test_adapters_beside_the_weights_are_adapters_within_them():
    params = network(MODEL)
    merged = within(MODEL, params)
    np.testing.assert_allclose(logits(MODEL, params), logits(MODEL, merged), rtol=1e-4, atol=1e-5)
    # the control: with another alpha it is another policy
    other = dataclasses.replace(MODEL, lora=dataclasses.replace(MODEL.lora, alpha=16.0))
    assert np.abs(logits(MODEL, within(other, params)) - logits(MODEL, params)).max() > 1e-2


@pytest.mark.slow  # two more programs
def test_the_gradient_is_that_of_the_merged_weights():
    params = network(MODEL)
    frozen, trained = off(params), {parameters.LORA: params[parameters.LORA]}
    direction = jnp.asarray(np.random.default_rng(2).normal(size=(*TOKENS.shape, 64)), jnp.float32)
    loss = lambda params: jnp.sum(logits(MODEL, params) * direction)
    found = jax.jit(jax.grad(lambda trained: loss(frozen | trained)))(trained)[parameters.LORA]["layers"]
    of_weights = jax.jit(jax.grad(loss))(within(MODEL, params))["layers"]
    for part, pairs in params[parameters.LORA]["layers"].items():
        for name, pair in pairs.items():
            dw = of_weights[part][name].reshape(2, pair["a"].shape[1], -1)  # of W + alpha / rank A B
            wanted = dict(a=2.0 * dw @ pair["b"].swapaxes(1, 2), b=2.0 * pair["a"].swapaxes(1, 2) @ dw)
            for x in "ab":
                np.testing.assert_allclose(found[part][name][x], wanted[x], rtol=1e-3, atol=1e-3, err_msg=name)
    assert np.abs(found["mlp"]["up_proj"]["b"]).max() > 1  # the control: tolerances are far below it


# -------------------------------------------------------------------------------------------------------- the sampler


def test_the_sampler_reads_merged_weights():
    params = network(MODEL)
    merged, plain = decoded(MODEL, params), decoded(MODEL, off(params))
    wanted = decoded(MODEL, within(MODEL, params))
    for x, y in zip(jax.tree.leaves(merged), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-7)
    assert np.abs(merged["layers"][0]["qkv_proj"] - plain["layers"][0]["qkv_proj"]).max() > 1e-2


def test_in_bfloat16_sampler_and_trainer_differ_by_rounding():
    """An update below a half step of bfloat16 is nothing in merged weights; a larger one is not all of itself."""
    config = dataclasses.replace(MODEL, family="qwen2", dtype="bfloat16", param_dtype="bfloat16")
    begun = network(config, moved=False)
    tiny = jax.tree.map(lambda x: x + 1e-6, begun[parameters.LORA])
    large = jax.tree.map(lambda x: x + 1e-2, begun[parameters.LORA])
    of = lambda adapters: decoded(config, begun | {parameters.LORA: adapters})["layers"]

    def changed(adapters):
        """Which share of the weights that have adapters the sampler has otherwise."""
        names = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")
        pairs = zip(of(adapters), of(begun[parameters.LORA]), strict=True)
        return np.mean([np.mean(x[name] != y[name]) for x, y in pairs for name in names])

    assert changed(tiny) < 0.01 < 0.1 < changed(large)

    def mismatch(adapters):
        """Of the logits of weights as the sampler rounds them, and of the trainer's: mean and largest."""
        params = begun | {parameters.LORA: adapters}
        rounded = jax.tree.map(lambda x: x.astype(jnp.bfloat16), within(config, params))
        apart = np.abs(logits(config, rounded) - logits(config, params))
        return apart.mean(), apart.max()

    assert mismatch(begun[parameters.LORA]) == (0, 0)  # the control: nothing to lose at the start
    mean, largest = mismatch(large)
    assert 1e-4 < mean < 0.02 and largest < 0.1


# --------------------------------------------------------------------------------------------------------- the update


def batch_on(mesh, rows=8, prompt=4, response=8):
    rng = np.random.default_rng(3)
    data = dict(
        tokens=rng.integers(64, size=(rows, prompt + response)).astype(np.int32),
        prompt_length=np.full(rows, prompt, np.int32),
        response_mask=np.arange(response)[None] < rng.integers(1, response + 1, size=rows)[:, None],
    )
    shape = pack_shape(rows, prompt, response, group_size=1, microbatch_tokens=0, device_rows=8 if mesh.size > 1 else 1)
    return sharding.put_microbatches(mesh, make_batch(data, *pack(data, shape)))


def supervised(config, mesh_config, num_steps=3, rate=3e-2):
    """(first state on the host, last state, losses) of steps on demonstrations."""
    count = mesh_config.data * mesh_config.fsdp * mesh_config.tensor
    mesh = sharding.make_mesh(mesh_config, jax.devices()[:count])
    how = LearnerConfig(learning_rate=rate, weight_decay=0.0)
    optimizer = learner.make_optimizer(how)
    init, shardings = learner.make_init(config, optimizer, mesh)
    step = learner.make_step(learner.loss_of_demonstrations(config), optimizer, shardings, mesh, how)
    state, losses, batch = init(jax.random.key(0)), [], batch_on(mesh)
    first = jax.device_get(state)
    for _ in range(num_steps):
        before = state
        state, metrics, _ = step(state, batch)
        losses.append(float(metrics["learner/loss"]))
    return first, state, losses, before


@pytest.fixture(scope="module")
def learnt():
    return supervised(MODEL, ONE)


def test_adapters_learn_alone(learnt):
    first, last, losses, before = learnt
    assert losses[-1] < losses[0] - 0.1  # nats a token
    for x, y in zip(jax.tree.leaves(first.base), jax.tree.leaves(jax.device_get(last.base)), strict=True):
        np.testing.assert_array_equal(x, y)
    moments = [x for x in jax.tree.leaves(last.opt_state) if x.ndim]
    assert sum(x.size for x in moments) == 2 * parameters.num_trained(MODEL)
    # adapters are updated in place; the frozen weights are neither copied nor given away
    assert all(x.is_deleted() for x in jax.tree.leaves(before.params))
    assert last.base["embed_tokens"] is before.base["embed_tokens"]
    # the control: without adapters the weights move
    first, last, *_ = supervised(dataclasses.replace(MODEL, lora=LoraConfig()), ONE, num_steps=1)
    assert last.base is None and (first.params["embed_tokens"] != last.params["embed_tokens"]).any()


def test_eight_devices_are_one(learnt):
    _, alone, losses, _ = learnt
    _, many, others, _ = supervised(MODEL, MeshConfig(data=2, fsdp=2, tensor=2))
    np.testing.assert_allclose(losses, others, rtol=1e-5)
    for x, y in zip(jax.tree.leaves(alone.params), jax.tree.leaves(many.params), strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-3, atol=2e-4)
    pair = many.params[parameters.LORA]["layers"]["self_attn"]["q_proj"]
    assert pair["a"].sharding.shard_shape(pair["a"].shape) == (2, 16, 4)  # [L, D, rank], D over fsdp
    assert pair["b"].sharding.shard_shape(pair["b"].shape) == (2, 4, 16)  # [L, rank, N H], heads over tensor
    assert pair["b"].any()  # the control: they have moved


def test_flops_of_an_update_leave_out_the_weights_gradients():
    given = dict(prompt_lengths=[5], response_lengths=[3, 4], group_size=2, share_prompts=False)
    plain = flops.training_step(dataclasses.replace(MODEL, lora=LoraConfig()), **given)
    adapted = flops.training_step(MODEL, **given)
    products = flops.forward(MODEL, tokens=17, pairs=0, logits=7)
    assert adapted.score == plain.score and plain.update - adapted.update == products


# -------------------------------------------------------------------------------------------------------------- a run

# A random policy is never right; the penalty on length, over the whole of it, is what tells its responses apart.
RUN_MODEL = dataclasses.replace(MODEL, num_layers=1)
CONFIG = Config(
    num_steps=3,
    data=DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=64),
    decontaminate=False,
    model=RUN_MODEL,
    sampler=SampleConfig(max_response_length=4),
    reward=RewardConfig(overlong_buffer=4),
    rollout=RolloutConfig(prompts_per_step=4, group_size=2, staleness=1),
    algorithm=dataclasses.replace(method("ppo"), kl=KLConfig("k3", 0.1)),
    learner=LearnerConfig(learning_rate=1e-2, num_minibatches=2),
    critic=CriticConfig(learning_rate=1e-2),
    checkpoint=CheckpointConfig(every=1, keep_last=9),
    mesh=ONE,
)


@pytest.fixture(scope="module")
def built():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "make_mesh", lambda mesh: sharding.make_mesh(ONE, jax.devices()[:1]))
        inputs = load_inputs(CONFIG)
        return inputs, setup.build_programs(CONFIG, inputs)


@pytest.fixture(scope="module")
def run(built, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("lora") / "run"
    assert trainer.train(CONFIG, *built, str(workdir))
    return workdir


def restored(workdir, programs, step=None):
    return checkpoints.restore(str(workdir), programs.shapes, programs.shardings, step, staleness=1)


def metrics(workdir):
    return [line for line in (workdir / "metrics.jsonl").read_text().splitlines() if "learner/loss" in line]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def test_a_resumed_run_is_the_unbroken_one(run, built, tmp_path):
    broken, (_, programs) = tmp_path / "broken", built
    trainer.train(dataclasses.replace(CONFIG, num_steps=1), *built, str(broken))
    trainer.train(CONFIG, *built, str(broken))
    assert metrics(broken) == metrics(run)
    ours, theirs = restored(broken, programs), restored(run, programs)
    assert same(ours.state, theirs.state) and same(ours.past, theirs.past) and list(ours.past) == [2]
    begun = restored(run, programs, 0)
    assert same(begun.state.base, ours.state.base)
    assert not same(begun.state.params, ours.state.params)  # the control: policy and critic have both learned
    assert not same(begun.state.critic.params, ours.state.critic.params)
    # a checkpoint holds the adapters of policy and critic, and their moments, and no frozen weights
    kept = json.loads((run / "checkpoints" / "3" / "state" / "_METADATA").read_text())["tree_metadata"]
    assert any("lora" in name for name in kept) and not any("embed_tokens" in name for name in kept)


def test_the_reference_is_the_frozen_weights(built):
    inputs, programs = built
    state = setup.first_state(CONFIG, inputs, programs)
    reference = setup.reference_params(CONFIG, programs, state, 0, "")
    moved = state.replace(params=jax.tree.map(lambda x: x + 0.05, state.params))
    rollout = steps.collect(CONFIG, inputs, programs, moved.network, 1)
    minibatches, _ = steps.score(CONFIG, programs, moved, reference, rollout.rows)
    of = lambda params, name: steps.add_scores(programs, programs.score_step, params, minibatches, name)
    of(state.network, "at_the_start")
    of(over(state.base, reference), "again")
    rows = minibatches[0].rows
    np.testing.assert_array_equal(rows["reference_log_prob"], rows["at_the_start"])
    assert np.abs(rows["reference_log_prob"] - rows["old_log_prob"]).max() > 1e-2  # the control
    # the sampler's merged weights, and the trainer's adapters beside them
    assert np.abs(rows["sampler_log_prob"] - rows["old_log_prob"]).max() < 1e-4


def test_a_run_does_not_go_on_with_other_frozen_weights(run, built, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    state = restored(copy, built[1]).state  # the control: as it was, it goes on
    shutil.rmtree(copy / checkpoints.BASE)
    with pytest.raises(checkpoints.Damaged, match="none of 4"):
        restored(copy, built[1])
    other = jax.tree.map(lambda x: x, state.base)
    other["norm"] = other["norm"].at[0].add(1e-3)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(copy / checkpoints.BASE, other)
    with pytest.raises(checkpoints.Damaged, match="fingerprint of its base"):
        restored(copy, built[1], 3)


def test_a_run_begins_from_one_with_adapters_and_the_other_way_round(run, built, tmp_path):
    inputs, programs = built
    plain = dataclasses.replace(CONFIG, model=dataclasses.replace(RUN_MODEL, lora=LoraConfig()), init_from=str(run))
    optimizers = setup.make_optimizers(plain)
    init, shardings = learner.make_init(plain.model, optimizers[0], programs.mesh, optimizers[1])
    shapes = jax.eval_shape(init, jax.random.key(0))
    full = setup.first_state(plain, inputs, dataclasses.replace(programs, shapes=shapes, shardings=shardings))
    base = restored(run, programs).state.base
    assert full.base is None and same(full.params, base)
    moved = full.replace(params=jax.tree.map(lambda x: x + 1, full.params))
    saver = checkpoints.Saver(str(tmp_path / "full"), plain, None)
    saver.save(0, moved)
    saver.close()
    again = setup.first_state(dataclasses.replace(CONFIG, init_from=str(tmp_path / "full")), inputs, programs)
    assert same(again.base, moved.params) and not same(again.base, base)
    assert not any(x.any() for x in [again.params[parameters.LORA]["layers"]["mlp"]["up_proj"]["b"]])


# ------------------------------------------------------------------------------------------------------------- export


def exported(run, out, monkeypatch, **options):
    monkeypatch.setattr(exports, "make_mesh", lambda mesh: sharding.make_mesh(ONE, jax.devices()[:1]))
    exports.export_run(str(run), str(out), None, None, **options)
    return out


def low_rank(directory):
    """alpha / r B A of every module in a directory of PEFT's, by the name that the module's weight has in a model."""
    document = json.loads((directory / adapter_files.CONFIG).read_text())
    tensors, out = load_file(directory / adapter_files.WEIGHTS), {}
    for name in [name.removesuffix(".lora_A.weight") for name in tensors if name.endswith("lora_A.weight")]:
        last = name.rpartition(".")[2]
        rank = document["rank_pattern"].get(last, document["r"])
        alpha = document["alpha_pattern"].get(last, document["lora_alpha"])
        a, b = tensors[f"{name}.lora_A.weight"], tensors[f"{name}.lora_B.weight"]
        assert a.shape[0] == b.shape[1] == rank and last in document["target_modules"]
        out[f"{name.removeprefix('base_model.model.')}.weight"] = alpha / rank * b @ a
    return out


def test_a_run_leaves_merged_and_as_an_adapter(run, built, tmp_path, monkeypatch):
    whole = load_file(exported(run, tmp_path / "whole", monkeypatch) / "model.safetensors")
    adapter = exported(run, tmp_path / "adapter", monkeypatch, adapter=True)
    assert sorted(path.name for path in adapter.iterdir()) == [adapter_files.CONFIG, adapter_files.WEIGHTS]
    document = json.loads((adapter / adapter_files.CONFIG).read_text())
    assert (document["r"], document["lora_alpha"], document["peft_type"]) == (4, 8.0, "LORA")
    assert document["target_modules"] == sorted(MODEL.lora.names) and document["base_model_name_or_path"] is None
    monkeypatch.setattr(exports.lora, "merged", lambda config, params: off(params))
    base = load_file(exported(run, tmp_path / "base", monkeypatch) / "model.safetensors")
    sums = low_rank(adapter)
    assert len(sums) == 7 and sums.keys() < whole.keys()
    for name, weight in whole.items():
        np.testing.assert_allclose(weight, base[name] + sums.get(name, 0), rtol=1e-5, atol=1e-6, err_msg=name)
        assert (weight != base[name]).any() == (name in sums)


def test_fused_projections_get_one_adapter_that_is_the_same_sum(tmp_path):
    targets = "q_proj,v_proj,o_proj,gate_proj,up_proj"
    config = dataclasses.replace(PHI, lora=LoraConfig(rank=4, alpha=8.0, targets=targets))
    params = network(config)
    adapter_files.write_adapters(
        params, config, str(tmp_path / "out"), dtype="float32", base="a/model", revision="main"
    )
    sums = low_rank(tmp_path / "out")
    document = json.loads((tmp_path / "out" / adapter_files.CONFIG).read_text())
    assert document["target_modules"] == ["gate_up_proj", "o_proj", "qkv_proj"]
    assert document["rank_pattern"] == {"qkv_proj": 8, "gate_up_proj": 8} and document["revision"] == "main"
    merged, layers = within(config, params)["layers"], layouts(config)["layers"]
    for part, names in (("self_attn", ("q_proj", "k_proj", "v_proj", "o_proj")), ("mlp", ("gate_proj", "up_proj"))):
        for name in names:
            layout = layers[part][name]
            found = np.stack([layout.from_stored(sums[layout.named((layer,))]) for layer in range(2)])
            wanted = merged[part][name] - params["layers"][part][name]
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=name)
            assert np.any(found) == (name in config.lora.names)  # the control: k_proj has none


def test_export_of_adapters_wants_a_run_that_has_some(run, tmp_path, monkeypatch):
    plain = dataclasses.replace(CONFIG, model=dataclasses.replace(RUN_MODEL, lora=LoraConfig()))
    monkeypatch.setattr(exports, "run_config", lambda workdir: plain)
    with pytest.raises(ValueError, match=r"--adapter: the run in .* has none, model.lora.rank is 0"):
        exports.export_run(str(run), str(tmp_path / "out"), None, None, adapter=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("family", ["qwen3", "phi3"])
def test_peft_loads_it(family, tmp_path):
    peft = pytest.importorskip("peft")
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from kpo_jax.weights.huggingface_config import architecture_of
    from kpo_jax.weights.save import write
    from kpo_jax.weights.tokenizers import CharTokenizer

    config = dataclasses.replace(MODEL, family=family)
    params, base = network(config), str(tmp_path / "base")
    write(
        off(params), config, base, dtype="float32", architecture=architecture_of(config, 64), generation={},
        tokenizer=CharTokenizer(),
    )  # fmt: skip
    adapter = tmp_path / "adapter"
    adapter_files.write_adapters(params, config, str(adapter), dtype="float32", base=base, revision=None)
    ids = torch.tensor(np.asarray(TOKENS, np.int64))

    def theirs():
        model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        model = peft.PeftModel.from_pretrained(model, str(adapter)).eval()
        with torch.no_grad():
            return model(ids).logits.numpy()

    np.testing.assert_allclose(theirs(), logits(config, params), rtol=1e-4, atol=2e-5)
    document = json.loads((adapter / adapter_files.CONFIG).read_text())  # the control: another alpha
    document |= {"lora_alpha": 16.0, "alpha_pattern": {k: 2 * v for k, v in document["alpha_pattern"].items()}}
    (adapter / adapter_files.CONFIG).write_text(json.dumps(document))
    assert np.abs(theirs() - logits(config, params)).max() > 1e-2


# ------------------------------------------------------------------------------------------------------------ back in


def written(params, config, out, dtype="float32"):
    adapter_files.write_adapters(params, config, str(out), dtype=dtype, base=None, revision=None)
    return str(out)


def edited(directory, document=(), tensors=()):
    """The directory with fields of its document, and tensors of its file, changed; None takes one away."""
    file, weights = directory / peft_files.CONFIG, directory / peft_files.WEIGHTS
    file.write_text(json.dumps(json.loads(file.read_text()) | dict(document)))
    arrays = load_file(weights) | dict(tensors)
    save_file({name: np.ascontiguousarray(x) for name, x in arrays.items() if x is not None}, weights)
    return str(directory)


@pytest.mark.parametrize("targets", ["all-linear", "q_proj,v_proj,down_proj"])
@pytest.mark.parametrize("family", ["qwen3", "phi3"])
def test_what_was_written_is_read_to_the_bit(family, targets, tmp_path):
    config = dataclasses.replace(MODEL, family=family, lora=dataclasses.replace(MODEL.lora, targets=targets))
    params = network(config)
    found = peft_files.read_adapters(written(params, config, tmp_path / "a"), config)
    wanted = {parameters.LORA: params[parameters.LORA]}
    assert jax.tree.structure(found) == jax.tree.structure(wanted) and same(found, wanted)
    assert all(x.dtype == np.float32 for x in jax.tree.leaves(found))
    rounded = peft_files.read_adapters(written(params, config, tmp_path / "b", "bfloat16"), config)
    assert same(rounded, jax.tree.map(lambda x: x.astype("bfloat16").astype("float32"), wanted))
    assert not same(rounded, wanted)  # the control


def test_an_adapter_that_several_projections_share_is_the_same_sum(tmp_path):
    """As PEFT trains one of Phi's qkv_proj: its B times one A of the rank itself."""
    rng, name = np.random.default_rng(3), "base_model.model.model.layers.0.self_attn.qkv_proj.lora_{}.weight"
    a, b = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 32), (64, 4)))
    config = dataclasses.replace(PHI, num_layers=1)
    folder = tmp_path / "a"
    written(network(config), config, folder)
    patterns = dict(rank_pattern={"gate_up_proj": 8}, alpha_pattern={"mlp.gate_up_proj": 16.0})
    edited(folder, patterns, {name.format("A"): a, name.format("B"): b})
    found = peft_files.read_adapters(str(folder), config)[parameters.LORA]["layers"]["self_attn"]
    sums = np.concatenate([(found[f"{x}_proj"]["a"][0] @ found[f"{x}_proj"]["b"][0]).T for x in "qkv"])
    np.testing.assert_allclose(sums, b @ a, rtol=1e-5, atol=1e-5)


Q = "base_model.model.model.layers.1.self_attn.q_proj.lora_{}.weight"


@pytest.mark.parametrize(
    "document, tensors, told",
    [
        (dict(use_dora=True), {}, "use_dora = True is not read here"),
        (dict(bias="all"), {}, "bias = 'all' is not read here"),
        (dict(modules_to_save=["lm_head"]), {}, "modules_to_save = ['lm_head'] is not read"),
        (dict(init_lora_weights="pissa"), {}, "init_lora_weights = 'pissa' is not read"),
        (dict(peft_type=["LORA\n"]), {}, "peft_type = ['LORA\\n'] is not read"),
        (dict(lora_alpha=9.0), {}, "q_proj is 2.25; model.lora.alpha = 9 has it, 8 does not"),
        (dict(use_rslora=True), {}, "q_proj is 4; model.lora.alpha = 16 has it"),
        (dict(lora_alpha="8"), {}, "lora_alpha of model.layers.0.self_attn.q_proj is '8', not a number > 0"),
        (dict(r=True), {}, "r of model.layers.0.self_attn.q_proj is True"),
        (dict(r=8), {}, "q_proj has rank 8, but its tensors have 4"),
        (dict(alpha_pattern={"(a+)+$": 1}), {}, "alpha_pattern: '(a+)+$' is not a name of modules"),
        (dict(rank_pattern=[1]), {}, "rank_pattern is not an object"),
        ({}, {Q.format("A"): None}, "has no " + Q.format("A")),
        ({}, {Q.format("C"): np.ones(2, np.float32)}, f"has {Q.format('C')}, which no projection"),
        ({}, {Q.format("B"): np.ones((32, 3), np.float32)}, "q_proj is [32, 3], expected [32, 4]"),
        ({}, {Q.format("A"): np.ones(1, np.float32)}, "q_proj is [1], expected [4, 32]"),
        ({}, {Q.format("B"): np.full((32, 4), np.nan, np.float32)}, "nan among its weights"),
    ],
)  # fmt: skip
def test_adapters_that_are_others_are_refused_in_one_line(document, tensors, told, tmp_path):
    folder = tmp_path / "a"
    written(network(MODEL), MODEL, folder)
    peft_files.read_adapters(str(folder), MODEL)  # the control
    with pytest.raises(Refused, match=r"^init_from: ") as caught:
        peft_files.read_adapters(edited(folder, document, tensors), MODEL)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_ranks_that_are_not_apart_are_refused(tmp_path):
    config = dataclasses.replace(PHI, lora=dataclasses.replace(PHI.lora, targets="q_proj,v_proj"))
    for number, (place, told) in enumerate([((0, 7), "q_proj has more than 4"), ((40, 0), "adapts more than")]):
        folder = tmp_path / str(number)
        written(network(config), config, folder)
        name = Q.format("B").replace("q_proj", "qkv_proj")
        b = load_file(folder / peft_files.WEIGHTS)[name]
        assert b.shape == (64, 8) and b[place] == 0
        b[place] = 1e-3
        peft_files.check_adapters(str(folder), config)  # shapes alone are right
        with pytest.raises(Refused, match=told):
            peft_files.read_adapters(edited(folder, (), {name: b}), config)


def test_rank_stabilized_adapters_of_the_same_factor_are_read(tmp_path):
    folder = tmp_path / "a"
    written(network(MODEL), MODEL, folder)
    assert same(
        peft_files.read_adapters(edited(folder, dict(use_rslora=True, lora_alpha=4.0)), MODEL),
        {parameters.LORA: network(MODEL)[parameters.LORA]},
    )


def test_a_run_goes_on_from_adapters_over_their_base(run, built, tmp_path, monkeypatch):
    inputs, programs = built
    adapter = exported(run, tmp_path / "adapter", monkeypatch, adapter=True)
    monkeypatch.setattr(exports.lora, "merged", lambda config, params: off(params))
    base = exported(run, tmp_path / "base", monkeypatch)
    config = dataclasses.replace(CONFIG, pretrained=str(base), init_from=str(adapter), num_steps=1)
    inputs = load_inputs(config)
    state, last = setup.first_state(config, inputs, programs), restored(run, programs).state
    assert same(state.params, last.params) and same(state.base, last.base) and int(state.step) == 0
    assert not any(x.any() for x in jax.tree.leaves(state.opt_state))
    plain = setup.first_state(dataclasses.replace(config, init_from=""), inputs, programs)  # the control
    assert same(plain.base, last.base) and not same(plain.params, last.params)
    # it trains, and no other run begins from its step 0, whose weights are not its policy
    assert trainer.train(config, inputs, programs, str(tmp_path / "next"))
    begun = restored(tmp_path / "next", programs, 0).state
    assert same(begun.params, last.params)
    workdirs.write_config(str(tmp_path / "next"), config)
    with pytest.raises(Refused, match="began from adapters") as caught:
        setup.first_state(dataclasses.replace(CONFIG, init_from=str(tmp_path / "next")), inputs, programs)
    assert "\n" not in str(caught.value)


def test_what_of_init_from_and_pretrained_does_not_fit(tmp_path):
    def said(**changes):
        return load("configs/tiny.py:grpo", warm_start__num_steps=0, **changes)[1]

    adapter, other = tmp_path / "adapter", tmp_path / "other"
    other.mkdir()
    written(network(MODEL), MODEL, adapter)
    both = dict(pretrained=str(other), init_from=str(adapter))
    assert said(**both, model__lora__rank=4) == []
    assert [line.partition(":")[0] for line in said(**both)] == ["pretrained"]  # without a rank
    assert said(init_from=str(adapter)) == [f"init_from: pretrained must name the model of the adapters in {adapter}"]
    bare = dict(pretrained=str(other), init_from=str(other))
    assert said(**bare, model__lora__rank=4) == [f"init_from: no adapter_config.json in {other}"]
    assert said(init_from=str(other)) == []


@pytest.mark.parametrize("pretrained", ["", "small/model"])
def test_a_run_that_began_does_not_need_where_its_first_policy_came_from(pretrained, tmp_path, capsys):
    model = dataclasses.replace(RUN_MODEL, lora=LoraConfig(rank=4))
    gone = dataclasses.replace(CONFIG, init_from=str(tmp_path / "gone"), pretrained=pretrained, model=model)
    workdirs.write_config(str(tmp_path / "run"), gone)
    with flagsaver.flagsaver():
        assert main.parse_flags(["kpo_jax", f"--workdir={tmp_path / 'run'}"]) == gone
    load_inputs(gone, ask_hub=False)
    with flagsaver.flagsaver(), pytest.raises(SystemExit):  # the control: a new run does
        other = ["--config=configs/tiny.py", f"--config.init_from={tmp_path / 'gone'}", f"--workdir={tmp_path / 'new'}"]
        main.parse_flags(["kpo_jax", *other])
    assert "init_from: no directory" in capsys.readouterr().err


@pytest.mark.parametrize("family", ["qwen3", "phi3"])
def test_what_peft_saves_is_read(family, tmp_path):
    peft = pytest.importorskip("peft")
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from kpo_jax.weights.huggingface_config import architecture_of
    from kpo_jax.weights.save import write
    from kpo_jax.weights.tokenizers import CharTokenizer

    config = dataclasses.replace(MODEL, family=family)
    params, base = off(network(config)), str(tmp_path / "base")
    write(
        params, config, base, dtype="float32", architecture=architecture_of(config, 64), generation={},
        tokenizer=CharTokenizer(),
    )  # fmt: skip
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = peft.get_peft_model(
        model, peft.LoraConfig(r=4, lora_alpha=4.0, use_rslora=True, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    torch.manual_seed(0)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.1)
    model.save_pretrained(str(tmp_path / "adapter"))
    with torch.no_grad():
        theirs = model.eval()(torch.tensor(np.asarray(TOKENS, np.int64))).logits.numpy()
    read = params | peft_files.read_adapters(str(tmp_path / "adapter"), config)
    np.testing.assert_allclose(theirs, logits(config, read), rtol=1e-4, atol=2e-5)
    assert np.abs(theirs - logits(config, params)).max() > 1e-2  # the control


# ------------------------------------------------------------------------------------------------------ configuration


def test_what_is_wrong_is_said_in_one_line():
    def said(**changes):
        return load("configs/tiny.py:grpo", **changes)[1]

    assert said(model__lora__rank=8, model__lora__targets="q_proj,o_proj") == []
    assert said(model__lora__rank=-1) == ["model.lora.rank: -1 is not a whole number >= 0"]
    assert said(model__lora__alpha=0.0) == ["model.lora.alpha: 0.0 is not a finite number > 0"]
    (line,) = said(model__lora__targets="q_proj,lm_head")
    assert line.startswith("model.lora.targets: 'lm_head' is not one of all-linear, q_proj")
    experts = dict(family="qwen3_moe", num_experts=4, experts_per_token=2)
    with pytest.raises(ValueError, match=r"lora.targets: gate_proj, up_proj, down_proj: experts have no adapters"):
        dataclasses.replace(MODEL, **experts)
    assert dataclasses.replace(MODEL, **experts, lora=LoraConfig(rank=2, targets="q_proj,o_proj"))
    assert dataclasses.replace(MODEL, **experts, lora=LoraConfig())  # without a rank, targets are not read


def test_every_field_is_a_part_of_the_trajectory():
    for name, value in (("rank", 8), ("alpha", 16.0), ("targets", "q_proj")):
        other = dataclasses.replace(RUN_MODEL, lora=dataclasses.replace(MODEL.lora, **{name: value}))
        (line,) = difference(CONFIG, dataclasses.replace(CONFIG, model=other))
        assert line.startswith(f"model.lora.{name}: ")
        (line,) = difference(dataclasses.replace(CONFIG, model=other), CONFIG)
        assert line.startswith(f"model.lora.{name}: ")


def test_bytes_are_those_of_the_state(built):
    sizes = dict(data=1, fsdp=1, tensor=1)
    count = lambda tree: sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(tree) if x.ndim)
    config = dataclasses.replace(CONFIG, model=dataclasses.replace(RUN_MODEL, param_dtype="bfloat16"))
    shapes = built[1].shapes
    assert (count(shapes.params), count(shapes.opt_state)) == state_bytes(config, sizes)
    assert 2 * frozen_bytes(config, sizes) == count(shapes.base) == frozen_bytes(CONFIG, sizes)
    assert count(shapes.params) < count(shapes.base)


def test_updates_that_bfloat16_rounds_away_are_warned_of(built):
    def said(model, rate):
        config = dataclasses.replace(CONFIG, model=model, learner=LearnerConfig(learning_rate=rate))
        found = lines.start(config, built[1].mesh, [("train", 1)], "dir", 1000)
        return [line for line in found if line.startswith("warning")]

    plain = dataclasses.replace(MODEL, lora=LoraConfig(), param_dtype="bfloat16")
    (line,) = said(plain, 1e-6)
    assert "a weight of 0.18 moves by 0.0007 or not at all, and learner.learning_rate is 1e-06" in line
    assert said(plain, 1e-2) == said(dataclasses.replace(plain, param_dtype="float32"), 1e-6) == []
    assert said(dataclasses.replace(MODEL, param_dtype="bfloat16"), 1e-6) == []
