"""Families of models, each as a directory of its own form: whole rows, single steps, gradients and an update against
transformers' goldens, and what comes out again is what went in.
"""

import dataclasses
import functools
import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from goldens import make_model_goldens
from safetensors.numpy import load_file
from test_head import gradient_and_log_probs, packed_rows
from test_hf import ANY, ROOT, assert_same_bits, export, load, logits, read_golden, shardings, write_directory
from test_model import decode_rows, random_params
from test_sampler import whole_rows

from kpo_jax.config import Config, EvalConfig, longest_row, problems_of
from kpo_jax.model import decoder as model
from kpo_jax.model import flops, layers
from kpo_jax.model.config import PRESETS, ModelConfig, RopeScaling
from kpo_jax.model.families import FAMILIES
from kpo_jax.model.head import row_log_probs, token_log_probs
from kpo_jax.model.parameters import num_params
from kpo_jax.records import Prompts
from kpo_jax.runtime.sharding import on_mesh
from kpo_jax.sampling import decoding
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.sampler import generate
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.weights import huggingface as hf
from kpo_jax.weights.huggingface_config import architecture_of, read_config

NAMES = sorted(make_model_goldens.FAMILIES)
# between them they have every part that some family has; the others are slow where another test compares all of them
EVERY_PART = [
    pytest.param(name, marks=() if name in {"gemma3", "olmo3", "phi3", "qwen3_moe", "smollm3"} else pytest.mark.slow)
    for name in NAMES
]


def directory(tmp_path, golden, **changes):
    """(a directory of a golden, its ModelConfig)."""
    path = write_directory(tmp_path / "model", golden, **changes)
    return path, ModelConfig(**read_config(str(path)))


def test_every_family_has_a_golden():
    configured = {read_golden(name)["config"].item() for name in (*NAMES, *make_model_goldens.MODELS)}
    assert {json.loads(text)["model_type"] for text in configured} == {f.model_type for f in FAMILIES.values()}


# --- against transformers


def check_logits(config, params, golden):
    valid = np.arange(golden["tokens"].shape[1]) < golden["length"][:, None]
    out = np.asarray(logits(config, params, golden["tokens"]))
    np.testing.assert_allclose(out[valid], golden["logits"][valid], atol=2e-5, rtol=1e-5)


@functools.partial(jax.jit, static_argnums=(0, 1))
def log_prob_gradient(config, temperature, params, tokens, prompt_length, mask):
    def summed(params):
        log_prob, _ = row_log_probs(
            config, params, tokens, prompt_length, mask.shape[1], temperature=temperature, logits_bytes=2000
        )
        log_prob = jnp.where(mask, log_prob, 0.0)
        return jnp.sum(log_prob), log_prob

    return jax.grad(summed, has_aux=True)(params)


def check_gradient(config, params, golden, out):
    """The gradient as tensors of the family's files: so it is that of every tensor of transformers."""
    gradient, log_prob = log_prob_gradient(
        config, float(golden["temperature"]), params, golden["tokens"], golden["prompt_length"], golden["log_prob"] != 0
    )
    np.testing.assert_allclose(log_prob, golden["log_prob"], atol=1e-5, rtol=1e-5)
    found = load_file(export(gradient, config, out) / "model.safetensors")
    expected = {k.removeprefix("grad/"): v for k, v in golden.items() if k.startswith("grad/")}
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], atol=2e-4, rtol=2e-4, err_msg=name)


def check_greedy(config, params, golden):
    """Prompts and responses are longer than the windows."""
    length = golden["greedy"].shape[1]
    sampling = SampleConfig(temperature=0.0, max_response_length=length)
    prompts = Prompts(jnp.asarray(golden["tokens"][:, : golden["prompt_length"].max()]),
                      jnp.asarray(golden["prompt_length"]))  # fmt: skip
    run = functools.partial(generate, config, sampling, eos_ids=(), pad_id=0, group_size=1)
    out = jax.jit(run)(params, prompts, jax.random.key(0), jnp.arange(3))[0]
    np.testing.assert_array_equal(out.tokens, golden["greedy"])


def check_golden(golden, tmp_path):
    path, config = directory(tmp_path, golden)
    params = load(path, config)
    check_logits(config, params, golden)
    check_gradient(config, params, golden, tmp_path / "gradient")
    check_greedy(config, params, golden)


@pytest.mark.parametrize("name", NAMES)
def test_golden(name, tmp_path):
    check_golden(read_golden(name), tmp_path)


