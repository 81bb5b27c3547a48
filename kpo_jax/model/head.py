"""Log-probabilities and entropies of response tokens without the [B, T, V] logits.

At 8 x 4096 tokens and 151,936 entries float32 logits take 20 GB. Here the head runs over a tile of the vocabulary at a
time, forward with a running softmax and backward on the recomputed logits of a tile. Each tile is one large matrix
product, and its part of the head's gradient is written once.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp

from kpo_jax.model.attention import Segments
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.decoder import head_weight, hidden_states
from kpo_jax.model.layout import VOCAB, size_of, split_tokens, tokens_apart, tokens_together
from kpo_jax.records import Packed

_LOWEST = -1e30  # below any logit; unlike -inf or the lowest float it may be multiplied and stay finite


def token_log_probs(
    config: ModelConfig, params, packed: Packed, *, temperature: float = 1.0, logits_bytes: int | None = None
) -> tuple[jax.Array, jax.Array]:
    """Log-probability of each response token and entropy of its distribution, softmax(logits / temperature).

    Both outputs have their exact gradients, and are finite junk where `packed.places` is.

    Args:
      packed: whole sequences, several to a row.
      temperature: the sampling temperature, positive.
      logits_bytes: of the float32 logits of one tile, over all devices (the backward pass holds a few such arrays); by
        default 8 MiB, or what 1280 entries of the vocabulary take, where that is more; as many times that as the
        vocabulary is split into parts.

    Returns:
      log_prob [B, T] and entropy [B, T] in nats, float32.

    Raises:
      ValueError: logits_bytes < 1, or temperature <= 0.
    """
    _check(temperature, logits_bytes)
    hidden = packed_hidden_states(config, params, packed)
    log_prob, entropy = _response_log_probs(
        config, params, hidden, packed.columns, packed.targets, temperature, logits_bytes, head_log_probs
    )
    return log_prob.reshape(-1)[packed.places], entropy.reshape(-1)[packed.places]


def token_squared_probs(
    config: ModelConfig, params, packed: Packed, *, temperature: float = 1.0, logits_bytes: int | None = None
) -> tuple[jax.Array, jax.Array]:
    """As `token_log_probs`, but beside the log-probability the sum of the squares of all probabilities of the token's
    distribution, in [1 / V, 1], in place of its entropy; both [B, T] float32, to be scored with and not derived.
    """
    _check(temperature, logits_bytes)
    hidden = packed_hidden_states(config, params, packed)
    log_prob, squares = _response_log_probs(
        config, params, hidden, packed.columns, packed.targets, temperature, logits_bytes, head_squared_probs
    )
    return log_prob.reshape(-1)[packed.places], squares.reshape(-1)[packed.places]


def packed_hidden_states(config: ModelConfig, params, packed: Packed) -> jax.Array:
    """Hidden states [R, S, D] in `config.dtype`; a token sees its own sequence alone."""
    return hidden_states(config, params, packed.tokens, packed.positions, Segments(packed.segments, packed.prompts))


def row_log_probs(
    config: ModelConfig,
    params,
    tokens: jax.Array,
    prompt_length: jax.Array,
    response_length: int,
    *,
    temperature: float = 1.0,
    logits_bytes: int | None = None,
) -> tuple[jax.Array, jax.Array]:
    """`token_log_probs` of one sequence to a row: the simple form, which the packed one is tested against.

    Args:
      tokens: [B, S] int32; a row is prompt, response, padding.
      prompt_length: [B] int32, at least 1. Response token t of row b stands in column prompt_length[b] + t.
      response_length: T.

    Raises:
      ValueError: response_length outside [1, S), and as `token_log_probs`.
    """
    num_columns = tokens.shape[1]
    if not 1 <= response_length < num_columns:
        raise ValueError(f"row_log_probs: response_length = {response_length} must be in [1, {num_columns}), "
                         f"rows have {num_columns} columns")  # fmt: skip
    _check(temperature, logits_bytes)
    positions = jnp.broadcast_to(jnp.arange(num_columns)[None, :], tokens.shape)
    hidden = hidden_states(config, params, tokens, positions)
    columns = jnp.minimum(prompt_length[:, None] + jnp.arange(response_length)[None, :], num_columns - 1)  # [B, T]
    targets = jnp.take_along_axis(tokens, columns, axis=1, mode="clip")
    return _response_log_probs(config, params, hidden, columns - 1, targets, temperature, logits_bytes, head_log_probs)


def _check(temperature, logits_bytes) -> None:
    if logits_bytes is not None and logits_bytes < 1:
        raise ValueError(f"token_log_probs: logits_bytes = {logits_bytes} must be at least 1")
    if not temperature > 0:
        raise ValueError(f"token_log_probs: temperature = {temperature} must be positive")


def _response_log_probs(config, params, hidden, columns, targets, temperature, logits_bytes, of):
    """What `of`, head_log_probs or head_squared_probs, finds for targets [R, C], predicted from `columns` [R, C] of
    hidden [R, S, D]: two arrays [R, C].
    """
    spread = size_of(VOCAB)
    if logits_bytes is None:
        logits_bytes = spread * max(2**23, 4 * targets.size * 1280)
    hidden = split_tokens(jnp.take_along_axis(hidden, columns[:, :, None], axis=1, mode="clip"))
    targets = jnp.clip(targets, 0, config.vocab_size - 1)
    num_tiles = count_tiles(config.vocab_size, 4 * targets.size, logits_bytes, spread)
    # all tokens in one axis, where XLA makes the head's gradient without transposing the logits'
    outputs = of(
        tokens_together(hidden),
        head_weight(config, params),
        tokens_together(targets),
        temperature,
        num_tiles,
    )
    return tuple(tokens_apart(x, targets.shape) for x in outputs)


def count_tiles(vocab_size: int, bytes_per_entry: int, limit: int, spread: int = 1) -> int:
    """The fewest tiles that keep one within `limit` bytes, or up to twice as many if those leave no padding and can be
    split evenly over `spread` devices.
    """
    fewest = min(max(-(-vocab_size * bytes_per_entry // limit), 1), vocab_size)
    even = (n for n in range(fewest, 2 * fewest) if vocab_size % (n * spread) == 0)
    return next(even, fewest)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def head_log_probs(hidden, head, targets, temperature, num_tiles):
    """log softmax(head @ hidden / temperature) at the targets, and the softmax's entropy, over tiles of the vocabulary.

    Args:
      hidden: [T, D] in the compute dtype, to which the head is cast.
      head: [V, D].
      targets: [T] int32 in [0, V).
      temperature: positive.
      num_tiles: the logits of ceil(V / num_tiles) entries exist at once.

    Returns:
      log_prob [T] and entropy [T], float32.
    """
    return _forward(hidden, head, targets, temperature, num_tiles)[0]


class _Softmax(NamedTuple):
    """A softmax over the tiles seen so far, [T] each; x are the scaled logits, m their maximum."""

    maximum: jax.Array  # m
    total: jax.Array  # sum exp(x - m)
    moment: jax.Array  # sum exp(x - m) (x - m): with its terms all of one sign the entropy does not cancel
    squares: jax.Array | None = None  # sum exp(x - m)^2; None where nobody asks for it


def _forward(hidden, head, targets, temperature, num_tiles):
    log_prob, softmax = _log_prob_and_softmax(hidden, head, targets, temperature, num_tiles, squared=False)
    log_total = jnp.log(softmax.total)
    entropy = log_total - softmax.moment / softmax.total
    return (log_prob, entropy), (hidden, head, targets, softmax.maximum, log_total, entropy)


def head_squared_probs(hidden, head, targets, temperature, num_tiles):
    """log softmax(head @ hidden / temperature) at the targets, and the sum of the softmax's squares: arguments and
    shapes are those of `head_log_probs`.
    """
    log_prob, softmax = _log_prob_and_softmax(hidden, head, targets, temperature, num_tiles, squared=True)
    return log_prob, softmax.squares / softmax.total**2


def _log_prob_and_softmax(hidden, head, targets, temperature, num_tiles, squared):
    tiles = _to_tiles(head, num_tiles)

    def one_tile(seen, index):
        logits = _scaled_logits(hidden, tiles, index, head.shape[0], temperature)
        maximum = jnp.maximum(seen.maximum, jnp.max(logits, axis=-1))
        shifted = logits - maximum[..., None]
        weight = jnp.exp(shifted)
        drop = jnp.maximum(seen.maximum - maximum, _LOWEST)  # finite before the first tile too, where the sums are 0
        total = jnp.sum(weight, axis=-1) + seen.total * jnp.exp(drop)
        moment = jnp.sum(weight * shifted, axis=-1) + (seen.moment + seen.total * drop) * jnp.exp(drop)
        squares = jnp.sum(weight**2, axis=-1) + seen.squares * jnp.exp(2 * drop) if squared else None
        return _Softmax(maximum, total, moment, squares), None

    zero = jnp.zeros(targets.shape, jnp.float32)
    nothing = _Softmax(jnp.full_like(zero, -jnp.inf), zero, zero, zero if squared else None)
    softmax, _ = jax.lax.scan(one_tile, nothing, jnp.arange(num_tiles))
    log_total = jnp.log(softmax.total)
    target_head = head[targets].astype(hidden.dtype)
    at_target = jnp.einsum("td,td->t", hidden, target_head, preferred_element_type=jnp.float32) / temperature
    return jnp.minimum(at_target - softmax.maximum - log_total, 0.0), softmax


def _backward(temperature, num_tiles, residuals, cotangents):
    """d log_prob / d logits = onehot - p and d entropy / d logits = -p (log p + entropy), each / temperature."""
    hidden, head, targets, maximum, log_total, entropy = residuals
    log_prob_grad, entropy_grad = (x[..., None] / temperature for x in cotangents)
    tiles = _to_tiles(head, num_tiles)

    def one_tile(carry, index):
        hidden_grad, head_grad = carry
        logits = _scaled_logits(hidden, tiles, index, head.shape[0], temperature)
        log_p = logits - maximum[..., None] - log_total[..., None]
        entries = index + num_tiles * jnp.arange(tiles.shape[0])[None, :]
        # a comparison and not a gather: it stays local when the vocabulary is spread over devices
        logits_grad = jnp.where(entries == targets[..., None], log_prob_grad, 0.0)
        p = jnp.exp(log_p)
        logits_grad -= p * (log_prob_grad + entropy_grad * (log_p + entropy[..., None]))
        logits_grad = logits_grad.astype(hidden.dtype)
        tile = tiles[:, index].astype(hidden.dtype)
        hidden_grad += jnp.einsum("tv,vd->td", logits_grad, tile, preferred_element_type=jnp.float32)
        tile_grad = jnp.einsum("tv,td->vd", logits_grad, hidden, preferred_element_type=jnp.float32)
        return (hidden_grad, head_grad.at[:, index].set(tile_grad.astype(head.dtype))), None

    carry = jnp.zeros(hidden.shape, jnp.float32), jnp.zeros(tiles.shape, head.dtype)
    (hidden_grad, head_grad), _ = jax.lax.scan(one_tile, carry, jnp.arange(num_tiles))
    return hidden_grad.astype(hidden.dtype), head_grad.reshape(-1, head.shape[1])[: head.shape[0]], None


head_log_probs.defvjp(_forward, _backward)


def _to_tiles(head, num_tiles):
    """[V, D] -> [ceil(V / num_tiles), num_tiles, D], padded with zeros: tile i holds entries i, i + num_tiles, ...

    Strided, so that every tile is spread over the devices as the vocabulary is.
    """
    size = -(-head.shape[0] // num_tiles)
    return jnp.pad(head, [(0, size * num_tiles - head.shape[0]), (0, 0)]).reshape(size, num_tiles, -1)


def _scaled_logits(hidden, tiles, index, vocab_size, temperature):
    """Float32 logits [T, entries] of one tile over the temperature; _LOWEST at padding entries."""
    logits = jnp.einsum("td,vd->tv", hidden, tiles[:, index].astype(hidden.dtype), preferred_element_type=jnp.float32)
    logits = logits / temperature
    size, num_tiles = tiles.shape[:2]
    if size * num_tiles == vocab_size:
        return logits
    entries = index + num_tiles * jnp.arange(size)[None, :]
    return jnp.where(entries < vocab_size, logits, _LOWEST)
