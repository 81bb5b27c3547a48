"""The door: every configuration builds, and everything wrong is named at once, in plain lines, with exit 64."""

import contextlib
import dataclasses
import glob
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import configurations
import pytest
from absl.testing import flagsaver

from kpo_jax import config as config_lib
from kpo_jax import main
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.training import setup

ROOT = Path(__file__).parents[1]
TINY = str(ROOT / "configs" / "tiny.py")


def load(spec=TINY, **overrides):
    return configurations.load(spec, **overrides)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_tiny_builds(method):
    config, problems = load(f"{TINY}:{method}")
    assert problems == []
    assert config.algorithm == METHODS[method]
    assert config_lib.from_dict(config_lib.to_dict(config)) == config


def test_methods_have_the_papers_parameters():
    def parameters(name):
        f = METHODS[name].filter.parameters
        return f["process_var"], f["measurement_var"], f.get("kappa")

    assert parameters("kpo_strong") == (1e-6, 1.0, None)
    assert parameters("kpo_weak") == (1e-2, 1.0, None)
    assert parameters("is_kpo_weak") == (1e-2, 1.0, 3.0)
    assert parameters("opt0") == (5e-2, 1.0, 1.0)
    assert parameters("opt1") == (1e-2, 0.1, 2.0)
    assert METHODS["gspo"].filter.name == "sequence_mean" and METHODS["grpo"].filter.name == "identity"
    narrow = METHODS["kpo_weak"].objective.parameters
    assert (narrow["clip_low"], narrow["clip_high"]) == (3e-4, 4e-4)


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"learner__num_minibatches": 3}, "learner.num_minibatches"),
        ({"learner__microbatch_tokens": -5}, "learner.microbatch_tokens"),
        ({"mesh__tensor": 3}, "model.num_heads"),
        ({"mesh__sampling_tensor": 3}, "model.num_heads"),
        ({"mesh__sequence": 4}, "mesh.tensor x mesh.sequence: 4 does not divide model.num_kv_heads = 2"),
        ({"mesh__data": 24, "mesh__sequence": 2}, "mesh.data x mesh.fsdp x mesh.sequence = 48 does not divide"),
        ({"mesh__data": 7}, "mesh.data"),
        ({"sampler__top_p": 0.9}, "top_p"),
        ({"sampler__temperature": 0.0}, "sampler.temperature"),
        ({"algorithm__filter__kappa": 3.0}, "kappa"),
        ({"algorithm__filter__name": "kalmann"}, "kalman"),
        ({"algorithm__objective__aggregation": "mean"}, "algorithm.objective"),
        ({"eval__num_samples": 0}, "eval.num_samples"),
        ({"init_from": "/nowhere"}, "init_from"),
        ({"learner__schedule": "cosin"}, "learner.schedule: 'cosin' is not one of constant, linear, cosine, wsd"),
        ({"learner__schedule": "linear"}, "learner.decay_steps: 0 is not a whole number >= 1"),
        ({"learner__decay_steps": 5}, "learner.decay_steps: 5 does nothing with schedule 'constant'; it must be 0"),
        ({"learner__decay_to": 0.5}, "learner.decay_to: 0.5 does nothing with schedule 'constant'; it must be 0"),
        (
            {"learner__schedule": "cosine", "learner__decay_steps": 500, "learner__stable_steps": 1},
            "learner.stable_steps: 1 does nothing with schedule 'cosine'; it must be 0",
        ),
        (
            {"learner__schedule": "wsd", "learner__decay_steps": 500},
            "learner.stable_steps: 0 is not a whole number >= 1",
        ),
        (
            {"learner__schedule": "linear", "learner__decay_steps": 35, "learner__epochs": 2, "num_steps": 5},
            "learner.decay_steps: the learning rate is 0 after 39 updates, and num_steps = 5 makes 40; "
            "learner.decay_to > 0 keeps a rate",
        ),
    ],
)
def test_impossible_values_are_named(overrides, named):
    _, problems = load(**overrides)
    assert any(named in line for line in problems), problems


