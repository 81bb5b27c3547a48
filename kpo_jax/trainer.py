"""The training loop and what it needs: every side effect of a run is in this module or called from it."""

import contextlib
import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import numpy as np

from kpo_jax import checkpoints, critic, diagnostics, distributed, evaluate, flops, hf, methods, preemption
from kpo_jax.config import Config, build_filter, build_objective, eval_sample_config, spelled_out
from kpo_jax.data import Problem, decontaminate, encode_prompts, extra_prompts, load_problems, prompt_order
from kpo_jax.dynamic_sampling import NotFull, fill
from kpo_jax.engine import make_sampler
from kpo_jax.guards import Watchdog
from kpo_jax.learner import init_state, make_critic_step, make_init, make_optimizer, make_score_step, make_train_step, make_value_step
from kpo_jax.metrics import MetricWriter, Progress, tell, to_host
from kpo_jax.packing import PackShape, make_batch, pack, pack_shape, unpack
from kpo_jax.rollout import Rollout, rollout, stop_at, summary
from kpo_jax.sharding import local_mesh, localize, make_mesh, param_specs, put_microbatches
from kpo_jax.tokenizers import load_tokenizer
from kpo_jax.trace import TraceWriter, describe, step_arrays
from kpo_jax.types import TrainState
from kpo_jax.warm_start import warm_start

SAMPLING_STREAM = 1  # fold_in constant of the training sampler; evaluate.KEY_STREAM is another
PROMPT_ROUNDING = 16  # prompts are padded to a multiple of this


class Diverged(RuntimeError):
    """Too many non-finite or spiking updates in a row; the message says where the batch was saved."""


class Preempted(RuntimeError):
    """SIGTERM came and the run was saved; re-running the same command resumes it."""


# raised by all processes of a job at the same place
TOGETHER = (Diverged, Preempted, NotFull, checkpoints.NotSaved, checkpoints.Damaged, distributed.NotShared)


@dataclasses.dataclass(frozen=True)
class Data:
    """Everything read from disk before a device is touched; `weights` is the local path of the checked pretrained weights or "",
    `notes` are lines that say what was dropped from the sets and why."""

    weights: str
    tokenizer: object
    train: evaluate.EvalSet
    eval_sets: list[evaluate.EvalSet]
    notes: list[str]


@dataclasses.dataclass(frozen=True)
class Machine:
    """The mesh, the shape of the update's microbatches, and the jitted functions of a run; the critic's are None without one.

    The samplers run on this process's own devices, whatever the others do meanwhile; all else runs on all devices together.
    """

    mesh: jax.sharding.Mesh
    sampled_rows: int  # the prompts that the samplers of all processes hold at once are a multiple of this
    pack_shape: PackShape
    init: Callable
    shapes: TrainState
    shardings: TrainState
    sampler: Callable
    eval_sampler: Callable
    score_step: Callable
    train_step: Callable
    traced_step: Callable
    summarize: Callable
    value_step: Callable | None
    critic_step: Callable | None


# ----------------------------------------------------------------------------------------------------------------- set-up


def load_data(config: Config) -> Data:
    """Where the pretrained weights are, tokenizer, training prompts, evaluation sets. Raises ValueError, one line, for what is wrong."""
    weights = hf.find(config.pretrained, config.revision, config.model) if config.pretrained else ""
    tokenizer = load_tokenizer(config.tokenizer, config.revision or None)
    if tokenizer.vocab_size > config.model.vocab_size:
        raise ValueError(
            f"model.vocab_size: {config.model.vocab_size} is below the {tokenizer.vocab_size} of tokenizer {config.tokenizer!r}"
        )
    notes = []
    eval_sets = [_load_set(name, data, tokenizer, notes) for name, data in config.eval.sets.items()]
    held_out = [problem for eval_set in eval_sets for problem in eval_set.problems] if config.decontaminate else []
    train = _load_set("train", config.data, tokenizer, notes, held_out)
    if len(train.problems) < config.rollout.prompts_per_step:
        raise ValueError(
            f"rollout.prompts_per_step: {config.rollout.prompts_per_step} is more than the {len(train.problems)} training problems"
        )
    return Data(weights=weights, tokenizer=tokenizer, train=train, eval_sets=eval_sets, notes=notes)


