"""Qwen3-0.6B, post-trained, without thinking, on the word problems of GSM8K: a real model on one accelerator in an
afternoon.

    python -m kpo_jax.main --config=configs/qwen3_0_6b_gsm8k.py:kpo_strong --workdir=runs/qwen3_0_6b_gsm8k

The argument is a method's name. With --dry_run it says what it needs and stops. It has not been run with the real
weights.
"""

import dataclasses

from kpo_jax.config import CheckpointConfig, Config, EvalConfig, LearnerConfig, RolloutConfig, with_method
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import HUB_SETS


def get_config(name: str = "kpo_strong"):
    def problems(which, number=0):
        return dataclasses.replace(HUB_SETS[which], template="chat", max_prompt_length=320, num_problems=number)

    config = Config(
        num_steps=100,
        tokenizer="Qwen/Qwen3-0.6B",
        pretrained="Qwen/Qwen3-0.6B",
        data=problems("gsm8k_train"),
        model=dataclasses.replace(PRESETS["qwen3-0.6b"], dtype="bfloat16", remat="full"),
        sampler=SampleConfig(max_response_length=704),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(
            learning_rate=1e-6, warmup_steps=20, num_minibatches=4, microbatch_tokens=32 * 1024, share_prompts=False
        ),
        eval=EvalConfig(sets={"gsm8k_test": problems("gsm8k_test", 500)}, every=25, num_samples=8, prompts_per_call=32),
        checkpoint=CheckpointConfig(every=25),
    )
    return with_method(config, name)
