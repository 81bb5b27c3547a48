"""Questions about trees of answers: what they contain, their labels, units, signs and items."""

from collections.abc import Iterator
from fractions import Fraction

from kpo_jax.verifier.errors import TooComplex


def several(node: tuple) -> bool:
    return node[0] in ("list", "set") or has(node, "pm")


def items(node: tuple) -> list[tuple]:
    if node[0] in ("list", "set"):
        return [deeper for item in node[1] for deeper in (items(item) if item[0] == "list" else [item])]
    if node[0] == "rel" and len(node[2]) == 2 and several(node[2][1]):
        return [(node[0], node[1], (node[2][0], item)) for item in items(node[2][1])]
    return [node]


def point(node: tuple) -> tuple:
    """`x = 1, y = 2` as the point (1, 2): values with different one-letter names, in the order of the alphabet."""
    parts = node[1] if node[0] == "list" else ()
    names = [part[2][0] for part in parts if part[0] == "rel" and part[1] == ("=",) and part[2][0][0] == "sym"]
    if len(set(names)) < max(2, len(parts)):
        return node
    return ("tuple", "(", ")", tuple(part[2][1] for part in sorted(parts, key=lambda part: part[2][0])))


def variants(node: tuple) -> list[tuple]:
    """A node for each choice of its signs: several \\pm are independent, unless \\mp ties them together."""
    found = signs(node)
    if not found:
        return [node]
    if len(found) > 4:
        raise TooComplex("too many plus-minus signs")
    if "-+" in found:
        choices = [[1] * len(found), [-1] * len(found)]
    else:
        choices = [[1 - 2 * (bits >> k & 1) for k in range(len(found))] for bits in range(1 << len(found))]
    return [chosen(node, iter(choice)) for choice in choices]


def signs(node) -> list[str]:
    if not isinstance(node, tuple):
        return []
    own = [node[1]] if node and node[0] == "pm" else []
    return own + [sign for part in node for sign in signs(part)]


def chosen(node, choices: Iterator[int]):
    if not isinstance(node, tuple):
        return node
    if node and node[0] == "pm":
        positive = (next(choices) > 0) == (node[1] == "+-")
        inner = chosen(node[2], choices)
        return inner if positive else ("neg", inner)
    return tuple(chosen(part, choices) for part in node)


def has(node, kind: str) -> bool:
    return isinstance(node, tuple) and bool(node) and (node[0] == kind or any(has(part, kind) for part in node))


def is_matrix(node: tuple) -> bool:
    """A matrix, or a sum or multiple of matrices; a determinant is a number."""
    if node[0] in ("mul", "add"):
        return any(is_matrix(part[1] if node[0] == "mul" else part) for part in node[1])
    return node[0] == "matrix" or (node[0] == "neg" and is_matrix(node[1]))


def without_unit(node: tuple) -> tuple[tuple, tuple[tuple, Fraction]]:
    """(the number, (its unit as sorted (name, power) pairs, the factor to base units)); a unit of () is a pure number."""
    if node[0] == "neg":
        inner, unit = without_unit(node[1])
        return ("neg", inner), unit
    if node[0] != "quantity":
        return node, ((), Fraction(1))
    inner, (unit, scale) = without_unit(node[1])  # \\$5 million has two
    names = dict(unit) | {name: power for name, power in node[2] if name}
    return inner, (tuple(sorted(names.items())), scale * dict(node[2]).get("", Fraction(1)))


def mark(node: tuple) -> str | None:
    """percent or degree, if the number carries that sign."""
    if node[0] in ("neg", "percent", "degree"):
        return mark(node[1]) if node[0] == "neg" else node[0]
    return None


def unmarked(node: tuple) -> tuple:
    return ("neg", unmarked(node[1])) if node[0] == "neg" else node[1]


def times(node: tuple, scale: Fraction) -> tuple:
    return node if scale == 1 else ("mul", ((1, node), (1, ("num", scale))))


def infinite(node: tuple) -> int:
    if node == ("const", "inf"):
        return 1
    return -infinite(node[1]) if node[0] == "neg" else 0


def scalar(node: tuple) -> bool:
    return node[0] not in ("list", "set", "tuple", "matrix", "rel", "cup", "cap", "minus", "special", "word", "ratio")


def names(node) -> set[str]:
    if not isinstance(node, tuple) or not node:
        return set()
    if node[0] == "sym":
        return {node[1]}
    return {name for part in node for name in names(part)}


def label(node: tuple) -> bool:
    """What may stand before an equals sign as a name: x, f(x), f(2), a + b, AB, Area, (x, y), \\angle A, \\sin A."""
    if node[0] in ("sym", "word", "apply"):
        return True
    if node[0] == "tuple":
        return all(item[0] == "sym" for item in node[3])
    if node[0] == "add":
        return all(term[0] == "sym" for term in node[1])
    if node[0] == "mul":
        return (
            all(sign > 0 for sign, _ in node[1])
            and node[1][0][1][0] == "sym"
            and all(p[0] in ("sym", "num") for _, p in node[1])
        )
    return node[0] == "call" and all(arg[0] == "sym" for arg in node[2])


def labels(items: list[tuple]) -> set:
    return {item[2][0] for item in items if item[0] == "rel" and item[1] == ("=",)}
