"""The parts of a layer, as the decoder and the decode step both compute them; which of them a model has says its
family.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name

from kpo_jax.model.attention import ATTENTION_OUTPUT, Segments
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.families import Family

ACTIVATIONS = {"silu": jax.nn.silu, "gelu_pytorch_tanh": functools.partial(jax.nn.gelu, approximate=True)}


def add_parts(family: Family, x, norm, attention, mlp):
    """The residual stream after a layer. norm(x, name) normalises by the weight of that name; attention and mlp are
    functions of what they read.
    """

    def normed(x, name):
        return norm(x, name) if name else x

    x = x + normed(attention(normed(x, family.before_attention)), family.after_attention)
    return x + normed(mlp(normed(x, family.before_mlp)), family.after_mlp)


def rms_norm(x, weight, eps, offset=0.0):
    """x over its root mean square in the last axis, times weight + offset, in float32."""
    x32 = x.astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.mean(jnp.square(x32), axis=-1, keepdims=True) + eps)
    weight = weight.astype(jnp.float32).reshape((1,) * (x.ndim - 1) + (-1,))
    if offset:
        weight = weight + offset
    return (x32 * scale * weight).astype(x.dtype)


def norm_heads(family: Family, x, norm, token_axes):
    """Queries or keys x [tokens, heads, H] normalised by the function `norm`, as the family does. So many of the
    leading axes are of tokens; heads may be in several.
    """
    if family.qk_norm == "token":
        return norm(x.reshape(*x.shape[:token_axes], -1)).reshape(x.shape)
    return norm(x) if family.qk_norm == "head" else x


def scale_embedding(config: ModelConfig, x):
    """Embeddings [..., D] as the first layer reads them."""
    return x * jnp.asarray(math.sqrt(config.hidden_size), x.dtype) if config.description.scaled_embedding else x


# ------------------------------------------------------------------------------------------------------------ positions


def rotary_table(config: ModelConfig, positions, kind="g"):
    """cos and sin [B, S, 1, R/2] in float32 for layers of that kind, of which R features of a head turn; bfloat16
    angles would blur positions beyond 256. None where a layer has no positions.
    """
    if kind == "n":
        return None
    scaled, theta = config.rope_scaling.kind != "none", config.rope_theta
    if kind == "l" and config.local_rope_theta:
        scaled, theta = False, config.local_rope_theta
    if scaled:
        frequency = jnp.asarray(scaled_frequencies(config), jnp.float32)
    else:
        exponent = jnp.arange(0, config.rotary_dim, 2, dtype=jnp.float32) / config.rotary_dim
        frequency = theta**-exponent
    angle = positions.astype(jnp.float32)[:, :, None, None] * frequency[None, None, None, :]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    if scaled and config.rope_scaling.attention_factor != 1.0:
        cos, sin = (x * config.rope_scaling.attention_factor for x in (cos, sin))
    return cos, sin


def scaled_frequencies(config: ModelConfig) -> np.ndarray:
    """[R/2] angles per token under `config.rope_scaling`; as transformers.modeling_rope_utils has them."""
    how = config.rope_scaling
    pairs = np.arange(config.rotary_dim // 2)
    frequency = config.rope_theta ** (-2.0 * pairs / config.rotary_dim)
    if how.kind == "longrope":
        return frequency / np.array(how.factors)
    if how.kind == "linear":
        return frequency / how.factor
    if how.kind == "llama3":  # blended in the number of turns
        turns = how.original_length * frequency / (2 * math.pi)
        kept = np.clip((turns - how.slow_turns) / (how.fast_turns - how.slow_turns), 0, 1)
    else:  # in the number of the pair, between whole pairs

        def pair_that_turns(times):
            return len(pairs) * math.log(how.original_length / (times * 2 * math.pi)) / math.log(config.rope_theta)

        first = max(math.floor(pair_that_turns(how.fast_turns)), 0)
        last = min(math.ceil(pair_that_turns(how.slow_turns)), config.rotary_dim - 1)
        kept = 1 - np.clip((pairs - first) / max(last - first, 1e-3), 0, 1)
    return frequency * (kept + (1 - kept) / how.factor)


def rotate(x, table):
    """Rotary embedding of x [B, S, heads, H] in the half-split (NeoX) pairing: of the R features that turn, element i
    turns with element i + R/2. `table` is that of `rotary_table`.
    """
    if table is None:
        return x
    cos, sin = table
    turning = 2 * cos.shape[-1]
    rest = x[..., turning:]
    first, second = jnp.split(x[..., :turning].astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1).astype(x.dtype)
    return jnp.concatenate([turned, rest], axis=-1) if rest.shape[-1] else turned


def windowed_attention(query, key, value, positions, window, segments: Segments | None = None):
    """`attention.causal_attention` in which a token sees only those less than `window` positions before it.

    Weights of whole rows in plain XLA: memory grows with the square of their length. positions [B, S] count within a
    sequence, so that a response is as far from a shared prompt as if it stood behind it.
    """
    column = jnp.arange(query.shape[1])
    seen = (column[None, :] <= column[:, None])[None] & (positions[:, :, None] - positions[:, None, :] < window)
    if segments is not None:
        own = segments.own[:, None, :]
        related = segments.own[:, :, None] == own
        if segments.prompt is not None:
            related |= segments.prompt[:, :, None] == own
        seen &= related
    out = jax.nn.dot_product_attention(query, key, value, mask=seen[:, None], implementation="xla")
    return checkpoint_name(out, ATTENTION_OUTPUT)


# -------------------------------------------------------------------------------------------------------------- experts


def mix_experts(config: ModelConfig, x, router, gate, up, down):
    """Of each token the weighted sum of what its experts make of it: x [T, D] -> [T, D].

    router [D, E], gate and up [E, D, F], down [E, F, D]. The weights are those of the softmax over all experts, over
    their sum. Tokens are sorted by expert, so that each expert's are one matrix product (jax.lax.ragged_dot).
    """
    chosen, activation = config.experts_per_token, ACTIVATIONS[config.description.activation]
    probability = jax.nn.softmax((x @ router).astype(jnp.float32), axis=-1)
    weight, expert = jax.lax.top_k(probability, chosen)  # [T, chosen]
    weight = (weight / jnp.sum(weight, axis=-1, keepdims=True)).astype(x.dtype)
    expert = expert.reshape(-1)
    order = jnp.argsort(expert, stable=True)
    sizes = jnp.bincount(expert, length=config.num_experts).astype(jnp.int32)
    rows = jnp.repeat(x, chosen, axis=0).at[order].get(unique_indices=True)
    hidden = activation(jax.lax.ragged_dot(rows, gate, sizes)) * jax.lax.ragged_dot(rows, up, sizes)
    out = jax.lax.ragged_dot(hidden, down, sizes).at[jnp.argsort(order)].get(unique_indices=True)
    return jnp.sum(out.reshape(-1, chosen, x.shape[-1]) * weight[:, :, None], axis=1)
