"""Where the numbers of a run come from: `WORKDIR/provenance.jsonl`, one JSON line for every start of the run.

A line has `date`; `step`, which the start went on from; `version` of the package; `commit`, and whether the tree was
`changed` since, where the package lies in a git checkout, else null; `python` and the `versions` of what computes;
`command`, the words of the command line with secrets masked; `environment`, the variables that change what XLA does;
and `machine`: `cpu`, `cores`, `backend`, `devices` (kind -> how many) and `processes`.
"""

import collections
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jax

import kpo_jax
from kpo_jax import text
from kpo_jax.places import folder
from kpo_jax.runtime import cpu

NAME = "provenance.jsonl"
PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "transformers")
PREFIXES = ("XLA_", "JAX_", "LIBTPU_", "CUDA_VISIBLE")
KEYS = {"date", "step", "version", "commit", "changed", "python", "versions", "command", "environment", "machine"}
_PACKAGE = Path(__file__).parents[1]


def collect(step: int) -> dict:
    """What a start of this process at training step `step` is made of. Touches the devices."""
    commit, changed = checkout(_PACKAGE)
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "step": step,
        "version": kpo_jax.__version__,
        "commit": commit,
        "changed": changed,
        "python": platform.python_version(),
        "versions": versions(PACKAGES),
        "command": text.mask_words([Path(sys.orig_argv[0]).name, *sys.orig_argv[1:]]),
        "environment": {
            name: text.mask(value) for name, value in sorted(os.environ.items()) if name.startswith(PREFIXES)
        },
        "machine": {
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "backend": jax.default_backend(),
            "devices": dict(collections.Counter(device.device_kind for device in jax.devices())),
            "processes": jax.process_count(),
        },
    }


def append(workdir: str, entry: dict) -> None:
    """Add a line to the run's provenance, of its own also after a torn one. Raises OSError."""
    path = folder(workdir) / NAME
    torn = path.is_file() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write("\n" * torn + json.dumps(entry) + "\n")


def read(workdir: str) -> list[dict]:
    """The starts of a run, in order; [] of a run of an earlier version. A torn or damaged line is left out."""
    path = folder(workdir) / NAME
    found = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [entry for entry in found if isinstance(entry, dict) and entry.keys() >= KEYS]


def checkout(package: Path) -> tuple[str | None, bool | None]:
    """(commit, whether a file that git knows was changed since) of the checkout in which the package lies; (None, None)
    where it is installed elsewhere, even if that is inside of somebody's checkout, or where git does not say.
    """
    git = shutil.which("git")
    if git is None:
        return None, None

    def ask(*words: str) -> str:
        run = subprocess.run([git, *words], cwd=package, capture_output=True, text=True, timeout=30, check=True)
        return run.stdout.strip()

    try:
        ask("ls-files", "--error-unmatch", "__init__.py")
        return ask("rev-parse", "HEAD"), ask("status", "--porcelain", "--untracked-files=no") != ""
    except (subprocess.SubprocessError, OSError):
        return None, None


def versions(packages) -> dict[str, str | None]:
    """{distribution: its version, None if it is not installed}."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def cpu_model() -> str:
    """The CPU as it calls itself; its architecture where that is not known."""
    return next(iter(cpu.facts("model name")), platform.machine())


def machine(entry: dict) -> str:
    """The machine of an entry, in words."""
    found = entry["machine"]
    devices = ", ".join(f"{count} x {kind}" for kind, count in found["devices"].items())
    processes = f", {found['processes']} processes" if found["processes"] > 1 else ""
    return f"{found['cpu']}, {found['cores']} cores; {found['backend']}: {devices}{processes}"


def code(entry: dict) -> str:
    """The code of an entry, in words."""
    commit = "" if entry["commit"] is None else f" at {entry['commit'][:12]}"
    changed = ", changed since" if entry["changed"] else ""
    others = ", ".join(f"{name} {version}" for name, version in entry["versions"].items() if version)
    return f"kpo_jax {entry['version']}{commit}{changed}; Python {entry['python']}, {others}"
