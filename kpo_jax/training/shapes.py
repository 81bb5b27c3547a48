"""What follows from a configuration for the shapes of its update, without jax and without its problems."""

from kpo_jax.config import Config
from kpo_jax.model.shapes import PackShape, pack_shape
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.training.inputs import PROMPT_ROUNDING


def minibatch_rows(config: Config) -> int:
    """The responses of one optimizer step."""
    return config.rollout.prompts_per_step * config.rollout.group_size // config.learner.num_minibatches


def longest_prompt(config: Config, data: DataConfig | None = None) -> int:
    """The columns of prompts that are as long as they may be, of the training problems or of `data`; those of a run's
    own problems may be fewer.
    """
    return -(-(data or config.data).max_prompt_length // PROMPT_ROUNDING) * PROMPT_ROUNDING


def update_shape(config: Config, prompt_length: int, device_rows: int) -> PackShape:
    """The microbatches of an update whose prompts have at most `prompt_length` tokens; `device_rows` is data x fsdp of
    the mesh.
    """
    return pack_shape(
        minibatch_rows(config),
        prompt_length,
        config.sampler.max_response_length,
        group_size=config.rollout.group_size if config.learner.share_prompts else 1,
        microbatch_tokens=config.learner.microbatch_tokens,
        device_rows=device_rows,
        multiple=config.mesh.sequence,
    )
