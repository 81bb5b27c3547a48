"""The update: the state of training, what is minimised, and the jitted steps that do it.

`kpo_jax.algorithm.loss` has the losses; here they meet a model, microbatches, an optimizer and devices.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from kpo_jax import masked
from kpo_jax.algorithm import diagnostics
from kpo_jax.algorithm.loss import PolicyLoss, critic_loss, policy_loss, supervised_loss
from kpo_jax.config import LearnerConfig
from kpo_jax.model import critic
from kpo_jax.model.attention import platform
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.decoder import init_params
from kpo_jax.model.head import token_log_probs, token_squared_probs
from kpo_jax.model.lora import init_adapters
from kpo_jax.records import Batch, Packed, TokenTrace, TrainState, over
from kpo_jax.runtime.sharding import microbatch_sharding, on_mesh, replicated, state_shardings


def learning_rates(config: LearnerConfig) -> optax.Schedule:
    """The rate by the number of updates that were taken before: a linear warm-up, the full rate, and a decay unless
    the schedule is constant (see LearnerConfig).
    """
    rate = config.learning_rate
    full = optax.constant_schedule(rate)
    if config.warmup_steps:
        # the first update already moves: step 0 uses 1 / warmup_steps of the rate, not 0
        full = optax.linear_schedule(rate / config.warmup_steps, rate, config.warmup_steps - 1)
    if config.schedule == "constant":
        return full
    if config.schedule == "cosine":
        decay = optax.cosine_decay_schedule(rate, config.decay_steps, alpha=config.decay_to)
    else:
        decay = optax.linear_schedule(rate, rate * config.decay_to, config.decay_steps)
    return optax.join_schedules([full, decay], [config.warmup_steps + config.stable_steps])


def make_optimizer(config: LearnerConfig) -> optax.GradientTransformation:
    """AdamW after a global-norm clip, at `learning_rates`."""
    return optax.chain(
        _clip_by_global_norm(config.max_grad_norm),
        _stored_as(
            optax.scale_by_adam(b1=config.adam_b1, b2=config.adam_b2),
            jnp.dtype(config.first_moment_dtype),
            jnp.dtype(config.second_moment_dtype),
        ),
        optax.add_decayed_weights(config.weight_decay),
        optax.scale_by_learning_rate(learning_rates(config)),
    )


def _clip_by_global_norm(max_norm: float) -> optax.GradientTransformation:
    """As optax's, but every gradient is multiplied by one factor: XLA fuses a product into the updates of the moments,
    while it would keep a quotient in memory.
    """

    def update(grads, state, params=None):
        del params
        norm = _global_norm(grads)
        scale = jnp.where(norm > max_norm, max_norm / norm, 1.0)
        return jax.tree.map(lambda g: g * scale.astype(g.dtype), grads), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _global_norm(grads) -> jax.Array:
    """The norm of all gradients together [], in float32: a sum of squares in bfloat16 has two digits."""
    return optax.tree.norm(jax.tree.map(lambda g: g.astype(jnp.float32), grads))


def _stored_as(adam, first_dtype, second_dtype) -> optax.GradientTransformation:
    """`optax.scale_by_adam` that computes in float32 and keeps its moments in the given dtypes."""

    def cast(tree, dtype):
        return jax.tree.map(lambda x: x.astype(dtype), tree)

    def init(params):
        state = adam.init(params)
        return state._replace(mu=cast(state.mu, first_dtype), nu=cast(state.nu, second_dtype))

    def update(grads, state, params=None):
        state = state._replace(mu=cast(state.mu, jnp.float32), nu=cast(state.nu, jnp.float32))
        updates, state = adam.update(cast(grads, jnp.float32), state, params)
        return updates, state._replace(mu=cast(state.mu, first_dtype), nu=cast(state.nu, second_dtype))

    return optax.GradientTransformation(init, update)


def init_state(params, optimizer, critic_optimizer=None, base=None) -> TrainState:
    """The first state of a policy with these trained parameters, over the frozen weights `base` if there are any. With
    an optimizer for it there is a critic, which begins from the same parameters.
    """
    zero = jnp.zeros((), jnp.int32)
    counts = dict(step=zero, skipped=zero, skipped_in_a_row=zero, spikes=zero)
    opt_state, typical_norm = optimizer.init(params), jnp.zeros((), jnp.float32)
    state = TrainState(params=params, opt_state=opt_state, typical_norm=typical_norm, base=base, **counts)
    if critic_optimizer is None:
        return state
    return state.replace(critic=init_state(critic.init_params(state.network), critic_optimizer))


def init_over(weights, model_config: ModelConfig, key, optimizer, critic_optimizer=None) -> TrainState:
    """The first state of a policy with these weights: they are trained, or frozen under the adapters of `model_config`,
    which `key` draws.
    """
    adapters = init_adapters(model_config, key)
    if adapters is None:
        return init_state(weights, optimizer, critic_optimizer)
    return init_state(adapters, optimizer, critic_optimizer, base=weights)


def make_init(model_config, optimizer, mesh, critic_optimizer=None, moments_on_host=False):
    """(a jitted `init(key) -> TrainState`, born sharded, the shardings): no device ever holds the whole state, and with
    `moments_on_host` none holds the moments.
    """

    def init(key):
        return init_over(init_params(model_config, key), model_config, key, optimizer, critic_optimizer)

    shardings = state_shardings(jax.eval_shape(init, jax.random.key(0)), model_config, mesh, moments_on_host)
    return jax.jit(init, out_shardings=shardings), shardings


class Report(NamedTuple):
    """What a loss says beside its value, of one microbatch or of all those of a step.

    Attributes:
      total: what adds up over microbatches.
      tokens: what is kept of each token, [B, T] of one microbatch and [microbatches, B, T] of all. Where a microbatch
        held no sequence, and so was not run, it is zeros.
    """

    total: Any = None
    tokens: Any = None


class Loss(NamedTuple):
    """What a step minimises.

    Attributes:
      of: (params, batch) -> (loss [], Report) of one microbatch; the losses of microbatches add up.
      start: the shape of the mask [microbatches, B, T] -> the Report of no microbatch, which others are added to.
      merge: (total, total) -> the total of both.
      area: what the names of its metrics begin with.
      metrics: (total of the step, its number of valid tokens [] int32) -> further metrics by their names.
    """

    of: Callable
    start: Callable = lambda shape: Report()
    merge: Callable = lambda a, b: None
    area: str = "learner"
    metrics: Callable = lambda total, num_tokens: {}


def loss_of_policy(model_config: ModelConfig, how: PolicyLoss, *, temperature: float, traced: bool = False) -> Loss:
    """The policy's loss. Its Report has a diagnostics.Accumulator and, if `traced`, a TokenTrace."""

    def of(params, batch):
        log_prob, entropy = token_log_probs(model_config, params, batch.packed, temperature=temperature)
        loss, (measured, tokens) = policy_loss(log_prob, entropy, batch, how)
        return loss, Report(measured, tokens if traced else None)

    def start(shape):
        number, flag = jnp.zeros(shape, jnp.float32), jnp.zeros(shape, bool)
        return Report(diagnostics.init(), TokenTrace(*(number,) * 6, flag, flag) if traced else None)

    def metrics(measured, num_tokens):
        return {"learner/entropy_bonus": measured.entropy_bonus} if how.entropy_bonus else {}

    return Loss(of, start, diagnostics.merge, metrics=metrics)


