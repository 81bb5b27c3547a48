"""Roots of positive rational numbers, as products of roots of primes."""

from fractions import Fraction

from kpo_jax.verifier.arithmetic import factored, rational_power
from kpo_jax.verifier.field import ONE, Field, Ratio, Value
from kpo_jax.verifier.values import multiply, single


def positive_root(field: Field, base: Fraction, exponent: Fraction) -> Value:
    """base**exponent for a positive base."""
    result: Value = Fraction(1)
    for p, k in factored(base):
        whole = (k * exponent).__floor__()
        result = multiply(field, result, rational_power(Fraction(p), whole))
        if k * exponent != whole:
            result = multiply(field, result, prime_root(field, p, k * exponent - whole))
    return result


def prime_root(field: Field, p: int, exponent: Fraction) -> Value:
    """p**exponent for a prime p, or a cofactor that `factor` does not split; 0 < exponent < 1."""
    base = Ratio({(): Fraction(p)}, ONE)
    return single(field, ("prime", p), exponent, period=1, base=base, positive=True, algebraic=True)
