"""The training loop: every side effect of a run is in this module or called from it."""

import contextlib
import time
from pathlib import Path

import jax
import numpy as np

from kpo_jax import methods
from kpo_jax.config import Config, spelled_out
from kpo_jax.recording import evaluations
from kpo_jax.recording.metrics import MetricWriter, Progress, tell
from kpo_jax.recording.trace import TraceWriter, describe, step_arrays
from kpo_jax.records import TrainState
from kpo_jax.runtime import distributed, preemption
from kpo_jax.runtime.watchdog import Watchdog
from kpo_jax.tasks.prompts import Problem, ProblemSet, encode_prompts
from kpo_jax.tasks.rewards import OVERLONG
from kpo_jax.training import checkpoints, evaluate
from kpo_jax.training import setup as assembly
from kpo_jax.training import step as stages
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.rollout import Rollout, summary
from kpo_jax.training.setup import Data, Machine
from kpo_jax.training.step import Diverged


class Preempted(RuntimeError):
    """SIGTERM came and the run was saved; re-running the same command resumes it."""


# raised by all processes of a job at the same place
TOGETHER = (Diverged, Preempted, NotFull, checkpoints.NotSaved, checkpoints.Damaged, distributed.NotShared)


def run_evaluation(config: Config, data: Data, machine: Machine, params, step: int, workdir: str) -> dict[str, float]:
    """Evaluate on every set, save the per-problem results, return the scalars."""
    scalars = {}
    for eval_set in data.eval_sets:
        result = evaluate.evaluate(
            eval_set,
            step=step,
            sampler=machine.eval_sampler,
            params=params,
            terms=data.rewards,
            num_samples=config.eval.num_samples,
            prompts_per_call=config.eval.prompts_per_call,
            tokenizer=data.tokenizer,
            seed=config.seed,
        )
        if distributed.is_first():
            try:
                evaluations.save(result, workdir)
            except OSError as error:  # a full disk; mode eval repeats the evaluation of a checkpoint
                tell(f"warning: the answers of step {step} on {eval_set.name} were not written: {error}")
        scalars |= evaluations.scalars(result)
    return scalars


def _score(config: Config, scalars: dict[str, float]) -> float | None:
    """What ranks checkpoints: mean avg@k over the evaluation sets, None where there are none."""
    values = [v for k, v in scalars.items() if k.endswith(f"/avg@{config.eval.num_samples}")]
    return float(np.mean(values)) if values else None


def train(
    config: Config,
    data: Data,
    machine: Machine,
    workdir: str,
    profile_steps: tuple[int, int] = (0, 0),
    start_afresh: bool = False,
) -> None:
    """Train to `config.num_steps`, resuming from the newest good checkpoint in `workdir`. SIGTERM is the caller's to
    catch.

    The profiler records from the first to the last of `profile_steps` into `workdir`/profile. `start_afresh` begins
    again where there are checkpoints and none is good. Raises what is in TOGETHER, on all processes; anything else ends
    the whole job.
    """
    with contextlib.ExitStack() as closing:  # in the end, closing the saver waits for the save under way
        watchdog = closing.enter_context(contextlib.closing(Watchdog(config.job.phase_timeout)))
        try:
            watchdog.phase("start")
            resumed = resume(config, data, machine, workdir, start_afresh)
            saver = closing.enter_context(contextlib.closing(checkpoints.Saver(workdir, config, resumed.saved)))
            writer = closing.enter_context(contextlib.closing(MetricWriter(workdir, resumed.step, resumed.evaluated)))
            progress = closing.enter_context(contextlib.closing(Progress("train", resumed.step, config.num_steps)))
            tracer = open_trace(config, data, machine, workdir, first_step=resumed.step + 1)
            _train_from(
                resumed, config, data, machine, workdir, profile_steps, watchdog, saver, writer, tracer, progress
            )
        except TOGETHER:
            raise
        except (
            BaseException
        ) as error:  # a keyboard interrupt too: the other processes are not here, and closing the saver waits for them
            distributed.end_with(error)
            raise


