"""Qwen3-family decoder in Flax Linen: parameters, whole-row forward, prefill, and decoding over a shared prompt cache.

The same code is Qwen3 (`qk_norm`), Qwen2.5 (`qkv_bias`, no `qk_norm`) and Llama without rope scaling (neither).
The module holds parameters and nothing else: caches go in as arguments and come out as results. `hidden_states`,
`prefill` and `decode_step` are the three ways through it.

Parameters carry Hugging Face's names; projections keep their heads apart and a leading layer axis L:

    embed_tokens [V, D]   lm_head [V, D] (untied only)   norm [D]
    layers / input_layernorm, post_attention_layernorm [L, D]
           / self_attn / q_proj [L, D, N, H]   k_proj, v_proj [L, D, K, H]   o_proj [L, N, H, D]
                       / q_bias [L, N, H]      k_bias, v_bias [L, K, H]      q_norm, k_norm [L, H]
           / mlp / gate_proj, up_proj [L, D, F]   down_proj [L, F, D]
"""

import dataclasses
import functools
import math
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from kpo_jax.attention import ATTENTION_OUTPUT, causal_attention
from kpo_jax.types import KVCache

DTYPES = ("float32", "bfloat16")
_WEIGHT_PRODUCTS = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
_REMAT_POLICIES = {
    "full": None,
    "attention": _WEIGHT_PRODUCTS,
    "elementwise": jax.checkpoint_policies.save_from_both_policies(
        _WEIGHT_PRODUCTS, jax.checkpoint_policies.save_only_these_names(ATTENTION_OUTPUT)
    ),
}


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Architecture and numerics of one decoder.

    Attributes:
      num_heads, num_kv_heads, head_dim: num_heads * head_dim need not equal hidden_size.
      qk_norm: RMS-normalise queries and keys per head (Qwen3).
      qkv_bias: biases on the query, key and value projections (Qwen2.5).
      dtype: computation and caches; softmax, rotary angles, norms' statistics and logits are float32 in any case.
      param_dtype: storage of the parameters; they are cast to `dtype` where they are used.
      remat: what the backward pass recomputes in a layer: "none"; "elementwise", all but matrix products and attention, which costs
        little time and saves much memory; "attention", that too; "full", everything.

    Raises:
      ValueError: lists every illegal field.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    rope_theta: float = 1e6
    norm_eps: float = 1e-6
    tie_embeddings: bool = True
    qk_norm: bool = True
    qkv_bias: bool = False
    dtype: str = "float32"
    param_dtype: str = "float32"
    remat: str = "elementwise"

    def __post_init__(self):
        errors = []
        for name in ("vocab_size", "hidden_size", "intermediate_size", "num_layers", "num_heads", "num_kv_heads",
                     "head_dim"):  # fmt: skip
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                errors.append(f"{name} = {value!r} must be a positive integer")
        if not errors and self.num_heads % self.num_kv_heads:
            errors.append(f"num_heads = {self.num_heads} must be a multiple of num_kv_heads = {self.num_kv_heads}")
        if not errors and self.head_dim % 2:
            errors.append(f"head_dim = {self.head_dim} must be even: rotary embedding turns pairs")
        for name in ("rope_theta", "norm_eps"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
                errors.append(f"{name} = {value!r} must be a positive finite number")
        for name, legal in (("dtype", DTYPES), ("param_dtype", DTYPES), ("remat", ("none", *_REMAT_POLICIES))):
            if getattr(self, name) not in legal:
                errors.append(f"{name} = {getattr(self, name)!r} must be one of {', '.join(legal)}")
        if errors:
            raise ValueError("ModelConfig: " + "; ".join(errors))


def _qwen3(hidden_size, intermediate_size, num_layers, num_heads, tie_embeddings):
    return ModelConfig(
        vocab_size=151_936, hidden_size=hidden_size, intermediate_size=intermediate_size, num_layers=num_layers,
        num_heads=num_heads, num_kv_heads=8, head_dim=128, tie_embeddings=tie_embeddings,
    )  # fmt: skip


# Sizes of the published models: the config.json of Qwen/Qwen3-0.6B ... Qwen/Qwen3-32B.
PRESETS: dict[str, ModelConfig] = {
    "tiny": ModelConfig(
        vocab_size=64, hidden_size=128, intermediate_size=384, num_layers=4, num_heads=4, num_kv_heads=2, head_dim=32
    ),
    "qwen3-tiny": ModelConfig(
        vocab_size=2048, hidden_size=256, intermediate_size=768, num_layers=6, num_heads=8, num_kv_heads=4, head_dim=32
    ),
    "qwen3-0.6b": _qwen3(1024, 3072, 28, 16, True),
    "qwen3-1.7b": _qwen3(2048, 6144, 28, 16, True),
    "qwen3-4b": _qwen3(2560, 9728, 36, 32, True),
    "qwen3-8b": _qwen3(4096, 12_288, 36, 32, False),
    "qwen3-14b": _qwen3(5120, 17_408, 40, 40, False),
    "qwen3-32b": _qwen3(5120, 25_600, 64, 64, False),
}


class _Decoding(NamedTuple):
    """What a decoding step tells every layer."""

    step: jax.Array  # [], the response column being written
    prompt_mask: jax.Array  # [P', P], True on prompt tokens


def _rms_norm(x, weight, eps):
    x32 = x.astype(jnp.float32)
    scale = jax.lax.rsqrt(jnp.mean(jnp.square(x32), axis=-1, keepdims=True) + eps)
    weight = weight.astype(jnp.float32).reshape((1,) * (x.ndim - 1) + (-1,))
    return (x32 * scale * weight).astype(x.dtype)


def _rotary_table(config, positions):
    """cos and sin [B, S, 1, H/2] in float32; bfloat16 angles would blur positions beyond 256."""
    exponent = jnp.arange(0, config.head_dim, 2, dtype=jnp.float32) / config.head_dim
    frequency = (config.rope_theta**-exponent)[None, None, None, :]
    angle = positions.astype(jnp.float32)[:, :, None, None] * frequency
    return jnp.cos(angle), jnp.sin(angle)


def _rotate(x, cos, sin):
    """Rotary embedding of x [B, S, heads, H] in the half-split (NeoX) pairing: element i turns with element i + H/2."""
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1).astype(x.dtype)


