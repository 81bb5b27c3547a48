"""Blocked attention, and the TPU's kernel in Pallas' interpreter, against the plain form: values, gradients, sharding,
precision, memory.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from kpo_jax.config import MeshConfig
from kpo_jax.model import attention, layout
from kpo_jax.runtime import sharding


def inputs(batch, length, heads, kv_heads, width, dtype=jnp.float32):
    rng = np.random.default_rng(0)
    shapes = [(batch, length, n, width) for n in (heads, kv_heads, kv_heads, heads)]
    return [jnp.asarray(rng.normal(size=shape), dtype) for shape in shapes]


def plain(query, key, value, segments=None):
    """The definition, with every weight in memory."""
    repeats = query.shape[2] // key.shape[2]
    key, value = (jnp.repeat(x, repeats, axis=2) for x in (key, value))
    score = jnp.einsum("bqnh,bsnh->bnqs", query, key, precision="highest") / np.sqrt(query.shape[-1])
    score = jnp.where(np.tril(np.ones(score.shape[-2:], bool))[None, None], score, -jnp.inf)
    if segments is None:
        return jnp.einsum("bnqs,bsnh->bqnh", jax.nn.softmax(score, axis=-1), value, precision="highest")
    own, prompt = (x[:, None, :, None] for x in segments)
    seen = segments.own[:, None, None, :]
    score = jnp.where(((own == seen) | (prompt == seen)) & (seen > 0), score, -1e9)
    weight = jnp.where(own > 0, jax.nn.softmax(score, axis=-1), 0.0)
    return jnp.einsum("bnqs,bsnh->bqnh", weight, value, precision="highest")


def value_and_gradients(form, query, key, value, weight):
    def loss(*args):
        out = form(*args)
        return jnp.sum(out.astype(jnp.float32) * weight), out

    return jax.jit(jax.grad(loss, argnums=(0, 1, 2), has_aux=True))(query, key, value)


@pytest.mark.parametrize(
    ("batch", "length", "heads", "kv_heads", "width"),
    [(1, 1, 2, 1, 8), (3, 5, 4, 2, 8), (8, 128, 4, 4, 16), (2, 300, 6, 3, 8), (1, 1100, 2, 1, 4)],
)
def test_equals_the_plain_form(batch, length, heads, kv_heads, width):
    args = inputs(batch, length, heads, kv_heads, width)
    actual, expected = (value_and_gradients(form, *args) for form in (attention.blocked_attention, plain))
    chex.assert_trees_all_close(actual, expected, atol=2e-5, rtol=2e-5)


def make_segments(batch, length, shared):
    """Four segments at random borders and padding behind them; with `shared`, the first of two is a prompt of the
    second.
    """
    ends = np.sort(np.random.default_rng(1).choice(np.arange(1, length), (batch, 4), replace=False), axis=1)
    own = 1 + (np.arange(length)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    own = jnp.asarray(np.where(own == 5, 0, own))
    return attention.Segments(own, (own + 1) // 2 * 2 - 1 if shared else own)


@pytest.mark.parametrize("length", [60, 300, 600])  # one block; several, short where prompts are shared; long ones
@pytest.mark.parametrize("shared", [False, True])
def test_tokens_see_their_segment_and_its_prompt_alone(shared, length):
    args, segments = inputs(3, length, 6, 3, 8), make_segments(3, length, shared)
    form, exact = (lambda *x, f=f: f(*x, segments) for f in (attention.blocked_attention, plain))
    expected = value_and_gradients(exact, *args)
    chex.assert_trees_all_close(value_and_gradients(form, *args), expected, atol=2e-5, rtol=2e-5)
    shifted = lambda *x: attention.blocked_attention(*x, jax.tree.map(lambda s: jnp.roll(s, 1, axis=1), segments))
    other = lambda *x: attention.blocked_attention(*x, make_segments(3, length, not shared))
    for wrong in (attention.blocked_attention, shifted, other):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(value_and_gradients(wrong, *args), expected, atol=1e-2, rtol=1e-2)


def test_how_many_rows_are_worked_on_at_once_changes_nothing(monkeypatch):
    args, segments = inputs(24, 130, 4, 2, 8), make_segments(24, 130, True)
    expected = value_and_gradients(lambda *x: plain(*x, segments), *args)
    seen = set()
    for tile in (1, 2**20):
        monkeypatch.setattr(attention, "_TILE", tile)
        seen.add(attention._rows_at_once(24, 4 * attention._block_length(130, segments) ** 2))
        actual = value_and_gradients(lambda *x: attention.blocked_attention(*x, segments), *args)
        chex.assert_trees_all_close(actual, expected, atol=2e-5, rtol=2e-5)
    assert seen == {jax.device_count(), 24}
    other = jax.tree.map(lambda s: jnp.roll(s, 1, axis=0), segments)  # the segments of another row
    with pytest.raises(AssertionError):
        actual = value_and_gradients(lambda *x: attention.blocked_attention(*x, other), *args)
        chex.assert_trees_all_close(actual, expected, atol=1e-2, rtol=1e-2)


def test_the_length_of_a_block_follows_from_that_of_the_row():
    own = jnp.ones((1, 1), jnp.int32)
    lengths = [
        [attention._block_length(length, segments) for length in (5, 96, 97, 512, 513)]
        for segments in (None, attention.Segments(own), attention.Segments(own, own))
    ]
    assert lengths == [[5, 96, 64, 64, 64]] * 2 + [[5, 96, 32, 32, 64]]


def test_blocks_that_see_nothing_are_passed_over():
    own = jnp.asarray(np.repeat([1, 2, 3, 4, 0, 0], 64))[None, :, None, None].transpose(1, 2, 0, 3).reshape(6, 1, 64)
    prompt = jnp.asarray(np.repeat([1, 1, 3, 3, 0, 0], 64)).reshape(6, 1, 64)
    query_blocks, key_blocks, count = attention._visible_pairs(attention.Segments(own, prompt))
    assert {(int(i), int(j)) for i, j in zip(query_blocks[:count], key_blocks[:count], strict=True)} == {
        (0, 0), (1, 0), (1, 1), (2, 2), (3, 2), (3, 3)
    }  # fmt: skip
    assert int(attention._visible_pairs(attention.Segments(jnp.ones_like(own), jnp.ones_like(own)))[2]) == 21


def test_comparison_catches_a_look_into_the_future_and_a_wrong_group():
    query, key, value, weight = inputs(2, 40, 4, 2, 8)
    expected = value_and_gradients(plain, query, key, value, weight)

    def unmasked(query, key, value):
        return jax.nn.dot_product_attention(query, key, value)

    def other_groups(query, key, value):
        return attention.blocked_attention(query, key[:, :, ::-1], value[:, :, ::-1])

    for wrong in (unmasked, other_groups):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(
                value_and_gradients(wrong, query, key, value, weight), expected, atol=1e-2, rtol=1e-2
            )


def test_extreme_scores_stay_finite():
    query, key, value, weight = inputs(2, 40, 4, 2, 8)
    chex.assert_tree_all_finite(
        value_and_gradients(attention.blocked_attention, 1e15 * query, 1e15 * key, value, weight)[1]
    )
    out = value_and_gradients(attention.blocked_attention, 100 * query, 100 * key, value, weight)
    chex.assert_tree_all_finite(out)
    chex.assert_trees_all_close(out[1], plain(100 * query, 100 * key, value), atol=1e-4)


def test_bfloat16_keeps_its_dtype_and_stays_close():
    args = inputs(2, 200, 4, 2, 16)
    exact = value_and_gradients(plain, *args)
    rough = value_and_gradients(attention.blocked_attention, *(x.astype(jnp.bfloat16) for x in args))
    assert all(x.dtype == jnp.bfloat16 for x in jax.tree.leaves(rough))
    chex.assert_trees_all_close(jax.tree.map(lambda x: x.astype(jnp.float32), rough), exact, atol=0.15)


def test_rows_stay_on_their_devices():
    mesh = jax.make_mesh((4, 2), ("data", "tensor"), (AxisType.Auto,) * 2)
    spread = NamedSharding(mesh, PartitionSpec("data"))
    args = inputs(8, 200, 4, 2, 8)
    run = jax.jit(
        jax.grad(lambda q, k, v, w: jnp.sum(attention.blocked_attention(q, k, v) * w), argnums=(0, 1, 2)),
        in_shardings=(spread,) * 4,
        out_shardings=(spread,) * 3,
    )
    text = run.lower(*args).compile().as_text()
    assert not any(name in text for name in ("all-gather", "all-to-all", "collective-permute", "all-reduce"))
    chex.assert_trees_all_close(
        jax.device_get(run(*args)), jax.device_get(value_and_gradients(plain, *args)[0]), atol=2e-5
    )


def test_weights_are_not_kept_for_the_backward_pass():
    batch, length, heads = 64, 256, 4
    args = inputs(batch, length, heads, 2, 8)
    memory = {}
    for form in (attention.blocked_attention, plain):
        compiled = (
            jax.jit(jax.grad(lambda *x, form=form: jnp.sum(form(*x)), argnums=(0, 1, 2))).lower(*args[:3]).compile()
        )
        memory[form] = compiled.memory_analysis().temp_size_in_bytes
    weights = 4 * batch * heads * length**2
    assert memory[attention.blocked_attention] < weights < memory[plain]


def splash(devices=1, **sizes):
    """The TPU's form in Pallas' interpreter, on a mesh of so many devices."""
    mesh = sharding.make_mesh(MeshConfig(**sizes), jax.devices()[:devices])
    return lambda *args: sharding.on_mesh(lambda *x: attention.splash_attention(*x, interpret=True), mesh)(*args)


def at_tokens(tree, segments):
    """(gradients, out), with zeros where `segments` has padding: there the forms have junk of their own."""
    gradients, out = tree
    return gradients, jnp.where(segments.own[:, :, None, None] > 0, out, 0)


@pytest.mark.parametrize(("length", "heads", "kv_heads", "width"), [(1, 1, 1, 8), (520, 4, 2, 8)])
def test_splash_equals_the_plain_form(length, heads, kv_heads, width):
    args = inputs(2, length, heads, kv_heads, width)
    expected = value_and_gradients(plain, *args)
    chex.assert_trees_all_close(value_and_gradients(splash(), *args), expected, atol=2e-5, rtol=2e-5)
    if kv_heads > 1:  # another key head's, and a look into the future
        query, key, value, _ = args
        others = (
            jax.jit(splash())(query, key[:, :, ::-1], value[:, :, ::-1]),
            jax.nn.dot_product_attention(query, key, value),
        )
        for wrong in others:
            with pytest.raises(AssertionError):
                chex.assert_trees_all_close(wrong, expected[1], atol=1e-2, rtol=1e-2)


def test_splash_sees_a_tokens_own_segment_alone():
    segments = make_segments(2, 520, False)._replace(prompt=None)
    *args, weight = inputs(2, 520, 2, 1, 8)
    real = segments.own[:, :, None, None] > 0
    args = [jnp.where(real, x, 1e3 * x) for x in args]  # junk under the padding
    weight = jnp.where(real, weight, 0)
    kernel = jax.jit(lambda own: value_and_gradients(lambda *x: splash()(*x, attention.Segments(own)), *args, weight))
    expected = value_and_gradients(lambda *x: plain(*x, segments._replace(prompt=segments.own)), *args, weight)
    expected = at_tokens(expected, segments)
    chex.assert_trees_all_close(at_tokens(kernel(segments.own), segments), expected, atol=2e-5, rtol=2e-5)
    for wrong in (jnp.ones_like(segments.own), jnp.roll(segments.own, 1, axis=1)):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(at_tokens(kernel(wrong), segments), expected, atol=1e-2, rtol=1e-2)


def test_splash_in_bfloat16_has_float32_scores():
    args, segments = inputs(1, 200, 2, 1, 16), make_segments(1, 200, False)._replace(prompt=None)
    real = segments.own[:, :, None, None] > 0
    args[3] = jnp.where(real, args[3], 0)
    exact = value_and_gradients(lambda *x: plain(*x, segments._replace(prompt=segments.own)), *args)
    rough = value_and_gradients(lambda *x: splash()(*x, segments), *(x.astype(jnp.bfloat16) for x in args))
    assert all(x.dtype == jnp.bfloat16 for x in jax.tree.leaves(rough))
    rough = jax.tree.map(lambda x: x.astype(jnp.float32), rough)
    chex.assert_trees_all_close(at_tokens(rough, segments), at_tokens(exact, segments), atol=0.15)


def test_splash_gives_each_device_its_rows_and_heads():
    mesh = sharding.make_mesh(MeshConfig(data=2, fsdp=2, tensor=2))
    assert sharding.BATCH[0] == layout.ROWS
    assert sharding.RULES["heads"] == sharding.RULES["kv_heads"] == layout.HEADS[0]
    spread = NamedSharding(mesh, PartitionSpec(layout.ROWS, None, layout.HEADS))
    own = jnp.asarray(np.arange(140)[None, :] // 50 + np.arange(4)[:, None], jnp.int32)
    args = inputs(4, 140, 4, 2, 8)

    def loss(query, key, value, weight, own):
        return jnp.sum(attention.splash_attention(query, key, value, attention.Segments(own), interpret=True) * weight)

    run = jax.jit(
        sharding.on_mesh(jax.grad(loss, argnums=(0, 1, 2)), mesh),
        in_shardings=(spread,) * 4 + (sharding.batch_sharding(mesh),),
        out_shardings=(spread,) * 3,
    )
    compiled = run.lower(*args, own).compile()
    assert not any(
        name in compiled.as_text() for name in ("all-gather", "all-to-all", "collective-permute", "all-reduce")
    )
    placed = jax.device_put((*args, own), (spread,) * 4 + (sharding.batch_sharding(mesh),))
    actual = jax.device_get(compiled(*placed))
    on_one = lambda own: jax.device_get(
        value_and_gradients(lambda *x: plain(*x, attention.Segments(own, own)), *args)[0]
    )
    chex.assert_trees_all_close(actual, on_one(own + 1), atol=2e-5, rtol=2e-5)
    with pytest.raises(AssertionError):
        chex.assert_trees_all_close(actual, on_one(own[::-1] // 2 + 1), atol=1e-2, rtol=1e-2)


def whole_rows_on(mesh, segments, cudnn=False):
    """The GPU's form, each device with its rows and heads."""
    form = lambda *args: attention._whole_rows(*args, cudnn=cudnn)
    return sharding.on_mesh(lambda *args: attention._on_shards(form, segments)(*args, segments), mesh)


