"""The lines that a run says of itself: what it is, what a training step was like, what an evaluation found. Pure but for
the devices that the first of them names.
"""

import collections
import math
import textwrap

import jax

from kpo_jax.algorithm import methods
from kpo_jax.config import Config
from kpo_jax.model.decoder import num_params


def start(config: Config, mesh, problems: dict[str, int], workdir: str, columns: int) -> list[str]:
    """What the run is, in lines of at most `columns`; `mesh` is that of its devices, `problems` counts those of each
    set, the training set first.
    """
    algorithm, model = config.algorithm, config.model
    name = methods.name_of(algorithm)
    parts = f"filter {algorithm.filter.name}, objective {algorithm.objective.name}, advantage {algorithm.advantage.name}"
    first = f"step 0 of {config.init_from}" if config.init_from else config.pretrained or "random weights"
    warm = f", warm start of {config.warm_start.num_steps} steps" if config.warm_start.num_steps else ""
    kinds = collections.Counter(device.device_kind for device in jax.devices())
    devices = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
    axes = " x ".join(f"{axis} {size}" for axis, size in mesh.shape.items())
    count = jax.process_count()
    sets = ", ".join(f"{name} {count:,}" for name, count in problems.items())
    said = [
        f"method   {name}: {parts}" if name else f"method   {parts}",
        f"model    {num_params(model):,} parameters, {model.num_layers} layers of width {model.hidden_size}; {first}{warm}",
        f"devices  {jax.default_backend()}: {devices}{f', {count} processes' * (count > 1)}; mesh {axes}",
        f"data     problems: {sets}",
        f"workdir  {workdir}",
    ]
    return [part for line in said for part in textwrap.wrap(line, columns, subsequent_indent=" " * 9)]


def position(step: int, num_steps: int, evaluated: bool, new: bool) -> str:
    """Where the run goes on, after `step` of `num_steps` steps; `evaluated` as far as that is due."""
    if new:
        return f"a new run of {num_steps} steps"
    if step < num_steps:
        return f"resuming from step {step} of {num_steps}"
    return f"already at {step} of {num_steps}: {'nothing to do' if evaluated else 'its evaluation is left to do'}"


def step(scalars: dict[str, float], speeds: dict[str, float], seconds: float) -> list[str]:
    """What a training step was like, in the order in which a narrow terminal has room for it.

    Args:
      scalars: its metrics. speeds: those of timing.jsonl. seconds: what it took.
    """
    parts = [
        ("reward {:.3f}", "rollout/reward_mean"),
        ("solved {:.0%}", "rollout/solved_groups"),
        ("failed {:.0%}", "rollout/failed_groups"),
        ("kl {:.1e}", "policy/approx_kl"),
        ("entropy {:.3f}", "policy/entropy"),
        ("length {:.1f}", "rollout/length_mean"),
        ("cut {:.0%}", "rollout/truncated"),
        ("clip {:.1%}", "clip/fraction"),
        ("grad {:.2g}", "learner/grad_norm"),
        ("lr {:.1e}", "learner/learning_rate"),
    ]
    rate = speeds["speed/response_tokens_per_second"]
    return [form.format(scalars[key]) for form, key in parts] + [f"{rate:,.0f} tok/s", f"{seconds:.1f} s/step"]


def evaluations(step: int, scalars: dict[str, float]) -> list[str]:
    """What an evaluation after `step` steps found, a line for every set; `scalars` are its metrics."""
    sets: dict[str, dict[str, float]] = collections.defaultdict(dict)
    for key, value in scalars.items():
        _, name, rest = key.split("/", 2)
        sets[name][rest] = value
    return [f"step {step}: {name}  {'  '.join(_scores(values))}" for name, values in sets.items()]


def _scores(values: dict[str, float]) -> list[str]:
    said = []
    for key in (key for key in values if "@" in key and f"{key}_low" in values):
        low, high = values[f"{key}_low"], values[f"{key}_high"]
        interval = f" [{100 * low:.1f}, {100 * high:.1f}]" if math.isfinite(low) else ""
        said.append(f"{key} {100 * values[key]:.1f}%{interval}")
    return [*said, f"cut {values['truncated']:.0%}"]
