"""Entry point: kpo-jax --mode=train --config=tiny:kpo_strong --workdir=DIR, or python -m kpo_jax.main with the same
flags.

A job of several processes runs the same command in each, with KPO_COORDINATOR=HOST:PORT, KPO_NUM_PROCESSES and
KPO_PROCESS_ID.

The only module that reads flags; it imports what a usage error needs and no more. Exit codes: 0 done; 64 usage or
configuration error (nothing was changed); 75 preempted and saved, run again to resume; 13 the run failed.
"""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import app, flags

if __name__ == "__main__" and not __package__:  # run as a file: the package lies beside its folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kpo_jax import places, text
from kpo_jax.runtime.streams import say, show

EXIT_USAGE, EXIT_INTERRUPTED = 64, 130
FLAGS = flags.FLAGS


class Mode(NamedTuple):
    """What --mode names: what it does, which flags are its own, whether it takes a configuration, how it runs.

    Attributes:
      does: one line for --help.
      flags: besides --workdir, --cpu_devices, --compilation_cache and, with a configuration, --config and --dry_run.
      config: whether it has a configuration: --config, or where that is missing the one that stands in the workdir.
      alone: done by process 0, whatever the job.
      stops: whether SIGTERM asks it to stop and save.
      compiles: whether it uses the devices from the start on; a benchmark first leaves them to other processes.
    """

    does: str
    flags: tuple[str, ...] = ()
    config: bool = True
    alone: bool = False
    stops: bool = False
    compiles: bool = True


_CHECKPOINT = ("step", "allow_config_change", "detect_job")
MODES = {
    "train": Mode(
        "train, or go on with, the run in --workdir; ends with its report",
        ("allow_config_change", "start_afresh", "ignore_memory", "profile_steps", "show_samples", "detect_job"),
        stops=True,
    ),
    "eval": Mode("evaluate a checkpoint of the run on its evaluation sets", _CHECKPOINT, stops=True),
    "sample": Mode("print responses of a checkpoint", (*_CHECKPOINT, "prompt", "num_prompts"), stops=True),
    "noise": Mode("score one policy in several ways: what a filter makes of numerics alone", _CHECKPOINT, stops=True),
    "replay": Mode("push a recorded trace through other filters", ("trace", "grid"), config=False, alone=True),
    "export": Mode(
        "write the policy for transformers, or its adapters for peft",
        ("out", "dtype", "step", "adapter", "detect_job"),
        config=False,
    ),
    "report": Mode("compare finished runs", ("runs", "contrasts", "power"), config=False, alone=True, compiles=False),
    "benchmark": Mode("measure starts and every phase of a configuration", alone=True, compiles=False),
}

