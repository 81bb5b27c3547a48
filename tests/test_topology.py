"""The dry run for chips that are not here: parsing, printing, the search for a mesh; with libtpu or JAX's CUDA plugin,
real compilations of training step and sampler.
"""

import dataclasses
import importlib.util
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from jax.sharding import AbstractDevice, AbstractMesh, AxisType
from processes import without_phases

from kpo_jax import config as config_lib
from kpo_jax.commands import chips, memory, topology
from kpo_jax.commands.memory import state_bytes
from kpo_jax.config import MeshConfig
from kpo_jax.model import flops
from kpo_jax.model.attention import Segments, causal_attention
from kpo_jax.model.config import PRESETS, ModelConfig
from kpo_jax.model.decoder import hidden_states, init_params
from kpo_jax.model.parameters import num_params
from kpo_jax.runtime.mesh import mesh_shape
from kpo_jax.runtime.sharding import AXES, batch_sharding, make_mesh, on_mesh, replicated
from kpo_jax.sampling import decoding
from kpo_jax.training import learner
from kpo_jax.training.compiling import batch_shapes
from kpo_jax.training.shapes import update_shape

ROOT = Path(__file__).parents[1]
HAS_LIBTPU = importlib.util.find_spec("libtpu") is not None
HAS_CUDA = importlib.util.find_spec("jax_cuda13_plugin") is not None
SMALL = [
    "--config=configs/tiny.py:is_kpo_weak",
    "--config.model.num_layers=2",
    "--config.model.dtype=bfloat16",
    "--config.learner.microbatch_tokens=1024",
]


def config(**mesh):
    loaded, problems = config_lib.checked(config_lib.load_file(str(ROOT / "configs" / "qwen3_4b_dapo.py")))
    assert not problems
    return dataclasses.replace(loaded, mesh=dataclasses.replace(loaded.mesh, **mesh))


def dry_run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", "--dry_run", *arguments],
        capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"XLA_FLAGS": "", "JAX_DISABLE_MOST_OPTIMIZATIONS": "0"} | environment,
    )  # fmt: skip


def test_topologies_are_read():
    assert chips.parse("v5p:2x2x4") == (chips.CHIPS["v5p"], 16)
    assert chips.parse("v5e:2x4")[1] == 8 and chips.parse("v6e:16x16")[1] == 256
    assert chips.parse("h100:1") == (chips.CHIPS["h100"], 1) and chips.parse("h100:64")[1] == 64
    for chip in chips.CHIPS.values():
        assert flops.data_sheet(chip.kind, 1) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("", "v5p", "v5p:", "v9:2x2", "v5p:2x2", "v5e:2x2x2", "v5p:0x2x2", "v5p:2x2x-1", "v5p:2x2x4 ", "v5p:2X2X4"),
        *("v5p:2x2x2x2", "v5p:2x2x99999", "v5e:２x２", "v5e:4", "h100", "h100:2x4", "h100:12", "h100:0"),
    ],
)
def test_what_is_no_topology_is_one_line(text):
    with pytest.raises(ValueError, match=re.escape(f"--dry_run_topology: {text!r}")) as caught:
        chips.parse(text)
    assert "\n" not in str(caught.value)


def test_the_mesh_is_spelled_out_for_the_topology():
    mesh = topology.on(config(), "v5p:2x2x4").mesh
    assert (mesh.data, mesh.fsdp, mesh.tensor) == (2, 8, 1)
    for bad in (dict(data=1), dict(fsdp=3), dict(fsdp=16, tensor=16)):
        with pytest.raises(ValueError, match="does not use 16 devices"):
            topology.on(config(**bad), "v5p:2x2x4")
    with pytest.raises(ValueError, match=re.escape("32 does not divide eval.prompts_per_call = 16")):
        topology.on(config(fsdp=32), "v5e:4x8")
    less = dataclasses.replace(config(), learner=dataclasses.replace(config().learner, microbatch_tokens=8 * 5120))
    with pytest.raises(ValueError, match=re.escape("learner.microbatch_tokens: 40960 is below 81920")):
        topology.on(less, "v5p:2x2x4")


