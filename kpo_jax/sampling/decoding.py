"""The decoder as sampling runs it: whole prompts once, for their keys and values, then one token per row against
caches.

A row attends to a prompt, whose keys and values are held once for all the rows that share it, and to its own tokens.
Those lie in a ring of C columns: in every step all rows write the same column, and a row of age n owns the last n + 1
columns written, wherever its neighbours began. So rows of any age share one batch, a column is written without a
scatter, and a row is replaced by setting its age to 0.

The ring's keys lie in segments of a few columns, [H, columns of the segment], so that the products with one query per
row run along contiguous memory in the order of memory; one long [H, C] is read at a third of the speed once it has left
a CPU's cache.

Layers are unrolled, with weights and caches of their own: what a scan slices out of a stack it copies, every step anew.
"""

from typing import Any

import jax
import jax.numpy as jnp

from kpo_jax.model import decoder as model
from kpo_jax.model.attention import causal_attention
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.decoder import rms_norm, rotary_table, rotate
from kpo_jax.records import KVCache

_MASKED = -1e30

# Logical axes of the weights of `decode_weights`, as in `model.param_axes`; what is not here is whole on every device.
WEIGHT_AXES = {
    "embed_tokens": ("vocab",),
    "head": (None, "vocab"),
    "qkv_proj": (None, "kv_heads"),
    "qkv_bias": ("kv_heads",),
    "o_proj": ("kv_heads",),
    "gate_up_proj": (None, None, "mlp"),
    "down_proj": ("mlp",),
}


def decode_weights(config: ModelConfig, params) -> dict[str, Any]:
    """The parameters in `config.dtype`, layer by layer, projections of one input side by side. M = N / K below.

    qkv_proj [D, K, M + 2, H]: of every key head its M queries, its key, its value; qkv_bias [K, M + 2, H] likewise.
    o_proj [K * M * H, D], gate_up_proj [D, 2, F], down_proj [F, D], head [D, V], embed_tokens and the norms as in
    `params`.
    """
    heads = (config.num_kv_heads, -1, config.head_dim)  # [K, M, H], M = 1 for keys and values
    params = jax.tree.map(lambda x: x.astype(config.dtype), params)

    def by_key_head(attention, kind):
        parts = [attention[f"{name}_{kind}"] for name in "qkv"]
        return jnp.concatenate([x.reshape(*x.shape[:-2], *heads) for x in parts], axis=-2)

    def one(layer):
        attention, mlp = layer["self_attn"], layer["mlp"]
        out = {name: layer[name] for name in ("input_layernorm", "post_attention_layernorm")}
        out |= {name: attention[name] for name in ("q_norm", "k_norm") if config.qk_norm}
        if config.qkv_bias:
            out["qkv_bias"] = by_key_head(attention, "bias")
        return out | dict(
            qkv_proj=by_key_head(attention, "proj"),
            o_proj=attention["o_proj"].reshape(
                -1, config.hidden_size
            ),  # with its axes apart XLA would transpose it in every step
            gate_up_proj=jnp.stack([mlp["gate_proj"], mlp["up_proj"]], axis=1),
            down_proj=mlp["down_proj"],
        )

    layers = [one(jax.tree.map(lambda x, i=i: x[i], params["layers"])) for i in range(config.num_layers)]
    # As [V, D] a CPU takes three times as long for a few rows. Where the embeddings are tied this is a second copy of
    # them.
    head = model.head_weight(config, params).T
    return {"embed_tokens": params["embed_tokens"], "norm": params["norm"], "head": head, "layers": layers}


def empty_ring(config: ModelConfig, batch: int, segments: int, width: int) -> KVCache:
    """`batch` rows of C = segments * width columns in `config.dtype`, nothing written: keys [B, K, segments, H,
    width].
    """
    # Zeros: what is masked must still be finite.
    rows, layers = (batch, config.num_kv_heads), range(config.num_layers)
    return KVCache(
        keys=tuple(jnp.zeros((*rows, segments, config.head_dim, width), config.dtype) for _ in layers),
        values=tuple(jnp.zeros((*rows, segments * width, config.head_dim), config.dtype) for _ in layers),
    )


def prefill(config: ModelConfig, weights, tokens: jax.Array) -> KVCache:
    """The cache of right-padded prompts [B, P], keys [B, K, H, P]; junk in the padding. `weights` are those of
    `decode_weights`.
    """
    batch, length = tokens.shape
    rotary = rotary_table(config, jnp.tile(jnp.arange(length), batch)[:, None])
    x = _embed(weights, tokens.reshape(-1))  # [B * P, D]
    keys, values = [], []
    for layer in weights["layers"]:
        query, key, value = (y.reshape(batch, length, -1, config.head_dim) for y in _project(config, layer, x, rotary))
        keys.append(jnp.moveaxis(key, 1, 3))
        values.append(jnp.moveaxis(value, 1, 2))
        # Of the last layer nobody asks for this, and XLA leaves it out.
        x = _add_layer(config, layer, x, causal_attention(query, key, value))
    return KVCache(tuple(keys), tuple(values))


