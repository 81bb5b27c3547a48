"""Hugging Face directories in and out: against transformers' goldens, bit for bit, on a mesh, and everything that is
refused.
"""

import dataclasses
import json
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import tracemalloc

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from goldens import make_model_goldens
from safetensors.numpy import load_file, save_file

from kpo_jax import config as config_lib
from kpo_jax.commands import export as hf_export
from kpo_jax.config import MeshConfig
from kpo_jax.ends import Failed
from kpo_jax.model import decoder as model
from kpo_jax.model.config import ARCHITECTURE_FIELDS, RopeScaling
from kpo_jax.recording.workdir import run_config
from kpo_jax.runtime.sharding import make_mesh, param_specs
from kpo_jax.training.inputs import load_inputs
from kpo_jax.weights import huggingface as hf
from kpo_jax.weights import huggingface_files as hf_files
from kpo_jax.weights import layout as hf_layout
from kpo_jax.weights import save
from kpo_jax.weights.huggingface_config import architecture_of
from kpo_jax.weights.tokenizers import CharTokenizer, load_tokenizer

ROOT = pathlib.Path(__file__).parents[1]
GOLDENS = sorted(make_model_goldens.MODELS)
ANY = model.ModelConfig(
    vocab_size=1, hidden_size=1, intermediate_size=1, num_layers=1, num_heads=1, num_kv_heads=1, head_dim=2
)


def read_golden(name):
    with np.load(ROOT / "tests" / "goldens" / f"{name}.npz") as file:
        return dict(file)


def golden_tensors(golden, dtype=np.float32):
    return {k.removeprefix("weight/"): v.astype(dtype) for k, v in golden.items() if k.startswith("weight/")}


def write_directory(path, golden, *, tensors=None, dtype=np.float32, num_files=1, **changes):
    """A Hugging Face directory of a golden; None among `changes` of its config.json takes the key out."""
    path.mkdir()
    config = json.loads(str(golden["config"]))
    if config.get("architectures") is None:
        config["architectures"] = [f"{config['model_type'].capitalize()}ForCausalLM"]
    config |= changes
    gone = [key for key, value in changes.items() if value is None]
    (path / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k not in gone}))
    tensors = golden_tensors(golden, dtype) if tensors is None else tensors
    if num_files == 1:
        save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
        return path
    weight_map = {
        name: f"model-{i % num_files + 1:05d}-of-{num_files:05d}.safetensors" for i, name in enumerate(sorted(tensors))
    }
    for file in set(weight_map.values()):
        save_file({k: v for k, v in tensors.items() if weight_map[k] == file}, path / file)
    (path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return path


def model_config(path, **changes):
    return dataclasses.replace(ANY, **hf.read_config(str(path)), **changes)


def shardings(config, **sizes):
    mesh = make_mesh(MeshConfig(**(sizes or {"data": 1})), jax.devices()[: int(np.prod(list(sizes.values()) or [1]))])
    return jax.tree.map(
        lambda spec: jax.NamedSharding(mesh, spec), param_specs(config), is_leaf=lambda x: isinstance(x, jax.P)
    )


def load(path, config, **sizes):
    return hf.load_params(hf.find(str(path), "", config), config, shardings(config, **sizes))


def param_shapes(config):
    return jax.eval_shape(lambda: model.init_params(config, jax.random.key(0)))


@jax.jit(static_argnums=0)
def logits(config, params, tokens):
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1])[None, :], tokens.shape)
    return model.logits(config, params, model.hidden_states(config, params, tokens, positions))


