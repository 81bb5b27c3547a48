"""Questions about trees of answers: what they contain, their labels, units, signs and items."""

import re
from collections.abc import Iterator
from fractions import Fraction

from kpo_jax.verifier.errors import TooComplex
from kpo_jax.verifier.nodes import (
    INFINITY,
    SETS,
    Apply,
    Call,
    Degree,
    Factor,
    List,
    Matrix,
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
    Sum,
    Sym,
    Tuple,
    Unit,
    Word,
)

_UNKNOWNS = "xyzuvwtnmk"  # the first letters of what an equation is solved for: x^2 = 4 does not say that x^2 is asked
NO_UNIT = Unit((), Fraction(1))
_COORDINATE = re.compile(r"([A-Za-z]|\\[A-Za-z]+)(?:_([0-9]{1,3}))?")
_NO_SCALARS = (List, Set, Tuple, Matrix, Relation, *SETS, Word, Ratio)


def has(node: object, kind: type) -> bool:
    """Whether a node of this kind is anywhere in the tree."""
    return isinstance(node, tuple) and (isinstance(node, kind) or any(has(part, kind) for part in node))


def several_signs(node: Node) -> bool:
    """Whether there is a plus-minus sign anywhere."""
    return has(node, PlusMinus)


def several(node: Node) -> bool:
    """Whether the tree may stand for more than one value."""
    return isinstance(node, (List, Set)) or has(node, PlusMinus)


def items(node: Node) -> list[Node]:
    """The items of a list or set; of `x = 1, 2` the equations x = 1 and x = 2; else the node alone."""
    if isinstance(node, (List, Set)):
        return [deeper for item in node.items for deeper in (items(item) if item.kind == "list" else [item])]
    if isinstance(node, Relation) and len(node.sides) == 2 and several(node.sides[1]):
        return [Relation(node.operators, (node.sides[0], item)) for item in items(node.sides[1])]
    return [node]


def with_dots(node: Node) -> bool:
    """Whether it is a list or set that leaves items out: 1, 2, \\dots, n."""
    return isinstance(node, (List, Set)) and Word("\\dots") in node.items


def is_equation(node: Node) -> bool:
    """Whether it is one equation, with one equals sign."""
    return isinstance(node, Relation) and node.operators == ("=",)


def point(node: Node) -> Node:
    """`x = 1, y = 2` as the point (1, 2): values with different names, in the order of the coordinates."""
    parts = node.items if isinstance(node, List) else ()
    named = [part.sides[0] for part in parts if is_equation(part) and isinstance(part.sides[0], Sym)]
    if len(set(named)) < max(2, len(parts)):
        return node
    if all(_COORDINATE.fullmatch(name.name) for name in named):  # else they stay as written
        parts = sorted(parts, key=lambda part: _place(part.sides[0].name))
    return Tuple("(", ")", tuple(part.sides[1] for part in parts))


def _place(name: str) -> tuple[str, int]:
    """Where a coordinate stands: a before B and y, x_2 before x_{10}, r before \\theta; Greek letters as written."""
    letter, index = _COORDINATE.fullmatch(name).groups()
    return ("~" if letter.startswith("\\") else letter.lower()), int(index or 0)


def named_values(node: Node) -> tuple[Node, ...]:
    """The values of `p = 5, q = 9` and `(p, q) = (5, 9)`, whose names differ, in their order; empty for other nodes."""
    if is_equation(node) and all(isinstance(side, Tuple) for side in node.sides):
        names_, values = node.sides
        named = label(names_) and len(names_.items) == len(values.items) == len(set(names_.items))
        return values.items if named else ()
    parts = node.items if isinstance(node, List) else ()
    if not all(is_equation(part) and label(part.sides[0]) for part in parts):
        return ()
    return tuple(part.sides[1] for part in parts) if len(labels(list(parts))) == len(parts) else ()


def variants(node: Node) -> list[Node]:
    """A node for each choice of its signs: several \\pm are independent, unless \\mp ties them together."""
    found = signs(node)
    if not found:
        return [node]
    if len(found) > 4:
        raise TooComplex("too many plus-minus signs")
    if "-+" in found:
        choices = [[1] * len(found), [-1] * len(found)]
    else:
        choices = [[1 - 2 * (bits >> k & 1) for k in range(len(found))] for bits in range(1 << len(found))]
    return [chosen(node, iter(choice)) for choice in choices]


def signs(node: object) -> list[str]:
    """The plus-minus signs of a tree, from left to right."""
    if not isinstance(node, tuple):
        return []
    own = [node.signs] if isinstance(node, PlusMinus) else []
    return own + [sign for part in node for sign in signs(part)]


def chosen(node, choices: Iterator[int]):
    """The tree with each plus-minus sign replaced by the next choice: 1 for the upper sign, -1 for the lower."""
    if isinstance(node, PlusMinus):
        positive = (next(choices) > 0) == (node.signs == "+-")
        inner = chosen(node.node, choices)
        return inner if positive else Neg(inner)
    if not isinstance(node, tuple):
        return node
    parts = [chosen(part, choices) for part in node]
    return tuple(parts) if type(node) is tuple else type(node)(*parts)


def is_matrix(node: Node) -> bool:
    """A matrix, or a sum or multiple of matrices; a determinant is a number."""
    if isinstance(node, Product):
        return any(is_matrix(factor.node) for factor in node.factors)
    if isinstance(node, Sum):
        return any(is_matrix(term) for term in node.terms)
    return isinstance(node, Matrix) or (isinstance(node, Neg) and is_matrix(node.node))


