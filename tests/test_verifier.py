"""The verdicts of the verifier on the hand-written cases, and how it finds the final answer."""

import ast
import subprocess
import sys
import threading
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from verifier_cases import COINCIDENCES, Case, cases

from kpo_jax.verifier import Verdict, extract_answer, gradable, is_equivalent, verify
from kpo_jax.verifier.decide import same_notation

ROOT = Path(__file__).parents[1]
CASES = cases()
KINDS = sorted({case.kind for case in CASES})
FORMS = ("Thinking is hard.</think> So the answer is \\boxed{%s}.", "Some steps of work here.\n\nAnswer: %s")


def verdicts(case: Case) -> list[Verdict]:
    pairs = ((case.answer, case.reference), (case.reference, case.answer))
    return [verify(form % answer, reference, evaluated=False) for form in FORMS for answer, reference in pairs]


def test_the_cases_are_many_and_of_both_verdicts():
    assert len(CASES) >= 800
    assert len({(case.answer, case.reference) for case in CASES}) >= 800
    for kind in set(KINDS) - {"candidates"}:  # several candidates are never right
        assert {case.equal for case in CASES if case.kind == kind} == {True, False}, kind


@pytest.mark.parametrize("kind", KINDS)
def test_cases(kind):
    wrong = [
        f"{case.answer}  ~~  {case.reference}: expected {case.equal} ({case.why}), found {verdict}"
        for case in CASES
        if case.kind == kind
        for verdict in verdicts(case)
        if verdict.correct != case.equal
    ]
    assert not wrong, "\n".join(wrong)


def test_a_worker_thread_gives_identical_verdicts():
    found: list[list[Verdict]] = []
    thread = threading.Thread(target=lambda: found.extend(verdicts(case) for case in CASES))
    thread.start()
    thread.join()
    assert found == [verdicts(case) for case in CASES]


def test_the_cases_tell_a_weak_grader_apart():
    """Negative control: graders with the usual shortcuts fail on this set, so passing it means something."""

    def as_float(text: str) -> float:
        try:
            return float(Fraction(text.replace(",", "").replace("$", "")))
        except (ValueError, ZeroDivisionError):
            return float("nan")

    weak = {
        "same string": lambda a, b: a.strip() == b.strip(),
        "same digits": lambda a, b: [c for c in a if c.isalnum()] == [c for c in b if c.isalnum()],
        "close floats": lambda a, b: a == b or abs(as_float(a) - as_float(b)) < 1e-6,
        "contains": lambda a, b: a in b or b in a,
        "always right": lambda a, b: True,
    }
    for name, grade in weak.items():
        errors = Counter(case.equal for case in CASES if grade(case.answer, case.reference) != case.equal)
        assert sum(errors.values()) > 100, (name, errors)


def test_is_equivalent_is_symmetric_and_reflexive():
    for case in CASES:
        assert is_equivalent(case.answer, case.reference) == is_equivalent(case.reference, case.answer) == case.equal
        assert is_equivalent(case.answer, case.answer)


def test_what_the_strict_match_accepts_is_right():
    """The strict match is never more lenient; it accepts some texts that differ, and misses many right ones."""
    accepted = [case for case in CASES if same_notation(case.answer, case.reference)]
    assert all(case.equal and verify(f"\\boxed{{{case.answer}}}", case.reference).correct for case in accepted)
    assert sum(case.answer != case.reference for case in accepted) > 80
    assert sum(case.equal for case in CASES) > 2 * len(accepted)


# ---- references


@pytest.mark.parametrize(
    "reference",
    [
        "5", "-2.5", "1,234", "\\frac{1}{2}", "2\\sqrt3", "x^2+1", "(1,2)", "\\{1,2\\}", "x=5", "x>2", "[0,\\infty)",
        "\\infty",
        "-\\infty", "1\\pm\\sqrt2", "52_8", "(C)", "Evelyn", "no solution", "June 23", "6:40 p.m.", "3:4",
        "5\\text{ cm}", "50\\%",
        "90^\\circ", "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\mathbb{R}\\setminus\\{0\\}", "\\emptyset",
        "a_{n+1}=2a_n",
        "\\text{(B) } 12", "1,2,\\dots,n", "\\binom{n}{k}", "\\text{the first and the third of the five brothers}",
    ],
)  # fmt: skip
def test_references_that_can_be_read(reference):
    assert gradable(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "", " ", "$$", "nan", "NaN", "-nan", "inf", "-inf", "Infinity", "-Infinity", "\\text{NaN}", "\\frac{1}{0}",
        "\\frac{0}{0}",
        "\\sum_{k=1}^n k", "\\int_0^1 f", "5 6", "(1,2", "9^{9^{9^9}}", "\\begin{cases}1\\\\2\\end{cases}", "?",
        "\\sqrt",
    ],
)  # fmt: skip
def test_references_that_cannot_be_read(reference):
    assert not gradable(reference)


