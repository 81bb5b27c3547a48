"""A connection between process 0 of a job and every other one, by which they notice at once that a process has died.

Nothing goes over it but a last word. The operating system closes the connection of a process that was killed or crashed, and no
word came before. Only a machine that vanishes is left to jax's heartbeat.
"""

import contextlib
import hmac
import secrets
import socket
import threading
from collections.abc import Callable

_HELLO, _GOODBYE = b"+", b"-"
_TIMEOUT = 10.0  # seconds to connect and be greeted

_lines: list[socket.socket] = []
_lock, _left = threading.Lock(), threading.Event()  # who has said goodbye takes no line any more


def offer(host: str, died: Callable[[int], None]) -> tuple[int, str]:
    """Take lines at `host` from now on; what the others need for `hold`. `died` is called, in a thread, with the number of a process
    that is gone. Raises OSError."""
    server = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    secret = secrets.token_hex(16)

    def accept():
        while True:
            line, _ = server.accept()
            threading.Thread(target=greet, args=(line,), daemon=True).start()

    def greet(line):
        with line, contextlib.suppress(OSError):
            heard = line.makefile("rb")
            given, _, number = heard.readline(100).decode(errors="replace").partition(" ")
            if hmac.compare_digest(given.encode(), secret.encode()) and _take(line, _HELLO):
                _watch(heard, int(number), died)

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1], secret


def hold(host: str, offered: tuple[int, str], number: int, died: Callable[[int], None]) -> None:
    """The line of process `number` to process 0, which offers it. Raises OSError."""
    port, secret = offered
    line = socket.create_connection((host, port), timeout=_TIMEOUT)
    line.sendall(f"{secret} {number}\n".encode())
    heard = line.makefile("rb")
    if heard.read(1) != _HELLO:
        raise OSError("closed before a greeting")
    line.settimeout(None)
    if _take(line):
        threading.Thread(target=_watch, args=(heard, 0, died), daemon=True).start()


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


def _watch(heard, number: int, died: Callable[[int], None]) -> None:
    try:
        word = heard.read(1)
    except OSError:
        word = b""
    if word != _GOODBYE and not _left.is_set():
        died(number)
