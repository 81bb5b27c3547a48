"""The README and the pages of docs: every link leads somewhere, every path exists, and the glossary is one."""

import re
import subprocess
import sys
from pathlib import Path

import glossary
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.filters import apply_filter
from kpo_jax.records import Batch

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUFFIXES = "py|sh|sbatch|md|html|png|txt|lock|toml|yaml|j2"
# a path with a folder: one of ours, or a file of a known kind
PATH = re.compile(
    rf"(?<![\w./-])((?:kpo_jax|configs|launch|tests|docs)/[\w./*-]*[\w*]|[\w.-]+(?:/[\w.*-]+)*/[\w*-]+\.(?:{SUFFIXES})\b)"
)
OTHERS = ("my/", "runs/", "trace/", "evals/", "WORKDIR/")  # a user's files


def anchors(text: str) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(page: Path, text: str) -> list[str]:
    """Targets of the links of `text`, which stands at `page`, that are not there."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, fragment = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (fragment and fragment not in anchors(file.read_text())):
            dead.append(target)
    return dead


def missing_paths(text: str) -> list[str]:
    """Paths of the repository that `text` names, from its root or from kpo_jax, and that are not there."""
    named = {path.removesuffix(".") for path in PATH.findall(text) if not path.startswith(OTHERS)}
    return sorted(path for path in named if not any(any(base.glob(path)) for base in (ROOT, ROOT / "kpo_jax")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_of_a_page(page):
    text = page.read_text()
    assert dead_links(page, text) == []
    assert missing_paths(re.sub(r"\]\([^)\s]+\)", "]", text)) == []


def test_a_dead_link_and_a_missing_path_are_found():
    good = "[a](docs/index.md), [b](docs/metrics.md#filter), `kpo_jax/masked.py`, launch/test.sh, configs/tiny.py:grpo."
    assert dead_links(PAGES[0], good) == [] and missing_paths(good) == []
    bad = "[a](docs/no.md), [b](docs/metrics.md#no-such-title), `kpo_jax/no.py`, launch/no.sh, tasks/no.py, docs/no*"
    assert dead_links(PAGES[0], bad) == ["docs/no.md", "docs/metrics.md#no-such-title"]
    assert missing_paths(bad) == ["docs/no*", "docs/no.md", "kpo_jax/no.py", "launch/no.sh", "tasks/no.py"]


def test_the_grader_is_used_without_jax_and_numpy():
    block = blocks_of("extending.md")[-1]
    check = "import sys; assert not {'jax', 'numpy', 'kpo_jax.filters'} & set(sys.modules), sorted(sys.modules)"
    command = [sys.executable, "-c", f"{block}\n{check}"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.startswith("Verdict(")
    control = subprocess.run([*command[:2], f"import numpy\n{block}\n{check}"], cwd=ROOT, capture_output=True)
    assert control.returncode != 0


def test_the_table_of_contents_has_every_page():
    index = (ROOT / "docs" / "index.md").read_text()
    assert [page.name for page in PAGES[1:] if page.name != "index.md" and f"]({page.name})" not in index] == []


def test_the_readme_is_one_sitting():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 132
    assert [line.split("#")[0].strip() for line in lines if line.startswith("    bash launch/")] == [
        "bash launch/quickstart.sh",
        "bash launch/test.sh",
    ]


def test_the_glossary_tells_what_it_does_not_know():
    known = glossary.entries(
        "| key | unit | in | written | meaning |\n|---|---|---|---|---|\n"
        "| `a/SET/avg@K` | share | metrics | always | x |\n| `b/x_P` | 1 | metrics, timing | critic | y |\n"
    )
    assert glossary.differences(known, {"metrics": {"a/held_out/avg@16"}, "timing": set()}, {"always"}) == []
    assert (
        glossary.differences(known, {"metrics": {"a/s/avg@8", "b/x_7"}, "timing": {"b/x_0"}}, {"always", "critic"})
        == []
    )
    # a key without an entry, one of another kind of run, one that no P stands for, and an entry that was not written
    assert glossary.differences(known, {"metrics": {"a/s/avg@8", "c", "b/x_7"}}, {"always"}) == [
        "metrics: b/x_7 is not in docs/metrics.md",
        "metrics: c is not in docs/metrics.md",
    ]
    assert glossary.differences(known, {"metrics": {"a/s/avg@8", "b/x_9"}}, {"always", "critic"}) == [
        "metrics: b/x_9 is not in docs/metrics.md",
        "metrics: b/x_P of docs/metrics.md was not written",
    ]


def test_every_entry_of_the_glossary_is_of_a_known_kind():
    known = glossary.entries(glossary.PAGE.read_text())
    # the runs of test_trainer, test_resume_methods and test_off_policy hold all but that of an accelerator
    kinds = {"always", "threshold", "noise model", "clip band", "evaluation", "critic", "dynamic sampling", "reference"}
    kinds |= {"staleness", "entropy bonus", "KL in the reward", "known accelerator"}
    assert {entry.written for entry in known} == kinds and len({entry.key for entry in known}) == len(known) > 80
    assert {entry.key for entry in known if entry.written == "known accelerator"} == {
        f"speed/{phase}_mfu" for phase in ("rollout", "score", "update")
    }


def blocks_of(page: str) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)


def blocks(page: str) -> dict:
    """The names that the Python blocks of a page define, run one after the other."""
    names: dict = {"__name__": "page"}
    for block in blocks_of(page):
        exec(block, names)
    return names


def test_the_examples_of_extending_do_what_they_say(capsys):
    names = blocks("extending.md")
    said = capsys.readouterr().out
    assert names["tokens"].filtered_log_ratio[0, 0] > 0 and str(names["loss"]) in said
    assert "Verdict(correct=True, extracted='\\\\frac{1}{2}'" in said
    log_ratio = np.array([[5.0, 1.0, 3.0, 2.0, 99.0], [4.0, -2.0, 7.0, 1.0, 0.0]], np.float32)
    mask = np.array([[True, True, True, True, False], [True] * 5])
    found = apply_filter(
        names["WindowedMedian"](window=3), jnp.asarray(log_ratio), jnp.asarray(mask), "straight_through"
    )
    np.testing.assert_array_equal(found.log_ratio, [[5, 3, 3, 2, 0], [4, 1, 4, 1, 1]])
    np.testing.assert_array_equal(found.innovation, [[5, -4, 0, -1, 0], [4, -6, 6, -3, -1]])
    with pytest.raises(ValueError, match="window: "):
        names["WindowedMedian"](window=0)

    batch = Batch(
        packed=None, advantage=jnp.array([1.0, -1.0]), response_mask=jnp.asarray(mask), old_log_prob=None,
        sampler_log_prob=None, num_tokens=jnp.int32(9), num_sequences=jnp.int32(2),
    )  # fmt: skip
    out = names["Capped"](cap=2.0, aggregation="token-mean")(
        jnp.log(jnp.where(mask, 3.0, 1.0)) * (log_ratio > 2), batch
    )
    np.testing.assert_array_equal(out.clipped, (log_ratio > 2) & mask)
    # row 0: ratios 3, 1, 3, 1 capped at 2, A = 1; row 1: 3, 1, 3, 1, 1, A = -1; nine tokens
    assert float(out.loss) == pytest.approx((-(2 + 1 + 2 + 1) + (2 + 1 + 2 + 1 + 1)) / 9)

    advantage = names["AboveMedian"](scale=2.0)(jnp.array([0.0, 1.0, 5.0, 1.0, 1.0, 1.0]), 3)
    np.testing.assert_array_equal(advantage, [-2, 0, 8, 0, 0, 0])
