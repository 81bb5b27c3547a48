"""Which tensors of a file make up which of our parameters, and how axes lie: Hugging Face's files and GGUF's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from kpo_jax.lazy import jax, np
from kpo_jax.model import parameters
from kpo_jax.model.config import ModelConfig


class Layout(NamedTuple):
    """How a file stores one of our leaves (a layer of it, or an expert of a layer, where it has those axes).

    Attributes:
      name: the tensor's name, with {layer} and {expert} for the numbers of those.
      stored: its shape in the file.
      first: the row of it at which ours begin; other leaves have the others.
      part: the shape of ours there.
      apart: the same elements with the heads apart.
      order: axes of `apart` in the order of our leaf's; matrices are stored [out, in] and we keep [in, out].
    """

    name: str
    stored: tuple[int, ...]
    first: int
    part: tuple[int, ...]
    apart: tuple[int, ...]
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of our leaf, without the axes of layers and experts."""
        return tuple(self.apart[axis] for axis in self.order)

    def stacked(self, config: ModelConfig) -> tuple[int, ...]:
        """Those axes."""
        sizes = {"{layer}": config.num_layers, "{expert}": config.num_experts}
        return tuple(size for place, size in sizes.items() if place in self.name)

    def names(self, config: ModelConfig) -> Iterator[tuple[tuple[int, ...], str]]:
        """(place in those axes, the tensor's name) of each."""
        for place in itertools.product(*map(range, self.stacked(config))):
            yield place, self.named(place)

    def named(self, place: tuple[int, ...]) -> str:
        return self.name.format(**dict(zip(("layer", "expert"), place, strict=False)))

    def from_stored(self, array: np.ndarray) -> np.ndarray:
        """A view of a stored tensor in our leaf's axes."""
        return array[self.first : self.first + self.part[0]].reshape(self.apart).transpose(self.order)

    def to_stored(self, array: np.ndarray) -> np.ndarray:
        """The inverse, contiguous: our rows of the tensor."""
        return np.ascontiguousarray(array.transpose(np.argsort(self.order)).reshape(self.part))


def _layout(name: str, shape: tuple[int, ...], axes: tuple[str, ...]) -> Layout:
    """Of a parameter without the axes of layers and experts. What reads the stream or writes to it is a matrix, stored
    [out, in] with the heads in one axis, while ours is [in, out]; all else lies as ours does.
    """
    split = parameters.split(axes)
    ins, outs = shape[:split], shape[split:]
    places = tuple(range(len(shape)))
    if split:
        stored, order = (math.prod(outs), math.prod(ins)), places[len(outs) :] + places[: len(outs)]
    else:
        stored, order = shape if axes[0] == "vocab" else (math.prod(shape),), places
    return Layout(name, stored, 0, stored, outs + ins, order)


def _fused(name: str, parts: dict[str, Layout]) -> dict[str, Layout]:
    """The same, as parts of one tensor of that name."""
    rows = [layout.stored[0] for layout in parts.values()]
    return {
        key: layout._replace(name=name, stored=(sum(rows), *layout.stored[1:]), first=first)
        for (key, layout), first in zip(parts.items(), itertools.accumulate([0, *rows[:-1]]), strict=True)
    }


def layouts(config: ModelConfig) -> dict[str, Any]:
    """The tree of `init_params` with a Layout at each leaf, in Hugging Face's names."""
    tree = _layouts(parameters.tree(config), "model.", stacked=0)
    for name, parts in config.description.fused:
        block = tree["layers"][name.partition(".")[0]]
        block |= _fused(f"model.layers.{{layer}}.{name}.weight", {part: block[part] for part in parts})
    return tree


_NUMBERED = {"layers": "layers.{layer}", "experts": "experts.{expert}"}  # in our leaves these are axes, the first ones


def _layouts(table: parameters.Table, prefix: str, stacked: int) -> dict[str, Any]:
    def one(name, part):
        if not isinstance(part, parameters.Parameter):
            return _layouts(part, f"{prefix}{_NUMBERED.get(name, name)}.", stacked + (name in _NUMBERED))
        if name == "lm_head":
            return _layout("lm_head.weight", part.shape, part.axes)
        tensor = name.replace("_bias", "_proj.bias") if name.endswith("_bias") else f"{name}.weight"
        return _layout(prefix + tensor, part.shape[stacked:], part.axes[stacked:])

    return {name: one(name, part) for name, part in table.items()}


def flat_layouts(config: ModelConfig) -> list[Layout]:
    """The layouts in the order of the parameters' leaves."""
    return jax.tree.leaves(layouts(config), is_leaf=is_layout)


def is_layout(x) -> bool:
    return isinstance(x, Layout)


# ---------------------------------------------------------------------------------------------------------------- GGUF

_GGUF_TOP = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
_GGUF_BLOCK = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "q_bias": "attn_q", "k_bias": "attn_k", "v_bias": "attn_v", "q_norm": "attn_q_norm", "k_norm": "attn_k_norm",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip


def gguf_layouts(config: ModelConfig) -> dict[str, Any]:
    """The same in GGUF's names: the axes lie as in Hugging Face's files. Rows of interleaved pairs are not undone."""
    family = config.description
    block = _GGUF_BLOCK | {family.before_attention: "attn_norm", family.before_mlp: "ffn_norm"}

    def rename(path, layout):
        *parents, own = (key.key for key in path)
        if not parents:
            return layout._replace(name=f"{_GGUF_TOP[own]}.weight")
        return layout._replace(name=f"blk.{{layer}}.{block[own]}.{'bias' if own.endswith('_bias') else 'weight'}")

    return jax.tree_util.tree_map_with_path(rename, layouts(config), is_leaf=is_layout)
