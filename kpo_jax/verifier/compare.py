"""Whether two trees say the same: structure (lists, tuples, units, equations) around exact values."""

from fractions import Fraction

from kpo_jax.verifier import trees
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.evaluate import evaluate
from kpo_jax.verifier.field import ONE, Field, Value
from kpo_jax.verifier.intervals import FLIPPED, same_set, to_set
from kpo_jax.verifier.nodes import (
    SETS,
    Apply,
    Factor,
    List,
    Matrix,
    Neg,
    Node,
    Num,
    Product,
    Ratio,
    Relation,
    Special,
    Sum,
    Sym,
    Tuple,
    Word,
    quotient,
)
from kpo_jax.verifier.polynomials import reduced, without_poles
from kpo_jax.verifier.powers import absolute
from kpo_jax.verifier.values import add, is_constant, lift, multiply, ratio
from kpo_jax.verifier.zero import invert, is_zero, same_value, sign_of

MAX_ITEMS = 60
_COMPARABLE = {**FLIPPED, "approx": "approx"}


def equal_trees(one: Node, two: Node) -> bool:
    """Whether two trees say the same; symmetric. Raises Unreadable or TooComplex where that stays undecided.

    A constant of integration may be c on one side and C on the other, if it is not the only variable.
    """
    if _equal_as_they_are(one, two):
        return True
    constants = trees.constants(one), trees.constants(two)
    if not all(constants) or any(trees.names(node) <= found for node, found in zip((one, two), constants, strict=True)):
        return False
    small = {name for name in constants[0] | constants[1] if name.startswith("c")}
    if small not in constants or constants[0] & constants[1] or small == constants[0] | constants[1]:
        return False
    return _equal_as_they_are(trees.capitalised(one, small), trees.capitalised(two, small))


def _equal_as_they_are(one: Node, two: Node) -> bool:
    angle_units: dict = {}
    for _ in range(3):
        field = Field(angle_units)
        result = equal(field, one, two)
        if not field.stale:
            return result
    raise TooComplex("angles that share no unit")


def equal(field: Field, a: Node, b: Node) -> bool:
    """Whether two nodes say the same: what they are decides how they compare."""
    field.spend(5)
    if a == b:
        return True
    for named, other in ((a, b), (b, a)):  # p = 5, q = 9 and 5, 9
        if isinstance(other, List) and trees.named_values(named) and not trees.labels(other.items):
            return equal_sequence(field, trees.named_values(named), other.items)
    relations = isinstance(a, Relation) + isinstance(b, Relation)
    if relations == 2 and (trees.several_signs(a) or trees.several_signs(b)):
        return equal_unordered(field, [a], [b])
    with_list = relations == 1 and (isinstance(a, List) or isinstance(b, List))
    if with_list and all(trees.labels(trees.items(node)) for node in (a, b)):  # x = ±2 and x = 2, x = -2
        return equal_unordered(field, trees.items(a), trees.items(b))
    if relations:
        return equal_relations(field, a, b)
    if isinstance(a, SETS) or isinstance(b, SETS):
        return equal_sets(field, a, b)
    if trees.with_dots(a) or trees.with_dots(b):  # 1, 2, ..., n has an order
        return type(a) is type(b) and equal_sequence(field, a.items, b.items)
    if (isinstance(a, List) and isinstance(b, Tuple)) or (isinstance(a, Tuple) and isinstance(b, List)):
        a, b = trees.point(a), trees.point(b)
    joints = {a.kind, b.kind} & {"and", "or"}
    if len(joints) > 1 or (joints and (isinstance(a, Tuple) or isinstance(b, Tuple))):  # x > 1 and x < 2 is (1, 2)
        return both_sets(field, a, b)
    if trees.several(a) or trees.several(b):
        return equal_unordered(field, trees.items(a), trees.items(b))
    if isinstance(a, Tuple) or isinstance(b, Tuple) or trees.is_matrix(a) or trees.is_matrix(b):
        return equal_ordered(field, a, b)
    if isinstance(a, Word) or isinstance(b, Word):
        return a == b
    return equal_quantities(field, a, b)


# ---- numbers with units


