"""Where numbers go besides the JSON lines of a workdir. A sink may raise: its owner (metrics.MetricWriter) says so and
goes on without it.
"""

import struct
import time
from collections.abc import Iterable
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

    def __init__(self, directory: Path, first_step: int, fields: dict[str, Any], suffix: str = ""):
        """Steps from `first_step` on replace those of an earlier life; `fields` are those of the configuration; a file
        whose name ends in another `suffix` is another file, even where it is begun in the same second.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(directory / "events"), suffix)
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

    def figures(self, step: int, paths: Iterable[Path]) -> None:
        """Pictures of the run up to `step`, as PNG files, each under its file's name. Raises ValueError."""
        values = [
            summary_pb2.Summary.Value(tag=f"figures/{path.stem}", image=image(path.read_bytes())) for path in paths
        ]
        self._event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=values)))

    def _event(self, event) -> None:
        self._writer.write_event(event)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def image(png: bytes):
    """What TensorBoard takes for a picture: the file as it is, and the size that its header names.

    Raises ValueError if it is none of the PNG files that matplotlib writes (https://www.w3.org/TR/png-3).
    """
    colours = {2: 3, 6: 4}  # type in the header -> channels: red, green, blue, and how opaque
    if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) < 26 or png[25] not in colours:
        raise ValueError("not a PNG file in colour")
    width, height = struct.unpack(">II", png[16:24])
    return summary_pb2.Summary.Image(width=width, height=height, colorspace=colours[png[25]], encoded_image_string=png)


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
