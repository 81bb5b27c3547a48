"""Where numbers go: JSON lines, TensorBoard, and the terminal. Only process 0 writes.

`metrics.jsonl` holds what the run computed and is identical, byte for byte, in an interrupted and an unbroken run;
`minibatches.jsonl` holds the same per optimizer step; `timing.jsonl` holds wall-clock figures, which never are.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

import jax
import numpy as np
from tensorboardX import SummaryWriter
from tqdm import tqdm


def to_host(scalars: dict) -> dict:
    """Device scalars -> Python numbers, integers kept as integers."""
    return {k: np.asarray(v).item() for k, v in jax.device_get(scalars).items()}


def tell(line: str) -> None:
    """A line for the person at the terminal; only process 0 speaks."""
    if jax.process_index() == 0:
        print(line, file=sys.stderr, flush=True)


class MetricWriter:
    """Appends one JSON line and one TensorBoard step per call. `first_step`: lines at or beyond it are dropped on opening."""

    def __init__(self, workdir: str, first_step: int):
        self.active = jax.process_index() == 0
        if not self.active:
            return
        self._files = {name: _open(Path(workdir) / f"{name}.jsonl", first_step) for name in ("metrics", "minibatches", "timing")}
        self._tensorboard = SummaryWriter(str(Path(workdir) / "tensorboard"), purge_step=first_step)

    def write(self, step: int, scalars: dict, name: str = "metrics") -> None:
        if not self.active:
            return
        # strict JSON has no NaN or infinity: they are written as null, and TensorBoard shows them as they are
        line = {k: v if math.isfinite(v) else None for k, v in scalars.items()}
        self._files[name].write(json.dumps({"step": step} | line) + "\n")
        self._files[name].flush()
        if name == "minibatches":  # TensorBoard has one value per tag and step
            return
        for key, value in scalars.items():
            self._tensorboard.add_scalar(key, value, step)

    def close(self) -> None:
        if self.active:
            for file in self._files.values():
                file.close()
            self._tensorboard.close()


def _open(path: Path, first_step: int):
    """The file opened for appending, with lines of steps at or beyond `first_step` (and a torn last line) removed."""
    if path.exists():
        kept = [line for line in path.read_text().splitlines() if (step := _step(line)) is not None and step < first_step]
        temporary = path.with_suffix(".tmp")
        temporary.write_text("".join(line + "\n" for line in kept))
        os.replace(temporary, path)
    return path.open("a")


def _step(line: str) -> int | None:
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError):
        return None


def read(workdir: str, name: str = "metrics") -> list[dict]:
    """The lines a MetricWriter wrote, in order; [] if there are none. A torn line, as a run being written or killed has, is left out."""
    path = Path(workdir) / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines() if _step(line) is not None] if path.exists() else []


class Progress:
    """A bar on a terminal; a plain line every few seconds elsewhere."""

    SECONDS_BETWEEN_LINES = 5.0

    def __init__(self, label: str, start: int, total: int):
        self._label, self._total, self._last = label, total, 0.0
        self._quiet = jax.process_index() != 0
        self._bar = None
        if sys.stderr.isatty() and not self._quiet:
            self._bar = tqdm(total=total, initial=start, desc=label, dynamic_ncols=True)

    def update(self, step: int, note: str) -> None:
        """`step` steps are done."""
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(step - self._bar.n)
        elif not self._quiet and (time.monotonic() - self._last > self.SECONDS_BETWEEN_LINES or step == self._total):
            self._last = time.monotonic()
            tell(f"{self._label} {step}/{self._total}  {note}")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
