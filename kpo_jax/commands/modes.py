"""How each mode of the entry point runs, and what its end is called: the exit codes.

A mode is a function of RUN; `values` are all flags by name. What it returns is printed by one process.
"""

import contextlib
import json
import math
import os
import sys
import traceback
from pathlib import Path

import jax
from absl import logging

from kpo_jax import config as config_lib
from kpo_jax import text
from kpo_jax.commands import benchmark as benchmarks
from kpo_jax.commands import chips, dry_run, starts, topology
from kpo_jax.commands import export as exports
from kpo_jax.commands import noise as noise_floor
from kpo_jax.commands import replay as replays
from kpo_jax.commands.sample import show_samples
from kpo_jax.recording import metrics, terminal
from kpo_jax.recording import workdir as workdirs
from kpo_jax.report import figures
from kpo_jax.report import report as reports
from kpo_jax.runtime import compilation, cpu, distributed, lock, preemption
from kpo_jax.training import checkpoints, setup, trainer
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.run import Preempted
from kpo_jax.training.step import Diverged
from kpo_jax.weights.huggingface_files import NotFinite

DONE, USAGE, PREEMPTED, FAILED = 0, 64, 75, 13


class Usage(ValueError):
    """What is wrong before a run has begun, line by line."""

    def __init__(self, *lines: str):
        super().__init__(lines[0])
        self.lines = lines


def run(mode, config, values: dict, verbosity: int) -> int:
    """Run a mode (a main.Mode) with its configuration, None for one without; the exit code."""
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
            function = describe if values["dry_run"] else RUN[values["mode"]]
            with terminal.phases():
                said = function(config, values)
            if said and distributed.is_first():
                print(said)
    except (Preempted, preemption.Interrupted) as error:
        again = "" if isinstance(error, Preempted) else f"{preemption.why()}: "
        print(f"{again}{error}" + ("; the same command begins again" if again else ""), file=sys.stderr)
        return PREEMPTED
    except (Usage, checkpoints.Damaged, distributed.NotShared, lock.NotHeld, NotFinite) as error:
        return usage(error.lines if isinstance(error, Usage) else [str(error)])
    except KeyboardInterrupt:  # of a mode that has nothing to save
        print("Ctrl-C: stopped", file=sys.stderr)
        return preemption.KILLED
    except (Diverged, NotFull, checkpoints.NotSaved) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except Exception as error:
        print(text.mask(traceback.format_exc()), file=sys.stderr)
        distributed.end(FAILED, f"{type(error).__name__}: {error}")
        return FAILED
    return DONE


def usage(lines) -> int:
    """Print what is wrong, here and in the other processes of the job; the exit code."""
    for line in lines:
        print(f"error: {text.mask(line)}", file=sys.stderr)
    distributed.end(USAGE, lines[0])
    return USAGE


def page_width() -> float:
    """The columns that a table on standard output may have: what is no terminal, and may be read by a program, has no
    end.
    """
    return terminal.width(sys.stdout) if sys.stdout.isatty() else math.inf


@contextlib.contextmanager
def usage_errors():
    """A ValueError inside is a usage error: nothing has begun yet."""
    try:
        yield
    except (Usage, checkpoints.Damaged):
        raise
    except ValueError as error:
        raise Usage(str(error)) from error


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
    return True


def keep_programs(cache: str) -> None:
    """Have jax keep compiled programs in the folder of --compilation_cache, or say why not."""
    settings, line = compilation.settings(cache, os.environ)
    for name, value in settings.items():
        jax.config.update(name, value)
    if line and distributed.is_first():
        print(line, file=sys.stderr)


def prepared(config, values: dict, claim: bool = True):
    """(what is read from disk, the jitted functions) of a configuration, with the workdir claimed by it."""
    terminal.phase("start: reading the data")
    with usage_errors():
        inputs = setup.load_inputs(config)
        allow_change = values["allow_config_change"]
        if claim and (changes := workdirs.changes(values["workdir"], config, allow_change=allow_change)):
            other = f"{values['workdir']}: a run of another configuration; --allow_config_change goes on all the same"
            raise Usage(*changes, other)
        programs = setup.build_programs(config, inputs)
        if values["mode"] == "train":  # the others have nothing to do where there is no run
            workdirs.make(values["workdir"])
    return inputs, programs


