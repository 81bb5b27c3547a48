"""Text for people: secrets out of what is printed or kept (commands, error lines, configurations), and tables.

A value is a secret by its name, of which a word ends in TOKEN, KEY, SECRET, PASSWORD and the like (HF_TOKEN, --api_key;
`tokenizer` and `microbatch_tokens` are none), or by its place and form: between :// and @ in a URL, a token of the
Hugging Face hub. Pure text; imports nothing of the package, since the launch scripts run this file (python3 -I): words
separated by NUL on standard input come back masked.
"""

import os
import re
import sys

MASKED = "MASKED"
_NAME = r"[\w.-]*(?:TOKEN|KEYS?|SECRETS?|PASSWORDS?|PASSWD|CREDENTIALS?|SIG|SIGNATURE)(?:[^A-Za-z\s=:'\"][\w.-]*)?"
_ASSIGNMENT = re.compile(rf"(?<![\w.-])({_NAME})(=['\"]?|['\"]\s*[:=]\s*['\"]?)([^\s&#,;'\"]+)", re.IGNORECASE)
_WHOLE_ASSIGNMENT = re.compile(rf"({_NAME})=(.*)", re.IGNORECASE | re.DOTALL)
_FLAG = re.compile(rf"-{_NAME}", re.IGNORECASE)
_USER = re.compile(r"://[^/\s]+@")
_HUB_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{34,}")


def mask(text: str) -> str:
    """The text with the values of secrets in it replaced by MASKED."""
    text = _HUB_TOKEN.sub(MASKED, _USER.sub(f"://{MASKED}@", text))
    return _ASSIGNMENT.sub(rf"\1\2{MASKED}", text)


def mask_words(words: list[str]) -> list[str]:
    """The words of a command masked: NAME=value to its end, and the word after a --name of a secret."""
    shown, hide = [], False
    for word in words:
        whole = _WHOLE_ASSIGNMENT.fullmatch(word)
        shown.append(MASKED if hide else f"{whole[1]}={MASKED}" if whole else mask(word))
        hide = not hide and _FLAG.fullmatch(word) is not None
    return shown


def holds_secret(text: str) -> bool:
    """Whether the text is a URL with a secret in it, or holds a token of the hub; any other text may speak of keys."""
    is_url = "://" in text and not re.search(r"\s", text)
    return _HUB_TOKEN.search(text) is not None or (is_url and mask(text) != text)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table that is aligned in plain text too; cells cannot end it or bring markup of their own."""
    cleaned = [[plain(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cleaned) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in cleaned]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def blocks(header: list[str], rows: list[list[str]]) -> str:
    """The same cells for a page that is narrower than the table: the rows below each other, a line for each cell that
    is not empty.
    """
    names = [plain(name) for name in header]
    space = max(map(len, names[1:]), default=0)
    parts = []
    for first, *others in rows:
        cells = [f"  {name.ljust(space)}  {plain(cell)}" for name, cell in zip(names[1:], others, strict=True) if cell]
        parts.append("\n".join([f"{names[0]} {plain(first)}", *cells]))
    return "\n".join(parts)


def plain(text: str) -> str:
    """The text on one line, without markup of its own."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
    return re.sub(r"([\\|`*\[\]])", r"\\\1", text) if re.search(r"[|`*\\]|\]\(", text) else text


def unsupported(path: str) -> str:
    """What is said of a path of a file system that is not the machine's own, scheme://..."""
    return f"{path.partition('://')[0]}:// is not supported; it must be a path of this machine's file system"


if __name__ == "__main__":
    words = os.fsdecode(sys.stdin.buffer.read()).split("\0")[:-1]
    sys.stdout.buffer.write(os.fsencode("".join(word + "\0" for word in mask_words(words))))
