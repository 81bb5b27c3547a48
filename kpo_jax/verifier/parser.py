r"""A recursive-descent reader of answers: LaTeX or plain text to a tree of `nodes`, under a cap on nesting.

Nothing is ever evaluated here.
"""

from fractions import Fraction

from kpo_jax.verifier.cursor import END, Cursor, Token
from kpo_jax.verifier.errors import Unreadable
from kpo_jax.verifier.nodes import (
    Apply,
    Based,
    Call,
    Const,
    Degree,
    Difference,
    Factor,
    Intersection,
    List,
    Matrix,
    Multiple,
    Neg,
    Node,
    Num,
    Percent,
    PlusMinus,
    Power,
    Product,
    Quantity,
    Ratio,
    Relation,
    Set,
    Special,
    Sum,
    Sym,
    Tuple,
    Union,
    Unit,
    Word,
    names_function,
    quotient,
)
from kpo_jax.verifier.notation import FUNCTIONS, tokenize
from kpo_jax.verifier.units import CURRENCIES, MULTIPLIERS, at_unit, read_unit

RELATIONS = frozenset(
    [
        "=", "<", ">", "le", "ge", "ne", "approx", "in", "equiv", "to", "rightarrow", "subset", "subseteq", "supset",
        "supseteq", "notin", "sim", "simeq", "cong", "propto", "perp", "parallel", "ll", "gg", "mapsto", "Rightarrow",
        "implies", "iff", "Leftrightarrow",
    ]
)  # fmt: skip
INEQUALITIES = frozenset(["<", ">", "le", "ge", "ne", "in"])
GREEK = frozenset(
    [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda",
        "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "vartheta", "varrho", "varsigma", "varpi", "digamma", "varkappa",
        "ell", "hbar", "triangle", "angle",
    ]
)  # fmt: skip
SYMBOLS = GREEK | {  # commands that stand for themselves, as letters do
    "Re", "Im", "wp", "aleph", "top", "bot", "dagger", "ddagger", "clubsuit", "diamondsuit", "heartsuit", "spadesuit",
    "square", "Box", "blacksquare", "bigstar", "imath", "jmath", "eth", "sharp", "flat", "natural",
}  # fmt: skip
ACCENTS = frozenset(
    ["vec", "hat", "bar", "tilde", "overline", "dot", "widehat", "overrightarrow", "overleftrightarrow"]
)
_SETS = {"cup": Union, "cap": Intersection, "setminus": Difference}
_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"))
DOTS = Word("\\dots")  # an item of a list or matrix, never a value
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "langle": "rangle"}
_STARTS = FUNCTIONS | SYMBOLS | ACCENTS | {
    "pi", "frac", "sqrt", "binom", "infty", "langle", "begin", "lfloor", "lceil", "\\{", "emptyset",
}  # fmt: skip


def parse(text: str, thousands: bool = True) -> Node:
    """The tree of a translated answer. Raises Unreadable or TooComplex."""
    cursor = Cursor(tokenize(text, thousands))
    found, joints = _joined_items(cursor)
    if not cursor.at(END):
        raise Unreadable(f"{cursor.token.value!r} out of place")
    return found[0] if len(found) == 1 else _list(found, joints)


# ---- structure


def _items(cursor: Cursor) -> tuple[Node, ...]:
    """One item, or several separated by commas (or semicolons, `and`, `or`)."""
    return _joined_items(cursor)[0]


def _joined_items(cursor: Cursor) -> tuple[tuple[Node, ...], set[str]]:
    """The items, and which of the words `and` and `or` stand between them."""
    found, joints = [_relation(cursor)], set()
    while cursor.at(",", ";", "and", "or"):
        while cursor.at(",", ";", "and", "or"):  # "1, 2, and 3"
            joints.add(cursor.take().value)
        found.append(_relation(cursor))
    return tuple(found), joints & {"and", "or"}


def _list(items: tuple[Node, ...], joints: set[str]) -> List:
    """Several items as a list, which for inequalities says what joins them; between values the word has no meaning."""
    if not joints or not any(_is_inequality(item) for item in items):
        return List(items)
    if len(joints) > 1:
        raise Unreadable("inequalities joined by `and` and by `or`")
    return List(items, *joints)


