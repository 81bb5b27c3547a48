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

import functools
from typing import Any

import jax
import jax.numpy as jnp

from kpo_jax.model import decoder as model
from kpo_jax.model import layers as parts
from kpo_jax.model.attention import causal_attention, platform
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.lora import merge
from kpo_jax.model.parameters import LORA
from kpo_jax.records import KVCache
from kpo_jax.sampling.int8 import dequantized, product, quantized

_MASKED = -1e30
_EXPERT = ("gate", "up", "down")  # what an expert is made of

# Logical axes of the weights of `decode_weights`, as in `model.parameters`; what is not here is whole on every device.
WEIGHT_AXES = {
    "embed_tokens": ("vocab",),
    "head": (None, "vocab"),
    "qkv_proj": (None, "kv_heads"),
    "qkv_bias": ("kv_heads",),
    "o_proj": ("kv_heads",),
    "gate_up_proj": (None, None, "mlp"),
    "down_proj": ("mlp",),
    "experts_gate": (None, None, "mlp"),
    "experts_up": (None, None, "mlp"),
    "experts_down": (None, "mlp"),
}
# The axis of a projection's inputs; what is here may be held in int8.
INPUT_AXIS = {"qkv_proj": 0, "o_proj": 0, "gate_up_proj": 0, "down_proj": 0} | {f"experts_{x}": 1 for x in _EXPERT}


