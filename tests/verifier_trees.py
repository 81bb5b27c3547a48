"""Random expressions as small trees: their LaTeX, their value in mpmath (the oracle), rewritings and perturbations."""

import random

import mpmath

Tree = tuple
# The point of evaluation: no roots of small polynomials. Over the four shifts x stays positive, y and n change sign.
_TINY = mpmath.mpf(10) ** -40
_ENV = {"x": mpmath.mpf(7) / 11, "y": mpmath.mpf(13) / 5, "n": mpmath.mpf(3) / 7}


def random_tree(rng: random.Random, depth: int, variables: bool, exotic: bool = False) -> Tree:
    """Rational operations, square roots, sines and cosines; with `exotic` functions whose equality may stay open."""
    if depth == 0 or rng.random() < 0.15:
        kind = rng.choice(["int", "int", "frac", "surd", "pi"] + ["var"] * 3 * variables)
        if kind == "int":
            return ("int", rng.randint(-9, 12))
        if kind == "frac":
            return ("/", ("int", rng.randint(1, 9)), ("int", rng.randint(2, 9)))
        if kind == "surd":
            return ("sqrt", ("int", rng.choice([2, 3, 5, 6, 8, 12, 18])))
        return ("pi",) if kind == "pi" else ("var", rng.choice("xyn"))
    kinds = ["+", "+", "-", "*", "*", "/", "pow", "neg", "sqrt", "sin", "cos"]
    kind = rng.choice(kinds + ["abs", "cbrt", "root", "ln", "exp", "power"] * exotic)
    if kind == "pow":
        return ("pow", random_tree(rng, depth - 1, variables, exotic), ("int", rng.randint(-2, 3)))
    if kind == "sqrt":  # of something positive: a sum of squares plus a positive number
        inner = random_tree(rng, depth - 1, variables, exotic)
        return ("sqrt", ("+", ("pow", inner, ("int", 2)), ("int", rng.randint(1, 5))))
    if kind in ("sin", "cos"):
        if variables and rng.random() < 0.7:
            return (kind, ("*", ("int", rng.randint(1, 3)), ("var", rng.choice("xy"))))
        return (kind, ("/", ("*", ("int", rng.randint(1, 5)), ("pi",)), ("int", rng.choice([2, 3, 4, 5, 6, 7, 12]))))
    if kind == "power":  # of a positive base
        base = rng.choice(
            [("int", 2), ("int", 4), ("e",), ("sqrt", ("int", 2)), ("var", "x") if variables else ("int", 6)]
        )
        return ("power", base, random_tree(rng, min(depth - 1, 1), variables))
    if kind in ("neg", "abs", "cbrt", "root", "ln", "exp"):
        return (kind, random_tree(rng, depth - 1, variables, exotic))
    return (kind, random_tree(rng, depth - 1, variables, exotic), random_tree(rng, depth - 1, variables, exotic))


def latex(tree: Tree) -> str:
    kind, *parts = tree
    if kind == "int":
        return str(parts[0]) if parts[0] >= 0 else f"({parts[0]})"
    if kind == "var":
        return parts[0]
    if kind in ("pi", "e"):
        return "\\pi" if kind == "pi" else "e"
    if kind == "abs":
        return f"\\left|{latex(parts[0])}\\right|"
    if kind in ("cbrt", "root"):
        return f"\\sqrt[{3 if kind == 'cbrt' else 2}]{{{latex(parts[0])}}}"
    if kind == "ln":
        return f"\\ln\\left({latex(parts[0])}\\right)"
    if kind in ("exp", "power"):
        return (
            f"e^{{{latex(parts[0])}}}" if kind == "exp" else f"\\left({latex(parts[0])}\\right)^{{{latex(parts[1])}}}"
        )
    if kind == "/":
        return f"\\frac{{{latex(parts[0])}}}{{{latex(parts[1])}}}"
    if kind == "sqrt":
        return f"\\sqrt{{{latex(parts[0])}}}"
    if kind in ("sin", "cos"):
        return f"\\{kind}\\left({latex(parts[0])}\\right)"
    if kind == "neg":
        return f"\\left(-{latex(parts[0])}\\right)"
    if kind == "pow":
        return f"\\left({latex(parts[0])}\\right)^{{{latex(parts[1])}}}"
    sign = {"+": "+", "-": "-", "*": "\\cdot "}[kind]
    return f"\\left({latex(parts[0])}{sign}{latex(parts[1])}\\right)"


