"""Where numbers go: JSON lines and TensorBoard. Only process 0 writes.

`metrics.jsonl` holds what the run computed and is identical, byte for byte, in an interrupted and an unbroken run;
`minibatches.jsonl` holds the same per optimizer step; `timing.jsonl` holds wall-clock figures, which never are.
"""

import json
import math
import time
from pathlib import Path

import jax
import numpy as np
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2, summary_pb2

from kpo_jax.files import write_whole
from kpo_jax.recording.terminal import tell


def to_host(scalars: dict) -> dict:
    """Device scalars -> Python numbers, integers kept as integers."""
    return {k: np.asarray(v).item() for k, v in jax.device_get(scalars).items()}


class MetricWriter:
    """Appends one JSON line and one TensorBoard step per call. A full disk ends nothing: lines wait in memory until
    there is room.

    The run goes on after step `done`: of an earlier life of the run, lines of later steps are dropped on opening, a
    torn last line, and the evaluation at `done` unless it was `evaluated` and will not be repeated.
    """

    def __init__(self, workdir: str, done: int, evaluated: bool):
        self.active = jax.process_index() == 0
        if not self.active:
            return

        def keep(line):
            return line["step"] < done or (
                line["step"] == done and (evaluated or not any(k.startswith("eval/") for k in line))
            )

        self._files = {
            name: _Lines(Path(workdir) / f"{name}.jsonl", keep) for name in ("metrics", "minibatches", "timing")
        }
        self._tensorboard = _TensorBoard(Path(workdir) / "tensorboard", purge_step=done + 1)

    def write(self, step: int, scalars: dict, name: str = "metrics") -> None:
        if not self.active:
            return
        # strict JSON has no NaN or infinity: they are written as null, and TensorBoard shows them as they are
        line = {k: v if math.isfinite(v) else None for k, v in scalars.items()}
        self._files[name].append(json.dumps({"step": step} | line))
        if name != "minibatches":  # TensorBoard has one value per tag and step
            self._tensorboard.write(step, scalars)

    def close(self) -> None:
        if self.active:
            for file in self._files.values():
                file.close()
            self._tensorboard.close()


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


class _TensorBoard:
    """Event files of scalars, written in this thread (tensorboardX's own thread dies of a full disk, and its queue then
    blocks).
    """

    def __init__(self, directory: Path, purge_step: int):
        directory.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(directory / "events"))
        # steps from here on replace those of an earlier life
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._event(event_pb2.Event(wall_time=time.time(), step=purge_step, session_log=start))

    def write(self, step: int, scalars: dict) -> None:
        values = [summary_pb2.Summary.Value(tag=key, simple_value=value) for key, value in scalars.items()]
        self._event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=values)))

    def _event(self, event) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write_event(event)
            self._writer.flush()
        except OSError as error:
            tell(f"warning: no more TensorBoard events ({error}); the .jsonl files hold the same numbers")
            self._writer = None

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _parsed(line: str) -> dict | None:
    """The JSON object of a whole line, None for a torn one."""
    try:
        read = json.loads(line)
        return read if isinstance(read, dict) and "step" in read else None
    except ValueError:
        return None


def read(workdir: str, name: str = "metrics") -> list[dict]:
    """The lines a MetricWriter wrote, in order; [] if there are none. A torn line, as a run being written or killed
    has, is left out.
    """
    path = Path(workdir) / f"{name}.jsonl"
    return (
        [found for line in path.read_text().splitlines() if (found := _parsed(line)) is not None]
        if path.exists()
        else []
    )