@pytest.mark.parametrize("text", ["nan", "NaN", "Infinity", "-Infinity", "inf", "$NaN$", "\\text{NaN}"])
def test_what_a_program_prints_for_no_number_is_no_answer(text):
    for other in (text, text.lower(), "0", "\\infty", "\\text{none}"):
        assert not is_equivalent(text, other)
        assert not is_equivalent(other, text)
        assert not same_notation(text, other)
        assert not verify(f"\\boxed{{{other}}}", text).correct
    assert is_equivalent("\\infty", "∞")  # the control: infinity itself is an answer
    assert is_equivalent("\\text{none}", "no solution")


def test_references_contradict_only_if_they_differ_as_mathematics():
    for one, two in (("1/2", "\\frac{1}{2}"), ("9", "9.0"), ("0.5", "\\frac12"), ("1,000", "1000"), ("x=5", "5")):
        assert is_equivalent(one, two)
    for one, two in (("1/2", "1/3"), ("9", "9.1"), ("1,000", "100"), ("x=5", "6")):
        assert not is_equivalent(one, two)


# ---- the final answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{7}", "7"),
        ("\\boxed {7}", "7"),
        ("\\boxed 7", "7"),
        ("\\boxed7", "7"),
        ("\\boxed -7", "-7"),
        ("\\boxed x", "x"),
        ("\\fbox{7}", "7"),
        ("\\framebox{7}", "7"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{\\left\\{1,2\\right\\}}", "\\left\\{1,2\\right\\}"),
        ("\\boxed{\\{1}", "\\{1"),
        ("\\boxed{a\\\\{b}}", "a\\\\{b}"),
        ("\\boxed{5} and then \\boxed{6}", "6"),
        ("\\boxed{\\boxed{5}}", "\\boxed{5}"),
        ("\\boxed{5} but \\boxed{6", "5"),
        ("\\boxed{6 \\boxed{5}", "5"),
        ("{ { \\boxed{5}", "5"),
        ("} } \\boxed{5}", "5"),
        ("$$\\boxed{\n5\n}$$", "\n5\n"),
        ("\\boxed{}", ""),
        ("Answer: 7", "7"),
        ("answer: 7", "7"),
        ("ANSWER : 7", "7"),
        ("**Answer:** 7", "7"),
        ("**Answer: 7**", "7"),
        ("### Answer: $\\frac{1}{2}$", "$\\frac{1}{2}$"),
        ("Final Answer: 7", "7"),
        ("The final answer is: 7", "7"),
        ("> Answer: 7", "7"),
        ("Answer: 5\nAnswer: 6", "6"),
        ("Answer: 5\nAnswer:", "5"),
        ("Answer: 5\nIt is done.", "5"),
        ("Answer: 5\r\nIt is done.", "5"),
        ("Answer: $\\boxed{7}$", "7"),
        ("Answer: 5\n so \\boxed{6}", "6"),
        ("\\boxed{5}\nAnswer: 6", "6"),
        ("<think>\\boxed{5}</think>\\boxed{6}", "6"),
        ("<think>Answer: 5</think>\nAnswer: 6", "6"),
        ("\\boxed{5}</think>\nAnswer: 6", "6"),
        ("<thinking>\\boxed{5}</thinking>\\boxed{6}", "6"),
        ("<think>a</think>b<think>c</think>\\boxed{6}", "6"),
        ("\\boxed{6}<think>was that right?", "6"),
        # markdown around the marker
        ("✅ Final Answer: **58**", "58"),
        ("**Final Answer:** 58", "58"),
        ("**Final Answer**: $58$", "$58$"),
        ("### ✅ **Answer:** `58`", "58"),
        ("👉 __Final answer:__ 58", "58"),
        ("- **The final answer is:** 58", "58"),
        ("**Answer：** 58", "58"),
        ("3. **Answer:** 58", "58"),
        ("**Final Answer: ✅ 58**", "58"),
        ("Answer: 58 ✅", "58"),
        ("<b>Answer:</b> 58", "58"),
        ("<strong>Final Answer: 58</strong>", "58"),
        ("\\textbf{Answer:} 58", "58"),
        ("\\textbf{Final Answer: } $58$", "$58$"),
        ("\\textbf{Answer: 58}", "58"),
        ("Answer: \\textbf{58}", "\\textbf{58}"),
        ("🎯 Final Answer: 58", "58"),
        ("***Answer:*** 58", "58"),
        ("## ✅ Final Answer\n\n58", "58"),
        # the line after the marker
        ("Answer:\n\\[\n58\n\\]", "58"),
        ("Answer:\n```\n58\n```", "58"),
        ("Answer:\n\nThe final answer is 58.", "58."),
        ("Answer:\n59\n\n58", "59"),
        ("Answer:\n58", "58"),
        ("Answer:   \n7", "7"),
        ("**Answer:**\n\n58", "58"),
        ("## Final Answer:\n\n$$\n58\n$$", "58"),
        ("### Final Answer\n58", "58"),
        ("**Final Answer**\n\n$\\frac{1}{2}$\n", "$\\frac{1}{2}$"),
        ("Answer:\nAnswer: 8", "8"),
        ("Answer: 5\n\nAnswer:\n\n6", "6"),
        ("Answer:\n\\boxed{7}", "7"),
        # a sentence around the answer
        ("Final answer: The final answer is 61.3. I hope it is correct.", "61.3"),
        ("Final Answer: The final answer is $\\frac{1}{2}$. I hope it is correct.", "$\\frac{1}{2}$"),
        ("Answer: The correct answer is: **58**", "58"),
        ("\\boxed{84.01} m.\nFinal answer: The final answer is 84.01. I hope it is correct.", "84.01"),
        # what cannot be read does not outrank what can
        ("\\boxed{84}\nAnswer: as computed above, so we are done (see step 3).", "84"),
        ("Answer: 84\nso \\boxed{\\sum \\text{as above}}", "84"),
        ("\\boxed{84}, that is \\boxed{}", "84"),
        ("\\boxed{84}\nAnswer: see above.", "84"),
        ("\\boxed{84}\nFinal Answer: shown in the box", "84"),
        ("\\boxed{84}\nAnswer: ???", "84"),
        ("\\boxed{84}\nAnswer: Monday", "Monday"),
        ("\\boxed{84}\nAnswer: 13", "13"),
        ("\\boxed{84}\nFinal Answer: The final answer is therefore **85**.", "85"),
        ("\\boxed{84} is what I would have said, \\boxed{85} is right.", "85"),
        ("Answer: 84\nAnswer: the number of the house in which he lives, see above", "84"),
        ("\\boxed{\\sum_a} and \\boxed{\\sum_b}", "\\sum_b"),
    ],
)
def test_extract_answer(text, answer):
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "The answer is 7.",
        "so we get 7 = x, the answer",
        "\\boxed{7",
        "\\boxed{\\frac{1}{2}",
        "\\boxed",
        "\\boxed\n",
        "\\boxed{7\\}",
        "\\boxedsize{7}",
        "boxed{7}",
        "my answer: 7",
        "No Answer: 7",
        "Answer 7",
        "Answer:",
        "Answer:   \n\n",
        "Answer:\n\n\n\n\n\n7",
        "Answer\n7",
        "the Answers:\n7",
        "Answer := 7",
        "Answers: 7",
        "<think>\\boxed{7}</think>",
        "<think>\\boxed{7}</think> It is 7.",
        "<think>Answer: 7\n",
        "<think>first</think> then <think> \\boxed{7}",
        "#### 7",
        "$7$",
    ],
)
def test_no_answer(text):
    assert extract_answer(text) is None
    assert verify(text, "7") == Verdict(False, None, "no final answer")


