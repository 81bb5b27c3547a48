"""What a run is made of before its first step, beside its inputs: its compiled programs, its first state."""

import dataclasses
from collections.abc import Callable
from functools import partial

import jax

from kpo_jax.algorithm import diagnostics, regime
from kpo_jax.algorithm.choices import build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss
from kpo_jax.config import Config, LearnerConfig, eval_sample_config, from_plain
from kpo_jax.ends import Refused
from kpo_jax.model.config import ARCHITECTURE_FIELDS, ModelConfig
from kpo_jax.model.shapes import PackShape
from kpo_jax.places import folder
from kpo_jax.recording import workdir as workdirs
from kpo_jax.recording.terminal import tell
from kpo_jax.records import TrainState
from kpo_jax.runtime import distributed
from kpo_jax.runtime.ahead import Program
from kpo_jax.runtime.sharding import local_mesh, localize, make_mesh, param_specs
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.sampling.programs import Programs as SamplerPrograms
from kpo_jax.training import checkpoints
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.learner import (
    baseline_scores,
    init_over,
    init_state,
    log_prob_scores,
    loss_of_critic,
    loss_of_policy,
    make_init,
    make_optimizer,
    make_scorer,
    make_step,
    value_scores,
)
from kpo_jax.training.rollout import stop_at
from kpo_jax.training.shapes import update_shape
from kpo_jax.training.warm_start import warm_start
from kpo_jax.weights import huggingface, peft


@dataclasses.dataclass(frozen=True)
class Programs:
    """The jitted functions of a run, with the mesh and the shapes that they are made for.

    The samplers run on this process's own devices, whatever the other processes do meanwhile; all else runs on all
    devices together.

    Attributes:
      sampled_rows: the prompts that the samplers of all processes hold at once are a multiple of this.
      pack_shape: the microbatches of an update.
      init, shapes, shardings: of the TrainState, see learner.make_init.
      sampling, eval_sampling: the jitted functions of the samplers, one object where both draw alike.
      sampler, eval_sampler: see sampling.engine.make_sampler.
      score_step, value_step: see learner.make_scorer: the policy's log-probabilities, the critic's values.
      baseline_step: the same of log-probabilities and sums of squared probabilities, which then scores the policy that
        drew in place of score_step; None unless the advantage is a token baseline.
      train_step, traced_step, critic_step: see learner.make_step.
      summarize: diagnostics.Accumulator -> metrics.
      value_step, critic_step: None without a critic.
    """

    mesh: jax.sharding.Mesh
    sampled_rows: int
    pack_shape: PackShape
    init: Callable
    shapes: TrainState
    shardings: TrainState
    sampling: SamplerPrograms
    eval_sampling: SamplerPrograms
    sampler: Callable
    eval_sampler: Callable
    score_step: Callable
    train_step: Callable
    traced_step: Callable
    summarize: Callable
    baseline_step: Callable | None
    value_step: Callable | None
    critic_step: Callable | None


