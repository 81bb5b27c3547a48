"""Runs the parts of the check one after another, each in a process of its own with a time limit of its own.

    python -m kpo_jax.hardware --out=DIR [--scale=small] [--minutes=8] [--parts=NAME,NAME]

DIR/accelerator.json and the tables in DIR/accelerator.md are written anew after every part, so that a machine which is
taken away leaves what there was; what a part says besides its findings is in DIR/PART.log.
"""

import argparse
import concurrent.futures
import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kpo_jax.files import write_whole
from kpo_jax.hardware.records import SCALES, Finding, from_json, parts, report

_USAGE = 64  # as the entry point has it


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for; ends the process with one line and exit code 64 where it cannot be read."""
    parser = argparse.ArgumentParser(prog="kpo_jax.hardware", description="Is an accelerator right, and how fast?")
    parser.error = lambda message: parser.exit(_USAGE, f"error: {message}\n")
    parser.add_argument("--out", type=Path, required=True, help="the folder for what is found")
    parser.add_argument("--scale", choices=SCALES, default="full", help="how large the check is")
    parser.add_argument("--minutes", type=float, default=8.0, help="all parts together; the rest is left out")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=[], help="only these, by default all")
    asked = parser.parse_args(words)
    known = [name for group in parts(SCALES[asked.scale]) for name in group]
    for name in asked.parts:
        if name not in known:
            parser.error(f"--parts: {name!r} is none of {', '.join(known)}")
    return asked


def run_part(
    name: str, asked: argparse.Namespace, seconds: float, shared: bool, running: list[subprocess.Popen]
) -> list[Finding]:
    """What a part found within so many seconds, and how it ended; `shared`, the device is not its alone. Its process is
    added to those that run.
    """
    command = [sys.executable, "-m", "kpo_jax.hardware.part", name, asked.scale]
    memory = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"} if shared else {"XLA_PYTHON_CLIENT_MEM_FRACTION": "0.92"}
    log, began, ended = asked.out / f"{name.replace(' ', '_')}.log", time.monotonic(), "yes"
    with (
        open(log, "w") as errors,
        subprocess.Popen(
            command,
            env=memory | os.environ,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        running.append(process)
        try:
            found, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            found, _ = process.communicate()
            ended = f"no: stopped after {seconds:.0f} s"
    if process.returncode and ended == "yes":
        ended = "no: " + (log.read_text(errors="replace").strip().splitlines() or [f"exit {process.returncode}"])[-1]
    findings = [from_json(line) for line in found.splitlines() if line.startswith("{")]
    return [
        *findings,
        Finding(name, "took", time.monotonic() - began, "s"),
        Finding(name, "came to its end", ended, "", "yes", ended == "yes"),
    ]


def run_parts(limits: dict[str, float], asked: argparse.Namespace, seconds: float) -> list[Finding]:
    """What the parts found that run at the same time, each within its limit, all within so many seconds. None of them
    runs on where this is ended, as by Ctrl-C.
    """
    running: list[subprocess.Popen] = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            found = [
                pool.submit(run_part, name, asked, min(limit, seconds), len(limits) > 1, running)
                for name, limit in limits.items()
            ]
            return [one for findings in found for one in findings.result()]
        finally:
            for process in running:
                if process.poll() is None:
                    kill(process)


def kill(process: subprocess.Popen) -> None:
    """End a part with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def main() -> int:
    """0 where all parts came to their end and all bounds hold, 1 else."""
    asked = arguments()
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"error: --out: {asked.out} cannot be made: {error.strerror}", file=sys.stderr)
        return _USAGE
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    findings, end = [], time.monotonic() + 60 * asked.minutes
    for group in parts(SCALES[asked.scale]):
        chosen = {name: limit for name, limit in group.items() if not asked.parts or name in asked.parts}
        if not chosen:
            continue
        left = end - time.monotonic()
        if left < 5:
            findings += [Finding(name, "came to its end", "no: the time was up", "", "yes", False) for name in chosen]
        else:
            print(f"{', '.join(chosen)} ...", file=sys.stderr, flush=True)
            findings += run_parts(chosen, asked, left)
        page = report(f"Accelerator check, {datetime.date.today()}, {_device(findings)}", findings)
        write_whole(asked.out / "accelerator.json", json.dumps([one._asdict() for one in findings], indent=1) + "\n")
        write_whole(asked.out / "accelerator.md", page)
    print(page)
    return int(any(one.holds is False for one in findings))


def _device(findings: list[Finding]) -> str:
    return next((str(one.value) for one in findings if one[:2] == ("device", "kind")), "device unknown")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
