"""launch/reproduce.sh with a stand-in for Python: which runs it starts, what it repeats, and how it ends."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kpo_jax import config as config_lib
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.report import study

ROOT = Path(__file__).parents[1]
# Writes down what it was asked to do, and the cores it has; FAIL names a run that crashes, PREEMPTED one that is told
# to stop when ALL runs have begun, SLOW lets runs last until SIGTERM, as the trainer does.
STAND_IN = """#!/usr/bin/env bash
if [ "$1" = -c ]; then echo smollm2.gguf; exit; fi
echo "$*" >> "$CALLS"
workdir=""
for argument in "$@"; do case "$argument" in --workdir=*) workdir="${argument#--workdir=}" ;; esac; done
mkdir -p "$workdir"
nproc > "$workdir/cores"
if [ -n "${FAIL:-}" ] && [ "$(basename "$workdir")" = "$FAIL" ]; then exit 13; fi
if [ -n "${PREEMPTED:-}" ] && [ "$(basename "$workdir")" = "$PREEMPTED" ]; then
  for i in $(seq 600); do if [ "$(wc -l < "$CALLS")" -ge "$ALL" ]; then break; fi; sleep 0.1; done; sleep 0.3; exit 75
fi
case "$*" in *--mode=report*)
  printf '![a](scores.png)\\n' > "$workdir/report.md"; : > "$workdir/scores.png"
  echo page > "$workdir/report.html"; : > "$workdir/runs.jsonl" ;;
