"""Every fault that a run should survive, on real processes: what was seen, what was lost, and whether the end is the
same.

    python tests/drill.py --out=DIR [--seed=0] [--rounds=2] [--only=PATTERN]

Each drill takes a copy of a run before its first step, strikes it in the named phase of a random step, runs the same
command again, and compares metrics.jsonl, minibatches.jsonl and the fingerprint of the last checkpoint with those of a
run that nothing befell. The phase is known from the lines that `--verbosity=1` logs, and rewarding from the grader's
worker processes. One line per drill, and in the end a table in Markdown; exit code 1 if any drill did not end as it
should.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEPS, EVERY = 6, 2
PHASES = ("rollout", "reward", "update", "save")
SETTINGS = [
    "--config=configs/tiny.py:is_kpo_weak",
    f"--config.num_steps={STEPS}",
    "--config.model.num_layers=1",
    "--config.model.hidden_size=32",
    "--config.model.intermediate_size=64",
    "--config.warm_start.num_steps=4",
    "--config.rollout.prompts_per_step=8",
    "--config.rollout.group_size=4",
    "--config.learner.num_minibatches=2",
    "--config.learner.warmup_steps=0",
    "--config.sampler.max_response_length=24",
    "--config.reward.overlong_buffer=20",
    "--config.eval.every=3",
    "--config.eval.num_samples=2",
    "--config.eval.prompts_per_call=8",
    "--config.eval.sets.held_out.num_problems=8",
    f"--config.checkpoint.every={EVERY}",
    "--config.data.num_problems=20",  # an epoch ends in the middle of step 3
    "--verbosity=1",
    "--cpu_devices=1",
]
PATIENCE = 900.0  # seconds for one launch: the machine may be busy


class Job:
    """A running command of one or several processes, and what it says."""

    def __init__(self, workdir: Path, cache: Path, processes: int, *extra: str):
        self.lines: list[tuple[float, int, str]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KPO_")} | {
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": "",
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        self.processes = []
        for number in range(processes):
            place = {
                "KPO_COORDINATOR": f"127.0.0.1:{port}",
                "KPO_NUM_PROCESSES": str(processes),
                "KPO_PROCESS_ID": str(number),
            }
            command = [sys.executable, "-u", "-m", "kpo_jax.main", *SETTINGS, f"--workdir={workdir}", *extra]
            self.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment | (place if processes > 1 else {}),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            )
            threading.Thread(target=self._read, args=(number,), daemon=True).start()

    def _read(self, number: int) -> None:
        for line in self.processes[number].stderr:
            self.lines.append((time.monotonic(), number, line.rstrip("\n")))

    def wait_for(self, text: str, number: int = 0) -> bool:
        """Until process `number` has said `text`; False if the job ends first."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if any(who == number and text in line for _, who, line in list(self.lines)):
                return True
            if self.processes[number].poll() is not None:
                return False
            time.sleep(0.002)
        return False

    def wait_for_grader(self, number: int = 0) -> bool:
        """Until process `number` has a grader's worker; False if it ends first."""
        pid, deadline = self.processes[number].pid, time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.processes[number].poll() is None:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    for child in task.read_text().split():
                        if b"kpo_jax.verifier.pool" in Path(f"/proc/{child}/cmdline").read_bytes():
                            return True
            time.sleep(0.002)
        return False

    def wait(self) -> list[int]:
        """The exit codes of all, in the order of processes. What has not ended in time is killed: code -9."""
        deadline = time.monotonic() + PATIENCE
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        self.kill()
        return [process.wait() for process in self.processes]

    def kill(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def said(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for _, _, line in self.lines)


@dataclasses.dataclass(frozen=True)
class Fault:
    """`strike(job, workdir, step, rng)` does it and says where, "" if the job ended before; `codes` are the exit codes
    that may be seen, one list for each process, None for any; `says` is what the job must have said; `extra` are flags
    of the struck run.
    """

    name: str
    strike: object
    codes: tuple
    processes: int = 1
    says: str = ""
    extra: tuple = ()
    lost: int = EVERY  # training steps that may be done again
    disk: bool = False


def in_phase(phase: str, number: int, job: Job, step: int) -> bool:
    """Wait until process `number` is in the phase; False if it ends first."""
    if phase == "save":
        return job.wait_for(
            f"phase: step {step - step % EVERY}: checkpoint", number
        )  # never the last, after which nothing is left to stop
    reached = job.wait_for(f"phase: step {step}: {'rollout' if phase == 'reward' else phase}", number)
    return reached and (phase != "reward" or job.wait_for_grader(number))


def send(number: int, signum, phase: str = ""):
    """A signal to process `number`, within a tenth of a second after the phase began; in a random one where none is
    named.
    """

    def strike(job, workdir, step, rng):
        where = phase or rng.choice(PHASES)
        reached = in_phase(where, number, job, step)
        time.sleep(rng.random() * 0.1)
        if not reached:
            return ""
        os.kill(job.processes[number].pid, signum)
        return f"step {step}" if phase else f"step {step}, {where}"

    return strike


def fill_disk(job, workdir, step, rng):
    """No byte is left from a random step to the next but one."""
    step = 1 + step % 3
    job.wait_for(f"phase: step {step}: rollout")
    filler = workdir.parent / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    reached = job.wait_for(f"phase: step {step + 2}: update")
    filler.unlink()
    return f"step {step}" if reached else ""


def largest_file(workdir, step) -> Path:
    """The one that holds the arrays; some of the others hold nothing that is read, and neither does this one's end: an
    index of before the processes' were merged. So it is damaged in its first half."""
    files = (p for p in (workdir / "checkpoints" / str(step) / "state").rglob("d/*") if p.is_file())
    return max(files, key=lambda p: p.stat().st_size)


def flip(workdir, step, rng):
    path = largest_file(workdir, step)
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data) // 2)] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(workdir, step, rng):
    path = largest_file(workdir, step)
    os.truncate(path, rng.randrange(1, path.stat().st_size // 2))


def empty(workdir, step, rng):
    directory = workdir / "checkpoints" / str(step)
    for path in directory.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def half_write(workdir, step, rng):
    directory = workdir / "checkpoints" / str(step)
    files = [p for p in directory.rglob("*") if p.is_file()]
    for path in rng.sample(files, len(files) // 2):
        path.unlink()


def faults() -> list[Fault]:
    out = [Fault(f"SIGKILL in {phase}", send(0, signal.SIGKILL, phase), ([-9],)) for phase in PHASES]
    out += [
        Fault(f"SIGTERM in {phase}", send(0, signal.SIGTERM, phase), ([75],), says="saved at step", lost=0)
        for phase in PHASES
    ]
    out += [
        Fault("SIGKILL of the first process of two", send(0, signal.SIGKILL), ([-9], None), processes=2),
        Fault(
            "SIGKILL of the second process of two",
            send(1, signal.SIGKILL),
            ([13], [-9]),
            processes=2,
            says="is gone without a word",
        ),
        Fault(
            "SIGTERM of one process of two",
            send(1, signal.SIGTERM),
            ([75], [75]),
            processes=2,
            says="saved at step",
            lost=0,
        ),
        Fault(
            "exception in one process of two",  # an interrupt is one, and needs no hook
            send(1, signal.SIGINT, "rollout"),
            ([13], [13]),
            processes=2,
            says="the job was ended by process 1 on",
        ),
        Fault(
            "hang of one process of two (SIGSTOP)",
            send(1, signal.SIGSTOP, "rollout"),
            ([13], None),
            processes=2,
            says="took more than 60 s",
            extra=("--config.job.phase_timeout=60", "--config.job.heartbeat_timeout=300"),
        ),
        Fault("disk full for two steps", fill_disk, ([0],), says="was not saved", lost=0, disk=True),
    ]
    return out


DAMAGE = {"bit flip": flip, "truncated file": truncate, "emptied checkpoint": empty, "half of the files": half_write}


@dataclasses.dataclass(frozen=True)
class Outcome:
    fault: str
    where: str
    seen: str
    lost: int
    equal: bool
    good: bool
    seconds: float | None = None  # from the fault to the end of the job

    def line(self) -> str:
        mark, equal = "ok  " if self.good else "FAIL", "yes" if self.equal else "NO"
        seen = self.seen + ("" if self.seconds is None else f" after {self.seconds:.1f} s")
        return f"{mark} {self.fault} ({self.where}): {seen}; steps lost {self.lost}; equal to the unbroken run: {equal}"


def newest(workdir: Path) -> int:
    return max((int(p.name) for p in (workdir / "checkpoints").iterdir() if p.name.isdecimal()), default=-1)


def last_step(workdir: Path) -> int:
    """The last step of which there is a whole line of metrics."""
    last = -1
    for line in (workdir / "metrics.jsonl").read_text().splitlines():
        with contextlib.suppress(ValueError):
            last = json.loads(line)["step"]
    return last


def result(workdir: Path) -> tuple:
    about = json.loads((workdir / "checkpoints" / str(STEPS) / "about" / "metadata").read_text())
    return about["fingerprints"], *((workdir / f"{name}.jsonl").read_bytes() for name in ("metrics", "minibatches"))


def differs(workdir: Path, unbroken: Path) -> str:
    """ "" if the two runs ended the same."""
    try:
        same = result(workdir) == result(unbroken)
    except OSError as error:
        return str(error)
    return "" if same else "metrics or last checkpoint differ"


class Drills:
    """The unbroken runs of one and of two processes, and the drills beside them."""

    def __init__(self, out: Path, seed: int):
        self.out, self.rng, self.count = out, random.Random(seed), 0
        out.mkdir(parents=True)

    def job(self, workdir, processes, *extra) -> Job:
        return Job(workdir, self.out / "cache", processes, *extra)

    def prepare(self, processes: int) -> None:
        first, whole = self.out / f"first_{processes}", self.out / f"unbroken_{processes}"
        for workdir, extra in ((first, ["--config.num_steps=0"]), (whole, [])):
            if extra == []:
                shutil.copytree(first, whole)
            job = self.job(workdir, processes, *extra)
            if set(job.wait()) != {0}:
                sys.exit("\n".join(line for _, _, line in job.lines[-40:]))

    def strike(self, fault: Fault) -> Outcome:
        self.count += 1
        step, directory = self.rng.randrange(2, STEPS), self.out / f"drill_{self.count:02d}"
        directory.mkdir()
        with _small_disk(directory) if fault.disk else contextlib.nullcontext():
            workdir = directory / "run"
            shutil.copytree(self.out / f"first_{fault.processes}", workdir)
            job = self.job(workdir, fault.processes, *fault.extra)
            try:
                where = fault.strike(job, workdir, step, self.rng)
                struck = time.monotonic()
                codes = job.wait() if "SIGSTOP" not in fault.name else self._wait_for_first(job)
            finally:
                job.kill()
            seconds, reached, left = time.monotonic() - struck, last_step(workdir), newest(workdir)
            good = all(
                allowed is None or code in allowed for code, allowed in zip(codes, fault.codes, strict=True)
            ) and job.said(fault.says)
            if set(codes) != {0}:
                self.finish(workdir, fault.processes)
            problem = differs(workdir, self.out / f"unbroken_{fault.processes}")
            lost = max(0, reached - left)
            good = bool(where) and good and not problem and lost <= fault.lost
            (self.out / f"drill_{self.count:02d}.log").write_text(
                "".join(f"{number}: {line}\n" for _, number, line in job.lines)
            )
        seen = f"exit {', '.join(map(str, codes))}" + (
            f', said "{fault.says}"' if fault.says and job.said(fault.says) else ""
        )
        return Outcome(
            fault.name, where or f"ended before step {step}, not struck", seen, lost, not problem, good, seconds
        )

    def _wait_for_first(self, job: Job) -> list[int]:
        job.processes[0].wait(PATIENCE)
        job.kill()
        return [process.wait() for process in job.processes]

    def finish(self, workdir: Path, processes: int) -> Job:
        """The same command again, to its end."""
        job = self.job(workdir, processes)
        job.wait()
        return job

    def damage(self, name: str) -> Outcome:
        self.count += 1
        workdir = self.out / f"drill_{self.count:02d}"
        shutil.copytree(self.out / "unbroken_1", workdir)
        DAMAGE[name](workdir, STEPS, self.rng)
        job = self.finish(workdir, 1)
        found = job.said(f"step {STEPS} in .* is damaged")
        problem = differs(workdir, self.out / "unbroken_1")
        lost = EVERY if found else 0  # back to the checkpoint before
        again = sum(f"step {step}: update" in line for _, _, line in job.lines for step in range(1, STEPS + 1))
        good = job.processes[0].returncode == 0 and not problem and lost == again
        harmless = " (or hit bytes that hold nothing)" if name == "bit flip" else ""
        seen = f"exit {job.processes[0].returncode}, " + (
            f"damage named, fell back {lost} steps" if found else f"nothing{harmless}"
        )
        return Outcome(name, f"step {STEPS}", seen, lost, not problem, good and (found or bool(harmless)))


@contextlib.contextmanager
def _small_disk(directory: Path):
    """A file system of a few megabytes at `directory`."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def can_mount() -> bool:
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


def table(outcomes: list[Outcome]) -> str:
    """Markdown: a row per kind of fault."""
    rows = ["| fault | drills | seen | steps lost, at most | same end as the unbroken run |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        these = [outcome for outcome in outcomes if outcome.fault == name]
        seen, seconds = (
            "; ".join(dict.fromkeys(o.seen for o in these)),
            [o.seconds for o in these if o.seconds is not None],
        )
        seen += f", after {min(seconds):.1f} to {max(seconds):.1f} s" if seconds else ""
        rows.append(
            f"| {name} | {len(these)} | {seen} | {max(o.lost for o in these)} "
            f"| {sum(o.equal for o in these)} of {len(these)} |"
        )
    return "\n".join(rows)


def run(out: Path, seed: int, rounds: int, only: str) -> list[Outcome]:
    """Run all drills `rounds` times (those of the disk only where one can be mounted), printing a line each."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background job would hand down that it is ignored
    drills, outcomes = Drills(out, seed), []
    plan = [
        fault
        for _ in range(rounds)
        for fault in faults()
        if re.search(only, fault.name) and (can_mount() or not fault.disk)
    ]
    damages = [name for _ in range(rounds) for name in DAMAGE if re.search(only, name)]
    for processes in (1, 2):
        if processes in {fault.processes for fault in plan} | ({1} if damages else set()):
            drills.prepare(processes)
    for act in [
        *(lambda f=fault: drills.strike(f) for fault in plan),
        *(lambda n=name: drills.damage(n) for name in damages),
    ]:
        outcomes.append(act())
        print(outcomes[-1].line(), flush=True)
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="a directory that is not there yet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="", help="only faults in whose name this regular expression is found")
    arguments = parser.parse_args()
    outcomes = run(Path(arguments.out).resolve(), arguments.seed, arguments.rounds, arguments.only)
    print(f"\n{table(outcomes)}\n\n{sum(o.good for o in outcomes)} of {len(outcomes)} as they should be")
    sys.exit(not all(outcome.good for outcome in outcomes))


if __name__ == "__main__":
    main()
