"""The training loop. Every side effect of a run is in this module or called from it."""

from kpo_jax.config import Config, eval_sample_config
from kpo_jax.recording import evaluations, lines, provenance
from kpo_jax.recording import workdir as workdirs
from kpo_jax.recording.terminal import phase, tell, width
from kpo_jax.records import TrainState, over
from kpo_jax.runtime import distributed, preemption
from kpo_jax.training import checkpoints, evaluate
from kpo_jax.training.compiling import compile_ahead
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.past import drawn_at, remember
from kpo_jax.training.rollout import Rollout, summary, told_of
from kpo_jax.training.run import Run, evaluated
from kpo_jax.training.setup import Programs, first_state, reference_params
from kpo_jax.training.step import (
    Minibatch,
    Updated,
    check_finite,
    collect,
    score,
    speed,
    step_metrics,
    update,
)


def train(
    config: Config,
    inputs: Inputs,
    programs: Programs,
    workdir: str,
    profile_steps: tuple[int, int] = (0, 0),
    start_afresh: bool = False,
    show_samples: int = 0,
) -> bool:
    """Train to `config.num_steps`, resuming from the newest good checkpoint in `workdir`. Signals are the caller's to
    catch.

    Args:
      profile_steps: the profiler records from the first to the last of them into `workdir`/profile.
      start_afresh: begin again where there are checkpoints and none is good.
      show_samples: how many responses are shown at the terminal, every so many steps (see Run).

    Returns:
      whether the run has now done that many steps; False if it had done more before, and nothing was changed.

    Raises:
      what is in run.TOGETHER, on all processes; anything else ends the whole job.
    """
    with Run(config, workdir, profile_steps, show_samples) as run:
        run.phase("start")
        for line in lines.start(config, programs.mesh, problem_counts(inputs), workdir, width()):
            tell(line)
        if max(checkpoints.steps(workdir), default=0) < config.num_steps:  # else there is nothing left to train
            compile_ahead(config, inputs, programs, run.ahead, run.traced)
        resumed = resume(config, inputs, programs, workdir, start_afresh)
        if resumed.step > config.num_steps:
            tell(f"already at step {resumed.step}, beyond num_steps = {config.num_steps}: nothing is changed")
            return False
        run.open(inputs, programs, resumed)
        state, past = resumed.state, resumed.past
        reference = reference_params(config, programs, state, resumed.step, workdir)
        try:
            for step in range(resumed.step, config.num_steps + 1):  # `state` is that after `step` training steps
                if run.evaluation_is_due(step):
                    run.phase(f"step {step}: evaluation")
                    scalars = run_evaluation(config, inputs, programs, state.network, step, workdir)
                    run.record_evaluation(step, scalars)
                if run.checkpoint_is_due(step):
                    run.phase(f"step {step}: checkpoint")
                    run.save(step, state, past)
                if step == config.num_steps:
                    break
                run.begin(step + 1)
                run.phase(f"step {step + 1}: rollout")
                drawn = drawn_at(past, step)
                # in no variable: what `remember` lets go would be held on to, a policy more than `past` has
                rollout = collect(config, inputs, programs, over(state.base, past.get(drawn, state.params)), step + 1)
                run.phase(f"step {step + 1}: score")
                told = told_of(rollout.scores, rollout.rows["response_mask"], inputs.rewards)
                minibatches, values = score(config, programs, state, reference, rollout.rows, past.get(drawn), told)
                run.phase(f"step {step + 1}: update")
                remember(past, step, state.params, config.rollout.staleness)
                state, updated = update(programs, state, minibatches * config.learner.epochs, traced=run.traced)
                record(run, programs, step + 1, rollout, values, minibatches, updated, step - drawn)
            run.end(step)
        except (preemption.Interrupted, NotFull) as error:  # of a rollout or an evaluation, never amid an update
            run.stop(step, state, past, error)
    return True


