"""What a fault leaves of the loops, the metrics and the checkpoints; tests/drill.py strikes whole runs."""

import dataclasses
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import drill
import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest
from processes import without_phases

from kpo_jax.config import Config, RolloutConfig
from kpo_jax.model.decoder import init_params
from kpo_jax.recording import evaluations, metrics, sinks
from kpo_jax.recording.metrics import MetricWriter
from kpo_jax.runtime import preemption
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.sampling import engine
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.programs import Programs
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.training import checkpoints, step, trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.setup import build_programs
from kpo_jax.verifier import verify_batch

ROOT = Path(__file__).parents[1]
MODEL = dataclasses.replace(Config().model, num_layers=1, hidden_size=32, intermediate_size=64)


@pytest.fixture
def sigterm():
    """SIGTERM is caught, as in a run, until the test ends."""
    before = signal.getsignal(signal.SIGTERM)
    preemption.catch_signals()
    yield lambda: os.kill(os.getpid(), signal.SIGTERM)
    preemption.catch_signals()
    signal.signal(signal.SIGTERM, before)


# ---------------------------------------------------------------------------------------------------- decode and reward


def test_sigterm_leaves_the_decode_loop_between_dispatches(sigterm):
    mesh = make_mesh(Config().mesh, jax.devices()[:1])
    programs = Programs(MODEL, SampleConfig(max_response_length=70), mesh, (1,))
    sample = engine.make_sampler(programs, pad_id=0, group_size=2)
    arguments = (init_params(MODEL, jax.random.key(0)), [[2, 3]] * 4)
    named = dict(key=jax.random.key(1), row_ids=np.arange(8).reshape(4, 2), prompt_length=2, num_slots=4)
    sample(*arguments, **named)  # the negative control: nobody has asked
    dispatches = []

    def once(*args, run=engine._run, **named):
        dispatches.append(run(*args, **named))
        sigterm()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kpo_jax.sampling.engine._run", once)
        with pytest.raises(preemption.Interrupted):
            sample(*arguments, **named)
    assert len(dispatches) == 1


def test_sigterm_leaves_the_grading_at_once(sigterm):
    responses = ["\\boxed{1}"] * 400
    assert all(verdict.correct for verdict in verify_batch(responses[:4], ["1"] * 4, workers=1, check=preemption.check))
    sigterm()
    start = time.monotonic()
    with pytest.raises(preemption.Interrupted):
        verify_batch(responses, ["1"] * 400, workers=1, check=preemption.check)
    assert time.monotonic() - start < 60  # a worker takes seconds to start on a busy machine


# -------------------------------------------------------------------------------------------------------- metrics files


def lines(workdir) -> list[dict]:
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]


def test_bad_updates_in_a_row_count_though_a_good_one_follows_in_their_step(tmp_path):
    config, key = Config(), "learner/skipped_in_a_row"
    minibatch = SimpleNamespace(rows={"tokens": np.zeros((2, 3), np.int32)})
    assert config.learner.max_bad_updates == 3
    step.check_finite(config, [{key: 1}, {key: 2}, {key: 0}, {key: 1}], [minibatch], 5, str(tmp_path))  # the control
    with pytest.raises(step.Diverged, match="3 updates in a row"):
        step.check_finite(config, [{key: 1}, {key: 2}, {key: 3}, {key: 0}], [minibatch], 5, str(tmp_path))
    assert np.load(tmp_path / "bad_batch_step_000005.npz")["tokens"].shape == (2, 3)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(step.Diverged, match=r"3 updates in a row .* the batch was not written: "):
        step.check_finite(config, [{key: 3}], [minibatch], 5, str(tmp_path / "file"))


def test_what_an_earlier_life_evaluated_beyond_the_state_that_is_gone_on_from_is_removed(tmp_path):
    for number in (0, 10, 20, 30):
        result = evaluations.EvalResult(
            "a_b", number, ["1"], ["?"], ["1"], np.ones((1, 2), bool), {}, [["1", "1"]], ["1"], 0.0, {}
        )
        evaluations.save(result, str(tmp_path))
    evaluations.forget(str(tmp_path), after=10)
    assert sorted(evaluations.load(str(tmp_path))["a_b"]) == [0, 10]
    evaluations.forget(str(tmp_path / "new"), after=0)


