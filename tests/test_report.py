"""The report's numbers against hand-computed ones, on made-up runs; grouping, rendering, and what is refused."""

import dataclasses
import itertools
import json
import math
import os
import re
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from matplotlib.text import Text
from report_runs import HOSTILE, grades, rewrite, write_run, write_trace

from kpo_jax import stats as statistics
from kpo_jax import text as text_lib
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import Config, free_fields, to_dict
from kpo_jax.filters import FILTERS, Kalman
from kpo_jax.report import (
    comparison,
    figures,
    filter_tables,
    paper,
    refilter,
    regime,
    report,
    responses,
    runs,
    score_tables,
    table,
)

DOCS = Path(__file__).parents[1] / "docs" / "science.md"
SHARED = Path(__file__).parents[2] / "shared" / "docs" / "paper_tables.md"


def share(right: int, of: int = 10) -> np.ndarray:
    """Four problems that all have `right` of `of` samples right: every bootstrap resample has the same mean."""
    return np.tile(np.arange(of) < right, (4, 1))


def load_all(directories) -> dict:
    return runs.by_method([runs.load(str(directory)) for directory in directories])


@pytest.fixture
def three(tmp_path):
    """Strong 8 of 10, weak 4, saturated 5, from a base of 2; two seeds, and the threshold at 3.1."""
    return [
        write_run(
            tmp_path / f"{name}_seed{seed}",
            name,
            seed,
            share(2),
            share(right),
            metrics={
                "filter/threshold": 3.1,
                "filter/innovation_kurtosis": 40.0,
                "filter/innovation_abs_max": 0.5,
                "filter/saturated_fraction": 0.003,
                **extra,
            },
        )
        for name, right, extra in (
            ("kpo_strong", 8, {}),
            ("kpo_weak", 4, {}),
            ("is_kpo_weak", 5, {"filter/saturated_count": 3}),
        )
        for seed in (0, 1)
    ]


# ------------------------------------------------------------------------------------------------------------ the paper


def test_exact_steady_states():
    # shared facts: Q/V = 1e-2 gives 9.51 %, 1.0513, 3.154; 5e-2 20 %, 1.118; (1e-2, 0.1) 27.0 %, 0.3702, 0.740
    expected = {"kpo_strong": (9.995e-4, 1.0005, math.inf), "kpo_weak": (0.095125, 1.0512, math.inf),
                "is_kpo_weak": (0.095125, 1.0512, 3.1537), "opt0": (0.2, 1.1180, 1.1180),
                "opt1": (0.270156, 0.3702, 0.7403)}  # fmt: skip
    for name, values in expected.items():
        assert paper.steady_state(*paper.SETTINGS[name][:3]) == pytest.approx(values, rel=2e-4)


def test_the_exact_mean_gain_is_the_filter_s_own():
    for ratio in (1e-6, 1e-2, 0.1):
        gain = Kalman(ratio, 1.0, 0.0)(jnp.zeros((1, 58)), jnp.ones((1, 58), bool)).gain
        assert paper.mean_gain(ratio, 58) == pytest.approx(float(gain.mean()), rel=1e-5)
    assert paper.mean_gain(0.5, 1) == pytest.approx(1 / 3)


def test_the_printed_z_is_not_what_its_counts_give():
    right = paper.printed_z()
    assert right == (3887, 3825)
    z, p_value = statistics.two_proportion_z(right[0], 8000, right[1], 8000)
    assert z == pytest.approx(0.98, abs=0.005) and p_value == pytest.approx(0.33, abs=0.005)


def test_where_the_released_filter_breaks():
    assert paper.released_numerics(1e-2, 1.0, 1024)[:2] == (699, 871)
    off, bad, error = paper.released_numerics(1e-2, 1.0, 72)
    assert off is None and bad is None and error < 1e-4


# ------------------------------------------------------------------------------------------------------- the statistics


def test_gap_recovery_by_hand():
    cells = {right: {0: share(right), 1: share(right)} for right in (4, 5, 8)}
    assert comparison.gap_recovery(cells[8], cells[4], cells[5]) == pytest.approx((0.25, 0.25, 0.25))
    assert math.isnan(comparison.gap_recovery(cells[4], cells[4], cells[5]).value)  # no gap
    assert comparison.gap_recovery(cells[8], cells[4], {7: share(5)}) is None  # no seed in common
    # where the gap may be 0 the ratio has no interval
    noisy = [{0: grades(0.5, seed, problems=12, k=2)} for seed in range(3)]
    assert math.isnan(comparison.gap_recovery(*noisy).low)


def test_intervals_over_seeds_by_hand():
    # mean 2, sd 1, t(2) = 4.3026533
    half = 4.302653 / math.sqrt(3)
    assert comparison.t_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - half, 2 + half), rel=1e-6)
    assert all(math.isnan(x) for x in comparison.t_interval([1.0]))


def test_the_ratio_over_seeds_is_where_its_difference_may_be_zero():
    # Fieller's ends are the ratios r at which the interval of gain - r gap just touches 0
    gains, gaps = [1.0, 2.5, 2.0, 1.5], [8.0, 8.4, 7.6, 9.0]
    low, high = comparison.fieller(gains, gaps)
    for ratio, end in ((low, 0), (high, 1)):
        left = [gain - ratio * gap for gain, gap in zip(gains, gaps, strict=True)]
        assert comparison.t_interval(left)[end] == pytest.approx(0, abs=1e-9)
    assert low < np.mean(gains) / np.mean(gaps) < high
    # a gap that the seeds do not tell from 0 bounds nothing, nor does a single seed
    assert comparison.fieller(gains[:3], [-2.5, 6.6, 4.5]) is None and comparison.fieller([1.0], [4.0]) is None


def test_holm_by_hand():
    assert comparison.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert comparison.holm([0.9, 0.8]) == [1.0, 1.0]


DIFFERENCES = [0.031, 0.012, 0.044, -0.005, 0.027, 0.019]


def test_a_paired_t_over_seeds_is_scipy_s():
    rng = np.random.default_rng(0)
    for n in (2, 3, 6, 40):
        a, b = rng.normal(0.7, 0.03, n), rng.normal(0.68, 0.03, n)
        each = list(a - b)
        assert comparison.paired_t(each) == pytest.approx(scipy.stats.ttest_rel(a, b).pvalue)
        sided = ((-0.02, "greater"), (0.02, "less"))
        sides = [scipy.stats.ttest_1samp(each, at, alternative=side).pvalue for at, side in sided]
        assert comparison.tost(each, 0.02) == pytest.approx(max(sides))
    # an interval of 90 % within the margin and a TOST below 5 % are one thing
    half = scipy.stats.t.ppf(0.95, 5) * np.std(DIFFERENCES, ddof=1) / math.sqrt(6)
    edge = np.mean(DIFFERENCES) + half
    assert comparison.tost(DIFFERENCES, edge) == pytest.approx(0.05)
    assert comparison.tost(DIFFERENCES, 0.9 * edge) > 0.05 > comparison.tost(DIFFERENCES, 1.1 * edge)
    assert math.isnan(comparison.paired_t([0.1])) and math.isnan(comparison.tost([0.1], 0.02))
    assert comparison.paired_t([0.0, 0.0]) == 1 and comparison.paired_t([0.1, 0.1]) == 0
    assert comparison.tost([0.0, 0.0], 0.02) == 0 and comparison.tost([0.1, 0.1], 0.02) == 1


