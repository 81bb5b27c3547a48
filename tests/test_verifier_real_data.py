"""Real problem sets, where they lie beside the checkout."""

import itertools
import json
import random
from pathlib import Path

import pytest
from verifier_cases import COINCIDENCES

from kpo_jax.verifier import is_equivalent, verify

DATA = Path(__file__).parents[2] / "shared" / "data"


def rows(name: str) -> list[dict]:
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return [json.loads(line) for line in path.open()]


def test_math500_solutions_verify_against_their_answers():
    wrong = [row["answer"] for row in rows("math500") if not verify(row["solution"], row["answer"]).correct]
    assert not wrong


def test_math500_solutions_verify_against_no_other_answer():
    """Every solution against different answers of the set; the coincidences are listed."""
    problems = rows("math500")
    answers = sorted({row["answer"] for row in problems})
    equal = [{a, b} for a, b in itertools.combinations(answers, 2) if is_equivalent(a, b)]
    assert sorted(map(sorted, equal)) == sorted(map(sorted, COINCIDENCES))
    rng = random.Random(0)
    for row in problems:
        for other in rng.sample(answers, 5):
            expected = other == row["answer"] or {other, row["answer"]} in COINCIDENCES
            assert verify(row["solution"], other).correct == expected, (row["answer"], other)


@pytest.mark.parametrize("name", ["math500", "dapo_math_17k", "aime24", "aime25", "gsm8k_test", "gsm8k_train"])
def test_answers_verify_against_themselves_in_both_forms(name):
    for row in rows(name):
        answer = row["answer"]
        for form in ("So it is \\boxed{%s}.", "So it is\n\nAnswer: %s", "**Answer:** $%s$"):
            assert verify(form % answer, answer).correct, answer


@pytest.mark.parametrize("name", ["dapo_math_17k", "aime24", "aime25", "gsm8k_test"])
def test_neighbours_of_integer_answers_are_wrong(name):
    """Negative control: one more, the other sign, a digit dropped, doubled or swapped."""
    for row in rows(name):
        answer = row["answer"].replace(",", "")
        if not answer.lstrip("-").isdigit():
            continue
        near = {
            str(int(answer) + 1),
            str(-int(answer)),
            answer + answer[-1],
            answer[:-1] or "0",
            answer[::-1],
            answer + ".5",
        }
        for other in near:
            same = other.lstrip("-").isdigit() and "-" not in other[1:] and int(other or 0) == int(answer)
            if other.strip("-"):
                assert verify(f"\\boxed{{{other}}}", row["answer"]).correct == same, (other, answer)
