"""The sampler in another number type than the trainer's: int8 by hand, what is drawn, and a run that is resumed."""

import dataclasses
import functools
import json

import chex
import glossary
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from configurations import load
from test_model import CONFIG as MODEL_CONFIG
from test_model import KEY, random_params
from test_sampler import ODD, PROMPTS, ROW_IDS, T, sample, whole_rows

from kpo_jax.algorithm.methods import method
from kpo_jax.commands import memory
from kpo_jax.config import (
    AdvantageConfig,
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    MeshConfig,
    RolloutConfig,
    eval_sample_config,
)
from kpo_jax.model import flops
from kpo_jax.model.config import PROJECTIONS, ModelConfig
from kpo_jax.model.decoder import init_params
from kpo_jax.model.head import row_log_probs
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.runtime.mesh import mesh_shape
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.sampling import decoding
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.sampling.int8 import Int8, dequantized, product, quantized
from kpo_jax.sampling.programs import Programs
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.training import trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.setup import build_programs

SAMPLING = SampleConfig(temperature=1.5, max_response_length=T)
CONFIG = dataclasses.replace(MODEL_CONFIG, num_layers=1)
MIXTURE = dataclasses.replace(CONFIG, family="qwen3_moe", num_experts=4, experts_per_token=2)
BIASED = dataclasses.replace(CONFIG, family="qwen2", tie_embeddings=False)

# ------------------------------------------------------------------------------------------------------------- by hand


def test_int8_by_hand():
    """A scale for each column: 4 / 127 and 2 / 127; -1 is -31.75 scales of the first, 0.5 is 31.75 of the second."""
    weight = jnp.array([[4.0, 0.5], [-1.0, -2.0]])
    held = quantized(weight, 0)
    assert held.values.dtype == jnp.int8 and held.scale.dtype == jnp.float32
    np.testing.assert_array_equal(held.values, [[127, 32], [-32, -127]])
    np.testing.assert_allclose(held.scale, [[4 / 127, 2 / 127]], rtol=1e-6)
    np.testing.assert_allclose(dequantized(held, jnp.float32), [[4, 64 / 127], [-128 / 127, -2]], rtol=1e-6)
    np.testing.assert_array_equal(quantized(weight, 1).values, [[127, 16], [-64, -127]])  # of the rows
    x = jnp.array([[1.0, 2.0]])
    np.testing.assert_allclose(product("bd,df->bf", x, held), [[4 - 256 / 127, 64 / 127 - 4]], rtol=1e-6)
    np.testing.assert_array_equal(product("bd,df->bf", x, weight), [[2, -3.5]])  # what is not in int8
    assert product("bd,df->bf", x.astype(jnp.bfloat16), held).dtype == jnp.bfloat16


def test_int8_is_off_by_half_a_scale_and_survives_zeros_and_extremes():
    rng = np.random.default_rng(0)
    weight = jnp.asarray(rng.standard_normal((64, 3, 5)) * 10.0 ** rng.integers(-6, 6, (1, 3, 5)), jnp.float32)
    weight = weight.at[:, 0, 0].set(0)
    held = quantized(weight, 0)
    error = np.abs(dequantized(held, jnp.float32) - weight)
    assert (error <= 0.5001 * held.scale).all() and not held.values[:, 0, 0].any()
    assert np.abs(held.values).max() == 127
    one = np.abs(jnp.max(jnp.abs(weight)) / 127)  # the control: a single scale for all
    assert (np.abs(jnp.round(weight / one) * one - weight) > held.scale).mean() > 0.3
    gone = product("bd,dcf->bcf", jnp.ones((1, 64)), quantized(weight.at[3, 1, 1].set(jnp.nan), 0))
    assert np.isnan(gone[0, 1, 1]) and np.isfinite(gone).sum() == gone.size - 1


# ------------------------------------------------------------------------------------------------------- what is drawn


def rounded(config, params):
    """Parameters whose projections are what int8 makes of them, worked out on the trainer's own layout."""

    def one(path, weight):
        names = [part.key for part in path]
        if names[-1] not in PROJECTIONS:
            return weight
        stacks = 2 if "experts" in names else 1
        inputs = {"o_proj": 2}.get(names[-1], 1)  # heads and their features
        axes = tuple(range(stacks, stacks + inputs))
        scale = np.abs(weight).max(axis=axes, keepdims=True) / np.float32(127)
        return jnp.asarray(np.round(np.asarray(weight) / scale) * scale)

    return jax.tree_util.tree_map_with_path(one, params)