def without_unit(node: Node) -> tuple[Node, Unit]:
    """(the number, its unit); NO_UNIT for a pure number."""
    if isinstance(node, Neg):
        inner, unit = without_unit(node.node)
        return Neg(inner), unit
    if not isinstance(node, Quantity):
        return node, NO_UNIT
    inner, unit = without_unit(node.node)  # \$5 million has two
    powers = dict(unit.powers) | dict(node.unit.powers)
    return inner, Unit(tuple(sorted(powers.items())), unit.factor * node.unit.factor)


def mark(node: Node) -> str | None:
    """percent or degree, if the number carries that sign."""
    if isinstance(node, Neg):
        return mark(node.node)
    return node.kind if isinstance(node, (Percent, Degree)) else None


def unmarked(node: Node) -> Node:
    """A number with a percent or degree sign, without it."""
    return Neg(unmarked(node.node)) if isinstance(node, Neg) else node.node


def times(node: Node, scale: Fraction) -> Node:
    """The node times a number."""
    return node if scale == 1 else Product((Factor(1, node), Factor(1, Num(scale))))


def infinite(node: Node) -> int:
    """1 or -1 for an infinity, else 0."""
    if node == INFINITY:
        return 1
    return -infinite(node.node) if isinstance(node, Neg) else 0


def scalar(node: Node) -> bool:
    """Whether the node stands for one number or expression."""
    return not isinstance(node, _NO_SCALARS)


def names(node: object) -> set[str]:
    """The names of the variables of a tree."""
    if isinstance(node, Sym):
        return {node.name}
    return {name for part in node for name in names(part)} if isinstance(node, tuple) else set()


def label(node: Node) -> bool:
    """What may stand before an equals sign as a name.

    x, f(x), f(2), a + b, AB, AB + CD, BC^2, R^2, |z|^2, a/b, Area, (x, y), \\angle A, \\sin A; but not x^2, as in an
    equation to be solved, nor x^2 + y^2.
    """
    if isinstance(node, (Sym, Word, Apply)):
        return True
    if isinstance(node, Tuple):
        return all(isinstance(item, Sym) for item in node.items)
    if isinstance(node, Sum):
        return all(isinstance(term, Sym) or _is_segment(term) or _is_value(term) for term in node.terms)
    if isinstance(node, Power):
        unknown = isinstance(node.base, Sym) and node.base.name[0] in _UNKNOWNS
        return isinstance(node.exponent, Num) and not unknown and label(node.base)
    if isinstance(node, Product):
        if [factor.sign for factor in node.factors] == [1, -1]:
            return all(label(factor.node) or _is_differential(factor.node) for factor in node.factors)
        first = node.factors[0].node
        return isinstance(first, Sym) and all(sign > 0 and _in_name(part) for sign, part in node.factors)
    return isinstance(node, Call) and all(isinstance(arg, Sym) or _is_segment(arg) for arg in node.args)


def _is_segment(node: Node) -> bool:
    """A product of capital letters: AB."""
    return isinstance(node, Product) and all(
        sign > 0 and isinstance(part, Sym) and part.name[:1].isupper() for sign, part in node.factors
    )


def _is_value(node: Node) -> bool:
    """f(2)"""
    return isinstance(node, Apply) and isinstance(node.argument, Num)


def _in_name(node: Node) -> bool:
    node = node.base if isinstance(node, Power) and isinstance(node.exponent, Num) else node
    return isinstance(node, (Sym, Num))


def plain_label(node: Node) -> bool:
    """x, AB"""
    return isinstance(node, Sym) or _is_segment(node)


def is_function(node: Node) -> bool:
    """A label that may share variables with what it names: f(x), V(s)/U(s), dy/dx."""
    if isinstance(node, Product) and [factor.sign for factor in node.factors] == [1, -1]:
        parts = [factor.node for factor in node.factors]
        return all(is_function(part) for part in parts) or all(_is_differential(part) for part in parts)
    return isinstance(node, Apply)


def is_derivative(node: Node) -> bool:
    r"""Whether it is \frac{dy}{dx}, which is not y/x."""
    parts = node.factors if isinstance(node, Product) else ()
    return [sign for sign, _ in parts] == [1, -1] and all(_is_differential(part) for _, part in parts)


def _is_differential(node: Node) -> bool:
    """dy, dx, d^2y, dx^2"""
    first = node.factors[0].node if isinstance(node, Product) and len(node.factors) == 2 else node
    return (first.base if isinstance(first, Power) else first) == Sym("d")


def constants(node: Node) -> set[str]:
    """The names of constants of integration: c, C, c_1, C_2."""
    return {name for name in names(node) if name[:1] in ("c", "C") and name[1:2] in ("", "_")}


def capitalised(node, chosen_names: set[str]):
    """The tree with some of its variables in capital letters."""
    if isinstance(node, Sym):
        return Sym(node.name.capitalize()) if node.name in chosen_names else node
    if not isinstance(node, tuple):
        return node
    parts = [capitalised(part, chosen_names) for part in node]
    return tuple(parts) if type(node) is tuple else type(node)(*parts)


def labels(items: list[Node]) -> set[Node]:
    """The left sides of the equations among some items."""
    return {item.sides[0] for item in items if is_equation(item)}
