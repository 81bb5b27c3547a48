"""Methods, one word each: the paper's seven, controls, the systems they are compared with, and variants of IS-KPO.

The paper's have its Q, V, kappa and clip bounds; where it prints a gain or threshold that its own equations do not
give, the values here are the parameters, not the printed consequences (see docs/science.md). The others have their
released defaults. A method is the loss, the advantage, and what else makes the system itself: PPO's critic, DAPO's
sampling and reward. What its authors train with besides (learning rate, group size, number of steps) is not in it.
"""

import dataclasses
import math

from kpo_jax.algorithm.choices import AdvantageConfig, AlgorithmConfig, FilterConfig, ObjectiveConfig
from kpo_jax.algorithm.null import MOVED
from kpo_jax.objectives.rejection import RejectionConfig

# KPO and GSPO clip filtered ratios, which hardly move, in a band a thousand times narrower than PPO's.
_NARROW = ObjectiveConfig(clip_low=3e-4, clip_high=4e-4)
_WIDE = ObjectiveConfig(clip_low=0.2, clip_high=0.2)
_OWN_WIDTH = ObjectiveConfig("scaled_clipped")


def _kalman(process_var: float, measurement_var: float, kappa: float | None = None) -> AlgorithmConfig:
    variances = dict(process_var=process_var, measurement_var=measurement_var, initial_var=0.0)
    linear = FilterConfig("kalman", **variances)
    ratio_filter = linear if kappa is None else FilterConfig("saturated_kalman", **variances, kappa=kappa)
    return AlgorithmConfig(filter=ratio_filter, objective=_NARROW)


def _steady_gain(var_ratio: float) -> float:
    """What the Kalman gain tends to at Q/V = var_ratio."""
    return (math.sqrt(var_ratio**2 + 4 * var_ratio) - var_ratio) / 2


def _robust(name: str, **parameters) -> AlgorithmConfig:
    """A filter with bounds in units of sqrt(V), at kpo_weak's Q/V and so at its gain.

    The paper's innovations have a deviation near 0.012: at its V = 1 none of these bounds would ever be met.
    """
    variances = dict(process_var=1e-6, measurement_var=1e-4, initial_var=0.0)
    return AlgorithmConfig(filter=FilterConfig(name=name, **variances, **parameters), objective=_NARROW)


def _without_v(name: str, **parameters) -> AlgorithmConfig:
    """A filter with a threshold, if it has one, that knows no V, at kpo_weak's Q/V."""
    return AlgorithmConfig(filter=FilterConfig(name=name, var_ratio=1e-2, **parameters), objective=_NARROW)


def _scaled(name: str, **parameters) -> AlgorithmConfig:
    """A filter that measures its own scale, at kpo_weak's Q/V."""
    return AlgorithmConfig(
        filter=FilterConfig(name=name, var_ratio=1e-2, initial_ratio=0.0, kappa=3.0, **parameters), objective=_NARROW
    )


