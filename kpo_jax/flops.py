"""Floating-point operations of the phases of a training step, counted from shapes: a multiplication and an addition are two.

Matrix products alone count, as is the custom where a fraction of a device's peak is quoted (Chowdhery et al. 2022, appendix B). What
is computed again to save memory (remat, the tiles of the head) does not.
"""

import dataclasses

from kpo_jax.model import ModelConfig


def matrix_params(config: ModelConfig) -> int:
    """Weights of the matrix products of all layers; embedding, head, norms and biases are not among them."""
    heads = 2 * config.num_heads + 2 * config.num_kv_heads
    return config.num_layers * config.hidden_size * (heads * config.head_dim + 3 * config.intermediate_size)


def forward(config: ModelConfig, *, tokens: int, pairs: int, logits: int) -> int:
    """FLOPs of a forward pass over `tokens` tokens, of which `logits` meet the head, with `pairs` of a query and a key it sees."""
    attention = 4 * config.num_layers * config.num_heads * config.head_dim
    return 2 * matrix_params(config) * tokens + attention * pairs + 2 * config.vocab_size * config.hidden_size * logits


@dataclasses.dataclass(frozen=True)
class StepFlops:
    """FLOPs of a training step by phase."""

    prefill: int
    decode: int
    score: int
    update: int


def training_step(config: ModelConfig, *, prompt_lengths: list[int], response_lengths: list[int], group_size: int) -> StepFlops:
    """FLOPs of one step: `group_size` responses to each prompt, sampled, scored by the trainer and trained on once.

    Args:
      prompt_lengths: tokens of each prompt.
      response_lengths: tokens of each response, prompt-major.
    """
    responses = [(prompt_lengths[i // group_size], length) for i, length in enumerate(response_lengths)]
    prefill = forward(
        config, tokens=sum(prompt_lengths), pairs=sum(_causal(length) for length in prompt_lengths), logits=len(prompt_lengths)
    )
    fed_back = sum(max(r - 1, 0) for _, r in responses)  # the last token of a response is not run
    decode = forward(
        config, tokens=fed_back, pairs=sum(_causal(p + max(r - 1, 0)) - _causal(p) for p, r in responses), logits=fed_back
    )
    score = forward(
        config,
        tokens=sum(p + r for p, r in responses),
        pairs=sum(_causal(p + r) for p, r in responses),
        logits=sum(r for _, r in responses),
    )
    return StepFlops(prefill=prefill, decode=decode, score=score, update=3 * score)


def _causal(length: int) -> int:
    """Pairs of a query and a key at or before it."""
    return length * (length + 1) // 2