esac
case "$workdir" in *base*) ;; *) if [ -n "${SLOW:-}" ]; then trap 'exit 75' TERM; : > "$workdir/trapped"; \
for i in $(seq 600); do sleep 0.1; done; fi ;; esac
"""


@pytest.fixture
def tree(tmp_path):
    """A tree with the launch scripts, and an environment that launch/setup.sh takes for finished."""
    (tmp_path / "launch").mkdir()
    for name in ("reproduce.sh", "lib.sh", "setup.sh", "requirements.lock"):
        (tmp_path / "launch" / name).write_bytes((ROOT / "launch" / name).read_bytes())
    (tmp_path / "requirements.txt").write_bytes((ROOT / "requirements.txt").read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN)
    python.chmod(0o755)
    stamp = subprocess.run(
        "cat requirements.txt launch/requirements.lock | cksum",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    (tmp_path / ".venv" / "installed").write_text(stamp.stdout)
    return tmp_path


def environment(tree, **settings):
    defaults = dict(METHODS="grpo kpo_weak", SEEDS="0 1", CALLS=str(tree / "calls"), TRACED="kpo_weak")
    return os.environ | defaults | settings


def reproduce(tree, *arguments, **settings):
    command = ["bash", str(tree / "launch" / "reproduce.sh"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment(tree, **settings), timeout=120)
    calls = (tree / "calls").read_text().splitlines() if (tree / "calls").exists() else []
    (tree / "calls").unlink(missing_ok=True)
    return result, calls


def workdirs(calls):
    return sorted(
        Path(a.removeprefix("--workdir=")).name for call in calls for a in call.split() if a.startswith("--workdir=")
    )


def test_every_run_once_then_the_report(tree):
    result, calls = reproduce(tree, "--config.num_steps=2")
    assert result.returncode == 0, result.stderr
    assert workdirs(calls) == sorted(
        ["base_seed0", "base_seed1", *(f"{m}_seed{s}" for m in ("grpo", "kpo_weak") for s in (0, 1)), "report"]
    )
    assert workdirs(calls[:2]) == ["base_seed0", "base_seed1"]  # before all that begins with them
    runs = ",".join(f"runs/study/{m}_seed{s}" for m in ("grpo", "kpo_weak") for s in (0, 1))
    assert calls[-1].endswith(f"--mode=report --runs={runs} --workdir=runs/study/report")
    base = next(call for call in calls if "base_seed1" in call)
    assert "--config=configs/study.py:base --config.seed=1 --config.num_steps=2 --config.num_steps=0" in base
    weak = {s: next(call for call in calls if f"workdir=runs/study/kpo_weak_seed{s} " in call) for s in (0, 1)}
    assert "--config.init_from=runs/study/base_seed1" in weak[1] and "--config.warm_start.num_steps=0" in weak[1]
    assert "--config.trace.every" in weak[0] and "--config.trace.every" not in weak[1]
    assert "min of this call" in result.stderr and "grpo_seed0: done in" in result.stderr
    # again: nothing is repeated but the report
    assert workdirs(reproduce(tree, "--config.num_steps=2")[1]) == ["report"]
    # another seed adds its own runs; other arguments are other runs, which the entry point refuses or goes on with
    assert workdirs(reproduce(tree, "--config.num_steps=2", SEEDS="0\n1 2")[1]) == [
        "base_seed2",
        "grpo_seed2",
        "kpo_weak_seed2",
        "report",
    ]
    assert len(reproduce(tree, "--config.num_steps=4")[1]) == 7


def test_a_failed_run_is_named_and_repeated(tree):
    result, calls = reproduce(tree, FAIL="kpo_weak_seed0")
    assert (
        result.returncode == 13
        and "kpo_weak_seed0: exit code 13" in result.stderr
        and "kpo_weak_seed0.log" in result.stderr
    )
    assert "kpo_weak_seed1" in workdirs(calls) and "report" not in workdirs(
        calls
    )  # the others are finished, no report is made of a part
    assert workdirs(reproduce(tree)[1]) == ["kpo_weak_seed0", "report"]
    result, calls = reproduce(tree, FAIL="base_seed7", SEEDS="7")
    assert result.returncode == 13 and workdirs(calls) == [
        "base_seed7"
    ]  # nothing starts from a base policy that is not there


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_study_saves_and_goes_on(tree, jobs):
    process = subprocess.Popen(
        ["bash", str(tree / "launch" / "reproduce.sh"), f"--jobs={jobs}"],
        env=environment(tree, SLOW="1"),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(list((tree / "runs" / "study").glob("*/trapped"))) < jobs and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # no other run starts
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 75 and "run it again to go on" in stderr, stderr
    assert len((tree / "calls").read_text().splitlines()) == 2 + jobs  # side by side after the base policies
    assert not list((tree / "runs" / "study").glob("grpo*/finished"))
    (tree / "calls").unlink()
    result, calls = reproduce(tree)
    assert result.returncode == 0 and "grpo_seed0" in workdirs(calls) and "base_seed0" not in workdirs(calls)


def test_a_run_that_was_preempted_stops_the_study(tree):
    result, calls = reproduce(tree, "--jobs=2", PREEMPTED="grpo_seed0", ALL="4", SLOW="1")
    assert result.returncode == 75 and "kpo_weak_seed0: exit code" in result.stderr, result.stderr
    assert workdirs(calls) == ["base_seed0", "base_seed1", "grpo_seed0", "kpo_weak_seed0"]
    assert workdirs(reproduce(tree)[1])[-1] == "report"


@pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is not installed")
@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_have_one_core_each_and_the_report_all(tree, jobs):
    def cores():
        return {path.parent.name: int(path.read_text()) for path in (tree / "runs" / "study").glob("*/cores")}

    allowed = len(os.sched_getaffinity(0))
    assert reproduce(tree, f"--jobs={jobs}")[0].returncode == 0
    assert cores() == dict.fromkeys(cores(), 1) | {"report": allowed} and len(cores()) == 7


@pytest.mark.skipif(shutil.which("taskset") is None, reason="taskset is not installed")
@pytest.mark.parametrize("pin", [True, False])
def test_there_are_as_many_jobs_as_cores(tree, pin):
    """The first run to end is preempted, so those that began are the jobs."""
    allowed = sorted(os.sched_getaffinity(0))
    command = ["bash", str(tree / "launch" / "reproduce.sh")]
    if pin:
        command = ["taskset", "-c", str(allowed[-1]), *command]
    jobs = 1 if pin else min(len(allowed), 4)
    settings = environment(tree, PREEMPTED="grpo_seed0", ALL=str(2 + jobs), SLOW="1")
    result = subprocess.run(command, env=settings, timeout=120)
    assert result.returncode == 75 and len((tree / "calls").read_text().splitlines()) == 2 + jobs


def test_publishing_copies_small_things(tree):
    (tree / "runs" / "study" / "grpo_seed0" / "finished").mkdir(parents=True)  # a full disk ends no study, either
    result, _ = reproduce(tree, PUBLISH="1")
    assert result.returncode == 0, result.stderr
    picture, _, provenance = (tree / "docs" / "report.md").read_text().splitlines()
    assert picture == "![a](../configs/results/study_scores.png)"
    assert re.fullmatch(r"Published \d{4}-\d\d-\d\d at commit (\w+|not recorded), on \d+ CPU cores\.", provenance)
    assert {path.name for path in (tree / "configs" / "results").iterdir()} == {
        "study_scores.png",
        "study.html",
        "study.jsonl",
    }


def test_a_bucket_is_no_folder_of_a_study(tree):
    result, calls = reproduce(tree, WORKDIR="gs://bucket/x")
    assert (result.returncode, calls) == (64, []) and "WORKDIR: 'gs://bucket/x' is not a directory" in result.stderr


@pytest.mark.parametrize("jobs", ["0", "two", "", "-1"])
def test_jobs_is_a_number(tree, jobs):
    result, calls = reproduce(tree, f"--jobs={jobs}")
    assert result.returncode == 64 and calls == []
    assert result.stderr == f"error: --jobs: '{jobs}' is not a whole number from 1\n"


def settings_of(study):
    """The script's own settings of a study, as bash finds them."""
    script = (ROOT / "launch" / "reproduce.sh").read_text()
    cases = script[script.index('case "$STUDY"') : script.index("bash launch/setup.sh")]
    names = ("SEEDS", "METHODS", "TRACED", "CONTRASTS", "WORKDIR")
    shell = f"STUDY={study}\n{cases}" + "".join(f'echo "${name}"\n' for name in names)
    bare = {"PATH": os.environ["PATH"]}
    said = subprocess.run(
        ["bash", "-euc", shell], capture_output=True, text=True, env=bare, check=True, timeout=30
    ).stdout
    return dict(zip(names, said.splitlines(), strict=True))