def loss_of_demonstrations(model_config: ModelConfig) -> Loss:
    """The loss of the supervised warm start. Its Report is empty."""

    def of(params, batch):
        log_prob, _ = token_log_probs(model_config, params, batch.packed)
        return supervised_loss(log_prob, batch), Report()

    return Loss(of)


def loss_of_critic(model_config: ModelConfig, value_clip: float) -> Loss:
    """The critic's loss. Its Report counts the tokens whose value left the clip range, [] int32."""

    def of(params, batch):
        loss, num_clipped = critic_loss(critic.token_values(model_config, params, batch.packed), batch, value_clip)
        return loss, Report(num_clipped)

    def metrics(num_clipped, num_tokens):
        return {"critic/clip_fraction": masked.divide(num_clipped, num_tokens)}

    return Loss(of, lambda shape: Report(jnp.zeros((), jnp.int32)), jnp.add, "critic", metrics)


def accumulate(loss: Loss, params, batch: Batch):
    """(loss, Report, gradient) summed over the microbatches of a batch, whose fields have that leading axis, with its
    totals filled in (see `with_totals`).

    Microbatches behind the last one that holds a sequence are not run: how many there are depends on the lengths, but
    nothing is compiled for it.
    """
    grad_fn = jax.value_and_grad(loss.of, has_aux=True)

    def one(number):
        return grad_fn(params, jax.tree.map(lambda x: x[number] if x.ndim else x, batch))

    def add(number, carry):
        value, report, grads = carry
        (value_1, report_1), grads_1 = one(number)
        tokens = jax.tree.map(lambda x, x_1: x.at[number].set(x_1), report.tokens, report_1.tokens)
        report = Report(loss.merge(report.total, report_1.total), tokens)
        return value + value_1, report, jax.tree.map(lambda x, x_1: x + x_1.astype(x.dtype), grads, grads_1)

    shape = batch.response_mask.shape
    if shape[0] == 1:
        (value, report), grads = one(0)
        return value, report._replace(tokens=jax.tree.map(lambda x: x[None], report.tokens)), grads
    # in float32: a sum of hundreds of parts would come to a standstill in bfloat16
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, jnp.promote_types(x.dtype, jnp.float32)), params)
    zero = (jnp.zeros((), jnp.float32), loss.start(shape), nothing)
    return jax.lax.fori_loop(0, _num_used(batch.packed), add, zero)


