"""The CPU: what it is, and several devices of it in one process, as tests and dry rehearsals of a pod have them."""

import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from kpo_jax.lazy import jax

_FORCED = re.compile(r"--xla_force_host_platform_device_count=(\d+)")


def threads(environment: Mapping[str, str], asked: int | None) -> dict[str, str]:
    """Variables to set before jax is used where the CPU is split: threads enough that no device waits for ever.

    A device in a collective holds a thread until all others are there. With as many threads as devices, one that waits
    for a place in the queue keeps the last device from coming, and XLA aborts after 40 s (jaxlib 0.10 and 0.11).

    Args:
      environment: which may split the CPU too, and whose own PJRT_NPROC stands.
      asked: the CPU devices of --cpu_devices; None where it was not given.
    """
    devices = asked or _forced(environment)
    if devices == 1 or "PJRT_NPROC" in environment:
        return {}
    return {"PJRT_NPROC": str(max(2 * devices, os.cpu_count() or 1))}


def _forced(environment: Mapping[str, str]) -> int:
    """The CPU devices of jax's own variable, or else of XLA_FLAGS."""
    own = environment.get("JAX_NUM_CPU_DEVICES", "")
    forced = [own] if own.isdecimal() else _FORCED.findall(xla_flags(environment))
    return int(forced[-1] if forced else 1)


def xla_flags(environment: Mapping[str, str]) -> str:
    """What XLA_FLAGS says, in the file that it names where it does not begin with a dash; "" if that cannot be read."""
    flags = environment.get("XLA_FLAGS", "")
    if not flags or flags.lstrip().startswith("-"):
        return flags
    try:
        return Path(flags).read_text()
    except OSError:
        return ""


def count_all(environment: Mapping[str, str]) -> int:
    """All devices that jax finds. It is not imported, which takes seconds, where it can find a CPU alone."""
    platforms = environment.get("JAX_PLATFORMS")
    alone = platforms == "cpu" or (not platforms and not _plugins())
    if alone and "jax" not in sys.modules:
        return _forced(environment)
    return len(jax.devices())


def _plugins() -> bool:
    """Whether something is installed by which jax reaches devices beside the CPU."""
    found = any(importlib.util.find_spec(name) for name in ("jax_plugins", "libtpu"))
    return found or bool(importlib.metadata.entry_points(group="jax_plugins"))


def num_devices() -> int:
    """The CPU devices of this process; 0 where it has others."""
    devices = jax.local_devices()
    return len(devices) if devices[0].platform == "cpu" else 0


def facts(*names: str) -> list[str]:
    """What the operating system tells of the CPU under these names ("model name", "flags"), each value once; [] where
    it does not say.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    pairs = (line.partition(":")[::2] for line in lines)
    return sorted({value.strip() for name, value in pairs if name.strip() in names})