def assert_same_bits(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == b[name].dtype and a[name].shape == b[name].shape, name
        assert a[name].tobytes() == b[name].tobytes(), name


def export(params, config, out, dtype=None, **keywords):
    dtype = dtype or config.param_dtype
    architecture = architecture_of(config, 64) | {"dtype": dtype}
    save.write(
        params,
        config,
        str(out),
        dtype=dtype,
        architecture=architecture,
        generation={"eos_token_id": [1]},
        tokenizer=CharTokenizer(),
        **keywords,
    )
    return out


# --- in


@pytest.mark.parametrize("num_files", [1, 3])
@pytest.mark.parametrize("name", GOLDENS)
def test_logits_are_those_of_transformers(name, num_files, tmp_path):
    golden = read_golden(name)
    path = write_directory(tmp_path / "model", golden, num_files=num_files)
    config = model_config(path)
    valid = np.arange(golden["tokens"].shape[1]) < golden["length"][:, None]
    out = np.asarray(logits(config, load(path, config), golden["tokens"]))
    np.testing.assert_allclose(out[valid], golden["logits"][valid], atol=1e-5, rtol=1e-5)


def test_negative_control_two_tensors_exchanged_are_seen(tmp_path):
    golden = read_golden("qwen3_tied")
    tensors = golden_tensors(golden)
    k, v = (f"model.layers.1.self_attn.{x}_proj.weight" for x in "kv")
    tensors[k], tensors[v] = tensors[v], tensors[k]
    path = write_directory(tmp_path / "model", golden, tensors=tensors)
    config = model_config(path)
    out = np.asarray(logits(config, load(path, config), golden["tokens"]))
    assert np.abs(out - golden["logits"])[0, :5].max() > 0.1


@pytest.mark.parametrize("flags", [{}, {"family": "qwen2"}, {"family": "llama"}, {"tie_embeddings": False}])
def test_layouts_are_those_of_the_model(flags):
    config = big_config(**flags)
    leaves, tree = jax.tree.flatten(param_shapes(config))
    assert tree == jax.tree.structure(hf_layout.layouts(config), is_leaf=lambda x: isinstance(x, hf_layout.Layout))
    for leaf, layout in zip(leaves, hf_layout.flat_layouts(config), strict=True):
        assert leaf.shape == layout.stacked(config) + layout.shape, layout


@pytest.mark.parametrize("stored", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("param_dtype", ["float32", "bfloat16"])
def test_dtypes(stored, param_dtype, tmp_path):
    golden = read_golden("qwen2")
    path = write_directory(tmp_path / "model", golden, dtype=jnp.dtype(stored))
    config = model_config(path, param_dtype=param_dtype)
    params = load(path, config)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype(param_dtype)}
    expected = golden["weight/model.layers.1.mlp.down_proj.weight"].astype(stored).astype(param_dtype).T
    np.testing.assert_array_equal(params["layers"]["mlp"]["down_proj"][1], expected)


@pytest.mark.parametrize(
    "sizes",
    [{"data": 2, "fsdp": 2, "tensor": 1}, {"data": 1, "fsdp": 4, "tensor": 1}, {"data": 2, "fsdp": 2, "tensor": 2}],
)
@pytest.mark.parametrize("name", ["qwen3_tied", "qwen2"])
def test_a_mesh_holds_what_one_device_holds(name, sizes, tmp_path):
    vocab = 96  # 97 divides by nothing
    tensors = {k: v[:vocab] if "embed_tokens" in k else v for k, v in golden_tensors(read_golden(name)).items()}
    path = write_directory(tmp_path / "model", read_golden(name), tensors=tensors, vocab_size=vocab)
    config = model_config(path)
    one, many = load(path, config), load(path, config, **sizes)
    wanted = shardings(config, **sizes)
    for a, b, sharding in zip(*map(jax.tree.leaves, (one, many, wanted)), strict=True):
        assert b.sharding == sharding and len(b.sharding.device_set) == np.prod(list(sizes.values()))
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
        assert not np.array_equal(np.asarray(a), np.flip(b))


def big_config(**changes):
    return model.ModelConfig(
        vocab_size=512,
        hidden_size=256,
        intermediate_size=1024,
        num_layers=8,
        num_heads=8,
        num_kv_heads=4,
        head_dim=64,
        **changes,
    )


@pytest.fixture(scope="module")
def big_directory(tmp_path_factory):
    """A random model of 11 million parameters in float32, 46 MB."""
    path = tmp_path_factory.mktemp("big") / "model"
    config = big_config()
    params = jax.jit(model.init_params, static_argnums=0)(config, jax.random.key(0))
    return export(params, config, path)


def test_the_host_holds_one_shard_and_every_slice_is_read_once(big_directory, monkeypatch):
    config, sizes = big_config(), {"data": 2, "fsdp": 2, "tensor": 2}
    where, shapes = shardings(config, **sizes), param_shapes(config)
    read, original = [], hf.copy_block
    monkeypatch.setattr(hf, "copy_block", lambda out, mapped: (read.append(mapped.nbytes), original(out, mapped)))
    # the CPU's device memory is host memory, and device_put may leave an array where it is; an accelerator's copies
    monkeypatch.setattr(jax, "device_put", lambda x, device: jnp.array(x, copy=True, device=device))
    hf.load_params(str(big_directory), config, where)  # for what jax keeps from a first call
    read.clear()
    tracemalloc.start()
    hf.load_params(str(big_directory), config, where)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    total = sum(leaf.size * 4 for leaf in jax.tree.leaves(shapes))
    assert sum(read) == total  # two replicas, and nothing is read twice
    largest = max(
        np.prod(s.shard_shape(leaf.shape)) * 4 for leaf, s in zip(*map(jax.tree.leaves, (shapes, where)), strict=True)
    )
    # a whole leaf would be 4 shards, the model 18; the headers cost 200 kB. A second shard: jax lets go of what it has
    # copied in a thread of its own, which may come to it only after the next shard is read
    assert largest < peak < 2.2 * largest, (largest, peak, total)


PROCESS = """
import resource, sys
import jax, numpy as np
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
path, port, process = sys.argv[1:]
jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=int(process))
from kpo_jax.weights import huggingface as hf
from kpo_jax.config import MeshConfig
from kpo_jax.runtime.sharding import make_mesh, param_specs
sys.path.insert(0, "tests")
from test_hf import big_config
config = big_config()
mesh = make_mesh(MeshConfig(fsdp=2, tensor=2, across_hosts=True))
where = jax.tree.map(lambda s: jax.NamedSharding(mesh, s), param_specs(config), is_leaf=lambda x: isinstance(x, jax.P))
read, original = [], hf.copy_block
def count(out, mapped):
    read.append(mapped.nbytes)
    original(out, mapped)
hf.copy_block = count
params = hf.load_params(path, config, where)
held = sum(s.data.nbytes for leaf in jax.tree.leaves(params) for s in leaf.addressable_shards)
print("READ", sum(read), held, float(params["norm"].sum()))
"""


def test_a_process_reads_what_its_devices_hold(big_directory):
    """Two processes of two devices each: together they read the sharded leaves once, and the replicated ones each."""
    import socket

    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-c", PROCESS, str(big_directory), port]
    processes = [
        subprocess.Popen(
            [*command, str(i)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        for i in (0, 1)
    ]
    out = [p.communicate(timeout=120) for p in processes]
    assert [p.returncode for p in processes] == [0, 0], out
    rows = [next(line for line in stdout.splitlines() if line.startswith("READ")).split() for stdout, _ in out]
    total = sum(leaf.size * 4 for leaf in jax.tree.leaves(param_shapes(big_config())))
    for _, read, held, norm in rows:
        assert int(read) <= int(held) < 0.51 * total and float(norm) == 256
        assert int(read) > 0.49 * total


# --- out


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", GOLDENS)
def test_untouched_weights_come_out_bit_for_bit(name, dtype, tmp_path):
    golden = read_golden(name)
    path = write_directory(tmp_path / "in", golden, dtype=jnp.dtype(dtype))
    config = model_config(path, param_dtype=dtype)
    out = export(load(path, config), config, tmp_path / "out")
    assert_same_bits(load_file(out / "model.safetensors"), load_file(path / "model.safetensors"))
    assert hf.read_config(str(out)) == hf.read_config(str(path))
    assert not list(tmp_path.glob(".out*"))
    assert {oct(file.stat().st_mode) for file in out.iterdir()} == {oct((path / "config.json").stat().st_mode)}


def test_negative_control_one_bit_is_seen(tmp_path):
    path = write_directory(tmp_path / "in", read_golden("llama"))
    config = model_config(path)
    params = load(path, config)
    params["norm"] = params["norm"].at[3].multiply(1 + 1e-6)
    out = export(params, config, tmp_path / "out")
    with pytest.raises(AssertionError, match=r"model\.norm\.weight"):
        assert_same_bits(load_file(out / "model.safetensors"), load_file(path / "model.safetensors"))


def test_bfloat16_through_float32_parameters_comes_out_bit_for_bit(tmp_path):
    path = write_directory(tmp_path / "in", read_golden("qwen3_untied"), dtype=jnp.bfloat16)
    config = model_config(path)
    out = export(load(path, config), config, tmp_path / "out", "bfloat16")
    assert_same_bits(load_file(out / "model.safetensors"), load_file(path / "model.safetensors"))


def test_files_are_bounded_and_indexed(tmp_path):
    path = write_directory(tmp_path / "in", read_golden("qwen3_tied"))
    config = model_config(path)
    out = export(load(path, config), config, tmp_path / "out", max_bytes=20_000)
    files = sorted(out.glob("*.safetensors"))
    assert len(files) > 2 and files[0].name == f"model-00001-of-{len(files):05d}.safetensors"
    tensors = [load_file(file) for file in files]
    assert all(sum(x.nbytes for x in part.values()) <= 20_000 for part in tensors)
    index = json.loads((out / "model.safetensors.index.json").read_text())
    assert {k: v for k, v in index["weight_map"].items() if v == files[1].name}.keys() == tensors[1].keys()
    assert index["metadata"]["total_size"] == sum(x.nbytes for part in tensors for x in part.values())
    assert_same_bits({k: v for part in tensors for k, v in part.items()}, load_file(path / "model.safetensors"))
    np.testing.assert_array_equal(load(out, config)["embed_tokens"], load(path, config)["embed_tokens"])


def test_what_a_dtype_cannot_hold_is_refused_and_nothing_is_left(tmp_path):
    path = write_directory(tmp_path / "in", read_golden("qwen2"))
    config = model_config(path)
    params = load(path, config)
    export(params, config, tmp_path / "good", "float16")
    params["norm"] = params["norm"].at[0].set(1e5)
    with pytest.raises(ValueError, match=r"--dtype: float16 cannot hold 100000, a weight of model\.norm\.weight"):
        export(params, config, tmp_path / "out", "float16")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["good", "in"]


def test_what_is_in_the_way_is_refused(tmp_path):
    config = model_config(write_directory(tmp_path / "in", read_golden("qwen2")))
    before = sorted(x.name for x in (tmp_path / "in").iterdir())
    with pytest.raises(ValueError, match=r"--out: .*in is there and not an empty directory"):
        export(load(tmp_path / "in", config), config, tmp_path / "in")
    assert sorted(x.name for x in (tmp_path / "in").iterdir()) == before
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    directory = (tmp_path / "empty").stat().st_ino
    export(load(tmp_path / "in", config), config, tmp_path / "link")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["empty", "in", "link"]
    assert sorted(x.name for x in (tmp_path / "empty").iterdir()) == [
        "config.json", "generation_config.json", "model.safetensors"
    ]  # fmt: skip
    assert (tmp_path / "empty").stat().st_ino == directory  # which may be a mount: nothing can take its place


def test_a_full_disk_is_one_line_and_nothing_is_left(tmp_path):
    config = model_config(write_directory(tmp_path / "in", read_golden("qwen2")))
    params, unlimited = load(tmp_path / "in", config), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    try:
        with pytest.raises(Failed, match=r"^--out: .*out could not be written, nothing of it is left: .*too large"):
            export(params, config, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert [x.name for x in tmp_path.iterdir()] == ["in"]


PATTERNS = [
    ({"family": "llama", "layer_pattern": "l", "window": 8}, "model.layer_pattern: no llama .* has no sliding_window"),
    (
        {"family": "mistral", "layer_pattern": "lg", "window": 8},
        "no mistral .* 'lg': its config.json has no layer_t",
    ),
    ({"layer_pattern": "n"}, "no qwen3 in Hugging Face's form has 'n': its config.json has no no_rope_layers"),
    ({"local_rope_theta": 1e4}, "model.local_rope_theta: no qwen3 in Hugging Face's form has it"),
]


@pytest.mark.parametrize(("changes", "message"), PATTERNS)
def test_what_a_family_cannot_say_of_itself_is_not_written(changes, message):
    with pytest.raises(ValueError, match=message):
        architecture_of(big_config(**changes), 64)


# --- what is refused

REFUSED_CONFIGS = [
    (
        dict(architectures=["MixtralForCausalLM"]),
        r"architectures \['MixtralForCausalLM'\] not supported; supported are Qwen3ForCausalLM, ",
    ),
    (dict(architectures=None), r"architectures None not supported"),
    (dict(model_type="qwen2"), r"model_type is 'qwen2', that of Qwen3ForCausalLM is 'qwen3'"),
    (
        dict(rope_parameters={"rope_type": "dynamic", "rope_theta": 1e6, "factor": 4.0}),
        r"not supported: rope scaling .*dynamic",
    ),
    (
        dict(
            rope_parameters={
                "rope_type": "yarn",
                "rope_theta": 1e6,
                "factor": 4.0,
                "original_max_position_embeddings": 32,
                "truncate": False,
            }
        ),
        r"not supported: rope scaling 'yarn' with truncate false",
    ),
    (dict(layer_types=["full_attention", "chunked_attention"]), r"layer types chunked_attention"),
    (dict(hidden_act="gelu"), r"hidden_act 'gelu' \(silu is\)"),
    (dict(attention_bias=True), r"attention_bias true"),
    (dict(mlp_bias=True), r"mlp_bias true"),
    (dict(quantization_config={"quant_method": "fp8"}), r"quantized weights"),
    (dict(num_hidden_layers="two"), r"num_hidden_layers"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED_CONFIGS)
def test_what_the_decoder_cannot_compute_is_refused(changes, message, tmp_path):
    path = write_directory(tmp_path / "model", read_golden("qwen3_tied"), **changes)
    with pytest.raises(ValueError, match=message) as error:
        hf.find(str(path), "", ANY)
    assert str(error.value).startswith("pretrained: ") and "\n" not in str(error.value)
    assert str(path / "config.json") in str(error.value)


UNTOUCHED = """
import sys
import jax
from kpo_jax import config
from kpo_jax.model import decoder as model
from kpo_jax.weights import huggingface as hf
def forbidden(*args, **keywords):
    raise AssertionError("a device was asked for")
jax._src.xla_bridge.backends = forbidden
fields = hf.read_config(sys.argv[1])
hf.find(sys.argv[1], "", model.ModelConfig(**fields))
try:
    jax.devices()
except AssertionError:
    print("control seen")
"""


def test_the_check_touches_no_device(tmp_path):
    path = write_directory(tmp_path / "model", read_golden("qwen3_tied"))
    result = subprocess.run(
        [sys.executable, "-c", UNTOUCHED, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env=ENVIRONMENT,
    )
    assert result.returncode == 0 and "control seen" in result.stdout, result.stderr


def test_windows_that_no_layer_uses_are_no_reason(tmp_path):
    changes = dict(use_sliding_window=False, sliding_window=8, max_window_layers=1, layer_types=None, rope_scaling=None)
    path = write_directory(tmp_path / "model", read_golden("qwen2"), **changes)
    hf.find(str(path), "", model_config(path))


ROPE = [
    {"rope_parameters": None, "rope_theta": 5e6},
    {"rope_parameters": {"rope_type": "default", "rope_theta": 5000000}},
]


@pytest.mark.parametrize("changes", ROPE)
def test_differences_are_listed_as_overrides_that_mend_them(changes, tmp_path):
    path = write_directory(tmp_path / "model", read_golden("llama"), rms_norm_eps=1e-5, **changes)
    wrong = dataclasses.replace(
        model_config(path), num_layers=1, norm_eps=1e-6, rope_theta=1e6, tie_embeddings=True, family="qwen3"
    )
    with pytest.raises(ValueError, match=r"is not of config\.model") as error:
        hf.find(str(path), "", wrong)
    line = str(error.value)
    assert line.endswith(
        "--config.model.num_layers=2 --config.model.family=llama --config.model.rope_theta=5000000.0 "
        "--config.model.norm_eps=1e-05 --config.model.tie_embeddings=false"
    )
    assert overridden(wrong, line) == model_config(path)


def overridden(config, line):
    """The model that the overrides of a line make of one, as a shell takes them apart."""
    words = [word for word in shlex.split(line) if word.startswith("--config.")]
    plain = config_lib.to_dict(config_lib.Config(model=config))
    plain, problems, _ = config_lib.override(plain, dict(word.removeprefix("--config.").split("=") for word in words))
    assert problems == []
    return config_lib.from_plain(type(config), plain["model"])[0]


def test_overrides_are_words_of_a_shell():
    four = dataclasses.replace(ANY, head_dim=4)
    wanted = dataclasses.replace(four, rope_scaling=RopeScaling("longrope", original_length=64, factors=(1.0, 2.5)))
    line = hf.overrides(four, {"rope_scaling": wanted.rope_scaling})
    assert line == (
        "--config.model.rope_scaling.kind=longrope --config.model.rope_scaling.original_length=64 "
        "'--config.model.rope_scaling.factors=(1.0,2.5)'"
    )
    assert overridden(four, line) == wanted


def tensors_with(name="qwen3_untied", **changes):
    tensors = golden_tensors(read_golden(name)) | {k.replace("__", "."): v for k, v in changes.items()}
    return {k: v for k, v in tensors.items() if v is not None}


NORM = "model__layers__1__self_attn__q_norm__weight"
REFUSED_TENSORS = [
    ("qwen3_untied", {NORM: None}, r"tensor model\.layers\.1\.self_attn\.q_norm\.weight \(8,\) is missing$"),
    ("qwen3_untied", {NORM: None, "lm_head__weight": None}, r"tensor \S+ \(\d+, ?\d*\) is missing \(and 1 more\)$"),
    (
        "qwen3_untied",
        {NORM: np.ones(9, np.float32)},
        r"q_norm\.weight in .*model\.safetensors: shape \(9,\), expected \(8,\)",
    ),
    ("qwen3_untied", {NORM: np.ones(8)}, r"q_norm\.weight in .*model\.safetensors: dtype F64, expected F32, F16, BF16"),
    (
        "qwen3_untied",
        {"model__score__weight": np.ones((2, 3), np.float32)},
        r"tensor model\.score\.weight \(2, 3\) in .*: expected no such tensor$",
    ),
    (
        "qwen3_tied",
        {"lm_head__weight": np.ones((97, 32), np.float32)},
        r"lm_head\.weight in .* differs from model\.embed_tokens\.weight",
    ),
]


@pytest.mark.parametrize(("name", "changes", "message"), REFUSED_TENSORS)
def test_tensors_that_do_not_fit_are_refused(name, changes, message, tmp_path):
    path = write_directory(tmp_path / "model", read_golden(name), tensors=tensors_with(name, **changes))
    with pytest.raises(ValueError, match=message) as error:
        hf.find(str(path), "", model_config(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_tied_head_that_says_the_same_and_old_buffers_are_accepted(tmp_path):
    golden = read_golden("qwen3_tied")
    tensors = golden_tensors(golden)
    extra = {
        "lm_head.weight": tensors["model.embed_tokens.weight"],
        "model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(4, np.float32),
    }
    path = write_directory(tmp_path / "model", golden, tensors=tensors | extra)
    config = model_config(path)
    assert "lm_head" not in load(path, config)


def test_truncated_and_foreign_files_are_refused(tmp_path):
    golden = read_golden("qwen3_tied")
    path = write_directory(tmp_path / "model", golden)
    config = model_config(path)
    file = path / "model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-3])
    with pytest.raises(
        ValueError,
        match=rf"tensor model\.\S+ in \S+: the file has {len(whole) - 3} bytes, expected {len(whole)}: it is truncated",
    ):
        hf.find(str(path), "", config)
    for content in (whole[:100], b"", b"\x08" + bytes(7) + b"not json", b"\x02" + bytes(7) + b"[]"):
        file.write_bytes(content)
        with pytest.raises(ValueError, match="is not a whole safetensors file") as error:
            hf.find(str(path), "", config)
        assert "\n" not in str(error.value)


def test_offsets_that_do_not_fit_the_shape_are_refused(tmp_path):
    header = json.dumps({"x": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 12]}}).encode()
    (tmp_path / "f").write_bytes(len(header).to_bytes(8, "little") + header + bytes(12))
    with pytest.raises(ValueError, match=r"tensor x in .*: 12 bytes, expected those of F32 \(2, 2\)"):
        hf_files.read_header(str(tmp_path / "f"))


def test_directories_without_weights_are_refused(tmp_path):
    golden = read_golden("qwen2")
    path = write_directory(tmp_path / "model", golden)
    config = model_config(path)
    (path / "model.safetensors").rename(path / "pytorch_model.bin")
    with pytest.raises(
        ValueError,
        match=r"neither model\.safetensors nor model\.safetensors\.index\.json; pytorch_model\.bin is a pickle",
    ):
        hf.find(str(path), "", config)
    (path / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json is not JSON"):
        hf.find(str(path), "", config)
    (path / "config.json").unlink()
    with pytest.raises(ValueError, match=r"no file .*config\.json"):
        hf.find(str(path), "", config)


def test_an_index_that_lies_is_refused(tmp_path):
    path = write_directory(tmp_path / "model", read_golden("qwen2"), num_files=3)
    config = model_config(path)
    gone = path / "model-00002-of-00003.safetensors"
    shutil.copy(path / "model-00001-of-00003.safetensors", gone)
    with pytest.raises(
        ValueError, match=r"is in .*00001-of-00003\.safetensors and in .*00002-of-00003\.safetensors; expected once"
    ):
        hf.find(str(path), "", config)
    gone.unlink()
    with pytest.raises(
        ValueError,
        match=r"tensor model\.\S+: .* expects it in model-00002-of-00003.safetensors, and there is no such file",
    ):
        hf.find(str(path), "", config)
    (path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "../secret"}}))
    with pytest.raises(ValueError, match="weight_map is not an object of tensor names and file names"):
        hf.find(str(path), "", config)


def test_names_that_are_nothing_are_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"'/no/such/place' is no directory, no \.gguf file, and not a hub id like"):
        hf.find("/no/such/place", "", ANY)
    with pytest.raises(ValueError, match=r"no file /no/such\.gguf"):
        hf.find("/no/such.gguf", "", ANY)
    import huggingface_hub

    asked = {}

    def offline(name, **keywords):
        asked.update(keywords, name=name)
        raise OSError("no\nnetwork")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ValueError, match="cannot fetch 'a/b' from the hub: no network"):
        hf.find("a/b", "abc123", ANY)
    assert asked["revision"] == "abc123" and asked["allow_patterns"] == ["config.json", "generation_config.json"]


def test_a_hub_id_is_checked_before_its_weights_are_fetched(tmp_path, monkeypatch):
    import huggingface_hub

    path, asked = write_directory(tmp_path / "model", read_golden("qwen2")), []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, **k: (asked.append(k["allow_patterns"]), str(path))[1]
    )
    with pytest.raises(ValueError, match=r"is not of config\.model"):
        hf.find("a/b", "", ANY)
    assert len(asked) == 1
    assert hf.find("a/b", "", model_config(path)) == str(path)
    assert "model*.safetensors" in asked[-1] and not any("bin" in pattern for pattern in asked[-1])


def test_impossible_combinations_are_named(tmp_path):
    def problems(**fields):
        return config_lib.problems_of(config_lib.Config(**fields))

    assert problems(pretrained="Qwen/Qwen3-4B", revision="abc") == []
    assert problems(tokenizer="Qwen/Qwen3-4B", revision="abc") == []
    assert any(line.startswith("pretrained: ") for line in problems(pretrained=str(tmp_path), init_from=str(tmp_path)))
    for fields in ({}, {"pretrained": str(tmp_path)}, {"pretrained": "x.gguf", "tokenizer": "x.gguf"}):
        assert any(line.startswith("revision: ") for line in problems(revision="abc", **fields)), fields


def test_a_gguf_file_goes_to_its_own_module(tmp_path, monkeypatch):
    from kpo_jax.weights import gguf as gguf_weights

    file, config = tmp_path / "model.gguf", big_config(family="llama")
    file.write_bytes(b"GGUF")
    monkeypatch.setattr(gguf_weights, "read_config", lambda path: {k: getattr(config, k) for k in ARCHITECTURE_FIELDS})
    monkeypatch.setattr(gguf_weights, "load_params", lambda *arguments: arguments)
    assert hf.find(str(file), "", config) == str(file)
    assert hf.load_params(str(file), config, "shardings") == (str(file), config, "shardings")
    with pytest.raises(
        ValueError, match=r"model\.gguf is not of config\.model; what differs: --config\.model\.family=llama$"
    ):
        hf.find(str(file), "", big_config())


def test_the_revision_is_that_of_weights_and_tokenizer(monkeypatch):
    asked = []
    monkeypatch.setattr(hf, "find", lambda name, revision, _: asked.append((name, revision)))

    def load_tokenizer(name, revision):
        asked.append((name, revision))
        raise ValueError("seen")

    monkeypatch.setattr("kpo_jax.training.inputs.load_tokenizer", load_tokenizer)
    with pytest.raises(ValueError, match="seen"):
        load_inputs(config_lib.Config(pretrained="a/b", tokenizer="c/d", revision="abc"))
    assert asked == [("a/b", "abc"), ("c/d", "abc")]


def test_an_export_names_no_python_files_as_none_come_along(tmp_path):
    code = {"AutoModelForCausalLM": "modeling_own.Own"}
    path = write_directory(tmp_path / "model", read_golden("qwen2"), auto_map=code)
    config = config_lib.Config(pretrained=str(path), model=model_config(path))
    architecture, _ = hf_export.documents(config, CharTokenizer(), "float32")
    assert architecture["model_type"] == "qwen2" and "auto_map" not in architecture


def test_a_tokenizer_goes_into_the_export(tmp_path):
    import tokenizers
    import transformers

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"one": 0, "two": 1, "<end>": 2}, unk_token="<end>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    given = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<end>", chat_template="{{ messages[0]['content'] }} !"
    )
    given.save_pretrained(tmp_path / "given")
    tokenizer = load_tokenizer(str(tmp_path / "given"))
    path = write_directory(tmp_path / "in", read_golden("llama"))
    config = model_config(path)
    run = config_lib.Config(pretrained=str(path), tokenizer=str(tmp_path / "given"), model=config)
    longer = config_lib.Config(eval=config_lib.EvalConfig({"a": config_lib.Config().data}, max_response_length=2000))
    assert hf_export.documents(longer, tokenizer, "float32")[0]["max_position_embeddings"] == 1024 + 2000
    architecture, generation = hf_export.documents(run, tokenizer, "float32")
    keywords = dict(dtype="float32", architecture=architecture, generation=generation, tokenizer=tokenizer)
    save.write(load(path, config), config, str(tmp_path / "out"), **keywords)
    again = load_tokenizer(str(tmp_path / "out"))
    assert again.encode("two one") == [1, 0] and again.eos_ids == tokenizer.eos_ids == (2,) and again.vocab_size == 97
    assert again.apply_chat_template([{"role": "user", "content": "one"}]) == "one !"
    assert hf.find(str(tmp_path / "out"), "", config) == str(tmp_path / "out")


