"""The LaTeX commands of the parser: fractions, roots, functions, accents, matrices."""

from fractions import Fraction

from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.notation import FUNCTIONS

_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"))
GREEK = frozenset(
    [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma",
        "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
        "ell", "hbar", "triangle", "angle",
    ]
)  # fmt: skip
ACCENTS = frozenset(
    ["vec", "hat", "bar", "tilde", "overline", "dot", "widehat", "overrightarrow", "overleftrightarrow"]
)


class Commands:
    """A part of the parser, which supplies the tokens and the arithmetic."""

    def command(self, name: str) -> tuple:
        if name in ("frac", "binom"):
            top, bottom = self.digit_argument(), self.digit_argument()
            return ("mul", ((1, top), (-1, bottom))) if name == "frac" else ("call", "binom", (top, bottom))
        if name in ("|", "vert", "lfloor", "lceil"):
            return self.bracketed(name)
        if name in ("sqrt", "cbrt"):
            index = ("num", Fraction(3 if name == "cbrt" else 2))
            if name == "sqrt" and self.accept("["):
                index = self.sum()
                self.expect("]")
            return ("call", "root", (self.argument(), index))
        if name in FUNCTIONS:
            return self.function(name)
        if name == "pi":
            return ("const", "pi")
        if name == "infty":
            return ("const", "inf")
        if name.startswith("mathbb") and name[6:] in ("R", "Z", "N", "Q", "C"):
            return ("special", name[6:])
        if name == "emptyset":
            return ("special", "empty")
        if name in GREEK:
            return ("sym", "\\" + name)
        if name in ACCENTS:
            return self.accent(name)
        if name == "begin":
            return self.matrix()
        raise Unreadable(f"command \\{name}")

    def bracketed(self, name: str) -> tuple:
        closers = {"|": ("|", "vert"), "vert": ("|", "vert"), "lfloor": ("rfloor",), "lceil": ("rceil",)}[name]
        self.bars += 1
        inner = self.sum()
        self.bars -= 1
        if not self.accept(*closers):
            raise Unreadable("a bar is not closed")
        return ("call", {"lfloor": "floor", "lceil": "ceil"}.get(name, "abs"), (inner,))

    def function(self, name: str) -> tuple:
        """\\sin^2 x, \\log_2 8, \\sin 2x: without parentheses the argument runs over the factors up to the next function or sign."""
        power = base = None
        for _ in range(2):
            if self.accept("^"):
                power = self.argument()
            elif self.accept("_"):
                base = self.argument()
        if self.at("(", "["):
            opener = self.take().value
            inner = self.items("args")
            self.expect({"(": ")", "[": "]"}[opener])
            args = inner[1] if inner[0] == "args" else (inner,)
        else:
            factors = [(1, self.signed_factor())]
            while (
                self.starts_factor()
                and self.token.kind != "num"
                and self.token.value not in FUNCTIONS
                and not self.at("(", "[")
            ):
                factors.append((1, self.factor()))
            if self.at("/") and self.tokens[self.position + 1].kind == "num":  # \sin \pi/6
                self.take()
                factors.append((-1, self.factor()))
            args = (("mul", tuple(factors)) if len(factors) > 1 else factors[0][1],)
        if base is not None:
            if name != "log":
                raise Unreadable("a subscript on a function")
            args = (*args, base)
        if power == ("neg", ("num", Fraction(1))) and "arc" + name in FUNCTIONS:
            return ("call", "arc" + name, args)
        node = ("call", name, args)
        return ("pow", node, power) if power is not None else node

    def accent(self, name: str) -> tuple:
        inner = self.argument()
        letters = inner[1] if inner[0] == "mul" else ((1, inner),)
        if (
            name in ("overline", "overleftrightarrow")
            and len(letters) > 1
            and all(part[1][0] == "sym" for part in letters)
        ):
            return inner  # a segment
        return ("call", "accent-" + name, (inner,))

    def matrix(self) -> tuple:
        kind = self.environment()
        if kind == "array" and self.accept("{"):  # the column specification
            while not self.accept("}"):
                self.take()
        if kind not in _MATRICES and kind not in ("vmatrix", "cases"):
            raise Unreadable(f"environment {kind}")
        rows, row = [], []
        while not self.at("end"):
            row.append(self.relation())
            if self.accept("&"):
                continue
            rows.append(tuple(row))
            row = []
            if not self.accept("\\"):
                break
        self.expect("end")
        if self.environment() != kind or len({len(row) for row in rows}) > 1:
            raise Unreadable("a broken matrix")
        if kind == "cases":
            raise Unreadable("cases")
        node = ("matrix", tuple(rows))
        return ("call", "det", (node,)) if kind == "vmatrix" else node

    def environment(self) -> str:
        self.expect("{")
        name = ""
        while not self.accept("}"):
            name += str(self.take().value)
        return name
