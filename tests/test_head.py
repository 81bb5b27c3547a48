"""Tiled log-probabilities and entropies against the plain materialised form, values and gradients."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from test_model import CONFIG, forward, random_params, random_tokens, whole_logits

from kpo_jax.config import MeshConfig
from kpo_jax.model.head import count_tiles, head_log_probs, row_log_probs, token_log_probs
from kpo_jax.model.packing import pack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.runtime.sharding import make_mesh

SHAPE, WIDTH, VOCAB = (21,), 6, 11  # only 1 and 11 tiles leave no padding


def plain_form(hidden, head, targets, temperature):
    """The definition: softmax over materialised logits."""
    log_p = jax.nn.log_softmax(jnp.einsum("...d,vd->...v", hidden, head) / temperature, axis=-1)
    log_prob = jnp.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return log_prob, -jnp.sum(jnp.exp(log_p) * log_p, axis=-1)


def weighted(form, log_prob_weight, entropy_weight):
    """Value and gradient of a random weighting of both outputs of `form(hidden, head)`."""

    def loss(hidden, head):
        log_prob, entropy = form(hidden, head)
        return jnp.sum(log_prob_weight * log_prob + entropy_weight * entropy), (log_prob, entropy)

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))


def head_inputs():
    rng = np.random.default_rng(0)
    hidden, head = rng.normal(size=(*SHAPE, WIDTH)), rng.normal(size=(VOCAB, WIDTH))
    weights = rng.normal(size=(2, *SHAPE))
    hidden, head, weights = (jnp.asarray(x, jnp.float32) for x in (hidden, head, weights))
    return hidden, head, jnp.asarray(rng.integers(0, VOCAB, SHAPE)), weights


@pytest.mark.parametrize("num_tiles", [1, 3, 11])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_values_and_gradients_equal_the_plain_form(num_tiles, temperature):
    hidden, head, targets, weights = head_inputs()
    tiled = lambda hidden, head: head_log_probs(hidden, head, targets, temperature, num_tiles)
    actual = weighted(tiled, *weights)(hidden, head)
    plain = lambda hidden, head: plain_form(hidden, head, targets, temperature)
    chex.assert_trees_all_close(actual, weighted(plain, *weights)(hidden, head), atol=2e-5, rtol=1e-5)


def test_comparison_catches_a_missing_entropy_gradient_and_a_wrong_temperature():
    hidden, head, targets, weights = head_inputs()
    actual = weighted(lambda *x: head_log_probs(*x, targets, 0.6, 3), *weights)(hidden, head)

    def stopped(hidden, head):
        log_prob, entropy = plain_form(hidden, head, targets, 0.6)
        return log_prob, jax.lax.stop_gradient(entropy)

    for wrong in (stopped, lambda *x: plain_form(*x, targets, 0.61)):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(actual, weighted(wrong, *weights)(hidden, head), atol=1e-3, rtol=1e-3)


def test_extreme_logits_stay_finite_and_entropy_stays_in_its_bounds():
    targets = jnp.zeros(4, jnp.int32)
    head = jnp.eye(5)
    hidden = jnp.array([[0.0] * 5, [1e4, 0, 0, 0, 0], [-1e4, 0, 0, 0, 0], [1e30, -1e30, 0, 0, 0]])
    (_, (log_prob, entropy)), gradient = weighted(
        lambda *x: head_log_probs(*x, targets, 1.0, 3), jnp.ones(4), jnp.ones(4)
    )(hidden, head)
    np.testing.assert_allclose(log_prob, [-np.log(5), 0, -1e4 - np.log(4), 0], rtol=1e-6)
    np.testing.assert_allclose(entropy, [np.log(5), 0, np.log(4), 0], rtol=1e-6)
    assert all(bool(jnp.all(jnp.isfinite(x))) for x in gradient)


def gradient_and_log_probs(form, params, mask):
    """Of `form(params) -> (log_prob, entropy)`: the gradient of a loss that reads both, and the log-probabilities."""

    def loss(params):
        log_prob, entropy = form(params)
        return jnp.sum(jnp.where(mask, log_prob + 0.3 * entropy, 0.0)), jnp.where(mask, log_prob, 0.0)

    return jax.device_get(jax.jit(jax.grad(loss, has_aux=True))(params))


def packed_rows(tokens, prompt_length, mask, **keywords):
    """The first microbatch of ragged rows packed several to a row, and where each row went."""
    num, width = tokens.shape
    rows = dict(tokens=np.asarray(tokens), prompt_length=np.asarray(prompt_length), response_mask=np.asarray(mask))
    shape = pack_shape(
        num, width - mask.shape[1], mask.shape[1], **(dict(group_size=1, microbatch_tokens=0, device_rows=1) | keywords)
    )
    parts, order = pack(rows, shape)
    return jax.tree.map(lambda x: jnp.asarray(x[0]), parts), order[0]


def test_packed_sequences_are_those_of_a_row_each():
    params, (tokens, prompt_length) = random_params(CONFIG), rows()
    mask = jnp.arange(7)[None, :] < jnp.array([3, 7, 2])[:, None]
    parts, order = packed_rows(tokens, prompt_length, mask)
    assert parts.tokens.shape[0] == 1 and int(parts.segments.max()) == 3  # three sequences share one row

    def loss(form):
        return gradient_and_log_probs(form, params, mask)

    def in_packing(parts):
        return lambda params: [x[np.argsort(order)] for x in token_log_probs(CONFIG, params, parts)]

    expected = loss(lambda params: row_log_probs(CONFIG, params, tokens, prompt_length, 7))
    chex.assert_trees_all_close(loss(in_packing(parts)), expected, atol=2e-4, rtol=2e-4)
    # rotary attention knows differences of positions alone, so only their order within a sequence shows
    for wrong in (
        parts.replace(segments=jnp.minimum(parts.segments, 1)),
        parts.replace(positions=parts.positions[:, ::-1]),
        parts.replace(columns=parts.columns + 1),
    ):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(loss(in_packing(wrong)), expected, atol=1e-2, rtol=1e-2)


def test_a_shared_prompt_changes_nothing():
    params, tokens = random_params(CONFIG), random_tokens((6, 90))
    group = jnp.array([0, 0, 0, 0, 4, 4])  # four responses to one prompt, two to another
    prompt_length, lengths = jnp.array([30, 11])[group // 4], jnp.array([40, 60, 3, 0, 22, 41])
    width, mask = 60, jnp.arange(60)[None, :] < lengths[:, None]
    tokens = jnp.where(jnp.arange(90)[None, :] < prompt_length[:, None], tokens[group], tokens)
    parts, order = packed_rows(tokens, prompt_length, mask, group_size=2)
    assert int(parts.segments.max()) > int(parts.prompts.max()) and int((parts.segments > 0).sum()) < int(
        (prompt_length + lengths).sum()
    )
    weight = jnp.asarray(np.random.default_rng(0).normal(size=(6, width)))

    def loss(form):
        def of(params):
            log_prob, entropy = form(params)
            return jnp.sum(jnp.where(mask, weight * (log_prob + 0.3 * entropy), 0.0)), jnp.where(mask, log_prob, 0.0)

        return jax.device_get(jax.jit(jax.grad(of, has_aux=True))(params))

    def in_packing(parts):
        return lambda params: [x[np.argsort(order)[-6:]] for x in token_log_probs(CONFIG, params, parts)]

    expected = loss(lambda params: row_log_probs(CONFIG, params, tokens, prompt_length, width))
    chex.assert_trees_all_close(loss(in_packing(parts)), expected, atol=2e-4, rtol=2e-4)
    for wrong in (
        parts.replace(prompts=parts.segments),
        parts.replace(segments=parts.prompts),
    ):  # blind to it; seeing the others
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(loss(in_packing(wrong)), expected, atol=1e-2, rtol=1e-2)


def rows():
    """Ragged rows [3, 12] with responses of at most 7 columns, the last one running past the row's end."""
    return random_tokens((3, 12)), jnp.array([5, 1, 8])


