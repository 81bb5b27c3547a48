"""The trees of parsed answers: one named tuple for each kind of node.

The last field of every node is its kind, set by default. It tells kinds with the same fields apart where nodes are
compared: named tuples compare as plain tuples, and a percentage is not a degree. Nodes are hashable, and a walk over
the fields of a node meets its children.
"""

from fractions import Fraction
from typing import NamedTuple


class Unit(NamedTuple):
    """powers: sorted (dimension or noun, exponent) pairs; factor: of the unit to the base units of these dimensions."""

    powers: tuple
    factor: Fraction


class Factor(NamedTuple):
    """One factor of a product; a sign of -1 divides by it."""

    sign: int
    node: "Node"


class Num(NamedTuple):
    value: Fraction
    kind: str = "num"


class Sym(NamedTuple):
    """A variable: x, x_1, \\alpha."""

    name: str
    kind: str = "sym"


class Const(NamedTuple):
    """pi, e, i or inf."""

    name: str
    kind: str = "const"


class Word(NamedTuple):
    text: str
    kind: str = "word"


class Call(NamedTuple):
    """A named function of its arguments; root, binom, abs, floor, factorial and accents are functions too."""

    name: str
    args: tuple
    kind: str = "call"


class Apply(NamedTuple):
    """f(x), which is f times x where f is no function."""

    function: Sym
    argument: "Node"
    kind: str = "apply"


class Sum(NamedTuple):
    terms: tuple
    kind: str = "add"


class Product(NamedTuple):
    factors: tuple  # of Factor
    kind: str = "mul"


class Neg(NamedTuple):
    node: "Node"
    kind: str = "neg"


class Power(NamedTuple):
    base: "Node"
    exponent: "Node"
    kind: str = "pow"


class PlusMinus(NamedTuple):
    """A term of either sign; signs is `+-` or `-+`."""

    signs: str
    node: "Node"
    kind: str = "pm"


class Multiple(NamedTuple):
    """5 million, 2 dozen"""

    node: "Node"
    factor: Fraction
    kind: str = "multiple"


class Quantity(NamedTuple):
    """A number with its unit."""

    node: "Node"
    unit: Unit
    kind: str = "quantity"


class Percent(NamedTuple):
    node: "Node"
    kind: str = "percent"


class Degree(NamedTuple):
    node: "Node"
    kind: str = "degree"


class Based(NamedTuple):
    """Digits with their base: 52_8."""

    digits: str
    base: int
    kind: str = "based"


class List(NamedTuple):
    """Several items without brackets; their order does not count.

    Of inequalities the kind is "and" or "or" where that word joins them: all of them hold, or at least one.
    """

    items: tuple
    kind: str = "list"


class Set(NamedTuple):
    items: tuple
    kind: str = "set"


class Tuple(NamedTuple):
    """Items in round, square or angle brackets: a point, a vector or an interval."""

    opening: str
    closing: str
    items: tuple
    kind: str = "tuple"


class Matrix(NamedTuple):
    rows: tuple  # of tuples of nodes
    kind: str = "matrix"


class Ratio(NamedTuple):
    """3:4, 1:2:3"""

    sides: tuple
    kind: str = "ratio"


class Relation(NamedTuple):
    """A chain of equations or inequalities; there is one side more than there are operators."""

    operators: tuple
    sides: tuple
    kind: str = "rel"


class Union(NamedTuple):
    left: "Node"
    right: "Node"
    kind: str = "cup"


class Intersection(NamedTuple):
    left: "Node"
    right: "Node"
    kind: str = "cap"


class Difference(NamedTuple):
    left: "Node"
    right: "Node"
    kind: str = "minus"


class Special(NamedTuple):
    """A set with a sign of its own: R, Z, N, Q, C or empty."""

    name: str
    kind: str = "special"


Node = (
    Num | Sym | Const | Word | Call | Apply | Sum | Product | Neg | Power | PlusMinus | Multiple | Quantity
    | Percent | Degree | Based | List | Set | Tuple | Matrix | Ratio | Relation | Union | Intersection | Difference
    | Special
)  # fmt: skip
SETS = (Union, Intersection, Difference, Special)  # the kinds that are sets of numbers by their sign alone

INFINITY = Const("inf")
FUNCTION_LETTERS = "fghFGHPQ"


def names_function(symbol: Node) -> bool:
    """Whether x(y) is no product, whatever y is: f, g and their like, with indices and primes."""
    return isinstance(symbol, Sym) and (symbol.name[0] in FUNCTION_LETTERS or "'" in symbol.name)


def quotient(top: Node, bottom: Node) -> Product:
    """top / bottom"""
    return Product((Factor(1, top), Factor(-1, bottom)))
