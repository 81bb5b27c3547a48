"""The confirming study of docs/protocol.md: chains of sums, fresh responses or such of 32 updates ago, eighteen seeds.

    python -m kpo_jax.main --config=configs/confirm.py:kpo_weak_stale --workdir=runs/kpo_weak_stale

The argument is a name in kpo_jax/algorithm/methods.py or one of the study's own: base (the warm start alone),
kpo_match_weak (T sqrt(Q/V) as in the paper's weak smoothing; its rate was not searched), is_deviation (saturation at
two deviations) and kpo_weak_same_rate (kpo_weak at the learning rate of ratio_one, while other methods have their own).
With _stale the policy of 8 training steps ago draws; with _twin at the end other responses are drawn (an A/A twin).
`STUDY=confirm bash launch/reproduce.sh` starts all methods of a seed from one base policy.
"""

import dataclasses

from kpo_jax.algorithm.methods import METHODS, method
from kpo_jax.config import (
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    RolloutConfig,
    WarmStartConfig,
)
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig

STALENESS = 8  # training steps of 4 updates


def _with_filter(name: str, **parameters):
    algorithm = METHODS[name]
    return dataclasses.replace(algorithm, filter=dataclasses.replace(algorithm.filter, **parameters))


VARIANTS = {
    "base": METHODS["kpo_strong"],
    "kpo_weak_same_rate": METHODS["kpo_weak"],
    "kpo_match_weak": _with_filter("kpo_weak", process_var=2.05),  # 860 sqrt(1e-2) = 60 sqrt(2.05)
    "is_deviation": _with_filter("is_kpo_deviation", kappa=2.0),
}


# Learning rates by the search of docs/protocol.md; a method that is not here was not searched and has ratio_one's.
RATES = {
    "ratio_one": 2e-4, "grpo": 4e-4, "kpo_weak": 4e-4, "kpo_weak_wide": 2e-4, "kpo_weak_scaled": 4e-4,
    "kpo_strong_scaled": 2e-4, "grpo_scaled": 4e-4, "random_drop": 2e-4, "is_deviation": 4e-4, "is_kpo_quantile": 4e-4,
    "ratio_one_stale": 2.5e-5, "grpo_stale": 2e-4, "kpo_weak_stale": 4e-4, "kpo_weak_scaled_stale": 1e-4,
    "grpo_scaled_stale": 2e-4, "is_deviation_stale": 4e-4, "is_kpo_quantile_stale": 4e-4,
}  # fmt: skip
RATES["kpo_weak_same_rate"] = RATES["ratio_one"]


def get_config(argument: str = "kpo_weak"):
    twin, rest = argument.endswith("_twin"), argument.removesuffix("_twin")
    name, stale = rest.removesuffix("_stale"), rest.endswith("_stale")
    data = DataConfig(source="arithmetic", difficulty="chain", max_prompt_length=32)
    return Config(
        num_steps=0 if name == "base" else 32,
        data=data,
        model=dataclasses.replace(
            PRESETS["tiny"], hidden_size=64, intermediate_size=192, num_layers=3, num_heads=2, num_kv_heads=1
        ),
        sampler=SampleConfig(max_response_length=72),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8, stream=int(twin), staleness=STALENESS if stale else 0),
        algorithm=VARIANTS[name] if name in VARIANTS else method(name),
        learner=LearnerConfig(
            learning_rate=RATES.get(rest, RATES["ratio_one"]), warmup_steps=4, weight_decay=0.0, num_minibatches=4
        ),
        warm_start=WarmStartConfig(num_steps=800, batch_size=32, learning_rate=3e-3, error_rate=0.08),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=256)},
            every=4,
            num_samples=4,
            prompts_per_call=64,
        ),
        checkpoint=CheckpointConfig(every=16, keep_last=1, keep_best=0),
    )
