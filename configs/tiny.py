"""A tiny Qwen3 learns arithmetic: the whole system on a laptop, no download.

    python -m kpo_jax.main --config=configs/tiny.py:kpo_strong --workdir=runs/tiny_kpo_strong

The argument is a name in kpo_jax/algorithm/methods.py; the paper's are grpo gspo kpo_strong kpo_weak is_kpo_weak opt0
opt1.
"""

import dataclasses

from kpo_jax.algorithm.choices import build_filter, build_objective
from kpo_jax.config import (
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    RolloutConfig,
    TraceConfig,
    WarmStartConfig,
    with_method,
)
from kpo_jax.model.config import PRESETS, CriticConfig
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig

MICROBATCH = 672  # tokens: temporaries of more leave a CPU's cache, which costs a seventh of the update


def get_config(name: str = "kpo_strong"):
    data = DataConfig(source="arithmetic", difficulty="easy", max_prompt_length=32)
    config = Config(
        num_steps=32,
        data=data,
        model=PRESETS["tiny"],
        sampler=SampleConfig(max_response_length=40),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(learning_rate=1e-4, warmup_steps=4, weight_decay=0.0, num_minibatches=4),
        critic=CriticConfig(learning_rate=1e-3, warmup_steps=4),
        warm_start=WarmStartConfig(num_steps=300, batch_size=64, learning_rate=2e-3, error_rate=0.2),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=64)},
            every=8,
            num_samples=8,
            prompts_per_call=32,  # as many at once as in a rollout, so by the same programs
        ),
        checkpoint=CheckpointConfig(every=8),
        trace=TraceConfig(every=16),  # steps 16 and 32, for the tokens in the report
    )
    config = with_method(config, name)
    parts = build_filter(config.algorithm.filter), build_objective(config.algorithm.objective)
    if any(part.batch_coupled for part in parts):  # they must see a minibatch whole
        return config
    return dataclasses.replace(config, learner=dataclasses.replace(config.learner, microbatch_tokens=MICROBATCH))
