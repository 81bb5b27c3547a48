"""Answers that are not expressions: plain numbers of any length, choices, number bases, dates, plain text."""

import re

_NUMBER = re.compile(
    r"\s*([+-]?)\s*(\d+|[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+))(?:\.(\d*))?\s*|\s*([+-]?)\s*\.(\d+)\s*", re.ASCII
)
_LOOKS = re.compile(
    r"\\(?:text|textbf|textit|textrm|mbox|mathrm|mathbf|hbox|textsf|operatorname|emph|bf|rm)(?![A-Za-z])\s?"
)
_CHOICE = re.compile(r"\(\s*([A-Ja-j])\s*\)|([A-Ja-j])\s?\)|([A-Ja-d])")
_WORD_BASES = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "sixteen": 16,
}
_BASED = re.compile(
    r"\(?([0-9A-Fa-f]{1,400})\)?\s?(?:_\s?\(?\s?([0-9]{1,2}|[a-z]+)\s?\)?|\(?\s?base[ -]([0-9]{1,2}|[a-z]+)\)?)"
)
_AFTER_SUBSCRIPT = re.compile(r"_\s?\{[^{}]*\}\s?[0-9A-Za-z]")  # a_{1}2 is no a_{12}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = {name[:length]: index + 1 for index, name in enumerate(_MONTHS) for length in (3, 4, len(name))}
_DATE = re.compile(
    r"(?:(mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
    r"(?:([a-z]{3,9})\.? (\d{1,2})|(\d{1,2}) (?:of )?([a-z]{3,9})\.?)(?:,? (\d{4}))?",
    re.ASCII,
)
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th)\b", re.ASCII)
_DIGITS = re.compile(r"[0-9]")


# What programs print where there is no number. \infty is an answer; an `Infinity` in a data set is a mistake.
_NO_ANSWER = re.compile(
    r"[\s$+-]*(?:\\(?:text|mathrm|textbf|mathbf)\s?\{)?\s*(?:nan|NaN|NAN|Nan|inf|Inf|INF|Infinity)?\s*\}?[\s$.]*"
)


def is_no_answer(text: str) -> bool:
    """Whether a text is empty, or what a program prints for a number that does not exist: NaN, Infinity."""
    if len(text) >= 60 or not ("n" in text or "N" in text or "}" in text or not text.strip(" $.\n")):
        return False
    return _NO_ANSWER.fullmatch(text) is not None


