"""Losses, gradients, advantages and corrections against numbers that the released code of peers gave: verl 0.9.1, TRL
1.16.0 and the recipe of KPO (verl-kpo, commit 128cf51), run in torch by goldens/make_published_goldens.py.

Each comparison has its control: the same with one thing changed, which must not agree. Where a peer differs on purpose
(docs/science.md), what it has in common with ours is compared, and a comment says so.
"""

import dataclasses
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from goldens.make_published_goldens import GROUP, KPO_COMMIT, LENGTH, VARIANCES

from kpo_jax.advantages import TokensTold, Told, advantages_of, token_rewards
from kpo_jax.advantages.dr_grpo import DrGrpo
from kpo_jax.advantages.gae import Gae
from kpo_jax.advantages.gdpo import Gdpo
from kpo_jax.advantages.group import Group
from kpo_jax.advantages.opo import Opo
from kpo_jax.advantages.otb import Otb
from kpo_jax.advantages.rloo import Rloo
from kpo_jax.algorithm.choices import build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, critic_loss, judged, policy_loss, surrogate
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.kpo_released import KpoReleased
from kpo_jax.model.head import head_log_probs, head_squared_probs
from kpo_jax.objectives import AGGREGATIONS, aggregation_weights
from kpo_jax.objectives.kl import PENALTIES, KLConfig, kl_estimate, reward_penalty
from kpo_jax.objectives.rejection import RejectionConfig, kept
from kpo_jax.objectives.truncated_is import truncated_weights
from kpo_jax.records import Batch

with np.load(Path(__file__).parent / "goldens" / "published.npz") as file:
    PUBLISHED = {name: file[name] for name in file.files}
IN = {name.removeprefix("in/"): jnp.asarray(x) for name, x in PUBLISHED.items() if name.startswith("in/")}
MASK = IN["mask"]
TOLERANCE = 1e-6  # of the largest; float32 on both sides
LOSS_TOLERANCE = 2e-5  # of a loss, in which much cancels


def published(kind, name):
    return PUBLISHED[f"{kind}/{name}"]


