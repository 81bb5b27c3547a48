"""The decoder against transformers' goldens, its own invariances, and decoding against the whole-row forward."""

import dataclasses
import functools
import json
import pathlib

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from goldens import make_model_goldens

from kpo_jax.model import decoder as model
from kpo_jax.model import parameters
from kpo_jax.model.config import PRESETS, ModelConfig
from kpo_jax.model.families import FAMILIES
from kpo_jax.model.head import row_log_probs
from kpo_jax.model.parameters import num_params
from kpo_jax.records import KVCache, Prompts
from kpo_jax.sampling import decoding, sampler
from kpo_jax.sampling.config import SampleConfig

CONFIG = ModelConfig(
    vocab_size=53, hidden_size=24, intermediate_size=40, num_layers=3, num_heads=4, num_kv_heads=2, head_dim=8,
    rope_theta=1e4,
)  # fmt: skip
KEY = jax.random.key(0)


def random_params(config, std=0.25, seed=0):
    """Weights and biases from N(0, std), norms from N(1, std): every part of the network shows in its output."""
    rng = np.random.default_rng(seed)

    def draw(path, shape):
        return jnp.asarray(rng.normal("norm" in path[-1].key, std, shape.shape), config.param_dtype)

    return jax.tree_util.tree_map_with_path(draw, jax.eval_shape(lambda: model.init_params(config, KEY)))


def random_tokens(shape, config=CONFIG, seed=2):
    return jnp.asarray(np.random.default_rng(seed).integers(0, config.vocab_size, shape), jnp.int32)


def forward(config, params, tokens):
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1])[None, :], tokens.shape)
    return model.hidden_states(config, params, tokens, positions)


@functools.partial(jax.jit, static_argnums=0)
def whole_logits(config, params, tokens):
    return model.logits(config, params, forward(config, params, tokens))


# --- configuration and sizes


def test_config_reports_every_error_at_once():
    message = r"num_kv_heads: 2 does not divide num_heads = 5; remat: 'some' is not one of none, elementwise"
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(CONFIG, num_heads=5, remat="some")
    with pytest.raises(ValueError, match=r"num_layers: 0 .*norm_eps: nan .*dtype: 'float8'"):
        dataclasses.replace(CONFIG, num_layers=0, norm_eps=float("nan"), dtype="float8")
    with pytest.raises(ValueError, match="head_dim: 7 is not even"):
        dataclasses.replace(CONFIG, head_dim=7)
    assert hash(CONFIG) == hash(dataclasses.replace(CONFIG))


@pytest.mark.parametrize(
    "name, total",
    [
        ("qwen3-0.6b", 596_049_920),
        ("qwen3-1.7b", 1_720_574_976),
        ("qwen3-4b", 4_022_468_096),
        ("qwen3-8b", 8_190_735_360),
        ("qwen3-14b", 14_768_307_200),
        ("qwen3-32b", 32_762_123_264),
    ],
)
def test_presets_have_the_published_sizes(name, total):
    assert num_params(PRESETS[name]) == total


def test_layers_are_stacked_and_every_axis_is_named():
    config = PRESETS["qwen3-4b"]
    shapes = jax.eval_shape(lambda: model.init_params(config, KEY))
    assert len(jax.tree.leaves(shapes)) == 13  # and not 11 for each of 36 layers
    table = parameters.tree(config)
    names = {"vocab", "embed", "heads", "kv_heads", "head_dim", "mlp", "layers", "norm"}
    sizes = {"vocab": 151_936, "heads": 32, "kv_heads": 8, "head_dim": 128, "mlp": 9728, "layers": 36, "embed": 2560}

    def check(leaf, one):
        assert one.shape == leaf.shape and set(one.axes) <= names
        assert all(sizes.get(axis, size) == size for axis, size in zip(one.axes, leaf.shape, strict=True))

    jax.tree.map(check, shapes, table)
    assert parameters.tree(PRESETS["qwen3-8b"])["lm_head"].axes == ("vocab", "embed")
    biased = parameters.tree(dataclasses.replace(CONFIG, family="qwen2"))
    assert biased["layers"]["self_attn"]["k_bias"].axes == ("layers", "kv_heads", "head_dim")