@pytest.mark.parametrize("shared", [None, False, True])
def test_a_gpus_form_gives_each_device_its_rows_and_heads(shared):
    mesh = sharding.make_mesh(MeshConfig(data=2, fsdp=2, tensor=2))
    segments = None if shared is None else make_segments(4, 60, shared)
    if shared is False:
        segments = segments._replace(prompt=None)
    *args, weight = inputs(4, 60, 4, 2, 8)
    if segments is not None:
        weight = jnp.where(segments.own[:, :, None, None] > 0, weight, 0)
    exact = segments if segments is None or shared else segments._replace(prompt=segments.own)
    expected = value_and_gradients(lambda *x: plain(*x, exact), *args, weight)[0]
    spread = NamedSharding(mesh, PartitionSpec(layout.ROWS, None, layout.HEADS))
    run = jax.jit(
        jax.grad(lambda *x: jnp.sum(whole_rows_on(mesh, segments)(*x[:3]) * x[3]), argnums=(0, 1, 2)),
        in_shardings=(spread,) * 4,
        out_shardings=(spread,) * 3,
    )
    text = run.lower(*args, weight).compile().as_text()
    assert not any(name in text for name in ("all-gather", "all-to-all", "collective-permute", "all-reduce"))
    chex.assert_trees_all_close(jax.device_get(run(*args, weight)), jax.device_get(expected), atol=2e-5, rtol=2e-5)
    query, key, value = args
    with pytest.raises(AssertionError):
        other = run(query, key[:, :, ::-1], value, weight)
        chex.assert_trees_all_close(jax.device_get(other), jax.device_get(expected), atol=1e-2, rtol=1e-2)