def _is_inequality(node: Node) -> bool:
    return isinstance(node, Relation) and not INEQUALITIES.isdisjoint(node.operators)


def _relation(cursor: Cursor) -> Node:
    cursor.accept("approx", "=")
    sides, operators = [_side(cursor)], []
    if cursor.token.kind in ("op", "cmd") and cursor.token.value == ":" and cursor.depth == 0:
        while cursor.accept(":"):
            sides.append(_side(cursor))
        return Ratio(tuple(sides))
    while cursor.token.kind in ("op", "cmd") and cursor.token.value in RELATIONS:
        operators.append(cursor.take().value)
        sides.append(_side(cursor))
    return Relation(tuple(operators), tuple(sides)) if operators else sides[0]


def _side(cursor: Cursor) -> Node:
    """Terms joined by signs of set operations, from left to right."""
    node = _term(cursor)
    while cursor.at(*_SETS):
        operation = _SETS[cursor.take().value]
        node = operation(node, _term(cursor))
    return node


def _term(cursor: Cursor) -> Node:
    """A sum with what may follow a number: a multiplier, a unit, a currency."""
    if cursor.token.kind == "word" or (cursor.at('"') and cursor.ahead(1).kind == "word"):
        return _words(cursor)
    if cursor.accept("dots"):
        return DOTS
    node = _sum(cursor)
    if cursor.accept("choose"):
        node = Call("binom", (node, _sum(cursor)))
    elif cursor.accept("over"):
        node = quotient(node, _sum(cursor))
    while cursor.token.kind == "word" and cursor.token.value in MULTIPLIERS:
        factor = Fraction(MULTIPLIERS[cursor.take().value])
        if isinstance(node, Quantity):
            node = Quantity(Multiple(node.node, factor), node.unit)
        else:
            node = Multiple(node, factor)
    if cursor.token.kind == "word" and cursor.token.value == "percent":
        cursor.take()
        node = Percent(node)
    elif cursor.token.kind == "word" or at_unit(cursor):
        node = Quantity(node, read_unit(cursor))
    elif cursor.at(*CURRENCIES):
        node = Quantity(node, CURRENCIES[cursor.take().value])
    return node


def _words(cursor: Cursor) -> Word:
    parts = []
    while cursor.token.kind in ("word", "sym") or cursor.at('"', "'", "-"):
        value = cursor.take().value
        if value != '"':
            parts.append(str(value).lower())
    return Word(" ".join(parts))


# ---- arithmetic


def _sum(cursor: Cursor) -> Node:
    terms: list[Node] = []
    while True:
        sign = 1
        signs = None
        while cursor.at("+", "-", "pm", "mp"):
            operator = cursor.take().value
            if operator == "-":
                sign = -sign
            elif operator in ("pm", "mp"):
                if signs:
                    raise Unreadable("two signs")
                signs = "+-" if operator == "pm" else "-+"
        if terms and not _starts_factor(cursor):
            raise Unreadable("a term is missing")
        term = _product(cursor)
        term = Neg(term) if sign < 0 else term
        terms.append(PlusMinus(signs, term) if signs else term)
        if not cursor.at("+", "-", "pm", "mp"):
            return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def _product(cursor: Cursor) -> Node:
    factors = [Factor(1, _factor(cursor))]
    while not at_unit(cursor):
        if cursor.accept("*", "cdot", "times"):
            factors.append(Factor(1, _signed_factor(cursor)))
        elif cursor.accept("/", "div"):
            factors.append(Factor(-1, _signed_factor(cursor)))
        elif cursor.accept("%"):
            factors = [Factor(1, Percent(_joined(factors)))]
        elif _starts_factor(cursor):
            _juxtapose(cursor, factors)
        else:
            break
    return _joined(factors)


def _joined(factors: list[Factor]) -> Node:
    return factors[0].node if len(factors) == 1 else Product(tuple(factors))


def _signed_factor(cursor: Cursor) -> Node:
    sign = 1
    while cursor.at("-", "+"):
        sign = -sign if cursor.take().value == "-" else sign
    node = _factor(cursor)
    return Neg(node) if sign < 0 else node