def decode_step(
    config: ModelConfig, weights, tokens: jax.Array, positions: jax.Array, ages: jax.Array, column: jax.Array,
    prompt: KVCache, prompt_lengths: jax.Array, response: KVCache,
) -> tuple[jax.Array, KVCache]:  # fmt: skip
    """Runs one token of every row: writes its keys and values, and attends to the prompt and to the row's own tokens.

    Args:
      weights: of `decode_weights`.
      tokens, positions: [B] int32; B = P' * G, and row b shares prompt b // G. Positions count from 0 at the prompt's
        first token.
      ages: [B] int32, in [0, C): how many columns before this one are the row's own.
      column: [] int32 in [0, C), the column to write: one after the last one, the first after C - 1.
      prompt: cache of P' prompts, only read, of which row p's first prompt_lengths[p] columns are attended (there may
        be none). Both caches must be finite everywhere: what is masked has weight 0.
      response: ring of B rows of C columns.

    Returns:
      hidden [B, D], from which the next token is predicted, and the response cache with `column` written.
    """
    batch, num_prompts = tokens.shape[0], prompt_lengths.shape[0]
    if batch % num_prompts:
        raise ValueError(f"decode_step: {batch} rows must be a multiple of the {num_prompts} prompts they share")
    length = response.values[0].shape[2]
    own = (column - jnp.arange(length)[None, :]) % length <= ages[:, None]  # [B, C]
    in_prompt = jnp.arange(prompt.values[0].shape[2])[None, :] < prompt_lengths[:, None]  # [P', P]
    rotary = rotary_table(config, positions[:, None])
    x = _embed(weights, tokens)
    keys, values = [], []
    for i, layer in enumerate(weights["layers"]):
        query, key, value = _project(config, layer, x, rotary)
        width = response.keys[i].shape[-1]
        place = (0, 0, column // width, 0, column % width)
        keys.append(jax.lax.dynamic_update_slice(response.keys[i], key[:, :, None, :, None], place))
        values.append(jax.lax.dynamic_update_slice(response.values[i], value[:, :, None], (0, 0, column, 0)))
        out = _attend(query, (prompt.keys[i], prompt.values[i], in_prompt), (keys[i], values[i], own))
        x = _add_layer(config, layer, x, out)
    return rms_norm(x, weights["norm"], config.norm_eps), KVCache(tuple(keys), tuple(values))


def logits(weights, hidden: jax.Array) -> jax.Array:
    """hidden [B, D] of `decode_step` -> float32 logits [B, V]."""
    return jnp.einsum("bd,dv->bv", hidden, weights["head"], preferred_element_type=jnp.float32)


def _embed(weights, tokens):
    return weights["embed_tokens"].at[tokens].get(mode="clip")


def _project(config, layer, x, rotary):
    """x [B, D], the residual stream -> query [B, K, M, H], key and value [B, K, H], the first two normalised and
    rotated.
    """
    out = jnp.einsum("bd,dkmh->bkmh", rms_norm(x, layer["input_layernorm"], config.norm_eps), layer["qkv_proj"])
    if config.qkv_bias:
        out += layer["qkv_bias"][None]
    query, key, value = out[:, :, :-2], out[:, :, -2:-1], out[:, :, -1]
    if config.qk_norm:
        query, key = (rms_norm(y, layer[name], config.norm_eps) for y, name in ((query, "q_norm"), (key, "k_norm")))
    return rotate(query, *rotary), rotate(key, *rotary)[:, :, 0], value


def _add_layer(config, layer, x, attention):
    """x [B, D] with what the layer adds, given its `attention` [B, ...], of any shape."""
    x += attention.reshape(x.shape[0], -1) @ layer["o_proj"]
    hidden = rms_norm(x, layer["post_attention_layernorm"], config.norm_eps)
    gate_up = jnp.einsum("bd,dcf->bcf", hidden, layer["gate_up_proj"])
    return x + (jax.nn.silu(gate_up[:, 0]) * gate_up[:, 1]) @ layer["down_proj"]


def _attend(query, prompt, response):
    """One softmax over a shared prompt and a row's own columns: query [B, K, M, H] -> out as query.

    `prompt` and `response` are (keys, values, mask [rows, columns]) of P' and of B rows, keys as in `prefill` and
    `empty_ring`. The queries of all G rows of a prompt meet its keys in one matrix product: it is read once per group.
    Scores and weights are float32 whatever the dtype.
    """
    num_prompts, kv_heads = prompt[0].shape[:2]
    batch, _, per_head, _ = query.shape

    def by_prompt(x):  # [B, K, M, ...] -> [P', K, G * M, ...]
        x = jnp.moveaxis(x.reshape(num_prompts, -1, kv_heads, *x.shape[2:]), 1, 2)
        return x.reshape(num_prompts, kv_heads, -1, *x.shape[4:])

    def by_row(x):  # the inverse
        x = jnp.moveaxis(x.reshape(num_prompts, kv_heads, -1, per_head, *x.shape[3:]), 2, 1)
        return x.reshape(batch, kv_heads, per_head, *x.shape[4:])

    shared = _masked(
        jnp.einsum("bkmh,bkhp->bkmp", by_prompt(query), prompt[0], preferred_element_type=jnp.float32), prompt[2]
    )
    # One query per key: a product of matrices has nothing to reuse, and a sum over H fuses with what follows.
    own = jnp.sum(query[:, :, :, None, :, None].astype(jnp.float32) * response[0][:, :, None], axis=-2)
    own = _masked(own.reshape(*query.shape[:3], -1), response[2])
    scale = query.shape[-1] ** -0.5
    maximum = jnp.maximum(by_row(jnp.max(shared, axis=-1)), jnp.max(own, axis=-1))
    shared = jnp.exp((shared - by_prompt(maximum)[..., None]) * scale)
    own = jnp.exp((own - maximum[..., None]) * scale)
    total = by_row(jnp.sum(shared, axis=-1)) + jnp.sum(own, axis=-1)
    out = by_row(_mix(shared, prompt)) + _mix(own, response)
    return (out / total[..., None]).astype(query.dtype)


def _masked(score, mask):
    """score [rows, K, M, columns] where mask [rows, columns]."""
    return jnp.where(mask[:, None, None, :], score, _MASKED)


def _mix(weight, cache):
    _, values, _ = cache
    return jnp.einsum("bkmc,bkch->bkmh", weight.astype(values.dtype), values, preferred_element_type=jnp.float32)
