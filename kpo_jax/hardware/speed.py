"""How fast programs are on this device, against what its data sheet allows. Each part yields its findings as it makes
them.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.commands.benchmark import measure_limits, timed
from kpo_jax.config import Config, LearnerConfig, MeshConfig, RolloutConfig, with_method
from kpo_jax.filters.kalman import Kalman
from kpo_jax.hardware.candidates import attention_by_offsets
from kpo_jax.hardware.records import Finding, Scale, at_least, at_most
from kpo_jax.model import attention, flops
from kpo_jax.model.config import PRESETS
from kpo_jax.model.decoder import init_params
from kpo_jax.model.packing import make_batch, pack
from kpo_jax.runtime.ahead import Ahead, Program, like
from kpo_jax.runtime.sharding import make_mesh, on_mesh, put_microbatches, put_rows, replicated
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.programs import Programs, Rows
from kpo_jax.sampling.shapes import Plan, Shape
from kpo_jax.training.learner import log_prob_scores, make_init, make_optimizer, make_scorer
from kpo_jax.training.setup import update_step
from kpo_jax.training.shapes import minibatch_rows, update_shape

_MFU, _BANDWIDTH, _PARALLEL = 0.45, 0.6, 10.0  # what is hoped for
_WIDTH = 64  # columns of a segment of the ring


def device(scale: Scale) -> Iterator[Finding]:
    """What it is, and what of its data sheet a plain product and a plain addition reach."""
    del scale
    one = jax.devices()[0]
    yield Finding("device", "kind", one.device_kind)
    yield Finding("device", "backend", jax.default_backend())
    yield Finding("device", "jax", jax.__version__)
    stats = one.memory_stats() or {}
    if "bytes_limit" in stats:
        yield Finding("device", "memory that JAX may use", stats["bytes_limit"] / 2**30, "GiB")
    on_chip = jax.default_backend() != "cpu"
    reached = measure_limits("bfloat16", 8192, 2**29) if on_chip else measure_limits("bfloat16", 512)
    sheet = _limits()
    yield Finding("device", "bfloat16 products", reached.flops / 1e12, "TFLOP/s")
    yield Finding("device", "memory, reading and writing", reached.bandwidth / 1e9, "GB/s")
    if sheet:
        yield Finding("device", "data sheet: bfloat16 products", sheet.flops / 1e12, "TFLOP/s")
        yield Finding("device", "data sheet: memory", sheet.bandwidth / 1e9, "GB/s")


def filters(scale: Scale) -> Iterator[Finding]:
    """The two forms of the Kalman filter, forward and with the gradient, on the same rows."""
    log_ratio = 0.1 * jax.random.normal(jax.random.key(0), scale.filter)
    weight, mask = jax.random.normal(jax.random.key(1), scale.filter), jnp.ones(scale.filter, bool)
    seconds, outputs = {}, {}
    for method in ("scan", "parallel"):
        ratio_filter = Kalman(process_var=1e-2, measurement_var=1.0, initial_var=1.0, method=method)
        forward = jax.jit(lambda z, f=ratio_filter: f(z, mask).log_ratio)
        gradient = jax.jit(jax.grad(lambda z, f=ratio_filter: jnp.sum(weight * f(z, mask).log_ratio)))
        for name, run in (("forward", forward), ("gradient", gradient)):
            seconds[method, name] = _timed(lambda run=run: run(log_ratio), scale.repeats)
            outputs[method, name] = np.asarray(run(log_ratio))
            what = f"{method}, {name}, {scale.filter[0]} x {scale.filter[1]} tokens"
            yield Finding("filters", what, 1e3 * seconds[method, name], "ms")
    for name in ("forward", "gradient"):
        gap = np.abs(outputs["scan", name] - outputs["parallel", name]).max()
        yield Finding("filters", f"{name}: largest difference of the two", float(gap))
        gain = seconds["scan", name] / seconds["parallel", name]
        yield _hoped("filters", f"{name}: scan over parallel", gain, _PARALLEL, "x")


def attention_forms(scale: Scale) -> Iterator[Finding]:
    """The update's attention, forward and backward, of whole and of packed rows, and what may take its place."""
    part, (_, length, heads, kv_heads, width) = "attention forms", scale.attention
    rows, length = scale.update_rows, 4 * length
    shapes = [(rows, length, n, width) for n in (heads, kv_heads, kv_heads, heads)]
    query, key, value, weight = (
        jax.random.normal(jax.random.key(i), shape, jnp.bfloat16) for i, shape in enumerate(shapes)
    )
    ends = np.array([0.25, 0.5, 0.8, 0.95]) * length  # four segments, and padding behind them
    own = jnp.asarray(1 + (np.arange(length)[:, None] >= ends).sum(axis=1), jnp.int32)
    own = jnp.broadcast_to(jnp.where(own == 5, 0, own), (rows, length))
    weight = jnp.where(own[:, :, None, None] > 0, weight, 0)
    form = on_mesh(attention.causal_attention, make_mesh(MeshConfig(), jax.devices()[:1]))
    forms = {
        "whole rows": lambda *x: form(*x, None),
        "packed rows": lambda *x: form(*x, attention.Segments(own)),
        "packed rows by offsets": lambda *x: attention_by_offsets(*x, own, 4),
    }
    if jax.default_backend() != "gpu":
        del forms["packed rows by offsets"]
    gradients = {}
    for name, one in forms.items():
        loss = lambda *x, one=one: jnp.sum(one(*x).astype(jnp.float32) * weight)
        run = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))
        seconds = _timed(lambda run=run: run(query, key, value), scale.repeats)
        gradients[name] = [np.asarray(x, np.float32) for x in run(query, key, value)]
        yield Finding(part, f"{name}, {rows} x {length} tokens, {heads} heads", 1e3 * seconds, "ms")
    for name in forms.keys() - {"whole rows", "packed rows"}:
        pairs = zip(gradients[name], gradients["packed rows"], strict=True)
        error = max(float(np.linalg.norm(x - y) / np.linalg.norm(y)) for x, y in pairs)
        yield at_most(part, f"{name}: distance of its gradients to those of packed rows", error, 2e-2)


