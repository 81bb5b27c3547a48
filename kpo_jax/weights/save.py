"""Weights out: a policy as a directory that transformers.AutoModelForCausalLM loads.

What training left untouched comes out bit for bit as it went in, in the dtype of the parameters.
"""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.ends import Failed
from kpo_jax.model.config import ModelConfig
from kpo_jax.weights.huggingface_files import INDEX, SINGLE, one_line
from kpo_jax.weights.layout import Layout, flat_layouts

DTYPES = ("float32", "bfloat16", "float16")
MAX_FILE_BYTES = 4 * 10**9


def check_empty(out: str) -> None:
    """Raises ValueError if `out` is anything but an empty directory or nothing yet."""
    if os.path.lexists(out) and not (os.path.isdir(out) and not os.listdir(out)):
        raise ValueError(f"--out: {out} is there and not an empty directory; nothing is overwritten")


class Entry(NamedTuple):
    """One tensor to write: its name, shape and layer (None: it is of none), and our leaves that it holds, one after the
    other: (leaf, place in its axes of layers and experts, layout).
    """

    name: str
    stored: tuple[int, ...]
    layer: int | None
    parts: list[tuple[jax.Array, tuple[int, ...], Layout]]

    def num_bytes(self, dtype) -> int:
        return int(np.prod(self.stored)) * dtype.itemsize


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
    """Write weights, documents and tokenizer to the directory `out`, see `whole_directory`.

    Host memory holds one file of weights, at most `max_bytes` or one tensor. Raises ValueError if `out` is in the way,
    and for a finite weight that `dtype` cannot hold; Failed if `out` cannot be written.
    """
    with whole_directory(out) as directory:
        _write_weights(params, model_config, directory, jnp.dtype(dtype), max_bytes)
        tokenizer.save(str(directory))
        write_json(directory / "config.json", architecture)
        write_json(directory / "generation_config.json", generation)


def write_json(path: Path, document: dict) -> None:
    """Write a JSON document as people read it."""
    path.write_text(json.dumps(document, indent=2) + "\n")


@contextlib.contextmanager
def whole_directory(out: str):
    """A temporary directory to write into, which becomes `out` once all is there: a neighbour that gets its name; or,
    where `out` is there, which may be a mount, one within it, all of which moves up.

    Raises ValueError if `out` is in the way, Failed if it cannot be written.
    """
    check_empty(out)
    target = Path(os.path.realpath(out))
    there = target.is_dir()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target if there else target.parent))
        try:
            yield temporary
            umask = os.umask(0)
            os.umask(umask)
            for path in (temporary, *temporary.iterdir()):  # tempfile and safetensors write for the owner alone
                path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
            if there:
                for path in temporary.iterdir():
                    path.rename(target / path.name)
                temporary.rmdir()
            else:
                temporary.rename(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    except Exception as error:  # of a full disk, safetensors and tokenizers raise errors of their own
        if isinstance(error, OSError) or "os error" in str(error):
            raise Failed(f"--out: {out} could not be written, nothing of it is left: {one_line(error)}") from error
        raise


def _entries(params, model_config: ModelConfig) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for leaf, layout in zip(jax.tree.leaves(params), flat_layouts(model_config), strict=True):
        for place, name in layout.names(model_config):
            entry = entries.setdefault(name, Entry(name, layout.stored, place[0] if place else None, []))
            entry.parts.append((leaf, place, layout))
    # the table first, then layer by layer, so that a file holds whole layers; stable in any case
    return sorted(entries.values(), key=lambda e: (e.layer is not None, e.layer if e.layer is not None else 0))


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
    parts = []
    for leaf, place, layout in sorted(entry.parts, key=lambda part: part[2].first):
        array = np.asarray(leaf[place] if place else leaf)
        parts.append(layout.to_stored(cast(array, dtype, entry.name)))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def cast(array: np.ndarray, dtype, name: str) -> np.ndarray:
    """The weights of the tensor `name` in another dtype. Raises ValueError for a finite one that it cannot hold."""
    with np.errstate(over="ignore"):  # reported below
        out = array.astype(dtype)
    if dtype != array.dtype and not np.array_equal(np.isfinite(out), np.isfinite(array)):
        largest = float(np.nanmax(np.abs(array.astype(np.float32))))
        raise ValueError(f"--dtype: {dtype.name} cannot hold {largest:g}, a weight of {name}")
    return out
