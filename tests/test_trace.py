"""Traces: the update is the same to the bit, the record survives kills, fits its budget, and needs numpy alone."""

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from configurations import load
from test_learner import CONFIG, MODEL, packed, rows

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.commands import replay
from kpo_jax.config import Config, MeshConfig, TraceConfig
from kpo_jax.recording import trace
from kpo_jax.records import TokenTrace, Verdict
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.training import learner, trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.rollout import Rollout
from kpo_jax.training.setup import build_programs, policy_loss_of
from kpo_jax.training.step import collect, score, update

ROOT = Path(__file__).parents[1]
SMALL = dict(
    num_steps=4, algorithm__advantage="krpo", reward__kind="plus_minus_one", model__num_layers=1, model__hidden_size=32,
    model__intermediate_size=64, warm_start__num_steps=0, rollout__prompts_per_step=4, rollout__group_size=2,
    learner__num_minibatches=2, learner__learning_rate=1e-3, sampler__max_response_length=12, eval__every=0,
    checkpoint__every=2, data__num_problems=64, trace__every=1,
)  # fmt: skip  # an advantage that is there although every answer is wrong


def small(method="is_kpo_weak", **overrides):
    config, problems = load(f"{ROOT / 'configs' / 'tiny.py'}:{method}", **SMALL | overrides)
    assert problems == []
    return dataclasses.replace(config, eval=dataclasses.replace(config.eval, sets={}))


