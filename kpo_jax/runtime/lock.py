"""One workdir, one run: `WORKDIR/lock.json` names the process that writes there, from its start to its end.

A lock whose process is gone is taken over. On the same machine (host, boot and space of process numbers) the number of
the process and when it started tell whether it is. Of another machine only the heartbeat tells: the owner counts it up
in the file every `BEAT` seconds, and a lock that stands still for `WATCH` seconds is stale. It tells, too, where a
machine does not say when a process with that number started. Nothing depends on the clocks of two machines. Of a
workdir in a bucket the lock is an object there.
"""

import contextlib
import errno
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kpo_jax.ends import Failed, Refused
from kpo_jax.places import Entry, entry
from kpo_jax.runtime import preemption
from kpo_jax.runtime.streams import say

NAME = "lock.json"
BEAT, WATCH = 10.0, 60.0  # seconds

_changing = threading.Lock()
_held: dict[Entry, dict] = {}  # the locks of this process


class NotHeld(Refused):
    """The workdir cannot be had: another run, which the line names, writes there, or nobody can. One line."""


@contextlib.contextmanager
def held(workdir: str, lost: Callable[[str], None], active: bool = True) -> Iterator[None]:
    """Hold the workdir, which is there, while the context lasts; nothing unless `active` (on other processes of a job).

    `lost` is called, in a thread and with a line that says so, if another run has taken the lock over meanwhile, as
    this process stood still for so long: it must end the process.

    Raises:
      NotHeld: another run holds it, or nothing can be written there.
      Failed: the disk is full.
      preemption.Interrupted: asked to stop while waiting for another machine's sign of life.
    """
    if not active:
        yield
        return
    place, over = entry(workdir, NAME), threading.Event()
    try:
        _acquire(place, workdir)
    except OSError as error:
        kind = Failed if error.errno in (errno.ENOSPC, errno.EDQUOT) else NotHeld
        raise kind(f"--workdir: {workdir} cannot be written: {error.strerror or error}") from error
    threading.Thread(target=_keep, args=(place, over, lost), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        release()


def release() -> None:
    """Remove every lock of this process, for those who end it without leaving its contexts, too."""
    with _changing:
        for place, mine in _held.items():
            with contextlib.suppress(OSError):
                if _owner(place.read()).get("token") == mine["token"]:
                    place.remove()
        _held.clear()


def _acquire(place: Entry, workdir: str) -> None:
    mine = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "machine": _machine(),
        "started": _started(os.getpid()),
        "token": secrets.token_hex(8),
        "beat": 0,
    }
    while not place.create(_line(mine)):
        text = place.read()
        if text is None:
            continue  # it has just been removed
        owner = _owner(text)
        here = owner.get("machine") == mine["machine"]
        if here and mine["started"] is not None:
            alive = owner.get("started") == _started(owner["pid"])
        else:
            alive = not (here and _is_gone(owner["pid"])) and _shows_life(place, text, owner, workdir)
        if alive:
            since = f" since {owner['since']}" if owner else ""
            raise NotHeld(f"--workdir: {workdir} is in use by {_name(owner)}{since}; one run at a time may write there")
        if place.remove_if(text):
            say(f"{workdir}: the lock of {_name(owner)}, which is gone, is taken over")
    with _changing:
        _held[place] = mine


def _shows_life(place: Entry, text: str, owner: dict, workdir: str) -> bool:
    """Whether the lock changes within WATCH seconds."""
    say(f"{workdir}: held by {_name(owner)}; waiting up to {WATCH:g} s for a sign of life")
    deadline = time.monotonic() + WATCH
    while time.monotonic() < deadline:
        time.sleep(min(1.0, WATCH / 10))
        preemption.check()
        if (found := place.read()) != text:
            return found is not None and _owner(found).get("token") == owner.get("token")
    return False


def _keep(place: Entry, over: threading.Event, lost: Callable[[str], None]) -> None:
    """Show signs of life until it is `over`."""
    while not over.wait(BEAT):
        with _changing:
            mine = _held.get(place)
            if mine is None:
                return
            other = None
            with contextlib.suppress(OSError):  # a full disk: the others see this process's number, if not its beat
                text = place.read()
                other = text if text is not None and _owner(text).get("token") != mine["token"] else None
                if other is None:
                    mine["beat"] += 1
                    place.write(_line(mine))
        if other is not None:
            return lost(f"{place}: taken over by {_name(_owner(other))}")


def _line(mine: dict) -> str:
    return json.dumps(mine) + "\n"


def _owner(text: str | None) -> dict:
    """Whose lock it is; {} if that cannot be read, as while it is being written."""
    try:
        owner = json.loads(text or "")
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) and {"host", "pid", "since"} <= owner.keys() else {}


def _name(owner: dict) -> str:
    return f"process {owner['pid']} on {owner['host']}" if owner else "an unknown process"


def _machine() -> str:
    """Where a process number means the same process: this boot of this host, and this container of it."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return " ".join(parts)


def _started(pid: int) -> int | None:
    """When the process began, in ticks since the boot, so that a number that is given out again is not mistaken; None
    if there is none of that number, if it has ended and only waits to be reaped, or where there is no /proc.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _is_gone(pid: int) -> bool:
    """Whether no process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's
        pass
    return False