def equal_quantities(field: Field, a: Node, b: Node) -> bool:
    """A unit, degree or percent sign may be left out on one side, but not contradicted."""
    (a, unit_a), (b, unit_b) = trees.without_unit(a), trees.without_unit(b)
    marks = [trees.mark(a) or unit_a.powers or None, trees.mark(b) or unit_b.powers or None]
    if None not in marks and marks[0] != marks[1]:
        return False
    for marked, other in ((a, b), (b, a)):
        if trees.mark(marked) and not trees.mark(other) and equal_values(field, trees.unmarked(marked), other):
            return True
    # A scale converts (1 hour is 60 minutes) where both sides name the unit; 5 million and 3 dozen are numbers.
    both = None not in marks
    a, b = (
        node if unit.powers and not both else trees.times(node, unit.factor)
        for node, unit in ((a, unit_a), (b, unit_b))
    )
    return equal_values(field, a, b)


def equal_values(field: Field, a: Node, b: Node) -> bool:
    """Two numbers or expressions without units."""
    if isinstance(a, Ratio) or isinstance(b, Ratio):
        return equal_ratios(field, a, b)
    if trees.infinite(a) or trees.infinite(b):
        return trees.infinite(a) == trees.infinite(b)
    return same_value(field, evaluate(field, a), evaluate(field, b))


def equal_ratios(field: Field, a: Node, b: Node) -> bool:
    """3:4 is 6:8 and 3/4. (Two possible times of day, 6:40 and 3:20, were told apart before.)"""
    if isinstance(a, Ratio) and isinstance(b, Ratio):
        if len(a.sides) != len(b.sides):
            return False
        one, two = ([evaluate(field, side) for side in node.sides] for node in (a, b))
        place = next((index for index, side in enumerate(two) if not is_zero(field, side)), None)
        if place is None or is_zero(field, one[place]):  # 0:0 is in proportion to everything, and equal to nothing
            return False
        return all(
            same_value(field, multiply(field, x, two[place]), multiply(field, y, one[place]))
            for x, y in zip(one, two, strict=True)
        )
    proportion, other = (a, b) if isinstance(a, Ratio) else (b, a)
    return len(proportion.sides) == 2 and equal_values(field, quotient(*proportion.sides), other)


# ---- lists, sets, tuples, matrices


def equal_unordered(field: Field, a: list[Node], b: list[Node]) -> bool:
    """Two collections in any order, without repetitions, every plus-minus sign standing for both."""
    a, b = distinct(field, a), distinct(field, b)
    if len(a) != len(b):
        return False
    if any(len(trees.labels(one)) > 1 and not trees.labels(two) for one, two in ((a, b), (b, a))):
        return False  # x = 1, y = 2 names its values, 1, 2 does not
    left = list(b)
    for item in a:
        for index, other in enumerate(left):
            if safely_equal(field, item, other):
                del left[index]
                break
        else:
            return False
    return True


def safely_equal(field: Field, a: Node, b: Node) -> bool:
    """As `equal`, but what cannot be read is not equal."""
    try:
        return equal(field, a, b)
    except Unreadable:
        return False


def distinct(field: Field, items: list[Node]) -> list[Node]:
    """The items with their signs chosen, without repetitions."""
    found: list[Node] = []
    for variant in (variant for item in items for variant in trees.variants(item)):
        if not any(safely_equal(field, variant, other) for other in found):
            found.append(variant)
        if len(found) > MAX_ITEMS:
            raise TooComplex("too many items")
    return found


def equal_ordered(field: Field, a: Node, b: Node) -> bool:
    """Tuples with their brackets, matrices with their shape.

    A tuple in round or angle brackets is also a column or row vector.
    """
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        brackets = {node.opening + node.closing for node in (a, b)}
        if len(brackets) > 1 and brackets != {"()", "langlerangle"}:
            return False
        return equal_sequence(field, a.items, b.items)
    if isinstance(a, Tuple):
        return equal_vectors(field, a, b)
    if isinstance(b, Tuple):
        return equal_vectors(field, b, a)
    a, b = matrix_value(field, a), matrix_value(field, b)
    if [len(row) for row in a] != [len(row) for row in b]:
        return False
    return all(same_value(field, x, y) for one, two in zip(a, b, strict=True) for x, y in zip(one, two, strict=True))


def equal_sequence(field: Field, a: tuple[Node, ...], b: tuple[Node, ...]) -> bool:
    """Items in their order."""
    if len(a) != len(b) or len(a) > MAX_ITEMS:
        return False
    return all(equal(field, x, y) for x, y in zip(a, b, strict=True))


