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
    "packaged", "lazy", "ends", "verifier", "outputs", "records", "masked", "text", "stats", "files", "places",
    "checks", "references", "choices", "filters", "objectives", "advantages", "algorithm", "model", "weights",
    "runtime", "sampling", "tasks", "config", "recording", "report", "training", "commands", "hardware", "main",
    "__main__",
]  # fmt: skip
EFFECTS = {
    "os", "sys", "time", "json", "pathlib", "random", "threading", "signal", "socket", "subprocess", "queue",
    "selectors", "tempfile", "shutil", "absl", "datasets", "transformers", "orbax", "open", "print", "input",
}  # fmt: skip
# What a room may do beside working on arrays and plain values; a room that is not here may do nothing else.
MAY = {
    "packaged": {"pathlib"},
    "verifier": {"json", "os", "pathlib", "queue", "selectors", "signal", "subprocess", "sys", "threading", "time"},
    "text": {"os", "sys"},
    "files": {"os", "pathlib"},
    "places": {"json", "os", "pathlib", "shutil", "tempfile", "threading", "time"},
    "references": {"open", "os", "sys"},
    "weights": {"json", "open", "os", "pathlib", "shutil", "tempfile", "transformers"},
    "runtime": {"absl", "json", "os", "pathlib", "print", "signal", "socket", "sys", "threading", "time"},
    "tasks": {"datasets", "json", "open", "os", "random", "sys"},
    "config": {"os", "sys"},
    "recording": {"absl", "json", "os", "pathlib", "shutil", "subprocess", "sys", "threading", "time"},
    "report": {"json", "pathlib"},
    "training": {"absl", "json", "orbax", "os", "pathlib", "time"},
    "commands": {"absl", "json", "os", "pathlib", "subprocess", "sys", "tempfile", "time"},
    "hardware": {"json", "open", "os", "pathlib", "print", "signal", "subprocess", "sys", "tempfile", "time"},
    "main": {"absl", "os", "pathlib", "signal", "sys"},
}
PURE = ["training/learner.py", "verifier/compare.py", "verifier/parser.py", "tasks/rewards.py"]


def sources(room: str) -> list[Path]:
    path = PACKAGE / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


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
    return (imported(tree) | calls(tree)) & EFFECTS


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_has_no_effects_but_its_own(room):
    found = {path: violations(path.read_text()) for path in sources(room)}
    assert set().union(*found.values()) == MAY.get(room, set()), found


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_of_rooms_with_effects_have_none(name):
    assert violations((PACKAGE / name).read_text()) <= {"sys"}


def test_negative_control_an_effect_is_seen():
    assert violations("import time\nfrom os import path\nprint(1)\n") == {"time", "os", "print"}


def test_only_main_reads_flags_and_only_modes_sets_jax_config():
    for pattern, owner in ((r"from absl import app|\bFLAGS", "main.py"), (r"(?<!kpo_)jax\.config", "modes.py")):
        touching = {path.name for path in PACKAGE.rglob("*.py") if re.search(pattern, path.read_text())}
        assert touching == {owner}


DISTRIBUTIONS = {"absl": "absl-py", "orbax": "orbax-checkpoint"}  # where the two names differ
BROUGHT = {"huggingface_hub", "tokenizers", "pyarrow"}  # by transformers and datasets, whose files and types they are
EXTRA = {"gguf", "wandb", "trackio", "mlflow"}  # launch/requirements-*.txt; imported where they are needed


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


# An absolute path begins with one of these, or with a name that no machine has.
SYSTEM = {"dev", "proc", "etc", "usr", "tmp"} | {"no", "nowhere", "path", "runs", "mnt", "noise"}


def machine_paths(text: str) -> set[str]:
    """Absolute paths that some machine may have, and others have not."""
    found = re.findall(r"(?<=[ \"'(=`,\n])/([A-Za-z]\w*)/(?=[\w{$])", text)
    return {f"/{first}/" for first in found if first not in SYSTEM}


def test_the_project_names_no_path_of_a_machine_and_no_folder_beside_it():
    """But tests, which may look for data beside the project and skip where there are none."""
    root = PACKAGE.parent
    kinds = {".py", ".sh", ".sbatch", ".md", ".toml", ".yml", ".yaml", ".j2", ".txt", ".cff"}
    for folder in ("kpo_jax", "configs", "launch", "docs", "tests", "."):
        for path in (root / folder).glob("*" if folder == "." else "**/*"):
            if path.suffix in kinds and path.is_file():
                text = path.read_text()
                assert machine_paths(text) == set(), path
                assert folder == "tests" or ".." + "/shared" not in text, path


def test_negative_control_a_path_of_a_machine_is_seen():
    home = "/" + "home" + "/" + "someone/x"
    assert machine_paths(f"open('{home}') and /dev/null or a/b/c, https://x/y/z") == {"/" + "home" + "/"}
