"""Integers and rational numbers whose size is capped."""

from fractions import Fraction

from kpo_jax.verifier.errors import TooComplex
from kpo_jax.verifier.numeric import integer_root

MAX_BITS = 12_000  # of any integer
SMALL_PRIMES = [p for p in range(2, 1000) if all(p % d for d in range(2, int(p**0.5) + 1))]


def checked(value: Fraction) -> Fraction:
    """The value itself. Raises TooComplex if it has too many digits."""
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise TooComplex("too many digits")
    return value


def rational_power(base: Fraction, exponent: int) -> Fraction:
    """base**exponent. Raises TooComplex before it computes what would be too large."""
    size = max(base.numerator.bit_length() - 1, base.denominator.bit_length() - 1)
    if abs(exponent) * size > MAX_BITS:
        raise TooComplex("a power with too many digits")
    return Fraction(base) ** int(exponent)


def totient(n: int) -> int:
    """A bound on Euler's totient from above (exact if `factor` splits n)."""
    result = n
    for p in factor(n):
        result -= result // p
    return result


def factor(n: int) -> dict[int, int]:
    """n as small primes and a cofactor without small prime factors, which is split if it is a perfect power."""
    found: dict[int, int] = {}
    for p in SMALL_PRIMES:
        if p * p > n:
            break
        while n % p == 0:
            n //= p
            found[p] = found.get(p, 0) + 1
    if n > 1:
        for degree in range(n.bit_length() // 9 if n.bit_length() < 512 else 3, 1, -1):
            candidate = integer_root(n, degree)
            if candidate**degree == n:
                found[candidate] = found.get(candidate, 0) + degree
                return found
        found[n] = found.get(n, 0) + 1
    return found


def factored(a: Fraction) -> list[tuple[int, int]]:
    """A positive rational as (prime or cofactor, exponent) pairs."""
    return [*factor(a.numerator).items(), *((p, -k) for p, k in factor(a.denominator).items())]
