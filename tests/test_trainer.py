"""The whole system as a user runs it: train, kill, resume, evaluate, sample, report."""

import dataclasses
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import glossary
import pytest
from absl.testing import flagsaver
from test_faults import pictures

from kpo_jax import main
from kpo_jax.commands import runs
from kpo_jax.config import Config, EvalConfig, RolloutConfig, WarmStartConfig
from kpo_jax.ends import Refused
from kpo_jax.recording import workdir as workdirs
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.registry import TaskConfig
from kpo_jax.training import trainer
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.trainer import problem_counts

ROOT = Path(__file__).parents[1]
SMALL = [
    "--config=configs/tiny.py:is_kpo_weak",
    "--config.num_steps=4",
    "--config.model.num_layers=1",
    "--config.model.hidden_size=32",
    "--config.model.intermediate_size=64",
    "--config.warm_start.num_steps=4",
    "--config.rollout.prompts_per_step=4",
    "--config.rollout.group_size=2",
    "--config.learner.num_minibatches=2",
    "--config.sampler.max_response_length=12",
    "--config.eval.every=2",
    "--config.eval.num_samples=2",
    "--config.eval.prompts_per_call=8",
    "--config.eval.sets.held_out.num_problems=8",
    "--config.checkpoint.every=2",
    "--config.data.num_problems=64",
]
# for a run that is to be stopped: it goes on for ever, after as little as may be
ENDLESS = ["--config.num_steps=100000", "--config.warm_start.num_steps=0", "--config.eval.every=0"]
ENVIRONMENT = os.environ | {"JAX_PLATFORMS": "cpu"}


def command(workdir, *arguments, config=SMALL):
    return [sys.executable, "-m", "kpo_jax.main", *config, f"--workdir={workdir}", *arguments]


def run(workdir, *arguments, config=SMALL):
    words = command(workdir, *arguments, config=config)
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=600, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "unbroken"
    result = run(workdir)
    assert result.returncode == 0, result.stderr
    return workdir, result


def test_nothing_is_compiled_after_the_first_training_step(unbroken):
    """Though evaluations and checkpoints come between the steps, and lengths differ."""
    lines = [json.loads(line) for line in (unbroken[0] / "timing.jsonl").read_text().splitlines()]
    assert [line["compile/programs"] for line in lines[1:]] == [0] * 3
    assert lines[0]["compile/programs"] > 20 and lines[0]["compile/seconds"] > 0  # the control: it is counted


