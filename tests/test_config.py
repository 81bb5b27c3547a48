"""The door: every configuration builds, and everything wrong is named at once, in plain lines, with exit 64."""

import glob
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpo_jax import config as config_lib
from kpo_jax.algorithm.methods import METHODS

ROOT = Path(__file__).parents[1]
TINY = str(ROOT / "configs" / "tiny.py")


def load(spec=TINY, **overrides):
    config_dict = config_lib.load_config_file(spec)
    for name, value in overrides.items():
        config_dict.update_from_flattened_dict({name.replace("__", "."): value})
    return config_lib.from_config_dict(config_dict)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_tiny_builds(method):
    config, problems = load(f"{TINY}:{method}")
    assert problems == []
    assert config.algorithm == METHODS[method]
    assert config_lib.from_dict(config_lib.to_dict(config)) == config


def test_methods_have_the_papers_parameters():
    def parameters(name):
        f = METHODS[name].filter
        return f.process_var, f.measurement_var, f.kappa

    assert parameters("kpo_strong") == (1e-6, 1.0, None)
    assert parameters("kpo_weak") == (1e-2, 1.0, None)
    assert parameters("is_kpo_weak") == (1e-2, 1.0, 3.0)
    assert parameters("opt0") == (5e-2, 1.0, 1.0)
    assert parameters("opt1") == (1e-2, 0.1, 2.0)
    assert METHODS["gspo"].filter.name == "sequence_mean" and METHODS["grpo"].filter.name == "identity"
    assert (METHODS["kpo_weak"].objective.clip_low, METHODS["kpo_weak"].objective.clip_high) == (3e-4, 4e-4)


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"learner__num_minibatches": 3}, "learner.num_minibatches"),
        ({"learner__microbatch_tokens": -5}, "learner.microbatch_tokens"),
        ({"mesh__tensor": 3}, "model.num_heads"),
        ({"mesh__data": 7}, "mesh.data"),
        ({"sampler__top_p": 0.9}, "top_p"),
        ({"sampler__temperature": 0.0}, "sampler.temperature"),
        ({"algorithm__filter__kappa": 3.0}, "kappa"),
        ({"algorithm__filter__name": "kalmann"}, "kalman"),
        ({"algorithm__objective__aggregation": "mean"}, "algorithm.objective"),
        ({"eval__num_samples": 0}, "eval.num_samples"),
        ({"init_from": "/nowhere"}, "init_from"),
    ],
)
def test_impossible_values_are_named(overrides, named):
    config, problems = load(**overrides)
    assert config is None
    assert any(named in line for line in problems), problems


def test_a_free_field_is_no_difference_and_another_is():
    base, _ = load()
    longer, _ = load(num_steps=base.num_steps + 1, eval__every=3)
    other, _ = load(learner__learning_rate=0.5)
    assert config_lib.difference(base, longer) == []
    assert config_lib.difference(base, other) == [f"learner.learning_rate: {base.learner.learning_rate} -> 0.5"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=300, env=os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""},
    )  # fmt: skip


def test_all_mistakes_are_reported_at_once_and_nothing_is_written(tmp_path):
    result = run(
        f"--config={TINY}", "--config.learner.learning_rat=1", "--config.num_steps=abc", "--config.eval.num_samples=-1",
        f"--workdir={tmp_path / 'run'}",
    )  # fmt: skip
    assert result.returncode == 64, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 3, result.stderr
    assert "nearest legal field: learner.learning_rate" in lines[0]
    assert "num_steps: 'abc' is not a int" in lines[1]
    assert "eval.num_samples: -1 is below 1" in lines[2]
    assert not (tmp_path / "run").exists()


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
        config, problems = load(path)
        # a config may name a file of the user's, which is then the only thing missing
        assert config is not None or all(".path: no file" in line for line in problems), (path, problems)