flags.DEFINE_enum("mode", "train", list(MODES), "What to do.")
flags.DEFINE_string("workdir", None, "Where the run lives: configuration, checkpoints, metrics, evaluations.")
flags.DEFINE_bool(
    "dry_run", False, "Print the resolved configuration, parameters, mesh and bytes per device; then stop."
)
flags.DEFINE_string(
    "dry_run_topology", None, "With --dry_run: compile training step and sampler for such chips, v5p:2x2x4, h100:8."
)
flags.DEFINE_bool("allow_config_change", False, "Resume although the changed configuration alters the trajectory.")
flags.DEFINE_bool("start_afresh", False, "Begin again where all checkpoints are damaged; they are put aside.")
flags.DEFINE_bool("ignore_memory", False, "Train although a device may have to hold more than it has.")
flags.DEFINE_bool("detect_job", False, "Be one process of the job that jax finds by itself (TPU pod, Slurm, MPI).")
flags.DEFINE_integer("step", None, "The checkpoint to use; the newest by default.", lower_bound=0)
flags.DEFINE_multi_string("prompt", [], "A question to answer; by default, problems of the first evaluation set.")
flags.DEFINE_integer("num_prompts", 4, "How many problems, where no --prompt is given.", lower_bound=1)
flags.DEFINE_string("out", None, "The directory to write; it must not exist or be empty.")
flags.DEFINE_enum(
    "dtype", None, ("float32", "bfloat16", "float16"), "Of the weights written; by default the run's own."
)
flags.DEFINE_bool("adapter", False, "Write the adapters alone, for peft, and not merged into the weights.")
flags.DEFINE_list("profile_steps", [], "First and last training step to profile, e.g. 3,4; goes to WORKDIR/profile.")
flags.DEFINE_integer(
    "show_samples",
    0,
    "Responses to show at the terminal, with their tokens' ratios: first, last, traced steps.",
    lower_bound=0,
)
flags.DEFINE_string("trace", None, "The trace to replay, or the workdir that holds it; --workdir gets the result.")
flags.DEFINE_multi_string("grid", [], "NAME:field=value,value:... of a method or filter; by default all methods.")
flags.DEFINE_list(
    "runs", [], "The workdirs to compare, or files of summaries (runs.jsonl of a report); --workdir gets the report."
)
flags.DEFINE_list("contrasts", [], "What to ask of methods over seeds: A<B, A>B or A=B (equal within 2 points).")
flags.DEFINE_list("power", ["2", "3", "5"], "Differences, points, for which to say how many seeds each takes.")
flags.DEFINE_string(
    "compilation_cache", "", "The folder that keeps compiled programs, by default the user's own; off keeps none."
)
flags.DEFINE_integer("cpu_devices", None, "Split the CPU into this many devices.", lower_bound=1)

_HERE = ("out", "compilation_cache")  # paths of this machine; the others may be in a bucket
_PLACES = ("workdir", "trace", "runs")
_ANYWHERE = ("mode", "workdir", "cpu_devices", "compilation_cache")
_WITH_CONFIG = ("dry_run", "dry_run_topology")


class Arguments(NamedTuple):
    """A command line taken apart: the configuration's file, its overrides (a.b -> text), and all the other
    arguments.
    """

    config: str | None
    overrides: dict[str, str]
    others: list[list[str]]


def take_apart(argv: Sequence[str]) -> Arguments:
    """Each of the other arguments is a list of one word, or of two where a flag's value is a word of its own."""
    config, overrides, others = None, {}, []
    words = list(argv)
    while words:
        word = words.pop(0)
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        takes_value = name == "config" or name.startswith("config.") or (name in FLAGS and not FLAGS[name].boolean)
        argument = [word]
        if word.startswith("-") and takes_value and not equals and words:
            value = words.pop(0)
            argument.append(value)
        if word.startswith("-") and name == "config":
            config = value
        elif word.startswith("-") and name.startswith("config."):
            overrides[name.removeprefix("config.")] = value
        else:
            others.append(argument)
    return Arguments(config, overrides, others)


def parse_flags(argv: list[str]):
    """Parse the flags into FLAGS; the Config, None for a mode without one.

    Every problem of both is collected and reported at once, with exit 64.
    """
    if any(word in ("--help", "-help", "-h", "--helpfull", "--helpshort") for word in argv[1:]):
        show(help_text())
        raise SystemExit(0)
    given = take_apart(argv[1:])
    problems = []
    for words in given.others:
        try:
            for word in FLAGS([argv[0], *words], known_only=True)[1:]:
                problems.append(_unknown(word))
        except flags.Error as error:
            problems.append(f"--{str(error).removeprefix('flag ').removeprefix('--')}")
    FLAGS([argv[0]])
    problems += flag_problems()
    config, found, notes = configuration(given)
    for note in notes:
        say(note)
    if problems or found:
        usage_error([*problems, *found])
    return config


