"""What each mode of the entry point does: functions in RUN, of its configuration, None for a mode without one, and of
all flags by name.
"""

import contextlib
import dataclasses
import hashlib
import math
import re
import sys

from kpo_jax import places
from kpo_jax.commands import benchmark as benchmarks
from kpo_jax.commands import export as exports
from kpo_jax.commands import memory, starts
from kpo_jax.commands import noise as noise_floor
from kpo_jax.commands import replay as replays
from kpo_jax.commands.modes import keep_programs, usage_errors
from kpo_jax.commands.sample import show_samples
from kpo_jax.config import to_dict
from kpo_jax.ends import Failed, Refused
from kpo_jax.recording import metrics, terminal
from kpo_jax.recording import workdir as workdirs
from kpo_jax.report import figures, study
from kpo_jax.report import report as reports
from kpo_jax.runtime import distributed, lock, preemption
from kpo_jax.training import checkpoints, setup, trainer
from kpo_jax.training.inputs import load_inputs


def page_width() -> float:
    """The columns that a table on standard output may have: what is no terminal, and may be read by a program, has no
    end.
    """
    return terminal.width(sys.stdout) if sys.stdout.isatty() else math.inf


def prepared(config, values: dict, claim: bool = True):
    """(what is read from disk, the jitted functions) of a configuration, with the workdir claimed by it."""
    terminal.phase("start: reading the data")
    with usage_errors():
        inputs = load_inputs(config, trains=values["mode"] not in ("eval", "sample"))
        allow_change = values["allow_config_change"]
        if claim and (changes := workdirs.changes(values["workdir"], config, allow_change=allow_change)):
            other = f"{values['workdir']}: a run of another configuration; --allow_config_change goes on all the same"
            raise Refused(*changes, other)
        looks = values["mode"] == "train" and not values["ignore_memory"]
        if looks and (problem := memory.refusal_here(config)):
            raise Refused(f"{problem}; --ignore_memory starts all the same")
        programs = setup.build_programs(config, inputs)
        if values["mode"] == "train":  # the others have nothing to do where there is no run
            workdirs.make(values["workdir"])
    return inputs, programs


@contextlib.contextmanager
def held(workdir: str):
    """A context in which no other run writes in the workdir: process 0 sees to it. If it is in a bucket, what is new in
    this machine's copy is carried there.

    Raises preemption.Interrupted, on all processes, if process 0 was asked to stop while it waited for the lock.
    """
    asked = False
    with contextlib.ExitStack() as holding:
        try:
            holding.enter_context(lock.held(workdir, lost=distributed.fail, active=distributed.is_first()))
        except preemption.Interrupted:
            asked = True
        except Failed as error:
            distributed.end_with(error)  # the other processes would wait for this one
            raise
        if any(distributed.exchange(asked, "held")):
            raise preemption.Interrupted
        holding.enter_context(carried(workdir))
        yield


@contextlib.contextmanager
def carried(workdir: str):
    """The same without the lock, for what is not the run's own. The other processes wait for process 0."""
    if not places.is_remote(workdir):
        yield
        return
    failed = ""
    try:
        with places.carried(workdir, terminal.tell, active=distributed.is_first()):
            try:
                yield
            finally:
                terminal.phase(f"carrying the last to {workdir}")
    except places.NotCarried as error:
        failed = str(error)
    if lines := [line for line in distributed.exchange(failed, "carried") if line]:
        raise places.NotCarried(lines[0])


def fetch(workdir: str, without: tuple[str, ...] = ()) -> None:
    """If it is in a bucket, bring this machine's copy up to date, but for the folders `without`; for all processes."""
    if not places.is_remote(workdir):
        return
    if distributed.is_first():
        terminal.phase(f"fetching {workdir}")
        with usage_errors():
            places.fetch(workdir, terminal.tell, without)
    distributed.exchange("", "fetch")


