"""Sequences without the padding between them: a minibatch as microbatches of a fixed number of tokens.

The model sees rows that hold several sequences one after the other (`Packed`); log-probabilities go back to one row per
response [B, T] before the ratio filter. All shapes follow from the configuration, so nothing is compiled twice, and how many
microbatches a minibatch needs is found when its lengths are known. All of this is numpy on the host.
"""

from typing import NamedTuple

import numpy as np

from kpo_jax.types import Batch, Packed

ROW_TOKENS = 128  # short sequences share rows of at most about this length: attention is quadratic in it
_MOST_SHORT = 4  # times as many sequences in a row as fit when all are as long as can be


class PackShape(NamedTuple):
    """The arrays that a minibatch becomes: up to `microbatches` of `rows` x `length` tokens, with room in each row for
    `responses` response tokens and in each microbatch for `sequences` sequences."""

    microbatches: int
    rows: int
    length: int
    responses: int
    sequences: int
    sequences_per_row: int


def pack_shape(
    num_sequences: int, sequence_length: int, response_length: int, *, microbatch_tokens: int, device_rows: int
) -> PackShape:
    """The shape for minibatches of `num_sequences` sequences of at most `sequence_length` tokens, prompt included.

    Args:
      microbatch_tokens: the most tokens in a microbatch, over all devices; 0 is a whole minibatch in one.
      device_rows: data x fsdp of the mesh; rows and sequences are multiples of it.

    Raises:
      ValueError: the budget is below one sequence for each of `device_rows`.
    """
    least = sequence_length * device_rows
    if microbatch_tokens and microbatch_tokens < least:
        raise ValueError(
            f"learner.microbatch_tokens: {microbatch_tokens} is below {least}, one sequence of {sequence_length} tokens for each of "
            f"data x fsdp = {device_rows}"
        )
    per_row = max(1, min(ROW_TOKENS // sequence_length, num_sequences // device_rows))
    if microbatch_tokens:
        per_row = min(per_row, microbatch_tokens // least)
    length = per_row * sequence_length
    whole = _round_up(-(-num_sequences // per_row), device_rows)
    rows = whole
    if microbatch_tokens:
        rows = min(whole, microbatch_tokens // length // device_rows * device_rows)
    per_row_most = _MOST_SHORT * per_row
    sequences = min(_round_up(num_sequences, device_rows), per_row_most * rows)
    return PackShape(-(-whole // rows), rows, length, per_row * response_length, sequences, per_row_most)


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def pack(rows: dict[str, np.ndarray], shape: PackShape) -> tuple[Packed, np.ndarray]:
    """A minibatch's sequences packed: (Packed with a leading axis of microbatches, order [microbatches, B] int32).

    `rows` holds tokens [N, S] (a row is prompt, response, padding), prompt_length [N] and response_mask [N, T] (True on the
    first so many). `order` says which row of N each place of B holds, -1 where none. Longest first, each into the first row
    with room for it: then more microbatches than the shape has are never needed.
    """
    count, num_rows, length, capacity, num_sequences, most = shape
    prompt_length, response_length = rows["prompt_length"], rows["response_mask"].sum(axis=1)
    total = prompt_length + response_length
    bins: list[list[int]] = []
    room: list[list[int]] = []  # tokens, response tokens and sequences that a bin can still take
    for index in np.argsort(-total, kind="stable").tolist():
        need = (int(total[index]), int(response_length[index]), 1)
        number = next((i for i, left in enumerate(room) if all(n <= free for n, free in zip(need, left, strict=True))), len(bins))
        if number == len(bins):
            bins.append([])
            room.append([length, capacity, most])
        bins[number].append(index)
        room[number] = [free - n for n, free in zip(need, room[number], strict=True)]

    def empty(*dims):
        return np.zeros((count, *dims), np.int32)

    packed = Packed(
        tokens=empty(num_rows, length),
        segments=empty(num_rows, length),
        positions=empty(num_rows, length),
        columns=empty(num_rows, capacity),
        targets=empty(num_rows, capacity),
        places=empty(num_sequences, rows["response_mask"].shape[1]),
    )
    order = np.full((count, num_sequences), -1, np.int32)
    used = [0] * count
    for number, contents in enumerate(bins):
        micro, row = divmod(number, num_rows)
        start = begin = 0  # the next free column, the next free response place
        for segment, index in enumerate(contents, start=1):
            size, prompt, response = int(total[index]), int(prompt_length[index]), int(response_length[index])
            where = (micro, row, slice(start, start + size))
            packed.tokens[where] = rows["tokens"][index, :size]
            packed.segments[where] = segment
            packed.positions[where] = np.arange(size)
            packed.columns[micro, row, begin : begin + response] = np.arange(start + prompt - 1, start + size - 1)
            packed.targets[micro, row, begin : begin + response] = rows["tokens"][index, prompt:size]
            packed.places[micro, used[micro], :response] = row * capacity + begin + np.arange(response)
            order[micro, used[micro]] = index
            used[micro] += 1
            start, begin = start + size, begin + response
    return packed, order


def make_batch(rows: dict[str, np.ndarray], packed: Packed, order: np.ndarray) -> Batch:
    """The Batch of a packed minibatch: the other fields of `rows`, each [N, ...], in the packed order; 0 / False where none."""
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
