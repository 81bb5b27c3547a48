"""The tables of a report that are about scores: the paper's beside ours, the comparisons, and every run."""

import math
from collections.abc import Sequence

import numpy as np

from kpo_jax import stats
from kpo_jax.recording import evaluations
from kpo_jax.report import comparison, paper
from kpo_jax.report.filter_tables import saturation
from kpo_jax.report.runs import Run, over
from kpo_jax.report.table import Table, number_text, p_text, points

# (what is asked, a, b): the answer is a minus b. Names as in METHODS and configs/study.py; asked where the runs have
# both.
QUESTIONS = (
    ("Does weak smoothing degrade?", "kpo_weak", "kpo_strong"),
    ("The clip band: weak smoothing in the narrow band against the same in a band of 0.2", "kpo_weak", "kpo_weak_wide"),
    ("The smoothing alone: weak smoothing in a band of 0.2 against strong smoothing, not clipped by the narrow band",
     "kpo_weak_wide", "kpo_strong"),
    ("The clip band without a filter: GRPO in the narrow band against GRPO", "grpo_narrow", "grpo"),
    ("The released filter's numerics at these lengths", "kpo_released", "kpo_weak"),
    ("Outliers: saturation at the paper's Q, V and kappa", "is_kpo_weak", "kpo_weak"),
    # no questions about saturation: where the scale is a median, these filters leave a ratio of 1 (see `nulls`)
    ("A threshold calibrated to the median, against weak smoothing", "is_kpo_calibrated", "kpo_weak"),
    ("A threshold on a running scale, against weak smoothing", "is_kpo_running_mean", "kpo_weak"),
    ("Does weak smoothing degrade at three times the learning rate?", "kpo_weak_fast", "kpo_strong_fast"),
)  # fmt: skip


UNDEFINED = "not defined"
TWIN = "_twin"  # a method's A/A twin is named after it, as in configs/study.py
Cells = dict[str, dict[int, np.ndarray]]  # method -> seed -> correct [problems, k] at the newest step


def cells_of(methods: dict[str, list[Run]], name: str) -> tuple[Cells, list[str]]:
    """(the newest grades on set `name`, notes on runs left out because they were graded on other problems than the
    first, on samples drawn otherwise, or with another number of samples a problem).
    """
    cells, notes, first = {}, [], None
    for method, runs in methods.items():
        for run in runs:
            if name not in run.evaluations:
                continue
            first = first or run.newest(name)
            own, k = run.last(name).shape[1], first.correct.shape[1]
            if run.newest(name).asked != first.asked:
                notes.append(f"{run.label} was graded on other problems of {name} and is compared with nothing.")
            elif why := evaluations.unlike(run.newest(name), first):
                notes.append(f"{run.label} was graded otherwise on {name} ({why}) and is compared with nothing.")
            elif own != k:
                notes.append(f"{run.label} has {own} samples a problem of {name}, not {k}: compared with nothing.")
            else:
                cells.setdefault(method, {})[run.seed] = run.last(name)
    return cells, notes


def base_cells(methods: dict[str, list[Run]], cells: Cells, name: str) -> Cells:
    """The grades of each run's own policy before training, of the problems in `cells`, as many samples and drawn alike;
    not of another run's of the seed, which may have begun elsewhere.
    """
    out: Cells = {}
    for method, by_seed in cells.items():
        for run in methods[method]:
            base = run.comparable(name).get(0) if name in run.evaluations and run.seed in by_seed else None
            if base is not None and base.shape == by_seed[run.seed].shape:
                out.setdefault(method, {})[run.seed] = base
    return out


def _bases(base: Cells) -> dict[str, list[np.ndarray]]:
    """{name of a row: its grades}: one row where all runs of a seed began with the same, else one for each method."""
    by_seed: dict[int, list[np.ndarray]] = {}
    for of in base.values():
        for seed, grades in of.items():
            by_seed.setdefault(seed, []).append(grades)
    if any(not np.array_equal(grades, of[0]) for of in by_seed.values() for grades in of):
        return {f"base of {method}": list(of.values()) for method, of in base.items()}
    return {"base": [of[0] for of in by_seed.values()]} if by_seed else {}


def _score(value) -> str:
    return points(*value)