def _load_set(name, data_config, tokenizer, notes: list[str], held_out: list[Problem] = ()) -> evaluate.EvalSet:
    """The set, encoded; appends a note if anything was dropped."""
    problems, dropped = load_problems(data_config)
    if held_out:  # what is evaluated on is never trained on
        problems, overlapping = decontaminate(problems, held_out)
        dropped = dropped | {"overlaps an evaluation set": overlapping}
    encoded, too_long = encode_prompts(problems, tokenizer, data_config)
    dropped = {reason: count for reason, count in (dropped | {"prompt too long": too_long}).items() if count}
    longest = max(len(ids) for ids in encoded.tokens)
    prompt_length = -(-longest // PROMPT_ROUNDING) * PROMPT_ROUNDING
    if dropped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        notes.append(f"{name}: {len(encoded.problems):,} problems; dropped: {reasons}")
    return evaluate.EvalSet(name, encoded.problems, encoded.tokens, prompt_length)


def build(config: Config, data: Data) -> Machine:
    """Make the mesh and every jitted function, and tell the data's notes. Nothing is compiled yet."""
    mesh = make_mesh(config.mesh)
    for note in data.notes:
        tell(note)
    own_mesh = local_mesh(mesh)
    rows = mesh.shape["data"] * mesh.shape["fsdp"]
    sampled_rows = own_mesh.shape["data"] * own_mesh.shape["fsdp"] * distributed.num_processes()
    for path, count in [
        ("prompts per sampler call", config.rollout.prompts_per_call or config.rollout.prompts_per_step),
        ("eval.prompts_per_call", config.eval.prompts_per_call),
    ]:
        if count % sampled_rows:
            raise ValueError(f"mesh: data x fsdp = {sampled_rows} does not divide {path} = {count}")
    optimizer, critic_optimizer = make_optimizers(config)
    init, shardings = make_init(config.model, optimizer, mesh, critic_optimizer)
    kappa = build_filter(config.algorithm.filter).kappa
    tokenizer, temperature = data.tokenizer, config.sampler.temperature

    def sampler(sample_config, group_size):
        ids = dict(eos_ids=tokenizer.eos_ids, pad_id=tokenizer.pad_id, mesh=own_mesh)
        local = stop_at(make_sampler(config.model, sample_config, **ids, group_size=group_size), sample_config.stop, tokenizer)
        return lambda params, *args, **kwargs: local(localize(params, param_specs(config.model), mesh, own_mesh), *args, **kwargs)

    return Machine(
        mesh=mesh,
        sampled_rows=sampled_rows,
        pack_shape=update_shape(config, data.train.prompt_length, rows),
        init=init,
        shapes=jax.eval_shape(init, jax.random.key(0)),
        shardings=shardings,
        sampler=sampler(config.sampler, group_size=config.rollout.group_size),
        eval_sampler=sampler(eval_sample_config(config), group_size=config.eval.num_samples),
        score_step=make_score_step(config.model, shardings, mesh, temperature=temperature),
        train_step=update_step(config, optimizer, shardings, mesh),
        traced_step=update_step(config, optimizer, shardings, mesh, traced=True),
        summarize=jax.jit(partial(diagnostics.summarize, kappa=kappa, has_reference=bool(config.algorithm.kl.estimate))),
        value_step=make_value_step(config.model, shardings.critic, mesh) if critic_optimizer else None,
        critic_step=make_critic_step(config.model, critic_optimizer, shardings.critic, mesh, clip=config.critic.value_clip, **_limits(config))
        if critic_optimizer
        else None,
    )


def update_shape(config: Config, prompt_length: int, device_rows: int) -> PackShape:
    """The microbatches of an update whose prompts have at most `prompt_length` tokens; `device_rows` is data x fsdp of the mesh."""
    return pack_shape(
        _minibatch_rows(config),
        prompt_length,
        config.sampler.max_response_length,
        group_size=config.rollout.group_size if config.learner.share_prompts else 1,
        microbatch_tokens=config.learner.microbatch_tokens,
        device_rows=device_rows,
    )


def update_step(config: Config, optimizer, shardings: TrainState, mesh, traced: bool = False):
    """The jitted training step of a configuration, see learner.make_train_step."""
    return make_train_step(
        config.model,
        optimizer,
        shardings,
        mesh,
        ratio_filter=build_filter(config.algorithm.filter),
        filter_gradient=config.algorithm.filter.gradient,
        objective=build_objective(config.algorithm.objective),
        temperature=config.sampler.temperature,
        kl=config.algorithm.kl,
        traced=traced,
        **_limits(config),
    )


def _limits(config: Config) -> dict:
    """What tells a spike, see learner.guarded_update."""
    return dict(max_norm_ratio=config.learner.max_norm_ratio, norm_window=config.learner.norm_window)


def make_optimizers(config: Config):
    """(the policy's optimizer, the critic's or None)."""
    rates = dict(learning_rate=config.critic.learning_rate, warmup_steps=config.critic.warmup_steps)
    critic_optimizer = make_optimizer(dataclasses.replace(config.learner, **rates)) if config.algorithm.has_critic else None
    return make_optimizer(config.learner), critic_optimizer


def _minibatch_rows(config: Config) -> int:
    return config.rollout.prompts_per_step * config.rollout.group_size // config.learner.num_minibatches


def first_state(config: Config, data: Data, machine: Machine) -> TrainState:
    """The state before the first training step: another run's base policy, or pretrained or random weights, warm-started or not."""
    if config.init_from:
        params = checkpoints.restore_params(config.init_from, 0, machine.shapes, machine.shardings)
    elif config.pretrained:
        params = hf.load_params(data.weights, config.model, machine.shardings.params)
    elif config.warm_start.num_steps:
        params = machine.init(jax.random.key(config.seed)).params
    else:
        return machine.init(jax.random.key(config.seed))
    if config.warm_start.num_steps:
        params = warm_start(
            params,
            data.train.problems,
            data.train.prompt_ids,
            data.tokenizer,
            config=config,
            mesh=machine.mesh,
            prompt_length=data.train.prompt_length,
        )
    return jax.jit(lambda p: init_state(p, *make_optimizers(config)), out_shardings=machine.shardings)(params)


def reference_params(config: Config, machine: Machine, state: TrainState, step: int, workdir: str):
    """The reference policy of a run that has done `step` steps: a copy of its first parameters; None if there is to be none.

    Its checkpoint of step 0 is never removed, so the reference is in no other.
    """
    if not config.algorithm.kl.estimate:
        return None
    if step == 0:
        return jax.tree.map(jax.numpy.copy, state.params)  # a copy, as the update is done in place
    return checkpoints.restore_params(workdir, 0, machine.shapes, machine.shardings)


# ------------------------------------------------------------------------------------------------------------- one step


def collect(config: Config, data: Data, machine: Machine, params, step: int) -> Rollout:
    """The rollout of training step `step` (1-based): a pure function of the parameters, the seed and the step.

    Raises NotFull where dynamic sampling finds too little to train on.
    """
    prompts, group = config.rollout.prompts_per_step, config.rollout.group_size
    where = (len(data.train.problems), prompts)
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(config.seed), SAMPLING_STREAM), step)

    def generate(number: int) -> Rollout:
        chosen = extra_prompts(config.seed, step - 1, number, *where) if number else prompt_order(config.seed, step - 1, *where)
        return rollout(
            machine.sampler,
            params,
            [data.train.problems[i] for i in chosen],
            [data.train.prompt_ids[i] for i in chosen],
            where=f"the rollout of step {step}" + (f", generation batch {number + 1}" if number else ""),
            config=config,
            tokenizer=data.tokenizer,
            key=key,
            prompt_length=data.train.prompt_length,
            first_row=number * prompts * group,
        )

    if not config.algorithm.dynamic_sampling:
        return generate(0)
    return fill(generate, num_groups=prompts, group_size=group, max_batches=config.algorithm.dynamic_sampling)