def test_other_meshes_split_the_state_further_and_are_legal():
    start = topology.on(config(), "v5p:2x2x4")
    found = [(c.mesh.data, c.mesh.fsdp, c.mesh.tensor) for c in topology.alternatives(start, "v5p:2x2x4")]
    assert found == [(2, 4, 2), (2, 2, 4), (2, 1, 8), (1, 16, 1), (1, 8, 2), (1, 4, 4), (1, 2, 8)]


def test_the_report_adds_up_by_hand():
    gib = 2**30
    memory = topology.Memory(arguments=6 * gib, outputs=7 * gib, in_place=5 * gib, temporaries=30 * gib, program=gib)
    assert memory.total == 39 * gib
    start = topology.on(config(), "v5p:2x2x4")
    step = topology.Step(memory, update_shape(start, 1024, 16), 12.0)
    small, large = (topology.Memory(gib, 0, 0, size * gib, 0) for size in (1, 59))
    state = sum(state_bytes(start, dict(data=2, fsdp=8, tensor=1)))

    def told(prefill, decode, moved=0):
        sampler = topology.Sampler(topology.Memory(9 * gib, 5 * gib, 0, 2 * gib, 0), prefill, decode, 6, 1, moved, 9.0)
        lines, most = topology.report(start, chips.CHIPS["v5p"], step, sampler)
        return "\n".join(lines), most

    text, most = told(small, small)
    assert most == 39 * gib  # the update's
    assert "4 microbatch(es) of 16 x 5,120 tokens, compiled in 12 s" in text
    assert "together       39.00 GiB = 41.1% of 95 GiB" in text and "5.00 GiB of them in place" in text
    # 3.7e4 TFLOPs of the whole update (README) over 4 minibatches and 16 devices
    assert float(re.search(r"FLOPs +([\d.,]+) T", text)[1]) == pytest.approx(3.7e4 / 64, rel=0.01)
    for sampler in ((small, large), (large, small)):  # the sampler's, beside what the state keeps
        assert told(*sampler)[1] == 60 * gib + state
    # rings and weights are there in prefill, too
    assert told(large, topology.Memory(7 * gib, 0, 0, gib, 0))[1] == 66 * gib + state
    # what moved is gone when the weights are made
    text, most = told(small, large, moved=53 * gib)
    assert most == 60 * gib + state and "2.00 GiB of temporaries, made of 53.00 GiB that moved to its mesh" in text
    assert told(small, large, moved=54 * gib)[1] == 61 * gib + state


def test_the_batch_is_that_of_the_trainer():
    start = topology.on(config(), "v5p:2x2x4")
    batch = batch_shapes(update_shape(start, 1024, 16), start, 1024)
    assert batch.packed.tokens.shape == (4, 16, 5120) and batch.packed.targets.shape == (4, 16, 4096)
    assert batch.response_mask.shape == batch.old_log_prob.shape == (4, 64, 4096) and batch.advantage.shape == (4, 64)
    assert str(batch.response_mask.dtype) == "bool" and str(batch.packed.tokens.dtype) == "int32"


def test_the_compilers_sentence_is_found():
    sentence = "Used 23.96G of 15.75G hbm. Exceeded hbm capacity by 8.21G"
    message = (
        "RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. "
        f"{sentence}.\n\nTotal"
    )
    assert topology.out_of_memory(message) == sentence
    assert topology.out_of_memory("RESOURCE_EXHAUSTED: something else\nmore") == "RESOURCE_EXHAUSTED: something else"


def test_attention_is_that_of_the_mesh_in_use():
    """The blocked form, with its loop over rows, is the CPU's alone, and the kernel the TPU's, also where a CPU
    compiles for a TPU.
    """
    x, ids = jax.ShapeDtypeStruct((4, 8, 2, 4), "float32"), jax.ShapeDtypeStruct((4, 8), "int32")

    def form(platform, segments=None, axes=AXES, sizes=(2, 2, 1, 2)):
        device = AbstractDevice(device_kind=platform, num_cores=1, platform=platform)
        mesh = AbstractMesh(sizes, axes, axis_types=(AxisType.Auto,) * 4, abstract_device=device)
        with jax.sharding.use_abstract_mesh(mesh):
            text = str(jax.make_jaxpr(causal_attention)(x, x, x, segments))
        return "kernel" if "name=splash_mha_fwd" in text else "blocked" if "scan" in text else "plain"

    assert form("cpu") == form("cpu", Segments(ids)) == form("cpu", Segments(ids, ids)) == "blocked"
    assert form("tpu") == form("tpu", Segments(ids)) == "kernel"
    # shared prompts, rows or heads that the mesh does not divide, another mesh
    assert form("tpu", Segments(ids, ids)) == "plain"
    assert form("tpu", sizes=(8, 1, 1, 1)) == form("tpu", sizes=(1, 1, 1, 4)) == "plain"
    assert form("tpu", axes=tuple("wxyz")) == "plain"