def method_table(methods: dict[str, list[Run]], cells: Cells, name: str) -> Table:
    """Pooled over seeds, each against its own base policy and against kpo_strong."""
    k = next(iter(next(iter(cells.values())).values())).shape[1]
    base = base_cells(methods, cells, name)
    rows = []
    for row, values in _bases(base).items():
        rows.append(
            [
                row,
                str(len(values)),
                "0",
                _score(comparison.average(values)),
                _score(comparison.passed(values)),
                *[""] * 3,
            ]
        )
    for method, by_seed in cells.items():
        values = list(by_seed.values())
        gain = comparison.difference(by_seed, base.get(method, {}))
        against = (
            comparison.difference(by_seed, cells["kpo_strong"])
            if method != "kpo_strong" and "kpo_strong" in cells
            else None
        )
        steps = sorted({max(run.evaluations[name]) for run in methods[method] if run.seed in by_seed})
        rows.append(
            [
                method,
                str(len(by_seed)),
                "/".join(map(str, steps)),
                _score(comparison.average(values)),
                _score(comparison.passed(values)),
                "" if gain is None else points(*gain.paired[:3], sign=True),
                "" if against is None else points(*against.paired[:3], sign=True),
                "" if against is None else p_text(against.paired.p_value),
            ]
        )
    return Table(
        f"Methods on {name}: percent, seeds pooled; differences in points, paired by problem and seed. Intervals are "
        "95 % over problems and, like p, describe these runs, not the methods.",
        [
            "method",
            "seeds",
            "step",
            f"avg@{k}",
            f"pass@{k}",
            "gain over base",
            "against kpo_strong",
            "p",
        ],
        rows,
    )


def scores_table(methods: dict[str, list[Run]]) -> Table | None:
    """Table 1 in the paper's form: its three methods on every set of the runs, beside what it prints."""
    sets_of = dict.fromkeys(name for runs in methods.values() for run in runs for name in run.evaluations)
    cells = {name: cells_of(methods, name)[0] for name in sets_of}
    rows = []
    for method, printed in paper.TABLE_1.items():
        if method not in methods:
            continue
        found = [list(cells[name].get(method, {}).values()) for name in sets_of]
        ours = [[comparison.average(of), comparison.passed(of)] if of else [None, None] for of in found]
        rows.append([
            method, *("-" if score is None else f"{100 * score.value:.2f}" for pair in ours for score in pair),
            *(f"{value:.2f}" for score in printed.values() for value in score),
        ])  # fmt: skip
    ks = {name: next((c.shape[1] for of in cells[name].values() for c in of.values()), 0) for name in sets_of}
    header = ["method", *(f"{name} {what}@{k}" for name, k in ks.items() for what in ("avg", "pass"))]
    header += [f"paper: {name} {what}@16" for name in paper.TABLE_1["kpo_weak"] for what in ("avg", "pass")]
    caption = (
        "Table 1. The paper's methods, percent: ours on the sets of these runs, means over seeds, and what the paper "
        "prints. Its model is Qwen3-4B-Base and its sets are others, so no more than the order compares."
    )
    return Table(caption, header, rows) if rows and sets_of else None


def options_table(methods: dict[str, list[Run]], cells: Cells) -> Table | None:
    """Table 3: Opt 0 and Opt 1, which lower the threshold by kappa and V, against is_kpo_weak."""
    rows = []
    for method, printed in paper.TABLE_3.items():
        if method not in cells:
            continue
        against = (
            comparison.difference(cells[method], cells["is_kpo_weak"])
            if method != "is_kpo_weak" and "is_kpo_weak" in cells
            else None
        )
        values = list(cells[method].values())
        setting = paper.SETTINGS[method]
        rows.append([
            method, f"{setting.process_var:g}", f"{setting.measurement_var:g}",
            "-" if math.isinf(setting.kappa) else f"{setting.kappa:g}",
            printed.gain, number_text(over(methods[method], "filter/gain_last")),
            printed.saturated, *saturation(methods[method]),
            f"{printed.avg:.2f}", _score(comparison.average(values)),
            "" if against is None else f"{points(*against.paired[:3], sign=True)}, p {p_text(against.paired.p_value)}",
        ])  # fmt: skip
    header = ["configuration", "Q", "V", "kappa", "gain: printed", "measured last", "clip fraction: printed"]
    header += ["measured", "largest |d|", "mean threshold", "avg@16: printed", "avg@k", "against is_kpo_weak"]
    caption = (
        "Table 3. Opt 0 and Opt 1: a threshold brought down by kappa and by V, both of which raise the gain. The clip "
        "fraction is that of saturated innovations. Intervals and p are over problems and describe these runs."
    )
    return Table(caption, header, rows) if len(rows) > 1 else None