def _num_used(packed: Packed) -> jax.Array:
    """How many microbatches hold a sequence; those that do come first."""
    return jnp.sum(jnp.any(packed.segments > 0, axis=(1, 2)), dtype=jnp.int32)


def with_totals(batch: Batch) -> Batch:
    """The batch with the denominators of the whole optimizer step filled in."""
    return batch.replace(
        num_tokens=jnp.sum(batch.response_mask, dtype=jnp.int32),
        num_sequences=jnp.sum(jnp.any(batch.response_mask, axis=-1), dtype=jnp.int32),
    )


def guarded_update(
    state: TrainState, loss: jax.Array, grads, optimizer: optax.GradientTransformation, config: LearnerConfig
) -> tuple[TrainState, dict[str, jax.Array]]:
    """(new state, metrics): the optimizer's step, or the old state with a count if loss or gradient is not finite or
    the gradient's norm is a spike.

    What a spike is, `config.max_norm_ratio` and `config.norm_window` say. What is skipped does not enter the mean norm
    that spikes are measured against. The metrics are scalars: loss, grad_norm, learning_rate, which is that of
    `config`, steps, skipped, spikes, skipped_in_a_row.
    """
    ratio, window = config.max_norm_ratio, config.norm_window
    grad_norm = _global_norm(grads)
    taken = state.step - state.skipped
    finite = jnp.isfinite(loss) & jnp.isfinite(grad_norm)
    spike = finite & (taken >= window) & (grad_norm > ratio * state.typical_norm) & (ratio > 0)
    good = finite & ~spike
    weight = 1 / jnp.minimum(taken + 1, window)  # the mean of all while they are few, then an exponential one
    typical_norm = jnp.where(good, state.typical_norm + weight * (grad_norm - state.typical_norm), state.typical_norm)

    def take(params, opt_state, grads):
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    # Reading the updates once more (for their norm, say) would cost a copy of the whole state.
    params, opt_state = _step_if(good, take, state.params, state.opt_state, grads)
    bad = (~good).astype(jnp.int32)
    new_state = state.replace(
        step=state.step + 1,
        params=params,
        opt_state=opt_state,
        skipped=state.skipped + bad,
        skipped_in_a_row=(state.skipped_in_a_row + 1) * bad,
        spikes=state.spikes + spike,
        typical_norm=typical_norm,
    )
    metrics = {
        "loss": loss,
        "grad_norm": grad_norm,
        "learning_rate": jnp.asarray(learning_rates(config)(taken), jnp.float32),
        "steps": new_state.step,
        "skipped": new_state.skipped,
        "spikes": new_state.spikes,
        "skipped_in_a_row": new_state.skipped_in_a_row,
    }
    return new_state, metrics


