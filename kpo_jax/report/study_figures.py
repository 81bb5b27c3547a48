"""Pictures of a study from the summaries of its runs alone (study.py): what every method learned, and by how much it
differs from the null.
"""

from functools import partial
from pathlib import Path

import numpy as np

from kpo_jax.report import comparison, study
from kpo_jax.report.figures import GREY, save, styles

Methods = dict[str, dict[int, dict]]


def draw(lines: list[dict], directory: Path) -> dict[str, str]:
    """Draw the summaries of one evaluation set into `directory`; {file name: caption}. Nothing of a single method."""
    methods = study.by_method(lines)
    if len(methods) < 2:
        return {}
    look = styles({name: next(iter(of.values())).get("filter") for name, of in methods.items()})
    of_set = f"_{lines[0]['set']}"
    parts = {"study_curves": _curves, "study_differences": _differences}
    return save({name + of_set: partial(one, methods=methods, look=look) for name, one in parts.items()}, directory)


def _curves(plt, methods: Methods, look):
    controls, columns = study.controls(methods), 6
    rows = -(-len(methods) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.1 * columns, 1.9 * rows + 0.4), layout="constrained", squeeze=False,
        sharex=True, sharey=True,
    )  # fmt: skip
    for axis, (name, of) in zip(axes.ravel(), methods.items(), strict=False):
        if name in controls:
            axis.plot(*_mean_curve(methods[controls[name]]), color=GREY, linewidth=1.6)
        for line in of.values():
            axis.plot(*np.array(line["curve"]).T * [[1], [100]], color=look[name].color, linewidth=0.6, alpha=0.4)
        axis.plot(*_mean_curve(of), color=look[name].color, linewidth=1.8)
        axis.set_title(name, fontsize=8, color=look[name].color)
    for axis in axes.ravel()[len(methods) :]:
        axis.set_visible(False)
    figure.supxlabel("training step", fontsize=9)
    figure.supylabel("held-out score, %", fontsize=9)
    return figure, (
        "Held-out score over training steps: every seed, their mean (bold), and in grey the mean of the null (a ratio "
        "of 1) on responses of the same age."
    )


def _mean_curve(of: dict[int, dict]) -> tuple[list[int], np.ndarray]:
    """(steps, mean score in percent) at the steps that every seed has."""
    each = [dict(map(tuple, line["curve"])) for line in of.values()]
    steps = sorted(set.intersection(*map(set, each)))
    return steps, 100 * np.array([[curve[step] for step in steps] for curve in each]).mean(axis=0)


def _differences(plt, methods: Methods, look):
    controls = study.controls(methods)
    if not controls:
        return None
    figure, axes = plt.subplots(
        1, len(study.OUTCOMES), figsize=(10, 0.9 + 0.28 * len(controls)), layout="constrained", sharey=True
    )
    for axis, (outcome, title) in zip(axes, study.OUTCOMES.items(), strict=True):
        equal = 100 * comparison.EQUAL
        axis.axvspan(-equal, equal, color=GREY, alpha=0.15, linewidth=0)
        axis.axvline(0, color=GREY, linewidth=1)
        for place, (name, control) in enumerate(reversed(controls.items())):
            differences = 100 * np.array(study.paired(methods, name, control, outcome)[1])
            if differences.size:
                low, high = comparison.t_interval(list(differences))
                axis.plot(differences, [place] * differences.size, "|", color=look[name].color, ms=7, alpha=0.5)
                axis.plot([low, high], [place, place], color=look[name].color, linewidth=2.5, alpha=0.7)
                axis.plot([differences.mean()], [place], "o", color=look[name].color, markersize=5)
        axis.set_yticks(range(len(controls)), list(reversed(controls)))
        axis.set_xlabel(f"{title}: points above the null")
    return figure, (
        "Every method less the null on responses of the same age: each seed (tick), their mean (dot) and its 95 % "
        f"interval over seeds. Grey: within {100 * comparison.EQUAL:g} points."
    )