def plain_token_log_probs(config, params, tokens, prompt_length, response_length, temperature):
    logits = whole_logits(config, params, tokens)
    log_p, tokens = np.asarray(jax.nn.log_softmax(logits / temperature, axis=-1)), np.asarray(tokens)
    log_prob = np.zeros((tokens.shape[0], response_length), np.float32)
    entropy = np.zeros_like(log_prob)
    for b in range(tokens.shape[0]):
        for t in range(min(response_length, tokens.shape[1] - int(prompt_length[b]))):
            column = int(prompt_length[b]) + t
            log_prob[b, t] = log_p[b, column - 1, tokens[b, column]]
            entropy[b, t] = -np.sum(np.exp(log_p[b, column - 1]) * log_p[b, column - 1])
    return log_prob, entropy


def test_response_token_is_predicted_from_the_column_before():
    params, (tokens, prompt_length) = random_params(CONFIG), rows()
    log_prob, entropy = row_log_probs(CONFIG, params, tokens, prompt_length, 7, temperature=0.8, logits_bytes=2000)
    assert log_prob.dtype == entropy.dtype == jnp.float32
    expected = plain_token_log_probs(CONFIG, params, tokens, prompt_length, 7, 0.8)
    valid = np.arange(7)[None, :] < 12 - np.asarray(prompt_length)[:, None]
    assert bool(jnp.all(jnp.isfinite(log_prob)) & jnp.all(jnp.isfinite(entropy)))
    actual = [np.asarray(x)[valid] for x in (log_prob, entropy)]
    chex.assert_trees_all_close(actual, [x[valid] for x in expected], atol=1e-5, rtol=1e-5)
    late = plain_token_log_probs(CONFIG, params, jnp.roll(tokens, 1, axis=1), prompt_length, 7, 0.8)
    assert np.max(np.abs(actual[0] - late[0][valid])) > 0.1


