"""Side by side with math-verify, on the hand-written cases and on real data; docs/verifier.md shows the output.

Run by hand:

    pip install math-verify==0.9.0 antlr4-python3-runtime==4.13.2        (in an environment of its own)
    PYTHONPATH=. python tests/compare_math_verify.py [directory with math500.jsonl, dapo_math_17k.jsonl, ...]

Prints, for each grader, false positives, false negatives and cases per second on one core, in one process. Without
math-verify it says so.
"""

import difflib
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

from verifier_cases import COINCIDENCES, cases
from verifier_evaluated import EVALUATED, UNEVALUATED, pairs

from kpo_jax.verifier import verify

EQUALITY = "cases of equality"
REAL = 500  # rows taken of each of the larger data sets


def nearest_answers(answers: list[str], count: int) -> list[tuple[str, str, bool]]:
    """(other answer, answer, whether they coincide) for the `count` most similar others of every distinct answer."""
    distinct = sorted(set(answers))
    found = []
    for answer in distinct:
        others = [other for other in distinct if other != answer]
        close = difflib.get_close_matches(answer, others, n=count, cutoff=0.0)
        found += [(other, answer, {other, answer} in COINCIDENCES) for other in close]
    return found


def load_cases() -> list[tuple[str, str, str, bool]]:
    """(source, response, reference, correct)"""
    found = [(EQUALITY, f"So \\boxed{{{case.answer}}}", case.reference, case.equal) for case in cases()]
    for lines, correct in ((EVALUATED, True), (UNEVALUATED, False)):
        found += [
            ("evaluated or not", f"So \\boxed{{{answer}}}", reference, correct) for answer, reference in pairs(lines)
        ]
    return found


def load_real(directory: Path) -> list[tuple[str, str, str, bool]]:
    found = []

    def rows(name: str) -> list[dict]:
        path = directory / f"{name}.jsonl"
        return [json.loads(line) for line in path.open()] if path.exists() else []

    math500 = rows("math500")
    found += [("math500 solutions", row["solution"], row["answer"], True) for row in math500]
    for wrong, answer, same in nearest_answers([row["answer"] for row in math500], 5):
        found.append(("math500 nearest other answers", f"So \\boxed{{{wrong}}}", answer, same))
    for name in ("dapo_math_17k", "aime24", "aime25", "gsm8k_test", "gsm8k_train"):
        some = rows(name)
        for row in random.Random(0).sample(some, min(REAL, len(some))):
            found.append((name, f"Hence \\boxed{{{row['answer']}}}.", row["answer"], True))
    return found


def ours(source: str, response: str, reference: str) -> bool:
    return verify(response, reference, evaluated=source != EQUALITY).correct


def theirs(source: str, response: str, reference: str) -> bool:
    import math_verify

    gold = math_verify.parse(f"\\boxed{{{reference}}}")
    return bool(math_verify.verify(gold, math_verify.parse(response)))


def main() -> None:
    graders = {"kpo_jax": ours}
    try:
        import math_verify  # noqa: F401

        graders["math-verify"] = theirs
    except ImportError:
        print("math-verify is not installed; grading with kpo_jax alone")
    rows = load_cases() + (load_real(Path(sys.argv[1])) if len(sys.argv) > 1 else [])
    total = Counter(source for source, *_ in rows)
    print(f"{len(rows)} cases\n{'grader':12} {'source':32} {'cases':>6} {'false +':>8} {'false -':>8} {'cases/s':>9}")
    for name, grade in graders.items():
        wrong, seconds = Counter(), Counter()
        for source, response, reference, correct in rows:
            start = time.perf_counter()
            try:
                got = grade(source, response, reference)
            except Exception:
                got = False
            seconds[source] += time.perf_counter() - start
            if got != correct:
                wrong[source, "+" if got else "-"] += 1
        for source, count in [*total.items(), ("all", len(rows))]:
            parts = list(total) if source == "all" else [source]
            plus, minus = (sum(wrong[part, sign] for part in parts) for sign in "+-")
            rate = count / sum(seconds[part] for part in parts)
            print(f"{name:12} {source:32} {count:6} {plus:8} {minus:8} {rate:9.0f}", flush=True)


if __name__ == "__main__":
    main()
