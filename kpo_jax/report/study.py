"""A study over seeds: every run as one line of JSON, and the answers to what was asked of the methods beforehand.

A line (`summary`) is all that a claim about methods needs of a run, in two kilobytes: its score at every evaluation,
means of its diagnostics, and where it comes from. So a study of hundreds of runs can be kept, read again and judged
anew when the runs themselves are gone. The unit is a seed: whatever is asked (`Contrast`) is answered by paired
differences over the seeds that both methods have.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kpo_jax.algorithm import null
from kpo_jax.files import write_whole
from kpo_jax.report import comparison, paper
from kpo_jax.report.runs import Run, known_method, over_steps, without_seed
from kpo_jax.report.score_tables import TWIN
from kpo_jax.report.table import Table, number_text
from kpo_jax.text import unsupported

# means over the training steps of a run, by the names of docs/metrics.md; of MAXIMA the largest
MEANS = (
    "rollout/length_mean", "policy/approx_kl", "policy/entropy", "ratio/raw_log_sd", "clip/fraction",
    "filter/gain_last", "filter/innovation_kurtosis", "filter/saturated_fraction", "regime/length", "regime/threshold",
    "regime/band", "null/cosine", "null/step_size", "null/moved_fraction", "null/lost_fraction", "mismatch/abs_mean",
    "learner/grad_norm", "policy/reference_k3",
)  # fmt: skip
MAXIMA = ("filter/innovation_abs_max", "regime/innovation_abs_max", "ratio/raw_max")
WORST = {"null/cosine_least": ("null/cosine", min), "null/lost_fraction_most": ("null/lost_fraction", max)}  # of a step
NULL = "ratio_one"  # the method that is the null by construction
SUFFIX = ".jsonl"  # a file of summaries, where else a workdir stands
COLLAPSE = 0.02  # a run that ends so far below its base policy, as a share, has collapsed
OUTCOMES = {"auc": "area under the curve", "final": "final score"}


class Contrast(NamedTuple):
    """What was asked: that method a is below ("<") or above (">") method b, or equal to it within comparison.EQUAL
    ("=").
    """

    a: str
    sign: str
    b: str

    def __str__(self) -> str:
        return f"{self.a} {self.sign} {self.b}"


class Answer(NamedTuple):
    """What the seeds say of a contrast.

    Attributes:
      seeds: those that both methods have.
      differences: a minus b of each, as shares.
      p_value, p_holm: of what the contrast denies: no difference by a paired t (two-sided), for "=" a difference of
        comparison.EQUAL or more by two one-sided tests; alone, and after Holm over all contrasts asked.
      p_equal: of a difference of comparison.EQUAL or more, whatever was asked, alone.
      verdict: "holds", "the opposite holds" or "not shown"; "not run" without two seeds in common.
    """

    seeds: list[int]
    differences: list[float]
    p_value: float
    p_holm: float
    p_equal: float
    verdict: str


def contrast(text: str) -> Contrast:
    """A<B, A>B or A=B of two methods. Raises ValueError for what is none."""
    found = re.fullmatch(r"([^<>=\s]+)\s*([<>=])\s*([^<>=\s]+)", text.strip())
    if not found or found[1] == found[3]:
        raise ValueError(f"{text!r} is not A<B, A>B or A=B of two methods")
    return Contrast(*found.groups())


# ------------------------------------------------------------------------------------------------------------- a line


def summary(method: str, run: Run, eval_set: str) -> dict:
    """A run's line; JSON has it all.

    `curve` are [training step, avg@k] of every evaluation on `eval_set` that compares with the last (`k` is that of the
    last, and moves no mean); `sampling` is how they were drawn, None for a run of an earlier version.
    `auc` is the area under it by the trapezoid rule, over the steps from its first to its last, so a score.
    """
    last, graded = run.last(eval_set), run.comparable(eval_set)
    curve = [[step, float(graded[step].mean())] for step in sorted(graded)]
    start = run.starts[-1] if run.starts else {}
    found = {key: over_steps(run, key) for key in MEANS} | {key: over_steps(run, key, max) for key in MAXIMA}
    found |= {name: over_steps(run, key, of) for name, (key, of) in WORST.items()}
    algorithm = run.config["algorithm"]
    return {
        "method": method,
        "algorithm": known_method(algorithm),
        "filter": algorithm["filter"]["name"],
        "seed": run.seed,
        "label": run.label,
        "set": eval_set,
        "problems": len(last),
        "k": last.shape[1],
        "sampling": run.newest(eval_set).sampling,
        "problems_digest": hashlib.sha256(json.dumps(run.newest(eval_set).asked).encode()).hexdigest()[:12],
        "curve": curve,
        "auc": area(curve),
        "final": curve[-1][1],
        "metrics": {key: float(f"{value:.5g}") for key, value in found.items() if value is not None},
        "learning_rate": run.config["learner"]["learning_rate"],
        "staleness": run.config["rollout"].get("staleness", 0),
        "commit": start.get("commit"),
        "changed": start.get("changed"),
        "cpu": start.get("machine", {}).get("cpu"),
        "date": start.get("date"),
    }


def area(curve: list[list[float]]) -> float:
    """The mean height of a curve [[step, score], ...] by the trapezoid rule; its only score where there is one."""
    steps, scores = np.array(curve, float).T
    return float(np.trapezoid(scores, steps) / (steps[-1] - steps[0])) if len(curve) > 1 else float(scores[0])


def write(path: Path, lines: list[dict]) -> None:
    """One JSON line a run, sorted so that the same runs give the same file."""
    ordered = sorted(lines, key=lambda line: (line["seed"], line["method"], line["set"]))
    write_whole(path, "".join(json.dumps(line) + "\n" for line in ordered))


def read(path: str) -> list[dict]:
    """What `write` wrote. Raises ValueError, one line, for what is no such file of this machine."""
    found = []
    if "://" in path:
        raise ValueError(f"report: {path}: {unsupported(path)}")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"report: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"report: {path}: not UTF-8") from None
    for number, line in enumerate(text.splitlines(), 1):
        try:
            one = json.loads(line)
            good = {"method", "seed", "set", "curve", "auc", "final", "metrics"} <= one.keys() and one["curve"]
        except (ValueError, AttributeError):
            good = False
        if not good:
            raise ValueError(f"report: {path}: line {number} is not the summary of a run")
        found.append(one)
    if not found:
        raise ValueError(f"report: {path}: holds no run")
    return found


def told_apart(lines: list[dict]) -> list[dict]:
    """The lines, those of a method that is several named after their labels, without the seed.

    A run that is reported alone takes its algorithm's name, so its twin, or the same algorithm on older responses or at
    another learning rate, has the same in a line of its own. Where such lines come together they have the names of a
    report on all those runs.
    """
    runs_of = Counter((line["method"], line["seed"], line["set"]) for line in lines)
    several = {method for (method, _, _), runs in runs_of.items() if runs > 1}
    settings: dict[str, set] = {}
    for line in lines:
        settings.setdefault(line["method"], set()).add((line.get("staleness"), line.get("learning_rate")))
    several |= {method for method, found in settings.items() if len(found) > 1}
    return [
        line | {"method": without_seed(line.get("label", line["method"]), bare=True)}
        if line["method"] in several
        else line
        for line in lines
    ]


# ------------------------------------------------------------------------------------------------------------ answers


def by_method(lines: list[dict]) -> dict[str, dict[int, dict]]:
    """{method: {seed: its line}}, in the order of the lines. Raises ValueError if two are of one method and seed."""
    out: dict[str, dict[int, dict]] = {}
    for line in lines:
        of = out.setdefault(line["method"], {})
        if line["seed"] in of:
            raise ValueError(f"report: two runs of {line['method']} with seed {line['seed']} on {line['set']}")
        of[line["seed"]] = line
    return out


def paired(methods: dict[str, dict[int, dict]], a: str, b: str, outcome: str) -> tuple[list[int], list[float]]:
    """(seeds that both have, graded alike; a minus b of each), by an outcome of OUTCOMES or "settled"."""
    of_a, of_b = methods.get(a, {}), methods.get(b, {})
    value = settled if outcome == "settled" else lambda line: line[outcome]
    seeds = [seed for seed in sorted(set(of_a) & set(of_b)) if len(_graded([of_a[seed], of_b[seed]])) == 1]
    return seeds, [value(of_a[seed]) - value(of_b[seed]) for seed in seeds]


def _graded(lines: list[dict]) -> list[str]:
    """The ways in which runs were graded, "256 problems x 4 samples": by other problems or another number of samples
    scores are not compared. A summary of before, which does not say by which problems, is taken for one of those.
    """
    ways: dict[str, set] = {}
    for line in lines:
        way = f"{line.get('problems', '?')} problems x {line.get('k', '?')} samples"
        ways.setdefault(way, set()).update({line.get("problems_digest")} - {None})
    return [way for way, digests in ways.items() for _ in digests or {None}]


def settled(line: dict) -> float:
    """The area under the curve from the first evaluation on at which the responses are as old as they will be: until
    then they are those of the first policy.
    """
    curve = [point for point in line["curve"] if point[0] >= line.get("staleness", 0)]
    return area(curve or line["curve"][-1:])


def completeness(lines: list[dict]) -> str:
    """How many runs of which methods and seeds there are, and which are missing, in a sentence or two."""
    methods = by_method(lines)
    seeds = sorted({line["seed"] for line in lines})
    missing = [f"{name} seed {seed}" for name, of in methods.items() for seed in seeds if seed not in of]
    steps, graded = {tuple(step for step, _ in line["curve"]) for line in lines}, _graded(lines)
    said = f"{len(lines)}, of {len(methods)} method(s) and {len(seeds)} seed(s)"
    said += f"; missing: {', '.join(missing)}." if missing else ", every one of each."
    if len(steps) > 1:
        said += " They were not evaluated at the same steps, so their areas do not compare."
    if len(graded) > 1:
        said += f" They were graded on {' / '.join(graded)}, not all on the same: no seed is paired across these."
    drawn = {json.dumps(line["sampling"], sort_keys=True) for line in lines if line.get("sampling")}
    if len(drawn) > 1:
        said += " They were not evaluated alike, by what draws samples, so their scores do not compare."
    return said


def answer(methods: dict[str, dict[int, dict]], asked: list[Contrast]) -> list[Answer]:
    """Each contrast judged as one of those that were asked together, by the area under the curve."""
    found = [paired(methods, one.a, one.b, "auc") for one in asked]
    p_values = [
        comparison.tost(differences, comparison.EQUAL) if one.sign == "=" else comparison.paired_t(differences)
        for one, (_, differences) in zip(asked, found, strict=True)
    ]
    adjusted = comparison.holm(p_values)
    return [
        Answer(
            seeds,
            differences,
            p,
            holm,
            comparison.tost(differences, comparison.EQUAL),
            _verdict(one.sign, differences, holm),
        )
        for one, (seeds, differences), p, holm in zip(asked, found, p_values, adjusted, strict=True)
    ]


def _verdict(sign: str, differences: list[float], p_holm: float) -> str:
    if math.isnan(p_holm):
        return "not run"
    if p_holm >= comparison.LEVEL:
        return "not shown"
    if sign == "=" or (np.mean(differences) > 0) == (sign == ">"):
        return "holds"
    return "the opposite holds"


def nulls(methods: dict[str, dict[int, dict]]) -> set[str]:
    """The methods whose gradient was that of a ratio of 1 without a clip in every training step of all their runs, by
    its direction.
    """
    least = lambda line: line["metrics"].get("null/cosine_least", -1.0)
    return {name for name, of in methods.items() if all(least(line) >= null.NULL_COSINE for line in of.values())}


def controls(methods: dict[str, dict[int, dict]]) -> dict[str, str]:
    """{method: the null whose responses are as old as the method's}, of those that have such a one; the best of several
    (as those of several learning rates).
    """

    def age(name: str) -> int | None:
        return next(iter(methods[name].values())).get("staleness")

    are_null = [name for name, of in methods.items() if not name.endswith(TWIN) and _by_construction(of)]
    score = lambda name: np.mean([line["auc"] for line in methods[name].values()])
    found = {age(name): name for name in sorted(are_null, key=score)}
    return {name: found[age(name)] for name in methods if age(name) in found and found[age(name)] != name}


def contrast_table(lines: list[dict], asked: list[Contrast]) -> Table:
    """The contrasts beside what the seeds say of them."""
    methods, rows = by_method(lines), []
    are_null = {name for name in nulls(methods) if not _by_construction(methods[name])}
    for one, of in zip(asked, answer(methods, asked), strict=True):
        remark = "".join(f" ({name} is the null)" for name in (one.a, one.b) if name in are_null)
        rows.append([
            str(one), of.verdict + remark, str(len(of.seeds)), *_difference(of.differences),
            *(map(_p_text, (of.p_value, of.p_holm, of.p_equal))),
            " ".join(_points(d) for d in of.differences) or "-",
        ])  # fmt: skip
    header = ["asked", "verdict", "seeds", "points", "95 % over seeds", "p", "p (Holm)", "p (equal)"]
    caption = (
        f"What was asked, by the {OUTCOMES['auc']} on {lines[0]['set']}: first method less second, paired by seed. "
        "For < and > p is that of no difference by a paired t, two-sided; for = that of a difference of "
        f"{100 * comparison.EQUAL:g} points or more (TOST), which p (equal) is for all. Holm over the {len(asked)} "
        f"asked; a contrast holds where p (Holm) is below {comparison.LEVEL:g}. A method that is the null on its data "
        "is no evidence for a filter."
    )
    return Table(caption, [*header, "each seed, points"], rows)


def otherwise_table(lines: list[dict], asked: list[Contrast]) -> Table:
    """The contrasts by other outcomes and another test, and without one of the seeds: a description."""
    methods, rows = by_method(lines), []
    verdicts = [of.verdict for of in answer(methods, asked)]
    fewer = [
        [of.verdict for of in answer(by_method([line for line in lines if line["seed"] != seed]), asked)]
        for seed in sorted({line["seed"] for line in lines})
    ]
    for place, one in enumerate(asked):
        _, areas = paired(methods, one.a, one.b, "auc")
        of = {name: _difference(paired(methods, one.a, one.b, name)[1]) for name in ("final", "settled")}
        same = sum(verdict[place] == verdicts[place] for verdict in fewer)
        stands = f"{same} of {len(fewer)}"
        rows.append([str(one), *of["final"], *of["settled"], _p_text(comparison.sign_flips(areas)), stands])
    header = ["asked", "final score, points", "95 % over seeds", "settled area, points", "95 % over seeds"]
    caption = (
        "The same contrasts otherwise, without a claim: by the final score; by the area from the step on at which "
        "responses are as old as they will be (of fresh ones the whole area); p of no difference in the area by all "
        "choices of signs of the seeds' differences, which supposes no distribution, not corrected for their number; "
        "and how many of the seeds can be left out, one at a time, without a change of the verdict."
    )
    return Table(caption, [*header, "p (signs)", "same without a seed"], rows)


def _by_construction(of: dict[int, dict]) -> bool:
    return all(line.get("algorithm") == NULL for line in of.values())


def _p_text(p: float) -> str:
    return "-" if math.isnan(p) else f"{p:.2g}"


def control_table(lines: list[dict]) -> Table | None:
    """Every method beside the null on responses of the same age: differences, without a claim."""
    methods = by_method(lines)
    rows = [
        [name, control, str(len(paired(methods, name, control, "auc")[0]))]
        + [text for outcome in OUTCOMES for text in _difference(paired(methods, name, control, outcome)[1])]
        for name, control in controls(methods).items()
    ]
    header = ["method", "less", "seeds"]
    header += [text for name in OUTCOMES.values() for text in (f"{name}, points", "95 % over seeds")]
    caption = (
        "Every method less the null (a ratio of 1, no filter, no clip) on responses of the same age, paired by seed. "
        "A description: no p, and not corrected for their number."
    )
    return Table(caption, header, rows) if rows else None


def _difference(differences: list[float]) -> list[str]:
    """The mean of paired differences and its interval over seeds, in points."""
    low, high = comparison.t_interval(differences)
    interval = "-" if math.isnan(low) else f"[{100 * low:+.1f}, {100 * high:+.1f}]"
    return [_points(np.mean(differences) if differences else None), interval]


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f}"


def outcome_table(lines: list[dict]) -> Table:
    """Every method over its seeds: what it reached, and what its filter and clip did."""
    rows, methods = [], by_method(lines)
    are_null = nulls(methods)
    for method, of in methods.items():
        values = {name: [line[name] for line in of.values()] for name in OUTCOMES}
        below = [line["final"] < base - COLLAPSE for line in of.values() if (base := _base(line)) is not None]
        collapsed = str(sum(below)) if below else "-"
        rows.append([
            method, str(len(of)), *(_over_seeds(values[name]) for name in OUTCOMES), collapsed,
            _null_text(method, of, are_null), *(number_text(_mean(of, key), form) for _, key, form in SHOWN),
        ])  # fmt: skip
    base = [score for line in lines if (score := _base(line)) is not None]
    said = f"; the base policies score {100 * min(base):.1f} to {100 * max(base):.1f} %" if base else ""
    caption = (
        f"Methods on {lines[0]['set']}, {' / '.join(_graded(lines))}: "
        "mean over seeds in percent, with 95 % over seeds (Student's t). The area under the curve is the mean score "
        f"over the training steps{said}. A run that ends {100 * COLLAPSE:g} points below its base has collapsed. "
        "The null is a method whose gradient was that of a ratio of 1 in every step (cosine of at least "
        f"{null.NULL_COSINE}). The rest are means over training steps and seeds."
    )
    header = ["method", "seeds", *OUTCOMES.values(), "collapsed", "the null", *(name for name, _, _ in SHOWN)]
    return Table(caption, header, rows)


def _base(line: dict) -> float | None:
    """The score before training; None where the curve has none, as what an evaluation asks was changed later on."""
    step, score = line["curve"][0]
    return score if step == 0 else None


def _null_text(method: str, of: dict[int, dict], are_null: set[str]) -> str:
    if _by_construction(of):
        return "by construction"
    measured = all("null/cosine_least" in line["metrics"] for line in of.values())
    return ("yes" if method in are_null else "no") if measured else "-"


SHOWN = (
    ("cosine with the null", "null/cosine", ".5f"),
    ("moved, gradient lost", "null/lost_fraction", ".2%"),
    ("clipped", "clip/fraction", ".2%"),
    ("saturated", "filter/saturated_fraction", ".3%"),
    ("step size, of the null's", "null/step_size", ".3g"),
)
REGIME = (  # and the paper's by the same name of paper.REGIME
    ("T sqrt(Q/V)", "regime/length", ".3g", "length"),
    ("kurtosis of d", "filter/innovation_kurtosis", ".3g", "kurtosis"),
    ("largest |d| / sd z", "regime/innovation_abs_max", ".3g", "innovation_abs_max"),
    ("threshold / sd z", "regime/threshold", ".3g", "threshold"),
    ("band / sd of filtered z", "regime/band", ".3g", "band"),
    ("sd z", "ratio/raw_log_sd", ".3g", None),
    ("moved tokens", "null/moved_fraction", ".2%", None),
    ("sampler's mismatch", "mismatch/abs_mean", ".2g", None),
    ("tokens a response", "rollout/length_mean", ".3g", None),
)


def regime_table(lines: list[dict]) -> Table:
    """How far every method's log-ratios are from those of the paper."""
    rows = [
        [method, *(number_text(_mean(of, key), form) for _, key, form, _ in REGIME)]
        for method, of in by_method(lines).items()
    ]
    rows.append(["paper", *("-" if name is None else paper.REGIME[name] for *_, name in REGIME)])
    caption = (
        "The regime: means over training steps and seeds (of the largest |d| the mean of the runs' largest); z is a "
        "token's log-ratio, d an innovation, a token is moved where |z| is above 1e-3, the mismatch is between the "
        "log-probabilities of sampler and trainer."
    )
    return Table(caption, ["method", *(name for name, *_ in REGIME)], rows)


def _mean(of: dict[int, dict], key: str) -> float | None:
    values = [line["metrics"][key] for line in of.values() if key in line["metrics"]]
    return float(np.mean(values)) if values else None


def _over_seeds(values: list[float]) -> str:
    low, high = comparison.t_interval(values)
    interval = "" if math.isnan(low) else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * np.mean(values):.1f}{interval}"


