"""Adapters in: a directory of PEFT's, as `kpo_jax.weights.adapters` or PEFT itself writes it. Names and factor of its
tensors stand there. What says more than A and B do (DoRA, adapted biases, ...) is refused.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kpo_jax.ends import Refused
from kpo_jax.lazy import jax, np
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.parameters import LORA, adapters
from kpo_jax.weights.huggingface_files import (
    NotFinite,
    StoredTensor,
    check_finite,
    one_line,
    read_header,
    read_json,
)
from kpo_jax.weights.layout import Layout, layouts

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PLAIN = {  # field of adapter_config.json -> the values by which it says no more than A and B do
    "peft_type": ("LORA",),
    "bias": (None, "none"),
    "use_dora": (None, False),
    "use_qalora": (None, False),
    "lora_bias": (None, False),
    "fan_in_fan_out": (None, False),
    "init_lora_weights": (None, True, False, "gaussian"),  # the others change the weights below, too
    **dict.fromkeys(
        (
            "modules_to_save", "layers_to_transform", "layer_replication", "trainable_token_indices",
            "target_parameters", "megatron_config", "alora_invocation_tokens", "arrow_config",
        ),
        (None, [], {}),
    ),
}  # fmt: skip
TENSOR = "base_model.model.{module}.lora_{which}.weight"


class _Module(NamedTuple):
    """One module of the file in one layer: its adapter, and the projections of ours that it has, in their order."""

    name: str
    a: StoredTensor
    b: StoredTensor
    parts: list[tuple[str, str, Layout]]  # the part of a layer, the projection, how it is stored

    def pairs(self, rank: int) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
        """(part of a layer, projection, a [in, rank], b [rank, out] float32) of each. Raises Refused, NotFinite."""
        a, b = self._read("A"), self._read("B")
        left = np.ones(len(b), bool)
        apart = len(a) > rank  # else, as PEFT itself trains it, the projections share A
        for number, (part, name, layout) in enumerate(self.parts):
            rows = slice(layout.first, layout.first + layout.part[0])
            own = slice(number * rank, (number + 1) * rank) if apart else slice(None)
            if apart and np.delete(b[rows], np.arange(len(a))[own], axis=1).any():
                raise Refused(f"init_from: {self.b.file}: {self.name}: {name} has more than {rank} of its ranks")
            left[rows] = False
            yield part, name, a[own].T, b[rows, own].T
        if b[left].any():
            raise Refused(
                f"init_from: {self.b.file}: {self.name} adapts more than model.lora.targets has, "
                f"{', '.join(name for _, name, _ in self.parts)}"
            )

    def _read(self, which: str) -> np.ndarray:
        tensor = {"A": self.a, "B": self.b}[which]
        array = np.ascontiguousarray(tensor.view(), np.float32)
        try:
            check_finite(array, f"lora_{which} of {self.name} in {tensor.file}")
        except NotFinite as error:
            raise NotFinite(_of_init_from(error)) from None
        return array


def _of_init_from(error: Exception) -> str:
    """What the reader of weights says, of this field."""
    return str(error).replace("pretrained: ", "init_from: ", 1)


def is_adapter(path: str) -> bool:
    """Whether a directory is one of PEFT's."""
    return os.path.isfile(os.path.join(path, CONFIG))


def check_adapters(path: str, model_config: ModelConfig) -> None:
    """Raise Refused, one line, unless the directory `path` holds just the adapters that the model has, of the same
    factor. Their numbers are not read.
    """
    _open(path, model_config)


def read_adapters(path: str, model_config: ModelConfig) -> dict[str, Any]:
    """The adapters of the directory `path` in PEFT's form: host arrays, float32, in the tree of `parameters.adapters`.

    Raises Refused as `check_adapters` does, and where a module of several projections has ranks that are not apart;
    NotFinite for a number that is NaN or infinite.
    """
    out = jax.tree.map(lambda one: np.zeros(one.shape, np.float32), adapters(model_config))
    layers = out[LORA]["layers"]
    for layer, module in _open(path, model_config):
        for part, name, a, b in module.pairs(model_config.lora.rank):
            layers[part][name]["a"][layer], layers[part][name]["b"][layer] = a, b
    return out