def flag_problems() -> list[str]:
    """Flags that are not the mode's, that are missing, or that do not go together."""
    mode, problems = MODES[FLAGS.mode], []
    legal = {*_ANYWHERE, *mode.flags, *(_WITH_CONFIG if mode.config else ())}
    known = {name for one in MODES.values() for name in one.flags} | set(_WITH_CONFIG)
    for name in sorted(known - legal):
        if FLAGS[name].present:
            owners = [
                other for other, one in MODES.items() if name in one.flags or (one.config and name in _WITH_CONFIG)
            ]
            problems.append(f"--{name}: not with --mode={FLAGS.mode}; it belongs to {', '.join(owners)}")
    if profile_steps() is None:
        problems.append(f"--profile_steps: {','.join(FLAGS.profile_steps)} is not two training steps, first and last")
    if sizes() is None:
        problems.append(f"--power: {','.join(FLAGS.power)} is not differences in points, each in (0, 100]")
    for name, what in (("out", "the directory to write"), ("trace", "the trace to replay")):
        if name in mode.flags and not FLAGS[name].value:
            problems.append(f"--{name}: required, {what}")
    if FLAGS.detect_job and FLAGS.dry_run:
        problems.append("--detect_job: not with --dry_run, which takes one process")
    if FLAGS.dry_run_topology is not None and not FLAGS.dry_run:
        problems.append("--dry_run_topology: legal with --dry_run alone")
    if not FLAGS.workdir and not FLAGS.dry_run:
        problems.append("--workdir: required, the directory of the run")
    for name in _HERE:
        if places.is_remote(FLAGS[name].value or ""):
            problems.append(f"--{name}: {text.unsupported(FLAGS[name].value)}")
    for name in _PLACES:
        value = FLAGS[name].value
        for path in value if isinstance(value, list) else [value or ""]:
            if places.is_remote(path):
                # a file of summaries is no workdir, of which there would be a copy
                wrong = text.unsupported(path) if path.endswith(".jsonl") else places.reach(path)
                problems += [f"--{name}: {wrong}"] if wrong else []
            elif path and (wrong := _out_of_reach(path)):
                problems.append(f"--{name}: {path}: {wrong}")
    if FLAGS.workdir and not places.is_remote(FLAGS.workdir) and (blocking := _not_a_folder(FLAGS.workdir)):
        problems.append(f"--workdir: {blocking} is not a directory")
    return problems


def _out_of_reach(path: str) -> str:
    """Why nobody can say what is in a folder, as without the permission; "" if one can, or if there is none."""
    try:
        os.stat(os.path.join(path, "config.json"))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return error.strerror
    return ""


def _not_a_folder(path: str) -> Path | None:
    """What stands in the way of a directory at `path`; None if nothing does."""
    for part in (Path(path), *Path(path).parents):
        if os.path.lexists(part):
            return None if part.is_dir() else part
    return None


def profile_steps() -> tuple[int, int] | None:
    """The steps to profile; (0, 0) is none of them. None if the flag is no such thing."""
    if not FLAGS.profile_steps:
        return 0, 0
    if len(FLAGS.profile_steps) != 2 or not all(step.isdecimal() for step in FLAGS.profile_steps):
        return None
    first, last = map(int, FLAGS.profile_steps)
    return (first, last) if 1 <= first <= last else None


def sizes() -> list[float] | None:
    """The differences of --power, points. None if the flag is no such thing."""
    try:
        found = [float(size) for size in FLAGS.power]
    except ValueError:
        return None
    return found if found and all(0 < size <= 100 for size in found) else None


