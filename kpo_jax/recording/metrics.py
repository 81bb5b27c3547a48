"""Where numbers go: JSON lines and TensorBoard. Only process 0 writes.

`metrics.jsonl` holds what the run computed and is identical, byte for byte, in an interrupted and an unbroken run;
`minibatches.jsonl` holds the same per optimizer step; `timing.jsonl` holds wall-clock figures, which never are.
"""

import contextlib
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from kpo_jax.files import write_whole
from kpo_jax.places import folder
from kpo_jax.recording.sinks import Sink, TensorBoard
from kpo_jax.recording.terminal import tell


def to_host(scalars: dict) -> dict:
    """Device scalars -> Python numbers, integers kept as integers."""
    return {k: np.asarray(v).item() for k, v in jax.device_get(scalars).items()}


class MetricWriter:
    """Appends one JSON line and one TensorBoard step per call, and gives the same to further sinks. A full disk ends
    nothing: lines wait in memory until there is room. Nor does a sink that fails: it is left out from then on.

    The run goes on after step `done`: of an earlier life of the run, lines of later steps are dropped on opening, a
    torn last line, and the evaluation at `done` unless it was `evaluated` and will not be repeated. `fields` are those
    of the configuration, by their paths. Each of `more` makes a sink, and may fail as the sink itself may.
    """

    def __init__(
        self,
        workdir: str,
        done: int,
        evaluated: bool,
        fields: dict[str, Any] | None = None,
        more: Iterable[Callable[[], Sink]] = (),
    ):
        self.active = jax.process_index() == 0
        if not self.active:
            return

        def keep(line):
            return line["step"] < done or (line["step"] == done and (evaluated or not _is_evaluation(line)))

        self._files = {
            name: _Lines(folder(workdir) / f"{name}.jsonl", keep) for name in ("metrics", "minibatches", "timing")
        }
        self._sinks: list[Sink] = []
        for make in (lambda: TensorBoard(folder(workdir) / "tensorboard", done + 1, fields or {}), *more):
            try:
                self._sinks.append(make())
            except Exception as error:  # of whatever library, or a full disk
                tell(f"warning: a sink of metrics cannot be opened ({error}); the .jsonl files hold the same numbers")

    def write(self, step: int, scalars: dict, name: str = "metrics") -> None:
        if not self.active:
            return
        # strict JSON has no NaN or infinity: they are written as null, and TensorBoard shows them as they are
        line = {k: v if math.isfinite(v) else None for k, v in scalars.items()}
        self._files[name].append(json.dumps({"step": step} | line))
        if name != "minibatches":  # TensorBoard has one value per tag and step
            self._give(lambda sink: sink.scalars(step, scalars))

    def write_samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        """Responses of a step, for the sinks alone; see report.responses.of_step."""
        if self.active:
            self._give(lambda sink: sink.samples(step, rows))

    def _give(self, give: Callable[[Sink], None]) -> None:
        for sink in list(self._sinks):
            try:
                give(sink)
            except Exception as error:  # as above
                tell(f"warning: no more {sink.name} ({error}); the .jsonl files hold the same numbers")
                self._sinks.remove(sink)

    def close(self) -> None:
        if self.active:
            for file in self._files.values():
                file.close()
            self._give(lambda sink: sink.close())


def write_figures(workdir: str, step: int, paths: Iterable[Path]) -> None:
    """Give TensorBoard the pictures of the finished run in `workdir`, PNG files; a warning where that cannot be."""
    try:
        sink = TensorBoard(folder(workdir) / "tensorboard", step + 1, {}, suffix=".figures")
        with contextlib.closing(sink):
            sink.figures(step, paths)
    except Exception as error:  # of tensorboardX, or a full disk
        tell(f"warning: TensorBoard gets no figures ({error})")


class _Lines:
    """A file of JSON lines, opened for appending with only those lines that `keep` likes."""

    def __init__(self, path: Path, keep):
        self._path, self._waiting, self._told = path, b"", False
        if path.exists():
            kept = [
                line for line in path.read_text().splitlines() if (read := _parsed(line)) is not None and keep(read)
            ]
            write_whole(path, "".join(line + "\n" for line in kept))
        self._file = path.open("ab", buffering=0)

    def append(self, line: str) -> None:
        self._waiting += line.encode() + b"\n"
        try:
            while self._waiting:  # what was written is never written again, so that no line is torn or doubled
                self._waiting = self._waiting[self._file.write(self._waiting) :]
        except OSError as error:
            if not self._told:
                tell(f"warning: {self._path} cannot be written ({error}); its lines are kept in memory until it can")
            self._told = True
        else:
            self._told = False

    def close(self) -> None:
        if self._waiting:
            tell(f"warning: the last {len(self._waiting)} bytes of {self._path} were never written")
        self._file.close()


def _parsed(line: str) -> dict | None:
    """The JSON object of a whole line, None for a torn one."""
    try:
        read = json.loads(line)
        return read if isinstance(read, dict) and "step" in read else None
    except ValueError:
        return None


def _is_evaluation(line: dict) -> bool:
    """Whether it is of an evaluation, of no sets at all perhaps, and not of a training step."""
    return all(key == "step" or key.startswith("eval/") for key in line)


def read_evaluations(workdir: str) -> dict[int, dict]:
    """The lines of evaluations in `metrics.jsonl`, by their steps."""
    return {line["step"]: line for line in read(workdir) if _is_evaluation(line)}


def read(workdir: str, name: str = "metrics") -> list[dict]:
    """The lines a MetricWriter wrote, in order; [] if there are none. A torn line, as a run being written or killed
    has, is left out.
    """
    path = folder(workdir) / f"{name}.jsonl"
    return (
        [found for line in path.read_text().splitlines() if (found := _parsed(line)) is not None]
        if path.exists()
        else []
    )
