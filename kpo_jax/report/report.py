"""The report over a set of runs: tables, figures, answers; as Markdown and as one self-contained HTML page.

A `Section` is made once and rendered twice. Text from models, directories and files is never markup in either.
"""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kpo_jax.files import write_whole
from kpo_jax.places import folder, shown
from kpo_jax.recording import provenance
from kpo_jax.report import (
    comparison,
    figures,
    filter_tables,
    page,
    regime,
    responses,
    score_tables,
    study,
    study_figures,
)
from kpo_jax.report.runs import Run, by_method, load, over_steps, sets
from kpo_jax.report.table import Table, number_text, points
from kpo_jax.text import blocks, plain, table

__all__ = ["Section", "load", "results", "write"]


@dataclasses.dataclass(frozen=True)
class Section:
    """A title; findings as (what, how it is), and facts as (name, value), in plain text; tables; and figures as (file
    name, caption).
    """

    title: str
    text: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    facts: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    tables: list[Table] = dataclasses.field(default_factory=list)
    figures: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def results(runs: list[Run], columns: float = np.inf) -> str:
    """The scores of every run and what they are: a Markdown table, or otherwise where it has more than `columns`."""
    return _captioned(score_tables.results_table(runs), columns)


def _captioned(found: Table, columns: float) -> str:
    text = table(found.header, found.rows)
    text = text if len(text.partition("\n")[0]) <= columns else blocks(found.header, found.rows)
    return f"{found.caption}\n\n{text}"


def write(
    places: list[str],
    out: str,
    columns: float = np.inf,
    asked: Sequence[str] = (),
    sizes: Sequence[float] = comparison.SIZES,
) -> str:
    """Write `out`/report.md, report.html and figures from the runs in `places`; return the tables, as `results` does,
    and where things are.

    A place is a workdir, or a file of summaries (study.py), which takes part in what is asked of the methods; so is
    `out`/runs.jsonl, the summaries of all of them. `asked` are contrasts as study.contrast reads them; `sizes`
    differences, points, for which tables of power say how many seeds they take.

    Raises ValueError, one line, if a place holds no run or what is asked is no contrast.
    """
    contrasts = [study.contrast(text) for text in asked]
    files = [place for place in places if place.endswith(study.SUFFIX)]
    lines = [line for place in files for line in study.read(place)]
    runs = [load(place) for place in places if place not in files]
    methods = by_method(runs)
    lines += [
        study.summary(method, run, name)
        for method, group in methods.items()
        for run in group
        for name in run.evaluations
    ]
    lines = study.told_apart(lines)
    eval_set = next(iter(sets(runs)), None)
    directory = folder(out)
    directory.mkdir(parents=True, exist_ok=True)
    cells = score_tables.cells_of(methods, eval_set)[0] if eval_set else {}
    sections = build(runs, methods, figures.draw(methods, eval_set, cells, directory), sizes) if runs else []
    if files or contrasts:
        sections.insert(0, over_seeds(lines, contrasts, sizes, directory))
    study.write(directory / "runs.jsonl", lines)
    rendered = {"md": markdown(sections), "html": page.render(sections, responses.collect(runs), directory)}
    for suffix, content in rendered.items():  # where a folder's name is no UTF-8 there is no such text of it
        write_whole(directory / f"report.{suffix}", content.encode(errors="replace"))
    text = "\n\n".join(_captioned(t, columns) for section in sections for t in section.tables)
    places = [f"report       {shown(out, 'report.md')}", f"page         {shown(out, 'report.html')}"]
    names = dict.fromkeys(name for section in sections for name, _ in section.figures)
    places += [f"figure       {shown(out, name)}" for name in names]
    places += [f"summaries    {shown(out, 'runs.jsonl')}", *(f"run          {run.workdir}" for run in runs)]
    return f"{text}\n\n" + "\n".join(places)


def over_seeds(lines: list[dict], asked: list[study.Contrast], sizes: Sequence[float], directory: Path) -> Section:
    """What was asked of the methods, answered over seeds, for every evaluation set; its figures go to `directory`."""
    by_set = [[line for line in lines if line["set"] == name] for name in dict.fromkeys(line["set"] for line in lines)]
    found = [table for of_set in by_set for table in study.tables(of_set, asked, sizes)]
    drawn = [figure for of_set in by_set for figure in study_figures.draw(of_set, directory).items()]
    commits = dict.fromkeys((line.get("commit") or "not recorded")[:12] for line in lines)
    machines = dict.fromkeys(line.get("cpu") or "not recorded" for line in lines)
    dates = sorted(line["date"][:10] for line in lines if line.get("date"))
    facts = [("Runs.", study.completeness(of_set)) for of_set in by_set]
    facts += [
        ("Code.", f"{' / '.join(commits)}{', changed since' * any(line.get('changed') for line in lines)}."),
        ("Machine.", f"{' / '.join(machines)}."),
        ("Started.", f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}." if dates else "Not recorded."),
    ]
    return Section("What was asked, over seeds", facts=facts, tables=found, figures=drawn)


