"""A run that hangs says where, and ends."""

import faulthandler
import os
import threading
import time

from absl import logging

from kpo_jax.runtime import distributed, lock
from kpo_jax.runtime.streams import say

# Seconds after which faulthandler ends what the watchdog could not: its thread needs no interpreter lock.
_SLACK = 30.0


class Watchdog:
    """Ends the process with code 13, after printing the stacks of all threads, if a phase takes longer than `timeout`
    seconds. With timeout 0 a phase may take for ever.
    """

    def __init__(self, timeout: float):
        self._timeout, self._phase, self._deadline = timeout, "", float("inf")
        if timeout:
            threading.Thread(target=self._watch, daemon=True).start()

    def phase(self, name: str) -> None:
        """The run is in the phase `name` from now on."""
        logging.info("phase: %s", name)
        if self._timeout:
            self._phase, self._deadline = name, time.monotonic() + self._timeout
            faulthandler.dump_traceback_later(self._timeout + _SLACK, exit=True)

    def close(self) -> None:
        """No phase is watched any more."""
        self._deadline = float("inf")
        if self._timeout:
            faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        while time.monotonic() < self._deadline:
            time.sleep(min(1.0, self._timeout / 10))
        reason = f"{self._phase} took more than {self._timeout:g} s"
        say(f"error: {reason}; the stacks of all threads:")
        faulthandler.dump_traceback(all_threads=True)
        telling = threading.Thread(target=distributed.end, args=(distributed.EXIT_FAILED, reason), daemon=True)
        telling.start()
        telling.join(_SLACK / 3)  # in vain where the coordinator is what hangs
        lock.release()
        os._exit(distributed.EXIT_FAILED)
