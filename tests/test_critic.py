"""PPO's critic: targets and loss by hand, values of packed sequences, learning, and one update on any microbatches and
devices.
"""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_learner import CONFIG, MODEL, PROMPT, RESPONSE, ROWS, packed, rows
from test_objectives import make_batch

from kpo_jax import masked
from kpo_jax.advantages.gae import Gae
from kpo_jax.algorithm import diagnostics, null
from kpo_jax.algorithm.loss import PolicyLoss, critic_loss
from kpo_jax.config import MeshConfig
from kpo_jax.filters.identity import Identity
from kpo_jax.model import critic
from kpo_jax.model.config import CriticConfig
from kpo_jax.model.decoder import hidden_states, init_params
from kpo_jax.model.packing import make_batch as make_packed_batch
from kpo_jax.model.packing import pack, unpack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.objectives import OBJECTIVES
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.geometric import Geometric
from kpo_jax.records import Batch, TokenTrace
from kpo_jax.runtime.sharding import make_mesh, put_microbatches
from kpo_jax.training import learner

UNTIED = dataclasses.replace(MODEL, tie_embeddings=False)


def random_critic(config=MODEL, seed=1):
    """A critic with a value head that says something."""
    params = critic.init_params(init_params(config, jax.random.key(seed)))
    kernel = jax.random.normal(jax.random.key(2), params["value_head"]["kernel"].shape)
    return params | {"value_head": {"kernel": kernel, "bias": jnp.float32(0.5)}}


def critic_rows(seed=0):
    rng = np.random.default_rng(seed)
    batch = rows(seed)
    for name in ("old_value", "returns"):
        batch[name] = np.where(batch["response_mask"], rng.normal(size=(ROWS, RESPONSE)), np.nan).astype(np.float32)
    return batch


# ------------------------------------------------------------------------------------------------------------ by hand


def test_targets_by_hand():
    """Rewards 1 and -1 at the last valid tokens, gamma = lam = 1: return minus value; a gap and an empty row are
    skipped.
    """
    mask = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    value = np.array([[0.25, 9, 0.5, 9], [0, -0.5, 0, 0.5], [9, 9, 9, 9]], np.float32)
    reward = np.array([1, -1, 7], np.float32)
    advantage, returns = critic.targets(reward, value, mask, Gae(), CriticConfig(normalize=False))
    np.testing.assert_allclose(advantage, [[0.75, 0, 0.5, 0], [-1, -0.5, -1, -1.5], [0] * 4])
    np.testing.assert_allclose(returns, [[1, 0, 1, 0], [-1, -1, -1, -1], [0] * 4])
    # one step of gamma = 0.5, lam = 0: the next value, halved, minus this one; the reward itself at the end
    advantage, _ = critic.targets(reward, value, mask, Gae(gamma=0.5, lam=0.0), CriticConfig(normalize=False))
    np.testing.assert_allclose(advantage, [[0, 0, 0.5, 0], [-0.25, 0.5, 0.25, -1.5], [0] * 4])
    junk = np.where(mask, value, np.nan)
    normalized, _ = critic.targets(reward, junk, mask, Gae(), CriticConfig())
    valid = np.array([0.75, 0.5, -1, -0.5, -1, -1.5])
    np.testing.assert_allclose(normalized[mask], (valid - valid.mean()) / valid.std(), rtol=1e-5)
    assert normalized.dtype == np.float32 and not normalized[~mask].any()


def test_targets_of_nothing_and_of_one_token_are_finite():
    for mask in (np.zeros((2, 3), bool), np.eye(2, 3, dtype=bool)):
        for part in critic.targets(np.ones(2, np.float32), np.zeros((2, 3), np.float32), mask, Gae(), CriticConfig()):
            assert np.isfinite(part).all() and not part[~mask].any()


