"""The pages of docs/ as a site, where mkdocs is installed: it is built without a warning, and a dead link is one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(checkout: Path, site: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", f"--site-dir={site}"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=300)


def test_every_page_has_its_place_in_the_site():
    named = re.findall(r"[\w]+\.md", (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2])
    assert sorted(named) == sorted(["readme.md", *(page.name for page in (ROOT / "docs").glob("*.md"))])


def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (launch/requirements-docs.txt)")
    site = tmp_path / "site"
    done = build(ROOT, site)
    assert done.returncode == 0, done.stderr
    report = (site / "report" / "index.html").read_text()
    pictures = re.findall(r'<img[^>]* src="([^"]+)"', report)
    assert len(pictures) == 6 and all((site / "report" / picture).is_file() for picture in pictures)
    assert '<a href="readme/">README</a>' in (site / "index.html").read_text()
    assert 'href="../operations/"' in (site / "readme" / "index.html").read_text()
    assert '<span class="filename">my/rewards.py</span>' in (site / "own_tasks" / "index.html").read_text()

    checkout = tmp_path / "checkout"  # the control: one dead link, to a page, a heading, or a file beside docs
    for name in ("docs", "configs/results", "launch"):
        shutil.copytree(ROOT / name, checkout / name)
    for name in ("README.md", "mkdocs.yml"):
        shutil.copy(ROOT / name, checkout / name)
    text = (checkout / "docs" / "index.md").read_text()
    for target in ("no.md", "metrics.md#no-such-title", "../configs/results/no.png"):
        (checkout / "docs" / "index.md").write_text(f"{text}\n[a link]({target})\n")
        done = build(checkout, tmp_path / "other")
        assert done.returncode == 1 and "'index.md' contains a link" in done.stderr, done.stderr
