"""A connection between process 0 of a job and every other one, by which they notice at once that a process has died.

Nothing goes over it but a last word. The operating system closes the connection of a process that was killed or
crashed, and no word came before. Only a machine that vanishes is left to jax's heartbeat. A process that has said its
last word, and waits for the others to end, still listens for theirs.
"""

import contextlib
import hmac
import secrets
import socket
import threading
import time
from collections.abc import Callable

_HELLO, _GOODBYE = b"+", b"-"
_TIMEOUT = 10.0  # seconds to connect and be greeted

_lines: list[socket.socket] = []
_lock, _left = threading.Lock(), threading.Event()  # who has said goodbye takes no line any more


def offer(host: str, died: Callable[[int], None]) -> tuple[int, str]:
    """Take lines at `host` from now on; what the others need for `hold`. `died` is called, in a thread, with the number
    of a process that is gone. Raises OSError."""
    server = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    secret = secrets.token_hex(16)

    def accept():
        while True:
            try:
                line, _ = server.accept()
            except OSError:  # of one connection, or for want of something that may come back
                time.sleep(0.1)
            else:
                threading.Thread(target=greet, args=(line,), daemon=True).start()

    def greet(line):
        try:
            line.settimeout(_TIMEOUT)  # a stranger holds a thread no longer
            heard = line.makefile("rb")
            given, _, number = heard.readline(100).decode(errors="replace").partition(" ")
            if hmac.compare_digest(given.encode(), secret.encode()) and _take(line, _HELLO):
                return _watch(line, heard, int(number), died)
        except OSError:
            pass
        line.close()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1], secret


def hold(host: str, offered: tuple[int, str], number: int, died: Callable[[int], None]) -> None:
    """The line of process `number` to process 0, which offers it. Raises OSError."""
    port, secret = offered
    line = socket.create_connection((host, port), timeout=_TIMEOUT)
    try:
        line.sendall(f"{secret} {number}\n".encode())
        heard = line.makefile("rb")
        if heard.read(1) != _HELLO:
            raise OSError("closed before a greeting")
        if _take(line):
            threading.Thread(target=_watch, args=(line, heard, 0, died), daemon=True).start()
    except OSError:
        with contextlib.suppress(OSError):  # process 0 may yet read the secret, and must not take this end for a death
            line.sendall(_GOODBYE)
        line.close()
        raise


def goodbye() -> None:
    """The last word of this process: its end is no accident."""
    with _lock:
        _left.set()
        for line in _lines:
            with contextlib.suppress(OSError):  # the other one is gone
                line.sendall(_GOODBYE)


def _take(line: socket.socket, greeting: bytes = b"") -> bool:
    with _lock:
        if _left.is_set():
            return False
        line.sendall(greeting)
        _lines.append(line)
        return True


def _watch(line: socket.socket, heard, number: int, died: Callable[[int], None]) -> None:
    line.settimeout(None)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # or what stands between forgets a line silent for days
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 9)):
        if hasattr(socket, option):
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    try:
        word = heard.read(1)
    except OSError:
        word = b""
    if word != _GOODBYE:
        died(number)