def pack_minibatches(config: Config, machine: Machine, rows: dict) -> list[tuple]:
    """The rollout's rows cut into minibatches: (its rows, Packed, order) of each, see packing.pack."""
    size, minibatches = _minibatch_rows(config), []
    for start in range(0, len(rows["tokens"]), size):
        part = {name: value[start : start + size] for name, value in rows.items()}
        minibatches.append((part, *pack(part, machine.pack_shape)))
    return minibatches


def score(machine: Machine, params, minibatches: list[tuple], name: str = "old_log_prob", step: Callable | None = None) -> None:
    """Add what `step` finds at each response token, before any update, to the minibatches' rows as `name` [N, T].

    By default that is the score step: the trainer's own log-probabilities under `params`.
    """
    step = step or machine.score_step
    scores = [step(params, put_microbatches(machine.mesh, packed)) for _, packed, _ in minibatches]
    for (part, _, order), found in zip(minibatches, jax.device_get(scores), strict=True):
        part[name] = np.where(part["response_mask"], unpack(found, order, len(part["tokens"])), np.float32(0))


def judge(config: Config, machine: Machine, state: TrainState, minibatches: list[tuple]) -> dict[str, float]:
    """Add the critic's old_value and, over the whole rollout, advantage and returns [N, T] to the rows; (how good the values are)."""
    if machine.value_step is None:
        return {}
    score(machine, state.critic.params, minibatches, "old_value", machine.value_step)
    parts = [part for part, _, _ in minibatches]
    reward, value, mask = (np.concatenate([part[name] for part in parts]) for name in ("reward", "old_value", "response_mask"))
    advantage, returns = critic.targets(reward, value, mask, config.critic)
    for name, whole in (("advantage", advantage), ("returns", returns)):
        for part, rows in zip(parts, np.split(whole, len(parts)), strict=True):
            part[name] = rows
    return critic.summary(value, returns, mask)