def heed_ctrl_c():
    """As in a terminal: what a shell begins in the background ignores it, and so does what that begins."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def started(workdir, *arguments):
    return subprocess.Popen(
        command(workdir, *arguments),
        cwd=ROOT,
        env=ENVIRONMENT,
        preexec_fn=heed_ctrl_c,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(true, process) -> bool:
    deadline = time.monotonic() + 300
    while not true() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def lines(workdir, name="metrics"):
    return (workdir / f"{name}.jsonl").read_text().splitlines()


def test_a_run_leaves_everything_behind(unbroken):
    workdir, result = unbroken
    assert "avg@2 %" in result.stdout and "| base" in result.stdout and "report.md" in result.stdout
    assert "warm start 4/4" in result.stderr and "train 4/4" in result.stderr
    for line in ("method   is_kpo_weak: ", "devices  cpu: 1 x cpu", "data     problems: train 64, held_out 8"):
        assert f"{line}" in result.stderr
    assert "a new run of 4 steps" in result.stderr
    assert all(f"step {step}: held_out  avg@2 " in result.stderr for step in (0, 2, 4))  # when they are made
    for path in (
        "config.json",
        "metrics.jsonl",
        "minibatches.jsonl",
        "timing.jsonl",
        "report.md",
        "learning_curve.png",
    ):
        assert (workdir / path).stat().st_size > 0
    assert {p.name for p in (workdir / "checkpoints").iterdir()} >= {"0", "2", "4"}
    shown = pictures(workdir / "tensorboard")
    assert shown.keys() == {f"figures/{path.stem}" for path in workdir.glob("*.png")} > {"figures/learning_curve"}
    assert {step for step, _ in shown.values()} == {4}
    for tag, (_, image) in shown.items():
        assert image.encoded_image_string == (workdir / f"{tag.partition('/')[2]}.png").read_bytes()
    metrics = [json.loads(line) for line in lines(workdir)]
    assert sorted({m["step"] for m in metrics}) == [0, 1, 2, 3, 4]
    steps = [m for m in metrics if "learner/loss" in m]
    assert len(steps) == 4 and len(lines(workdir, "minibatches")) == 8
    for m in steps:
        assert abs(m["on_policy/ratio/raw_max"] - 1) < 1e-4
        assert m["mismatch/abs_max"] < 1e-3
        assert m["filter/threshold"] == pytest.approx(3 * m["filter/innovation_std_mean"], rel=1e-5)
        assert m["policy/num_tokens"] > 0


def test_every_number_of_a_run_is_in_the_glossary(unbroken):
    found = glossary.keys_of(unbroken[0])
    known = glossary.entries(glossary.PAGE.read_text())
    assert glossary.differences(known, found, {"always", "threshold", "noise model", "clip band", "evaluation"}) == []


def test_a_run_killed_and_resumed_has_the_same_metrics(unbroken, tmp_path):
    whole, _ = unbroken
    workdir = tmp_path / "killed"
    process = subprocess.Popen(
        command(workdir), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not (workdir / "checkpoints" / "2").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (workdir / "checkpoints" / "2").exists()
    # what a killed writer may leave: a torn line, and lines beyond the checkpoint
    with (workdir / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "junk": 1}\n{"step": 3, "lea')
    (workdir / "evals").mkdir(exist_ok=True)
    (beyond := workdir / "evals" / "step_000099_held_out.jsonl").write_text("{}\n")
    left = not (workdir / "checkpoints" / "4").exists()
    result = run(workdir, "--profile_steps=1,4")
    assert result.returncode == 0, result.stderr
    assert re.search(r"resuming from step [2-4] of 4|already at 4 of 4", result.stderr)
    assert "lock of process" in result.stderr and "is taken over" in result.stderr
    assert lines(workdir) == lines(whole) and not beyond.exists()
    assert lines(workdir, "minibatches") == lines(whole, "minibatches")
    assert any((workdir / "profile").rglob("*.xplane.pb")) == left  # the profiler sees the steps that are left


def test_another_seed_has_other_metrics(unbroken, tmp_path):
    """The negative control of the test above."""
    whole, _ = unbroken
    shown = ["--show_samples=2", "--config.trace.every=0", "--config.eval.every=1"]  # samples need no trace on disk
    result = run(tmp_path / "seed", "--config.seed=1", "--config.num_steps=1", "--profile_steps=1,1", *shown)
    assert result.returncode == 0, result.stderr
    assert "--- step 1, sample 1 of 2: reward " in result.stderr and "sample 2 of 2" in result.stderr
    assert not list((tmp_path / "seed").glob("trace/*.npz")) and "sample 1 of" not in unbroken[1].stderr
    assert lines(tmp_path / "seed")[1] != lines(whole)[1]
    assert list((tmp_path / "seed" / "profile").rglob("*.xplane.pb"))  # and the profiler saw the step
    assert not (whole / "profile").exists()


def test_sigterm_saves_and_says_so(tmp_path):
    workdir = tmp_path / "preempted"
    process = started(workdir, *ENDLESS)
    assert wait_until(lambda: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) > 2, process)
    process.terminate()
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 75, stderr
    assert "the same command resumes" in stderr
    step = max(json.loads(line)["step"] for line in lines(workdir))
    assert (workdir / "checkpoints" / str(step)).exists()


def test_ctrl_c_saves_as_sigterm_does_and_meanwhile_nobody_else_may_write(tmp_path):
    workdir = tmp_path / "interrupted"
    first = started(workdir, *ENDLESS)
    assert wait_until(lambda: (workdir / "metrics.jsonl").exists() and len(lines(workdir)) > 2, first)
    assert json.loads((workdir / "lock.json").read_text())["pid"] == first.pid
    second = run(workdir, *ENDLESS)
    assert second.returncode == 64 and first.poll() is None
    (line,) = (line for line in second.stderr.splitlines() if line.startswith("error: "))
    assert f"in use by process {first.pid} on " in line and "Traceback" not in second.stderr
    first.send_signal(signal.SIGINT)
    _, stderr = first.communicate(timeout=300)
    assert first.returncode == 75, stderr
    (line,) = (line for line in stderr.splitlines() if "the same command resumes" in line)
    assert line.startswith("Ctrl-C: saved at step ") and "Traceback" not in stderr and "KeyboardInterrupt" not in stderr
    step = max(json.loads(line)["step"] for line in lines(workdir))
    assert (workdir / "checkpoints" / str(step)).exists() and not (workdir / "lock.json").exists()
    starts = [json.loads(line) for line in (workdir / "provenance.jsonl").read_text().splitlines()]
    assert [start["step"] for start in starts] == [0]  # the second run was none


def test_a_second_ctrl_c_kills(tmp_path):
    workdir = tmp_path / "killed"
    process = started(workdir, *ENDLESS)
    assert wait_until(lambda: (workdir / "lock.json").exists(), process)
    process.send_signal(signal.SIGINT)  # in the midst of starting, which takes long
    stderr = "".join(itertools.takewhile(lambda line: "once more kills" not in line, process.stderr))
    process.send_signal(signal.SIGINT)
    stderr += process.stderr.read()
    assert process.wait(300) == 130, stderr
    assert "Traceback" not in stderr and not (workdir / "lock.json").exists()


def test_a_changed_trajectory_is_refused_with_the_difference(unbroken):
    workdir, _ = unbroken
    result = run(workdir, "--config.learner.learning_rate=0.5")
    assert result.returncode == 64
    assert "learner.learning_rate" in result.stderr and "-> 0.5" in result.stderr


def test_evaluation_of_a_checkpoint_repeats_the_run_s_own(unbroken):
    workdir, _ = unbroken
    before = (workdir / "evals" / "step_000002_held_out.jsonl").read_text()
    result = run(workdir, "--mode=eval", "--step=2")
    assert result.returncode == 0, result.stderr
    assert "avg@2 %" in result.stdout
    assert (workdir / "evals" / "step_000002_held_out.jsonl").read_text() == before


def test_sampling_shows_responses_and_verdicts(unbroken):
    workdir, _ = unbroken
    result = run(workdir, "--mode=sample", "--num_prompts=2")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("correct:") == 2 * 2
    asked = run(workdir, "--mode=sample", "--prompt=1+2+3-1=?")
    assert asked.returncode == 0 and "1+2+3-1=?" in asked.stdout


def files(workdir):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in workdir.rglob("*") if path.is_file()}


def test_a_run_that_has_done_more_steps_is_left_as_it_is(unbroken, tmp_path):
    workdir = tmp_path / "run"
    shutil.copytree(unbroken[0], workdir)
    before = files(workdir)
    result = run(workdir, "--config.num_steps=2")
    assert (result.returncode, result.stdout) == (0, "")
    assert "already at step 4, beyond num_steps = 2: nothing is changed\n" in result.stderr
    assert files(workdir) == before
    # the control: a run that has done fewer goes on, and so does what is written
    result = run(workdir, "--config.num_steps=5")
    assert result.returncode == 0 and "train 5/5" in result.stderr and "report.md" in result.stdout
    assert (workdir / "checkpoints" / "5").exists() and json.loads(lines(workdir)[-1])["step"] == 5
    assert json.loads((workdir / "config.json").read_text())["num_steps"] == 5


def test_steps_to_profile_that_are_none_are_one_line(tmp_path):
    result = run(tmp_path, "--profile_steps=3,2")
    assert result.returncode == 64
    assert result.stderr == "error: --profile_steps: 3,2 is not two training steps, first and last\n"
    with flagsaver.flagsaver():
        for steps, found in (
            ("3", None),
            ("3,2", None),
            ("0,1", None),
            ("a,b", None),
            ("1,2,3", None),
            ("1,2", (1, 2)),
            ("", (0, 0)),
        ):
            main.FLAGS(["kpo_jax", f"--profile_steps={steps}"])
            assert main.profile_steps() == found


def test_differences_that_are_none_are_one_line(tmp_path):
    with flagsaver.flagsaver():
        for sizes, found in (("a", None), ("0", None), ("2,101", None), ("nan", None), ("", None), ("2,0.5", [2, 0.5])):
            main.FLAGS(["kpo_jax", "--mode=report", f"--power={sizes}", f"--workdir={tmp_path}"])
            assert main.sizes() == found
            refused = any(problem.startswith(f"--power: {sizes} is not") for problem in main.flag_problems())
            assert refused == (found is None)


def test_decontamination_is_a_choice(tmp_path):
    for name, problems in (("train", ["1+1=?", "2+2=?", "3+3=?"]), ("held_out", ["2+2=?"])):
        rows = [{"problem": problem, "answer": "4"} for problem in problems]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sets = {name: DataConfig(source="jsonl", path=str(tmp_path / f"{name}.jsonl")) for name in ("train", "held_out")}
    base = Config(
        data=sets["train"],
        eval=EvalConfig(sets={"held_out": sets["held_out"]}),
        rollout=RolloutConfig(prompts_per_step=1),
    )
    kept = {choice: load_inputs(dataclasses.replace(base, decontaminate=choice)) for choice in (True, False)}
    assert [p.problem for p in kept[True].train.problems] == ["1+1=?", "3+3=?"]
    assert kept[True].notes == ["train: 2 problems; dropped: overlaps an evaluation set 1"]
    assert len(kept[False].train.problems) == 3 and kept[False].notes == []
    # and none of what is not trained on: a checkpoint is evaluated on its training problems, or with fewer
    on_itself = dataclasses.replace(
        base, data=sets["held_out"], rollout=RolloutConfig(prompts_per_step=8, prompts_per_call=8)
    )
    values = {"workdir": str(tmp_path / "run"), "allow_config_change": False, "ignore_memory": True}
    for mode in ("eval", "sample"):
        assert len(runs.prepared(on_itself, values | {"mode": mode})[0].train.problems) == 1
    with pytest.raises(Refused):
        runs.prepared(on_itself, values | {"mode": "train"})


def test_every_set_is_counted_whatever_its_name():
    of_test = EvalConfig(sets={"train": DataConfig(split="test", num_problems=4)})
    inputs = load_inputs(Config(data=DataConfig(num_problems=16), eval=of_test))
    assert trainer.problem_counts(inputs) == [("train", 16), ("train", 4)]
def rows_of(path, rows, **fields):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return DataConfig(source="jsonl", path=str(path), **fields)


def test_decontamination_compares_what_prompts_ask(tmp_path):
    """Where the question is the same in all rows, and what it is asked of stands in a column."""
    rows = [{"problem": "which is the largest of these?", "of": [n, 9], "answer": str(max(n, 9))} for n in range(12)]
    train = rows_of(tmp_path / "train.jsonl", rows, prompt="{problem} {of}\n")
    held_out = rows_of(tmp_path / "held_out.jsonl", rows[:3], prompt="say {problem}\n{of}\n")
    config = Config(data=train, eval=EvalConfig(sets={"train": held_out}), rollout=RolloutConfig(prompts_per_step=1))
    inputs = load_inputs(config)
    assert [problem.row["of"][0] for problem in inputs.train.problems] == list(range(3, 12))
    assert problem_counts(inputs) == [("train", 9), ("train", 3)]
    with pytest.raises(ValueError, match=r"^decontaminate: all 12 training problems overlap an evaluation set$"):
        load_inputs(dataclasses.replace(config, eval=EvalConfig(sets={"same": train})))


def test_a_warm_start_on_problems_without_demonstrations_is_one_line(tmp_path):
    game = [{"problem": f"make {n} from {n}, 1", "numbers": [n, 1], "target": n, "answer": n} for n in range(8)]
    config = Config(
        task=TaskConfig("countdown"),
        data=rows_of(tmp_path / "game.jsonl", game),
        rollout=RolloutConfig(prompts_per_step=1),
        warm_start=WarmStartConfig(num_steps=1),
    )
    with pytest.raises(ValueError, match=r"^warm_start\.num_steps: no demonstration of .* line 1: ValueError: .*$"):
        load_inputs(config)
    config = dataclasses.replace(config, data=DataConfig(source="task", num_problems=8, max_prompt_length=64))
    assert len(load_inputs(config).train.problems) == 8
def test_an_evaluation_that_asks_something_else_does_not_take_the_place_of_the_run_s_own(tmp_path, monkeypatch):
    data = DataConfig(num_problems=4, difficulty="easy")
    own = Config(data=data, eval=EvalConfig(sets={name: dataclasses.replace(data, split="test") for name in "ab"}))
    workdirs.write_config(str(tmp_path), own)
    names = []
    note = lambda config, inputs, *_: names.append([one.name for one in inputs.eval_sets])
    monkeypatch.setattr(runs, "restored", lambda config, values: (load_inputs(config, trains=False), None, None, 2))
    monkeypatch.setattr(runs.trainer, "run_evaluation", note)
    monkeypatch.setattr(runs.reports, "load", lambda workdir: None)
    monkeypatch.setattr(runs.reports, "results", lambda loaded, columns: "")
    replaced = lambda **fields: dataclasses.replace(own, eval=dataclasses.replace(own.eval, **fields))
    other = dataclasses.replace(own.eval.sets["b"], problem_seed=1, prompt="{problem} = ")
    for config in (
        own,
        replaced(num_samples=64, prompts_per_call=8, every=1),
        replaced(temperature=0.0, top_p=0.9),
        replaced(sets=own.eval.sets | {"b": other, "c": other}),
    ):
        runs.evaluate(config, {"workdir": str(tmp_path)})
    digest = hashlib.sha256(b"{problem} = ").hexdigest()[:8]
    assert names == [
        ["a", "b"],
        ["a", "b"],
        ["a@temperature=0.0,top_p=0.9", "b@temperature=0.0,top_p=0.9"],
        ["a", f"b@problem_seed=1,prompt={digest}", "c"],
    ]


def test_a_missing_checkpoint_is_one_line(unbroken):
    workdir, _ = unbroken
    result = run(workdir, "--mode=eval", "--step=3")
    assert result.returncode == 64 and "no step 3" in result.stderr


def test_report_over_runs(unbroken, tmp_path):
    workdir, _ = unbroken
    result = run(tmp_path / "report", "--mode=report", f"--runs={workdir}", config=())
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "report" / "report.md").exists()
    missing = run(tmp_path / "report", "--mode=report", "--runs=/nowhere", config=())
    assert missing.returncode == 64 and "no run in /nowhere" in missing.stderr
    refused = run(tmp_path / "report", "--mode=report", f"--runs={workdir}", config=["--config=tiny"])
    assert refused.returncode == 64 and "--config: not with --mode=report" in refused.stderr
