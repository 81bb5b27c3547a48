"""A tiny Qwen3 learns the countdown game, a second task with a reward of its own: on a laptop, no download.

    python -m kpo_jax.main --config=configs/countdown.py:kpo_strong --workdir=runs/countdown

avg@8 on the 64 held-out problems in percent, with 95 % intervals over problems: these runs (two cores, about two
minutes where nothing else runs, 2026-11-27). Late in training many responses write on after their answer and are cut:

    seed   before              after 48 steps      cut
    0      36.1 [31.4, 41.0]   58.4 [48.8, 68.2]   35 %
    1      37.3 [32.0, 43.0]   54.3 [45.7, 62.7]   95 %
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
    data = DataConfig(source="task", num_problems=900, max_prompt_length=32)
    config = Config(
        num_steps=48,
        task=TaskConfig("countdown", {"num_numbers": 2, "max_number": 30, "max_target": 100}),
        data=data,
        model=PRESETS["tiny"],
        sampler=SampleConfig(max_response_length=28),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(learning_rate=2e-4, warmup_steps=4, weight_decay=0.0, num_minibatches=4),
        warm_start=WarmStartConfig(num_steps=300, batch_size=64, learning_rate=2e-3, error_rate=0.5),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=64)},
            every=16,
            num_samples=8,
            prompts_per_call=32,
        ),
        checkpoint=CheckpointConfig(every=16),
    )
    return with_method(config, name)
