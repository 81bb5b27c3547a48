"""One workdir, one run: the lock's file with owners that live, are gone, or are elsewhere; and real processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kpo_jax.commands import runs
from kpo_jax.ends import Failed
from kpo_jax.files import write_whole
from kpo_jax.runtime import lock, preemption

ROOT = Path(__file__).parents[1]
HOLD = """
import sys, time
from kpo_jax.runtime import lock
def lost(reason):
    print(reason, flush=True)
with lock.held(sys.argv[1], lost):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def fail(reason):
    raise AssertionError(reason)


def holder(workdir, seconds=60.0):
    """A process that holds the workdir."""
    words = [sys.executable, "-c", HOLD, str(workdir), str(seconds)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def owned(workdir, **changes):
    """A lock's file as this process would leave it, but for the changes."""
    with lock.held(str(workdir), fail):
        text = (workdir / lock.NAME).read_text()
    (workdir / lock.NAME).write_text(json.dumps(json.loads(text) | changes) + "\n")


def test_a_lock_is_there_while_it_is_held_and_gone_afterwards(tmp_path):
    with lock.held(str(tmp_path), fail):
        owner = json.loads((tmp_path / lock.NAME).read_text())
        assert owner["pid"] == os.getpid() and owner["host"] and owner["since"]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError), lock.held(str(tmp_path), fail):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with lock.held(str(tmp_path / "nowhere"), fail, active=False):  # another process of a job
        assert list(tmp_path.iterdir()) == []


def test_a_second_run_is_refused_in_one_line_that_names_the_first(tmp_path):
    first = holder(tmp_path)
    try:
        before = (tmp_path / lock.NAME).read_bytes()
        with (
            pytest.raises(
                lock.NotHeld, match=f"in use by process {first.pid} on .* since .*one run at a time"
            ) as error,
            lock.held(str(tmp_path), fail),
        ):
            pass
        assert "\n" not in str(error.value) and (tmp_path / lock.NAME).read_bytes() == before
    finally:
        first.kill()
        first.wait()
    with lock.held(str(tmp_path), fail):  # the control: once it is dead it is taken over
        assert json.loads((tmp_path / lock.NAME).read_text())["pid"] == os.getpid()


def test_a_lock_whose_process_is_gone_is_taken_over_with_one_line(tmp_path, capfd):
    first = holder(tmp_path)
    first.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while lock._started(first.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.05)  # it is dead, but this process, its parent, has not reaped it
    with lock.held(str(tmp_path), fail):
        pass
    assert f"the lock of process {first.pid} on" in (said := capfd.readouterr().err) and said.count("\n") == 1
    first.wait()


def test_a_number_that_another_process_has_now_is_not_the_owner(tmp_path, capfd):
    owned(tmp_path, started=lock._started(os.getpid()) - 1)
    with lock.held(str(tmp_path), fail):
        pass
    assert "taken over" in capfd.readouterr().err
    owned(tmp_path)  # the control: with its own start it is
    with pytest.raises(lock.NotHeld), lock.held(str(tmp_path), fail):
        pass


@pytest.mark.parametrize("gone", (True, False))
def test_a_machine_that_does_not_say_when_a_process_started(tmp_path, monkeypatch, capfd, gone):
    """As macOS, where there is no /proc: a number that nobody has is that of an owner that is gone."""
    monkeypatch.setattr(lock, "_started", lambda pid: None)
    monkeypatch.setattr(lock, "WATCH", 0.1)
    ended = subprocess.Popen(["true"])
    ended.wait()
    owned(tmp_path, pid=ended.pid if gone else os.getpid())
    with lock.held(str(tmp_path), fail):
        pass
    said = capfd.readouterr().err
    assert "taken over" in said and ("sign of life" in said) == (not gone)