METHODS: dict[str, AlgorithmConfig] = {
    "grpo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_WIDE),
    "gspo": AlgorithmConfig(filter=FilterConfig(name="sequence_mean", gradient="through_filter"), objective=_NARROW),
    "kpo_strong": _kalman(1e-6, 1.0),
    "kpo_weak": _kalman(1e-2, 1.0),
    "is_kpo_weak": _kalman(1e-2, 1.0, kappa=3.0),
    "opt0": _kalman(5e-2, 1.0, kappa=1.0),
    "opt1": _kalman(1e-2, 0.1, kappa=2.0),
    # Controls. The null: Q = 0 and P_0 = 0 hold every filtered ratio at 1, and nothing is clipped, so a token's
    # gradient is A dlog_prob times its share in the loss, however far the policy has moved (group REINFORCE).
    "ratio_one": dataclasses.replace(_kalman(0.0, 1.0), objective=ObjectiveConfig(clip=False)),
    "reinforce": dataclasses.replace(_kalman(0.0, 1.0), objective=ObjectiveConfig(clip=False)),  # the same, by its name
    # kpo_weak, but which tokens lose their gradient is drawn
    "random_drop": dataclasses.replace(
        _kalman(1e-2, 1.0), objective=ObjectiveConfig("random_drop", clip_low=3e-4, clip_high=4e-4)
    ),
    # kpo_weak in GRPO's band; and filters, or none, in a band of the ratio's own width
    "kpo_weak_wide": dataclasses.replace(_kalman(1e-2, 1.0), objective=_WIDE),
    "kpo_weak_scaled": dataclasses.replace(_kalman(1e-2, 1.0), objective=_OWN_WIDTH),
    "kpo_strong_scaled": dataclasses.replace(_kalman(1e-6, 1.0), objective=_OWN_WIDTH),
    "grpo_scaled": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_OWN_WIDTH),
    # other systems
    "ppo": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig(clip_low=0.2, clip_high=0.2, aggregation="token-mean"),
        advantage=AdvantageConfig("gae"),
    ),
    "dapo": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig(clip_low=0.2, clip_high=0.28, dual_clip=10.0, aggregation="token-mean"),
        dynamic_sampling=10,
    ),
    "gspo_token": AlgorithmConfig(filter=FilterConfig(name="sequence_mean"), objective=_NARROW),
    "dr_grpo": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig(clip_low=0.2, clip_high=0.2, aggregation="seq-mean-token-sum-norm"),
        advantage=AdvantageConfig("dr_grpo"),
    ),
    "krpo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_WIDE, advantage=AdvantageConfig("krpo")),
    "gmpo": AlgorithmConfig(
        filter=FilterConfig(name="identity"), objective=ObjectiveConfig(name="geometric", clip_low=0.4, clip_high=0.4)
    ),
    "cispo": AlgorithmConfig(
        filter=FilterConfig(name="identity"), objective=ObjectiveConfig(name="cispo", aggregation="token-mean")
    ),
    "sapo": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig(name="sapo", tau_positive=1.0, tau_negative=1.05),
    ),
    "ctpo": AlgorithmConfig(
        filter=FilterConfig(name="cumulative"),
        objective=ObjectiveConfig(
            name="position_clipped", clip_low=0.025, clip_high=0.05, dual_clip=0.05, aggregation="token-mean"
        ),
    ),
    "minpro_experimental": AlgorithmConfig(filter=FilterConfig(name="min_prefix"), objective=_WIDE),
    "luspo": AlgorithmConfig(
        filter=FilterConfig(name="sequence_mean", gradient="through_filter"),
        objective=ObjectiveConfig(clip_low=3e-4, clip_high=4e-4, aggregation="seq-mean-token-sum"),
    ),
    "hmpo": AlgorithmConfig(
        filter=FilterConfig(name="identity"), objective=ObjectiveConfig("harmonic", clip_low=0.4, clip_high=0.4)
    ),
    "ctpo_geomean": AlgorithmConfig(  # Q = 0 and P_0 = inf: the running mean
        filter=FilterConfig("kalman", process_var=0.0, measurement_var=1.0, initial_var=math.inf),
        objective=ObjectiveConfig("position_clipped", clip_low=0.025, clip_high=0.05, power=-0.5, dual_clip=0.05),
    ),
    "dppo_tv": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig("dppo", divergence="tv", clip_low=0.15, clip_high=0.15),
        advantage=AdvantageConfig("dr_grpo"),
    ),
    "dppo_kl": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=ObjectiveConfig("dppo", divergence="kl", clip_low=0.05, clip_high=0.05),
        advantage=AdvantageConfig("dr_grpo"),
    ),
    "vespo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=ObjectiveConfig("vespo")),
    "clip_cov": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=ObjectiveConfig("clip_cov")),
    "kl_cov": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=ObjectiveConfig("kl_cov")),
    "dro": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=ObjectiveConfig("dro", beta=0.05)),
    "opo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_WIDE, advantage=AdvantageConfig("opo")),
    "gdpo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_WIDE, advantage=AdvantageConfig("gdpo")),
    # GRPO, without what sampler and trainer, or old and new policy, disagree on
    "icepop": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=dataclasses.replace(_WIDE, truncated_is="token", truncated_is_cap=5.0),
        rejection=RejectionConfig("token", low=0.5, high=5.0),
    ),
    "seq_mis": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=dataclasses.replace(_WIDE, truncated_is="sequence", truncated_is_cap=2.0),
        rejection=RejectionConfig("sequence", low=0.5, high=2.0),
    ),
    "geo_rs": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=_WIDE,
        rejection=RejectionConfig("geometric", low=0.999, high=1.001),
    ),
    "opsm": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=_WIDE,
        rejection=RejectionConfig("off_policy", "sampler_and_new", high=0.5),
    ),
    "trm": AlgorithmConfig(
        filter=FilterConfig(name="identity"),
        objective=_WIDE,
        rejection=RejectionConfig("largest_k3", "sampler_and_new", high=0.05),
    ),
    # KPO's relatives
    "kpo_unclipped": dataclasses.replace(_kalman(1e-4, 1.0), objective=ObjectiveConfig(clip=False)),
    # KPO's released code where the paper uses it, with its faults in float32: for measuring, see its filter
    "kpo_released": AlgorithmConfig(
        filter=FilterConfig(name="kpo_released", process_var=1e-2, measurement_var=1.0), objective=_NARROW
    ),
    "ema_kpo": AlgorithmConfig(filter=FilterConfig(name="ema", gain=_steady_gain(1e-6)), objective=_NARROW),
    # IS-KPO at kpo_weak's Q/V, with thresholds of other scales. A median over all tokens is next to 0 where most of
    # them hardly move, which leaves a ratio of 1; a deviation, or a median of those that have moved, does not.
    "is_kpo_calibrated": _scaled("calibrated"),
    "is_kpo_deviation": _scaled("calibrated", scale="deviation"),
    "is_kpo_moved": _scaled("calibrated", noise=MOVED),
    "is_kpo_running_mean": _scaled("running_scale", statistic="mean"),
    "is_kpo_running_median": _scaled("running_scale", statistic="median"),
    "is_kpo_running_moved": _scaled("running_scale", statistic="mean", noise=MOVED),
    "is_kpo_masreliez": _robust("saturated_kalman", kappa=3.0, covariance="masreliez"),
    "is_kpo_iterated": _robust("iterated"),
    "is_kpo_huber": _robust("huber"),
    "is_kpo_wolf": _robust("wolf"),
    "is_kpo_student_t": _robust("student_t"),
    "is_kpo_stubborn": _robust("stubborn"),
    "is_kpo_adaptive_var": _robust("adaptive_var"),
    # Thresholds that need no V: one innovation in fifty, one in eleven, none; and weights against a scale that is
    # followed
    "is_kpo_quantile": _without_v("quantile", quantile=0.98),
    "is_kpo_rank": _without_v("rank", window=32, rank=3),
    "is_kpo_median_window": _without_v("median_window", window=5),
    "is_kpo_score_t": _without_v("score_t"),
    "is_kpo_mixture": _without_v("outlier_mixture"),
    # not causal: what the model of kpo_weak says of a token when it knows the whole response
    "kpo_smoother": AlgorithmConfig(
        filter=FilterConfig("smoother", process_var=1e-2, measurement_var=1.0, initial_var=0.0), objective=_NARROW
    ),
}


def name_of(algorithm: AlgorithmConfig) -> str | None:
    """The method that an algorithm is, None if it is none of them."""
    return next((name for name, known in METHODS.items() if known == algorithm), None)


def method(name: str) -> AlgorithmConfig:
    """The algorithm of a method. Raises ValueError naming the legal ones."""
    if name not in METHODS:
        raise ValueError(f"no method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]