def equal_vectors(field: Field, vector: Tuple, matrix: Node) -> bool:
    """A tuple and a matrix of one row or one column."""
    rows = matrix_value(field, matrix)
    rows = rows if len(rows) > 1 else [[cell] for cell in rows[0]]
    if vector.opening not in ("(", "langle") or any(len(row) != 1 for row in rows) or len(rows) != len(vector.items):
        return False
    values = [evaluate(field, item) for item in vector.items]
    return all(same_value(field, row[0], value) for row, value in zip(rows, values, strict=True))


def matrix_value(field: Field, node: Node) -> list[list[Value]]:
    """Rows of values, of a matrix or of scalar multiples, sums and negations of matrices."""
    if isinstance(node, Matrix):
        return [[evaluate(field, cell) for cell in row] for row in node.rows]
    if isinstance(node, Neg):
        return scaled(field, Fraction(-1), matrix_value(field, node.node))
    if isinstance(node, Product):
        matrices = [part for sign, part in node.factors if trees.is_matrix(part) and sign > 0]
        if len(matrices) != 1:
            raise Unreadable("a product of matrices")
        rest = (factor for factor in node.factors if factor.node is not matrices[0])
        scale = evaluate(field, Product((Factor(1, Num(Fraction(1))), *rest)))
        return scaled(field, scale, matrix_value(field, matrices[0]))
    if isinstance(node, Sum):
        total, *others = [matrix_value(field, term) for term in node.terms]
        for other in others:
            if [len(row) for row in total] != [len(row) for row in other]:
                raise Unreadable("a sum of matrices of different shapes")
            total = [
                [add(field, x, y) for x, y in zip(one, two, strict=True)] for one, two in zip(total, other, strict=True)
            ]
        return total
    raise Unreadable("no matrix")


def scaled(field: Field, factor: Value, rows: list[list[Value]]) -> list[list[Value]]:
    """A matrix times a value."""
    return [[multiply(field, factor, cell) for cell in row] for row in rows]


# ---- equations and inequalities


def equal_relations(field: Field, a: Node, b: Node) -> bool:
    """Two equations or inequalities, or one and something else: a value that it names, or a set that it describes."""
    if isinstance(a, Relation) and isinstance(b, Relation):
        return same_relation(field, a, b) or both_sets(field, a, b)
    relation, other = (a, b) if isinstance(a, Relation) else (b, a)
    if all(operator in ("=", "approx", "equiv", "in") for operator in relation.operators):
        value = named_value(field, relation)
        return value is not None and equal(field, value, other)
    if trees.several(other) or isinstance(other, (Tuple, *SETS)):
        return equal_sets(field, relation, other)
    return False


def named_value(field: Field, relation: Relation) -> Node | None:
    """The value that `x = 5`, `f(x) = x + 1`, `x \\in [1, 2]`, `1/2 = 0.5` or `\\pi \\approx 3.14` names; else None.

    A name on the left is a label. Sides that are all values must be equal (or, for an approximation, rounded
    correctly), or the box would hold two candidates.
    """
    operators, sides = relation.operators, relation.sides
    shared = trees.names(sides[0]) & trees.names(sides[-1])
    if trees.label(sides[0]) and (not shared or trees.is_function(sides[0])):
        sides, operators = sides[1:], operators[1:]
        while len(sides) > 1 and _names(sides[0], sides[-1]):  # H(s) = Y(s)/U(s) = 1/s, AB = CD = 5
            sides, operators = sides[1:], operators[1:]
    elif operators == ("=",) and trees.label(sides[1]) and not shared:
        sides, operators = sides[:1], ()
    for operator, left, right in zip(operators, sides, sides[1:], strict=False):
        if operator == "=" and not (trees.scalar(left) and trees.scalar(right) and equal(field, left, right)):
            return None
        if operator == "approx" and not rounds_to(field, left, right):
            return None
        if operator not in ("=", "approx"):
            return None
    return sides[0]


def _names(node: Node, value: Node) -> bool:
    """Whether a side in the middle of a chain is one more name of the value."""
    return trees.is_function(node) or (trees.plain_label(node) and not trees.names(node) & trees.names(value))


def rounds_to(field: Field, exact: Node, rounded: Node) -> bool:
    """Whether a decimal is the value rounded, or cut off, after its last digit."""
    if not isinstance(rounded, Num) or not trees.scalar(exact):
        return False
    unit = Fraction(1)
    while (rounded.value / unit).denominator > 1:
        unit /= 10
        if unit < Fraction(1, 10**30):
            return False
    error = add(field, evaluate(field, exact), rounded.value, -1)
    size = absolute(field, error)
    cut_off = sign_of(field, error) == (rounded.value > 0) - (rounded.value < 0)
    return sign_of(field, add(field, size, unit if cut_off else unit / 2, -1)) <= 0


