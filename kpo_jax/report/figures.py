"""Pictures of runs, grouped by method, as PNG files. Lines are means over the seeds of a method; what was not recorded
is left out.

A colour is a family of methods, a line style a method of it; the name of a method stands at the end of its line. Grey
is for what every panel shows for comparison.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kpo_jax.report import comparison, paper
from kpo_jax.report.runs import Run

MANY = 6  # with more methods than this a learning curve gets a panel of its own
# family -> (colour, its filters); colours of a contrast of 4.5 and more on white, told apart by the colour-blind
FAMILIES = {
    "no filter": ("#9a4d00", ("identity",)),
    "whole response": ("#7b4ea3", ("sequence_mean", "cumulative", "min_prefix", "smoother")),
    "smoothing": ("#1b6ca8", ("ema", "kalman", "kpo_released")),
    "robust smoothing": (
        "#23734a",
        (
            "saturated_kalman", "calibrated", "running_scale", "stubborn", "iterated", "huber", "wolf", "student_t",
            "adaptive_var", "quantile", "rank", "median_window", "score_t", "outlier_mixture",
        ),
    ),
    "others": ("#a3123a", ()),
}  # fmt: skip
GREY, INK = "#6b6b6b", "#222222"
_DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.2, 2)), (0, (10, 3)), (0, (3, 1, 1, 1, 1, 1)))
LEAST_RATIO = 1e-6  # below this a ratio less 1 is drawn on a linear scale, so that 0 has a place


class Style(NamedTuple):
    """How a method is drawn."""

    color: str
    linestyle: str | tuple


def filter_name(run: Run) -> str:
    """The name of a run's filter."""
    return run.config["algorithm"]["filter"]["name"]


def family(name: str | None) -> str:
    """The family of a filter by its name; "others" of one from a person's own file."""
    return next((family for family, (_, filters) in FAMILIES.items() if name in filters), "others")


def styles(filters: dict[str, str | None]) -> dict[str, Style]:
    """{method: its style}, given its filter's name: the colour of its family, and a line style that no other of the
    first six of it has.
    """
    left = {name: itertools.cycle(_DASHES) for name in FAMILIES}
    found = {method: family(name) for method, name in filters.items()}
    return {method: Style(FAMILIES[of][0], next(left[of])) for method, of in found.items()}


def draw(
    methods: dict[str, list[Run]], eval_set: str | None, cells: dict[str, dict[int, np.ndarray]], directory: Path
) -> dict[str, str]:
    """Draw what the runs allow into `directory`; {file name: caption}. `cells` (score_tables.Cells) are those of
    `eval_set` that can be compared.
    """
    look = styles({name: filter_name(runs[0]) for name, runs in methods.items()})
    named = {name: lambda plt, one=one: one(plt, methods, eval_set, cells, look) for name, one in _FIGURES.items()}
    return save(named, directory)