def build(
    runs: list[Run], methods: dict[str, list[Run]], drawn: dict[str, str], sizes: Sequence[float]
) -> list[Section]:
    """The sections that these runs allow: a single run has its scores, curve and diagnostics, a study all of them."""

    def pictures(*names):
        return [(name, drawn[name]) for name in names if name in drawn]

    sections = []
    for name in sets(runs):
        cells, notes = score_tables.cells_of(methods, name)
        said, scored = answers(methods, cells) + [("Left out.", note) for note in notes], scores(methods, cells, name)
        lists = {"text": said, "facts": scored} if len(methods) > 1 else {"text": scored + said}
        sections.append(Section(f"What we found: {name}", **lists))
    if len(runs) > 1:
        sections.append(Section("What this report cannot show", limits(methods)))
    about = setting(runs, methods) + origin(runs)
    sections.append(Section("The run" if len(runs) == 1 else "The runs", facts=about))
    if len(runs) > 1:
        for name in sets(runs):
            cells, _ = score_tables.cells_of(methods, name)
            found = [score_tables.question_table(cells), score_tables.power_table(cells, sizes)]
            found.append(score_tables.gap_table(cells))
            found.append(score_tables.method_table(methods, cells, name))
            found = [t for t in (*found, score_tables.options_table(methods, cells)) if t is not None]
            sections.append(Section(f"Methods: {name}", tables=found, figures=pictures("scores.png")))
        found = [
            score_tables.scores_table(methods),
            filter_tables.innovation_table(methods),
            filter_tables.filter_table(methods),
        ]
        found += [regime.update_table(methods), regime.regime_table(methods), regime.null_table(methods)]
        found += [filter_tables.clip_table(methods), filter_tables.numerics_table(methods)]
        found = [t for t in found if t is not None]
        shown = pictures("figure_2a.png", "figure_2b.png", "clipping.png")
        sections.append(Section("Filters, saturation and the clip band", tables=found, figures=shown))
    sections.append(Section("Learning curves", figures=pictures("learning_curve.png", "filter_diagnostics.png")))
    scored = [score_tables.results_table(runs)] if sets(runs) else []
    sections.append(Section("Every run", tables=[*scored, filter_tables.diagnostics_table(runs)]))
    return sections


def setting(runs: list[Run], methods: dict[str, list[Run]]) -> list[tuple[str, str]]:
    """What was run; values in which the runs differ stand beside each other."""

    def one(*path):
        values = []
        for run in runs:
            value = run.config
            for name in path:
                value = value[name]
            values.append(value)
        return " / ".join(dict.fromkeys(map(str, values)))

    task = one("data", "path") or one("data", "difficulty")
    learners = [run.config["learner"] for run in runs]  # runs from before there were epochs have one
    updates = " / ".join(dict.fromkeys(str(of["num_minibatches"] * of.get("epochs", 1)) for of in learners))
    rollout = f"{one('rollout', 'prompts_per_step')} prompts x {one('rollout', 'group_size')} samples"
    graded = [
        f"{name}: {len(run.last(name))} problems x {run.last(name).shape[1]} samples"
        for run in runs[:1]
        for name in run.evaluations
    ]
    weights = " with the adapters in ".join(filter(None, (one("pretrained"), one("init_from"))))
    return [
        ("Method.", ", ".join(f"{name} ({_seeds(group)})" for name, group in methods.items()) + "."),
        (
            "Model.",
            f"{one('model', 'num_layers')} layers of width {one('model', 'hidden_size')}, tokenizer {one('tokenizer')}"
            f"{f', weights of {weights}' if weights else ''}.",
        ),
        (
            "Task.",
            f"{one('data', 'source')} {task}, responses of at most {one('sampler', 'max_response_length')} tokens.",
        ),
        (
            "Training.",
            f"{one('num_steps')} steps of {rollout}, {updates} optimizer steps each, "
            f"learning rate {one('learner', 'learning_rate')}.",
        ),
        (
            "Evaluation.",
            f"{'; '.join(graded) or 'none'}; temperature {one('eval', 'temperature')}, top-p {one('eval', 'top_p')}.",
        ),
    ]


def _seeds(group: list[Run]) -> str:
    return f"seed{'s' if len(group) > 1 else ''} {' '.join(str(run.seed) for run in group)}"


def origin(runs: list[Run]) -> list[tuple[str, str]]:
    """When, where, by which code and, of a single run, by which command; nothing of runs of earlier versions."""
    starts = sorted((start for run in runs for start in run.starts), key=lambda start: start["date"])
    if not starts:
        return []

    def distinct(words) -> str:
        return " / ".join(dict.fromkeys(map(words, starts)))

    often = f", {len(starts)} starts" if len(starts) > len(runs) else ""
    ends = dict.fromkeys(start["date"] for start in (starts[0], starts[-1]))
    out = [
        ("Started.", f"{' to '.join(ends)}{often}."),
        ("Code.", f"{distinct(provenance.code)}."),
        ("Machine.", f"{distinct(provenance.machine)}."),
    ]
    return [("Command.", shlex.join(starts[-1]["command"])), *out] if len(runs) == 1 else out