def deviation(ours, theirs, mask=None):
    """The largest difference over the largest of theirs, where the mask is True."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape and np.isfinite(theirs if mask is None else theirs[mask]).all()
    difference = np.abs(ours - theirs)
    return (difference if mask is None else difference[mask]).max() / np.abs(theirs).max()


def agrees(ours, theirs, control, tolerance=TOLERANCE, mask=None):
    """Ours is theirs, and what is changed is not, by a hundred tolerances."""
    assert deviation(ours, theirs, mask) < tolerance
    assert deviation(control, theirs, mask) > 100 * tolerance


def how(name, rejection=None, kl=KLConfig(), **objective):  # noqa: B008
    """The loss of a method, with some fields of its objective changed."""
    algorithm = METHODS[name]
    objective = build_objective(dataclasses.replace(algorithm.objective, **objective))
    ratio_filter, gradient = build_filter(algorithm.filter), algorithm.filter.gradient
    return PolicyLoss(ratio_filter, objective, gradient, kl=kl, rejection=rejection or algorithm.rejection)


def batch_of(mask=MASK, far="", advantage="advantage"):
    names = "sampler_log_prob", "reference_log_prob", "old_value"
    given = {name: IN[name] for name in names} | {"returns": IN["token_advantage"]}
    return Batch.of(mask, IN[f"old_log_prob{far}"], IN[advantage], **given)


def loss_and_gradient(way, batch, far=""):
    """Of the whole loss where there is a divergence in it; else of the part of it that is left, which is quicker."""
    log_prob = IN[f"log_prob{far}"]
    if way.kl.has_reference:
        return jax.value_and_grad(lambda x: policy_loss(x, jnp.zeros_like(x), batch, way)[0])(log_prob)
    return surrogate(jnp.where(batch.response_mask, log_prob - batch.old_log_prob, 0.0), batch, way)[:2]


def as_published(way, batch, far=""):
    """The loss as peers have it whose token losses are -w A log_prob, w held constant, where ours are -w A."""
    log_ratio = jnp.where(batch.response_mask, IN[f"log_prob{far}"] - batch.old_log_prob, 0.0)
    token_loss = judged(log_ratio, batch, way)[1].token_loss
    weights = aggregation_weights(batch, way.objective.aggregation, way.objective.length_norm)
    return jnp.sum(weights * token_loss * IN[f"log_prob{far}"])


ICEPOP = RejectionConfig("token", low=0.5, high=1.5)
# of verl's bounds on the inverse ratio, the inverse
REJECTIONS = {
    "token": RejectionConfig("token", low=1 / 1.25, high=1 / 0.4),
    "sequence": RejectionConfig("sequence", low=1 / 1.25, high=1 / 0.4),
    "geometric": RejectionConfig("geometric", low=1 / 1.2, high=1 / 0.9),
    "largest_k3": RejectionConfig("largest_k3", high=0.2),
    "mean_k3": RejectionConfig("mean_k3", high=0.05),
}
ADMITTING = {"token": dict(low=0.2), "geometric": dict(low=0.5)}  # the controls: more is kept
ADMITTING |= {name: dict(high=3.0) for name in ("sequence", "largest_k3", "mean_k3")}
REJECTING = {"token": "icepop", "sequence": "seq_mis", "geometric": "geo_rs", "largest_k3": "trm", "mean_k3": "trm"}


def rejecting(criterion, **changed):
    """Without the weights that two of the methods have besides."""
    plain = dict(truncated_is=None, truncated_is_cap=None, dual_clip=3.0)
    aggregation = "token-mean" if criterion == "token" else "seq-mean-token-mean"
    rejection = dataclasses.replace(REJECTIONS[criterion], **changed)
    return how(REJECTING[criterion], rejection, **plain, aggregation=aggregation)


NARROW = dict(clip_low=0.06, clip_high=0.08)  # in which some responses are
# DPPO's weights are capped at 20 in the calls of verl; its other ratios at e^20, ours at e^10 by default, TRL's nowhere
CAP = dict(log_ratio_cap=20.0)
AT_20 = dict(log_ratio_cap=math.log(20))
# what was published: (ours, and a control)
LOSSES = {
    "verl/ppo": (how("ppo", clip_high=0.28), how("ppo")),
    "verl/dapo": (how("dapo"), how("dapo", dual_clip=3.0)),
    "verl/dual_clip": (how("grpo", dual_clip=1.5), how("grpo")),
    "verl/token_advantage": (how("dapo"), how("dapo", dual_clip=3.0)),
    "verl/gspo": (how("gspo", **NARROW), how("gspo", clip_low=0.2, clip_high=0.08)),
    "verl/gspo_token_mean": (how("gspo_token", **NARROW, aggregation="token-mean"), how("gspo_token", **NARROW)),
    "verl/sapo": (how("sapo"), how("sapo", tau_negative=1.0)),
    "verl/gmpo": (how("gmpo"), how("gmpo", clip_low=0.3)),
    "verl/kl_cov": (how("kl_cov", share=0.1), how("kl_cov", share=0.2)),
    "verl/dapo_far": (how("dapo", **CAP), how("dapo", dual_clip=3.0)),
    "verl/sapo_far": (how("sapo", **CAP), how("sapo", tau_positive=1.05)),
    "verl/gmpo_far": (how("gmpo", **CAP), how("gmpo", clip_low=0.3)),
    "verl/token-mean": (how("grpo", dual_clip=3.0, aggregation="token-mean"), how("grpo", dual_clip=3.0)),
    "verl/seq-mean-token-mean": (how("grpo", dual_clip=3.0), how("grpo", aggregation="token-mean")),
    "verl/seq-mean-token-sum": (how("grpo", dual_clip=3.0, aggregation="seq-mean-token-sum"), how("grpo")),
    "verl/seq-mean-token-sum-norm": (how("dr_grpo", dual_clip=3.0), how("dr_grpo", dual_clip=3.0, length_norm=10)),
    "verl/length_norm": (how("dr_grpo", dual_clip=3.0, length_norm=10), how("dr_grpo", dual_clip=3.0)),
    # what verl rejects is still counted in its denominators, which it is told
    **{f"verl/kept_{name}": (rejecting(name), rejecting(name, **ADMITTING[name])) for name in REJECTIONS},
    "verl/truncated_token": (
        how("grpo", truncated_is="token", truncated_is_cap=1.5, dual_clip=3.0),
        how("grpo", truncated_is="token", truncated_is_cap=2.0, dual_clip=3.0),
    ),
    "verl/truncated_sequence": (
        how("grpo", truncated_is="sequence", dual_clip=3.0),
        how("grpo", truncated_is="token", dual_clip=3.0),
    ),
    "verl/truncated_icepop": (
        how("icepop", ICEPOP, dual_clip=3.0),
        how("icepop", dataclasses.replace(ICEPOP, low=0.2), dual_clip=3.0),
    ),
    "verl/truncated_gmpo": (
        how("gmpo", truncated_is="token", truncated_is_cap=1.5),
        how("gmpo", truncated_is="sequence", truncated_is_cap=1.5),
    ),
    "trl/grpo": (how("grpo"), how("grpo", clip_high=0.5)),
    "trl/dual_clip": (how("grpo", dual_clip=1.5, aggregation="token-mean"), how("grpo", aggregation="token-mean")),
    "trl/dr_grpo": (how("dr_grpo"), how("dr_grpo", length_norm=10)),
    "trl/dapo": (how("dapo", dual_clip=None), how("dapo", dual_clip=1.5)),
    "trl/gspo": (how("gspo", **NARROW), how("gspo", clip_low=0.2, clip_high=0.08)),
    "trl/luspo": (how("luspo", **NARROW), how("luspo", **NARROW, aggregation="seq-mean-token-mean")),
    "trl/sapo": (how("sapo"), how("sapo", tau_negative=1.0)),
    "trl/opsm": (
        how("opsm", RejectionConfig("off_policy", "sampler_and_new", high=0.1)),
        how("opsm", RejectionConfig("off_policy", "old_and_new", high=0.1)),
    ),
    "trl/truncated_token": (
        how("grpo", truncated_is="token", truncated_is_cap=1.5),
        how("grpo", truncated_is="token", truncated_is_cap=2.0),
    ),
    "trl/k3": (how("grpo", kl=KLConfig("k3", 0.04, cap=math.inf)), how("grpo", kl=KLConfig("k3", 0.04))),
    "trl/k3_bias_corrected": (
        how("grpo", kl=KLConfig("k3", 0.04, cap=math.inf, bias_corrected=True)),
        how("grpo", kl=KLConfig("k3", 0.04, cap=math.inf)),
    ),
}  # fmt: skip
FACTOR = {  # those whose values differ by the factor log_prob
    "verl/cispo": (how("cispo"), how("cispo", clip_high=1.5)),
    "verl/cispo_far": (how("cispo", **CAP), how("cispo", clip_high=3.0)),
    "verl/dppo_tv": (how("dppo_tv", clip_high=0.12, **AT_20), how("dppo_tv", **AT_20)),
    "verl/dppo_tv_far": (how("dppo_tv", clip_high=0.12, **AT_20), how("dppo_tv", clip_high=0.12)),
    "verl/dppo_kl": (how("dppo_kl", clip_high=0.04, **AT_20), how("dppo_kl", clip_high=0.1, **AT_20)),
    "verl/dppo_kl_far": (how("dppo_kl", clip_high=0.04, **AT_20), how("dppo_kl", clip_high=0.04)),
    "verl/reinforce": (how("reinforce"), how("reinforce", aggregation="token-mean")),
    "verl/reinforce_sum": (how("ratio_one", aggregation="seq-mean-token-sum"), how("ratio_one")),
    "trl/cispo": (how("cispo"), how("cispo", clip_high=1.5)),
    "trl/vespo": (how("vespo"), how("vespo", power_positive=3.0)),
}


WITH_EMPTY = [f"verl/{name}" for name in AGGREGATIONS]  # one response has no tokens there


@pytest.mark.parametrize("name", [*LOSSES, *FACTOR])
def test_a_loss_and_its_gradient(name):
    ours, control = (LOSSES | FACTOR)[name]
    far = "_far" if name.endswith("_far") else ""
    mask = IN["with_empty"] if name in WITH_EMPTY else MASK
    batch = batch_of(mask, far, "token_advantage" if name == "verl/token_advantage" else "advantage")
    loss, gradient = loss_and_gradient(ours, batch, far)
    if name in FACTOR:
        loss = as_published(ours, batch, far)
    assert deviation(loss, published("loss", name)) < LOSS_TOLERANCE
    agrees(gradient, published("grad", name), loss_and_gradient(control, batch, far)[1])


def test_dro():
    """verl's value is -A log_prob + beta z^2 / 2, ours -A (1 + z) + the same."""
    batch, advantage = batch_of(), IN["advantage"][:, None]
    loss, gradient = loss_and_gradient(how("dro", beta=0.5), batch)
    apart = jnp.sum(aggregation_weights(batch, "token-mean") * advantage * (1 - IN["old_log_prob"]))
    assert deviation(loss + apart, published("loss", "verl/dro")) < LOSS_TOLERANCE
    agrees(gradient, published("grad", "verl/dro"), loss_and_gradient(how("dro", beta=0.4), batch)[1])