def decode_weights(config: ModelConfig, params, int8: bool = False) -> dict[str, Any]:
    """The parameters in `config.dtype`, adapters merged, layer by layer, projections of one input side by side. M = N /
    K below. With `int8` the projections are `Int8`, made of what is merged before it is rounded to that dtype.

    qkv_proj [D, K, M + 2, H]: of every key head its M queries, its key, its value; qkv_bias [K, M + 2, H] likewise.
    o_proj [K * M * H, D], gate_up_proj [D, 2, F], down_proj [F, D], head [D, V], embed_tokens and the norms as in
    `params`; of a mixture router, experts_gate, experts_up and experts_down, as there too.
    """
    heads = (config.num_kv_heads, -1, config.head_dim)  # [K, M, H], M = 1 for keys and values
    adapters = params.get(LORA, {"layers": {}})["layers"]
    cast = functools.partial(jax.tree.map, lambda x: x.astype(config.dtype))

    def held(name, weight):
        return quantized(weight, INPUT_AXIS[name]) if int8 and name in INPUT_AXIS else cast(weight)

    def by_key_head(attention, kind):
        parts = [attention[f"{name}_{kind}"] for name in "qkv"]
        return jnp.concatenate([x.reshape(*x.shape[:-2], *heads) for x in parts], axis=-2)

    def one(layer):
        attention, mlp = layer["self_attn"], layer["mlp"]
        out = {name: layer[name] for name in config.description.norms}
        out |= {name: attention[name] for name in ("q_norm", "k_norm") if config.description.qk_norm}
        if config.description.qkv_bias:
            out["qkv_bias"] = by_key_head(attention, "bias")
        out |= dict(
            qkv_proj=by_key_head(attention, "proj"),
            o_proj=attention["o_proj"].reshape(
                -1, config.hidden_size
            ),  # with its axes apart XLA would transpose it in every step
        )
        if config.description.experts:
            return out | {"router": mlp["gate"]} | {f"experts_{x}": mlp["experts"][f"{x}_proj"] for x in _EXPERT}
        return out | dict(
            gate_up_proj=jnp.stack([mlp["gate_proj"], mlp["up_proj"]], axis=1), down_proj=mlp["down_proj"]
        )

    layers = []
    for number in range(config.num_layers):  # merged layer by layer: float32 of all of them would be twice the weights
        weights, adapter = jax.tree.map(lambda x, i=number: x[i], (params["layers"], adapters))
        layer = one(merge(config, weights, adapter))
        layers.append({name: held(name, weight) for name, weight in layer.items()})
    # As [V, D] a CPU takes three times as long for a few rows. Where the embeddings are tied this is a second copy of
    # them.
    ends = cast({name: part for name, part in params.items() if name not in ("layers", LORA)})
    head = model.head_weight(config, ends).T
    return {"embed_tokens": ends["embed_tokens"], "norm": ends["norm"], "head": head, "layers": layers}


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
    places = jnp.tile(jnp.arange(length), batch)
    rotary = _rotary(config, places)
    places = places.reshape(batch, length)
    x = _embed(config, weights, tokens.reshape(-1))  # [B * P, D]
    keys, values = [], []
    for layer, kind in zip(weights["layers"], config.layer_kinds, strict=True):

        def attend(x, layer=layer, kind=kind):
            heads = (y.reshape(batch, length, -1, config.head_dim) for y in _project(config, layer, x, rotary[kind]))
            query, key, value = heads
            keys.append(jnp.moveaxis(key, 1, 3))
            values.append(jnp.moveaxis(value, 1, 2))
            if kind == "l" and config.window < length:
                out = parts.windowed_attention(query, key, value, places, config.window)
            else:
                out = causal_attention(query, key, value)
            return _from_heads(layer, out.reshape(batch * length, -1))

        # Of the last layer nobody asks for this, and XLA leaves it out.
        x = _add_layer(config, layer, x, attend)
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
    length, prompt_length = response.values[0].shape[2], prompt.values[0].shape[2]
    distance = (column - jnp.arange(length)[None, :]) % length
    own = distance <= ages[:, None]  # [B, C]
    in_prompt = jnp.arange(prompt_length)[None, :] < prompt_lengths[:, None]  # [P', P]
    seen = dict.fromkeys(config.layer_kinds, (in_prompt, own))
    if "l" in seen and config.window < prompt_length + length:
        near = positions[:, None] - jnp.arange(prompt_length)[None, :] < config.window
        near &= jnp.repeat(in_prompt, batch // num_prompts, axis=0)  # [B, P]
        seen["l"] = near, own & (distance < config.window)
    rotary = _rotary(config, positions)
    x = _embed(config, weights, tokens)
    keys, values = [], []
    for i, (layer, kind) in enumerate(zip(weights["layers"], config.layer_kinds, strict=True)):

        def attend(x, i=i, layer=layer, kind=kind):
            query, key, value = _project(config, layer, x, rotary[kind])
            width = response.keys[i].shape[-1]
            place = (0, 0, column // width, 0, column % width)
            keys.append(jax.lax.dynamic_update_slice(response.keys[i], key[:, :, None, :, None], place))
            values.append(jax.lax.dynamic_update_slice(response.values[i], value[:, :, None], (0, 0, column, 0)))
            in_prompt, own = seen[kind]
            out = _attend(query, (prompt.keys[i], prompt.values[i], in_prompt), (keys[i], values[i], own))
            return _from_heads(layer, out)

        x = _add_layer(config, layer, x, attend)
    return _norm(config, x, weights["norm"]), KVCache(tuple(keys), tuple(values))


def logits(weights, hidden: jax.Array) -> jax.Array:
    """hidden [B, D] of `decode_step` -> float32 logits [B, V]."""
    return jnp.einsum("bd,dv->bv", hidden, weights["head"], preferred_element_type=jnp.float32)


def _embed(config, weights, tokens):
    return parts.scale_embedding(config, weights["embed_tokens"].at[tokens].get(mode="clip"))


def _rotary(config, positions):
    """The table of each kind of layer, for positions [B]."""
    return {kind: parts.rotary_table(config, positions[:, None], kind) for kind in sorted(set(config.layer_kinds))}


def _norm(config, x, weight):
    return parts.rms_norm(x, weight, config.norm_eps, config.description.norm_offset)


def _project(config, layer, x, rotary):
    """x [B, D], what attention reads -> query [B, K, M, H], key and value [B, K, H], the first two normalised and
    rotated.
    """
    family = config.description
    out = product("bd,dkmh->bkmh", x, layer["qkv_proj"])
    if family.qkv_bias:
        out += layer["qkv_bias"][None]
    query, key, value = out[:, :, :-2], out[:, :, -2:-1], out[:, :, -1]
    query, key = (
        parts.norm_heads(family, y, lambda y, name=name: _norm(config, y, layer[name]), 1)
        for y, name in ((query, "q_norm"), (key, "k_norm"))
    )
    return parts.rotate(query, rotary), parts.rotate(key, rotary)[:, :, 0], value


def _from_heads(layer, out):
    """What attention adds [B, D], given `out` [B, ...] of its heads, of any shape."""
    return product("bi,id->bd", out.reshape(out.shape[0], -1), layer["o_proj"])


def _add_layer(config, layer, x, attend):
    """x [B, D] with what the layer adds; `attend` is its attention."""
    return parts.add_parts(
        config.description,
        x,
        lambda x, name: _norm(config, x, layer[name]),
        attend,
        lambda x: _mlp(config, layer, x),
    )


def _mlp(config, layer, x):
    if config.description.experts:
        experts = (dequantized(layer[f"experts_{name}"], x.dtype) for name in _EXPERT)
        return parts.mix_experts(config, x, layer["router"], *experts)
    gate_up = product("bd,dcf->bcf", x, layer["gate_up_proj"])
    activation = parts.ACTIVATIONS[config.description.activation]
    return product("bf,fd->bd", activation(gate_up[:, 0]) * gate_up[:, 1], layer["down_proj"])


def _attend(query, prompt, response):
    """One softmax over a shared prompt and a row's own columns: query [B, K, M, H] -> out as query.

    `prompt` and `response` are (keys, values, mask [rows, columns]) of P' and of B rows, keys as in `prefill` and
    `empty_ring`; the prompts' mask has B rows where what is seen of a prompt is not the same for all that share it. The
    queries of all G rows of a prompt meet its keys in one matrix product: it is read once per group.
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

    in_prompt = prompt[2]
    if in_prompt.shape[0] == num_prompts:
        in_prompt = in_prompt[:, None, None, :]
    else:
        in_prompt = by_prompt(jnp.broadcast_to(in_prompt[:, None, None, :], (*query.shape[:3], in_prompt.shape[1])))
    shared = jnp.einsum("bkmh,bkhp->bkmp", by_prompt(query), prompt[0], preferred_element_type=jnp.float32)
    shared = jnp.where(in_prompt, shared, _MASKED)
    own = own_scores(query, response[0], platform())
    own = jnp.where(response[2][:, None, None, :], own, _MASKED)
    scale = query.shape[-1] ** -0.5
    maximum = jnp.maximum(by_row(jnp.max(shared, axis=-1)), jnp.max(own, axis=-1))
    shared = jnp.exp((shared - by_prompt(maximum)[..., None]) * scale)
    own = jnp.exp((own - maximum[..., None]) * scale)
    total = by_row(jnp.sum(shared, axis=-1)) + jnp.sum(own, axis=-1)
    out = by_row(_mix(shared, prompt)) + _mix(own, response)
    return (out / total[..., None]).astype(query.dtype)


def own_scores(query, keys, platform: str):
    """query [B, K, M, H] and the keys of a ring [B, K, segments, H, width] -> float32 [B, K, M, segments * width].

    On a CPU a sum over H, which fuses with what follows: with one query per key a product of matrices has nothing to
    reuse. Elsewhere a product with the segments among its batch axes: it reads the keys once and where they lie, while
    of the sum a GPU's compiler makes a copy of the ring.
    """
    if platform == "cpu":
        own = jnp.sum(query[:, :, :, None, :, None].astype(jnp.float32) * keys[:, :, None], axis=-2)
    else:
        batch, kv_heads, segments = keys.shape[:3]
        by_segment = jnp.broadcast_to(query[:, :, None], (batch, kv_heads, segments, *query.shape[2:]))
        own = jnp.einsum("bksmh,bkshw->bksmw", by_segment, keys, preferred_element_type=jnp.float32)
        own = jnp.swapaxes(own, 2, 3)
    return own.reshape(*query.shape[:3], -1)


def _mix(weight, cache):
    _, values, _ = cache
    return jnp.einsum("bkmc,bkch->bkmh", weight.astype(values.dtype), values, preferred_element_type=jnp.float32)