def build_programs(config: Config, inputs: Inputs) -> Programs:
    """Make the mesh and every jitted function, and tell the notes of the inputs. Nothing is compiled yet.

    Raises ValueError, one line, where the devices do not fit the configuration.
    """
    mesh = make_mesh(config.mesh)
    for note in inputs.notes:
        tell(note)
    own_mesh = local_mesh(mesh, config.mesh.sampling_tensor)
    sampled_rows = own_mesh.shape["data"] * own_mesh.shape["fsdp"] * distributed.num_processes()
    _check_calls(config, sampled_rows)
    optimizer, critic_optimizer = make_optimizers(config)
    init, shardings = make_init(config.model, optimizer, mesh, critic_optimizer, config.learner.moments_on_host)
    algorithm = config.algorithm
    summarize = partial(
        diagnostics.summarize,
        kappa=build_filter(algorithm.filter).kappa,
        has_reference=algorithm.kl.has_reference,
        var_ratio=regime.var_ratio(algorithm.filter.name, algorithm.filter.parameters),
        band=regime.band(algorithm.objective.name, algorithm.objective.parameters),
    )
    baseline_step = value_step = critic_step = None
    temperature = config.sampler.temperature
    if algorithm.has_token_baseline:
        baseline_step = Program(
            make_scorer(baseline_scores(config.model, temperature), shardings, mesh, outputs=(0, 0))
        )
    if critic_optimizer:
        value_step = Program(make_scorer(value_scores(config.model), shardings.whole_critic, mesh))
        loss = loss_of_critic(config.model, config.critic.value_clip)
        critic_step = Program(make_step(loss, critic_optimizer, shardings.whole_critic, mesh, critic_learner(config)))
    sampling, eval_sampling = _sampler_programs(config, inputs.tokenizer, mesh, own_mesh)
    return Programs(
        mesh=mesh,
        sampled_rows=sampled_rows,
        pack_shape=update_shape(config, inputs.train.prompt_length, mesh.shape["data"] * mesh.shape["fsdp"]),
        init=init,
        shapes=jax.eval_shape(init, jax.random.key(0)),
        shardings=shardings,
        sampling=sampling,
        eval_sampling=eval_sampling,
        sampler=_sampler(config, sampling, config.rollout.group_size, inputs.tokenizer),
        eval_sampler=_sampler(config, eval_sampling, config.eval.num_samples, inputs.tokenizer),
        score_step=Program(make_scorer(log_prob_scores(config.model, temperature), shardings, mesh)),
        train_step=Program(update_step(config, optimizer, shardings, mesh)),
        traced_step=Program(update_step(config, optimizer, shardings, mesh, traced=True)),
        summarize=Program(jax.jit(summarize)),
        baseline_step=baseline_step,
        value_step=value_step,
        critic_step=critic_step,
    )


def _check_calls(config: Config, sampled_rows: int) -> None:
    """Raise ValueError unless the prompts of every sampler call divide evenly over the devices."""
    for path, count in [
        ("prompts per sampler call", config.rollout.prompts_at_once),
        *[("eval.prompts_per_call", config.eval.prompts_per_call)] * bool(config.eval.sets),
    ]:
        if count % sampled_rows:
            raise ValueError(f"mesh: data x fsdp = {sampled_rows} does not divide {path} = {count}")


def _sampler_programs(config: Config, tokenizer, mesh, own_mesh) -> tuple[SamplerPrograms, SamplerPrograms]:
    """Those of rollouts and of evaluations, for parameters on `mesh`: the same where both draw alike."""

    def programs(how):
        own = partial(
            localize, specs=param_specs(config.model), mesh=mesh, local=own_mesh, dtype=how.moved_dtype(config.model)
        )
        return SamplerPrograms(config.model, how, own_mesh, ends, own)

    # what is no text of a response: `stop_at` does not see it
    stops = [tokenizer.special[text] for text in config.sampler.stop if text in tokenizer.special]
    ends = tuple(dict.fromkeys([*tokenizer.eos_ids, *stops]))
    train, held_out = (
        dataclasses.replace(one, stop=()) for one in (config.sampler, eval_sample_config(config))
    )  # the devices do not know of stop texts
    of_rollouts = programs(train)
    return of_rollouts, of_rollouts if held_out == train else programs(held_out)


def _sampler(config: Config, programs: SamplerPrograms, group_size: int, tokenizer) -> Callable:
    """A sampler on this process's own devices that heeds the stop texts."""
    sample = make_sampler(programs, pad_id=tokenizer.pad_id, group_size=group_size)
    return stop_at(sample, config.sampler.stop, tokenizer)


def policy_loss_of(config: Config) -> PolicyLoss:
    """The loss that a configuration's algorithm names."""
    algorithm = config.algorithm
    return PolicyLoss(
        ratio_filter=build_filter(algorithm.filter),
        objective=build_objective(algorithm.objective),
        filter_gradient=algorithm.filter.gradient,
        kl=algorithm.kl,
        entropy_bonus=algorithm.entropy_bonus,
        rejection=algorithm.rejection,
    )


