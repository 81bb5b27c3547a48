"""Qwen3-32B on DAPO-Math-17k, evaluated on MATH-500: the paper's method at a size that needs a pod.

    python -m kpo_jax.main --config=configs/qwen3_32b_dapo.py:kpo_strong --workdir=runs/qwen3_32b_kpo_strong

for sixteen accelerators with 95 GB (TPU v5p:2x2x4). The argument is a method in kpo_jax/algorithm/methods.py. There is
no base model of this size, so the questions are asked in the chat template without its thinking. With --dry_run
--dry_run_topology=v5p:2x2x4 the training step is compiled for that TPU, and memory and FLOPs are printed; this
configuration has not been run with the real weights.
"""

import dataclasses

from kpo_jax.config import (
    CheckpointConfig,
    Config,
    EvalConfig,
    LearnerConfig,
    MeshConfig,
    RolloutConfig,
    with_method,
)
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import HUB_SETS


def get_config(name: str = "kpo_strong"):
    def problems(which):
        return dataclasses.replace(HUB_SETS[which], template="chat", max_prompt_length=1024)

    config = Config(
        num_steps=16,
        tokenizer="Qwen/Qwen3-32B",
        pretrained="Qwen/Qwen3-32B",
        data=problems("dapo_math_17k"),
        model=dataclasses.replace(PRESETS["qwen3-32b"], dtype="bfloat16", remat="full"),
        sampler=SampleConfig(max_response_length=4096),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(
            learning_rate=1e-6, warmup_steps=3, num_minibatches=4, microbatch_tokens=16 * 5120, share_prompts=False
        ),
        eval=EvalConfig(sets={"math500": problems("math500")}, num_samples=4, prompts_per_call=16),
        checkpoint=CheckpointConfig(every=4),
        mesh=MeshConfig(fsdp=16, across_hosts=True),
    )
    return with_method(config, name)
