"""Fields that may change when a run is resumed: every one, raised and lowered, set and unset, as the schema marks them.

What decides is `workdir.changes`, tried field by field; that the trajectory does not depend on them, and that what they
rule goes on without a gap, is tried on one run in which all of them change, there and back.
"""

import dataclasses
import json
import typing

import pytest

from kpo_jax.algorithm.methods import method
from kpo_jax.checks import Leaf
from kpo_jax.commands import runs
from kpo_jax.config import (
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    MeshConfig,
    MetricsConfig,
    RolloutConfig,
    checked,
    to_dict,
)
from kpo_jax.config.plain import fields_of
from kpo_jax.ends import Refused
from kpo_jax.model.config import ModelConfig
from kpo_jax.recording import workdir as workdirs
from kpo_jax.report import runs as reports
from kpo_jax.report import study
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.training import checkpoints, trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.setup import build_programs

DATA = DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=32)
HELD_OUT = dataclasses.replace(DATA, split="test", num_problems=8)
DATA_OF_TRAINING = dataclasses.replace(DATA, num_problems=8)
CONFIG = Config(
    num_steps=2,
    data=DATA,
    model=ModelConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=2, head_dim=8
    ),
    sampler=SampleConfig(max_response_length=8),
    rollout=RolloutConfig(prompts_per_step=8, group_size=2),
    algorithm=method("kpo_weak"),
    learner=LearnerConfig(learning_rate=1e-2, num_minibatches=2),
    eval=EvalConfig(sets={"held_out": HELD_OUT}, every=1, num_samples=2, prompts_per_call=8),
    checkpoint=CheckpointConfig(every=1),
    mesh=MeshConfig(data=8),
)


BASE = dataclasses.replace(CONFIG, mesh=MeshConfig(data=2))  # room for more devices along every axis


def leaves(cls, path="", free=False):
    """(path, kind, whether it may change) of every field that holds a value or a mapping of records."""
    kinds = fields_of(cls)
    for field in dataclasses.fields(cls):
        if field.name not in kinds:
            continue  # the parameters of a component
        kind, where = kinds[field.name], f"{path}{field.name}"
        may = free or bool(field.metadata.get("free"))
        if isinstance(kind, Leaf) or typing.get_origin(kind) is dict:
            yield where, kind, may
        else:
            yield from leaves(kind, f"{where}.", may)


LEAVES = {path: (kind, free) for path, kind, free in leaves(Config)}
FREE = [path for path, (_, free) in LEAVES.items() if free]
BOUND = [path for path, (_, free) in LEAVES.items() if not free]


def get(plain, path):
    for name in path.split("."):
        plain = plain[name]
    return plain


def put(plain, path, value):
    *parents, last = path.split(".")
    return (
        plain | {parents[0]: put(plain[parents[0]], path.partition(".")[2], value)}
        if parents
        else plain | {last: value}
    )


def candidates(kind, value):
    """Values of a field beside its own, some of which may be illegal."""
    if not isinstance(kind, Leaf):
        return [{}, {"other": to_dict(HELD_OUT)}] if typing.get_args(kind)[1] is DataConfig else []
    if value is None:
        return [0.5, 2]
    if kind.type is bool:
        return [not value]
    if kind.type is int:
        return [value + 1, 2 * value, value - 1, 1, 0]
    if kind.type is float:
        return [value / 2, value + 0.5, 2 * value]
    if kind.type is tuple:
        return [("stop",)]
    return ["bfloat16", "k3", "grpo", "identity", "python", "wandb"]


def other_values(path):
    """The configurations that differ from BASE in this field alone and are legal."""
    plain, (kind, _) = to_dict(BASE), LEAVES[path]
    value = get(plain, path)
    for candidate in candidates(kind, value):
        config, problems = checked(put(plain, path, candidate), files=False)
        if candidate != value and not problems:
            yield config


def change(tmp_path, old, new):
    workdirs.write_config(str(tmp_path), old)
    return workdirs.changes(str(tmp_path), new, allow_change=False)


@pytest.mark.parametrize("path", FREE)
def test_a_free_field_may_change_in_both_directions(path, tmp_path):
    others = list(other_values(path))
    assert others, f"{path}: no other legal value was tried"
    for other in others:
        assert other != BASE
        assert change(tmp_path, BASE, other) == [] == change(tmp_path, other, BASE)


