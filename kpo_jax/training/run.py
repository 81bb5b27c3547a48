"""Everything that a run does beside its science: phases and their time limit, metrics, traces, checkpoints, the
profile, and how it ends.
"""

import contextlib
import re
import time

import jax
import numpy as np

from kpo_jax.algorithm import methods
from kpo_jax.config import Config, flat, to_dict
from kpo_jax.places import folder
from kpo_jax.recording import evaluations, lines, terminal, trackers
from kpo_jax.recording.metrics import MetricWriter, read_evaluations
from kpo_jax.recording.terminal import Progress, tell
from kpo_jax.recording.trace import TraceWriter, describe, step_arrays
from kpo_jax.records import TokenTrace, TrainState
from kpo_jax.report import responses
from kpo_jax.runtime import compilation, distributed, preemption
from kpo_jax.runtime.ahead import Ahead
from kpo_jax.runtime.watchdog import Watchdog
from kpo_jax.tasks.rewards import OVERLONG
from kpo_jax.training import checkpoints
from kpo_jax.training.dynamic_sampling import NotFull
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.rollout import Rollout
from kpo_jax.training.setup import Programs
from kpo_jax.training.step import Diverged, Minibatch

SAMPLES_EVERY = 10  # training steps between samples that are shown, where the configuration has no such number

# raised by all processes of a job at the same place
TOGETHER = (
    Diverged, preemption.Preempted, NotFull, checkpoints.NotSaved, checkpoints.NotRead, checkpoints.Damaged,
    distributed.NotShared,
)  # fmt: skip


