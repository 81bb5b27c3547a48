"""What SIGTERM asks for: a flag that the loops look at between dispatches, verdicts and steps.

The flag belongs to the process, as the signal does. Nothing is lost by leaving a rollout: it is a pure function of the
parameters, the seed and the step, so the state to save is that of the last whole step.
"""

import signal
import threading

_requested = threading.Event()


class Interrupted(RuntimeError):
    """A rollout or an evaluation was left, because this process or another of the job is to stop."""


def catch_sigterm() -> None:
    """From now on SIGTERM asks the loops to stop. After jax.distributed.initialize, which has a handler of its own."""
    _requested.clear()
    signal.signal(signal.SIGTERM, lambda signum, frame: _requested.set())


def request() -> None:
    """Ask the loops of this process to stop."""
    _requested.set()


def requested() -> bool:
    return _requested.is_set()


def check() -> None:
    """Raises Interrupted if the loops are to stop; for the loops whose work is done again after a resume."""
    if requested():
        raise Interrupted("asked to stop")
