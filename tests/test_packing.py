"""Packing loses nothing, keeps within its shape, and gives rows back in their order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpo_jax.model.packing import make_batch, pack, unpack
from kpo_jax.model.shapes import pack_shape


def make_rows(lengths, max_prompt, max_response, seed=0):
    rng = np.random.default_rng(seed)
    prompt_length, response_length = (np.array(x, np.int32) for x in zip(*lengths, strict=True))
    num = len(lengths)
    return dict(
        tokens=rng.integers(1, 1000, (num, max_prompt + max_response)).astype(
            np.int32
        ),  # junk behind the response, too
        prompt_length=prompt_length,
        response_mask=np.arange(max_response)[None, :] < response_length[:, None],
        advantage=rng.normal(size=num).astype(np.float32),
        old_log_prob=rng.normal(size=(num, max_response)).astype(np.float32),
    )


def share_prompts(rows, group):
    """Give every `group` neighbours one prompt."""
    for start in range(0, len(rows["tokens"]), group):
        length, max_prompt = rows["prompt_length"][start], rows["tokens"].shape[1] - rows["response_mask"].shape[1]
        prompt = rows["tokens"][start, :max_prompt].copy()
        for row in range(start, min(start + group, len(rows["tokens"]))):
            responses = rows["tokens"][row, rows["prompt_length"][row] :][: rows["response_mask"].shape[1]].copy()
            rows["tokens"][row, :length] = prompt[:length]
            rows["tokens"][row, length : length + len(responses)] = responses[: rows["tokens"].shape[1] - length]
            rows["prompt_length"][row] = length


@st.composite
def cases(draw):
    max_prompt, max_response = draw(st.integers(1, 40)), draw(st.integers(1, 90))
    one = st.tuples(st.integers(1, max_prompt), st.integers(0, max_response))
    longest = st.just((max_prompt, max_response))  # the case in which the fewest fit
    lengths = draw(st.lists(st.one_of(one, longest), min_size=1, max_size=40))
    device_rows = draw(st.sampled_from([1, 2, 8]))
    budget = draw(st.sampled_from([0, 1, 2, 3, 7])) * (max_prompt + max_response) * device_rows
    return (
        lengths,
        max_prompt,
        max_response,
        device_rows,
        budget + draw(st.integers(0, 30)) * (budget > 0),
        draw(st.sampled_from([1, 2, 3, 8])),
    )


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_sequence_is_packed_once_and_whole(case):
    lengths, max_prompt, max_response, device_rows, budget, group = case
    rows = make_rows(lengths, max_prompt, max_response)
    share_prompts(rows, group)
    lengths = [(int(rows["prompt_length"][i]), response) for i, (_, response) in enumerate(lengths)]
    shape = pack_shape(
        len(lengths), max_prompt, max_response, group_size=group, microbatch_tokens=budget, device_rows=device_rows
    )
    packed, order = pack(rows, shape)
    assert (packed.prompts is None) == (shape.shared == 1)
    prompts = packed.segments if packed.prompts is None else packed.prompts
    assert shape.rows % device_rows == 0 and shape.sequences % device_rows == 0
    assert not budget or shape.rows * shape.length <= budget
    assert budget or shape.microbatches == 1
    assert packed.tokens.shape == (shape.microbatches, shape.rows, shape.length)
    assert packed.columns.shape == (shape.microbatches, shape.rows, shape.responses)
    assert sorted(order[order >= 0].tolist()) == list(range(len(lengths)))
    used = (packed.segments > 0).any(axis=(1, 2))
    assert used.tolist() == sorted(used.tolist(), reverse=True)  # the used microbatches come first

    for micro, place in np.argwhere(order >= 0):
        index = order[micro, place]
        prompt, response = lengths[index]
        where = packed.places[micro, place, :response]
        targets = packed.targets[micro].reshape(-1)[where]
        np.testing.assert_array_equal(targets, rows["tokens"][index, prompt : prompt + response])
        columns = packed.columns[micro].reshape(-1)[where]
        if response > 1:  # what the last token but one sees is the whole sequence, and nothing else
            row, column = where[0] // shape.responses, columns[-1]
            segments = packed.segments[micro, row]
            sees = np.isin(segments, [segments[column], prompts[micro, row, column]])
            assert segments[column] > 0
            np.testing.assert_array_equal(packed.tokens[micro, row][sees], rows["tokens"][index, : prompt + response])
            np.testing.assert_array_equal(packed.positions[micro, row][sees], np.arange(prompt + response))
        if response:
            np.testing.assert_array_equal(
                packed.positions[micro].reshape(-1)[where // shape.responses * shape.length + columns],
                np.arange(prompt - 1, prompt + response - 1),
            )  # fmt: skip
    assert packed.tokens[packed.segments == 0].sum() == 0
    computed, alone = (packed.segments > 0).sum(), sum(p + r for p, r in lengths)
    assert computed == alone if shape.shared == 1 else computed <= alone

    batch = make_batch(rows, packed, order)
    for name in ("response_mask", "advantage", "old_log_prob"):
        np.testing.assert_array_equal(unpack(getattr(batch, name), order, len(lengths)), rows[name])
    assert not batch.response_mask[order < 0].any()


def test_short_sequences_need_fewer_microbatches():
    full = make_rows([(10, 90)] * 32, 10, 90)
    half = make_rows([(5, 45)] * 32, 10, 90)
    shape = pack_shape(32, 10, 90, group_size=1, microbatch_tokens=800, device_rows=1)
    used = [int((pack(rows, shape)[0].segments > 0).any(axis=(1, 2)).sum()) for rows in (full, half)]
    assert used == [4, 2]


def test_a_budget_below_one_sequence_a_device_is_named():
    with pytest.raises(
        ValueError,
        match=r"learner\.microbatch_tokens: 799 is below 800, one sequence of 100 tokens for each of data x fsdp = 8",
    ):
        pack_shape(32, 10, 90, group_size=1, microbatch_tokens=799, device_rows=8)
    assert pack_shape(32, 10, 90, group_size=1, microbatch_tokens=800, device_rows=8).rows == 8
