"""launch/slurm.sbatch on a real Slurm of two nodes on this machine, by Debian's packages; needs root. Minutes long."""

import json
import math
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from test_trainer import SMALL

ROOT = Path(__file__).parents[1]
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "scontrol", "munged", "runuser")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; Debian: slurmctld slurmd "
                       "slurm-client slurm-wlm-basic-plugins munge"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's daemons are started as root"),
]  # fmt: skip

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SlurmdParameters=config_overrides
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool_%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd_%n.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd_%n.pid
NodeName=node[0-1] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] CPUs=2 RealMemory=4000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports() -> list[int]:
    """Three, of which the last two follow one another."""
    for first in range(17000 + os.getpid() % 1000 * 3, 60000, 3):
        try:
            for port in range(first, first + 3):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port))
        except OSError:
            continue
        return [first, first + 1, first + 2]
    raise RuntimeError("no free ports")


@pytest.fixture(scope="module")
def slurm():
    """The environment in which Slurm's commands find a cluster of two nodes."""
    folder = Path(tempfile.mkdtemp(prefix="slurm_"))
    folder.chmod(0o755)
    for name in ("state", "spool_node0", "spool_node1"):
        (folder / name).mkdir()
    conf = folder / "slurm.conf"
    conf.write_text(CONFIGURATION.format(host=socket.gethostname(), ports=free_ports(), folder=folder))
    munge = folder / "munge"
    munge.mkdir()
    key = munge / "key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    for path in (munge, key):
        shutil.chown(path, "munge", "munge")
    environment = os.environ | {
        "SLURM_CONF": str(conf),
        "JAX_PLATFORMS": "cpu",
        "VENV": str(Path(sys.executable).parents[1]),
    }
    daemons = []

    def start(*command):
        with (folder / "daemons.log").open("ab") as log:
            daemons.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    try:
        # --force: the socket's folder is root's
        shutil.chown(folder, "munge", "munge")
        start("runuser", "-u", "munge", "--", "munged", "--foreground", f"--key-file={key}",
              f"--socket={folder}/munge.socket", f"--pid-file={munge}/pid", f"--log-file={munge}/log",
              f"--seed-file={munge}/seed")  # fmt: skip
        wait_for(lambda: (folder / "munge.socket").exists(), 20, "munged")
        start("slurmctld", "-D", "-c", "-f", str(conf))
        for node in ("node0", "node1"):
            start("slurmd", "-D", "-N", node, "-f", str(conf))
        wait_for(lambda: ask(environment, "sinfo", "-h", "-o", "%D %T").split() == ["2", "idle"], 60, "two idle nodes")
        yield environment
    finally:
        subprocess.run(["scancel", "--user=root", "--full"], env=environment, capture_output=True)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


def ask(environment, *command) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout


def wait_for(done, seconds, what):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.3)


def job_field(slurm, job, name) -> str:
    fields = dict(
        item.split("=", 1) for item in ask(slurm, "scontrol", "show", "job", job, "-o").split() if "=" in item
    )
    return fields.get(name, "")


