"""Causal self-attention of whole rows, by the kernel that suits the backend.

On a CPU attention is where XLA loses a small model's update: the [B, N, S, S] weights leave the cache several times in each
direction. The blocked form here works on one row and one block of queries at a time, looks only at keys that the block can
see, and keeps no weights for the backward pass, which recomputes them from the log-normaliser (as in FlashAttention, Dao et
al. 2022).
"""

import functools
import math

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name

ATTENTION_OUTPUT = "attention_output"  # what a remat policy keeps that does not recompute attention
_BLOCK, _MAX_BLOCKS = 128, 8
_MASKED = -1e30


def causal_attention(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None = None) -> jax.Array:
    """softmax(query key^T / sqrt(H), causal) value; query [B, S, N, H], key and value [B, S, K, H] -> [B, S, N, H].

    Query head n reads key head n // (N / K). Scores and weights are float32 whatever the dtype. With `segments` [B, S] a token
    attends to its own segment alone.
    """
    backend = jax.default_backend()
    if backend == "cpu":
        return blocked_attention(query, key, value, segments)
    cudnn = backend == "gpu" and query.dtype == jnp.bfloat16
    mask = None if segments is None else segments[:, None, :, None] == segments[:, None, None, :]
    out = jax.nn.dot_product_attention(query, key, value, mask=mask, is_causal=True, implementation="cudnn" if cudnn else None)
    return checkpoint_name(out, ATTENTION_OUTPUT)


@jax.custom_vjp
def blocked_attention(query: jax.Array, key: jax.Array, value: jax.Array, segments: jax.Array | None = None) -> jax.Array:
    """The same in plain JAX, a few rows and a block of queries at a time. Memory: [N, S / 8, S] float32 a row."""
    return _forward(query, key, value, segments)[0]


def _forward(query, key, value, segments):
    rows = _split_heads(query, key.shape[2]), _split_heads(key), _split_heads(value), segments
    out, normalizer = checkpoint_name(_map_rows(_forward_row, *rows), ATTENTION_OUTPUT)
    return _join_heads(out), (*rows, out, normalizer)


def _backward(residuals, out_grad):
    out_grad = _split_heads(out_grad, residuals[1].shape[1])
    query_grad, key_grad, value_grad = _map_rows(_backward_row, *residuals, out_grad)
    return _join_heads(query_grad), _join_heads(key_grad), _join_heads(value_grad), None


blocked_attention.defvjp(_forward, _backward)


def _split_heads(x, kv_heads=None):
    """[B, S, K, H] -> [B, K, S, H]; with `kv_heads` [B, S, N, H] -> [B, K, M, S, H], M = N / K."""
    if kv_heads is None:
        return jnp.moveaxis(x, 1, 2)
    return jnp.moveaxis(x.reshape(*x.shape[:2], kv_heads, -1, x.shape[3]), 1, 3)


def _join_heads(x):
    """Inverse of `_split_heads`."""
    return jnp.moveaxis(x.reshape(x.shape[0], -1, *x.shape[-2:]), 1, 2)


def _map_rows(one, *arrays):
    """`one` on a few rows [R, ...] at a time. Strided, so that each device works on rows of its own in every step."""
    batch = arrays[0].shape[0]
    at_once = math.gcd(batch, jax.device_count())

    def split(x):
        return jnp.moveaxis(x.reshape(at_once, batch // at_once, *x.shape[1:]), 1, 0)

    def join(x):
        return jnp.moveaxis(x, 0, 1).reshape(batch, *x.shape[2:])

    return jax.tree.map(join, jax.lax.map(lambda rows: one(*rows), jax.tree.map(split, arrays)))


def _blocks(length):
    size = max(_BLOCK, -(-length // _MAX_BLOCKS))
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def _visible(block, segments):
    """[R or 1, 1, 1, queries, keys] True where a query of the block sees the key; keys end with the block."""
    causal = (jnp.arange(block.stop)[None, :] <= jnp.arange(block.start, block.stop)[:, None])[None, None, None]
    if segments is None:
        return causal
    return causal & (segments[:, None, None, block, None] == segments[:, None, None, None, : block.stop])


def _scores(query, key):
    scale = query.shape[-1] ** -0.5
    return jnp.einsum("rkmqh,rkth->rkmqt", query, key, preferred_element_type=jnp.float32) * scale


def _forward_row(query, key, value, segments):
    """query [R, K, M, S, H], key, value [R, K, S, H], segments [R, S] or None -> (out as query, log-normaliser [R, K, M, S])."""
    outs, normalizers = [], []
    for block in _blocks(query.shape[3]):
        seen = slice(0, block.stop)
        score = jnp.where(_visible(block, segments), _scores(query[:, :, :, block], key[:, :, seen]), _MASKED)
        maximum = jnp.max(score, axis=-1, keepdims=True)
        weight = jnp.exp(score - maximum)
        total = jnp.sum(weight, axis=-1, keepdims=True)
        out = jnp.einsum("rkmqt,rkth->rkmqh", weight.astype(value.dtype), value[:, :, seen],
                         preferred_element_type=jnp.float32)  # fmt: skip
        outs.append((out / total).astype(query.dtype))
        normalizers.append((maximum + jnp.log(total))[..., 0])
    return jnp.concatenate(outs, axis=3), jnp.concatenate(normalizers, axis=3)


def _backward_row(query, key, value, segments, out, normalizer, out_grad):
    """Shapes as in `_forward_row` -> gradients of query, key, value."""
    product = functools.partial(jnp.einsum, preferred_element_type=jnp.float32)
    scale, dtype = query.shape[-1] ** -0.5, query.dtype
    # per query, sum_t weight_t d loss / d weight_t
    mean_grad = jnp.sum(out.astype(jnp.float32) * out_grad.astype(jnp.float32), axis=-1, keepdims=True)
    query_grads = []
    key_grad = value_grad = jnp.zeros(key.shape, jnp.float32)
    for block in _blocks(query.shape[3]):
        seen, q, grad = slice(0, block.stop), query[:, :, :, block], out_grad[:, :, :, block]
        weight = jnp.exp(_scores(q, key[:, :, seen]) - normalizer[:, :, :, block, None])
        weight = jnp.where(_visible(block, segments), weight, 0.0)
        weight_grad = product("rkmqh,rkth->rkmqt", grad, value[:, :, seen])
        score_grad = (weight * (weight_grad - mean_grad[:, :, :, block]) * scale).astype(dtype)
        query_grads.append(product("rkmqt,rkth->rkmqh", score_grad, key[:, :, seen]).astype(dtype))
        key_grad = key_grad.at[:, :, seen].add(product("rkmqt,rkmqh->rkth", score_grad, q))
        value_grad = value_grad.at[:, :, seen].add(product("rkmqt,rkmqh->rkth", weight.astype(dtype), grad))
    return jnp.concatenate(query_grads, axis=3), key_grad.astype(dtype), value_grad.astype(dtype)
