"""Hostile text: a verdict within two seconds of CPU time and 500 MB, no crash, nothing executed; in any thread."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from verifier_hostile import HOSTILE, RIGHT

from kpo_jax.verifier import count_failures, verify_batch

ROOT = Path(__file__).parents[1]
SCRIPT = r"""
import json, resource, sys, threading, time
resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))
sys.path[:0] = sys.argv[1:3]
from verifier_hostile import HOSTILE
from kpo_jax.verifier import verify

FORBIDDEN = ("exec", "compile", "open", "import", "os.", "subprocess.", "shutil.", "socket.", "ctypes.", "pickle.")
events, watching = [], False

def audit(event, args):
    if watching and event.startswith(FORBIDDEN):
        events.append(event)

sys.addaudithook(audit)
found = {}

def grade_all():
    global watching
    for name, make in HOSTILE.items():
        response, answer = make()
        watching, start = True, time.thread_time()
        verdict = verify(response, answer)
        seconds, watching = time.thread_time() - start, False
        found.setdefault(name, []).append([verdict.correct, verdict.reason, seconds])

grade_all()
thread = threading.Thread(target=grade_all)
thread.start()
thread.join()
watching = True
eval("1 + 1")  # the audit must see this
watching = False
print(json.dumps([found, events]))
"""


@pytest.fixture(scope="module")
def graded() -> tuple[dict, list]:
    """Every hostile input, graded twice in a process limited to 500 MB, under an audit of what it executes."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT), str(ROOT / "tests")], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_there_are_enough():
    assert len(HOSTILE) >= 80


def test_verdicts(graded):
    for name, results in graded[0].items():
        for correct, reason, _ in results:
            assert correct == (name in RIGHT), (name, reason)
            assert not reason.startswith(("error", "timeout")), (name, reason)


def test_a_worker_thread_gives_the_same_verdicts(graded):
    for name, (main, worker) in graded[0].items():
        assert main[:2] == worker[:2], name


def test_within_two_seconds(graded):
    slowest = {name: max(seconds for *_, seconds in results) for name, results in graded[0].items()}
    assert {name: seconds for name, seconds in slowest.items() if seconds > 2.0} == {}


def test_nothing_is_executed(graded):
    events = graded[1]
    assert set(events) == {"compile", "exec"} and len(events) == 2, events  # the control at the end, and nothing else
    assert not Path("/tmp/kpo_verifier_was_here").exists()


def test_in_the_pool():
    """The whole list through worker processes: order kept, nothing lost, no failure of the grader."""
    names = list(HOSTILE)
    pairs = [HOSTILE[name]() for name in names]
    verdicts = verify_batch(
        [response for response, _ in pairs], [answer for _, answer in pairs], workers=2, timeout=60.0
    )
    assert [verdict.correct for verdict in verdicts] == [name in RIGHT for name in names]
    assert count_failures(verdicts) == {"timeouts": 0, "errors": 0}
