"""Entry point: python -m kpo_jax.main --mode=train|eval|sample|noise|report|benchmark --config=configs/NAME.py[:method]
--workdir=DIR

and, with the configuration that stands in the workdir, --mode=export --workdir=RUN --out=DIR; without one,
--mode=replay --trace=RUN --workdir=OUT.

A job of several processes runs the same command in each, with KPO_COORDINATOR=HOST:PORT, KPO_NUM_PROCESSES and
KPO_PROCESS_ID.

The only module that reads flags or touches jax.config. Exit codes: 0 done; 64 usage or configuration error (nothing was
changed); 75 preempted and saved, run again to resume; 13 the run failed.
"""

import json
import os
import sys
import traceback

import jax
from absl import app, flags, logging
from ml_collections import config_flags

from kpo_jax import config as config_lib
from kpo_jax import text as redact
from kpo_jax.commands import benchmark, noise, replay, sample, topology
from kpo_jax.commands import dry_run as plan
from kpo_jax.commands import export as hf_export
from kpo_jax.report import report
from kpo_jax.runtime import distributed, preemption
from kpo_jax.training import checkpoints, trainer
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.run import Preempted
from kpo_jax.training.setup import build_programs, load_inputs
from kpo_jax.training.step import Diverged

EXIT_USAGE, EXIT_PREEMPTED, EXIT_FAILED = 64, 75, 13

FLAGS = flags.FLAGS
MODES = ("train", "eval", "sample", "noise", "replay", "export", "report", "benchmark")
WITHOUT_CONFIG = ("replay", "export", "report")
ALONE = ("replay", "report", "benchmark")  # done by process 0, whatever the job
flags.DEFINE_enum("mode", "train", MODES, "What to do.")
config_flags.DEFINE_config_file("config", None, "configs/NAME.py[:method]; override fields by --config.a.b=value.")
flags.DEFINE_string("workdir", None, "Where the run lives: configuration, checkpoints, metrics, evaluations.")
flags.DEFINE_bool(
    "dry_run", False, "Print the resolved configuration, parameter count, mesh and bytes per device; then stop."
)
flags.DEFINE_string(
    "dry_run_topology", None, "With --dry_run: compile the training step for these TPUs too, e.g. v5p:2x2x4."
)
flags.DEFINE_bool("allow_config_change", False, "Resume although the changed configuration alters the trajectory.")
flags.DEFINE_bool(
    "start_afresh", False, "train: begin again where there are checkpoints and all are damaged; they are put aside."
)
flags.DEFINE_bool(
    "detect_job",
    False,
    "Be one process of the job that jax finds by itself (TPU pod, Slurm, MPI); KPO_COORDINATOR is not set.",
)
flags.DEFINE_integer(
    "step", None, "eval, sample, noise, export: the checkpoint to use; the newest by default.", lower_bound=0
)
flags.DEFINE_multi_string(
    "prompt", [], "sample: a question to answer; by default, problems of the first evaluation set."
)
flags.DEFINE_integer("num_prompts", 4, "sample: how many problems, where no --prompt is given.", lower_bound=1)
flags.DEFINE_string("out", None, "export: the directory to write, for transformers; it must not exist or be empty.")
flags.DEFINE_enum(
    "dtype", None, hf_export.DTYPES, "export: of the weights written; by default that of the run's parameters."
)
flags.DEFINE_list(
    "profile_steps", [], "train: first and last training step to profile, e.g. 3,4; traces go to WORKDIR/profile."
)
flags.DEFINE_string(
    "trace", None, "replay: the trace to replay, or the workdir that holds it; --workdir gets the result."
)
flags.DEFINE_multi_string(
    "grid", [], "replay: NAME:field=value,value:field=value of a method or filter, see grid.py; by default all methods."
)
flags.DEFINE_list("runs", [], "report: the workdirs to compare; --workdir gets the report.")
flags.DEFINE_integer(
    "cpu_devices", None, "Split the CPU into this many devices (to try a mesh without accelerators).", lower_bound=1
)


