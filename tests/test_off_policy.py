"""How far off-policy a run trains: several epochs over one rollout, rollouts of an older policy."""

import dataclasses
import gc
import json
import shutil
import weakref

import glossary
import jax
import jax.numpy as jnp
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
    difference,
    to_dict,
)
from kpo_jax.model.config import ModelConfig
from kpo_jax.recording import trace
from kpo_jax.report import filter_tables, noise_model, runs
from kpo_jax.runtime import preemption
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.rewards import RewardConfig
from kpo_jax.training import checkpoints, setup, trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.past import drawn_at, remember
from kpo_jax.training.step import collect

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
    algorithm=dataclasses.replace(method("kpo_weak"), advantage=AdvantageConfig("krpo"), entropy_bonus=1e-3),
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
    params = checkpoints.restore_weights(str(workdir), step, programs.shapes, programs.shardings)
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


# ---------------------------------------------------------------------------------------------------------- staleness

STALE = changed("rollout", staleness=2)


@pytest.fixture(scope="module")
def stale(built, tmp_path_factory):
    return train(STALE, built, tmp_path_factory.mktemp("runs") / "stale", num_steps=4)


def restored(workdir, programs, step=None, staleness=2):
    return checkpoints.restore(str(workdir), programs.shapes, programs.shardings, step=step, staleness=staleness)


def responses(workdir, step):
    """(tokens, the trainer's old log-probabilities) of the responses that a step was trained on."""
    arrays = trace.load_step(trace.load(str(workdir))[0], step)
    return arrays["token"], arrays["old_log_prob"]


def test_the_policies_that_are_remembered():
    past, params = {}, jnp.zeros(3)
    for step in range(6):
        assert list(past) == list(range(max(0, step - 2), step)) and drawn_at(past, step) == max(0, step - 2)
        remember(past, step, {"w": params + step}, 2)
    assert [float(past[n]["w"][0]) for n in past] == [4, 5]
    mine = {"w": params}
    remember(past, 6, mine, 2)
    mine["w"].delete()  # as the update does with what it is given
    assert (np.asarray(past[6]["w"]) == 0).all()
    remember(none := {}, 6, {"w": params}, 0)
    assert none == {} and drawn_at(none, 6) == 6


def test_an_older_policy_draws_and_scores(stale, built):
    inputs, programs = built
    for step, old in ((1, 0), (2, 0), (3, 0), (4, 1)):
        draw = lambda number, step=step: (
            collect(STALE, inputs, programs, restored(stale, programs, number).state.params, step).rows
        )
        rows, (tokens, old_log_prob) = draw(old), responses(stale, step)
        mask = rows["response_mask"]
        starts = rows["prompt_length"][:, None] + np.arange(mask.shape[1])
        np.testing.assert_array_equal(np.take_along_axis(rows["tokens"], starts, axis=1)[mask], tokens)
        assert np.abs(rows["sampler_log_prob"][mask] - old_log_prob).max() < 1e-5
        if step > 1:  # the negative control: the present policy draws others, or finds other log-probabilities
            fresh = draw(step - 1)
            others = fresh["sampler_log_prob"][fresh["response_mask"]]
            assert others.shape != old_log_prob.shape or np.abs(others - old_log_prob).max() > 1e-3


def test_the_log_ratio_starts_at_the_drift_and_sampler_and_trainer_agree(stale, once):
    steps, updates = lines(stale), lines(stale, "minibatches")
    assert [step["rollout/staleness"] for step in steps] == [0, 1, 2, 2]
    first = [line for line in updates if line["minibatch"] == 0]
    assert first[0]["policy/approx_kl"] < 1e-9 < 1e-6 < min(line["policy/approx_kl"] for line in first[1:])
    assert max(line["mismatch/abs_max"] for line in (*steps, *updates)) < 1e-5
    for step, fresh in zip(steps, lines(once), strict=False):
        tokens = [line["policy/num_tokens"] for line in updates if line["step"] == step["step"]]
        pooled = tokens[1:] if step["step"] == 1 else tokens
        assert step["policy/num_tokens"] == sum(pooled)
        assert any(key.startswith("on_policy/") for key in step) == (step["step"] == 1)
        assert any(key.startswith("on_policy/") for key in fresh) and "rollout/staleness" not in fresh
    known, kinds = glossary.entries(glossary.PAGE.read_text()), {"always", "noise model", "clip band"}
    assert glossary.differences(known, glossary.keys_of(stale), kinds | {"staleness", "entropy bonus"}) == []