def _open(path: str, model_config: ModelConfig) -> list[tuple[int, _Module]]:
    """(layer, module) of all that the file must have, and has."""
    file, config = os.path.join(path, WEIGHTS), os.path.join(path, CONFIG)
    if not os.path.isfile(file):
        raise Refused(f"init_from: no file {file}; an adapter is read from safetensors alone")
    try:
        document, tensors = read_json(config), read_header(file)
    except ValueError as error:
        raise Refused(_of_init_from(error)) from None
    for field, legal in _PLAIN.items():
        if (value := document.get(field)) not in legal:
            raise Refused(f"init_from: {config}: {field} = {one_line(repr(value))} is not read here")
    found, wanted = [], set()
    for form, parts in modules_of(model_config).items():
        for layer in range(model_config.num_layers):
            name = form.format(layer=layer)
            pair = [TENSOR.format(module=name, which=which) for which in "AB"]
            wanted |= {*pair}
            if missing := [tensor for tensor in pair if tensor not in tensors]:
                raise Refused(f"init_from: {file} has no {missing[0]}, which model.lora.targets asks for")
            module = _Module(name, *(tensors[tensor] for tensor in pair), parts)
            _check_module(module, document, config, model_config)
            found.append((layer, module))
    if more := sorted(tensors.keys() - wanted):
        raise Refused(f"init_from: {file} has {one_line(more[0])}, which no projection of model.lora.targets has")
    return found


def modules_of(model_config: ModelConfig) -> dict[str, list[tuple[str, str, Layout]]]:
    """The projections that have adapters, by the module of the file, in the order of its rows."""
    modules: dict[str, list[tuple[str, str, Layout]]] = {}
    layers = layouts(model_config)["layers"]
    for part, pairs in adapters(model_config)[LORA]["layers"].items():
        for name in pairs:
            layout = layers[part][name]
            modules.setdefault(layout.name.removesuffix(".weight"), []).append((part, name, layout))
    return {module: sorted(parts, key=lambda part: part[2].first) for module, parts in modules.items()}


def _check_module(module: _Module, document: dict[str, Any], config: str, model_config: ModelConfig) -> None:
    """Raise Refused, one line, unless the tensors have our shapes and the file's factor is ours."""
    lora, name, parts = model_config.lora, module.name, module.parts
    rows, into = parts[0][2].stored
    ranks = {lora.rank} | ({len(parts) * lora.rank} if len(parts) > 1 else set())
    given = module.a.shape[:1] if len(module.a.shape) == 2 else ()
    rank = given[0] if given and given[0] in ranks else lora.rank
    for tensor, which, shape in ((module.a, "A", (rank, into)), (module.b, "B", (rows, rank))):
        if tensor.shape != shape:
            raise Refused(
                f"init_from: {tensor.file}: lora_{which} of {name} is {list(tensor.shape)}, expected {list(shape)}, as "
                f"model.lora.rank is {lora.rank}"
            )
    alpha = _of_module(document, "alpha_pattern", "lora_alpha", name, config)
    if (declared := _of_module(document, "rank_pattern", "r", name, config)) != rank:
        raise Refused(f"init_from: {config}: {name} has rank {declared:g}, but its tensors have {rank}")
    factor = alpha / (math.sqrt(rank) if document.get("use_rslora") else rank)
    if not math.isclose(factor, lora.scale, rel_tol=1e-6):
        raise Refused(
            f"init_from: {config}: the factor of {name} is {factor:g}; model.lora.alpha = {factor * lora.rank:g} has "
            f"it, {lora.alpha:g} does not"
        )


def _of_module(document: dict[str, Any], pattern: str, field: str, name: str, config: str) -> float:
    """A number of a module: the first of the patterns that its name ends with, else the field of all."""
    value, patterns = document.get(field), document.get(pattern) or {}
    if not isinstance(patterns, dict):
        raise Refused(f"init_from: {config}: {pattern} is not an object")
    for key, own in patterns.items():
        if not re.fullmatch(r"[A-Za-z0-9_.]+", key):  # PEFT takes any regular expression
            raise Refused(f"init_from: {config}: {pattern}: {one_line(repr(key))} is not a name of modules")
        if f".{name}".endswith(f".{key}"):
            value = own
            break
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Refused(f"init_from: {config}: {field} of {name} is {one_line(repr(value))}, not a number > 0")
    return value
