"""A study over seeds: summaries of runs, and what was asked of methods, against numbers worked out by hand."""

import errno
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from report_runs import grades, rewrite, write_run

from kpo_jax.report import comparison, figures, paper, report, runs, study, study_figures
from kpo_jax.report.study import Contrast, contrast


def line(method, seed, auc, final=None, base=0.2, **metrics):
    final = auc if final is None else final
    return {
        "method": method, "seed": seed, "set": "held_out", "problems": 10, "k": 4, "curve": [[0, base], [8, final]],
        "auc": auc, "final": final, "metrics": metrics, "commit": "c" * 40, "cpu": "A CPU", "date": "2026-01-02 03:04",
    }  # fmt: skip


def of_control(method, seed, auc, staleness=0, algorithm=None, cosine=0.5, lost=0.2):
    """A line that knows how far it is from the null."""
    worst = {"null/cosine_least": cosine, "null/lost_fraction_most": lost}
    return line(method, seed, auc, **worst) | {"staleness": staleness, "algorithm": algorithm, "filter": "kalman"}


def study_of(**aucs):
    return study.by_method([line(name, seed, auc) for name, of in aucs.items() for seed, auc in enumerate(of)])


def test_a_contrast_is_read():
    assert contrast("kpo_weak<ratio_one") == Contrast("kpo_weak", "<", "ratio_one")
    assert contrast(" a_s32 = b ") == Contrast("a_s32", "=", "b") and str(contrast("a>b")) == "a > b"
    for wrong in ("", "a", "a<", "<b", "a<b<c", "a<=b", "a < b c", "a=a", "a!b"):
        with pytest.raises(ValueError, match=r"is not A<B, A>B or A=B of two methods"):
            contrast(wrong)


def test_the_area_by_hand():
    assert study.area([[0, 0.2], [4, 0.4], [12, 0.8]]) == pytest.approx((4 * 0.3 + 8 * 0.6) / 12)
    assert study.area([[8, 0.5]]) == 0.5
    # where evaluations are not equally far apart it is not the mean of the scores
    assert study.area([[0, 0.0], [1, 1.0], [10, 1.0]]) == pytest.approx(0.95)


def test_a_run_in_one_line(tmp_path):
    base, last = grades(0.3, 1), grades(0.6, 2)
    metrics = {"null/cosine": 0.5, "null/lost_fraction": 0.25, "filter/innovation_abs_max": 0.7}
    run = runs.load(str(write_run(tmp_path / "kpo_weak_seed3", "kpo_weak", 3, base, last, metrics=metrics)))
    found = study.summary("kpo_weak", run, "held_out")
    assert found["curve"] == [[0, base.mean()], [2, last.mean()]] and found["final"] == last.mean()
    assert found["auc"] == pytest.approx((base.mean() + last.mean()) / 2)
    assert (found["seed"], found["problems"], found["k"], found["commit"]) == (3, 40, 8, None)
    assert (found["algorithm"], found["filter"]) == ("kpo_weak", "kalman")
    assert found["metrics"] == {
        "rollout/length_mean": 58.0, "filter/gain_last": 0.095, "null/cosine": 0.5, "filter/innovation_abs_max": 0.7,
        "null/lost_fraction": 0.25, "null/cosine_least": 0.5, "null/lost_fraction_most": 0.25,
    }  # fmt: skip
    other = write_run(tmp_path / "other_seed3", "kpo_weak", 3, base, last, problems=[f"x{i}" for i in range(40)])
    again = write_run(tmp_path / "again_seed3", "kpo_weak", 3, base, last)
    digests = [study.summary("a", runs.load(str(path)), "held_out")["problems_digest"] for path in (other, again)]
    assert digests[0] != digests[1] == found["problems_digest"]
    assert found["staleness"] == 0 and len(json.dumps(found)) < 2000


