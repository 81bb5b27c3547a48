"""What a person sees: lines that fit, phases that are told before they bore, a bar whose estimate knows no compilation,
samples whose text can only be read.
"""

import faulthandler
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from report_runs import HOSTILE, write_trace

from kpo_jax.commands import modes
from kpo_jax.recording import lines, terminal
from kpo_jax.report import responses
from kpo_jax.runtime import distributed, preemption, watchdog

ROOT = Path(__file__).parents[1]
SCALARS = {
    "rollout/reward_mean": 0.4123, "rollout/solved_groups": 0.25, "rollout/failed_groups": 0.0625,
    "policy/approx_kl": 1.234e-4, "policy/entropy": 0.612, "rollout/length_mean": 1234.5, "rollout/truncated": 0.031,
    "clip/fraction": 0.2345, "learner/grad_norm": 0.412, "learner/learning_rate": 1e-6,
}  # fmt: skip
SPEEDS = {"speed/response_tokens_per_second": 123456.7}


def test_a_step_s_line_fits_80_columns_and_uses_200():
    parts = lines.step(SCALARS, SPEEDS, 2.54)
    narrow, wide = (terminal.fitting("train 12/32", parts, columns) for columns in (80, 200))
    assert len(narrow) <= 80 < len(wide) <= 200
    assert narrow == "train 12/32  reward 0.412  solved 25%  failed 6%  kl 1.2e-04  entropy 0.612"
    assert wide == narrow + ("  length 1234.5  cut 3%  clip 23.4%  grad 0.41  lr 1.0e-06  123,457 tok/s  2.5 s/step")
    assert terminal.fitting("head", ["x" * 100, "y"], 80) == "head"  # nothing comes before what matters more


def test_where_a_run_goes_on():
    assert lines.position(0, 32, False, new=True) == "a new run of 32 steps"
    assert lines.position(10, 32, False, new=False) == "resuming from step 10 of 32"
    assert lines.position(32, 32, True, new=False) == "already at 32 of 32: nothing to do"
    assert "evaluation is left" in lines.position(32, 32, False, new=False)


def test_an_evaluation_says_what_its_samples_were():
    scalars = {
        "eval/held_out/truncated": 0.5, "eval/held_out/avg@8": 0.451, "eval/held_out/avg@8_low": 0.394,
        "eval/held_out/avg@8_high": 0.51, "eval/held_out/reward_correct": 0.451, "eval/b/avg@2": 1.0,
        "eval/b/avg@2_low": float("nan"), "eval/b/avg@2_high": float("nan"), "eval/b/truncated": 0.0,
    }  # fmt: skip
    assert lines.evaluations(8, scalars) == [
        "step 8: held_out  avg@8 45.1% [39.4, 51.0]  cut 50%",
        "step 8: b  avg@2 100.0%  cut 0%",
    ]


@pytest.fixture
def clock(monkeypatch):
    """[the time], which stands still unless a test moves it."""
    clock = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock[0])
    return clock


def test_the_estimate_leaves_the_first_step_out(clock):
    progress = terminal.Progress("train", 0, 10)
    try:
        assert "00:00<?" in progress.meter("", 80, 0.0)
        for now, step in ((100.0, 1), (101.0, 2), (102.0, 3)):
            clock[0] = now
            progress.update(step, [])
        shown = progress.meter("step 4: rollout", 80, 102.0)
        assert "01:42<00:07" in shown  # with the first step it would be 7 x 34 s
        assert "3/10" in shown and "step 4: rollout" in shown and len(shown) <= 80
    finally:
        progress.close()


@pytest.fixture
def impatient(monkeypatch):
    """A screen that has said something, and whose seconds are tenths of one."""
    for name in ("TICK", "FIRST", "AGAIN", "LONG"):
        monkeypatch.setattr(terminal, name, getattr(terminal, name) / 10)
    screen = terminal._Screen()
    screen.line("something")
    yield screen
    screen.phase("")
    wait_until_idle(screen)


