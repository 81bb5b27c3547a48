"""Qwen3-family decoder in Flax Linen: parameters and whole-row forward. What sampling runs is `kpo_jax.decoding`.

The same code is Qwen3 (`qk_norm`), Qwen2.5 (`qkv_bias`, no `qk_norm`) and Llama without rope scaling (neither).
Parameters carry Hugging Face's names; projections keep their heads apart and a leading layer axis L:

    embed_tokens [V, D]   lm_head [V, D] (untied only)   norm [D]
    layers / input_layernorm, post_attention_layernorm [L, D]
           / self_attn / q_proj [L, D, N, H]   k_proj, v_proj [L, D, K, H]   o_proj [L, N, H, D]
                       / q_bias [L, N, H]      k_bias, v_bias [L, K, H]      q_norm, k_norm [L, H]
           / mlp / gate_proj, up_proj [L, D, F]   down_proj [L, F, D]
"""

import functools
import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from kpo_jax.model.attention import ATTENTION_OUTPUT, Segments, causal_attention
from kpo_jax.model.config import ModelConfig

_WEIGHT_PRODUCTS = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
_REMAT_POLICIES = {
    "full": None,
    "attention": _WEIGHT_PRODUCTS,
    "elementwise": jax.checkpoint_policies.save_from_both_policies(
        _WEIGHT_PRODUCTS, jax.checkpoint_policies.save_only_these_names(ATTENTION_OUTPUT)
    ),
}


def rms_norm(x, weight, eps):
    x32 = x.astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.mean(jnp.square(x32), axis=-1, keepdims=True) + eps)
    weight = weight.astype(jnp.float32).reshape((1,) * (x.ndim - 1) + (-1,))
    return (x32 * scale * weight).astype(x.dtype)


def product(x, weight):
    """x [B, S, D] times weight [D, ...]: all tokens in one axis, where XLA makes a weight's gradient without
    transposing x first.
    """
    flat = x.reshape(-1, x.shape[-1]) @ weight.reshape(x.shape[-1], -1)
    return flat.reshape(*x.shape[:-1], *weight.shape[1:])


def rotary_table(config, positions):
    """cos and sin [B, S, 1, H/2] in float32; bfloat16 angles would blur positions beyond 256."""
    exponent = jnp.arange(0, config.head_dim, 2, dtype=jnp.float32) / config.head_dim
    frequency = (config.rope_theta**-exponent)[None, None, None, :]
    angle = positions.astype(jnp.float32)[:, :, None, None] * frequency
    return jnp.cos(angle), jnp.sin(angle)


def rotate(x, cos, sin):
    """Rotary embedding of x [B, S, heads, H] in the half-split (NeoX) pairing: element i turns with element i + H/2."""
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1).astype(x.dtype)


def _fan_in_normal(fan_in):
    # The two projections that write to the residual stream count its 2 L terms in their fan-in.
    return nn.initializers.normal(fan_in**-0.5)


class _Parameters(nn.Module):
    """Base of the modules: how they declare parameters."""

    config: ModelConfig

    def stored(self, name, shape, axes, init):
        """A parameter with logical axis names, in param_dtype."""
        return self.param(name, nn.with_logical_partitioning(init, axes), shape, jnp.dtype(self.config.param_dtype))

    def weight(self, *args):
        """The same, cast to dtype."""
        return self.stored(*args).astype(self.config.dtype)

    def norm(self, x, name):
        return rms_norm(x, self.weight(name, (x.shape[-1],), ("norm",), nn.initializers.ones), self.config.norm_eps)


class Attention(_Parameters):
    """Grouped-query self-attention with rotary positions."""

    @nn.compact
    def __call__(self, x, rotary, segments):
        """x [B, S, D] -> [B, S, D]."""
        config = self.config
        query = self._project(x, "q", config.num_heads, "heads")
        key = self._project(x, "k", config.num_kv_heads, "kv_heads")
        value = self._project(x, "v", config.num_kv_heads, "kv_heads")
        if config.qk_norm:
            query, key = self.norm(query, "q_norm"), self.norm(key, "k_norm")
        out = causal_attention(rotate(query, *rotary), rotate(key, *rotary), value, segments)
        shape = (config.num_heads, config.head_dim, config.hidden_size)
        init = _fan_in_normal(config.num_heads * config.head_dim * 2 * config.num_layers)
        weight = self.weight("o_proj", shape, ("heads", "head_dim", "embed"), init)
        return product(out.reshape(*x.shape[:2], -1), weight.reshape(-1, config.hidden_size))

    def _project(self, x, name, heads, axis):
        config = self.config
        shape, axes = (config.hidden_size, heads, config.head_dim), ("embed", axis, "head_dim")
        out = product(x, self.weight(f"{name}_proj", shape, axes, _fan_in_normal(shape[0])))
        if config.qkv_bias:
            out += self.weight(f"{name}_bias", shape[1:], axes[1:], nn.initializers.zeros)[None, None]
        return out


