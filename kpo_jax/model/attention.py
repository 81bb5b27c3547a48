"""Causal self-attention of whole rows, by the kernel that suits the backend.

On a CPU attention is where XLA loses a small model's update: the [B, N, S, S] weights leave the cache several times in
each direction. The form here works on a block of queries and a block of keys at a time, passes over pairs of blocks
that do not see each other, and keeps no weights for the backward pass, which recomputes them from the log-normaliser
(as in FlashAttention, Dao et al. 2022). On a TPU it is JAX's Pallas kernel, splash attention, and in bfloat16 on an
NVIDIA GPU cuDNN's where it takes the heads, which keep none either. docs/never_ran.md says what of this has been run on
hardware.
"""

import functools
import math
import re
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_kernel as splash
from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_mask as splash_mask
from jax.sharding import PartitionSpec

from kpo_jax.model.layout import HEADS, ROWS, size_of, split_heads, split_tokens

ATTENTION_OUTPUT = "attention_output"  # what a remat policy keeps that does not recompute attention
_BLOCK = 64  # shorter costs calls, longer computes more of what a mask hides
_SHORT_BLOCK, _SHORT_ROW = 32, 512  # where so few tokens are several sequences that share a prompt, each is short
_ONE_BLOCK = 96  # a row of so many tokens is a block of its own
_TILE = 2**20  # weights of a pair of blocks, over the rows at once: 4 MiB
_MASKED = -1e30
_SPLASH_LANES = 128  # blocks are multiples of it
_SPLASH_BLOCK = 512  # MaxText's default


class Segments(NamedTuple):
    """Several sequences in a row: a token sees its own segment, and that of the prompt it shares with others.

    Attributes:
      own: [B, S] int32, from 1; 0 is padding. Rising along a row, or blocks are not passed over.
      prompt: [B, S] int32, the segment that holds the prompt; a token's own where its sequence shares none. None where
        none does.
    """

    own: jax.Array
    prompt: jax.Array | None = None


def causal_attention(query: jax.Array, key: jax.Array, value: jax.Array, segments: Segments | None = None) -> jax.Array:
    """softmax(query key^T / sqrt(H), causal) value; query [B, S, N, H], key and value [B, S, K, H] -> [B, S, N, H].

    Query head n reads key head n // (N / K). Scores and weights are float32 whatever the dtype. Finite junk where
    `segments` has padding. Without `segments` right-padded rows need neither mask nor lengths: causality hides what
    comes later. On a TPU shared prompts take XLA's plain form, and so do rows or heads that the mesh does not divide.
    """
    query, key, value = map(split_heads, (query, key, value))
    return split_tokens(_of_whole_rows(query, key, value, segments))


def _of_whole_rows(query, key, value, segments):
    backend = platform()
    if backend == "cpu":
        return blocked_attention(query, key, value, segments)
    split = _splits_evenly(key.shape)
    if backend == "tpu" and split and (segments is None or segments.prompt is None):
        return splash_attention(query, key, value, segments)
    cudnn = backend == "gpu" and query.dtype == jnp.bfloat16 and cudnn_takes(query.shape[-1], _compute_capability())
    form = functools.partial(_whole_rows, cudnn=cudnn)
    if split:  # each device with its own: cuDNN's partitioner refuses what is not split alike everywhere
        form = _on_shards(form, segments)
    return checkpoint_name(form(query, key, value, segments), ATTENTION_OUTPUT)


def _whole_rows(query, key, value, segments, cudnn: bool):
    """`causal_attention` by jax.nn.dot_product_attention."""
    length, mask = query.shape[1], None
    if cudnn and length % 2:  # with a mask cuDNN has gradients for even lengths alone
        query, key, value, segments = (
            jax.tree.map(lambda x: jnp.pad(x, [(0, 0), (0, 1), *[(0, 0)] * (x.ndim - 2)]), x)
            for x in (query, key, value, segments)
        )
    if segments is not None:
        seen = segments.own[:, None, None, :]
        mask = segments.own[:, None, :, None] == seen
        if segments.prompt is not None:
            mask |= segments.prompt[:, None, :, None] == seen
    out = jax.nn.dot_product_attention(
        query, key, value, mask=mask, is_causal=True, implementation="cudnn" if cudnn else None
    )
    return out[:, :length]