def test_verdict_carries_the_answer_and_a_reason():
    assert verify("so \\boxed{\\frac{2}{4}}", "0.5") == Verdict(True, "\\frac{2}{4}", "equal")
    assert verify("so \\boxed{3}", "4") == Verdict(False, "3", "number")
    assert verify("so \\boxed{9^{9^{9^9}}}", "4").reason.startswith("too complex")
    assert verify("so \\boxed{5 \\sum}", "4").reason.startswith("not read as mathematics")
    assert verify("so \\boxed{5}", "") == Verdict(False, "5", "empty answer")


def test_an_unforeseen_exception_is_a_wrong_verdict_that_can_be_counted(monkeypatch):
    monkeypatch.setattr("kpo_jax.verifier.grade.decide", lambda a, b: 1 / 0)
    assert verify("\\boxed{5}", "5") == Verdict(False, "5", "error: ZeroDivisionError: division by zero")


# ---- the package


def test_imports_neither_jax_nor_a_computer_algebra_system():
    script = (
        "import sys, kpo_jax.verifier, kpo_jax.tasks.rewards\n"
        "heavy = {'jax', 'flax', 'sympy', 'mpmath', 'math_verify', 'torch'}\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_never_evaluates_text_as_code():
    """No call of eval, exec, compile, __import__ or a symbolic parser of strings anywhere in the package."""
    banned = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "loads_pickle"}
    for path in (ROOT / "kpo_jax" / "verifier").glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        assert not names & banned, path


def test_the_caps_come_before_pythons_recursion_limit():
    """Texts as deep as the caps allow, and deeper, in three quarters of the frames that Python grants.

    A RecursionError would surface here.
    """
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(750)
        for depth in (*range(10, 45), 300):
            for opening, closing in (
                ("(", ")"),
                ("{", "}"),
                ("x^{", "}"),
                ("\\sqrt{1+", "}"),
                ("\\frac{1}{1+", "}"),
                ("\\ln(", ")"),
                ("|", "|"),
            ):
                text = opening * depth + "x" + closing * depth
                assert not is_equivalent(text, text.replace("x", "(y+1)"))
    finally:
        sys.setrecursionlimit(limit)


def test_coincidences_are_coincidences():
    for pair in COINCIDENCES:
        assert is_equivalent(*pair)
