"""Weights out: a policy as a directory that transformers.AutoModelForCausalLM loads.

What training left untouched comes out bit for bit as it went in, in the dtype of the parameters.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.model.config import ModelConfig
from kpo_jax.weights import huggingface
from kpo_jax.weights.huggingface_files import INDEX, SINGLE
from kpo_jax.weights.layout import Layout, flat_layouts

DTYPES = ("float32", "bfloat16", "float16")
MAX_FILE_BYTES = 4 * 10**9


def check_empty(out: str) -> None:
    """Raises ValueError if `out` is anything but an empty directory or nothing yet."""
    if os.path.lexists(out) and not (os.path.isdir(out) and not os.listdir(out)):
        raise ValueError(f"--out: {out} is there and not an empty directory; nothing is overwritten")


def architecture_of(model_config: ModelConfig, max_length: int) -> dict[str, Any]:
    """config.json of a ModelConfig. Raises ValueError if no architecture of Hugging Face's has both qk_norm and
    qkv_bias.
    """
    own = {"qk_norm": model_config.qk_norm, "qkv_bias": model_config.qkv_bias}
    names = [name for name, (_, flags) in huggingface.ARCHITECTURES.items() if flags == own]
    if not names:
        raise ValueError(
            "model: no Hugging Face architecture has both qk_norm and qkv_bias, so there is none to export to"
        )
    model_type = huggingface.ARCHITECTURES[names[0]][0]
    return {
        "architectures": names,
        "model_type": model_type,
        "vocab_size": model_config.vocab_size,
        "hidden_size": model_config.hidden_size,
        "intermediate_size": model_config.intermediate_size,
        "num_hidden_layers": model_config.num_layers,
        "num_attention_heads": model_config.num_heads,
        "num_key_value_heads": model_config.num_kv_heads,
        "head_dim": model_config.head_dim,
        "rms_norm_eps": model_config.norm_eps,
        "rope_theta": model_config.rope_theta,  # read by transformers 4 and by other engines
        "rope_parameters": {"rope_type": "default", "rope_theta": model_config.rope_theta},
        "tie_word_embeddings": model_config.tie_embeddings,
        "hidden_act": "silu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "use_sliding_window": False,
        "max_position_embeddings": max_length,
        "use_cache": True,
        "bos_token_id": None,
    }


class Entry(NamedTuple):
    """One tensor to write: its name, the leaf it comes from, the layer of it (None: no layer axis), and its layout."""

    name: str
    leaf: jax.Array
    layer: int | None
    layout: Layout

    def num_bytes(self, dtype) -> int:
        return int(np.prod(self.layout.stored)) * dtype.itemsize


def write(
    params,
    model_config: ModelConfig,
    out: str,
    *,
    dtype: str,
    architecture: dict,
    generation: dict,
    tokenizer,
    max_bytes: int = MAX_FILE_BYTES,
) -> None:
    """Write weights, documents and tokenizer to a temporary neighbour of `out`, which gets its name once all is there.

    Host memory holds one file of weights, at most `max_bytes` or one tensor. Raises ValueError if `out` is in the way,
    and for a finite weight that `dtype` cannot hold.
    """
    check_empty(out)
    target = Path(os.path.abspath(out))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_weights(params, model_config, temporary, jnp.dtype(dtype), max_bytes)
        tokenizer.save(str(temporary))
        for name, document in (("config.json", architecture), ("generation_config.json", generation)):
            (temporary / name).write_text(json.dumps(document, indent=2) + "\n")
        umask = os.umask(0)
        os.umask(umask)
        for path in (temporary, *temporary.iterdir()):  # tempfile and safetensors write for the owner alone
            path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _entries(params, model_config: ModelConfig) -> list[Entry]:
    entries = []
    for leaf, layout in zip(jax.tree.leaves(params), flat_layouts(model_config), strict=True):
        layers = range(model_config.num_layers) if "{}" in layout.name else [None]
        entries += [Entry(layout.name.format(layer), leaf, layer, layout) for layer in layers]
    # the table first, then layer by layer, so that a file holds whole layers; stable in any case
    return sorted(entries, key=lambda e: (e.layer is not None, e.layer if e.layer is not None else 0))


def _write_weights(params, model_config: ModelConfig, directory: Path, dtype, max_bytes: int) -> None:
    from safetensors.numpy import save_file

    files: list[list[Entry]] = [[]]
    for entry in _entries(params, model_config):
        if files[-1] and sum(e.num_bytes(dtype) for e in files[-1]) + entry.num_bytes(dtype) > max_bytes:
            files.append([])
        files[-1].append(entry)
    weight_map = {}
    for number, entries in enumerate(files, start=1):
        file = SINGLE if len(files) == 1 else f"model-{number:05d}-of-{len(files):05d}.safetensors"
        # transformers asks for the format's name, which is that of the tensors' axes: [out, in]
        save_file({e.name: _stored(e, dtype) for e in entries}, directory / file, metadata={"format": "pt"})
        weight_map |= {e.name: file for e in entries}
    if len(files) > 1:
        total = sum(e.num_bytes(dtype) for entries in files for e in entries)
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
        (directory / INDEX).write_text(json.dumps(index, indent=2) + "\n")


def _stored(entry: Entry, dtype) -> np.ndarray:
    """One tensor on the host, as it stands in the file."""
    array = np.asarray(entry.leaf if entry.layer is None else entry.leaf[entry.layer])
    with np.errstate(over="ignore"):  # reported below
        cast = array.astype(dtype)
    if dtype != array.dtype and not np.array_equal(np.isfinite(cast), np.isfinite(array)):
        largest = float(np.nanmax(np.abs(array.astype(np.float32))))
        raise ValueError(f"--dtype: {dtype.name} cannot hold {largest:g}, a weight of {entry.name}")
    return entry.layout.to_stored(cast)
