"""Inputs that came from real responses and bug reports, where their file lies beside the checkout."""

import json
from pathlib import Path

import pytest

from kpo_jax.verifier import verify

WILD = Path(__file__).parents[2] / "shared" / "cases" / "wild_inputs.jsonl"
ROWS = [json.loads(line) for line in WILD.read_text(encoding="utf-8").splitlines()] if WILD.exists() else []


@pytest.mark.skipif(not ROWS, reason=f"{WILD} is not here")
def test_the_grader_gives_the_expected_verdicts():
    graded = [row for row in ROWS if row["room"] == "verifier"]
    found = {row["id"]: verify(row["input"]["response"], row["input"]["reference"]).correct for row in graded}
    assert graded and found == {row["id"]: row["expected"] for row in graded}