@pytest.mark.parametrize("config", [CONFIG, BIASED, MIXTURE], ids=["tied", "biased", "mixture"])
def test_int8_draws_what_the_rounded_weights_draw(config):
    params = random_params(config)
    int8 = dataclasses.replace(SAMPLING, dtype="int8")
    drawn = sample(int8, params, config=config, eos_ids=ODD)
    expected = sample(SAMPLING, rounded(config, params), config=config, eos_ids=ODD)
    np.testing.assert_array_equal(drawn.tokens, expected.tokens)
    np.testing.assert_allclose(drawn.sampler_log_prob, expected.sampler_log_prob, atol=1e-4)
    plain = sample(SAMPLING, params, config=config, eos_ids=ODD)  # the control
    assert np.abs(plain.sampler_log_prob - drawn.sampler_log_prob).max() > 1e-2


@jax.jit
def scored(params, tokens, prompt_length):
    return row_log_probs(CONFIG, params, tokens, prompt_length, T, temperature=SAMPLING.temperature)[0]


def mismatch(dtype):
    """|sampler's - trainer's log-probability| of the tokens that are drawn in `dtype`, and what was drawn."""
    params = random_params(CONFIG)
    drawn = sample(dataclasses.replace(SAMPLING, dtype=dtype), params, config=CONFIG)
    trainer_says = scored(params, *whole_rows(drawn))
    return np.abs(drawn.sampler_log_prob - trainer_says), drawn


def test_sampler_and_trainer_differ_by_the_number_type_alone():
    same, drawn = mismatch("")
    for dtype, spread in (("bfloat16", (1e-3, 0.1)), ("int8", (1e-3, 0.1))):
        found, _ = mismatch(dtype)
        assert spread[0] < found.mean() < spread[1] and found.max() < 0.5, (dtype, found.mean(), found.max())
    assert same.max() < 1e-4  # the control
    chex.assert_trees_all_equal(mismatch("float32")[1], drawn)  # the model's own, by its name, to the bit


@functools.cache
def programs_of(dtype):
    mesh = make_mesh(MeshConfig(data=2, fsdp=1, tensor=2), jax.devices()[:4])
    config = dataclasses.replace(CONFIG, vocab_size=54)
    return config, Programs(config, dataclasses.replace(SAMPLING, dtype=dtype), mesh, (1, 2, 3))


def test_the_devices_hold_int8_split_by_heads():
    """In the engine, where the scales of outputs that are split are split with them. It draws what the reference
    does.
    """
    config, programs = programs_of("int8")
    params = random_params(config)
    weights = programs.prepare(params)
    for layer in weights["layers"]:
        for name in ("qkv_proj", "o_proj", "gate_up_proj", "down_proj"):
            assert isinstance(layer[name], Int8) and layer[name].values.dtype == jnp.int8
    assert {weights[name].dtype for name in ("embed_tokens", "head", "norm")} == {jnp.dtype("float32")}
    spec = lambda x: tuple(axis for axis in x.sharding.spec)
    first = weights["layers"][0]
    assert "tensor" in spec(first["qkv_proj"].values) and "tensor" in spec(first["qkv_proj"].scale)
    assert "tensor" in spec(first["down_proj"].values) and "tensor" not in spec(first["down_proj"].scale)
    tokens = [np.asarray(PROMPTS.tokens)[i, : int(n)].tolist() for i, n in enumerate(PROMPTS.lengths)] * 2
    run = make_sampler(programs, pad_id=0, group_size=1)
    ids = np.arange(6).reshape(6, 1)
    drawn = run(params, tokens, key=KEY, row_ids=ids, prompt_length=6, num_slots=6)
    prompts = PROMPTS.replace(tokens=jnp.tile(PROMPTS.tokens, (2, 1)), lengths=jnp.tile(PROMPTS.lengths, 2))
    expected = sample(programs.sample_config, params, config=config, prompts=prompts, row_ids=ROW_IDS,
                      eos_ids=programs.eos_ids, group=1)  # fmt: skip
    np.testing.assert_array_equal(drawn.tokens, expected.tokens)
    np.testing.assert_allclose(drawn.sampler_log_prob, expected.sampler_log_prob, atol=1e-4)


def test_caches_are_in_the_samplers_dtype_and_int8s_in_the_models():
    for dtype, cache in (("bfloat16", "bfloat16"), ("int8", "float32"), ("", "float32")):
        _, programs = programs_of(dtype)
        assert programs.empty_ring(4, 1, T).keys[0].dtype == jnp.dtype(cache)


