"""The update: microbatches and devices change nothing, bad updates are skipped, methods take a step."""

import dataclasses
import functools
import re
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from kpo_jax.algorithm import diagnostics
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import Config, LearnerConfig, MeshConfig
from kpo_jax.model import decoder, layout
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.decoder import hidden_states, init_params
from kpo_jax.model.head import row_log_probs
from kpo_jax.model.packing import make_batch, pack, unpack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.runtime.sharding import make_mesh, mesh_shape, on_mesh, param_specs, put_microbatches
from kpo_jax.training import learner
from kpo_jax.training.setup import policy_loss_of

MODEL = ModelConfig(
    vocab_size=32, hidden_size=32, intermediate_size=64, num_layers=2, num_heads=4, num_kv_heads=2, head_dim=8
)
CONFIG = LearnerConfig(learning_rate=1e-3, num_minibatches=1)
ROWS, PROMPT, RESPONSE = 16, 5, 7


def rows(seed=0, size=ROWS):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, RESPONSE + 1, size)
    lengths[3] = 0  # a row without a single valid token
    return dict(
        tokens=rng.integers(0, 32, (size, PROMPT + RESPONSE)).astype(np.int32),
        prompt_length=rng.integers(1, PROMPT + 1, size).astype(np.int32),
        response_mask=np.arange(RESPONSE)[None, :] < lengths[:, None],
        old_log_prob=rng.normal(-3.4, 0.3, (size, RESPONSE)).astype(np.float32),
        sampler_log_prob=rng.normal(-3.4, 0.3, (size, RESPONSE)).astype(np.float32),
        advantage=rng.normal(size=size).astype(np.float32),
        reward=rng.integers(0, 2, size).astype(np.float32),
    )


def packed(batch, mesh, microbatch_tokens=0):
    """(what `pack` returns, the Batch on the mesh) of rows like those of `rows`."""
    shape = pack_shape(
        ROWS,
        PROMPT,
        RESPONSE,
        group_size=1,
        microbatch_tokens=microbatch_tokens,
        device_rows=mesh.shape["data"] * mesh.shape["fsdp"],
        multiple=mesh.shape["sequence"],
    )
    parts = pack(batch, shape)
    return parts, put_microbatches(mesh, make_batch(batch, *parts))


@functools.cache  # tests share compilations
def learner_of(method, mesh, devices, config):
    """(mesh, init, step, the filter's kappa)."""
    algorithm, mesh = METHODS[method], make_mesh(mesh, jax.devices()[:devices])
    optimizer = learner.make_optimizer(config)
    init, shardings = learner.make_init(MODEL, optimizer, mesh, moments_on_host=config.moments_on_host)
    how = policy_loss_of(Config(algorithm=algorithm))
    loss = learner.loss_of_policy(MODEL, how, temperature=1.0)
    return mesh, init, learner.make_step(loss, optimizer, shardings, mesh, config), how.ratio_filter.kappa


def one_step(
    method="grpo",
    mesh=MeshConfig(data=1),  # noqa: B008
    devices=1,
    microbatch_tokens=0,
    batch=None,
    steps=1,
    config=CONFIG,
):
    mesh, init, step, kappa = learner_of(method, mesh, devices, config)
    state = init(jax.random.key(0))
    _, batch = packed(rows() if batch is None else batch, mesh, microbatch_tokens)
    places = jax.tree.map(lambda x: x.sharding, state)
    for _ in range(steps):
        state, metrics, report = step(state, batch)
    assert jax.tree.map(lambda x: x.sharding, state) == places
    return jax.device_get(state), jax.device_get(metrics | diagnostics.summarize(report.total, kappa=kappa))


def first_params():
    """Those that `one_step` begins with."""
    _, init, _, _ = learner_of("grpo", MeshConfig(data=1), 1, CONFIG)
    return jax.device_get(init(jax.random.key(0)).params)


@pytest.fixture(scope="module")
def reference():
    return one_step("is_kpo_weak")