def check_problems(config, inputs, values: dict) -> None:
    """Raises Refused if the run in the workdir would go on with other training problems than it began with."""
    goes_on = 0 <= max(checkpoints.steps(values["workdir"]), default=-1) < config.num_steps
    other = workdirs.other_problems(values["workdir"], inputs.train) if goes_on else ""
    if other and not values["allow_config_change"]:
        raise Refused(f"{other}; --allow_config_change goes on all the same")


def train(config, values: dict) -> str:
    inputs, programs = prepared(config, values)
    workdir = values["workdir"]
    with held(workdir):
        fetch(workdir)
        check_problems(config, inputs, values)
        options = {name: values[name] for name in ("profile_steps", "start_afresh", "show_samples")}
        done = trainer.train(config, inputs, programs, workdir, **options)
        if not done or not distributed.is_first():
            return ""
        terminal.phase("report")
        said = reports.write([workdir], workdir, page_width())
        metrics.write_figures(workdir, config.num_steps, figures.drawn(places.folder(workdir)))
        return said


def restored(config, values: dict):
    """(inputs, programs, parameters, step) of a checkpoint of the run."""
    fetch(values["workdir"], without=("trace",))
    inputs, programs = prepared(config, values)
    terminal.phase("start: restoring the policy")
    with usage_errors():
        where = (programs.shapes, programs.shardings, values["step"])
        step, params = checkpoints.restore_policy(values["workdir"], *where)
    return inputs, programs, params, step


def name_otherwise(name: str, config: dict, own: dict) -> str:
    """What an evaluation on set `name` is called, as these nested dicts configure it: after what is not as in the run's
    `own` configuration, where there is such a thing, so that the two are not taken for each other. k may be another.
    """

    def asked(of: dict) -> dict:
        fields = "temperature", "top_k", "top_p", "max_response_length"
        drawing = {field: value for field, value in of["eval"].items() if field in fields}
        return drawing | of["eval"]["sets"].get(name, {})

    then = asked(own)
    changed = {field: value for field, value in asked(config).items() if field in then and then[field] != value}
    short = lambda text: text if re.fullmatch(r"[\w.+-]{1,40}", text) else hashlib.sha256(text.encode()).hexdigest()[:8]
    said = ",".join(f"{field}={short(str(value))}" for field, value in changed.items())
    return f"{name}@{said}" if said else name


def evaluate(config, values: dict) -> str:
    inputs, programs, params, step = restored(config, values)
    if (places.folder(values["workdir"]) / workdirs.CONFIG).is_file():  # a copy of checkpoints alone has none
        plain, own = to_dict(config), workdirs.plain_config(values["workdir"])
        sets = [dataclasses.replace(one, name=name_otherwise(one.name, plain, own)) for one in inputs.eval_sets]
        inputs = dataclasses.replace(inputs, eval_sets=sets)
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
    with carried(values["workdir"]), usage_errors():
        return noise_floor.run(config, inputs, programs, params, step, values["workdir"])


def benchmark(config, values: dict) -> str:
    terminal.phase("benchmark: cold and warm starts")
    begun = starts.measure(config, values["cpu_devices"])
    keep_programs(values["compilation_cache"])
    inputs, programs = prepared(config, values, claim=False)
    terminal.phase("benchmark: every phase")
    with carried(values["workdir"]):
        return benchmarks.run(config, inputs, programs, begun, values["workdir"])


def replay(config, values: dict) -> str:
    fetch(values["trace"], without=("checkpoints",))
    with carried(values["workdir"]), usage_errors():
        return replays.run(values["trace"], values["workdir"], values["grid"])


def report(config, values: dict) -> str:
    runs = values["runs"] or [values["workdir"]]
    for run in runs:
        if not run.endswith(study.SUFFIX):
            fetch(run, without=("checkpoints",))
    terminal.phase("report")
    with carried(values["workdir"]), usage_errors():
        return reports.write(runs, values["workdir"], page_width(), values["contrasts"], values["power"])


def export(config, values: dict) -> str:
    fetch(values["workdir"], without=("trace",))
    terminal.phase("export")
    with usage_errors():
        return exports.export_run(*(values[name] for name in ("workdir", "out", "step", "dtype", "adapter")))


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
