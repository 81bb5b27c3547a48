"""Compiled programs kept on disk from one process to the next.

jax keys a program by what it computes, its compiler and its flags. Here a folder is put around it for the kind of
machine, since XLA compiles for the very features of the CPU that it runs on: what another machine wrote is never
loaded, not even on a home directory that many share.

One case is left out. Where one process has several CPU devices, a program from the cache may order its collectives
differently on each of them: the devices then wait for one another for ever, and are aborted (jaxlib 0.10 to 0.12).

What is compiled is counted here too.
"""

import functools
import hashlib
import json
import os
import platform
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import filelock

from kpo_jax import places, text
from kpo_jax.lazy import jax
from kpo_jax.runtime import cpu

OFF = "off"
VARIABLE = "JAX_COMPILATION_CACHE_DIR"
MAX_BYTES = 4 * 2**30  # of one kind of machine; what was used longest ago goes first
_MIN_SECONDS = 0.05  # to compile; what takes less is not worth a file
_ENTRY, _TIME = "-cache", "-atime"  # jax's names: a program, and when it was used last


def folder(given: str, environment: Mapping[str, str]) -> Path:
    """Where programs are kept: the folder given, or jax's variable names one, or the user's own cache folder."""
    named = given or environment.get(VARIABLE, "")
    if named:
        return Path(named).expanduser()
    home = environment.get("XDG_CACHE_HOME", "")  # relative ones are to be ignored, says its specification
    return (Path(home) if os.path.isabs(home) else Path("~/.cache").expanduser()) / "kpo_jax" / "programs"


def machine_kind() -> str:
    """A short name of what a compiled program depends on beside its text: compiler, devices, features of the CPU."""
    backend = jax.devices()[0].client
    facts = [jax.lib.__version__, backend.platform, backend.platform_version, jax.devices()[0].device_kind]
    facts += [platform.system(), platform.machine(), *cpu.facts("model name", "flags", "Features")]
    return f"{backend.platform}_{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]}"


def settings(given: str, environment: Mapping[str, str]) -> tuple[dict[str, object], str]:
    """How jax is to keep programs; to be asked before anything is compiled.

    Args:
      given: a folder, "" for the default one, or OFF.

    Returns:
      (values of jax's own configuration by name, a line for the person where a named folder is not used or else "").
    """
    without = {"jax_compilation_cache_dir": None}
    if given == OFF:
        return without, ""
    named = given or environment.get(VARIABLE, "")
    if places.is_remote(named):
        return without, f"{named}: compiled programs are not kept there: {text.unsupported(named)}"
    count = cpu.num_devices()
    if count > 1:
        line = f"{named}: no compiled program is loaded from it, as this process has {count} CPU devices"
        return without, line if named else ""
    try:
        place = folder(given, environment)
    except RuntimeError as error:  # the user has no home
        return without, f"compiled programs are not kept: {error}"
    place /= machine_kind()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)  # what lies there is executed
        tidy(place)
    except OSError as error:
        return without, f"{place}: compiled programs are not kept there: {error.strerror or error}"
    limits = {"jax_compilation_cache_max_size": MAX_BYTES, "jax_persistent_cache_min_compile_time_secs": _MIN_SECONDS}
    left = {name: value for name, value in limits.items() if name.upper() not in environment}  # else jax has read it
    return {"jax_compilation_cache_dir": str(place)} | left, ""


def tidy(place: Path) -> None:
    """Remove what a killed process left half written: an entry without its time, or a time without its entry.

    jax would stumble over the one whenever it makes room, and over the other never. Nothing is done while another
    process has the lock.
    """
    try:
        with filelock.FileLock(place / ".lockfile").acquire(timeout=0):
            names = {path.name for path in place.iterdir()}
            for name in names:
                for own, other in ((_ENTRY, _TIME), (_TIME, _ENTRY)):
                    if name.endswith(own) and name.removesuffix(own) + other not in names:
                        (place / name).unlink(missing_ok=True)
    except filelock.Timeout:
        return


class Tally(NamedTuple):
    """Programs that this process has compiled or loaded so far: their number, the seconds, and how many were loaded."""

    programs: int
    seconds: float
    loaded: int

    def since(self, before: "Tally") -> "Tally":
        """What came after `before`."""
        return Tally(*(now - then for now, then in zip(self, before, strict=True)))


_tally = Tally(0, 0.0, 0)
_counting = threading.Lock()  # programs are compiled in threads


def _count(programs: int = 0, seconds: float = 0.0, loaded: int = 0) -> None:
    global _tally
    with _counting:
        _tally = Tally(_tally.programs + programs, _tally.seconds + seconds, _tally.loaded + loaded)


@functools.cache
def _listen() -> None:
    def timed(event, seconds, **_):
        if event.endswith("backend_compile_duration"):
            _count(programs=1, seconds=seconds)

    def happened(event, **_):
        if event.endswith("cache_hits"):
            _count(loaded=1)

    jax.monitoring.register_event_duration_secs_listener(timed)
    jax.monitoring.register_event_listener(happened)


def tally() -> Tally:
    """The programs so far, counted from the first call on."""
    _listen()
    return _tally
