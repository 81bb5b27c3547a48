"""The paper's experiment on one accelerator: Qwen3-0.6B-Base on DAPO-Math-17k, shorter responses, the same evaluation
sets.

    python -m kpo_jax.main --config=configs/qwen3_0_6b_dapo.py:kpo_strong --workdir=runs/qwen3_0_6b_kpo_strong

The argument is a method's name. With --dry_run it says what it needs and stops. It has not been run with the real
weights.
"""

import dataclasses

from kpo_jax.config import CheckpointConfig, Config, EvalConfig, LearnerConfig, RolloutConfig, with_method
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import HUB_SETS


def get_config(name: str = "kpo_strong"):
    def problems(which):
        return dataclasses.replace(HUB_SETS[which], template="base", max_prompt_length=512)

    config = Config(
        num_steps=100,
        tokenizer="Qwen/Qwen3-0.6B-Base",
        pretrained="Qwen/Qwen3-0.6B-Base",
        data=problems("dapo_math_17k"),
        model=dataclasses.replace(PRESETS["qwen3-0.6b"], dtype="bfloat16", remat="full"),
        sampler=SampleConfig(max_response_length=1536, stop=("\nQuestion:",)),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8, prompts_per_call=16),
        learner=LearnerConfig(
            learning_rate=1e-6, warmup_steps=20, num_minibatches=4, microbatch_tokens=16 * 2048, share_prompts=False
        ),
        eval=EvalConfig(
            sets={which: problems(which) for which in ("math500", "aime24", "aime25")},
            num_samples=16,
            prompts_per_call=8,
        ),
        checkpoint=CheckpointConfig(every=10),
    )
    return with_method(config, name)
