"""Which shapes the sampler's batch may have: few, and known before it begins, as each is a program to be compiled.

A shape is so many slots of rows, with a ring of so many columns. While prompts wait, all rows are kept busy; after that
rows end and the rest get older. What the shapes below cost beside a program for every power of two of rows and of
columns is in docs/performance.md.
"""

from typing import NamedTuple

# shares of the rows and of the columns; the whole batch with all columns takes whatever lengths there are
_LADDER = ((1, 1), (1, 1 / 4), (1 / 2, 1), (1 / 4, 1), (1 / 8, 1), (1 / 16, 1))
_LADDER_OF_SHORT = ((1, 1), (1 / 4, 1), (1 / 16, 1))
_SHORT = 4  # segments; a ring of fewer is not cut
_SEGMENT = 64  # columns; the ring has whole segments
_PREFILL_TOKENS = 2048  # at once, about: below that, reading the weights and agreeing between devices costs
_REFILL = 4  # a quarter of the slots is given to the next prompts at once: more would be idle for longer


class Shape(NamedTuple):
    """A batch of `rows` in `slots` of as many rows each, with a ring of `segments` x `width` columns, behind prompts of
    `prompt` columns, one for each slot.
    """

    slots: int
    rows: int
    segments: int
    width: int
    prompt: int

    @property
    def columns(self) -> int:
        return self.segments * self.width

    @property
    def work(self) -> int:
        """What a step costs, about: the columns that are read, and for each row as much again as a segment of them."""
        return self.slots * self.prompt + self.rows * (self.columns + self.width)


class Plan(NamedTuple):
    """How a call of the sampler goes: the shapes of its batch, and the prompts that are prefilled at once."""

    shapes: tuple[Shape, ...]
    prefilled: int


def plan(num_prompts: int, num_slots: int, group_size: int, prompt_length: int, longest: int, device_rows: int) -> Plan:
    """The plan of a call with so many prompts, of which at most `num_slots` are in the batch at once.

    Args:
      prompt_length, longest: of prompts and responses, in tokens.
      device_rows: numbers of rows and slots are multiples of it.
    """
    slots = _doubled(num_prompts, num_slots, device_rows)
    at_once = _doubled(min(-(-_PREFILL_TOKENS // prompt_length), slots // _REFILL), slots, device_rows)
    return Plan(_shapes(slots, group_size, prompt_length, longest, device_rows), at_once)


def _doubled(needed: int, largest: int, smallest: int) -> int:
    """The first of smallest, 2 smallest, 4 smallest, ..., largest that is at least `needed`."""
    size = smallest
    while size < needed:
        size *= 2
    return min(size, largest)


def _shapes(slots: int, group: int, prompt: int, longest: int, device_rows: int) -> tuple[Shape, ...]:
    """All shapes of a batch that begins with `slots` slots of `group` rows, the whole batch with all columns first.

    In a smaller batch every row has a slot of its own, so any rows fit; it holds a prompt once for each of its rows.
    Where prompts are so long that it would not be smaller at all, there is none of that size.
    """
    width = min(_SEGMENT, longest)
    segments = -(-longest // width)
    whole, found = Shape(slots, slots * group, segments, width, prompt), []
    for of_rows, of_columns in _LADDER if segments >= _SHORT else _LADDER_OF_SHORT:
        rows = -int(-whole.rows * of_rows // device_rows) * device_rows
        columns = -int(-segments * of_columns // 1)
        shape = whole._replace(slots=slots if of_rows == 1 else rows, rows=rows, segments=columns)
        if of_rows == 1 or (rows < found[-1].rows and shape.work < whole.work):
            found.append(shape)
    return tuple(found)


def first(shapes: tuple[Shape, ...]) -> Shape:
    """What a batch begins with: all rows, and the shortest ring."""
    return min((s for s in shapes if s.rows == shapes[0].rows), key=lambda s: s.columns)


def choose(shapes: tuple[Shape, ...], now: Shape, rows: int, columns: int, refilled: bool) -> Shape:
    """The cheapest shape that a batch of the shape `now` may take, with room for so many active rows and so many
    columns. One that is to be `refilled` keeps all its rows.
    """
    least = now.rows if refilled else rows
    fitting = [s for s in shapes if least <= s.rows <= now.rows and s.columns >= columns]
    return min(fitting, key=lambda s: (s.work, s.rows))


def moves(shapes: tuple[Shape, ...]) -> list[tuple[Shape, Shape]]:
    """Every change from one shape to another that may happen: rows never become more."""
    return [(old, new) for old in shapes for new in shapes if new != old and new.rows <= old.rows]
