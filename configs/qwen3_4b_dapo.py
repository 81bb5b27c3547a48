"""The paper's experiment: Qwen3-4B-Base on DAPO-Math-17k, evaluated on MATH-500, AIME 2024 and AIME 2025 by avg@16 and
pass@16.

    python -m kpo_jax.main --config=configs/qwen3_4b_dapo.py:kpo_strong --workdir=runs/qwen3_4b_kpo_strong

for one node of eight accelerators with 80 GB; for more, set mesh.fsdp, or leave it at 8 and let mesh.data grow. The
argument is a method: grpo gspo kpo_strong kpo_weak is_kpo_weak opt0 opt1. With --dry_run it says what it needs and
stops. Weights and problems come from the hub; --config.revision pins the weights, --config.data.revision the problems,
and source, path, problem_field and answer_field of data and eval.sets.* name local files instead.

From the paper: 8 samples a prompt, 16 steps, learning rate 1e-6, the methods' Q, V, kappa and clip bounds. From KPO's
released script, where the paper is silent: 32 prompts a step in four minibatches, prompts of 1024 and responses of 4096
tokens, 5 % warm-up, weight decay 0.1. The paper prints 59.60 (kpo_strong), 47.81 (kpo_weak) and 48.59 (is_kpo_weak) for
avg@16 on MATH-500; this configuration has not been run with the real weights.
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
        return dataclasses.replace(HUB_SETS[which], template="base", max_prompt_length=1024)

    config = Config(
        num_steps=16,
        tokenizer="Qwen/Qwen3-4B-Base",
        pretrained="Qwen/Qwen3-4B-Base",
        data=problems("dapo_math_17k"),
        model=dataclasses.replace(PRESETS["qwen3-4b"], dtype="bfloat16", remat="full"),
        # a base model that has answered likes to ask itself the next question
        sampler=SampleConfig(max_response_length=4096, stop=("\nQuestion:",)),
        rollout=RolloutConfig(prompts_per_step=32, group_size=8),
        learner=LearnerConfig(
            learning_rate=1e-6, warmup_steps=3, num_minibatches=4, microbatch_tokens=8 * 2 * 5120, share_prompts=False
        ),
        eval=EvalConfig(
            sets={which: problems(which) for which in ("math500", "aime24", "aime25")},
            num_samples=16,
            prompts_per_call=16,
        ),
        checkpoint=CheckpointConfig(every=4),
        mesh=MeshConfig(fsdp=8, across_hosts=True),
    )
    return with_method(config, name)
