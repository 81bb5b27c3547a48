"""Tables and figures of finished or running runs, from what they wrote to their workdirs."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from kpo_jax import evaluate, metrics, statistics

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


@dataclasses.dataclass(frozen=True)
class Run:
    """What a workdir holds: its label, configuration, training metrics by line, and evaluations {set: {step: correct}}."""

    label: str
    workdir: str
    config: dict
    lines: list[dict]
    evaluations: dict[str, dict[int, np.ndarray]]


def load(workdir: str) -> Run:
    """Raises ValueError if `workdir` holds no run."""
    path = Path(workdir)
    if not (path / "config.json").is_file():
        raise ValueError(f"report: no run in {workdir} (no config.json)")
    return Run(
        label=path.name,
        workdir=str(path),
        config=json.loads((path / "config.json").read_text()),
        lines=metrics.read(workdir),
        evaluations=evaluate.load(workdir),
    )


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table that is aligned in plain text too."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in [header, *rows]]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def results(runs: list[Run]) -> str:
    """Base against trained, one row per run and set: avg@k and pass@k in points with 95 % intervals, and the paired gain."""
    rows = []
    for run in runs:
        for name, by_step in run.evaluations.items():
            base, last = by_step.get(0), by_step[max(by_step)]
            for label, step, correct in [("base", 0, base), (run.label, max(by_step), last)]:
                if correct is None or (label == "base" and any(r[:2] == ["base", name] and r[-1] == _mark(correct) for r in rows)):
                    continue
                gain = "" if label == "base" or base is None or step == 0 else _gain(last, base)
                cells = [f"{100 * v:.1f} [{100 * lo:.1f}, {100 * hi:.1f}]" for v, lo, hi in evaluate.scores(correct).values()]
                rows.append([label, name, str(step), *cells, gain, _mark(correct)])
    k = next((c.shape[1] for run in runs for s in run.evaluations.values() for c in s.values()), 0)
    header = ["policy", "set", "step", f"avg@{k} %", f"pass@{k} %", "gain over base (paired)"]
    return table(header, [row[:-1] for row in rows])


def _mark(correct: np.ndarray) -> str:
    """Tells base policies apart: runs that started from the same one share its row."""
    return np.packbits(correct).tobytes().hex()


def _gain(last: np.ndarray, base: np.ndarray) -> str:
    paired = statistics.paired_difference(last, base)
    return f"{100 * paired.difference:+.1f} [{100 * paired.low:+.1f}, {100 * paired.high:+.1f}], p {paired.p_value:.2g}"


def filter_diagnostics(runs: list[Run]) -> str:
    """One row per run over its off-policy minibatches: means over the training steps, maxima as maxima."""
    rows = []
    for run in runs:
        lines = [line for line in run.lines if "filter/gain_mean" in line]
        cells = []
        for _, key, form in DIAGNOSTICS:
            values = [line[key] for line in lines if line.get(key) is not None]
            cells.append(form.format(max(values) if key in MAXIMA else np.mean(values)) if values else "-")
        rows.append([run.label, *cells])
    return table(["run", *(name for name, _, _ in DIAGNOSTICS)], rows)


def write(workdirs: list[str], out: str) -> str:
    """Write `out`/report.md and its figures from the runs in `workdirs`; return the report with a list of where things are."""
    runs = [load(workdir) for workdir in workdirs]
    text = "\n\n".join(
        ["Base policy against trained policy", results(runs), "Filter diagnostics", filter_diagnostics(runs)],
    )
    directory = Path(out)
    directory.mkdir(parents=True, exist_ok=True)
    figures = draw(runs, directory)
    pictures = "\n\n".join(f"![{path.stem}]({path.name})" for path in figures)
    (directory / "report.md").write_text(f"# Report\n\n{text}\n\n{pictures}\n")
    places = [f"report       {directory / 'report.md'}", *(f"figure       {path}" for path in figures)]
    for run in runs:
        places.append(f"run          {run.workdir}  (config.json, metrics.jsonl, evals/, checkpoints/, tensorboard/)")
    return f"{text}\n\n" + "\n".join(places)


def draw(runs: list[Run], directory: Path) -> list[Path]:
    """The learning curve and the filter diagnostics over training steps, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figures = []
    panels = {
        "learning_curve": [("rollout/reward_mean", "training reward", False), ("eval", "held-out avg@k", False)],
        "filter_diagnostics": [
            ("filter/innovation_abs_max", "max |innovation|", True),
            ("ratio/filtered_max", "max filtered ratio", False),
            ("clip/fraction", "clipped fraction of tokens", False),
        ],
    }
    for name, axes_of in panels.items():
        figure, axes = plt.subplots(1, len(axes_of), figsize=(4.2 * len(axes_of), 3.2), layout="constrained")
        for axis, (key, title, log) in zip(axes, axes_of, strict=True):
            for run in runs:
                _draw_eval(axis, run) if key == "eval" else _draw_metric(axis, run, key)
            axis.set(title=title, xlabel="training step", yscale="log" if log else "linear")
            axis.grid(alpha=0.3)
        if axes[0].get_legend_handles_labels()[0]:
            axes[0].legend(fontsize="small")
        path = directory / f"{name}.png"
        figure.savefig(path, dpi=110)
        plt.close(figure)
        figures.append(path)
    return figures


def _draw_metric(axis, run: Run, key: str) -> None:
    points = [(line["step"], line[key]) for line in run.lines if line.get(key) is not None]
    if points:
        axis.plot(*zip(*points, strict=True), label=run.label, linewidth=1.2)


def _draw_eval(axis, run: Run) -> None:
    for name, by_step in run.evaluations.items():
        steps = sorted(by_step)
        values = np.array([next(iter(evaluate.scores(by_step[s]).values())) for s in steps])
        label = run.label if len(run.evaluations) == 1 else f"{run.label}, {name}"
        axis.errorbar(steps, values[:, 0], yerr=np.abs(values[:, 1:] - values[:, :1]).T, label=label, capsize=2, linewidth=1.2)