def update(machine: Machine, state: TrainState, minibatches: list[tuple], traces: list | None = None):
    """(state, per-minibatch metrics, per-minibatch accumulators) after one optimizer step per minibatch; no host sync inside.

    A list of `traces` gets each minibatch's TokenTrace; the steps taken are the same.
    """
    metrics, measured = [], []
    for part, packed, order in minibatches:
        batch = put_microbatches(machine.mesh, make_batch(part, packed, order))
        if traces is None:
            state, scalars, accumulator = machine.train_step(state, batch)
        else:
            state, scalars, accumulator, tokens = machine.traced_step(state, batch)
            traces.append(tokens)
        if machine.critic_step is not None:
            trained, critic_scalars = machine.critic_step(state.critic, batch)
            state, scalars = state.replace(critic=trained), scalars | critic_scalars
        metrics.append(scalars)
        measured.append(accumulator)
    return state, metrics, measured


def step_metrics(machine: Machine, metrics: list[dict], measured: list) -> tuple[dict, list[dict]]:
    """(the training step's metrics, one dict per minibatch).

    The first minibatch after a rollout is on-policy, its ratio 1 up to numerics, so it is reported apart as `on_policy/...`;
    the other diagnostics are pooled exactly over the minibatches after it (over the only one, where there is one).
    """
    each = [to_host(m) | to_host(machine.summarize(a)) for m, a in zip(metrics, measured, strict=True)]
    pooled = measured[1] if len(measured) > 1 else measured[0]
    for accumulator in measured[2:]:
        pooled = diagnostics.merge(pooled, accumulator)
    areas, counts = ("learner/", "critic/"), ("/skipped", "/skipped_in_a_row", "/spikes")
    learner = {k: each[-1][k] if k.endswith(counts) else float(np.mean([m[k] for m in each])) for k in each[0] if k.startswith(areas)}
    on_policy = {f"on_policy/{k}": v for k, v in each[0].items() if k.startswith(("ratio/", "mismatch/"))}
    return learner | to_host(machine.summarize(pooled)) | on_policy, each


