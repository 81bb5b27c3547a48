"""What a person sees of a run, on standard error: lines, and on a terminal one live line below them. Only process 0
speaks.

The live line shows how far the steps are and what the run is doing now. Where there is no terminal, a phase that takes
long is told in lines of its own, so that a run that works is never silent for more than about five seconds (thirty,
once a phase has taken a minute). It begins with such a silence, so that most mistakes are answered by one line alone.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from kpo_jax.lazy import Lazy
from kpo_jax.runtime import distributed
from kpo_jax.runtime.streams import say

tqdm = Lazy("tqdm")

WIDEST = 200  # columns of a line, on wider terminals and where there is none
TICK = 0.5  # seconds between two looks at the clock
FIRST, AGAIN, RARELY = 2.0, 4.5, 30.0  # seconds of silence before a phase is told: a new kind, later, a long one
LONG = 60.0
BETWEEN_STEPS = 3.0  # seconds, at least, between the lines of two steps
DOING = 30  # columns for what a run is doing now, after the bar, which is shorter only where that takes more

_CLEAR = "\r\033[K"


def tell(line: str) -> None:
    """A line for the person at the terminal."""
    if distributed.is_first():
        _SCREEN.line(line)


def phase(name: str) -> None:
    """The run does this from now on, "step 3: rollout", as far as `phases` go; "" is nothing to wait for."""
    if _SCREEN.open and distributed.is_first():
        _SCREEN.phase(name)


def compiling(progress: Callable[[], tuple[int, int]]) -> None:
    """Until the last of `phases` ends, say with each how many programs are compiled of how many."""
    _SCREEN.compiling = progress


@contextlib.contextmanager
def phases(first: str = ""):
    """A context in which there are phases, after which nothing is left of the last. The first one is told by any
    process that has it, as none knows yet by itself whether it is the one that speaks.
    """
    _SCREEN.open += 1
    _SCREEN.phase(first)
    try:
        yield
    finally:
        _SCREEN.open -= 1
        _SCREEN.phase("")
        _SCREEN.compiling = None if _SCREEN.open == 0 else _SCREEN.compiling


def width(stream=None) -> int:
    """The columns of a line on standard error, or on another stream."""
    stream = stream or sys.stderr
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else WIDEST
    except (OSError, ValueError):  # no terminal after all, or no file
        return WIDEST
    return min(columns or WIDEST, WIDEST)  # a terminal that nobody gave a size says 0


def colours() -> bool:
    """Whether lines may have colours (https://no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def fitting(head: str, parts: Sequence[str], columns: int) -> str:
    """`head` and as many of `parts`, the first ones, as fit on a line."""
    line = head
    for part in parts:
        if len(line) + 2 + len(part) > columns:
            break
        line += f"  {part}"
    return line


class Progress:
    """How many of `total` steps are done, after `start` of an earlier life."""

    def __init__(self, label: str, start: int, total: int):
        self.label, self.total, self.done = label, total, start
        self._begun, self._timed, self._spoken = time.monotonic(), None, -float("inf")
        if distributed.is_first():
            _SCREEN.show(self)

    def advance(self, step: int) -> None:
        """`step` steps are done."""
        self.done = step
        self._timed = self._timed or (step, time.monotonic())  # the first one compiles, and says nothing of the others

    def update(self, step: int, parts: Sequence[str]) -> None:
        """`step` steps are done; `parts` say what they were like, what matters most first."""
        now = time.monotonic()
        self.advance(step)
        if distributed.is_first() and (now - self._spoken >= BETWEEN_STEPS or step == self.total):
            self._spoken = now
            _SCREEN.line(fitting(f"{self.label} {step}/{self.total}", parts, width()))

    def meter(self, postfix: str, columns: int, now: float) -> str:
        """The bar, and how long what is left will take at the rate of the steps after the first."""
        rate = 0.0
        if self._timed and self.done > self._timed[0]:
            rate = (self.done - self._timed[0]) / (now - self._timed[1])
        return tqdm.tqdm.format_meter(
            self.done,
            self.total,
            now - self._begun,
            ncols=columns,
            prefix=self.label,
            rate=rate,
            postfix=postfix and postfix.ljust(DOING),  # so that the bar does not jump
            bar_format="{desc}: {n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}{postfix}",
        )

    def close(self) -> None:
        if distributed.is_first():
            _SCREEN.show(None)


class _Screen:
    """Standard error. A thread keeps the live line up to date, or tells what takes long."""

    def __init__(self):
        self._lock = threading.RLock()
        self._thread, self._progress, self._live = None, None, ""
        self._phase, self._since, self._spoken, self._silent = "", 0.0, None, True
        self.open = 0  # contexts in which there are phases
        self.compiling: Callable[[], tuple[int, int]] | None = None
        self._told: set[str] = set()  # phases, and kinds of them

    def line(self, text: str) -> None:
        with self._lock:
            self._erase()
            say(text)
            self._spoken, self._silent = time.monotonic(), False
            self._draw()

    def phase(self, name: str) -> None:
        with self._lock:
            self._phase, self._since = name, time.monotonic()
            self._spoken = self._since if self._spoken is None else self._spoken
            self._told.discard(name)
            if not name:
                self._erase()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            self._draw()

    def show(self, progress: Progress | None) -> None:
        with self._lock:
            self._progress = progress
            self._erase()
            self._draw()

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                if not self._phase:
                    self._thread = None
                    return
                if self._is_live():
                    self._draw()
                else:
                    self._tell_phase()

    def _tell_phase(self) -> None:
        now, kind = time.monotonic(), _kind(self._phase)
        age, silence = now - self._since, now - self._spoken
        patience = FIRST if kind not in self._told and not self._silent else AGAIN if age < LONG else RARELY
        if silence >= patience and (age >= FIRST or silence >= AGAIN):  # many short phases are no silence either
            far = f" {self._progress.done}/{self._progress.total}" if self._in_bar() else ""
            doing = ", ".join([self._phase + far, *self._compiled()])
            self.line(f"{doing}, {age:.0f} s" if self._phase in self._told else f"{doing} ...")
            self._told |= {kind, self._phase}

    def _in_bar(self) -> bool:
        """Whether the phase is the very thing that the bar shows."""
        return self._progress is not None and self._phase == self._progress.label

    def _compiled(self) -> list[str]:
        ready, programs = self.compiling() if self.compiling else (0, 0)
        return [f"{ready} of {programs} programs compiled"] if ready < programs else []

    def _is_live(self) -> bool:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def _draw(self) -> None:
        if not self._is_live() or not (self._phase or self._progress):
            return
        now, columns = time.monotonic(), width() - 3  # a full line would wrap, and so would the ^C of a person
        age = now - self._since
        for_itself = "" if self._in_bar() else f"{self._phase} {age:.0f} s" if age >= 1 else self._phase
        doing = ", ".join(part for part in (for_itself, *self._compiled()) if part)
        text = self._progress.meter(doing, columns, now) if self._progress else doing
        if text != self._live:
            say(f"{_CLEAR}{text[:columns]}", end="")
            self._live = text

    def _erase(self) -> None:
        if self._live:
            say(_CLEAR, end="")
            self._live = ""


def _kind(phase: str) -> str:
    return phase.rpartition(": ")[2]


_SCREEN = _Screen()