def number(tree: Tree, shift: int = 0) -> mpmath.mpf:
    """The value at one of several points. Raises ZeroDivisionError."""
    kind, *parts = tree
    if kind == "int":
        return mpmath.mpf(parts[0])
    if kind == "var":
        return _ENV[parts[0]] + shift * (mpmath.mpf(1) / 3 if parts[0] == "x" else mpmath.mpf(-9) / 4)
    if kind in ("pi", "e"):
        return mpmath.pi() if kind == "pi" else mpmath.e()
    values = [number(part, shift) for part in parts]
    if kind == "pow":
        if abs(values[0]) < _TINY and values[1] <= 0:
            raise ZeroDivisionError
        return values[0] ** int(values[1])
    if kind == "/":
        if abs(values[1]) < _TINY:
            raise ZeroDivisionError
        return values[0] / values[1]
    if (kind in ("sqrt", "root", "ln", "power") and values[0] < _TINY) or (
        kind in ("exp", "power") and abs(values[-1]) > 60
    ):
        raise ZeroDivisionError
    if kind == "power":
        return values[0] ** values[1]
    if kind == "cbrt":
        return mpmath.sign(values[0]) * mpmath.cbrt(abs(values[0])) if abs(values[0]) > _TINY else mpmath.mpf(0)
    one = {"sqrt": mpmath.sqrt, "sin": mpmath.sin, "cos": mpmath.cos, "neg": lambda a: -a, "abs": abs}
    one |= {"root": mpmath.sqrt, "ln": mpmath.log, "exp": mpmath.exp}
    if kind in one:
        return one[kind](values[0])
    return {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}[kind](*values)


def numbers(tree: Tree) -> list[mpmath.mpf] | None:
    """Values at four points to 80 digits; None where undefined, or too close to a pole or too large to judge by."""
    with mpmath.workdps(80):
        try:
            values = [number(tree, shift) for shift in range(4)]
        except (ZeroDivisionError, OverflowError):
            return None
        return values if all(abs(value) < mpmath.mpf(10) ** 15 for value in values) else None


def same(a: list[mpmath.mpf], b: list[mpmath.mpf]) -> bool:
    with mpmath.workdps(80):
        return all(abs(x - y) < mpmath.mpf(10) ** -50 for x, y in zip(a, b, strict=True))


def rewritten(rng: random.Random, tree: Tree) -> Tree:
    """The same value in another form."""
    kind, *parts = tree
    parts = [rewritten(rng, part) if isinstance(part, tuple) else part for part in parts]
    if rng.random() < 0.4:
        if kind in ("+", "*"):
            return (kind, parts[1], parts[0])
        if kind == "-":
            return ("neg", ("-", parts[1], parts[0]))
        if kind == "*" and parts[0][0] == "+":
            return ("+", ("*", parts[0][1], parts[1]), ("*", parts[0][2], parts[1]))
        if kind == "/":
            scale = ("int", rng.randint(2, 5))
            return ("/", ("*", scale, parts[0]), ("*", parts[1], scale))
        if kind == "int" and parts[0] > 1:
            part = rng.randint(1, parts[0])
            return ("+", ("int", part), ("int", parts[0] - part))
        if kind == "sqrt" and parts[0][0] == "int":
            return ("/", ("sqrt", ("int", 9 * parts[0][1])), ("int", 3))
        if kind == "pow" and parts[1] == ("int", 2):
            return ("*", parts[0], parts[0])
        if kind == "pow" and parts[0][0] == "cos" and parts[1] == ("int", 2):
            return ("-", ("int", 1), ("pow", ("sin", parts[0][1]), ("int", 2)))
        if kind == "neg":
            return ("*", ("int", -1), parts[0])
    return (kind, *parts)


def perturbed(rng: random.Random, tree: Tree) -> Tree:
    """One leaf or operation changed a little; the value usually changes (`numbers` tells)."""
    kind, *parts = tree
    inner = [index for index, part in enumerate(parts) if isinstance(part, tuple)]
    if inner and rng.random() < 0.8:
        index = rng.choice(inner)
        parts[index] = perturbed(rng, parts[index])
        return (kind, *parts)
    if kind == "int":
        return ("int", parts[0] + rng.choice([-1, 1]))
    swaps = {"+": "-", "-": "+", "*": "+", "/": "*", "sin": "cos", "cos": "sin"}
    if kind in swaps:
        return (swaps[kind], *parts)
    return ("neg", tree)