def update_step(config: Config, optimizer, shardings: TrainState, mesh, traced: bool = False) -> Callable:
    """The jitted training step of a configuration, see learner.make_step; `traced`, it reports every token too."""
    temperature = config.sampler.temperature
    loss = loss_of_policy(config.model, policy_loss_of(config), temperature=temperature, traced=traced)
    return make_step(loss, optimizer, shardings, mesh, config.learner)


def make_optimizers(config: Config):
    """(the policy's optimizer, the critic's or None)."""
    critic_optimizer = make_optimizer(critic_learner(config)) if config.algorithm.has_critic else None
    return make_optimizer(config.learner), critic_optimizer


def critic_learner(config: Config) -> LearnerConfig:
    """How the critic learns: as the policy does, but for learning rate and warm-up."""
    critic = config.critic
    return dataclasses.replace(config.learner, learning_rate=critic.learning_rate, warmup_steps=critic.warmup_steps)


def first_state(config: Config, inputs: Inputs, programs: Programs) -> TrainState:
    """The state before the first training step: the base policy of another run, pretrained weights with or without
    trained adapters, or random weights, after the warm start if there is one.

    Raises:
      checkpoints.Damaged: the run of `init_from` has no good base policy of this shape.
      Refused: the adapters of `init_from` are not those of the model; or the run of `init_from` began from some, or is
        of another architecture.
      preemption.Interrupted: some process was asked to stop in the warm start; on all of them.
    """
    key = jax.random.key(config.seed)
    if config.adapters_given:
        params = huggingface.load_params(inputs.weights, config.model, programs.shardings.weights)
        trained = peft.read_adapters(config.init_from, config.model)
        start = lambda trained, base: init_state(trained, *make_optimizers(config), base=base)
        return jax.jit(start, out_shardings=programs.shardings, donate_argnums=1)(trained, params)
    if config.init_from:
        _check_source(config.init_from, config.model)
        params = checkpoints.restore_weights(config.init_from, 0, programs.shapes, programs.shardings)
    elif config.pretrained:
        params = huggingface.load_params(inputs.weights, config.model, programs.shardings.weights)
    elif config.warm_start.num_steps:
        params = programs.init(key).weights
    else:
        return programs.init(key)
    if config.warm_start.num_steps:
        params = warm_start(
            params,
            inputs.train.problems,
            inputs.train.prompt_ids,
            inputs.tokenizer,
            demonstration=inputs.task.demonstration,
            config=config,
            mesh=programs.mesh,
            prompt_length=inputs.train.prompt_length,
        )
    start = lambda p: init_over(p, config.model, key, *make_optimizers(config))
    return jax.jit(start, out_shardings=programs.shardings, donate_argnums=0)(params)


def _check_source(workdir: str, model: ModelConfig) -> None:
    """Raise Refused if the weights of that run's step 0 are not its first policy, or those of another architecture."""
    if (folder(workdir) / workdirs.CONFIG).is_file():  # a copy of checkpoints alone has none
        plain = workdirs.plain_config(workdir)
        if plain.get("init_from") and plain.get("pretrained"):
            raise Refused(
                f"init_from: the run in {workdir} began from adapters, and the weights of its step 0 have none; "
                "--mode=export --adapter writes them"
            )
        found, _ = from_plain(ModelConfig, plain["model"])  # of an earlier version, too
        if lines := huggingface.overrides(model, {name: getattr(found, name) for name in ARCHITECTURE_FIELDS}):
            raise Refused(f"init_from: the run in {workdir} is not of config.model; what differs: {lines}")


def reference_params(config: Config, programs: Programs, state: TrainState, step: int, workdir: str):
    """The trained parameters of the reference policy of a run that has done `step` steps, which are its first ones;
    None if the configuration has no reference.

    They are copied from the state of step 0. Later they come from the checkpoint of step 0, which is never removed, so
    no other checkpoint holds them. Those of adapters are 0: the reference is the frozen weights.
    """
    if not config.algorithm.kl.has_reference:
        return None
    if state.base is not None:
        return jax.tree.map(jax.numpy.zeros_like, state.params)
    if step == 0:
        return jax.tree.map(jax.numpy.copy, state.params)  # a copy, as the update is done in place
    return checkpoints.restore_weights(workdir, 0, programs.shapes, programs.shardings)