def test_the_study_s_one_difference_over_seeds():
    """grpo_narrow less grpo, points by seed: p 0.007, and 0.056 as one of eight questions."""
    p_value = comparison.paired_t([-13.4, -14.6, -10.9])
    assert p_value == pytest.approx(0.00699, abs=1e-5)
    assert comparison.holm([p_value] + [0.5] * 7)[0] == pytest.approx(0.0559, abs=1e-4)


def integrated_power(difference, sd, seeds, level):
    shown = np.sqrt(scipy.stats.chi2.ppf((np.arange(1000) + 0.5) / 1000, seeds - 1) / (seeds - 1))
    edge, shift = scipy.stats.t.ppf(1 - level / 2, seeds - 1) * shown, difference / sd * np.sqrt(seeds)
    return np.mean(scipy.stats.norm.sf(edge - shift) + scipy.stats.norm.sf(edge + shift))


def test_power_is_the_noncentral_t_s():
    # Cohen's tables and G*Power, one sample, two-sided at 5 %, power 0.8: d = 0.5 takes 34, 0.8 takes 15, 1 takes 10
    assert [comparison.seeds_needed(d, 1.0) for d in (0.5, 0.8, 1.0)] == [34, 15, 10]
    # a difference of 3 points whose seeds have a deviation of 3.2, alone and as the first of six by Holm
    assert [comparison.seeds_needed(3, 3.2, level) for level in (0.05, 0.05 / 6)] == [12, 18]
    assert comparison.power(0.0, 1.0, 5) == pytest.approx(0.05) and comparison.seeds_needed(0.01, 1.0) is None
    assert comparison.power(1.0, 1e-6, 3) == pytest.approx(1) and comparison.seeds_needed(1.0, 1e-6) == 2
    assert comparison.seeds_needed(0.05, 0.008, 0.05 / 15) == 4
    # a number where little is left to miss, that rises with the seeds and is the mean over what deviation they may show
    for sd, level in itertools.product((0.008, 0.02, 0.05), (0.05, 0.05 / 15)):
        found = [comparison.power(0.05, sd, seeds, level) for seeds in range(2, 31)]
        assert found == sorted(found) and found == pytest.approx(
            [integrated_power(0.05, sd, seeds, level) for seeds in range(2, 31)], abs=2e-4
        )
    # and what is simulated
    rng = np.random.default_rng(1)
    found = [comparison.paired_t(list(rng.normal(1.0, 1.0, 6))) < 0.05 for _ in range(2000)]
    assert comparison.power(1.0, 1.0, 6) == pytest.approx(np.mean(found), abs=0.03)


def test_the_deviation_over_seeds_is_pooled_over_pairs():
    cells = {name: {s: share(r) for s, r in enumerate(right)} for name, right in
             (("a", (5, 6, 7)), ("b", (5, 5, 5)), ("same", (5, 5, 5)), ("one", (3,)))}  # fmt: skip
    # a - b and a - same are 0, .1, .2 with variance .01; b - same is the same grades, and one seed has no spread
    assert comparison.pooled_sd(cells) == pytest.approx(0.1)
    assert comparison.pooled_sd({"b": cells["b"], "same": cells["same"]}) is None
    assert score_tables.power_table({"b": cells["b"], "same": cells["same"]}) is None
    found = score_tables.power_table({"kpo_weak": cells["a"], "kpo_strong": cells["b"], "kpo_weak_twin": cells["same"]})
    assert found.header[-1] == "found with 3 seeds, Holm"
    assert "A/A twins, points by seed: kpo_weak +0.0 -10.0 -20.0." in found.caption
    assert [row[:2] for row in found.rows] == [[str(x), str(comparison.seeds_needed(x / 100, 0.1))] for x in (2, 3, 5)]


def test_a_verdict_is_over_seeds():
    steady = {seed: grades(0.7, 50 + seed, problems=200) for seed in range(3)}
    worse = {seed: grades(0.5, 60 + seed, problems=200) for seed in range(3)}
    verdicts = lambda *pairs: [of.verdict for of in comparison.judge([comparison.difference(*p) for p in pairs])]
    assert verdicts((worse, steady)) == ["lower"] and verdicts((steady, worse)) == ["higher"]
    assert verdicts(({0: worse[0]}, {0: steady[0]})) == ["lower in these runs"]  # one seed says nothing of others
    same = {s: grades(0.7, 80 + s, problems=200) for s in range(3)}
    assert verdicts((steady, same)) == ["unclear"]
    assert verdicts((steady, steady)) == ["equal within 2 points"]
    # seeds that contradict each other are no claim, however sure the problems are
    torn = {s: (steady, worse)[s > 0][s] for s in range(3)}
    assert verdicts((torn, worse)) == ["higher in these runs"]
    # and what is clear alone need not be when many are asked
    close = comparison.difference(worse, steady)
    p_value = comparison.paired_t(close.seeds)
    many = [close, *[comparison.difference(steady, same)] * int(0.05 / p_value + 1)]
    judged = comparison.judge(many)[0]
    assert judged.p_holm > 0.05 > p_value and judged.verdict == "lower in these runs"


def test_seeds_are_pooled_as_seeds():
    # each problem is solved by one sample of one seed: pass@2 of a seed is 1/2, pass@4 of the pool would be 1
    cells = [np.array([[1, 0], [0, 0]]), np.array([[0, 0], [0, 1]])]
    assert comparison.passed(cells).value == 0.5
    assert statistics.pass_at_k(comparison.pooled(cells), 4) == 1.0
    assert comparison.average(cells).value == 0.25
    with pytest.raises(ValueError, match="2, 3 problems"):
        comparison.pooled([np.zeros((2, 2)), np.zeros((3, 2))])


# ----------------------------------------------------------------------------------------------------------- the tables


