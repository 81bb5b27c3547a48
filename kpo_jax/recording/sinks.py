"""Where numbers go besides the JSON lines of a workdir. A sink may raise: its owner (metrics.MetricWriter) says so and
goes on without it.
"""

import time
from pathlib import Path
from typing import Any, Protocol

from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2, summary_pb2

SHOWN = ("rollout/reward_mean", "rollout/correct")  # what TensorBoard compares hyperparameters by


class Sink(Protocol):
    """Takes what a run measures. `name` is what its end is called by, "TensorBoard events"."""

    name: str

    def scalars(self, step: int, scalars: dict[str, float]) -> None:
        """Metrics after training step `step`; the same step may come again with others."""

    def samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        """Responses of a training step, as report.responses.of_step has them."""

    def close(self) -> None:
        """Nothing comes any more."""


class TensorBoard:
    """Event files, written in this thread: tensorboardX's own dies of a full disk, and its queue then blocks."""

    name = "TensorBoard events"

    def __init__(self, directory: Path, first_step: int, fields: dict[str, Any]):
        """Steps from `first_step` on replace those of an earlier life; `fields` are those of the configuration."""
        directory.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(directory / "events"))
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._event(event_pb2.Event(wall_time=time.time(), step=first_step, session_log=start))
        if fields:
            for one in summary.hparams(plain(fields), dict.fromkeys(SHOWN)):
                self._event(event_pb2.Event(wall_time=time.time(), summary=one))

    def scalars(self, step: int, scalars: dict[str, float]) -> None:
        values = [summary_pb2.Summary.Value(tag=key, simple_value=value) for key, value in scalars.items()]
        self._event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=values)))

    def samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            text = summary.text(f"samples/{number}", markdown(row))
            self._event(event_pb2.Event(wall_time=time.time(), step=step, summary=text))

    def _event(self, event) -> None:
        self._writer.write_event(event)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def plain(fields: dict[str, Any]) -> dict[str, bool | int | float | str]:
    """The fields as what every sink takes; others as text."""
    return {key: value if isinstance(value, bool | int | float | str) else str(value) for key, value in fields.items()}


def markdown(row: dict[str, Any]) -> str:
    """A response as Markdown. What a model wrote stands in blocks of code, as which every line is indented."""
    moved = sorted(
        ((before, token) for before, token in zip(row["before"], row["tokens"], strict=True) if before is not None),
        key=lambda pair: -abs(pair[0]),
    )[:10]
    ratios = [f"{token!r} {before:+.4g}" for before, token in moved]
    blocks = [
        ("problem", row["problem"]),
        ("response", "".join(row["tokens"])),
        ("extracted, reference", f"{row['extracted']}\n{row['answer']}"),
        ("log-ratios that are furthest from 0", "\n".join(ratios)),
    ]
    parts = [f"reward {row['reward']}, {'right' if row['correct'] else 'wrong'}, advantage {row['advantage']}"]
    parts += [f"{name}\n\n" + "\n".join("    " + line for line in text.split("\n")) for name, text in blocks]
    return "\n\n".join(parts)