def configurations(study, names):
    loaded = {name: config_lib.checked(config_lib.load_file(f"configs/{study}.py:{name}")) for name in names}
    assert all(problems == [] for _, problems in loaded.values())
    return {name: config for name, (config, _) in loaded.items()}


def test_every_method_of_the_study_is_a_configuration():
    settings = settings_of("study")
    names, traced = settings["METHODS"].split(), settings["TRACED"].split()
    assert len(set(names)) == len(names) >= 12 and set(traced) <= set(names) and settings["CONTRASTS"] == ""
    configs = configurations("study", ["base", *names, "kpo_weak_fast"])
    assert configs["base"].num_steps == 0
    # the variants are what their names say, and everything else is equal
    weak, wide, narrow, grpo = (
        configs[name].algorithm for name in ("kpo_weak", "kpo_weak_wide", "grpo_narrow", "grpo")
    )
    assert wide == dataclasses.replace(weak, objective=grpo.objective) and narrow == dataclasses.replace(
        grpo, objective=weak.objective
    )
    assert configs["kpo_weak_fast"].algorithm == weak
    assert configs["kpo_weak_fast"].learner.learning_rate == pytest.approx(
        3 * configs["kpo_weak"].learner.learning_rate
    )
    rest = {
        name: dataclasses.replace(c, algorithm=weak, num_steps=0)
        for name, c in configs.items()
        if not name.endswith("_fast")
    }
    assert all(config == rest["base"] for config in rest.values())


def check_rates(page, configs) -> set[str]:
    """The methods whose learning rate was searched. The rate in bold, the best of its row and not at its end, is the
    configuration's.
    """
    searched = page[page.index("Searched, by") : page.index("## What is asked")]
    grid, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\| .*\|$", searched, re.M)]
    for name, *areas in rows:
        best = {rate: float(area.strip("*")) for rate, area in zip(grid[1:], areas, strict=True) if area}
        chosen = max(best, key=best.get)
        assert f"**{best[chosen]}**" in areas and chosen not in (min(best, key=float), max(best, key=float))
        assert configs[name.strip("`")].learner.learning_rate == float(chosen)
    return {row[0].strip("`") for row in rows}