def test_tables_of_known_runs(three):
    methods = load_all(three)
    cells, notes = score_tables.cells_of(methods, "held_out")
    assert list(methods) == ["kpo_strong", "kpo_weak", "is_kpo_weak"] and notes == []
    rows = {row[0]: row for row in score_tables.method_table(methods, cells, "held_out").rows}
    assert rows["base"][1:5] == ["2", "0", "20.0 [20.0, 20.0]", "100.0 [100.0, 100.0]"]
    assert rows["kpo_weak"][1:4] == ["2", "2", "40.0 [40.0, 40.0]"]
    assert rows["kpo_weak"][5:7] == ["+20.0 [+20.0, +20.0]", "-40.0 [-40.0, -40.0]"]
    # four problems allow no p below 2/16
    assert float(rows["kpo_weak"][7]) == pytest.approx(1 / 8, abs=0.02)
    recovered = {row[0]: row for row in score_tables.gap_table(cells).rows}
    assert recovered["is_kpo_weak"][2] == "25.0 [25.0, 25.0]"
    # both seeds have a gap of 4 and recover 1 of 10, so there is no doubt of the ratio over seeds either
    assert recovered["is_kpo_weak"][1] == "25 25; [25, 25]"
    # 40 of 80 against 32 of 80: pooled 0.45, z = 0.1 / sqrt(0.45 * 0.55 / 40)
    assert recovered["is_kpo_weak"][3].startswith(f"{0.1 / math.sqrt(0.45 * 0.55 / 40):+.2f}, 0.2")
    assert recovered["paper: is_kpo_weak"][1:4] == ["-", "6.6", "+0.98, 0.33 (prints about 1.4, 0.16)"]
    # a gap of one seed alone is none over seeds: there is no number of these runs either
    doubted = {name: dict(of) for name, of in cells.items()}
    doubted["kpo_strong"][1] = doubted["kpo_weak"][1]
    row = {row[0]: row for row in score_tables.gap_table(doubted).rows}["is_kpo_weak"]
    assert row[1].endswith("not defined") and row[2] == "not defined"
    assert {row[1] for row in score_tables.question_table(cells).rows} == {
        "kpo_weak - kpo_strong",
        "is_kpo_weak - kpo_weak",
    }
    settings = {row[0]: row for row in filter_tables.filter_table(methods).rows}
    assert settings["is_kpo_weak"][1:7] == ["0.01, 1, 3", "about 2 %", "0.09512", "0.0848", "0.08", "0.095"]
    assert settings["is_kpo_weak"][-3:] == ["about 3.06", "3.154", "3.100"]
    # 3 saturated at each of 2 steps of 2 seeds, 1000 tokens each
    assert {row[0]: row for row in filter_tables.clip_table(methods).rows}["is_kpo_weak"][7] == "12 of 4,000 (0.003)"
    assert {row[0]: row for row in filter_tables.clip_table(methods).rows}["kpo_weak"][4:7] == [
        "10.0%",
        "20.0%",
        "30.0%",
    ]


def test_the_paper_s_tables_stand_beside_ours(three):
    methods = load_all(three)
    # the runs have steps 1 and 2, of which the paper prints the first
    rows = {(row[0], row[1]): row[2:] for row in filter_tables.innovation_table(methods).rows}
    assert rows["is_kpo_weak", "1"] == ["17.57", "40", "0.360", "0.5", "0", "0.003"]
    assert rows["kpo_weak", "1"] == ["18.27", "40", "0.397", "0.5", "-", "0.003"] and len(rows) == 2
    scored = score_tables.scores_table(methods)
    assert scored.header[:3] == ["method", "held_out avg@10", "held_out pass@10"] and len(scored.header) == 3 + 6
    assert scored.rows[1] == [
        "kpo_weak", "40.00", "100.00", "47.81", "85.40", "8.75", "36.67", "4.79", "26.67",
    ]  # fmt: skip
    options = {
        row[0]: row for row in score_tables.options_table(methods, score_tables.cells_of(methods, "held_out")[0]).rows
    }
    assert options["kpo_weak"][1:8] == ["0.01", "1", "-", "about 2 %", "0.095", "-", "0 of 4,000 (0)"]
    assert options["kpo_weak"][10:12] == ["47.81", "40.0 [40.0, 40.0]"]
    assert options["is_kpo_weak"][3] == "3" and options["is_kpo_weak"][6:8] == ["< 1e-6", "12 of 4,000 (0.003)"]


def printed_rows(text: str, title: str) -> list[list[str]]:
    """The cells of the Markdown table behind a title, without header and rule."""
    lines = text[text.index(title) :].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first:])
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows][2:]


NAMED = {
    "KPO-strong (Q 1e-6)": "kpo_strong", "KPO-weak (Q 1e-2)": "kpo_weak", "KPO-weak": "kpo_weak",
    "IS-KPO-weak (Q 1e-2, kappa 3)": "is_kpo_weak", "IS-KPO-weak": "is_kpo_weak",
    "IS-KPO-weak (original)": "is_kpo_weak", "Optimization 0": "opt0", "Optimization 1": "opt1",
}  # fmt: skip


def test_the_paper_s_panels_show_what_it_draws_in_them(tmp_path):
    """2a the saturated share by step, 2b the largest innovation beside the thresholds: the data of the lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    known = {"filter/threshold": 3.1, "filter/innovation_abs_max": 0.4, "filter/saturated_fraction": 7e-7}
    path = write_run(tmp_path / "is_kpo_weak_seed0", "is_kpo_weak", 0, share(2), share(5), metrics=known)
    methods = load_all([path])
    look = figures.styles({"is_kpo_weak": "saturated_kalman"})
    heights = {}
    for draw in (figures._figure_2a, figures._figure_2b):
        figure, caption = draw(plt, methods, "held_out", {}, look)
        heights[draw.__name__] = sorted({float(y) for line in figure.axes[0].lines for y in line.get_ydata()})
        assert caption.startswith(f"As the paper's Figure {draw.__name__[-2:]}: ")
        plt.close(figure)
    assert heights == {"_figure_2a": [7e-7], "_figure_2b": [0.4, 3.0, 3.1]}  # the last but one is kappa sqrt(V)


@pytest.mark.skipif(not SHARED.is_file(), reason=f"{SHARED.name} is not there")
def test_what_the_paper_s_figure_shows_is_what_the_page_says():
    text = next(line for line in SHARED.read_text().splitlines() if line.startswith("Figure 2: "))
    most, step, about, threshold = map(float, re.findall(r"(?:max|step|about|=) ([\d.e-]*\d)", text))
    assert dict(saturated_most=most, at_step=step, innovation_about=about, threshold=threshold) == paper.FIGURE_2


@pytest.mark.parametrize("page", [SHARED, DOCS], ids=["shared", "docs"])
def test_what_is_printed_is_what_the_pages_say(page):
    """Every cell of the paper's three tables, in the record beside the project (skipped without it) and in our page."""
    if not page.is_file():
        pytest.skip(f"{page.name} is not there")
    text = page.read_text().replace("Q = ", "Q ").replace("kappa = ", "kappa ")
    one = {NAMED[name]: [float(cell) for cell in rest] for name, *rest in printed_rows(text, "Table 1")}
    assert one == {name: [value for score in of.values() for value in score] for name, of in paper.TABLE_1.items()}
    two: dict[str, list] = {}
    for name, step, kurtosis, largest, clipped in printed_rows(text, "Table 2"):
        row = (int(step), float(kurtosis), float(largest), None if clipped == "-" else float(clipped))
        two.setdefault(NAMED[name], []).append(row)
    assert two == {name: [tuple(row) for row in rows] for name, rows in paper.TABLE_2.items()}
    three = printed_rows(text, "Table 3")
    assert [NAMED[row[0]] for row in three] == list(paper.TABLE_3)
    for name, *setting, gain, clipped, score in three:
        known, printed = paper.SETTINGS[NAMED[name]], paper.TABLE_3[NAMED[name]]
        assert [math.inf if cell == "-" else float(cell) for cell in setting] == list(known[:3])
        assert (gain, clipped, float(score.split()[0])) == tuple(printed)
    # control: a page with one other number is another page
    assert printed_rows(text.replace("47.81", "47.82"), "Table 1") != printed_rows(text, "Table 1")


