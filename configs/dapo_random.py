"""The real prompts and tokenizer with a small random Qwen3: every stage of the paper's experiment, on a CPU, in
minutes.

    python -m kpo_jax.main --config=configs/dapo_random.py:kpo_weak --workdir=runs/dapo_random \\
        --config.tokenizer=QWEN3_TOKENIZER_DIR --config.data.path=dapo_math_17k.jsonl \\
        --config.eval.sets.math500.path=math500.jsonl --config.eval.sets.aime24.path=aime24.jsonl \\
        --config.eval.sets.aime25.path=aime25.jsonl

The files are JSON lines with the fields problem and answer. A random policy answers nothing right: expect 0 %
everywhere, a ratio of 1 on the first minibatch, and a log-probability mismatch between sampler and trainer below 1e-3.
"""

from kpo_jax.config import CheckpointConfig, Config, EvalConfig, LearnerConfig, RolloutConfig, with_method
from kpo_jax.model.config import ModelConfig
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig


def get_config(name: str = "kpo_strong"):
    def problems(path, num):
        return DataConfig(source="jsonl", path=path, template="dapo", max_prompt_length=256, num_problems=num)

    config = Config(
        num_steps=4,
        tokenizer="Qwen/Qwen3-0.6B",
        data=problems("dapo_math_17k.jsonl", 0),
        model=ModelConfig(
            vocab_size=151_936,
            hidden_size=64,
            intermediate_size=128,
            num_layers=2,
            num_heads=4,
            num_kv_heads=2,
            head_dim=16,
        ),
        sampler=SampleConfig(max_response_length=32),
        rollout=RolloutConfig(prompts_per_step=8, group_size=8),
        learner=LearnerConfig(learning_rate=1e-4, num_minibatches=4),
        eval=EvalConfig(
            sets={
                "math500": problems("math500.jsonl", 16),
                "aime24": problems("aime24.jsonl", 8),
                "aime25": problems("aime25.jsonl", 8),
            },
            num_samples=2,
            prompts_per_call=8,
        ),
        checkpoint=CheckpointConfig(every=4),
    )
    return with_method(config, name)