def test_summary_by_hand():
    mask = np.array([[1, 1, 0], [1, 1, 0]], bool)
    returns = np.array([[0, 1, 50], [2, 3, 50]], np.float32)
    value = returns + np.array([[0.5, -0.5, 9], [0.5, -0.5, 9]], np.float32)
    found = critic.summary(value, returns, mask)
    expected = {"explained_variance": 1 - 0.25 / 1.25, "error_rms": 0.5, "value_mean": 1.5, "return_mean": 1.5}
    assert found == pytest.approx({f"critic/{k}": v for k, v in expected.items()})
    assert (
        critic.summary(returns + 7, returns, mask)["critic/explained_variance"] == 1
    )  # a constant error does not count
    assert critic.summary(-value, returns, mask)["critic/explained_variance"] < 0
    for flat in (
        critic.summary(value, np.ones_like(returns), mask),
        critic.summary(value, returns, np.zeros_like(mask)),
    ):
        assert flat["critic/explained_variance"] == 0


def test_loss_by_hand():
    """A value of 1 everywhere, from 0, clip 0.2. R = 2: (2 - 0.2)^2 / 2 and no gradient. R = -1: 2, gradient 2. Mean
    over tokens.
    """
    params = critic.init_params(init_params(MODEL, jax.random.key(0)))
    params["value_head"]["bias"] = jnp.float32(1)
    batch = rows()
    mask = batch["response_mask"]
    held = np.arange(RESPONSE)[None, :] % 2 == 0
    batch |= dict(
        old_value=np.where(mask, 0, np.nan).astype(np.float32),
        returns=np.where(mask, np.where(held, 2, -1), np.nan).astype(np.float32),
    )
    _, arrays = packed(batch, make_mesh(MeshConfig(data=1), jax.devices()[:1]))
    arrays = jax.tree.map(lambda x: x[0] if x.ndim else x, learner.with_totals(arrays))
    loss = lambda p: critic_loss(critic.token_values(MODEL, p, arrays.packed), arrays, 0.2)
    (value, num_clipped), grads = jax.jit(jax.value_and_grad(loss, has_aux=True))(params)
    share = (held & mask).sum() / mask.sum()
    np.testing.assert_allclose(value, share * 1.8**2 / 2 + (1 - share) * 2, rtol=1e-5)
    np.testing.assert_allclose(grads["value_head"]["bias"], (1 - share) * 2, rtol=1e-5)
    assert num_clipped == mask.sum()


# ------------------------------------------------------------------------------------------------------------- values


def test_a_critic_begins_as_the_policy_and_says_nothing():
    policy = init_params(UNTIED, jax.random.key(0))
    params = critic.init_params(policy)
    assert "lm_head" in policy and "lm_head" not in params["trunk"]
    chex.assert_trees_all_equal(params["trunk"], {k: v for k, v in policy.items() if k != "lm_head"})
    assert params["trunk"]["norm"] is not policy["norm"]  # its own memory: both are updated in place
    (parts, _), _ = packed(rows(), make_mesh(MeshConfig(data=1), jax.devices()[:1]))
    assert not jax.jit(critic.token_values, static_argnums=0)(UNTIED, params, jax.tree.map(lambda x: x[0], parts)).any()


