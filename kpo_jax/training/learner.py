"""The policy update: state, loss, and the jitted steps.

log_ratio = log_prob - old_log_prob
filtered  = ratio_filter(log_ratio, response_mask)
loss      = objective(filtered, batch)
"""

from functools import partial

import jax
import jax.numpy as jnp
import optax

from kpo_jax import masked
from kpo_jax.algorithm import diagnostics
from kpo_jax.filters import apply_filter
from kpo_jax.model import critic
from kpo_jax.model.decoder import init_params
from kpo_jax.model.head import token_log_probs
from kpo_jax.objectives import aggregation_weights
from kpo_jax.objectives.kl import KLConfig, kl_penalty
from kpo_jax.records import Batch, Packed, TokenTrace, TrainState
from kpo_jax.runtime.sharding import microbatch_sharding, on_mesh, replicated, state_shardings


def make_optimizer(config) -> optax.GradientTransformation:
    """AdamW after a global-norm clip, with a linear warm-up to a constant rate. `config` is a LearnerConfig."""
    if config.warmup_steps:
        # the first update already moves: step 0 uses 1 / warmup_steps of the rate, not 0
        schedule = optax.linear_schedule(
            config.learning_rate / config.warmup_steps, config.learning_rate, config.warmup_steps - 1
        )
    else:
        schedule = optax.constant_schedule(config.learning_rate)
    return optax.chain(
        _clip_by_global_norm(config.max_grad_norm),
        _stored_as(
            optax.scale_by_adam(b1=config.adam_b1, b2=config.adam_b2),
            jnp.dtype(config.first_moment_dtype),
            jnp.dtype(config.second_moment_dtype),
        ),
        optax.add_decayed_weights(config.weight_decay),
        optax.scale_by_learning_rate(schedule),
    )


def _clip_by_global_norm(max_norm: float) -> optax.GradientTransformation:
    """As optax's, but with one factor for all: XLA fuses a product into the moments' updates, where a quotient is kept
    in memory.
    """

    def update(grads, state, params=None):
        del params
        norm = optax.tree.norm(grads)
        scale = jnp.where(norm > max_norm, max_norm / norm, 1.0)
        return jax.tree.map(lambda g: g * scale.astype(g.dtype), grads), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


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


def init_state(params, optimizer, critic_optimizer=None) -> TrainState:
    """The first state from the policy's parameters; with an optimizer for it, there is a critic that begins from them
    too.
    """
    zero = jnp.zeros((), jnp.int32)
    counts = dict(step=zero, skipped=zero, skipped_in_a_row=zero, spikes=zero)
    state = TrainState(
        params=params, opt_state=optimizer.init(params), typical_norm=jnp.zeros((), jnp.float32), **counts
    )
    return (
        state
        if critic_optimizer is None
        else state.replace(critic=init_state(critic.init_params(params), critic_optimizer))
    )


def make_init(model_config, optimizer, mesh, critic_optimizer=None):
    """A jitted `init(key) -> TrainState`, born sharded: no device ever holds the whole state."""

    def init(key):
        return init_state(init_params(model_config, key), optimizer, critic_optimizer)

    shardings = state_shardings(jax.eval_shape(init, jax.random.key(0)), model_config, mesh)
    return jax.jit(init, out_shardings=shardings), shardings


def policy_loss(
    params, batch: Batch, *, model_config, ratio_filter, filter_gradient, objective, temperature, kl=KLConfig()
):
    """(loss [], (diagnostics.Accumulator, TokenTrace)) of one microbatch; losses of microbatches add up to the step's
    loss.
    """
    log_prob, entropy = token_log_probs(model_config, params, batch.packed, temperature=temperature)
    log_ratio = jnp.where(batch.response_mask, log_prob - batch.old_log_prob, 0.0)
    filtered = apply_filter(ratio_filter, log_ratio, batch.response_mask, filter_gradient)
    out = objective(filtered.log_ratio, batch)
    penalty, reference_kl_sum = 0.0, None
    if kl.estimate:
        weights = aggregation_weights(batch, objective.aggregation, objective.length_norm)
        penalty, reference_kl_sum = kl_penalty(log_prob, batch.reference_log_prob, batch.response_mask, weights, kl)
    measured = diagnostics.measure(
        filtered=filtered,
        log_ratio=log_ratio,
        response_mask=batch.response_mask,
        advantage=batch.advantage,
        clipped=out.clipped,
        log_prob=log_prob,
        old_log_prob=batch.old_log_prob,
        sampler_log_prob=batch.sampler_log_prob,
        entropy=entropy,
        kappa=ratio_filter.kappa,
        reference_kl_sum=reference_kl_sum,
    )
    tokens = TokenTrace(log_prob, log_ratio, *filtered, out.clipped)
    return out.loss + penalty, jax.lax.stop_gradient((measured, tokens))


