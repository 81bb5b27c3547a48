"""What a process says, on standard error and standard output. Nothing hangs on whether it is heard: a log on a full
disk, a terminal that is gone and a reader that has seen enough end no run and change no exit code.
"""

import atexit
import contextlib
import os
import sys


def say(text: str, end: str = "\n") -> None:
    """Write to standard error, where that is possible; what a full disk does not take comes with the next line."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
        print(text, end=end, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Write a result to standard output; once its reader has gone, as `head` goes, to nowhere."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _to_nowhere(sys.stdout)


def flush() -> None:
    """Before an end that Python does not see to."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


@atexit.register
def _let_go() -> None:
    """What standard error still holds would turn the exit code into Python's own for it, 120."""
    try:
        sys.stderr.flush()
    except OSError:
        _to_nowhere(sys.stderr)
    except ValueError:
        pass


def _to_nowhere(stream) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
