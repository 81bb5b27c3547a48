"""The shape of an update's microbatches: it follows from the configuration, and is worked out without jax."""

import math
from typing import NamedTuple

# Short sequences share rows of at most about this length: attention is quadratic in it, where it cannot pass over what
# a mask hides or takes a short row whole.
ROW_TOKENS = 64
_SHORT_SEQUENCES = 4  # a row has room for so many times the sequences that fit when all are as long as can be


class PackShape(NamedTuple):
    """The arrays that a minibatch becomes: up to `microbatches` of `rows` x `length` tokens, with room in each row for
    `responses` response tokens and in each microbatch for `sequences` sequences; up to `shared` responses share a
    prompt.
    """

    microbatches: int
    rows: int
    length: int
    responses: int
    sequences: int
    sequences_per_row: int
    shared: int


def pack_shape(
    num_sequences: int,
    prompt_length: int,
    response_length: int,
    *,
    group_size: int,
    microbatch_tokens: int,
    device_rows: int,
    multiple: int = 1,
) -> PackShape:
    """The shape for minibatches of `num_sequences` sequences with prompts and responses of at most the given tokens.

    Args:
      group_size: how many neighbours have the same prompt and may share it; 1 shares none.
      microbatch_tokens: the most tokens in a microbatch, over all devices; 0 is a whole minibatch in one.
      device_rows: data x fsdp of the mesh; rows and sequences are multiples of it.
      multiple: sequence of the mesh, over which a row's tokens are split: they are a multiple of it, by padding.

    Raises:
      ValueError: the budget is below one sequence for each of `device_rows`.
    """
    one = _round_up(prompt_length + response_length, multiple)
    least = one * device_rows
    if microbatch_tokens and microbatch_tokens < least:
        raise ValueError(
            f"learner.microbatch_tokens: {microbatch_tokens} is below {least}, one sequence of "
            f"{one} tokens for each of data x fsdp = {device_rows}"
        )
    together = math.gcd(group_size, num_sequences)  # a minibatch may end within a group
    budget = microbatch_tokens // device_rows or math.inf

    def may_share(k):
        """Whether prompts may be shared by k responses: evenly, by every device, and within the budget."""
        size = _round_up(prompt_length + k * response_length, multiple)
        enough = num_sequences // k >= device_rows and size <= budget
        return k == 1 or (together % k == 0 and enough)

    shared = next(k for k in range(together, 0, -1) if may_share(k))
    # what is packed: a prompt and the responses that share it
    unit, num_units = prompt_length + shared * response_length, num_sequences // shared
    per_row = max(1, min(ROW_TOKENS // unit, num_units // device_rows))
    if microbatch_tokens:
        per_row = min(per_row, budget // multiple * multiple // unit)
    length = _round_up(per_row * unit, multiple)
    whole = _round_up(-(-num_units // per_row), device_rows)
    rows = whole
    if microbatch_tokens:
        rows = min(whole, microbatch_tokens // length // device_rows * device_rows)
    per_row_of_short = _SHORT_SEQUENCES * per_row * shared
    sequences = min(_round_up(num_sequences, device_rows), per_row_of_short * rows)
    responses = _round_up(per_row * shared * response_length, multiple)
    return PackShape(-(-whole // rows), rows, length, responses, sequences, per_row_of_short, shared)


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