# -------------------------------------------------------------------------------------------------------------- memory


def held(config, sampler):
    """Bytes of the weights as decoding reads them, from their shapes."""
    made = lambda: decoding.decode_weights(sampler.decoder(config), init_params(config, KEY), sampler.int8)
    return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(jax.eval_shape(made)))


@pytest.mark.parametrize("model", [CONFIG, BIASED, MIXTURE], ids=["tied", "biased", "mixture"])
def test_a_dry_run_counts_the_smaller_weights_and_caches(model):
    found = {}
    for dtype in ("", "bfloat16", "int8"):
        config, _ = load("configs/tiny.py:grpo", mesh__data=1, sampler__dtype=dtype)
        config = dataclasses.replace(config, model=model)
        found[dtype] = memory.decoding_bytes(config)
        assert found[dtype] == held(model, config.sampler)
    assert found[""] == 2 * found["bfloat16"] and found["int8"] < 0.6 * found[""]
    sizes, of = mesh_shape(config.mesh, 1), lambda dtype: dataclasses.replace(config.sampler, dtype=dtype)
    caches = {x: memory.cache_bytes(dataclasses.replace(config, sampler=of(x)), sizes) for x in found}
    assert caches[""] == caches["int8"] == 2 * caches["bfloat16"]


def test_decoding_reads_a_byte_of_a_weight_in_int8():
    numbers = dict(prompts=2, group_size=3, prompt_length=4, response_length=5)
    whole, small = (flops.decode_bytes(CONFIG, **numbers, int8=int8) for int8 in (False, True))
    assert whole - small == 3 * flops.matrix_params(CONFIG) * 4  # three bytes less, in four steps


# --------------------------------------------------------------------------------------------------------- a whole run


DATA = DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=32)
RUN = Config(
    num_steps=2,
    data=DATA,
    model=ModelConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=2, head_dim=8
    ),
    sampler=SampleConfig(max_response_length=8, dtype="int8"),
    rollout=RolloutConfig(prompts_per_step=4, group_size=2),
    algorithm=dataclasses.replace(method("grpo"), advantage=AdvantageConfig("otb"), kl=KLConfig(reward_beta=0.1)),
    learner=LearnerConfig(learning_rate=1e-2, num_minibatches=2),
    eval=EvalConfig(sets={"held_out": dataclasses.replace(DATA, split="test", num_problems=4)}, num_samples=2),
    checkpoint=CheckpointConfig(every=1),
    mesh=MeshConfig(data=2, fsdp=2, tensor=2),
)


def test_a_run_that_samples_in_int8_is_resumed_as_it_was(tmp_path):
    """Its evaluations are drawn by the same sampler; the trainer's own ratio is 1 on-policy, and the mismatch is
    reported. With a token baseline and a divergence in the reward, which is 0 until the policy has moved.
    """
    inputs = load_inputs(RUN)
    programs = build_programs(RUN, inputs)
    assert programs.eval_sampling is programs.sampling and eval_sample_config(RUN).dtype == "int8"
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    trainer.train(RUN, inputs, programs, str(whole))
    trainer.train(dataclasses.replace(RUN, num_steps=1), inputs, programs, str(broken))
    trainer.train(RUN, inputs, programs, str(broken))
    steps = [line for line in (whole / "metrics.jsonl").read_text().splitlines() if "learner/loss" in line]
    again = [line for line in (broken / "metrics.jsonl").read_text().splitlines() if "learner/loss" in line]
    assert len(steps) == 2 and again == steps
    for line in map(json.loads, steps):
        assert line["on_policy/ratio/raw_log_sd"] < 1e-6
        assert 1e-6 < line["mismatch/abs_mean"] < line["mismatch/abs_max"] < 0.1
        assert 0 < line["mismatch/kl"] < line["mismatch/abs_max"] ** 2
    first, second = (json.loads(line)["advantage/kl_mean"] for line in steps)
    assert abs(first) < 1e-5 < abs(second)
    found, known = glossary.keys_of(whole), glossary.entries(glossary.PAGE.read_text())
    kinds = {"always", "clip band", "evaluation", "reference", "KL in the reward"}
    assert glossary.differences(known, found, kinds) == []


def test_what_is_no_number_type_is_refused_in_one_line():
    for value in ("int4", "float16", "None", 8):
        _, problems = load("configs/tiny.py:grpo", sampler__dtype=value)
        assert len(problems) == 1 and problems[0].startswith("sampler.dtype: "), problems
    assert problems != [] == load("configs/tiny.py:grpo", sampler__dtype="int8")[1]
