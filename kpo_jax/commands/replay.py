"""Recorded log-ratios pushed through other filters and objectives: what each would have saturated, clipped and weighed.

A filter sees a minibatch exactly as training showed it: in the microbatches and rows of the record, or whole if it
measures a scale over it (`batch_coupled`). So the recorded filter gives the recorded values back to the bit, and that
is checked first. Nothing is trained, so a row says what a filter does to the ratios that the recorded run met, not to
those it would have led to.
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax import references
from kpo_jax.algorithm import estimation, null, regime
from kpo_jax.algorithm.choices import AlgorithmConfig, build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, judged, surrogate
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.commands import grid
from kpo_jax.commands.grid import Candidate
from kpo_jax.config import to_dict
from kpo_jax.config.plain import from_plain
from kpo_jax.files import write_whole
from kpo_jax.places import folder
from kpo_jax.recording import terminal, trace
from kpo_jax.records import Batch
from kpo_jax.report import paper
from kpo_jax.text import table

NUM_POSITIONS = 8
QUANTILES = (0.001, 0.01, 0.5, 0.99, 0.999)
COMPARED = ("filtered_log_ratio", "innovation", "innovation_std", "gain", "saturated", "clipped")


class Minibatch(NamedTuple):
    """What filter and objective are given, [microbatches, B, T] of host arrays; `number` counts from 0. Most are
    `off_policy` (trace.off_policy): their log-ratio is more than numerics.
    """

    number: int
    off_policy: bool
    log_ratio: np.ndarray
    response_mask: np.ndarray
    advantage: np.ndarray
    old_log_prob: np.ndarray
    sampler_log_prob: np.ndarray


ARRAYS = Minibatch._fields[2:]


class Outcome(NamedTuple):
    """What filter and objective made of the tokens of a minibatch, as its arrays are.

    `weight` is the token's gradient in units of that of a ratio of 1 without a clip (`unit`, see algorithm.null): the
    ratio where the gradient passes the filter by, 0 where it is clipped; NaN where the advantage is 0.
    """

    filtered_log_ratio: np.ndarray
    innovation: np.ndarray
    innovation_std: np.ndarray
    gain: np.ndarray
    saturated: np.ndarray
    clipped: np.ndarray
    weight: np.ndarray
    unit: np.ndarray


# ----------------------------------------------------------------------------------------------------------- one filter


def make_push(algorithm: AlgorithmConfig, weights: bool = True):
    """`push(minibatch) -> Outcome`, jitted once for all minibatches of a shape; without `weights` they are NaN."""
    ratio_filter, objective = build_filter(algorithm.filter), build_objective(algorithm.objective)
    how = PolicyLoss(ratio_filter, objective, algorithm.filter.gradient, rejection=algorithm.rejection)

    def values(log_ratio, batch):
        return judged(log_ratio, batch, how)

    def weigh(log_ratio, batch):
        weight, unit = null.weigh(surrogate(log_ratio, batch, how)[1], batch, objective)
        return jnp.where(unit == 0, jnp.nan, weight), unit

    # apart, so that what is compared with the record is not compiled together with gradients
    values, weigh = jax.jit(values), jax.jit(weigh)

    def push(minibatch: Minibatch) -> Outcome:
        shape, mask = minibatch.log_ratio.shape, minibatch.response_mask
        arrays = {name: getattr(minibatch, name) for name in ARRAYS}
        if ratio_filter.batch_coupled or objective.batch_coupled:
            arrays = {name: x.reshape(1, -1, shape[-1]) for name, x in arrays.items()}
        totals = dict(num_tokens=jnp.int32(mask.sum()), num_sequences=jnp.int32(mask.any(axis=-1).sum()))
        parts = []
        for micro in range(len(arrays["log_ratio"])):
            fields = {name: x[micro] for name, x in arrays.items()}
            log_ratio, advantage = fields.pop("log_ratio"), fields.pop("advantage")
            if (advantage == advantage[:, :1])[fields["response_mask"]].all():
                advantage = advantage[:, 0]
            batch = Batch(packed=None, advantage=advantage, **fields, **totals)
            filtered, out = jax.device_get(values(log_ratio, batch))
            weighed = jax.device_get(weigh(log_ratio, batch)) if weights else [np.full_like(log_ratio, np.nan)] * 2
            parts.append(Outcome(*filtered, out.clipped, *weighed))
        return Outcome(*(np.stack(field).reshape(shape) for field in zip(*parts, strict=True)))

    return push


def minibatches(step: dict[str, np.ndarray], description: dict) -> list[Minibatch]:
    """The minibatches of a recorded step, as training had them on the devices. A record of before does not say in what
    shape that was; the trace's description does.
    """
    shape = step["microbatch_shape"] if "microbatch_shape" in step else description["microbatch_shape"]
    fields = step | {"response_mask": np.ones(len(step["token"]), bool)}
    off_policy = trace.off_policy(step)
    return [
        Minibatch(
            number,
            bool(off_policy[step["minibatch"] == number].all()),
            *(to_places(step, shape, number, fields[name]) for name in ARRAYS),
        )
        for number in range(description["num_minibatches"])
    ]


def to_places(step, shape, number: int, values: np.ndarray) -> np.ndarray:
    """A token field of one minibatch, [tokens] of the whole step -> `shape`, [microbatches, B, T]; 0 where there is no
    token.
    """
    out = np.zeros(shape, values.dtype)
    out[_places(step, number)] = values[_tokens_of(step, number)]
    return out


def _tokens_of(step, number: int) -> np.ndarray:
    """[tokens] bool: those of the minibatch."""
    return np.repeat(step["minibatch"] == number, np.diff(step["offsets"]))


def _places(step, number: int) -> tuple[np.ndarray, ...]:
    """(microbatch, place, position) of each token of the minibatch, in the order of the record."""
    lengths, chosen = np.diff(step["offsets"]), _tokens_of(step, number)
    position = np.arange(step["offsets"][-1]) - np.repeat(step["offsets"][:-1], lengths)
    return *(np.repeat(step[name], lengths)[chosen] for name in ("microbatch", "place")), position[chosen]


def recorded_algorithm(description: dict) -> AlgorithmConfig:
    """The filter, objective and rejection of a trace, of the source that the trace holds. Raises ValueError if there is
    none.
    """
    references.use(description.get("sources", {}))
    plain = {name: description[name] for name in ("filter", "objective", "rejection") if name in description}
    algorithm, problems = from_plain(AlgorithmConfig, plain)
    if problems:
        lines = "; ".join(f"{path}: {text}" for path, text in problems)
        raise ValueError(f"trace: its algorithm is not one of this version: {lines}")
    return algorithm


def differences(outcome: Outcome, step: dict[str, np.ndarray], number: int) -> dict[str, tuple[int, float]]:
    """{field: (tokens whose bits differ, largest difference)} of a minibatch's outcome and the record, of fields that
    differ.

    The log-ratio is compared with the recorded log-probabilities, so that a record which contradicts itself is noticed.
    """
    found, tokens, places = {}, _tokens_of(step, number), _places(step, number)
    ours_of = {name: getattr(outcome, name)[places] for name in COMPARED} | {
        "log_ratio": (step["log_prob"] - step["old_log_prob"])[tokens]
    }
    for name, ours in ours_of.items():
        theirs = step[name][tokens]
        bits = np.uint8 if theirs.dtype == bool else np.uint32
        differ = ours.view(bits) != theirs.view(bits)
        if differ.any():
            with np.errstate(invalid="ignore"):
                found[name] = (
                    int(differ.sum()),
                    float(np.max(np.abs(ours.astype(float) - theirs.astype(float))[differ])),
                )
    return found


# ----------------------------------------------------------------------------------------------------------- statistics


def flatten(minibatch: Minibatch, outcome: Outcome) -> dict[str, np.ndarray]:
    """[tokens] of every field of the outcome, and of minibatch, whether it is off-policy, position (in eighths of T)
    and sign of the advantage.
    """
    mask = minibatch.response_mask
    length = mask.shape[-1]
    eighth = np.broadcast_to(np.arange(length) * NUM_POSITIONS // length, mask.shape)
    fields = {name: value[mask] for name, value in outcome._asdict().items()} | {"log_ratio": minibatch.log_ratio[mask]}
    of_all = {"minibatch": minibatch.number, "off_policy": minibatch.off_policy}
    fields |= {name: np.full(int(mask.sum()), value) for name, value in of_all.items()}
    return fields | dict(position=eighth[mask], sign=np.sign(minibatch.advantage[mask]).astype(int))


def join(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def statistics(tokens: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, float]:
    """Counts, shares and the spread of the filtered ratio over the chosen [tokens]; what is not finite is counted and
    left out.
    """
    number = int(chosen.sum())
    log_ratio = tokens["filtered_log_ratio"][chosen].astype(np.float64)
    finite = log_ratio[np.isfinite(log_ratio)]
    weight = tokens["weight"][chosen].astype(np.float64)
    out = {"tokens": number, "not_finite": number - len(finite)}
    for name in ("saturated", "clipped"):
        out |= {
            name: int(tokens[name][chosen].sum()),
            f"{name}_fraction": float(tokens[name][chosen].mean()) if number else 0.0,
        }
    with_advantage = weight[tokens["sign"][chosen] != 0]
    out["gradient_weight"] = (
        float(with_advantage[np.isfinite(with_advantage)].mean()) if np.isfinite(with_advantage).any() else math.nan
    )
    distance = null.measure(*(tokens[name][chosen] for name in ("weight", "unit", "log_ratio")))
    out |= {f"null_{name}": float(value) for name, value in jax.device_get(null.figures(distance)).items()}
    out["gain"] = float(tokens["gain"][chosen].mean(dtype=np.float64)) if number else math.nan
    out["log_ratio_sd"] = float(finite.std()) if len(finite) else math.nan
    out["log_ratio_abs_max"] = float(np.abs(finite).max()) if len(finite) else math.nan
    levels = np.exp(np.quantile(finite, [*QUANTILES, 1.0])) if len(finite) else [math.nan] * (len(QUANTILES) + 1)
    return (
        out
        | {f"ratio_q{q:g}": float(level) for q, level in zip(QUANTILES, levels[:-1], strict=True)}
        | {"ratio_max": float(levels[-1])}
    )


def slices(tokens: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """{name: chosen [tokens] bool}. Positions and signs are those of the off-policy minibatches; of all, where none is
    off-policy.
    """
    number, off_policy = tokens["minibatch"], tokens["off_policy"]
    off_policy = off_policy if off_policy.any() else np.ones_like(off_policy)
    out = {"all": np.ones_like(off_policy), "off_policy": off_policy}
    out |= {f"minibatch_{i}": number == i for i in range(number.max() + 1)}
    out |= {f"position_{i}": off_policy & (tokens["position"] == i) for i in range(NUM_POSITIONS)}
    return out | {
        name: off_policy & (tokens["sign"] == sign)
        for name, sign in (("positive", 1), ("negative", -1), ("no_advantage", 0))
    }


# ---------------------------------------------------------------------------------------------------------- the command


def run(trace_path: str, out: str, grid_lines: list[str]) -> str:
    """Push a trace through the grids (every method, if there is none), write `out`/replay.jsonl and replay.md; return
    the latter.

    Raises ValueError, one line, for what is no trace, an empty one, or no legal grid.
    """
    directory, description = trace.load(trace_path)
    recorded = recorded_algorithm(description)
    candidates = [Candidate("recorded", recorded)]
    for line in grid_lines or METHODS:
        candidates += grid.parse(line, recorded)
    steps = trace.steps(directory)
    if not steps:
        raise ValueError(f"trace: {directory} holds no step yet")
    loaded = [trace.load_step(directory, step) for step in steps]
    given = [(step, minibatch) for step in loaded for minibatch in minibatches(step, description)]
    results, regimes, check = {}, {}, ""
    off_policy = off_policy_of([minibatch for _, minibatch in given])
    responses = sum(int(m.response_mask.any(axis=-1).sum()) for m in off_policy)
    length = sum(int(m.response_mask.sum()) for m in off_policy) / max(responses, 1)
    for label, algorithm in candidates:
        terminal.phase(f"{label}: replay")
        push = make_push(algorithm)
        outcomes = [push(minibatch) for _, minibatch in given]
        if label == "recorded":
            check = _check(
                description,
                [differences(o, step, m.number) for o, (step, m) in zip(outcomes, given, strict=True)],
                given,
            )
        tokens = join([flatten(minibatch, outcome) for outcome, (_, minibatch) in zip(outcomes, given, strict=True)])
        sliced = slices(tokens)
        results[label] = {name: statistics(tokens, chosen) for name, chosen in sliced.items()}
        regimes[label] = regime_of(algorithm, tokens, sliced["off_policy"], length)
    terminal.phase("maximum likelihood: replay")
    fitted, fit_text = fit([minibatch for _, minibatch in given])
    said = f"Replay of steps {', '.join(map(str, steps))} of {directory}. {check}"
    text = "\n\n".join([said, fit_text, regime_table(regimes), *tables(results)])
    for label, of in regimes.items():
        results[label]["off_policy"] |= {f"regime_{name}": value for name, value in of.items()}
    lines = [
        {"filter": label, "slice": name} | values | {"algorithm": _given(dict(candidates)[label])}
        for label, slices_of in results.items()
        for name, values in slices_of.items()
    ]
    write(folder(out), "replay", text, [{"slice": "off_policy", "maximum_likelihood": fitted}, *lines])
    return text


def off_policy_of(given: list[Minibatch]) -> list[Minibatch]:
    """The off-policy ones, or all where none is."""
    return [minibatch for minibatch in given if minibatch.off_policy] or given


def fit(given: list[Minibatch]) -> tuple[dict | None, str]:
    """Q and V of the off-policy log-ratios by maximum likelihood, and whether the model fits: (for a program, for a
    person).
    """
    chosen = off_policy_of(given)
    log_ratio = np.concatenate([minibatch.log_ratio for minibatch in chosen]).reshape(-1, given[0].log_ratio.shape[-1])
    mask = np.concatenate([minibatch.response_mask for minibatch in chosen]).reshape(log_ratio.shape)
    try:
        found = estimation.estimate(log_ratio, mask)
        standardized = estimation.standardized_innovations(log_ratio, mask, found.process_var, found.measurement_var)
        white, size = estimation.whiteness(standardized, num_fitted=1), estimation.nis(standardized)
    except ValueError as error:  # on-policy, too short: there is nothing to estimate
        return None, f"No estimate of Q and V: {error}"
    text = (
        f"Maximum likelihood, off-policy log-ratios: Q = {found.process_var:.3g}, V = {found.measurement_var:.3g}, "
        f"Q/V = {found.var_ratio:.3g} [{found.var_ratio_low:.3g}, {found.var_ratio_high:.3g}]. "
        f"Innovations uncorrelated: p {_at_least(white.p_value)} (Ljung-Box); of the size expected: "
        f"{size.sequences_inside} of {size.num_sequences} responses within 95 % (NIS, p {_at_least(size.p_value)})."
    )
    more = {
        "whiteness_p": white.p_value,
        "nis_mean": size.mean,
        "nis_p": size.p_value,
        "nis_sequences_inside": size.sequences_inside,
    }
    return dataclasses.asdict(found) | more, text


def _at_least(p_value: float) -> str:
    """A p-value with its sign; one that a float cannot hold is not 0."""
    return f"= {p_value:.2g}" if p_value > 0 else "< 1e-300"


def _given(algorithm: AlgorithmConfig) -> dict:
    plain = to_dict(algorithm)
    return {name: {k: v for k, v in plain[name].items() if v is not None} for name in ("filter", "objective")}


def _check(description, found: list[dict], given) -> str:
    """What the comparison of the recorded filter with the record came to, for a person."""
    count = sum(int(minibatch.response_mask.sum()) for _, minibatch in given)
    lines = []
    for name in (*COMPARED, "log_ratio"):
        each = [minibatch[name] for minibatch in found if name in minibatch]
        if each:
            lines.append(f"{name} of {sum(n for n, _ in each):,} (by at most {max(size for _, size in each):.3g})")
    if not lines:
        return f"The recorded filter gives the recorded values of all {count:,} tokens, to the bit."
    where = (
        f"recorded on {description['backend']} with jax {description['jax']}, "
        f"replayed on {jax.default_backend()} with jax {jax.__version__}"
    )
    return f"THE RECORDED FILTER GIVES OTHER VALUES: of {count:,} tokens, {', '.join(lines)}; {where}."


def regime_of(algorithm: AlgorithmConfig, tokens: dict[str, np.ndarray], chosen: np.ndarray, length: float) -> dict:
    """The numbers of `paper.REGIME` over the chosen [tokens], whose responses have `length` tokens on average; NaN
    where the algorithm has no such thing.
    """
    of = {name: tokens[name][chosen].astype(np.float64) for name in ("innovation", "innovation_std", "log_ratio")}
    filtered = tokens["filtered_log_ratio"][chosen].astype(np.float64)
    over = lambda value, sd: value / sd if value is not None and sd > 0 else math.nan
    var_ratio = regime.var_ratio(algorithm.filter.name, algorithm.filter.parameters)
    d, sd = of["innovation"], of["log_ratio"].std()
    kappa = build_filter(algorithm.filter).kappa
    return {
        "length": math.nan if var_ratio is None else length * math.sqrt(var_ratio),
        "kurtosis": over(float(np.mean((d - d.mean()) ** 4)), float(d.var()) ** 2),
        "innovation_abs_max": over(float(np.abs(d).max()), sd),
        "threshold": over(kappa * float(of["innovation_std"].mean()), sd) if math.isfinite(kappa) else math.nan,
        "band": over(regime.band(algorithm.objective.name, algorithm.objective.parameters), float(filtered.std())),
    }


def regime_table(regimes: dict[str, dict[str, float]]) -> str:
    """The regime of each filter beside the paper's, Markdown."""
    header = ["filter", "T sqrt(Q/V)", "kurtosis of d", "largest d / sd z", "threshold / sd z", "band / sd filtered"]
    show = lambda value: "-" if math.isnan(value) else f"{value:.3g}"
    rows = [[label, *map(show, of.values())] for label, of in regimes.items()]
    return "The regime, off-policy\n\n" + table(header, [*rows, ["the paper", *paper.REGIME.values()]])


