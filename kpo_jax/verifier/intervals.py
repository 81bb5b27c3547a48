"""Sets of reals as sorted disjoint intervals with exact end points, from brackets, inequalities, unions and differences."""

from fractions import Fraction
from functools import cmp_to_key
from typing import NamedTuple

from kpo_jax.verifier.algebra import Value
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.functions import Evaluator

MAX_INTERVALS = 40
_FLIP = {"<": ">", ">": "<", "le": "ge", "ge": "le", "=": "=", "ne": "ne"}


class End(NamedTuple):
    """An end point: infinite is -1 or 1 for an infinity, else 0; closed whether it belongs to the interval."""

    value: Value
    infinite: int
    closed: bool

    def same(self, other: "End", evaluator: Evaluator) -> bool:
        if self.infinite or other.infinite:
            return self.infinite == other.infinite
        return self.closed == other.closed and evaluator.equal(self.value, other.value)


class Interval(NamedTuple):
    low: End
    high: End

    def same(self, other: "Interval", evaluator: Evaluator) -> bool:
        return self.low.same(other.low, evaluator) and self.high.same(other.high, evaluator)


Set = list  # of Interval, sorted, disjoint and not touching
_MINUS, _PLUS = End(Fraction(0), -1, False), End(Fraction(0), 1, False)
LINE = [Interval(_MINUS, _PLUS)]


def to_set(evaluator: Evaluator, node: tuple) -> tuple[str | None, Set]:
    """(the variable it constrains, if it names one; the set). Raises Unreadable where a tree is no set of reals."""
    kind = node[0]
    if kind == "special":
        if node[1] not in ("R", "empty"):
            raise Unreadable("a set that is no union of intervals")
        return None, LINE if node[1] == "R" else []
    if kind == "tuple":
        return None, _interval(evaluator, node)
    if kind == "set":
        return None, union(evaluator, *([_point(evaluator.value(item))] for item in node[1]))
    if kind in ("cup", "cap", "minus"):
        (name, one), (other, two) = to_set(evaluator, node[1]), to_set(evaluator, node[2])
        if name and other and name != other:
            raise Unreadable("two variables")
        two = two if kind == "cup" else (two if kind == "cap" else complement(evaluator, two))
        return name or other, union(evaluator, one, two) if kind == "cup" else intersection(evaluator, one, two)
    if kind == "list":  # x < 2 or x > 3
        parts = [to_set(evaluator, item) for item in node[1]]
        names = {name for name, _ in parts}
        if len(names) != 1 or None in names:
            raise Unreadable("a list that is no set of one variable")
        return names.pop(), union(evaluator, *(part for _, part in parts))
    if kind == "rel":
        return _relation(evaluator, node)
    raise Unreadable(f"a {kind} is no set")


def _interval(evaluator: Evaluator, node: tuple) -> Set:
    if len(node[3]) != 2 or node[1] not in "([" or node[2] not in ")]":
        raise Unreadable("no interval")
    low, high = (
        _end(evaluator, item, closed) for item, closed in zip(node[3], (node[1] == "[", node[2] == "]"), strict=True)
    )
    if low.infinite > 0 or high.infinite < 0:
        raise Unreadable("an interval the wrong way round")
    if not low.infinite and not high.infinite:
        order = evaluator.sign(evaluator.add(high.value, low.value, -1))
        if order < 0:
            raise Unreadable("an interval the wrong way round")
        if order == 0 and not (low.closed and high.closed):
            return []
    return [Interval(low, high)]


def _end(evaluator: Evaluator, node: tuple, closed: bool) -> End:
    if node == ("const", "inf"):
        return _PLUS
    if node == ("neg", ("const", "inf")):
        return _MINUS
    return End(evaluator.value(node), 0, closed)


def _point(value: Value) -> Interval:
    return Interval(End(value, 0, True), End(value, 0, True))


def _relation(evaluator: Evaluator, node: tuple) -> tuple[str, Set]:
    """x > 2, 3 < x <= 4, x != 0, 2x + 1 > 5, x in [1, 2]: every link of the chain holds."""
    name, result = None, LINE
    for operator, left, right in zip(node[1], node[2], node[2][1:], strict=False):
        if operator == "in" and left[0] == "sym":
            own, part = left[1], to_set(evaluator, right)[1]
        elif operator in _FLIP:
            own, part = _half_line(evaluator, operator, left, right)
        else:
            raise Unreadable("a relation that is no set")
        if name not in (None, own):
            raise Unreadable("two variables")
        name, result = own, intersection(evaluator, result, part)
    return name, result