def test_points_of_the_curve_are_of_the_same_problems_and_drawn_alike(tmp_path):
    """Whatever their k. What is no point of it is no base either, below which a run could have collapsed."""
    base, last = grades(0.6, 1, k=4), grades(0.3, 2, k=8)
    made = lambda name, base: write_run(tmp_path / name, "kpo_weak", 0, base, last)
    greedy, drawn = dict(sampling={"temperature": 0.0}), dict(sampling={"temperature": 1.0})
    for directory, steps, collapsed in (
        (made("fewer_samples", base), [0, 2], "1"),
        (rewrite(rewrite(made("drawn_alike", base), 0, **drawn), 2, **drawn), [0, 2], "1"),
        (rewrite(made("not_known", base), 2, **drawn), [0, 2], "1"),
        (rewrite(rewrite(made("greedy", base), 0, **drawn), 2, **greedy), [2], "-"),
        (made("other_problems", base[:30]), [2], "-"),
    ):
        found = study.summary("a", runs.load(str(directory)), "held_out")
        assert [step for step, _ in found["curve"]] == steps, directory
        table = study.outcome_table([found])
        assert table.rows[0][table.header.index("collapsed")] == collapsed
        assert ("the base policies score" in table.caption) == (steps[0] == 0)
        assert found["auc"] == pytest.approx((base.mean() + last.mean()) / 2 if len(steps) == 2 else last.mean())


def test_runs_that_were_not_evaluated_alike_are_said():
    alike = [line("a", seed, 0.5) | {"sampling": {"temperature": 1.0}} for seed in (0, 1)]
    assert "not evaluated" not in study.completeness([*alike, line("b", 0, 0.5), line("b", 1, 0.5)])
    greedy = line("b", 0, 0.5) | {"sampling": {"temperature": 0.0}}
    assert "They were not evaluated alike" in study.completeness([*alike, greedy])


def test_answers_are_those_of_a_paired_t_over_seeds():
    a, b = [0.50, 0.53, 0.49, 0.56], [0.40, 0.44, 0.43, 0.45]
    methods = study_of(a=a, b=b, same=[0.501, 0.532, 0.487, 0.561])
    asked = [contrast(text) for text in ("a>b", "a<b", "a=same", "a=b")]
    up, down, equal, unequal = study.answer(methods, asked)
    p = scipy.stats.ttest_rel(a, b).pvalue
    assert up.p_value == down.p_value == pytest.approx(p) and up.seeds == [0, 1, 2, 3]
    assert up.differences == pytest.approx([0.10, 0.09, 0.06, 0.11])
    of = np.array(a) - np.array([0.501, 0.532, 0.487, 0.561])
    one_sided = [
        scipy.stats.ttest_1samp(of, -0.02, alternative="greater").pvalue,
        scipy.stats.ttest_1samp(of, 0.02, alternative="less").pvalue,
    ]
    assert equal.p_value == pytest.approx(max(one_sided)) and unequal.p_value > 0.9
    ordered = sorted([up.p_value, down.p_value, equal.p_value])
    assert min(up.p_holm, equal.p_holm) == pytest.approx(4 * ordered[0])  # of four that were asked
    assert [x.verdict for x in (up, down, equal, unequal)] == ["holds", "the opposite holds", "holds", "not shown"]


def test_what_seeds_do_not_show_is_not_shown_and_what_was_not_run_is_said():
    methods = study_of(a=[0.5, 0.3, 0.6], b=[0.4, 0.5, 0.5], alone=[0.9])
    noisy, unknown, single = study.answer(methods, [contrast(x) for x in ("a>b", "a>c", "alone>b")])
    assert noisy.verdict == "not shown" and noisy.p_holm == noisy.p_value > 0.05  # the only one with a p of its own
    assert unknown.verdict == single.verdict == "not run" and math.isnan(single.p_value) and single.seeds == [0]
    # a large difference that a single question would show is not shown when many were asked
    methods = study_of(**{"a": [0.52, 0.58, 0.61], "b": [0.40, 0.52, 0.49]})
    assert study.answer(methods, [contrast("a>b")])[0].verdict == "holds"
    many = study.answer(methods, [contrast("a>b")] * 6)
    assert [one.verdict for one in many] == ["not shown"] * 6


def test_seeds_are_paired_whatever_their_order():
    lines = [line("a", seed, 0.5 + seed / 10) for seed in (2, 0, 1)] + [line("b", s, s / 10) for s in (1, 2, 5)]
    seeds, differences = study.paired(study.by_method(lines), "a", "b", "auc")
    assert seeds == [1, 2] and differences == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match=r"two runs of a with seed 2 on held_out"):
        study.by_method([*lines, line("a", 2, 0.1)])