def wrong_leaves(table, params) -> list[str]:
    """The parameters that one of the two has and the other lacks, or has in another shape."""
    said = {jax.tree_util.keystr(path): one.shape for path, one in jax.tree_util.tree_leaves_with_path(table)}
    made = {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(params)}
    return sorted(name for name in said | made if said.get(name) != made.get(name))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_has_the_parameters_that_the_decoder_makes(family, tied):
    experts = dict(num_experts=3, experts_per_token=2) if FAMILIES[family].experts else {}
    config = dataclasses.replace(CONFIG, family=family, tie_embeddings=tied, **experts)
    params = jax.eval_shape(lambda: model.init_params(config, KEY))
    table = parameters.tree(config)
    assert wrong_leaves(table, params) == []
    assert num_params(config) == sum(leaf.size for leaf in jax.tree.leaves(params))
    # the control: a narrower layer is seen in all of its matrices, and so is a head too many or too few
    narrow = parameters.tree(dataclasses.replace(config, intermediate_size=39))
    assert len(wrong_leaves(narrow, params)) == 3
    other = parameters.tree(dataclasses.replace(config, tie_embeddings=not tied))
    assert wrong_leaves(other, params) == ["['lm_head']"]


def test_parameters_begin_as_the_table_says():
    config = dataclasses.replace(CONFIG, family="gemma3", hidden_size=64, intermediate_size=256)
    params = model.init_params(config, KEY)

    def apart(table):
        """How far, at most, means and standard deviations are from those of the table."""
        off = lambda one, x: max(abs(float(jnp.mean(x)) - one.mean), abs(float(jnp.std(x)) - one.std))
        return max(jax.tree.leaves(jax.tree.map(off, table, params)))

    assert apart(parameters.tree(config)) < 0.01
    assert apart(parameters.tree(dataclasses.replace(config, num_layers=12))) > 0.03  # the control: less from each


def test_initial_model_is_close_to_uniform():
    params = model.init_params(PRESETS["tiny"], KEY)
    assert all(isinstance(x, jax.Array) and x.dtype == jnp.float32 for x in jax.tree.leaves(params))
    out = whole_logits(PRESETS["tiny"], params, random_tokens((2, 8)))
    assert 0.05 < float(jnp.std(out)) < 0.5


# --- goldens


def from_hugging_face(golden, kind="weight"):
    """(ModelConfig, tree of `weight` or `grad`) of a golden."""
    hf = json.loads(str(golden["config"]))
    config = ModelConfig(
        vocab_size=hf["vocab_size"], hidden_size=hf["hidden_size"], intermediate_size=hf["intermediate_size"],
        num_layers=hf["num_hidden_layers"], num_heads=hf["num_attention_heads"], num_kv_heads=hf["num_key_value_heads"],
        head_dim=hf.get("head_dim") or hf["hidden_size"] // hf["num_attention_heads"],
        rope_theta=hf["rope_parameters"]["rope_theta"], norm_eps=hf["rms_norm_eps"],
        tie_embeddings=hf["tie_word_embeddings"], family=hf["model_type"],
    )  # fmt: skip

    def read(path, shape):
        *parents, name = (key.key for key in path)
        name = name.replace("_bias", "_proj.bias") if name.endswith("_bias") else f"{name}.weight"
        if parents:
            name = ".".join(["model.layers.{}", *parents[1:], name])
            x = np.stack([golden[f"{kind}/{name.format(i)}"] for i in range(config.num_layers)])
            x = x.swapaxes(1, 2) if x.ndim == 3 else x
        else:
            x = golden[f"{kind}/{name}" if name == "lm_head.weight" else f"{kind}/model.{name}"]
        return x.reshape(shape.shape)

    shapes = jax.eval_shape(lambda: model.init_params(config, KEY))
    return config, jax.tree_util.tree_map_with_path(read, shapes)


def read_golden(name):
    with np.load(pathlib.Path(make_model_goldens.__file__).parent / f"{name}.npz") as file:
        return dict(file)


def check_logits(config, params, golden):
    tokens, valid = golden["tokens"], np.arange(golden["tokens"].shape[1]) < golden["length"][:, None]
    out = np.asarray(whole_logits(config, params, tokens))
    assert out.dtype == jnp.float32
    np.testing.assert_allclose(out[valid], golden["logits"][valid], atol=1e-5, rtol=1e-5)