@pytest.mark.parametrize(("config", "group"), [(MODEL, 1), (UNTIED, 4)], ids=["tied", "untied, shared prompts"])
def test_values_of_packed_sequences_are_those_of_each_alone_before_each_token(config, group):
    batch, params = rows(), random_critic(config)
    first = np.arange(ROWS) // group * group  # whose prompt a group has
    longest = batch["prompt_length"][first].max()
    batch["tokens"][:, :longest] = np.where(
        np.arange(longest)[None, :] < batch["prompt_length"][first][:, None],
        batch["tokens"][first, :longest],
        batch["tokens"][:, :longest],
    )
    batch["prompt_length"] = batch["prompt_length"][first]
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    shape = pack_shape(ROWS, PROMPT, RESPONSE, group_size=group, microbatch_tokens=100, device_rows=1)
    parts, order = pack(batch, shape)
    assert (parts.prompts is None) == (group == 1)
    shardings = learner.make_init(config, learner.make_optimizer(CONFIG), mesh, learner.make_optimizer(CONFIG))[1]
    scorer = learner.make_scorer(learner.value_scores(config), shardings.critic, mesh)
    found = unpack(
        np.asarray(scorer(params, put_microbatches(mesh, parts))),
        order,
        ROWS,
    )
    tied = dataclasses.replace(config, tie_embeddings=True)
    places = jnp.broadcast_to(jnp.arange(PROMPT + RESPONSE), (ROWS, PROMPT + RESPONSE))
    hidden = jax.jit(hidden_states, static_argnums=0)(
        tied, params["trunk"], batch["tokens"], places
    )  # a sequence to a row
    values = np.asarray(hidden @ params["value_head"]["kernel"] + params["value_head"]["bias"])
    columns = (
        batch["prompt_length"][:, None] - 1 + np.arange(RESPONSE)[None, :]
    )  # the first reads the whole prompt, and no response
    before, after = (
        np.take_along_axis(values, np.minimum(columns + shift, PROMPT + RESPONSE - 1), axis=1) for shift in (0, 1)
    )
    mask = batch["response_mask"]
    np.testing.assert_allclose(found[mask], before[mask], atol=2e-5)
    assert np.abs(found[mask] - after[mask]).max() > 0.1  # control: not the value after the token


# ------------------------------------------------------------------------------------------------------------- update


@functools.cache  # tests share compilations
def critic_learner(mesh=MeshConfig(data=1), devices=1):  # noqa: B008 (frozen)
    """(mesh, first state, step)."""
    mesh, optimizer = make_mesh(mesh, jax.devices()[:devices]), learner.make_optimizer(CONFIG)
    _, shardings = learner.make_init(MODEL, optimizer, mesh, optimizer)
    start = jax.jit(lambda: learner.init_state(random_critic(), optimizer), out_shardings=shardings.critic)
    return mesh, start, learner.make_step(learner.loss_of_critic(MODEL, 0.2), optimizer, shardings.critic, mesh, CONFIG)


def critic_step(mesh=MeshConfig(data=1), devices=1, microbatch_tokens=0, batch=None):  # noqa: B008 (frozen)
    mesh, start, step = critic_learner(mesh, devices)
    _, arrays = packed(critic_rows() if batch is None else batch, mesh, microbatch_tokens)
    return jax.device_get(step(start(), arrays)[:2])


def test_microbatches_devices_and_junk_change_nothing():
    state, metrics = critic_step()
    assert (
        metrics["critic/grad_norm"] > 0 and 0 < metrics["critic/clip_fraction"] <= 1 and metrics["critic/skipped"] == 0
    )
    for other in (
        dict(microbatch_tokens=48),
        dict(devices=8, mesh=MeshConfig(data=2, fsdp=2, tensor=2), microbatch_tokens=100),
    ):
        other_state, other_metrics = critic_step(**other)
        chex.assert_trees_all_close(other_metrics, metrics, rtol=2e-4, atol=2e-5)
        chex.assert_trees_all_close(other_state.opt_state[1].mu, state.opt_state[1].mu, rtol=1e-3, atol=1e-6)
    fewer = critic_rows()
    fewer["response_mask"] = fewer["response_mask"].copy()
    fewer["response_mask"][0] = False
    assert (
        abs(critic_step(batch=fewer)[1]["critic/loss"] - metrics["critic/loss"]) > 1e-3
    )  # control: the denominator counts