@pytest.mark.parametrize(
    "other",
    [
        dict(microbatch_tokens=48),
        dict(microbatch_tokens=12),
        dict(devices=8, mesh=MeshConfig(data=8)),
        dict(devices=8, mesh=MeshConfig(data=2, fsdp=2, tensor=2), microbatch_tokens=100),
        dict(devices=8, mesh=MeshConfig(data=2, fsdp=2, sequence=2)),
        dict(devices=8, mesh=MeshConfig(fsdp=4, sequence=2), microbatch_tokens=100),
    ],
)
def test_microbatches_and_devices_change_nothing(reference, other):
    state, metrics = one_step("is_kpo_weak", **other)
    chex.assert_trees_all_close(metrics, reference[1], rtol=2e-4, atol=2e-5)
    # Adam's first step is sign-like, so a gradient of 1e-8 either way may move a weight by the learning rate: compare
    # moments
    chex.assert_trees_all_close(state.opt_state[1].mu, reference[0].opt_state[1].mu, rtol=1e-3, atol=1e-7)


def compiled_for_rows(mesh, count=1):
    """The text of what a device of a mesh runs for the gradient of the hidden states of so many rows of 512 tokens."""
    mesh = make_mesh(mesh, jax.devices()[: mesh.inner])
    params = jax.eval_shape(lambda: init_params(MODEL, jax.random.key(0)))
    tokens = jax.ShapeDtypeStruct((count, 512), jnp.int32)
    loss = lambda params, tokens: jnp.sum(hidden_states(MODEL, params, tokens, tokens))
    shardings = jax.tree.map(lambda spec: NamedSharding(mesh, spec), param_specs(MODEL))
    of_rows = NamedSharding(mesh, PartitionSpec(layout.ROWS if count > 1 else None))
    step = jax.jit(on_mesh(jax.grad(loss), mesh), in_shardings=(shardings, of_rows), out_shardings=shardings)
    return step.lower(params, tokens).compile().as_text()


def test_a_row_s_tokens_are_split_and_its_heads_in_attention():
    whole, split = compiled_for_rows(MeshConfig()), compiled_for_rows(MeshConfig(sequence=2))
    kept = lambda tokens: f"f32[{MODEL.num_layers},1,{tokens},{MODEL.hidden_size}]"  # a layer's input, for its gradient
    assert kept(512) in whole and kept(256) not in whole and "all-to-all" not in whole
    assert kept(256) in split and kept(512) not in split and "all-to-all" in split