def cudnn_takes(head_dim: int, capability: tuple[int, int] | None) -> bool:
    """Whether cuDNN has the kernel, with its gradient, for heads of `head_dim` on a GPU of this compute capability.

    None is a GPU that is not here, of which JAX takes heads up to 128. Sources: cuDNN's developer guide, scaled
    dot-product attention, and what jax.nn.dot_product_attention refuses.
    """
    if capability is None:
        capability = (8, 0)
    return capability >= (8, 0) and head_dim % 8 == 0 and head_dim <= (256 if capability[0] == 9 else 128)


def _compute_capability() -> tuple[int, int] | None:
    """That of this process's GPUs; None without, where a program is compiled for a GPU that is elsewhere."""
    if jax.default_backend() != "gpu":
        return None
    match = re.fullmatch(r"(\d+)\.(\d+)", jax.local_devices()[0].compute_capability)
    return (int(match[1]), int(match[2])) if match else (0, 0)  # AMD's are names


def _on_shards(form, segments):
    """`form`(query, key, value, segments) with each device's rows and heads of the mesh in use."""
    rows, heads = PartitionSpec(ROWS), PartitionSpec(ROWS, None, HEADS)
    # A kernel is opaque to the partitioner, and says nothing of what varies over which axis (check_vma).
    return jax.shard_map(
        form,
        in_specs=(heads, heads, heads, jax.tree.map(lambda _: rows, segments)),
        out_specs=heads,
        check_vma=False,
    )


def platform() -> str:
    """What the trace is for: the devices of the mesh in use, see sharding.on_mesh, else the default ones."""
    device = jax.sharding.get_abstract_mesh().abstract_device
    return jax.default_backend() if device is None else device.platform


def _splits_evenly(key_shape) -> bool:
    """Whether there is a mesh in use, and it splits keys [B, S, K, H] evenly."""
    if not {*ROWS, *HEADS} <= jax.sharding.get_abstract_mesh().shape.keys():
        return False
    return key_shape[0] % size_of(*ROWS) == 0 and key_shape[2] % size_of(*HEADS) == 0


def splash_attention(
    query: jax.Array, key: jax.Array, value: jax.Array, segments: Segments | None = None, interpret: bool = False
) -> jax.Array:
    """`causal_attention` by JAX's kernel for TPUs, each device with its rows and heads of the mesh in use.

    Beyond what a causal mask hides, no block is passed over. The kernel wants the scale in the queries, where it is
    rounded to their dtype. `segments` must share no prompt; `interpret` runs the kernel on any backend. Source:
    jax.experimental.pallas.ops.tpu.splash_attention.
    """
    return _on_shards(functools.partial(_splash_rows, interpret=interpret), segments)(query, key, value, segments)


