"""Pictures of runs, grouped by method, as PNG files. Lines are means over the seeds of a method; what was not recorded
is left out.
"""

from pathlib import Path

import numpy as np

from kpo_jax.report import comparison
from kpo_jax.report.runs import Run

MANY = 6  # with more methods than this a learning curve gets a panel of its own
_COLOURS = (
    "#1b6ca8", "#d1495b", "#2e8b57", "#8d5a97", "#e08e0b", "#4a4e69", "#00a6a6",
    "#a26769", "#6a994e", "#bc6c25", "#5e60ce", "#c9184a", "#606c38",
)  # fmt: skip
_PANELS = (
    ("filter/innovation_abs_max", "largest |innovation|", "log"),
    ("ratio/filtered_max", "largest filtered ratio", "linear"),
    ("clip/fraction", "clipped share of tokens", "linear"),
)


def draw(methods: dict[str, list[Run]], eval_set: str | None, directory: Path) -> dict[str, str]:
    """Draw what the runs allow into `directory`; {file name: caption}."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(methods)}
    style = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "font.size": 9,
    }
    out: dict[str, str] = {}
    with plt.rc_context(style):
        for name, draw_one in _FIGURES.items():
            drawn = draw_one(plt, methods, eval_set, colours)
            if drawn is not None:
                figure, caption = drawn
                figure.savefig(directory / f"{name}.png", dpi=100)
                plt.close(figure)
                out[f"{name}.png"] = caption
    return out


def _axes(plt, columns: int, rows: int = 1, width: float = 4.2, height: float = 3.2, **more):
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), layout="constrained", squeeze=False, **more
    )
    return figure, axes.ravel()


def over_seeds(runs: list[Run], key: str) -> tuple[list[int], np.ndarray]:
    """(steps, values [seeds, steps]) of a metric at the steps that every seed has."""
    each = [{line["step"]: line[key] for line in run.lines if line.get(key) is not None} for run in runs]
    steps = sorted(set.intersection(*(set(values) for values in each)))
    return steps, np.array([[values[s] for s in steps] for values in each])


def _curve(axis, runs: list[Run], key: str, label: str, colour: str, each: bool = False) -> None:
    steps, values = over_seeds(runs, key)
    if steps:
        if each and len(runs) > 1:
            axis.plot(steps, values.T, color=colour, linewidth=0.7, alpha=0.5)
        axis.plot(steps, values.mean(axis=0), color=colour, linewidth=1.6, label=label)


def _avg_key(runs: list[Run], eval_set: str) -> str:
    return f"eval/{eval_set}/avg@{runs[0].last(eval_set).shape[1]}"


def _learning_curve(plt, methods, eval_set, colours):
    if len(methods) <= MANY:
        figure, axes = _axes(plt, 2 if eval_set else 1)
        for name, runs in methods.items():
            _curve(axes[0], runs, "rollout/reward_mean", name, colours[name])
            if eval_set:
                _curve(axes[1], runs, _avg_key(runs, eval_set), name, colours[name], each=True)
        axes[0].set(title="training reward", xlabel="training step")
        if eval_set:
            axes[1].set(title=f"{eval_set}: avg@k", xlabel="training step")
        _legend(axes[0])
        return figure, "Reward of the training rollouts and held-out avg@k."
    if not eval_set:
        return None
    columns = 4
    figure, axes = _axes(plt, columns, -(-len(methods) // columns), width=2.7, height=2.1, sharex=True, sharey=True)
    reference = "kpo_strong" if "kpo_strong" in methods else next(iter(methods))
    for axis, (name, runs) in zip(axes, methods.items(), strict=False):
        _curve(axis, methods[reference], _avg_key(methods[reference], eval_set), reference, "#aaaaaa")
        _curve(axis, runs, _avg_key(runs, eval_set), name, colours[name], each=True)
        axis.set_title(name, fontsize=9)
    for axis in axes[len(methods) :]:
        axis.set_visible(False)
    return (
        figure,
        f"Held-out avg@k ({eval_set}) over training steps: every seed, their mean (bold), and {reference} in grey.",
    )


def _scores(plt, methods, eval_set, colours):
    if not eval_set or len(methods) < 2:
        return None
    figure, (axis,) = _axes(plt, 1, width=6.4, height=0.7 + 0.3 * len(methods))
    for place, (name, runs) in enumerate(reversed(methods.items())):
        cells = [100 * run.last(eval_set) for run in runs]
        score = comparison.average([run.last(eval_set) for run in runs])
        axis.plot([100 * score.low, 100 * score.high], [place, place], color=colours[name], linewidth=2.5, alpha=0.6)
        axis.plot([cell.mean() for cell in cells], [place] * len(cells), "|", color=colours[name], markersize=9)
        axis.plot([100 * score.value], [place], "o", color=colours[name], markersize=5)
    axis.set_yticks(range(len(methods)), list(reversed(methods)))
    axis.set(xlabel=f"avg@k on {eval_set}, %")
    return (
        figure,
        "Held-out avg@k at the end: mean over seeds (dot) with its 95 % interval over problems, which describes "
        "these runs alone, and every seed (tick).",
    )


def _filter_diagnostics(plt, methods, eval_set, colours):
    figure, axes = _axes(plt, 3, width=3.6 if len(methods) > MANY else 4.2)
    for axis, (key, title, scale) in zip(axes, _PANELS, strict=True):
        for name, runs in methods.items():
            _curve(axis, runs, key, name, colours[name])
        axis.set(title=title, xlabel="training step", yscale=scale)
    _legend(axes[0], figure if len(methods) > MANY else None)
    return (
        figure,
        "Over the off-policy minibatches of every training step: largest innovation, largest filtered ratio, clipped "
        "share.",
    )


def _clipping(plt, methods, eval_set, colours):
    if len(methods) < 2 or not any(run.minibatches for runs in methods.values() for run in runs):
        return None
    figure, axes = _axes(plt, 2, width=4.4)
    for name, runs in methods.items():
        numbers, shares = by_minibatch(runs, "clip/fraction")
        axes[0].plot([n + 1 for n in numbers], shares, "o-", markersize=3, color=colours[name], label=name)
        positions = [over_seeds(runs, f"clip/fraction_position_{p}")[1] for p in range(8)]
        if all(p.size for p in positions):
            axes[1].plot(range(1, 9), [p.mean() for p in positions], "o-", markersize=3, color=colours[name])
    axes[0].set(
        title="by optimizer step of the rollout",
        xlabel="minibatch (the first is on-policy)",
        ylabel="clipped share of tokens",
    )
    axes[1].set(title="by position in the response", xlabel="eighth of the padded response")
    _legend(axes[0], figure)
    return (
        figure,
        "Where the clip band takes tokens out: by minibatch after the rollout, and by position in the response.",
    )


def by_minibatch(runs: list[Run], key: str) -> tuple[list[int], list[float]]:
    """(minibatch numbers from 0, mean of a metric over steps and seeds)."""
    values: dict[int, list[float]] = {}
    for run in runs:
        for line in run.minibatches:
            if line.get(key) is not None:
                values.setdefault(line["minibatch"], []).append(line[key])
    return sorted(values), [float(np.mean(values[n])) for n in sorted(values)]


def _figure_2b(plt, methods, eval_set, colours):
    chosen = {name: runs for name, runs in methods.items() if over_seeds(runs, "filter/threshold")[0]}
    if not chosen:
        return None
    figure, axes = _axes(
        plt, min(4, len(chosen)), -(-len(chosen) // 4), width=2.9, height=2.6, sharex=True, sharey=True
    )
    for axis, (name, runs) in zip(axes, chosen.items(), strict=False):
        _curve(axis, runs, "filter/innovation_abs_max", "largest |innovation|", colours[name])
        _curve(axis, runs, "filter/threshold", "threshold", "#222222")
        axis.lines[-1].set_linestyle("--")
        axis.set(title=name, yscale="log")
        _legend(axis)
    for axis in axes[len(chosen) :]:
        axis.set_visible(False)
    caption = (
        "As the paper's Figure 2b: the largest |innovation| of every training step beside the mean saturation "
        "threshold kappa sigma (the paper draws kappa sqrt(V))."
    )
    return figure, caption


def _figure_2a(plt, methods, eval_set, colours):
    chosen = {name: runs for name, runs in methods.items() if over_seeds(runs, "filter/threshold")[0]}
    if not chosen:
        return None
    figure, (axis,) = _axes(plt, 1, width=5.6)
    for name, runs in chosen.items():
        _curve(axis, runs, "filter/saturated_fraction", name, colours[name])
    # counts of 1 among some thousand tokens must be told from 0
    axis.set(xlabel="training step", ylabel="saturated share of tokens", ylim=(0, 1))
    axis.set_yscale("symlog", linthresh=1e-5)
    _legend(axis)
    return (
        figure,
        "As the paper's Figure 2a: the share of off-policy tokens whose innovation is saturated, by training step (0 "
        "at the bottom, then logarithmic).",
    )


def _legend(axis, figure=None) -> None:
    handles, labels = axis.get_legend_handles_labels()
    if handles and figure is None:
        axis.legend(fontsize="small")
    elif handles:
        figure.legend(handles, labels, loc="outside right center", fontsize="small")


_FIGURES = {
    "learning_curve": _learning_curve,
    "scores": _scores,
    "filter_diagnostics": _filter_diagnostics,
    "clipping": _clipping,
    "figure_2a": _figure_2a,
    "figure_2b": _figure_2b,
}
