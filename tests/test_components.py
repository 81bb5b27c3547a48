"""What a user brings: a component in a file of its own, named by the configuration, with parameters of its own.

It trains, resumes, replays, exports and reports, from the workdir alone where that is all there is.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpo_jax import config as config_lib
from kpo_jax import references
from kpo_jax.filters import FILTERS
from kpo_jax.recording import workdir as workdirs

ROOT = Path(__file__).parents[1]
FILTER = '''
"""The mean of the last few log-ratios; before the first there were zeros."""

import dataclasses
import math
from typing import ClassVar

import jax.numpy as jnp

from kpo_jax.checks import refuse, whole
from kpo_jax.filters.base import clean_tokens, scan_tokens, zero_masked
from kpo_jax.records import FilterOutput


@dataclasses.dataclass(frozen=True)
class WindowedMean:
    window: int = 3
    kappa: ClassVar[float] = math.inf
    batch_coupled: ClassVar[bool] = False
    examples: ClassVar[tuple[dict, ...]] = ({}, dict(window=5))

    def __post_init__(self):
        refuse(whole(self, 1, "window"))

    def __call__(self, log_ratio, response_mask):
        log_ratio = clean_tokens(log_ratio, response_mask)
        before = jnp.zeros(self.window, jnp.float32)
        return zero_masked(scan_tokens(self.step, before, log_ratio, response_mask), response_mask)

    def step(self, last, z):
        now = jnp.append(last[1:], z)
        innovation, gain = z - jnp.mean(last), jnp.float32(1 / self.window)
        return now, FilterOutput(jnp.mean(now), innovation, jnp.float32(jnp.inf), gain, jnp.zeros((), bool))
'''
SMALL = [
    "--config.num_steps=2", "--config.warm_start.num_steps=0", "--config.rollout.prompts_per_step=4",
    "--config.rollout.group_size=2", "--config.learner.num_minibatches=2", "--config.sampler.max_response_length=8",
    "--config.model.num_layers=1", "--config.model.hidden_size=32", "--config.model.intermediate_size=64",
    "--config.eval.num_samples=2", "--config.eval.every=0", "--config.eval.sets.held_out.num_problems=4",
    "--config.eval.prompts_per_call=4", "--config.data.num_problems=64", "--config.checkpoint.every=1",
    "--config.trace.every=1",
]  # fmt: skip


def main(folder, *arguments, packages=ROOT):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(packages)}
    command = [sys.executable, "-m", "kpo_jax.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300, env=environment)


COMMANDS = """
import json, sys
from absl.testing import flagsaver
from kpo_jax import main
for words in json.loads(sys.argv[1]):
    with flagsaver.flagsaver():
        code = main.main(main.parse_flags(["kpo_jax", *words]))
    if code: sys.exit(code)
"""


def one_after_the_other(folder, *commands):
    """Commands in one process, which imports and compiles once what they share; it ends with the first that fails."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=600, env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a filter in it, and nothing else."""
    found = tmp_path_factory.mktemp("mine")
    (found / "filters.py").write_text(FILTER)
    return found


CHOICE = ["--config=tiny:kpo_strong", "--config.algorithm.filter=filters.py:WindowedMean"]


def test_a_filter_in_a_file_of_its_own_goes_the_whole_way(folder):
    command = [*CHOICE, "--config.algorithm.filter.window=2", *SMALL, "--workdir=run"]
    trained = main(folder, *command)
    assert trained.returncode == 0, trained.stderr
    assert "has no process_var, measurement_var, initial_var, masked, method; dropped" in trained.stderr
    plain = json.loads((folder / "run" / "config.json").read_text())
    assert plain["algorithm"]["filter"] == {
        "name": "filters.py:WindowedMean", "gradient": "straight_through", "window": 2,
    }  # fmt: skip
    assert workdirs.kept_sources(folder / "run") == {"filters.py": FILTER}

    # a parameter, or the file itself, that changes is a change of the run
    other = main(folder, *CHOICE, *SMALL, "--workdir=run")
    assert other.returncode == 64 and "algorithm.filter.window: 2 -> 3" in other.stderr
    (folder / "filters.py").write_text(FILTER.replace("jnp.mean(now)", "jnp.max(now)"))
    changed = main(folder, *command)
    assert changed.returncode == 64 and "filters.py: the file has changed since the run began" in changed.stderr

    # from here on the workdir is all there is
    (folder / "filters.py").unlink()
    done = one_after_the_other(
        folder,
        ["--mode=train", "--workdir=run", "--config.num_steps=3"],
        ["--mode=replay", "--trace=run", "--workdir=replayed", "--grid=recorded:window=1,4"],
        ["--mode=export", "--workdir=run", "--out=out"],
        ["--mode=eval", "--workdir=run"],
        ["--mode=report", "--workdir=run"],
    )
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line)["step"] for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    assert max(steps) == 3
    assert "gives the recorded values" in done.stdout and "recorded:window=4" in done.stdout
    assert (folder / "out" / "config.json").is_file()

    # control: without what it keeps, the run is none of this version's
    (folder / "run" / "sources.json").unlink()
    lost = main(folder, "--dry_run", "--workdir=run")
    assert lost.returncode == 64 and "no file filters.py" in lost.stderr