def test_presets_have_the_published_sizes():
    # the parameter counts on the models' cards: 4.0B and 32.8B
    assert num_params(PRESETS["qwen3-4b"]) == 4_022_468_096
    assert num_params(PRESETS["qwen3-32b"]) == pytest.approx(32.8e9, rel=0.002)


@pytest.mark.skipif(HAS_LIBTPU, reason="libtpu is installed")
def test_without_libtpu_it_says_what_to_install():
    done = dry_run(*SMALL, "--dry_run_topology=v5e:2x2")
    assert done.returncode == 64 and done.stdout == ""
    assert without_phases(done.stderr).splitlines() == [
        "error: --dry_run_topology: needs the libtpu package: "
        "pip install -r launch/requirements-tpu.txt -c launch/requirements.lock"
    ]


@pytest.mark.skipif(HAS_CUDA, reason="JAX's CUDA plugin is installed")
def test_without_the_cuda_plugin_it_says_what_to_install():
    done = dry_run(*SMALL, "--dry_run_topology=h100:8")
    assert done.returncode == 64 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: --dry_run_topology: needs the jax_cuda13_plugin package: "
        "pip install -r launch/requirements-gpu.txt -c launch/requirements.lock"
    ]


@pytest.mark.skipif(not HAS_CUDA, reason="JAX's CUDA plugin is not installed (launch/requirements-gpu.txt)")
@pytest.mark.parametrize("mesh", [dict(), dict(fsdp=2), dict(fsdp=2, tensor=2)])
def test_a_small_step_and_sampler_are_compiled_for_gpus_on_every_mesh(mesh):
    flags = [f"--config.mesh.{name}={size}" for name, size in mesh.items()]
    done = dry_run(*SMALL, *flags, "--dry_run_topology=h100:4")
    assert done.returncode == 0, done.stderr
    sizes = dict(data=4 // mesh.get("fsdp", 1) // mesh.get("tensor", 1), fsdp=1, tensor=1) | mesh
    assert "4 x NVIDIA H100 80GB HBM3, 1 host(s), 79 GiB a device" in done.stdout
    assert "fits             " + " ".join(f"--config.mesh.{k}={v}" for k, v in sizes.items()) in done.stdout


COMPILE = """
import jax
from kpo_jax.commands import chips
from kpo_jax.config import MeshConfig
from kpo_jax.runtime.sharding import make_mesh, replicated
everywhere = replicated(make_mesh(MeshConfig(), chips.devices("h100:1")))
jax.jit(lambda x: x @ x, in_shardings=everywhere).lower(jax.ShapeDtypeStruct((64, 64), "float32")).compile()
"""


@pytest.mark.skipif(not HAS_CUDA, reason="JAX's CUDA plugin is not installed (launch/requirements-gpu.txt)")
def test_the_compiler_knows_every_flag_that_the_launchers_set():
    listed = (ROOT / "launch" / "flags_gpu.txt").read_text().splitlines()

    def compiled(*flags):
        environment = os.environ | {"XLA_FLAGS": " ".join(flags), "JAX_PLATFORMS": "cpu"}
        command = [sys.executable, "-c", COMPILE]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    flags = [line for line in listed if line.startswith("--")]
    done = compiled(*flags)
    assert flags and done.returncode == 0, done.stderr
    assert "Unknown flag in XLA_FLAGS: --xla_none=1" in compiled(*flags, "--xla_none=1").stderr  # the control


@pytest.mark.skipif(not HAS_CUDA, reason="JAX's CUDA plugin is not installed (launch/requirements-gpu.txt)")
def test_decoding_on_a_gpu_copies_no_ring():
    """The product leaves the keys where they lie; a sum, as on a CPU, is compiled with a copy of the ring."""
    model = ModelConfig(
        vocab_size=512, hidden_size=128, intermediate_size=128, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=64,
        dtype="bfloat16",
    )  # fmt: skip
    small = dataclasses.replace(config(), model=model, mesh=MeshConfig())
    small = dataclasses.replace(
        small,
        sampler=dataclasses.replace(small.sampler, max_response_length=1024),
        rollout=dataclasses.replace(small.rollout, prompts_per_call=32),
    )
    ring = 2 * 2 * 256 * 1024 * 2 * 64  # bytes of one layer's keys and values
    found = chips.devices("h100:1")
    assert topology.compile_sampler(small, found).decode.temporaries < ring // 2
    with pytest.MonkeyPatch.context() as patch:
        sums = decoding.own_scores
        patch.setattr(decoding, "own_scores", lambda query, keys, platform: sums(query, keys, "cpu"))
        assert topology.compile_sampler(small, found).decode.temporaries > ring // 2


@pytest.mark.skipif(not HAS_CUDA, reason="JAX's CUDA plugin is not installed (launch/requirements-gpu.txt)")
def test_the_update_on_a_gpu_holds_the_state_once(monkeypatch):
    """A branch that a skipped update takes has room of its own for parameters and moments."""
    model = ModelConfig(
        vocab_size=32_768, hidden_size=512, intermediate_size=1024, num_layers=2, num_heads=4, num_kv_heads=2,
        head_dim=64, dtype="bfloat16", remat="full",
    )  # fmt: skip
    small = dataclasses.replace(config(), model=model, mesh=MeshConfig(data=1))
    small = dataclasses.replace(
        small,
        data=dataclasses.replace(small.data, max_prompt_length=64),
        sampler=dataclasses.replace(small.sampler, max_response_length=64),
        learner=dataclasses.replace(small.learner, microbatch_tokens=0),
    )
    state, found = sum(state_bytes(small, dict(data=1, fsdp=1, tensor=1))), chips.devices("h100:1")
    assert topology.compile_step(small, found).memory.temporaries < state
    monkeypatch.setattr(learner, "platform", lambda: "cpu")
    assert topology.compile_step(small, found).memory.temporaries > state


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CUDA, reason="JAX's CUDA plugin is not installed (launch/requirements-gpu.txt)")
@pytest.mark.parametrize("remat", ["full", "elementwise"])
@pytest.mark.parametrize(("text", "mesh"), [("h100:8", dict(fsdp=8)), ("h100:1", dict(fsdp=1))])
def test_the_plan_of_an_update_is_the_compiler_s_within_a_tenth(text, mesh, remat, full_optimization):
    start = config(**mesh)
    start = dataclasses.replace(
        start,
        model=dataclasses.replace(start.model, num_layers=4, remat=remat),
        learner=dataclasses.replace(start.learner, microbatch_tokens=2 * 5120 * mesh["fsdp"]),
    )
    start = topology.on(start, text)
    found, sizes = topology.compile_step(start, chips.devices(text)).memory.total, mesh_shape(start.mesh, mesh["fsdp"])
    assert memory.at_once(start, sizes)["update"] == pytest.approx(found, rel=0.1)
    less = sum(memory.phases(start, sizes)["update"].values()) - state_bytes(start, sizes)[0]
    assert less > 0.2 * found  # the control: without what is estimated it would be far off