def test_the_confirming_study_is_the_one_of_its_protocol():
    settings, page = settings_of("confirm"), (ROOT / "docs" / "protocol.md").read_text()
    assert settings["SEEDS"].split() == [str(seed) for seed in range(100, 118)] and "seeds | 100 to 117" in page
    names = settings["METHODS"].split()
    table = page[page.index("## Methods") : page.index("## Learning rates")]
    written = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert {name.removesuffix("_stale") for name in names} == written and len(set(names)) == len(names)
    asked = re.findall(r"^\| H\d+ \| `(.*?)` \|", page, re.M)
    contrasts = [str(study.contrast(text)) for text in settings["CONTRASTS"].split(",")]
    assert contrasts == asked and len(asked) == 15
    for text in asked:
        one = study.contrast(text)
        assert {one.a, one.b} <= set(names)
    configs = configurations("confirm", ["base", *names])
    assert configs["base"].num_steps == 0
    # nothing differs but what the names say
    plain = configs["kpo_weak"]
    for name, config in configs.items():
        rollout, steps = config.rollout, config.num_steps
        assert rollout.staleness == (8 if "_stale" in name else 0) and rollout.stream == int(name.endswith("_twin"))
        assert steps == (0 if name == "base" else 32)
        same = dict(algorithm=plain.algorithm, rollout=plain.rollout, num_steps=plain.num_steps, learner=plain.learner)
        assert dataclasses.replace(config.learner, learning_rate=plain.learner.learning_rate) == plain.learner
        assert dataclasses.replace(config, **same) == plain
    rows = check_rates(page, configs)
    asked_of = {name for text in asked for name in (study.contrast(text).a, study.contrast(text).b)}
    assert asked_of - rows == {"kpo_weak_same_rate"}
    rate = lambda name: configs[name].learner.learning_rate
    assert rate("ratio_one_twin") == rate("kpo_weak_same_rate") == rate("ratio_one") != rate("kpo_weak")
    assert configs["kpo_weak_same_rate"].algorithm == configs["kpo_weak"].algorithm
    assert configs["ratio_one_twin"].algorithm == configs["ratio_one"].algorithm == METHODS["ratio_one"]
    assert configs["is_deviation"].algorithm.filter.parameters["scale"] == "deviation"
    filters = {name: config.algorithm.filter for name, config in configs.items()}
    objectives = {name: config.algorithm.objective for name, config in configs.items()}
    assert objectives["kpo_weak_scaled"] == objectives["kpo_strong_scaled"] == objectives["grpo_scaled"]
    assert filters["kpo_strong_scaled"] == filters["kpo_strong"] and filters["grpo_scaled"] == filters["grpo"]
    assert filters["kpo_weak_wide"] == filters["kpo_weak_scaled"] == filters["random_drop"] == filters["kpo_weak"]
    assert filters["is_deviation"].parameters["kappa"] == 2
    assert 60 * filters["kpo_match_weak"].parameters["process_var"] ** 0.5 == pytest.approx(860 * 0.01**0.5, rel=1e-2)


