"""Which of Hugging Face's tensors make up which of our parameters, and how their axes lie."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from kpo_jax.model.config import ModelConfig


class Layout(NamedTuple):
    """How Hugging Face stores one of our leaves (a layer of it, where there is a layer axis).

    Attributes:
      name: the tensor's name, with {} for the number of the layer.
      stored: its shape in the file.
      apart: the same elements with the heads apart.
      order: axes of `apart` in the order of our leaf's; matrices are stored [out, in] and we keep [in, out].
    """

    name: str
    stored: tuple[int, ...]
    apart: tuple[int, ...]
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of our leaf, without the layer axis."""
        return tuple(self.apart[axis] for axis in self.order)

    def from_stored(self, array: np.ndarray) -> np.ndarray:
        """A view of a stored tensor in our leaf's axes."""
        return array.reshape(self.apart).transpose(self.order)

    def to_stored(self, array: np.ndarray) -> np.ndarray:
        """The inverse, contiguous."""
        return np.ascontiguousarray(array.transpose(np.argsort(self.order)).reshape(self.stored))


def _as_stored(name: str, *shape: int) -> Layout:
    return Layout(name, shape, shape, tuple(range(len(shape))))


def _matrix(name: str, outs: tuple[int, ...], ins: tuple[int, ...]) -> Layout:
    """Stored [out, in] with the heads in one axis, ours is [*ins, *outs]."""
    axes = tuple(range(len(outs) + len(ins)))
    return Layout(name, (math.prod(outs), math.prod(ins)), outs + ins, axes[len(outs) :] + axes[: len(outs)])


def layouts(model_config: ModelConfig) -> dict[str, Any]:
    """The tree of `init_params` with a Layout at each leaf. Worked out, not traced: tracing the model asks for a
    device.
    """
    width, inner, head = model_config.hidden_size, model_config.intermediate_size, model_config.head_dim
    heads = {
        "q": (model_config.num_heads, head),
        "k": (model_config.num_kv_heads, head),
        "v": (model_config.num_kv_heads, head),
    }
    layer, table = "model.layers.{}", (model_config.vocab_size, width)
    attention = {
        f"{x}_proj": _matrix(f"{layer}.self_attn.{x}_proj.weight", outs, (width,)) for x, outs in heads.items()
    }
    attention["o_proj"] = _matrix(f"{layer}.self_attn.o_proj.weight", (width,), heads["q"])
    if model_config.qkv_bias:
        attention |= {
            f"{x}_bias": Layout(f"{layer}.self_attn.{x}_proj.bias", (math.prod(n),), n, (0, 1))
            for x, n in heads.items()
        }
    if model_config.qk_norm:
        attention |= {name: _as_stored(f"{layer}.self_attn.{name}.weight", head) for name in ("q_norm", "k_norm")}
    norms = {
        name: _as_stored(f"{layer}.{name}.weight", width) for name in ("input_layernorm", "post_attention_layernorm")
    }
    mlp = {name: _matrix(f"{layer}.mlp.{name}.weight", (inner,), (width,)) for name in ("gate_proj", "up_proj")}
    mlp["down_proj"] = _matrix(f"{layer}.mlp.down_proj.weight", (width,), (inner,))
    tree = {
        "embed_tokens": _as_stored("model.embed_tokens.weight", *table),
        "layers": norms | {"self_attn": attention, "mlp": mlp},
        "norm": _as_stored("model.norm.weight", width),
    }
    return tree if model_config.tie_embeddings else tree | {"lm_head": _as_stored("lm_head.weight", *table)}


def flat_layouts(model_config: ModelConfig) -> list[Layout]:
    """The layouts in the order of the parameters' leaves."""
    return jax.tree.leaves(layouts(model_config), is_leaf=is_layout)


def is_layout(x) -> bool:
    return isinstance(x, Layout)