@functools.partial(jax.jit, static_argnums=(0, 1))
def log_prob_gradient(config, temperature, params, tokens, prompt_length, mask):
    def summed(params):
        log_prob, _ = row_log_probs(config, params, tokens, prompt_length, mask.shape[1],
                                             temperature=temperature, logits_bytes=2000)  # fmt: skip
        log_prob = jnp.where(mask, log_prob, 0.0)
        return jnp.sum(log_prob), log_prob

    return jax.grad(summed, has_aux=True)(params)


def check_gradient(config, params, golden):
    gradient, log_prob = log_prob_gradient(config, float(golden["temperature"]), params, golden["tokens"],
                                           golden["prompt_length"], golden["log_prob"] != 0)  # fmt: skip
    np.testing.assert_allclose(log_prob, golden["log_prob"], atol=1e-5, rtol=1e-5)
    _, expected = from_hugging_face(golden, "grad")
    chex.assert_trees_all_close(jax.device_get(gradient), expected, atol=1e-4, rtol=1e-4)


def check_greedy(config, params, golden):
    length = golden["greedy"].shape[1]
    sample_config = SampleConfig(temperature=0.0, max_response_length=length)
    prompt_length = jnp.asarray(golden["prompt_length"])
    prompts = Prompts(jnp.asarray(golden["tokens"][:, : golden["prompt_length"].max()]), prompt_length)
    run = functools.partial(sampler.generate, config, sample_config, eos_ids=(), pad_id=0, group_size=1)
    np.testing.assert_array_equal(jax.jit(run)(params, prompts, KEY, jnp.arange(3))[0].tokens, golden["greedy"])


def check_golden(name, golden):
    config, params = from_hugging_face(golden)
    check_logits(config, params, golden)
    check_gradient(config, params, golden)
    check_greedy(config, params, golden)


@pytest.mark.parametrize("name", make_model_goldens.MODELS)
def test_golden(name):
    golden = read_golden(name)
    check_golden(name, golden)
    # A gradient of one weight off by 1e-3, and one wrong prompt length, are caught.
    config, params = from_hugging_face(golden)
    with pytest.raises(AssertionError):
        check_gradient(config, params, golden | {"grad/model.norm.weight": golden["grad/model.norm.weight"] * 1.001})
    with pytest.raises(AssertionError):
        check_gradient(config, params, golden | {"prompt_length": golden["prompt_length"] + np.int32([0, 1, 0])})


@pytest.mark.parametrize(
    "name, mistake",
    [
        ("qwen3_tied", {"rope_theta": 1.1e6}),
        ("qwen3_tied", {"norm_eps": 1e-5}),
        ("qwen3_untied", {"family": "llama"}),
        ("qwen2", {"family": "llama"}),
    ],
)
def test_golden_catches(name, mistake):
    golden = read_golden(name)
    config, params = from_hugging_face(golden)
    with pytest.raises(AssertionError):
        check_logits(dataclasses.replace(config, **mistake), params, golden)


@pytest.mark.parametrize("name", make_model_goldens.MODELS)
def test_live_parity_with_transformers(name):
    pytest.importorskip("torch")
    check_golden(name, make_model_goldens.make_golden(name, seed=7))


# --- invariances of the whole-row forward


def test_padding_junk_and_the_future_change_nothing():
    params, tokens = random_params(CONFIG), random_tokens((3, 12))
    lengths = jnp.array([12, 7, 1])
    valid = jnp.arange(12)[None, :] < lengths[:, None]
    run = jax.jit(lambda tokens: forward(CONFIG, params, tokens))
    expected = run(tokens)
    for junk in (0, -1, 2**31 - 1, -(2**31)):
        out = run(jnp.where(valid, tokens, junk))
        assert bool(jnp.all(jnp.isfinite(out)))
        np.testing.assert_array_equal(out[valid], expected[valid])
    # A valid token does change everything from its column on, and nothing before.
    changed = jnp.max(jnp.abs(run(tokens.at[:, 4].add(1) % CONFIG.vocab_size) - expected), axis=(0, 2))
    assert np.all(changed[:4] == 0) and np.all(changed[4:] > 1e-3)


