"""Whether two trees say the same: structure (lists, tuples, intervals, equations, units) around exact values."""

from fractions import Fraction

from kpo_jax.verifier import trees
from kpo_jax.verifier.algebra import Value
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.functions import Evaluator
from kpo_jax.verifier.intervals import to_set
from kpo_jax.verifier.polynomials import ONE

MAX_ITEMS = 60
_FLIPPED = {"<": ">", ">": "<", "le": "ge", "ge": "le", "=": "=", "ne": "ne", "approx": "approx"}


def equal_trees(one: tuple, two: tuple) -> bool:
    units: dict = {}
    for _ in range(3):
        comparison = Comparison(Evaluator(units))
        result = comparison.equal(one, two)
        if not comparison.evaluator.stale:
            return result
    raise TooComplex("angles that share no unit")


class Comparison:
    """One comparison of two trees; shares one evaluator, so generators agree and the budget is for the whole."""

    def __init__(self, evaluator: Evaluator):
        self.evaluator = evaluator

    def equal(self, a: tuple, b: tuple) -> bool:
        self.evaluator.spend(5)
        if a == b:
            return True
        if a[0] == b[0] == "rel" and (trees.has(a, "pm") or trees.has(b, "pm")):
            return self.equal_unordered([a], [b])
        if {a[0], b[0]} == {"rel", "list"} and all(
            trees.labels(trees.items(node)) for node in (a, b)
        ):  # x = ±2 and x = 2, x = -2
            return self.equal_unordered(trees.items(a), trees.items(b))
        if a[0] == "rel" or b[0] == "rel":
            return self.equal_relations(a, b)
        if a[0] in ("cup", "cap", "minus", "special") or b[0] in ("cup", "cap", "minus", "special"):
            return self.equal_sets(a, b)
        if {a[0], b[0]} == {"list", "tuple"}:
            a, b = trees.point(a), trees.point(b)
        if trees.several(a) or trees.several(b):
            return self.equal_unordered(trees.items(a), trees.items(b))
        if "tuple" in (a[0], b[0]) or trees.is_matrix(a) or trees.is_matrix(b):
            return self.equal_ordered(a, b)
        if a[0] == "word" or b[0] == "word":
            return a == b
        return self.equal_quantities(a, b)

    # ---- numbers with units

    def equal_quantities(self, a: tuple, b: tuple) -> bool:
        """A unit, degree or percent sign may be left out on one side, but not contradicted."""
        (a, unit_a), (b, unit_b) = trees.without_unit(a), trees.without_unit(b)
        marks = [trees.mark(node) or (unit or None) for node, (unit, _) in ((a, unit_a), (b, unit_b))]
        if None not in marks and marks[0] != marks[1]:
            return False
        for marked, other in ((a, b), (b, a)):
            if trees.mark(marked) and not trees.mark(other) and self.equal_values(trees.unmarked(marked), other):
                return True
        # A scale converts (1 hour is 60 minutes) where both sides name the unit; 5 million and 3 dozen are numbers themselves.
        both = None not in marks
        a, b = (
            node if unit and not both else trees.times(node, scale)
            for node, (unit, scale) in ((a, unit_a), (b, unit_b))
        )
        return self.equal_values(a, b)

    def equal_values(self, a: tuple, b: tuple) -> bool:
        if a[0] == "ratio" or b[0] == "ratio":
            return self.equal_ratios(a, b)
        if trees.infinite(a) or trees.infinite(b):
            return trees.infinite(a) == trees.infinite(b)
        return self.evaluator.equal(self.evaluator.value(a), self.evaluator.value(b))

    def equal_ratios(self, a: tuple, b: tuple) -> bool:
        """3:4 is 6:8 and 3/4. (Two possible times of day, 6:40 and 3:20, were told apart before.)"""
        parts = [node[1] if node[0] == "ratio" else None for node in (a, b)]
        if parts[0] and parts[1]:
            if len(parts[0]) != len(parts[1]):
                return False
            values = [[self.evaluator.value(part) for part in group] for group in parts]
            return all(
                self.evaluator.equal(self.evaluator.multiply(x, values[1][0]), self.evaluator.multiply(y, values[0][0]))
                for x, y in zip(values[0][1:], values[1][1:], strict=True)
            )
        group, other = (parts[0], b) if parts[0] else (parts[1], a)
        if len(group) != 2:
            return False
        return self.equal_values(("mul", ((1, group[0]), (-1, group[1]))), other)

    # ---- lists, sets, tuples, matrices

    def equal_unordered(self, a: list[tuple], b: list[tuple]) -> bool:
        a, b = self.distinct(a), self.distinct(b)
        if len(a) != len(b):
            return False
        if any(len(trees.labels(one)) > 1 and not trees.labels(two) for one, two in ((a, b), (b, a))):
            return False  # x = 1, y = 2 names its values, 1, 2 does not
        left = list(b)
        for item in a:
            for index, other in enumerate(left):
                if self.safely_equal(item, other):
                    del left[index]
                    break
            else:
                return False
        return True

    def safely_equal(self, a: tuple, b: tuple) -> bool:
        try:
            return self.equal(a, b)
        except Unreadable:
            return False

    def distinct(self, items: list[tuple]) -> list[tuple]:
        found: list[tuple] = []
        for variant in (variant for item in items for variant in trees.variants(item)):
            if not any(self.safely_equal(variant, other) for other in found):
                found.append(variant)
            if len(found) > MAX_ITEMS:
                raise TooComplex("too many items")
        return found

    def equal_ordered(self, a: tuple, b: tuple) -> bool:
        """Tuples with their brackets, matrices with their shape; a tuple in round or angle brackets is also a column or row vector."""
        if a[0] == "tuple" and b[0] == "tuple":
            brackets = {node[1] + node[2] for node in (a, b)}
            if len(brackets) > 1 and brackets != {"()", "langlerangle"}:
                return False
            if len(a[3]) != len(b[3]) or len(a[3]) > MAX_ITEMS:
                return False
            return all(self.equal(x, y) for x, y in zip(a[3], b[3], strict=True))
        if "tuple" in (a[0], b[0]):
            matrix, vector = (a, b) if b[0] == "tuple" else (b, a)
            rows = self.matrix_value(matrix)
            rows = rows if len(rows) > 1 else [[cell] for cell in rows[0]]
            if vector[1] not in ("(", "langle") or any(len(row) != 1 for row in rows) or len(rows) != len(vector[3]):
                return False
            values = [self.evaluator.value(item) for item in vector[3]]
            return all(self.evaluator.equal(row[0], value) for row, value in zip(rows, values, strict=True))
        a, b = self.matrix_value(a), self.matrix_value(b)
        if [len(row) for row in a] != [len(row) for row in b]:
            return False
        return all(
            self.evaluator.equal(x, y) for one, two in zip(a, b, strict=True) for x, y in zip(one, two, strict=True)
        )

    def matrix_value(self, node: tuple) -> list[list[Value]]:
        """Rows of values, of a matrix or of scalar multiples, sums and negations of matrices."""
        value = self.evaluator.value
        if node[0] == "matrix":
            return [[value(cell) for cell in row] for row in node[1]]
        if node[0] == "neg":
            return self.scaled(Fraction(-1), self.matrix_value(node[1]))
        if node[0] == "mul":
            matrices = [part for sign, part in node[1] if trees.is_matrix(part) and sign > 0]
            if len(matrices) != 1:
                raise Unreadable("a product of matrices")
            rest = tuple((sign, part) for sign, part in node[1] if part is not matrices[0])
            return self.scaled(value(("mul", ((1, ("num", Fraction(1))), *rest))), self.matrix_value(matrices[0]))
        if node[0] == "add":
            total, *others = [self.matrix_value(term) for term in node[1]]
            for other in others:
                if [len(row) for row in total] != [len(row) for row in other]:
                    raise Unreadable("a sum of matrices of different shapes")
                total = [
                    [self.evaluator.add(x, y) for x, y in zip(one, two, strict=True)]
                    for one, two in zip(total, other, strict=True)
                ]
            return total
        raise Unreadable("no matrix")

    def scaled(self, factor: Value, rows: list[list[Value]]) -> list[list[Value]]:
        return [[self.evaluator.multiply(factor, cell) for cell in row] for row in rows]

    # ---- equations and inequalities

    def equal_relations(self, a: tuple, b: tuple) -> bool:
        if a[0] == "rel" and b[0] == "rel":
            if self.same_relation(a, b):
                return True
            return self.both_sets(a, b)
        relation, other = (a, b) if a[0] == "rel" else (b, a)
        operators, sides = relation[1], relation[2]
        if all(operator in ("=", "approx", "equiv", "in") for operator in operators):
            value = self.named_value(operators, sides)
            return value is not None and self.equal(value, other)
        if trees.several(other) or other[0] in ("tuple", "cup", "cap", "minus", "special"):
            return self.equal_sets(relation, other)
        return False

    def named_value(self, operators: tuple, sides: tuple) -> tuple | None:
        """The value of `x = 5`, `f(x) = x + 1`, `x \\in [1, 2]`, `1/2 = 0.5` and `\\pi \\approx 3.14`; None for other equations.

        A name on the left is a label. Sides that are all values must be equal (or, for an approximation, rounded correctly), or
        the box would hold two candidates.
        """
        if trees.label(sides[0]) and not (trees.names(sides[0]) & trees.names(sides[-1]) and sides[0][0] != "apply"):
            sides, operators = sides[1:], operators[1:]
        elif (
            len(sides) == 2
            and operators == ("=",)
            and trees.label(sides[1])
            and not trees.names(sides[1]) & trees.names(sides[0])
        ):
            sides, operators = sides[:1], ()
        if not sides:
            return None
        for operator, left, right in zip(operators, sides, sides[1:], strict=False):
            if operator == "=" and not (trees.scalar(left) and trees.scalar(right) and self.equal(left, right)):
                return None
            if operator == "approx" and not self.rounds_to(left, right):
                return None
            if operator not in ("=", "approx"):
                return None
        return sides[0]

    def rounds_to(self, exact: tuple, rounded: tuple) -> bool:
        if rounded[0] != "num" or not trees.scalar(exact):
            return False
        unit = Fraction(1)
        while (rounded[1] / unit).denominator > 1:
            unit /= 10
            if unit < Fraction(1, 10**30):
                return False
        evaluator = self.evaluator
        error = evaluator.add(evaluator.value(exact), rounded[1], -1)
        size = evaluator.absolute(error)
        cut_off = evaluator.sign(error) == (rounded[1] > 0) - (rounded[1] < 0)
        return evaluator.sign(evaluator.add(size, unit if cut_off else unit / 2, -1)) <= 0

    def same_relation(self, a: tuple, b: tuple) -> bool:
        if len(a[1]) != len(b[1]):
            return False
        if len(a[1]) > 1:
            flipped = (b[0], tuple(_FLIPPED.get(o, o) for o in reversed(b[1])), tuple(reversed(b[2])))
            return any(
                a[1] == other[1] and all(self.equal(x, y) for x, y in zip(a[2], other[2], strict=True))
                for other in (b, flipped)
            )
        one, two = a[1][0], b[1][0]
        if one == "in" or two == "in":
            return one == two and self.equal(a[2][0], b[2][0]) and self.equal(a[2][1], b[2][1])
        if not all(trees.scalar(side) for side in (*a[2], *b[2])):
            return one == two == "=" and all(self.equal(x, y) for x, y in zip(a[2], b[2], strict=True))
        if one not in _FLIPPED or two not in _FLIPPED:
            return False
        if one == two == "=" and {a[2][0][0], b[2][0][0]} == {"apply", "sym"}:  # f(x) = x + 1 and y = x + 1
            return self.equal(a[2][1], b[2][1])
        return self.proportional(one, self.difference(a), two, self.difference(b))

    def difference(self, relation: tuple) -> Value:
        left, right = (self.evaluator.value(side) for side in relation[2])
        return self.evaluator.add(left, right, -1)

    def proportional(self, one: str, a: Value, two: str, b: Value) -> bool:
        """a R 0 and b S 0 are the same if a = c b with c constant: any nonzero c for = and ne, c > 0 or a flip for inequalities."""
        evaluator = self.evaluator
        if one == two and one in ("=", "ne"):
            a, b = (evaluator.ratio(evaluator.without_poles(evaluator.lift(x).num), ONE) for x in (a, b))
        if evaluator.is_zero(a) or evaluator.is_zero(b):
            return False
        a, b = evaluator.lift(a), evaluator.lift(b)
        if evaluator.is_constant(a) or evaluator.is_constant(b):
            return False
        ratio = evaluator.multiply(a, evaluator.invert(b))
        ratio = self.constant_ratio(a, b) if not evaluator.is_constant(ratio) else ratio
        if ratio is None:
            return False
        if one in ("=", "ne"):
            return one == two
        sign = evaluator.sign(ratio)
        return (two if sign > 0 else _FLIPPED[two]) == one

    def constant_ratio(self, a, b) -> Value | None:
        """c with a = c b, or None. Compares the coefficients of one monomial in the variables, then proves the identity."""
        evaluator = self.evaluator
        crossed = [evaluator.multiply(x, evaluator.ratio(y.den, ONE)) for x, y in ((a, b), (b, a))]
        free_a, free_b = (self.by_variables(evaluator.reduce(evaluator.lift(x).num)) for x in crossed)
        monomial = max(free_b, default=None)
        if monomial is None or monomial not in free_a:
            return None
        c = evaluator.multiply(
            evaluator.ratio(free_a[monomial], ONE), evaluator.invert(evaluator.ratio(free_b[monomial], ONE))
        )
        return c if evaluator.equal(a, evaluator.multiply(c, b)) else None

    def by_variables(self, poly: dict) -> dict:
        groups: dict = {}
        for monomial, coefficient in poly.items():
            free = tuple(
                pair
                for pair in monomial
                if not self.evaluator.is_constant(self.evaluator.ratio({(pair,): Fraction(1)}, ONE))
            )
            bound = tuple(pair for pair in monomial if pair not in free)
            groups.setdefault(free, {})[bound] = coefficient
        return groups

    # ---- sets of reals

    def both_sets(self, a: tuple, b: tuple) -> bool:
        try:
            return self.equal_sets(a, b)
        except Unreadable:
            return False

    def equal_sets(self, a: tuple, b: tuple) -> bool:
        if a[0] == b[0] == "special":
            return a == b
        name_a, set_a = to_set(self.evaluator, a)
        name_b, set_b = to_set(self.evaluator, b)
        if name_a and name_b and name_a != name_b:
            return False
        return len(set_a) == len(set_b) and all(x.same(y, self.evaluator) for x, y in zip(set_a, set_b, strict=True))
