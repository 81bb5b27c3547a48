"""What SIGTERM and Ctrl-C ask for: a flag that the loops look at between dispatches, verdicts and steps.

The flag belongs to the process, as the signals do. Nothing is lost by leaving a rollout: it is a pure function of the
parameters, the seed and the step, so the state to save is that of the last whole step.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable

from kpo_jax.runtime.streams import say

KILLED = 130  # the exit code of a program that Ctrl-C ended

_NAMES = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}

_requested = threading.Event()
_why = ["SIGTERM"]


class Interrupted(RuntimeError):
    """A rollout or an evaluation was left, because this process or another of the job is to stop."""


class Preempted(RuntimeError):
    """SIGTERM or Ctrl-C came and the run was saved; re-running the same command resumes it."""


def catch_signals(at_kill: Callable[[], None] = lambda: None) -> None:
    """From now on SIGTERM and the first Ctrl-C ask the loops to stop; the second Ctrl-C ends the process, with
    `at_kill` called before. After jax.distributed.initialize, which has a handler of its own.

    A thread hears of the signals, too: the main one may be in the compiler, where Python's handlers wait for its end.
    Where Ctrl-C is ignored, as in what a script runs in the background, it stays so.
    """
    _requested.clear()
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(signal.SIGTERM, lambda number, frame: request(_NAMES[number]))
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: request(_NAMES[number]))
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(heard, at_kill), daemon=True).start()


def _listen(heard: int, at_kill: Callable[[], None]) -> None:
    interrupted = False
    while True:
        for number in os.read(heard, 64):
            if number in _NAMES:
                request(_NAMES[number])
            if number == signal.SIGINT and not interrupted:
                interrupted = True
                _say("Ctrl-C: stopping as soon as possible, then saving; once more kills")
            elif number == signal.SIGINT:
                _say("Ctrl-C: killed; the same command goes on from the last checkpoint")
                at_kill()
                os._exit(KILLED)


def _say(line: str) -> None:
    clear = "\r\033[K" if sys.stderr.isatty() else ""  # the ^C, and the bar where there is one
    say(clear + line)


def request(why: str = "SIGTERM") -> None:
    """Ask the loops of this process to stop; `why` is what the person is told."""
    if not _requested.is_set():
        _why[0] = why
    _requested.set()


def requested() -> bool:
    return _requested.is_set()


def why() -> str:
    """What asked the loops to stop: SIGTERM, of this process or of another of the job, or Ctrl-C."""
    return _why[0]


def check() -> None:
    """Raises Interrupted if the loops are to stop; for the loops whose work is done again after a resume."""
    if requested():
        raise Interrupted("asked to stop")