def test_a_line_in_the_registry_is_enough_for_the_contract_tests(tmp_path):
    """The package with one more file and one more line; its own tests then cover the filter by themselves."""
    for name in ("kpo_jax", "tests"):
        (tmp_path / name).mkdir()
        for path in (ROOT / name).rglob("*.py"):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text())
    filters = tmp_path / "kpo_jax" / "filters"
    (filters / "windowed_mean.py").write_text(FILTER)
    registry = (filters / "__init__.py").read_text()
    for before, more in [
        ('    "identity": Identity,\n', '    "windowed_mean": WindowedMean,\n'),
        ("from kpo_jax.filters.wolf", "from kpo_jax.filters.windowed_mean import WindowedMean\n"),
    ]:
        registry = registry.replace(before, more + before)
    (filters / "__init__.py").write_text(registry)
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "WindowedMean or registry or table",
        "tests/test_filters.py", "tests/test_methods.py",
    ]  # fmt: skip
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout[-2000:]
    assert int(done.stdout.rpartition(" passed")[0].split()[-1]) > 10
    said = main(tmp_path, "--help", packages=tmp_path).stdout
    assert "windowed_mean(window=3)" in said and "The mean of the last few log-ratios" in said
    assert "windowed_mean" not in main(ROOT, "--help").stdout  # control


WRONG = [
    ("--config.algorithm.filter.name=nowhere.py:F", "algorithm.filter.name: no file nowhere.py"),
    ("--config.algorithm.filter.name=no.module:F", "algorithm.filter.name: no module no.module"),
    ("--config.algorithm.filter.name=filters.py:G", "algorithm.filter.name: filters.py has no 'G'; it has"),
    ("--config.algorithm.filter.name=kalmann", "algorithm.filter.name: 'kalmann' is not one of identity, "),
    ("--config.algorithm.filter.name=broken.py:F", "broken.py did not load: ZeroDivisionError"),
    ("--config.algorithm.filter.name=untyped.py:F", "parameter 'size' is not annotated with bool, int, float or str"),
    ("--config.algorithm.filter.name=bare.py:F", "'bare.py:F' declares no kappa"),
    ("--config.algorithm.filter.name=more.py:Fails", "filter.name: 'more.py:Fails' was not made: KeyError: 'a'"),
    ("--config.reward.kind=more.py:Opens", "reward.kind: 'more.py:Opens' was not made: FileNotFoundError: "),
    ("--config.reward.kind=more.py:none", "none: the default of parameter 'k': None is a NoneType, not a float"),
    ("--config.reward.kind=more.py:half", "half: the default of parameter 'n': 0.5 is a float, not an int"),
    ("--config.reward.kind=more.py:unknown", "unknown: its annotations cannot be read: name 'Length' is not defined"),
    ("--config.reward.kind=unlicensed.rewards:f", "unlicensed.rewards cannot be read: RuntimeError: no licence"),
]
MORE = """
import dataclasses
def none(response, problem, *, k: float = None): return 1.0
def half(response, problem, *, n: int = 0.5): return 1.0
def unknown(response, problem, *, n: "Length" = 1): return 1.0
@dataclasses.dataclass(frozen=True)
class Opens:
    path: str = "nowhere.txt"
    def __post_init__(self): open(self.path)
    def __call__(self, response, problem): return 1.0
@dataclasses.dataclass(frozen=True)
class Fails:
    n: int = 1
    def __post_init__(self): {}["a"]
"""


