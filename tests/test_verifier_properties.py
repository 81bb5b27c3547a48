"""Random expressions: rewritings stay equal, perturbations become wrong; mpmath at 80 digits is the oracle."""

import random

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verifier_trees import latex, numbers, perturbed, random_tree, rewritten, same

from kpo_jax.verifier import gradable, is_equivalent, numeric, verify
from kpo_jax.verifier.decide import same_notation
from kpo_jax.verifier.errors import TooComplex
from kpo_jax.verifier.field import Field

SEEDS = st.integers(0, 2**48)
SIGNS = r"\frac \sqrt { } ( ) [ ] \{ \} ^ _ + - / = < , | ! \pm \cup \infty \pi e i x 0 1 2 12 0.5 \sin"
MORE = r"\text{m} \text{for} \text{Yes} \dots \prime ' C c x_ th \mu \forall \in \mathbb{Z} 1,234 \binom \\[2mm]"
SYMBOLS = [*SIGNS.split(), *MORE.split()]
FEW = settings(max_examples=300, deadline=None)


@given(SEEDS, st.integers(1, 4), st.booleans())
@FEW
def test_rewritings_stay_equal(seed, depth, variables):
    rng = random.Random(seed)
    tree = random_tree(rng, depth, variables)
    other = rewritten(rng, rewritten(rng, tree))
    values = numbers(tree), numbers(other)
    if None not in values:  # undefined expressions equal nothing
        assert same(*values)  # the rewriting itself is right
        assert is_equivalent(latex(tree), latex(other))


@given(SEEDS, st.integers(1, 4), st.booleans())
@FEW
def test_perturbations_become_wrong(seed, depth, variables):
    rng = random.Random(seed)
    tree = random_tree(rng, depth, variables)
    other = perturbed(rng, tree)
    values = numbers(tree), numbers(other)
    if None not in values:
        assert is_equivalent(latex(tree), latex(other)) == same(*values)


@given(SEEDS, st.integers(1, 3), st.booleans())
@FEW
def test_nothing_unequal_is_ever_accepted(seed, depth, variables):
    """Also with absolute values, cube roots, logarithms and symbolic powers, for which equality may stay unproved."""
    rng = random.Random(seed)
    tree = random_tree(rng, depth, variables, exotic=True)
    for other in (perturbed(rng, tree), random_tree(rng, 2, variables, exotic=True), rewritten(rng, tree)):
        values = numbers(tree), numbers(other)
        if None not in values and is_equivalent(latex(tree), latex(other)):
            assert same(*values)


def test_the_oracle_tells_values_apart():
    """Negative control: most perturbations change the value, so the properties above judge both verdicts."""
    rng = random.Random(0)
    verdicts = []
    for _ in range(300):
        tree = random_tree(rng, 3, True)
        values = numbers(tree), numbers(perturbed(rng, tree))
        if None not in values:
            verdicts.append(same(*values))
    assert 0.5 < verdicts.count(False) / len(verdicts) < 1.0