def _juxtapose(cursor: Cursor, factors: list[Factor]) -> None:
    """Implicit product, or a mixed number such as 1\\frac{4}{5} and 137 1/2."""
    previous, token = factors[-1].node, cursor.token
    whole = len(factors) == 1 and _is_whole(previous)
    if token.kind == "num":
        slash, bottom = cursor.ahead(1), cursor.ahead(2)
        if whole and token.spaced and slash.value == "/" and bottom.kind == "num":
            cursor.position += 3
            factors[-1] = Factor(1, _mixed(previous.value, token.value, bottom.value))
            return
        if not _separates_numbers(cursor, previous):
            raise Unreadable("two numbers side by side")
    if token.value == "(" and names_function(previous):
        _apply(cursor, factors)
        return
    node = _factor(cursor)
    if _is_inverse(previous) and token.value == "(":
        previous = Sym(previous.base.name + "^{-1}")
        factors[-1] = Factor(1, previous)
    applied = isinstance(previous, Sym) and token.value == "("
    if len(factors) == 1 and applied and isinstance(node, (Sym, Num, Tuple, Relation)):
        factors[-1] = Factor(1, Apply(previous, node))
        return
    fraction = node.node if isinstance(node, Degree) else node
    if whole and token.value == "frac" and isinstance(fraction, Product):
        top, bottom = (factor.node for factor in fraction.factors)
        if _is_whole(top) and _is_whole(bottom) and 0 < top.value < bottom.value:
            mixed = _mixed(previous.value, top.value, bottom.value)
            factors[-1] = Factor(1, Degree(mixed) if isinstance(node, Degree) else mixed)
            return
    factors.append(Factor(1, node))


def _apply(cursor: Cursor, factors: list[Factor]) -> None:
    """f(x) and f(x)^2 after f; f(a + b) is read as a product, as f may be a number."""
    cursor.descend()
    sign, function = factors[-1]
    argument = _atom(cursor)
    letter = argument.node if isinstance(argument, Neg) else argument
    if isinstance(letter, (Sym, Num, Tuple, Relation)):
        factors[-1] = Factor(sign, _postfix(cursor, Apply(function, argument)))
    else:
        factors.append(Factor(1, _postfix(cursor, argument)))
    cursor.ascend()


def _is_inverse(node: Node) -> bool:
    """f^{-1}, before an argument; x^{-1} is a power."""
    named = isinstance(node, Power) and isinstance(node.base, Sym) and node.base.name in ("f", "g", "h", "F", "G")
    return named and node.exponent == Neg(Num(Fraction(1)))


def _separates_numbers(cursor: Cursor, previous: Node) -> bool:
    """Whether a number may follow as a factor: (n-3)4^n, 3!4, 2^n3^m."""
    if cursor.behind().value == ")" or (isinstance(previous, Call) and previous.name == "factorial"):
        return True
    return isinstance(previous, Power) and cursor.ahead(1).value == "^"


def _is_whole(node: Node) -> bool:
    return isinstance(node, Num) and node.value.denominator == 1


def _mixed(whole: Fraction, top: Fraction, bottom: Fraction) -> Num:
    if not 0 < top < bottom or bottom.denominator != 1:
        raise Unreadable("two numbers side by side")
    return Num(whole + top / bottom)


def _starts_factor(cursor: Cursor) -> bool:
    token = cursor.token
    if token.kind in ("num", "sym"):
        return True
    if token.kind == "op":
        return token.value in ("(", "[", "{") or (token.value == "|" and not cursor.bars)
    if token.kind != "cmd":
        return False
    if token.value == "vert":
        return not cursor.bars
    return token.value in _STARTS or token.value.startswith("mathbb")


def _factor(cursor: Cursor) -> Node:
    cursor.descend()
    node = _postfix(cursor, _atom(cursor))
    cursor.ascend()
    return node


