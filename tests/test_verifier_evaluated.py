"""What counts as evaluated where the reference is a plain number; what is equal stays equal for `is_equivalent`."""

import pytest
from verifier_cases import cases
from verifier_evaluated import EVALUATED, UNEVALUATED, pairs

from kpo_jax.verifier import is_equivalent, verify


@pytest.mark.parametrize(("answer", "reference"), pairs(UNEVALUATED))
def test_an_unevaluated_question_is_no_answer(answer, reference):
    for form in ("So \\boxed{%s}.", "Answer: %s"):
        verdict = verify(form % answer, reference)
        assert (verdict.correct, verdict.reason) == (False, "not evaluated")
        assert verify(form % answer, reference, evaluated=False).correct  # the control: nothing else is wrong with it
    assert is_equivalent(answer, reference)


@pytest.mark.parametrize(("answer", "reference"), pairs(EVALUATED))
def test_what_a_person_would_call_evaluated_is_right(answer, reference):
    assert verify(f"\\boxed{{{answer}}}", reference).correct


def test_a_wrong_answer_keeps_its_reason():
    assert verify("\\boxed{47 \\cdot 54}", "2491").reason == "not equal"
    assert verify("\\boxed{47 \\cdot 53}", "47 \\cdot 53").correct


def test_the_rule_only_ever_takes_away():
    """On the cases of equality: no wrong answer becomes right, and what becomes wrong has this one reason."""
    taken = 0
    for case in cases():
        strict = verify(f"\\boxed{{{case.answer}}}", case.reference)
        if strict.correct != case.equal:
            assert case.equal
            assert strict.reason == "not evaluated"
            taken += 1
    assert taken > 50
