"""Trackers, each with its real library and a store on this machine; skipped where the extra is not installed."""

import json
import math
import sys

import pytest

from kpo_jax.config import MetricsConfig
from kpo_jax.config.schema import SINKS
from kpo_jax.recording import trackers
from kpo_jax.recording.metrics import MetricWriter

FIELDS = {"seed": 3, "learner.learning_rate": 1e-6, "sampler.stop": ("a",)}
ROW = dict(
    problem="1+1=?", answer="2", extracted="2", correct=True, reward=1.0, advantage=0.5, tokens=["2", "\n"],
    before=[-0.5, None],
)  # fmt: skip


@pytest.fixture
def two_lives(tmp_path, monkeypatch):
    """The ids of a run that was resumed at step 2, of steps 1 to 3, in the tracker of that name; no network, no key."""

    def live(name):
        pytest.importorskip(name)
        for variable in ("WANDB_API_KEY", "WANDB_MODE", "MLFLOW_TRACKING_URI"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setattr(trackers, "_has_key", lambda: False)
        monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
        ids = []
        for steps in ((1, 2), (2, 3)):
            opener = trackers.opener(name, "a_project", str(tmp_path), FIELDS)
            writer = MetricWriter(str(tmp_path), steps[0] - 1, True, more=[opener])
            for step in steps:
                writer.write(step, {"rollout/reward_mean": step / 4, "eval/held_out/avg@8": 0.5, "bad": math.nan})
                writer.write(step, {"time/rollout": 1.5}, "timing")
                writer.write(step, {"minibatch": 0, "learner/loss": 1.0}, "minibatches")
            writer.write_samples(steps[1], [ROW, ROW | {"correct": False}])
            writer.close()
            ids.append(trackers.kept_id(str(tmp_path), name))
        assert ids[0] is not None and ids[0] == ids[1]
        return ids[0]

    return live


def test_wandb_is_offline_without_a_key_and_goes_on_in_the_same_run(two_lives, tmp_path, capfd):
    run_id = two_lives("wandb")
    directories = sorted((tmp_path / "wandb").glob(f"offline-run-*-{run_id}"))
    assert 1 <= len(directories) <= 2  # within one second both lives have one
    written = b"".join(path.read_bytes() for path in (tmp_path / "wandb").rglob("*.wandb"))
    for name in (b"rollout/reward_mean", b"eval/held_out/avg@8", b"time/rollout", b"learner.learning_rate"):
        assert name in written
    assert b"learner/loss" not in written  # the optimizer steps stay in their file
    tables = [json.loads(path.read_text()) for path in (tmp_path / "wandb").rglob("*.table.json")]
    assert tables and tables[0]["columns"] == list(trackers.COLUMNS)
    assert tables[0]["data"][0] == ["1+1=?", "2\n", "2", "2", True, 1.0, 0.5, 0.5]
    assert "warning" not in capfd.readouterr().err


def test_trackio_keeps_both_lives_in_one_run(two_lives, tmp_path, capfd):
    run_id = two_lives("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    said = capfd.readouterr()
    assert said.out == "" and "warning" not in said.err
    logs = SQLiteStorage.get_logs("a_project", run_id)
    found = [(line["step"], line["rollout/reward_mean"]) for line in logs if "rollout/reward_mean" in line]
    assert found == [(1, 0.25), (2, 0.5), (2, 0.5), (3, 0.75)]
    assert any(line.get("eval/held_out/avg@8") == 0.5 for line in logs) and any("samples" in line for line in logs)
    assert SQLiteStorage.get_run_config("a_project", run_id)["learner.learning_rate"] == 1e-6


def test_mlflow_keeps_both_lives_in_one_run(two_lives, tmp_path, capfd):
    run_id = two_lives("mlflow")
    assert "warning: " not in capfd.readouterr().err
    import mlflow

    client = mlflow.MlflowClient((tmp_path / "mlruns").as_uri())
    run = client.get_run(run_id)
    assert run.data.params["learner.learning_rate"] == "1e-06" and run.data.params["sampler.stop"] == "('a',)"
    history = client.get_metric_history(run_id, "rollout/reward_mean")
    assert [(one.step, one.value) for one in history] == [(1, 0.25), (2, 0.5), (2, 0.5), (3, 0.75)]
    assert run.data.metrics["eval/held_out/avg_at_8"] == 0.5
    (path,) = (tmp_path / "mlruns").rglob("samples.json")
    table = json.loads(path.read_text())
    assert table["columns"] == ["step", *trackers.COLUMNS]
    assert [row[0] for row in table["data"]] == [2, 2, 3, 3]


@pytest.mark.parametrize("name", SINKS)
def test_a_tracker_that_is_not_installed_is_one_line_and_ends_nothing(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, name, None)
    writer = MetricWriter(str(tmp_path), 0, True, more=[trackers.opener(name, "p", str(tmp_path), FIELDS)])
    writer.write(1, {"loss": 0.5})
    writer.close()
    assert json.loads((tmp_path / "metrics.jsonl").read_text()) == {"step": 1, "loss": 0.5}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ") and f"pip install {name}" in line


def test_which_sinks_there_are():
    assert MetricsConfig("wandb,trackio,wandb").names == ["wandb", "trackio"] and MetricsConfig().names == []
    for sinks in ("wandb,tensorboard", "wandb trackio", "x"):
        with pytest.raises(ValueError, match=r"sinks: .* is not one of wandb, trackio, mlflow"):
            MetricsConfig(sinks)
    with pytest.raises(ValueError, match="project: '' is no name"):
        MetricsConfig(project="")


def test_ids_of_several_trackers_stand_beside_each_other(tmp_path):
    assert trackers.kept_id(str(tmp_path), "wandb") is None
    trackers.keep_id(str(tmp_path), "wandb", "a")
    trackers.keep_id(str(tmp_path), "mlflow", "b")
    assert [trackers.kept_id(str(tmp_path), name) for name in SINKS] == ["a", None, "b"]
    (tmp_path / trackers.NAME).write_text("{tor")
    assert trackers.kept_id(str(tmp_path), "wandb") is None
