"""The lines that a run says of itself: what it is, what a training step was like, what an evaluation found. Pure but
for the devices that the first of them names.
"""

import collections
import math
import textwrap

import jax

from kpo_jax.algorithm import methods
from kpo_jax.config import Config
from kpo_jax.model.parameters import num_params, num_trained
from kpo_jax.runtime.mesh import axes_text


def start(config: Config, mesh, problems: list[tuple[str, int]], workdir: str, columns: int) -> list[str]:
    """What the run is, in lines of at most `columns`; `mesh` is that of its devices, `problems` counts those of each
    set, the training set first.
    """
    algorithm, model = config.algorithm, config.model
    name = methods.name_of(algorithm)
    parts = (
        f"filter {algorithm.filter.name}, objective {algorithm.objective.name}, advantage {algorithm.advantage.name}"
    )
    first = config.first_policy
    warm = f", warm start of {config.warm_start.num_steps} steps" if config.warm_start.num_steps else ""
    kinds = collections.Counter(device.device_kind for device in jax.devices())
    devices = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
    axes = axes_text(mesh.shape)
    size = f"{num_params(model):,} parameters, {model.num_layers} layers of width {model.hidden_size}"
    if model.lora.rank:
        size += f", {num_trained(model):,} more in adapters of rank {model.lora.rank} that alone are trained"
    count = jax.process_count()
    sets = ", ".join(f"{name} {count:,}" for name, count in problems)
    said = [
        f"method   {name}: {parts}" if name else f"method   {parts}",
        f"model    {size}; {first}{warm}",
        f"devices  {jax.default_backend()}: {devices}{f', {count} processes' * (count > 1)}; mesh {axes}",
        f"data     problems: {sets}",
        f"workdir  {workdir}",
        *_rounded_away(config),
    ]
    return [part for line in said for part in textwrap.wrap(line, columns, subsequent_indent=" " * 9)]


def _rounded_away(config: Config) -> list[str]:
    """What is to be said of a learning rate too small for weights in bfloat16: Adam moves a weight by about the rate,
    and the next number is a 256th to a 128th of it away.
    """
    model, rate = config.model, config.learner.learning_rate
    typical = model.hidden_size**-0.5
    if model.param_dtype != "bfloat16" or model.lora.rank or rate >= typical / 256:
        return []
    return [
        f"warning: in bfloat16 (model.param_dtype) a weight of {typical:.2g} moves by {typical / 256:.1g} or not at "
        f"all, and learner.learning_rate is {rate:g}, so most updates are rounded away; float32 or adapters "
        "(model.lora.rank) keep them"
    ]


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


def samples(step: int, rows: list[dict], colours: bool, columns: int) -> list[str]:
    """Responses of a training step (report.responses.of_step): what they earned, and the text, in which the colour of a
    token says how far its ratio moved, blue below 1 and red above; strongest at the ratios that the first line names.
    """
    out = []
    for number, row in enumerate(rows, 1):
        verdict = "right" if row["correct"] else "wrong"
        scale = _scale(row["before"])
        facts = [f"reward {row['reward']}", verdict, f"extracted {row['extracted']!r}", f"answer {row['answer']!r}"]
        facts += [f"ratios {math.exp(-scale):.4f} to {math.exp(scale):.4f}"]
        head = f"--- step {step}, sample {number} of {len(rows)}: {', '.join(facts)}"
        out += textwrap.wrap(head, columns, subsequent_indent="    ")
        out += [f"    {line}" for line in row["problem"].rstrip("\n").split("\n")]
        out += [
            "".join(_token(*pair, scale, colours) for pair in zip(row["tokens"][:_SHOWN], row["before"], strict=False))
        ]
        out += [f"... ({len(row['tokens']) - _SHOWN:,} more tokens)"] * (len(row["tokens"]) > _SHOWN)
    return out


_SHOWN = 500  # tokens of a response
_LESS, _MORE = (195, 153, 117, 75, 33), (224, 217, 210, 203, 196)  # of the 256 colours of a terminal, weak to strong


def _scale(values: list[float | None]) -> float:
    """The 98th percentile of the sizes, so that one outlier does not bleach the rest."""
    sizes = sorted(abs(value) for value in values if value is not None)
    return (sizes[int(0.98 * (len(sizes) - 1))] or sizes[-1]) if sizes else 0.0


def _token(text: str, value: float | None, scale: float, colours: bool) -> str:
    strength = min(1.0, abs(value) / scale) ** 0.7 if value and scale else 0.0
    level = min(4, int(5 * strength))
    if not colours or strength < 0.1:
        return text
    paint = f"\033[38;5;16;48;5;{(_LESS if value < 0 else _MORE)[level]}m"
    return "\n".join(f"{paint}{part}\033[0m" if part else "" for part in text.replace("\n", "⏎\n").split("\n"))


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