def test_calls_of_evaluations_are_judged_where_there_is_one():
    config, problems = load(mesh__data=8, eval__prompts_per_call=12)
    assert problems == ["mesh.data: mesh.data x mesh.fsdp = 8 does not divide eval.prompts_per_call = 12"]
    never = dataclasses.replace(config, eval=dataclasses.replace(config.eval, sets={}))
    assert config_lib.problems_of(never) == [] and setup._check_calls(never, 8) is None
    with pytest.raises(ValueError, match=r"8 does not divide eval.prompts_per_call = 12"):
        setup._check_calls(config, 8)


def test_a_schedule_may_end_with_the_run_or_keep_a_rate_beyond():
    linear = {"learner__schedule": "linear", "learner__decay_steps": 16, "num_steps": 5}  # 4 of warm-up, 20 updates
    assert load(**linear)[1] == load(**linear | {"num_steps": 500, "learner__decay_to": 0.1})[1] == []


def test_a_critic_does_not_stop_learning_before_the_policy():
    policy, _ = load(learner__schedule="linear", learner__decay_steps=16, num_steps=5)
    both = dataclasses.replace(policy, algorithm=METHODS["ppo"])
    both = dataclasses.replace(both, critic=dataclasses.replace(both.critic, warmup_steps=0))
    said = "the critic's rate is 0 after 16 updates of 20; learner.decay_to > 0 keeps one"
    assert policy.learner.warmup_steps == 4 and config_lib.problems_of(policy) == []
    assert config_lib.problems_of(both) == [f"critic.warmup_steps: {said}"]
    alike = dataclasses.replace(both, critic=dataclasses.replace(both.critic, warmup_steps=4))
    assert config_lib.problems_of(alike) == []


def test_a_free_field_is_no_difference_and_another_is():
    base, _ = load()
    longer, _ = load(num_steps=base.num_steps + 1, eval__every=3)
    other, _ = load(learner__learning_rate=0.5)
    assert config_lib.difference(base, longer) == []
    assert config_lib.difference(base, other) == [f"learner.learning_rate: {base.learner.learning_rate} -> 0.5"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
    )  # fmt: skip


def test_all_mistakes_are_reported_at_once_and_nothing_is_written(tmp_path):
    result = run(
        f"--config={TINY}", "--config.learner.learning_rat=1", "--config.num_steps=abc", "--config.eval.num_samples=-1",
        f"--workdir={tmp_path / 'run'}",
    )  # fmt: skip
    assert result.returncode == 64, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 3, result.stderr
    assert lines[0] == "error: learner.learning_rat: no such field; did you mean learner.learning_rate?"
    assert lines[1] == "error: num_steps: 'abc' is not an int"
    assert lines[2] == "error: eval.num_samples: -1 is not a whole number >= 1"
    assert not (tmp_path / "run").exists()