def test_clip_cov_where_all_between_the_bounds_are_drawn():
    """The draw is torch's there, so of less than all not to be compared; and what is drawn has no value, either."""
    fields = dict(share=1.0, cov_low=0.3, cov_high=1.0)
    gradient = loss_and_gradient(how("clip_cov", **fields), batch_of())[1]
    control = loss_and_gradient(how("clip_cov", **fields | dict(cov_low=0.5)), batch_of())[1]
    agrees(gradient, published("grad", "verl/clip_cov"), control)


def test_the_critics_loss():
    of = lambda clip: jax.value_and_grad(lambda x: critic_loss(x, batch_of(), clip)[0])(IN["value"])
    loss, gradient = of(0.2)
    assert deviation(loss, published("loss", "verl/value")) < LOSS_TOLERANCE
    agrees(gradient, published("grad", "verl/value"), of(0.25)[1])


@pytest.mark.parametrize("kind", PENALTIES)
def test_kl_estimates(kind):
    """verl's are capped at 10 as ours by default; some of k3 are beyond."""

    def of(kind, cap=10.0):
        estimate = lambda x: jnp.where(MASK, kl_estimate(x, IN["reference_log_prob"], kind, cap), 0.0)
        return estimate(IN["log_prob"]), jax.grad(lambda x: jnp.sum(estimate(x)))(IN["log_prob"])

    other = {"k1": of("k2"), "k2": of("k3"), "k3": of("k3", math.inf), "k1+": of("k1"), "k3+": of("k3")}[kind]
    value, gradient = of(kind)
    assert deviation(value, published("of", f"verl/{kind}"), MASK) < TOLERANCE
    agrees(gradient, published("grad", f"verl/{kind}"), other[1], mask=MASK)
    if kind == "k3":
        assert (np.asarray(value) == 10).sum() > 3


