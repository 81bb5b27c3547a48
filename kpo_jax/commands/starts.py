"""How long a run takes to its first trained step, with an empty folder of compiled programs and with a full one."""

import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from kpo_jax.config import Config
from kpo_jax.ends import Refused
from kpo_jax.recording.workdir import write_config
from kpo_jax.text import mask, table


class Start(NamedTuple):
    """One start, in a process of its own.

    Attributes:
      name: "cold" or "warm".
      seconds: from the command to the end of the first training step: imports, data, first policy, evaluation, rollout,
        score, update.
      programs: compiled or loaded up to there; `loaded` of them were loaded.
      compiling: seconds that this took, in all threads together.
    """

    name: str
    seconds: float
    programs: int
    compiling: float
    loaded: int


def measure(config: Config, cpu_devices: int | None) -> list[Start]:
    """A cold start and a warm one of the configuration, without its warm start on demonstrations.

    To be called while this process holds no device. No tracker is told. Raises RuntimeError with what a run said if it
    failed, Refused with its lines if it was refused.
    """
    begun, local = dataclasses.replace(config.warm_start, num_steps=0), dataclasses.replace(config.metrics, sinks="")
    config = dataclasses.replace(config, num_steps=1, warm_start=begun, metrics=local)
    with tempfile.TemporaryDirectory(prefix="kpo_jax_starts_") as folder:
        return [_start(name, config, cpu_devices, Path(folder)) for name in ("cold", "warm")]


def _start(name: str, config: Config, cpu_devices: int | None, folder: Path) -> Start:
    workdir = folder / name
    workdir.mkdir()
    write_config(str(workdir), config)
    command = [sys.executable, "-m", "kpo_jax.main", f"--workdir={workdir}"]
    command.append(f"--compilation_cache={folder / 'programs'}")
    command += [f"--cpu_devices={cpu_devices}"] if cpu_devices else []
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]  # of this very package
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    first, said = workdir / "timing.jsonl", workdir / "said"
    began = time.perf_counter()
    with (
        said.open("w") as saying,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=saying) as process,
    ):
        while process.poll() is None and not (first.is_file() and first.stat().st_size):
            time.sleep(0.02)
        seconds = time.perf_counter() - began
    if process.returncode == 64:
        raise Refused(*re.findall("^error: (.*)", said.read_text(), re.MULTILINE))
    if process.returncode:
        raise RuntimeError(f"the {name} start ended with {process.returncode}: {mask(said.read_text())}")
    compiled = json.loads(first.read_text().splitlines()[0])
    counts = (compiled[f"compile/{key}"] for key in ("programs", "seconds", "loaded"))
    return Start(name, seconds, *counts)


def describe(starts: list[Start]) -> str:
    """A table for a person."""
    rows = [
        [one.name, f"{one.seconds:.1f}", str(one.programs), str(one.loaded), f"{one.compiling:.1f}"] for one in starts
    ]
    return table(["start", "s to the first trained step", "programs", "loaded", "s of compiling, all threads"], rows)
