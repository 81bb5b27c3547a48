"""Errors that say all in lines of their own, without a traceback, by how they end a run."""


class Refused(ValueError):
    """What was asked for cannot be done; nothing was changed, and the same command will never do. Each argument is a
    line.
    """


class Failed(RuntimeError):
    """The run cannot go on."""
