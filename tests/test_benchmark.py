"""The benchmark as a user runs it, and the rates that a training step reports."""

import json
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from configurations import load
from test_trainer import ENVIRONMENT, run

from kpo_jax import config
from kpo_jax.commands import benchmark, starts
from kpo_jax.ends import Refused
from kpo_jax.model import flops
from kpo_jax.model.config import PRESETS
from kpo_jax.model.packing import make_batch
from kpo_jax.records import Completions
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.training import setup
from kpo_jax.training.compiling import batch_shapes
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.step import speed


def test_every_phase_is_measured(tmp_path, monkeypatch):
    # every program is kept, or how many are loaded would hang on how fast this machine compiles
    monkeypatch.setitem(ENVIRONMENT, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    result = run(tmp_path, "--mode=benchmark", "--config.warm_start.num_steps=0", "--config.eval.every=0")
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "benchmark.json").read_text())
    found = {phase["name"]: phase for phase in report["phases"]}
    assert list(found) == ["prefill", "decode", "score", "update", "filter", "filter and gradient", "verifier"]
    for name, phase in found.items():
        assert phase["seconds"] > 0 and phase["items"] > 0, name
        assert f"| {name} " in result.stdout
    for name in ("prefill", "decode", "score", "update"):
        assert found[name]["fraction"] > 0 and found[name]["operations"] > 0, name
    assert (
        found["score"]["fraction"] < 1 and found["update"]["fraction"] < 1
    )  # matrix products bound them, which no cache helps
    assert found["update"]["first"] > found["update"]["seconds"]  # it was traced, and compiled or loaded
    assert report["limits"]["source"] == "measured in this run" and report["limits"]["flops"] > 1e9
    assert report["peak_bytes"] > 1e8
    assert not (tmp_path / "config.json").exists()  # no run was begun there
    cold, warm = report["starts"]
    assert (cold["name"], cold["loaded"], warm["name"]) == ("cold", 0, "warm")
    assert warm["programs"] == cold["programs"] < 2 * warm["loaded"] and warm["compiling"] > 0 < cold["compiling"]
    assert "s to the first trained step" in result.stdout


def test_a_start_is_one_of_this_package_without_trackers_and_a_refused_one_is_told(tmp_path, monkeypatch):
    """With a script in the interpreter's place, which says what it was given and refuses."""
    script = tmp_path / "python"
    script.write_text(f"""#!/bin/bash
echo "$PYTHONPATH" > {tmp_path}/path
cat "${{3#--workdir=}}/config.json" > {tmp_path}/config
echo "start: loading ..." >&2
echo "error: a: wrong" >&2
echo "error: b: wrong" >&2
exit 64
""")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    settings, _ = load("configs/tiny.py:grpo", metrics__sinks="wandb")
    with pytest.raises(Refused) as error:
        starts.measure(settings, None)
    assert error.value.args == ("a: wrong", "b: wrong")
    assert (tmp_path / "path").read_text() == f"{Path(__file__).parents[1]}:/elsewhere\n"
    told = json.loads((tmp_path / "config").read_text())
    assert told["metrics"]["sinks"] == "" and told["num_steps"] == 1


@pytest.mark.parametrize("method, name", [("ppo", "gae"), ("grpo", "otb"), ("grpo", "group")])
def test_the_update_that_is_measured_is_that_of_training(method, name, monkeypatch):
    settings, problems = load(
        f"configs/tiny.py:{method}", algorithm__advantage={"name": name}, model__num_layers=1,
        rollout__prompts_per_step=4, data__num_problems=8, sampler__max_response_length=8, mesh__data=1,
    )  # fmt: skip
    assert not problems
    inputs = load_inputs(settings)
    monkeypatch.setattr(setup, "make_mesh", lambda mesh: make_mesh(mesh, jax.devices()[:1]))
    programs, taken = setup.build_programs(settings, inputs), []
    none = np.zeros((4 * settings.rollout.group_size, 8), np.float32)
    drawn = Completions(none.astype(np.int32), none > 0, none, none[:, 0] > 0)
    monkeypatch.setattr(benchmark, "_sampling_phases", lambda *args: ([], drawn))
    monkeypatch.setattr(benchmark, "measure", lambda name, run, **work: run())
    monkeypatch.setattr(benchmark, "update", lambda programs, state, minibatches: (state, taken.extend(minibatches)))
    monkeypatch.setattr(benchmark, "_filter_phases", lambda *args: [])
    monkeypatch.setattr(benchmark, "_verifier_phase", lambda: None)
    benchmark.phases(settings, inputs, programs)
    made = make_batch(*taken[0])
    wanted = batch_shapes(programs.pack_shape, settings, inputs.train.prompt_length)
    assert jax.tree.map(lambda x: (x.shape, x.dtype), made) == jax.tree.map(lambda x: (x.shape, x.dtype), wanted)


def test_a_fraction_is_the_larger_of_compute_and_traffic():
    limits = flops.Limits(flops=100.0, bandwidth=10.0, source="")
    assert benchmark.Phase("a", 1, 2.0, 3.0, operations=100, bytes=5).fraction(limits) == pytest.approx(0.5)
    assert benchmark.Phase("a", 1, 2.0, 3.0, operations=10, bytes=15).fraction(limits) == pytest.approx(0.75)


def test_rates_of_a_step_by_hand(monkeypatch):
    config_dict = config.load_file("tiny:grpo")
    settings, _ = config.checked(config_dict)
    lengths = np.array([3, 1] * 4)  # one group of eight
    rows = dict(prompt_length=np.full(8, 5), response_mask=np.arange(4)[None, :] < lengths[:, None])
    work = flops.training_step(
        settings.model, prompt_lengths=[5], response_lengths=lengths.tolist(), group_size=8, share_prompts=True
    )
    rates = speed(settings, rows, [1.0, 2.0, 4.0], rows)
    assert rates["speed/response_tokens_per_second"] == pytest.approx(16 / 7)
    assert rates["speed/rollout_tokens_per_second"] == pytest.approx(16)
    assert rates["speed/update_tokens_per_second"] == pytest.approx((40 + 16) / 4)
    assert rates["speed/score_tflops"] == pytest.approx(work.score / 2 / 1e12)
    assert rates["time/update"] == 4.0
    assert not any(name.endswith("mfu") for name in rates)  # a CPU has no data sheet here
    monkeypatch.setattr(flops, "data_sheet", lambda kind, count: flops.Limits(1e12, 1e12, ""))
    assert speed(settings, rows, [1.0, 2.0, 4.0], rows)["speed/update_mfu"] == pytest.approx(work.update / 4 / 1e12)


def test_data_sheets_are_per_device():
    eight = flops.data_sheet("NVIDIA H100 80GB HBM3", 8)
    assert eight.flops == pytest.approx(8 * 989.4e12) and eight.bandwidth == pytest.approx(8 * 3.35e12)
    assert flops.data_sheet("cpu", 1) is None


def test_decode_bytes_by_hand():
    model = PRESETS["tiny"]
    weights = 4 * (flops.matrix_params(model) + model.vocab_size * model.hidden_size)
    token = 4 * 2 * 4 * 2 * 32  # bytes: keys and values of 4 layers, 2 heads of 32
    # two prompts of 5 tokens, groups of 3, responses of 4: three steps that read 1, 2, 3 own columns
    assert flops.decode_bytes(
        model, prompts=2, group_size=3, prompt_length=5, response_length=4
    ) == 3 * weights + token * (2 * 3 * 5 + 6 * (1 + 2 + 3))