def save(named: dict[str, Callable], directory: Path) -> dict[str, str]:
    """Draw {name: function of pyplot -> (figure, caption), or None for no figure} as `directory`/NAME.png; {file name:
    caption}.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    style = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "font.size": 9,
        "axes.formatter.useoffset": False,  # an axis says 1.00001, not 1e-5 beside a +1 in its corner
    }
    out: dict[str, str] = {}
    with plt.rc_context(style):
        for name, draw_one in named.items():
            drawn = draw_one(plt)
            if drawn is not None:
                figure, caption = drawn
                figure.savefig(directory / f"{name}.png", dpi=100)
                plt.close(figure)
                out[f"{name}.png"] = caption
    return out


def drawn(directory: Path) -> list[Path]:
    """The files of the figures in a directory where they were drawn."""
    return [path for name in _FIGURES if (path := directory / f"{name}.png").is_file()]


def _axes(plt, columns: int, rows: int = 1, width: float = 4.2, height: float = 3.2, **more):
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), layout="constrained", squeeze=False, **more
    )
    for axis in axes.ravel():
        axis.xaxis.set_major_locator(plt.MaxNLocator(integer=True))  # steps, minibatches, eighths
    return figure, axes.ravel()


def _logarithmic(plt, axis) -> None:
    """A logarithmic axis that says 0.5 and 1, not 5 x 10^-1 and 10^0."""
    axis.set_yscale("log")
    says = plt.FuncFormatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_major_formatter(says)
    low, high = axis.get_ylim()
    axis.yaxis.set_minor_formatter(says if high / low < 30 else plt.NullFormatter())
    axis.yaxis.set_minor_locator(plt.LogLocator(subs=(2, 5)))


def over_seeds(runs: list[Run], key: str) -> tuple[list[int], np.ndarray]:
    """(steps, values [seeds, steps]) of a metric at the steps that every seed has."""
    return _in_common([{line["step"]: line[key] for line in run.lines if line.get(key) is not None} for run in runs])


def _in_common(each: list[dict[int, float]]) -> tuple[list[int], np.ndarray]:
    steps = sorted(set.intersection(*(set(values) for values in each)))
    return steps, np.array([[values[s] for s in steps] for values in each])


def _curve(axis, runs: list[Run], key: str, label: str, style: Style, less: float = 0.0) -> None:
    steps, values = over_seeds(runs, key)
    if steps:
        axis.plot(steps, values.mean(axis=0) - less, **style._asdict(), linewidth=1.6, label=label)


def _held_out(axis, runs: list[Run], name: str, label: str, style: Style, each: bool = False) -> None:
    """avg@k of the evaluations on set `name`; that of `each` seed, too."""
    graded = [run.comparable(name) if name in run.evaluations else {} for run in runs]
    steps, values = _in_common([{step: float(of.mean()) for step, of in by_step.items()} for by_step in graded])
    if steps:
        if each and len(runs) > 1:
            axis.plot(steps, values.T, color=style.color, linewidth=0.7, alpha=0.5)
        axis.plot(steps, values.mean(axis=0), **style._asdict(), linewidth=1.6, label=label)


def _from_zero(axis, least: float = 0.01) -> None:
    """Let an axis of what cannot be negative begin at 0 and reach at least `least`, so that nothing but 0 lies at the
    bottom.
    """
    values = np.concatenate([np.ravel(line.get_ydata()) for line in axis.lines]) if axis.lines else np.zeros(1)
    values = values[np.isfinite(values)]
    if not values.size or values.min() >= 0:
        axis.set_ylim(0, max(least, 1.08 * values.max(initial=0.0)))


def _name_lines(axis, size: float = 8) -> None:
    """Write each line's name beside its right end, moved up or down where names would lie on each other, with a thin
    line from the one to the other.
    """
    named = [line for line in axis.lines if not line.get_label().startswith("_")]
    figure = axis.figure
    height = axis.get_position().height * figure.get_figheight() * 72  # points
    space = 1.25 * size / height  # of the axis
    low, high = axis.get_ylim()
    to_share = axis.transScale.transform
    bottom, top = to_share((1, low))[1], to_share((1, high))[1]
    ends = []
    for line in named:
        x, y = (np.asarray(values, float) for values in line.get_data())
        good = np.flatnonzero(np.isfinite(y))
        if good.size:
            share = (to_share((1, y[good[-1]]))[1] - bottom) / (top - bottom)
            ends.append((float(np.clip(share, 0, 1)), x[good[-1]], y[good[-1]], line))
    ends.sort(key=lambda end: end[0])
    for place, (_, x, y, line) in zip(spread([end[0] for end in ends], space), ends, strict=True):
        axis.annotate(
            line.get_label(),
            (x, y),
            (1.04, place),
            textcoords="axes fraction",
            color=line.get_color(),
            fontsize=size,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.5, "alpha": 0.6, "shrinkB": 2},
        )


def spread(places: list[float], space: float) -> list[float]:
    """Ascending places in 0..1 moved as little as is needed for `space` between them; they pass 1 where 0..1 is too
    small.
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + space) if moved else place)
    over = max(0.0, moved[-1] - 1) if moved else 0.0
    limit = 1.0 if over and len(places) * space <= 1 else float("inf")
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], limit)
        limit = moved[i] - space
    return moved


