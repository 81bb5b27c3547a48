r"""Whether an answer is evaluated, or still the question: 47 \cdot 53 is equal to 2491, but no answer to "47 times 53".

A number counts as evaluated if it is an integer, a decimal, a fraction, a radical, a multiple of pi or e, a number in
scientific notation, or a sum of such terms of different kinds: 3/4, -2.5, 6.02 \cdot 10^{23}, \frac{1+\sqrt5}{2},
2\sqrt3, 3 + 4i, \frac{\pi}{6}. Where the reference is evaluated, a fraction that is an integer is a question too:
\frac{144}{12}. Collections are evaluated if their items are.
"""

from collections.abc import Callable
from fractions import Fraction

from kpo_jax.verifier import trees
from kpo_jax.verifier.decide import parsed
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.nodes import (
    SETS,
    Call,
    Const,
    Degree,
    Factor,
    List,
    Matrix,
    Multiple,
    Neg,
    Node,
    Num,
    Percent,
    PlusMinus,
    Power,
    Product,
    Quantity,
    Ratio,
    Relation,
    Set,
    Special,
    Sum,
    Sym,
    Tuple,
    Word,
    quotient,
)
from kpo_jax.verifier.notation import has_thousands, translate, with_units
from kpo_jax.verifier.words import conditional, labelled_choice, labelled_value

NOT_EVALUATED = "not evaluated"  # the reason of a verdict that is wrong for this alone
TEN = Num(Fraction(10))


def leaves_work(answer: str, reference: str) -> bool:
    """Whether the reference is evaluated but an answer equal to it is not. What cannot be read leaves no work."""
    try:
        one, two = _tree(answer), _tree(reference)
    except (Unreadable, TooComplex):
        return False
    if isinstance(two, Power) or not is_evaluated(two):
        return False
    # a reference that is a question itself, or a ratio, asks for no more of an answer
    divided = not trees.has(two, Ratio) and is_evaluated(two, divided=True)
    if not trees.has(two, Ratio):
        ratios = [node for node in trees.items(one) if isinstance(node, Ratio)]
        if any(_is_question(node, divided) for node in ratios):
            return True
    return not is_evaluated(one, rational=not _is_irrational(two), divided=divided)


def _is_question(node: Ratio, divided: bool) -> bool:
    """Whether a ratio that stands for a number leaves work undone: 47:\\frac{1}{53} and 1.5:2 do, 3:4 and 1.5:1 do not.

    With `divided`, so does 144:12, which is an integer, but not 12:1.
    """
    if any(factor.sign < 0 for side in node.sides for factor in _factors(side, 1)):
        return True
    if node.sides[1:] == (Num(Fraction(1)),):
        return False
    decimals = any(isinstance(side, Num) and not _is_integer(side) for side in node.sides)
    return decimals or (divided and len(node.sides) == 2 and _is_whole(quotient(*node.sides)))


def _is_whole(node: Node) -> bool:
    """Whether a node is a fraction of plain numbers that is an integer, \\frac{144}{12}, or a sum with such a term."""
    if isinstance(node, Sum):
        return any(_is_whole(term) for term in node.terms)
    factors = _factors(node, 1)
    if [factor.sign for factor in factors] != [1, -1] or not all(isinstance(factor.node, Num) for factor in factors):
        return False
    top, bottom = (factor.node.value for factor in factors)
    return bottom != 0 and (top / bottom).denominator == 1


def _tree(text: str) -> Node:
    plain = translate(text)
    labelled = labelled_choice(plain)
    plain = translate(labelled[1]) if labelled else plain
    parts = conditional(plain)
    plain = parts[0] if parts else plain
    plain = labelled_value(plain) or plain
    return parsed(with_units(plain), has_thousands(plain))


