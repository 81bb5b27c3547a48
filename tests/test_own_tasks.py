"""docs/own_tasks.md as a reader follows it: its files are written, its configurations run, resume and evaluate."""

import dataclasses
import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest

from kpo_jax import config as config_lib
from kpo_jax.config import CheckpointConfig, MeshConfig, RolloutConfig, TraceConfig
from kpo_jax.model.config import ModelConfig
from kpo_jax.recording import evaluations
from kpo_jax.tasks import rewards
from kpo_jax.training import checkpoints, trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.setup import build_programs

PAGE = (Path(__file__).parents[1] / "docs" / "own_tasks.md").read_text()
MODEL = ModelConfig(
    vocab_size=64, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=2, head_dim=8
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A directory with the files of the page, which is where the commands are started."""
    for name, text in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(path):
    """The configuration of a file of the page, as its command would have it, of a smaller model."""
    assert f"python -m kpo_jax.main --config={path} --workdir=" in PAGE
    config, problems = config_lib.checked(config_lib.load_file(path))
    assert problems == []
    assert config_lib.from_dict(json.loads(json.dumps(config_lib.to_dict(config)))) == config  # as config.json has it
    mesh = MeshConfig(data=2, fsdp=2, tensor=2)
    always = dict(checkpoint=CheckpointConfig(every=1), trace=TraceConfig(every=1))
    return dataclasses.replace(config, model=MODEL, mesh=mesh, **always)


def lines(workdir):
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]


def state(programs, workdir):
    return jax.device_get(checkpoints.restore(str(workdir), programs.shapes, programs.shardings).state)


def test_word_problems_train_resume_and_evaluate(folder):
    config = load("my/words.py")
    inputs = load_inputs(config)
    assert [(term.name, term.weight) for term in inputs.rewards] == [("last_number", 1.0), ("form", 0.2)]
    first = inputs.train.problems[0]
    assert (first.answer, first.row["result"]["unit"]) == ("7", "apples")
    prompt = inputs.tokenizer.decode(inputs.train.prompt_ids[0])
    assert prompt == f"{first.problem}\nhow many apples? end with a line: Answer: number\n"
    programs = build_programs(config, inputs)
    whole, broken = folder / "whole", folder / "broken"
    trainer.train(config, inputs, programs, str(whole))
    for num_steps in (1, 2):
        trainer.train(dataclasses.replace(config, num_steps=num_steps), inputs, programs, str(broken))
    steps = [[line for line in lines(workdir) if "learner/loss" in line] for workdir in (whole, broken)]
    assert steps[0] == steps[1] and len(steps[0]) == 2
    for a, b in zip(jax.tree.leaves(state(programs, whole)), jax.tree.leaves(state(programs, broken)), strict=True):
        np.testing.assert_array_equal(a, b)
    for line in steps[0]:
        parts = line["reward/last_number_mean"] + 0.2 * line["reward/form_mean"]
        assert line["rollout/reward_mean"] == pytest.approx(parts, abs=1e-6)
        assert line["reward/last_number_failures"] == line["reward/form_failures"] == 0
    trace = np.load(whole / "trace" / "step_000002.npz")
    np.testing.assert_allclose(trace["reward"], trace["reward_last_number"] + 0.2 * trace["reward_form"], atol=1e-6)
    fields = json.loads((whole / "trace" / "trace.json").read_text())["fields"]
    assert set(trace.files) == set(fields) and "reward_form" in fields
    before = (whole / "evals" / "step_000002_held_out.jsonl").read_text()
    step, params = checkpoints.restore_policy(str(whole), programs.shapes, programs.shardings, None)
    trainer.run_evaluation(config, inputs, programs, params, step, str(whole))
    assert (whole / "evals" / "step_000002_held_out.jsonl").read_text() == before
    for line in evaluations.load_responses(str(whole), "held_out", 2):
        assert set(line["rewards"]) == {"last_number", "form"} and len(line["rewards"]["form"]) == 2


def test_multiple_choice_trains_from_its_own_problems(folder):
    config = load("my/choice_config.py")
    config = dataclasses.replace(config, num_steps=1, rollout=RolloutConfig(prompts_per_step=4, group_size=8))
    inputs = load_inputs(config)
    assert inputs.rewards[0][:2] == ("letter", "my/choice.py:letter")
    assert inputs.rewards[0].parameters == {"strict": True}
    train, held_out = ({p.id for p in part.problems} for part in (inputs.train, inputs.eval_sets[0]))
    assert len(train) == 20 and len(held_out) == 4 and not train & held_out
    problem, prompt = inputs.train.problems[0], inputs.tokenizer.decode(inputs.train.prompt_ids[0])
    choices = problem.row["choices"]
    assert prompt == "{}\na {}\nb {}\nc {}\nd {}\nletter? ".format(problem.problem, *choices)
    a, b = map(int, problem.id.split("+"))
    assert choices["abcd".index(problem.answer)] == a + b
    programs = build_programs(config, inputs)
    trainer.train(config, inputs, programs, str(folder / "run"))
    (step,) = [line for line in lines(folder / "run") if "learner/loss" in line]
    assert step["reward/letter_failures"] == 0 and step["reward/letter_mean"] == step["rollout/correct"]
    rng = np.random.default_rng(0)
    for rate, right in ((0.0, True), (1.0, False)):
        answer = inputs.task.demonstration(problem, rng, rate)
        assert (rewards.build("my/choice.py:letter", {})(answer, problem).correct) == right


def test_a_reward_that_is_broken_is_said_and_ends_nothing(folder, capfd):
    text = (folder / "my" / "rewards.py").read_text()  # a file is loaded once in a process, so this is another
    (folder / "my" / "broken.py").write_text(text.replace("['result']", "['no']").replace("last_number(", "broken("))
    text = (folder / "my" / "words.py").read_text().replace("rewards.py:last_number", "broken.py:broken")
    text = text.replace('{"tolerance": 0.5}', "{}").replace("max_response_length=16", "max_response_length=64")
    (folder / "my" / "words.py").write_text(text)
    config = dataclasses.replace(load("my/words.py"), num_steps=1)
    inputs = load_inputs(config)
    trainer.train(config, inputs, build_programs(config, inputs), str(folder / "run"))
    (step,) = [line for line in lines(folder / "run") if "learner/loss" in line]
    assert step["reward/broken_failures"] > 8 and step["reward/broken_mean"] == 0
    assert "warning: reward broken failed on" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{result.unit}",
            "{result.units}",
            "train.jsonl line 1: no field 'result.units'; there is no 'units' in fields",
        ),
        ('"question"', '"frage"', "no field 'frage'; there is no 'frage' in fields question, result"),
        ("my/train.jsonl", "my/empty.jsonl", "my/empty.jsonl: no problem left; dropped: none, it was empty"),
    ],
)
def test_what_does_not_fit_is_one_line_before_anything_starts(folder, old, new, message):
    (folder / "my" / "empty.jsonl").write_text("")
    path = folder / "my" / "words.py"
    path.write_text(path.read_text().replace(old, new))
    config = load("my/words.py")
    config = dataclasses.replace(config, eval=dataclasses.replace(config.eval, sets={}))
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        load_inputs(config)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("make_task(*, largest: int = 20", "make_task(*, largest"), "parameter 'largest' is not annotated"),
        (("columns=(", "colums=("), "task.name: task 'my/wrong.py:make_task' was not made: TypeError"),
        (("return Task(", "return str("), "task.name: task 'my/wrong.py:make_task' was not made: TypeError"),
        (("def letter(response, problem, *,", "def letter(response, *,"), "is not called with (response, problem)"),
        (("def make_task", "raise KeyError('x')\ndef make_task"), "my/wrong.py did not load: KeyError: 'x'"),
    ],
)
def test_a_task_that_cannot_be_made_is_one_line(folder, change, message):
    text = (folder / "my" / "choice.py").read_text()
    assert change[0] in text
    name = f"my/wrong{abs(hash(change))}.py"
    (folder / name).write_text(text.replace(*change))
    config = (folder / "my" / "choice_config.py").read_text().replace("my/choice.py", name)
    (folder / "my" / "choice_config.py").write_text(config)
    with pytest.raises(ValueError) as error:
        _, problems = config_lib.checked(config_lib.load_file("my/choice_config.py"))
        raise ValueError("; ".join(map(config_lib.line, problems)))
    assert message.replace("my/wrong.py", name) in str(error.value) and "\n" not in str(error.value)


def test_problems_that_are_none_are_one_line(folder):
    text = (folder / "my" / "choice.py").read_text()
    for number, (returned, message) in enumerate(
        [
            ("[1]", "item 1 is a int, not a kpo_jax.tasks.Problem"),
            ("[Problem('a', 'b', 3)]", "item 1: its id, problem and answer must be text"),
            ("[Problem('a', 'b', 'c')]", "a: no field 'choices.0'; there is no 'choices' in fields (none)"),
            ("[Problem('a', 'b', 'c', row={(1, 2): 3})]", "its row cannot be written as JSON: the key (1, 2) is"),
            ("[Problem('a', 'b', 'c', row={'x': [{1: 2}]})]", "its row cannot be written as JSON: the key 1 is a int"),
            ("[Problem('a', 'b', 'c', row={'x': {1}})]", "its row cannot be written as JSON: it holds a set"),
            (
                "[Problem('a', 'b', 'c', messages=({'role': 'user', 'content': 'x'},))]",
                "item 1: its messages must be pairs of texts, (role, text)",
            ),
            ("[]", "the task's problems of split 'train': no problem left"),
            ("1 / 0", "of the task: ZeroDivisionError: division by zero"),
        ]
    ):
        name = f"my/other{number}.py"
        (folder / name).write_text(text.replace("return list(problems.values())", f"return {returned}"))
        config = load("my/choice_config.py")
        config = dataclasses.replace(
            config,
            task=dataclasses.replace(config.task, name=f"{name}:make_task"),
            eval=dataclasses.replace(config.eval, sets={}),
        )
        with pytest.raises(ValueError, match=re.escape(message)) as error:
            load_inputs(config)
        assert "\n" not in str(error.value)
