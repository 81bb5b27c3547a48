"""Grading in worker processes that can be killed: `verify_batch`, `Grader`, and the worker's own loop.

A worker is a fresh Python process that imports what grades and nothing else: no jax, and not the caller's main module,
as `multiprocessing` spawn would. Requests and replies are lines of JSON over pipes, so nothing is unpickled. The parent
gives each worker one request at a time and kills it, with all that it started, when the time is up; the operating
system limits its memory. What a grader prints goes to the standard error of the run, and it has no standard input.
"""

import contextlib
import importlib
import json
import os
import queue
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kpo_jax.verifier.grade import Verdict, verify

MEMORY_LIMIT = 1 << 30  # bytes of address space per worker
TIMEOUT = 20.0  # seconds for one answer: ten times what `verify` may take of a core, which it may have to share
STARTUP_TIMEOUT = 60.0  # seconds a fresh worker may take until its first reply, on top of `timeout`
CHECK_SECONDS = 0.1
CHUNK = 32  # answers that make one more worker worth its start
# A worker has one answer at a time to grade, and numpy's libraries take address space for every thread, of which they
# start one a core: on a machine of many cores more than MEMORY_LIMIT has.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ROOT = str(Path(__file__).resolve().parents[2])
_COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from kpo_jax.verifier.pool import work; work(int(sys.argv[2]))"


class Program(NamedTuple):
    """What workers run: `function`, as module:name, is called once with `given` and returns what answers a request.

    `given`, requests and replies must be what JSON can hold.
    """

    function: str
    given: Any = None


class Failure(NamedTuple):
    """In place of a reply: why there is none. The reason starts with "timeout" or "error"."""

    reason: str


VERIFY = Program("kpo_jax.verifier.pool:verifying")


def verifying(given: None) -> Callable[[str, str], list]:
    """In a worker: what answers a request (response, answer) with the fields of a Verdict."""
    return lambda response, answer: list(verify(response, answer))


def verify_batch(
    responses: Sequence[str],
    answers: Sequence[str],
    workers: int | None = None,
    timeout: float = TIMEOUT,
    check: Callable[[], None] | None = None,
) -> list[Verdict]:
    """`verify` on every pair, in worker processes; verdicts in the order of the responses.

    What goes wrong is a verdict, never an exception and never left out: correct is False and the reason starts with
    "timeout" or "error" (`count_failures` counts them).

    Args:
      responses, answers: one each per row.
      workers, timeout: as in `Grader`.
      check: as in `Grader.replies`.

    Raises:
      ValueError: lengths that differ, or workers or timeout that are not positive.
    """
    if len(responses) != len(answers):
        raise ValueError(
            f"verify_batch: {len(responses)} responses but {len(answers)} answers; give one answer per response"
        )
    with Grader(workers, timeout) as grader:
        for index, (response, answer) in enumerate(zip(responses, answers, strict=True)):
            grader.submit(index, response, answer)
        replies = grader.replies(check)
    return [
        Verdict(False, None, reply.reason) if isinstance(reply, Failure) else Verdict(*reply)
        for reply in (replies[index] for index in range(len(responses)))
    ]