def wait_until_idle(screen):
    deadline = time.monotonic() + 60
    while screen._thread is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert screen._thread is None


def wait_for(capfd, text, seconds=60.0):
    said, deadline = "", time.monotonic() + seconds
    while text not in said and time.monotonic() < deadline:
        time.sleep(0.02)
        said += capfd.readouterr().err
    return said


def test_a_phase_that_takes_long_is_told_again_and_again(impatient, capfd):
    capfd.readouterr()
    impatient.compiling = lambda: (3, 9)
    impatient.phase("step 1: rollout")
    said = wait_for(capfd, "compiled, ")
    assert said.startswith("step 1: rollout, 3 of 9 programs compiled ...\nstep 1: rollout, 3 of 9 programs compiled, ")
    impatient.compiling = lambda: (9, 9)
    impatient.phase("step 2: rollout")  # not the first of its kind
    assert "step 2: rollout ...\n" in wait_for(capfd, "step 2: rollout ...\n")
    impatient.phase("step 2: checkpoint")
    assert "step 2: checkpoint ...\n" in wait_for(capfd, "checkpoint ...\n")
    impatient.phase("")
    capfd.readouterr()
    time.sleep(3 * terminal.AGAIN)
    assert capfd.readouterr().err == ""  # nothing goes on
    wait_until_idle(impatient)


def test_phases_that_are_short_and_lines_that_come_often_leave_nothing_to_tell(clock, capfd):
    screen = terminal._Screen()
    screen.line("something")
    for number in range(30):  # longer than FIRST together
        screen.phase(f"step {number}: rollout")
        clock[0] += 1.2 * terminal.FIRST / 30
        screen._tell_phase()
    screen.phase("step 31: rollout")
    for _ in range(30):
        screen.line("something")
        clock[0] += 0.9 * terminal.FIRST
        screen._tell_phase()
    assert set(capfd.readouterr().err.splitlines()) == {"something"}
    clock[0] += terminal.FIRST  # the control
    screen._tell_phase()
    assert capfd.readouterr().err == "step 31: rollout ...\n"
    screen.phase("")


def test_short_phases_that_say_nothing_are_no_silence(impatient, capfd):
    capfd.readouterr()
    deadline, said = time.monotonic() + 60, ""
    while "step " not in said and time.monotonic() < deadline:
        impatient.phase(f"step 1: part {time.monotonic()}")
        time.sleep(terminal.FIRST / 4)
        said += capfd.readouterr().err
    assert said.startswith("step 1: part ") and said.endswith(" ...\n")


def test_before_its_first_line_a_run_is_silent_for_longer(clock, capfd):
    """Through all of its phases together, so that a mistake found in them is one line, but never for much longer."""
    silent = terminal._Screen()
    silent.phase("start: loading")
    for now, name in ((terminal.FIRST, "start: reading the data"), (terminal.AGAIN - 0.1, "")):
        clock[0] = now
        silent._tell_phase()
        if name:
            silent.phase(name)
    assert capfd.readouterr().err == ""
    clock[0] = terminal.AGAIN
    silent._tell_phase()
    assert capfd.readouterr().err == "start: reading the data ...\n"
    silent.phase("")


def test_a_phase_that_the_bar_counts_is_told_with_its_number(impatient, monkeypatch, capfd):
    monkeypatch.setattr(terminal, "_SCREEN", impatient)
    impatient.compiling = lambda: (3, 9)
    progress = terminal.Progress("warm start", 0, 300)
    progress.advance(33)
    impatient.phase("warm start")
    assert "warm start 33/300, 3 of 9 programs compiled ...\n" in wait_for(capfd, "compiled ...")
    monkeypatch.setattr(impatient, "_is_live", lambda: True)
    monkeypatch.setattr(impatient, "_since", time.monotonic() - 9)
    impatient._draw()  # nor is it said beside the bar
    said = capfd.readouterr().err
    assert (
        "warm start: 33/300 |" in said and said.count("warm start") == 1 and said.rstrip().endswith("programs compiled")
    )
    monkeypatch.setattr(impatient, "_is_live", lambda: False)
    impatient.phase("step 0: evaluation")  # control: the bar does not count it
    assert "step 0: evaluation, 3 of 9 programs compiled ...\n" in wait_for(
        capfd, "evaluation, 3 of 9 programs compiled ..."
    )
    progress.close()