def held(workdir: str):
    """A context in which no other run writes in the workdir: process 0 sees to it."""
    return lock.held(workdir, lost=distributed.fail, active=distributed.is_first())


def train(config, values: dict) -> str:
    inputs, programs = prepared(config, values)
    workdir = values["workdir"]
    with held(workdir):
        options = {name: values[name] for name in ("profile_steps", "start_afresh", "show_samples")}
        done = trainer.train(config, inputs, programs, workdir, **options)
        if not done or not distributed.is_first():
            return ""
        terminal.phase("report")
        said = reports.write([workdir], workdir, page_width())
        metrics.write_figures(workdir, config.num_steps, figures.drawn(Path(workdir)))
        return said


def restored(config, values: dict):
    """(inputs, programs, parameters, step) of a checkpoint of the run."""
    inputs, programs = prepared(config, values)
    terminal.phase("start: restoring the policy")
    with usage_errors():
        where = (programs.shapes, programs.shardings, values["step"])
        step, params = checkpoints.restore_policy(values["workdir"], *where)
    return inputs, programs, params, step


def evaluate(config, values: dict) -> str:
    inputs, programs, params, step = restored(config, values)
    with held(values["workdir"]):  # what evaluations find is a part of the run
        terminal.phase(f"step {step}: evaluation")
        trainer.run_evaluation(config, inputs, programs, params, step, values["workdir"])
    if not distributed.is_first():
        return ""
    return reports.results([reports.load(values["workdir"])], page_width())


def sample(config, values: dict) -> str:
    inputs, programs, params, _ = restored(config, values)
    terminal.phase("sampling")
    with usage_errors():
        return show_samples(config, inputs, programs, params, values["prompt"], values["num_prompts"])


def noise(config, values: dict) -> str:
    inputs, programs, params, step = restored(config, values)
    terminal.phase(f"step {step}: noise floor")
    with usage_errors():
        return noise_floor.run(config, inputs, programs, params, step, values["workdir"])


def benchmark(config, values: dict) -> str:
    terminal.phase("benchmark: cold and warm starts")
    begun = starts.measure(config, values["cpu_devices"])
    keep_programs(values["compilation_cache"])
    inputs, programs = prepared(config, values, claim=False)
    terminal.phase("benchmark: every phase")
    return benchmarks.run(config, inputs, programs, begun, values["workdir"])


def replay(config, values: dict) -> str:
    with usage_errors():
        return replays.run(values["trace"], values["workdir"], values["grid"])


def report(config, values: dict) -> str:
    terminal.phase("report")
    with usage_errors():
        return reports.write(values["runs"] or [values["workdir"]], values["workdir"], page_width())


def export(config, values: dict) -> str:
    terminal.phase("export")
    with usage_errors():
        return exports.export_run(values["workdir"], values["out"], values["step"], values["dtype"])


def describe(config, values: dict) -> str:
    """The dry run: the configuration and what it will need."""
    target = values["dry_run_topology"]
    with usage_errors():
        if target:
            # libtpu reads these: it asks the network for no machine, and minds no other process, as there is no TPU
            os.environ |= {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}
            jax.config.update("jax_platforms", "cpu")
            config, found = topology.on(config, target), chips.devices(target)
        needed = dry_run.describe(config)  # first, as it may find that something is missing
        print(json.dumps(config_lib.to_dict(config), indent=2))
        print(needed, flush=True)
        terminal.phase(f"compiling for {target}" if target else "")
        return topology.describe(config, target, found) if target else ""


RUN = {
    "train": train,
    "eval": evaluate,
    "sample": sample,
    "noise": noise,
    "replay": replay,
    "export": export,
    "report": report,
    "benchmark": benchmark,
}
