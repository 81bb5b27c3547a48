"""One job of several processes: how it starts, what its processes tell each other, and how it ends.

Every process runs the same program on the same host data and meets the others where devices do, in jitted functions
over the whole mesh. What a process does alone (sampling and grading its share of the prompts) ends in `meet`, which
goes through the coordination service and not the devices, so that a process that has to stop never leaves another in a
collective.
"""

from __future__ import annotations

import atexit
import dataclasses
import json
import os
import secrets
import socket
import sys
import threading
import time
import traceback
from typing import Any

from kpo_jax import places
from kpo_jax import text as redact
from kpo_jax.ends import Refused
from kpo_jax.lazy import Lazy, jax, np
from kpo_jax.runtime import lifeline, lock, preemption, streams
from kpo_jax.runtime.streams import say

_distributed, multihost_utils = Lazy("jax._src.distributed"), Lazy("jax.experimental.multihost_utils")

VARIABLES = ("KPO_COORDINATOR", "KPO_NUM_PROCESSES", "KPO_PROCESS_ID")
EXIT_FAILED = 13
# keys: a process has ended the job; a process was asked to stop; where process 0 takes lifelines
_ENDED, _STOP, _LIFELINE = "kpo/ended", "kpo/stop", "kpo/lifeline"
_POLL_SECONDS = 0.5
_FIRST_GATHER = 1024  # bytes; what is gathered is padded to a power of two, so that few sizes are compiled

_ending, _over = threading.Event(), threading.Event()  # this process ends the job; the job has ended
_rounds: dict[str, int] = {}  # how often this process has exchanged something


class NotShared(Refused):
    """The processes do not see the same directory; one line."""


class OutOfStep(RuntimeError):
    """The processes of the job are not at the same place; the message names those that are elsewhere."""


@dataclasses.dataclass(frozen=True)
class Member:
    """This process's place in a job: the coordinator's host:port, how many processes there are, and which this is."""

    coordinator: str
    num_processes: int
    process_id: int


# ---------------------------------------------------------------------------------------------------------------- start


def member(environment: dict[str, str]) -> Member | None:
    """What KPO_COORDINATOR, KPO_NUM_PROCESSES and KPO_PROCESS_ID say; None if none of them is set.

    Raises:
      ValueError: some are set and others not, or a value is illegal; one line.
    """
    given = {name: environment[name] for name in VARIABLES if environment.get(name)}
    if not given:
        return None
    if missing := [name for name in VARIABLES if name not in given]:
        raise ValueError(
            f"{', '.join(missing)}: not set, but {', '.join(given)} is; a job of several processes needs all of them"
        )
    host, _, port = given["KPO_COORDINATOR"].rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"KPO_COORDINATOR: {given['KPO_COORDINATOR']!r} is not host:port")
    for name in VARIABLES[1:]:
        if not given[name].isdecimal():
            raise ValueError(f"{name}: {given[name]!r} is not a whole number")
    count, number = int(given["KPO_NUM_PROCESSES"]), int(given["KPO_PROCESS_ID"])
    if number >= count:
        raise ValueError(f"KPO_PROCESS_ID: {number} is not below KPO_NUM_PROCESSES = {count}")
    return Member(given["KPO_COORDINATOR"], count, number)


def initialize(place: Member | None, config) -> None:
    """Join the job; before any device is touched. `place` None lets jax find it out (TPU pods, Slurm, MPI). `config`:
    JobConfig.

    The coordinator is not authenticated: it listens on the address that the others are told, not on all of the host's.
    Raises ValueError if jax finds no job.
    """
    timeouts = dict(initialization_timeout=config.start_timeout, heartbeat_timeout_seconds=config.heartbeat_timeout)
    if place is None:
        say("waiting for the processes of the job that jax finds")
        try:
            jax.distributed.initialize(**timeouts)
        except ValueError as error:
            raise ValueError(f"--detect_job: jax finds no job here: {error}") from error
    else:
        say(f"process {place.process_id}: waiting for {place.num_processes} processes at {place.coordinator}")
        jax.distributed.initialize(
            place.coordinator,
            place.num_processes,
            place.process_id,
            coordinator_bind_address=place.coordinator,
            # Under Slurm the detection would leave a process one GPU, whatever it was given.
            cluster_detection_method="deactivate",
            **timeouts,
        )
    sys.excepthook = _hook
    threading.excepthook = lambda args: _hook(args.exc_type, args.exc_value, args.exc_traceback)
    listener = threading.Thread(target=_listen, daemon=True)
    listener.start()
    _tie()
    atexit.register(_finish, listener)


