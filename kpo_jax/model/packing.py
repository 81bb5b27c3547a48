"""Sequences without the padding between them: a minibatch as microbatches of a fixed number of tokens.

The model sees rows that hold several sequences one after the other (`Packed`); log-probabilities go back to one row per
response [B, T] before the ratio filter. Responses to one prompt may share it: it then stands once before them all. All
shapes follow from the configuration, so nothing is compiled twice, and how many microbatches a minibatch needs is found
when its lengths are known. All of this is numpy on the host.
"""

import collections

import numpy as np

from kpo_jax.model.shapes import PackShape
from kpo_jax.records import Batch, Packed


def _units(rows: dict[str, np.ndarray], shared: int) -> list[list[int]]:
    """The sequences in lists of up to `shared` that have the same prompt, the longest first."""
    length = rows["response_mask"].sum(axis=1)
    by_prompt = collections.defaultdict(list)
    for index in np.argsort(-length, kind="stable").tolist():
        by_prompt[rows["tokens"][index, : rows["prompt_length"][index]].tobytes()].append(index)
    units = [same[start : start + shared] for same in by_prompt.values() for start in range(0, len(same), shared)]
    return sorted(units, key=lambda unit: -int(rows["prompt_length"][unit[0]] + length[unit].sum()))


def _fill_rows(rows: dict[str, np.ndarray], shape: PackShape) -> list[list[list[int]]]:
    """The units of `_units` in packed rows: each, the longest first, in the first row with room for it."""
    prompt_length, response_length = rows["prompt_length"], rows["response_mask"].sum(axis=1)
    bins: list[list[list[int]]] = []
    room: list[list[int]] = []  # tokens, response tokens and sequences that a bin can still take
    for unit in _units(rows, shape.shared):
        responses = int(response_length[unit].sum())
        need = (int(prompt_length[unit[0]]) + responses, responses, len(unit))
        number = next(
            (i for i, left in enumerate(room) if all(n <= free for n, free in zip(need, left, strict=True))), len(bins)
        )
        if number == len(bins):
            bins.append([])
            room.append([shape.length, shape.responses, shape.sequences_per_row])
        bins[number].append(unit)
        room[number] = [free - n for n, free in zip(need, room[number], strict=True)]
    return bins


def pack(rows: dict[str, np.ndarray], shape: PackShape) -> tuple[Packed, np.ndarray]:
    """A minibatch's sequences packed: (Packed with a leading axis of microbatches, order [microbatches, B] int32).

    `rows` holds tokens [N, S] (a row is prompt, response, padding), prompt_length [N] and response_mask [N, T] (True on
    the first so many). `order` says which row of N each place of B holds, -1 where none. Longest first, each into the
    first row with room for it: then more microbatches than the shape has are never needed.
    """
    prompt_length, response_length = rows["prompt_length"], rows["response_mask"].sum(axis=1)

    def empty(*dims):
        return np.zeros((shape.microbatches, *dims), np.int32)

    packed = Packed(
        tokens=empty(shape.rows, shape.length),
        segments=empty(shape.rows, shape.length),
        prompts=empty(shape.rows, shape.length) if shape.shared > 1 else None,
        positions=empty(shape.rows, shape.length),
        columns=empty(shape.rows, shape.responses),
        targets=empty(shape.rows, shape.responses),
        places=empty(shape.sequences, rows["response_mask"].shape[1]),
    )
    order = np.full((shape.microbatches, shape.sequences), -1, np.int32)
    used = [0] * shape.microbatches
    for number, units in enumerate(_fill_rows(rows, shape)):
        micro, row = divmod(number, shape.rows)
        start = begin = segment = 0  # the next free column, the next free response place, the last segment
        for unit in units:
            prompt, first = int(prompt_length[unit[0]]), start
            owner = segment = segment + 1
            _put(packed, (micro, row), first, rows["tokens"][unit[0], :prompt], 0, owner, owner)
            start += prompt
            for index in unit:
                response = int(response_length[index])
                segment += len(unit) > 1  # a sequence alone is one segment
                tokens = rows["tokens"][index, prompt : prompt + response]
                _put(packed, (micro, row), start, tokens, prompt, segment, owner)
                columns = np.arange(start - 1, start - 1 + response)
                columns[:1] = first + prompt - 1  # the prompt's last token predicts every response's first
                packed.columns[micro, row, begin : begin + response] = columns
                packed.targets[micro, row, begin : begin + response] = tokens
                packed.places[micro, used[micro], :response] = row * shape.responses + begin + np.arange(response)
                order[micro, used[micro]] = index
                used[micro] += 1
                start, begin = start + response, begin + response
    return packed, order


def _put(packed: Packed, row: tuple[int, int], start: int, tokens, position: int, segment: int, prompt: int) -> None:
    """Write a segment's tokens from column `start` on; the first has the given position."""
    where = (*row, slice(start, start + len(tokens)))
    packed.tokens[where] = tokens
    packed.segments[where] = segment
    if packed.prompts is not None:
        packed.prompts[where] = prompt
    packed.positions[where] = np.arange(position, position + len(tokens))


def make_batch(rows: dict[str, np.ndarray], packed: Packed, order: np.ndarray) -> Batch:
    """The Batch of a packed minibatch: the other fields of `rows`, each [N, ...], in the packed order; 0 / False where
    none.
    """
    fields = {name: value for name, value in rows.items() if name not in ("tokens", "prompt_length")}
    return Batch(packed=packed, **{name: _in_order(value, order) for name, value in fields.items()})


def _in_order(value: np.ndarray, order: np.ndarray) -> np.ndarray:
    taken = value[np.maximum(order, 0)]
    taken[order < 0] = 0
    return taken


def unpack(values: np.ndarray, order: np.ndarray, num_rows: int) -> np.ndarray:
    """values [microbatches, B, ...] -> [num_rows, ...] in the order that `pack` was given."""
    out = np.zeros((num_rows, *values.shape[2:]), values.dtype)
    out[order[order >= 0]] = values[order >= 0]
    return out