def test_negative_control_the_other_fields_may_not(tmp_path):
    """Those for which there is another value here; a component's name brings its parameters with it."""
    tried = 0
    for path in BOUND:
        for other in other_values(path):
            if other != BASE:
                tried += 1
                assert any(line.startswith(path) for line in change(tmp_path, BASE, other)), path
                assert any(line.startswith(path) for line in change(tmp_path, other, BASE)), path
    assert tried > len(BOUND) / 2


def test_the_schema_is_what_this_test_thinks():
    assert {"num_steps", "eval.num_samples", "eval.sets", "trace.every", "mesh.across_hosts"} <= set(FREE)
    assert {"seed", "learner.learning_rate", "rollout.group_size", "sampler.temperature"} <= set(BOUND)


def lines(workdir, key):
    found = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if any(name.startswith(key) for name in line)]


def test_a_run_in_which_every_free_field_changes_there_and_back(tmp_path, monkeypatch):
    """But the mesh, by which sums are rounded otherwise; tests/test_checkpoints.py resumes on others."""
    changed = Config(
        **{field.name: getattr(CONFIG, field.name) for field in dataclasses.fields(Config)}
        | dict(
            num_steps=4,
            eval=EvalConfig(
                sets={"held_out": HELD_OUT, "more": dataclasses.replace(HELD_OUT, num_problems=16)},
                every=2, num_samples=4, prompts_per_call=16, temperature=0.5, top_k=5, top_p=0.9, max_response_length=6,
            ),
            checkpoint=CheckpointConfig(every=2, keep_last=1, keep_best=0),
            trace=dataclasses.replace(CONFIG.trace, every=1, max_bytes=2**20),
            metrics=MetricsConfig(sinks="wandb", project="another"),
            job=dataclasses.replace(CONFIG.job, start_timeout=100, heartbeat_timeout=30, phase_timeout=600),
        )
    )  # fmt: skip
    monkeypatch.setenv("WANDB_MODE", "disabled")
    plain, other = to_dict(CONFIG), to_dict(changed)
    assert [path for path in FREE if get(plain, path) == get(other, path) and not path.startswith("mesh.")] == []
    assert workdirs.changes(str(tmp_path), changed, allow_change=False) == []

    def made(config):
        inputs = load_inputs(config)
        return inputs, build_programs(config, inputs)

    def train(config, made, name):
        return trainer.train(config, *made, str(tmp_path / name))

    back = dataclasses.replace(CONFIG, num_steps=6)  # of the same programs
    first, between = made(CONFIG), made(changed)
    assert all(train(*how, "run") for how in ((CONFIG, first), (changed, between), (back, first)))
    assert train(back, first, "whole")
    run, whole = tmp_path / "run", tmp_path / "whole"
    assert lines(run, "learner/") == lines(whole, "learner/") and len(lines(run, "learner/")) == 6
    # an evaluation set that takes problems out of the training set is no free change
    held = dataclasses.replace(back, num_steps=7, eval=dataclasses.replace(CONFIG.eval, sets={"t": DATA_OF_TRAINING}))
    values = dict(mode="train", workdir=str(tmp_path / "run"), allow_config_change=False, ignore_memory=False)
    with pytest.raises(Refused, match=r"the 24 training problems are not the 32 .*; --allow_config_change goes on"):
        runs.train(held, values)
    held = dataclasses.replace(held, num_steps=6), load_inputs(held)  # where nothing is left to train, or it is allowed
    runs.check_problems(*held, values)
    runs.check_problems(dataclasses.replace(held[0], num_steps=7), held[1], values | {"allow_config_change": True})
    # the evaluations are those that were due, each with the samples that were asked for then
    found = [
        (line["step"], sorted(k for k in line if "/avg@" in k and k[-1].isdigit())) for line in lines(run, "eval/")
    ]
    two, both = ["eval/held_out/avg@2"], ["eval/held_out/avg@4", "eval/more/avg@4"]
    assert found == [(0, two), (1, two), (2, two), (4, both), (5, two), (6, two)]
    curve = study.summary("a", reports.load(str(run)), "held_out")["curve"]  # of those that ask what the last did
    assert [step for step, _ in curve] == [0, 1, 2, 5, 6]
    assert sorted(path.name for path in (run / "trace").glob("step_*")) == ["step_000003.npz", "step_000004.npz"]
    assert {0, 5, 6} <= set(checkpoints.steps(str(run))) and 1 not in checkpoints.steps(str(run))
    # and fewer steps than are done change nothing
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert train(CONFIG, first, "run") is False
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