def _postfix(cursor: Cursor, node: Node) -> Node:
    """Powers, degrees, factorials, primes and subscripts after an atom."""
    for _ in range(6):
        if cursor.accept("^"):
            if cursor.at("circ") or (cursor.at("{") and cursor.ahead(1).value == "circ"):
                node = _degrees(cursor, node)
            elif cursor.at("*") or (cursor.at("{") and cursor.ahead(1).value == "*" and cursor.ahead(2).value == "}"):
                cursor.position += 1 if cursor.at("*") else 3
                node = _marked(node, "*")
            else:
                node = Power(node, _argument(cursor))
        elif cursor.at("circ"):
            node = _degrees(cursor, node)
        elif cursor.accept("!"):
            node = Call("factorial", (node,))
        elif cursor.accept("'"):
            node = _marked(node, "'")
        elif not isinstance(node, Word) and cursor.accept("_"):
            node = _subscripted(cursor, node)
        else:
            return node
    raise Unreadable("too many marks after one factor")


def _degrees(cursor: Cursor, node: Node) -> Node:
    braces = cursor.accept("{")
    cursor.expect("circ")
    if braces:
        cursor.expect("}")
    if cursor.token.kind in ("sym", "word") and cursor.token.value in ("C", "F", "K"):
        return Quantity(node, Unit((("degree " + cursor.take().value, 1),), Fraction(1)))
    return Degree(node)


def _marked(node: Node, mark: str) -> Sym:
    if not isinstance(node, Sym):
        raise Unreadable(f"the mark {mark}")
    return Sym(node.name + mark)


def _subscripted(cursor: Cursor, node: Node) -> Node:
    """52_8, and letters with an index, which is a part of their name: x_1, x_{n+1}, M_\\odot."""
    if isinstance(node, Num):
        base = _argument(cursor)
        if not _is_whole(node) or not _is_whole(base):
            raise Unreadable("a subscript")
        return Based(str(node.value), int(base.value))
    return _named(node, _index(cursor))


def _named(node: Node, index: str) -> Node:
    if isinstance(node, (Sym, Const)):
        return Sym(f"{node.name}_{index}")
    if isinstance(node, Power):  # x^2_1
        return Power(_named(node.base, index), node.exponent)
    if isinstance(node, Call) and node.name.startswith("accent-"):
        return Call(node.name, (_named(node.args[0], index),))
    raise Unreadable("a subscript")


def _index(cursor: Cursor) -> str:
    """An index as text: in a normal form if it is an expression, else as its tokens were written."""
    start, depth, bars = cursor.position, cursor.depth, cursor.bars
    try:
        return _index_text(_argument(cursor))
    except Unreadable:
        cursor.position, cursor.depth, cursor.bars = start, depth, bars
    if not cursor.accept("{"):
        return str(cursor.take().value)
    text, opened = "", 1
    while True:
        opened += cursor.at("{") - cursor.at("}")
        value = str(cursor.take().value)
        if not opened:
            return text
        text += value


def _index_text(node: Node) -> str:
    if isinstance(node, (Num, Sym, Const, Word)):
        name, _ = node
        return f"({name})" if isinstance(node, Sym) and "_" in name else str(name)
    if isinstance(node, Neg):
        return "-" + _index_part(node.node)
    if isinstance(node, Sum):
        return "+".join(sorted(_index_text(term) for term in node.terms))
    if isinstance(node, List):
        return ",".join(_index_text(item) for item in node.items)
    if isinstance(node, Product) and all(sign > 0 for sign, _ in node.factors):
        return "*".join(_index_part(part) for _, part in node.factors)  # a_{ij} is not a_{ji}
    raise Unreadable("an index that has no normal form")


def _index_part(node: Node) -> str:
    """What a sign or a product holds: a_{-(n+1)} is not a_{-n+1}."""
    text = _index_text(node)
    return f"({text})" if isinstance(node, (Sum, List)) else text


# ---- arguments and atoms


def _argument(cursor: Cursor) -> Node:
    """A LaTeX argument: a braced group, or one atom (with its sign, as plain text writes x^-1)."""
    cursor.descend()
    if cursor.at("-", "+"):
        sign = cursor.take().value
        node = _atom(cursor)
        node = Neg(node) if sign == "-" else node
    else:
        node = _atom(cursor)
    cursor.ascend()
    return node


