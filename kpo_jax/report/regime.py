"""In which regime the filters of runs worked, and how far each method was from a ratio of 1 without a clip."""

import numpy as np

from kpo_jax.algorithm import null
from kpo_jax.report import noise_model, paper
from kpo_jax.report.runs import Run, over
from kpo_jax.report.table import Table, number_text


def null_figures(runs: list[Run]) -> dict[str, float] | None:
    """Means over the training steps of all seeds of the distance to a ratio of 1 without a clip, off-policy, by the
    names of `null.figures`, with the least cosine and the largest lost_fraction of a step as least_cosine, most_lost.

    None of runs that did not measure it.
    """
    names = ("cosine", "step_size", "moved_fraction", "lost_fraction")
    lines = [line for run in runs for line in run.lines]
    of = {name: [v for line in lines if (v := line.get(f"null/{name}")) is not None] for name in names}
    if not all(of.values()):
        return None
    means = {name: float(np.mean(values)) for name, values in of.items()}
    return means | {"least_cosine": min(of["cosine"]), "most_lost": max(of["lost_fraction"])}


def nulls(methods: dict[str, list[Run]]) -> list[str]:
    """Methods that were a ratio of 1 without a clip in every training step of their runs."""
    found = {name: null_figures(runs) for name, runs in methods.items()}
    return [name for name, of in found.items() if of and null.is_null(of["least_cosine"], of["most_lost"])]


def null_table(methods: dict[str, list[Run]]) -> Table | None:
    """How far each method's gradient was from that of a ratio of 1 without a clip."""
    found, are_null = {name: null_figures(runs) for name, runs in methods.items()}, nulls(methods)
    rows = [
        [
            name,
            f"{of['cosine']:.6f}",
            f"{of['least_cosine']:.6f}",
            f"{of['step_size']:.4g}",
            f"{of['moved_fraction']:.1%}",
            f"{of['lost_fraction']:.2%}",
            "yes" if name in are_null else "no",
        ]
        for name, of in found.items()
        if of
    ]
    header = ["method", "cosine", "least of a step", "step size", "moved", "of them without gradient", "the null?"]
    caption = (
        "Distance to the null, a ratio of 1 without a clip, off-policy: cosine of the two gradients of the "
        "log-probabilities, and the length of the one over that of the other; moved are the tokens whose log-ratio is "
        f"beyond {null.MOVED:g}. Means over training steps and seeds. A method is the null on these data if no step "
        f"has a cosine below {null.NULL_COSINE}, or takes the gradient of more than {null.NULL_LOST:.1%} of the moved "
        "tokens."
    )
    return Table(caption, header, rows) if rows else None


def regime_table(methods: dict[str, list[Run]]) -> Table | None:
    """In which regime the filters worked: numbers without a unit, beside the paper's."""
    keys = {name: f"regime/{name}" for name in paper.REGIME} | {"kurtosis": "filter/innovation_kurtosis"}
    found = {method: {name: over(runs, key) for name, key in keys.items()} for method, runs in methods.items()}
    rows = [
        [method, *(number_text(value) for value in of.values()), *_fitted(methods[method])]
        for method, of in found.items()
        if of["innovation_abs_max"] is not None
    ]
    header = ["method", "T sqrt(Q/V)", "kurtosis of d", "largest d / sd z", "threshold / sd z", "band / sd filtered"]
    header += ["Q/V by maximum likelihood, 95 %", "innovations white: p"]
    caption = (
        "The regime, off-policy, means over training steps and seeds: length of a response in memories of the filter, "
        "kurtosis of the innovations, the largest of them and the threshold over the deviation of the log-ratio, half "
        "the clip band over the deviation of the filtered one. Q/V is that of the log-ratios themselves, of the first "
        "run with a trace; a p near 0 says that KPO's model does not fit them. The paper's length is taken for 860 "
        "tokens."
    )
    printed = ["the paper", *paper.REGIME.values(), "not printed", "not printed"]
    return Table(caption, header, [*rows, printed]) if rows else None


def update_table(methods: dict[str, list[Run]]) -> Table | None:
    """How the log-ratio grows from update to update of a rollout, and what filter and clip make of it."""
    rows = []
    for method, runs in methods.items():
        lines = [line for run in runs for line in run.minibatches]
        numbers = sorted({line["minibatch"] for line in lines})
        for number in [n for n in numbers if n & (n - 1) == 0 or n == numbers[-1]]:  # 0, 1, 2, 4, 8, ... and the last
            of = [line for line in lines if line["minibatch"] == number]
            rows.append([method, str(number + 1), *(number_text(_mean(of, key), form) for _, key, form in BY_UPDATE)])
    header = ["method", "update", *(name for name, _, _ in BY_UPDATE)]
    caption = (
        "By the number of the update within its rollout, counted from 1: how far the policy is from the one that drew "
        "the responses (z, a token's log-ratio), and what filter and clip make of it; means over training steps and "
        "seeds. The first update of fresh responses has z = 0 but for rounding."
    )
    return Table(caption, header, rows) if rows else None


BY_UPDATE = (
    ("sd z, nats", "ratio/raw_log_sd", ".3g"),
    ("sd of filtered z, nats", "ratio/filtered_log_sd", ".3g"),
    ("effective sample size", "ratio/raw_ess", ".3f"),
    ("k3 to the old policy, nats", "policy/approx_kl", ".2g"),
    ("saturated", "filter/saturated_fraction", ".2%"),
    ("clipped", "clip/fraction", ".2%"),
    ("mismatch of sampler and trainer, nats", "mismatch/abs_mean", ".2g"),
)


def _mean(lines: list[dict], key: str) -> float | None:
    values = [line[key] for line in lines if line.get(key) is not None]
    return float(np.mean(values)) if values else None


def _fitted(runs: list[Run]) -> list[str]:
    found = next((fit for run in runs if (fit := noise_model.fit(run.workdir)) is not None), None)
    if found is None:
        return ["-", "-"]
    of = found.estimate
    return [f"{of.var_ratio:.3g} [{of.var_ratio_low:.3g}, {of.var_ratio_high:.3g}]", f"{found.white.p_value:.2g}"]