def _half_line(evaluator: Evaluator, operator: str, left: tuple, right: tuple) -> tuple[str, Set]:
    """The solutions of an inequality that is linear in one variable with constant coefficients."""
    for node, other, sign in ((left, right, 1), (right, left, -1)):
        if node[0] == "sym" and other in (("const", "inf"), ("neg", ("const", "inf"))):
            infinite = 1 if other[0] == "const" else -1
            below = (operator in ("<", "le")) == (sign > 0)
            return node[1], LINE if below == (infinite > 0) else []
    difference = evaluator.lift(evaluator.add(evaluator.value(left), evaluator.value(right), -1))
    free = {}
    for monomial in difference.num:
        for index, exponent in monomial:
            if evaluator.generators[index].key[0] == "sym":
                free[index] = max(exponent, free.get(index, 0))
    if len(free) != 1 or not evaluator.is_constant(evaluator.ratio(difference.den, {(): Fraction(1)})):
        raise Unreadable("no inequality in one variable")
    ((index, degree),) = free.items()
    slope, constant = {}, {}
    for monomial, coefficient in difference.num.items():
        rest = tuple(pair for pair in monomial if pair[0] != index)
        if dict(monomial).get(index, 0) not in (0, 1):
            raise Unreadable("no linear inequality")
        (slope if len(rest) < len(monomial) else constant)[rest] = coefficient
    one = {(): Fraction(1)}
    slope, constant = evaluator.ratio(slope, one), evaluator.ratio(constant, one)
    if not evaluator.is_constant(slope) or not evaluator.is_constant(constant) or degree != 1:
        raise Unreadable("no linear inequality")
    sign = evaluator.sign(evaluator.multiply(slope, evaluator.invert(evaluator.ratio(difference.den, one))))
    bound = evaluator.multiply(Fraction(-1), evaluator.multiply(constant, evaluator.invert(slope)))
    operator = operator if sign > 0 else _FLIP[operator]
    name = evaluator.generators[index].key[1]
    if operator == "=":
        return name, [_point(bound)]
    if operator == "ne":
        return name, complement(evaluator, [_point(bound)])
    end = End(bound, 0, operator in ("le", "ge"))
    return name, [Interval(_MINUS, end)] if operator in ("<", "le") else [Interval(end, _PLUS)]


# ---- set operations


def _compare(evaluator: Evaluator, a: End, b: End) -> int:
    if a.infinite or b.infinite:
        return (a.infinite > b.infinite) - (a.infinite < b.infinite)
    return evaluator.sign(evaluator.add(a.value, b.value, -1))


def union(evaluator: Evaluator, *sets: Set) -> Set:
    intervals = [interval for part in sets for interval in part]
    if len(intervals) > MAX_INTERVALS:
        raise TooComplex("too many intervals")

    def by_low(a: Interval, b: Interval) -> int:
        return _compare(evaluator, a.low, b.low) or b.low.closed - a.low.closed

    merged: Set = []
    for interval in sorted(intervals, key=cmp_to_key(by_low)):
        if merged:
            order = _compare(evaluator, interval.low, merged[-1].high)
            if order < 0 or (order == 0 and (interval.low.closed or merged[-1].high.closed)):
                top = _compare(evaluator, interval.high, merged[-1].high)
                if top > 0 or (top == 0 and interval.high.closed):
                    merged[-1] = Interval(merged[-1].low, interval.high)
                continue
        merged.append(interval)
    return merged


def complement(evaluator: Evaluator, part: Set) -> Set:
    low, gaps = _MINUS, []
    for interval in part:
        gaps.append((low, interval.low._replace(closed=not interval.low.closed)))
        low = interval.high._replace(closed=not interval.high.closed)
    gaps.append((low, _PLUS))
    return [Interval(a, b) for a, b in gaps if _is_interval(evaluator, a, b)]


def _is_interval(evaluator: Evaluator, low: End, high: End) -> bool:
    order = _compare(evaluator, low, high)
    return order < 0 or (order == 0 and not low.infinite and low.closed and high.closed)


def intersection(evaluator: Evaluator, one: Set, two: Set) -> Set:
    return complement(evaluator, union(evaluator, complement(evaluator, one), complement(evaluator, two)))
