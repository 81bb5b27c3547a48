"""The decoder in Flax Linen: parameters and whole-row forward. What sampling runs is `kpo_jax.sampling.decoding`.

Which parts it has says its family, `kpo_jax.model.families`; what the parts compute is in `kpo_jax.model.layers`.
Parameters carry Hugging Face's names; projections keep their heads apart and a leading layer axis L:

    embed_tokens [V, D]   lm_head [V, D] (untied only)   norm [D]
    layers / the norms that the family names [L, D]
           / self_attn / q_proj [L, D, N, H]   k_proj, v_proj [L, D, K, H]   o_proj [L, N, H, D]
                       / q_bias [L, N, H]      k_bias, v_bias [L, K, H]
                       / q_norm, k_norm [L, H], or [L, N H] and [L, K H] over all heads of a token
           / mlp / gate_proj, up_proj [L, D, F]   down_proj [L, F, D]
                 / gate [L, D, E]   experts / gate_proj, up_proj [L, E, D, F]   down_proj [L, E, F, D]
    lora / layers / ... / the projections with adapters / a [L, in, rank]   b [L, rank, out] (see kpo_jax.model.lora)
"""

import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name

from kpo_jax.model import layers, parameters
from kpo_jax.model.attention import ATTENTION_OUTPUT, Segments, causal_attention
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.layout import split_rows, split_tokens, tokens_apart, tokens_together

_PROJECTED = "projected"  # what a projection and its adapter make: a policy that kept all products would keep it twice
_REMAT_POLICIES = {
    "full": None,
    "attention": jax.checkpoint_policies.save_only_these_names(_PROJECTED),
    "elementwise": jax.checkpoint_policies.save_only_these_names(_PROJECTED, ATTENTION_OUTPUT),
}


def product(x, weight):
    """x [B, S, D] times weight [D, ...]: all tokens in one axis, where XLA makes a weight's gradient without
    transposing x first.
    """
    flat = tokens_together(x) @ weight.reshape(x.shape[-1], -1)
    return tokens_apart(flat, x.shape[:2]).reshape(*x.shape[:2], *weight.shape[1:])


class _Parameters(nn.Module):
    """Base of the modules: how they declare parameters, from a table of their own (kpo_jax.model.parameters)."""

    config: ModelConfig

    def stored(self, name):
        """A parameter in param_dtype."""
        one = self.table(self.config)[name]
        init = nn.initializers.normal(one.std) if one.std else nn.initializers.constant(one.mean)
        return self.param(name, init, one.shape, jnp.dtype(self.config.param_dtype))

    def weight(self, name):
        """The same, cast to dtype."""
        return self.stored(name).astype(self.config.dtype)

    def project(self, x, name):
        """x [B, S, in] times the weight of that name, [B, S, out] with the heads of out apart, and what its adapter
        adds where it has one. Apart from the weight, as an update of A B may be too small for a sum in `dtype`.
        """
        weight, config = self.weight(name), self.config
        ins = parameters.split(self.table(config)[name].axes)
        out = product(x, weight.reshape(-1, *weight.shape[ins:]))
        if self.has_variable(parameters.LORA, name):
            adapter = jax.tree.map(lambda x: x.astype(config.dtype), self.get_variable(parameters.LORA, name))
            out += product(config.lora.scale * product(x, adapter["a"]), adapter["b"]).reshape(out.shape)
        return checkpoint_name(out, _PROJECTED)

    def norm(self, x, name):
        return layers.rms_norm(x, self.weight(name), self.config.norm_eps, self.config.description.norm_offset)


class Places(NamedTuple):
    """What a layer must know of where its tokens are.

    Attributes:
      rotary: cos and sin of `layers.rotary_table`, None without positions. Where layers differ, the tables of all kinds
        in a leading axis.
      positions: [B, S], where some layer's window is shorter than a row; else None.
      segments: where a row holds several sequences, what each token sees.
    """

    rotary: Any
    positions: jax.Array | None
    segments: Segments | None


class Attention(_Parameters):
    """Grouped-query self-attention."""

    table = staticmethod(parameters.attention)

    @nn.compact
    def __call__(self, x, kind, places):
        """x [B, S, D] -> [B, S, D]; `kind` as in `Layer`."""
        config = self.config
        query, key, value = (self._project(x, name) for name in "qkv")
        query, key = (
            layers.norm_heads(config.description, y, functools.partial(self.norm, name=name), 2)
            for y, name in ((query, "q_norm"), (key, "k_norm"))
        )
        table = places.rotary if kind is None else jax.tree.map(lambda x: x[kind], places.rotary)
        out = self._attend(layers.rotate(query, table), layers.rotate(key, table), value, kind, places)
        return self.project(out.reshape(*x.shape[:2], -1), "o_proj")

    def _project(self, x, name):
        out = self.project(x, f"{name}_proj")
        if self.config.description.qkv_bias:
            out += self.weight(f"{name}_bias")[None, None]
        return out

    def _attend(self, query, key, value, kind, places):
        window, positions, segments = self.config.window, *places[1:]
        if positions is None:
            return causal_attention(query, key, value, segments)

        def near(query, key, value):
            return layers.windowed_attention(query, key, value, positions, window, segments)

        if kind is None:
            return near(query, key, value)
        local = jnp.array([letter == "l" for letter in _letters(self.config)])[kind]
        far = functools.partial(causal_attention, segments=segments)
        return jax.lax.cond(local, near, far, query, key, value)


