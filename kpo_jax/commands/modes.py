"""How each mode of the entry point runs, and what its end is called: the exit codes.

What a mode does is in `kpo_jax.commands.runs`, with all that a run needs; a dry run waits for none of it.
"""

import contextlib
import json
import os
import traceback

from absl import logging

from kpo_jax import config as config_lib
from kpo_jax import places, text
from kpo_jax.commands import dry_run
from kpo_jax.ends import Failed, Refused
from kpo_jax.lazy import jax
from kpo_jax.recording import terminal
from kpo_jax.recording import workdir as workdirs
from kpo_jax.runtime import compilation, cpu, distributed, lock, preemption
from kpo_jax.runtime.streams import say, show

DONE, USAGE, PREEMPTED, FAILED = 0, 64, 75, 13


def run(mode, function, config, values: dict, verbosity: int) -> int:
    """Run a mode (a main.Mode) with its configuration, None for one without; the exit code.

    `function(config, values)` is what it does, `values` are all flags by name. One process prints what it returns.
    """
    os.environ |= cpu.threads(os.environ, values["cpu_devices"])
    if values["cpu_devices"]:
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_num_cpu_devices", values["cpu_devices"])
    logging.set_verbosity(logging.WARNING if verbosity == 0 else verbosity)
    try:
        if join_job(mode, config, values):
            if mode.stops and not values["dry_run"]:
                preemption.catch_signals(at_kill=lock.release)
            if mode.compiles and not values["dry_run"]:
                keep_programs(values["compilation_cache"])
            with terminal.phases():
                said = function(config, values)
            if said and distributed.is_first():
                show(said)
    except (preemption.Preempted, preemption.Interrupted) as error:
        again = "" if isinstance(error, preemption.Preempted) else f"{preemption.why()}: "
        say(f"{again}{error}" + ("; the same command begins again" if again else ""))
        return PREEMPTED
    except Refused as error:
        return usage(error.args)
    except KeyboardInterrupt:  # of a mode that has nothing to save
        say("Ctrl-C: stopped")
        return preemption.KILLED
    except Failed as error:
        say(f"error: {error}")
        return FAILED
    except Exception as error:
        say(text.mask(traceback.format_exc()))
        distributed.end(FAILED, f"{type(error).__name__}: {error}")
        return FAILED
    return DONE


def usage(lines) -> int:
    """Print what is wrong, here and in the other processes of the job; the exit code."""
    for line in lines:
        say(f"error: {text.mask(line)}")
    distributed.end(USAGE, lines[0])
    return USAGE


@contextlib.contextmanager
def usage_errors():
    """A ValueError inside is a usage error: nothing has begun yet."""
    try:
        yield
    except Refused:
        raise
    except ValueError as error:
        raise Refused(str(error)) from error


def join_job(mode, config, values: dict) -> bool:
    """Become part of the job that the environment describes, if it does; False if this process has nothing to do."""
    with usage_errors():
        place = distributed.member(os.environ)
        if place is not None and values["detect_job"]:
            raise ValueError("--detect_job: not where KPO_COORDINATOR is set")
        if mode.alone or values["dry_run"]:
            if values["mode"] == "benchmark" and place is not None and place.num_processes > 1:
                raise ValueError(
                    f"--mode=benchmark: legal with one process alone, but KPO_NUM_PROCESSES is {place.num_processes}"
                )
            return place is None or place.process_id == 0
        job = config.job if config is not None else workdirs.run_config(values["workdir"]).job
        if values["detect_job"] or (place is not None and place.num_processes > 1):
            distributed.initialize(place, job)
            if places.is_remote(values["workdir"]):  # one copy for all: that of process 0
                copy = distributed.exchange(str(places.folder(values["workdir"])), "copy")[0]
                places.adopt(values["workdir"], copy)
    return True


def keep_programs(cache: str) -> None:
    """Have jax keep compiled programs in the folder of --compilation_cache, or say why not."""
    settings, line = compilation.settings(cache, os.environ)
    for name, value in settings.items():
        jax.config.update(name, value)
    if line and distributed.is_first():
        say(line)


def describe(config, values: dict) -> str:
    """The dry run: the configuration and what it will need."""
    target = values["dry_run_topology"]
    with usage_errors():
        if target:
            # libtpu reads these: it asks the network for no machine, and minds no other process, as there is no TPU
            os.environ |= {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}
            jax.config.update("jax_platforms", "cpu")
            from kpo_jax.commands import chips, topology  # with the programs that are compiled

            config, found = topology.on(config, target), chips.devices(target)
        needed = dry_run.describe(config)  # first, as it may find that something is missing
        show(json.dumps(config_lib.to_dict(config), indent=2))
        show(needed)
        terminal.phase(f"compiling for {target}" if target else "")
        return topology.describe(config, target, found) if target else ""
