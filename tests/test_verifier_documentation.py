"""The examples of docs/verifier.md hold."""

import re
from pathlib import Path

import pytest

from kpo_jax.verifier import is_equivalent, verify

PAGE = (Path(__file__).parents[1] / "docs" / "verifier.md").read_text()
EXAMPLE = re.compile(r"`([^`]+?) ~~ ([^`]+?)`")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def examples(title: str) -> list[tuple[str, str, bool]]:
    """(answer, reference, right) of a table with the columns of what is right and what is wrong."""
    rows = [line.strip("|").split(" | ") for line in section(title).splitlines() if line.startswith("|")]
    return [
        (answer, reference, column == 1)
        for row in rows
        for column in (1, 2)
        for answer, reference in EXAMPLE.findall(row[column] if len(row) == 3 else "")
    ]


@pytest.mark.parametrize(("answer", "reference", "right"), examples("What is equal"))
def test_examples_of_equality(answer, reference, right):
    assert is_equivalent(answer, reference) == is_equivalent(reference, answer) == right
    assert verify(f"\\boxed{{{answer}}}", reference).correct == right


@pytest.mark.parametrize(("answer", "reference", "right"), examples("What is evaluated"))
def test_examples_of_what_is_evaluated(answer, reference, right):
    assert verify(f"\\boxed{{{answer}}}", reference).correct == right
    assert is_equivalent(answer, reference)


def test_every_convention_has_an_example_of_either_verdict():
    for title in ("What is equal", "What is evaluated"):
        rows = [line for line in section(title).splitlines() if line.startswith("| ")][1:]
        assert len(rows) >= 5
        for row in rows:
            assert all(EXAMPLE.search(cell) for cell in row.strip("|").split(" | ")[1:]), row