def test_each_device_of_a_sequence_multiplies_its_own_tokens_of_several_rows(monkeypatch):
    """Rows and tokens in one axis, as they stand, are no part that XLA can name: it would take all tokens on both."""
    mesh, inner = MeshConfig(fsdp=2, sequence=2), MODEL.intermediate_size
    products = lambda tokens: re.search(rf"f32\[({tokens},|[0-9]+,512,){inner}\]", compiled_for_rows(mesh, 8))
    assert products(8 * 512 // 4) and not products(8 * 512 // 2)
    monkeypatch.setattr(decoder, "tokens_together", lambda x: x.reshape(-1, *x.shape[2:]))
    monkeypatch.setattr(decoder, "tokens_apart", lambda x, shape: x.reshape(*shape, *x.shape[1:]))
    assert products(8 * 512 // 2)


def test_no_device_of_a_sequence_has_the_embeddings_of_all_tokens(monkeypatch, capfd):
    """XLA says so where it finds no way from one split to another but the whole."""
    whole, mesh = "Involuntary full rematerialization", MeshConfig(fsdp=2, sequence=2)
    compiled_for_rows(mesh, 8)
    assert whole not in capfd.readouterr().err
    monkeypatch.setattr(decoder, "split_rows", lambda x: x)
    compiled_for_rows(mesh, 8)
    assert whole in capfd.readouterr().err


def test_negative_control_a_wrong_denominator_is_seen(reference):
    batch = rows()
    batch["response_mask"] = batch["response_mask"].copy()
    batch["response_mask"][0] = False
    with pytest.raises(AssertionError):
        chex.assert_trees_all_close(one_step("is_kpo_weak", batch=batch)[1], reference[1], rtol=2e-4, atol=2e-5)


def test_tokens_and_log_probs_under_the_mask_are_junk(reference):
    batch = rows()
    hidden = ~batch["response_mask"]
    for name in ("old_log_prob", "sampler_log_prob"):
        batch[name] = np.where(hidden, np.nan, batch[name]).astype(np.float32)
    chex.assert_trees_all_equal(one_step("is_kpo_weak", batch=batch)[1], reference[1])


# one of each shape of filter, gradient and objective; tests/test_methods.py has all methods without the model
@pytest.mark.parametrize("method", ["grpo", "gspo", "is_kpo_running_median", "ctpo", "gmpo"])
def test_methods_move_the_parameters(method):
    state, metrics = one_step(method, steps=2)
    assert np.isfinite(list(metrics.values())).all()
    moved = jax.tree.leaves(jax.tree.map(lambda a, b: float(np.abs(a - b).max()), state.params, first_params()))
    assert max(moved) > 1e-4
    assert state.step == 2 and state.skipped == 0


def test_a_bad_update_is_skipped_and_counted():
    batch = rows()
    batch["advantage"] = batch["advantage"].copy()
    batch["advantage"][0] = np.nan
    state, metrics = one_step(batch=batch, steps=2)
    assert metrics["learner/skipped"] == 2 and metrics["learner/skipped_in_a_row"] == 2
    chex.assert_trees_all_equal(state.params, first_params())


def test_scores_are_the_log_probs_of_the_update(reference):
    """With old = the trainer's own scores the raw ratio is 1 and the KL 0."""
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    init, shardings = learner.make_init(MODEL, learner.make_optimizer(CONFIG), mesh)
    score = learner.make_scorer(learner.log_prob_scores(MODEL, 1.0), shardings, mesh)
    batch = rows()
    params = init(jax.random.key(0)).params
    (parts, order), _ = packed(batch, mesh, microbatch_tokens=48)
    batch["old_log_prob"] = unpack(np.asarray(score(params, put_microbatches(mesh, parts))), order, ROWS)
    alone = row_log_probs(MODEL, params, batch["tokens"], jnp.asarray(batch["prompt_length"]), RESPONSE)[0]
    difference = np.where(batch["response_mask"], alone - batch["old_log_prob"], 0.0)
    assert np.abs(difference).max() < 1e-5
    _, metrics = one_step("is_kpo_weak", batch=batch)
    assert abs(metrics["ratio/raw_max"] - 1) < 1e-5
    assert metrics["policy/approx_kl"] < 1e-9
    assert abs(reference[1]["ratio/raw_max"] - 1) > 1e-2  # control: off-policy


def test_warm_up_reaches_the_rate_and_starts_above_zero():
    state = learner.make_optimizer(dataclasses.replace(CONFIG, warmup_steps=4, weight_decay=0.0))
    params = {"w": jnp.zeros(3)}
    opt, sizes = state.init(params), []
    for _ in range(6):
        update, opt = state.update({"w": jnp.ones(3)}, opt, params)
        sizes.append(float(-update["w"][0]))
    np.testing.assert_allclose(sizes, np.array([0.25, 0.5, 0.75, 1, 1, 1]) * CONFIG.learning_rate, rtol=1e-3)


class Parts(NamedTuple):
    """What `accumulate` reads of a batch, and one number for each microbatch."""

    response_mask: jax.Array
    slope: jax.Array
    packed: None = None


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_of_many_microbatches_add_up_whatever_the_dtype_of_the_parameters(dtype, monkeypatch):
    """A sum of ones in bfloat16 comes to a standstill at 256 of them."""
    count, total = 400, jnp.zeros((), jnp.int32)
    monkeypatch.setattr(learner, "_num_used", lambda packed: count)
    of = lambda params, batch: (jnp.sum(params["w"] * batch.slope).astype(jnp.float32), learner.Report(total))
    loss = learner.Loss(of, lambda shape: learner.Report(total), jnp.add)
    batch = Parts(jnp.ones((count, 1, 1), bool), jnp.ones((count, 1)))
    *_, gradient = learner.accumulate(loss, {"w": jnp.ones((), dtype)}, batch)
    assert gradient["w"] == count and gradient["w"].dtype == jnp.float32
    assert functools.reduce(jnp.add, [jnp.ones((), jnp.bfloat16)] * count) == 256  # the control


def test_an_entropy_bonus_raises_the_entropy_and_does_so_over_microbatches():
    """Where no token has an advantage, so that nothing else moves the policy; both halves count the same tokens."""
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    optimizer = learner.make_optimizer(dataclasses.replace(CONFIG, weight_decay=0.0))
    init, shardings = learner.make_init(MODEL, optimizer, mesh)
    batch = rows() | {"advantage": np.zeros(ROWS, np.float32)}
    how = policy_loss_of(Config(algorithm=METHODS["dapo"]))

    def entropies(bonus, microbatch_tokens):
        loss = learner.loss_of_policy(MODEL, dataclasses.replace(how, entropy_bonus=bonus), temperature=1.0)
        step = learner.make_step(loss, optimizer, shardings, mesh, CONFIG)
        state, found = init(jax.random.key(0)), []
        for _ in range(2):
            state, metrics, report = step(state, packed(batch, mesh, microbatch_tokens)[1])
            assert metrics["learner/loss"] == -metrics.get("learner/entropy_bonus", 0)
            found.append([report.total.entropy_sum, report.total.num_tokens, metrics.get("learner/entropy_bonus", 0)])
        return np.array(found)

    whole, parts, none = entropies(0.1, 0), entropies(0.1, 48), entropies(0.0, 0)
    assert whole[1, 0] > whole[0, 0]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    np.testing.assert_allclose(whole[:, 2], 0.1 * whole[:, 0] / whole[:, 1], rtol=1e-5)  # dapo's mean is over tokens
    assert none[1, 0] == none[0, 0]  # the control: without it the policy stays


def rates(**changes):
    """The rate of each of 14 updates, and of 100 more, in units of the full one."""
    config = LearnerConfig(learning_rate=0.5, **changes)
    return np.array([float(learner.learning_rates(config)(n)) for n in (*range(14), 114)]) / 0.5


def test_the_rate_decays_by_the_formula_after_warm_up():
    ramp, flat = [0.25, 0.5, 0.75, 1], [1, 1, 1]
    line = [1 - 0.9 * n / 7 for n in range(7)]
    cosine = [0.1 + 0.9 * (1 + np.cos(np.pi * n / 7)) / 2 for n in range(7)]
    decay = dict(decay_steps=7, decay_to=0.1)
    wsd = rates(schedule="wsd", warmup_steps=4, stable_steps=3, **decay)
    np.testing.assert_allclose(wsd, [*ramp, *flat, *line, 0.1], rtol=1e-5)
    np.testing.assert_allclose(rates(schedule="linear", warmup_steps=4, **decay), [*ramp, *line, *[0.1] * 4], rtol=1e-5)
    np.testing.assert_allclose(
        rates(schedule="cosine", warmup_steps=4, **decay), [*ramp, *cosine, *[0.1] * 4], rtol=1e-5
    )
    to_zero = rates(schedule="cosine", decay_steps=14)  # every update of the horizon moves, none behind it does
    assert (to_zero[:-1] > 0).all() and to_zero[0] == 1 and abs(to_zero[-1]) < 1e-7
    # the negative control: without a decay the rate is the old one to the bit, and the shapes differ
    old = optax.linear_schedule(0.5 / 4, 0.5, 3)
    assert (rates(warmup_steps=4) * 0.5 == [float(old(n)) for n in (*range(14), 114)]).all()
    assert np.abs(np.array(line) - cosine).max() > 0.05


def test_a_skipped_update_does_not_count_in_the_schedule():
    config = dataclasses.replace(CONFIG, schedule="linear", decay_steps=4)
    bad = rows()
    bad["advantage"] = np.full_like(bad["advantage"], np.nan)
    assert one_step(config=config, batch=bad, steps=3)[1]["learner/learning_rate"] == pytest.approx(1e-3)
    assert one_step(config=config, steps=3)[1]["learner/learning_rate"] == pytest.approx(0.5e-3)  # the control


def test_a_mesh_that_does_not_fit_is_refused():
    assert mesh_shape(MeshConfig(data=-1, fsdp=2), 8) == {"data": 4, "fsdp": 2, "sequence": 1, "tensor": 1}
    assert mesh_shape(MeshConfig(fsdp=2, sequence=2, tensor=2), 8)["data"] == 1
    with pytest.raises(ValueError, match="does not use 8 devices"):
        mesh_shape(MeshConfig(data=3, fsdp=2), 8)


@pytest.mark.parametrize("mesh, devices", [(MeshConfig(data=1), 1), (MeshConfig(fsdp=2, tensor=2), 4)])
def test_moments_on_the_host_change_no_bit(mesh, devices):
    config = dataclasses.replace(CONFIG, moments_on_host=True)
    here, there = (one_step(mesh=mesh, devices=devices, config=c, steps=3) for c in (CONFIG, config))
    chex.assert_trees_all_equal(here, there)

    def kinds(c):
        over, optimizer = make_mesh(mesh, jax.devices()[:devices]), learner.make_optimizer(c)
        _, shardings = learner.make_init(MODEL, optimizer, over, moments_on_host=c.moments_on_host)
        adam = shardings.opt_state[1]
        both = (adam.mu, adam.nu), (shardings.params, adam.count)
        return [{s.memory_kind for s in jax.tree.leaves(of)} for of in both]

    assert kinds(config)[0] == {"pinned_host"} and "pinned_host" not in kinds(config)[1]
    assert "pinned_host" not in kinds(CONFIG)[0]  # the control: they did lie on the device
    bad = {**rows(), "advantage": np.full_like(rows()["advantage"], np.nan)}
    skipped, metrics = one_step(mesh=mesh, devices=devices, config=config, batch=bad)
    assert metrics["learner/skipped"] == 1 and not any(map(np.any, jax.tree.leaves(skipped.opt_state[1].mu)))
    assert all(map(np.any, jax.tree.leaves(there[0].opt_state[1].nu)))  # the control


def test_the_norm_of_gradients_in_bfloat16_is_that_of_their_values():
    """A sum of the squares of ones in bfloat16 comes to a standstill at 256 of them."""
    grads = {"a": jnp.ones(256, jnp.bfloat16)} | {name: jnp.ones((), jnp.bfloat16) for name in "bcde"}
    sgd = optax.sgd(1.0)
    _, metrics = learner.guarded_update(learner.init_state(grads, sgd), jnp.ones(()), grads, sgd, CONFIG)
    assert metrics["grad_norm"] == pytest.approx(np.sqrt(260))
    clipped, _ = learner._clip_by_global_norm(1.0).update(grads, None)
    assert clipped["b"] == jnp.bfloat16(1 / np.sqrt(260)) != jnp.bfloat16(1 / 16)


def test_moments_are_stored_in_the_dtypes_asked_for():
    batch = rows()
    config = dataclasses.replace(CONFIG, first_moment_dtype="bfloat16")
    exact, rough = (one_step(batch=batch, config=c, steps=2)[0] for c in (CONFIG, config))
    assert {x.dtype for x in jax.tree.leaves(rough.opt_state[1].mu)} == {jnp.dtype("bfloat16")}
    assert {x.dtype for x in jax.tree.leaves(rough.opt_state[1].nu)} == {jnp.dtype("float32")}
    for a, b in zip(jax.tree.leaves(exact.opt_state[1].mu), jax.tree.leaves(rough.opt_state[1].mu), strict=True):
        assert np.linalg.norm(b.astype(np.float32) - a) < 0.01 * np.linalg.norm(a)
    assert any(
        np.any(a != b) for a, b in zip(jax.tree.leaves(exact.params), jax.tree.leaves(rough.params), strict=True)
    )
    second = learner.make_optimizer(dataclasses.replace(CONFIG, second_moment_dtype="bfloat16"))
    second_state = second.update({"w": jnp.ones(3)}, second.init({"w": jnp.ones(3)}), {"w": jnp.ones(3)})[1][1]
    assert (second_state.mu["w"].dtype, second_state.nu["w"].dtype) == (jnp.float32, jnp.bfloat16)
    # the default is optax's own AdamW
    ours = learner.make_optimizer(dataclasses.replace(CONFIG, max_grad_norm=1e9))
    theirs = optax.adamw(CONFIG.learning_rate, b1=CONFIG.adam_b1, b2=CONFIG.adam_b2, weight_decay=CONFIG.weight_decay)
    params, grads = {"w": jnp.arange(5.0)}, {"w": jnp.array([1e-6, -1.0, 3.0, 0.0, 1e3])}
    chex.assert_trees_all_close(
        ours.update(grads, ours.init(params), params)[0], theirs.update(grads, theirs.init(params), params)[0]
    )