def check_finite(config: Config, metrics: dict, minibatches: list[tuple], step: int, workdir: str) -> None:
    """Raise Diverged, with the batch saved, once `max_bad_updates` updates in a row were not finite or spikes."""
    bad = max(metrics[f"{area}/skipped_in_a_row"] for area in ("learner", "critic") if f"{area}/skipped_in_a_row" in metrics)
    if bad < config.learner.max_bad_updates:
        return
    path = Path(workdir) / f"bad_batch_step_{step:06d}.npz"
    parts = [part for part, _, _ in minibatches]
    if distributed.is_first():
        np.savez_compressed(path, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    raise Diverged(f"step {step}: {bad} updates in a row were skipped, not finite or spikes; the batch is in {path}")


# -------------------------------------------------------------------------------------------------------------- the loop


def run_evaluation(config: Config, data: Data, machine: Machine, params, step: int, workdir: str) -> dict[str, float]:
    """Evaluate on every set, save the per-problem results, return the scalars."""
    scalars = {}
    for eval_set in data.eval_sets:
        result = evaluate.evaluate(
            eval_set,
            step=step,
            sampler=machine.eval_sampler,
            params=params,
            num_samples=config.eval.num_samples,
            prompts_per_call=config.eval.prompts_per_call,
            tokenizer=data.tokenizer,
            seed=config.seed,
        )
        if distributed.is_first():
            try:
                evaluate.save(result, workdir)
            except OSError as error:  # a full disk; mode eval repeats the evaluation of a checkpoint
                tell(f"warning: the answers of step {step} on {eval_set.name} were not written: {error}")
        scalars |= evaluate.scalars(result)
    return scalars


def _score(config: Config, scalars: dict[str, float]) -> float | None:
    """What ranks checkpoints: mean avg@k over the evaluation sets, None where there are none."""
    values = [v for k, v in scalars.items() if k.endswith(f"/avg@{config.eval.num_samples}")]
    return float(np.mean(values)) if values else None


def train(
    config: Config, data: Data, machine: Machine, workdir: str, profile_steps: tuple[int, int] = (0, 0), start_afresh: bool = False
) -> None:
    """Train to `config.num_steps`, resuming from the newest good checkpoint in `workdir`. SIGTERM is the caller's to catch.

    The profiler records from the first to the last of `profile_steps` into `workdir`/profile. `start_afresh` begins again
    where there are checkpoints and none is good. Raises what is in TOGETHER, on all processes; anything else ends the whole job.
    """
    with contextlib.ExitStack() as closing:  # in the end, closing the saver waits for the save under way
        watchdog = closing.enter_context(contextlib.closing(Watchdog(config.job.phase_timeout)))
        try:
            watchdog.phase("start")
            resumed = resume(config, data, machine, workdir, start_afresh)
            saver = closing.enter_context(contextlib.closing(checkpoints.Saver(workdir, config, resumed.saved)))
            writer = closing.enter_context(contextlib.closing(MetricWriter(workdir, resumed.step, resumed.evaluated)))
            progress = closing.enter_context(contextlib.closing(Progress("train", resumed.step, config.num_steps)))
            tracer = open_trace(config, machine, workdir, first_step=resumed.step + 1)
            _train_from(resumed, config, data, machine, workdir, profile_steps, watchdog, saver, writer, tracer, progress)
        except TOGETHER:
            raise
        except BaseException as error:  # a keyboard interrupt too: the other processes are not here, and closing the saver waits for them
            distributed.end_with(error)
            raise


def resume(config: Config, data: Data, machine: Machine, workdir: str, start_afresh: bool) -> checkpoints.Restored:
    """What to go on from: the newest good checkpoint, with the damaged ones after it put aside, or the state before the first step."""
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
        return checkpoints.Restored(step=0, state=first_state(config, data, machine), evaluated=False, saved=None)
    except preemption.Interrupted:
        raise Preempted("SIGTERM: before the first step, nothing to save; the same command begins again") from None


def _train_from(resumed, config, data, machine, workdir, profile_steps, watchdog, saver, writer, tracer, progress) -> None:
    step, state, evaluated, score = resumed.step, resumed.state, resumed.evaluated, None
    reference = reference_params(config, machine, state, step, workdir)
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
            state, note = _train_one(config, data, machine, state, reference, step + 1, workdir, watchdog, writer, tracer)
            step, evaluated, score = step + 1, False, None
            if first_profiled <= step == last_profiled:
                jax.profiler.stop_trace()
            progress.update(step, note)
    except (preemption.Interrupted, NotFull) as error:  # never in the middle of an update: a rollout or an evaluation is left undone
        watchdog.phase(f"step {step}: checkpoint before the end")
        if step != saver.newest:
            saver.save(step, state, evaluated=evaluated, score=score)
        saver.require(step)
        if isinstance(error, preemption.Interrupted):
            raise Preempted(f"SIGTERM: saved at step {step} of {config.num_steps}; the same command resumes") from None
        raise


def restore_policy(config: Config, shapes: TrainState, shardings: TrainState, workdir: str, step: int | None):
    """(step, parameters) of a run's newest good checkpoint or of `step`, on `shardings`. Raises ValueError if there is none."""
    restored = checkpoints.restore(workdir, {"params": shapes.params}, {"params": shardings.params}, step)
    if restored is None:
        raise ValueError(f"--workdir: no checkpoint in {workdir}; train first")
    return restored.step, restored.state["params"]


def show_samples(config: Config, data: Data, machine: Machine, params, prompts: list[str], num_prompts: int) -> str:
    """Responses to the given prompts, or to the first problems of the first evaluation set with their verdicts, as text."""
    problems = [Problem(id=str(i), problem=text, answer="") for i, text in enumerate(prompts)]
    source = config.data
    if not problems:
        if not data.eval_sets:
            raise ValueError("--prompt: required, since the configuration has no evaluation set to take problems from")
        problems, source = data.eval_sets[0].problems[:num_prompts], next(iter(config.eval.sets.values()))
    encoded, too_long = encode_prompts(problems, data.tokenizer, source)
    if too_long:
        raise ValueError(f"--prompt: {too_long} of them have more than {source.max_prompt_length} tokens (data.max_prompt_length)")
    longest = max(len(tokens) for tokens in encoded.tokens)
    eval_set = evaluate.EvalSet("sample", encoded.problems, encoded.tokens, longest)
    texts, verdicts, _ = evaluate.answer(
        machine.eval_sampler,
        params,
        eval_set,
        num_samples=config.eval.num_samples,
        prompts_per_call=machine.sampled_rows,
        tokenizer=data.tokenizer,
        seed=config.seed,
    )
    blocks = []
    for row, (text, verdict) in enumerate(zip(texts, verdicts, strict=True)):
        problem = problems[row // config.eval.num_samples]
        lines = [f"--- {problem.problem}", text.rstrip("\n")]
        if not prompts:
            lines.append(f"correct: {verdict.correct}  extracted: {verdict.extracted}  answer: {problem.answer}  ({verdict.reason})")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def open_trace(config: Config, machine: Machine, workdir: str, first_step: int) -> TraceWriter:
    """The writer of the run's per-token records; it removes those of steps from `first_step` on."""
    pack_shape = machine.pack_shape
    description = describe(
        spelled_out(config.algorithm),
        method=methods.name_of(config.algorithm),
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
    return TraceWriter(workdir, description, first_step=first_step, every=trace.every, max_bytes=trace.max_bytes, active=active)


def _wants_trace(config: Config, tracer: TraceWriter, step: int) -> bool:
    """Whether to record the step: process 0, which writes, decides for all, as all must run one program."""
    return config.trace.every > 0 and distributed.exchange(tracer.wants(step), "trace")[0]


def _write_trace(tracer: TraceWriter, step: int, result: Rollout, minibatches: list[tuple], traces: list) -> None:
    if not distributed.is_first():
        return
    each_row = dict(finished=result.finished, verdicts=result.verdicts, problems=result.problems)
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
    result = collect(config, data, machine, state.params, step)
    clock.append(time.perf_counter())
    watchdog.phase(f"step {step}: score")
    minibatches = pack_minibatches(config, machine, result.rows)
    score(machine, state.params, minibatches)
    if reference is not None:
        score(machine, reference, minibatches, "reference_log_prob")
    values = judge(config, machine, state, minibatches)
    clock.append(time.perf_counter())
    watchdog.phase(f"step {step}: update")
    traces = [] if _wants_trace(config, tracer, step) else None
    state, metrics, measured = update(machine, state, minibatches, traces)
    scalars, each = step_metrics(machine, metrics, measured)
    clock.append(time.perf_counter())
    scalars = summary(result, config.rollout.group_size) | values | scalars
    writer.write(step, scalars)
    for number, minibatch in enumerate(each):
        writer.write(step, {"minibatch": number} | minibatch, "minibatches")
    writer.write(step, speed(config, result.rows, np.diff(clock), (result.generated or result).rows), "timing")
    if traces is not None:
        _write_trace(tracer, step, result, minibatches, traces)
    check_finite(config, scalars, minibatches, step, workdir)
    note = f"reward {scalars['rollout/reward_mean']:.3f}  clip {scalars['clip/fraction']:.3f}  {clock[-1] - clock[0]:.2f} s/step"
    return state, note


def speed(config: Config, rows: dict[str, np.ndarray], seconds, sampled: dict[str, np.ndarray]) -> dict[str, float]:
    """Time, rates and, where the accelerator's peak is known, the model-FLOPs utilisation (MFU) of a training step's phases.

    `seconds` are those of rollout (sampling and grading), scoring, and the update. `sampled` are the rows that were drawn, `rows` those
    that are trained on. The passes of a critic and of a reference policy take their time, but do not count as work.
    """
    def work_of(rows):
        group = config.rollout.group_size
        return flops.training_step(
            config.model,
            prompt_lengths=rows["prompt_length"][::group].tolist(),
            response_lengths=rows["response_mask"].sum(axis=1).tolist(),
            group_size=group,
            share_prompts=config.learner.share_prompts,
        )

    work, drawn = work_of(rows), work_of(sampled)
    tokens = int(rows["prompt_length"].sum() + rows["response_mask"].sum())
    responses = int(sampled["response_mask"].sum())
    phases = {"rollout": (responses, drawn.prefill + drawn.decode), "score": (tokens, work.score), "update": (tokens, work.update)}
    limits = flops.data_sheet(jax.devices()[0].device_kind, jax.device_count())
    out = {"speed/response_tokens_per_second": responses / sum(seconds)}
    for (name, (count, operations)), spent in zip(phases.items(), seconds, strict=True):
        out |= {f"time/{name}": float(spent), f"speed/{name}_tokens_per_second": count / spent, f"speed/{name}_tflops": operations / spent / 1e12}
        if limits is not None:
            out[f"speed/{name}_mfu"] = operations / spent / limits.flops
    return out