def submit(slurm, log, *options) -> str:
    done = subprocess.run(
        ["sbatch", "--parsable", f"--output={log}", *options], env=slurm, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def final_state(slurm, job, log, while_waiting=lambda state: None) -> str:
    """The state in which a job ends."""
    deadline = time.monotonic() + 1500
    while (state := job_field(slurm, job, "JobState")) not in (
        "COMPLETED",
        "FAILED",
        "TIMEOUT",
        "CANCELLED",
        "NODE_FAIL",
    ):
        assert time.monotonic() < deadline, log.read_text()
        while_waiting(state)
        time.sleep(0.5)
    return state


def update(slurm, job, **fields) -> None:
    subprocess.run(
        ["scontrol", "update", f"JobId={job}", *(f"{k}={v}" for k, v in fields.items())], env=slurm, capture_output=True
    )


def lines(workdir, name) -> list[str]:
    return (workdir / f"{name}.jsonl").read_text().splitlines()


def unbroken(slurm, settings, workdir, num_steps) -> None:
    done = subprocess.run(
        ["bash", "launch/local.sh", "--processes=2", f"--logs={workdir}/logs", "--", *settings,
         f"--config.num_steps={num_steps}", f"--workdir={workdir}"],
        cwd=ROOT, env=slurm, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_preempted_by_the_time_limit_and_requeued_the_run_is_the_unbroken_one(slurm, tmp_path):
    # a penalty on length, since a policy of this size is never right: without rewards that differ nothing would be
    # learned
    settings = [*SMALL, "--config.reward.overlong_buffer=10", "--config.eval.every=0", "--config.checkpoint.every=1000"]
    first, whole, broken, log = (tmp_path / name for name in ("first", "whole", "broken", "job.log"))
    unbroken(slurm, settings, first, 20)  # compiles, and shows how fast this machine is
    seconds = statistics.median(
        sum(v for k, v in json.loads(line).items() if k.startswith("time/")) for line in lines(first, "timing")
    )
    steps = max(40, math.ceil(75 / seconds))  # Slurm looks at time limits every 30 seconds
    unbroken(slurm, settings, whole, steps)
    settings += [f"--config.num_steps={steps}"]
    job = submit(
        slurm, log, "--nodes=2", "--ntasks-per-node=1", "--time=60", "--signal=TERM@120", f"--chdir={ROOT}",
        "launch/slurm.sbatch", "--", *settings, f"--workdir={broken}",
    )  # fmt: skip
    limited = []

    def shorten_once(state):
        if state == "PENDING":  # Slurm holds a requeued job for two minutes
            update(slurm, job, StartTime="now", TimeLimit=60)
        elif (
            state == "RUNNING"
            and not limited
            and (broken / "metrics.jsonl").exists()
            and len(lines(broken, "metrics")) > 4
        ):
            hours, minutes, _ = map(int, job_field(slurm, job, "RunTime").split(":"))
            update(slurm, job, TimeLimit=hours * 60 + minutes + 2)  # less than the two minutes of --signal are left
            limited.append(True)

    state, told = final_state(slurm, job, log, shorten_once), log.read_text()
    # on a machine with much else to do, a start may fail for gloo's 30 seconds and be repeated
    assert state == "COMPLETED" and 1 <= int(job_field(slurm, job, "Restarts")) <= 3, told
    assert told.count("tasks ended with exit code 75;") == 1 and "tasks ended with exit code 0;" in told
    assert [f"{task}: SIGTERM: saved at step" in told for task in (0, 1)] == [True, True], told
    for name in ("metrics", "minibatches"):
        assert lines(broken, name) == lines(whole, name)
    metrics = [json.loads(line) for line in lines(broken, "metrics")]
    assert {one["step"] for one in metrics} == set(range(steps + 1))
    # or no state would be missed
    assert sum(one.get("learner/grad_norm", 0) > 0 for one in metrics) > steps / 4


def test_a_usage_error_is_not_requeued(slurm, tmp_path):
    log = tmp_path / "job.log"
    job = submit(
        slurm, log, "--nodes=2", "--ntasks-per-node=1", "--time=5", f"--chdir={ROOT}", "launch/slurm.sbatch",
        "--", "--config=configs/tiny.py", "--config.num_steps=none", f"--workdir={tmp_path}/run",
    )  # fmt: skip
    state, told = final_state(slurm, job, log), log.read_text()
    assert state == "FAILED" and job_field(slurm, job, "ExitCode") == "64:0", told
    assert job_field(slurm, job, "Restarts") == "0" and "num_steps: 'none' is not a int" in told


def task_of(job, number) -> int:
    """The process id of a task of the job."""
    wanted = {f"SLURM_JOB_ID={job}", f"KPO_PROCESS_ID={number}"}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            inside = b"kpo_jax.main" in (path / "cmdline").read_bytes() and wanted <= set(
                (path / "environ").read_text().split("\0")
            )
        except OSError:  # it has ended
            continue
        if inside and os.readlink(path / "exe").rpartition("/")[2].startswith("python"):
            return int(path.name)
    raise AssertionError(f"no task {number} of job {job} runs")


def test_a_killed_task_ends_the_job_which_goes_on_from_the_checkpoint(slurm, tmp_path):
    log, workdir = tmp_path / "job.log", tmp_path / "run"
    job = submit(
        slurm, log, "--nodes=2", "--ntasks-per-node=1", "--time=60", f"--chdir={ROOT}", "launch/slurm.sbatch",
        "--", *SMALL, "--config.eval.every=0", "--config.checkpoint.every=5", "--config.num_steps=100",
        f"--workdir={workdir}",
    )  # fmt: skip
    wait_for(lambda: (workdir / "metrics.jsonl").exists() and len(lines(workdir, "metrics")) > 5, 600, "a few steps")
    os.kill(task_of(job, 1), signal.SIGKILL)
    struck = time.monotonic()
    wait_for(
        lambda: job_field(slurm, job, "JobState") != "RUNNING", 50, "the end of a job with a killed task"
    )  # jax's heartbeat is 60
    print(f"ended after {time.monotonic() - struck:.1f} s")
    state, told = (
        final_state(slurm, job, log, lambda state: state == "PENDING" and update(slurm, job, StartTime="now")),
        log.read_text(),
    )
    assert state == "COMPLETED" and int(job_field(slurm, job, "Restarts")) >= 1 and "task 1: Killed" in told, told
    assert [json.loads(line)["step"] for line in lines(workdir, "metrics") if "learner/loss" in line] == list(
        range(1, 101)
    )