def test_staleness_resumes_to_the_bit_when_it_is_stopped(stale, built, tmp_path, monkeypatch):
    config = dataclasses.replace(STALE, checkpoint=dataclasses.replace(STALE.checkpoint, every=10))

    def until_third(*arguments):
        if arguments[-1] == 3:
            raise preemption.Interrupted
        return collect(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "collect", until_third)
        with pytest.raises(preemption.Preempted, match="saved at step 2 of 4"):
            train(config, built, tmp_path / "run", num_steps=4)
    shutil.copytree(tmp_path / "run", tmp_path / "forgetful")
    broken = train(config, built, tmp_path / "run", num_steps=4)
    assert all(lines(broken, name) == lines(stale, name) for name in ("metrics", "minibatches"))
    ends = [restored(workdir, built[1], 4) for workdir in (broken, stale)]
    assert list(ends[0].past) == list(ends[1].past) == [2, 3]
    leaves = [jax.tree.leaves(jax.device_get((end.state, end.past))) for end in ends]
    assert same(*leaves)
    # the negative control: a run that does not know its past goes another way
    forgetful = train(changed("rollout", staleness=0), built, tmp_path / "forgetful", num_steps=4)
    assert lines(forgetful)[:2] == lines(stale)[:2] and lines(forgetful)[2] != lines(stale)[2]


def test_while_it_updates_a_run_holds_no_policy_beside_the_past_ones(built, tmp_path, monkeypatch):
    made, alive = [], []
    real_remember, real_update = trainer.remember, trainer.update

    def remembering(past, step, *arguments):
        real_remember(past, step, *arguments)
        made.append((step, weakref.ref(jax.tree.leaves(past[step])[0])))

    def updating(*arguments, **named):
        gc.collect()
        alive.append([step for step, leaf in made if leaf() is not None])
        return real_update(*arguments, **named)

    monkeypatch.setattr(trainer, "remember", remembering)
    monkeypatch.setattr(trainer, "update", updating)
    train(STALE, built, tmp_path / "run", num_steps=4)
    assert alive == [[0], [0, 1], [1, 2], [2, 3]]
    assert alive[-1] == list(restored(tmp_path / "run", built[1], 4).past)  # the control: these are held


def test_checkpoints_hold_the_past_and_only_where_there_is_one(stale, once, built):
    programs = built[1]
    for step, numbers in ((0, []), (1, [0]), (2, [0, 1]), (4, [2, 3])):
        assert list(restored(stale, programs, step).past) == numbers
    past = restored(stale, programs, 4).past
    for number in (2, 3):
        assert same(jax.tree.leaves(jax.device_get(past[number])), policy(stale, programs, number))
    # of another staleness: the last ones, or as many as there are
    assert list(restored(stale, programs, 4, 1).past) == [3] and list(restored(stale, programs, 4, 5).past) == [2, 3]
    for workdir, holds in ((stale, True), (once, False)):
        saved = workdir / "checkpoints" / "3"
        assert (saved / "past").exists() == holds
        assert ("past" in json.loads((saved / "about" / "metadata").read_text())) == holds
    assert difference(CONFIG, STALE) == ["rollout.staleness: 0 -> 2"] and to_dict(STALE)["rollout"]["staleness"] == 2


def test_replay_noise_model_and_tables_take_the_first_minibatch_of_an_older_policy(stale, once, tmp_path):
    """And leave that of the present policy out, also in a stale run, which begins with one."""
    for workdir, ages in ((stale, [0, 1, 2, 2]), (once, [0, 0, 0])):
        directory, _ = trace.load(str(workdir))
        steps = [trace.load_step(directory, number) for number in trace.steps(directory)]
        assert [set(step["age"]) for step in steps] == [{age} for age in ages]
        replay.run(str(workdir), str(out := tmp_path / workdir.name), ["ratio_one"])
        found = [json.loads(line) for line in (out / "replay.jsonl").read_text().splitlines()]
        tokens = {line["slice"]: line["tokens"] for line in found if line.get("filter") == "ratio_one"}
        first = [(step["minibatch"] == 0) @ np.diff(step["offsets"]) for step in steps]
        left_out = sum(count for count, age in zip(first, ages, strict=True) if age == 0)
        assert tokens["off_policy"] == tokens["all"] - left_out == noise_model.fit(str(workdir)).estimate.num_tokens
        for step in steps:  # a record of before, when no policy was an older one
            del step["age"]
        np.savez(tmp_path / "step_000001.npz", **steps[0])
        assert not trace.load_step(tmp_path, 1)["age"].any()
        table = filter_tables.clip_table({"a": [runs.load(str(workdir))]})
        assert ("minibatch 1" in table.header) == (workdir == stale) and "minibatch 2" in table.header


@pytest.mark.parametrize("harm", ["gone", "another"])
def test_a_checkpoint_whose_past_is_damaged_is_passed_over(stale, built, tmp_path, harm):
    workdir = shutil.copytree(stale, tmp_path / "run")
    assert restored(workdir, built[1]).step == 4  # the control
    past = workdir / "checkpoints" / "4" / "past"
    shutil.rmtree(past)
    if harm == "another":  # whole, but the policy of another step under a number that was asked for
        about = workdir / "checkpoints" / "4" / "about" / "metadata"
        said = json.loads(about.read_text())
        shutil.copytree(stale / "checkpoints" / "4" / "past", past)
        said["past"] = {"2": said["past"]["3"], "3": said["past"]["2"]}
        about.write_text(json.dumps(said))
    assert restored(workdir, built[1]).step == 3
    assert restored(workdir, built[1], staleness=0).step == 4
