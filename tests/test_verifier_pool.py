"""verify_batch: order, failures as verdicts, processes that die, hang or run out of memory, and none left behind."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from kpo_jax.verifier import Grader, Verdict, count_failures, pool, verify, verify_batch

ROOT = Path(__file__).parents[1]
# Workers that misbehave on one request and grade all others.
MISBEHAVING = (
    "import sys, time, os, json; sys.path.insert(0, sys.argv[1])\n"
    "from kpo_jax.verifier import pool\n"
    "real = pool.verify\n"
    "def verify(response, answer):\n"
    "    if 'sleep' in response: time.sleep(1000)\n"
    "    if 'die' in response: os._exit(7)\n"
    "    if 'memory' in response: bytearray(1 << 40)\n"
    "    return real(response, answer)\n"
    "pool.verify = verify\n"
    "pool.work(int(sys.argv[2]))\n"
)


def children() -> set[str]:
    """The processes whose parent is this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(stat.parent.name)
    return found


@pytest.mark.parametrize("workers", [1, 3, None])
def test_agrees_with_verify_and_keeps_the_order(workers):
    responses = [f"so \\boxed{{{k}}}" for k in range(90)]
    answers = [str(k if k % 3 else k + 1) for k in range(90)]
    assert verify_batch(responses, answers, workers=workers) == [
        verify(r, a) for r, a in zip(responses, answers, strict=True)
    ]


def test_empty_batch():
    assert verify_batch([], []) == []


def test_answers_are_graded_while_others_are_still_to_come():
    with Grader(workers=1) as grader:
        grader.submit("first", "\\boxed{1}", "1")
        deadline = time.monotonic() + 60
        while "first" not in grader._replies and time.monotonic() < deadline:
            time.sleep(0.01)
        assert set(grader._replies) == {"first"}
        grader.submit("second", "\\boxed{1}", "2")
        assert {name: reply[0] for name, reply in grader.replies().items()} == {"first": True, "second": False}


def test_leaving_a_grader_drops_what_waits_and_leaves_no_process(monkeypatch):
    monkeypatch.setattr(pool, "_COMMAND", MISBEHAVING)
    monkeypatch.setattr(pool, "STARTUP_TIMEOUT", 1.0)
    before = children()
    with Grader(workers=1, timeout=0.5) as grader:
        for name in range(40):
            grader.submit(name, "sleep \\boxed{1}", "1")
    grader._threads[0].join(60)
    assert not grader._threads[0].is_alive()
    assert len(grader._replies) <= 1 and children() == before


def test_leaving_a_grader_that_has_nothing_to_do_ends_its_worker():
    before = children()
    with Grader(workers=1) as grader:
        grader.submit("only", "\\boxed{1}", "1")
        deadline = time.monotonic() + 60
        while not grader._replies and time.monotonic() < deadline:
            time.sleep(0.01)
        assert children() > before  # the control: it waits for more
    grader._threads[0].join(60)
    assert not grader._threads[0].is_alive() and children() == before


def test_text_of_any_kind_survives_the_pipe():
    responses = ["\\boxed{\ud800}", "\\boxed{a\nb\r\n\u2028}", "\\boxed{\x00}", "\\boxed{" + "é" * 300_000 + "}", ""]
    assert [v.extracted for v in verify_batch(responses, ["1"] * 5, workers=1)] == [
        "\ud800",
        "a\nb\r\n\u2028",
        "\x00",
        "é" * 300_000,
        None,
    ]


def test_failures_are_replies_and_do_not_spread(monkeypatch):
    monkeypatch.setattr(pool, "_COMMAND", MISBEHAVING)
    before = children()
    responses = [
        "\\boxed{1}",
        "sleep \\boxed{1}",
        "\\boxed{1}",
        "die \\boxed{1}",
        "\\boxed{1}",
        "memory \\boxed{1}",
        "\\boxed{1}",
    ]
    verdicts = verify_batch(responses, ["1"] * 7, workers=1, timeout=2.0)
    assert [verdict.correct for verdict in verdicts] == [True, False, True, False, True, False, True]
    assert verdicts[1] == Verdict(False, None, "timeout after 2 s")
    assert verdicts[3] == Verdict(False, None, "error: the worker died with code 7")
    assert verdicts[5] == Verdict(False, None, "error: out of memory")
    assert count_failures(verdicts) == {"timeouts": 1, "errors": 2}
    assert children() == before


def test_a_worker_that_cannot_start_is_an_error_for_every_answer(monkeypatch):
    monkeypatch.setattr(pool, "_COMMAND", "raise SystemExit(3)")
    verdicts = verify_batch(["\\boxed{1}"] * 3, ["1"] * 3, workers=2)
    assert count_failures(verdicts) == {"timeouts": 0, "errors": 3}
    assert all("code 3" in verdict.reason for verdict in verdicts)


def test_workers_do_not_import_the_main_module(tmp_path):
    """With multiprocessing's spawn every worker would run the caller's main module, and with it import jax."""
    script = tmp_path / "main.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        print("main module runs", flush=True)
        from kpo_jax.verifier import verify_batch
        print(verify_batch(["\\\\boxed{{1}}"] * 4, ["1"] * 4, workers=2)[3].correct)
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["main module runs", "True", ""]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a"], []), "1 responses but 0 answers"),
        ((["a"], ["a"], 0), "workers is 0"),
        ((["a"], ["a"], 1, 0.0), "timeout is 0.0"),
        ((["a"], ["a"], 1, float("nan")), "timeout is nan"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        verify_batch(*arguments)
