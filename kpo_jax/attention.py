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

_BLOCK, _MAX_BLOCKS = 128, 8
_MASKED = -1e30


def causal_attention(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """softmax(query key^T / sqrt(H), causal) value; query [B, S, N, H], key and value [B, S, K, H] -> [B, S, N, H].

    Query head n reads key head n // (N / K). Scores and weights are float32 whatever the dtype.
    """
    backend = jax.default_backend()
    if backend == "cpu":
        return blocked_attention(query, key, value)
    cudnn = backend == "gpu" and query.dtype == jnp.bfloat16
    return jax.nn.dot_product_attention(query, key, value, is_causal=True, implementation="cudnn" if cudnn else None)


@jax.custom_vjp
def blocked_attention(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """The same in plain JAX, a few rows and a block of queries at a time. Memory: [N, S / 8, S] float32 a row."""
    return _forward(query, key, value)[0]


def _forward(query, key, value):
    rows = _split_heads(query, key.shape[2]), _split_heads(key), _split_heads(value)
    out, normalizer = _map_rows(_forward_row, *rows)
    return _join_heads(out), (*rows, out, normalizer)


def _backward(residuals, out_grad):
    out_grad = _split_heads(out_grad, residuals[1].shape[1])
    query_grad, key_grad, value_grad = _map_rows(_backward_row, *residuals, out_grad)
    return _join_heads(query_grad), _join_heads(key_grad), _join_heads(value_grad)


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

    return jax.tree.map(join, jax.lax.map(lambda rows: one(*rows), tuple(split(x) for x in arrays)))


def _blocks(length):
    size = max(_BLOCK, -(-length // _MAX_BLOCKS))
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def _visible(block):
    """[1, 1, 1, queries, keys] True where a query of the block sees the key; keys end with the block."""
    return (jnp.arange(block.stop)[None, :] <= jnp.arange(block.start, block.stop)[:, None])[None, None, None]


def _scores(query, key):
    scale = query.shape[-1] ** -0.5
    return jnp.einsum("rkmqh,rkth->rkmqt", query, key, preferred_element_type=jnp.float32) * scale


def _forward_row(query, key, value):
    """query [R, K, M, S, H], key, value [R, K, S, H] -> (out as query, log-normaliser [R, K, M, S])."""
    outs, normalizers = [], []
    for block in _blocks(query.shape[3]):
        seen = slice(0, block.stop)
        score = jnp.where(_visible(block), _scores(query[:, :, :, block], key[:, :, seen]), _MASKED)
        maximum = jnp.max(score, axis=-1, keepdims=True)
        weight = jnp.exp(score - maximum)
        total = jnp.sum(weight, axis=-1, keepdims=True)
        out = jnp.einsum("rkmqt,rkth->rkmqh", weight.astype(value.dtype), value[:, :, seen],
                         preferred_element_type=jnp.float32)  # fmt: skip
        outs.append((out / total).astype(query.dtype))
        normalizers.append((maximum + jnp.log(total))[..., 0])
    return jnp.concatenate(outs, axis=3), jnp.concatenate(normalizers, axis=3)


def _backward_row(query, key, value, out, normalizer, out_grad):
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
        weight = jnp.where(_visible(block), weight, 0.0)
        weight_grad = product("rkmqh,rkth->rkmqt", grad, value[:, :, seen])
        score_grad = (weight * (weight_grad - mean_grad[:, :, :, block]) * scale).astype(dtype)
        query_grads.append(product("rkmqt,rkth->rkmqh", score_grad, key[:, :, seen]).astype(dtype))
        key_grad = key_grad.at[:, :, seen].add(product("rkmqt,rkmqh->rkth", score_grad, q))
        value_grad = value_grad.at[:, :, seen].add(product("rkmqt,rkmqh->rkth", weight.astype(dtype), grad))
    return jnp.concatenate(query_grads, axis=3), key_grad.astype(dtype), value_grad.astype(dtype)
