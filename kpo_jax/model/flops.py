"""Floating-point operations and bytes of the phases of a training step, counted from shapes; what devices can do at
best.

A multiplication and an addition are two operations. Matrix products alone count, as is the custom where a fraction of a
device's peak is quoted (Chowdhery et al. 2022, appendix B). What is computed again to save memory (remat, the tiles of
the head) does not. Nor do the products with adapters, about a hundredth of the others; their weights' gradients are not
made.
"""

import dataclasses

from kpo_jax.model.config import DTYPES, ModelConfig
from kpo_jax.model.parameters import num_params, num_trained

# device_kind -> (bfloat16 FLOP/s without sparsity, bytes/s of memory) of one device
DATA_SHEETS = {
    "NVIDIA H100 80GB HBM3": (989.4e12, 3.35e12),
    "NVIDIA H200": (989.4e12, 4.8e12),
    "NVIDIA A100-SXM4-80GB": (312e12, 2.039e12),
    "TPU v4": (275e12, 1.228e12),
    "TPU v5 lite": (197e12, 0.819e12),
    "TPU v5": (459e12, 2.765e12),  # as JAX calls v5p
    "TPU v5p": (459e12, 2.765e12),
    "TPU v6 lite": (918e12, 1.64e12),
}


@dataclasses.dataclass(frozen=True)
class Limits:
    """FLOP/s of matrix products and bytes/s of memory over all devices, and where they come from."""

    flops: float
    bandwidth: float
    source: str


def data_sheet(device_kind: str, num_devices: int) -> Limits | None:
    """The limits of that many devices together where their kind is known."""
    if device_kind not in DATA_SHEETS:
        return None
    rate, bandwidth = DATA_SHEETS[device_kind]
    return Limits(rate * num_devices, bandwidth * num_devices, f"data sheet of {num_devices} x {device_kind}")


def matrix_params(config: ModelConfig, experts: int | None = None) -> int:
    """Weights of the matrix products of all layers that a token meets; embedding, head, norms and biases are not among
    them. Of a mixture those of a token's experts are, or of so many.
    """
    heads = 2 * config.num_heads + 2 * config.num_kv_heads
    mlp = 3 * config.intermediate_size
    if config.description.experts:
        mlp = mlp * (config.experts_per_token if experts is None else experts) + config.num_experts  # the router's
    return config.num_layers * config.hidden_size * (heads * config.head_dim + mlp)


def forward(config: ModelConfig, *, tokens: int, pairs: int, logits: int) -> int:
    """FLOPs of a forward pass over `tokens` tokens, of which `logits` meet the head, with `pairs` of a query and a key
    it sees; a window is not taken into account.
    """
    attention = 4 * config.num_layers * config.num_heads * config.head_dim
    return 2 * matrix_params(config) * tokens + attention * pairs + 2 * config.vocab_size * config.hidden_size * logits


@dataclasses.dataclass(frozen=True)
class StepFlops:
    """FLOPs of a training step by phase."""

    prefill: int
    decode: int
    score: int
    update: int


def training_step(
    config: ModelConfig,
    *,
    prompt_lengths: list[int],
    response_lengths: list[int],
    group_size: int,
    share_prompts: bool,
    epochs: int = 1,
) -> StepFlops:
    """FLOPs of one step: `group_size` responses to each prompt, sampled, scored by the trainer and trained on `epochs`
    times.

    Args:
      prompt_lengths: tokens of each prompt.
      response_lengths: tokens of each response, prompt-major.
      share_prompts: the trainer need run a group's prompt only once.
    """
    responses = [(prompt_lengths[i // group_size], length) for i, length in enumerate(response_lengths)]
    prefill = forward(
        config,
        tokens=sum(prompt_lengths),
        pairs=sum(_causal(length) for length in prompt_lengths),
        logits=len(prompt_lengths),
    ) - _unused_in_prefill(config, prompt_lengths)
    fed_back = sum(max(r - 1, 0) for _, r in responses)  # the last token of a response is not run
    decode = forward(
        config,
        tokens=fed_back,
        pairs=sum(_causal(p + max(r - 1, 0)) - _causal(p) for p, r in responses),
        logits=fed_back,
    )
    prompts = prompt_lengths if share_prompts else [p for p, _ in responses]
    scored = dict(tokens=sum(prompts) + sum(r for _, r in responses), logits=sum(r for _, r in responses))
    score = forward(
        config,
        **scored,
        pairs=sum(_causal(p) for p in prompts) + sum(_causal(p + r) - _causal(p) for p, r in responses),
    )
    update = 3 * score - (forward(config, **scored, pairs=0) if config.lora.rank else 0)
    return StepFlops(prefill=prefill, decode=decode, score=score, update=update * epochs)


def _unused_in_prefill(config, prompt_lengths):
    """Of the last layer nobody needs more than keys and values, but for a prompt's last token."""
    tokens = sum(prompt_lengths) - len(prompt_lengths)
    layer = forward(
        dataclasses.replace(config, num_layers=1),
        tokens=tokens,
        pairs=sum(_causal(n - 1) for n in prompt_lengths),
        logits=0,
    )
    return layer - 2 * tokens * config.hidden_size * 2 * config.num_kv_heads * config.head_dim


def decode_bytes(
    config: ModelConfig,
    *,
    prompts: int,
    group_size: int,
    prompt_length: int,
    response_length: int,
    start: int = 0,
    int8: bool = False,
) -> int:
    """Bytes that decoding must read from the token numbered `start` on: the weights once a step, a prompt's cache once
    a step for its group, and each row's own. With `int8` the layers' weights have a byte each; their scales are not
    counted.
    """
    steps, size = response_length - 1 - start, DTYPES[config.dtype]
    cached_token = 2 * config.num_layers * config.num_kv_heads * config.head_dim
    experts = min(config.num_experts, prompts * group_size * config.experts_per_token)
    layers, head = matrix_params(config, experts), config.vocab_size * config.hidden_size
    weights = steps * (layers * (1 if int8 else size) + head * size)
    own = _causal(response_length - 1) - _causal(start)
    tokens = prompts * (steps * prompt_length + group_size * own)
    return weights + size * cached_token * tokens


def optimizer_bytes(config: ModelConfig) -> int:
    """Bytes that one optimizer step must move: weights read twice; of what is trained the gradient written, and AdamW's
    seven passes.
    """
    trained = num_trained(config) * DTYPES[config.trained_dtype]
    return 2 * num_params(config) * DTYPES[config.param_dtype] + 8 * trained


def _causal(length: int) -> int:
    """Pairs of a query and a key at or before it."""
    return length * (length + 1) // 2
