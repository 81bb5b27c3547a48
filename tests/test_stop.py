"""Stop texts: where a response is cut, and that training, evaluation and the configuration see the same cut."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpo_jax import config as config_lib
from kpo_jax.config import Config, EvalConfig, LearnerConfig, MeshConfig, RolloutConfig
from kpo_jax.model.config import ModelConfig
from kpo_jax.records import Completions
from kpo_jax.sampling import engine
from kpo_jax.sampling import programs as engine_programs
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.training import evaluate, rollout
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.rollout import cut_at
from kpo_jax.training.setup import build_programs, first_state
from kpo_jax.training.step import collect


class Pieces:
    """A tokenizer with tokens of several characters; id 0 is padding, id 1 the end, both without text."""

    pad_id = 0
    texts = ("", "", "a", "b", "\n", "\n\nQ", "uestion: x", "ab", "ba")

    def decode(self, ids):
        return "".join(self.texts[i] for i in ids)


def completions(rows, length=6, end=1):
    """Right-padded completions; a row that holds the end token is finished. Log-probabilities are -1, -2, ..."""
    tokens, mask = np.zeros((len(rows), length), np.int32), np.zeros((len(rows), length), bool)
    for i, row in enumerate(rows):
        tokens[i, : len(row)], mask[i, : len(row)] = row, True
    log_prob = np.where(mask, -np.arange(1, length + 1, dtype=np.float32), np.float32(0))
    return Completions(
        tokens=tokens, mask=mask, sampler_log_prob=log_prob, finished=np.array([end in row for row in rows])
    )


def test_where_a_response_is_cut():
    stop = ("\nQuestion:", "bb")
    cases = [
        ([2, 5, 6, 2, 3], 3),  # over a token boundary; the completing token is kept whole
        ([3, 3, 2, 2, 1], 2),  # two tokens long; what ended later ends here
        ([2, 2, 3, 2, 2, 2], None),  # none
        ([2, 5, 1], None),  # begun only
        ([7, 3, 3, 2], 2),  # the second text comes first, begun inside a token
        ([2, 3, 8, 2], 3),
    ]
    before = completions([row for row, _ in cases])
    after = cut_at(before, stop, Pieces())
    for i, (row, end) in enumerate(cases):
        kept = len(row) if end is None else end
        assert after.mask[i].sum() == kept and after.mask[i, :kept].all()
        assert after.tokens[i].tolist() == row[:kept] + [0] * (6 - kept)
        np.testing.assert_array_equal(after.sampler_log_prob[i], [*range(-1, -kept - 1, -1), *[0] * (6 - kept)])
        assert after.finished[i] == (end is not None or 1 in row)
    assert before.mask.sum() == sum(len(row) for row, _ in cases)  # the argument is left as it was


def test_a_response_that_is_nothing_but_the_stop():
    after = cut_at(completions([[4, 2, 2]]), ("\n",), Pieces())
    assert after.mask[0].tolist() == [True] + [False] * 5 and after.finished[0]
    single = cut_at(completions([[4]], length=1), ("\n",), Pieces())
    assert single.mask.tolist() == [[True]] and single.finished[0]


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(2, 8), min_size=1, max_size=6), min_size=1, max_size=4),
    stop=st.lists(st.text("ab\nQu", min_size=1, max_size=4), min_size=1, max_size=3),
)
def test_the_cut_is_after_the_shortest_prefix_that_holds_a_stop(rows, stop):
    after = cut_at(completions(rows), tuple(stop), Pieces())
    for row, mask, finished in zip(rows, after.mask, after.finished, strict=True):
        ends = [n for n in range(1, len(row) + 1) if any(text in Pieces().decode(row[:n]) for text in stop)]
        assert mask.sum() == (ends[0] if ends else len(row))
        assert finished == bool(ends)


def tiny(stop):
    data = DataConfig(difficulty="easy", num_problems=16, max_prompt_length=32)
    return Config(
        data=data,
        model=ModelConfig(
            vocab_size=64, hidden_size=16, intermediate_size=16, num_layers=1, num_heads=2, num_kv_heads=1, head_dim=8
        ),
        sampler=SampleConfig(max_response_length=24, stop=stop),
        rollout=RolloutConfig(prompts_per_step=8, group_size=4),
        learner=LearnerConfig(num_minibatches=1),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=8)},
            num_samples=4,
            prompts_per_call=8,
        ),
        mesh=MeshConfig(data=8),
    )


def responses(stop):
    """(training rollout, texts of the evaluation) of a random policy."""
    config = tiny(stop)
    inputs = load_inputs(config)
    programs = build_programs(config, inputs)
    params = first_state(config, inputs, programs).params
    sampling = dict(terms=inputs.rewards, num_samples=4, prompts_per_call=8, tokenizer=inputs.tokenizer, seed=0)
    texts, _, finished = evaluate.answer(programs.eval_sampler, params, inputs.eval_sets[0], **sampling)
    return collect(config, inputs, programs, params, 1), texts, finished


def test_the_watch_reads_what_is_new_and_what_came_just_before():
    class Counting(Pieces):
        read = 0

        def decode(self, ids):
            self.read += len(ids)
            return super().decode(ids)

    tokenizer = Counting()
    watch = rollout._Watch(("\nQuestion:",), tokenizer)  # of ten characters
    tokens = np.full((2, 1000), 2, np.int32)
    tokens[1, 500:502] = 5, 6
    samples = np.array([7, 3])
    for length in range(20, 1000, 20):
        stops = watch(samples, tokens, np.array([length, length]))
        assert stops.tolist() == [False, length >= 520]  # and not at 500, where it has only begun
        if stops.any():
            break
    assert length == 520 and tokenizer.read < 2 * 26 * (20 + 40) + 600
    across = rollout._Watch(("bb",), Pieces())
    tokens = np.array([[2, 3, 3, 2]], np.int32)
    assert [across(np.array([0]), tokens, np.array([n])).tolist() for n in (2, 3)] == [[False], [True]]


def test_training_and_evaluation_see_the_cut(monkeypatch):
    stop, drawn, add = ("=", "12"), [], engine._Collected.add

    def counted(self, sample, rows, steps):
        drawn.append(int((steps.age - rows.age).sum()))
        add(self, sample, rows, steps)

    monkeypatch.setattr(engine._Collected, "add", counted)
    monkeypatch.setattr(engine_programs, "STEPS", 5)
    free, free_texts, _ = responses(())
    all_drawn = sum(drawn)
    drawn.clear()
    cut, cut_texts, finished = responses(stop)
    kept = cut.rows["response_mask"].sum() + sum(map(len, cut_texts))
    assert kept <= sum(drawn) < 0.9 * all_drawn  # no more is drawn once the host has read a stop text

    def expected(text):
        ends = [text.find(one) + len(one) for one in stop if one in text]
        return text[: min(ends)] if ends else text

    for before, after in ((free.texts, cut.texts), (free_texts, cut_texts)):
        assert after == [expected(text) for text in before]
        assert after != before  # the control: without stop texts the responses go on
    ended = np.array([text.endswith(stop) for text in cut.texts])
    assert 5 < ended.sum() < 32 and cut.finished[ended].all() and finished[[t.endswith(stop) for t in cut_texts]].all()
    mask = cut.rows["response_mask"]
    decode = load_inputs(tiny(stop)).tokenizer.decode
    for i in np.flatnonzero(ended):  # by tokens: some have no text
        start, length = cut.rows["prompt_length"][i], mask[i].sum()
        kept = cut.rows["tokens"][i, start : start + length].tolist()
        assert decode(kept) == cut.texts[i] and not decode(kept[:-1]).endswith(stop)
    np.testing.assert_array_equal(cut.rows["sampler_log_prob"], np.where(mask, free.rows["sampler_log_prob"], 0))
    assert jax.tree.map(np.shape, cut.rows) == jax.tree.map(np.shape, free.rows)


def test_stop_texts_in_the_configuration():
    config = tiny(("\n\n", "it's"))
    assert config_lib.eval_sample_config(config).stop == ("\n\n", "it's")
    plain = config_lib.to_dict(config)
    assert config_lib.checked(plain) == (config, [])
    assert config_lib.from_dict(json.loads(json.dumps(config_lib.to_dict(config)))) == config
    assert config_lib.difference(config, tiny(("\n",))) == ["sampler.stop: ('\\n\\n', \"it's\") -> ('\\n',)"]
    assert config_lib.override(plain, {"sampler.stop": "('a', 'b')"}).plain["sampler"]["stop"] == ("a", "b")
    assert config_lib.override(plain, {"sampler.stop": "a"}).problems == [("sampler.stop", "'a' is not a tuple")]


@pytest.mark.parametrize("stop", [("",), "text", (1,), ["a"]])
def test_bad_stop_texts_are_one_line(stop):
    with pytest.raises(ValueError, match="is not a tuple of texts that are not empty") as error:
        SampleConfig(max_response_length=4, stop=stop)
    assert "\n" not in str(error.value)