@pytest.mark.parametrize("evaluated", [True, False])
def test_a_resumed_run_keeps_what_it_will_not_write_again(tmp_path, evaluated):
    whole = [
        {"step": 0, "eval/x": 1},
        {"step": 1, "loss": 2},
        {"step": 2, "loss": 3},
        {"step": 2, "eval/x": 4},
        {"step": 3, "loss": 5},
    ]
    text = "".join(json.dumps(line) + "\n" for line in whole)
    (tmp_path / "metrics.jsonl").write_text(text + "[1]\nnull\n" + '{"step": 4, "lo')
    writer = MetricWriter(str(tmp_path), done=2, evaluated=evaluated)
    if not evaluated:
        writer.write(2, {"eval/x": 4})
    writer.write(3, {"loss": 5})
    writer.close()
    assert (tmp_path / "metrics.jsonl").read_text() == text


def test_a_full_disk_delays_lines_and_tears_none(tmp_path, capsys):
    writer, unlimited = MetricWriter(str(tmp_path), done=0, evaluated=True), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for step in range(60):
            if step == 10:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1001, unlimited[1]))  # in the middle of a line
            if step == 50:
                resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
            if step == 40:
                assert (tmp_path / "metrics.jsonl").stat().st_size == 1001
            writer.write(step, {"loss": step / 7, "rollout/reward_mean": -step / 3})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    writer.close()
    assert [line["step"] for line in lines(tmp_path)] == list(range(60))
    assert lines(tmp_path)[20]["loss"] == 20 / 7
    said = capsys.readouterr().err
    assert said.count("metrics.jsonl cannot be written") == 1 and "no more TensorBoard events" in said


def test_tensorboard_reads_the_events(tmp_path):
    writer = MetricWriter(str(tmp_path), done=0, evaluated=True)
    writer.write(3, {"loss": 0.5, "bad": float("nan")})
    writer.close()
    assert lines(tmp_path) == [{"step": 3, "loss": 0.5, "bad": None}]
    events = list(metrics_events(tmp_path / "tensorboard"))
    assert [(event.step, [v.tag for v in event.summary.value]) for event in events if event.HasField("summary")] == [
        (3, ["loss", "bad"])
    ]


def metrics_events(directory):
    """The events of the files, by their format: length, checksum, bytes, checksum."""
    for path in sorted(directory.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            yield sinks.event_pb2.Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]


ROW = dict(
    problem="1+1=?", answer="2", extracted="2", correct=True, reward=1.0, advantage=0.5,
    tokens=["<b>2", "\n", "# Answer"], before=[-0.5, None, 0.25],
)  # fmt: skip


def test_tensorboard_has_the_configuration_and_samples_as_text(tmp_path):
    writer = MetricWriter(str(tmp_path), done=0, evaluated=True, fields={"seed": 3, "a.b": "x", "stop": ("y",)})
    writer.write_samples(7, [ROW])
    writer.close()
    values = {
        value.tag: (event.step, value)
        for event in metrics_events(tmp_path / "tensorboard")
        for value in event.summary.value
    }
    assert {"_hparams_/experiment", "_hparams_/session_start_info"} <= values.keys()
    start = values["_hparams_/session_start_info"][1].metadata.plugin_data.content
    assert b"a.b" in start and b"seed" in start and b"('y',)" in start
    step, value = values["samples/0/text_summary"]
    text = value.tensor.string_val[0].decode()
    assert step == 7 and value.metadata.plugin_data.plugin_name == "text"
    assert "reward 1.0, right" in text and "    <b>2\n    # Answer" in text  # as code: no markup of its own
    assert "'<b>2' -0.5\n    '# Answer' +0.25" in text


def pictures(directory) -> dict:
    """{tag: (step, image)} of the events in a directory."""
    events = [(event.step, value) for event in metrics_events(directory) for value in event.summary.value]
    return {value.tag: (step, value.image) for step, value in events if value.HasField("image")}


def test_tensorboard_has_the_figures_of_a_finished_run(tmp_path):
    figure, _ = plt.subplots(figsize=(2, 1))
    figure.savefig(tmp_path / "learning_curve.png", dpi=50)
    plt.close(figure)
    metrics.write_figures(str(tmp_path), 4, [tmp_path / "learning_curve.png"])
    ((tag, (step, image)),) = pictures(tmp_path / "tensorboard").items()
    assert (tag, step, image.width, image.height, image.colorspace) == ("figures/learning_curve", 4, 100, 50, 4)
    assert plt.imread(io.BytesIO(image.encoded_image_string)).shape == (50, 100, 4)  # a real reader agrees