def resume(config: Config, data: Data, machine: Machine, workdir: str, start_afresh: bool) -> checkpoints.Restored:
    """What to go on from: the newest good checkpoint, with the damaged ones after it put aside, or the state before the
    first step.
    """
    distributed.check_shared(workdir)
    try:
        restored = checkpoints.restore(workdir, machine.shapes, machine.shardings)
    except checkpoints.Damaged as error:
        if not start_afresh:
            raise checkpoints.Damaged(f"{error}; --start_afresh puts them aside and begins again") from error
        restored = None
    checkpoints.set_aside(workdir, after=restored.step if restored else -1)
    if restored:
        return restored
    try:
        return checkpoints.Restored(
            step=0, state=assembly.first_state(config, data, machine), evaluated=False, saved=None
        )
    except preemption.Interrupted:
        raise Preempted("SIGTERM: before the first step, nothing to save; the same command begins again") from None


def _train_from(
    resumed, config, data, machine, workdir, profile_steps, watchdog, saver, writer, tracer, progress
) -> None:
    step, state, evaluated, score = resumed.step, resumed.state, resumed.evaluated, None
    reference = assembly.reference_params(config, machine, state, step, workdir)
    # a resumed run may begin between the two
    first_profiled, last_profiled = max(profile_steps[0], step + 1), min(profile_steps[1], config.num_steps)
    try:
        while True:  # at the top, `state` is that after `step` training steps
            last = step == config.num_steps
            if not evaluated and (last or step == 0 or (config.eval.every and step % config.eval.every == 0)):
                watchdog.phase(f"step {step}: evaluation")
                scalars = run_evaluation(config, data, machine, state.params, step, workdir)
                writer.write(step, scalars)
                score = _score(config, scalars)
            evaluated = True
            if step != saver.newest and (last or step % config.checkpoint.every == 0):
                watchdog.phase(f"step {step}: checkpoint")
                saver.save(step, state, evaluated=True, score=score)
            if last:
                saver.require(step)
                return
            if distributed.meet(f"the end of step {step}"):
                raise preemption.Interrupted
            if step + 1 == first_profiled <= last_profiled:
                jax.profiler.start_trace(str(Path(workdir) / "profile"))
            state, note = _train_one(
                config, data, machine, state, reference, step + 1, workdir, watchdog, writer, tracer
            )
            step, evaluated, score = step + 1, False, None
            if first_profiled <= step == last_profiled:
                jax.profiler.stop_trace()
            progress.update(step, note)
    except (
        preemption.Interrupted,
        NotFull,
    ) as error:  # never in the middle of an update: a rollout or an evaluation is left undone
        watchdog.phase(f"step {step}: checkpoint before the end")
        if step != saver.newest:
            saver.save(step, state, evaluated=evaluated, score=score)
        saver.require(step)
        if isinstance(error, preemption.Interrupted):
            raise Preempted(f"SIGTERM: saved at step {step} of {config.num_steps}; the same command resumes") from None
        raise


def restore_policy(config: Config, shapes: TrainState, shardings: TrainState, workdir: str, step: int | None):
    """(step, parameters) of a run's newest good checkpoint or of `step`, on `shardings`. Raises ValueError if there is
    none.
    """
    restored = checkpoints.restore(workdir, {"params": shapes.params}, {"params": shardings.params}, step)
    if restored is None:
        raise ValueError(f"--workdir: no checkpoint in {workdir}; train first")
    return restored.step, restored.state["params"]


