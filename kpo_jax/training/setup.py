"""What a run is made of before its first step: data, mesh, jitted functions, first state."""

import dataclasses
from collections.abc import Callable
from functools import partial

import jax

from kpo_jax.algorithm import diagnostics
from kpo_jax.config import Config, build_filter, build_objective, eval_sample_config
from kpo_jax.model.packing import PackShape, pack_shape
from kpo_jax.recording.metrics import tell
from kpo_jax.records import TrainState
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import local_mesh, localize, make_mesh, param_specs
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.tasks import rewards
from kpo_jax.tasks.prompts import Problem, ProblemSet, decontaminate, encode_prompts, load_problems
from kpo_jax.tasks.registry import build_task
from kpo_jax.tasks.task import Task
from kpo_jax.training import checkpoints
from kpo_jax.training.learner import (
    init_state,
    make_critic_step,
    make_init,
    make_optimizer,
    make_score_step,
    make_train_step,
    make_value_step,
)
from kpo_jax.training.rollout import stop_at
from kpo_jax.training.warm_start import warm_start
from kpo_jax.weights import huggingface as hf
from kpo_jax.weights.tokenizers import load_tokenizer

PROMPT_ROUNDING = 16  # prompts are padded to a multiple of this


@dataclasses.dataclass(frozen=True)
class Data:
    """Everything read from disk before a device is touched; `weights` is the local path of the checked pretrained
    weights or "", `rewards` the main one first, `notes` lines that say what was dropped from the sets and why."""

    weights: str
    tokenizer: object
    task: Task
    rewards: tuple[rewards.Term, ...]
    train: ProblemSet
    eval_sets: list[ProblemSet]
    notes: list[str]


@dataclasses.dataclass(frozen=True)
class Machine:
    """The mesh, the shape of the update's microbatches, and the jitted functions of a run; the critic's are None
    without one.

    The samplers run on this process's own devices, whatever the others do meanwhile; all else runs on all devices
    together.
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


def load_data(config: Config) -> Data:
    """Where the pretrained weights are, tokenizer, training prompts, evaluation sets. Raises ValueError, one line, for
    what is wrong.
    """
    weights = hf.find(config.pretrained, config.revision, config.model) if config.pretrained else ""
    tokenizer = load_tokenizer(config.tokenizer, config.revision or None)
    if tokenizer.vocab_size > config.model.vocab_size:
        raise ValueError(
            f"model.vocab_size: {config.model.vocab_size} is below the {tokenizer.vocab_size} of tokenizer {config.tokenizer!r}"
        )
    notes, task = [], build_task(config.task)
    terms = rewards.terms(config.reward, task.reward)
    eval_sets = [_load_set(name, data, task, tokenizer, notes) for name, data in config.eval.sets.items()]
    held_out = [problem for eval_set in eval_sets for problem in eval_set.problems] if config.decontaminate else []
    train = _load_set("train", config.data, task, tokenizer, notes, held_out)
    if len(train.problems) < config.rollout.prompts_per_step:
        raise ValueError(
            f"rollout.prompts_per_step: {config.rollout.prompts_per_step} is more than the {len(train.problems)} training problems"
        )
    return Data(
        weights=weights, tokenizer=tokenizer, task=task, rewards=terms, train=train, eval_sets=eval_sets, notes=notes
    )


def _load_set(name, data_config, task, tokenizer, notes: list[str], held_out: list[Problem] = ()) -> ProblemSet:
    """The set, encoded; appends a note if anything was dropped."""
    problems, dropped = load_problems(data_config, task)
    if held_out:  # what is evaluated on is never trained on
        problems, overlapping = decontaminate(problems, held_out)
        dropped = dropped | {"overlaps an evaluation set": overlapping}
    encoded, too_long = encode_prompts(problems, tokenizer, data_config, task)
    dropped = {reason: count for reason, count in (dropped | {"prompt too long": too_long}).items() if count}
    longest = max(len(ids) for ids in encoded.tokens)
    prompt_length = -(-longest // PROMPT_ROUNDING) * PROMPT_ROUNDING
    if dropped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        notes.append(f"{name}: {len(encoded.problems):,} problems; dropped: {reasons}")
    return ProblemSet(name, encoded.problems, encoded.tokens, prompt_length)


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
        local = stop_at(
            make_sampler(config.model, sample_config, **ids, group_size=group_size), sample_config.stop, tokenizer
        )
        return lambda params, *args, **kwargs: local(
            localize(params, param_specs(config.model), mesh, own_mesh), *args, **kwargs
        )

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
        summarize=jax.jit(
            partial(diagnostics.summarize, kappa=kappa, has_reference=bool(config.algorithm.kl.estimate))
        ),
        value_step=make_value_step(config.model, shardings.critic, mesh) if critic_optimizer else None,
        critic_step=make_critic_step(
            config.model, critic_optimizer, shardings.critic, mesh, clip=config.critic.value_clip, **_limits(config)
        )
        if critic_optimizer
        else None,
    )


def update_shape(config: Config, prompt_length: int, device_rows: int) -> PackShape:
    """The microbatches of an update whose prompts have at most `prompt_length` tokens; `device_rows` is data x fsdp of
    the mesh.
    """
    return pack_shape(
        minibatch_rows(config),
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
    critic_optimizer = (
        make_optimizer(dataclasses.replace(config.learner, **rates)) if config.algorithm.has_critic else None
    )
    return make_optimizer(config.learner), critic_optimizer


def minibatch_rows(config: Config) -> int:
    return config.rollout.prompts_per_step * config.rollout.group_size // config.learner.num_minibatches


def first_state(config: Config, data: Data, machine: Machine) -> TrainState:
    """The state before the first training step: another run's base policy, or pretrained or random weights,
    warm-started or not.
    """
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
            demonstration=data.task.demonstration,
            config=config,
            mesh=machine.mesh,
            prompt_length=data.train.prompt_length,
        )
    return jax.jit(lambda p: init_state(p, *make_optimizers(config)), out_shardings=machine.shardings)(params)


def reference_params(config: Config, machine: Machine, state: TrainState, step: int, workdir: str):
    """The reference policy of a run that has done `step` steps: a copy of its first parameters; None if there is to be
    none.

    Its checkpoint of step 0 is never removed, so the reference is in no other.
    """
    if not config.algorithm.kl.estimate:
        return None
    if step == 0:
        return jax.tree.map(jax.numpy.copy, state.params)  # a copy, as the update is done in place
    return checkpoints.restore_params(workdir, 0, machine.shapes, machine.shardings)