def configuration(given: Arguments) -> tuple[Any, list[str], list[str]]:
    """(the Config or None, what is wrong, notes for the person) of the mode, its file and the overrides."""
    mode = MODES[FLAGS.mode]
    if not mode.config:
        where = "takes the configuration of the run" if FLAGS.mode != "report" else "compares those of the runs"
        words = ["--config"] * (given.config is not None) + [f"--config.{path}" for path in given.overrides]
        return None, [f"{word}: not with --mode={FLAGS.mode}, which {where}" for word in words], []
    stands = FLAGS.workdir and _stands(FLAGS.workdir)
    if given.config is None and not stands:
        return None, ["--config: required, e.g. --config=tiny:kpo_strong"], []
    # with all components: a wrong flag alone does not wait for them
    from kpo_jax import config as config_lib

    try:
        if given.config is not None:
            plain = config_lib.load_file(given.config)
        else:
            from kpo_jax.recording.workdir import plain_config

            plain = plain_config(FLAGS.workdir)
    except ValueError as error:
        return None, [str(error)], []
    plain, problems, notes = config_lib.override(plain, given.overrides)
    reported = {path for path, _ in problems}
    config, found = config_lib.checked(plain, reported, begins=not stands)
    problems += [problem for problem in found if problem[0] not in reported]
    return config, [config_lib.line(problem) for problem in problems], notes


def _stands(workdir: str) -> bool:
    """Whether there is a run in the workdir, as far as can be known: what is wrong with an address is told already."""
    try:
        return (places.folder(workdir) / "config.json").is_file()
    except (OSError, ValueError):
        return False


def _unknown(word: str) -> str:
    from kpo_jax.config.suggest import did_you_mean

    if not word.startswith("-"):
        return f"{word!r}: not a flag; flags start with --"
    name = word.lstrip("-").partition("=")[0]
    return f"--{name}: no such flag{did_you_mean(name, [*MODES_FLAGS, 'config'])}"


MODES_FLAGS = sorted({name for mode in MODES.values() for name in mode.flags} | {*_ANYWHERE, *_WITH_CONFIG})


def help_text() -> str:
    """What --help prints: modes with their flags, the flags, and every component with its parameters."""
    lines = [__doc__.partition("\n\nThe only module")[0], "", "modes (--mode=NAME, train by default)"]
    for name, mode in MODES.items():
        own = " ".join(f"--{flag}" for flag in (("config",) if mode.config else ()) + mode.flags)
        lines += [f"  {name:<10} {mode.does}", f"  {'':<10} {own}"]
    lines += [
        "",
        "flags",
        f"  {'--config':<22} FILE.py[:argument], or a configuration of the package: tiny, study, ...",
    ]
    lines += [f"  {'--config.a.b=value':<22} sets a field of the configuration; --dry_run prints them all"]
    lines += [f"  --{name:<20} {FLAGS[name].help}" for name in MODES_FLAGS]
    from kpo_jax.config.components import describe

    return "\n".join([*lines, "", describe()])


def usage_error(problems: list[str]):
    """Print one line per problem and leave with exit 64."""
    for line in problems:
        say(f"error: {text.mask(line)}")
    raise SystemExit(EXIT_USAGE)


def main(config) -> int:
    """Run the mode; its exit code."""
    from kpo_jax.recording import terminal

    first = os.environ.get("KPO_PROCESS_ID", "0") == "0"  # one process of a job speaks
    own = signal.getsignal(signal.SIGINT)
    if own != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop_at_once)
    with terminal.phases("start: loading" if first else ""):
        modes = importlib.import_module("kpo_jax.commands.modes")
        function = modes.describe
        if not FLAGS.dry_run:
            function = importlib.import_module("kpo_jax.commands.runs").RUN[FLAGS.mode]  # with all that a run needs
    signal.signal(signal.SIGINT, own)
    values = {name: FLAGS[name].value for name in MODES_FLAGS} | {"profile_steps": profile_steps(), "power": sizes()}
    return modes.run(MODES[FLAGS.mode], function, config, values, FLAGS.verbosity)


def _stop_at_once(number, frame) -> None:
    """Ctrl-C while modules are loaded, where an exception may be swallowed by what loads them."""
    try:
        say("\nCtrl-C: stopped")
    finally:
        os._exit(EXIT_INTERRUPTED)


def run():
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    parsed = []
    app.run(
        lambda argv: sys.exit(main(*parsed)), flags_parser=lambda argv: parsed.append(parse_flags(argv)) or argv[:1]
    )


if __name__ == "__main__":
    run()
