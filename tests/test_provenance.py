"""Where a run's numbers come from: the commit of a real checkout and of none, secrets masked, and the report's head."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from report_runs import write_run

from kpo_jax.recording import provenance
from kpo_jax.report import report


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def package(tmp_path):
    """A package in a checkout of its own, with one commit."""
    folder = tmp_path / "checkout" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("x = 1\n")
    git(folder, "init", "-q", "..")
    git(folder, "add", "__init__.py")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_the_commit_and_whether_the_tree_was_changed(package):
    commit = git(package, "rev-parse", "HEAD")
    assert len(commit) == 40
    assert provenance.checkout(package) == (commit, False)
    (package.parent / "notes.txt").write_text("a file that git does not know\n")
    assert provenance.checkout(package) == (commit, False)
    (package / "__init__.py").write_text("x = 2\n")
    assert provenance.checkout(package) == (commit, True)


def test_what_is_installed_inside_of_another_checkout_has_no_commit(package, tmp_path):
    installed = package.parent / ".venv" / "kpo_jax"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert provenance.checkout(installed) == (None, None)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "__init__.py").write_text("")
    assert provenance.checkout(outside) == (None, None)


def test_an_entry_says_what_it_promises_and_no_secret(monkeypatch, tmp_path):
    words = ["bin/python", "-m", "kpo_jax.main", "--config=tiny", "--api_key", "abc123", "--config.seed=1"]
    monkeypatch.setattr(sys, "orig_argv", words)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    monkeypatch.setenv("HF_TOKEN", "secret")
    entry = provenance.collect(step=10)
    assert entry.keys() == provenance.KEYS and entry["step"] == 10
    assert entry["command"] == [
        "python",
        "-m",
        "kpo_jax.main",
        "--config=tiny",
        "--api_key",
        "MASKED",
        "--config.seed=1",
    ]
    assert entry["environment"]["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false" and "secret" not in json.dumps(entry)
    assert entry["versions"]["jax"] == jax.__version__ and entry["versions"]["optax"]
    assert sum(entry["machine"]["devices"].values()) == jax.device_count()
    assert entry["machine"]["cpu"] and entry["machine"]["cores"] >= 1
    assert provenance.versions(["no-such-package"]) == {"no-such-package": None}

    provenance.append(str(tmp_path), entry)
    provenance.append(str(tmp_path), entry | {"step": 20})
    with (tmp_path / provenance.NAME).open("a") as file:
        file.write('{"step": 30}\n[]\n{"date": "20')
    assert [found["step"] for found in provenance.read(str(tmp_path))] == [10, 20]
    provenance.append(str(tmp_path), entry | {"step": 40})  # in a line of its own
    assert [found["step"] for found in provenance.read(str(tmp_path))] == [10, 20, 40]
    assert provenance.read(str(tmp_path / "older")) == []


def test_the_head_of_a_report_says_where_its_runs_come_from(tmp_path):
    entry = provenance.collect(step=0) | {"command": ["python", "-m", "kpo_jax.main", "--a=b c"]}
    grades = np.ones((4, 2), bool)
    made = [write_run(tmp_path / f"run_{seed}", "grpo", seed, grades, grades) for seed in (0, 1)]
    for path, date, commit in zip(
        made, ("2026-01-02 10:00:00", "2026-01-03 10:00:00"), ("a" * 40, "b" * 40), strict=True
    ):
        provenance.append(str(path), entry | {"date": date, "commit": commit, "changed": commit[0] == "b"})
    report.write([str(made[0])], str(tmp_path / "one"))
    text, page = ((tmp_path / "one" / name).read_text() for name in ("report.md", "report.html"))
    for said in ("2026-01-02 10:00:00", "aaaaaaaaaaaa", f"jax {jax.__version__}", entry["machine"]["cpu"], "'--a=b c'"):
        assert said in text and (said in page or "'" in said), said
    assert text.index("Machine.") < text.index("## Learning curves") and "changed since" not in text
    report.write([str(path) for path in made], str(tmp_path / "both"))
    text = (tmp_path / "both" / "report.md").read_text()
    assert "2026-01-02 10:00:00 to 2026-01-03 10:00:00" in text and "bbbbbbbbbbbb, changed since" in text
    assert "kpo_jax.main" not in text  # the commands of many runs differ
    for path in made:  # the control: runs of earlier versions say nothing of it
        (path / provenance.NAME).unlink()
    report.write([str(made[0])], str(tmp_path / "older"))
    assert "Machine." not in (tmp_path / "older" / "report.md").read_text()