def _finish(listener: threading.Thread) -> None:
    """At the end of this process: waits for the others, as jax itself would, but listens meanwhile. A thread that
    Python's own end meets inside jax would abort the process."""
    lifeline.goodbye()
    try:
        jax.distributed.shutdown()
    finally:
        _over.set()
        listener.join()


def _tie() -> None:
    """Have the death of another process end this one. Without, where the network does not let it be, the heartbeat
    does.
    """
    host, offered = job().coordinator_address.rpartition(":")[0].strip("[]"), None
    try:
        if job().process_id == 0:
            try:
                offered = lifeline.offer(host, _died)
            finally:
                job().client.key_value_set(_LIFELINE, json.dumps(offered))
        elif offered := json.loads(_wait(job().client, _LIFELINE)):
            lifeline.hold(host, offered, job().process_id, _died)
    except OSError as error:
        say(f"warning: no lifeline ({error}); a killed process will be noticed by heartbeat alone")


def _died(number: int) -> None:
    reason = f"process {number} is gone without a word: killed or crashed"
    say(f"error: {reason}")
    if job().process_id == 0:
        end(EXIT_FAILED, reason)
    _leave(EXIT_FAILED)  # process 0 was the only one that could tell the others, and they see it themselves


def name() -> str:
    """This process, for messages. Touches no device."""
    return f"process {job().process_id} on {socket.gethostname()}"


# ------------------------------------------------------------------------------------------------------------------ end


def end(code: int, reason: str) -> None:
    """End the whole job now if it has several processes, without the barrier at which jax would wait for the others.

    They print the reason, without the secrets in it.
    """
    if "jax" not in sys.modules or job().client is None:  # without it there is no job, and importing it takes seconds
        return
    _ending.set()
    try:
        job().client.key_value_set(_ENDED, json.dumps({"code": code, "reason": f"{name()}: {redact.mask(reason)}"}))
    except Exception as error:  # another process ended it first, or the coordinator is gone; we leave all the same
        say(f"could not tell the other processes: {error}")
    if job().process_id == 0:
        time.sleep(3 * _POLL_SECONDS)  # the coordinator lives in this process: let the others read why
    _leave(code)


def _leave(code: int) -> None:
    lifeline.goodbye()
    lock.release()
    streams.flush()
    os._exit(code)


def end_with(error: BaseException) -> None:
    """`end` because of an exception, which is printed; of a single process only that is left to the caller."""
    if job().client is not None:
        _print(error)
        end(EXIT_FAILED, f"{type(error).__name__}: {error}")


def fail(reason: str) -> None:
    """End the process and its job, now, because of what `reason` says."""
    say(f"error: {reason}")
    end(EXIT_FAILED, reason)
    _leave(EXIT_FAILED)


def _print(error: BaseException) -> None:
    say(redact.mask("".join(traceback.format_exception(error))))


def _hook(kind, error, trace) -> None:
    _print(error.with_traceback(trace))
    end(EXIT_FAILED, f"{kind.__name__}: {error}")


def _listen() -> None:
    """Ends this process when another has ended the job; passes on what SIGTERM asked of another."""
    client, told = job().client, False
    while not _over.wait(_POLL_SECONDS):
        try:
            # What another process says is JSON and read as such.
            if (ended := _get(client, _ENDED)) is not None and not _ending.is_set():
                ended = json.loads(ended)
                say(f"error: the job was ended by {ended['reason']}")
                _leave(ended["code"])
            if preemption.requested() and not told:
                client.key_value_set(_STOP, name(), allow_overwrite=True)
                told = True
            elif not told and _get(client, _STOP) is not None:
                preemption.request()
                told = True
        except jax.errors.JaxRuntimeError:
            return  # the job is over, or its coordinator is gone, which jax itself reports


def _get(client, key: str) -> str | None:
    try:
        return client.key_value_try_get(key)
    except jax.errors.JaxRuntimeError as error:
        if "NOT_FOUND" in str(error):
            return None
        raise


# ------------------------------------------------------------------------------------------- what processes tell others


def job():
    """jax's own record of the job, with the client of its coordination service; it has no public name."""
    return _distributed.global_state


