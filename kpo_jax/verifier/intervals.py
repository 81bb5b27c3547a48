"""Sets of reals as sorted disjoint intervals with exact ends, from brackets, inequalities and set operations."""

from fractions import Fraction
from functools import cmp_to_key, partial, reduce
from typing import NamedTuple

from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.evaluate import evaluate
from kpo_jax.verifier.field import ONE, Field, Value
from kpo_jax.verifier.nodes import (
    INFINITY,
    Difference,
    Intersection,
    List,
    Neg,
    Node,
    Relation,
    Set,
    Special,
    Sym,
    Tuple,
    Union,
)
from kpo_jax.verifier.values import add, is_constant, lift, multiply, ratio
from kpo_jax.verifier.zero import invert, same_value, sign_of

MAX_INTERVALS = 40
FLIPPED = {"<": ">", ">": "<", "le": "ge", "ge": "le", "=": "=", "ne": "ne"}


class End(NamedTuple):
    """An end point: infinite is -1 or 1 for an infinity, else 0; closed whether it belongs to the interval."""

    value: Value
    infinite: int
    closed: bool


class Interval(NamedTuple):
    low: End
    high: End


Intervals = list  # of Interval, sorted, disjoint and not touching
_LOWEST, _HIGHEST = End(Fraction(0), -1, False), End(Fraction(0), 1, False)
LINE = [Interval(_LOWEST, _HIGHEST)]


def same_set(field: Field, one: Intervals, two: Intervals) -> bool:
    """Whether two sets have the same intervals."""
    return len(one) == len(two) and all(
        _same_end(field, x.low, y.low) and _same_end(field, x.high, y.high) for x, y in zip(one, two, strict=True)
    )


def _same_end(field: Field, one: End, two: End) -> bool:
    if one.infinite or two.infinite:
        return one.infinite == two.infinite
    return one.closed == two.closed and same_value(field, one.value, two.value)


def to_set(field: Field, node: Node) -> tuple[str | None, Intervals]:
    """(the variable it constrains, if it names one; the set). Raises Unreadable where a tree is no set of reals."""
    if isinstance(node, Special):
        if node.name not in ("R", "empty"):
            raise Unreadable("a set that is no union of intervals")
        return None, LINE if node.name == "R" else []
    if isinstance(node, Tuple):
        return None, _interval(field, node)
    if isinstance(node, Set):
        return None, union(field, *([_point(evaluate(field, item))] for item in node.items))
    if isinstance(node, (Union, Intersection, Difference)):
        (name, one), (other, two) = to_set(field, node.left), to_set(field, node.right)
        if name and other and name != other:
            raise Unreadable("two variables")
        if isinstance(node, Union):
            return name or other, union(field, one, two)
        two = complement(field, two) if isinstance(node, Difference) else two
        return name or other, intersection(field, one, two)
    if isinstance(node, List):  # x < 2 or x > 3; x > 2 and x < 3
        parts = [to_set(field, item) for item in node.items]
        names = {name for name, _ in parts}
        if len(names) != 1 or None in names:
            raise Unreadable("a list that is no set of one variable")
        return names.pop(), _joined(field, node.kind, [part for _, part in parts])
    if isinstance(node, Relation):
        return _relation(field, node)
    raise Unreadable(f"a {node.kind} is no set")


def _joined(field: Field, kind: str, sets: list[Intervals]) -> Intervals:
    """What the inequalities of a list say together. A comma may mean `and` or `or`; where it matters it stays open."""
    if kind == "and":
        return reduce(partial(intersection, field), sets)
    total: Intervals = []
    for part in sets:
        if kind == "list" and intersection(field, total, part):
            raise Unreadable("inequalities that overlap, and no word that joins them")
        total = union(field, total, part)
    return total


def _interval(field: Field, node: Tuple) -> Intervals:
    if len(node.items) != 2 or node.opening not in "([" or node.closing not in ")]":
        raise Unreadable("no interval")
    low = _end(field, node.items[0], node.opening == "[")
    high = _end(field, node.items[1], node.closing == "]")
    if low.infinite > 0 or high.infinite < 0:
        raise Unreadable("an interval the wrong way round")
    if not low.infinite and not high.infinite:
        order = sign_of(field, add(field, high.value, low.value, -1))
        if order < 0 or (order == 0 and not (low.closed and high.closed)):  # (5, 5) is a point, not `no solution`
            raise Unreadable("an interval that is empty or the wrong way round")
    return [Interval(low, high)]


def _end(field: Field, node: Node, closed: bool) -> End:
    if node == INFINITY:
        return _HIGHEST
    if node == Neg(INFINITY):
        return _LOWEST
    return End(evaluate(field, node), 0, closed)


