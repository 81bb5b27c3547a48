"""From trees to exact values.

Two expressions in variables are equal if they are equal as real functions wherever both are defined.
"""

from fractions import Fraction
from math import ceil, comb, factorial, floor, gcd, lcm

from kpo_jax.verifier import trees
from kpo_jax.verifier.arithmetic import checked
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.field import ONE, Field, Value
from kpo_jax.verifier.nodes import (
    Apply,
    Call,
    Const,
    Degree,
    Matrix,
    Multiple,
    Neg,
    Node,
    Num,
    Percent,
    Power,
    Product,
    Sum,
    Sym,
    names_function,
)
from kpo_jax.verifier.powers import absolute, log_sum, rational_root, to_power
from kpo_jax.verifier.trigonometry import inverse_trigonometric, sine_cosine
from kpo_jax.verifier.values import HALF, add, checked_real, constant, hashed_value, lift, multiply, single
from kpo_jax.verifier.zero import invert

_ARITIES = {"floor": 1, "ceil": 1, "factorial": 1, "binom": 2}
MAX_FACTORIAL = 600
MAX_SHIFT = 20  # of n in (n + 20)!


def evaluate(field: Field, node: Node) -> Value:
    """The value of an expression. Raises Unreadable where a node has none, TooComplex where the work is too much."""
    field.spend(2)
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Sym):
        return single(field, ("sym", node.name))
    if isinstance(node, Sum):
        total = evaluate(field, node.terms[0])
        for term in node.terms[1:]:
            total = add(field, total, evaluate(field, term))
        return total
    if isinstance(node, Neg):
        return multiply(field, Fraction(-1), evaluate(field, node.node))
    if isinstance(node, Apply):
        if _is_function(node):
            argument = hashed_value(checked_real(field, evaluate(field, node.argument)))
            return single(field, ("apply", node.function.name, argument))
        return multiply(field, evaluate(field, node.function), evaluate(field, node.argument))
    if isinstance(node, Product):
        if trees.is_derivative(node):
            return single(field, ("derivative", repr(node)))
        product = evaluate(field, node.factors[0].node)
        for sign, part in node.factors[1:]:
            value = evaluate(field, part)
            product = multiply(field, product, value if sign > 0 else invert(field, value))
        return product
    if isinstance(node, Power):
        return to_power(field, evaluate(field, node.base), evaluate(field, node.exponent))
    if isinstance(node, Const):
        return constant(field, node.name)
    if isinstance(node, Call):
        return call(field, node.name, node.args)
    if isinstance(node, Degree):
        degree = multiply(field, constant(field, "pi"), Fraction(1, 180))
        return multiply(field, evaluate(field, node.node), degree)
    if isinstance(node, Multiple):
        return multiply(field, evaluate(field, node.node), node.factor)
    if isinstance(node, Percent):
        return multiply(field, evaluate(field, node.node), Fraction(1, 100))
    raise Unreadable(f"a {node.kind} inside an expression")


def _is_function(node: Apply) -> bool:
    """Whether f(x) is no product; x(0) is none either, as it would be 0."""
    return names_function(node.function) or node.argument == Num(Fraction(0))


def call(field: Field, name: str, nodes: tuple) -> Value:
    """The value of a function of some nodes."""
    if name == "det":
        if not isinstance(nodes[0], Matrix):
            raise Unreadable("a determinant")
        return determinant(field, [[evaluate(field, cell) for cell in row] for row in nodes[0].rows])
    args = [evaluate(field, node) for node in nodes]
    if name == "root":
        return to_power(field, args[0], invert(field, args[1]))
    if name in ("sqrt", "cbrt"):
        return rational_root(field, args[0], HALF if name == "sqrt" else Fraction(1, 3))
    if name in ("sin", "cos", "tan", "cot", "sec", "csc"):
        sine, cosine = sine_cosine(field, args[0])
        top = {"sin": sine, "cos": cosine, "tan": sine, "cot": cosine}.get(name, Fraction(1))
        bottom = {"tan": cosine, "cot": sine, "sec": cosine, "csc": sine}.get(name)
        return top if bottom is None else multiply(field, top, invert(field, bottom))
    if name in ("arcsin", "arccos", "arctan"):
        try:
            return inverse_trigonometric(field, name, args[0])
        except Unreadable:
            return single(field, (name, hashed_value(checked_real(field, args[0]))))
    if name in ("sinh", "cosh", "tanh"):
        return hyperbolic(field, name, args[0])
    if name == "exp":
        return to_power(field, constant(field, "e"), args[0])
    if name in ("ln", "log", "lg"):
        return logarithm(field, name, args)
    if name == "abs":
        return absolute(field, args[0])
    return counting(field, name, args)


