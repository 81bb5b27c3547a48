"""Sampling against repeated whole forwards, the policy's log-probabilities, and distributions worked out by hand."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from test_model import CONFIG, KEY, forward, random_params, random_tokens

from kpo_jax.model import decoder as model
from kpo_jax.model.head import row_log_probs
from kpo_jax.records import Prompts
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.sampler import draw_token, generate, truncate

LENGTHS, GROUP, T = jnp.array([6, 1, 4]), 2, 6
PROMPTS = Prompts(random_tokens((3, 6)), LENGTHS)
ROW_IDS = jnp.arange(6)
ODD = tuple(range(1, CONFIG.vocab_size, 2))  # about half of all tokens end a response


def sample(sample_config, params, *, config=CONFIG, prompts=PROMPTS, key=KEY, row_ids=ROW_IDS, eos_ids=(), group=GROUP):
    return jax.device_get(reference(config, sample_config, eos_ids, group)(params, prompts, key, row_ids)[0])


@functools.cache  # tests share compilations
def reference(config, sample_config, eos_ids, group):
    return jax.jit(functools.partial(generate, config, sample_config, eos_ids=eos_ids, pad_id=0, group_size=group))


def whole_rows(completions, prompts=PROMPTS, group=GROUP):
    """tokens [B, P + T] as a trainer lays them out, and prompt_length [B]."""
    prompt_length = np.repeat(prompts.lengths, group)
    tokens = np.zeros((len(prompt_length), prompts.tokens.shape[1] + completions.tokens.shape[1]), np.int32)
    for b, n in enumerate(prompt_length):
        tokens[b, :n] = prompts.tokens[b // group, :n]
        tokens[b, n : n + completions.tokens.shape[1]] = completions.tokens[b]
    return jnp.asarray(tokens), jnp.asarray(prompt_length)


# --- the whole sampler


@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_greedy_is_the_argmax_of_repeated_whole_forwards(tie_embeddings):
    config = dataclasses.replace(CONFIG, tie_embeddings=tie_embeddings)
    params = random_params(config)
    completions = sample(SampleConfig(temperature=0.0, max_response_length=T), params, config=config)
    run = jax.jit(lambda tokens: model.logits(config, params, forward(config, params, tokens)))
    tokens = jnp.zeros((3, 12), jnp.int32).at[:, :6].set(PROMPTS.tokens)
    for t in range(T):
        best = jnp.argmax(run(tokens)[jnp.arange(3), LENGTHS + t - 1], axis=-1)
        tokens = tokens.at[jnp.arange(3), LENGTHS + t].set(best)
        np.testing.assert_array_equal(completions.tokens[:, t], np.repeat(best, GROUP))
    assert len(np.unique(completions.tokens)) > 4  # not one token over and over


@pytest.mark.parametrize(
    "keywords, trainer_temperature",
    [({"temperature": 1.5}, 1.5), ({"temperature": 1.3, "top_k": 5, "top_p": 0.9}, 1.3), ({"temperature": 0.0}, 1.0)],
)
def test_sampler_log_prob_is_the_trainers(keywords, trainer_temperature):
    params = random_params(CONFIG)
    completions = sample(SampleConfig(max_response_length=T, **keywords), params, eos_ids=ODD)
    recompute = lambda temperature: np.where(completions.mask, row_log_probs(
        CONFIG, params, *whole_rows(completions), T, temperature=temperature)[0], 0.0)  # fmt: skip
    np.testing.assert_allclose(completions.sampler_log_prob, recompute(trainer_temperature), atol=1e-4)
    assert np.max(np.abs(completions.sampler_log_prob - recompute(0.9 * trainer_temperature))) > 1e-2


def test_response_ends_with_its_first_end_token():
    params = random_params(CONFIG)
    sample_config = SampleConfig(temperature=1.5, max_response_length=T)
    endless = sample(sample_config, params)
    assert endless.mask.all() and not endless.finished.any()
    completions = sample(sample_config, params, eos_ids=ODD)
    is_end = endless.tokens % 2 == 1
    before = np.cumsum(is_end, axis=1) - is_end  # end tokens seen before this one
    np.testing.assert_array_equal(completions.mask, before == 0)
    np.testing.assert_array_equal(completions.tokens, np.where(before == 0, endless.tokens, 0))
    np.testing.assert_array_equal(completions.finished, is_end.any(axis=1))
    # The rows that ended leave those that did not as they were.
    log_prob = np.where(completions.mask, endless.sampler_log_prob, 0.0)
    np.testing.assert_allclose(completions.sampler_log_prob, log_prob, atol=1e-5)
    ends = np.argmax(is_end, axis=1)[is_end.any(axis=1)]
    assert 0 in ends and max(ends) > 1  # the case has an end at the first token and a late one


def test_exits_when_every_row_has_ended():
    params, sample_config = random_params(CONFIG), SampleConfig(temperature=1.5, max_response_length=40)
    run = jax.jit(functools.partial(generate, CONFIG, sample_config, pad_id=0, group_size=GROUP),
                  static_argnames="eos_ids")  # fmt: skip
    completions, steps = run(params, PROMPTS, KEY, ROW_IDS, eos_ids=tuple(range(CONFIG.vocab_size)))
    assert steps == 1 and bool(jnp.all(completions.finished))
    np.testing.assert_array_equal(jnp.sum(completions.mask, axis=1), jnp.ones(6))
    completions, steps = run(params, PROMPTS, KEY, ROW_IDS, eos_ids=ODD)
    assert 1 < int(steps) == int(jnp.max(jnp.sum(completions.mask, axis=1))) < 40
    completions, steps = run(params, PROMPTS, KEY, ROW_IDS, eos_ids=())
    assert steps == 40 and not bool(jnp.any(completions.finished))


def test_response_of_one_token():
    completions = sample(SampleConfig(max_response_length=1), random_params(CONFIG), eos_ids=ODD)
    assert completions.tokens.shape == (6, 1) and completions.mask.all()
    np.testing.assert_array_equal(completions.finished, completions.tokens[:, 0] % 2 == 1)


def test_samples_depend_on_row_id_key_and_prompt_alone():
    params, sample_config = random_params(CONFIG), SampleConfig(temperature=1.5, max_response_length=T)
    full = sample(sample_config, params)
    # Prompt 2 before prompt 0, without prompt 1, in a wider batch, the group's rows exchanged.
    order, row_ids = jnp.array([2, 0]), jnp.array([5, 4, 1, 0])
    wide = jnp.pad(PROMPTS.tokens[order], ((0, 0), (0, 3)), constant_values=9)
    other = sample(sample_config, params, prompts=Prompts(wide, LENGTHS[order]), row_ids=row_ids)
    np.testing.assert_array_equal(other.tokens, full.tokens[np.asarray(row_ids)])
    chex.assert_trees_all_close(other.sampler_log_prob, full.sampler_log_prob[np.asarray(row_ids)], atol=1e-5)
    # Other ids, another key: other texts. Rows of one group differ among themselves.
    run = functools.partial(sample, sample_config, params)
    rows = [tuple(row) for c in (full, run(row_ids=ROW_IDS + 6), run(key=jax.random.key(9))) for row in c.tokens]
    assert len(set(rows)) == 18


def test_eight_devices_sample_the_same_text_and_share_the_cache():
    mesh = jax.make_mesh((8,), ("data",), (AxisType.Auto,))
    params, length = random_params(CONFIG), 64
    prompts, row_ids = Prompts(random_tokens((8, 6)), jnp.arange(8) % 6 + 1), jnp.arange(32)
    spread, whole = NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())
    run = reference(CONFIG, SampleConfig(temperature=1.5, max_response_length=length), (1,), 4)
    arguments = (params, prompts, KEY, row_ids)
    placed = (*jax.device_put((params, prompts), (whole, spread)), *jax.device_put((KEY, row_ids), (whole, spread)))
    (expected, _), (actual, _) = jax.device_get((run(*arguments), run(*placed)))
    chex.assert_trees_all_equal(actual.replace(sampler_log_prob=0), expected.replace(sampler_log_prob=0))
    chex.assert_trees_all_close(actual.sampler_log_prob, expected.sampler_log_prob, atol=1e-4)
    one, eight = (run.lower(*x).compile().memory_analysis().temp_size_in_bytes for x in (arguments, placed))
    assert eight < one / 3


def test_bfloat16_is_close_to_the_trainer_in_bfloat16():
    config = dataclasses.replace(CONFIG, dtype="bfloat16")
    params = random_params(CONFIG, std=0.1)
    completions = sample(SampleConfig(max_response_length=T), params, config=config)
    log_prob, _ = row_log_probs(config, params, *whole_rows(completions), T)
    assert completions.sampler_log_prob.dtype == np.float32
    np.testing.assert_allclose(completions.sampler_log_prob, log_prob, atol=0.05)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"temperature: -1 is not .*top_p: 0 is not a number in \(0, 1\]; min_p: 2"):
        SampleConfig(temperature=-1, top_p=0, min_p=2, max_response_length=4)
    with pytest.raises(ValueError, match=r"max_response_length: 0 .*top_k: -1"):
        SampleConfig(top_k=-1, max_response_length=0)


# --- one token


def kept(prob, **keywords):
    """Which tokens of one distribution survive truncation."""
    out = truncate(jnp.log(jnp.asarray([prob])), SampleConfig(max_response_length=1, **keywords))[0]
    return np.flatnonzero(out > -np.inf).tolist()


def test_truncation_by_hand():
    prob = [0.05, 0.5, 0.15, 0.3]
    assert kept(prob) == [0, 1, 2, 3]
    assert kept(prob, top_k=1) == [1]
    assert kept(prob, top_k=3) == [1, 2, 3]
    assert kept(prob, top_k=9) == [0, 1, 2, 3]
    assert kept(prob, top_p=0.01) == [1]
    assert kept(prob, top_p=0.49) == [1]
    assert kept(prob, top_p=0.51) == [1, 3]  # the smallest set that REACHES .51 has mass .8
    assert kept(prob, top_p=0.79) == [1, 3]
    assert kept(prob, top_p=0.81) == [1, 2, 3]
    assert kept(prob, top_p=0.96) == [0, 1, 2, 3]
    assert kept(prob, min_p=0.29) == [1, 2, 3]
    assert kept(prob, min_p=0.31) == [1, 3]
    assert kept(prob, min_p=1.0) == [1]
    # top_k = 2 leaves 5/8 and 3/8, so .6 is reached by the first alone, which has only .5 of the whole.
    assert kept(prob, top_k=2, top_p=0.6) == [1]
    assert kept(prob, top_k=2, top_p=0.63) == [1, 3]
    assert kept(prob, top_k=3, top_p=0.99, min_p=0.5) == [1, 3]
    assert kept([0.25] * 4, top_k=1) == [0, 1, 2, 3]  # ties with the last one kept


def test_truncation_keeps_what_sorting_would():
    rng = np.random.default_rng(0)
    logits = (4 * rng.normal(size=(5, 300))).astype(np.float32)
    prob = np.asarray(jax.nn.softmax(logits, axis=-1))
    order = np.argsort(-prob, axis=-1)
    for top_p in (0.1, 0.5, 0.9, 0.999):
        mass = np.cumsum(np.take_along_axis(prob, order, axis=-1).astype(np.float64), axis=-1)
        size = (mass < top_p).sum(axis=-1) + 1
        out = np.asarray(truncate(jnp.asarray(logits), SampleConfig(top_p=top_p, max_response_length=1)))
        for row, n in enumerate(size):
            assert set(np.flatnonzero(np.isfinite(out[row]))) == set(order[row, :n])
    for top_k in (1, 17, 299):
        out = np.asarray(truncate(jnp.asarray(logits), SampleConfig(top_k=top_k, max_response_length=1)))
        np.testing.assert_array_equal(np.isfinite(out).sum(axis=-1), top_k)
        assert all(set(np.flatnonzero(np.isfinite(out[r]))) == set(order[r, :top_k]) for r in range(5))


def chi_square(count, prob):
    expected = count.sum() * prob
    return np.sum((count - expected)[prob > 0] ** 2 / expected[prob > 0])


def test_frequencies_follow_the_distribution_and_tokens_are_independent():
    n, logits = 20_000, np.array([0.0, 1.0, -1.0, 2.0], np.float32)
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(KEY, jnp.arange(n))
    rows = jnp.broadcast_to(jnp.asarray(logits)[None, :], (n, 4))
    draw = jax.jit(draw_token, static_argnums=3)

    def distribution(temperature, keep=(0, 1, 2, 3)):
        weight = np.where(np.isin(np.arange(4), keep), np.exp(logits.astype(np.float64) / temperature), 0.0)
        return weight / weight.sum()

    for keywords, prob in (
        ({"temperature": 0.5}, distribution(0.5)),
        ({"temperature": 2.0, "top_k": 2}, distribution(2.0, keep=(1, 3))),
    ):
        sample_config = SampleConfig(max_response_length=2, **keywords)
        (first, log_prob), (second, _) = (draw(rows, row_keys, jnp.full(n, t), sample_config) for t in (0, 1))
        count = np.bincount(first, minlength=4)
        assert chi_square(count, prob) < 16.3  # 99.9 % point at 3 degrees of freedom
        assert chi_square(count, distribution(0.9 * keywords["temperature"])) > 30
        assert count[prob == 0].sum() == 0
        joint = np.bincount(4 * first + second, minlength=16)
        assert chi_square(joint, np.outer(prob, prob).ravel()) < 37.7  # 99.9 % point at 15
        # The log-probability is that of the whole distribution, truncated or not.
        np.testing.assert_allclose(log_prob, np.log(distribution(keywords["temperature"]))[first], atol=1e-5)
    assert chi_square(np.bincount(5 * first, minlength=16), np.outer(prob, prob).ravel()) > 1000  # t ignored


def test_whole_sampler_frequencies_follow_the_model():
    params, n = random_params(CONFIG, std=0.2), 4096
    prompts = Prompts(PROMPTS.tokens[:1], LENGTHS[:1])
    sample_config = SampleConfig(temperature=1.7, max_response_length=1)
    completions = sample(sample_config, params, prompts=prompts, row_ids=jnp.arange(n), group=n)
    logits = model.logits(CONFIG, params, forward(CONFIG, params, prompts.tokens))[0, -1]
    prob = np.asarray(jax.nn.softmax(logits / 1.7), np.float64)
    count = np.bincount(completions.tokens[:, 0], minlength=CONFIG.vocab_size)
    assert chi_square(count, prob / prob.sum()) < 99.6 < chi_square(count, np.full(53, 1 / 53))  # 99.99 % point at 52
