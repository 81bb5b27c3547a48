r"""A recursive-descent reader of answers: LaTeX or plain text to a tree of tuples, under caps on nesting. Nothing is ever evaluated here.

Nodes, by their first element:

    num value          sym name           const pi|e|i|inf     call name args     word text
    add terms          mul (sign, factor)s (sign -1 divides)   neg a              pow base exponent
    pm sign a          (one of `+-` or `-+`, to be expanded)   quantity a unit    percent a    degree a
    based digits base  list items         tuple open close items                  set items    matrix rows
    apply f x          (f(x), or f times x)
    rel operators sides                   cup|cap|minus a b    special R|Z|N|Q|C|empty         ratio sides
"""

from fractions import Fraction

from kpo_jax.verifier.commands import ACCENTS, GREEK, Commands
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.notation import END, FUNCTIONS, Token, tokenize
from kpo_jax.verifier.units import CURRENCIES, MULTIPLIERS, read_unit

MAX_DEPTH = 40
RELATIONS = frozenset(("=", "<", ">", "le", "ge", "ne", "approx", "in", "equiv", "to", "rightarrow"))
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "langle": "rangle"}


def parse(text: str, thousands: bool = True) -> tuple:
    """The tree of a translated answer. Raises Unreadable or TooComplex."""
    parser = _Parser(tokenize(text, thousands))
    node = parser.items("list")
    if not parser.at(END):
        raise Unreadable(f"{parser.token.value!r} out of place")
    return node


