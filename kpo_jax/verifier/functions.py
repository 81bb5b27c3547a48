"""From trees to exact values.

Two expressions in variables are equal if they are equal as real functions wherever both are defined.
"""

from fractions import Fraction
from math import ceil, comb, factorial, floor, gcd, lcm

from kpo_jax.verifier.algebra import Value, hashed_value
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.polynomials import checked
from kpo_jax.verifier.powers import HALF
from kpo_jax.verifier.trigonometry import Trigonometry

MAX_FACTORIAL = 600


class Evaluator(Trigonometry):
    """Values of parsed trees."""

    def value(self, node: tuple) -> Value:
        self.spend(2)
        kind = node[0]
        if kind == "num":
            return node[1]
        if kind == "sym":
            return self.single(node)
        if kind == "add":
            total = self.value(node[1][0])
            for term in node[1][1:]:
                total = self.add(total, self.value(term))
            return total
        if kind == "neg":
            return self.multiply(Fraction(-1), self.value(node[1]))
        if kind == "apply":  # a product, as far as values go
            return self.multiply(self.value(node[1]), self.value(node[2]))
        if kind == "mul":
            product = self.value(node[1][0][1])
            for sign, part in node[1][1:]:
                part = self.value(part)
                product = self.multiply(product, part if sign > 0 else self.invert(part))
            return product
        if kind == "pow":
            return self.power(self.value(node[1]), self.value(node[2]))
        if kind == "const":
            return self.constant(node[1])
        if kind == "call":
            return self.call(node[1], node[2])
        if kind == "degree":
            return self.multiply(self.value(node[1]), self.multiply(self.constant("pi"), Fraction(1, 180)))
        if kind == "percent":
            return self.multiply(self.value(node[1]), Fraction(1, 100))
        raise Unreadable(f"a {kind} inside an expression")

    def call(self, name: str, nodes: tuple) -> Value:
        args = [self.value(node) for node in nodes] if name != "det" else []
        if name == "det":
            if nodes[0][0] != "matrix":
                raise Unreadable("a determinant")
            return self.determinant([[self.value(cell) for cell in row] for row in nodes[0][1]])
        if name == "root":
            return self.power(args[0], self.invert(args[1]))
        if name in ("sqrt", "cbrt"):
            return self.rational_root(args[0], HALF if name == "sqrt" else Fraction(1, 3))
        if name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            sine, cosine = self.sine_cosine(args[0])
            top = {"sin": sine, "cos": cosine, "tan": sine, "cot": cosine}.get(name, Fraction(1))
            bottom = {"tan": cosine, "cot": sine, "sec": cosine, "csc": sine}.get(name)
            return top if bottom is None else self.multiply(top, self.invert(bottom))
        if name in ("arcsin", "arccos", "arctan"):
            try:
                return self.inverse_trigonometric(name, args[0])
            except Unreadable:
                return self.single((name, hashed_value(self.real(args[0]))))
        if name in ("sinh", "cosh", "tanh"):
            up, down = (
                self.power(self.constant("e"), args[0]),
                self.power(self.constant("e"), self.multiply(Fraction(-1), args[0])),
            )
            difference, total = self.add(up, down, -1), self.add(up, down)
            return self.multiply(
                {"sinh": difference, "cosh": total}.get(name, difference),
                self.invert(total) if name == "tanh" else HALF,
            )
        if name == "exp":
            return self.power(self.constant("e"), args[0])
        if name in ("ln", "log", "lg"):
            return self.logarithm(name, args)
        if name == "abs":
            return self.absolute(args[0])
        return self.counting(name, args)

    def logarithm(self, name: str, args: list[Value]) -> Value:
        top = self.log_sum(args[0])
        if name == "ln":
            return top
        if len(args) == 2:
            return self.multiply(top, self.invert(self.log_sum(args[1])))
        # \log without a base may mean base 10 or e: quotients and sums of logarithms hold in both, values in neither
        base = self.log_sum(Fraction(10)) if name == "lg" else self.single(("logbase",), positive=True)
        return self.multiply(top, self.invert(base))

    def counting(self, name: str, args: list[Value]) -> Value:
        """floor, ceil, factorial, binomials, gcd, lcm, max and min of rational numbers, within caps; otherwise opaque."""
        if not all(isinstance(a, Fraction) for a in args):
            return self.single((name, tuple(hashed_value(self.real(a)) for a in args)))
        if len(args) != {"floor": 1, "ceil": 1, "factorial": 1, "binom": 2}.get(name, max(2, len(args))):
            raise Unreadable(f"{name} of {len(args)} arguments")
        whole = all(a.denominator == 1 for a in args)
        if name in ("floor", "ceil"):
            return Fraction(floor(args[0]) if name == "floor" else ceil(args[0]))
        if name in ("max", "min"):
            return max(args) if name == "max" else min(args)
        if whole and name in ("gcd", "lcm"):
            return checked(Fraction((gcd if name == "gcd" else lcm)(*(int(a) for a in args))))
        if whole and name == "factorial" and args[0] >= 0:
            if args[0] > MAX_FACTORIAL:
                raise TooComplex("a factorial too large")
            return Fraction(factorial(int(args[0])))
        if whole and name == "binom" and args[1] >= 0 and args[0] >= 0:
            if args[0] > MAX_FACTORIAL and min(args[1], args[0] - args[1]) > 20:
                raise TooComplex("a binomial too large")
            return checked(Fraction(comb(int(args[0]), int(args[1]))))
        return self.single((name, tuple(args)))

    def determinant(self, rows: list[list[Value]]) -> Value:
        if any(len(row) != len(rows) for row in rows) or len(rows) > 4:
            raise Unreadable("a determinant")
        if len(rows) == 1:
            return rows[0][0]
        total: Value = Fraction(0)
        for column, head in enumerate(rows[0]):
            minor = self.determinant([row[:column] + row[column + 1 :] for row in rows[1:]])
            total = self.add(total, self.multiply(head, minor), (-1) ** column)
        return total
