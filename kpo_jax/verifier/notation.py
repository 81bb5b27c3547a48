r"""From the text of an answer to tokens: unicode, style commands, numbers. Every scan is linear in the length."""

import re
from fractions import Fraction

from kpo_jax.verifier.cursor import END, Token
from kpo_jax.verifier.errors import TooComplex, Unreadable
from kpo_jax.verifier.units import PLAIN_UNITS, UNITS

MAX_CHARS = 4000  # longer answers are compared as text (and as plain numbers) only
MAX_TOKENS = 1500
MAX_DIGITS = 2000

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_SIGNS = {  # what it says in LaTeX -> the characters that say so
    " ": "\u00a0\u2002\u2003\u3000\t\r\n",
    "\\,": "\u2009\u202f",  # thin spaces may group digits
    "-": "−–—‐", "\\times ": "×", "\\cdot ": "·⋅", "\\div ": "÷", "/": "∕⁄", "\\pm ": "±", "\\mp ": "∓", "'": "′’‘",
    '"': "“”", "\\sqrt ": "√", "\\sqrt[3]": "∛", "\\infty ": "∞", "^\\circ ": "°", ",": "、",
    "\\euro ": "€", "\\pounds ": "£", "\\le ": "≤⩽", "\\ge ": "≥⩾", "\\ne ": "≠", "\\approx ": "≈", "\\in ": "∈",
    "\\cup ": "∪", "\\cap ": "∩", "\\setminus ": "∖", "\\emptyset ": "∅", "\\mathbb{R}": "ℝ", "\\mathbb{Z}": "ℤ",
    "\\langle ": "⟨", "\\rangle ": "⟩", "\\frac{1}{2}": "½", "\\frac{1}{3}": "⅓", "\\frac{2}{3}": "⅔",
    "\\frac{1}{4}": "¼", "\\frac{3}{4}": "¾", "\\frac{1}{5}": "⅕",
}  # fmt: skip
_UNICODE = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width ASCII
    **{letter: f"\\{name} " for letter, name in _GREEK.items()},
    **{mark: "^{" + digit + "}" for mark, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True)},
    **{mark: "_{" + digit + "}" for mark, digit in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
    **{character: latex for latex, characters in _SIGNS.items() for character in characters},
}
_TRANSLATE = str.maketrans(_UNICODE)
_ADJACENT_SCRIPTS = re.compile(r"\}[\^_]\{(?=[0-9+\-n]\})")  # x¹² became x^{1}^{2}