def hyperbolic(field: Field, name: str, a: Value) -> Value:
    """sinh, cosh and tanh by exponentials."""
    up = to_power(field, constant(field, "e"), a)
    down = to_power(field, constant(field, "e"), multiply(field, Fraction(-1), a))
    difference, total = add(field, up, down, -1), add(field, up, down)
    if name == "tanh":
        return multiply(field, difference, invert(field, total))
    return multiply(field, difference if name == "sinh" else total, HALF)


def logarithm(field: Field, name: str, args: list[Value]) -> Value:
    """ln a, lg a, log a, and log a to a base."""
    top = log_sum(field, args[0])
    if name == "ln":
        return top
    if len(args) == 2:
        return multiply(field, top, invert(field, log_sum(field, args[1])))
    # \log without a base may mean base 10 or e: quotients and sums of logarithms hold in both, values in neither
    base = log_sum(field, Fraction(10)) if name == "lg" else single(field, ("logbase",), positive=True)
    return multiply(field, top, invert(field, base))


def counting(field: Field, name: str, args: list[Value]) -> Value:
    """floor, ceil, factorial, binomials, gcd, lcm, max and min of rational numbers, within caps.

    Factorials and binomials of expressions are products of factorials; other functions of expressions are opaque.
    """
    arity = _ARITIES.get(name)
    if arity and len(args) != arity:
        raise Unreadable(f"{name} of {len(args)} arguments")
    if not all(isinstance(a, Fraction) for a in args):
        if name == "factorial":
            return symbolic_factorial(field, args[0])
        if name == "binom":
            return symbolic_binomial(field, *args)
        return single(field, (name, tuple(hashed_value(checked_real(field, a)) for a in args)))
    if not arity and len(args) < 2:
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
    return single(field, (name, tuple(args)))


def symbolic_binomial(field: Field, n: Value, k: Value) -> Value:
    """n! / (k! (n - k)!)"""
    parts = [counting(field, "factorial", [a]) for a in (n, k, add(field, n, k, -1))]
    return multiply(field, parts[0], invert(field, multiply(field, parts[1], parts[2])))


def symbolic_factorial(field: Field, a: Value) -> Value:
    """(n + 2)! as (n + 1)(n + 2) n!, so that quotients of factorials cancel; n! itself is a generator."""
    a = lift(a)
    shift = a.num.get((), Fraction(0)) if a.den == ONE else Fraction(0)
    base = add(field, a, shift, -1)
    if shift.denominator != 1 or abs(shift) > MAX_SHIFT or max(lift(base).num.values()) < 0:
        shift, base = Fraction(0), a
    result = single(field, ("factorial", (hashed_value(checked_real(field, base)),)), positive=True)
    for step in range(1, int(shift) + 1):
        result = multiply(field, result, add(field, base, Fraction(step)))
    for step in range(int(shift) + 1, 1):
        result = multiply(field, result, invert(field, add(field, base, Fraction(step))))
    return result


def determinant(field: Field, rows: list[list[Value]]) -> Value:
    """Of a square matrix of at most four rows, by its first row."""
    if any(len(row) != len(rows) for row in rows) or len(rows) > 4:
        raise Unreadable("a determinant")
    if len(rows) == 1:
        return rows[0][0]
    total: Value = Fraction(0)
    for column, head in enumerate(rows[0]):
        minor = determinant(field, [row[:column] + row[column + 1 :] for row in rows[1:]])
        total = add(field, total, multiply(field, head, minor), (-1) ** column)
    return total