def test_a_p_value_at_its_floor_is_a_bound():
    right, wrong = np.ones((40, 4), int), np.zeros((40, 4), int)
    found = statistics.paired_difference(right, wrong).p_value
    assert found == statistics.LEAST_P and table.p_text(found) == "<= 1e-4"
    assert table.p_text(8 * found, table.at_least_p(found)) == "<= 8e-4"
    # controls: one flip as extreme is no bound any more, nor is what is made of it
    assert table.p_text(2 * found) == "0.0002" and table.p_text(0.014) == "0.014"
    assert table.p_text(8e-4, table.at_least_p(2 * found)) == "0.0008"


def test_filters_that_filter_nothing_are_named(tmp_path):
    def methods_of(name, cosine, lost):
        values = dict(cosine=cosine, step_size=1.0, moved_fraction=0.13, lost_fraction=lost)
        metrics = {f"null/{key}": value for key, value in values.items()}
        return load_all([write_run(tmp_path / name, "is_kpo_calibrated", 0, share(1), share(2), metrics=metrics)])

    inert = methods_of("inert", 0.99999, 0.0)
    assert regime.nulls(inert) == ["is_kpo_calibrated"]
    assert regime.null_table(inert).rows == [
        ["is_kpo_calibrated", "0.999990", "0.999990", "1", "13.0%", "0.00%", "yes"]
    ]
    assert any("is_kpo_calibrated" in text for _, text in report.limits(inert))
    for name, cosine, lost in (("turned", 0.95, 0.0), ("clipping", 0.99999, 0.2)):
        assert regime.nulls(methods_of(name, cosine, lost)) == []
    assert regime.null_table(methods_of("turned_again", 0.95, 0.0)).rows[0][-1] == "no"
    # one step in which it was not the null is enough, and a step without an advantage is none
    path = tmp_path / "once" / "metrics.jsonl"
    methods_of("once", 0.99999, 0.0)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for value, expected in ((None, ["is_kpo_calibrated"]), (0.9, [])):
        lines[1]["null/cosine"] = value
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert regime.nulls(load_all([tmp_path / "once"])) == expected
    path = write_run(tmp_path / "silent", "is_kpo_calibrated", 0, share(1), share(2))
    assert regime.nulls(load_all([path])) == [] and regime.null_table(load_all([path])) is None  # nothing recorded


def test_equal_grades_are_called_equal(tmp_path):
    made = [write_run(tmp_path / name, name, 0, share(2), share(5)) for name in ("kpo_weak", "is_kpo_weak")]
    methods = load_all(made)
    found = dict(report.answers(methods, score_tables.cells_of(methods, "held_out")[0]))
    assert "same grades on every sample" in found["Outliers: saturation at the paper's Q, V and kappa."]


def test_runs_are_grouped_by_what_they_are(tmp_path):
    made = [write_run(tmp_path / f"a{i}", "grpo", i, share(1), share(2)) for i in (1, 0)]
    made += [write_run(tmp_path / f"slow_seed{i}", "grpo", i, share(1), share(2)) for i in (0, 1)]
    for path in made[2:]:
        config = json.loads((path / "config.json").read_text())
        config["learner"]["learning_rate"] = 0.5
        (path / "config.json").write_text(json.dumps(config))
    methods = load_all(made[:2])
    assert {name: [run.seed for run in group] for name, group in methods.items()} == {"grpo": [0, 1]}
    # another learning rate is another method, and neither is called plain grpo then
    assert {name: len(group) for name, group in load_all(made).items()} == {"a1": 2, "slow": 2}
    # what may change when a run is resumed makes no other method of a seed
    config = json.loads((made[0] / "config.json").read_text())
    records = ("job", "eval", "checkpoint", "trace", "metrics", "mesh")
    free = {"num_steps": 9, **{name: {"another": 1} for name in records}}
    assert free.keys() == free_fields() and config.keys() > free.keys()
    (made[0] / "config.json").write_text(json.dumps(config | free))
    assert {name: len(group) for name, group in load_all(made[:2]).items()} == {"grpo": 2}
    twice = load_all([made[0], write_run(tmp_path / "again", "grpo", 1, share(1), share(2))])
    assert {name: len(group) for name, group in twice.items()} == {"a1": 1, "again": 1}


def test_other_problems_are_compared_with_nothing(three, tmp_path):
    """And not where the ids are others, as those of one file by two paths are."""
    other = write_run(tmp_path / "other", "grpo", 0, share(2), share(9), problems=list("wxyz"))
    moved = write_run(tmp_path / "moved", "gspo", 0, share(2), share(9), ids=list("wxyz"))
    cells, notes = score_tables.cells_of(load_all([*three, other, moved]), "held_out")
    assert "grpo" not in cells and "gspo" in cells and notes == [
        "other was graded on other problems of held_out and is compared with nothing."
    ]