def test_lines_of_runs_that_were_reported_alone_are_told_apart():
    """As three runs of one algorithm write them, each in a report of its own."""
    nulls = "ratio_one", "ratio_one_twin", "ratio_one_stale"
    alone = [line("ratio_one", s, 0.5) | {"label": f"{name}_seed{s}"} for s in (7, 8) for name in nulls]
    alone += [line("grpo", s, 0.5) | {"label": f"my_grpo_seed{s}"} for s in (7, 8)]
    found = study.by_method(study.told_apart(alone))
    assert {name: list(of) for name, of in found.items()} == {name: [7, 8] for name in (*nulls, "grpo")}
    assert study.told_apart(study.told_apart(alone)) == study.told_apart(alone)
    # no seed is there twice, but one method is of older responses, or learns faster
    for more in (dict(staleness=8), dict(learning_rate=4e-4)):
        two = [alone[0], line("ratio_one", 9, 0.5) | {"label": "other_9"} | more]
        assert list(study.by_method(study.told_apart(two))) == ["ratio_one", "other"]
    assert list(study.by_method(study.told_apart([alone[0], line("ratio_one", 9, 0.5)]))) == ["ratio_one"]  # nor a name
    # the negative controls: as they are, they are two runs of one seed, and so is one run twice, whatever it is called
    with pytest.raises(ValueError, match=r"two runs of ratio_one with seed 7"):
        study.by_method(alone)
    with pytest.raises(ValueError, match=r"two runs of my_grpo with seed 8"):
        study.by_method(study.told_apart([*alone, alone[-1]]))


def test_tables_say_which_runs_collapsed_and_how_many_seeds_a_difference_takes():
    lines = [line("a", s, 0.5 + s / 50, final=0.15 if s == 1 else 0.6) for s in range(4)]
    lines += [line("a_twin", s, 0.5 + s / 50 + 0.01 * (-1) ** s) for s in range(4)]
    asked, otherwise, outcomes, _, power = study.tables(lines, [contrast("a=a_twin")])
    assert asked.rows[0][:3] == ["a = a_twin", "holds", "4"] and otherwise.rows[0][0] == "a = a_twin"
    column = outcomes.header.index("collapsed")
    assert [row[column] for row in outcomes.rows] == ["1", "0"]
    assert power.rows[0][:3] == ["a against itself", "4", f"{100 * np.std([1, -1, 1, -1], ddof=1) / 100:.2f}"]
    assert len(study.tables(lines[:1], [])) == 2


def test_the_regime_stands_beside_the_paper_s():
    known = {"regime/length": 6.0, "filter/innovation_kurtosis": 400.0, "regime/innovation_abs_max": 70.0}
    table = study.regime_table([line("a", s, 0.5, **{k: v * (s + 1) for k, v in known.items()}) for s in (0, 1)])
    (name, *cells), printed = table.rows
    assert name == "a" and cells[:3] == ["9", "600", "105"] and set(cells[3:]) == {"-"}
    assert printed[:3] == ["paper", paper.REGIME["length"], paper.REGIME["kurtosis"]]
    assert len(printed) == len(cells) + 1 == len(table.header)
    assert {name for *_, name in study.REGIME if name} == set(paper.REGIME)  # all that it prints