def test_the_bar_does_not_jump_with_what_is_done_beside_it():
    progress = terminal.Progress("train", 0, 10)
    try:
        said = [progress.meter(doing, 77, 0.0) for doing in ("step 1: score", "step 1: rollout 11 s", "x" * 60)]
    finally:
        progress.close()
    assert len({text.rindex("|") for text in said[:2]}) == 1 and [len(text) for text in said] == [77] * 3
    assert said[2].rindex("|") < said[0].rindex("|")  # unless it needs the room


def test_phases_are_told_in_their_context_alone():
    terminal.phase("nothing")
    assert terminal._SCREEN._phase == ""
    with terminal.phases():
        terminal.phase("step 1: rollout")
        assert terminal._SCREEN._phase == "step 1: rollout"
    assert terminal._SCREEN._phase == "" and terminal._SCREEN.open == 0


LIVE = """
import time
from kpo_jax.recording import terminal
terminal.TICK, terminal.BETWEEN_STEPS = 0.05, 0.0
with terminal.phases("start"):
    progress = terminal.Progress("train", 0, 3)
    for step in (1, 2, 3):
        terminal.phase(f"step {step}: rollout")
        time.sleep(0.3)
        progress.update(step, [f"part{i:02d}" for i in range(40)])
    terminal.phase("step 3: evaluation")
    terminal.tell("a line")
    progress.close()
"""


def test_a_terminal_that_nobody_gave_a_size_is_as_wide_as_none():
    master, slave = pty.openpty()
    try:
        with os.fdopen(slave, "w") as stream:
            assert os.get_terminal_size(slave).columns == 0 and terminal.width(stream) == terminal.WIDEST
            subprocess.run(["stty", "cols", "80"], stdin=slave, check=True)
            assert terminal.width(stream) == 80  # the control
    finally:
        os.close(master)


@pytest.mark.parametrize("columns", (80, 200))
def test_a_live_line_on_a_terminal_of_that_width(columns):
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", str(columns), "rows", "24"], stdin=slave, check=True)
    environment = os.environ | {"TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", LIVE], cwd=ROOT, env=environment, stderr=slave)
    os.close(slave)
    said = b""
    try:
        while part := os.read(master, 65536):
            said += part
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0
    os.close(master)
    shown = [re.sub(r"\033\[K", "", piece) for piece in re.split(r"[\r\n]+", said.decode())]
    assert max(map(len, shown)) <= columns < max(map(len, shown)) + 10
    assert "a line" in shown and any(piece.startswith("train: 1/3 |") and "step 2: rollout" in piece for piece in shown)
    assert [piece[:10] for piece in shown if piece.startswith("train ")] == ["train 1/3 ", "train 2/3 ", "train 3/3 "]
    assert said.endswith(b"\r\x1b[K")  # nothing is left of the live line


# --------------------------------------------------------------------------------------------- what nobody hears


def second_interrupt():
    heard, told = os.pipe()
    os.write(told, bytes([signal.SIGINT, signal.SIGINT]))
    preemption._listen(heard, at_kill=lambda: None)


def live_line():
    with terminal.phases("start"):
        terminal.tell("a line")


def hang():
    watched = watchdog.Watchdog(0.0)
    watched._deadline = 0.0
    watched._watch()


