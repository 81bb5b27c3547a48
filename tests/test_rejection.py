"""Rejection by hand: every criterion between every two policies, junk, and what it does to a loss and its counts."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_objectives import make_batch

from kpo_jax import config as config_lib
from kpo_jax.algorithm.choices import ObjectiveConfig, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, judged, policy_loss
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.rejection import BETWEEN, CRITERIA, OF_RATIOS, RejectionConfig, kept

MASK = np.array([[1, 1, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
# trainer over sampler: the first response has a token at 6, the second is at 0.7 throughout, the third agrees
TRAINER = np.log([[6, 0.9, 1e9, 1], [0.7, 0.7, 1, 1], [1, 1.05, 1, 0.95], [1, 1, 1, 1]])
# new over old policy: the third has moved
NEW = np.array([[0, 0, np.nan, 0], [0, 0, 9, 9], [0.5, -0.2, -0.9, 0.4], [9, 9, 9, 9]])
ADVANTAGE = [1.0, -2.0, -1.0, 5.0]
OLD = np.full(MASK.shape, -1.0)


def batch_of(junk=0.0, advantage=ADVANTAGE):
    place = lambda x: jnp.asarray(np.where(MASK, x, junk), jnp.float32)
    return make_batch(MASK, advantage).replace(old_log_prob=place(OLD), sampler_log_prob=place(OLD - TRAINER))


def by_hand(config, advantage=ADVANTAGE):
    """[B, T] bool in float64, row by row."""
    out = np.zeros(MASK.shape, bool)
    for row, keep in enumerate(MASK):
        z = {"sampler_and_trainer": TRAINER, "old_and_new": NEW, "sampler_and_new": TRAINER + NEW}[config.between]
        z = z[row, keep].astype(float)
        k3 = np.exp(z) - z - 1
        if not len(z):
            continue
        good = {
            "token": (np.exp(z) >= config.low) & (np.exp(z) <= config.high),
            "sequence": config.low <= np.exp(z.sum()) <= config.high,
            "geometric": config.low <= np.exp(z.mean()) <= config.high,
            "largest_k3": k3.max() <= config.high,
            "mean_k3": k3.mean() <= config.high,
            "off_policy": advantage[row] >= 0 or -z.mean() <= config.high,
        }[config.criterion]
        out[row, keep] = good
    return out


BOUNDS = {
    "token": (0.65, 5.0), "sequence": (0.5, 2.0), "geometric": (0.8, 1.2), "largest_k3": (0.0, 0.1),
    "mean_k3": (0.0, 0.06), "off_policy": (0.0, 0.04),
}  # fmt: skip


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_what_is_kept_by_hand(criterion, between):
    config = RejectionConfig(criterion, between, *BOUNDS[criterion])
    expected = by_hand(config)
    for junk in (0.0, np.nan, 1e30):
        z = jnp.asarray(np.where(MASK, NEW, junk), jnp.float32)
        np.testing.assert_array_equal(kept(z, batch_of(junk), config), expected)
    wide = dataclasses.replace(config, low=0.0, high=1e6)
    np.testing.assert_array_equal(kept(z, batch_of(), wide), MASK)  # control
    if between == "sampler_and_new" or (criterion, between) == ("token", "sampler_and_trainer"):
        assert expected.any() and not expected[MASK].all()


def test_the_sequence_mask_of_deepseek_keeps_what_has_an_advantage():
    config = RejectionConfig("off_policy", high=0.3)  # the second response: mean(-log 0.7) = 0.357
    for advantage, keeps in ((-1.0, False), (0.0, True), (1.0, True)):
        batch = batch_of(advantage=[1.0, advantage, -1.0, 5.0])
        assert kept(jnp.zeros(MASK.shape), batch, config)[1].any() == keeps


def test_what_is_rejected_has_no_loss_no_gradient_and_counts_as_clipped_but_stays_in_the_denominators():
    z = jnp.asarray(np.where(MASK, 0.1, 0), jnp.float32)
    rejection = RejectionConfig("token", low=0.65, high=5.0)
    how = PolicyLoss(Identity(), Clipped(aggregation="token-mean"), rejection=rejection)
    batch = batch_of()

    def loss_of(z):
        out = judged(z, batch, how)[1]
        return out.loss, out

    (_, out), gradient = jax.value_and_grad(loss_of, has_aux=True)(z)
    keep = by_hand(how.rejection)
    expected = np.where(keep, -np.array(ADVANTAGE)[:, None] * np.exp(0.1), 0)
    np.testing.assert_allclose(out.token_loss, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient, expected / MASK.sum(), rtol=1e-6)
    np.testing.assert_array_equal(out.clipped, MASK & ~keep)
    whole = judged(z, batch, dataclasses.replace(how, rejection=RejectionConfig()))[1]
    assert not whole.clipped.any() and abs(whole.loss - out.loss) > 1e-2  # control
    loss, (measured, tokens) = policy_loss(batch.old_log_prob + z, jnp.zeros(MASK.shape), batch, how)
    np.testing.assert_allclose(loss, out.loss, rtol=1e-6)
    assert measured.num_clipped == (MASK & ~keep).sum() and (np.asarray(tokens.clipped) == (MASK & ~keep)).all()


@pytest.mark.parametrize("gradient", ["straight_through", "through_filter"])
def test_what_is_rejected_has_no_gradient_through_the_filter_of_others_either(gradient):
    """GSPO's ratio has a part of every token in it."""
    config = RejectionConfig("token", "sampler_and_trainer", *BOUNDS["token"])
    how = PolicyLoss(SequenceMean(), Clipped(clip=False), gradient, rejection=config)
    z, keep = jnp.full(MASK.shape, 0.1), by_hand(config)
    of = lambda how: np.asarray(jax.grad(lambda z: judged(z, batch_of(), how)[1].loss)(z))
    assert (MASK & ~keep).any() and (of(how)[~keep] == 0).all() and (of(how)[keep] != 0).all()
    whole = of(dataclasses.replace(how, rejection=RejectionConfig()))
    assert (whole[MASK] != 0).all()  # control