def test_only_relative_positions_matter():
    params, tokens = random_params(CONFIG), random_tokens((2, 12))
    positions = jnp.broadcast_to(jnp.arange(12)[None, :], tokens.shape)
    run = jax.jit(lambda positions: model.hidden_states(CONFIG, params, tokens, positions))
    # Rotary angles in bfloat16 could not tell neighbours apart at 5000.
    chex.assert_trees_all_close(run(positions + 5000), run(positions), atol=2e-2)
    assert jnp.max(jnp.abs(run(2 * positions) - run(positions))) > 0.2


def test_remat_changes_memory_only():
    params, tokens = random_params(CONFIG), random_tokens((2, 9))
    loss = lambda params, config: jnp.sum(jnp.square(forward(config, params, tokens)))
    grad = jax.jit(jax.value_and_grad(loss), static_argnums=1)
    configs = [dataclasses.replace(CONFIG, remat=remat) for remat in ("full", "attention", "elementwise", "none")]
    *others, none = jax.device_get([grad(params, config) for config in configs])
    for other in others:
        chex.assert_trees_all_close(other, none, rtol=1e-4, atol=1e-4)

    def saved_bytes(config):
        _, vjp = jax.eval_shape(lambda params: jax.vjp(lambda p: loss(p, config), params), params)
        return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(vjp))

    full, attention, elementwise, none = map(saved_bytes, configs)
    assert full < attention < elementwise < none


def test_bfloat16_is_close_to_float32():
    config = dataclasses.replace(CONFIG, dtype="bfloat16")
    params, tokens = random_params(CONFIG), random_tokens((4, 16))
    assert jax.eval_shape(lambda: forward(config, params, tokens)).dtype == jnp.bfloat16

    def loss(params, config):
        logits = model.logits(config, params, forward(config, params, tokens))
        return jnp.mean(jnp.square(logits)), logits

    grad = jax.jit(jax.grad(loss, has_aux=True), static_argnums=1)
    (exact_grad, exact), (rough_grad, rough) = jax.device_get((grad(params, CONFIG), grad(params, config)))
    assert exact.dtype == rough.dtype == jnp.float32
    error = np.linalg.norm(rough - exact) / np.linalg.norm(exact)
    assert 1e-4 < error < 3e-2
    for a, b in zip(jax.tree.leaves(exact_grad), jax.tree.leaves(rough_grad), strict=True):
        assert b.dtype == jnp.float32
        assert np.linalg.norm(np.asarray(a) - b) < 0.1 * np.linalg.norm(a)


def test_embedding_gradient_adds_up_in_float32():
    config = dataclasses.replace(CONFIG, dtype="bfloat16", tie_embeddings=False, num_layers=1)
    params, tokens = random_params(config, std=0.0), jnp.zeros((1, 1000), jnp.int32)  # no layer, no position: x + 0
    params = params | {"embed_tokens": params["embed_tokens"] + jnp.arange(24.0)[None, :]}
    loss = lambda params, tokens: jnp.sum(forward(config, params, tokens)[:, :, 3].astype(jnp.float32))
    gradient = jax.jit(jax.grad(loss))
    once, many = (jax.device_get(gradient(params, t)["embed_tokens"][0]) for t in (tokens[:, :1], tokens))
    assert np.any(once) and np.all(np.abs(many - 1000 * once) <= 1e-2 * np.abs(1000 * once))  # in bfloat16 it stalls


def test_params_may_be_stored_in_bfloat16():
    config = dataclasses.replace(CONFIG, param_dtype="bfloat16")
    params = jax.eval_shape(lambda: model.init_params(config, KEY))
    assert {x.dtype for x in jax.tree.leaves(params)} == {jnp.dtype("bfloat16")}
    assert jax.eval_shape(lambda p: forward(config, p, random_tokens((1, 4))), params).dtype == jnp.float32


# --- prefill and decoding