def _learning_curve(plt, methods, eval_set, cells, look):
    if len(methods) <= MANY:
        figure, axes = _axes(plt, 2 if eval_set else 1, width=5.4)
        for name, runs in methods.items():
            _curve(axes[0], runs, "rollout/reward_mean", name, look[name])
            if eval_set:
                _held_out(axes[1], runs, eval_set, name, look[name], each=True)
        axes[0].set(title="training", xlabel="training step", ylabel="mean reward")
        if eval_set:
            axes[1].set(title=eval_set, xlabel="training step", ylabel="avg@k, share right")
        return _named(figure, axes), "Reward of the training rollouts and held-out avg@k." + _each(methods)
    if not eval_set:
        return None
    columns = 4
    figure, axes = _axes(plt, columns, -(-len(methods) // columns), width=2.7, height=2.1, sharex=True, sharey=True)
    reference = "kpo_strong" if "kpo_strong" in methods else next(iter(methods))
    for axis, (name, runs) in zip(axes, methods.items(), strict=False):
        _held_out(axis, methods[reference], eval_set, f"_{reference}", Style(GREY, "-"))
        _held_out(axis, runs, eval_set, name, Style(look[name].color, "-"), each=True)
        axis.set_title(name, fontsize=9, color=look[name].color)
        _from_zero(axis)
    for axis in axes[len(methods) :]:
        axis.set_visible(False)
    figure.supxlabel("training step", fontsize=9)
    figure.supylabel(f"avg@k on {eval_set}, share right", fontsize=9)
    grey = plt.Line2D([], [], color=GREY, linewidth=1.6, label=f"{reference}, the same in every panel")
    figure.legend(handles=[grey], loc="outside upper right", fontsize="small", frameon=False)
    return (
        figure,
        f"Held-out avg@k ({eval_set}) over training steps: every seed, their mean (bold), and {reference} in grey.",
    )


def _each(methods) -> str:
    return " Thin lines are seeds, the bold one is their mean." if any(len(r) > 1 for r in methods.values()) else ""


def _named(figure, axes):
    """The figure with names at its lines' ends, once its layout stands."""
    for axis in axes:
        if axis.get_yscale() == "linear":
            _from_zero(axis)
    figure.draw_without_rendering()
    for axis in axes:
        _name_lines(axis)
    return figure


def _scores(plt, methods, eval_set, cells, look):
    if len(cells) < 2:
        return None
    figure, (axis,) = _axes(plt, 1, width=6.4, height=0.7 + 0.3 * len(cells))
    axis.xaxis.set_major_locator(plt.AutoLocator())
    for place, (name, by_seed) in enumerate(reversed(cells.items())):
        score, colour = comparison.average(list(by_seed.values())), look[name].color
        axis.plot([100 * score.low, 100 * score.high], [place, place], color=colour, linewidth=2.5, alpha=0.6)
        axis.plot([100 * cell.mean() for cell in by_seed.values()], [place] * len(by_seed), "|", color=colour, ms=9)
        axis.plot([100 * score.value], [place], "o", color=colour, markersize=5)
    axis.set_yticks(range(len(cells)), list(reversed(cells)))
    axis.set(xlabel=f"avg@k on {eval_set}, %", ylabel="method")
    families = ", ".join(dict.fromkeys(family(filter_name(methods[name][0])) for name in cells))
    return (
        figure,
        "Held-out avg@k at the end: mean over seeds (dot) with its 95 % interval over problems, which describes "
        f"these runs alone, and every seed (tick). A colour is a family of filters ({families}).",
    )


def _filter_diagnostics(plt, methods, eval_set, cells, look):
    figure, axes = _axes(plt, 2, 2, width=5.4)
    for axis, (key, label, scale, less) in zip(axes, _PANELS, strict=False):
        for name, runs in methods.items():
            _curve(axis, runs, key, name, look[name], less=less)
        axis.set(xlabel="training step", ylabel=label)
        _scale(plt, axis, scale)
    axes[-1].set_visible(False)
    return (
        _named(figure, axes[:-1]),
        "Over the off-policy minibatches of every training step: largest innovation, largest filtered ratio less 1 "
        f"(linear below {LEAST_RATIO:g}), clipped share.",
    )


def _scale(plt, axis, scale: str) -> None:
    """A logarithmic axis only where there is something above 0 to draw; symlog from 0 where nothing is below."""
    values = np.concatenate([np.ravel(line.get_ydata()) for line in axis.lines]) if axis.lines else np.zeros(0)
    if not (values > 0).any():
        return
    if scale == "symlog":
        axis.set_yscale("symlog", linthresh=LEAST_RATIO)
        if values.min() >= 0:
            axis.set_ylim(bottom=0)
    elif scale == "log":
        _logarithmic(plt, axis)


def _clipping(plt, methods, eval_set, cells, look):
    if len(methods) < 2 or not any(run.minibatches for runs in methods.values() for run in runs):
        return None
    figure, axes = _axes(plt, 2, width=5.4)
    stale = any(map(is_stale, itertools.chain(*methods.values())))
    for name, runs in methods.items():
        numbers, shares = by_minibatch(runs, "clip/fraction")
        axes[0].plot([n + 1 for n in numbers], shares, marker="o", markersize=3, **look[name]._asdict(), label=name)
        positions = [over_seeds(runs, f"clip/fraction_position_{p}")[1] for p in range(8)]
        if all(p.size for p in positions):
            means = [p.mean() for p in positions]
            axes[1].plot(range(1, 9), means, marker="o", markersize=3, **look[name]._asdict(), label=name)
    axes[0].set(
        title="by optimizer step of the rollout",
        xlabel="minibatch" if stale else "minibatch (the first is on-policy)",
        ylabel="clipped share of tokens",
    )
    axes[1].set(
        title="by position in the response", xlabel="eighth of the padded response", ylabel="clipped share of tokens"
    )
    return (
        _named(figure, axes),
        "Where the clip band takes tokens out: by minibatch after the rollout, and by position in the response.",
    )


def is_stale(run: Run) -> bool:
    """Whether older policies drew its responses, so that even the first minibatch is off-policy."""
    return run.config["rollout"].get("staleness", 0) > 0


def by_minibatch(runs: list[Run], key: str) -> tuple[list[int], list[float]]:
    """(minibatch numbers from 0, mean of a metric over steps and seeds)."""
    values: dict[int, list[float]] = {}
    for run in runs:
        for line in run.minibatches:
            if line.get(key) is not None:
                values.setdefault(line["minibatch"], []).append(line[key])
    return sorted(values), [float(np.mean(values[n])) for n in sorted(values)]


def _figure_2b(plt, methods, eval_set, cells, look):
    chosen = {name: runs for name, runs in methods.items() if over_seeds(runs, "filter/threshold")[0]}
    if not chosen:
        return None
    figure, axes = _axes(
        plt, min(4, len(chosen)), -(-len(chosen) // 4), width=3.4, height=2.6, sharex=True, sharey=True
    )
    for axis, (name, runs) in zip(axes, chosen.items(), strict=False):
        _curve(axis, runs, "filter/innovation_abs_max", "_innovation", Style(look[name].color, "-"))
        _curve(axis, runs, "filter/threshold", "_threshold", Style(INK, "--"))
        parameters = runs[0].config["algorithm"]["filter"]
        if None not in (kappa_var := (parameters.get("kappa"), parameters.get("measurement_var"))):
            axis.axhline(kappa_var[0] * kappa_var[1] ** 0.5, color=INK, linestyle=":", linewidth=1)
        _logarithmic(plt, axis)
        axis.set_title(name, color=look[name].color)
    for axis in axes[len(chosen) :]:
        axis.set_visible(False)
    figure.supxlabel("training step", fontsize=9)
    figure.supylabel("|innovation|", fontsize=9)
    kinds = [(GREY, "-", "largest |innovation|"), (INK, "--", "kappa sigma"), (INK, ":", "kappa sqrt(V)")]
    handles = [plt.Line2D([], [], color=colour, linestyle=dash, label=label) for colour, dash, label in kinds]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, fontsize="small", frameon=False)
    printed = paper.FIGURE_2
    caption = (
        "As the paper's Figure 2b: the largest |innovation| of every training step (solid) beside the mean saturation "
        "threshold kappa sigma (dashed) and kappa sqrt(V) (dotted), which the paper draws: "
        f"{printed['threshold']:.1f} over about {printed['innovation_about']:g}."
    )
    return figure, caption


def _figure_2a(plt, methods, eval_set, cells, look):
    chosen = {name: runs for name, runs in methods.items() if over_seeds(runs, "filter/threshold")[0]}
    if not chosen:
        return None
    figure, (axis,) = _axes(plt, 1, width=6.4)
    for name, runs in chosen.items():
        _curve(axis, runs, "filter/saturated_fraction", name, look[name])
    # counts of 1 among some thousand tokens must be told from 0
    axis.set(xlabel="training step", ylabel="saturated share of tokens", ylim=(0, 1))
    axis.set_yscale("symlog", linthresh=1e-5)
    return (
        _named(figure, [axis]),
        "As the paper's Figure 2a: the share of off-policy tokens whose innovation is saturated, by training step (0 "
        f"at the bottom, then logarithmic). The paper's is at most {paper.FIGURE_2['saturated_most']:.0e}, at step "
        f"{paper.FIGURE_2['at_step']}.".replace("e-0", "e-"),
    )


_PANELS = (  # metric, what the axis says, its scale, what is subtracted
    ("filter/innovation_abs_max", "largest |innovation|", "log", 0.0),
    ("ratio/filtered_max", "largest filtered ratio - 1", "symlog", 1.0),
    ("clip/fraction", "clipped share of tokens", "linear", 0.0),
)
_FIGURES = {
    "learning_curve": _learning_curve,
    "scores": _scores,
    "filter_diagnostics": _filter_diagnostics,
    "clipping": _clipping,
    "figure_2a": _figure_2a,
    "figure_2b": _figure_2b,
}
