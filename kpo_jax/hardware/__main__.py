"""Runs the parts of the check one after another, each in a process of its own with a time limit of its own.

    python -m kpo_jax.hardware --out=DIR [--scale=small] [--minutes=8] [--parts=NAME,NAME]

DIR/accelerator.json and the tables in DIR/accelerator.md are written anew after every part, so that a machine which is
taken away leaves what there was; what a part says besides its findings is in DIR/PART.log.
"""

import concurrent.futures
import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from absl import app, flags

from kpo_jax.files import write_whole
from kpo_jax.hardware.records import SCALES, Finding, from_json, parts, report

_OUT = flags.DEFINE_string("out", None, "The folder for what is found.")
_SCALE = flags.DEFINE_enum("scale", "full", list(SCALES), "How large the check is.")
_MINUTES = flags.DEFINE_float("minutes", 8.0, "All parts together; what has not begun by then is left out.", 0.1)
_PARTS = flags.DEFINE_list("parts", [], "Only these; by default all.")


def run_part(name: str, out: Path, seconds: float, shared: bool) -> list[Finding]:
    """What a part found within so many seconds, and how it ended; `shared`, the device is not its alone."""
    command = [sys.executable, "-m", "kpo_jax.hardware.part", name, _SCALE.value]
    memory = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"} if shared else {"XLA_PYTHON_CLIENT_MEM_FRACTION": "0.92"}
    log, began, ended = out / f"{name.replace(' ', '_')}.log", time.monotonic(), "yes"
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
        try:
            found, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
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


def run_parts(limits: dict[str, float], out: Path, seconds: float) -> list[Finding]:
    """What the parts found that run at the same time, each within its limit, all within so many seconds."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = [
            pool.submit(run_part, name, out, min(limit, seconds), shared=len(limits) > 1)
            for name, limit in limits.items()
        ]
    return [one for findings in found for one in findings.result()]


def main(arguments: list[str]) -> int:
    """0 where all parts came to their end and all bounds hold, 1 else."""
    groups = parts(SCALES[_SCALE.value])
    known = [name for group in groups for name in group]
    unknown = [name for name in _PARTS.value if name not in known]
    if arguments[1:] or unknown or not _OUT.value:
        said = f"--parts: {unknown[0]!r} is none of {', '.join(known)}" if unknown else "--out: the folder is required"
        print(f"error: {said}" if not arguments[1:] else f"error: {arguments[1]!r} is no flag", file=sys.stderr)
        return 64
    out = Path(_OUT.value)
    out.mkdir(parents=True, exist_ok=True)
    findings, end = [], time.monotonic() + 60 * _MINUTES.value
    for group in groups:
        chosen = {name: limit for name, limit in group.items() if not _PARTS.value or name in _PARTS.value}
        left = end - time.monotonic()
        if left < 5:
            findings += [Finding(name, "came to its end", "no: the time was up", "", "yes", False) for name in chosen]
            continue
        if chosen:
            print(f"{', '.join(chosen)} ...", file=sys.stderr, flush=True)
        findings += run_parts(chosen, out, left)
        title = f"Accelerator check, {datetime.date.today()}, {_device(findings)}"
        write_whole(out / "accelerator.json", json.dumps([one._asdict() for one in findings], indent=1) + "\n")
        write_whole(out / "accelerator.md", report(title, findings))
    print(report(title, findings))
    return int(any(one.holds is False for one in findings))


def _device(findings: list[Finding]) -> str:
    return next((str(one.value) for one in findings if one[:2] == ("device", "kind")), "device unknown")


if __name__ == "__main__":
    app.run(main)
