"""Eight fake CPU devices and strict rank promotion for every test; compilation that takes a tenth of its time, here and
in the processes that tests start, and a compilation cache that these share; set before jax is first imported.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # for the processes that tests start, and xdist's workers, too
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="kpo_jax_tests_")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"  # else what is kept hangs on how busy the machine is
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)

import jax
import pytest

gc.set_threshold(50_000, 20, 20)  # traces are millions of objects that stay: to look for garbage among them takes long
# What tests compile takes far longer than what they compute, half of it in the fusion emitters; and a program compiled
# in pieces, side by side, takes more of the CPU. XLA ends a process where it does not know such a name.
_QUICK = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
_given = os.environ.get("XLA_FLAGS", "").replace(_QUICK, "")
os.environ["XLA_FLAGS"] = f"{_given} {_QUICK} --xla_force_host_platform_device_count=8".strip()
os.environ["PJRT_NPROC"] = "16"  # threads enough for eight devices that wait for each other, see kpo_jax/runtime/cpu.py
assert len(jax.devices()) == 8  # made now, with these threads; processes that tests start have devices of their own
del os.environ["PJRT_NPROC"]
os.environ["XLA_FLAGS"] = f"{_given} {_QUICK}".strip()
jax.config.update("jax_numpy_rank_promotion", "raise")
# it is for the processes that tests start: with several devices programs from it may hang (runtime/compilation.py)
jax.config.update("jax_enable_compilation_cache", False)
os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture
def full_optimization():
    """Programs that a test makes are optimized, as a user's are: where two that differ must compute the same bits."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(scope="module", autouse=True)
def room_for_programs():
    """Give up what was compiled before there is too much of it: every program is mapped into memory, and Linux allows
    65,530 mappings a process. One more, and XLA aborts it.
    """
    yield
    mappings = Path("/proc/self/maps")
    if mappings.exists() and mappings.read_bytes().count(b"\n") > 20_000:
        jax.clear_caches()


# files that take half a minute or more: begun first, as a worker that began one at the end would work alone
_LONG = (
    "test_trainer", "test_distributed", "test_components", "test_families", "test_engine", "test_report",
    "test_benchmark", "test_hardware", "test_own_tasks", "test_attention", "test_resume_methods",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in _LONG)
