"""Rigorous numbers: complex balls in binary fixed point, on Python integers, with a bound on the error of each."""

from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from kpo_jax.verifier.errors import TooComplex

MAX_PRECISION = 24_000  # bits


class Ball(NamedTuple):
    """(re + i im) / 2**precision, each off by at most err / 2**precision."""

    re: int
    im: int
    err: int

    def size(self) -> int:
        return abs(self.re) + abs(self.im) + self.err


def ball(value: Fraction, precision: int) -> Ball:
    return Ball((value.numerator << precision) // value.denominator, 0, 1)


def add(a: Ball, b: Ball) -> Ball:
    return Ball(a.re + b.re, a.im + b.im, a.err + b.err)


def multiply(a: Ball, b: Ball, precision: int) -> Ball:
    error = (a.size() * b.err + b.size() * a.err >> precision) + 2
    return Ball(a.re * b.re - a.im * b.im >> precision, a.re * b.im + a.im * b.re >> precision, error)


def inverse(a: Ball, precision: int) -> Ball:
    norm = a.re * a.re + a.im * a.im
    if isqrt(norm) <= 2 * a.err:
        raise TooComplex("a division the precision does not resolve")
    error = (a.err << 2 * precision + 1) // norm + 2
    return Ball((a.re << 2 * precision) // norm, (-a.im << 2 * precision) // norm, error)


def power(a: Ball, exponent: int, precision: int) -> Ball:
    result, base, left = Ball(1 << precision, 0, 0), a, abs(exponent)
    while left:
        if left & 1:
            result = multiply(result, base, precision)
        base = multiply(base, base, precision) if left > 1 else base
        left >>= 1
    return inverse(result, precision) if exponent < 0 else result


def root(a: Ball, degree: int, precision: int) -> Ball:
    """The principal root; of a complex number, the square root only."""
    if a.im == 0 and a.re > a.err:
        low, high = ((a.re + sign * a.err) << (degree - 1) * precision for sign in (-1, 1))
        low, high = integer_root(low, degree), integer_root(high, degree) + 1
        return Ball(low, 0, high - low)
    norm = isqrt(a.re * a.re + a.im * a.im)
    if degree != 2 or norm <= 4 * a.err or (a.re < 0 and abs(a.im) <= a.err):
        raise TooComplex("a root the precision does not resolve")
    re, im = isqrt((norm + a.re << precision) // 2), isqrt((norm - a.re << precision) // 2)
    # |d sqrt(z)| <= |dz| / (2 sqrt|z|), and the small half comes from the large one: re * im = a.im / 2
    error = (a.err + 2 << precision) // isqrt(norm << precision) + 3
    if re >= im:
        im = (abs(a.im) << precision) // (2 * re)
    else:
        re = (abs(a.im) << precision) // (2 * im)
    return Ball(re, im if a.im >= 0 else -im, error)


def integer_root(value: int, degree: int) -> int:
    """floor(value ** (1/degree)), by Newton's method from above."""
    if degree == 2 or value < 2:
        return isqrt(value)
    guess = 1 << -(-value.bit_length() // degree)
    while True:
        following = ((degree - 1) * guess + value // guess ** (degree - 1)) // degree
        if following >= guess:
            return guess
        guess = following


@lru_cache(maxsize=64)
def pi(precision: int) -> Ball:
    """Machin: pi = 16 atan(1/5) - 4 atan(1/239)."""
    guard = precision + 16

    def arctan_inverse(n: int) -> int:
        term = total = (1 << guard) // n
        k = 1
        while term:
            term //= -n * n
            k += 2
            total += term // k
        return total

    return Ball((16 * arctan_inverse(5) - 4 * arctan_inverse(239)) >> 16, 0, 2)


def exp(a: Ball, precision: int) -> Ball:
    """exp of a ball of moderate size, by its series; cos and sin are the parts of exp(i x)."""
    if a.size() >> precision > 2000 or precision > MAX_PRECISION:
        raise TooComplex("an exponent too large")
    halvings = max(0, a.size().bit_length() - precision) + 4 + isqrt(precision) // 3
    fine = precision + 2 * halvings + 16 + 3 * (a.size() >> precision)
    x = Ball(
        a.re << fine - precision >> halvings,
        a.im << fine - precision >> halvings,
        (a.err << fine - precision >> halvings) + 1,
    )
    term = total = Ball(1 << fine, 0, 0)
    k = 0
    while abs(term.re) + abs(term.im) > 4:  # rounding down, a negative part ends at -1 or -2
        k += 1
        term = multiply(term, x, fine)
        term = Ball(term.re // k, term.im // k, term.err // k + 1)
        total = add(total, term)
    total = Ball(total.re, total.im, total.err + term.size() * 2)
    for _ in range(halvings):
        total = multiply(total, total, fine)
    shift = fine - precision
    return Ball(total.re >> shift, total.im >> shift, (total.err >> shift) + 2)


def log(a: Ball, precision: int) -> Ball:
    """The logarithm of a positive real ball, by the series of atanh after scaling into [1/2, 2)."""
    if a.im or a.re <= 2 * a.err:
        raise TooComplex("a logarithm the precision does not resolve")
    fine = precision + 16

    def atanh_twice(top: int, bottom: int) -> int:
        if top < 0:  # a shift rounds a negative term to -1, never to 0
            return -atanh_twice(-top, bottom)
        term = ratio = (top << fine) // bottom
        square, total, k = ratio * ratio >> fine, 0, 1
        while term:
            total += term // k
            term = term * square >> fine
            k += 2
        return 2 * total

    scale = a.re.bit_length() - precision
    mantissa = (a.re << fine) >> a.re.bit_length()  # in [1/2, 1)
    one = 1 << fine
    value = atanh_twice(mantissa - one, mantissa + one) + scale * atanh_twice(1, 3)
    return Ball(value >> 16, 0, (a.err << precision + 1) // a.re + 3 + abs(scale) // 64)