@pytest.mark.parametrize("beats", (True, False))
def test_of_another_machine_the_heartbeat_tells(tmp_path, monkeypatch, capfd, beats):
    monkeypatch.setattr(lock, "WATCH", 60.0 if beats else 1.0)
    owned(tmp_path, machine="another", host="elsewhere")
    path = tmp_path / lock.NAME

    def beat():
        path.write_text(json.dumps(json.loads(path.read_text()) | {"beat": 1}))

    timer = threading.Timer(0.3, beat)
    if beats:
        timer.start()
        with pytest.raises(lock.NotHeld, match="on elsewhere"), lock.held(str(tmp_path), fail):
            pass
        timer.join()
    else:
        with lock.held(str(tmp_path), fail):
            pass
        assert "waiting up to 1 s" in (said := capfd.readouterr().err) and "taken over" in said


def test_a_wait_for_another_machine_ends_when_asked_to_stop(tmp_path, monkeypatch):
    owned(tmp_path, machine="another")
    monkeypatch.setattr(preemption, "requested", lambda: True)
    with pytest.raises(preemption.Interrupted), lock.held(str(tmp_path), fail):
        pass


def test_all_processes_leave_where_the_first_was_asked_to_stop_while_it_waited(tmp_path, monkeypatch):
    told = []

    @contextlib.contextmanager
    def waiting(workdir, lost, active):
        if active:
            raise preemption.Interrupted
        yield

    def exchange(value, topic):
        told.append(value)
        return [True, value]

    monkeypatch.setattr(lock, "held", waiting)
    monkeypatch.setattr(runs.distributed, "exchange", exchange)
    for first in (True, False):
        monkeypatch.setattr(runs.distributed, "is_first", lambda first=first: first)
        with pytest.raises(preemption.Interrupted), runs.held(str(tmp_path)):
            raise AssertionError("it must not begin")
    assert told == [True, False]
    monkeypatch.setattr(runs.distributed, "exchange", lambda value, topic: [value])  # the control: nobody was asked
    with runs.held(str(tmp_path)):
        pass


@pytest.mark.parametrize("content", [b'{"host": "tor', b"\xff\xfe"])
def test_a_damaged_lock_is_watched_and_taken_over(tmp_path, monkeypatch, capfd, content):
    monkeypatch.setattr(lock, "WATCH", 0.1)
    (tmp_path / lock.NAME).write_bytes(content)
    with lock.held(str(tmp_path), fail):
        pass
    assert "an unknown process" in capfd.readouterr().err


def test_an_owner_shows_life_and_hears_that_it_was_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)
    heard = []
    with lock.held(str(tmp_path), heard.append):
        path = tmp_path / lock.NAME
        deadline = time.monotonic() + 60
        while json.loads(path.read_text())["beat"] < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert json.loads(path.read_text())["beat"] >= 2 and heard == []
        other = json.dumps(json.loads(path.read_text()) | {"token": "other", "pid": 7})
        while not heard and time.monotonic() < deadline:  # it beats, too; a beat of ours may lie between two of its
            write_whole(path, other)
            time.sleep(0.1)
    assert heard == [f"{path}: taken over by process 7 on {json.loads(path.read_text())['host']}"]
    assert path.exists()  # the other's lock stays


def test_a_stale_lock_is_taken_by_one_of_many(tmp_path):
    owned(tmp_path, started=1)
    words = [sys.executable, "-c", HOLD, str(tmp_path), "20"]
    started = [
        subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    try:
        deadline = time.monotonic() + 60
        while sum(process.poll() is None for process in started) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        left = [process for process in started if process.poll() is None]
        assert len(left) == 1 and left[0].stdout.readline() == "held\n"
        refused = [process for process in started if process is not left[0]]
        assert all(f"in use by process {left[0].pid}" in process.stderr.read() for process in refused)
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_full_disk_leaves_no_lock_and_is_no_usage_error(tmp_path, monkeypatch):
    own = Path.open

    def open_full(path, mode="r", **options):
        file = own(path, mode, **options)
        return open("/dev/full", "w") if mode == "x" else file

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(Failed, match="cannot be written: No space left"), lock.held(str(tmp_path), fail):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(lock.NotHeld, match="cannot be written: "), lock.held(str(tmp_path / "nowhere"), fail):
        pass