@pytest.mark.slow
@pytest.mark.skipif(not HAS_LIBTPU, reason="libtpu is not installed (launch/requirements-tpu.txt)")
@pytest.mark.parametrize("text", ["v5e:2x2", "v5p:2x2x1"])
@pytest.mark.parametrize("tensor", [1, 4])
def test_decoding_on_a_tpu_copies_neither_weights_nor_caches(text, tensor, full_optimization, monkeypatch):
    """Unrolled, as on a GPU, every dispatch begins with copies of weights."""
    model = dataclasses.replace(PRESETS["qwen3-0.6b"], num_layers=4, vocab_size=4096, dtype="bfloat16")
    small = dataclasses.replace(config(), model=model, mesh=MeshConfig(tensor=tensor))
    small = dataclasses.replace(small, sampler=dataclasses.replace(small.sampler, max_response_length=1024))
    found = chips.devices(text)
    mesh = make_mesh(small.mesh, found)
    layer = 2 * 64 * 8 * 1024 * 128 * 2  # bytes a device of a layer's ring, of 64 rows and 8 key heads or as many

    def compiled():
        _, _, (*_, decode) = topology.lower_sampler(small, mesh, found)
        done = decode.compile()
        return moved_whole(done.as_text()), done.memory_analysis().temp_size_in_bytes

    copies, temporaries = compiled()
    assert copies == [] and temporaries < layer
    monkeypatch.setattr(decoding, "stacks_layers", lambda platform: False)
    assert len(compiled()[0]) >= 4