class _Parser(Commands):
    def __init__(self, tokens: list[Token]):
        self.tokens, self.position, self.depth, self.bars = tokens, 0, 0, 0

    # ---- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def at(self, *values: str) -> bool:
        token = self.tokens[self.position]
        return token.value in values and token.kind in ("op", "cmd", "end")

    def take(self) -> Token:
        token = self.tokens[self.position]
        if token.value == END:
            raise Unreadable("it ends early")
        self.position += 1
        return token

    def accept(self, *values: str) -> bool:
        if self.at(*values):
            self.position += 1
            return True
        return False

    def expect(self, value: str) -> None:
        if not self.accept(value):
            raise Unreadable(f"expected {value!r}, found {self.token.value!r}")

    # ---- structure

    def items(self, kind: str) -> tuple:
        """One item, or several separated by commas (or semicolons, `and`, `or`)."""
        found = [self.relation()]
        while self.accept(",", ";"):
            while self.accept(","):  # "1, 2, and 3"
                pass
            found.append(self.relation())
        return found[0] if len(found) == 1 else (kind, tuple(found))

    def relation(self) -> tuple:
        self.accept("approx", "=")
        sides, operators = [self.side()], []
        if self.token.kind in ("op", "cmd") and self.token.value == ":" and self.depth == 0:
            while self.accept(":"):
                sides.append(self.side())
            return ("ratio", tuple(sides))
        while self.token.kind in ("op", "cmd") and self.token.value in RELATIONS:
            operators.append(self.take().value)
            sides.append(self.side())
        return ("rel", tuple(operators), tuple(sides)) if operators else sides[0]

    def side(self) -> tuple:
        node = self.union_term()
        while self.at("cup", "cap", "setminus"):
            operator = self.take().value
            node = ({"setminus": "minus"}.get(operator, operator), node, self.union_term())
        return node

    def union_term(self) -> tuple:
        if self.token.kind == "word" or (self.at('"') and self.tokens[self.position + 1].kind == "word"):
            return self.words()
        node = self.sum()
        if self.accept("choose"):
            node = ("call", "binom", (node, self.sum()))
        elif self.accept("over"):
            node = ("mul", ((1, node), (-1, self.sum())))
        while self.token.kind == "word" and self.token.value in MULTIPLIERS:
            factor = (1, ("num", Fraction(MULTIPLIERS[self.take().value])))
            node = (
                (*node[:1], ("mul", ((1, node[1]), factor)), node[2])
                if node[0] == "quantity"
                else ("mul", ((1, node), factor))
            )
        if self.token.kind == "word" and self.token.value == "percent":
            self.take()
            node = ("percent", node)
        elif self.token.kind == "word":
            node = ("quantity", node, read_unit(self))
        elif self.at(*CURRENCIES):
            node = ("quantity", node, CURRENCIES[self.take().value])
        return node

    def words(self) -> tuple:
        parts = []
        while self.token.kind in ("word", "sym") or self.at('"', "'", "-"):
            value = self.take().value
            if value != '"':
                parts.append(str(value).lower())
        return ("word", " ".join(parts))

    # ---- arithmetic

    def sum(self) -> tuple:
        terms = []
        while True:
            sign = 1
            plus_minus = None
            while self.at("+", "-", "pm", "mp"):
                operator = self.take().value
                if operator == "-":
                    sign = -sign
                elif operator in ("pm", "mp"):
                    if plus_minus:
                        raise Unreadable("two signs")
                    plus_minus = "+-" if operator == "pm" else "-+"
            if terms and not self.starts_factor():
                raise Unreadable("a term is missing")
            term = self.product()
            term = ("neg", term) if sign < 0 else term
            terms.append(("pm", plus_minus, term) if plus_minus else term)
            if not self.at("+", "-", "pm", "mp"):
                return terms[0] if len(terms) == 1 else ("add", tuple(terms))

    def product(self) -> tuple:
        factors = [(1, self.factor())]
        while True:
            if self.accept("*", "cdot", "times"):
                factors.append((1, self.signed_factor()))
            elif self.accept("/", "div"):
                factors.append((-1, self.signed_factor()))
            elif self.accept("%"):
                factors = [(1, ("percent", factors[0][1] if len(factors) == 1 else ("mul", tuple(factors))))]
            elif self.starts_factor():
                self.juxtapose(factors)
            else:
                return factors[0][1] if len(factors) == 1 else ("mul", tuple(factors))

    def signed_factor(self) -> tuple:
        sign = 1
        while self.at("-", "+"):
            sign = -sign if self.take().value == "-" else sign
        node = self.factor()
        return ("neg", node) if sign < 0 else node

    def juxtapose(self, factors: list) -> None:
        """Implicit product, or a mixed number such as 1\\frac{4}{5} and 137 1/2."""
        previous, token = factors[-1][1], self.token
        whole = previous[0] == "num" and previous[1].denominator == 1 and len(factors) == 1
        if token.kind == "num":
            following = self.tokens[self.position + 1 : self.position + 3]
            if (
                whole
                and token.spaced
                and len(following) == 2
                and following[0].value == "/"
                and following[1].kind == "num"
            ):
                self.position += 3
                factors[-1] = (1, _mixed(previous[1], token.value, following[1].value))
                return
            if previous[:2] != ("call", "factorial"):
                raise Unreadable("two numbers side by side")
        node = self.factor()
        if len(factors) == 1 and previous[0] == "sym" and token.value == "(" and node[0] in ("sym", "num", "tuple"):
            factors[-1] = (1, ("apply", previous, node))
            return
        fraction = node[1] if node[0] == "degree" else node
        if (
            whole
            and token.value == "frac"
            and fraction[0] == "mul"
            and all(part[0] == "num" for _, part in fraction[1])
        ):
            (_, (_, top)), (_, (_, bottom)) = fraction[1]
            if top.denominator == bottom.denominator == 1 and 0 < top < bottom:
                mixed = _mixed(previous[1], top, bottom)
                factors[-1] = (1, ("degree", mixed) if node[0] == "degree" else mixed)
                return
        factors.append((1, node))

    def starts_factor(self) -> bool:
        token = self.token
        if token.kind in ("num", "sym"):
            return True
        if token.kind == "op":
            return token.value in ("(", "[", "{") or (token.value == "|" and not self.bars)
        if token.kind != "cmd":
            return False
        name = token.value
        if name == "vert":
            return not self.bars
        return (
            name in FUNCTIONS or name in GREEK or name in ACCENTS
            or name in ("pi", "frac", "sqrt", "binom", "infty", "langle", "begin", "lfloor", "lceil", "\\{", "emptyset")
            or name.startswith("mathbb")
        )  # fmt: skip

    def factor(self) -> tuple:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deeply")
        node = self.postfix(self.atom())
        self.depth -= 1
        return node

    def postfix(self, node: tuple) -> tuple:
        for _ in range(6):
            if self.accept("^"):
                if self.at("circ") or (self.at("{") and self.tokens[self.position + 1].value == "circ"):
                    node = self.degrees(node)
                elif self.at("prime"):
                    self.take()
                    node = _primed(node)
                else:
                    node = ("pow", node, self.argument())
            elif self.at("circ"):
                node = self.degrees(node)
            elif self.accept("!"):
                node = ("call", "factorial", (node,))
            elif self.accept("'"):
                node = _primed(node)
            elif self.at("_") and node[0] != "word":
                self.take()
                node = _subscript(node, self.argument(), self.tokens[self.position - 1])
            else:
                return node
        raise Unreadable("too many marks after one factor")

    def degrees(self, node: tuple) -> tuple:
        braces = self.accept("{")
        self.expect("circ")
        if braces:
            self.expect("}")
        if self.token.kind == "sym" and self.token.value in "CF":
            return ("quantity", node, (("degree " + self.take().value, 1), ("", Fraction(1))))
        return ("degree", node)

    def argument(self) -> tuple:
        """A LaTeX argument: a braced group, or one atom (with its sign, as plain text writes x^-1)."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deeply")
        if self.at("-", "+"):
            sign = self.take().value
            node = self.atom()
            node = ("neg", node) if sign == "-" else node
        else:
            node = self.atom()
        self.depth -= 1
        return node

    def digit_argument(self) -> tuple:
        """As `argument`, but an unbraced number gives its first digit only: \\frac34 and \\frac 59."""
        token = self.token
        if token.kind == "num" and len(token.digits) > 1 and token.digits.isdigit():
            rest = token.digits[1:]
            self.tokens[self.position] = Token("num", Fraction(int(rest)), False, rest)
            return ("num", Fraction(int(token.digits[0])))
        return self.argument()

    def atom(self) -> tuple:
        token = self.take()
        if token.kind == "num":
            return ("num", token.value + self.repetend(token.digits))
        if token.kind == "sym":
            return ("const", token.value) if token.value in ("e", "i") else ("sym", token.value)
        if token.kind == "word":
            return ("word", token.value)
        name = token.value
        if name in CURRENCIES:  # \$32,348
            return ("quantity", self.factor(), CURRENCIES[name])
        if name in _CLOSING:
            return self.group(name)
        if token.kind == "op" and name != "|":
            raise Unreadable(f"{name!r} where a value should stand")
        return self.command(name)

    def repetend(self, digits: str) -> Fraction:
        """What 0.\\overline{3} adds to 0."""
        _, point, part = digits.partition(".")
        if not point or "e" in digits.lower() or not self.at("overline", "bar", "dot"):
            return Fraction(0)
        self.take()
        braces = self.accept("{")
        period = self.take()
        if period.kind != "num" or not period.digits.isdigit() or (braces and not self.accept("}")):
            raise Unreadable("a repeating decimal")
        return Fraction(int(period.digits), 10 ** len(part) * (10 ** len(period.digits) - 1))

    def group(self, opener: str) -> tuple:
        bars, self.bars = self.bars, 0
        if opener == "\\{":
            node = self.set_body()
            self.bars = bars
            return node
        closers = (")", "]") if opener in ("(", "[") else (_CLOSING[opener],)
        inner = self.items("tuple")
        self.bars = bars
        if not self.at(*closers):
            raise Unreadable(f"{opener!r} is not closed")
        closer = self.take().value
        if opener == "{":
            return ("list", inner[1]) if inner[0] == "tuple" and len(inner) == 2 else inner
        if inner[0] == "tuple" and len(inner) == 2:
            return ("tuple", opener, closer, inner[1])
        if opener + closer in ("(]", "[)"):
            raise Unreadable("brackets do not match")
        return ("tuple", opener, closer, (inner,)) if opener == "langle" else inner

    def set_body(self) -> tuple:
        if self.accept("\\}"):
            return ("special", "empty")
        self.bars += 1  # inside \{ \} a bar separates, it does not open an absolute value
        inner = self.items("set")
        self.bars -= 1
        if self.accept(":", "vert", "|"):  # \{ x : x > 2 \}
            inner = self.items("list")
            self.expect("\\}")
            return inner
        self.expect("\\}")
        return inner if inner[0] == "set" else ("set", (inner,))


def _mixed(whole: Fraction, top: Fraction, bottom: Fraction) -> tuple:
    if not 0 < top < bottom or bottom.denominator != 1:
        raise Unreadable("two numbers side by side")
    return ("num", whole + top / bottom)


def _primed(node: tuple) -> tuple:
    if node[0] != "sym":
        raise Unreadable("a prime")
    return ("sym", node[1] + "'")


def _subscript(node: tuple, index: tuple, token: Token) -> tuple:
    if node[0] == "num" and index[0] == "num" and index[1].denominator == 1 and node[1].denominator == 1:
        return ("based", str(node[1]), int(index[1]))
    if node[0] == "sym" and index[0] in ("num", "sym", "word", "const"):
        return ("sym", f"{node[1]}_{index[1]}")
    raise Unreadable("a subscript")
