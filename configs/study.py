"""The study of launch/reproduce.sh: chains of sums whose responses (51 to 65 tokens) are long enough for the filters to
differ.

    python -m kpo_jax.main --config=configs/study.py:kpo_weak --workdir=runs/kpo_weak

The argument is a name in kpo_jax/algorithm/methods.py or one of the study's own: base (the warm start alone) and
grpo_narrow (GRPO with the clip band of KPO). Any of them with _twin at its end is the same method, which draws other
responses (an A/A twin); with _fast it has three times the learning rate. At Q/V = 1e-2 the gain is within 1 % of its
steady state from token 27 on; the padded length of 72 lies below every point at which the released filter breaks.
launch/reproduce.sh starts all methods of a seed from one base policy (--config.init_from).
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

VARIANTS = {
    "base": METHODS["kpo_strong"],
    "grpo_narrow": dataclasses.replace(METHODS["grpo"], objective=METHODS["kpo_weak"].objective),
}


def get_config(argument: str = "kpo_weak"):
    name = argument.removesuffix("_fast").removesuffix("_twin")
    fast, twin = argument.endswith("_fast"), "_twin" in argument.removeprefix(name)
    data = DataConfig(source="arithmetic", difficulty="chain", max_prompt_length=32)
    return Config(
        num_steps=0 if name == "base" else 24,
        data=data,
        model=dataclasses.replace(
            PRESETS["tiny"], hidden_size=64, intermediate_size=192, num_layers=3, num_heads=2, num_kv_heads=1
        ),
        sampler=SampleConfig(max_response_length=72),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8, stream=int(twin)),
        algorithm=VARIANTS[name] if name in VARIANTS else method(name),
        learner=LearnerConfig(
            learning_rate=6e-4 if fast else 2e-4, warmup_steps=4, weight_decay=0.0, num_minibatches=4
        ),
        warm_start=WarmStartConfig(num_steps=800, batch_size=32, learning_rate=3e-3, error_rate=0.08),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=128)},
            every=12,
            num_samples=8,
            prompts_per_call=64,
        ),
        checkpoint=CheckpointConfig(every=12, keep_last=1, keep_best=0),
    )