def question_table(cells: Cells) -> Table | None:
    """The planned comparisons: what the seeds say of the methods, and beside it what the problems say of these runs."""
    asked = [
        (text, a, b, comparison.difference(cells[a], cells[b])) for text, a, b in QUESTIONS if a in cells and b in cells
    ]
    asked = [row for row in asked if row[3] is not None]
    if not asked:
        return None
    judged = comparison.judge([row[3] for row in asked])
    rows = []
    for (text, a, b, found), of in zip(asked, judged, strict=True):
        over_seeds = (
            f"[{100 * found.seeds_low:+.1f}, {100 * found.seeds_high:+.1f}]" if math.isfinite(found.seeds_low) else "-"
        )
        rows.append([
            text, f"{a} - {b}", of.verdict, " ".join(f"{100 * d:+.1f}" for d in found.seeds), over_seeds,
            *(number_text(None if math.isnan(p) else p, ".2g") for p in of[:3]),
            points(*found.paired[:3], sign=True), p_text(found.paired.p_value),
            f"{found.z:+.2f}, {found.z_p_value:.2g}",
        ])  # fmt: skip
    header = ["question", "difference", "verdict", "each seed, points", "95 % over seeds"]
    header += ["p over seeds", "p (Holm)", f"p of {100 * comparison.EQUAL:g} points or more (TOST, Holm)"]
    header += ["these runs: points, 95 % over problems", "these runs: p over problems", "z, p (two-proportion)"]
    caption = (
        "The paper's question, taken apart. A seed is the unit of every claim about methods: paired t over seeds, Holm "
        f"over the {len(asked)} questions asked here; a verdict without qualification needs p (Holm) below "
        f"{comparison.LEVEL:g}. Interval and p over problems (sign flips of whole problems) hold these runs fixed and "
        "say nothing about the methods; the two-proportion z takes all samples for independent and is here for "
        "comparison with papers that print it."
    )
    return Table(caption, header, rows)


def power_table(cells: Cells, sizes: Sequence[float] = comparison.SIZES) -> Table | None:
    """How many seeds a difference of each of `sizes`, points, takes, from the deviation over seeds of these runs."""
    sd = comparison.pooled_sd(cells)
    if not sd:
        return None
    asked = max(1, sum(a in cells and b in cells for _, a, b in QUESTIONS))
    number = min(len(by_seed) for by_seed in cells.values())
    levels = [comparison.LEVEL, comparison.LEVEL / asked]
    rows = [
        [
            f"{size:g}",
            *(str(comparison.seeds_needed(size / 100, sd, level) or "> 1000") for level in levels),
            *(f"{comparison.power(size / 100, sd, number, level):.0%}" if number > 1 else "-" for level in levels),
        ]
        for size in sizes
    ]
    twins = [
        f"{name} {' '.join(f'{100 * d:+.1f}' for d in found.seeds)}"
        for name in cells
        if name + TWIN in cells and (found := comparison.difference(cells[name + TWIN], cells[name])) is not None
    ]
    header = ["points", "seeds needed", f"seeds needed, Holm over {asked}", f"found with {number} seeds"]
    caption = (
        f"Power. Two methods' difference varies over seeds with a deviation of {100 * sd:.1f} points (pooled over all "
        "pairs of methods). Seeds that a paired t needs to find a difference of so many points four times in five, "
        f"alone and at the level of Holm's first of {asked} questions, and how often the {number} seeds here find it. "
        + (f"A/A twins, points by seed: {'; '.join(twins)}." if twins else "No A/A twin was run.")
    )
    return Table(caption, [*header, f"found with {number} seeds, Holm"], rows)