# Commands that only change the look. The second group swallows one argument as well.
_STYLE = re.compile(
    r"\\(?:left|right|middle|[bB]ig{1,2}[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|bf|rm|it|sf|tt|"
    r"normalsize|large|Large|boldmath|centering|allowbreak|nobreak|newline|null|hfill|noindent|ensuremath|"
    r"mathstrut|strut|hline)(?![A-Za-z])\.?"
)
_STYLE_WITH_ARGUMENT = re.compile(
    r"\\(?:color|textcolor|hspace|vspace|hskip|phantom|hphantom|vphantom|label|tag|kern)\*?\s?\{[^{}]{0,80}\}"
)
_SPACING = re.compile(
    r"\\(?:[,;:!> ]|(?:quad|qquad|enspace|thinspace|medspace|thickspace|negthinspace|space)(?![A-Za-z]))|~"
)
# Between digits these group thousands: 10,\!080   10{,}080   10\,080
_GROUPING = re.compile(r"(?<=[0-9])(?<!(?<![0-9])0)\s?(?:\{,\}|,\\!|\\,)\s?(?=[0-9]{3}(?![0-9]))")
_DELIMITERS = re.compile(r"(?<!\\)\$|\\[()\[\]]")
_COLON = re.compile(r"\s?\\colon(?![A-Za-z])")
_ROW_SKIP = re.compile(r"\\\\\*?\s?\[\s?-?[0-9.]{1,8}\s?(?:mm|cm|pt|em|ex|in|mu|pc|bp|sp)\s?\]")  # \\[2mm]
_ROW_END = re.compile(r"\\(?:cr|tabularnewline)(?![A-Za-z])|\\\\\*")
_UPRIGHT_D = re.compile(r"\\mathrm\s?\{\s?d\s?\}\s?(?=\\?[A-Za-z])")
_DERIVATIVE = re.compile(  # dy/dx
    r"(?<![A-Za-z\\}])d(\^\{?[2-9]\}?)?\s?([A-Za-z])\s?/\s?d\s?([A-Za-z])(\^\{?[2-9]\}?)?(?![A-Za-z])"
)
_MODULO = re.compile(
    r"\(?\s?(?:\\(?:bmod|mod|pod)(?![A-Za-z])|\\(?:text|mathrm|operatorname)\s?\{\s?mod\s?\}|(?<![A-Za-z\\])mod(?![A-Za-z]))"
    r"\s?([A-Za-z0-9]{1,20})\s?\)?$|\\pmod\s?(?:\{\s?([^{}]{1,40}?)\s?\}|([A-Za-z0-9]))$"
)
_ORDINAL_WORD = r"(?:(?<=1)st|(?<=2)nd|(?<=3)rd|(?<=[04-9])th|(?<=1[1-3])th)(?![A-Za-z])"
_ORDINALS = [  # 9th, 9\\text{th}, 9^{th}, 9^{\\text{th}}, and the beginning of 9\\text{th floor}
    re.compile(
        r"(?<=[0-9])\s?\^\s?(?:\{\s?)?\\(?:text[a-z]{0,11}|mathrm|operatorname|rm)\s?\{\s?(?:st|nd|rd|th)\s?\}(?:\s?\})?"
    ),
    re.compile(r"(?<=[0-9])\s?(?:\^\s?\{\s?|\\(?:text[a-z]{0,11}|mathrm|operatorname)\s?\{\s?)(?:st|nd|rd|th)\s?\}"),
    re.compile(r"(?<=[0-9])" + _ORDINAL_WORD),
]
_ORDINAL_IN_TEXT = re.compile(
    r"(?<=[0-9])(\\(?:text[a-z]{0,2}|mathrm|operatorname)\s?\{)\s?(?:st|nd|rd|th)(?![A-Za-z])"
)
_EMPTY_GROUP = re.compile(r"\{\s?\}(?=\s?\^)")  # before a degree sign
_ANGSTROM = re.compile(
    r"\\AA(?![A-Za-z])|\\r\s?\{\s?A\s?\}|\\mathring\s?\{\s?(?:\\(?:mathrm|text)\s?\{\s?A\s?\}|A)\s?\}|[Åå\u212b]"
)
_MICRO = re.compile(
    r"\\mu\s?\\(?:mathrm|text|rm)\s?\{\s?(?=[A-Za-z]{1,3}\})|\\(?:mathrm|text)\s?\{\s?\\mu\s?(?=[A-Za-z]{1,3}\s?\})"
)
_ORDINAL_SIGN = re.compile(
    r"[0-9]\s?(?:\^\s?)?(?:\{\s?)?(?:\\(?:text[a-z]{0,11}|mathrm|operatorname|rm)\s?\{\s?)?(?:st|nd|rd|th)(?![A-Za-z])"
)
_POWERED = r"[A-Za-z]{1,4}(?:\^(?:\{-?[0-9]\}|-?[0-9]))?"
_PLAIN_MICRO = re.compile(r"(?<=[0-9}]) ?\\mu ?([mgsACFLVW])$")
_PLAIN_UNIT = re.compile(rf"(?<=[0-9}}]) ({_POWERED}(?: ?/ ?{_POWERED}|(?: | ?\\cdot ){_POWERED})+)$")
_OHM = re.compile(r"\\(?:mathrm|text)\s?\{\s?([kMm]?)\s?\}?\s?\\Omega\s?(?:\}|$)|(?<=[0-9}])\s?([kMm]?)\\Omega$")
_DOTS = re.compile(r"\.{3}|…|\\(?:ldots|cdots|dots[bcmio]|hdots|ddots|vdots)(?![A-Za-z])")
_PRIMES = re.compile(r"\^\s?(?:\{((?:\s?\\prime(?![A-Za-z]))+)\s?\}|(\\prime(?![A-Za-z])))")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # none of them readable; \x01 and \x02 are marks of our own below
_ELLIPSIS = re.compile(r"\.\s?\.\s?\.")
_TRAILING = " \t\r\n.,;:?。"
_GOES_ON = re.compile(r",|[-+*/=]$|[0-9]*\.[0-9]+$")

