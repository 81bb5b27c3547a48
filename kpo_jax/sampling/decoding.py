"""The decoder as sampling runs it: whole prompts once, for their keys and values, then one token per row against
caches.

A row attends to a prompt, whose keys and values are held once for all the rows that share it, and to its own tokens.
Those lie in a ring of C columns: in every step all rows write the same column, and a row of age n owns the last n + 1
columns written, wherever its neighbours began. So rows of any age share one batch, a column is written without a
scatter, and a row is replaced by setting its age to 0.

The ring's keys lie in segments of a few columns, [H, columns of the segment], so that the products with one query per
row run along contiguous memory in the order of memory; one long [H, C] is read at a third of the speed once it has left
a CPU's cache.

On CPUs and GPUs layers are unrolled, with weights and caches of their own: what a scan slices out of a stack it would
copy, every step anew. A TPU's compiler reads the slices where they lie, and one layer costs it a third of the time that
all do: there weights and caches are stacked, see `stacks_layers`. Such a scan must only read the caches, or XLA keeps a
second one; so a layer attends to its newest column beside the ring, and those of all layers are written at the end.
What layers of several kinds do not share, masks and rotary tables, is chosen by number in the scan.
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


# The same in a stack, behind its axis of layers. There qkv_proj is flat, its input last, [K * (M + 2) * H, D], and
# gate_up_proj is [2, D, F]: what lies otherwise a TPU's compiler copies before every dispatch.
_STACK_AXES = WEIGHT_AXES | {"qkv_proj": ("kv_heads",), "gate_up_proj": (None, None, "mlp")}


def stacks_layers(platform: str) -> bool:
    """Whether weights and caches of all layers are one stack [L, ...] each, which is scanned, and not L arrays."""
    return platform == "tpu"


def decode_weights(config: ModelConfig, params, int8: bool = False, stacked: bool = False) -> dict[str, Any]:
    """The parameters in `config.dtype`, adapters merged, projections of one input side by side. M = N / K below. With
    `int8` the projections are `Int8`, made of what is merged before it is rounded to that dtype.

    "layers" is a list of the layers' weights or, `stacked`, one tree of all of them with a leading axis of layers, the
    others as in `_STACK_AXES`.

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

    def one(weights_and_adapter):
        layer = merge(config, *weights_and_adapter)
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

    def of_layer(weights_and_adapter):
        return {name: held(name, weight) for name, weight in one(weights_and_adapter).items()}

    given = params["layers"], adapters
    if stacked:
        laid = lambda layer: _laid_out(of_layer(layer))
        # Merging is one by one, as below; where there is nothing to merge, a loop would be given all of them cast.
        layers = jax.lax.map(laid, given) if adapters else jax.vmap(laid)(given)
    else:  # merged one by one: float32 of all layers would be twice the weights
        layers = [of_layer(jax.tree.map(lambda x, i=number: x[i], given)) for number in range(config.num_layers)]
    # As [V, D] a CPU takes three times as long for a few rows. Where the embeddings are tied this is a second copy of
    # them.
    ends = cast({name: part for name, part in params.items() if name not in ("layers", LORA)})
    head = model.head_weight(config, ends).T
    return {"embed_tokens": ends["embed_tokens"], "norm": ends["norm"], "head": head, "layers": layers}


def weight_axes(path, stacked: bool) -> tuple[str | None, ...]:
    """The logical axes of the weight at this path (of jax.tree_util) in the tree of `decode_weights`."""
    name = next(part.key for part in reversed(path) if isinstance(part, jax.tree_util.DictKey))
    if stacked and path[0].key == "layers":
        return None, *_STACK_AXES.get(name, ())
    return WEIGHT_AXES.get(name, ())


def _laid_out(layer):
    """A layer's weights as they lie in a stack."""
    flat = jax.tree.map(lambda x: x.reshape(len(x), -1), layer["qkv_proj"])
    return _swapped(layer | {"qkv_proj": flat})


def _swapped(layer):
    """A layer's weights with the first two axes of a flat qkv_proj and of gate_up_proj exchanged, as `_STACK_AXES` has
    them, and back.
    """
    names = [name for name in ("qkv_proj", "gate_up_proj") if name in layer]
    return layer | {name: jax.tree.map(lambda x: x.swapaxes(0, 1), layer[name]) for name in names}