def test_icepop_is_the_weight_between_the_bounds_and_nothing_beyond():
    """With the truncated weights of tokens: k where it is in [alpha, beta], else 0."""
    algorithm, batch = METHODS["icepop"], batch_of(np.nan)
    how = PolicyLoss(Identity(), build_objective(algorithm.objective), rejection=algorithm.rejection)
    _, out = judged(jnp.zeros(MASK.shape), batch, how)
    k = np.exp(TRAINER)
    weight = np.where(MASK & (k >= 0.5) & (k <= 5), k, 0)
    np.testing.assert_allclose(out.token_loss, -np.array(ADVANTAGE)[:, None] * weight, rtol=1e-5)
    assert weight[0, 0] == 0 < weight[0, 1]


def test_everything_masked_and_one_token():
    for criterion in CRITERIA:
        config = RejectionConfig(criterion, *("sampler_and_new", *BOUNDS[criterion]))
        nothing = make_batch(np.zeros((2, 3)), [1.0, -1.0])
        assert not kept(jnp.full((2, 3), jnp.nan), nothing, config).any()
        one = make_batch([[True]], [-1.0]).replace(old_log_prob=-jnp.ones((1, 1)), sampler_log_prob=-jnp.ones((1, 1)))
        assert kept(jnp.zeros((1, 1)), one, config).all() and not kept(jnp.full((1, 1), -3.0), one, config).any()


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (dict(criterion="k4"), f"criterion: 'k4' is not one of {', '.join(CRITERIA)}"),
        (dict(criterion="token", between="all", high=2.0), f"between: 'all' is not one of {', '.join(BETWEEN)}"),
        (dict(criterion="token", low=2.0, high=1.0), "low: 2.0 is not below high = 1.0"),
        (dict(criterion="token"), "high: inf rejects nothing, nor does low = 0"),
        (dict(high=2.0), "criterion: '' rejects nothing, whatever low and high"),
        (dict(criterion="token", low=-1.0), "low: -1.0 is not a number >= 0 (inf allowed)"),
        *(
            (dict(criterion=name, low=0.5), f"low: 0.5 is not read by the criterion {name!r}; it must be 0")
            for name in ("largest_k3", "mean_k3", "off_policy")
        ),
    ],
)
def test_bad_parameters_are_named(bad, problem):
    with pytest.raises(ValueError) as error:
        RejectionConfig(**bad)
    assert str(error.value) == problem


def test_bounds_hold_however_far_apart_the_policies_are():
    one = make_batch([[True]], [-1.0])
    for criterion in CRITERIA:
        bounds = (1e-10, 1e10) if criterion in OF_RATIOS else (0.0, 25.0)
        config = RejectionConfig(criterion, "old_and_new", *bounds)
        assert not kept(jnp.full((1, 1), -30.0), one, config).any() and kept(jnp.full((1, 1), -15.0), one, config).all()
    assert not kept(jnp.full((1, 1), 30.0), one, RejectionConfig("token", "old_and_new", 1e-10, 1e10)).any()


def test_it_is_a_part_of_the_configuration_and_tokens_of_a_geometric_mean_cannot_be_taken_out():
    token = {"algorithm.rejection.criterion": "token", "algorithm.rejection.high": "5.0"}
    off_policy = token | {"algorithm.rejection.criterion": "off_policy"}
    for method, texts, refused in (
        ("grpo", token, False),
        ("gmpo", token, True),
        ("hmpo", token | {"algorithm.objective.truncated_is": "token"}, True),
        ("gmpo", token | {"algorithm.rejection.criterion": "geometric"}, False),
        ("gmpo", off_policy, False),
        *((method, off_policy | {"algorithm.advantage.name": "otb"}, method != "grpo") for method in ("gmpo", "grpo")),
        ("hmpo", off_policy | {"algorithm.advantage.name": "gae"}, True),
    ):
        changed = config_lib.override(config_lib.load_file(f"tiny:{method}"), texts)
        config, problems = config_lib.checked(changed.plain)
        assert changed.problems == []
        assert [path for path, _ in problems] == ["algorithm.rejection.criterion"] * refused, problems
        assert config.algorithm.rejection.high == 5.0
    assert build_objective(ObjectiveConfig()) == Clipped()
