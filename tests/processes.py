"""Commands of several processes on this machine, for tests: free port, own process groups, killed in the end."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}


def run(
    command: list[str], processes: int, timeout: float = 600, own: dict[int, list[str]] | None = None
) -> list[tuple[int, str, str]]:
    """(exit code, stdout, stderr) of each process of `command`, to which `own` adds arguments of single ones."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = []
    for number in range(processes):
        place = {
            "KPO_COORDINATOR": f"127.0.0.1:{port}",
            "KPO_NUM_PROCESSES": str(processes),
            "KPO_PROCESS_ID": str(number),
        }
        environment = os.environ | SETTINGS | (place if processes > 1 else {})
        whole = [sys.executable, "-u", *command, *(own or {}).get(number, [])]
        started.append(
            subprocess.Popen(
                whole,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
    deadline, out = time.monotonic() + timeout, []
    try:
        for process in started:  # little enough is written for the pipes of the others to hold it
            stdout, stderr = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
            own_lines = [
                line for line in stdout.splitlines(keepends=True) if "peer ranks" not in line
            ]  # gloo speaks on stdout
            out.append((process.returncode, "".join(own_lines), stderr))
    finally:
        for process in started:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return out


def without_phases(stderr: str) -> str:
    """What a process said, but for the lines by which a phase that takes long on a busy machine is told."""
    return "".join(line for line in stderr.splitlines(keepends=True) if not re.search(r" \.\.\.$|, \d+ s$", line))