# --- the whole system

ENVIRONMENT = {**os.environ, "JAX_PLATFORMS": "cpu", "TRANSFORMERS_VERBOSITY": "error"}
SMALL = """
from kpo_jax.config import Config, LearnerConfig, RolloutConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.model.config import ModelConfig
from kpo_jax.sampling.config import SampleConfig

def get_config():
    return Config(
        num_steps=1, data=DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=8),
        model=ModelConfig(vocab_size=64, hidden_size=32, intermediate_size=64, num_layers=1, num_heads=2, \
num_kv_heads=1, head_dim=32),
        sampler=SampleConfig(max_response_length=4), rollout=RolloutConfig(prompts_per_step=2, group_size=2),
        learner=LearnerConfig(num_minibatches=1, learning_rate=0.1, weight_decay=1.0))
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        env=ENVIRONMENT,
    )


def test_train_from_a_directory_and_export(tmp_path):
    """Step 0 of the run is the directory, bit for bit, and step 1 is not; config.json keeps what the directory said."""
    (tmp_path / "small.py").write_text(SMALL)
    config = config_lib.checked(config_lib.load_file(str(tmp_path / "small.py")))[0].model
    params = jax.jit(model.init_params, static_argnums=0)(config, jax.random.key(7))
    given = export(params, config, tmp_path / "given")
    described = json.loads((given / "config.json").read_text()) | {"max_position_embeddings": 4096}
    (given / "config.json").write_text(json.dumps(described))
    workdir = tmp_path / "run"
    arguments = [f"--config={tmp_path / 'small.py'}", f"--config.pretrained={given}", f"--workdir={workdir}"]

    trained = run(*arguments)
    assert trained.returncode == 0, trained.stderr
    exported = run("--mode=export", f"--workdir={workdir}", f"--out={tmp_path / 'step_1'}", "--dtype=bfloat16")
    assert exported.returncode == 0, exported.stderr
    assert f"step 1 of {workdir} is in {tmp_path / 'step_1'}, bfloat16" in exported.stdout
    hf_export.export_run(str(workdir), str(tmp_path / "step_0"), 0, None)
    before, after, changed = (
        load_file(x / "model.safetensors") for x in (given, tmp_path / "step_0", tmp_path / "step_1")
    )
    assert_same_bits(before, after)
    assert before.keys() == changed.keys() and {x.dtype for x in changed.values()} == {jnp.dtype("bfloat16")}
    assert any(np.any(before[name].astype(jnp.bfloat16) != changed[name]) for name in before)
    assert json.loads((tmp_path / "step_0" / "config.json").read_text()) == described
    assert json.loads((tmp_path / "step_1" / "config.json").read_text()) == described | {"dtype": "bfloat16"}
    assert json.loads((tmp_path / "step_0" / "generation_config.json").read_text()) == {
        "eos_token_id": [1],
        "pad_token_id": 0,
    }

    kept = run_config(str(workdir))
    assert load_inputs(kept).weights == str(given)
    with pytest.raises(ValueError, match=r"what differs: --config\.model\.rope_theta=1000000\.0$"):
        load_inputs(dataclasses.replace(kept, model=dataclasses.replace(config, rope_theta=1e4)))
    with pytest.raises(ValueError, match="no step 7 in"):
        hf_export.export_run(str(workdir), str(tmp_path / "step_7"), 7, None)
    with pytest.raises(ValueError, match="not an empty directory"):
        hf_export.export_run(str(workdir), str(workdir), None, None)
    shutil.rmtree(given)
    with pytest.raises(ValueError, match="given' is no directory"):
        hf_export.export_run(str(workdir), str(tmp_path / "again"), None, None)


def test_a_workdir_without_a_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"--workdir: no run in .*config\.json"):
        hf_export.export_run(str(tmp_path), str(tmp_path / "out"), None, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--mode=export", "--workdir=x"], ["--out"]),
        (
            ["--mode=export", "--workdir=x", "--out=y", "--dry_run", "--config=configs/tiny.py"],
            ["--dry_run", "--config"],
        ),
        (["--mode=train", "--workdir=x", "--out=y", "--dtype=float16"], ["--dtype", "--out"]),
        (["--mode=export", "--workdir=x", "--out=y", "--dtype=float16"], []),
        (["--mode=train", "--workdir=x"], []),
    ],
)
def test_flags_of_export_are_its_own(arguments, named):
    from absl.testing import flagsaver

    from kpo_jax import main

    given = main.take_apart(arguments)
    with flagsaver.flagsaver():
        for words in given.others:
            main.FLAGS(["kpo_jax", *words])
        problems = main.flag_problems() + (main.configuration(given)[1] if main.FLAGS.mode == "export" else [])
        assert [line.partition(":")[0] for line in problems] == named


# --- against transformers itself


@pytest.mark.parametrize("name", GOLDENS)
def test_transformers_loads_an_export_and_gives_the_same_logits(name, tmp_path):
    """On left- and right-padded batches, at valid places."""
    torch = pytest.importorskip("torch")
    import transformers

    path = write_directory(tmp_path / "in", read_golden(name))
    config = model_config(path)
    params = load(path, config)
    params = jax.tree.map(lambda x: x * 1.01, params)  # not the weights of the golden any more
    out = export(params, config, tmp_path / "out", max_bytes=20_000)
    reference, report = transformers.AutoModelForCausalLM.from_pretrained(
        out, output_loading_info=True, dtype=torch.float32
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    tokens, lengths = read_golden(name)["tokens"], read_golden(name)["length"]
    width = tokens.shape[1]
    ours = np.asarray(logits(config, params, tokens))
    assert np.abs(ours - read_golden(name)["logits"])[0, : lengths[0]].max() > 1e-3  # the comparison can fail
    for side in ("left", "right"):
        shift = [width - n if side == "left" else 0 for n in lengths]
        padded, mask = np.zeros((len(tokens), width), np.int64), np.zeros((len(tokens), width), np.int64)
        for row, (n, start) in enumerate(zip(lengths, shift, strict=True)):
            padded[row, start : start + n], mask[row, start : start + n] = tokens[row, :n], 1
        positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
        with torch.no_grad():
            theirs = reference(*map(torch.tensor, (padded, mask, positions))).logits.numpy()
        for row, (n, start) in enumerate(zip(lengths, shift, strict=True)):
            np.testing.assert_allclose(ours[row, :n], theirs[row, start : start + n], atol=2e-5, rtol=1e-5)
