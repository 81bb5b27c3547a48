"""Inputs that came from real responses and bug reports, where their file lies beside the checkout."""

import json
from pathlib import Path

import pytest
import test_data
import test_tokenizers

from kpo_jax.verifier import verify

WILD = Path(__file__).parents[2] / "shared" / "cases" / "wild_inputs.jsonl"
ROWS = [json.loads(line) for line in WILD.read_text(encoding="utf-8").splitlines()] if WILD.exists() else []


@pytest.mark.skipif(not ROWS, reason=f"{WILD} is not here")
def test_the_grader_gives_the_expected_verdicts():
    graded = [row for row in ROWS if row["room"] == "verifier"]
    found = {row["id"]: verify(row["input"]["response"], row["input"]["reference"]).correct for row in graded}
    assert graded and found == {row["id"]: row["expected"] for row in graded}


# where the inputs that are no answers are made and read, by their ids
TESTS = {
    "d01": test_data.test_a_corrupt_parquet_file_is_one_clear_line,
    "d02": test_data.test_answers_contradict_each_other_only_if_they_differ_as_mathematics,
    "d03": test_data.test_a_dry_run_says_what_training_would_say_of_its_data,
    "d05": test_data.test_the_system_text_is_never_taken_for_the_question,
    "d07": test_data.test_a_dry_run_says_what_training_would_say_of_its_data,
    "t01": test_tokenizers.test_hf_end_tokens_are_those_of_all_files_and_of_the_chat_template,
    "t03": test_tokenizers.test_hf_what_a_text_spells_is_no_special_token,
}


@pytest.mark.skipif(not ROWS, reason=f"{WILD} is not here")
def test_every_input_of_data_and_tokenizers_has_a_test_of_its_own():
    assert {row["id"] for row in ROWS if row["room"] in ("data", "tokenizers")} == set(TESTS)