def supervised_loss(params, batch: Batch, *, model_config):
    """Mean negative log-likelihood of the valid response tokens, as one microbatch's share of the step's loss."""
    log_prob, _ = token_log_probs(model_config, params, batch.packed)
    return -jnp.sum(jnp.where(batch.response_mask, log_prob, 0.0)) / jnp.maximum(batch.num_tokens, 1), None


def accumulate(loss_fn, params, batch: Batch, nothing, merge):
    """(loss, aux, gradient) summed over the microbatches of a batch whose fields have that leading axis.

    `merge` adds two aux values, of which `nothing` is the neutral element. Microbatches behind the last one that holds
    a sequence are not run: how many there are depends on the lengths, but nothing is compiled for it.
    """
    grad_fn = jax.value_and_grad(loss_fn, has_aux=True)
    batch = with_totals(batch)

    def add(number, carry):
        loss, aux, grads = carry
        (loss_1, aux_1), grads_1 = grad_fn(params, jax.tree.map(lambda x: x[number] if x.ndim else x, batch))
        return loss + loss_1, merge(aux, aux_1), jax.tree.map(jnp.add, grads, grads_1)

    if batch.response_mask.shape[0] == 1:
        (loss, aux), grads = grad_fn(params, jax.tree.map(lambda x: x[0] if x.ndim else x, batch))
        return loss, aux, grads
    zero = (jnp.zeros((), jnp.float32), nothing, jax.tree.map(jnp.zeros_like, params))
    return jax.lax.fori_loop(0, _num_used(batch.packed), add, zero)


def _num_used(packed: Packed) -> jax.Array:
    """How many microbatches hold a sequence; those that do come first."""
    return jnp.sum(jnp.any(packed.segments > 0, axis=(1, 2)), dtype=jnp.int32)


def guarded_update(state: TrainState, loss, grads, optimizer, *, max_norm_ratio: float = 0.0, norm_window: int = 1):
    """(new state, metrics): the optimizer's step, or the old state with a count if loss or gradient is not finite or a
    spike.

    The limits are those of LearnerConfig. What is skipped does not enter the mean that spikes are told by.
    """
    grad_norm = optax.tree.norm(grads).astype(jnp.float32)
    taken = state.step - state.skipped
    finite = jnp.isfinite(loss) & jnp.isfinite(grad_norm)
    spike = finite & (taken >= norm_window) & (grad_norm > max_norm_ratio * state.typical_norm) & (max_norm_ratio > 0)
    good = finite & ~spike
    weight = 1 / jnp.minimum(taken + 1, norm_window)  # the mean of all while they are few, then an exponential one
    typical_norm = jnp.where(good, state.typical_norm + weight * (grad_norm - state.typical_norm), state.typical_norm)

    def take(params, opt_state, grads):
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    # A branch and not a select of every leaf: XLA then updates the donated state in place. Reading the updates once
    # more (for their norm, say) would cost a copy of the whole state.
    params, opt_state = jax.lax.cond(good, take, lambda p, o, g: (p, o), state.params, state.opt_state, grads)
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
        "learner/loss": loss,
        "learner/grad_norm": grad_norm,
        "learner/skipped": new_state.skipped,
        "learner/spikes": new_state.spikes,
        "learner/skipped_in_a_row": new_state.skipped_in_a_row,
    }
    return new_state, metrics


def with_totals(batch: Batch) -> Batch:
    """The batch with the denominators of the whole optimizer step filled in."""
    return batch.replace(
        num_tokens=jnp.sum(batch.response_mask, dtype=jnp.int32),
        num_sequences=jnp.sum(jnp.any(batch.response_mask, axis=-1), dtype=jnp.int32),
    )


def _jit_step(step, shardings, mesh, num_outputs):
    return jax.jit(
        on_mesh(step, mesh),
        in_shardings=(shardings, microbatch_sharding(mesh)),
        out_shardings=(shardings, *[replicated(mesh)] * num_outputs),
        donate_argnums=0,
    )


