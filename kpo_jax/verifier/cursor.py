"""Tokens of an answer, and a place among them with the depth of its nesting."""

from typing import NamedTuple

from kpo_jax.verifier.errors import TooComplex, Unreadable

MAX_DEPTH = 40
END = "the end"  # the value of the last token; no command or sign can spell it


class Token(NamedTuple):
    """A token of an answer.

    kind: num, sym, cmd, word, op or end.
    spaced: whether white space stood before it.
    digits: a number as it was written.
    """

    kind: str
    value: object
    spaced: bool = False
    digits: str = ""


class Cursor:
    """Tokens and the position of the next one.

    Attributes:
      depth: how many factors and arguments are open.
      bars: how many bars are open, inside which another bar closes and does not open.
    """

    def __init__(self, tokens: list[Token]):
        self.tokens, self.position, self.depth, self.bars = tokens, 0, 0, 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def ahead(self, count: int) -> Token:
        """The token that many places after the next one; the last one beyond the end."""
        return self.tokens[min(self.position + count, len(self.tokens) - 1)]

    def behind(self) -> Token:
        """The token before the next one; the last one at the start."""
        return self.tokens[self.position - 1]

    def at(self, *values: str) -> bool:
        """Whether the next token is one of these signs or commands."""
        token = self.tokens[self.position]
        return token.value in values and token.kind in ("op", "cmd", "end")

    def take(self) -> Token:
        """The next token, and move on. Raises Unreadable at the end."""
        token = self.tokens[self.position]
        if token.value == END:
            raise Unreadable("it ends early")
        self.position += 1
        return token

    def accept(self, *values: str) -> bool:
        """Move on if the next token is one of these signs or commands; whether it was."""
        if self.at(*values):
            self.position += 1
            return True
        return False

    def expect(self, value: str) -> None:
        """As `accept`, but raises Unreadable if it was not."""
        if not self.accept(value):
            raise Unreadable(f"expected {value!r}, found {self.token.value!r}")

    def descend(self) -> None:
        """One level deeper. Raises TooComplex below the cap."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooComplex("nested too deeply")

    def ascend(self) -> None:
        """One level back."""
        self.depth -= 1