def same_relation(field: Field, a: Relation, b: Relation) -> bool:
    """The same equation or inequality, up to rearrangement and a constant factor.

    A chain compares link by link, in either direction.
    """
    if len(a.operators) != len(b.operators):
        return False
    if len(a.operators) > 1:
        operators = tuple(_COMPARABLE.get(operator, operator) for operator in reversed(b.operators))
        flipped = Relation(operators, tuple(reversed(b.sides)))
        return any(a.operators == other.operators and same_sides(field, a, other) for other in (b, flipped))
    one, two = a.operators[0], b.operators[0]
    if one == "in" or two == "in":
        return one == two and same_sides(field, a, b)
    if not all(trees.scalar(side) for side in (*a.sides, *b.sides)):
        return one == two == "=" and same_sides(field, a, b)
    if one not in _COMPARABLE or two not in _COMPARABLE:
        return one == two and same_sides(field, a, b)
    kinds = {type(a.sides[0]), type(b.sides[0])}
    if one == two == "=" and kinds == {Apply, Sym}:  # f(x) = x + 1 and y = x + 1
        return equal(field, a.sides[1], b.sides[1])
    return proportional(field, one, difference(field, a), two, difference(field, b))


def same_sides(field: Field, a: Relation, b: Relation) -> bool:
    """Whether the sides of two relations say the same, one by one."""
    return all(equal(field, x, y) for x, y in zip(a.sides, b.sides, strict=True))


def difference(field: Field, relation: Relation) -> Value:
    """The left side less the right side."""
    left, right = (evaluate(field, side) for side in relation.sides)
    return add(field, left, right, -1)


def proportional(field: Field, one: str, a: Value, two: str, b: Value) -> bool:
    """Whether `a one 0` and `b two 0` say the same, as they do if a = c b with a constant c.

    Any c but 0 will do for = and ne; an inequality needs c > 0, or c < 0 and the other direction.
    """
    if one == two and one in ("=", "ne"):
        a, b = (ratio(field, without_poles(field, lift(x).num), ONE) for x in (a, b))
    if is_zero(field, a) or is_zero(field, b):
        return False
    a, b = lift(a), lift(b)
    if is_constant(field, a) or is_constant(field, b):
        return False
    c = multiply(field, a, invert(field, b))
    c = constant_ratio(field, a, b) if not is_constant(field, c) else c
    if c is None:
        return False
    if one in ("=", "ne"):
        return one == two
    return (two if sign_of(field, c) > 0 else _COMPARABLE[two]) == one


def constant_ratio(field: Field, a, b) -> Value | None:
    """c with a = c b, or None. Compares the coefficients of one monomial in the variables, then proves the identity."""
    crossed = [multiply(field, x, ratio(field, y.den, ONE)) for x, y in ((a, b), (b, a))]
    free_a, free_b = (by_variables(field, reduced(field, lift(x).num)) for x in crossed)
    monomial = max(free_b, default=None)
    if monomial is None or monomial not in free_a:
        return None
    divisor = invert(field, ratio(field, free_b[monomial], ONE))
    c = multiply(field, ratio(field, free_a[monomial], ONE), divisor)
    return c if same_value(field, a, multiply(field, c, b)) else None


def by_variables(field: Field, poly: dict) -> dict:
    """A polynomial in the variables, with polynomials in constants as its coefficients."""
    groups: dict = {}
    for monomial, coefficient in poly.items():
        free = tuple(pair for pair in monomial if not is_constant(field, ratio(field, {(pair,): Fraction(1)}, ONE)))
        bound = tuple(pair for pair in monomial if pair not in free)
        groups.setdefault(free, {})[bound] = coefficient
    return groups


# ---- sets of reals


def both_sets(field: Field, a: Node, b: Node) -> bool:
    """As `equal_sets`, but what is no set is not equal."""
    try:
        return equal_sets(field, a, b)
    except Unreadable:
        return False


def equal_sets(field: Field, a: Node, b: Node) -> bool:
    """Two sets of reals, or of one variable with a name."""
    if isinstance(a, Special) and isinstance(b, Special):
        return a == b
    name_a, set_a = to_set(field, a)
    name_b, set_b = to_set(field, b)
    return not (name_a and name_b and name_a != name_b) and same_set(field, set_a, set_b)