def test_k_belongs_to_the_row(tmp_path):
    """A run evaluated with 10 samples a problem before training and with 2 after it, as eval.num_samples may change."""
    fewer = write_run(tmp_path / "fewer", "grpo", 0, share(2), share(1, of=2))
    same = write_run(tmp_path / "same", "grpo", 1, share(2), share(9))
    found = score_tables.results_table([runs.load(str(fewer))])
    assert found.header[3:6] == ["k", "avg@k %", "pass@k %"]
    assert [(row[0], row[3], row[-1]) for row in found.rows] == [
        ("base", "10", ""),
        ("fewer", "2", "not compared: k is 2, the base's 10"),
    ]
    text = report.write([str(fewer)], str(tmp_path / "out"))
    assert "pass@10" not in text and "pass@2" not in text
    # the control: with one k the header says it, and the gain is there
    usual = score_tables.results_table([runs.load(str(same))])
    assert usual.header[3:5] == ["avg@10 %", "pass@10 %"] and usual.rows[1][-1].startswith("+70.0")


def test_runs_of_other_k_are_compared_with_nothing(three, tmp_path):
    other = write_run(tmp_path / "other", "grpo", 0, share(2, of=4), share(2, of=4))
    methods = load_all([*three, other])
    cells, notes = score_tables.cells_of(methods, "held_out")
    assert "grpo" not in cells
    assert notes == ["other has 4 samples a problem of held_out, not 10: compared with nothing."]
    # nor is a base of another k the base of the others
    assert {name: set(of) for name, of in score_tables.base_cells(methods, cells, "held_out").items()} == {
        "kpo_strong": {0, 1}, "kpo_weak": {0, 1}, "is_kpo_weak": {0, 1}
    }  # fmt: skip
    fewer = load_all([write_run(tmp_path / "fewer", "grpo", 0, share(2, of=4), share(2))])
    assert score_tables.base_cells(fewer, score_tables.cells_of(fewer, "held_out")[0], "held_out") == {}


def test_evaluations_that_ask_something_else_are_compared_with_nothing(three, tmp_path):
    """Within a run, as eval.sets and how its samples are drawn may change; and beside other runs."""
    fewer = write_run(tmp_path / "fewer", "grpo", 1, share(2)[:3], share(9))
    greedy = write_run(tmp_path / "greedy", "grpo", 0, share(2), share(9))
    rewrite(rewrite(greedy, 0, sampling={"temperature": 1.0, "top_k": 0}), 2, sampling={"temperature": 0, "top_k": 0})
    found = score_tables.results_table([runs.load(str(path)) for path in (fewer, greedy)])
    assert {row[0]: row[-1] for row in found.rows if row[0] != "base"} == {
        "fewer": "not compared: other problems",
        "greedy": "not compared: temperature is 0, not 1.0",
    }
    methods = load_all([fewer, greedy])
    cells, notes = score_tables.cells_of(methods, "held_out")
    assert notes == [] and score_tables.base_cells(methods, cells, "held_out") == {}
    for path in three:
        rewrite(path, 2, sampling={"temperature": 1.0})
    cells, notes = score_tables.cells_of(load_all([*three, greedy]), "held_out")
    assert "grpo" not in cells and notes == [
        "greedy was graded otherwise on held_out (temperature is 0, not 1.0) and is compared with nothing."
    ]


def test_a_gain_is_over_the_policy_that_the_run_began_with(three, tmp_path):
    """And not over another model's, which a run of the same seed began with."""
    other = write_run(tmp_path / "other", "grpo", 0, share(6), share(7))
    methods = load_all([*three, other])
    cells, notes = score_tables.cells_of(methods, "held_out")
    rows = {row[0]: row for row in score_tables.method_table(methods, cells, "held_out").rows}
    assert notes == [] and rows["grpo"][5].startswith("+10.0") and rows["kpo_weak"][5].startswith("+20.0")
    assert rows["base of grpo"][3].startswith("60.0") and rows["base of kpo_weak"][3].startswith("20.0")
    said = dict(report.scores(methods, cells, "held_out"))
    assert "from 60.0 % before training" in said["grpo."] and "from 20.0 % before training" in said["kpo_weak."]
    methods = load_all(three)  # the control: where all began with one, there is one row
    alone = score_tables.method_table(methods, score_tables.cells_of(methods, "held_out")[0], "held_out")
    assert next(row[0] for row in alone.rows) == "base"


# --------------------------------------------------------------------------------------------- what is written, refused


def test_a_table_that_is_wider_than_the_terminal_is_blocks_of_lines(three, tmp_path):
    results = lambda *columns: report.results([runs.load(str(three[0]))], *columns).split("\n\n", 1)
    caption, table = results()
    width = len(table.splitlines()[0])
    assert results(width) == [caption, table]  # it just fits
    assert "over problems" in caption and results(width - 1)[0] == caption
    blocks = results(width - 1)[1]
    assert "|" not in blocks and max(map(len, blocks.splitlines())) < width
    header, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "--" not in line
    )
    said = [re.split(r"  +", line.strip()) for line in blocks.splitlines()]
    first = [[header[0] + " " + row[0]] for row in rows]
    others = [[list(pair) for pair in zip(header[1:], row[1:], strict=True) if pair[1]] for row in rows]
    assert said == [part for head, cells in zip(first, others, strict=True) for part in (head, *cells)]  # every cell
    files = []
    for name, columns in (("wide", np.inf), ("narrow", 40)):
        report.write([str(three[0])], str(tmp_path / name), columns)
        files.append((tmp_path / name / "report.md").read_text())
    assert files[0] == files[1] and "|---" in files[0]  # what is kept does not depend on the terminal


@pytest.fixture
def undrawn(monkeypatch):
    """Figures take most of the time of a report."""
    monkeypatch.setattr(figures, "draw", lambda *_: {})


def test_a_run_in_its_first_step_is_reported(undrawn, tmp_path):
    path = write_run(tmp_path / "run", "is_kpo_weak", 0, share(2), share(3))
    (path / "evals" / "step_000002_held_out.jsonl").unlink()
    for name in ("metrics.jsonl", "minibatches.jsonl"):
        (path / name).write_text("")
    report.write([str(path)], str(tmp_path / "out"))
    assert "last gain -." in (tmp_path / "out" / "report.md").read_text()


def test_a_set_of_one_problem_and_a_name_that_is_no_text_are_reported(undrawn, tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff")
    places = [
        str(write_run(folder / f"{name}_seed{seed}", name, seed, share(2)[:1], share(right)[:1]))
        for name, right in (("kpo_strong", 8), ("kpo_weak", 4), ("is_kpo_weak", 6), ("is_kpo_calibrated", 5))
        for seed in (0, 1)
    ] + [str(write_run(tmp_path / os.fsdecode(b"a\xff"), "grpo", 0, share(2)[:1], share(9)[:1]))]
    report.write(places, str(tmp_path / "out"))
    text, page = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("report.md", "report.html"))
    assert "a?" in text and "a?" in page and "Gap recovery" not in text
    # the control: with more problems there is a gap to recover
    cells = {"kpo_strong": {0: share(8)}, "kpo_weak": {0: share(4)}, "is_kpo_weak": {0: share(6)}}
    assert score_tables.gap_table(cells) and not score_tables.gap_table({k: {0: v[0][:1]} for k, v in cells.items()})