def _digit_argument(cursor: Cursor) -> Node:
    """As `_argument`, but an unbraced number gives its first digit only: \\frac34 and \\frac 59."""
    token = cursor.token
    if token.kind == "num" and len(token.digits) > 1 and token.digits.isdigit():
        rest = token.digits[1:]
        cursor.tokens[cursor.position] = Token("num", Fraction(int(rest)), False, rest)
        return Num(Fraction(int(token.digits[0])))
    return _argument(cursor)


def _atom(cursor: Cursor) -> Node:
    token = cursor.take()
    if token.kind == "num":
        return Num(token.value + _repetend(cursor, token.digits))
    if token.kind == "sym":
        return Const(token.value) if token.value in ("e", "i") else Sym(token.value)
    if token.kind == "word":
        return Word(token.value)
    name = token.value
    if name in CURRENCIES:  # \$32,348
        return Quantity(_factor(cursor), CURRENCIES[name])
    if name in _CLOSING:
        return _group(cursor, name)
    if token.kind == "op" and name != "|":
        raise Unreadable(f"{name!r} where a value should stand")
    return _command(cursor, name)


def _repetend(cursor: Cursor, digits: str) -> Fraction:
    """What 0.\\overline{3} adds to 0."""
    _, point, part = digits.partition(".")
    if not point or "e" in digits.lower() or not cursor.at("overline", "bar", "dot"):
        return Fraction(0)
    cursor.take()
    braces = cursor.accept("{")
    period = cursor.take()
    if period.kind != "num" or not period.digits.isdigit() or (braces and not cursor.accept("}")):
        raise Unreadable("a repeating decimal")
    return Fraction(int(period.digits), 10 ** len(part) * (10 ** len(period.digits) - 1))


def _group(cursor: Cursor, opener: str) -> Node:
    """What stands in brackets: braces only group; other brackets make a tuple of several items, and group one."""
    bars, cursor.bars = cursor.bars, 0
    if opener == "\\{":
        node = _set_body(cursor)
        cursor.bars = bars
        return node
    closers = (")", "]") if opener in ("(", "[") else (_CLOSING[opener],)
    found, joints = _joined_items(cursor)
    cursor.bars = bars
    if not cursor.at(*closers):
        raise Unreadable(f"{opener!r} is not closed")
    closer = cursor.take().value
    if len(found) > 1:
        node = _list(found, joints)
        return node if opener == "{" or node.kind != "list" else Tuple(opener, closer, found)
    if opener + closer in ("(]", "[)"):
        raise Unreadable("brackets do not match")
    return Tuple(opener, closer, found) if opener == "langle" else found[0]


def _set_body(cursor: Cursor) -> Node:
    if cursor.accept("\\}"):
        return Special("empty")
    cursor.bars += 1  # inside \{ \} a bar separates, it does not open an absolute value
    found, joints = _joined_items(cursor)
    cursor.bars -= 1
    if cursor.accept(":", "vert", "|"):  # \{ x : x > 2 \}
        conditions, joints = _joined_items(cursor)
        cursor.expect("\\}")
        return conditions[0] if len(conditions) == 1 else _list(conditions, joints or {"and"})
    cursor.expect("\\}")
    if len(found) == 1:
        return found[0] if isinstance(found[0], Set) else Set(found)
    node = _list(found, joints)
    return Set(found) if node.kind == "list" else node  # \{x > 1 \text{ and } x < 2\}


# ---- commands


def _command(cursor: Cursor, name: str) -> Node:
    """Fractions, roots, functions, letters, accents, matrices."""
    if name == "frac":
        return quotient(_digit_argument(cursor), _digit_argument(cursor))
    if name == "binom":
        return Call("binom", (_digit_argument(cursor), _digit_argument(cursor)))
    if name in ("|", "vert", "lfloor", "lceil"):
        return _bracketed(cursor, name)
    if name in ("sqrt", "cbrt"):
        index: Node = Num(Fraction(3 if name == "cbrt" else 2))
        if name == "sqrt" and cursor.accept("["):
            index = _sum(cursor)
            cursor.expect("]")
        return Call("root", (_argument(cursor), index))
    if name in FUNCTIONS:
        return _function(cursor, name)
    if name in ("pi", "infty"):
        return Const("pi" if name == "pi" else "inf")
    if name.startswith("mathbb") and name[6:] in ("R", "Z", "N", "Q", "C"):
        return Special(name[6:])
    if name == "emptyset":
        return Special("empty")
    if name in SYMBOLS:
        return Sym("\\" + name)
    if name in ACCENTS:
        return _accent(cursor, name)
    if name == "begin":
        return _matrix(cursor)
    raise Unreadable(f"command \\{name}")