def test_what_was_the_null_is_said_and_is_no_evidence():
    lines = [of_control("off", s, 0.6 + s / 100, cosine=0.99995, lost=0.0) for s in range(3)]
    lines += [of_control("once", s, 0.6 + s / 100, cosine=0.99995 if s else 0.9, lost=0.0) for s in range(3)]
    lines += [of_control("lost", s, 0.6 + s / 100, cosine=0.99995, lost=0.01) for s in range(3)]
    lines += [of_control("weak", s, 0.3) for s in range(3)] + [line("unmeasured", s, 0.3) for s in range(3)]
    # one step of one seed is enough not to be it; tokens that lose a gradient of nearly no length are not
    assert study.nulls(study.by_method(lines)) == {"off", "lost"}
    asked = [contrast(f"{name}>weak") for name in ("off", "once", "lost", "unmeasured")]
    first, _, outcomes, *_ = study.tables(lines, asked)
    said = ["holds (off is the null)", "holds", "holds (lost is the null)", "not shown"]
    assert [row[1] for row in first.rows] == said
    column = outcomes.header.index("the null")
    assert [row[column] for row in outcomes.rows] == ["yes", "no", "yes", "no", "-"]  # the last was not measured
    second = study.contrast_table(lines, [contrast("weak<off")]).rows[0][1]
    assert second == "holds (off is the null)"
    # what is the null by its name need not be told so
    named = [line | {"algorithm": "ratio_one"} if line["method"] == "off" else line for line in lines]
    assert study.contrast_table(named, [contrast("weak<off")]).rows[0][1] == "holds"
    assert study.outcome_table(named).rows[0][column] == "by construction"


def test_contrasts_otherwise_by_hand():
    def of(method, scores, staleness):
        curves = [[[0, 0.2], [8, score - 0.1], [16, score]] for score in scores]
        lines = [line(method, seed, 0.5, final=score) for seed, score in enumerate(scores)]
        return [x | {"curve": curve, "staleness": staleness} for x, curve in zip(lines, curves, strict=True)]

    lines = of("a", [0.5, 0.6, 0.8], 8) + of("b", [0.4, 0.5, 0.6], 8) + of("fresh", [0.4, 0.4, 0.4], 0)
    rows = study.otherwise_table(lines, list(map(contrast, ("a>b", "b>a", "a=fresh", "a=gone")))).rows
    assert rows[0][:2] == ["a > b", "+13.3"] and rows[1][1] == "-13.3"
    assert rows[0][3] == "+13.3"  # the area from step 8 on: both halves differ as the final scores do
    # of fresh responses the whole curve counts: 0.2 -> 0.3 -> 0.4 has an area of 0.3
    assert study.settled(lines[-1]) == pytest.approx(0.3) and study.settled(lines[0]) == pytest.approx(0.45)
    assert study.settled(line("a", 0, 0.5) | {"staleness": 99}) == 0.5  # it never was as old: the last score
    assert rows[0][-2] == "1" and rows[3][-2] == "-"  # areas as written down are equal; a method that did not run


def test_a_verdict_that_hangs_on_a_seed_is_seen():
    points = {"a": [0.54, 0.55, 0.56, 0.55, 0.55], "b": [0.5] * 5, "c": [0.53, 0.53, 0.53, 0.53, 0.40]}
    lines = [line(name, seed, score) for name, scores in points.items() for seed, score in enumerate(scores)]
    found = study.otherwise_table(lines, [contrast("a>b"), contrast("c>b")])
    assert found.header[-1] == "same without a seed"
    assert [row[-1] for row in found.rows] == ["5 of 5", "4 of 5"]  # c > b is shown without the last seed alone


def test_signs_are_flipped_in_every_way():
    values = [0.03, 0.01, -0.005, 0.04, 0.02]
    means = [abs(np.mean(np.array(values) * signs)) for signs in itertools.product((1, -1), repeat=5)]
    assert comparison.sign_flips(values) == pytest.approx(np.mean(np.array(means) >= abs(np.mean(values)) - 1e-12))
    assert comparison.sign_flips([0.01] * 5) == pytest.approx(2 / 32) and math.isnan(comparison.sign_flips([0.1]))
    many = comparison.sign_flips(list(np.random.default_rng(0).normal(0.3, 1, 40)))
    assert many == comparison.sign_flips(list(np.random.default_rng(0).normal(0.3, 1, 40)))  # drawn, always alike
    assert many == pytest.approx(comparison.paired_t(list(np.random.default_rng(0).normal(0.3, 1, 40))), abs=0.02)


