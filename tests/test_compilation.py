"""Compiled programs on disk: where, whose, how many; and never where one process has several CPU devices."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from kpo_jax.runtime import compilation, cpu

ROOT = Path(__file__).parents[1]


def test_the_folder_is_the_one_given_or_that_of_the_variable_or_the_users_own():
    environment = {"XDG_CACHE_HOME": "/nowhere/cache", "JAX_COMPILATION_CACHE_DIR": "named"}
    assert compilation.folder("given", environment) == Path("given")
    assert compilation.folder("", environment) == Path("named")
    assert compilation.folder("", {"XDG_CACHE_HOME": "/nowhere/cache"}) == Path("/nowhere/cache/kpo_jax/programs")
    home = Path("~/.cache").expanduser() / "kpo_jax" / "programs"
    assert compilation.folder("", {}) == compilation.folder("", {"XDG_CACHE_HOME": "relative"}) == home


def test_several_cpu_devices_of_a_process_load_nothing(tmp_path):
    assert jax.local_device_count() == 8
    for given, environment, named in (
        ("", {}, False),
        (str(tmp_path), {}, True),
        ("", {"JAX_COMPILATION_CACHE_DIR": str(tmp_path)}, True),
    ):
        settings, line = compilation.settings(given, environment)
        assert settings == {"jax_compilation_cache_dir": None}
        assert (str(tmp_path) in line and "8 CPU devices" in line) if named else line == ""
    assert compilation.settings("off", {"JAX_COMPILATION_CACHE_DIR": str(tmp_path)})[1] == ""
    assert list(tmp_path.iterdir()) == []


def test_one_device_keeps_its_programs_by_kind_of_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu, "num_devices", lambda: 1)
    here, line = compilation.settings(str(tmp_path), {})
    assert line == "" and Path(here["jax_compilation_cache_dir"]).parent == tmp_path
    assert here["jax_compilation_cache_max_size"] == compilation.MAX_BYTES
    own = {"JAX_COMPILATION_CACHE_MAX_SIZE": "17"}  # which jax has read by itself
    assert "jax_compilation_cache_max_size" not in compilation.settings(str(tmp_path), own)[0]
    monkeypatch.setattr(cpu, "facts", lambda *names: ["avx512f"])
    there, _ = compilation.settings(str(tmp_path), {})
    assert there["jax_compilation_cache_dir"] != here["jax_compilation_cache_dir"]


def test_a_folder_that_cannot_be_made_is_one_line_and_no_end(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu, "num_devices", lambda: 1)
    (tmp_path / "file").write_text("")
    settings, line = compilation.settings(str(tmp_path / "file"), {})
    assert settings == {"jax_compilation_cache_dir": None} and "are not kept there" in line and "\n" not in line


def test_what_is_no_folder_of_this_machine_keeps_no_programs(monkeypatch):
    monkeypatch.setattr(cpu, "num_devices", lambda: 1)
    without = {"jax_compilation_cache_dir": None}
    settings, line = compilation.settings("", {"JAX_COMPILATION_CACHE_DIR": "gs://bucket/programs"})
    assert settings == without and "gs:// is not supported" in line and "\n" not in line

    def homeless(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert compilation.settings("", {}) == (
        without, "compiled programs are not kept: Could not determine home directory."
    )  # fmt: skip


def test_what_a_killed_process_left_half_written_is_removed(tmp_path):
    for name in ("whole-cache", "whole-atime", "torn-cache", "late-atime", "other"):
        (tmp_path / name).write_bytes(b"x")
    compilation.tidy(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {".lockfile"} == {"whole-cache", "whole-atime", "other"}


def test_threads_are_enough_where_the_cpu_is_split(tmp_path):
    most = os.cpu_count() or 1
    assert cpu.threads({}, None) == cpu.threads({}, 1) == {}
    assert cpu.threads({}, 2) == {"PJRT_NPROC": str(max(4, most))}
    assert cpu.threads({"XLA_FLAGS": "--a --xla_force_host_platform_device_count=64"}, None) == {"PJRT_NPROC": "128"}
    assert cpu.threads({"PJRT_NPROC": "3"}, 8) == {}
    assert cpu.threads({"JAX_NUM_CPU_DEVICES": "64", "XLA_FLAGS": "--a"}, None) == {"PJRT_NPROC": "128"}
    assert cpu.threads({"JAX_NUM_CPU_DEVICES": "-1"}, None) == {}  # which is jax's own default
    (tmp_path / "flags").write_text("--a\n--xla_force_host_platform_device_count=64\n")
    assert cpu.threads({"XLA_FLAGS": str(tmp_path / "flags")}, None) == {"PJRT_NPROC": "128"}
    assert cpu.threads({"XLA_FLAGS": str(tmp_path / "nowhere")}, None) == {}


PROGRAM = """
import jax, jax.numpy as jnp
from kpo_jax.commands import modes
from kpo_jax.runtime import compilation
modes.keep_programs("")
before = compilation.tally()
print(jax.jit(lambda x: sum(jnp.sin(x * k) for k in range(200)))(jnp.arange(3.0)))
print(*compilation.tally().since(before))
"""


def compile_once(cache: Path) -> tuple[str, int]:
    """(what the program printed first, how many programs it loaded) in a process of its own."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache), "XLA_FLAGS": "", "PYTHONPATH": str(ROOT)}
    environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    result, tally = done.stdout.splitlines()
    assert int(tally.split()[0]) >= 1
    return result, int(tally.split()[2])


def test_the_next_process_loads_what_this_one_compiled(tmp_path):
    first, loaded = compile_once(tmp_path)
    assert loaded == 0
    again, loaded = compile_once(tmp_path)
    assert loaded >= 1 and again == first
    (kind,) = tmp_path.iterdir()
    for path in kind.glob("*-cache"):  # a disk that lies: compiled anew
        path.write_bytes(b"junk")
    assert compile_once(tmp_path) == (first, 0)
    shutil.rmtree(kind)
    assert compile_once(tmp_path) == (first, 0)


SMALL = [
    "--config=tiny:kpo_strong", "--cpu_devices=2", "--config.model.num_layers=1", "--config.model.hidden_size=32",
    "--config.model.intermediate_size=32", "--config.warm_start.batch_size=8", "--config.eval.num_samples=1",
    "--config.rollout.prompts_per_step=4", "--config.rollout.group_size=4", "--config.num_steps=2",
]  # fmt: skip


@pytest.mark.slow
def test_two_devices_on_two_cores_run_hundreds_of_steps_whatever_cache_the_user_names(tmp_path):
    cores = set(list(os.sched_getaffinity(0))[:2])
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache"), "XLA_FLAGS": ""}
    for name in ("first", "second"):
        command = [sys.executable, "-m", "kpo_jax.main", *SMALL, f"--workdir={tmp_path / name}"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        assert done.returncode == 0, done.stderr
        assert "2 CPU devices" in done.stderr
    assert not (tmp_path / "cache").exists()
    assert (tmp_path / "first" / "metrics.jsonl").read_bytes() == (tmp_path / "second" / "metrics.jsonl").read_bytes()
