"""What each phase of a training step costs on this machine, beside the least that the machine would need for it.

The least is the larger of FLOPs over the rate of matrix products and bytes over memory bandwidth: those of the data
sheet where the accelerator is in `flops.DATA_SHEETS`, measured in the same run elsewhere. All prompts and responses are
as long as the configuration lets them be, weights are random, nothing ends early. A model whose weights fit in a cache
may decode faster than memory could feed it.
"""

import dataclasses
import json
import resource
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.algorithm.choices import build_filter
from kpo_jax.commands import starts
from kpo_jax.config import Config
from kpo_jax.files import write_whole
from kpo_jax.model import flops
from kpo_jax.places import folder, shown
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.sampling.programs import Programs as SamplerPrograms
from kpo_jax.text import table
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.setup import Programs
from kpo_jax.training.step import add_advantages, add_old_scores, add_scores, pack_minibatches, update
from kpo_jax.verifier import verify_batch

REPEATS = 5


@dataclasses.dataclass(frozen=True)
class Phase:
    """`seconds` is the median of REPEATS, `first` that of the first run, with compilation; `items` counts tokens or
    responses.
    """

    name: str
    items: int
    seconds: float
    first: float
    operations: float
    bytes: float

    def fraction(self, limits: flops.Limits) -> float:
        """The least time over the time taken, 0 where nothing was counted."""
        return max(self.operations / limits.flops, self.bytes / limits.bandwidth) / self.seconds


def measure_limits(dtype: str, size: int = 2048, elements: int = 2**26) -> flops.Limits:
    """The best of several runs of a product of matrices of size x size, and of an addition to an array of so many
    elements, which no cache should hold.
    """
    a = jax.random.normal(jax.random.key(0), (size, size), dtype)  # of ones some devices are quicker
    product = jax.jit(lambda a: a @ a)
    increment = jax.jit(lambda x: x + 1, donate_argnums=0)  # in place: a fresh array would be paid for in page faults
    box = [jnp.ones(elements, jnp.float32)]

    def step():
        box[0] = increment(box[0])
        return box[0]

    return flops.Limits(
        2 * size**3 / _best(lambda: product(a)), 2 * box[0].nbytes / _best(step), "measured in this run"
    )


def _best(run: Callable) -> float:
    return min(timed(run) for _ in range(8))


def timed(run: Callable) -> float:
    """Seconds until what `run()` returns is there."""
    start = time.perf_counter()
    jax.block_until_ready(run())
    return time.perf_counter() - start


def measure(name: str, run: Callable, *, items: int, operations: float = 0, bytes: float = 0) -> Phase:
    """Time `run()`: once with compilation, then REPEATS times."""
    first = timed(run)
    return Phase(name, items, float(np.median([timed(run) for _ in range(REPEATS)])), first, operations, bytes)


def phases(config: Config, inputs: Inputs, programs: Programs) -> list[Phase]:
    """Prefill, decode, score, update, filter and verifier of one training step."""
    rng = np.random.default_rng(config.seed)
    prompts, group, length = (
        config.rollout.prompts_per_step,
        config.rollout.group_size,
        config.sampler.max_response_length,
    )
    prompt_length, batch = inputs.train.prompt_length, prompts * group
    state = programs.init(jax.random.key(config.seed))
    prompt_ids = rng.integers(config.model.vocab_size, size=(prompts, prompt_length)).tolist()
    work = flops.training_step(
        config.model,
        prompt_lengths=[prompt_length] * prompts,
        response_lengths=[length] * batch,
        group_size=group,
        share_prompts=config.learner.share_prompts,
    )
    sampling, completions = _sampling_phases(config, inputs, programs, state.network, prompt_ids, work)
    rows = _random_rows(rng, prompt_ids, completions, group)
    minibatches = pack_minibatches(config, programs, rows)
    tokens = batch * (prompt_length + length)

    scoring = measure(
        "score",
        lambda: add_old_scores(programs, state.network, minibatches),
        items=tokens,
        operations=work.score,
    )
    if config.algorithm.kl.has_reference:
        add_scores(programs, programs.score_step, state.network, minibatches, "reference_log_prob")
    if config.algorithm.has_token_advantage:
        add_advantages(config, programs, state, minibatches)
    box = [state]

    def take_steps():
        box[0], _ = update(programs, box[0], minibatches)
        return box[0]

    update_bytes = config.learner.num_minibatches * flops.optimizer_bytes(config.model)
    steps = measure("update", take_steps, items=tokens, operations=work.update, bytes=update_bytes)
    return [*sampling, scoring, steps, *_filter_phases(config, rng, batch, length), _verifier_phase()]