_THOUSANDS = re.compile(r"(?<![0-9.])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?!,?[0-9])")
_BROKEN_GROUP = re.compile(r"(?<=[0-9]),0[0-9]")  # (1,0002) is neither a number nor a pair
_TIGHT_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<num>(?:[0-9][0-9\x01]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![0-9.]))?)"
    r"|(?P<cmd>\\(?:[A-Za-z]+|.))"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<op><=|>=|!=|\*\*|:=|==|[-+*/^_=<>(){}\[\]|,;:!%&'$\"])"
)

_LETTERS = re.compile(r"[^\W\d_A-Za-z]+")  # of other alphabets: one is a symbol, several are a word

FUNCTIONS = frozenset(
    [
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log",
        "lg", "exp", "sqrt", "cbrt", "abs", "floor", "ceil", "gcd", "lcm", "max", "min", "det",
    ]
)  # fmt: skip
_ALIASES = {
    alias: name
    for name, aliases in {
        "arcsin": "asin", "arccos": "acos", "arctan": "atan", "csc": "cosec", "ceil": "ceiling",
        "infty": "inf infinity oo infin", "le": "leq leqslant", "ge": "geq geqslant", "ne": "neq", "<": "lt", ">": "gt",
        "frac": "dfrac tfrac cfrac", "binom": "dbinom tbinom", "circ": "degree degrees deg", "emptyset": "varnothing",
        "\\{": "lbrace {", "\\}": "rbrace }", "setminus": "backslash", "cdot": "cdotp ast", "phi": "varphi",
        "epsilon": "varepsilon", "vert": "lvert rvert mid",
    }.items()
    for alias in aliases.split()
}  # fmt: skip
_PLAIN_NAMES = FUNCTIONS | {
    "pi", "theta", "alpha", "beta", "gamma", "delta", "lambda", "mu", "sigma", "phi", "omega", "binom", "frac", "infty",
    "circ", "pm", "cdot", "times", "cup", "cap"
}  # fmt: skip
_TEXT_COMMANDS = frozenset(
    [
        "text", "textbf", "textit", "textrm", "textsf", "texttt", "textnormal", "textsc", "mbox", "hbox", "mathrm",
        "operatorname", "emph", "textup",
    ]
)  # fmt: skip
_TRANSPARENT = frozenset(
    [
        "mathbf", "mathit", "mathsf", "mathcal", "mathtt", "boldsymbol", "bm", "boxed", "fbox", "framebox",
        "underline", "mathfrak", "mathscr", "pmb",
    ]
)  # fmt: skip


def translate(text: str) -> str:
    """Unicode mathematics as LaTeX, look-only commands gone, white space collapsed.

    The result is never longer than a small multiple of the text.
    """
    text = _CONTROL.sub("\x00", text)
    if not text.isascii():
        text = _ADJACENT_SCRIPTS.sub("", text.translate(_TRANSLATE))
    if any(mark in text for mark in "\\$~{"):
        text = _COLON.sub(":", text) if "\\colon" in text else text
        text = _ROW_SKIP.sub(r"\\\\ ", text)
        text = _ROW_END.sub(r"\\\\ ", text)
        text = text.replace("\\\\[", "\\\\ [") if "\\\\[" in text else text  # a matrix row break, not a display
        text = _GROUPING.sub("\x01", text)
        text = _UPRIGHT_D.sub(" d", text) if "\\mathrm" in text else text
        text = _STYLE_WITH_ARGUMENT.sub(" ", text)
        text = _STYLE.sub(" ", text)
        text = _SPACING.sub(" ", text.replace("\\\\", "\x02")).replace("\x02", "\\\\")
        text = _DELIMITERS.sub(" ", text)
    text = strip_ends(" ".join(text.split()))
    if any(ending in text for ending in ("th", "st", "nd", "rd")):
        text = _without_ordinals(text) if _ORDINAL_SIGN.search(text) else text
    if any(sign in text for sign in ("\\AA", "\\r{", "\\mathring", "\\mu", "\\Omega", "{}", "{ }", "Å", "å", "\u212b")):
        text = _ANGSTROM.sub(r" \\text{ angstrom}", text)
        text = _MICRO.sub(r"\\text{ u", text) if "\\mu" in text else text
        text = _OHM.sub(r"\\text{ \1\2ohm}", text) if "\\Omega" in text else text
        text = _EMPTY_GROUP.sub("", text)
    text = _DOTS.sub(r"\\dots ", text) if "..." in text or "dots" in text or "…" in text else text
    text = _DERIVATIVE.sub(r"\\frac{d\1\2}{d\3\4}", text) if "/d" in text or "/ d" in text else text
    text = _MODULO.sub(r"\\bmod{\1\2\3}", text) if "mod" in text else text
    return _PRIMES.sub(_plain_primes, text) if "\\prime" in text else text