def decode_rows(
    config, params, tokens, prompt_length, group_size, prompts, response_length, shift=0, begin=0, segments=1
):
    """Hidden states [B, T, D] of the response columns of `tokens` [B, S], by prefill and single steps.

    Row b begins after b * `begin` steps, so that with begin > 0 the rows have different ages and all go round the ring.
    """
    batch = prompts.shape[0] * group_size
    weights = decoding.decode_weights(config, params)
    prompt = decoding.prefill(config, weights, prompts)
    start, prompt_length = jnp.repeat(prompt_length, group_size), prompt_length + shift
    first = jnp.arange(batch) * begin

    def step(response, t):
        age = jnp.clip(t - first, 0, response_length - 1)
        token = jnp.take_along_axis(tokens, (start + age)[:, None], axis=1)[:, 0]
        positions = jnp.repeat(prompt_length, group_size) + age
        hidden, response = decoding.decode_step(
            config, weights, token, positions, age, t % response_length, prompt, prompt_length, response
        )
        return response, hidden

    response = decoding.empty_ring(config, batch, segments, response_length // segments)
    _, hidden = jax.lax.scan(step, response, jnp.arange(response_length + (batch - 1) * begin))
    steps = first[:, None] + jnp.arange(response_length)[None, :]
    return hidden[steps, jnp.arange(batch)[:, None]]


@pytest.mark.parametrize("changes", [{}, {"tie_embeddings": False, "family": "qwen2"},
                                     {"num_kv_heads": 1, "num_layers": 1}])  # fmt: skip
def test_prefill_and_decode_equal_the_whole_forward(changes):
    config = dataclasses.replace(CONFIG, **changes)
    params = random_params(config)
    group_size, response_length, prompt_length = 3, 6, jnp.array([6, 1])
    prompts = random_tokens((2, 6))
    responses = random_tokens((6, response_length), seed=3)
    start = jnp.repeat(prompt_length, group_size)
    tokens = jnp.zeros((6, 12), jnp.int32).at[:, :6].set(jnp.repeat(prompts, group_size, axis=0))
    rows, columns = jnp.arange(6)[:, None], start[:, None] + jnp.arange(response_length)[None, :]
    tokens = tokens.at[rows, columns].set(responses)
    expected = jax.jit(forward, static_argnums=0)(config, params, tokens)[rows, columns]

    run = jax.jit(decode_rows, static_argnums=(0, 4, 6, 8, 9))
    decode = lambda prompts, shift, begin=0, segments=1: run(
        config,
        params,
        tokens,
        prompt_length,
        group_size,
        prompts,
        response_length,
        jnp.broadcast_to(shift, (2,)),
        begin,
        segments,
    )
    for begin, segments in ((0, 1), (1, 2), (3, 6)):
        chex.assert_trees_all_close(decode(prompts, 0, begin, segments), expected, atol=2e-5, rtol=1e-5)
    # The same bar catches positions shifted by one, prompts exchanged, and a prompt's padding attended.
    for wrong in (decode(prompts, -1), decode(prompts[::-1], 0), decode(prompts, jnp.array([0, 5]))):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(wrong, expected, atol=1e-2, rtol=1e-2)


def step_of(config, params, prompt, lengths, response, column=0):
    batch = response.values[0].shape[0]
    ages = jnp.zeros((batch,), jnp.int32)
    positions = jnp.repeat(lengths, batch // len(lengths))
    weights = decoding.decode_weights(config, params)
    return decoding.decode_step(config, weights, jnp.arange(batch), positions, ages, column, prompt, lengths, response)


STACKED = {
    "one kind": {},
    "windows": dict(family="gemma3", layer_pattern="lg", window=4, local_rope_theta=1e3),
    "windows alone, biases": dict(family="qwen2", layer_pattern="l", window=4, tie_embeddings=False),
    "layers without positions": dict(family="smollm3", layer_pattern="gn", num_kv_heads=1),
    "a wide window": dict(family="smollm3", layer_pattern="lgn", window=100),
    "experts": dict(family="qwen3_moe", num_experts=4, experts_per_token=2, num_layers=2),
}


def both_forms(config, stacked, int8=False, segments=2):
    """Hidden states of 9 steps of rows that begin one after another in a ring of 6 columns, and both caches."""
    params, prompts, lengths = random_params(config), random_tokens((2, 5)), jnp.array([5, 0])
    weights = decoding.decode_weights(config, params, int8, stacked)
    prompt = decoding.prefill(config, weights, prompts)
    tokens = random_tokens((9, 6), seed=5)

    def step(response, t):
        age = jnp.clip(t - jnp.arange(6), 0, 5)
        where = tokens[t], jnp.repeat(lengths, 3) + age, age, (t + 4) % 6
        hidden, response = decoding.decode_step(config, weights, *where, prompt, lengths, response)
        return response, hidden

    ring = decoding.empty_ring(config, 6, segments, 6 // segments, stacked)
    response, hidden = jax.lax.scan(step, ring, jnp.arange(9))
    if not stacked:
        prompt, response = (KVCache(*map(jnp.stack, cache)) for cache in (prompt, response))
    return hidden, prompt, response


@pytest.mark.parametrize("changes", STACKED.values(), ids=STACKED.keys())
def test_stacked_layers_are_the_same_function(changes, monkeypatch):
    config, int8 = dataclasses.replace(CONFIG, **changes), "window" in changes
    run = lambda stacked: jax.jit(lambda: both_forms(config, stacked, int8))()
    expected = run(False)
    chex.assert_trees_all_close(run(True), expected, atol=3e-5, rtol=1e-5)
    if changes:
        return
    # The same bar catches a newest column that is another row's, one that is left out, and one written elsewhere.
    attend, written = decoding._attend, decoding._written
    rolled = lambda query, prompt, *rings: attend(query, prompt, rings[0], tuple(jnp.roll(x, 1, 0) for x in rings[1]))
    for name, wrong in {
        "_attend": [rolled, lambda query, prompt, ring, new: attend(query, prompt, ring)],
        "_written": [lambda ring, newest, column: written(ring, newest, (column + 1) % 6)],
    }.items():
        for function in wrong:
            with monkeypatch.context() as patch:
                patch.setattr(decoding, name, function)
                with pytest.raises(AssertionError):
                    chex.assert_trees_all_close(run(True)[0], expected[0], atol=1e-2, rtol=1e-2)


def test_what_is_not_a_rows_own_is_never_read():
    params, prompts, lengths = random_params(CONFIG), random_tokens((2, 6)), jnp.array([4, 0])
    prompt = decoding.prefill(CONFIG, decoding.decode_weights(CONFIG, params), prompts)
    padding = (jnp.arange(6)[None, :] >= lengths[:, None])[:, None]
    run = jax.jit(lambda prompt, response: step_of(CONFIG, params, prompt, lengths, response, column=1)[0])

    def with_junk(cache, where):
        return KVCache(
            tuple(jnp.where(where.reshape(*where.shape[:2], *(1,) * (x.ndim - 3), -1), jnp.inf, x) for x in cache.keys),
            tuple(jnp.where(where[:, :, :, None], 1e30, x) for x in cache.values),
        )

    response = decoding.empty_ring(CONFIG, 4, 1, 3)
    before = (jnp.arange(3) != 1)[None, None, :]
    expected = run(prompt, response)
    chex.assert_trees_all_equal(run(with_junk(prompt, padding), with_junk(response, before)), expected)
    changed = prompt._replace(values=tuple(x + 1 for x in prompt.values))
    assert jnp.max(jnp.abs(run(changed, response)[:2] - expected[:2])) > 1e-2  # what is its own is read


def test_decode_holds_the_cache_once():
    config = dataclasses.replace(CONFIG, num_layers=8)
    params, lengths = random_params(config), jnp.array([4, 4])
    prompt = decoding.prefill(config, decoding.decode_weights(config, params), random_tokens((2, 4)))
    response = decoding.empty_ring(config, 16, 4, 64)
    step = jax.jit(lambda response: step_of(config, params, prompt, lengths, response), donate_argnums=0)
    temporary = step.lower(response).compile().memory_analysis().temp_size_in_bytes
    cache_bytes = sum(x.nbytes for x in jax.tree.leaves(response))
    assert temporary < 0.6 * cache_bytes, "a second copy of the cache would show as at least cache_bytes"


def test_decode_rejects_rows_that_do_not_divide_into_groups():
    prompt, response = (decoding.empty_ring(CONFIG, rows, 1, 4) for rows in (2, 3))
    with pytest.raises(ValueError, match="3 rows must be a multiple of the 2 prompts"):
        decoding.decode_step(
            CONFIG, {}, *(jnp.zeros((3,), jnp.int32),) * 3, 0, prompt, jnp.ones((2,), jnp.int32), response
        )