def test_the_power_of_a_test_of_equality_is_how_often_it_holds():
    rng, sd, seeds = np.random.default_rng(0), 0.03, 18
    draws = rng.normal(0, sd, (3000, seeds))
    often = np.mean([comparison.tost(list(d), 0.02) < 0.05 for d in draws])
    assert comparison.power_equal(0.02, sd, seeds) == pytest.approx(often, abs=0.03)
    strict = np.mean([comparison.tost(list(d), 0.02) < 0.05 / 15 for d in draws])
    assert comparison.power_equal(0.02, sd, seeds, 0.05 / 15) == pytest.approx(strict, abs=0.03)
    assert strict < often - 0.2
    # the negative control: the power to find a difference of as much is another number
    assert abs(comparison.power(0.02, sd, seeds, 0.05 / 15) - strict) > 0.05
    found = comparison.seeds_needed(0.02, sd, of=comparison.power_equal)
    assert comparison.power_equal(0.02, sd, found) >= 0.8 > comparison.power_equal(0.02, sd, found - 1)
    table = study.power_table(
        [line(m, s, 0.5 + d) for m, of in (("a", draws[0]), ("b", draws[1])) for s, d in enumerate(of)],
        [contrast("a=b"), contrast("a<b")], (2.0, 3.0),
    )  # fmt: skip
    equal, less = table.rows
    assert equal[2] == less[2] and equal[3:] != less[3:]


def test_a_study_says_which_runs_are_missing():
    lines = [line(name, seed, 0.5) for name in ("a", "b") for seed in (1, 2)]
    assert study.completeness(lines) == "4, of 2 method(s) and 2 seed(s), every one of each."
    assert study.completeness(lines[:3]) == "3, of 2 method(s) and 2 seed(s); missing: b seed 2."
    # nor are runs compared that were graded on other problems or otherwise; a summary of before does not say by which
    ids = [one | {"problems_digest": "a"} for one in lines]
    for change in ({"problems": 9}, {"k": 1}, {"problems_digest": "b"}):
        mixed = [ids[0] | change, *ids[1:]]
        assert "not all on the same: no seed is paired" in study.completeness(mixed)
        assert study.answer(study.by_method(mixed), [contrast("a<b")])[0].seeds == [2]
        assert " / " in study.outcome_table(mixed).caption.partition(":")[0]
    assert study.completeness([lines[0], *ids[1:]]) == study.completeness(lines)
    assert study.paired(study.by_method([lines[0], *ids[1:]]), "a", "b", "auc")[0] == [1, 2]
    other = lines[0] | {"curve": [[0, 0.2], [4, 0.5]]}
    assert "not evaluated at the same steps" in study.completeness([other, *lines[1:]])


def test_methods_stand_beside_the_null_of_responses_as_old_as_theirs():
    lines = [of_control("ratio_one", s, 0.5 + s / 10, algorithm="ratio_one") for s in range(3)]
    lines += [of_control("ratio_one_twin", s, 0.5, algorithm="ratio_one") for s in range(3)]
    lines += [of_control("a", s, 0.4 + s / 10) for s in range(3)]
    lines += [of_control("null_stale", s, 0.2, 8, "ratio_one") for s in range(3)]
    lines += [of_control("a_stale", s, 0.3, 8) for s in range(3)] + [of_control("older", 0, 0.3, 32)]
    found = study.control_table(lines)
    assert [row[:4] for row in found.rows] == [
        ["ratio_one_twin", "ratio_one", "3", "-10.0"], ["a", "ratio_one", "3", "-10.0"],
        ["a_stale", "null_stale", "3", "+10.0"],
    ]  # fmt: skip
    better = [of_control("null_faster", s, 0.25, 8, "ratio_one") for s in range(3)]
    assert study.controls(study.by_method(better + lines))["a_stale"] == "null_faster"
    assert study.controls(study.by_method(lines + better))["null_stale"] == "null_faster"
    assert study.control_table([of_control("a", 0, 0.4), of_control("b", 0, 0.4)]) is None


def test_a_study_is_drawn_from_its_summaries(tmp_path):
    lines = [of_control("ratio_one", s, 0.5 + s / 10, algorithm="ratio_one") for s in range(3)]
    lines += [of_control("a", s, 0.4 + s / 20) for s in range(2)] + [of_control("alone", 7, 0.4, 8)]
    found = study_figures.draw(lines, tmp_path)
    assert list(found) == ["study_curves_held_out.png", "study_differences_held_out.png"]
    assert all((tmp_path / name).stat().st_size > 5_000 for name in found)
    assert list(study_figures.draw(lines[3:], tmp_path)) == ["study_curves_held_out.png"]  # no null to differ from
    assert study_figures.draw(lines[:3], tmp_path) == {}
    steps, scores = study_figures._mean_curve(
        {0: {"curve": [[0, 0.2], [4, 0.4], [8, 0.6]]}, 1: {"curve": [[0, 0.4], [8, 1.0]]}}
    )
    assert steps == [0, 8] and scores == pytest.approx([30.0, 80.0])