@pytest.mark.parametrize(("flag", "said"), WRONG)
def test_what_is_no_component_is_one_line(flag, said, folder, monkeypatch):
    monkeypatch.chdir(folder)
    head = "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass F:\n"
    for name, text in (("filters", FILTER), ("broken", "1 / 0"), ("untyped", head + "    size: list = None\n"),
                       ("bare", head + "    size: int = 1\n"), ("more", MORE)):  # fmt: skip
        Path(f"{name}.py").write_text(text)
    Path("unlicensed").mkdir(exist_ok=True)
    Path("unlicensed", "__init__.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.setattr(sys, "path", [*sys.path])  # to which the folder is added
    name, _, value = flag.removeprefix("--config.").partition("=")
    changed = config_lib.override(config_lib.load_file("tiny:grpo"), {name: value})
    lines = [config_lib.line(problem) for problem in changed.problems + config_lib.checked(changed.plain)[1]]
    assert len(lines) == 1 and said in lines[0] and "\n" not in lines[0]


def test_exchanging_a_component_keeps_what_both_have_and_none_unsets():
    plain = config_lib.load_file("tiny:is_kpo_weak")
    changed = config_lib.override(plain, {"algorithm.filter": "stubborn", "algorithm.filter.rate": "0.1"})
    config, problems = config_lib.checked(changed.plain)
    assert problems == [] and changed.problems == []
    assert changed.notes == ["algorithm.filter.name: 'stubborn' has no masked, method, covariance; dropped"]
    parameters = config.algorithm.filter.parameters
    assert parameters["kappa"] == 3.0 and parameters["process_var"] == 1e-2 and parameters["rate"] == 0.1
    unset = config_lib.override(plain, {"algorithm.filter.kappa": "None"})
    assert config_lib.checked(unset.plain)[0].algorithm.filter.parameters["kappa"] == 3.0  # the filter's own default
    required = config_lib.override(plain, {"algorithm.filter.process_var": "None"})
    assert config_lib.checked(required.plain)[1] == [("algorithm.filter.process_var", "required by 'saturated_kalman'")]


def test_none_is_a_value_where_it_is_one_and_a_name_that_is_none_is_refused(tmp_path):
    (tmp_path / "own.py").write_text("def own(response, problem, *, k: float | None = 3.0): return k\n")
    changed = config_lib.override({"reward": {"kind": f"{tmp_path}/own.py:own"}}, {"reward.k": "None"})
    assert config_lib.checked(changed.plain)[0].reward.parameters == {"k": None} and changed.problems == []
    plain = config_lib.load_file("tiny:kpo_weak")
    changed = config_lib.override(plain, {"algorithm.filter.kappa": "None", "algorithm.filter.kapa": "None"})
    assert [path for path, _ in changed.problems] == ["algorithm.filter.kapa"]  # others have a kappa: nothing to unset


def test_a_file_may_name_types_for_a_checker_alone_and_begin_with_a_byte_order_mark(tmp_path):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING: from somewhere import Problem\n"
    text += "def own(response, problem: 'Problem', *, k: 'float' = 1.0): return k\n"
    (tmp_path / "own.py").write_text(text, encoding="utf-8-sig")
    found = references.look_up({}, f"{tmp_path}/own.py:own")
    assert references.parameters(found) == {"k": (float, False, 1.0)}


def test_a_kept_source_imports_its_neighbours(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "neighbours").mkdir()
    for name, text in (("__init__", ""), ("other", "X = 1"), ("rewards", "from .other import X\nY = 1")):
        (tmp_path / "neighbours" / f"{name}.py").write_text(text)
    references.use({"neighbours.rewards": "from .other import X\nY = 2"})  # as it was when a run began
    assert references.look_up({}, "neighbours.rewards:Y") == 2


def test_a_module_is_a_reference_too():
    name = "kpo_jax.filters.ema:Ema"
    assert references.look_up(FILTERS, name) is FILTERS["ema"]
    assert "class Ema" in references.loaded()["kpo_jax.filters.ema"]
