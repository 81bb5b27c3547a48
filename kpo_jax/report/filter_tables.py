"""The tables of a report that are about filters: what they were set to and did, what the clip band took, and every
run's diagnostics.
"""

import itertools
import math

import numpy as np

from kpo_jax.report import paper
from kpo_jax.report.figures import by_minibatch, is_stale, over_seeds
from kpo_jax.report.runs import Run, over, over_steps, total
from kpo_jax.report.table import Table, number_text, percent

DIAGNOSTICS = (
    ("gain", "filter/gain_mean", "{:.3g}"),
    ("last gain", "filter/gain_last", "{:.3g}"),
    ("sigma", "filter/innovation_std_mean", "{:.4g}"),
    ("threshold", "filter/threshold", "{:.4g}"),
    ("max abs d", "filter/innovation_abs_max", "{:.3g}"),
    ("kurtosis", "filter/innovation_kurtosis", "{:.3g}"),
    ("saturated", "filter/saturated_fraction", "{:.2%}"),
    ("raw ratio max", "ratio/raw_max", "{:.4g}"),
    ("filtered ratio max", "ratio/filtered_max", "{:.5g}"),
    ("clip, A>0", "clip/fraction_positive", "{:.2%}"),
    ("clip, A<0", "clip/fraction_negative", "{:.2%}"),
)
MAXIMA = ("filter/innovation_abs_max", "ratio/raw_max", "ratio/filtered_max")


def filter_table(methods: dict[str, list[Run]]) -> Table | None:
    """What the paper prints of its filters, what their Q, V and kappa give, and what our runs measured."""
    rows = []
    for method, setting in paper.SETTINGS.items():
        if method not in methods:
            continue
        exact = paper.steady_state(*setting[:3])
        length = max(1, round(np.mean([over_steps(run, "rollout/length_mean") or 1 for run in methods[method]])))
        measured = {
            key: over(methods[method], key)
            for key in ("filter/gain_mean", "filter/gain_last", "filter/innovation_std_mean")
        }
        threshold = over(methods[method], "filter/threshold")
        kappa = "none" if math.isinf(setting.kappa) else f"{setting.kappa:g}"
        rows.append([
            method, f"{setting.process_var:g}, {setting.measurement_var:g}, {kappa}",
            setting.gain, f"{exact.gain:.4g}",
            f"{paper.mean_gain(setting.process_var / setting.measurement_var, length):.4g}",
            number_text(measured["filter/gain_mean"]), number_text(measured["filter/gain_last"]),
            setting.innovation_std, f"{exact.innovation_std:.4f}",
            number_text(measured["filter/innovation_std_mean"], ".4f"),
            setting.threshold, "none" if math.isinf(exact.threshold) else f"{exact.threshold:.3f}",
            number_text(threshold, ".3f"),
        ])  # fmt: skip
    header = ["method", "Q, V, kappa", "gain: printed", "steady state", "exact mean", "measured mean", "measured last"]
    header += ["sigma: printed", "steady state", "measured", "threshold: printed", "steady state", "measured"]
    caption = (
        "Filter settings (a table of our own; what is printed is from the paper's text and its Table 3): printed, "
        "the exact steady state, and our runs (off-policy minibatches). The exact mean is that of the gain from P_0 "
        "= 0 over a response of our mean length: a mean over short responses lies below the steady state."
    )
    return Table(caption, header, rows) if rows else None


def innovation_table(methods: dict[str, list[Run]]) -> Table | None:
    """Table 2: kurtosis and size of the innovations and the saturated share at the paper's steps, beside what it
    prints.
    """
    rows = []
    for method, printed in paper.TABLE_2.items():
        if method not in methods:
            continue
        values = {
            key: dict(zip(steps, over.T, strict=True))
            for key in ("filter/innovation_kurtosis", "filter/innovation_abs_max", "filter/saturated_fraction")
            for steps, over in [over_seeds(methods[method], key)]
        }
        kurtosis, largest, saturated = values.values()
        for row in printed:
            if row.step not in kurtosis:
                continue
            rows.append([
                method, str(row.step), f"{row.kurtosis:.2f}", f"{kurtosis[row.step].mean():.4g}",
                f"{row.largest:.3f}", f"{largest[row.step].max():.3g}",
                "-" if row.saturated is None else f"{row.saturated:.2g}", f"{saturated[row.step].mean():.2g}",
            ])  # fmt: skip
    header = ["method", "step", "kurtosis: printed", "measured", "largest |d|: printed", "measured"]
    header += ["saturated share: printed", "measured"]
    caption = (
        "Table 2. Innovations at the training steps that the paper prints, and ours at the same steps (off-policy "
        "minibatches; mean over seeds, the largest of all seeds). A kurtosis of 3 is a Gaussian's."
    )
    return Table(caption, header, rows) if rows else None