class MLP(_Parameters):
    """SwiGLU."""

    @nn.compact
    def __call__(self, x):
        width, inner, depth = self.config.hidden_size, self.config.intermediate_size, self.config.num_layers
        gate = self.weight("gate_proj", (width, inner), ("embed", "mlp"), _fan_in_normal(width))
        up = self.weight("up_proj", (width, inner), ("embed", "mlp"), _fan_in_normal(width))
        down = self.weight("down_proj", (inner, width), ("mlp", "embed"), _fan_in_normal(inner * 2 * depth))
        return product(nn.silu(product(x, gate)) * product(x, up), down)


class Layer(_Parameters):
    """The scanned block: x [B, S, D] -> (x, None)."""

    @nn.compact
    def __call__(self, x, rotary, segments):
        x = x + Attention(self.config, name="self_attn")(self.norm(x, "input_layernorm"), rotary, segments)
        return x + MLP(self.config, name="mlp")(self.norm(x, "post_attention_layernorm")), None


class Decoder(_Parameters):
    """Embedding, one scan over the layers, final norm."""

    @nn.compact
    def __call__(self, tokens, positions, segments=None):
        """tokens, positions [B, S] -> hidden [B, S, D] under causal attention."""
        config = self.config
        shape, axes, init = (config.vocab_size, config.hidden_size), ("vocab", "embed"), nn.initializers.normal(0.02)
        embedding = self.stored("embed_tokens", shape, axes, init)
        if not config.tie_embeddings:
            self.stored("lm_head", shape, axes, init)
        # Clip, so that a junk token id under the padding cannot become NaN and reach valid places as 0 * NaN.
        # Cast after the look-up, so that the gradients of a token's occurrences add up in param_dtype.
        x = embedding.at[tokens].get(mode="clip").astype(config.dtype)
        layer = Layer
        if config.remat != "none":
            layer = nn.remat(Layer, policy=_REMAT_POLICIES[config.remat], prevent_cse=False)
        layers = nn.scan(
            layer,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            in_axes=(nn.broadcast, nn.broadcast),
            length=config.num_layers,
            metadata_params={nn.PARTITION_NAME: "layers"},
        )
        x, _ = layers(config, name="layers")(x, rotary_table(config, positions), segments)
        return self.norm(x, "norm")


def init_params(config: ModelConfig, key: jax.Array) -> dict[str, Any]:
    """Random parameters, a plain nested dict of arrays in `config.param_dtype`. Jit it with out_shardings to shard."""
    return nn.meta.unbox(_init_boxed(config, key))


def param_axes(config: ModelConfig) -> dict[str, Any]:
    """The tree of `init_params` with a PartitionSpec of logical axis names at each leaf; allocates nothing.

    The names: vocab, embed, heads, kv_heads, head_dim, mlp, layers, norm.
    """
    return nn.get_partition_spec(jax.eval_shape(lambda: _init_boxed(config, jax.random.key(0))))


@functools.partial(jax.jit, static_argnums=0)  # so that the forward pass, which init traces, is never run
def _init_boxed(config, key):
    token = jnp.zeros((1, 1), jnp.int32)
    return Decoder(config).init(key, token, token)["params"]


def num_params(config: ModelConfig) -> int:
    """Number of parameters; tied embeddings count once. Allocates nothing."""
    shapes = jax.eval_shape(lambda: init_params(config, jax.random.key(0)))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def head_weight(config: ModelConfig, params) -> jax.Array:
    """The output head [V, D] in param_dtype: the embedding where they are tied."""
    return params["embed_tokens" if config.tie_embeddings else "lm_head"]


def logits(config: ModelConfig, params, hidden: jax.Array) -> jax.Array:
    """hidden [..., D] -> float32 logits [..., V]."""
    head = head_weight(config, params).astype(config.dtype)
    return jnp.einsum("...d,vd->...v", hidden, head, preferred_element_type=jnp.float32)


def hidden_states(
    config: ModelConfig, params, tokens: jax.Array, positions: jax.Array, segments: Segments | None = None
) -> jax.Array:
    """Final-norm hidden states [B, S, D] in `config.dtype` of whole rows under causal attention.

    Rows are right-padded and without gaps, so a valid token never sees padding and no mask is needed. What stands
    in the padding changes nothing at valid places.

    Args:
      tokens: [B, S] int32.
      positions: [B, S] int32, counted from 0 at each sequence's first token.
      segments: where a row holds several sequences, what each token sees.
    """
    return Decoder(config).apply({"params": params}, tokens, positions, segments)