def num_processes() -> int:
    return job().num_processes


def is_first() -> bool:
    """Whether this is the process that writes. Touches no device; without jax there is no job."""
    return "jax" not in sys.modules or job().process_id == 0


def share(count: int) -> slice:
    """Which of `count` things this process does: consecutive ones, as many as another process does or one more or
    less.
    """
    number, processes = job().process_id, job().num_processes
    return slice(count * number // processes, count * (number + 1) // processes)


def exchange(value: Any, topic: str) -> list[Any]:
    """Everybody's `value` (JSON, small), by process, through the coordination service. Every process calls it equally
    often.
    """
    client = job().client
    if client is None:
        return [value]
    number = _rounds[topic] = _rounds.get(topic, 0) + 1
    client.key_value_set(f"kpo/{topic}/{number}/{job().process_id}", json.dumps(value))
    if number > 2:  # nobody is further behind than one round: all have read it
        client.key_value_delete(f"kpo/{topic}/{number - 2}/{job().process_id}")
    return [json.loads(_wait(client, f"kpo/{topic}/{number}/{other}")) for other in range(job().num_processes)]


def _wait(client, key: str) -> str:
    """The value of a key, whenever it comes: a process that died ends the job, and the watchdog ends one that hangs."""
    while True:
        try:
            return client.blocking_key_value_get(key, 1000)  # milliseconds; SIGTERM is seen in between
        except jax.errors.JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise


def meet(where: str) -> bool:
    """Wait until all processes are at `where` (a step and what is done in it); whether any of them was asked to stop.

    Raises OutOfStep, naming them, if others are elsewhere.
    """
    everyone = exchange({"where": where, "stop": preemption.requested(), "host": socket.gethostname()}, "meet")
    if elsewhere := [(i, one) for i, one in enumerate(everyone) if one["where"] != where]:
        others = ", ".join(f"process {i} on {one['host']} is at {one['where']}" for i, one in elsewhere)
        raise OutOfStep(f"{name()} is at {where}, but {others}")
    return any(one["stop"] for one in everyone)


def gather(value: Any) -> list[Any]:
    """Everybody's `value` (JSON), by process, through the devices: for what is too long for `exchange`."""
    if job().num_processes == 1:
        return [value]
    data = np.frombuffer(json.dumps(value).encode(), np.uint8)
    sizes = multihost_utils.process_allgather(np.array([len(data)], np.int32)).reshape(-1)
    room = _FIRST_GATHER
    while room < sizes.max():
        room *= 2
    everyone = multihost_utils.process_allgather(np.pad(data, (0, room - len(data))))
    return [json.loads(bytes(one[:size])) for one, size in zip(everyone, sizes, strict=True)]


def gather_rows(tree):
    """Arrays of this process's rows -> arrays of all rows, in the order of `share`."""
    if job().num_processes == 1:
        return tree
    counts = multihost_utils.process_allgather(np.array([len(jax.tree.leaves(tree)[0])], np.int32)).reshape(-1)

    def all_rows(x):
        # process_allgather turns 64 bits into 32, so nothing of 64 bits may come here
        assert x.dtype.itemsize < 8, x.dtype
        padded = np.pad(x, [(0, counts.max() - len(x))] + [(0, 0)] * (x.ndim - 1))
        return np.concatenate(
            [rows[:n] for rows, n in zip(multihost_utils.process_allgather(padded), counts, strict=True)]
        )

    return jax.tree.map(all_rows, tree)


def check_shared(directory: str) -> None:
    """Raises NotShared, naming the processes, unless all see the same `directory`: checkpoints are written by all of
    them.
    """
    if job().num_processes == 1:
        return
    token, path = secrets.token_hex(8), places.folder(directory) / ".shared"
    if job().process_id == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(token)
    token = exchange(token, "shared")[0]
    seen = path.exists() and path.read_text() == token
    everyone = exchange([seen, name()], "shared")
    if job().process_id == 0:
        path.unlink()
    if blind := [who for seen, who in everyone if not seen]:
        what = f"the copy of {directory} in {path.parent}" if places.is_remote(directory) else directory
        more = ", TMPDIR says where" if places.is_remote(directory) else ""
        raise NotShared(
            f"--workdir: {what} of {everyone[0][1]} is not what {', '.join(blind)} sees there; it must be shared{more}"
        )