def parse_flags(argv: list[str]) -> list[str]:
    """absl's flag parser, except that every configuration problem is collected and reported at once with exit 64."""
    overrides, spec = {}, None
    for i, argument in enumerate(argv):
        name, equals, value = argument.lstrip("-").partition("=")
        if name == "config":
            spec = value if equals else (argv[i + 1] if i + 1 < len(argv) else "")
        elif name.startswith("config."):
            overrides[name.removeprefix("config.")] = value if equals else (argv[i + 1] if i + 1 < len(argv) else "")
    problems = []
    if spec:
        try:
            config_dict = config_lib.load_config_file(spec)
        except ValueError as error:
            usage_error([str(error)])
        problems = config_lib.screen_overrides(config_dict, overrides)
        bad = {line.partition(":")[0] for line in problems}
        # the good overrides are parsed all the same, so that what is wrong with them is reported in the same breath
        argv = _without(argv, bad)
    sys.argv[:] = argv  # config_flags looks for overrides there
    try:
        rest = FLAGS(argv)
    except flags.Error as error:
        usage_error([*problems, str(error)])
    if rest[1:]:
        problems += [f"{argument!r}: not a flag; flags start with --" for argument in rest[1:]]
    problems += export_problems() + replay_problems()
    if profile_steps() is None:
        problems.append(
            f"--profile_steps: {','.join(FLAGS.profile_steps)} is not two training steps, the first not after the last"
        )
    elif FLAGS.profile_steps and FLAGS.mode != "train":
        problems.append("--profile_steps: legal with --mode=train alone")
    if FLAGS.mode not in WITHOUT_CONFIG and FLAGS.config is None:
        problems.append("--config: required, e.g. --config=configs/tiny.py:kpo_strong")
    if FLAGS.detect_job and (FLAGS.dry_run or FLAGS.mode in ALONE):
        problems.append(
            f"--detect_job: not with {'--dry_run' if FLAGS.dry_run else f'--mode={FLAGS.mode}'}, which takes one process"
        )
    if FLAGS.dry_run_topology is not None and not FLAGS.dry_run:
        problems.append("--dry_run_topology: legal with --dry_run alone")
    if FLAGS.workdir is None and not FLAGS.dry_run:
        problems.append("--workdir: required, the directory of the run")
    if FLAGS.config is not None:
        problems += config_lib.from_config_dict(FLAGS.config)[1]
    if problems:
        usage_error(problems)
    return rest


def profile_steps() -> tuple[int, int] | None:
    """The steps to profile; (0, 0) is none of them. None if the flag is no such thing."""
    if not FLAGS.profile_steps:
        return 0, 0
    if len(FLAGS.profile_steps) != 2 or not all(text.isdecimal() for text in FLAGS.profile_steps):
        return None
    first, last = map(int, FLAGS.profile_steps)
    return (first, last) if 1 <= first <= last else None


def export_problems() -> list[str]:
    """Flags that only mode export has, or that it has not."""
    if FLAGS.mode != "export":
        return [
            f"--{name}: legal with --mode=export alone" for name in ("out", "dtype") if FLAGS[name].value is not None
        ]
    problems = [] if FLAGS.out else ["--out: required, the directory to write"]
    if FLAGS.config is not None:
        problems.append("--config: not with --mode=export, which takes the configuration of the run in --workdir")
    if FLAGS.dry_run:
        problems.append("--dry_run: not with --mode=export")
    return problems


def replay_problems() -> list[str]:
    """Flags that only mode replay has, or that it has not."""
    if FLAGS.mode != "replay":
        return [f"--{name}: legal with --mode=replay alone" for name in ("trace", "grid") if FLAGS[name].value]
    problems = [] if FLAGS.trace else ["--trace: required, the trace to replay"]
    if FLAGS.config is not None:
        problems.append("--config: not with --mode=replay, which takes the filter and objective of the trace")
    if FLAGS.dry_run:
        problems.append("--dry_run: not with --mode=replay")
    return problems


def _without(argv, bad: set[str]) -> list[str]:
    out, skip = [], False
    for argument in argv:
        name, equals, _ = argument.lstrip("-").partition("=")
        if skip:
            skip = False
        elif name.startswith("config.") and name.removeprefix("config.") in bad:
            skip = not equals
        else:
            out.append(argument)
    return out


def usage_error(problems: list[str]):
    """Print one line per problem and leave with exit 64."""
    for line in problems:
        print(f"error: {redact.mask(line)}", file=sys.stderr)
    distributed.end(EXIT_USAGE, problems[0])
    raise SystemExit(EXIT_USAGE)


def join_job() -> bool:
    """Become part of the job that the environment describes, if it does; False if this process has nothing to do
    there.
    """
    try:
        place = distributed.member(os.environ)
        if place is not None and FLAGS.detect_job:
            raise ValueError("--detect_job: not where KPO_COORDINATOR is set")
        if FLAGS.mode in ALONE or FLAGS.dry_run:
            if FLAGS.mode == "benchmark" and place is not None and place.num_processes > 1:
                raise ValueError(
                    f"--mode=benchmark: legal with one process alone, but KPO_NUM_PROCESSES is {place.num_processes}"
                )
            return place is None or place.process_id == 0
        config = (
            hf_export.run_config(FLAGS.workdir)
            if FLAGS.mode == "export"
            else config_lib.from_config_dict(FLAGS.config)[0]
        )
        if FLAGS.detect_job or (place is not None and place.num_processes > 1):
            distributed.initialize(place, config.job)
    except ValueError as error:
        usage_error([str(error)])
    return True