class MLP(_Parameters):
    """A gated MLP."""

    table = staticmethod(parameters.gated)

    @nn.compact
    def __call__(self, x):
        activation = layers.ACTIVATIONS[self.config.description.activation]
        return self.project(activation(self.project(x, "gate_proj")) * self.project(x, "up_proj"), "down_proj")


class Experts(_Parameters):
    """The weights of a mixture's experts: gate_proj, up_proj [E, D, F], down_proj [E, F, D]."""

    table = staticmethod(parameters.experts)

    @nn.compact
    def __call__(self):
        return tuple(map(self.weight, ("gate_proj", "up_proj", "down_proj")))


class Mixture(_Parameters):
    """A mixture of experts, each a gated MLP."""

    table = staticmethod(parameters.router)

    @nn.compact
    def __call__(self, x):
        config, router = self.config, self.weight("gate")
        weights = Experts(config, name="experts")()
        return layers.mix_experts(config, x.reshape(-1, x.shape[-1]), router, *weights).reshape(x.shape)


class Layer(_Parameters):
    """The scanned block: x [B, S, D] -> (x, None). `kind` is the number of the layer's letter in `_letters`, None where
    all layers have one.
    """

    table = staticmethod(parameters.norms)

    @nn.compact
    def __call__(self, x, kind, places):
        config = self.config
        attention, mlp = Attention(config, name="self_attn"), (Mixture if config.description.experts else MLP)
        mlp = mlp(config, name="mlp")
        x = layers.add_parts(config.description, x, self.norm, lambda x: attention(x, kind, places), mlp)
        return split_tokens(x), None


def _letters(config: ModelConfig) -> list[str]:
    """The kinds of layers that there are."""
    return sorted(set(config.layer_kinds))


def _places(config: ModelConfig, positions, segments) -> Places:
    letters = _letters(config)
    # positions in a row are below its length: a window of that length hides nothing
    windowed = "l" in letters and config.window < positions.shape[1]
    tables = [layers.rotary_table(config, positions, letter) for letter in letters]
    if len(letters) > 1:
        turning = next(table for table in tables if table is not None)
        still = jnp.ones_like(turning[0]), jnp.zeros_like(turning[1])
        tables = [jax.tree.map(lambda *x: jnp.stack(x), *(still if table is None else table for table in tables))]
    return Places(tables[0], positions if windowed else None, segments)


class Decoder(_Parameters):
    """Embedding, one scan over the layers, final norm."""

    table = staticmethod(parameters.ends)

    @nn.compact
    def __call__(self, tokens, positions, segments=None):
        """tokens, positions [B, S] -> hidden [B, S, D] under causal attention."""
        config = self.config
        embedding = self.stored("embed_tokens")
        if not config.tie_embeddings:
            self.stored("lm_head")
        # Clip, so that a junk token id under the padding cannot become NaN and reach valid places as 0 * NaN.
        # Cast after the look-up, so that the gradients of a token's occurrences add up in param_dtype.
        x = embedding.at[tokens].get(mode="clip").astype(config.dtype)
        layer = Layer
        if config.remat != "none":
            layer = nn.remat(Layer, policy=_REMAT_POLICIES[config.remat], prevent_cse=False)
        letters = _letters(config)
        kinds = np.array([letters.index(letter) for letter in config.layer_kinds]) if len(letters) > 1 else None
        scanned = nn.scan(
            layer,
            variable_axes={"params": 0, parameters.LORA: 0},
            split_rngs={"params": True},
            in_axes=(nn.broadcast if kinds is None else 0, nn.broadcast),
            length=config.num_layers,
        )
        places = _places(config, positions, segments)
        x = split_tokens(split_rows(layers.scale_embedding(config, x)))
        x, _ = scanned(config, name="layers")(x, kinds, places)
        return self.norm(x, "norm")


@functools.partial(jax.jit, static_argnums=0)  # so that the forward pass, which init traces, is never run
def init_params(config: ModelConfig, key: jax.Array) -> dict[str, Any]:
    """Random parameters, a nested dict of arrays in `config.param_dtype`: the tree of `parameters.tree`. Jit it with
    out_shardings to shard.
    """
    token = jnp.zeros((1, 1), jnp.int32)
    return Decoder(config).init(key, token, token)["params"]


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
    return Decoder(config).apply(
        {"params": params, parameters.LORA: params.get(parameters.LORA, {})}, tokens, positions, segments
    )