MISTAKES = [
    ("llama3", {"rope_scaling": RopeScaling()}),
    ("qwen3_yarn", {"rope_scaling": RopeScaling()}),
    ("mistral_window", {"window": 5}),
    ("mistral_window", {"layer_pattern": "g", "window": 0}),
    ("ministral", {"layer_pattern": "gl"}),
    ("olmo2", {"norm_eps": 1e-3}),
    ("olmo3", {"local_rope_theta": 0.0}),
    ("olmo3", {"layer_pattern": "g", "window": 0}),
    ("smollm3", {"layer_pattern": "g"}),
    ("smollm3", {"layer_pattern": "n"}),
    ("qwen3_moe", {"experts_per_token": 3}),
    ("gemma3", {"local_rope_theta": 1e5}),
    ("gemma3", {"rope_scaling": RopeScaling()}),
    ("gemma3", {"window": 3}),
]


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_golden_catches(name, mistake, tmp_path):
    golden = read_golden(name)
    path, config = directory(tmp_path, golden)
    params = load(path, config)
    with pytest.raises(AssertionError):
        check_logits(dataclasses.replace(config, **mistake), params, golden)


def changed_scaling(config, **changes):
    return dataclasses.replace(config, rope_scaling=dataclasses.replace(config.rope_scaling, **changes))


def test_every_number_of_a_scaling_shows(tmp_path):
    for name, changes in (
        ("llama3", ({"factor": 4.0}, {"slow_turns": 0.5}, {"fast_turns": 8.0}, {"original_length": 64})),
        ("qwen3_yarn", ({"factor": 2.0}, {"slow_turns": 0.1}, {"fast_turns": 3.0}, {"attention_factor": 1.0})),
        ("phi3", ({"attention_factor": 1.0}, {"factors": (1.0, 1.5, 2.0)})),
        ("gemma3", ({"factor": 4.0},)),
    ):
        golden = read_golden(name)
        (tmp_path / name).mkdir()
        path, config = directory(tmp_path / name, golden)
        params = load(path, config)
        for change in changes:
            with pytest.raises(AssertionError):
                check_logits(changed_scaling(config, **change), params, golden)


@pytest.mark.parametrize("name", NAMES)
def test_live_parity_with_transformers(name, tmp_path):
    pytest.importorskip("torch")
    check_golden(make_model_goldens.make_golden(name, seed=7), tmp_path)


# --- single steps


