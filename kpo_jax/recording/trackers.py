"""Experiment trackers as sinks: wandb, trackio and mlflow, each an extra of the package, imported when it is asked for.

They get the names and steps of the JSON lines. The id of the run there is kept in `WORKDIR/trackers.json`, so that a
resumed run goes on in the same one. Without a network nothing has to be set: wandb works offline unless it has a key,
trackio in its folder on this machine, mlflow in `WORKDIR/mlruns` unless MLFLOW_TRACKING_URI says otherwise.
"""

import contextlib
import json
import netrc
import os
import re
import secrets
from collections.abc import Callable
from typing import Any

from kpo_jax.config.schema import SINKS
from kpo_jax.files import write_whole
from kpo_jax.places import folder, is_remote
from kpo_jax.recording.sinks import Sink, plain

NAME = "trackers.json"
COLUMNS = ("problem", "response", "extracted", "answer", "correct", "reward", "advantage", "largest_log_ratio")


def opener(name: str, project: str, workdir: str, fields: dict[str, Any]) -> Callable[[], Sink]:
    """What opens the tracker of that name in TRACKERS for the run in `workdir`. It may raise whatever the tracker
    raises, and ImportError with the name of the package where that is not installed.
    """

    def open_tracker() -> Sink:
        try:
            return TRACKERS[name](project, workdir, fields)
        except ImportError as error:
            raise ImportError(f"{name}: {error}; pip install {name}") from error

    return open_tracker


def kept_id(workdir: str, tracker: str) -> str | None:
    """The id of the run in a tracker, None if it was never there."""
    path = folder(workdir) / NAME
    try:
        return json.loads(path.read_text())[tracker]
    except (OSError, ValueError, KeyError):
        return None


def keep_id(workdir: str, tracker: str, run_id: str) -> None:
    """Keep it in the workdir. Raises OSError."""
    path, known = folder(workdir) / NAME, {}
    with contextlib.suppress(OSError, ValueError):
        known = dict(json.loads(path.read_text()))
    write_whole(path, json.dumps(known | {tracker: run_id}, indent=2) + "\n")


def table(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Samples as the rows of a table with COLUMNS."""
    out = []
    for row in rows:
        moved = max((abs(value) for value in row["before"] if value is not None), default=0.0)
        text = "".join(row["tokens"])
        out.append(
            [
                row["problem"], text, row["extracted"], row["answer"], row["correct"], row["reward"], row["advantage"],
                moved,
            ]
        )  # fmt: skip
    return out


class Wandb:
    """Weights & Biases. WANDB_MODE decides, else it is offline unless there is a key; `wandb sync WORKDIR/wandb/...`
    sends what was written offline.
    """

    name = "lines to wandb"

    def __init__(self, project: str, workdir: str, fields: dict[str, Any]):
        import wandb

        self._wandb = wandb
        run_id = kept_id(workdir, "wandb") or secrets.token_hex(6)
        self._run = wandb.init(
            project=project,
            id=run_id,
            name=folder(workdir).resolve().name,
            dir=str(folder(workdir)),
            config=plain(fields),
            resume="allow",
            mode=os.environ.get("WANDB_MODE") or ("online" if _has_key() else "offline"),
            settings=wandb.Settings(
                silent=True, console="off", disable_git=True, disable_code=True, x_disable_meta=True
            ),
        )
        keep_id(workdir, "wandb", run_id)
        self._run.define_metric("step")  # a run that goes on from a checkpoint does some steps again
        self._run.define_metric("*", step_metric="step")

    def scalars(self, step: int, scalars: dict[str, float]) -> None:
        self._run.log({"step": step} | scalars)

    def samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        self._run.log({"step": step, "samples": self._wandb.Table(columns=list(COLUMNS), data=table(rows))})

    def close(self) -> None:
        self._run.finish()


def _has_key() -> bool:
    """Whether wandb would find a key, in the environment or where `wandb login` leaves it."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        return netrc.netrc().authenticators("api.wandb.ai") is not None
    return False


class Trackio:
    """Hugging Face's trackio, in the folder TRACKIO_DIR of this machine; `trackio show` opens it."""

    name = "lines to trackio"

    def __init__(self, project: str, workdir: str, fields: dict[str, Any]):
        import trackio

        self._trackio = trackio
        run_id = kept_id(workdir, "trackio") or f"{folder(workdir).resolve().name}-{secrets.token_hex(3)}"
        with contextlib.redirect_stdout(None):  # it says how to show it, on the output that is the report's
            trackio.init(project=project, name=run_id, config=plain(fields), resume="allow", embed=False)
        keep_id(workdir, "trackio", run_id)

    def scalars(self, step: int, scalars: dict[str, float]) -> None:
        self._trackio.log(scalars, step=step)

    def samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        self._trackio.log({"samples": self._trackio.Table(columns=list(COLUMNS), data=table(rows))}, step=step)

    def close(self) -> None:
        with contextlib.redirect_stdout(None):
            self._trackio.finish()


class Mlflow:
    """MLflow. Its names have no @: avg@8 is avg_at_8 there."""

    name = "lines to mlflow"

    def __init__(self, project: str, workdir: str, fields: dict[str, Any]):
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        if is_remote(workdir) and not os.environ.get("MLFLOW_TRACKING_URI"):
            raise ValueError("mlflow: MLFLOW_TRACKING_URI must be set where the workdir is in a bucket")
        import mlflow

        self._client = mlflow
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            mlflow.set_tracking_uri((folder(workdir).resolve() / "mlruns").as_uri())
        mlflow.set_experiment(project)
        run_id = kept_id(workdir, "mlflow")
        run = mlflow.start_run(run_id=run_id, run_name=None if run_id else folder(workdir).resolve().name)
        if run_id is None:
            keep_id(workdir, "mlflow", run.info.run_id)
            mlflow.log_params({key: str(value)[:500] for key, value in fields.items()})

    def scalars(self, step: int, scalars: dict[str, float]) -> None:
        self._client.log_metrics({_mlflow_name(key): value for key, value in scalars.items()}, step=step)

    def samples(self, step: int, rows: list[dict[str, Any]]) -> None:
        columns = zip(COLUMNS, zip(*table(rows), strict=True), strict=True)
        data = {"step": [step] * len(rows)} | {name: list(values) for name, values in columns}
        self._client.log_table(data, "samples.json")

    def close(self) -> None:
        self._client.end_run()


def _mlflow_name(key: str) -> str:
    return re.sub(r"[^\w\-. :/]", "_at_", key)


TRACKERS = dict(zip(SINKS, (Wandb, Trackio, Mlflow), strict=True))