def test_a_study_is_judged_anew_from_its_summaries_alone(tmp_path, monkeypatch):
    # figures and the other sections take most of the time, and are not what is asked here
    monkeypatch.setattr(figures, "draw", lambda *_: {})
    monkeypatch.setattr(study_figures, "draw", lambda *_: {})
    monkeypatch.setattr(report, "build", lambda *_: [])
    for name, rate in (("kpo_strong", 0.7), ("kpo_weak", 0.5)):
        for seed in range(3):
            cells = grades(0.3, 5), grades(rate, 10 * seed + len(name))
            write_run(tmp_path / f"{name}_seed{seed}", name, seed, *cells)
    places = [str(path) for path in sorted(tmp_path.iterdir())]
    asked = ["kpo_weak<kpo_strong", "kpo_weak=kpo_strong"]
    first = report.write(places, str(tmp_path / "report"), asked=asked)
    kept = tmp_path / "report" / "runs.jsonl"
    assert len(kept.read_text().splitlines()) == 6
    monkeypatch.setattr(figures, "draw", lambda *_: pytest.fail("a figure of no run"))
    again = report.write([str(kept)], str(tmp_path / "again"), asked=asked)
    monkeypatch.setattr(figures, "draw", lambda *_: {})
    table = first[first.index("| kpo_weak < kpo_strong") :].partition("\n\n")[0]
    assert "| holds" in table and table in again  # the same rows, without the runs
    assert (tmp_path / "again" / "runs.jsonl").read_text() == kept.read_text()
    page = (tmp_path / "again" / "report.html").read_text()
    assert "kpo_weak &lt; kpo_strong" in page and "What was asked" in (tmp_path / "again" / "report.md").read_text()
    # a file beside runs: those of another machine
    others = tmp_path / "others.jsonl"
    others.write_text(kept.read_text().splitlines()[-1] + "\n")
    together = report.write([*places[:5], str(others)], str(tmp_path / "third"), asked=asked)
    assert table.splitlines()[0] in together
    with pytest.raises(ValueError, match=r"two runs of kpo_strong with seed 0"):
        report.write([places[0], str(kept)], str(tmp_path / "twice"))
    # the negative control: nothing is asked where no one asks
    assert "What was asked" not in report.write(places, str(tmp_path / "silent"))


def test_summaries_that_cannot_be_written_stay_as_they_were(tmp_path, monkeypatch):
    """They may be the only copy."""
    study.write(tmp_path / "runs.jsonl", [line("a", 0, 0.5)])
    kept = (tmp_path / "runs.jsonl").read_text()

    def full(path, content, *_, **__):
        path.open("wb").write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", lambda path, text, **_: full(path, text.encode()))
    with pytest.raises(OSError, match="No space"):
        study.write(tmp_path / "runs.jsonl", [line("b", 0, 0.5)])
    assert (tmp_path / "runs.jsonl").read_text() == kept


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no run"),
        (b"{}\n", "line 1 is not the summary of a run"),
        (b"[]\n", "line 1 is not the summary of a run"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"method": "a"\n', "line 1 is not the summary of a run"),
        (None, "No such file"),
    ],
)
def test_what_is_no_file_of_summaries_is_one_line(content, said, tmp_path):
    if content is not None:
        (tmp_path / "runs.jsonl").write_bytes(content)
    with pytest.raises(ValueError, match=said) as error:
        report.write([str(tmp_path / "runs.jsonl")], str(tmp_path / "out"))
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_summaries_are_files_of_this_machine(tmp_path):
    with pytest.raises(ValueError, match=r"gs://bucket/runs\.jsonl: gs:// is not supported"):
        report.write(["gs://bucket/runs.jsonl"], str(tmp_path / "out"))