WRONG = {
    "algorithm.kl.estimate": ("k9", "'k9' is not one of k1, k2, k3"),
    "algorithm.entropy_bonus": ("-0.1", "-0.1 is not a finite number >= 0"),
    "algorithm.filter.name": ("kalmann", "'kalmann' is not one of identity, sequence_mean, "),
    "algorithm.objective.clip_low": ("2", "2.0 is not a number in [0, 1]"),
    "algorithm.advantage.name": ("none", "'none' is not one of group, dr_grpo, "),
    "learner.learning_rate": ("0", "0.0 is not a finite number > 0"),
    "learner.epochs": ("0", "0 is not a whole number >= 1"),
    "learner.adam_b1": ("1", "1.0 is not a number in [0, 1)"),
    "learner.adam_b2": ("0.99999999", "0.99999999 is not a number in [0, 1)"),
    "learner.num_minibatches": ("0", "0 is not a whole number >= 1"),
    "warm_start.learning_rate": ("inf", "inf is not a finite number > 0"),
    "critic.value_clip": ("-1", "-1.0 is not a number > 0 (inf allowed)"),
    "data.max_prompt_length": ("0", "0 is not a whole number >= 1"),
    "reward.kind": ("zz", "'zz' is not one of correct, exact, plus_minus_one, "),
    "reward.overlong_buffer": ("-1", "-1 is not a whole number >= 0"),
    "model.num_heads": ("0", "0 is not a whole number >= 1"),
    "rollout.staleness": ("-1", "-1 is not a whole number >= 0"),
    "sampler.top_p": ("1.5", "1.5 is not a number in (0, 1]"),
    "mesh.data": ("0", "0 is neither -1 (all that are left) nor a whole number >= 1"),
    "mesh.sampling_tensor": ("-1", "-1 is not a whole number >= 0"),
    "eval.num_samples": ("many", "'many' is not an int"),
    "num_steps": ("-1", "-1 is not a whole number >= 0"),
    "seed": ("4294967301", "4294967301 is not a whole number from 0 to 2**32 - 1"),
    "rollout.stream": ("4294967296", "4294967296 is not a whole number from 0 to 2**32 - 1"),
    "data.problem_seed": ("-1", "-1 is not a whole number >= 0"),
}


def problems_with(texts):
    changed = config_lib.override(config_lib.load_file(f"{TINY}:kpo_strong"), texts)
    return changed.problems + config_lib.checked(changed.plain, [path for path, _ in changed.problems])[1]


def test_every_wrong_field_is_named_by_its_flag_in_one_grammar():
    found = problems_with({path: text for path, (text, _) in WRONG.items()})
    assert {path for path, _ in found} == set(WRONG)
    assert len(found) == len(WRONG)
    for path, text in found:
        assert text.startswith(WRONG[path][1]), (path, text)
    assert problems_with({}) == []  # control