def record(
    run: Run,
    programs: Programs,
    step: int,
    rollout: Rollout,
    values: dict[str, float],
    minibatches: list[Minibatch],
    updated: Updated,
    age: int,
) -> None:
    """Write down what training step `step` was; `values` are the metrics of scoring, `age` is how many training steps
    old the policy was that drew.

    Raises Diverged if too many updates in a row were skipped.
    """
    config = run.config
    scalars, of_minibatches = step_metrics(programs, updated, on_policy=age == 0)
    seconds = run.seconds()
    stale = {"rollout/staleness": age} if config.rollout.staleness else {}
    scalars = summary(rollout, config.rollout.group_size) | stale | values | scalars
    run.record(step, scalars)
    for number, metrics in enumerate(of_minibatches):
        run.record(step, {"minibatch": number} | metrics, "minibatches")
    speeds = speed(config, rollout.rows, seconds, (rollout.generated or rollout).rows)
    run.record(step, speeds | run.compiled(), "timing")
    if run.wants_trace(step):
        run.record_trace(step, rollout, minibatches, updated.traces, age)
    check_finite(config, of_minibatches, minibatches, step, run.workdir)
    run.end_step(step, lines.step(scalars, speeds, sum(seconds)))


def problem_counts(inputs: Inputs) -> list[tuple[str, int]]:
    """How many problems each set has, by its name; the training set first, whose name one of the others may have."""
    return [(one.name, len(one.problems)) for one in (inputs.train, *inputs.eval_sets)]


def resume(
    config: Config, inputs: Inputs, programs: Programs, workdir: str, start_afresh: bool
) -> checkpoints.Restored:
    """What to go on from: the newest good checkpoint, or the state before the first step where there is none.

    Checkpoints after it, which are damaged, are put aside, and `workdir`/config.json is written, once the state is
    there: what cannot begin changes nothing. Nor does a checkpoint beyond `config.num_steps`.

    Raises:
      what `first_state` does, of a run that begins.
      checkpoints.Damaged: there are checkpoints, none is good, and `start_afresh` is not said.
      preemption.Preempted: some process was asked to stop before there was a state.
      distributed.NotShared: the processes do not see one workdir.
    """
    distributed.check_shared(workdir)
    phase("start: checkpoint")
    try:
        staleness = config.rollout.staleness
        restored = checkpoints.restore(workdir, programs.shapes, programs.shardings, staleness=staleness)
    except checkpoints.Damaged as error:
        if not start_afresh:
            raise checkpoints.Damaged(f"{error}; --start_afresh puts them aside and begins again") from error
        restored = None
    if restored and restored.step > config.num_steps:
        return restored
    step = restored.step if restored else 0
    tell(lines.position(step, config.num_steps, step in evaluated(config, workdir), new=restored is None))
    resumed = restored or checkpoints.Restored(0, begin(config, inputs, programs), saved=None, past={})
    checkpoints.set_aside(workdir, after=restored.step if restored else -1)
    workdirs.write_config(workdir, config)
    if step < config.num_steps and distributed.is_first():
        write_provenance(workdir, step)
        workdirs.write_problems(workdir, inputs.train)
    return resumed


def begin(config: Config, inputs: Inputs, programs: Programs) -> TrainState:
    """The state before the first step. Raises preemption.Preempted if some process was asked to stop before."""
    phase("start: first policy")
    try:
        return first_state(config, inputs, programs)
    except preemption.Interrupted:
        line = f"{preemption.why()}: before the first step, nothing to save; the same command begins again"
        raise preemption.Preempted(line) from None


def write_provenance(workdir: str, step: int) -> None:
    """Add this start, which goes on from `step`, to the run's provenance, if the disk has room for it."""
    try:
        provenance.append(workdir, provenance.collect(step))
    except OSError as error:
        tell(f"warning: {provenance.NAME} was not written: {error}")


def run_evaluation(
    config: Config, inputs: Inputs, programs: Programs, params, step: int, workdir: str
) -> dict[str, float]:
    """Evaluate on every set, save what came of each problem, return the metrics.

    Raises preemption.Interrupted, on all processes, if some process was asked to stop.
    """
    scalars = {}
    for eval_set in inputs.eval_sets:
        result = evaluate.evaluate(
            eval_set,
            step=step,
            sampler=programs.eval_sampler,
            params=params,
            terms=inputs.rewards,
            num_samples=config.eval.num_samples,
            how=eval_sample_config(config),
            prompts_per_call=config.eval.prompts_per_call,
            tokenizer=inputs.tokenizer,
            seed=config.seed,
        )
        if distributed.is_first():
            try:
                evaluations.save(result, workdir)
            except OSError as error:  # a full disk; mode eval repeats the evaluation of a checkpoint
                tell(f"warning: the answers of step {step} on {eval_set.name} were not written: {error}")
        scalars |= evaluations.scalars(result)
    return scalars