def make_train_step(
    model_config,
    optimizer,
    shardings,
    mesh,
    *,
    ratio_filter,
    filter_gradient,
    objective,
    temperature,
    kl=KLConfig(),
    max_norm_ratio=0.0,
    norm_window=1,
    traced: bool = False,
):
    """A jitted `train_step(state, batch) -> (state, metrics, measured)`: one optimizer step on one minibatch.

    `batch` is a Batch of microbatches without its totals (packing.make_batch). The state is donated. metrics: scalars
    of guarded_update; measured: a diagnostics.Accumulator over all microbatches and devices. With `traced` there is a
    fourth output, a TokenTrace of [microbatches, B, T], zeros in microbatches that were not run; the update is the same
    to the bit.
    """
    loss_fn = partial(
        policy_loss,
        model_config=model_config,
        ratio_filter=ratio_filter,
        filter_gradient=filter_gradient,
        objective=objective,
        temperature=temperature,
        kl=kl,
    )
    limits = dict(max_norm_ratio=max_norm_ratio, norm_window=norm_window)

    def measured_loss(params, batch):
        loss, (measured, _) = loss_fn(params, batch)
        return loss, measured

    def step(state, batch):
        loss, measured, grads = accumulate(measured_loss, state.params, batch, diagnostics.init(), diagnostics.merge)
        return *guarded_update(state, loss, grads, optimizer, **limits), measured

    def traced_loss(params, batch):
        loss, (measured, tokens) = loss_fn(params, batch)
        return loss, (measured, 1, tokens)

    def append(many, one):
        measured, count, tokens = many
        return (
            diagnostics.merge(measured, one[0]),
            count + 1,
            jax.tree.map(lambda x, x_1: x.at[count].set(x_1), tokens, one[2]),
        )

    def traced_step(state, batch):
        shape = batch.response_mask.shape
        nothing = diagnostics.init(), 0, _no_tokens(shape)
        loss, (measured, _, tokens), grads = accumulate(traced_loss, state.params, batch, nothing, append)
        tokens = jax.tree.map(lambda x: x.reshape(shape), tokens)  # a single microbatch is not appended to anything
        return *guarded_update(state, loss, grads, optimizer, **limits), measured, tokens

    return _jit_step(traced_step if traced else step, shardings, mesh, num_outputs=3 if traced else 2)


def _no_tokens(shape) -> TokenTrace:
    number, flag = jnp.zeros(shape, jnp.float32), jnp.zeros(shape, bool)
    return TokenTrace(*(number,) * 6, flag, flag)


def make_supervised_step(model_config, optimizer, shardings, mesh):
    """A jitted `supervised_step(state, batch) -> (state, metrics)` of the warm start."""

    def step(state, batch):
        loss, _, grads = accumulate(
            partial(supervised_loss, model_config=model_config), state.params, batch, None, lambda a, b: None
        )
        return guarded_update(state, loss, grads, optimizer)

    return _jit_step(step, shardings, mesh, num_outputs=1)


def make_critic_step(model_config, optimizer, shardings, mesh, *, clip, max_norm_ratio=0.0, norm_window=1):
    """A jitted `critic_step(state, batch) -> (state, metrics)` of the critic's own TrainState, on the policy's
    batches.
    """

    def step(state, batch):
        loss_fn = partial(critic.critic_loss, model_config=model_config, clip=clip)
        loss, num_clipped, grads = accumulate(loss_fn, state.params, batch, jnp.zeros((), jnp.int32), jnp.add)
        state, metrics = guarded_update(
            state, loss, grads, optimizer, max_norm_ratio=max_norm_ratio, norm_window=norm_window
        )
        metrics = {name.replace("learner/", "critic/"): value for name, value in metrics.items()}
        return state, metrics | {"critic/clip_fraction": masked.divide(num_clipped, with_totals(batch).num_tokens)}

    return _jit_step(step, shardings, mesh, num_outputs=1)


def make_score_step(model_config, shardings, mesh, *, temperature):
    """A jitted `score(params, packed) -> log_prob [microbatches, B, T]`, the trainer's own old log-probabilities.

    On the shapes of the update, so that the first minibatch's ratio is exactly 1. Whole on every process. Junk where
    masked.
    """

    def one(params, packed):
        return token_log_probs(model_config, params, packed, temperature=temperature)[0]

    return _jit_score(one, shardings, mesh)


def make_value_step(model_config, shardings, mesh):
    """A jitted `values(params, packed) -> value [microbatches, B, T]` of a critic, whose TrainState has the
    `shardings`.
    """
    return _jit_score(partial(critic.token_values, model_config), shardings, mesh)


def _jit_score(score_one, shardings, mesh):
    """`score_one(params, packed) -> [B, T]` over all microbatches that hold a sequence, jitted, whole on every
    process.
    """

    def score(params, packed: Packed):
        def one(number, scores):
            return scores.at[number].set(score_one(params, jax.tree.map(lambda x: x[number], packed)))

        return jax.lax.fori_loop(0, _num_used(packed), one, jnp.zeros(packed.places.shape, jnp.float32))

    sharding = microbatch_sharding(mesh)
    return jax.jit(on_mesh(score, mesh), in_shardings=(shardings.params, sharding), out_shardings=replicated(mesh))