def saturation(runs: list[Run]) -> list[str]:
    """Saturated tokens of all off-policy tokens, the largest innovation, the mean threshold."""
    saturated, tokens = (
        sum(total(run, key) for run in runs) for key in ("filter/saturated_count", "policy/num_tokens")
    )
    largest = [v for run in runs if (v := over_steps(run, "filter/innovation_abs_max", max)) is not None]
    share = f"{saturated:,} of {tokens:,} ({saturated / max(tokens, 1):.2g})"
    return [share, f"{max(largest):.3g}" if largest else "-", number_text(over(runs, "filter/threshold"), ".4g")]


def clip_table(methods: dict[str, list[Run]]) -> Table:
    """Where tokens are lost: the clip band by sign of the advantage and by minibatch, saturation, and the filter's
    scale.
    """
    last = max((n for runs in methods.values() for n in by_minibatch(runs, "clip/fraction")[0]), default=0)
    first = 0 if any(map(is_stale, itertools.chain(*methods.values()))) else 1
    rows = []
    for method, runs in methods.items():
        shares = dict(zip(*by_minibatch(runs, "clip/fraction"), strict=True))
        rows.append([
            method, number_text(over(runs, "filter/gain_last")),
            percent(over(runs, "clip/fraction_positive")), percent(over(runs, "clip/fraction_negative")),
            *(percent(shares.get(n)) for n in range(first, last + 1)), *saturation(runs),
            number_text(over(runs, "filter/innovation_kurtosis")),
        ])  # fmt: skip
    header = [
        "method",
        "last gain",
        "clipped, A>0",
        "clipped, A<0",
        *(f"minibatch {n + 1}" for n in range(first, last + 1)),
    ]
    caption = (
        "Clipped and saturated tokens of the off-policy minibatches: means over steps and seeds, counts over all of "
        "them."
    )
    return Table(caption, [*header, "saturated", "largest |d|", "mean threshold", "kurtosis of d"], rows)


def numerics_table(methods: dict[str, list[Run]]) -> Table | None:
    """The released filter against the exact one on white noise: at the padded length of our runs and at the paper's."""
    runs = methods.get("kpo_released")
    if not runs:
        return None
    length, rows = runs[0].config["sampler"]["max_response_length"], []
    for process_var, measurement_var in ((1e-6, 1.0), (1e-2, 1.0), (5e-2, 1.0), (1e-2, 0.1)):
        *_, here = paper.released_numerics(process_var, measurement_var, length)
        off, bad, _ = paper.released_numerics(process_var, measurement_var, 4096)
        found = ["never" if token is None else str(token) for token in (off, bad)]
        rows.append([f"{process_var:g}, {measurement_var:g}", f"{here:.1e}", *found])
    header = ["Q, V", f"largest error, {length} tokens", "4096 tokens: off by a tenth from token", "NaN from token"]
    return Table(
        "KPO's released filter against the exact one, in deviations of the filtered log-ratio; tokens count from 0.",
        header,
        rows,
    )


def diagnostics_table(runs: list[Run]) -> Table:
    """One row per run over its off-policy minibatches: means over the training steps, maxima as maxima."""
    rows = []
    for run in runs:
        values = [over_steps(run, key, max if key in MAXIMA else np.mean) for _, key, _ in DIAGNOSTICS]
        rows.append(
            [run.label, *("-" if v is None else f.format(v) for v, (_, _, f) in zip(values, DIAGNOSTICS, strict=True))]
        )
    return Table(
        "Every run: filter and clip over the off-policy minibatches.",
        ["run", *(name for name, _, _ in DIAGNOSTICS)],
        rows,
    )