def _shared_prompt_attention(query, prompt_key, prompt_value, prompt_mask, key, value, step):
    """One token per row attends to its group's shared prompt and to its own response, under one joint softmax.

    The queries of a group meet the prompt's keys in one matrix product, so a prompt is read once per group.

    Args:
      query: [B, 1, N, H], prompt-major: rows g of prompt p are p * G ... p * G + G - 1.
      prompt_key, prompt_value: [P', P, K, H] with B = P' * G.
      prompt_mask: [P', P], True on prompt tokens.
      key, value: [B, T, K, H], columns up to and including `step` written.

    Returns:
      [B, 1, N, H].
    """
    batch, _, num_heads, head_dim = query.shape
    num_prompts, prompt_len, kv_heads, _ = prompt_key.shape
    grouped = (num_prompts, batch // num_prompts, kv_heads, num_heads // kv_heads)  # [P', G, K, M], M = N / K
    query = query.reshape(*grouped, head_dim)
    key, value = (x.reshape(*grouped[:2], *x.shape[1:]) for x in (key, value))  # [P', G, T, K, H]

    prompt_score = jnp.einsum("pgkmh,pskh->pgkms", query, prompt_key, preferred_element_type=jnp.float32)
    score = jnp.einsum("pgkmh,pgtkh->pgkmt", query, key, preferred_element_type=jnp.float32)
    prompt_score = jnp.where(prompt_mask[:, None, None, None, :], prompt_score, -jnp.inf)
    written = (jnp.arange(key.shape[2]) <= step)[None, None, None, None, :]
    score = jnp.where(written, score, -jnp.inf)
    weight = jax.nn.softmax(jnp.concatenate([prompt_score, score], axis=-1) * head_dim**-0.5, axis=-1)
    weight = weight.astype(value.dtype)
    out = jnp.einsum("pgkms,pskh->pgkmh", weight[..., :prompt_len], prompt_value, preferred_element_type=jnp.float32)
    out += jnp.einsum("pgkmt,pgtkh->pgkmh", weight[..., prompt_len:], value, preferred_element_type=jnp.float32)
    return out.reshape(batch, 1, num_heads, head_dim).astype(query.dtype)


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
        return _rms_norm(x, self.weight(name, (x.shape[-1],), ("norm",), nn.initializers.ones), self.config.norm_eps)


class Attention(_Parameters):
    """Grouped-query self-attention with rotary positions."""

    @nn.compact
    def __call__(self, x, rotary, attend):
        """x [B, S, D] -> ([B, S, D], what `attend` keeps). `attend(query, key, value) -> (out [B, S, N, H], kept)`."""
        config = self.config
        query = self._project(x, "q", config.num_heads, "heads")
        key = self._project(x, "k", config.num_kv_heads, "kv_heads")
        value = self._project(x, "v", config.num_kv_heads, "kv_heads")
        if config.qk_norm:
            query, key = self.norm(query, "q_norm"), self.norm(key, "k_norm")
        out, kept = attend(_rotate(query, *rotary), _rotate(key, *rotary), value)
        shape = (config.num_heads, config.head_dim, config.hidden_size)
        init = _fan_in_normal(config.num_heads * config.head_dim * 2 * config.num_layers)
        weight = self.weight("o_proj", shape, ("heads", "head_dim", "embed"), init)
        return jnp.einsum("bsnh,nhd->bsd", out, weight), kept

    def _project(self, x, name, heads, axis):
        config = self.config
        shape, axes = (config.hidden_size, heads, config.head_dim), ("embed", axis, "head_dim")
        out = jnp.einsum("bsd,dnh->bsnh", x, self.weight(f"{name}_proj", shape, axes, _fan_in_normal(shape[0])))
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
        return (nn.silu(x @ gate) * (x @ up)) @ down


class Layer(_Parameters):
    """The scanned block. The carry is (x, response cache or None)."""

    @nn.compact
    def __call__(self, carry, per_layer, rotary, segments, decoding):
        """per_layer: None, or (layer index, prompt key, prompt value) of this layer when decoding."""
        x, cache = carry

        def attend(query, key, value):
            if decoding is None:
                return causal_attention(query, key, value, segments), (key, value)
            index, prompt_key, prompt_value = per_layer
            start = (index, 0, decoding.step, 0, 0)
            keys, values = (jax.lax.dynamic_update_slice(old, new[None], start)
                            for old, new in zip(cache, (key, value), strict=True))  # fmt: skip
            out = _shared_prompt_attention(query, prompt_key, prompt_value, decoding.prompt_mask, keys[index],
                                           values[index], decoding.step)  # fmt: skip
            return out, (keys, values)

        out, kept = Attention(self.config, name="self_attn")(self.norm(x, "input_layernorm"), rotary, attend)
        x = x + out
        x = x + MLP(self.config, name="mlp")(self.norm(x, "post_attention_layernorm"))
        return ((x, None), kept) if decoding is None else ((x, kept), None)


class Decoder(_Parameters):
    """Embedding, one scan over the layers, final norm."""

    @nn.compact
    def __call__(self, tokens, positions, segments=None, cache=None, per_layer=None, decoding=None):
        """tokens, positions [B, S] -> (hidden [B, S, D], (key, value)), both [L, B, S, K, H].

        Without `decoding` the rows (or their `segments` [B, S]) attend causally to themselves and key, value are theirs. With it S = 1 and key,
        value are the response `cache` [L, B, T, K, H] with one more column. That cache travels in the scan's carry:
        as a scanned input and output it would be held twice.
        """
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
            in_axes=(0, nn.broadcast, nn.broadcast, nn.broadcast),
            length=config.num_layers,
            metadata_params={nn.PARTITION_NAME: "layers"},
        )
        rotary = _rotary_table(config, positions)
        (x, cache), whole_rows = layers(config, name="layers")((x, cache), per_layer, rotary, segments, decoding)
        return self.norm(x, "norm"), cache if decoding is not None else whole_rows