def _point(value: Value) -> Interval:
    return Interval(End(value, 0, True), End(value, 0, True))


def _relation(field: Field, node: Relation) -> tuple[str, Intervals]:
    """x > 2, 3 < x <= 4, x != 0, 2x + 1 > 5, x in [1, 2]: every link of the chain holds."""
    name, result = None, LINE
    for operator, left, right in zip(node.operators, node.sides, node.sides[1:], strict=False):
        if operator == "in" and isinstance(left, Sym):
            own, part = left.name, to_set(field, right)[1]
        elif operator in FLIPPED:
            own, part = _half_line(field, operator, left, right)
        else:
            raise Unreadable("a relation that is no set")
        if name not in (None, own):
            raise Unreadable("two variables")
        name, result = own, intersection(field, result, part)
    return name, result


def _half_line(field: Field, operator: str, left: Node, right: Node) -> tuple[str, Intervals]:
    """The solutions of an inequality that is linear in one variable with constant coefficients."""
    for node, other, sign in ((left, right, 1), (right, left, -1)):
        if isinstance(node, Sym) and other in (INFINITY, Neg(INFINITY)):
            below = (operator in ("<", "le")) == (sign > 0)
            return node.name, LINE if below == (other == INFINITY) else []
    difference = lift(add(field, evaluate(field, left), evaluate(field, right), -1))
    free = {}
    for monomial in difference.num:
        for index, exponent in monomial:
            if field.generators[index].key[0] == "sym":
                free[index] = max(exponent, free.get(index, 0))
    if len(free) != 1 or not is_constant(field, ratio(field, difference.den, ONE)):
        raise Unreadable("no inequality in one variable")
    ((index, degree),) = free.items()
    slope, constant = {}, {}
    for monomial, coefficient in difference.num.items():
        rest = tuple(pair for pair in monomial if pair[0] != index)
        if dict(monomial).get(index, 0) not in (0, 1):
            raise Unreadable("no linear inequality")
        (slope if len(rest) < len(monomial) else constant)[rest] = coefficient
    slope, constant = ratio(field, slope, ONE), ratio(field, constant, ONE)
    if not is_constant(field, slope) or not is_constant(field, constant) or degree != 1:
        raise Unreadable("no linear inequality")
    sign = sign_of(field, multiply(field, slope, invert(field, ratio(field, difference.den, ONE))))
    bound = multiply(field, Fraction(-1), multiply(field, constant, invert(field, slope)))
    operator = operator if sign > 0 else FLIPPED[operator]
    name = field.generators[index].key[1]
    if operator == "=":
        return name, [_point(bound)]
    if operator == "ne":
        return name, complement(field, [_point(bound)])
    end = End(bound, 0, operator in ("le", "ge"))
    return name, [Interval(_LOWEST, end)] if operator in ("<", "le") else [Interval(end, _HIGHEST)]


# ---- set operations


def _compare(field: Field, a: End, b: End) -> int:
    if a.infinite or b.infinite:
        return (a.infinite > b.infinite) - (a.infinite < b.infinite)
    return sign_of(field, add(field, a.value, b.value, -1))


def union(field: Field, *sets: Intervals) -> Intervals:
    """All points of some sets. Raises TooComplex for too many intervals."""
    intervals = [interval for part in sets for interval in part]
    if len(intervals) > MAX_INTERVALS:
        raise TooComplex("too many intervals")

    def by_low(a: Interval, b: Interval) -> int:
        return _compare(field, a.low, b.low) or b.low.closed - a.low.closed

    merged: Intervals = []
    for interval in sorted(intervals, key=cmp_to_key(by_low)):
        if merged:
            order = _compare(field, interval.low, merged[-1].high)
            if order < 0 or (order == 0 and (interval.low.closed or merged[-1].high.closed)):
                top = _compare(field, interval.high, merged[-1].high)
                if top > 0 or (top == 0 and interval.high.closed):
                    merged[-1] = Interval(merged[-1].low, interval.high)
                continue
        merged.append(interval)
    return merged


def complement(field: Field, part: Intervals) -> Intervals:
    """The real line without a set."""
    low, gaps = _LOWEST, []
    for interval in part:
        gaps.append((low, interval.low._replace(closed=not interval.low.closed)))
        low = interval.high._replace(closed=not interval.high.closed)
    gaps.append((low, _HIGHEST))
    return [Interval(a, b) for a, b in gaps if _is_interval(field, a, b)]


def _is_interval(field: Field, low: End, high: End) -> bool:
    order = _compare(field, low, high)
    return order < 0 or (order == 0 and not low.infinite and low.closed and high.closed)


def intersection(field: Field, one: Intervals, two: Intervals) -> Intervals:
    return complement(field, union(field, complement(field, one), complement(field, two)))