def test_what_does_not_fit_together_is_reported_beside_what_is_wrong_by_itself():
    """Unless it depends on a field that is wrong."""
    found = dict(problems_with({"learner.num_minibatches": "5", "rollout.group_size": "0", "sampler.top_k": "-1"}))
    assert set(found) == {"learner.num_minibatches", "rollout.group_size", "sampler.top_k"}
    assert found["learner.num_minibatches"] == "5 does not divide rollout.prompts_per_step = 32"
    assert set(dict(problems_with({"learner.num_minibatches": "5", "rollout.prompts_per_step": "x"}))) == {
        "rollout.prompts_per_step"
    }


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("lr", "learner.learning_rate"),
        ("learning_rate", "learner.learning_rate"),
        ("critic.lr", "critic.learning_rate"),
        ("learner.learning_rat", "learner.learning_rate"),
        ("rollout.groups_size", "rollout.group_size"),
        ("temperature", "sampler.temperature"),
        ("algorithm.filter.proces_var", "algorithm.filter.process_var"),
        ("foo", None),
        ("learner.zzz", None),
    ],
)
def test_a_suggestion_is_near_or_there_is_none(path, meant):
    ((where, text),) = problems_with({path: "1"})
    assert where == path and text.endswith(f"; did you mean {meant}?" if meant else text)
    assert ("did you mean" in text) == (meant is not None)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "seed: 1", "a.yaml is not a Python file"),
        ("a.py", "def get_config():\n    return [1]", "get_config() of a.py returned a list, not a Config"),
        ("a.py", "x = 1", "a.py did not give a configuration: module"),
        ("a.py", "def get_config():\n    1 / 0", "a.py did not give a configuration: division by zero"),
        ("a.py", "raise SystemExit(3)", "a.py did not give a configuration: 3"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_line(name, text, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    with pytest.raises(ValueError) as error:
        config_lib.load_file(name)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_configuration_may_be_a_mapping_or_the_name_of_one_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("def get_config():\n    return {'seed': 3, 'algorithm': {'filter': 'identity'}}")
    config, problems = config_lib.checked(config_lib.load_file("a.py"))
    assert problems == [] and config.seed == 3 and config.algorithm.filter.name == "identity"
    assert config_lib.load_file("tiny:grpo") == config_lib.load_file(f"{TINY}:grpo")
    with pytest.raises(ValueError, match=r"no file tinny; .*built in are .*tiny"):
        config_lib.load_file("tinny")


def test_a_configuration_file_is_a_module_and_its_folders_may_have_colons(tmp_path):
    """A dataclass looks for its module where annotations are text."""
    path = tmp_path / "exp_10:30" / "a.py"
    path.parent.mkdir()
    path.write_text(
        "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass Sizes:\n    n: int = 3\n"
        "def get_config(more='0'):\n    return {'seed': Sizes().n + int(more)}\n"
    )
    assert config_lib.load_file(str(path)) == {"seed": 3} and config_lib.load_file(f"{path}:4") == {"seed": 7}


def test_flags_set_fields_of_what_a_file_names_by_a_word_alone():
    plain = {"reward": "exact", "task": "countdown", "algorithm": {"filter": "ema"}}
    flags = {
        "reward": "plus_minus_one", "reward.weight": "2.0", "task.num_numbers": "6", "algorithm.filter.gain": "0.5"
    }  # fmt: skip
    changed = config_lib.override(plain, flags)
    config, problems = config_lib.checked(changed.plain, [])
    assert changed.problems == [] and problems == []
    assert (config.reward.kind, config.reward.weight) == ("plus_minus_one", 2.0)
    assert config.task.parameters["num_numbers"] == 6 and config.algorithm.filter.parameters["gain"] == 0.5
    extra = {"reward": {"extra": {"a": "correct", "b": "correct"}}}
    flags = {"reward.extra.a.weight": "0.5", "reward.extra.b": "exact"}
    changed = config_lib.override(extra, flags | {"reward.extra.a.nonsense": "1", "reward.extra.c": "exact"})
    found = config_lib.checked(changed.plain)[0].reward.extra
    assert [(name, one.kind, one.weight) for name, one in found.items()] == [
        ("a", "correct", 0.5), ("b", "exact", 1.0), ("c", "exact", 1.0),
    ]  # fmt: skip
    assert [path for path, _ in changed.problems] == ["reward.extra.a.nonsense"]


@pytest.mark.parametrize("name", ["a/b", "", "training", ".a", "a b"])
def test_a_set_whose_name_is_no_name_of_a_file_is_refused(name):
    problems = config_lib.checked({"eval": {"sets": {name: {"difficulty": "easy"}, "held-out.2": {}}}})[1]
    assert [path for path, _ in problems] == [f"eval.sets.{name}"]


def test_a_record_that_is_a_value_and_a_value_that_is_a_record_are_named():
    plain = config_lib.load_file(TINY)
    plain |= {"learner": 3, "seed": {"a": 1}, "trace": None}
    found = dict(config_lib.checked(plain)[1])
    assert found["learner"].startswith("3 is not a record with the fields learning_rate, ")
    assert found["seed"] == "{'a': 1} is a dict, not an int"
    assert found["trace"].startswith("None is not a record with the fields every, ")


def test_flags_that_are_wrong_hide_no_values_that_are_and_paths_elsewhere_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    result = run(
        "--nonsense", "--out=x", "--trace=az://a/b", f"--workdir={tmp_path / 'file' / 'run'}", f"--config={TINY}",
        "--config.learner.learning_rate=-1", "--config.init_from=s3://bucket/run", "--step=abc", "word",
    )  # fmt: skip
    assert result.returncode == 64 and "Traceback" not in result.stderr
    for line in [
        "--nonsense: no such flag",
        "'word': not a flag; flags start with --",
        "--out: not with --mode=train; it belongs to export",
        "--trace: az:// is not supported",
        f"--workdir: {tmp_path / 'file'} is not a directory",
        "learner.learning_rate: -1.0 is not a finite number > 0",
        "init_from: s3:// is not supported",
        "--step=abc",
    ]:
        assert f"error: {line}" in result.stderr, (line, result.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workdir="], "--workdir: required, the directory of the run"),
        (["--mode=eval", f"--workdir={'a' * 300}"], f"--workdir: {'a' * 300}: File name too long"),
        (["--mode=report", f"--runs=x,{'a' * 300}", "--workdir=y"], f"--runs: {'a' * 300}: File name too long"),
    ],
)
def test_paths_that_lead_nowhere_are_one_line(words, said):
    with flagsaver.flagsaver():
        main.FLAGS(["kpo_jax", *words])
        assert main.flag_problems() == [said]
        main.configuration(main.Arguments(None, {}, []))  # which looks there, too


def test_ctrl_c_while_modules_are_loaded_ends_though_an_exception_is_swallowed(monkeypatch):
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        pytest.skip("Ctrl-C is ignored here, as under nohup")
    ended, before = [], signal.getsignal(signal.SIGINT)

    def load(name):
        with contextlib.suppress(BaseException):  # as in a callback of the importer
            signal.raise_signal(signal.SIGINT)
        return SimpleNamespace(describe=None, run=lambda *arguments: 0)

    monkeypatch.setattr(main, "importlib", SimpleNamespace(import_module=load))
    monkeypatch.setattr(os, "_exit", ended.append)
    with flagsaver.flagsaver():
        main.FLAGS(["kpo_jax", "--dry_run"])
        assert main.main(None) == 0
    assert ended == [130] and signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"reward.kind": "format"}, ("reward.pattern", "required by 'format'")),
        ({"reward.extra.form.kind": "format"}, ("reward.extra.form.pattern", "required by 'format'")),
        ({"algorithm.filter": "ema"}, ("algorithm.filter.gain", "required by 'ema'")),
    ],
)
def test_a_parameter_that_is_missing_is_said_once(texts, found):
    assert problems_with(texts) == [found]


