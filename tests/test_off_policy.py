"""How far off-policy a run trains: several epochs over one rollout."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from kpo_jax.algorithm.methods import method
from kpo_jax.commands import replay
from kpo_jax.config import (
    AdvantageConfig,
    CheckpointConfig,
    Config,
    LearnerConfig,
    MeshConfig,
    RolloutConfig,
    TraceConfig,
)
from kpo_jax.model.config import ModelConfig
from kpo_jax.recording import trace
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.rewards import RewardConfig
from kpo_jax.training import checkpoints, setup, trainer
from kpo_jax.training.inputs import load_inputs

# A random policy is never right; the reward and the advantage are such that there is a gradient all the same.
CONFIG = Config(
    num_steps=3,
    data=DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=64),
    decontaminate=False,
    model=ModelConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=2, head_dim=8
    ),
    sampler=SampleConfig(max_response_length=8),
    reward=RewardConfig(kind="plus_minus_one"),
    rollout=RolloutConfig(prompts_per_step=4, group_size=4),
    algorithm=dataclasses.replace(method("kpo_weak"), advantage=AdvantageConfig("krpo")),
    learner=LearnerConfig(learning_rate=1e-2, num_minibatches=2),
    checkpoint=CheckpointConfig(every=1, keep_last=10),
    trace=TraceConfig(every=1),
)


def changed(path, **fields):
    """CONFIG with fields of one of its records changed."""
    return dataclasses.replace(CONFIG, **{path: dataclasses.replace(getattr(CONFIG, path), **fields)})


@pytest.fixture(scope="module")
def built():
    """(inputs, programs) on one device: nothing that these tests change is compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "make_mesh", lambda mesh: make_mesh(MeshConfig(data=1), jax.devices()[:1]))
        inputs = load_inputs(CONFIG)
        return inputs, setup.build_programs(CONFIG, inputs)


def train(config, built, workdir, num_steps=3):
    assert trainer.train(dataclasses.replace(config, num_steps=num_steps), *built, str(workdir))
    return workdir


def lines(workdir, name="metrics"):
    """Those of training steps: the end of a run, where it would be evaluated, writes another."""
    found = [json.loads(line) for line in (workdir / f"{name}.jsonl").read_text().splitlines()]
    return [line for line in found if "learner/loss" in line]


def policy(workdir, programs, step):
    """The leaves of the parameters after a training step."""
    params = checkpoints.restore_params(str(workdir), step, programs.shapes, programs.shardings)
    return jax.tree.leaves(jax.device_get(params))


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def once(built, tmp_path_factory):
    return train(CONFIG, built, tmp_path_factory.mktemp("runs") / "once")


@pytest.fixture(scope="module")
def twice(built, tmp_path_factory):
    return train(changed("learner", epochs=2), built, tmp_path_factory.mktemp("runs") / "twice")


def test_a_second_epoch_goes_on_from_the_first_on_the_same_old_log_probs(once, twice, built):
    short, long = lines(once, "minibatches"), lines(twice, "minibatches")
    assert [(line["step"], line["minibatch"]) for line in long] == [(s, n) for s in (1, 2, 3) for n in range(4)]
    assert long[:2] == short[:2]  # the first epoch of the first step
    kl, tokens = ([line[f"policy/{name}"] for line in long[:4]] for name in ("approx_kl", "num_tokens"))
    assert tokens[:2] == tokens[2:] and kl[0] < 1e-9 < 1e-6 < min(kl[1:])  # scored again, the third would be 0
    assert kl[2] > kl[1]
    step = lines(twice)[0]
    assert step["policy/num_tokens"] == sum(tokens[1:]) and step["learner/steps"] == 4
    assert step["on_policy/ratio/raw_max"] == long[0]["ratio/raw_max"]
    # the negative control: without it the policy ends elsewhere
    assert not same(policy(once, built[1], 1), policy(twice, built[1], 1))


def test_epochs_resume_to_the_bit(twice, built, tmp_path):
    config = changed("learner", epochs=2)
    train(config, built, tmp_path / "run", num_steps=1)
    broken = train(config, built, tmp_path / "run")
    assert all(lines(broken, name) == lines(twice, name) for name in ("metrics", "minibatches"))
    assert same(policy(broken, built[1], 3), policy(twice, built[1], 3))


def test_a_trace_of_epochs_replays(twice):
    directory, description = trace.load(str(twice))
    step = trace.load_step(directory, 2)
    assert description["num_minibatches"] == 4 and len(step["reward"]) == len(step["correct"]) == 2 * 16
    np.testing.assert_array_equal(step["reward"][:16], step["reward"][16:])
    assert (step["old_log_prob"] == np.tile(step["old_log_prob"][: len(step["token"]) // 2], 2)).all()
    push, parts = replay.make_push(replay.recorded_algorithm(description)), replay.minibatches(step, description)
    assert len(parts) == 4 and all(replay.differences(push(part), step, part.number) == {} for part in parts)
    wrong = parts[3]._replace(log_ratio=parts[1].log_ratio)  # the negative control: the same rows an epoch before
    assert "innovation" in replay.differences(push(wrong), step, 3)