def _bracketed(cursor: Cursor, name: str) -> Call:
    """Absolute value, floor and ceiling."""
    closers = {"|": ("|", "vert"), "vert": ("|", "vert"), "lfloor": ("rfloor",), "lceil": ("rceil",)}[name]
    cursor.bars += 1
    inner = _sum(cursor)
    cursor.bars -= 1
    if not cursor.accept(*closers):
        raise Unreadable("a bar is not closed")
    return Call({"lfloor": "floor", "lceil": "ceil"}.get(name, "abs"), (inner,))


def _function(cursor: Cursor, name: str) -> Node:
    """\\sin^2 x, \\log_2 8, \\sin 2x, \\gcd(4, 6)."""
    power = base = None
    for _ in range(2):
        if cursor.accept("^"):
            power = _argument(cursor)
        elif cursor.accept("_"):
            base = _argument(cursor)
    if cursor.at("(", "["):
        opener = cursor.take().value
        args = _items(cursor)
        cursor.expect({"(": ")", "[": "]"}[opener])
    elif cursor.at("{"):  # \\sin{x}y is a product, \\sin xy is not
        args = (_argument(cursor),)
    else:
        args = (_bare_argument(cursor),)
    if base is not None:
        if name != "log":
            raise Unreadable("a subscript on a function")
        args = (*args, base)
    if power == Neg(Num(Fraction(1))) and "arc" + name in FUNCTIONS:
        return Call("arc" + name, args)
    node = Call(name, args)
    return Power(node, power) if power is not None else node


def _bare_argument(cursor: Cursor) -> Node:
    """Without parentheses the argument of a function runs over the factors up to the next function or sign."""
    factors = [Factor(1, _signed_factor(cursor))]
    while _starts_factor(cursor) and not _ends_argument(cursor):
        factors.append(Factor(1, _factor(cursor)))
    if cursor.at("/") and cursor.ahead(1).kind == "num":  # \sin \pi/6
        cursor.take()
        factors.append(Factor(-1, _factor(cursor)))
    return _joined(factors)


def _ends_argument(cursor: Cursor) -> bool:
    return cursor.token.kind == "num" or cursor.token.value in FUNCTIONS or cursor.at("(", "[")


def _accent(cursor: Cursor, name: str) -> Node:
    inner = _argument(cursor)
    letters = isinstance(inner, Product) and all(isinstance(factor.node, Sym) for factor in inner.factors)
    if letters and name in ("overline", "overleftrightarrow"):
        return inner  # a segment
    return Call("accent-" + name, (inner,))


def _matrix(cursor: Cursor) -> Node:
    kind = _environment(cursor)
    if kind == "array" and cursor.accept("{"):  # the column specification
        while not cursor.accept("}"):
            cursor.take()
    if kind not in _MATRICES and kind not in ("vmatrix", "cases"):
        raise Unreadable(f"environment {kind}")
    rows, row = [], []
    while not cursor.at("end"):
        row.append(_relation(cursor))
        if cursor.accept("&"):
            continue
        rows.append(tuple(row))
        row = []
        if not cursor.accept("\\"):
            break
    cursor.expect("end")
    if _environment(cursor) != kind or len({len(row) for row in rows}) > 1:
        raise Unreadable("a broken matrix")
    if kind == "cases":
        raise Unreadable("cases")
    node = Matrix(tuple(rows))
    return Call("det", (node,)) if kind == "vmatrix" else node


def _environment(cursor: Cursor) -> str:
    cursor.expect("{")
    name = ""
    while not cursor.accept("}"):
        name += str(cursor.take().value)
    return name