def build(config):
    """(inputs, programs) on one device, which compiles faster than the eight of these tests."""
    inputs = load_inputs(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kpo_jax.training.setup.make_mesh", lambda mesh: make_mesh(MeshConfig(data=1), jax.devices()[:1]))
        return inputs, build_programs(config, inputs)


@functools.cache  # neither seed nor number of steps is compiled
def built():
    return build(small())


def train(workdir, **overrides):
    trainer.train(small(**overrides), *built(), str(workdir))
    return workdir


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    return train(tmp_path_factory.mktemp("trace") / "run")


def contents(workdir):
    return {path.name: path.read_bytes() for path in sorted((workdir / "trace").iterdir())}


def updates(method, traced, microbatch_tokens, devices=1, steps=2):
    """(state, what every step returned) of training on one batch over and over."""
    algorithm, mesh = METHODS[method], make_mesh(MeshConfig(data=devices), jax.devices()[:devices])
    optimizer = learner.make_optimizer(CONFIG)
    init, shardings = learner.make_init(MODEL, optimizer, mesh)
    how = policy_loss_of(Config(algorithm=algorithm))
    loss = learner.loss_of_policy(MODEL, how, temperature=1.0, traced=traced)
    step = learner.make_step(loss, optimizer, shardings, mesh, CONFIG)
    state, outputs = init(jax.random.key(0)), []
    _, batch = packed(rows(), mesh, microbatch_tokens)
    for _ in range(steps):
        state, metrics, report = step(state, batch)
        outputs.append(jax.device_get((metrics, report)))
    return jax.device_get(state), outputs, jax.device_get(batch)


def test_the_traced_update_is_the_untraced_to_the_bit(full_optimization):
    """Here over several microbatches and devices, below over one."""
    state, outputs, _ = updates("is_kpo_weak", False, 48, devices=2)
    traced_state, traced_outputs, batch = updates("is_kpo_weak", True, 48, devices=2)
    for plain, with_tokens in zip(
        jax.tree.leaves((state, outputs)),
        jax.tree.leaves(
            (traced_state, [(metrics, report._replace(tokens=None)) for metrics, report in traced_outputs])
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(plain, with_tokens)
    tokens, mask = traced_outputs[-1][1].tokens, batch.response_mask
    assert tokens.log_prob.shape == mask.shape
    np.testing.assert_array_equal(tokens.log_ratio[mask], (tokens.log_prob - batch.old_log_prob)[mask])
    # the negative control: a step further on everything is another number
    assert (tokens.log_prob != traced_outputs[0][1].tokens.log_prob)[mask].all()


def test_tracing_changes_no_metric(traced, tmp_path):
    other = train(tmp_path / "untraced", trace__every=0)
    for name in ("metrics.jsonl", "minibatches.jsonl"):
        assert (other / name).read_text() == (traced / name).read_text()
    assert not (other / "trace").exists()


def test_a_trace_holds_what_the_metrics_say(traced):
    place, description = trace.load(str(traced))
    assert (
        trace.steps(place) == description["steps"] == [1, 2, 3, 4] and description["method"] is None
    )  # its advantage is krpo's
    assert description["filter"]["kappa"] == 3.0 and description["filter"]["covariance"] == "standard"
    lines = [json.loads(line) for line in (traced / "minibatches.jsonl").read_text().splitlines()]
    for line in lines:
        step = trace.load_step(place, line["step"])
        row = step["minibatch"] == line["minibatch"]
        chosen = np.repeat(row, np.diff(step["offsets"]))
        assert line["policy/num_tokens"] == chosen.sum()
        for key, field in (("filter/gain_mean", "gain"), ("clip/fraction", "clipped"), ("policy/log_prob", "log_prob")):
            assert line[key] == pytest.approx(step[field][chosen].mean(dtype=float), rel=1e-5)
        assert line["filter/innovation_abs_max"] == np.abs(step["innovation"][chosen]).max()
        mismatch = np.abs(step["sampler_log_prob"] - step["old_log_prob"])[chosen]
        assert line["mismatch/abs_max"] == mismatch.max()
        assert set(step["advantage"][chosen]) and (step["advantage"][chosen] != 0).all()
    assert any(line["clip/fraction"] > 0 for line in lines)
    for name, (per, dtype, _) in trace.FIELDS.items():
        assert step[name].dtype.kind == "U" if dtype == "str" else step[name].dtype == dtype
        if per == "token":
            assert len(step[name]) == step["offsets"][-1]
        if per == "row":
            assert len(step[name]) == 8
    assert len(step["problem"]) == len(step["answer"]) == len(step["prompt_offsets"]) - 1 == 4


def test_tokens_and_prompts_are_those_that_were_sampled(tmp_path):
    config, (inputs, programs) = small(), built()
    params = programs.init(jax.random.key(0)).params
    result: Rollout = collect(config, inputs, programs, params, 1)
    state = programs.init(jax.random.key(0))
    minibatches, _ = score(config, programs, state, None, result.rows)
    _, updated = update(programs, state, minibatches, traced=True)
    step = trace.step_arrays(
        minibatches,
        jax.device_get(updated.traces),
        finished=result.finished,
        verdicts=result.verdicts,
        scores=result.scores,
        problems=result.problems,
        age=0,
    )
    decode = inputs.tokenizer.decode
    for i, text in enumerate(result.texts):
        assert decode(step["token"][step["offsets"][i] : step["offsets"][i + 1]]) == text
    for g, problem in enumerate(result.problems):
        prompt = step["prompt_token"][step["prompt_offsets"][g] : step["prompt_offsets"][g + 1]]
        assert (
            decode(prompt) == problem.problem + "\n"
            and step["problem"][g] == problem.id
            and step["answer"][g] == problem.answer
        )
    np.testing.assert_array_equal(step["reward"], result.rows["reward"])
    np.testing.assert_array_equal(
        step["sampler_log_prob"], result.rows["sampler_log_prob"][result.rows["response_mask"]]
    )
    # the first minibatch is on-policy
    first = np.repeat(step["minibatch"] == 0, np.diff(step["offsets"]))
    assert np.abs(step["log_ratio"][first]).max() < 1e-5 < np.abs(step["log_ratio"][~first]).max()


READER = """
import json, sys
import numpy as np
step = np.load(sys.argv[1] + "/step_000003.npz")
description = json.load(open(sys.argv[1] + "/trace.json"))
rows = [slice(a, b) for a, b in zip(step["offsets"], step["offsets"][1:])]
print(json.dumps({name: [len(step[name]), str(step[name].dtype)] for name in description["fields"]}))
print(sum(float(step["log_ratio"][row].sum()) for row in rows) == 0)
assert not {"jax", "kpo_jax", "flax"} & set(sys.modules)
"""


def test_numpy_alone_reads_a_trace(traced):
    command, environment = [sys.executable, "-c", READER, str(traced / "trace")], os.environ | {"PYTHONPATH": ""}
    result = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, env=environment)
    assert result.returncode == 0, result.stderr
    fields, zero = result.stdout.splitlines()
    assert (
        json.loads(fields)["log_ratio"] == [trace.load_step(traced / "trace", 3)["offsets"][-1], "float32"]
        and zero == "False"
    )


MASK = """
import sys
import numpy as np
step = np.load(sys.argv[1])
lengths = np.diff(step["offsets"])
mask = np.arange(lengths.max()) < lengths[:, None]
log_ratio = np.zeros(mask.shape, np.float32)
log_ratio[mask] = step["log_ratio"]
np.savez(sys.argv[2], mask=mask, log_ratio=log_ratio)
assert not {"jax", "kpo_jax"} & set(sys.modules)
"""


def test_the_response_mask_is_rebuilt_from_the_offsets_with_numpy_alone(tmp_path):
    """Rows of different lengths, one of them without a token; in the mask's places the fields are what they were
    before.
    """
    rng = np.random.default_rng(0)
    batch, order = rows() | {"reward": np.zeros(16, np.float32)}, np.arange(16)[None]
    mask = batch["response_mask"]
    assert not mask[3].any() and len(set(mask.sum(axis=1))) > 4
    values = TokenTrace(*(rng.random((1, *mask.shape)).astype(np.float32) for _ in TokenTrace._fields))
    problems, verdicts = [Problem("p", "1+1=?", "2")] * 16, [Verdict(True, "2", "")] * 16
    arrays = trace.step_arrays(
        [(batch, None, order)],
        [values],
        finished=np.ones(16, bool),
        verdicts=verdicts,
        scores={"correct": np.zeros(16)},
        problems=problems,
        age=0,
    )
    np.savez_compressed(tmp_path / "step.npz", **arrays)
    command = [sys.executable, "-c", MASK, str(tmp_path / "step.npz"), str(tmp_path / "out.npz")]
    result = subprocess.run(
        command, capture_output=True, text=True, cwd="/", timeout=60, env=os.environ | {"PYTHONPATH": ""}
    )
    assert result.returncode == 0, result.stderr
    found = np.load(tmp_path / "out.npz")
    longest = found["mask"].shape[1]
    np.testing.assert_array_equal(found["mask"], mask[:, :longest])
    assert not mask[:, longest:].any()
    np.testing.assert_array_equal(found["log_ratio"], np.where(mask, values.log_ratio[0], 0)[:, :longest])
    # control: with one row's length wrong both are others
    wrong = arrays | {"offsets": arrays["offsets"] - (np.arange(17) == 1)}
    np.savez_compressed(tmp_path / "step.npz", **wrong)
    subprocess.run(command, check=True, cwd="/", timeout=60, env=os.environ | {"PYTHONPATH": ""})
    found = np.load(tmp_path / "out.npz")
    assert (found["mask"] != mask[:, :longest]).sum() == 2 and (
        found["log_ratio"] != np.where(mask, values.log_ratio[0], 0)[:, :longest]
    ).any()


def test_a_resumed_run_has_the_same_trace(traced, tmp_path):
    """Killed after step 3, with the checkpoint of step 2: torn files go, steps 3 and 4 are recorded once more and are
    the same.
    """
    workdir = train(tmp_path / "run", num_steps=3)
    shutil.rmtree(workdir / "checkpoints" / "3")
    (workdir / "trace" / "step_000003.npz.tmp").write_bytes(b"torn")
    (workdir / "trace" / "step_000004.npz").write_bytes(b"of a run that had gone further")
    assert contents(workdir)["step_000003.npz"] == contents(traced)["step_000003.npz"]
    train(workdir)
    assert contents(workdir) == contents(traced)
    # negative control: another seed is another trace
    assert (
        contents(train(tmp_path / "other", seed=1, num_steps=1))["step_000001.npz"]
        != contents(traced)["step_000001.npz"]
    )


def writer(workdir, first_step=1, every=1, max_bytes=2**16):
    return trace.TraceWriter(str(workdir), {"schema": 1}, first_step=first_step, every=every, max_bytes=max_bytes)


def test_recording_stops_at_the_budget_and_says_so_once(tmp_path):
    arrays = {"x": np.random.default_rng(0).integers(0, 256, 20_000).astype(np.uint8)}
    log = writer(tmp_path)
    lines = []
    for step in range(1, 8):
        if log.wants(step):
            lines.append(log.write(step, arrays))
        size = sum(path.stat().st_size for path in (tmp_path / "trace").iterdir())
        assert size <= 2**16
    assert lines == [None, None, None, "trace: recording ends before step 4, which would pass trace.max_bytes = 65,536"]
    description = json.loads((tmp_path / "trace" / "trace.json").read_text())
    assert description["stopped_at"] == 4 and description["steps"] == [1, 2, 3]
    assert not writer(tmp_path, first_step=8).wants(8)  # a resumed run knows
    assert writer(tmp_path, first_step=8, max_bytes=2**17).wants(8)  # and goes on with a larger budget
    earlier = writer(tmp_path, first_step=3)
    assert earlier.wants(3) and trace.steps(tmp_path / "trace") == [1, 2]


def test_every_other_step(tmp_path):
    assert [step for step in range(1, 8) if writer(tmp_path, every=3).wants(step)] == [3, 6]
    assert not any(writer(tmp_path / "off", every=0).wants(step) for step in range(8))
    assert not (tmp_path / "off").exists()


def test_what_is_no_trace_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"no trace\.json"):
        trace.load(str(tmp_path))
    writer(tmp_path).write(1, {"offsets": np.zeros(1)})
    with pytest.raises(ValueError, match=r"no step 2 in .*there are \[1\]"):
        trace.load_step(tmp_path / "trace", 2)
    path = tmp_path / "trace" / "step_000001.npz"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="damaged"):
        trace.load_step(tmp_path / "trace", 1)


@pytest.mark.parametrize(
    ("values", "named"),
    [({"every": -1}, "every: -1 is not a whole number >= 0"), ({"max_bytes": 10}, "max_bytes: 10 is not a whole")],
)
def test_impossible_values_are_named(values, named):
    with pytest.raises(ValueError, match=named):
        TraceConfig(**values)


def test_a_real_run_replays_to_the_bit(traced, tmp_path):
    text = replay.run(str(traced), str(tmp_path), ["grpo"])
    assert "The recorded filter gives the recorded values" in text and "to the bit" in text and "| grpo " in text