def sampler(scale: Scale, name: str) -> Iterator[Finding]:
    """Prefill, and a dispatch of decoding at the end of long responses, of a model with random weights."""
    part, model, mesh = f"sampler {name}", _model(name), make_mesh(MeshConfig(), jax.devices()[:1])
    model = dataclasses.replace(model, param_dtype="bfloat16")  # the sampler's copy is all that counts here
    programs = Programs(model, SampleConfig(max_response_length=scale.response_length), mesh, ())
    rows, length, width = scale.prompts * scale.group_size, scale.prompt_length, min(_WIDTH, scale.response_length)
    shape = Shape(scale.prompts, rows, -(-scale.response_length // width), width, length)
    init = jax.jit(functools.partial(init_params, model), out_shardings=replicated(mesh))
    key = jax.random.key(0)
    began = time.perf_counter()
    ahead = Ahead(threads=3)
    shapes = like(jax.eval_shape(init, key), replicated(mesh))
    programs.compile_ahead(ahead, Plan((shape,), scale.prompts), shapes, key)
    ahead.wait()
    yield Finding(part, "compiling prefill and one shape of decoding, side by side", time.perf_counter() - began, "s")
    weights = jax.block_until_ready(programs.prepare(init(key)))
    prompt = programs.empty_prompts(scale.prompts, length)
    rng = np.random.default_rng(0)
    tokens = put_rows(mesh, rng.integers(model.vocab_size, size=(scale.prompts, length)).astype(np.int32))
    slots = np.arange(scale.prompts)
    box = [prompt]

    def prefill():
        box[0] = programs.admit(weights, tokens, slots, box[0])
        return box[0]

    seconds = _timed(prefill, scale.repeats)
    work = flops.training_step(
        model, prompt_lengths=[length] * scale.prompts, response_lengths=[1] * scale.prompts, group_size=1,
        share_prompts=True,
    ).prefill  # fmt: skip
    yield Finding(part, f"prefill of {scale.prompts} x {length} tokens", 1e3 * seconds, "ms")
    if sheet := _limits():
        yield Finding(part, "prefill: of the data sheet's FLOP/s", work / seconds / sheet.flops)

    ring = jax.tree.map(
        lambda x: jax.random.normal(jax.random.key(2), x.shape, x.dtype),
        programs.empty_ring(rows, shape.segments, width),
    )
    start, number = shape.columns - scale.steps, np.zeros((rows,), np.int32)
    state = Rows(
        np.full((scale.prompts,), length, np.int32),
        np.arange(rows, dtype=np.int32),
        number,
        number + start,
        number + shape.columns,
        number == 0,
    )
    held = [ring]

    def decode():
        held[0], steps = programs.decode(shape)(
            weights, jax.random.key(0), box[0], held[0], np.int32(start), put_rows(mesh, state),
            (np.int32(scale.steps), np.int32(scale.prompts + 1), np.int32(0)),
        )  # fmt: skip
        return steps

    seconds = _timed(decode, scale.repeats)
    drawn = int(decode().count)
    if drawn != scale.steps:
        raise RuntimeError(f"{drawn} steps of decoding were run and not {scale.steps}")
    moved = flops.decode_bytes(
        model, prompts=scale.prompts, group_size=scale.group_size, prompt_length=length,
        response_length=shape.columns + 1, start=start,
    )  # fmt: skip
    step = seconds / drawn
    yield Finding(part, f"decoding: a step of {rows} rows behind {length} + {start} tokens", 1e3 * step, "ms")
    yield Finding(part, "decoding", rows / step, "tokens/s")
    if sheet := _limits():
        yield _hoped(part, "decoding: of the data sheet's bandwidth", moved / seconds / sheet.bandwidth, _BANDWIDTH)
    yield from _peak(part)


def update(scale: Scale, name: str) -> Iterator[Finding]:
    """Score and update of a model with random weights; parameters are float32, moments bfloat16."""
    part, mesh = f"update {name}", make_mesh(MeshConfig(), jax.devices()[:1])
    length = scale.prompt_length + 4 * scale.response_length
    config = Config(
        model=dataclasses.replace(_model(name), remat=dict(scale.models)[name]),
        rollout=RolloutConfig(prompts_per_step=scale.update_rows // 2, group_size=2),
        sampler=SampleConfig(max_response_length=4 * scale.response_length),
        learner=LearnerConfig(
            num_minibatches=1, microbatch_tokens=length * scale.update_rows // 2, share_prompts=False,
            first_moment_dtype="bfloat16", second_moment_dtype="bfloat16",
        ),
    )  # fmt: skip
    config = with_method(config, "kpo_strong")
    optimizer = make_optimizer(config.learner)
    init, shardings = make_init(config.model, optimizer, mesh)
    batch = put_microbatches(mesh, _batch(config, scale))
    scorer = Program(make_scorer(log_prob_scores(config.model, 1.0), shardings, mesh))
    step = Program(update_step(config, optimizer, shardings, mesh))
    shapes = like(jax.eval_shape(init, jax.random.key(0)), shardings)
    began = time.perf_counter()
    ahead = Ahead(threads=2)
    ahead.compile(step, shapes, batch)
    ahead.compile(scorer, shapes.network, batch.packed)
    ahead.wait()
    yield Finding(part, "compiling score and update, side by side", time.perf_counter() - began, "s")
    box = [init(jax.random.key(0))]
    seconds = _timed(lambda: scorer(box[0].network, batch.packed), scale.repeats)
    work = flops.training_step(
        config.model,
        prompt_lengths=[scale.prompt_length] * minibatch_rows(config),
        response_lengths=[4 * scale.response_length] * minibatch_rows(config),
        group_size=1,
        share_prompts=False,
    )
    tokens = length * minibatch_rows(config)
    yield Finding(part, f"score of {minibatch_rows(config)} x {length} tokens", tokens / seconds, "tokens/s")
    if sheet := _limits():
        yield Finding(part, "score: of the data sheet's FLOP/s", work.score / seconds / sheet.flops)

    def take():
        box[0], metrics, _ = step(box[0], batch)
        return metrics

    seconds = _timed(take, scale.repeats)
    yield Finding(part, "update", tokens / seconds, "tokens/s")
    if sheet := _limits():
        yield _hoped(part, "update: of the data sheet's FLOP/s (MFU)", work.update / seconds / sheet.flops, _MFU)
    finite = bool(np.isfinite(float(take()["learner/loss"])))
    yield Finding(part, "loss is finite", str(finite), "", "True", finite)
    analysis = step.lower(shapes, batch).compile().memory_analysis()  # JAX has kept it
    planned = analysis.argument_size_in_bytes + analysis.temp_size_in_bytes
    yield Finding(part, "the compiler's arguments and temporaries", planned / 2**30, "GiB")
    yield from _peak(part)


def _batch(config: Config, scale: Scale):
    """Random responses, all as long as may be."""
    rng, count, columns = np.random.default_rng(0), minibatch_rows(config), config.sampler.max_response_length
    tokens = rng.integers(config.model.vocab_size, size=(count, scale.prompt_length + columns)).astype(np.int32)
    numbers = rng.normal(size=(count, columns)).astype(np.float32)
    rows = dict(
        tokens=tokens,
        prompt_length=np.full(count, scale.prompt_length, np.int32),
        response_mask=np.ones((count, columns), bool),
        old_log_prob=-np.abs(numbers),
        sampler_log_prob=-np.abs(numbers),
        advantage=numbers[:, 0],
        reward=numbers[:, 0],
    )
    return make_batch(rows, *pack(rows, update_shape(config, scale.prompt_length, 1)))


def _model(name: str):
    return dataclasses.replace(PRESETS[name], dtype="bfloat16")


def _hoped(part: str, what: str, value: float, bound: float, unit: str = "") -> Finding:
    """A finding that an accelerator should bring to the bound; a CPU need not."""
    if jax.default_backend() == "cpu":
        return Finding(part, what, value, unit)
    return at_least(part, what, value, bound, unit)


def _limits() -> flops.Limits | None:
    return flops.data_sheet(jax.devices()[0].device_kind, 1)


def _peak(part: str) -> Iterator[Finding]:
    stats = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in stats:
        yield Finding(part, "peak memory of the process", stats["peak_bytes_in_use"] / 2**30, "GiB")


def _timed(run: Callable, repeats: int) -> float:
    """Seconds: the median of `repeats` runs, after one that is not counted."""
    timed(run)
    return float(np.median([timed(run) for _ in range(repeats)]))