@pytest.mark.parametrize("level", ["token", "sequence"])
def test_weights_of_truncated_importance_sampling(level):
    cap = {"token": 1.5, "sequence": 2.0}[level]
    of = lambda cap: truncated_weights(IN["old_log_prob"], IN["sampler_log_prob"], MASK, level, cap)
    agrees(of(cap), published("of", f"verl/weights_{level}"), of(cap + 0.1))


def test_weights_of_icepop():
    """verl has its rejection as a weight of 0."""
    weights = truncated_weights(IN["old_log_prob"], IN["sampler_log_prob"], MASK, "token", 1.5)
    of = lambda config: jnp.where(kept(jnp.zeros(MASK.shape), batch_of(), config), weights, 0.0)
    theirs = published("of", "verl/weights_icepop")
    agrees(of(ICEPOP), theirs, of(dataclasses.replace(ICEPOP, low=0.2)))


@pytest.mark.parametrize("criterion", REJECTIONS)
def test_what_is_rejected(criterion):
    theirs, config = published("of", f"verl/kept_{criterion}"), REJECTIONS[criterion]
    of = lambda config: np.asarray(kept(jnp.zeros(MASK.shape), batch_of(), config))
    np.testing.assert_array_equal(of(config), theirs)
    assert 0 < theirs.sum() < MASK.sum()
    assert (of(dataclasses.replace(config, **ADMITTING[criterion])) != theirs).any()


