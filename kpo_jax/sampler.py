"""Sampling of groups of responses: one prefill per prompt, one `while_loop`, exit when every row has ended.

A prompt's keys and values are computed and held once, and shared by its group (see `model.decode_step`).

Randomness: the key of token t of a row is fold_in(fold_in(key, row_id), t). What a row samples depends on the key,
its row_id and its prompt alone: not on its neighbours, their number or order, nor on the devices.
"""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from kpo_jax import model
from kpo_jax.model import ModelConfig
from kpo_jax.types import Completions, KVCache, Prompts


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """How tokens are drawn. Truncations apply in the order top-k, top-p, min-p, each on the renormalised rest.

    Attributes:
      temperature: divides the logits; 0 is greedy.
      top_k: keep the k most probable tokens; 0 keeps all.
      top_p: keep the smallest set of most probable tokens whose probability reaches top_p; 1 keeps all.
      min_p: drop tokens less probable than min_p times the most probable one; 0 keeps all.
        Of all three: a token exactly as probable as the last one kept is kept too.
      max_response_length: T.
      stop: texts that end a response, in training and evaluation, with the token that completes the first of them. Not for the
        device: `make_sampler` samples on, and `rollout.stop_at` cuts off afterwards.

    Raises:
      ValueError: lists every illegal field.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    max_response_length: int
    stop: tuple[str, ...] = ()

    def __post_init__(self):
        errors = []
        if self.max_response_length < 1:
            errors.append(f"max_response_length = {self.max_response_length} must be at least 1")
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            errors.append(f"temperature = {self.temperature} must be finite and at least 0 (0 is greedy)")
        if self.top_k < 0:
            errors.append(f"top_k = {self.top_k} must be at least 0 (0 keeps all)")
        if not 0 < self.top_p <= 1:
            errors.append(f"top_p = {self.top_p} must be in (0, 1] (1 keeps all)")
        if not 0 <= self.min_p <= 1:
            errors.append(f"min_p = {self.min_p} must be in [0, 1] (0 keeps all)")
        if not isinstance(self.stop, tuple) or not all(isinstance(text, str) and text for text in self.stop):
            errors.append(f"stop = {self.stop!r} must be a tuple of texts that are not empty, such as ('\\n\\n',)")
        if errors:
            raise ValueError("SampleConfig: " + "; ".join(errors))


class _LoopState(NamedTuple):
    step: jax.Array  # [] tokens sampled so far
    response: KVCache
    completions: Completions


def make_sampler(
    model_config: ModelConfig,
    sample_config: SampleConfig,
    *,
    eos_ids: tuple[int, ...],
    pad_id: int,
    group_size: int,
):
    """A jitted `sample(params, prompts, key, row_ids) -> Completions` of B = P' * group_size prompt-major rows.

    `row_ids` [B] int32 name the rows' random streams. `sampler_log_prob` is that of the FULL distribution
    softmax(logits / temperature), whatever truncation drew the token, and at temperature 1 for greedy sampling: it is
    what `policy.token_log_probs` recomputes. Tokens after the end are `pad_id`.

    Raises:
      ValueError: group_size < 1, an id outside the vocabulary, or (when called) a wrong number of row_ids.
    """
    if group_size < 1:
        raise ValueError(f"make_sampler: group_size = {group_size} must be at least 1")
    vocab_size = model_config.vocab_size
    if not all(0 <= token < vocab_size for token in eos_ids):
        raise ValueError(f"make_sampler: eos_ids = {eos_ids} must be in [0, {vocab_size})")
    if not 0 <= pad_id < vocab_size:
        raise ValueError(f"make_sampler: pad_id = {pad_id} must be in [0, {vocab_size})")

    @jax.jit
    def sample(params, prompts: Prompts, key: jax.Array, row_ids: jax.Array) -> Completions:
        return generate(
            model_config, sample_config, params, prompts, key, row_ids,
            eos_ids=eos_ids, pad_id=pad_id, group_size=group_size,
        )[0]  # fmt: skip

    return sample


def generate(model_config, sample_config, params, prompts, key, row_ids, *, eos_ids, pad_id, group_size):
    """What `make_sampler` jits: (Completions, steps [] int32), steps being the response columns sampled before exit."""
    batch, length = prompts.tokens.shape[0] * group_size, sample_config.max_response_length
    if row_ids.shape != (batch,):
        raise ValueError(f"sample: row_ids has shape {row_ids.shape}, must be ({batch},): "
                         f"{prompts.tokens.shape[0]} prompts x group_size {group_size}")  # fmt: skip
    # Cast once, not at every step.
    params = jax.tree.map(lambda x: x.astype(model_config.dtype), params)
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, row_ids)

    def append_token(state, hidden):
        """Draws column `step` of every row from hidden [B, D]."""
        step, done = state.step, state.completions
        token, log_prob = draw_token(model.logits(model_config, params, hidden), row_keys, step, sample_config)
        active = ~done.finished
        ended = jnp.isin(token, jnp.array(eos_ids, jnp.int32))
        completions = Completions(
            tokens=done.tokens.at[:, step].set(jnp.where(active, token, pad_id)),
            mask=done.mask.at[:, step].set(active),
            sampler_log_prob=done.sampler_log_prob.at[:, step].set(jnp.where(active, log_prob, 0.0)),
            finished=done.finished | ended,
        )
        return state._replace(step=step + 1, completions=completions)

    def unfinished(state):
        return (state.step < length) & ~jnp.all(state.completions.finished)

    def advance(state):
        previous = state.step - 1
        token = state.completions.tokens[:, previous]
        hidden, response = model.decode_step(model_config, params, token, previous, prompt_cache, state.response)
        return append_token(state._replace(response=response), hidden)

    hidden, prompt_cache = model.prefill(model_config, params, prompts.tokens, prompts.lengths)
    last = jnp.take_along_axis(hidden, prompts.lengths[:, None, None] - 1, axis=1, mode="clip")[:, 0]
    nothing = Completions(
        tokens=jnp.full((batch, length), pad_id, jnp.int32),
        mask=jnp.zeros((batch, length), bool),
        sampler_log_prob=jnp.zeros((batch, length), jnp.float32),
        finished=jnp.zeros((batch,), bool),
    )
    state = _LoopState(jnp.int32(0), model.empty_cache(model_config, batch, length), nothing)
    state = append_token(state, jnp.repeat(last, group_size, axis=0))
    state = jax.lax.while_loop(unfinished, advance, state)
    return state.completions, state.step


def draw_token(logits, row_keys, step, sample_config) -> tuple[jax.Array, jax.Array]:
    """One token per row from logits [B, V]: (token [B] int32, its log-probability [B] before truncation)."""
    scaled = logits / (sample_config.temperature or 1.0)
    if sample_config.temperature == 0:
        token = jnp.argmax(scaled, axis=-1)
    else:
        keys = jax.vmap(jax.random.fold_in, in_axes=(0, None))(row_keys, step)
        token = jax.vmap(jax.random.categorical)(keys, truncate(scaled, sample_config))
    log_prob = jnp.take_along_axis(scaled, token[:, None], axis=-1)[:, 0] - jax.nn.logsumexp(scaled, axis=-1)
    return token.astype(jnp.int32), log_prob


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