def _step_if(good, take, params, opt_state, grads):
    """What `take` makes of parameters and optimizer state where `good`, else the old ones, in their place.

    On a CPU by a branch: a select of every leaf would cost a copy of the largest. On a GPU XLA (0.10) gives a branch's
    result room of its own, so that all is held twice; it is a select there.
    """
    if platform() == "cpu":
        return jax.lax.cond(good, take, lambda p, o, g: (p, o), params, opt_state, grads)
    stepped = take(params, opt_state, grads)
    return jax.tree.map(lambda new, old: jnp.where(good, new, old), stepped, (params, opt_state))


class Step:
    """A jitted function of (a TrainState without its frozen weights, those, a batch), of which the first alone is
    donated, as one of (state, batch).
    """

    def __init__(self, jitted: Callable):
        self.jitted = jitted

    def __call__(self, state: TrainState, batch: Batch):
        new, *others = self.jitted(state.replace(base=None), state.base, batch)
        return new.replace(base=state.base), *others

    def lower(self, state, batch):
        """As that of the jitted function."""
        return self.jitted.lower(state.replace(base=None), state.base, batch)


def make_step(
    loss: Loss, optimizer: optax.GradientTransformation, shardings: TrainState, mesh, config: LearnerConfig
) -> Step:
    """A jitted `step(state, batch) -> (state, metrics, Report)`: one optimizer step on one minibatch.

    `batch` is a Batch of microbatches without its totals (packing.make_batch). `state`, which has the `shardings`, is
    donated but for its frozen weights. The metrics are scalars, named after the loss's area. They and the Report are
    whole on every device. Which updates are skipped, `config` says (see `guarded_update`).
    """

    def step(state, base, batch):
        batch = with_totals(batch)
        of_trained = loss._replace(of=lambda params, batch: loss.of(over(base, params), batch))
        value, report, grads = accumulate(of_trained, state.params, batch)
        if config.moments_on_host:
            # not before the gradient is done: activations would lie beside them
            opt_state, grads = jax.lax.optimization_barrier((state.opt_state, grads))
            state = state.replace(opt_state=jax.device_put(opt_state, jax.memory.Space.Device))
        state, metrics = guarded_update(state, value, grads, optimizer, config)
        metrics = {f"{loss.area}/{name}": metric for name, metric in metrics.items()}
        return state, metrics | loss.metrics(report.total, batch.num_tokens), report

    whole, donated = replicated(mesh), shardings.replace(base=None)
    return Step(
        jax.jit(
            on_mesh(step, mesh),
            in_shardings=(donated, shardings.base, microbatch_sharding(mesh)),
            out_shardings=(donated, whole, whole),
            donate_argnums=0,
        )
    )


def make_scorer(score_one: Callable, shardings: TrainState, mesh, outputs: Any = 0):
    """A jitted `scorer(params, packed) -> [microbatches, B, T]` float32 of all parameters of a network, of whose state
    the `shardings` are.

    `score_one(params, packed) -> [B, T]` finds a number for each response token of a microbatch, or a tree of such
    arrays, whose structure `outputs` has and the scorer's result, too. The shapes are those of the update, so that the
    first minibatch's ratio is exactly 1. The result is whole on every process, and junk where masked.
    """

    def score(params, packed: Packed):
        def one(number, scores):
            found = score_one(params, jax.tree.map(lambda x: x[number], packed))
            return jax.tree.map(lambda x, x_1: x.at[number].set(x_1), scores, found)

        zeros = jax.tree.map(lambda _: jnp.zeros(packed.places.shape, jnp.float32), outputs)
        return jax.lax.fori_loop(0, _num_used(packed), one, zeros)

    sharding = microbatch_sharding(mesh)
    return jax.jit(on_mesh(score, mesh), in_shardings=(shardings.network, sharding), out_shardings=replicated(mesh))


def log_prob_scores(model_config: ModelConfig, temperature: float) -> Callable:
    """The `score_one` of make_scorer that gives the policy's log-probabilities, in nats at the sampling temperature."""
    return lambda params, packed: token_log_probs(model_config, params, packed, temperature=temperature)[0]


def baseline_scores(model_config: ModelConfig, temperature: float) -> Callable:
    """The same, and beside them the sums of the policy's squared probabilities, see advantages.TokensTold."""
    return lambda params, packed: token_squared_probs(model_config, params, packed, temperature=temperature)


def value_scores(model_config: ModelConfig) -> Callable:
    """The `score_one` of make_scorer that gives the critic's values."""
    return lambda params, packed: critic.token_values(model_config, params, packed)