def gap_table(cells: Cells) -> Table | None:
    """How much of the gap from weak to strong smoothing each robust filter recovers, beside the paper's."""
    rows = []
    if "kpo_strong" in cells and "kpo_weak" in cells:
        for method in cells:
            if not method.startswith("is_kpo"):
                continue
            recovered = comparison.gap_recovery(cells["kpo_strong"], cells["kpo_weak"], cells[method])
            found = comparison.difference(cells[method], cells["kpo_weak"])
            if recovered is None or found is None:
                continue
            over_seeds = _recovered_over_seeds(cells, method)
            in_these = points(*recovered) if math.isfinite(recovered.low) else "not defined: the gap may be 0"
            if not math.isfinite(recovered.value) or over_seeds.endswith(UNDEFINED):
                in_these = UNDEFINED
            rows.append([
                method, over_seeds, in_these,
                f"{found.z:+.2f}, {found.z_p_value:.2g}",
                points(*found.paired[:3], sign=True), p_text(found.paired.p_value),
            ])  # fmt: skip
    if not rows:
        return None
    right = paper.printed_z()
    z, p_value = stats.two_proportion_z(right[0], paper.SAMPLES, right[1], paper.SAMPLES)
    strong, weak, robust = (paper.TABLE_1[name][paper.MATH].avg for name in ("kpo_strong", "kpo_weak", "is_kpo_weak"))
    gap = robust - weak
    printed = 100 * gap / (strong - weak)
    rows.append(
        [
            "paper: is_kpo_weak",
            "-",
            f"{printed:.1f}",
            f"{z:+.2f}, {p_value:.2g} (prints about 1.4, 0.16)",
            f"{gap:+.2f}",
            "-",
        ]
    )
    header = ["method", "gap recovered, %, over seeds: each, and 95 % (Fieller)", "these runs", "z, p (two-proportion)"]
    header += ["over kpo_weak, points: these runs", "p over problems"]
    caption = (
        "Gap recovery: (method - kpo_weak) / (kpo_strong - kpo_weak), not defined where the seeds do not show that "
        "there is a gap. Intervals of these runs are 95 % over problems, and say nothing of the methods."
    )
    return Table(caption, header, rows)


def _recovered_over_seeds(cells: Cells, method: str) -> str:
    strong, weak, robust = cells["kpo_strong"], cells["kpo_weak"], cells[method]
    seeds = sorted(set(strong) & set(weak) & set(robust))
    gains = [float(robust[s].mean() - weak[s].mean()) for s in seeds]
    gaps = [float(strong[s].mean() - weak[s].mean()) for s in seeds]
    if len(seeds) < 2:
        return "-"
    pairs = zip(gains, gaps, strict=True)
    each = " ".join(f"{100 * gain / gap:.0f}" if abs(gap) > 1e-12 else "-" for gain, gap in pairs)
    interval = comparison.fieller(gains, gaps)
    return f"{each}; " + (UNDEFINED if interval is None else f"[{100 * interval[0]:.0f}, {100 * interval[1]:.0f}]")


def results_table(runs: list[Run]) -> Table:
    """Base against trained, one row per run and set: avg@k and pass@k in points with 95 % intervals, and the paired
    gain where both have the same problems and k and were drawn alike. k belongs to the row, since a run may be
    evaluated with more samples later on.
    """
    rows, seen = [], set()
    for run in runs:
        for name, by_step in run.evaluations.items():
            base, last = by_step.get(0), by_step[max(by_step)]
            if base is not None and (mark := (name, base.correct.shape, base.correct.tobytes())) not in seen:
                seen.add(mark)  # runs that started from the same policy share its row
                rows.append(["base", name, "0", str(base.correct.shape[1]), *_scores(base.correct), ""])
            if max(by_step) > 0:
                gain, of = "" if base is None else _gain(last, base), last.correct
                rows.append([run.label, name, str(max(by_step)), str(of.shape[1]), *_scores(of), gain])
    header = ["policy", "set", "step", "k", "avg@k %", "pass@k %", "gain over base (paired)"]
    if len({row[3] for row in rows}) == 1:  # as is usual: the header says it
        header = [name.replace("@k", f"@{rows[0][3]}") for name in header if name != "k"]
        rows = [row[:3] + row[4:] for row in rows]
    return Table("Every run: percent; 95 % intervals over problems and p describe these runs.", header, rows)


def _scores(correct: np.ndarray) -> list[str]:
    return [points(*score) for score in evaluations.accuracies(correct).values()]


def _gain(last: evaluations.Graded, base: evaluations.Graded) -> str:
    if why := evaluations.unlike(last, base):
        return f"not compared: {why}"
    if last.correct.shape[1] != base.correct.shape[1]:
        return f"not compared: k is {last.correct.shape[1]}, the base's {base.correct.shape[1]}"
    if len(last.correct) < 2:
        return "not compared: one problem"
    paired = stats.paired_difference(last.correct, base.correct)
    return f"{points(*paired[:3], sign=True)}, p {p_text(paired.p_value)}"