def test_a_report_is_whole(three, tmp_path):
    write_trace(three[0], 2)
    said = report.write([str(path) for path in three], str(tmp_path / "out"))
    text, page = ((tmp_path / "out" / name).read_text() for name in ("report.md", "report.html"))
    assert "report.html" in said and "Table 1." in said
    for title in (
        "What this report cannot show", "What we found", "Table 1", "Table 2", "Table 3", "Gap recovery",
        "Learning curves", "Every run",
    ):  # fmt: skip
        assert title in text and title in page
    # first the answer, then what it cannot show, then the runs, then how it was come by
    titles = re.findall("^## (.*)", text, re.MULTILINE)
    assert titles[:4] == ["What we found: held_out", "What this report cannot show", "The runs", "Methods: held_out"]
    assert re.findall(r'<section id="s\d+">\n<h2>(.*?)</h2>', page) == titles
    best_first = [f"{name}.** avg@10 {score}" for name, score in (("kpo_strong", 80), ("is_kpo_weak", 50))]
    assert text.index(best_first[0]) < text.index(best_first[1]) < text.index("kpo_weak.** avg@10 40")
    # the panels as in the paper: (a) the share, (b) the largest innovation
    assert re.search(r"!\[[^]]*Figure 2a: the share of [^]]*\]\(figure_2a\.png\)", text)
    assert re.search(r"!\[[^]]*Figure 2b: the largest [^]]*\]\(figure_2b\.png\)", text)
    pictures = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert pictures >= {
        "learning_curve.png",
        "scores.png",
        "filter_diagnostics.png",
        "clipping.png",
        "figure_2a.png",
        "figure_2b.png",
    }
    assert all(f"]({name})" in text for name in pictures) and page.count("data:image/png;base64,") == len(pictures)
    for line in text.splitlines():  # every table row has the width of its header
        assert not line.startswith("|") or line.endswith("|")


def test_the_seeds_that_a_difference_takes_are_asked_for(three, tmp_path):
    more = [write_run(tmp_path / f"grpo_seed{s}", "grpo", s, share(2), share(3 + 2 * s)) for s in (0, 1)]
    rows = {}
    for sizes in ((2.0, 3.0, 5.0), (7.0,)):
        report.write([str(path) for path in (*three, *more)], str(tmp_path / "out"), sizes=sizes)
        text = (tmp_path / "out" / "report.md").read_text()
        table = text[text.index("| points") :].split("\n\n")[0].splitlines()[2:]
        rows[sizes] = [line.split("|")[1].strip() for line in table]
    assert rows == {(2.0, 3.0, 5.0): ["2", "3", "5"], (7.0,): ["7"]}


def test_log_ratios_by_the_update_of_a_rollout(three):
    runs = {"a": [report.load(str(three[0]))]}
    lines = [line | {"ratio/raw_log_sd": 0.01 * line["minibatch"], "mismatch/abs_mean": 0.5} for m in (0, 8)
             for line in (row | {"minibatch": row["minibatch"] + m} for row in runs["a"][0].minibatches)]  # fmt: skip
    lines[0]["ratio/raw_log_sd"] = None  # not finite in a step: left out of the mean
    found = regime.update_table({"a": [dataclasses.replace(runs["a"][0], minibatches=lines)]})
    of = {name: [row[place] for row in found.rows] for place, name in enumerate(found.header)}
    assert of["update"] == ["1", "2", "3", "9", "12"]  # 0, 1, 2, (4 is not there), 8 and the last, 11
    assert of["sd z, nats"] == ["0", "0.01", "0.02", "0.08", "0.11"]
    assert of["clipped"] == ["0.00%", "10.00%", "20.00%", "0.00%", "30.00%"] and set(of["saturated"]) == {"-"}
    assert set(of["mismatch of sampler and trainer, nats"]) == {"0.5"}
    assert regime.update_table({"a": [dataclasses.replace(runs["a"][0], minibatches=[])]}) is None


def test_a_single_run_without_evaluations(tmp_path):
    path = write_run(tmp_path / "one", "kpo_weak", 0, share(1), share(2))
    for file in (path / "evals").iterdir():
        file.unlink()
    report.write([str(path)], str(path))
    assert "Every run" in (path / "report.md").read_text()


def test_a_run_that_was_not_graded_is_reported_beside_those_that_were(three, tmp_path):
    path = write_run(tmp_path / "ungraded", "grpo", 0, share(1), share(2))
    for file in (path / "evals").iterdir():
        file.unlink()
    report.write([str(run) for run in (*three, path)], str(tmp_path / "out"))
    text = (tmp_path / "out" / "report.md").read_text()
    found = text[text.index("## What we found") : text.index("## What this report cannot")]
    assert "kpo_strong.**" in found and "grpo" not in found and "grpo (seed 0)" in text


def test_no_run_and_damaged_runs_are_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"no run in .*nothing"):
        report.load(str(tmp_path / "nothing"))
    path = write_run(tmp_path / "torn", "grpo", 0, share(1), share(2))
    (path / "config.json").write_text('{"seed": 0, ')
    with pytest.raises(ValueError, match="torn holds a damaged run"):
        report.load(str(path))


def test_a_run_that_is_being_written(tmp_path):
    path = write_run(tmp_path / "live", "grpo", 0, share(1), share(2))
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "learner/lo')
    assert [line["step"] for line in report.load(str(path)).lines] == [1, 2]


def test_a_damaged_trace_is_a_note(three):
    write_trace(three[0], 1)
    write_trace(three[2], 1)
    (three[0] / "trace" / "step_000001.npz").write_bytes(b"PK\x03\x04 torn")
    found = responses.collect([report.load(str(path)) for path in three])
    assert {sample["run"] for sample in traced(found)} == {"kpo_weak_seed0"}
    assert len(found["notes"]) == 1 and "kpo_strong_seed0: its trace cannot be read" in found["notes"][0]


def traced(found: dict) -> list[dict]:
    return [sample for sample in found["samples"] if "tokens" in sample]