def _without_ordinals(text: str) -> str:
    for ordinal in _ORDINALS:
        text = ordinal.sub("", text)
    return _ORDINAL_IN_TEXT.sub(r"\1 ", text)


def with_units(text: str) -> str:
    """A translated number with a plain compound unit at its end, 41.2 g/mol, with the unit in \\text; else as it is."""
    if len(text) >= 200:
        return text
    text = _PLAIN_MICRO.sub(r"\\text{ u\1}", text) if "\\mu" in text else text
    match = _PLAIN_UNIT.search(text) if " " in text else None
    words = re.findall("[A-Za-z]+", match[1]) if match else []
    if not words or not all(word in UNITS for word in words):
        return text
    if "/" not in match[1] and "-" not in match[1] and all(len(word) == 1 for word in words):
        return text  # 5 m s is a product of variables
    return text[: match.start()] + "\\text{ " + match[1] + "}"


def _plain_primes(match: re.Match) -> str:
    return "'" * (match[1] or match[2]).count("prime")


def strip_ends(text: str) -> str:
    """Without surrounding white space, markdown stars and sentence punctuation.

    A factorial sign and a closing backslash stay, and three dots with which a list, a sum or decimals go on.
    """
    text = text.strip().strip("*`").strip()
    stripped = text.rstrip(_TRAILING)
    dots = _ELLIPSIS.search(text, len(stripped))
    if dots and _GOES_ON.search(stripped):
        return text[: dots.end()]
    return text if stripped.endswith("\\") else stripped


def has_thousands(text: str) -> bool:
    """Whether every comma tight between digits groups thousands, so that 1,234 may be read as one number."""
    commas = len(_TIGHT_COMMA.findall(text))
    return commas > 0 and commas == sum(match.count(",") for match in _THOUSANDS.findall(text))


def may_be_list(text: str) -> bool:
    """Whether the groups of such a text may also be items: 1,234 may be 1 and 234, but 1,000 is never 1 and 000."""
    return has_thousands(text) and ",0" not in text


def number(digits: str) -> Fraction:
    """The exact value of a plain decimal or scientific literal, within the cap on digits and exponent."""
    mantissa, _, exponent = digits.replace("E", "e").partition("e")
    whole, _, part = mantissa.partition(".")
    if len(whole) + len(part) > MAX_DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > MAX_DIGITS:
        raise TooComplex("too many digits")
    value = Fraction(int((whole + part) or "0"), 10 ** len(part))
    return value * Fraction(10) ** int(exponent or 0)


def tokenize(text: str, thousands: bool) -> list[Token]:
    """Tokens of a translated text, ending with an `end` token. Raises Unreadable, TooComplex."""
    if len(text) > MAX_CHARS:
        raise TooComplex("too long")
    if thousands:
        text = _THOUSANDS.sub(lambda match: match.group().replace(",", "\x01"), text)
    if _BROKEN_GROUP.search(text):
        raise Unreadable("a digit group that is none")
    tokens: list[Token] = []
    _scan(text, tokens, prose=False)
    tokens.append(Token("end", END))
    return tokens