def say(text: str) -> None:
    """The result of the command, printed by one process."""
    if distributed.is_first():
        print(text)


def main(argv):
    del argv
    if FLAGS.cpu_devices:
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_num_cpu_devices", FLAGS.cpu_devices)
    logging.set_verbosity(logging.WARNING if FLAGS.verbosity == 0 else FLAGS.verbosity)
    try:
        if join_job():
            if FLAGS.mode in ("train", "eval", "sample", "noise"):
                preemption.catch_sigterm()
            run_mode()
    except Preempted as error:
        print(error, file=sys.stderr)
        raise SystemExit(EXIT_PREEMPTED) from None
    except preemption.Interrupted as error:
        print(f"SIGTERM: {error}; the same command begins again", file=sys.stderr)
        raise SystemExit(EXIT_PREEMPTED) from None
    except (checkpoints.Damaged, distributed.NotShared) as error:
        usage_error([str(error)])
    except (Diverged, NotFull, checkpoints.NotSaved) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(EXIT_FAILED) from None
    except Exception as error:
        print(redact.mask(traceback.format_exc()), file=sys.stderr)
        distributed.end(EXIT_FAILED, f"{type(error).__name__}: {error}")
        raise SystemExit(EXIT_FAILED) from None


def run_mode():
    """What --mode names. A ValueError before a run has begun is a usage error."""
    if FLAGS.mode in WITHOUT_CONFIG:
        try:
            if FLAGS.mode == "replay":
                say(replay.run(FLAGS.trace, FLAGS.workdir, FLAGS.grid))
            elif FLAGS.mode == "report":
                say(report.write(FLAGS.runs or [FLAGS.workdir], FLAGS.workdir))
            else:
                say(hf_export.export_run(FLAGS.workdir, FLAGS.out, FLAGS.step, FLAGS.dtype))
        except ValueError as error:
            usage_error([str(error)])
        return
    config, _ = config_lib.from_config_dict(FLAGS.config)
    try:
        if FLAGS.dry_run:
            describe(config)
            return
        inputs = load_inputs(config)
        if FLAGS.mode != "benchmark" and (
            changes := checkpoints.changes(FLAGS.workdir, config, allow_change=FLAGS.allow_config_change)
        ):
            usage_error(
                [
                    *changes,
                    f"{FLAGS.workdir}: a run of another configuration; --allow_config_change goes on all the same",
                ]
            )
        programs = build_programs(config, inputs)
    except ValueError as error:
        usage_error([str(error)])
    if FLAGS.mode == "train":
        done = trainer.train(config, inputs, programs, FLAGS.workdir, profile_steps(), FLAGS.start_afresh)
        if done and distributed.is_first():
            print(report.write([FLAGS.workdir], FLAGS.workdir))
    elif FLAGS.mode == "benchmark":
        print(benchmark.run(config, inputs, programs, FLAGS.workdir))
    else:
        use_checkpoint(config, inputs, programs)


def describe(config):
    """The dry run: print the configuration and what it will need. Raises ValueError for what cannot be."""
    target = FLAGS.dry_run_topology
    if target:
        # libtpu reads these: it asks the network for no machine, and minds no other process, as there is no TPU to
        # share
        os.environ |= {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1"}
        jax.config.update("jax_platforms", "cpu")
        config, found = topology.on(config, target), topology.devices(target)
    print(json.dumps(config_lib.to_dict(config), indent=2))
    print(plan.describe(config), flush=True)
    if target:
        print(topology.describe(config, target, found))


def use_checkpoint(config, inputs, programs):
    """Modes eval, sample and noise."""
    try:
        step, params = checkpoints.restore_policy(FLAGS.workdir, programs.shapes, programs.shardings, FLAGS.step)
        if FLAGS.mode == "sample":
            say(sample.show_samples(config, inputs, programs, params, FLAGS.prompt, FLAGS.num_prompts))
            return
        if FLAGS.mode == "noise":
            say(noise.run(config, inputs, programs, params, step, FLAGS.workdir))
            return
    except ValueError as error:
        usage_error([str(error)])
    trainer.run_evaluation(config, inputs, programs, params, step, FLAGS.workdir)
    if distributed.is_first():
        print(report.results([report.load(FLAGS.workdir)]))


def run():
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    app.run(main, flags_parser=parse_flags)


if __name__ == "__main__":
    run()