def test_traced_rows_are_those_of_the_file(three):
    write_trace(three[0], 2)
    rows = traced(responses.collect([report.load(str(three[0]))]))
    arrays = np.load(three[0] / "trace" / "step_000002.npz")
    assert [row["step"] for row in rows] == [2] * 4 and [row["correct"] for row in rows] == [True, False, True, False]
    row, start, end = rows[0], *arrays["offsets"][5:7]  # the first right response of the last minibatch
    assert row["key"] == "kpo_strong_seed0/training/2/6" and row["id"] == "b" and row["left"] == 0
    assert "".join(row["tokens"]) == "1+2=3\n3+4=7\nAnswer: 7[1]" and row["problem"] == "1+2+4=?\n"
    assert row["length"] == len("".join(row["tokens"]))
    assert row["before"] == pytest.approx(arrays["log_ratio"][start:end], rel=1e-3)
    assert row["after"] == pytest.approx(arrays["filtered_log_ratio"][start:end], rel=1e-3)
    assert row["clipped"] == np.flatnonzero(arrays["clipped"][start:end]).tolist()
    assert row["band"] == pytest.approx([math.log(1 - 3e-4), math.log(1 + 4e-4)])


def test_other_filters_are_those_of_the_package(three):
    write_trace(three[0], 2)
    found = responses.collect([report.load(str(three[0]))])
    row, arrays = traced(found)[0], np.load(three[0] / "trace" / "step_000002.npz")
    log_ratio = arrays["log_ratio"].reshape(8, -1)
    mask = jnp.ones((1, log_ratio.shape[1]), bool)
    weak = np.asarray(Kalman(1e-2, 1.0, 0.0)(jnp.asarray(log_ratio[5:6]), mask).log_ratio[0])
    assert row["others"]["kpo_weak"]["after"] == pytest.approx(weak, rel=1e-2)
    assert row["others"]["grpo"]["after"] == pytest.approx(log_ratio[5], rel=1e-2)
    assert row["others"]["gspo"]["after"] == pytest.approx([log_ratio[5].mean()] * log_ratio.shape[1], rel=1e-2)
    # clipped by the band of each: those above it with a positive advantage
    advantage = arrays["advantage"].reshape(8, -1)[5, 0]
    assert advantage > 0 and found["filters"]["kpo_weak"][1] == pytest.approx(math.log1p(4e-4))
    above = np.flatnonzero(weak > math.log1p(4e-4)).tolist()
    assert row["others"]["kpo_weak"]["clipped"] == above != [] and row["others"]["grpo"]["clipped"] == []
    # a filter that measures its scale over the minibatch sees all of its rows
    arrays = dict(arrays)
    alone = refilter.rows(arrays, 1, "is_kpo_calibrated")[5].filtered_log_ratio
    smaller = np.repeat([1, 1, 1, 1, 0.01, 1, 0.01, 0.01], log_ratio.shape[1]).astype(np.float32)
    others = refilter.rows(arrays | {"log_ratio": smaller * arrays["log_ratio"]}, 1, "is_kpo_calibrated")
    assert not np.allclose(others[5].filtered_log_ratio, alone) and set(others) == {4, 5, 6, 7}


def test_a_trace_that_other_filters_cannot_read_is_shown_all_the_same(three):
    write_trace(three[0], 2)
    path = three[0] / "trace" / "step_000002.npz"
    np.savez(path, **{name: values for name, values in np.load(path).items() if name != "old_log_prob"})
    found = responses.collect([report.load(str(three[0]))])
    assert len(traced(found)) == 4 and traced(found)[0]["others"] == {}
    assert found["notes"] == ["kpo_strong_seed0, step 2: no other filters ('old_log_prob')"]


def test_answers_of_two_runs_and_steps_are_of_the_same_problems(three, monkeypatch):
    loaded = [report.load(str(path)) for path in three]
    samples = responses.collect(loaded)["samples"]
    groups = {}
    for sample in samples:
        groups.setdefault((sample["run"], sample["step"]), []).append(sample["id"])
    assert len(groups) == 12 and len({sample["key"] for sample in samples}) == len(samples)
    assert all(ids == ["0", "1", "2", "3"] for ids in groups.values())
    # what does not fit is left out of every run alike, and said to be left out
    monkeypatch.setattr(responses, "MAX_ANSWER_BYTES", 6000)
    found = responses.collect(loaded)
    assert found["notes"] == [f"{len(found['samples'])} of 48 graded answers are shown, to keep this page small."]
    counts = {key: sum((s["run"], s["step"]) == key for s in found["samples"]) for key in groups}
    assert max(counts.values()) - min(counts.values()) <= 1 and 12 < len(found["samples"]) < 48


def test_the_reward_of_an_answer_is_the_weighted_sum():
    config = {"weight": 2.0, "extra": {"short": {"weight": 0.5}}}
    assert responses._total({"correct": 1.0, "short": 3.0, "overlong": -0.25}, config) == 3.25
    assert responses._total({}, config) is None


def test_a_page_stays_small(three, monkeypatch):
    monkeypatch.setattr(responses, "MAX_TRACE_BYTES", 10_000)
    write_trace(three[0], 1)
    write_trace(three[0], 2)
    found = responses.collect([dataclasses.replace(report.load(str(three[0])))])
    assert [row["step"] for row in traced(found)] == [1, 2] and "2 of 8 traced" in found["notes"][0]


def test_a_study_s_page_is_below_two_megabytes(tmp_path, monkeypatch):
    """36 runs of long responses, all of them traced."""
    # as long, and drawn in no time
    monkeypatch.setattr(comparison.stats, "clustered_interval", lambda correct, statistic: (0.4, 0.6))
    made = []
    for method in list(METHODS)[:12]:
        for seed in range(3):
            path = write_run(tmp_path / f"{method}_{seed}", method, seed, share(2), share(5), responses=["x" * 6000])
            made.append(str(path))
            write_trace(path, 1, text="Answer: 7\n" * 40)
    report.write(made, str(tmp_path / "out"))
    size = (tmp_path / "out" / "report.html").stat().st_size
    assert 1_000_000 < size < 2_000_000


# ---------------------------------------------------------------------------------------------------------- the figures


@pytest.fixture
def drawn(monkeypatch):
    """{figure: its axes} of what figures.draw makes of methods, kept open."""
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "close", lambda figure: None)

    def draw(methods, directory):
        before = set(plt.get_fignums())
        figures.draw(methods, "held_out", score_tables.cells_of(methods, "held_out")[0], directory)
        made = [plt.figure(number) for number in plt.get_fignums() if number not in before]
        return [axis for figure in made for axis in figure.axes if axis.get_visible()]

    yield draw
    monkeypatch.undo()
    plt.close("all")


def test_every_axis_says_what_it_is(three, tmp_path, drawn):
    axes = drawn(load_all(three), tmp_path)
    assert len(axes) >= 10
    for axis in axes:
        axis.figure.canvas.draw()
        assert axis.get_xlabel() or axis.figure.get_supxlabel(), axis
        assert axis.get_ylabel() or axis.figure.get_supylabel(), axis