@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_parameter_gradient_equals_the_plain_form(tie_embeddings):
    config = dataclasses.replace(CONFIG, tie_embeddings=tie_embeddings)
    params, (tokens, prompt_length) = random_params(config), rows()
    columns = jnp.minimum(prompt_length[:, None] + jnp.arange(4)[None, :], 11)
    targets, batch = jnp.take_along_axis(tokens, columns, axis=1), jnp.arange(3)[:, None]

    def tiled(params):
        log_prob, entropy = row_log_probs(config, params, tokens, prompt_length, 4, logits_bytes=2000)
        return jnp.sum(log_prob) + 0.3 * jnp.sum(entropy)

    def plain(params):
        hidden = forward(config, params, tokens)[batch, columns - 1]
        head = params["embed_tokens"] if tie_embeddings else params["lm_head"]
        log_prob, entropy = plain_form(hidden, head, targets, 1.0)
        return jnp.sum(log_prob) + 0.3 * jnp.sum(entropy)

    actual, expected = jax.device_get([jax.jit(jax.grad(f))(params) for f in (tiled, plain)])
    chex.assert_trees_all_close(actual, expected, atol=2e-4, rtol=2e-4)
    assert np.max(np.abs(actual["embed_tokens"])) > 1  # where they are tied, both uses of the embedding add up
    assert tie_embeddings or np.max(np.abs(actual["lm_head"])) > 1


def test_junk_beyond_the_response_has_no_say():
    params, (tokens, prompt_length) = random_params(CONFIG), rows()
    mask = jnp.arange(4)[None, :] < jnp.array([3, 0, 4])[:, None]
    beyond = jnp.arange(12)[None, :] >= (prompt_length + jnp.sum(mask, axis=1))[:, None]

    @jax.jit
    @jax.grad
    def gradient(params, tokens):
        log_prob, entropy = row_log_probs(CONFIG, params, tokens, prompt_length, 4)
        return jnp.sum(jnp.where(mask, log_prob + entropy, 0.0))

    expected = gradient(params, tokens)
    for junk in (0, -7, 2**31 - 1):
        chex.assert_trees_all_equal(gradient(params, jnp.where(beyond, junk, tokens)), expected)


def biggest_intermediate(form, hidden, head):
    """Number of elements of the largest array that the gradient of `form` makes, inner jaxprs included."""

    def walk(jaxpr):
        for eqn in jaxpr.eqns:
            yield from (v.aval.size for v in eqn.outvars)
            for value in jax.tree.leaves(eqn.params, is_leaf=lambda x: hasattr(x, "eqns") or hasattr(x, "jaxpr")):
                inner = getattr(value, "jaxpr", value)
                if hasattr(inner, "eqns"):
                    yield from walk(inner)

    return max(walk(jax.make_jaxpr(jax.grad(lambda *x: sum(jnp.sum(y) for y in form(*x)), (0, 1)))(hidden, head).jaxpr))