def _splash_rows(query, key, value, segments, interpret):
    """query [B, S, N, H], key, value [B, S, K, H] -> [B, S, N, H]."""
    length, num_heads = query.shape[1:3]
    # as few blocks as may be, and then as short: 1100 tokens are three of 384 and not three of 512
    block = -(-length // -(-length // _SPLASH_BLOCK) // _SPLASH_LANES) * _SPLASH_LANES
    padding = [(0, 0), (0, -length % block)]

    def heads_first(x):
        return jnp.pad(x, [*padding, (0, 0), (0, 0)]).swapaxes(1, 2)

    query = (query.astype(jnp.float32) * query.shape[-1] ** -0.5).astype(query.dtype)
    query, key, value = map(heads_first, (query, key, value))
    # Padding sees padding: no row of the mask is empty.
    ids = None if segments is None else splash.SegmentIds(*[jnp.pad(segments.own, padding)] * 2)
    kernel = splash.make_splash_mha(
        splash_mask.MultiHeadMask([splash_mask.CausalMask((query.shape[2],) * 2)] * num_heads),
        block_sizes=splash.BlockSizes(
            **dict.fromkeys(("block_q", "block_kv", "block_q_dkv", "block_kv_dkv", "block_q_dq", "block_kv_dq"), block)
        ),
        head_shards=1,
        q_seq_shards=1,
        residual_checkpoint_name=ATTENTION_OUTPUT,
        interpret=interpret,
    )
    return jax.vmap(kernel)(query, key, value, ids).swapaxes(1, 2)[:, :length]


@jax.custom_vjp
def blocked_attention(
    query: jax.Array, key: jax.Array, value: jax.Array, segments: Segments | None = None
) -> jax.Array:
    """The same in plain JAX, a few rows and a pair of blocks at a time. 0 where `segments` has padding."""
    return _forward(query, key, value, segments)[0]


def _forward(query, key, value, segments):
    batch, length, kv_heads, _ = key.shape
    block = _block_length(length, segments)
    rows = _rows_at_once(batch, query.shape[2] * block**2)
    blocks = (
        *(_to_blocks(x, kv_heads, rows, block) for x in (query, key, value)),
        _segment_blocks(segments, batch, length, rows, block),
    )
    out, normalizer = checkpoint_name(jax.lax.map(lambda rows: _forward_rows(*rows), blocks), ATTENTION_OUTPUT)
    return _from_blocks(out, length, block), (*blocks, out, normalizer)


def _backward(residuals, out_grad):
    length = out_grad.shape[1]
    rows, kv_heads, block = residuals[1].shape[2:5]
    blocks = *residuals, _to_blocks(out_grad, kv_heads, rows, block)
    grads = jax.lax.map(lambda rows: _backward_rows(*rows), blocks)
    return *(_from_blocks(x, length, block) for x in grads), None


blocked_attention.defvjp(_forward, _backward)


def _block_length(length: int, segments: Segments | None) -> int:
    """Tokens in a block of rows of `length`: as short as pays, since of a block nothing is passed over."""
    if length <= _ONE_BLOCK:
        return length
    shared = segments is not None and segments.prompt is not None
    return _SHORT_BLOCK if shared and length <= _SHORT_ROW else _BLOCK


def _rows_at_once(batch: int, weights: int) -> int:
    """As many rows as divide the batch, on every device alike, with at most _TILE times `weights` of them on each."""
    devices = math.gcd(batch, jax.device_count())
    most = max(1, _TILE // weights)
    return devices * max(n for n in range(1, most + 1) if batch // devices % n == 0)


def _to_blocks(x, kv_heads, rows, block):
    """[B, S, N, H] -> [steps, blocks, rows, K, M block, H]: the queries of the M = N / K heads that read the same keys
    in one axis. Rows are strided, so that each device works on rows of its own in every step."""
    x = jnp.pad(x, [(0, 0), (0, -x.shape[1] % block), (0, 0), (0, 0)])
    x = x.reshape(rows, x.shape[0] // rows, -1, block, kv_heads, x.shape[2] // kv_heads, x.shape[3])
    x = x.transpose(1, 2, 0, 4, 5, 3, 6)
    return x.reshape(*x.shape[:4], -1, x.shape[-1])


def _from_blocks(x, length, block):
    """Inverse of `_to_blocks`."""
    steps, blocks, rows, _, _, width = x.shape
    x = x.reshape(*x.shape[:4], -1, block, width).transpose(2, 0, 1, 5, 3, 4, 6)
    return x.reshape(rows * steps, blocks * block, -1, width)[:, :length]


def _segment_blocks(segments, batch, length, rows, block):
    """Segments [steps, blocks, rows, block], padded; without segments, all of a row is one."""
    padding = [(0, 0), (0, -length % block)]

    def split(x):
        return jnp.pad(x, padding).reshape(rows, batch // rows, -1, block).transpose(1, 2, 0, 3)

    if segments is None:  # the same for every row, so that nothing has to be agreed on between devices
        own = jnp.pad(jnp.ones((1, length), jnp.int32), padding).reshape(1, -1, 1, block)
        own = jnp.broadcast_to(own, (batch // rows, *own.shape[1:]))
        return Segments(own, own)
    own = split(segments.own)
    return Segments(own, own if segments.prompt is None else split(segments.prompt))


def _visible_pairs(segments):
    """(query blocks [pairs], key blocks [pairs], count): the first `count` pairs are those of which a row may see
    something.
    """
    low, high = (
        f(jnp.where(segments.own > 0, segments.own, other), axis=-1) for f, other in ((jnp.min, 2**30), (jnp.max, 0))
    )
    prompt_low, prompt_high = (f(jnp.where(segments.own > 0, segments.prompt, other), axis=-1)
                               for f, other in ((jnp.min, 2**30), (jnp.max, 0)))  # fmt: skip

    def overlap(low_1, high_1):  # [blocks, R] of queries, with the keys' range -> [blocks, blocks, R]
        return (low_1[:, None] <= high[None]) & (low[None] <= high_1[:, None])

    num_blocks = low.shape[0]
    visible = jnp.any(overlap(low, high) | overlap(prompt_low, prompt_high), axis=-1) & jnp.tri(num_blocks, dtype=bool)
    first = jnp.argsort(~visible.reshape(-1), stable=True)
    return first // num_blocks, first % num_blocks, jnp.sum(visible)


def _mask(segments, i, j, heads):
    """[R, 1, heads block, block] True where a query of block i sees a key of block j."""
    block = segments.own.shape[-1]
    place = jnp.arange(block)
    causal = j * block + place[None, :] <= i * block + place[:, None]
    seen = segments.own[j][:, None, :]
    related = (segments.own[i][:, :, None] == seen) | (segments.prompt[i][:, :, None] == seen)
    return jnp.tile(causal[None] & related & (seen > 0), (1, heads, 1))[:, None]


_product = functools.partial(jnp.einsum, preferred_element_type=jnp.float32)


def _forward_rows(query, key, value, segments):
    """query [blocks, R, K, M block, H], key, value [blocks, R, K, block, H] -> (out as query, log-normaliser)."""
    query_blocks, key_blocks, count = _visible_pairs(segments)
    scale, heads = query.shape[-1] ** -0.5, query.shape[3] // key.shape[3]

    def add_pair(number, carry):
        maximum, total, out = carry
        i, j = query_blocks[number], key_blocks[number]
        score = _product("rkqh,rkth->rkqt", query[i], key[j]) * scale
        score = jnp.where(_mask(segments, i, j, heads), score, _MASKED)
        new_maximum = jnp.maximum(maximum[i], jnp.max(score, axis=-1))
        weight = jnp.exp(score - new_maximum[..., None])
        shrink = jnp.exp(maximum[i] - new_maximum)
        total = total.at[i].set(total[i] * shrink + jnp.sum(weight, axis=-1))
        more = _product("rkqt,rkth->rkqh", weight.astype(value.dtype), value[j])
        return maximum.at[i].set(new_maximum), total, out.at[i].set(out[i] * shrink[..., None] + more)

    # A query that has seen nothing yet has maximum _MASKED and junk in the sums, which the first key it sees shrinks to
    # 0.
    zero = jnp.zeros(query.shape[:-1], jnp.float32)
    carry = zero + _MASKED, zero, jnp.zeros(query.shape, jnp.float32)
    maximum, total, out = jax.lax.fori_loop(0, count, add_pair, carry)
    sees = maximum > _MASKED
    total = jnp.where(sees, total, 1.0)
    return jnp.where(sees[..., None], out / total[..., None], 0.0).astype(query.dtype), maximum + jnp.log(total)


def _backward_rows(query, key, value, segments, out, normalizer, out_grad):
    """Shapes as in `_forward_rows` -> gradients of query, key, value."""
    query_blocks, key_blocks, count = _visible_pairs(segments)
    scale, heads, dtype = query.shape[-1] ** -0.5, query.shape[3] // key.shape[3], query.dtype
    # per query, sum_t weight_t d loss / d weight_t
    mean_grad = jnp.sum(out.astype(jnp.float32) * out_grad.astype(jnp.float32), axis=-1)

    def add_pair(number, carry):
        query_grad, key_grad, value_grad = carry
        i, j = query_blocks[number], key_blocks[number]
        weight = jnp.exp(_product("rkqh,rkth->rkqt", query[i], key[j]) * scale - normalizer[i][..., None])
        weight = jnp.where(_mask(segments, i, j, heads), weight, 0.0)
        weight_grad = _product("rkqh,rkth->rkqt", out_grad[i], value[j])
        score_grad = (weight * (weight_grad - mean_grad[i][..., None]) * scale).astype(dtype)
        query_grad = query_grad.at[i].add(_product("rkqt,rkth->rkqh", score_grad, key[j]))
        key_grad = key_grad.at[j].add(_product("rkqt,rkqh->rkth", score_grad, query[i]))
        value_grad = value_grad.at[j].add(_product("rkqt,rkqh->rkth", weight.astype(dtype), out_grad[i]))
        return query_grad, key_grad, value_grad

    zeros = tuple(jnp.zeros(x.shape, jnp.float32) for x in (query, key, value))
    return tuple(x.astype(dtype) for x in jax.lax.fori_loop(0, count, add_pair, zeros))