def test_no_axis_hides_its_values_in_an_offset(tmp_path, drawn):
    path = write_run(tmp_path / "close", "kpo_weak", 0, share(2), share(5))
    rewards = [{"step": step, "rollout/reward_mean": -1 - 1e-5 * step} for step in (1, 2, 3)]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rewards))
    axis = next(axis for axis in drawn(load_all([path]), tmp_path) if axis.get_ylabel() == "mean reward")
    axis.figure.canvas.draw()
    assert axis.yaxis.get_offset_text().get_text() == ""
    assert "1.0000" in axis.get_yticklabels()[1].get_text()


def test_the_learning_curve_has_the_evaluations_of_another_k_and_none_of_other_problems(tmp_path, drawn):
    more = write_run(tmp_path / "more", "grpo", 0, share(2, of=4), share(9))
    fewer = write_run(tmp_path / "fewer", "kpo_weak", 0, share(2)[:3], share(9))
    axis = next(axis for axis in drawn(load_all([more, fewer]), tmp_path) if axis.get_ylabel() == "avg@k, share right")
    lines = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axis.lines}
    assert lines == {"grpo": ([0, 2], [0.5, 0.9]), "kpo_weak": ([2], [0.9])}
def test_scores_of_other_problems_are_not_drawn_beside_these(three, tmp_path, drawn):
    other = write_run(tmp_path / "other", "grpo", 0, share(2)[:3], share(9)[:3])
    axis = next(axis for axis in drawn(load_all([*three, other]), tmp_path) if axis.get_ylabel() == "method")
    assert [label.get_text() for label in axis.get_yticklabels()] == ["is_kpo_weak", "kpo_weak", "kpo_strong"]


def test_a_flat_zero_lies_at_the_bottom(tmp_path, drawn):
    quiet = {"clip/fraction": 0.0, "ratio/filtered_max": 1.00001, "filter/innovation_abs_max": 0.5}
    path = write_run(tmp_path / "quiet", "kpo_weak", 0, share(2), share(5), metrics=quiet)
    axes = {axis.get_ylabel(): axis for axis in drawn(load_all([path]), tmp_path)}
    assert axes["clipped share of tokens"].get_ylim() == (0, 0.01)
    # a ratio that hardly moves is drawn by how far it moves
    assert axes["largest filtered ratio - 1"].lines[0].get_ydata() == pytest.approx([1e-5, 1e-5], rel=1e-3)


def test_names_stand_at_the_lines_and_not_on_each_other(three, tmp_path, drawn):
    axes = {axis.get_ylabel(): axis for axis in drawn(load_all(three), tmp_path)}
    axis = axes["largest |innovation|"]  # where all three lines are one
    names = sorted(axis.texts, key=lambda text: text.xyann[1])
    assert {text.get_text() for text in names} == {"kpo_strong", "kpo_weak", "is_kpo_weak"}
    assert axis.get_legend() is None and not axis.figure.legends
    boxes = [Text.get_window_extent(text) for text in names]  # without the line to the name
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))
    colours = {text.get_text(): text.get_color() for text in names}
    assert colours["kpo_strong"] == colours["kpo_weak"] != colours["is_kpo_weak"]
    dashes = {line.get_label(): line.get_linestyle() for line in axis.lines}
    assert dashes["kpo_strong"] != dashes["kpo_weak"]


def test_places_of_names():
    assert figures.spread([0.1, 0.5], 0.1) == [0.1, 0.5]
    assert figures.spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.5, 0.6, 0.7])
    assert figures.spread([0.95, 1.0], 0.1) == pytest.approx([0.9, 1.0])
    assert figures.spread([], 0.1) == []


def test_families_of_filters(tmp_path):
    named = [name for _, filters in figures.FAMILIES.values() for name in filters]
    assert set(named) <= set(FILTERS) and len(named) == len(set(named))
    made = [
        write_run(tmp_path / name, name, 0, share(1), share(2)) for name in ("grpo", "gspo", "kpo_weak", "is_kpo_huber")
    ]
    found = [figures.family(figures.filter_name(report.load(str(path)))) for path in made]
    assert found == ["no filter", "whole response", "smoothing", "robust smoothing"]
    config = json.loads((made[0] / "config.json").read_text())
    config["algorithm"]["filter"]["name"] = "mine.py:Mine"
    (made[0] / "config.json").write_text(json.dumps(config))
    assert figures.family(figures.filter_name(report.load(str(made[0])))) == "others"


# --------------------------------------------------------------------------------------------------- text that is shown


def test_markdown_cells_cannot_bring_markup():
    text = text_lib.table(["a|b", "c"], [[HOSTILE[0], "x\ny"], ["[link](http://example.com)", "`code` | **b**"]])
    assert len(text.splitlines()) == 4 and "<script" not in text and "<img" not in text
    assert "\\[link\\](http" in text and "\\`code\\` \\| \\*\\*b\\*\\*" in text
    assert text_lib.table(["method"], [["is_kpo_weak, A>0"]]).splitlines()[2] == "| is_kpo_weak, A>0 |"


def test_visible_text():
    assert responses.visible("a\nb\t") == "a\nb␉"
    assert responses.visible("\u202e\u200f\ufeff\x7f\ud800\u2028") == "<U+202E><U+200F><U+FEFF><U+007F><U+D800><U+2028>"
    assert responses.visible("é漢字") == "é漢字"
    assert responses.visible("x" * 100_000) == "x" * 4000 + " ... (96,000 more characters)"


def test_the_regime_stands_beside_the_paper_s(tmp_path):
    metrics = {"regime/length": 6.0, "regime/innovation_abs_max": 21.0, "filter/innovation_kurtosis": 593.0,
               "regime/band": 0.1}  # fmt: skip
    methods = load_all([write_run(tmp_path / "a", "kpo_weak", 0, share(1), share(2), metrics=metrics)])
    ours, printed = regime.regime_table(methods).rows
    assert ours == ["kpo_weak", "6", "593", "21", "-", "0.1", "-", "-"]
    assert printed[:3] == ["the paper", "0.86 (strong), 86 (weak)", "17 to 59"]
    assert regime.regime_table(load_all([write_run(tmp_path / "old", "grpo", 0, share(1), share(2))])) is None


@pytest.mark.parametrize(
    "fields, said",
    [
        ({}, "tokenizer char."),
        ({"init_from": "runs/base"}, "tokenizer char, weights of runs/base."),
        ({"pretrained": "a/b"}, "tokenizer char, weights of a/b."),
        ({"pretrained": "a/b", "init_from": "dir"}, "tokenizer char, weights of a/b with the adapters in dir."),
    ],
)
def test_what_was_run_says_where_the_first_policy_came_from(fields, said):
    run = SimpleNamespace(config=to_dict(dataclasses.replace(Config(), **fields)), evaluations={}, seed=0)
    assert dict(report.setting([run], {}))["Model."].endswith(said)
