"""A tiny Qwen3 learns the countdown game, a second task with a reward of its own: on a laptop, no download.

    python -m kpo_jax.main --config=configs/countdown.py:kpo_strong --workdir=runs/countdown

avg@8 on the 40 held-out problems in percent, with 95 % intervals over problems, and the mean reward of a training step
(two cores of a busy machine, 2026-11-27). Training reward rises with both seeds, held-out accuracy clearly with one:

    seed   before              after 32 steps      reward, step 1 to 32
    0      35.6 [29.7, 42.2]   59.7 [48.4, 69.4]   0.31 to 0.65
    1      31.2 [25.6, 36.9]   35.0 [22.8, 48.1]   0.36 to 0.50
"""

import dataclasses

from kpo_jax.config import (
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    RolloutConfig,
    WarmStartConfig,
    with_method,
)
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.registry import TaskConfig


def get_config(name: str = "kpo_strong"):
    data = DataConfig(source="task", num_problems=400, max_prompt_length=32)
    config = Config(
        num_steps=32,
        task=TaskConfig("countdown", {"num_numbers": 2, "max_number": 20, "max_target": 100}),
        data=data,
        model=PRESETS["tiny"],
        sampler=SampleConfig(max_response_length=28),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(learning_rate=2e-4, warmup_steps=4, weight_decay=0.0, num_minibatches=4),
        warm_start=WarmStartConfig(num_steps=200, batch_size=64, learning_rate=2e-3, error_rate=0.5),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=40)},
            every=16,
            num_samples=8,
            prompts_per_call=40,
        ),
        checkpoint=CheckpointConfig(every=16),
    )
    return with_method(config, name)