def moved_whole(text, least=2**20):
    """The shapes of at least so many bytes that a compiled program copies, transposes or gathers outside its loops."""
    entry = text[text.index("\nENTRY ") :]
    found = re.findall(r" = (bf16|f32)\[([0-9,]+)\]\S* (?:copy|transpose|all-gather)\(", entry)
    size = {"bf16": 2, "f32": 4}
    return [shape for dtype, shape in found if size[dtype] * math.prod(map(int, shape.split(","))) >= least]


def test_a_topology_without_a_dry_run_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", *SMALL, "--workdir=/nowhere/x", "--dry_run_topology=v5e:2x2"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 64 and done.stderr.splitlines() == [
        "error: --dry_run_topology: legal with --dry_run alone"
    ]


@pytest.mark.skipif(not HAS_LIBTPU, reason="libtpu is not installed (launch/requirements-tpu.txt)")
def test_a_small_step_is_compiled_for_a_tpu():
    done = dry_run(*SMALL, "--config.learner.share_prompts=False", "--dry_run_topology=v5e:2x2")
    assert done.returncode == 0, done.stderr
    assert "4 x TPU v5 lite" in done.stdout and "mesh             data 4 x fsdp 1 x tensor 1" in done.stdout
    assert "fits             --config.mesh.data=4 --config.mesh.fsdp=1 --config.mesh.tensor=1" in done.stdout
    assert "on the host" not in done.stdout  # the control of the next test
    unknown = dry_run(*SMALL, "--dry_run_topology=v5e:1x2")
    assert unknown.returncode == 64 and unknown.stderr.splitlines()[-1].startswith(
        "error: --dry_run_topology: 'v5e:1x2'"
    )


@pytest.mark.skipif(not HAS_LIBTPU, reason="libtpu is not installed (launch/requirements-tpu.txt)")
def test_moments_on_the_host_are_no_memory_of_a_tpu():
    flags = "--config.learner.share_prompts=False", "--config.learner.moments_on_host=True"
    done = dry_run(*SMALL, *flags, "--dry_run_topology=v5e:2x2")
    assert done.returncode == 0, done.stderr
    lines = dict(re.findall(r"^  (\S.{13}) ([\d.]+ \w+)$", done.stdout, re.MULTILINE))
    assert lines["on the host   "] == lines["moments       "]


@pytest.mark.skipif(not HAS_LIBTPU, reason="libtpu is not installed (launch/requirements-tpu.txt)")
def test_the_attention_kernel_is_in_the_executable_and_recomputed_as_remat_says():
    mesh = make_mesh(MeshConfig(fsdp=2, tensor=2), chips.devices("v5e:2x2"))
    sizes = dict(
        vocab_size=64, hidden_size=64, intermediate_size=64, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=128
    )

    def kernels(remat, shared=False):
        model = ModelConfig(**sizes, dtype="bfloat16", remat=remat)

        def loss(params, ids):
            segments = Segments(ids, ids if shared else None)
            return hidden_states(model, params, ids, ids, segments).astype("float32").sum()

        step = jax.jit(on_mesh(jax.grad(loss), mesh), in_shardings=(replicated(mesh), batch_sharding(mesh)))
        params = jax.eval_shape(lambda: init_params(model, jax.random.key(0)))
        text = step.lower(params, jax.ShapeDtypeStruct((2, 600), "int32")).compile().as_text()
        calls = [line for line in text.splitlines() if "tpu_custom_call" in line]
        return [sum(f"splash_mha_{phase}" in line for line in calls) for phase in ("fwd", "dkv", "dq")]

    assert kernels("elementwise") == [1, 1, 1] and kernels("full") == [2, 1, 1]
    assert kernels("full", shared=True) == [0, 0, 0]