def empty_ring(config: ModelConfig, batch: int, segments: int, width: int, stacked: bool = False) -> KVCache:
    """`batch` rows of C = segments * width columns in `config.dtype`, nothing written: keys [B, K, segments, H,
    width].
    """

    def empty(*shape):  # zeros: what is masked must still be finite
        if stacked:
            return jnp.zeros((config.num_layers, *shape), config.dtype)
        return tuple(jnp.zeros(shape, config.dtype) for _ in range(config.num_layers))

    rows = batch, config.num_kv_heads
    return KVCache(
        keys=empty(*rows, segments, config.head_dim, width), values=empty(*rows, segments * width, config.head_dim)
    )


def prefill(config: ModelConfig, weights, tokens: jax.Array) -> KVCache:
    """The cache of right-padded prompts [B, P], keys [B, K, H, P]; junk in the padding. `weights` are those of
    `decode_weights`; layers are stacked as theirs are.
    """
    batch, length = tokens.shape
    places = jnp.tile(jnp.arange(length), batch)
    rotary = _rotary(config, places, _stacked(weights))
    places = places.reshape(batch, length)
    windowed = lambda *heads: parts.windowed_attention(*heads, places, config.window)
    form_of = {kind: windowed if kind == "l" and config.window < length else causal_attention for kind in rotary}
    forms = list(dict.fromkeys(form_of.values()))
    of_kind = {kind: (rotary[kind], forms.index(form_of[kind])) for kind in rotary}

    def layer_step(x, layer, of_kind):
        rotary, form = of_kind
        kept = []

        def attend(x):
            heads = [y.reshape(batch, length, -1, config.head_dim) for y in _project(config, layer, x, rotary)]
            kept.extend((jnp.moveaxis(heads[1], 1, 3), jnp.moveaxis(heads[2], 1, 2)))
            out = forms[form](*heads) if isinstance(form, int) else jax.lax.switch(form, forms, *heads)
            return _from_heads(layer, out.reshape(batch * length, -1))

        # Of the last layer nobody asks for this, and XLA leaves it out where layers are unrolled.
        return _add_layer(config, layer, x, attend), tuple(kept)

    x = _embed(config, weights, tokens.reshape(-1))  # [B * P, D]
    _, (keys, values) = _through_layers(config, weights, x, layer_step, of_kind)
    return KVCache(keys, values)


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
    length, prompt_length = response.columns, prompt.columns
    stacked = _stacked(weights)
    distance = (column - jnp.arange(length)[None, :]) % length
    own = distance <= ages[:, None]  # [B, C]
    if stacked:
        own &= distance > 0  # the newest column is not in the ring before all layers have run
    in_prompt = jnp.arange(prompt_length)[None, :] < prompt_lengths[:, None]  # [P', P]
    seen = dict.fromkeys(config.layer_kinds, (in_prompt, own))
    if "l" in seen and config.window < prompt_length + length:
        near = positions[:, None] - jnp.arange(prompt_length)[None, :] < config.window
        by_row = jnp.repeat(in_prompt, batch // num_prompts, axis=0)  # [B, P]
        if stacked:  # what is chosen between has one shape
            seen = dict.fromkeys(seen, (by_row, own))
        seen["l"] = near & by_row, own & (distance < config.window)
    rotary = _rotary(config, positions, stacked)

    def layer_step(x, layer, of_kind, prompt, response):
        rotary, (in_prompt, own) = of_kind
        kept = []

        def attend(x):
            query, key, value = _project(config, layer, x, rotary)
            newest = KVCache(key[:, :, None, :, None], value[:, :, None])  # as a ring of one column
            if stacked:
                kept.append(newest)
                rings = (*response, own), (*newest, jnp.ones((batch, 1), bool))
            else:
                kept.append(_written(response, newest, column))
                rings = ((*kept[0], own),)
            return _from_heads(layer, _attend(query, (*prompt, in_prompt), *rings))

        return _add_layer(config, layer, x, attend), kept[0]

    x, kept = _through_layers(
        config, weights, _embed(config, weights, tokens), layer_step,
        {kind: (rotary[kind], seen[kind]) for kind in rotary}, prompt, response,
    )  # fmt: skip
    return _norm(config, x, weights["norm"]), _written(response, kept, column) if stacked else kept


def _stacked(weights) -> bool:
    return isinstance(weights["layers"], dict)


def _through_layers(config, weights, x, layer_step, of_kind, *caches):
    """x [B, D] through all layers -> (x, KVCache of what is kept of each, stacked as the weights are).

    layer_step(x, layer's weights, what its kind has in `of_kind`, its part of each of `caches`) -> (x, what is kept).
    """
    if not _stacked(weights):
        kept = []
        for i, layer in enumerate(weights["layers"]):
            of_layer = [KVCache(cache.keys[i], cache.values[i]) for cache in caches]
            x, of_layer = layer_step(x, layer, of_kind[config.layer_kinds[i]], *of_layer)
            kept.append(of_layer)
        return x, KVCache(*zip(*kept, strict=True))
    kinds = sorted(of_kind)
    table = jax.tree.map(lambda *x: jnp.stack(x), *(of_kind[kind] for kind in kinds))

    def scan_step(x, of_layer):
        number, layer, *of_layer = of_layer
        return layer_step(x, _swapped(layer), jax.tree.map(lambda x: x[number], table), *of_layer)

    numbers = jnp.array([kinds.index(kind) for kind in config.layer_kinds])
    return jax.lax.scan(scan_step, x, (numbers, weights["layers"], *caches))


def _written(ring: KVCache, newest: KVCache, column) -> KVCache:
    """`ring`, of a layer or a stack of them, with a ring of one column in its column [] int32."""
    keys, values = ring
    width, key_axes, value_axes = keys.shape[-1], (0,) * (keys.ndim - 3), (0,) * (values.ndim - 2)
    return KVCache(
        jax.lax.dynamic_update_slice(keys, newest.keys, (*key_axes, column // width, 0, column % width)),
        jax.lax.dynamic_update_slice(values, newest.values, (*value_axes, column, 0)),
    )


def logits(weights, hidden: jax.Array) -> jax.Array:
    """hidden [B, D] of `decode_step` -> float32 logits [B, V]."""
    return jnp.einsum("bd,dv->bv", hidden, weights["head"], preferred_element_type=jnp.float32)


def _embed(config, weights, tokens):
    return parts.scale_embedding(config, weights["embed_tokens"].at[tokens].get(mode="clip"))


def _rotary(config, positions, all_tables: bool):
    """The table of each kind of layer, for positions [B]. With `all_tables`, where some layers have positions, those
    without turn by nothing.
    """
    kinds = sorted(set(config.layer_kinds))
    tables = {kind: parts.rotary_table(config, positions[:, None], kind) for kind in kinds}
    some = next(filter(None, tables.values()), None)
    if all_tables and some is not None:
        return {kind: table or (jnp.ones_like(some[0]), jnp.zeros_like(some[1])) for kind, table in tables.items()}
    return tables


def _norm(config, x, weight):
    return parts.rms_norm(x, weight, config.norm_eps, config.description.norm_offset)


def _project(config, layer, x, rotary):
    """x [B, D], what attention reads -> query [B, K, M, H], key and value [B, K, H], the first two normalised and
    rotated.
    """
    family = config.description
    weight = layer["qkv_proj"]
    if jax.tree.leaves(weight)[0].ndim == 2:  # as in a stack
        out = product("bd,dn->bn", x, weight).reshape(len(x), config.num_kv_heads, -1, config.head_dim)
    else:
        out = product("bd,dkmh->bkmh", x, weight)
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


def _attend(query, prompt, *rings):
    """One softmax over a shared prompt and a row's own columns: query [B, K, M, H] -> out as query.

    `prompt` and each of the `rings` are (keys, values, mask [rows, columns]) of P' and of B rows, keys as in `prefill`
    and `empty_ring`; the prompts' mask has B rows where what is seen of a prompt is not the same for all that share it.
    The queries of all G rows of a prompt meet its keys in one matrix product: it is read once per group.
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
    own = [jnp.where(mask[:, None, None, :], own_scores(query, keys, platform()), _MASKED) for keys, _, mask in rings]
    scale = query.shape[-1] ** -0.5
    maximum = functools.reduce(jnp.maximum, (jnp.max(x, axis=-1) for x in own), by_row(jnp.max(shared, axis=-1)))
    shared = jnp.exp((shared - by_prompt(maximum)[..., None]) * scale)
    own = [jnp.exp((x - maximum[..., None]) * scale) for x in own]
    total = sum((jnp.sum(x, axis=-1) for x in own), by_row(jnp.sum(shared, axis=-1)))
    out = sum(map(_mix, own, rings), by_row(_mix(shared, prompt)))
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