@pytest.mark.parametrize(
    "speak, code",
    [
        (live_line, None),
        (second_interrupt, 130),
        (lambda: distributed.fail("lost"), 13),
        (hang, 13),
        (lambda: modes.usage(["wrong"]), 64),
    ],
)
def test_what_cannot_be_said_is_done(monkeypatch, speak, code):
    class Full:
        """Standard error in a file on a full disk, which says that it is a terminal so that there is a live line."""

        def write(self, text):
            raise OSError(28, "No space left on device")

        flush, isatty, fileno = lambda self: self.write(""), lambda self: True, lambda self: 2

    def leave(code):
        raise SystemExit(code)

    monkeypatch.setattr(sys, "stderr", Full())
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(faulthandler, "dump_traceback", lambda **options: None)
    try:
        ended = speak()
    except SystemExit as error:
        ended = error.code
    finally:
        preemption._requested.clear()
    assert ended == code


@pytest.mark.parametrize(
    "call, streams",
    [
        ("say('x')", {"stderr": "full"}),
        ("say('x'); say('y' * 10**5)", {"stderr": "closed"}),
        ("show('x' * 10**5); show('y')", {"stdout": "closed"}),
    ],
)
def test_what_nobody_hears_changes_no_exit_code(call, streams):
    reader, closed = os.pipe()
    os.close(reader)
    with open("/dev/full", "w") as full:
        given = {name: {"full": full, "closed": closed}[what] for name, what in streams.items()}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        command = [sys.executable, "-c", f"from kpo_jax.runtime.streams import say, show; {call}"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, text=True,
            **dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE) | given,
        )  # fmt: skip
    os.close(closed)
    assert done.returncode == 0 and not done.stdout and not done.stderr


# ------------------------------------------------------------------------------------------------------------- samples


class Hostile:
    """A tokenizer of texts that a model might write to take a terminal over."""

    def decode(self, ids):
        return {0: "", 2: HOSTILE[1], 3: "\033]0;pwned\007", 4: "a\nb"}.get(ids[0], "x")


def traced(tmp_path):
    write_trace(tmp_path, 2)
    with np.load(tmp_path / "trace" / "step_000002.npz") as file:
        return {name: file[name] for name in file.files}


def test_samples_are_shown_with_what_they_earned(tmp_path):
    from kpo_jax.weights.tokenizers import CharTokenizer

    rows = responses.of_step(traced(tmp_path), 4, CharTokenizer(), 3)
    assert len(rows) == 3 and [row["correct"] for row in rows] == [True, False, True]
    plain = "\n".join(lines.samples(2, rows, False, 80))
    assert "--- step 2, sample 1 of 3: reward 1.0, right, extracted '7', answer" in plain and "wrong" in plain
    assert plain.count("Answer: 7") == 3 and "\033" not in plain and "ratios 0." in plain
    coloured = "\n".join(lines.samples(2, rows, True, 80))
    assert coloured != plain and re.sub(r"\033\[[0-9;]*m|⏎", "", coloured) == plain
    assert "48;5;33m" in coloured and "48;5;196m" in coloured  # both ways, as far as the scale goes
    for line in coloured.split("\n"):  # a colour ends with its line
        assert not re.search(r"\033\[38[^\033]*$", line)


def test_what_a_model_wrote_does_nothing_to_a_terminal(tmp_path):
    arrays = traced(tmp_path)
    arrays["token"] = (np.arange(len(arrays["token"])) % 5).astype(np.int32)
    for colours in (False, True):
        text = "\n".join(lines.samples(2, responses.of_step(arrays, 4, Hostile(), 4), colours, 80))
        rest = re.sub(r"\033\[38;5;16;48;5;\d+m|\033\[0m", "", text) if colours else text
        assert not any(ord(c) < 32 and c != "\n" for c in rest) and "\x9b" not in rest and "\u202e" not in rest
    assert "␛" in text


def test_a_long_response_is_cut_and_said_to_be():
    row = dict(
        problem="p", answer="a", extracted="none", correct=False, reward=None, advantage=0.0, tokens=["x"] * 700,
        before=[None, *[0.0] * 699],
    )  # fmt: skip
    text = lines.samples(1, [row], True, 80)
    assert text[-2] == "x" * 500 and text[-1] == "... (200 more tokens)"