def test_looking_for_a_run_that_is_not_there_makes_none(tmp_path):
    result = run("--mode=eval", f"--config={TINY}", f"--workdir={tmp_path / 'typo'}")
    assert result.returncode == 64 and "no checkpoint in" in result.stderr, result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_kept_configuration_may_name_files_that_are_gone():
    """As export needs none of the data; a run that reads them is told."""
    plain = config_lib.load_file(TINY)
    plain["data"] |= {"source": "jsonl", "path": "gone.jsonl", "difficulty": "medium"}
    plain["warm_start"]["num_steps"] = 0
    assert config_lib.from_dict(plain).data.path == "gone.jsonl"
    assert config_lib.checked(plain)[1] == [("data.path", "no file 'gone.jsonl'")]
    with pytest.raises(ValueError, match="seed: 'x' is a str, not an int"):
        config_lib.from_dict(plain | {"seed": "x"})


def test_a_missing_file_names_its_neighbours(tmp_path):
    result = run("--config=configs/tyni.py", f"--workdir={tmp_path}")
    assert result.returncode == 64
    assert "no file configs/tyni.py" in result.stderr and "tiny.py" in result.stderr


def test_dry_run_prints_parameters_and_bytes():
    result = run(
        f"--config={TINY}", "--dry_run", "--config.mesh.data=2", "--config.mesh.fsdp=2", "--config.mesh.tensor=2"
    )
    assert result.returncode == 0, result.stderr
    assert "parameters       796,032" in result.stdout
    assert "data 2 x fsdp 2 x tensor 2 = 8 device(s)" in result.stdout
    assert "KV cache" in result.stdout and "optimizer" in result.stdout


def test_every_config_file_gives_a_config():
    for path in glob.glob(str(ROOT / "configs" / "*.py")):
        _, problems = load(path)
        # a config may name a file of the user's, which is then the only thing missing
        assert all(".path: no file" in line for line in problems), (path, problems)
