"""Critic, reference policy and dynamic sampling in a whole run, sharded eight ways: resumed, it is the run that was
never stopped.
"""

import dataclasses
import json

import glossary
import jax
import numpy as np
import pytest

from kpo_jax.algorithm.methods import method
from kpo_jax.config import CheckpointConfig, Config, LearnerConfig, MeshConfig, RolloutConfig
from kpo_jax.model.config import CriticConfig, ModelConfig
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.runtime import preemption
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.rewards import RewardConfig
from kpo_jax.training import checkpoints, trainer
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.setup import build_programs

# A random policy never solves a problem, so right is what has one of two digits; the penalty on length, over the whole
# of it, tells responses further apart.
CONFIG = Config(
    num_steps=3,
    data=DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32, num_problems=64),
    decontaminate=False,
    model=ModelConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=2, head_dim=8
    ),
    sampler=SampleConfig(max_response_length=8),
    reward=RewardConfig(kind="format", parameters={"pattern": "[01]"}, overlong_buffer=8),
    rollout=RolloutConfig(prompts_per_step=4, group_size=4),
    algorithm=dataclasses.replace(method("ppo"), dynamic_sampling=10, kl=KLConfig("k3", 0.1, reward_beta=0.1)),
    learner=LearnerConfig(learning_rate=1e-2, num_minibatches=2, microbatch_tokens=320),
    critic=CriticConfig(learning_rate=1e-2),
    checkpoint=CheckpointConfig(every=1),
    mesh=MeshConfig(data=2, fsdp=2, tensor=2),
)


KINDS = {"always", "clip band", "critic", "dynamic sampling", "reference", "KL in the reward"}


def lines(workdir, name="metrics"):
    """Those of training steps: the end of a run, where it would be evaluated, writes another."""
    return [line for line in (workdir / f"{name}.jsonl").read_text().splitlines() if "learner/loss" in line]


def interrupted(*arguments):
    raise preemption.Interrupted


def test_a_resumed_run_is_the_unbroken_one(tmp_path, monkeypatch):
    inputs = load_inputs(CONFIG)
    programs = build_programs(CONFIG, inputs)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    trainer.train(CONFIG, inputs, programs, str(whole))
    assert trainer.train(dataclasses.replace(CONFIG, num_steps=1), inputs, programs, str(broken))
    evaluated = []  # the steps; the last evaluation is left undone, and done when the run goes on
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "run_evaluation", interrupted)
        with pytest.raises(preemption.Preempted, match="saved at step 3 of 3; the same command resumes"):
            trainer.train(CONFIG, inputs, programs, str(broken))
        assert checkpoints.restore(str(broken), programs.shapes, programs.shardings).step == 3
        patch.setattr(trainer, "run_evaluation", lambda *arguments: evaluated.append(arguments[4]) or {})
        for _ in range(2):  # and once alone
            assert trainer.train(CONFIG, inputs, programs, str(broken)) and evaluated == [3]
        # beyond the steps asked for there is nothing to do
        assert trainer.train(dataclasses.replace(CONFIG, num_steps=2), inputs, programs, str(broken)) is False
    for name in ("metrics", "minibatches"):
        assert lines(broken, name) == lines(whole, name)
    found, known = glossary.keys_of(whole), glossary.entries(glossary.PAGE.read_text())
    assert glossary.differences(known, found, KINDS) == []
    steps = [json.loads(line) for line in lines(whole)]
    assert len(steps) == 3 and max(step["rollout/generation_batches"] for step in steps) > 1
    assert all(
        step["rollout/groups_dropped"] + step["rollout/groups_surplus"] + 4 == 4 * step["rollout/generation_batches"]
        for step in steps
    )
    assert (
        steps[0]["critic/value_mean"] == 0 != steps[2]["critic/value_mean"]
        and steps[2]["critic/explained_variance"] != 0
    )
    first = [json.loads(line) for line in lines(broken, "minibatches")][::2]  # before an update of their step
    assert (
        first[0]["policy/reference_k2"] < 1e-9 < 1e-5 < first[2]["policy/reference_k2"]
    )  # not the policy that was resumed
    a, b = (
        jax.device_get(checkpoints.restore(str(w), programs.shapes, programs.shardings).state) for w in (whole, broken)
    )
    assert all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))
    # the policy alone, for a run without a critic
    plain = checkpoints.restore_weights(
        str(whole), 3, programs.shapes.replace(critic=None), programs.shardings.replace(critic=None)
    )
    assert all(
        np.array_equal(x, y)
        for x, y in zip(jax.tree.leaves(a.params), jax.tree.leaves(jax.device_get(plain)), strict=True)
    )

    # where nothing is ever right, it gives up, and the step before is saved
    hopeless = dataclasses.replace(
        CONFIG,
        num_steps=4,
        reward=RewardConfig(),
        algorithm=dataclasses.replace(CONFIG.algorithm, dynamic_sampling=2),
        checkpoint=CheckpointConfig(every=10),
    )
    with pytest.raises(NotFull, match=r"0 of the 4 groups of a batch after 2 generation batches"):
        trainer.train(hopeless, load_inputs(hopeless), programs, str(broken))
    assert checkpoints.restore(str(broken), programs.shapes, programs.shardings).step == 3
