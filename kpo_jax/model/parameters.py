"""The parameters of a decoder, each declared once: its name, its shape, what its axes are called and how it begins.

Plain values, read without jax. The decoder's modules declare their parameters from these tables, the mesh splits them
by their axes, and a dry run counts them. The names of axes: vocab, embed, heads, kv_heads, head_dim, mlp, experts,
layers, norm, rank.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from kpo_jax.model.config import ModelConfig


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
      shape, axes: the size of each axis and what it is called.
      mean, std: of the normal distribution that it is drawn from at first; with std 0 it begins as the mean.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    mean: float = 0.0
    std: float = 0.0

    @property
    def size(self) -> int:
        return math.prod(self.shape)


LORA = "lora"  # where a decoder's adapters stand, beside its other parameters
Table = dict[str, Any]  # name -> Parameter, or a Table of what lies within


def _weight(shape, axes, fan_in: int) -> Parameter:
    # The two projections that write to the residual stream count its 2 L terms in their fan-in.
    return Parameter(shape, axes, std=fan_in**-0.5)


def _norm(config: ModelConfig, size: int) -> Parameter:
    return Parameter((size,), ("norm",), mean=1.0 - config.description.norm_offset)


def attention(config: ModelConfig) -> Table:
    """Those of a layer's attention."""
    family, width, size = config.description, config.hidden_size, config.head_dim
    heads = {"q": (config.num_heads, "heads"), "k": (config.num_kv_heads, "kv_heads")}
    heads["v"] = heads["k"]
    table = {
        f"{x}_proj": _weight((width, number, size), ("embed", axis, "head_dim"), width)
        for x, (number, axis) in heads.items()
    }
    fan_in = config.num_heads * size * 2 * config.num_layers
    table["o_proj"] = _weight((config.num_heads, size, width), ("heads", "head_dim", "embed"), fan_in)
    if family.qkv_bias:
        table |= {f"{x}_bias": Parameter((number, size), (axis, "head_dim")) for x, (number, axis) in heads.items()}
    if family.qk_norm:
        together = family.qk_norm == "token"
        table |= {f"{x}_norm": _norm(config, heads[x][0] * size if together else size) for x in "qk"}
    return table


def gated(config: ModelConfig) -> Table:
    """Those of a gated MLP, or of one expert."""
    width, inner = config.hidden_size, config.intermediate_size
    into = _weight((width, inner), ("embed", "mlp"), width)
    out = _weight((inner, width), ("mlp", "embed"), inner * 2 * config.num_layers)
    return {"gate_proj": into, "up_proj": into, "down_proj": out}


def experts(config: ModelConfig) -> Table:
    """Those of all experts of a layer."""
    return stacked(gated(config), config.num_experts, "experts")


def router(config: ModelConfig) -> Table:
    """That of a layer's choice of experts."""
    width = config.hidden_size
    return {"gate": _weight((width, config.num_experts), ("embed", "experts"), width)}


def norms(config: ModelConfig) -> Table:
    """Those of a layer's norms over the residual stream."""
    return {name: _norm(config, config.hidden_size) for name in config.description.norms}


def ends(config: ModelConfig) -> Table:
    """Those before and behind the layers."""
    words = Parameter((config.vocab_size, config.hidden_size), ("vocab", "embed"), std=0.02)
    head = {} if config.tie_embeddings else {"lm_head": words}
    return {"embed_tokens": words, **head, "norm": _norm(config, config.hidden_size)}


def stacked(table: Table, number: int, axis: str) -> Table:
    """The same so many times, in a leading axis of that name."""
    return {
        name: dataclasses.replace(one, shape=(number, *one.shape), axes=(axis, *one.axes))
        if isinstance(one, Parameter)
        else stacked(one, number, axis)
        for name, one in table.items()
    }


def tree(config: ModelConfig) -> Table:
    """The tree of `decoder.init_params` with a Parameter at each leaf."""
    mixture = config.description.experts
    mlp = {**router(config), "experts": experts(config)} if mixture else gated(config)
    layer = {**norms(config), "self_attn": attention(config), "mlp": mlp}
    return {**ends(config), "layers": stacked(layer, config.num_layers, "layers")}


def split(axes: tuple[str, ...]) -> int:
    """How many of a projection's axes, without those of layers and experts, are of what it reads; 0 for what is no
    projection: it neither reads the residual stream nor writes to it.
    """
    if axes[0] == "embed":
        return 1
    return len(axes) - 1 if axes[-1] == "embed" and axes[0] != "vocab" else 0


def outputs(weight: Parameter) -> Parameter:
    """A number for each output of a projection, in a stack of layers and of experts as they are: its shape without what
    it reads.
    """
    stacks = sum(axis in ("layers", "experts") for axis in weight.axes)
    first = stacks + split(weight.axes[stacks:])
    return Parameter(weight.shape[:stacks] + weight.shape[first:], weight.axes[:stacks] + weight.axes[first:])


def adapters(config: ModelConfig) -> Table:
    """The trained parameters of a decoder with adapters, {} for one without: of each target of `config.lora` an `a`
    [L, in, rank] and a `b` [L, rank, out], their heads in one axis, as Hugging Face's files have them.
    """
    rank, targets = config.lora.rank, config.lora.names

    def pair(weight: Parameter) -> Table:
        (layers, *shape), (_, *axes) = weight.shape, weight.axes
        ins = split(tuple(axes))
        into, out = math.prod(shape[:ins]), math.prod(shape[ins:])
        return {
            "a": Parameter((layers, into, rank), ("layers", axes[0], "rank")),
            "b": Parameter((layers, rank, out), ("layers", "rank", axes[ins])),
        }

    if not rank:
        return {}
    layers = {
        part: {name: pair(weight) for name, weight in table.items() if name in targets}
        for part, table in tree(config)["layers"].items()
        if part in ("self_attn", "mlp")
    }
    return {LORA: {"layers": {part: pairs for part, pairs in layers.items() if pairs}}}


def leaves(table: Table) -> Iterator[Parameter]:
    """All parameters of a table."""
    for one in table.values():
        if isinstance(one, Parameter):
            yield one
        else:
            yield from leaves(one)


def named(table: Table, names: tuple[str, ...]) -> Iterator[Parameter]:
    """Those of a table that have one of these names, wherever they stand."""
    for name, one in table.items():
        if not isinstance(one, Parameter):
            yield from named(one, names)
        elif name in names:
            yield one


def num_params(config: ModelConfig) -> int:
    """Number of parameters without adapters; tied embeddings count once."""
    return sum(one.size for one in leaves(tree(config)))


def num_trained(config: ModelConfig) -> int:
    """Number of those that are trained: the adapters' where there are any, else all."""
    return sum(one.size for one in leaves(adapters(config) or tree(config)))