class Grader:
    """Runs requests in worker processes while its owner does something else; leaving the context drops what waits.

    What goes wrong is a Failure, never an exception and never left out. The worker is killed and replaced, the other
    requests are not affected.

    Args:
      workers: processes; by default as many as there are cores, at most 8, and one per 32 requests.
      timeout: seconds of wall time for one request.
      program: what the workers run; `verify` by default.

    Raises:
      ValueError: workers or timeout that are not positive.
    """

    def __init__(self, workers: int | None = None, timeout: float = TIMEOUT, program: Program = VERIFY):
        if workers is not None and workers < 1:
            raise ValueError(f"Grader: workers is {workers}; it must be at least 1")
        if not timeout > 0:
            raise ValueError(f"Grader: timeout is {timeout}; it must be positive")
        self._workers, self._timeout, self._program = workers, timeout, program
        self._pending: queue.SimpleQueue[tuple | None] = queue.SimpleQueue()  # None ends a thread
        self._threads: list[threading.Thread] = []
        self._submitted = 0
        self._replies: dict[Hashable, Any] = {}
        self._failures: list[BaseException] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):  # interrupted: let the workers finish what they hold, and no more
        with contextlib.suppress(queue.Empty):
            while True:
                self._pending.get_nowait()
        self._end_threads()

    def submit(self, name: Hashable, *request) -> None:
        """Answer `request` as soon as a worker is free; `name` is what its reply is found by."""
        self._pending.put((name, request))
        self._submitted += 1
        most = self._workers or min(os.cpu_count() or 1, 8, -(-self._submitted // CHUNK))
        if len(self._threads) < most:
            self._threads.append(threading.Thread(target=self._serve, daemon=True))
            self._threads[-1].start()

    def replies(self, check: Callable[[], None] | None = None) -> dict[Hashable, Any]:
        """Wait for what every request got: its reply, or a Failure.

        `check` is called ten times a second; what it raises ends the wait.
        """
        self._end_threads()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(CHECK_SECONDS)
                if check is not None:
                    check()
        if self._failures:
            raise self._failures[0]
        return self._replies

    def _end_threads(self) -> None:
        for _ in self._threads:
            self._pending.put(None)

    def _serve(self) -> None:
        worker = _Worker(self._timeout, self._program)
        try:
            while (item := self._pending.get()) is not None:
                name, request = item
                self._replies[name] = worker.reply(request)
        except BaseException as error:  # raised again where the replies are asked for
            self._failures.append(error)
        finally:
            worker.stop()


def count_failures(graded: Sequence) -> dict[str, int]:
    """How many of what has a `reason` are failures of the grader, not judgements: {"timeouts": ..., "errors": ...}."""
    return {name + "s": sum(one.reason.startswith(name) for one in graded) for name in ("timeout", "error")}


class _Worker:
    """One process and the pipe to it; started on first use and again after it was killed or died."""

    def __init__(self, timeout: float, program: Program):
        self.timeout, self.program, self.process, self.fresh = timeout, program, None, True

    def reply(self, request: Sequence) -> Any:
        lines = json.dumps(request, default=str).encode() + b"\n"
        if self.process is None:
            self.start()
            lines = json.dumps(self.program, default=str).encode() + b"\n" + lines
        limit = self.timeout + (STARTUP_TIMEOUT if self.fresh else 0)
        try:
            reply = self.exchange(lines, limit)
        except TimeoutError:
            self.stop()
            return Failure(f"timeout after {self.timeout:g} s")
        except OSError as error:  # it died while we wrote
            reply = b""
            cause = f": {error}"
        else:
            cause = ""
        if not reply.endswith(b"\n"):
            code = self.stop()
            return Failure(f"error: the worker died with code {code}{cause}")
        self.fresh = False
        answered, value = json.loads(reply)
        return value if answered else Failure(value)

    def start(self) -> None:
        command = [sys.executable, "-I", "-c", _COMMAND, _ROOT, str(MEMORY_LIMIT)]
        # A session of its own: a key press in the terminal ends the run and not its graders, and what a grader starts
        # ends with it.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            start_new_session=True,
            env=os.environ | _ONE_THREAD,
        )
        self.fresh = True
        os.set_blocking(self.process.stdin.fileno(), False)

    def exchange(self, request: bytes, limit: float) -> bytes:
        """Write the request and read one line, both under one time limit; the line lacks its end if the worker died."""
        deadline = time.monotonic() + limit
        stdin, stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        parts: list[bytes] = []
        view = memoryview(request)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            selector.register(stdout, selectors.EVENT_READ)
            while True:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fd == stdin:
                        view = view[os.write(stdin, view[:65536]) :]
                        if not view:
                            selector.unregister(stdin)
                    else:
                        parts.append(os.read(stdout, 1 << 20))
                        if not parts[-1] or parts[-1].endswith(b"\n"):
                            return b"".join(parts)

    def stop(self) -> int | None:
        """Kill the process and what it started, if there is one; its exit code."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.stdin.close()
        process.stdout.close()
        return process.wait()


def work(memory_limit: int) -> None:
    """The worker's loop: a line with a Program, then one line of JSON in for one line of JSON out until the end.

    A reply is [true, what the program replied] or [false, reason].
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # schedulers send it to all processes; the parent ends this one when it is done
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what grades may read and print, but not in the middle of the pipes
    os.dup2(2, 1)
    function, given = json.loads(requests.readline())
    module, _, name = function.partition(":")
    answer = getattr(importlib.import_module(module), name)(given)
    for line in requests:
        try:
            reply = json.dumps([True, answer(*json.loads(line))])
        except MemoryError:
            reply = json.dumps([False, "error: out of memory"])
        replies.write(reply.encode() + b"\n")
        replies.flush()