def bare_number(text: str) -> tuple[str, str, str] | None:
    """(sign, digits before the point, digits after) in normal form, of an integer or decimal of any length."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    whole = (match[2] or "").replace(",", "").replace(" ", "").lstrip("0")
    part = (match[3] or match[5] or "").rstrip("0")
    sign = (match[1] or match[4] or "") if whole or part else ""
    return ("-" if sign == "-" else "", whole, part)


def without_looks(text: str) -> str:
    """Text commands and grouping braces gone: \\textbf{(C)} gives (C)."""
    if len(text) > 600:
        return ""
    return " ".join(_LOOKS.sub("", text).replace("{", "").replace("}", "").replace('"', "").replace("\\ ", " ").split())


def choice(text: str) -> str | None:
    """The letter of a multiple-choice answer, (C), C, C) or \\text{C}, as a capital."""
    if len(text) > 60:
        return None
    plain = without_looks(text)
    plain = plain if plain.endswith(")") else plain.rstrip(".: ")
    match = _CHOICE.fullmatch(plain)
    return (match[1] or match[2] or match[3]).upper() if match else None


_LABELLED = re.compile(
    r"(?:\\(?:text|textbf|mathrm|mathbf|mbox)\s?\{\s?)?\(([A-J])\)[\s:.]{0,3}(?:\}\s?)?"
    r"(?![\s,]|or\b|and\b)(.*[A-Za-z0-9].*)"
)
_ANOTHER_LABEL = re.compile(r"\([A-J]\)")


_YES_NO = re.compile(
    r"(?:\\(?:text|textbf|mathrm)\s?\{\s?)?(yes|no)\s?[.,;:!]{0,2}\s?(?:\}\s?)?[\s,;:]{0,3}(?<=[\s,;:.}])(?=\S)"
    r"(?:(?:for|when|with|at)\s?(?:\}\s?)?)?"
    r"(.*[0-9=].*)",
    re.IGNORECASE,
)


def labelled_choice(text: str) -> tuple[str, str] | None:
    """(label, value) of \\text{(B) } 12 or Yes, n = 6: one candidate with its letter, or with YES or NO."""
    if len(text) >= 400:
        return None
    match = _LABELLED.fullmatch(text)
    if match:
        return (match[1], match[2]) if not _ANOTHER_LABEL.search(match[2]) else None
    match = _YES_NO.fullmatch(text)
    return (match[1].upper(), match[2]) if match and not is_prose(match[2]) else None


def label_alone(text: str) -> str | None:
    """A letter, YES or NO, without a value."""
    return choice(text) or {"yes": "YES", "no": "NO"}.get(plain_text(text))


_MARKER = re.compile(
    r"[\s,;(]*(?:\\(?:text|textrm|mathrm|mbox)\s?\{[\s,;(]*"
    r"(?:for|where|when|if|provided|assuming|with|as long as)\b(?: that\b)?"
    r"|\\forall(?![A-Za-z])|(?<=[\s,;])(?:for|where|when|if|provided)\s)"
)
_ALTERNATIVE = re.compile(r"\b(?:or|otherwise|else|if|for|and)\b|[;=](?!\s?$)")
_DOMAIN = re.compile(
    r"\s?[,;(]\s?([A-Za-z](?:\s?\^\s?\{?[0-9]\}?)?(?:\s?,\s?[A-Za-z])*\s?"
    r"(?:\\in\s?\\mathbb\s?\{?[ZNRQC]\}?(?:\s?[\^_]\s?\{?[+*>0-]+\}?)?|(?:\\neq?|\\[lg]eq?|[<>])\s?-?[A-Za-z0-9/.]{1,9}))\s?\)?"
)
_RELATION_SIGN = re.compile(r"[<>]|\\(?:neq?|in|leq?|geq?)(?![A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")


def conditional(text: str) -> tuple[str, str] | None:
    """(answer, condition) of `x^2, \\text{for } x > 0` and `k\\pi, k \\in \\mathbb{Z}`.

    The condition must say something about a letter of the answer. Several cases, as `5 if n is even, 6 if n is odd`,
    are no one answer.
    """
    if len(text) > 300:
        return None
    match = _MARKER.search(text, 1)
    if match:
        answer, condition = text[: match.start()], without_looks(text[match.end() :]).strip(" ,;)")
        if _ALTERNATIVE.search(condition.replace("\\neq", "").replace("\\ne", "")):
            return None
    else:
        match = _DOMAIN.search(text, 1)
        if match is None or match.end() < len(text):
            return None
        answer, condition = text[: match.start()], match[1]
        if _RELATION_SIGN.search(answer):
            return None
    letters = set(_COMMAND.sub(" ", answer)) & set(_LETTER.findall(_COMMAND.sub(" ", condition)))
    return (answer.rstrip(" ,;("), condition) if letters and condition else None


_LABEL_HEAD = re.compile(
    r"\\(?:int|iint|iiint|oint|sum|prod|lim|sup|inf|max|min|Pr|mathbb\s?\{?\s?[EPV]\s?\}?)(?![A-Za-z])"
    r"|(?:P|E|Var|Cov|Pr|\\(?:text|mathrm|operatorname|mathbf)\s?\{\s?[A-Za-z]{1,12}\s?\})\s?[(\[]"
)
_NESTING = re.compile(r"\\.|[{}()\[\]=]")


def labelled_value(text: str) -> str | None:
    """The value of `\\sum_{k=1}^{3} k = 6`, `P(A \\cap B) = \\frac13` and `\\mathbb{E}[X] = 3`; None of other texts.

    Their left sides are not read as names.
    """
    if len(text) > 300 or not _LABEL_HEAD.match(text):
        return None
    depth, places = 0, []
    for sign in _NESTING.finditer(text):
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(sign[0], 0)
        if sign[0] == "=" and depth == 0:
            places.append(sign.end())
    value = text[places[0] :].strip() if len(places) == 1 else ""
    return value or None


def based_number(text: str) -> tuple[str, int] | None:
    """(digits, base) of 52_8, (1011)_2, 2A_{16}, 1011_{\\text{two}} or 52 (base 8); the base is part of the answer."""
    if ("_" not in text and "base" not in text) or _AFTER_SUBSCRIPT.search(text):
        return None
    plain = without_looks(text)
    match = _BASED.fullmatch(plain)
    if match is None:
        return None
    if match[2] and len(match[1]) == 1 and match[1].islower() and plain[0] != "(":
        return None  # a_{12} is a variable, which is not A_{12}
    name = match[2] or match[3]
    base = int(name) if name.isdigit() else _WORD_BASES.get(name, 0)
    digits = match[1].upper().lstrip("0") or "0"
    if not 2 <= base <= 16 or any(int(digit, 16) >= base for digit in digits):
        return None
    return digits, base


def date(text: str) -> tuple | None:
    """(month, day, year or None, weekday or None) of June 23, 23rd of June, March 5, 2004, Friday, May 13."""
    if len(text) > 80 or not _DIGITS.search(text):
        return None
    plain = _ORDINAL.sub(r"\1", without_looks(text).lower())
    match = _DATE.fullmatch(plain)
    if match is None:
        return None
    month, day = _MONTH.get(match[2] or match[5]), int(match[3] or match[4])
    return (month, day, match[6], match[1]) if month and 1 <= day <= 31 else None


def same_date(one: tuple, two: tuple) -> bool:
    """Whether two dates agree; the weekday may be left out on one side."""
    return one[:3] == two[:3] and (None in (one[3], two[3]) or one[3] == two[3])


_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?\s?(?:([ap])\.?\s?m\.?)?", re.IGNORECASE)


def clock(text: str) -> tuple[int, int, str] | None:
    """(hour, minute, half of the day) of 6:40 p.m., 6 PM and 6:40; two of these are never ratios, 6:40 is not 3:20."""
    match = _CLOCK.fullmatch(without_looks(text).replace("$", "")) if ":" in text or "m" in text.lower() else None
    if match is None or not (match[2] or match[3]) or int(match[1]) > 24 or int(match[2] or 0) > 59:
        return None
    return int(match[1]), int(match[2] or 0), (match[3] or "").lower()


NO_SOLUTION, ALL_REALS = "no solution", "all real numbers"
_SYNONYMS = dict.fromkeys(
    ("no solutions", "no real solution", "no real solutions", "none", "empty set"), NO_SOLUTION
) | {
    "dne": "does not exist",
    "infinitely many solutions": "infinitely many",
    "all reals": ALL_REALS,
    "real numbers": ALL_REALS,
}
_SYMBOLS = {"\\emptyset": NO_SOLUTION, "\\varnothing": NO_SOLUTION, "\\{\\}": NO_SOLUTION}
_SYMBOLS |= dict.fromkeys(("\\mathbb{R}", "x\\in\\mathbb{R}", "(-\\infty,\\infty)"), ALL_REALS)


def text_items(text: str) -> set[str]:
    """The items of a list of words; what is no word, as the 12 in `Alice, 12`, is an item as it is written."""
    items = re.split(r",|\band\b|\bor\b", without_looks(text))
    return {plain_text(item) or item.strip(" .'") for item in items} - {""}


_WORDS = re.compile(r"[A-Za-z][A-Za-z .,'&()-]*")
_HYPHEN = re.compile(r"(?<=[a-z]{4})-|-(?=[a-z]{4})")  # non-linear, x-axis; but ab-cd is a difference


def plain_text(text: str) -> str:
    """The form in which words compare: lower case, without looks, quotes and a leading article; empty without words."""
    symbol = _SYMBOLS.get(text.replace(" ", ""))
    if symbol:
        return symbol
    plain = without_looks(text)
    if not _WORDS.fullmatch(plain) or not re.search(r"[A-Za-z]{3}|^[Nn]o$", plain):
        return ""
    plain = _HYPHEN.sub(" ", plain.lower().strip(" .,'"))
    for article in ("the ", "a ", "an "):
        plain = plain.removeprefix(article)
    plain = " ".join(plain.split())
    return _SYNONYMS.get(plain, plain)


_PROSE = re.compile(r"[A-Za-z][A-Za-z .,'’&-]*[A-Za-z.]")
_NOT_PROSE = frozenset(["pi", "infinity", "inf", "oo", "infty"])


def is_prose(text: str) -> bool:
    """Letters only, three or more, and no name of a constant: a word, not a product of variables."""
    plain = without_looks(text)
    words = re.split(r"[ ,.'’&-]+", plain.lower())
    return (
        len(plain) >= 3
        and _PROSE.fullmatch(plain) is not None
        and not all(len(word) <= 1 or word in ("and", "or") or word in _NOT_PROSE for word in words)
    )
