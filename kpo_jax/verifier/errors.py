"""The two ways in which a text is not compared as mathematics."""


class Unreadable(Exception):
    """The text is not mathematics this package reads; such answers compare as text."""


class TooComplex(Exception):
    """A cap on length, nesting, digits or work was reached; such answers are never accepted."""