def power_table(lines: list[dict], asked: list[Contrast], sizes: Sequence[float]) -> Table | None:
    """How many seeds a difference of each of `sizes`, points, takes, from the A/A twins where there are any and from
    the contrasts.
    """
    methods = by_method(lines)
    pairs = [(f"{name} against itself", name + TWIN, name) for name in methods if name + TWIN in methods]
    pairs += [(str(one), one.a, one.b) for one in asked]
    equalities = {str(one) for one in asked if one.sign == "="}
    rows = []
    for name, a, b in pairs:
        _, differences = paired(methods, a, b, "auc")
        sd = float(np.std(differences, ddof=1)) if len(differences) > 1 else 0.0
        if sd == 0:
            continue
        levels = (comparison.LEVEL, comparison.LEVEL / max(len(asked), 1))
        of = comparison.power_equal if name in equalities else comparison.power
        needed = [comparison.seeds_needed(size / 100, sd, level, of=of) for size in sizes for level in levels]
        rows.append([name, str(len(differences)), f"{100 * sd:.2f}", *(str(n or "> 1000") for n in needed)])
    if not rows:
        return None
    header = ["difference", "seeds", "deviation over seeds, points"]
    header += [f"seeds for {size:g} points{of}" for size in sizes for of in ("", ", Holm")]
    caption = (
        f"How much the {OUTCOMES['auc']} of two runs differs over seeds, and the seeds with which a paired t finds "
        f"a difference four times in five, alone and at the first level of Holm over {max(len(asked), 1)}; for = those "
        "with which TOST finds no difference to be within so many points. A method against itself is its A/A twin, "
        "which draws other responses."
    )
    return Table(caption, header, rows)


def tables(lines: list[dict], asked: list[Contrast], sizes: Sequence[float] = comparison.SIZES) -> list[Table]:
    """All of the above for the lines of one evaluation set: the answers first. `sizes`: see `power_table`."""
    found = [contrast_table(lines, asked), otherwise_table(lines, asked)] if asked else []
    found += [outcome_table(lines), control_table(lines), regime_table(lines), power_table(lines, asked, sizes)]
    return [table for table in found if table is not None]