def limits(methods: dict[str, list[Run]]) -> list[tuple[str, str]]:
    """What a reader must not take from the tables: said of every report, and of the methods that these runs show to be
    no filter at all.
    """
    out = [
        (
            "Problems are not seeds.",
            "An interval over problems, and every p, describes these very runs. Two runs of one and the same method "
            "can differ by more than it. A claim about methods needs the interval over seeds.",
        ),
        (
            "One place on a curve.",
            "A score at the last step of a curve that still rises measures how fast a method learns, with this "
            "model, task and learning rate. It does not measure how stable the method is.",
        ),
    ]
    if found := regime.nulls(methods):
        out.append(
            (
                "Filters that filter nothing.",
                f"{', '.join(found)}: in every training step of these runs the gradient was that of a ratio of 1 "
                "without a clip (see the distance to the null). They are one method here, whatever their filters "
                "report, and their scores say nothing about filters or saturation.",
            )
        )
    return out


def scores(methods: dict[str, list[Run]], cells: score_tables.Cells, name: str) -> list[tuple[str, str]]:
    """The answer in short: what each method scores on set `name` at the end, the best first, and what it was before
    training. Methods of which every run was left out of `cells` are not there.
    """
    averages = {method: comparison.average(list(by_seed.values())) for method, by_seed in cells.items()}
    k = next(iter(next(iter(cells.values())).values())).shape[1]
    bases = score_tables.base_cells(methods, cells, name)
    out = []
    for method in sorted(averages, key=lambda method: -averages[method].value):
        steps = sorted({max(run.evaluations[name]) for run in methods[method] if run.seed in cells[method]})
        said = f"avg@{k} {points(*averages[method])} % at step {'/'.join(map(str, steps))}"
        base = bases.get(method, {})
        gain = comparison.difference(cells[method], base) if steps != [0] else None
        if gain is not None:
            before = np.mean([base[seed].mean() for seed in sorted(set(base) & set(cells[method]))])
            said += f", from {100 * before:.1f} % before training: {points(*gain.paired[:3], sign=True)} points"
        out.append((f"{method}.", f"{said}, over problems ({_seeds(methods[method])})."))
    return out


def answers(methods: dict[str, list[Run]], cells: score_tables.Cells) -> list[tuple[str, str]]:
    """(question, answer) for each question that these runs can answer, worded by its intervals and nothing else.

    "In these runs" is said of a difference that the seeds do not confirm.
    """
    out, asked = [], []
    for text, a, b in score_tables.QUESTIONS:
        found = comparison.difference(cells[a], cells[b]) if a in cells and b in cells else None
        if found is not None:
            asked.append((text, a, b, found))
    for (text, a, b, found), of in zip(asked, comparison.judge([one[3] for one in asked]), strict=True):
        size = f"{a} less {b} is {points(*found.paired[:3], sign=True)} points over problems (these runs)"
        if len(found.seeds) > 1:
            seeds = f"[{100 * found.seeds_low:+.1f}, {100 * found.seeds_high:+.1f}] over {len(found.seeds)} seeds"
            size += f", {seeds} (the methods; p {of.p_value:.2g}, after Holm {of.p_holm:.2g})"
        if all((cells[a][s] == cells[b][s]).all() for s in set(cells[a]) & set(cells[b])):
            size, verdict = f"{a} and {b} gave the same grades on every sample", "no difference at all"
        else:
            verdict = {
                "unclear": "no difference is shown; the interval bounds what could hide",
                "higher": "higher, over seeds",
                "lower": "lower, over seeds",
            }.get(of.verdict, of.verdict)
        out.append((text if text.endswith("?") else f"{text}.", f"{verdict[0].upper()}{verdict[1:]}. {size}."))
    if "is_kpo_weak" in methods:  # of other thresholds the share alone says nothing: a filter may be off
        share, largest, threshold = filter_tables.saturation(methods["is_kpo_weak"])
        gain = number_text(over_steps(methods["is_kpo_weak"][0], "filter/gain_last"), ".4f")
        found = f"{share} off-policy tokens; largest abs d {largest}, mean threshold {threshold}, last gain {gain}."
        out.append(("Does saturation activate in is_kpo_weak?", found))
    return out


def markdown(sections: list[Section]) -> str:
    """The whole report as Markdown."""
    parts = ["# Report"]
    for section in sections:
        parts.append(f"## {plain(section.title)}")
        said = section.text + section.facts
        parts += ["\n".join(f"- **{plain(head)}** {plain(rest)}" for head, rest in said)] if said else []
        for one in section.tables:
            parts += [plain(one.caption), table(one.header, one.rows)]
        for name, caption in section.figures:
            parts += [f"![{caption}]({name})", caption]
    return "\n\n".join(parts) + "\n"
