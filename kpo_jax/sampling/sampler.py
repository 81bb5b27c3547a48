"""How tokens are drawn, and the simplest sampler: one batch from the first token to the last.

`generate` is the reference; `kpo_jax.engine` samples the same texts faster.

Randomness: the key of token t of a row is fold_in(fold_in(key, row_id), t). What a row samples depends on the key,
its row_id and its prompt alone: not on its neighbours, their number or order, nor on the devices.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from kpo_jax.records import Completions, KVCache, Prompts
from kpo_jax.sampling import decoding


class _LoopState(NamedTuple):
    step: jax.Array  # [] tokens sampled so far
    token: jax.Array  # [B] to be run next
    response: KVCache
    completions: Completions


def generate(model_config, sample_config, params, prompts: Prompts, key, row_ids, *, eos_ids, pad_id, group_size):
    """(Completions, steps [] int32) of B = P' * group_size rows, prompt-major; steps are the columns sampled before all
    had ended.

    `row_ids` [B] int32 name the rows' random streams. `sampler_log_prob` is that of the FULL distribution
    softmax(logits / temperature), whatever truncation drew the token, and at temperature 1 for greedy sampling: it is
    what `policy.token_log_probs` recomputes. Tokens after the end are `pad_id`.
    """
    batch, length = prompts.tokens.shape[0] * group_size, sample_config.max_response_length
    model_config = sample_config.decoder(model_config)
    weights = decoding.decode_weights(model_config, params, sample_config.int8)  # cast once, not at every step
    prompt = decoding.prefill(model_config, weights, prompts.tokens)
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, row_ids)
    before_last = prompts.lengths - 1  # the last token of the prompt is the first to be run

    def unfinished(state):
        return (state.step < length) & ~jnp.all(state.completions.finished)

    def advance(state):
        step, done = state.step, state.completions
        ages = jnp.full((batch,), step)
        positions = jnp.repeat(before_last, group_size) + step
        hidden, response = decoding.decode_step(
            model_config, weights, state.token, positions, ages, step, prompt, before_last, state.response
        )
        token, log_prob = draw_token(decoding.logits(weights, hidden), row_keys, ages, sample_config)
        active = ~done.finished
        completions = Completions(
            tokens=done.tokens.at[:, step].set(jnp.where(active, token, pad_id)),
            mask=done.mask.at[:, step].set(active),
            sampler_log_prob=done.sampler_log_prob.at[:, step].set(jnp.where(active, log_prob, 0.0)),
            finished=done.finished | ends_response(token, eos_ids),
        )
        return _LoopState(step + 1, token, response, completions)

    last = jnp.take_along_axis(prompts.tokens, before_last[:, None], axis=1, mode="clip")[:, 0]
    nothing = Completions(
        tokens=jnp.full((batch, length), pad_id, jnp.int32),
        mask=jnp.zeros((batch, length), bool),
        sampler_log_prob=jnp.zeros((batch, length), jnp.float32),
        finished=jnp.zeros((batch,), bool),
    )
    response = decoding.empty_ring(model_config, batch, 1, length)
    state = _LoopState(jnp.int32(0), jnp.repeat(last, group_size), response, nothing)
    state = jax.lax.while_loop(unfinished, advance, state)
    return state.completions, state.step


def ends_response(tokens, eos_ids: tuple[int, ...]) -> jax.Array:
    """True where a token is one of `eos_ids`; as tokens."""
    return jnp.isin(tokens, jnp.array(eos_ids, jnp.int32))


def draw_token(logits, row_keys, ages, sample_config) -> tuple[jax.Array, jax.Array]:
    """One token per row from logits [B, V]: (token [B] int32, its log-probability [B] before truncation).

    `ages` [B] count the tokens that a row has drawn before: row_keys [B] and ages determine the draw.
    """
    scaled = logits / (sample_config.temperature or 1.0)
    if sample_config.temperature == 0:
        token = jnp.argmax(scaled, axis=-1)
    else:
        keys = jax.vmap(jax.random.fold_in)(row_keys, ages)
        token = _categorical(keys, truncate(scaled, sample_config))
    normalizer = jax.nn.logsumexp(jax.nn.logsumexp(_blocks(scaled), axis=-1), axis=-1)
    log_prob = jnp.take_along_axis(scaled, token[:, None], axis=-1)[:, 0] - normalizer
    return token.astype(jnp.int32), log_prob


def _categorical(keys, logits):
    """A draw from softmax(logits [B, V]) for each of keys [B]: first a block of the vocabulary, then a token of the
    block.

    Both by the largest of logit + Gumbel noise, for which 2 sqrt(V) random numbers do in place of V. One uniform number
    and the cumulated probabilities would do too, but rounding that depends on the shape of the batch moves all V
    boundaries, so that in every thousand tokens or so another one would be drawn; here it takes a tie.
    """
    blocks = _blocks(logits)  # [B, blocks, size]
    _, num_blocks, size = blocks.shape
    noise = jax.vmap(lambda key: jax.random.gumbel(key, (num_blocks + size,)))(keys)
    block = jnp.argmax(jax.nn.logsumexp(blocks, axis=-1) + noise[:, :num_blocks], axis=-1)
    chosen = jnp.take_along_axis(blocks, block[:, None, None], axis=1)[:, 0]
    return block * size + jnp.argmax(chosen + noise[:, num_blocks:], axis=-1)


def _blocks(logits):
    """[B, V] -> [B, blocks, size] in order, filled up with -inf; size is the power of two from sqrt(V) on."""
    vocab_size = logits.shape[-1]
    size = 2 ** math.ceil(math.log2(vocab_size) / 2)
    filled = jnp.pad(logits, ((0, 0), (0, -vocab_size % size)), constant_values=-jnp.inf)
    return filled.reshape(logits.shape[0], -1, size)


def truncate(logits, sample_config) -> jax.Array:
    """logits [B, V] with -inf at the tokens that top_k, top_p and min_p drop."""
    use_top_k = 0 < sample_config.top_k < logits.shape[-1]
    if not use_top_k and sample_config.top_p == 1 and sample_config.min_p == 0:
        return logits
    prob = jax.nn.softmax(logits, axis=-1)
    if use_top_k:
        prob = jnp.where(prob >= _largest_threshold(prob, jnp.ones_like(prob), sample_config.top_k), prob, 0.0)
        prob /= jnp.sum(prob, axis=-1, keepdims=True)
    if sample_config.top_p < 1:
        prob = jnp.where(prob >= _largest_threshold(prob, prob, sample_config.top_p), prob, 0.0)
    prob = jnp.where(prob >= sample_config.min_p * jnp.max(prob, axis=-1, keepdims=True), prob, 0.0)
    return jnp.where(prob > 0, logits, -jnp.inf)


def _largest_threshold(prob, weight, target):
    """[B, 1]: the largest x such that the tokens with prob >= x [B, V] have `weight` >= target in sum.

    Bisects the bit patterns, which order like the numbers for floats that are not negative: exact after 30 sums over
    the vocabulary, where a sort would move all of it.
    """

    def halve(_, bounds):
        low, high = bounds  # reached at low, not reached at high
        middle = low + (high - low) // 2
        kept = prob >= jax.lax.bitcast_convert_type(middle, jnp.float32)
        reached = jnp.sum(jnp.where(kept, weight, 0.0), axis=-1, keepdims=True) >= target
        return jnp.where(reached, middle, low), jnp.where(reached, high, middle)

    low = jnp.zeros((prob.shape[0], 1), jnp.int32)
    above_one = jax.lax.bitcast_convert_type(jnp.float32(2.0), jnp.int32)
    low, _ = jax.lax.fori_loop(0, 31, halve, (low, jnp.full_like(low, above_one)))
    return jax.lax.bitcast_convert_type(low, jnp.float32)
