r"""The final answer of a response: the last complete \boxed{} or `Answer:` line after any thinking.

Every scan is linear in the length of the response.
"""

import re

MAX_RESPONSE = 1 << 20  # characters read, from the end

_THINK_END = re.compile(r"</\s?think(?:ing)?\s?>", re.IGNORECASE)
_THINK_START = re.compile(r"<\s?think(?:ing)?\s?>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]?")
_BRACE = re.compile(r"\\[\\{}]|[{}]|\\(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]?")
_BARE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|[A-Za-z](?![A-Za-z])")
_ANSWER = re.compile(
    r"^[ \t>*#_`-]*(?:the )?(?:final )?answer[ \t]?(?:is)?[*_`]{0,3}[ \t]?:(?!=)[ \t]?([^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)


def extract_answer(text: str) -> str | None:
    """The final answer as written, or None. A box that is not closed and a number in prose are no answers."""
    text = text[-MAX_RESPONSE:]
    text = text[max((tag.end() for tag in _THINK_END.finditer(text)), default=0) :]
    start = _THINK_START.search(text)
    text = text[: start.start()] if start else text
    box, line = _last_box(text), _last_answer_line(text)
    if box is None or (line is not None and line[0] > box[0]):
        return line[1] if line else None
    return box[1]


def _last_box(text: str) -> tuple[int, str] | None:
    """(where it ends, content) of the box that closes last."""
    first = _BOX.search(text)
    if first is None:
        return None
    found, stack, bare_from = None, [], -1
    for match in _BRACE.finditer(text, first.start()):
        token = match.group()
        if token == "{":
            stack.append(match.end() if bare_from == match.start() else -1)
        elif token == "}":
            opened = stack.pop() if stack else -1
            if opened >= 0:
                found = (match.end(), opened, match.start())
        elif len(token) > 2:
            bare_from = match.end()
            bare = _BARE.match(text, bare_from)
            if bare:
                found = (bare.end(), bare.start(), bare.end())
    return (found[0], text[found[1] : found[2]]) if found else None


def _last_answer_line(text: str) -> tuple[int, str] | None:
    found = None
    for match in _ANSWER.finditer(text):
        content = match[1].strip().strip("*_`").strip()
        if content and "\\boxed" not in content:
            found = (match.end(), content)
    return found
