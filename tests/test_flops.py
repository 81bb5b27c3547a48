"""FLOPs counted from shapes against XLA's own count and against the published figure of a real model."""

import dataclasses

import jax
import jax.numpy as jnp
import pytest
from test_model import CONFIG, random_params, random_tokens

from kpo_jax.model import decoder as model
from kpo_jax.model import flops
from kpo_jax.model.config import PRESETS
from kpo_jax.model.parameters import num_params
from kpo_jax.sampling import decoding


def test_forward_is_what_xla_counts():
    """XLA counts the body of the scan over layers once, and all pairs of a single block of attention, masked or not."""
    config, length = dataclasses.replace(PRESETS["tiny"], num_layers=1), 64

    def run(params, tokens):
        return model.logits(config, params, model.hidden_states(config, params, tokens, jnp.arange(length)[None, :]))

    counted = (
        jax.jit(run).lower(random_params(config), random_tokens((1, length), config)).compile().cost_analysis()["flops"]
    )
    expected = flops.forward(config, tokens=length, pairs=length * length, logits=length)
    assert 1 <= counted / expected < 1.05  # norms, rotations and softmax are on top
    assert counted > 1.05 * flops.forward(config, tokens=length, pairs=0, logits=length)


def test_prefill_is_what_xla_counts():
    """All of the first layer, and of the last one the product that makes keys and values: XLA leaves out what nobody
    reads.
    """
    config, length = dataclasses.replace(PRESETS["tiny"], num_layers=2), 64
    weights = jax.eval_shape(lambda: decoding.decode_weights(config, random_params(config)))
    run = jax.jit(lambda weights, tokens: decoding.prefill(config, weights, tokens))
    counted = run.lower(weights, random_tokens((1, length), config)).compile().cost_analysis()["flops"]
    first = flops.forward(dataclasses.replace(config, num_layers=1), tokens=length, pairs=length * length, logits=0)
    heads = config.num_heads + 2 * config.num_kv_heads  # of which the queries' are not needed either
    expected = first + 2 * length * config.hidden_size * heads * config.head_dim
    assert 1 <= counted / expected < 1.05
    assert counted < 0.8 * flops.forward(config, tokens=length, pairs=length * length, logits=0)


def test_the_4b_model():
    config = PRESETS["qwen3-4b"]
    per_token = flops.forward(config, tokens=1, pairs=0, logits=1)
    embedding = config.vocab_size * config.hidden_size
    assert per_token == 2 * (flops.matrix_params(config) + embedding)
    assert per_token == pytest.approx(8.04e9, rel=1e-3)
    # parameters beside the matrices: the norms
    assert num_params(config) - flops.matrix_params(config) - embedding == 2560 + 36 * (2 * 2560 + 2 * 128)


def test_a_step_by_hand():
    token = flops.forward(CONFIG, tokens=1, pairs=0, logits=0)
    pair = flops.forward(CONFIG, tokens=0, pairs=1, logits=0)
    logit = flops.forward(CONFIG, tokens=0, pairs=0, logits=1)
    # prompts of 3 and 2 tokens; responses of 2 and 1, and of 4 and 1
    lengths = dict(prompt_lengths=[3, 2], response_lengths=[2, 1, 4, 1], group_size=2)
    step = flops.training_step(CONFIG, **lengths, share_prompts=False)
    # In the last layer only the two last tokens have a query, which see 3 and 2 keys, and an MLP.
    config = dataclasses.replace(CONFIG, num_layers=CONFIG.num_layers - 1)
    above, pair_above = (flops.forward(config, tokens=n, pairs=1 - n, logits=0) for n in (1, 0))
    keys_and_values = 2 * CONFIG.hidden_size * 2 * CONFIG.num_kv_heads * CONFIG.head_dim
    layer, layer_pair = token - above, pair - pair_above
    assert (
        step.prefill == 5 * above + 9 * pair_above + 3 * keys_and_values + 2 * layer + (3 + 2) * layer_pair + 2 * logit
    )
    # run: the first token of the first response, which sees 4 keys; three of the third, which see 3, 4 and 5
    assert step.decode == 4 * token + (4 + 3 + 4 + 5) * pair + 4 * logit
    assert step.score == (5 + 4 + 6 + 3) * token + (15 + 10 + 21 + 6) * pair + 8 * logit
    assert step.update == 3 * step.score
    again = flops.training_step(CONFIG, **lengths, share_prompts=False, epochs=3)
    assert again.update == 3 * step.update and again.score == step.score
    shared = flops.training_step(CONFIG, **lengths, share_prompts=True)
    assert shared.score == step.score - 5 * token - (6 + 3) * pair and shared.decode == step.decode