def _apply(config, params, *args):
    return Decoder(config).apply({"params": params}, *args)


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
    config: ModelConfig, params, tokens: jax.Array, positions: jax.Array, segments: jax.Array | None = None
) -> jax.Array:
    """Final-norm hidden states [B, S, D] in `config.dtype` of whole rows under causal attention.

    Rows are right-padded and without gaps, so a valid token never sees padding and no mask is needed. What stands
    in the padding changes nothing at valid places.

    Args:
      tokens: [B, S] int32.
      positions: [B, S] int32, counted from 0 at each row's (or segment's) first token.
      segments: [B, S] int32; a row may hold several sequences, each of which sees itself alone.
    """
    return _apply(config, params, tokens, positions, segments)[0]


def prefill(config: ModelConfig, params, tokens: jax.Array, lengths: jax.Array) -> tuple[jax.Array, KVCache]:
    """Runs right-padded prompts [B, P] of `lengths` [B] -> (hidden [B, P, D], their cache)."""
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1])[None, :], tokens.shape)
    hidden, (key, value) = _apply(config, params, tokens, positions)
    return hidden, KVCache(key, value, lengths)


def empty_cache(config: ModelConfig, batch: int, length: int) -> KVCache:
    """A response cache [L, batch, length, K, H] in `config.dtype` with nothing written."""
    shape = (config.num_layers, batch, length, config.num_kv_heads, config.head_dim)
    zeros = jnp.zeros(shape, config.dtype)
    return KVCache(zeros, zeros, jnp.zeros((batch,), jnp.int32))


def decode_step(
    config: ModelConfig, params, tokens: jax.Array, step: jax.Array, prompt: KVCache, response: KVCache
) -> tuple[jax.Array, KVCache]:
    """Runs response token `step` of every row: writes its keys and values, and attends to prompt and response.

    Args:
      tokens: [B] int32, prompt-major: B = P' * G.
      step: [] int32, the response column all rows write, in [0, T).
      prompt: cache of P' rows, each shared by its group of G rows and only read.
      response: cache of B rows of T columns, those before `step` written. Values in both caches must be finite
        everywhere: what is masked has weight 0.

    Returns:
      hidden [B, D], from which token step + 1 is predicted, and the response cache with column `step` written.
    """
    batch, num_prompts = tokens.shape[0], prompt.lengths.shape[0]
    if batch % num_prompts:
        raise ValueError(f"decode_step: {batch} rows must be a multiple of the {num_prompts} prompts they share")
    positions = jnp.repeat(prompt.lengths, batch // num_prompts) + step
    prompt_mask = jnp.arange(prompt.key.shape[2])[None, :] < prompt.lengths[:, None]
    per_layer = (jnp.arange(config.num_layers), prompt.key, prompt.value)
    decoding = _Decoding(step, prompt_mask)
    hidden, (key, value) = _apply(
        config, params, tokens[:, None], positions[:, None], None, (response.key, response.value), per_layer, decoding
    )
    return hidden[:, 0], KVCache(key, value, jnp.full_like(response.lengths, step + 1))