def test_cudnn_is_given_even_lengths(monkeypatch):
    lengths, original = [], jax.nn.dot_product_attention

    def recorded(query, *args, implementation, **kwargs):
        lengths.append((query.shape[1], implementation))
        return original(query, *args, **kwargs)

    monkeypatch.setattr(jax.nn, "dot_product_attention", recorded)
    for length in (60, 61):
        *args, weight = inputs(2, length, 4, 2, 8)
        segments = make_segments(2, length, True)
        weight = jnp.where(segments.own[:, :, None, None] > 0, weight, 0)
        form = lambda *x, s=segments: attention._whole_rows(*x, s, cudnn=True)
        actual = at_tokens(value_and_gradients(form, *args, weight), segments)
        expected = at_tokens(value_and_gradients(lambda *x, s=segments: plain(*x, s), *args, weight), segments)
        assert actual[1].shape[1] == length
        chex.assert_trees_all_close(actual, expected, atol=2e-5, rtol=2e-5)
    assert lengths == [(60, "cudnn"), (62, "cudnn")]


@pytest.mark.parametrize(
    ("head_dim", "capability", "taken"),
    [
        (128, (8, 0), True),
        (64, (12, 0), True),
        (64, (7, 5), False),  # a T4
        (256, (9, 0), True),
        (256, (8, 9), False),
        (256, (10, 0), False),
        (36, (9, 0), False),
        (128, None, True),  # compiled for a GPU that is elsewhere
        (256, None, False),
        (64, (0, 0), False),
    ],
)
def test_what_cudnn_does_not_take_has_the_plain_form(monkeypatch, head_dim, capability, taken):
    given = []
    monkeypatch.setattr(attention, "platform", lambda: "gpu")
    monkeypatch.setattr(attention, "_compute_capability", lambda: capability)
    monkeypatch.setattr(attention, "_whole_rows", lambda query, *_, cudnn: given.append(cudnn) or query)
    for dtype in (jnp.bfloat16, jnp.float32):
        attention.causal_attention(*inputs(1, 4, 2, 1, head_dim, dtype)[:3])
    assert given == [taken, False]


@pytest.mark.skipif(jax.default_backend() != "gpu", reason="needs an NVIDIA GPU")
def test_cudnn_equals_the_plain_form():
    args = [x.astype(jnp.bfloat16) for x in inputs(2, 300, 8, 2, 128)]
    actual, expected = (
        value_and_gradients(form, *args) for form in (attention.causal_attention, attention.blocked_attention)
    )
    as_float = lambda tree: jax.tree.map(lambda x: x.astype(jnp.float32), tree)
    chex.assert_trees_all_close(as_float(actual), as_float(expected), atol=0.1, rtol=0.05)