def test_it_learns_a_reward_that_the_prompt_gives_away():
    """Reward 1 where the prompt begins with a token above 16, as a run takes it: value, targets, update, on new rows
    each time.

    Values of rows never seen explain most of the variance. Control: of the same rewards dealt out anew they explain
    nothing.
    """
    size, updates = 64, 40
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    optimizer = learner.make_optimizer(dataclasses.replace(CONFIG, learning_rate=3e-3))
    _, shardings = learner.make_init(MODEL, optimizer, mesh, optimizer)
    shape = pack_shape(size, PROMPT, RESPONSE, group_size=1, microbatch_tokens=0, device_rows=1)
    value_step = learner.make_scorer(learner.value_scores(MODEL), shardings.critic, mesh)
    loss = learner.loss_of_critic(MODEL, CriticConfig().value_clip)
    update = learner.make_step(loss, optimizer, shardings.critic, mesh, CONFIG)

    def explained_variance(shuffle):
        start = lambda: learner.init_state(critic.init_params(init_params(MODEL, jax.random.key(0))), optimizer)
        state, found = jax.jit(start, out_shardings=shardings.critic)(), []
        for seed in range(updates):
            batch = rows(seed, size)
            batch["reward"] = (batch["tokens"][:, 0] > 16).astype(np.float32)
            if shuffle:
                np.random.default_rng((seed, 1)).shuffle(batch["reward"])
            parts, order = pack(batch, shape)
            value = unpack(np.asarray(value_step(state.params, put_microbatches(mesh, parts))), order, size)
            batch["old_value"] = np.where(batch["response_mask"], value, np.float32(0))
            batch["advantage"], batch["returns"] = critic.targets(
                batch["reward"], value, batch["response_mask"], Gae(), CriticConfig()
            )
            found.append(critic.summary(value, batch["returns"], batch["response_mask"])["critic/explained_variance"])
            state, *_ = update(state, put_microbatches(mesh, make_packed_batch(batch, parts, order)))
        assert found[0] == 0  # a new critic says nothing
        return np.mean(found[-5:])

    assert explained_variance(shuffle=False) > 0.7
    assert explained_variance(shuffle=True) < 0.1


def test_a_bad_update_is_skipped_and_counted():
    batch = critic_rows()
    batch["returns"][0, 0] = np.inf
    state, metrics = critic_step(batch=batch)
    assert metrics["critic/skipped"] == 1 and metrics["critic/skipped_in_a_row"] == 1
    chex.assert_trees_all_equal(state.params, jax.device_get(random_critic()))


def test_the_policy_s_step_leaves_the_critic_alone_and_vice_versa():
    mesh, _, update = critic_learner()
    optimizer = learner.make_optimizer(CONFIG)
    init, shardings = learner.make_init(MODEL, optimizer, mesh, optimizer)
    assert jax.tree.structure(shardings.critic) == jax.tree.structure(jax.eval_shape(init, jax.random.key(0)).critic)
    loss = learner.loss_of_policy(MODEL, PolicyLoss(Identity(), Clipped()), temperature=1.0)
    train_step = learner.make_step(loss, optimizer, shardings, mesh, CONFIG)
    batch = critic_rows() | dict(advantage=np.random.default_rng(0).normal(size=(ROWS, RESPONSE)).astype(np.float32))
    state = init(jax.random.key(0))
    before = jax.device_get(state.critic)
    state, metrics, _ = train_step(state, packed(batch, mesh)[1])
    chex.assert_trees_all_equal(jax.device_get(state.critic), before)
    assert metrics["learner/grad_norm"] > 0
    policy = jax.device_get(state.params)
    trained, *_ = update(state.critic, packed(batch, mesh)[1])
    chex.assert_trees_all_equal(jax.device_get(state.params), policy)
    assert any(
        np.any(a != b)
        for a, b in zip(jax.tree.leaves(jax.device_get(trained.params)), jax.tree.leaves(before.params), strict=True)
    )


# --------------------------------------------------------------------------------------------- advantages of a token


