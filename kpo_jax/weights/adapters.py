"""A policy's adapters out: a directory that `peft.PeftModel.from_pretrained` loads over the model they were trained on.

PEFT names the tensors of a module `base_model.model.MODULE.lora_A.weight` [rank, in] and `.lora_B.weight` [out, rank],
and adds lora_alpha / r times their product (https://huggingface.co/docs/peft/developer_guides/checkpoint). Where a file
has several of our projections in one module, that module gets one adapter which is the same sum: the ranks stand one
after the other, and each projection's rows of B are 0 but at its own.
"""

import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.model.config import ModelConfig
from kpo_jax.model.parameters import LORA
from kpo_jax.weights.layout import Layout
from kpo_jax.weights.peft import CONFIG, TENSOR, WEIGHTS, modules_of
from kpo_jax.weights.save import cast, whole_directory, write_json


class _Part(NamedTuple):
    """One of our adapters: `a` [L, in, rank], `b` [L, rank, out], and how the file stores its projection."""

    a: np.ndarray
    b: np.ndarray
    layout: Layout


def write_adapters(
    params, model_config: ModelConfig, out: str, *, dtype: str, base: str | None, revision: str | None
) -> None:
    """Write the adapters among the parameters of a policy to the directory `out`, in PEFT's form.

    `base` is the model they belong to, a name that transformers loads, at `revision`. Raises ValueError if `out` is in
    the way, and for a finite weight that `dtype` cannot hold.
    """
    from safetensors.numpy import save_file

    modules = _modules(params, model_config)
    arrays = {
        name: np.ascontiguousarray(cast(array, jnp.dtype(dtype), name))
        for module, parts in modules.items()
        for name, array in _tensors(module, parts, model_config.num_layers)
    }
    document = _document(modules, model_config) | {"base_model_name_or_path": base, "revision": revision}
    with whole_directory(out) as directory:
        save_file(arrays, directory / WEIGHTS, metadata={"format": "pt"})
        write_json(directory / CONFIG, document)


def _modules(params, model_config: ModelConfig) -> dict[str, list[_Part]]:
    """The adapters by the module of the file that has their projection, in the order of its rows."""
    layers = jax.device_get(params[LORA]["layers"])
    return {
        module: [_Part(layers[part][name]["a"], layers[part][name]["b"], layout) for part, name, layout in parts]
        for module, parts in modules_of(model_config).items()
    }


def _tensors(module: str, parts: list[_Part], num_layers: int):
    """(name, array) of the tensors of a module in all layers."""
    rank, rows = parts[0].a.shape[-1], parts[0].layout.stored[0]
    for layer in range(num_layers):
        name = module.format(layer=layer)
        yield TENSOR.format(module=name, which="A"), np.concatenate([part.a[layer].T for part in parts])
        b = np.zeros((rows, rank * len(parts)), np.float32)
        for part, column in zip(parts, itertools.count(0, rank)):
            first = part.layout.first
            b[first : first + part.layout.part[0], column : column + rank] = part.b[layer].T
        yield TENSOR.format(module=name, which="B"), b


def _document(modules: dict[str, list[_Part]], model_config: ModelConfig) -> dict[str, Any]:
    """adapter_config.json without the name of the model. A module of several projections has as many times the rank,
    and alpha, so that the factor is the same.
    """
    lora = model_config.lora
    sizes = {module.rpartition(".")[2]: len(parts) for module, parts in modules.items()}
    joined = {name: count for name, count in sizes.items() if count > 1}
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "rank_pattern": {name: count * lora.rank for name, count in joined.items()},
        "alpha_pattern": {name: count * lora.alpha for name, count in joined.items()},
        "target_modules": sorted(sizes),
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": False,
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