def test_the_study_of_a_language_model_is_the_one_of_its_protocol():
    settings, page = settings_of("smollm2_worked"), (ROOT / "docs" / "protocol_smollm2.md").read_text()
    assert settings["SEEDS"].split() == [str(seed) for seed in range(100, 105)] and "seeds | 100 to 104" in page
    names = settings["METHODS"].split()
    table = page[page.index("## Methods") : page.index("## Learning rates")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == names
    asked = re.findall(r"^\| S\d+ \| `(.*?)` \|", page, re.M)
    assert [str(study.contrast(text)) for text in settings["CONTRASTS"].split(",")] == asked and len(asked) == 5
    assert {name for text in asked for name in re.findall(r"\w+", text)} | {"ratio_one_twin"} == set(names)
    configs = configurations("smollm2_worked", names)
    rate = lambda name: configs[name].learner.learning_rate
    assert rate("ratio_one_twin") == rate("kpo_weak_same_rate") == rate("ratio_one")
    assert rate("is_kpo_quantile") == rate("kpo_weak")
    if "The search is under way." in page:  # no rate is written before it has ended
        assert len({rate(name) for name in names}) == 1
    else:
        assert check_rates(page, configs) == {"ratio_one", "kpo_weak", "kpo_weak_scaled"}
    plain = configs["kpo_weak"]
    for name, config in configs.items():
        assert config.rollout == dataclasses.replace(plain.rollout, stream=int(name.endswith("_twin")))
        assert config.algorithm == METHODS[name.removesuffix("_twin").removesuffix("_same_rate")]
        same = dict(algorithm=plain.algorithm, rollout=plain.rollout, learner=plain.learner)
        assert dataclasses.replace(config.learner, learning_rate=plain.learner.learning_rate) == plain.learner
        assert dataclasses.replace(config, **same) == plain


def test_a_study_of_a_language_model_begins_with_its_weights(tree):
    chosen = dict(STUDY="smollm2_worked", METHODS="kpo_weak", SEEDS="100 101", TRACED="", CONTRASTS="")
    result, calls = reproduce(tree, "--config.num_steps=2", **chosen)
    assert result.returncode == 0, result.stderr
    assert workdirs(calls) == ["kpo_weak_seed100", "kpo_weak_seed101", "report"]  # and no policy of the seed's own
    given = "--config.num_steps=2 --config.pretrained=smollm2.gguf --config.tokenizer=smollm2.gguf"
    assert all(call.endswith(given) and "init_from" not in call for call in calls[:2])


def cells_of(text: str, width: int) -> list[list[str]]:
    """The rows of the tables of `width` columns in a page of Markdown, without emphasis."""
    rows = ([cell.strip(" *`") for cell in row.split("|")[1:-1]] for row in text.splitlines() if row.startswith("|"))
    return [row for row in rows if len(row) == width]


def test_what_is_said_of_the_confirming_study_is_what_its_runs_give():
    lines = study.told_apart(study.read(str(ROOT / "configs" / "results" / "confirm.jsonl")))
    asked = [study.contrast(text) for text in settings_of("confirm")["CONTRASTS"].split(",")]
    answers, _, outcomes, nulls, *_ = study.tables(lines, asked)
    # the page of results: verdict, points, interval and p of every contrast, in the order of the protocol
    said = [row for row in cells_of((ROOT / "docs" / "results.md").read_text(), 5) if re.fullmatch(r"H\d+", row[0])]
    shown = lambda rows: [[f"H{n}", row[0], row[1], f"{row[3]} {row[4]}", row[6]] for n, row in enumerate(rows, 1)]
    assert said == shown(answers.rows) and len(said) == 15
    without = study.contrast_table([line for line in lines if line["seed"] != 117], asked)
    assert all(one != other for one, other in zip(said, shown(without.rows), strict=True))  # control: a seed fewer
    # the README: areas and what is between them and the null's
    area, less = ({row[0]: row for row in table.rows} for table in (outcomes, nulls))
    rows = [row for row in cells_of((ROOT / "README.md").read_text(), 6) if row[0] in area]
    assert len(rows) > 5
    for name, _, *shown in rows:
        for method, value, difference in ((name, *shown[:2]), (f"{name}_stale", *shown[2:])):
            assert value == (area[method][2].split()[0] if method in area else "")
            assert difference == (" ".join(less[method][3:5]) if method in less else "")
    page = (ROOT / "docs" / "report_confirm.md").read_text()  # all of it is on the page
    for table in (answers, outcomes, nulls):
        assert all(all(cell in page for cell in row) for row in table.rows)


def test_another_study_has_its_own_folder_and_asks_its_questions(tree):
    chosen = dict(STUDY="confirm", METHODS="kpo_weak ratio_one", SEEDS="100", TRACED="", CONTRASTS="kpo_weak<ratio_one")
    result, calls = reproduce(tree, PUBLISH="1", **chosen)
    assert result.returncode == 0, result.stderr
    assert "--config=configs/confirm.py:base" in calls[0] and "--workdir=runs/confirm/base_seed100" in calls[0]
    of_runs, of_summaries = calls[-2:]
    assert of_runs.endswith("--contrasts=kpo_weak<ratio_one --workdir=runs/confirm/report")
    # what is published is what the summaries alone give, and anyone can print it from them again
    last = "--runs=configs/results/confirm.jsonl --contrasts=kpo_weak<ratio_one --workdir=runs/confirm/kept"
    assert of_summaries.endswith(last)
    published = {path.name for path in (tree / "configs" / "results").iterdir()}
    assert published == {"confirm_scores.png", "confirm.jsonl"} and (tree / "docs" / "report_confirm.md").is_file()
    result, calls = reproduce(tree, KEPT="1", **chosen)
    assert result.returncode == 0 and len(calls) == 1 and calls[0].endswith(last)
    # and writes the page anew, where that is said, while the summaries stay as they are
    page, kept = tree / "docs" / "report_confirm.md", tree / "configs" / "results" / "confirm.jsonl"
    page.unlink()
    before = kept.read_bytes()
    assert reproduce(tree, KEPT="1", **chosen)[0].returncode == 0 and not page.exists()
    assert reproduce(tree, KEPT="1", PUBLISH="1", **chosen)[0].returncode == 0
    assert "](../configs/results/confirm_scores.png)" in page.read_text() and kept.read_bytes() == before
    # seeds of another machine stand beside the runs of this one
    result, calls = reproduce(tree, BESIDE="configs/results/confirm.jsonl", **chosen)
    assert result.returncode == 0 and len(calls) == 1
    assert "ratio_one_seed100,configs/results/confirm.jsonl --contrasts" in calls[0]
    assert "configs/results" not in of_runs  # where no one said so
    result, calls = reproduce(tree, BESIDE="gone.jsonl", **chosen)
    assert result.returncode == 64 and calls == []
    assert result.stderr == "error: BESIDE: 'gone.jsonl' is not a file of summaries, .jsonl\n"
    kept = dict(BESIDE="configs/results/confirm.jsonl", **chosen)
    for more, said in ((dict(KEPT="1"), "KEPT=1 reports on"), (dict(PUBLISH="1"), "PUBLISH=1 writes")):
        result, calls = reproduce(tree, **kept, **more)
        assert result.returncode == 64 and calls == [] and said in result.stderr
    result, calls = reproduce(tree, STUDY="other")
    assert result.returncode == 64 and calls == []
    assert result.stderr == "error: STUDY: 'other' is not one of study, confirm, smollm2_worked\n"