@pytest.mark.parametrize("fault", ["no such file", "not a PNG", "no directory"])
def test_figures_that_tensorboard_cannot_have_are_a_warning(fault, tmp_path, capsys):
    path = tmp_path / "scores.png"
    if fault == "not a PNG":
        path.write_bytes(b"GIF89a" + bytes(100))
    if fault == "no directory":
        (tmp_path / "tensorboard").write_text("a file")
    metrics.write_figures(str(tmp_path), 4, [path])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: TensorBoard gets no figures (")


class Broken:
    """A sink that fails at its second line."""

    name = "lines to nowhere"

    def __init__(self):
        self.lines = 0

    def scalars(self, step, scalars):
        self.lines += 1
        if self.lines > 1:
            raise RuntimeError("no network")

    def close(self):
        raise AssertionError("it is not there any more")


def test_a_sink_that_fails_is_left_out_and_ends_nothing(tmp_path, capsys):
    def refused():
        raise ImportError("no such library")

    broken = Broken()
    writer = MetricWriter(str(tmp_path), done=0, evaluated=True, more=[refused, lambda: broken])
    for number in (1, 2, 3):
        writer.write(number, {"loss": number})
    writer.close()
    assert broken.lines == 2 and [line["loss"] for line in lines(tmp_path)] == [1, 2, 3]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "no such library" in said[0] and "no more lines to nowhere (no network)" in said[1]


# ------------------------------------------------------------------------------------------------------- starting again


def test_where_no_checkpoint_is_good_a_run_starts_only_if_told(tmp_path, capsys):
    config = Config(
        model=MODEL, data=DataConfig(source="arithmetic", num_problems=32), rollout=RolloutConfig(prompts_per_step=8)
    )
    inputs = load_inputs(config)
    programs = build_programs(config, inputs)
    (tmp_path / "checkpoints" / "3").mkdir(parents=True)
    with pytest.raises(checkpoints.Damaged, match=r"none of 1 .* is good; --start_afresh"):
        trainer.resume(config, inputs, programs, str(tmp_path), start_afresh=False)
    assert (tmp_path / "checkpoints" / "3").exists()
    nothing = dataclasses.replace(config, init_from=str(tmp_path / "nothing"))  # what cannot begin changes nothing
    for workdir in (tmp_path, tmp_path / "new"):
        with pytest.raises(checkpoints.Damaged, match=r"^init_from: .* holds no checkpoints"):
            trainer.resume(nothing, inputs, programs, str(workdir), start_afresh=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["checkpoints", "3"]
    resumed = trainer.resume(config, inputs, programs, str(tmp_path), start_afresh=True)
    assert (resumed.step, resumed.saved) == (0, None)
    assert not (tmp_path / "checkpoints" / "3").exists() and (tmp_path / "damaged_checkpoints" / "3").exists()
    assert trainer.resume(config, inputs, programs, str(tmp_path / "new"), start_afresh=False).step == 0


@pytest.mark.parametrize(
    "arguments, environment, told",
    [
        (
            ["--config=configs/tiny.py:grpo"],
            {"KPO_COORDINATOR": "127.0.0.1:1"},
            "error: KPO_NUM_PROCESSES, KPO_PROCESS_ID: not set",
        ),
        (["--mode=report", "--detect_job"], {}, "error: --detect_job: not with --mode=report"),
    ],
)
def test_half_of_a_job_is_a_usage_error(tmp_path, arguments, environment, told):
    command = [sys.executable, "-m", "kpo_jax.main", *arguments, f"--workdir={tmp_path / 'run'}"]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=300
    )
    said = without_phases(result.stderr)
    assert result.returncode == 64 and said.startswith(told) and said.count("\n") == 1
    assert not (tmp_path / "run").exists()


# ----------------------------------------------------------------------------------------------------------- whole runs


@pytest.mark.slow
def test_every_fault_ends_as_it_should(tmp_path):
    outcomes = drill.run(tmp_path / "drills", seed=3, rounds=1, only="")
    assert all(outcome.good for outcome in outcomes), "\n".join(outcome.line() for outcome in outcomes)