def tables(results: dict[str, dict[str, dict]]) -> list[str]:
    """Markdown tables, off-policy minibatches unless said: the filters beside each other, then each of three figures in
    three ways.

    These nine are the shares saturated and clipped and the effective gradient weight, by position, minibatch and sign
    of the advantage.
    """
    share = lambda values, name: f"{values[f'{name}_fraction']:.2%}" if values["tokens"] else "-"
    weight = lambda values: "-" if math.isnan(values["gradient_weight"]) else f"{values['gradient_weight']:.4g}"
    header = [
        "filter",
        "gain",
        "sd log r",
        "max abs log r",
        "r 1 %",
        "r 99 %",
        "max r",
        "saturated",
        "clip A>0",
        "clip A<0",
        "weight",
    ]
    rows = []
    for label, of in results.items():
        v = of["off_policy"]
        ratios = [f"{v[name]:.5g}" for name in ("ratio_q0.01", "ratio_q0.99", "ratio_max")]
        spread = [f"{v['gain']:.3g}", f"{v['log_ratio_sd']:.3g}", f"{v['log_ratio_abs_max']:.3g}", *ratios]
        mark = f" ({v['not_finite']:,} tokens not finite)" if v["not_finite"] else ""
        clipped = [share(of[sign], "clipped") for sign in ("positive", "negative")]
        rows.append([label + mark, *spread, share(v, "saturated"), *clipped, weight(v)])
    out = ["Off-policy minibatches\n\n" + table(header, rows), distance_table(results)]
    numbers = [name for name in next(iter(results.values())) if name.startswith("minibatch_")]
    groupings = {
        "eighth of the response length": {str(i + 1): f"position_{i}" for i in range(NUM_POSITIONS)},
        "minibatch": {name.removeprefix("minibatch_"): name for name in numbers},
        "sign of the advantage": {"A > 0": "positive", "A < 0": "negative", "A = 0": "no_advantage"},
    }
    for title, name in (("Saturated", "saturated"), ("Clipped", "clipped"), ("Effective gradient weight", None)):
        show = (lambda values, name=name: share(values, name)) if name else weight
        for by, columns in groupings.items():
            rows = [
                [label, *(show(of[column]) for column in columns.values())]
                for label, of in results.items()
                if name is None or any(of[column][name] for column in columns.values())
            ]
            note = "" if name is None else " (filters with none left out)" if rows else ": none by any filter"
            out.append(f"{title}, by {by}{note}" + ("\n\n" + table(["filter", *columns], rows) if rows else ""))
    return out