LENGTHS = jnp.sum(IN["whole"], axis=1, dtype=jnp.int32)
ADVANTAGES = {
    "grpo": (Group(), Group(1e-3)),
    "dr_grpo": (DrGrpo(), Rloo()),
    "rloo": (Rloo(), DrGrpo()),
    "opo": (Opo(), DrGrpo()),
}


@pytest.mark.parametrize("name", ADVANTAGES)
def test_advantages_of_groups(name):
    ours, control = (
        lambda size, of=of: advantages_of(of, IN["reward"], size, Told(LENGTHS, IN["reward"][None], jnp.ones(1)))
        for of in ADVANTAGES[name]
    )
    agrees(ours(GROUP), published("of", f"verl/advantage_{name}"), control(GROUP))
    agrees(ours(1), published("of", f"verl/advantage_{name}_alone"), ours(2))  # control: groups that are not alone


def test_gdpo():
    """Of responses of one token each, since verl's deviation is over tokens and ours over responses. What is added to
    a deviation is 1e-6 here and its square 1e-8 there.
    """

    def of(weight):
        told = Told(LENGTHS, jnp.stack([IN["reward"], IN["second_reward"]]), jnp.array([1.0, weight]))
        return Gdpo()(IN["reward"] + weight * IN["second_reward"], GROUP, told)

    agrees(of(0.5), published("of", "verl/advantage_gdpo"), of(0.6), 3e-6)


def rewards(beta=0.1):
    penalty = beta * reward_penalty(IN["old_log_prob"], IN["reference_log_prob"], IN["whole"])
    return token_rewards(IN["reward"], IN["whole"], jnp.asarray(penalty))


def test_rewards_less_a_divergence():
    agrees(rewards(), published("of", "verl/rewards"), rewards(0.11), mask=IN["whole"])


def test_generalized_advantage_estimates():
    """Over the mask that has holes, which both skip. verl divides by a deviation of ddof 1, ours, elsewhere, by one of
    ddof 0, so the advantage is compared as it is before, to verl's by its own formula.
    """
    given = jnp.asarray(published("of", "verl/rewards"))
    of = lambda lam: Gae(0.95, lam)(given, IN["old_value"], MASK)
    (advantage, returns), (changed, changed_returns) = of(0.9), of(0.8)
    agrees(returns, published("of", "verl/returns"), changed_returns, mask=MASK)

    def whitened(x):
        valid = np.asarray(x, np.float64)[MASK]
        return (np.asarray(x) - valid.mean()) / valid.std(ddof=1)

    agrees(whitened(advantage), published("of", "verl/gae"), whitened(changed), mask=MASK)


def test_the_optimal_token_baseline():
    """verl adds 1e-8 to the sum of the weights, which takes the baseline away where all tokens so far were certain; our
    baseline is the mean there. No token here is certain.
    """
    told = TokensTold(*(jnp.asarray(published("of", f"verl/{x}")) for x in ("log_prob", "squared_probs")), IN["whole"])
    of = lambda **fields: Otb(**fields)(jnp.asarray(published("of", "verl/rewards")), GROUP, told)
    agrees(of(), published("of", "verl/advantage_otb"), of(lone_tail=True))
    agrees(of(lone_tail=True), published("of", "verl/advantage_otb_tail"), of())