def test_logits_are_never_materialised():
    length, width, vocab, num_tiles = 128, 4, 1000, 8
    hidden, head = jnp.zeros((length, width)), jnp.zeros((vocab, width))
    targets = jnp.zeros(length, jnp.int32)
    tiled = biggest_intermediate(lambda *x: head_log_probs(*x, targets, 1.0, num_tiles), hidden, head)
    plain = biggest_intermediate(lambda *x: plain_form(*x, targets, 1.0), hidden, head)
    assert plain == length * vocab
    assert tiled == length * vocab // num_tiles


def test_rows_stay_on_their_devices():
    """Tiles hold every row: with rows spread over devices the forward pass needs no communication."""
    mesh = jax.make_mesh((8,), ("data",), (AxisType.Auto,))
    params, tokens = random_params(CONFIG), random_tokens((8, 12))
    spread, whole = (NamedSharding(mesh, PartitionSpec(*axis)) for axis in (("data",), ()))
    run = jax.jit(
        lambda params, tokens, prompt_length: row_log_probs(
            CONFIG, params, tokens, prompt_length, 6, logits_bytes=2000
        ),
        in_shardings=(whole, spread, spread),
    )
    prompt_length = jnp.arange(8) % 6 + 1
    text = run.lower(params, tokens, prompt_length).compile().as_text()
    assert not any(name in text for name in ("all-gather", "all-to-all", "collective-permute", "all-reduce"))
    expected = row_log_probs(CONFIG, params, tokens, prompt_length, 6, logits_bytes=2000)
    chex.assert_trees_all_close(jax.device_get(run(params, tokens, prompt_length)), jax.device_get(expected), atol=1e-5)


def test_bfloat16_returns_float32_close_to_float32():
    params, (tokens, prompt_length) = random_params(CONFIG, std=0.1), rows()
    config = dataclasses.replace(CONFIG, dtype="bfloat16")
    exact, rough = (row_log_probs(c, params, tokens, prompt_length, 4) for c in (CONFIG, config))
    assert rough[0].dtype == rough[1].dtype == jnp.float32
    chex.assert_trees_all_close(rough, exact, atol=0.05)
    assert jnp.max(jnp.abs(rough[0] - exact[0])) > 1e-5


@pytest.mark.parametrize(
    ("vocab", "limit", "expected"),
    [(1000, 4000, 1), (1000, 3999, 2), (1000, 1200, 4), (997, 1000, 4), (151_936, 10_000, 64), (7, 1, 7)],
)
def test_number_of_tiles(vocab, limit, expected):
    assert count_tiles(vocab, 4, limit) == expected


@pytest.mark.parametrize(("parts", "expected"), [(1, 128), (2, 64), (4, 32), (8, 16)])
def test_tiles_of_a_vocabulary_in_parts_are_in_parts_too(parts, expected):
    """Qwen3's: 151,936 = 128 x 1187. By default a tile has 1280 entries of each part."""
    assert count_tiles(151_936, 4, parts * 4 * 1280, parts) == expected
    assert 151_936 % (expected * parts) == 0


def test_a_tile_that_is_not_in_parts_would_have_every_device_hold_the_head():
    mesh, whole = make_mesh(MeshConfig(tensor=8), jax.devices()), "f32[151936,8]"
    hidden, head = (jax.ShapeDtypeStruct((size, 8), "float32") for size in (64, 151_936))
    targets = jax.ShapeDtypeStruct((64,), "int32")
    split = NamedSharding(mesh, PartitionSpec("tensor"))

    def compiled(num_tiles):
        loss = lambda hidden, head, targets: jnp.sum(head_log_probs(hidden, head, targets, 1.0, num_tiles)[0])
        step = jax.jit(jax.grad(loss, 1), in_shardings=(None, split, None), out_shardings=split)
        return step.lower(hidden, head, targets).compile().as_text()

    assert whole not in compiled(16)
    assert whole in compiled(128)


def test_bad_arguments_are_named():
    tokens, prompt_length = rows()
    for keywords, message in (
        ({"response_length": 12}, r"response_length = 12 must be in \[1, 12\)"),
        ({"response_length": 0}, r"response_length = 0 must be in \[1, 12\)"),
        ({"response_length": 4, "logits_bytes": 0}, "logits_bytes = 0 must be at least 1"),
        ({"response_length": 4, "temperature": 0.0}, "temperature = 0.0 must be positive"),
        ({"response_length": 4, "temperature": float("nan")}, "temperature = nan must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            row_log_probs(CONFIG, {}, tokens, prompt_length, **keywords)