@given(st.integers(-(10**40), 10**40), st.integers(0, 12), st.integers(0, 4))
@FEW
def test_numbers_in_every_spelling(value, places, zeros):
    sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(places, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    decimal = f"{sign}{'0' * zeros}{whole or '0'}.{part}{'0' * zeros}"
    assert is_equivalent(decimal, f"\\frac{{{value}}}{{{10**places}}}")
    assert is_equivalent(decimal, f"{value}\\times 10^{{-{places}}}")
    assert not is_equivalent(decimal, f"\\frac{{{value + 1}}}{{{10**places}}}")
    assert is_equivalent(f"{value:,}", str(value))
    assert is_equivalent(f"{value:,}".replace(",", "{,}"), str(value))
    assert not is_equivalent(f"{value:,}", str(value + 1))


@given(st.lists(st.integers(-30, 30), min_size=2, max_size=6), st.randoms(use_true_random=False))
@FEW
def test_lists_are_unordered_and_tuples_are_not(items, rng):
    shuffled = rng.sample(items, len(items))
    for opening, closing in (("", ""), ("\\{", "\\}")):
        assert is_equivalent(", ".join(map(str, items)), opening + ", ".join(map(str, shuffled)) + closing)
    one, two = ("(" + ", ".join(map(str, some)) + ")" for some in (items, shuffled))
    assert is_equivalent(one, two) == (items == shuffled)
    if len(set(items)) > 1:
        assert not is_equivalent(", ".join(map(str, items)), ", ".join(map(str, set(items) - {items[0]})))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_gets_a_verdict(a, b):
    assert is_equivalent(a, b) == is_equivalent(b, a)
    assert not verify(f"Answer: {a}", b).reason.startswith("error")
    assert isinstance(gradable(a), bool)


@given(st.lists(st.sampled_from(SYMBOLS), max_size=14))
@settings(max_examples=400, deadline=None)
def test_any_mixture_of_symbols_gets_a_verdict(symbols):
    text = " ".join(symbols)
    for other in ("1", "x", "\\{1,2\\}", "(0,1)", "x=1"):
        equal = is_equivalent(text, other)
        assert equal == is_equivalent(other, text)
        verdict = verify(f"\\boxed{{{text}}}", other, evaluated=False)
        assert not verdict.reason.startswith("error")
        assert same_notation(text, other) <= equal


# ---- the numbers behind the proofs


@pytest.mark.parametrize("precision", [64, 200, 1500])
def test_balls_hold_the_true_value(precision):
    """Negative control inside: a ball moved by twice its error no longer does."""

    def holds(ball: numeric.Ball, value) -> bool:
        scaled = value * mpmath.mpf(2) ** precision
        return abs(ball.re - mpmath.re(scaled)) <= ball.err and abs(ball.im - mpmath.im(scaled)) <= ball.err

    rng = random.Random(precision)
    with mpmath.workprec(precision + 200):
        assert holds(numeric.pi(precision), mpmath.pi())
        for _ in range(60):
            re, im = (rng.randint(-(8 << precision), 8 << precision) for _ in range(2))
            err = rng.randint(0, 1 << precision // 3)
            complex_ball, real_ball = numeric.Ball(re, im, err), numeric.Ball(abs(re) + err + 1, 0, err)
            z = mpmath.mpc(re, im) / mpmath.mpf(2) ** precision
            x = mpmath.mpf(abs(re) + err + 1) / mpmath.mpf(2) ** precision
            results = [
                (numeric.multiply(complex_ball, real_ball, precision), z * x),
                (numeric.inverse(complex_ball, precision), 1 / z),
                (numeric.power(complex_ball, 5, precision), z**5),
                (numeric.root(complex_ball, 2, precision), mpmath.sqrt(z)),
                (numeric.root(real_ball, 3, precision), mpmath.cbrt(x)),
                (numeric.exp(complex_ball, precision), mpmath.exp(z)),
                (numeric.log(real_ball, precision), mpmath.log(x)),
            ]
            for ball, value in results:
                assert holds(ball, value)
                assert not holds(ball._replace(re=ball.re + 2 * ball.err + 2), value)


def test_integer_roots():
    for value in (0, 1, 7, 8, 9, 10**60, 10**60 - 1, 2**999):
        for degree in (2, 3, 5, 17):
            root = numeric.integer_root(value, degree)
            assert root**degree <= value < (root + 1) ** degree


def test_numbers_that_agree_to_many_digits_are_told_apart():
    """Where a tolerance would accept: differences below 1e-30 that are no zeros, and one that is proved to be zero."""
    assert not is_equivalent("\\sqrt{10^{60}+1}", "10^{30}")
    assert not is_equivalent("\\sqrt{10^{40}+1}-10^{20}", "0")
    tiny = "(\\sqrt2-1)^{80}"
    assert not is_equivalent(tiny, "0")
    assert not is_equivalent(f"\\sqrt{{2+{tiny}}}", "\\sqrt2")
    assert is_equivalent(f"\\sqrt{{3+2\\sqrt2+{tiny}}}-\\sqrt{{(1+\\sqrt2)^2+{tiny}}}", "0")


def test_a_budget_bounds_the_work():
    field = Field(budget=1000)
    field.spend(1000)
    with pytest.raises(TooComplex):
        field.spend(1)
    assert not is_equivalent("(a+b+c+d+f)^{40}", "(b+a+c+d+f)^{40}")  # equal, but beyond the budget: never accepted
    assert is_equivalent("(a+b+c)^{6}", "(c+b+a)^{6}")
