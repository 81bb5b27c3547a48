"""Whether programs for this backend compute what they should. Each part yields its findings as it makes them."""

import dataclasses
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.config import MeshConfig
from kpo_jax.hardware.records import Finding, Scale, at_least, at_most
from kpo_jax.model import attention
from kpo_jax.model.config import PRESETS
from kpo_jax.model.decoder import init_params
from kpo_jax.model.head import row_log_probs
from kpo_jax.runtime.cpu import xla_flags
from kpo_jax.runtime.sharding import make_mesh, on_mesh
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.sampling.programs import Programs

BFLOAT16 = 2e-2  # relative error of a sum of products whose factors have 8 bits
FLOAT32 = 2e-3  # of products that an accelerator may take with 10 bits, as JAX lets it by default


def kernels(scale: Scale) -> Iterator[Finding]:
    """Attention as the update runs it, values and gradients, against the definition in float32."""
    rows, length, heads, kv_heads, width = scale.attention
    mesh = make_mesh(MeshConfig(), jax.devices()[:1])
    shapes = [(rows, length, n, width) for n in (heads, kv_heads, kv_heads, heads)]
    query, key, value, weight = (jax.random.normal(jax.random.key(i), shape) for i, shape in enumerate(shapes))
    ends = np.sort(np.random.default_rng(0).choice(np.arange(1, length), (rows, 4), replace=False), axis=1)
    own = 1 + (np.arange(length)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    own = jnp.asarray(np.where(own == 5, 0, own), jnp.int32)  # four segments, and padding behind them
    packed, shared = attention.Segments(own), attention.Segments(own, (own + 1) // 2 * 2 - 1)
    exact = jax.default_matmul_precision("highest")
    for name, segments in (("whole rows", None), ("packed", packed), ("shared prompts", shared)):
        seen = weight if segments is None else jnp.where(own[:, :, None, None] > 0, weight, 0)
        with exact:
            expected = _with_gradients(_plain, query, key, value, seen, segments)
        form = on_mesh(attention.causal_attention, mesh)
        for dtype, bound in ((jnp.bfloat16, BFLOAT16), (jnp.float32, FLOAT32)):
            actual = _with_gradients(form, *(x.astype(dtype) for x in (query, key, value)), seen, segments)
            error = max(map(_relative_error, actual, expected))
            what = f"{name}, {jnp.dtype(dtype).name}: error of values and gradients"
            yield at_most("attention", what, error, bound)
        wrong = attention.Segments(jnp.ones_like(own)) if segments is not None else packed
        other = _with_gradients(form, query, key, value, seen, wrong)
        yield at_least("attention", f"{name}: error with other segments", _relative_error(other[0], expected[0]), 0.1)


def _plain(query, key, value, segments):
    """The definition, with every weight in memory."""
    repeats, length = query.shape[2] // key.shape[2], query.shape[1]
    key, value = (jnp.repeat(x, repeats, axis=2) for x in (key, value))
    seen = jnp.tri(length, dtype=bool)[None]
    if segments is not None:
        of_key = segments.own[:, None, :]
        related = segments.own[:, :, None] == of_key
        if segments.prompt is not None:
            related |= segments.prompt[:, :, None] == of_key
        seen &= related
    score = jnp.einsum("bqnh,bsnh->bnqs", query, key) / np.sqrt(query.shape[-1])
    weight = jax.nn.softmax(jnp.where(seen[:, None], score, -1e30), axis=-1)
    return jnp.einsum("bnqs,bsnh->bqnh", weight, value)


def _with_gradients(form, query, key, value, weight, segments):
    """[what the form gives, then the gradients of query, key and value], each 0 where `weight` is."""

    def loss(query, key, value):
        out = form(query, key, value, segments).astype(jnp.float32)
        return jnp.sum(jnp.where(weight != 0, out * weight, 0)), jnp.where(weight != 0, out, 0)

    gradients, out = jax.jit(jax.grad(loss, argnums=(0, 1, 2), has_aux=True))(query, key, value)
    return [out, *gradients]


def _relative_error(actual, expected) -> float:
    actual, expected = (np.asarray(x, np.float64) for x in (actual, expected))
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def log_probs(scale: Scale) -> Iterator[Finding]:
    """The sampler's log-probabilities against the trainer's, of what the sampler drew."""
    mesh = make_mesh(MeshConfig(), jax.devices()[:1])
    for dtype, bound in (("float32", 2e-3), ("bfloat16", 5e-2)):
        model = PRESETS[scale.models[0][0]]
        model = dataclasses.replace(model, dtype=dtype, num_layers=2)
        params = jax.jit(functools.partial(init_params, model))(jax.random.key(0))
        sampled = SampleConfig(max_response_length=scale.response_length // 8)
        sample = make_sampler(Programs(model, sampled, mesh, ()), pad_id=0, group_size=scale.group_size)
        rng, length = np.random.default_rng(0), scale.prompt_length // 8
        prompts = [rng.integers(1, model.vocab_size, size=n).tolist() for n in rng.integers(1, length, scale.prompts)]
        row_ids = np.arange(scale.prompts * scale.group_size).reshape(scale.prompts, -1)
        drawn = sample(
            params, prompts, key=jax.random.key(1), row_ids=row_ids, prompt_length=length, num_slots=scale.prompts
        )
        rows = [p for p in prompts for _ in range(scale.group_size)]
        tokens = np.zeros((len(rows), length + drawn.tokens.shape[1]), np.int32)
        for row, prompt, response in zip(tokens, rows, drawn.tokens, strict=True):
            row[: len(prompt) + len(response)] = [*prompt, *response]
        score = on_mesh(functools.partial(row_log_probs, model, response_length=drawn.tokens.shape[1]), mesh)
        scored, _ = jax.jit(score)(params, tokens, np.array([len(p) for p in rows], np.int32))
        gap = np.abs(np.asarray(scored, np.float64) - drawn.sampler_log_prob)[drawn.mask]
        yield at_most(
            "log-probabilities", f"{dtype}: mean gap of sampler and trainer", float(gap.mean()), bound, "nats"
        )
        yield Finding("log-probabilities", f"{dtype}: largest gap of {gap.size:,} tokens", float(gap.max()), "nats")


def training(scale: Scale) -> Iterator[Finding]:
    """A tiny run of KPO, with exact products and operations that are deterministic: its metrics follow those of a CPU,
    and a second run, with the first one's compiled programs, repeats it to the byte.
    """
    with tempfile.TemporaryDirectory(prefix="kpo_jax_check_") as folder:
        here = [Path(folder) / name for name in ("first", "second")]
        there = Path(folder) / "cpu"
        command = [
            sys.executable, "-m", "kpo_jax.main", "--config=configs/tiny.py",
            f"--config.num_steps={scale.training_steps}", "--config.warm_start.num_steps=50", "--config.eval.every=0",
        ]  # fmt: skip
        beside = _start([*command, f"--workdir={there}", "--compilation_cache=off"], JAX_PLATFORMS="cpu")
        try:
            for workdir in here:
                run = [*command, f"--workdir={workdir}", f"--compilation_cache={Path(folder) / 'programs'}"]
                yield from _ended(_start(run), workdir.name)
            yield from _ended(beside, "cpu")
        finally:  # nothing runs on in a folder that is gone
            beside.kill()
        first, second, cpu = (_metrics(workdir) for workdir in (*here, there))
        yield Finding("training", "second run the same to the byte", str(first == second), "", "True", first == second)
        for name, bound in (("policy/entropy", 0.05), ("learner/grad_norm", 0.25)):
            mine, theirs = (np.array([step[name] for step in steps if name in step]) for steps in (first, cpu))
            gap = np.abs(mine / theirs - 1).max() if mine.shape == theirs.shape and mine.size else np.inf
            yield at_most("training", f"{name}: largest relative distance to the CPU's", float(gap), bound)


def _start(command: list[str], **variables: str) -> subprocess.Popen:
    exact = {
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        "XLA_FLAGS": xla_flags(os.environ) + " --xla_gpu_exclude_nondeterministic_ops=true",
    }
    environment = os.environ | exact | variables
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _ended(process: subprocess.Popen, name: str) -> Iterator[Finding]:
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the {name} run ended with {process.returncode}: {said.strip()[-500:]}")
    yield Finding("training", f"exit code of the {name} run", process.returncode, "", "0", process.returncode == 0)


def _metrics(workdir: Path) -> list[dict]:
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