def _scan(text: str, tokens: list[Token], prose: bool) -> None:
    """Append the tokens of `text`; in prose (inside \\text) runs of letters are words, not products of variables."""
    position, spaced = 0, prose
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if prose and text[position] in ".-":  # "sq. in.", "x-axis"
                position += 1
                continue
            letters = _LETTERS.match(text, position)
            if letters is None:
                raise Unreadable(f"character {text[position]!r}")
            position = letters.end()
            tokens.append(Token("sym" if len(letters[0]) == 1 and not prose else "word", letters[0], spaced))
            spaced = False
            continue
        kind, value, position = match.lastgroup, match.group(), match.end()
        if kind == "space":
            spaced = True
            continue
        if len(tokens) > MAX_TOKENS:
            raise TooComplex("too many symbols")
        if kind == "num":
            tokens.append(Token("num", number(value.replace("\x01", "")), spaced, value.replace("\x01", "")))
        elif kind == "word":
            _scan_word(value, tokens, spaced, prose)
        elif kind == "cmd":
            position = _scan_command(text, position, value[1:], tokens, spaced)
        else:
            tokens.append(
                Token(
                    "op",
                    {"**": "^", ":=": "=", "==": "=", "<=": "le", ">=": "ge", "!=": "ne"}.get(value, value),
                    spaced,
                )
            )
        spaced = False


def _scan_word(word: str, tokens: list[Token], spaced: bool, prose: bool) -> None:
    name = _ALIASES.get(word.lower(), word)
    if prose and tokens and _is_unit(word, tokens):
        tokens.append(Token("word", word, spaced))
    elif word in ("and", "or", "AND", "OR"):
        tokens.append(Token("op", word.lower(), spaced))
    elif name in _PLAIN_NAMES:
        tokens.append(Token("cmd", name, spaced))
    elif len(word) == 1:
        tokens.append(Token("sym", word, spaced))
    elif prose or word.lower() in PLAIN_UNITS or word == "percent" or len(word) > 3:
        tokens.append(Token("word", word.lower(), spaced))
    else:  # xy is a product of two variables
        tokens.extend(Token("sym", letter, spaced and index == 0) for index, letter in enumerate(word))


def _is_unit(word: str, tokens: list[Token]) -> bool:
    """Whether a word in \\text is a unit where it stands. The symbols of physics must follow a number or a unit."""
    last, before = tokens[-1], tokens[-2].value if len(tokens) > 1 else ""
    if word == "floor":  # the ninth, not the greatest integer below
        return last.kind == "num"
    if last.value == "-" and not last.spaced:  # N-m
        return word in UNITS and before in UNITS
    if word not in UNITS or (last.kind == "op" and (last.value in "+-*=<>,^_" or last.value in ("and", "or"))):
        return False
    if last.value == "(":
        return before == "/"
    if word in PLAIN_UNITS:
        return True
    if last.value == "{":
        return before in ("frac", "}")
    return last.kind in ("num", "word") or last.value in ("}", ")", "/", "cdot", "times", "pi")


def _scan_command(text: str, position: int, name: str, tokens: list[Token], spaced: bool) -> int:
    name = _ALIASES.get(name, name)
    if name in _TRANSPARENT:
        return position
    if name in _TEXT_COMMANDS:
        start = position + (text[position : position + 1] in (" ", "*"))
        if text[start : start + 1] != "{":
            return position
        end = _closing_brace(text, start)
        _scan(text[start + 1 : end], tokens, prose=True)
        return end + 1
    if name == "mathbb":
        start = position + (text[position : position + 1] == " ")
        letter = text[start : start + 3]
        if len(letter) == 3 and letter[0] == "{" and letter[2] == "}":
            tokens.append(Token("cmd", "mathbb" + letter[1], spaced))
            return start + 3
        tokens.append(Token("cmd", "mathbb" + text[start : start + 1], spaced))
        return start + 1
    kind = "op" if name in ("<", ">", "%", "le", "ge", "ne", "&") else "cmd"
    tokens.append(Token(kind, name, spaced))
    return position


def _closing_brace(text: str, start: int) -> int:
    depth = 0
    for match in re.compile(r"\\.|[{}]").finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.start()
    raise Unreadable("unbalanced braces")