MASK = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
FILTERED = jnp.asarray(np.where(MASK, np.log([[1, 3, 0.25, 1], [0.25, 4, 1, 1], [1, 1, 1, 1]]), 0), jnp.float32)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_token_s_advantage_is_its_response_s_where_all_are_equal(name):
    objective = OBJECTIVES[name]()
    whole = make_batch(MASK, [1.0, -2.0, 7.0])
    each = whole.replace(advantage=jnp.where(MASK, whole.advantage[:, None], jnp.nan))
    value, grads = jax.value_and_grad(lambda f, b: objective(f, b).loss)(FILTERED, whole)
    value_each, grads_each = jax.value_and_grad(lambda f, b: objective(f, b).loss)(FILTERED, each)
    np.testing.assert_array_equal(value, value_each)
    np.testing.assert_array_equal(grads, grads_each)
    other = whole.replace(advantage=jnp.where(jnp.arange(4)[None, :] == 1, 3.0, jnp.asarray(each.advantage)))
    assert abs(objective(FILTERED, other).loss - value) > 0.05  # control: a token's own advantage counts


def test_clipped_loss_of_token_advantages_by_hand():
    """Ratios 1, 3, 1/4 with A = 1, -1, -1: -1, 3 (not clipped), 0.5 (clipped at 1/2); and 1/4, 4 with A = 2, 1: -0.5,
    -2 (clipped).
    """
    advantage = np.array([[1, -1, -1, np.nan], [2, 1, np.nan, np.nan], [np.nan] * 4], np.float32)
    output = Clipped(0.5, 1.0, aggregation="token-mean")(FILTERED, make_batch(MASK, advantage))
    np.testing.assert_allclose(
        np.where(MASK, output.token_loss, 0), [[-1, 3, 0.5, 0], [-0.5, -2, 0, 0], [0] * 4], rtol=1e-6
    )
    np.testing.assert_array_equal(output.clipped, [[0, 0, 1, 0], [0, 1, 0, 0], [0] * 4])
    np.testing.assert_allclose(output.loss, 0 / 5, atol=1e-6)


def test_geometric_with_token_advantages_takes_each_tokens_own_sign():
    advantage = np.array([[1, -1, 1, 1]], np.float32)
    log_ratio = jnp.log(jnp.array([[2.0, 2.0, 0.5, 1.0]]))
    output = Geometric(0.4, 0.4)(log_ratio, make_batch(np.ones((1, 4)), advantage))
    np.testing.assert_array_equal(output.clipped, [[1, 0, 0, 0]])


def test_diagnostics_count_by_the_sign_of_a_token_s_advantage():
    advantage = np.array([[1, -1, -1, np.nan], [2, 0, np.nan, np.nan], [np.nan] * 4], np.float32)
    clipped = jnp.asarray([[1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]], bool)
    zeros = jnp.zeros(MASK.shape)
    tokens = TokenTrace(zeros, FILTERED, *Identity()(FILTERED, jnp.asarray(MASK)), clipped)
    measured = diagnostics.measure(tokens, zeros, Batch.of(MASK, zeros, advantage), null.nothing(), kappa=float("inf"))
    np.testing.assert_array_equal(measured.clip.by_sign, [1, 1])
    np.testing.assert_array_equal(measured.clip.tokens_by_sign, [2, 2])  # a zero is neither


def test_over_tokens():
    mask = jnp.asarray(MASK)
    np.testing.assert_array_equal(
        masked.over_tokens(jnp.array([1.0, 2.0, jnp.nan]), mask), [[1, 1, 1, 0], [2, 2, 0, 0], [0] * 4]
    )
    each = jnp.where(mask, jnp.arange(12.0).reshape(3, 4), jnp.nan)
    np.testing.assert_array_equal(masked.over_tokens(each.astype(jnp.bfloat16), mask), jnp.where(mask, each, 0))
    with pytest.raises(ValueError):
        masked.over_tokens(jnp.zeros(2), mask)


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        (dict(learning_rate=-1.0), "learning_rate: -1.0 is not a finite number > 0"),
        (dict(value_clip=0.0), r"value_clip: 0.0 is not a number > 0 \(inf allowed\)"),
        (dict(warmup_steps=-1), "warmup_steps: -1 is not a whole number >= 0"),
    ],
)
def test_bad_parameters_are_named(bad, line):
    with pytest.raises(ValueError, match=line):
        CriticConfig(**bad)