@pytest.mark.parametrize("name", NAMES)
def test_prefill_and_decode_equal_the_whole_forward(name, tmp_path):
    _, config = directory(tmp_path, read_golden(name))
    params = random_params(config)
    group_size, response_length, prompt_length = 3, 6, jnp.array([7, 2])
    rng = np.random.default_rng(2)
    prompts = jnp.asarray(rng.integers(0, 53, (2, 7)), jnp.int32)
    start, rows = jnp.repeat(prompt_length, group_size), jnp.arange(6)[:, None]
    columns = start[:, None] + jnp.arange(response_length)[None, :]
    tokens = jnp.zeros((6, 14), jnp.int32).at[:, :7].set(jnp.repeat(prompts, group_size, axis=0))
    tokens = tokens.at[rows, columns].set(jnp.asarray(rng.integers(0, 53, (6, response_length)), jnp.int32))
    positions = jnp.broadcast_to(jnp.arange(14)[None, :], tokens.shape)
    expected = jax.jit(model.hidden_states, static_argnums=0)(config, params, tokens, positions)[rows, columns]
    run = jax.jit(decode_rows, static_argnums=(0, 4, 6, 8, 9))
    decode = lambda prompts: run(  # rows begin one after the other and go round the ring
        config, params, tokens, prompt_length, group_size, prompts, response_length, jnp.zeros(2, int), 1, 2
    )
    chex.assert_trees_all_close(decode(prompts), expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(AssertionError):
        chex.assert_trees_all_close(decode(prompts[::-1]), expected, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("name", EVERY_PART)
def test_sampler_log_prob_is_the_trainers(name, tmp_path):
    path, config = directory(tmp_path, read_golden(name))
    params = load(path, config)
    lengths = jnp.array([6, 1, 4])
    prompts = Prompts(jnp.asarray(np.random.default_rng(0).integers(0, 53, (3, 6)), jnp.int32), lengths)
    run = functools.partial(generate, config, SampleConfig(temperature=1.3, max_response_length=6), eos_ids=(),
                            pad_id=0, group_size=2)  # fmt: skip
    out = jax.device_get(jax.jit(run)(params, prompts, jax.random.key(1), jnp.arange(6))[0])
    assert out.mask.all()
    recompute = lambda temperature: row_log_probs(
        config, params, *whole_rows(out, prompts, 2), 6, temperature=temperature
    )[0]
    np.testing.assert_allclose(out.sampler_log_prob, recompute(1.3), atol=1e-4)
    assert np.max(np.abs(out.sampler_log_prob - recompute(1.1))) > 1e-2


# --- training


@pytest.mark.parametrize("name", ["mistral_window", "ministral", "gemma3", "qwen3_moe", "smollm3"])
def test_packed_rows_with_shared_prompts_are_those_of_a_row_each(name, tmp_path):
    """Windows are of positions and not of columns: a response stands behind its prompt, wherever it lies in a row."""
    _, config = directory(tmp_path, read_golden(name))
    params, group = random_params(config), jnp.array([0, 0, 0, 0, 4, 4])
    tokens = jnp.asarray(np.random.default_rng(3).integers(0, 53, (6, 18)), jnp.int32)
    prompt_length, lengths = jnp.array([8, 3])[group // 4], jnp.array([9, 10, 3, 1, 7, 10])
    mask = jnp.arange(10)[None, :] < lengths[:, None]
    tokens = jnp.where(jnp.arange(18)[None, :] < prompt_length[:, None], tokens[group], tokens)
    parts, order = packed_rows(tokens, prompt_length, mask, group_size=2)
    assert int(parts.segments.max()) > int(parts.prompts.max())  # prompts are shared

    def loss(form):
        return gradient_and_log_probs(form, params, mask)

    def in_packing(parts):
        return lambda params: [x[np.argsort(order)[-6:]] for x in token_log_probs(config, params, parts)]

    expected = loss(lambda params: row_log_probs(config, params, tokens, prompt_length, 10))
    chex.assert_trees_all_close(loss(in_packing(parts)), expected, atol=1e-3, rtol=1e-3)
    with pytest.raises(AssertionError):
        chex.assert_trees_all_close(loss(in_packing(parts.replace(prompts=parts.segments))), expected, atol=1e-2)


@pytest.mark.parametrize("name", EVERY_PART)
def test_an_update_moves_every_weight_and_goes_on(name, tmp_path):
    """In bfloat16 and with all recomputed the gradient is finite, no weight is left out, and following it helps."""
    golden = read_golden(name)
    path, config = directory(tmp_path, golden)
    config = dataclasses.replace(config, dtype="bfloat16", remat="full")
    params, rows = load(path, config), (golden["tokens"], golden["prompt_length"], golden["log_prob"] != 0)
    gradient, before = log_prob_gradient(config, 1.0, params, *rows)
    assert all(bool(jnp.all(jnp.isfinite(leaf)) & jnp.any(leaf != 0)) for leaf in jax.tree.leaves(gradient))
    optimizer = optax.adam(1e-3)
    updates, _ = optimizer.update(jax.tree.map(jnp.negative, gradient), optimizer.init(params))
    _, after = log_prob_gradient(config, 1.0, optax.apply_updates(params, updates), *rows)
    assert float(jnp.sum(after)) > float(jnp.sum(before))


@pytest.mark.parametrize("name", ["gemma3", "olmo3", "qwen3_moe"])
def test_a_mesh_computes_what_one_device_does(name, tmp_path):
    _, config = directory(tmp_path, read_golden(name))
    config = dataclasses.replace(config, vocab_size=52)
    params, where = random_params(config), shardings(config, data=2, fsdp=2, tensor=2)
    tokens = jnp.asarray(np.random.default_rng(0).integers(0, 52, (4, 12)), jnp.int32)
    positions = jnp.broadcast_to(jnp.arange(12)[None, :], tokens.shape)

    def loss(params, tokens):
        return jnp.sum(jnp.square(model.hidden_states(config, params, tokens, positions)))

    mesh = jax.tree.leaves(where)[0].mesh
    expected = jax.device_get(jax.jit(jax.value_and_grad(loss))(params, tokens))
    rows = jax.NamedSharding(mesh, jax.P(("data", "fsdp")))
    run = jax.jit(on_mesh(jax.value_and_grad(loss), mesh), in_shardings=(where, rows))
    out = run(jax.device_put(params, where), jax.device_put(tokens, rows))
    assert len(jax.tree.leaves(out)[-1].sharding.device_set) == 8
    chex.assert_trees_all_close(jax.device_get(out), expected, atol=1e-2, rtol=1e-3)


# --- out again


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out_is_what_went_in(name, tmp_path):
    path, config = directory(tmp_path, read_golden(name))
    out = export(load(path, config), config, tmp_path / "out")
    assert_same_bits(load_file(out / "model.safetensors"), load_file(path / "model.safetensors"))
    assert read_config(str(out)) == read_config(str(path))
    hf.find(str(out), "", config)


@pytest.mark.parametrize("name", NAMES)
def test_transformers_loads_an_export(name, tmp_path):
    torch = pytest.importorskip("torch")
    import transformers

    golden = read_golden(name)
    path, config = directory(tmp_path, golden)
    params = jax.tree.map(lambda x: x * 1.01, load(path, config))  # not the weights of the golden any more
    out = export(params, config, tmp_path / "out", max_bytes=20_000)
    reference, report = transformers.AutoModelForCausalLM.from_pretrained(
        out, output_loading_info=True, dtype=torch.float32, attn_implementation="eager"
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    row, length = 0, int(golden["length"][0])
    tokens = golden["tokens"][row : row + 1, :length]
    with torch.no_grad():
        theirs = reference(torch.tensor(tokens.astype(np.int64))).logits.numpy()
    ours = np.asarray(logits(config, params, tokens))
    np.testing.assert_allclose(ours, theirs, atol=5e-5, rtol=1e-5)
    assert np.abs(ours[0] - golden["logits"][row, :length]).max() > 1e-3


# --- config.json as it is published: what our decoder reads of it, shortened


NONE = RopeScaling()
# family, layer_pattern, window, rope_theta, local_rope_theta, rotary_share, rope_scaling without factors, head_dim
PUBLISHED = {
    "Llama-3.2-1B": ("llama", "g", 0, 5e5, 0, 1, RopeScaling("llama3", 32.0, 8192, 1.0, 4.0), 64),
    "Phi-4-mini": ("phi3", "g", 0, 1e4, 0, 0.75, RopeScaling("longrope", 1.0, 4096, 1.0, 4.0, 1.1902380714238083), 128),
    "SmolLM3": ("smollm3", "gggn", 0, 5e6, 0, 1, NONE, 128),
    "OLMo-2-1B": ("olmo2", "g", 0, 5e5, 0, 1, NONE, 128),
    "Olmo-3-7B": ("olmo3", "lllg", 4096, 5e5, 5e5, 1, RopeScaling("yarn", 8.0, 8192, 1, 32, 1.2079441541679836), 128),
    "gemma-3-1b": ("gemma3", "lllllg", 512, 1e6, 1e4, 1, NONE, 256),
    "Mistral-7B-v0.1": ("mistral", "l", 4096, 1e4, 0, 1, NONE, 128),
    "Mistral-7B-v0.3": ("mistral", "g", 0, 1e6, 0, 1, NONE, 128),
    "Qwen3-30B-A3B": ("qwen3_moe", "g", 0, 1e6, 0, 1, NONE, 128),
    "Qwen2.5-7B-yarn": ("qwen2", "g", 0, 1e6, 0, 1, RopeScaling("yarn", 4.0, 32_768, 1, 32, 1.138629436111989), 128),
    "R1-Distill-Qwen-1.5B": ("qwen2", "g", 0, 1e4, 0, 1, NONE, 128),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configurations_are_read_and_written(name, tmp_path):
    published = json.loads((ROOT / "tests" / "goldens" / "published_configs.json").read_text())
    assert published.keys() == PUBLISHED.keys()
    (tmp_path / "config.json").write_text(json.dumps(published[name]))
    fields = read_config(str(tmp_path))
    config = ModelConfig(**fields)
    scaling = dataclasses.replace(config.rope_scaling, factors=())
    assert PUBLISHED[name] == (
        config.family, config.layer_pattern, config.window, config.rope_theta, config.local_rope_theta,
        config.rotary_share, scaling, config.head_dim,
    )  # fmt: skip
    # what is written of it says the same again
    (tmp_path / "config.json").write_text(json.dumps(architecture_of(config, 40_000)))
    assert read_config(str(tmp_path)) == fields


@pytest.mark.parametrize("name", ["Llama-3.2-1B", "Qwen2.5-7B-yarn"])
def test_a_length_beside_the_scaling_is_as_one_in_it(name, tmp_path):
    def said(published):
        (tmp_path / "config.json").write_text(json.dumps(published))
        return read_config(str(tmp_path))

    published = json.loads((ROOT / "tests" / "goldens" / "published_configs.json").read_text())[name]
    published["max_position_embeddings"] = 131_072
    fields, key = said(published), "original_max_position_embeddings"
    length = published["rope_scaling"].pop(key)
    assert said(published | {key: length}) == fields
    assert said(published)["rope_scaling"].original_length == 131_072  # the control: it is said nowhere


@pytest.mark.parametrize("longest", [512, 1024])
def test_layers_with_a_window_have_their_positions_whether_or_not_it_hides_something(longest, tmp_path):
    published = json.loads((ROOT / "tests" / "goldens" / "published_configs.json").read_text())["gemma-3-1b"]
    changed = published | {"max_position_embeddings": longest}
    (tmp_path / "config.json").write_text(json.dumps(changed))
    config = ModelConfig(**read_config(str(tmp_path)))
    assert published["sliding_window"] == 512
    assert (config.layer_pattern, config.window, config.local_rope_theta) == ("lllllg", 512, 1e4)
    (tmp_path / "config.json").write_text(json.dumps(changed | {"sliding_window": None}))
    with pytest.raises(ValueError, match="sliding_window is None, but layer_types names layers with a window"):
        read_config(str(tmp_path))


# --- the parts


# config.json of Qwen/Qwen3-30B-A3B
A3B = ModelConfig(
    family="qwen3_moe", vocab_size=151_936, hidden_size=2048, intermediate_size=768, num_layers=48, num_heads=32,
    num_kv_heads=4, head_dim=128, num_experts=128, experts_per_token=8, tie_embeddings=False,
)  # fmt: skip


def test_sizes_of_a_mixture_are_the_published_ones():
    """30.5 billion weights, of which a token meets 3.3 billion, embedding and head among them."""
    assert num_params(A3B) == 30_532_122_624
    assert 3.3e9 < flops.matrix_params(A3B) + 2 * A3B.vocab_size * A3B.hidden_size < 3.4e9
    one, many = (
        flops.decode_bytes(A3B, prompts=n, group_size=1, prompt_length=0, response_length=2) for n in (1, 1000)
    )
    assert one < 4 * 3.3e9 and many > 4 * 30e9  # what few tokens need, and all experts


def test_a_window_as_long_as_the_row_is_none():
    config = dataclasses.replace(ANY, vocab_size=53, hidden_size=16, intermediate_size=24, num_layers=2, head_dim=8)
    local = dataclasses.replace(config, family="mistral", layer_pattern="l", window=14)
    tokens = jnp.asarray(np.random.default_rng(0).integers(0, 53, (2, 14)), jnp.int32)
    programs = [
        str(jax.make_jaxpr(lambda c=c: model.hidden_states(c, random_params(c), tokens, tokens))())
        for c in (dataclasses.replace(config, family="mistral"), local, dataclasses.replace(local, window=13))
    ]
    assert programs[0] == programs[1] != programs[2]


@pytest.mark.parametrize("segments", [False, True])
def test_windowed_attention_is_the_softmax_over_what_it_sees(segments):
    rng = np.random.default_rng(0)
    query, key, value = (rng.normal(size=(1, 9, heads, 4)).astype(np.float32) for heads in (4, 2, 2))
    own = np.array([[1, 1, 1, 1, 2, 2, 2, 3, 3]])
    positions = np.array([[0, 1, 2, 3, 4, 5, 6, 4, 5]])  # segments 2 and 3 stand behind 1
    prompt = np.ones_like(own)
    if not segments:
        positions = np.arange(9)[None, :]
    expected = np.zeros_like(query)
    for i in range(9):
        seen = [j for j in range(i + 1) if positions[0, i] - positions[0, j] < 3]
        if segments:
            seen = [j for j in seen if own[0, j] in (own[0, i], 1)]
        for n in range(4):
            score = np.exp(key[0, seen, n // 2] @ query[0, i, n] / 2)
            expected[0, i, n] = score @ value[0, seen, n // 2] / score.sum()
    what = layers.Segments(jnp.asarray(own), jnp.asarray(prompt)) if segments else None
    out = layers.windowed_attention(*map(jnp.asarray, (query, key, value, positions)), 3, what)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    wrong = layers.windowed_attention(*map(jnp.asarray, (query, key, value, positions)), 4, what)
    assert np.abs(wrong - expected).max() > 1e-2


def test_experts_are_a_loop_over_tokens():
    config = dataclasses.replace(
        ANY, family="qwen3_moe", hidden_size=6, intermediate_size=5, num_experts=7, experts_per_token=3
    )
    rng = np.random.default_rng(0)
    x, router, gate, up, down = (
        rng.normal(size=shape).astype(np.float32) for shape in ((11, 6), (6, 7), (7, 6, 5), (7, 6, 5), (7, 5, 6))
    )
    expected = np.zeros_like(x)
    for t, token in enumerate(x):
        score = np.exp(token @ router)
        best = np.argsort(-score)[:3]
        for e in best:
            hidden = token @ gate[e]
            expected[t] += score[e] / score[best].sum() * ((hidden / (1 + np.exp(-hidden)) * (token @ up[e])) @ down[e])
    run = lambda config: layers.mix_experts(config, *map(jnp.asarray, (x, router, gate, up, down)))
    np.testing.assert_allclose(run(config), expected, atol=1e-4)
    assert np.abs(run(dataclasses.replace(config, experts_per_token=2)) - expected).max() > 1e-2


PATTERNS = [
    ({"layer_pattern": "gx"}, "layer_pattern: 'gx' is not letters g, l, n"),
    ({"layer_pattern": ""}, "layer_pattern: '' is not letters g, l, n"),
    ({"layer_pattern": "gl"}, "window: 0: must be > 0 with layers 'l'"),
    ({"window": 8}, "window: 8: must be > 0 with layers 'l' in layer_pattern, and 0 without"),
    ({"family": "falcon"}, "family: 'falcon' is not one of qwen3, "),
    ({"num_experts": 4}, "num_experts: 4: qwen3 has no experts, must be 0"),
    ({"family": "qwen3_moe", "num_experts": 4}, r"experts_per_token: 0 is not in \[1, num_experts = 4\]"),
    ({"rotary_share": 1.5}, "rotary_share: 1.5"),
    ({"rotary_share": 0.5}, "rotary_share: 0.5: all features of a qwen3's heads turn, so it must be 1"),
]


@pytest.mark.parametrize(("changes", "message"), PATTERNS)
def test_what_does_not_fit_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ANY, **changes)


def test_half_a_pair_does_not_turn():
    with pytest.raises(ValueError, match=r"rotary_share: 0\.4 of 8 features are 3, which are no pairs"):
        dataclasses.replace(ANY, head_dim=8, rotary_share=0.4)
    with pytest.raises(ValueError, match=r"attention_factor: 1\.5; 'linear' has none, so it must be 1"):
        RopeScaling(kind="linear", factor=8.0, attention_factor=1.5)
    with pytest.raises(ValueError, match="kind: 'ntk' is not one of none, linear, llama3, yarn, longrope"):
        RopeScaling(kind="ntk")
    with pytest.raises(ValueError, match="original_length: 0 is not a whole number >= 1"):
        RopeScaling(kind="yarn", factor=4.0)
    with pytest.raises(ValueError, match=r"original_length: 0 is not a whole number >= 1"):
        RopeScaling(kind="longrope", factors=(1.0, 2.0))
    with pytest.raises(ValueError, match=r"rope_scaling.factors: 2 are given, must be 4"):
        dataclasses.replace(
            ANY, head_dim=8, rope_scaling=RopeScaling("longrope", factors=(1.0, 2.0), original_length=8)
        )
    phi = RopeScaling(kind="longrope", factors=(1.0,) * 16, original_length=64)
    data = DataConfig(source="arithmetic", max_prompt_length=32)
    run = lambda length, evaluated=0, prompt=32: Config(
        model=dataclasses.replace(PRESETS["tiny"], rope_scaling=phi),
        data=data,
        sampler=SampleConfig(max_response_length=length),
        eval=EvalConfig(
            sets={"a": dataclasses.replace(data, max_prompt_length=prompt)}, max_response_length=evaluated
        ),
    )
    for fits in (run(32), run(16, 32), run(32, 16, 48)):
        assert longest_row(fits) == 64 and [x for x in problems_of(fits) if "rope" in x] == []
    for too_long in (run(33), run(16, 33), run(32, 0, 33)):
        assert [x for x in problems_of(too_long) if "rope" in x] == [
            "model.rope_scaling.kind: 'longrope' with its factors for up to 64 tokens; rows have up to 65"
        ]
    assert longest_row(dataclasses.replace(run(32, 99), eval=EvalConfig(max_response_length=99))) == 64  # of no set
    assert decoding.WEIGHT_AXES.keys() >= {"experts_gate", "experts_up", "experts_down"}
    assert architecture_of(dataclasses.replace(ANY, family="olmo2"), 64)["model_type"] == "olmo2"
