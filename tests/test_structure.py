"""The layering of the house, read from the source: pure modules do no I/O, and only main touches flags or
jax.config.
"""

import ast
import re
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "kpo_jax"
# The rooms from the ground up: one imports only what stands before it.
FLOORS = [
    "packaged", "verifier", "records", "masked", "text", "stats", "files", "references", "checks", "choices", "filters",
    "objectives", "advantages", "algorithm", "model", "weights", "runtime", "sampling", "tasks", "config", "recording",
    "report", "training", "commands", "main", "__main__",
]  # fmt: skip
# Arrays or plain values in and out: no files, clock, flags or logging.
PURE = [
    "records",
    "masked",
    "stats",
    "filters",
    "objectives",
    "algorithm",
    "model",
    "sampling/sampler",
    "sampling/decoding",
    "training/learner",
]
EFFECTS = {
    "os",
    "sys",
    "time",
    "json",
    "pathlib",
    "random",
    "threading",
    "signal",
    "subprocess",
    "absl",
    "datasets",
    "transformers",
    "orbax",
}


def sources(name):
    path = PACKAGE / name
    return sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imported(tree) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def calls(tree) -> set[str]:
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def rooms_imported(text: str) -> set[str]:
    """The rooms of the package that a module's source imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"kpo_jax.{alias.name}" for alias in node.names] if node.module == "kpo_jax" else [node.module]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("kpo_jax.")}
    return found


def upward(room: str, text: str) -> set[str]:
    """What a module of `room` imports although it does not stand below it."""
    return {other for other in rooms_imported(text) - {room} if FLOORS.index(other) > FLOORS.index(room)}


def test_every_module_stands_in_a_room_and_imports_downwards_only():
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            assert room in FLOORS, f"{path}: no such room"
            assert upward(room, path.read_text()) == set(), path


def test_negative_control_an_import_upwards_is_seen():
    assert upward("filters", "from kpo_jax.training import learner\nfrom kpo_jax import masked, report\n") == {
        "training",
        "report",
    }


def violations(text: str) -> set[str]:
    tree = ast.parse(text)
    return (imported(tree) & EFFECTS) | (calls(tree) & {"open", "print", "input"})


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_have_no_effects(name):
    for path in sources(name):
        assert violations(path.read_text()) == set(), path


def test_negative_control_an_effect_is_seen():
    assert violations("import time\nfrom os import path\nprint(1)\n") == {"time", "os", "print"}


def test_only_main_reads_flags_and_only_modes_sets_jax_config():
    for pattern, owner in ((r"from absl import app|FLAGS", "main.py"), (r"(?<!kpo_)jax\.config", "modes.py")):
        touching = {path.name for path in PACKAGE.rglob("*.py") if re.search(pattern, path.read_text())}
        assert touching == {owner}


DISTRIBUTIONS = {"absl": "absl-py", "orbax": "orbax-checkpoint"}  # where the two names differ
BROUGHT = {"huggingface_hub", "tokenizers", "pyarrow"}  # by transformers and datasets, whose files and types they are
EXTRA = {"gguf"}  # launch/requirements-gguf.txt; imported where it is needed


def unnamed(modules: set[str]) -> set[str]:
    """Modules of other distributions that requirements.txt does not name or launch/requirements.lock does not pin."""
    others = {
        DISTRIBUTIONS.get(name, name).lower()
        for name in modules - {"kpo_jax"} - BROUGHT - EXTRA - set(sys.stdlib_module_names)
    }
    root = PACKAGE.parent
    named = set(re.findall(r"^[A-Za-z0-9_-]+", (root / "requirements.txt").read_text().lower(), re.MULTILINE))
    pinned = set(re.findall(r"^([a-z0-9_-]+)==", (root / "launch" / "requirements.lock").read_text(), re.MULTILINE))
    return {name for name in others if name not in named or name.replace("_", "-") not in pinned}


def test_what_is_imported_is_required_and_pinned():
    modules = set().union(*(imported(ast.parse(path.read_text())) for path in PACKAGE.rglob("*.py")))
    assert unnamed(modules) == set()
    assert unnamed(modules | {"tensorstore"}) == {"tensorstore"}  # control: pinned, as another needs it, but not named


def test_no_field_is_read_with_a_default():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
                assert len(node.args) == 2, f"{path}:{node.lineno}"


def test_the_project_speaks_of_itself_alone():
    root = PACKAGE.parent
    for path in [
        *PACKAGE.rglob("*.py"),
        *(root / "configs").glob("*"),
        *(root / "launch").glob("*"),
        root / "README.md",
        *(root / "docs").glob("*"),
    ]:
        if path.is_file():
            text = path.read_text()
            assert "../shared" not in text and "/work/" not in text, path