def distance_table(results: dict[str, dict[str, dict]]) -> str:
    """How far each filter and objective is from a ratio of 1 without a clip, and in words those that are it."""
    found = {label: of["off_policy"] for label, of in results.items()}
    number = lambda value, form: "-" if math.isnan(value) else f"{value:{form}}"
    rows = [
        [label, number(v["null_cosine"], ".6f"), number(v["null_step_size"], ".4g"), f"{v['null_lost_fraction']:.2%}"]
        for label, v in found.items()
    ]
    moved = next(iter(found.values()))["null_moved_fraction"]
    header = ["filter", "cosine", "step size", "moved tokens that lose their gradient"]
    said = (
        "Distance to the null, a ratio of 1 without a clip, over the off-policy tokens with an advantage: cosine of "
        "the two gradients of the log-probabilities, length of the one over that of the other. Moved are the "
        f"{moved:.1%} of the tokens whose log-ratio is beyond {null.MOVED:g}."
    )
    is_null = [label for label, v in found.items() if null.is_null(v["null_cosine"], v["null_lost_fraction"])]
    words = (
        f"THE NULL ON THESE DATA: {', '.join(is_null)}. Each trains here as a ratio of 1 without a clip does, to a "
        f"cosine of {null.NULL_COSINE} or nearer, whatever its filter reports."
        if is_null
        else "None of them is the null on these data."
    )
    return f"{said}\n\n{table(header, rows)}\n\n{words}"


def write(out: Path, name: str, text: str, lines: list[dict]) -> None:
    """`out`/NAME.md and `out`/NAME.jsonl, each whole or not at all; what is not finite is null."""
    clean = lambda v: None if isinstance(v, float) and not math.isfinite(v) else v
    strict = lambda line: {k: strict(v) if isinstance(v, dict) else clean(v) for k, v in line.items()}
    write_whole(out / f"{name}.md", text + "\n")
    write_whole(out / f"{name}.jsonl", "".join(json.dumps(strict(line)) + "\n" for line in lines))
