r"""The final answer of a response: a \boxed{} or an `Answer:` line after any thinking.

Of several the last one counts that can be read. Every scan is linear in the length of the response.
"""

import re
from collections import deque

from kpo_jax.verifier.readable import is_readable

MAX_RESPONSE = 1 << 20  # characters read, from the end
CANDIDATES = 3  # boxes, and as many lines, that are looked at, from the end
_MAX_LINE = 200  # characters of an answer on the line after its marker

_THINK_END = re.compile(r"</\s?think(?:ing)?\s?>", re.IGNORECASE)
_THINK_START = re.compile(r"<\s?think(?:ing)?\s?>", re.IGNORECASE)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]?")
_BRACE = re.compile(r"\\[\\{}]|[{}]|\\(?:boxed|fbox|framebox)(?![A-Za-z])[ \t]?")
_BARE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|[A-Za-z](?![A-Za-z])")
# `Answer:`, `**Final Answer:** 58`, a check mark before it, and the heading `### Final Answer` alone on its line
_ANSWER = re.compile(
    r"^(?:[0-9]{1,2}[.)] )?[^A-Za-z0-9\n\\${}]{0,40}(?:<(?:b|strong|em|p|h[1-6])>|\\text(?:bf|it)?\{)?"
    r"(?:the )?(?:final )?answer[ \t]?(?:is)?[*_`]{0,3}[ \t]?"
    r"(?:[:：](?!=)[ \t]?([^\n]*)|(?<=[*_])[ \t]?$|(?<=r)[ \t]?$)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(r"^</(?:b|strong|em)>|</(?:b|strong|em|p|h[1-6])>$")
_HEADING = re.compile(r"(?:[0-9]{1,2}[.)])?[ \t]*[#*_]")
_SAYS = re.compile(
    r"(?:so |thus |hence |therefore )?,?\s?(?:the|our|my) (?:final |correct )?answer is"
    r"(?: therefore| thus| hence)?:?\s",
    re.IGNORECASE,
)
_HOPE = re.compile(r"\bI hope (?:it|this|that) is correct\W{0,9}$", re.IGNORECASE)
_MARKS = "*_` \t\r\n✅✔☑✓🎉👉➡\ufe0f"
_OPENERS = frozenset(["", "$$", "\\[", "```", "$"])  # lines on which an answer does not yet begin


def extract_answer(text: str) -> str | None:
    """The final answer as written, or None. A box that is not closed and a number in prose are no answers."""
    text = text[-MAX_RESPONSE:]
    text = text[max((tag.end() for tag in _THINK_END.finditer(text)), default=0) :]
    start = _THINK_START.search(text)
    text = text[: start.start()] if start else text
    found = [*_boxes(text), *_answer_lines(text)]
    if len(found) < 2:
        return found[0][1] if found else None
    latest = [content for _, content in sorted(found, key=lambda candidate: candidate[0], reverse=True)]
    return next((content for content in latest if is_readable(content)), latest[0])


def _boxes(text: str) -> list[tuple[int, str]]:
    """(where it ends, content) of the boxes that close last."""
    first = _BOX.search(text)
    if first is None:
        return []
    found: deque[tuple[int, int, int]] = deque(maxlen=CANDIDATES)
    stack, bare_from = [], -1
    for match in _BRACE.finditer(text, first.start()):
        token = match.group()
        if token == "{":
            stack.append(match.end() if bare_from == match.start() else -1)
        elif token == "}":
            opened = stack.pop() if stack else -1
            if opened >= 0:
                found.append((match.end(), opened, match.start()))
        elif len(token) > 2:
            bare_from = match.end()
            bare = _BARE.match(text, bare_from)
            if bare:
                found.append((bare.end(), bare.start(), bare.end()))
    return [(end, text[start:stop]) for end, start, stop in found]


def _answer_lines(text: str) -> list[tuple[int, str]]:
    """(where it ends, content) of the last answers on a line with their marker, or on the line after it."""
    found: deque[tuple[int, str]] = deque(maxlen=CANDIDATES)
    for match in _ANSWER.finditer(text):
        if match[1] is None and not _HEADING.match(match[0]):
            continue
        end, content = match.end(), _content(match[1] or "")
        if not content:
            end, content = _next_line(text, end)
        if content and "\\boxed" not in content:
            found.append((end, content))
    return list(found)


def _next_line(text: str, position: int) -> tuple[int, str]:
    """(where it ends, content) of the line on which the answer to a marker stands; empty if there is none."""
    for _ in range(4):
        start = text.find("\n", position) + 1
        if not start:
            break
        position = text.find("\n", start, start + _MAX_LINE)
        position = position if position >= 0 else start + _MAX_LINE
        line = text[start:position]
        if _ANSWER.match(line) or (position < len(text) and text[position] != "\n"):
            break
        if line.strip() not in _OPENERS:
            return min(position, len(text)), _content(line)
    return position, ""


def _content(line: str) -> str:
    """The answer on a line: without emphasis and without the sentence around it."""
    content = _TAG.sub("", line.strip(_MARKS)).strip(_MARKS)
    if content.count("}") > content.count("{"):  # of \\textbf{Answer:} 58
        content = (content[1:] if content[0] == "}" else content.removesuffix("}")).strip(_MARKS)
    hope = _HOPE.search(content, max(0, len(content) - 50))
    content = content[: hope.start()].rstrip(" .") if hope else content
    says = _SAYS.match(content)
    content = content[says.end() :].strip(_MARKS) if says else content
    return content[:-1].rstrip(_MARKS) if content.endswith(("*.", "`.")) else content
