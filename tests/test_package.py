"""The package: what it declares agrees with what is there; slow: its wheel, installed, works from an empty folder."""

import ast
import fnmatch
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from report_runs import write_run
from test_structure import imported

import kpo_jax
from kpo_jax import packaged

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kpo_jax"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = {
    name: ROOT / given["file"][0]
    for name, given in PYPROJECT["tool"]["setuptools"]["dynamic"]["optional-dependencies"].items()
}


def requirements(path: Path) -> dict[str, Requirement]:
    """What a requirements file names, by canonical name."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    found = [Requirement(line) for line in lines if line]
    return {canonicalize_name(one.name): one for one in found}


# -------------------------------------------------------------------------------------------------------- dependencies


def test_every_extra_is_a_file_and_is_pinned():
    assert set(EXTRAS) == {"gpu", "tpu", "gguf", "wandb", "trackio", "mlflow", "gs", "s3", "test", "docs"}
    lock = (ROOT / "launch" / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    for path in [ROOT / "requirements.txt", *EXTRAS.values()]:
        assert requirements(path) and set(requirements(path)) <= pinned, path
    assert {path.name for path in EXTRAS.values()} == {path.name for path in ROOT.glob("launch/requirements-*.txt")}


def test_the_wheels_of_jax_are_those_of_one_range():
    runs = requirements(ROOT / "requirements.txt")["jax"]
    for extra in ("gpu", "tpu"):
        assert requirements(EXTRAS[extra])["jax"].specifier == runs.specifier


def test_what_only_the_tests_import_is_not_installed_with_the_package():
    tests, runs = requirements(EXTRAS["test"]), requirements(ROOT / "requirements.txt")
    assert not set(tests) & set(runs)
    modules = set().union(*(imported(ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")))
    assert not modules & {"pytest", "hypothesis", "mpmath", "xdist"}


def test_setup_installs_what_runs_and_what_tests():
    script = (ROOT / "launch" / "setup.sh").read_text()
    assert "-r requirements.txt -r launch/requirements-test.txt -c launch/requirements.lock" in script


# ------------------------------------------------------------------------------------------------ what is in the wheel


def unpackaged(files: list[str], globs: dict[str, list[str]]) -> set[str]:
    """The files, named from the folder of kpo_jax up, that no glob of their package takes."""
    taken = {
        file
        for package, patterns in globs.items()
        for pattern in patterns
        for file in fnmatch.filter(files, f"{package.replace('.', '/')}/{pattern}")
    }
    return set(files) - taken


def test_every_file_that_is_no_module_is_package_data():
    globs = PYPROJECT["tool"]["setuptools"]["package-data"]
    files = [
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert "kpo_jax/report/page_files/report.html" in files
    assert unpackaged(files, globs) == set()
    assert unpackaged([*files, "kpo_jax/tasks/words.txt"], globs) == {"kpo_jax/tasks/words.txt"}  # control


def test_every_folder_with_modules_is_a_package():
    for path in PACKAGE.rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py and would be left out"


def test_the_console_script_is_the_entry_point():
    module, _, function = PYPROJECT["project"]["scripts"]["kpo-jax"].partition(":")
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    assert len(found) == 1
    required = len(found[0].args.args) - len(found[0].args.defaults)
    assert required == 0  # it is called without arguments


def clashes(names: set[str]) -> set[str]:
    """Names that a module beside a program that is run as a file would take from the standard library."""
    return names & set(sys.stdlib_module_names)


def test_no_module_has_the_name_of_one_of_the_standard_library():
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert {"main", "filters", "verifier"} <= names
    assert clashes(names) == set()
    assert clashes(names | {"types"}) == {"types"}  # control


# ---------------------------------------------------------------------------------------------- versions and documents


def newest_version(changelog: str) -> str:
    """The version of the first heading that names one; [Unreleased] may stand before it."""
    return re.search(r"^## \[(\d[^]]*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)[1]


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert str(citation["version"]) == kpo_jax.__version__
    assert newest_version((ROOT / "CHANGELOG.md").read_text()) == kpo_jax.__version__
    assert newest_version("## [Unreleased]\n\n## [9.9.9] - 2031-01-02\n## [0.1.0] - 2026-01-01\n") == "9.9.9"
    assert str(citation["license"]) == PYPROJECT["project"]["license"]


def test_the_workflow_runs_the_tests_on_the_versions_that_the_package_names():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    named = [text.rpartition(" ")[2] for text in PYPROJECT["project"]["classifiers"] if "Python :: 3." in text]
    for job in workflow["jobs"].values():
        assert job["strategy"]["matrix"]["python"] == named
    assert PYPROJECT["project"]["requires-python"] == f">={named[0]}"
    steps = [step.get("run") for step in workflow["jobs"]["tests"]["steps"]]
    assert "bash launch/test.sh" in steps


def copied(dockerfile: str) -> set[str]:
    """The sources of the COPY lines."""
    lines = [line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY ")]
    return {source for line in lines for source in line}


def test_the_image_is_built_from_files_that_are_there():
    sources = copied((ROOT / "Dockerfile").read_text())
    assert {"requirements.txt", "kpo_jax/", "configs/"} <= sources
    assert copied("FROM x\nCOPY a.txt b/ ./\nRUN cp c d\n") == {"a.txt", "b/"}
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for source in sources:
        assert list(ROOT.glob(source.removesuffix("/"))), f"Dockerfile: no {source}"
        assert source.removesuffix("/") in sent, f".dockerignore keeps {source} from the builder"


# ------------------------------------------------------------------------------------------------------ configurations


def test_the_configurations_of_a_checkout_are_those_beside_the_package():
    assert packaged.configurations() == ROOT / "configs"
    assert (packaged.configurations() / "tiny.py").is_file()


def test_the_configurations_of_an_installed_package_are_inside_it(tmp_path):
    (tmp_path / "kpo_jax" / "configs").mkdir(parents=True)
    (tmp_path / "configs").mkdir()  # of somebody else
    copy = tmp_path / "kpo_jax" / "packaged.py"
    copy.write_bytes((PACKAGE / "packaged.py").read_bytes())
    spec = importlib.util.spec_from_file_location("installed_packaged", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.configurations() == tmp_path / "kpo_jax" / "configs"


def test_looking_for_configurations_needs_no_jax():
    assert imported(ast.parse((PACKAGE / "packaged.py").read_text())) == {"pathlib"}
    assert imported(ast.parse((PACKAGE / "__init__.py").read_text())) == set()


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["--config=tiny:kpo_weak", "--config.algorithm.filter.kapa=3"], 64, "kapa"),
        (["--help"], 0, "saturated_kalman"),
        (["--config=tiny:ppo", "--dry_run"], 0, "parameters       796,032"),
    ],
    ids=["error", "help", "dry_run"],
)
def test_what_is_answered_at_once_waits_for_no_library_that_takes_seconds(arguments, code, said):
    """All components are read, but nothing of jax, numpy, flax: see kpo_jax/lazy.py."""
    command = [sys.executable, "-X", "importtime", "-m", "kpo_jax.main", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == code and said in done.stdout + done.stderr
    assert {"kpo_jax.filters", "kpo_jax.objectives", "kpo_jax.tasks"} <= imported_at_run(done.stderr)
    assert not {"jax", "numpy", "flax", "optax", "transformers", "datasets"} & imported_at_run(done.stderr)


def test_negative_control_what_a_process_imports_is_seen():
    command = [sys.executable, "-X", "importtime", "-c", "import numpy"]
    assert "numpy" in imported_at_run(subprocess.run(command, capture_output=True, text=True, timeout=60).stderr)


def imported_at_run(report: str) -> set[str]:
    """The modules in what `-X importtime` prints."""
    return {line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")}


# ----------------------------------------------------------------------------------------------------------- installed

VERIFY = """
import sys
from kpo_jax.verifier import verify, verify_batch
assert verify(r"\\boxed{1/2}", "0.5").correct and not verify(r"\\boxed{1/3}", "0.5").correct
assert [verdict.correct for verdict in verify_batch([r"\\boxed{2}", r"\\boxed{3}"], ["2", "2"])] == [True, False]
assert not {"jax", "numpy"} & set(sys.modules)
import kpo_jax
print(kpo_jax.__file__, kpo_jax.__version__)
"""


def succeed(*command, cwd: Path) -> str:
    """The standard output of a command that must end with 0. Nothing of the checkout is on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "XLA_FLAGS")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_works_from_an_empty_folder(tmp_path):
    """Built by the index's setuptools; its dependencies are those that this interpreter has."""
    source, empty, venv = tmp_path / "source", tmp_path / "empty", tmp_path / "venv"
    empty.mkdir()
    for name in copied((ROOT / "Dockerfile").read_text()):  # of the checkout what the image takes, no more
        for path in ROOT.glob(name.removesuffix("/")):
            target = source / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target)
    succeed(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, source, cwd=tmp_path)
    (wheel,) = tmp_path.glob("kpo_jax-*.whl")

    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"kpo_jax", f"kpo_jax-{kpo_jax.__version__}.dist-info"}
    modules = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py")}
    configs = {f"kpo_jax/configs/{path.name}" for path in (ROOT / "configs").glob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules | configs
    metadata = zipfile.ZipFile(wheel).read(f"kpo_jax-{kpo_jax.__version__}.dist-info/METADATA").decode()
    always = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert len(always) == len(requirements(ROOT / "requirements.txt")) and "pytest" not in " ".join(always)

    succeed(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    python = venv / "bin" / "python"
    site = Path(succeed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=empty).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    succeed(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel, cwd=empty)
    assert succeed(python, "-c", VERIFY, cwd=empty).split() == [str(site / "kpo_jax/__init__.py"), kpo_jax.__version__]

    found = succeed(python, "-c", "from kpo_jax import packaged; print(packaged.configurations())", cwd=empty).strip()
    assert found == str(site / "kpo_jax" / "configs")
    said = succeed(venv / "bin" / "kpo-jax", "--dry_run", "--config=tiny:kpo_weak", cwd=empty)
    assert "bytes per device" in said
    assert succeed(python, "-m", "kpo_jax", "--dry_run", "--config=tiny:kpo_weak", cwd=empty) == said
    write_run(empty / "run", "kpo_weak", 0, np.zeros((4, 2)), np.ones((4, 2)))
    succeed(venv / "bin" / "kpo-jax", "--mode=report", "--runs=run", "--workdir=report", cwd=empty)
    assert "<script" in (empty / "report" / "report.html").read_text()