def test_log_probabilities_entropies_and_squares():
    """The logits are those of the hidden states before a head that is the identity."""
    hidden = IN["logits"].reshape(-1, IN["logits"].shape[-1])
    head, tokens = jnp.eye(hidden.shape[1]), IN["tokens"].ravel()

    def of(temperature):
        log_prob, entropy = head_log_probs(hidden, head, tokens, temperature, 2)
        return log_prob, entropy, head_squared_probs(hidden, head, tokens, temperature, 2)[1]

    for name, ours, changed in zip(("log_prob", "entropy", "squared_probs"), of(1.0), of(1.1), strict=True):
        theirs = published("of", f"verl/{name}")
        agrees(ours.reshape(theirs.shape), theirs, changed.reshape(theirs.shape))


@pytest.mark.parametrize("name", VARIANCES)
def test_the_filter_of_kpo(name):
    """As released, on 96 tokens, where its numerics hold; and the exact one, to what float32 loses of it."""
    z, every = IN["long_log_ratio"], jnp.ones(IN["long_log_ratio"].shape, bool)
    theirs, variances = published("of", f"kpo/filter_{name}"), VARIANCES[name]
    other = KpoReleased(2 * variances[0], variances[1])(z, every).log_ratio
    agrees(KpoReleased(*variances)(z, every).log_ratio, theirs, other, 1e-5)
    agrees(Kalman(*variances)(z, every).log_ratio, theirs, other, 2e-4)


@pytest.mark.parametrize("name", VARIANCES)
def test_the_loss_of_kpo(name):
    """A masked token is an observed 0 there."""
    objective = build_objective(dataclasses.replace(METHODS["kpo_weak"].objective, clip_low=0.02, clip_high=0.03))
    ways = [
        PolicyLoss(KpoReleased(*VARIANCES[name]), objective),
        PolicyLoss(Kalman(*VARIANCES[name], masked="zero_observation"), objective),
    ]
    control = loss_and_gradient(PolicyLoss(KpoReleased(0.05, 1.0), objective), batch_of())[1]
    for way, tolerance in zip(ways, (TOLERANCE, 1e-5), strict=True):
        loss, gradient = loss_and_gradient(way, batch_of())
        assert deviation(loss, published("loss", f"kpo/{name}")) < tolerance
        agrees(gradient, published("grad", f"kpo/{name}"), control, tolerance)


def test_the_versions_and_that_nothing_published_is_left_out():
    assert str(PUBLISHED["versions"]) == f"verl 0.9.1, trl 1.16.0, torch 2.13.0+cpu, verl-kpo {KPO_COMMIT}"
    assert MASK.shape == (8, LENGTH)
    of_verl = {"dro", "clip_cov", "value"}
    losses = {*LOSSES, *FACTOR, *(f"verl/{x}" for x in of_verl), *(f"kpo/{x}" for x in VARIANCES)}
    names = lambda kind: {name.removeprefix(f"{kind}/") for name in PUBLISHED if name.startswith(f"{kind}/")}
    assert names("loss") == losses
    assert names("grad") == losses | {f"verl/{kind}" for kind in PENALTIES}
    of_groups = {f"advantage_{name}{suffix}" for name in ADVANTAGES for suffix in ("", "_alone")}
    assert names("of") == {f"kpo/filter_{name}" for name in VARIANCES} | {
        f"verl/{name}"
        for name in (
            *PENALTIES, *of_groups, "advantage_gdpo", "advantage_otb", "advantage_otb_tail", "rewards", "gae",
            "returns", *(f"kept_{criterion}" for criterion in REJECTIONS), "weights_token", "weights_sequence",
            "weights_icepop", "log_prob", "entropy", "squared_probs",
        )
    }  # fmt: skip