def is_evaluated(node: Node, rational: bool = False, divided: bool = False) -> bool:
    r"""Whether every number in an answer is evaluated, and nothing else is in it but words, names and set signs.

    With `rational`, radicals and multiples of pi and e do not count: \sqrt{144} is not evaluated where 12 is expected.
    With `divided`, neither do fractions that are integers: \frac{144}{12}.
    """

    def evaluated(part: Node) -> bool:
        return is_evaluated(part, rational, divided)

    if isinstance(node, (List, Set, Tuple)):
        return all(evaluated(item) for item in node.items)
    if isinstance(node, Matrix):
        return all(evaluated(cell) for row in node.rows for cell in row)
    if isinstance(node, Ratio):
        return all(evaluated(side) for side in node.sides)
    if isinstance(node, Relation):
        return _is_evaluated_relation(node, evaluated)
    if isinstance(node, (Special, Word)):
        return True
    if isinstance(node, SETS):
        return evaluated(node.left) and evaluated(node.right)
    if isinstance(node, Neg) and isinstance(node.node, Neg):
        return False
    if isinstance(node, (Neg, Quantity, Percent, Degree, PlusMinus, Multiple)):
        return evaluated(node.node)
    if trees.is_matrix(node):  # a number times a matrix
        parts = node.factors if isinstance(node, Product) else ()
        return len(parts) == 2 and all(evaluated(part) for _, part in parts)
    return _is_number(node) and not (rational and _is_irrational(node)) and not (divided and _is_whole(node))


def _is_evaluated_relation(node: Relation, evaluated: Callable[[Node], bool]) -> bool:
    """A name and its value, of several equal values (2 + 3 = 5) at least one; or an inequality that is solved."""
    if not all(operator in ("=", "approx", "in") for operator in node.operators):
        return all(isinstance(side, Sym) or evaluated(side) for side in node.sides)
    if trees.label(node.sides[0]):
        values = node.sides[1:]
        while len(values) > 1 and trees.plain_label(values[0]):  # AB = CD = 5
            values = values[1:]
    else:
        values = node.sides[:-1] if trees.label(node.sides[-1]) else node.sides
    return not any(trees.names(side) for side in values) and any(evaluated(side) for side in values)


def _is_number(node: Node) -> bool:
    if isinstance(node, Neg):
        return _is_number(node.node)
    if not isinstance(node, Sum):
        return _term(node) is not None
    kinds = [_term(part) for part in node.terms]
    return None not in kinds and len(set(kinds)) == len(kinds)  # 2 + 3 can be added, 2 + \sqrt3 cannot


def _term(node: Node) -> tuple | None:
    """The irrational factors of a term, by which terms are of one kind; None if the term is not evaluated."""
    rational = {1: 0, -1: 0}  # how many integers and decimals are above and below the fraction line
    scales, irrational = 0, []
    for sign, part in _factors(node, 1):
        if isinstance(part, Num):
            rational[sign] += 1
        elif isinstance(part, Power) and part.base == TEN and _is_integer(part.exponent):
            scales += 1
        elif _is_irrational_factor(part):
            irrational.append((sign, part))
        else:
            return None
    sums = {sign: sum(isinstance(part, Sum) for other, part in irrational if other == sign) for sign in (1, -1)}
    if max(*rational.values(), *sums.values(), scales) > 1:
        return None
    return tuple(irrational)


def _factors(node: Node, sign: int) -> list[Factor]:
    """The factors of a term; those below a fraction line have the sign -1."""
    if isinstance(node, (Neg, PlusMinus)):
        return _factors(node.node, sign)
    if isinstance(node, Product):
        return [factor for own, part in node.factors for factor in _factors(part, sign * own)]
    return [Factor(sign, node)]


def _is_irrational_factor(node: Node) -> bool:
    """pi, e, i, a power of one of them, a radical, a sum."""
    if isinstance(node, Const):
        return True
    if isinstance(node, Power):
        if isinstance(node.base, Const):
            return _is_number(node.exponent)
        return _is_number(node.base) and not _is_integer(node.exponent) and _is_number(node.exponent)
    if isinstance(node, Call):
        return node.name == "root" and isinstance(node.args[1], Num) and _is_number(node.args[0])
    return isinstance(node, Sum) and _is_number(node)


def _is_integer(node: Node) -> bool:
    node = node.node if isinstance(node, Neg) else node
    return isinstance(node, Num) and node.value.denominator == 1


def _is_irrational(node: object) -> bool:
    """Whether there is a radical, pi (as in a degree), e or a power of another number than 10 anywhere in a tree."""
    if isinstance(node, Degree):
        return True
    if isinstance(node, Const):
        return node.name in ("pi", "e")
    if isinstance(node, Power) and node.base != TEN:
        return True
    return isinstance(node, Call) or (isinstance(node, tuple) and any(_is_irrational(part) for part in node))