def show_samples(config: Config, data: Data, machine: Machine, params, prompts: list[str], num_prompts: int) -> str:
    """Responses to the given prompts, or to the first problems of the first evaluation set with their verdicts, as
    text.
    """
    chat = bool(data.train.problems[0].messages)
    problems = [
        Problem(id=f"--prompt {text[:40]!r}", problem=text, answer="", messages=(("user", text),) * chat)
        for text in prompts
    ]
    source = config.data
    if not problems:
        if not data.eval_sets:
            raise ValueError("--prompt: required, since the configuration has no evaluation set to take problems from")
        problems, source = data.eval_sets[0].problems[:num_prompts], next(iter(config.eval.sets.values()))
    encoded, too_long = encode_prompts(problems, data.tokenizer, source, data.task)
    if too_long:
        raise ValueError(
            f"--prompt: {too_long} of them have more than {source.max_prompt_length} tokens (data.max_prompt_length)"
        )
    longest = max(len(tokens) for tokens in encoded.tokens)
    texts, graded, _ = evaluate.answer(
        machine.eval_sampler,
        params,
        ProblemSet("sample", encoded.problems, encoded.tokens, longest),
        terms=data.rewards[: 0 if prompts else 1],
        num_samples=config.eval.num_samples,
        prompts_per_call=machine.sampled_rows,
        tokenizer=data.tokenizer,
        seed=config.seed,
    )
    blocks = []
    for row, text in enumerate(texts):
        problem = problems[row // config.eval.num_samples]
        lines = [f"--- {problem.problem}", text.rstrip("\n")]
        for verdict in [of[row] for of in graded.values()]:
            lines.append(
                f"correct: {verdict.correct}  extracted: {verdict.extracted}  answer: {problem.answer}  ({verdict.reason})"
            )
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def open_trace(config: Config, data: Data, machine: Machine, workdir: str, first_step: int) -> TraceWriter:
    """The writer of the run's per-token records; it removes those of steps from `first_step` on."""
    pack_shape = machine.pack_shape
    description = describe(
        spelled_out(config.algorithm),
        method=methods.name_of(config.algorithm),
        rewards=[term.name for term in data.rewards] + [OVERLONG] * bool(config.reward.overlong_buffer),
        group_size=config.rollout.group_size,
        num_minibatches=config.learner.num_minibatches,
        microbatch_shape=(pack_shape.microbatches, pack_shape.sequences, config.sampler.max_response_length),
        tokenizer=config.tokenizer,
        revision=config.revision,
        temperature=config.sampler.temperature,
        seed=config.seed,
        backend=jax.default_backend(),
        jax=jax.__version__,
    )
    trace, active = config.trace, distributed.is_first()
    return TraceWriter(
        workdir, description, first_step=first_step, every=trace.every, max_bytes=trace.max_bytes, active=active
    )


def _wants_trace(config: Config, tracer: TraceWriter, step: int) -> bool:
    """Whether to record the step: process 0, which writes, decides for all, as all must run one program."""
    return config.trace.every > 0 and distributed.exchange(tracer.wants(step), "trace")[0]


def _write_trace(tracer: TraceWriter, step: int, result: Rollout, minibatches: list[tuple], traces: list) -> None:
    if not distributed.is_first():
        return
    each_row = dict(finished=result.finished, verdicts=result.verdicts, scores=result.scores, problems=result.problems)
    try:
        line = tracer.write(step, step_arrays(minibatches, jax.device_get(traces), **each_row))
    except OSError as error:  # a full disk; the trace lacks the step, the run does not
        line = f"warning: the trace of step {step} was not written: {error}"
    if line:
        tell(line)


def _train_one(config, data, machine, state, reference, step, workdir, watchdog, writer, tracer):
    """(state, progress note): one rollout and its updates, with everything written down."""
    clock = [time.perf_counter()]
    watchdog.phase(f"step {step}: rollout")
    result = stages.collect(config, data, machine, state.params, step)
    clock.append(time.perf_counter())
    watchdog.phase(f"step {step}: score")
    minibatches = stages.pack_minibatches(config, machine, result.rows)
    stages.score(machine, state.params, minibatches)
    if reference is not None:
        stages.score(machine, reference, minibatches, "reference_log_prob")
    values = stages.judge(config, machine, state, minibatches)
    clock.append(time.perf_counter())
    watchdog.phase(f"step {step}: update")
    traces = [] if _wants_trace(config, tracer, step) else None
    state, metrics, measured = stages.update(machine, state, minibatches, traces)
    scalars, each = stages.step_metrics(machine, metrics, measured)
    clock.append(time.perf_counter())
    scalars = summary(result, config.rollout.group_size) | values | scalars
    writer.write(step, scalars)
    for number, minibatch in enumerate(each):
        writer.write(step, {"minibatch": number} | minibatch, "minibatches")
    writer.write(step, stages.speed(config, result.rows, np.diff(clock), (result.generated or result).rows), "timing")
    if traces is not None:
        _write_trace(tracer, step, result, minibatches, traces)
    stages.check_finite(config, scalars, minibatches, step, workdir)
    note = f"reward {scalars['rollout/reward_mean']:.3f}  clip {scalars['clip/fraction']:.3f}  {clock[-1] - clock[0]:.2f} s/step"
    return state, note