class Run:
    """The context of a training run. Its phases are watched from the beginning; what it writes is there after `open`.

    An exception that is not among TOGETHER ends the other processes of the job before anything is closed, since closing
    the saver would wait for them. On leaving, the save under way is waited for.
    """

    def __init__(self, config: Config, workdir: str, profile_steps: tuple[int, int], show_samples: int):
        self.config, self.workdir, self._show_samples = config, workdir, show_samples
        self._profile_steps, self._closing, self._phase_starts = profile_steps, contextlib.ExitStack(), []

    def __enter__(self) -> "Run":
        self._closing.enter_context(terminal.phases())
        self.ahead, self._tally = self._close_later(Ahead()), compilation.tally()
        terminal.compiling(self.ahead.progress)
        self._watchdog = self._close_later(Watchdog(self.config.job.phase_timeout))
        return self

    def __exit__(self, kind, error, trace) -> None:
        try:
            if error is not None and not isinstance(error, TOGETHER):  # a keyboard interrupt is none either
                distributed.end_with(error)
        finally:
            self._closing.close()

    def _close_later(self, resource):
        return self._closing.enter_context(contextlib.closing(resource))

    def open(self, inputs: Inputs, programs: Programs, resumed: checkpoints.Restored) -> None:
        """Get ready to write what follows the state that the run goes on from."""
        step, last = resumed.step, self.config.num_steps
        ranks = evaluated(self.config, self.workdir) if resumed.saved is not None else {}
        self._ranks = {number: rank for number, rank in ranks.items() if number <= step}
        self._evaluated = step in self._ranks  # the state after the last step that was done
        self._saver = self._close_later(checkpoints.Saver(self.workdir, self.config, resumed.saved, self._ranks))
        fields = flat(to_dict(self.config))
        metrics = self.config.metrics
        more = [trackers.opener(name, metrics.project, self.workdir, fields) for name in metrics.names]
        self._writer = self._close_later(MetricWriter(self.workdir, step, self._evaluated, fields, more))
        if distributed.is_first():
            evaluations.forget(self.workdir, after=step)
        self._tokenizer = inputs.tokenizer
        self._progress = self._close_later(Progress("train", step, last))
        self._tracer = open_trace(self.config, inputs, programs, self.workdir, first_step=step + 1)
        # a resumed run may begin between the two
        self._profile_steps = max(self._profile_steps[0], step + 1), min(self._profile_steps[1], last)

    def phase(self, name: str) -> None:
        """The run is in the phase `name` from now on; where it takes long, the person at the terminal is told."""
        self._phase_starts.append(time.perf_counter())
        self._watchdog.phase(name)
        terminal.phase(name)

    def evaluation_is_due(self, step: int) -> bool:
        """Whether the state after `step` is still to be evaluated: the first, the last, and every so many."""
        return self._is_evaluated(step) and not self._evaluated

    def _is_evaluated(self, step: int) -> bool:
        every = self.config.eval.every
        return step in (0, self.config.num_steps) or (every > 0 and step % every == 0)

    def checkpoint_is_due(self, step: int) -> bool:
        """Whether the state after `step` is still to be saved: the last one, and every so many."""
        due = step == self.config.num_steps or step % self.config.checkpoint.every == 0
        return due and step != self._saver.newest

    def record_evaluation(self, step: int, scalars: dict[str, float]) -> None:
        """Write and tell the metrics of an evaluation, and rank the state by them."""
        self._writer.write(step, scalars)
        for line in lines.evaluations(step, scalars):
            tell(line)
        self._evaluated, self._ranks[step] = True, _rank(self.config, scalars)

    def save(self, step: int, state: TrainState, past: dict) -> None:
        """Begin to save the state after `step` and its past policies.

        Raises NotSaved where a later start could not do without it: the weights of step 0, if they are a reference.
        """
        self._saver.save(step, state, past)
        if step == 0 and self.config.algorithm.kl.has_reference and state.base is None:
            self._saver.require(step)

    def begin(self, step: int) -> None:
        """Training step `step` begins, unless a process was asked to stop: then all raise preemption.Interrupted."""
        if distributed.meet(f"the end of step {step - 1}"):
            raise preemption.Interrupted
        first, last = self._profile_steps
        if step == first <= last:
            jax.profiler.start_trace(str(folder(self.workdir) / "profile"))
        self._phase_starts = []

    def seconds(self) -> list[float]:
        """What each phase of the training step took, the one that it is in up to now."""
        return np.diff([*self._phase_starts, time.perf_counter()]).tolist()

    def compiled(self) -> dict[str, float]:
        """Metrics of the programs compiled since this was last asked, in whatever thread."""
        before, self._tally = self._tally, compilation.tally()
        return {f"compile/{name}": value for name, value in self._tally.since(before)._asdict().items()}

    @property
    def traced(self) -> bool:
        """Whether updates report every token: those of all steps, so that there is one program for them."""
        return self.config.trace.every > 0 or self._show_samples > 0

    def wants_trace(self, step: int) -> bool:
        """Whether the tokens of the step are to be recorded or shown."""
        return self._tracer.wants(step) or self._shows(step)

    def _shows(self, step: int) -> bool:
        """Whether to show samples of the step: of the first, the last, and those that the trace records; where it
        records none, as often as is evaluated.
        """
        every = self.config.trace.every or self.config.eval.every or SAMPLES_EVERY
        return self._show_samples > 0 and (step in (1, self.config.num_steps) or step % every == 0)

    def record(self, step: int, scalars: dict[str, float], name: str = "metrics") -> None:
        """Write a line of `name`.jsonl."""
        self._writer.write(step, scalars, name)

    def record_trace(
        self, step: int, rollout: Rollout, minibatches: list[Minibatch], traces: list[TokenTrace], age: int
    ) -> None:
        """Write the per-token record of a step, if the disk has room for it; show some of its responses. `age` is how
        many training steps old the policy was that drew them.

        A response has a row for each epoch: other updates met it with another policy.
        """
        if not distributed.is_first():
            return
        epochs = self.config.learner.epochs
        of_rows = dict(
            finished=np.tile(rollout.finished, epochs),
            verdicts=rollout.verdicts * epochs,
            scores={name: np.tile(score, epochs) for name, score in rollout.scores.items()},
            problems=rollout.problems * epochs,
            age=age,
        )
        arrays, line = step_arrays(minibatches * epochs, jax.device_get(traces), **of_rows), None
        if self._tracer.wants(step):
            try:
                line = self._tracer.write(step, arrays)
            except OSError as error:  # a full disk; the trace lacks the step, the run does not
                line = f"warning: the trace of step {step} was not written: {error}"
        if line:
            tell(line)
        if self._shows(step):
            rows = responses.of_step(arrays, self.config.rollout.group_size, self._tokenizer, self._show_samples)
            tell("\n".join(lines.samples(step, rows, terminal.colours(), terminal.width())))
            self._writer.write_samples(step, rows)

    def end_step(self, step: int, parts: list[str]) -> None:
        """Training step `step` is done; `parts` of its line say what it was like."""
        self._evaluated = False
        first, last = self._profile_steps
        if first <= step == last:
            jax.profiler.stop_trace()
        self._progress.update(step, parts)

    def end(self, step: int) -> None:
        """The run is done. Raises NotSaved unless its last step is on disk."""
        self._saver.require(step)

    def stop(self, step: int, state: TrainState, past: dict, error: preemption.Interrupted | NotFull) -> None:
        """Save the state after `step` and its past policies, since what was to follow was left undone, and say so.

        Raises:
          preemption.Preempted: if `error` is that some process was asked to stop.
          NotFull: the `error`, if it is that.
          NotSaved: the state could not be saved.
        """
        self.phase(f"step {step}: checkpoint before the end")
        if step != self._saver.newest:
            self.save(step, state, past)
        self._saver.require(step)
        if isinstance(error, preemption.Interrupted):
            line = f"{preemption.why()}: saved at step {step} of {self.config.num_steps}; the same command resumes"
            raise preemption.Preempted(line) from None
        raise error


def evaluated(config: Config, workdir: str) -> dict[int, float | None]:
    """The steps after which the run has been evaluated, however it was then, with what ranks them."""
    found = read_evaluations(workdir).items() if distributed.is_first() else ()
    ranks = [(step, _rank(config, line)) for step, line in found]
    return dict(distributed.exchange(ranks, "evaluated")[0])


def _rank(config: Config, scalars: dict[str, float]) -> float | None:
    """What ranks checkpoints: mean avg@k over the evaluation sets, None where there are none. Of an evaluation of other
    sets or another k, as those may change, over what it has.
    """
    wanted = {f"eval/{name}/avg@{config.eval.num_samples}" for name in config.eval.sets}
    found = {key: value for key, value in scalars.items() if re.fullmatch(r"eval/.*/avg@\d+", key)}
    values = [value for key, value in found.items() if key in wanted or not wanted <= found.keys()]
    return float(np.mean(values)) if values else None


def open_trace(config: Config, inputs: Inputs, programs: Programs, workdir: str, first_step: int) -> TraceWriter:
    """The writer of the run's per-token records; it removes those of steps from `first_step` on."""
    description = describe(
        config.algorithm,
        method=methods.name_of(config.algorithm),
        rewards=[term.name for term in inputs.rewards] + [OVERLONG] * bool(config.reward.overlong_buffer),
        group_size=config.rollout.group_size,
        num_minibatches=config.learner.updates_per_rollout,
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
