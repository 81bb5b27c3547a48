"""Log-probabilities and entropies of response tokens without the [B, T, V] logits.

At 8 x 4096 tokens and 151,936 entries float32 logits take 20 GB. Here the head runs over a few response columns at a
time, forward and backward: the backward recomputes a chunk's logits and adds its part of the head's gradient.
"""

import functools

import jax
import jax.numpy as jnp

from kpo_jax import model
from kpo_jax.model import ModelConfig


def token_log_probs(
    config: ModelConfig,
    params,
    tokens: jax.Array,
    prompt_length: jax.Array,
    response_length: int,
    *,
    temperature: float = 1.0,
    chunk: int = 128,
) -> tuple[jax.Array, jax.Array]:
    """Log-probability of each response token and entropy of its distribution, softmax(logits / temperature).

    Response token t of row b stands in column prompt_length[b] + t and is predicted from the column before. Entries
    beyond a row's response are finite junk: mask them. Both outputs have their exact gradients.

    Args:
      tokens: [B, S] int32; a row is prompt, response, padding.
      prompt_length: [B] int32, at least 1.
      response_length: T.
      temperature: the sampling temperature, positive.
      chunk: response columns whose logits exist at once: B * chunk * V float32 numbers (a few of them backward).
        Columns and not tokens, so that rows stay where a device mesh has put them.

    Returns:
      log_prob [B, T] and entropy [B, T] in nats, float32.

    Raises:
      ValueError: response_length outside [1, S), chunk < 1, or temperature <= 0.
    """
    num_columns = tokens.shape[1]
    if not 1 <= response_length < num_columns:
        raise ValueError(f"token_log_probs: response_length = {response_length} must be in [1, {num_columns}), "
                         f"rows have {num_columns} columns")  # fmt: skip
    if chunk < 1:
        raise ValueError(f"token_log_probs: chunk = {chunk} must be at least 1")
    if not temperature > 0:
        raise ValueError(f"token_log_probs: temperature = {temperature} must be positive")
    positions = jnp.broadcast_to(jnp.arange(num_columns)[None, :], tokens.shape)
    hidden = model.hidden_states(config, params, tokens, positions)
    columns = prompt_length[:, None] + jnp.arange(response_length)[None, :]  # [B, T]
    columns = jnp.minimum(columns, num_columns - 1)
    hidden = jnp.take_along_axis(hidden, columns[:, :, None] - 1, axis=1, mode="clip")
    targets = jnp.take_along_axis(tokens, columns, axis=1, mode="clip")
    targets = jnp.clip(targets, 0, config.vocab_size - 1)
    return head_log_probs(hidden, model.head_weight(config, params), targets, temperature, min(chunk, response_length))


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def head_log_probs(hidden, head, targets, temperature, chunk):
    """log softmax(head @ hidden / temperature) at the targets, and the softmax's entropy, `chunk` columns at a time.

    Args:
      hidden: [B, T, D] in the compute dtype, to which the head is cast.
      head: [V, D].
      targets: [B, T] int32 in [0, V).

    Returns:
      log_prob [B, T] and entropy [B, T], float32.
    """
    return _forward(hidden, head, targets, temperature, chunk)[0]


def _forward(hidden, head, targets, temperature, chunk):
    cast_head = head.astype(hidden.dtype)

    def one_chunk(_, inputs):
        hidden, targets = inputs
        logits = _scaled_logits(hidden, cast_head, temperature)
        normalizer = jax.nn.logsumexp(logits, axis=-1)
        log_p = logits - normalizer[..., None]
        log_prob = jnp.sum(jnp.where(_one_hot(targets, head.shape[0]), log_p, 0.0), axis=-1)
        return None, (log_prob, -jnp.sum(jnp.exp(log_p) * log_p, axis=-1), normalizer)

    _, outputs = jax.lax.scan(one_chunk, None, (_to_chunks(hidden, chunk), _to_chunks(targets, chunk)))
    log_prob, entropy, normalizer = (_from_chunks(x, targets.shape[1]) for x in outputs)
    return (log_prob, entropy), (hidden, head, targets, normalizer, entropy)


def _backward(temperature, chunk, residuals, cotangents):
    """d log_prob / d logits = onehot - p and d entropy / d logits = -p (log p + entropy), each / temperature."""
    hidden, head, targets, normalizer, entropy = residuals
    cast_head = head.astype(hidden.dtype)

    def one_chunk(head_grad, inputs):
        hidden, targets, normalizer, entropy, log_prob_grad, entropy_grad = inputs
        log_p = _scaled_logits(hidden, cast_head, temperature) - normalizer[..., None]
        logits_grad = log_prob_grad[..., None] * (_one_hot(targets, head.shape[0]) - jnp.exp(log_p))
        logits_grad -= entropy_grad[..., None] * jnp.exp(log_p) * (log_p + entropy[..., None])
        logits_grad = (logits_grad / temperature).astype(hidden.dtype)
        hidden_grad = jnp.einsum("bcv,vd->bcd", logits_grad, cast_head)
        head_grad += jnp.einsum("bcv,bcd->vd", logits_grad, hidden, preferred_element_type=jnp.float32)
        return head_grad, hidden_grad

    inputs = (hidden, targets, normalizer, entropy, *cotangents)
    head_grad = jnp.zeros(head.shape, jnp.float32)
    head_grad, hidden_grad = jax.lax.scan(one_chunk, head_grad, tuple(_to_chunks(x, chunk) for x in inputs))
    return _from_chunks(hidden_grad, targets.shape[1]), head_grad.astype(head.dtype), None


head_log_probs.defvjp(_forward, _backward)


def _scaled_logits(hidden, head, temperature):
    return jnp.einsum("bcd,vd->bcv", hidden, head, preferred_element_type=jnp.float32) / temperature


def _one_hot(targets, size):
    # A comparison and not a gather: it stays local when the vocabulary is spread over devices.
    return targets[..., None] == jnp.arange(size)[None, None, :]


def _to_chunks(x, chunk):
    """[B, T, ...] -> [ceil(T / chunk), B, chunk, ...], padded with zeros."""
    num_chunks = -(-x.shape[1] // chunk)
    x = jnp.pad(x, [(0, 0), (0, num_chunks * chunk - x.shape[1])] + [(0, 0)] * (x.ndim - 2))
    return jnp.moveaxis(x.reshape(x.shape[0], num_chunks, chunk, *x.shape[2:]), 1, 0)


def _from_chunks(x, length):
    """Inverse of `_to_chunks`: [n, B, chunk, ...] -> [B, length, ...]."""
    x = jnp.moveaxis(x, 0, 1)
    return x.reshape(x.shape[0], -1, *x.shape[3:])[:, :length]