def _sampling_phases(config: Config, inputs: Inputs, programs: Programs, params, prompt_ids, work):
    """([prefill, decode], the Completions) of one rollout; `work` is that of the training step."""
    prompts, group, length = len(prompt_ids), config.rollout.group_size, config.sampler.max_response_length
    prompt_length, batch = inputs.train.prompt_length, prompts * group
    of_rollouts = programs.sampling
    endless = SamplerPrograms(config.model, config.sampler, of_rollouts.mesh, (), of_rollouts.localize)
    sampler = make_sampler(endless, pad_id=inputs.tokenizer.pad_id, group_size=group)

    def sample(max_length):
        return sampler(
            params,
            prompt_ids,
            key=jax.random.key(0),
            row_ids=np.arange(batch).reshape(prompts, group),
            prompt_length=prompt_length,
            num_slots=config.rollout.prompts_at_once,
            max_lengths=np.full((prompts, group), max_length),
        )

    prefill = measure("prefill", lambda: sample(1), items=prompts * prompt_length, operations=work.prefill)
    both = measure("prefill and decode", lambda: sample(length), items=batch * length)
    decode = Phase(
        "decode",
        batch * (length - 1),
        max(both.seconds - prefill.seconds, 1e-9),
        both.first,
        work.decode,
        flops.decode_bytes(
            config.sampler.decoder(config.model),
            int8=config.sampler.int8,
            prompts=prompts,
            group_size=group,
            prompt_length=prompt_length,
            response_length=length,
        ),
    )
    return [prefill, decode], sample(length)


def _random_rows(rng, prompt_ids, completions, group) -> dict[str, np.ndarray]:
    batch, length = completions.tokens.shape
    tokens = np.concatenate([np.repeat(np.asarray(prompt_ids, np.int32), group, axis=0), completions.tokens], axis=1)
    return dict(
        tokens=tokens,
        prompt_length=np.full(batch, tokens.shape[1] - length, np.int32),
        response_mask=np.ones((batch, length), bool),
        sampler_log_prob=completions.sampler_log_prob,
        advantage=rng.normal(size=batch).astype(np.float32),
        reward=np.zeros(batch, np.float32),
    )


def _filter_phases(config: Config, rng, batch: int, length: int) -> list[Phase]:
    ratio_filter = build_filter(config.algorithm.filter)
    log_ratio = jnp.asarray(0.1 * rng.standard_t(3, (batch, length)), jnp.float32)
    weight, mask = jnp.asarray(rng.normal(size=(batch, length)), jnp.float32), jnp.ones((batch, length), bool)
    forward = jax.jit(lambda z: ratio_filter(z, mask).log_ratio)
    both = jax.jit(jax.grad(lambda z: jnp.sum(weight * ratio_filter(z, mask).log_ratio)))
    size = log_ratio.nbytes
    return [
        measure("filter", lambda: forward(log_ratio), items=batch * length, bytes=2 * size),
        measure("filter and gradient", lambda: both(log_ratio), items=batch * length, bytes=4 * size),
    ]


def _verifier_phase() -> Phase:
    texts = [f"So the sum of the roots is {n}/{n + 1}.\nAnswer: \\frac{{{n}}}{{{n + 1}}}" for n in range(1, 2001)]
    answers = [f"{2 * n}/{2 * n + 2}" for n in range(1, 2001)]
    return measure("verifier", lambda: verify_batch(texts, answers) and None, items=len(texts))


def peak_bytes() -> int:
    """The most memory in use so far: of the fullest device where it says so, else of this process."""
    stats = [device.memory_stats() for device in jax.local_devices()]
    if all(stats):
        return max(s["peak_bytes_in_use"] for s in stats)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(config: Config, inputs: Inputs, programs: Programs, begun: list[starts.Start], workdir: str) -> str:
    """Benchmark the configuration, of which `begun` are the starts; writes `workdir`/benchmark.json and returns the
    tables.
    """
    limits = flops.data_sheet(jax.devices()[0].device_kind, jax.device_count()) or measure_limits(config.model.dtype)
    found = phases(config, inputs, programs)
    peak = peak_bytes()
    rows = [
        [
            phase.name,
            f"{phase.items / phase.seconds:,.0f}",
            f"{1e3 * phase.seconds:,.2f}",
            f"{phase.first - phase.seconds:.1f}",
            f"{phase.operations / 1e12:.3g}" if phase.operations else "-",
            f"{phase.bytes / 1e9:.3g}" if phase.bytes else "-",
            f"{100 * phase.fraction(limits):.0f} %" if phase.operations or phase.bytes else "-",
        ]
        for phase in found
    ]
    result = {
        "limits": dataclasses.asdict(limits),
        "peak_bytes": peak,
        "starts": [one._asdict() for one in begun],
        "phases": [dataclasses.asdict(phase) | {"fraction": phase.fraction(limits)} for phase in found],
    }
    write_whole(folder(workdir) / "benchmark.json", json.dumps(result, indent=2) + "\n")
    header = ["phase", "tokens/s (verifier: responses/s)", "ms", "compile s", "TFLOPs", "GB", "of the limit"]
    return (
        f"limit: {limits.flops / 1e12:.3g} TFLOP/s, {limits.bandwidth / 1e9:.3g} GB/s, {limits.source}\n"
        f"peak memory: {peak / 2**30:.2f} GiB\n\n{table(header, rows)}\n\n"
        f"{starts.describe(begun)}\n\n{shown(workdir, 'benchmark.json')}"
    )
