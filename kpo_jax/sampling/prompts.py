"""Prompts as a rectangle of token ids."""

import numpy as np


def pad_prompts(prompts: list[list[int]], length: int, pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Right-padded tokens [B, P] int32 with P = `length`, and lengths [B] int32; every prompt has 1 to P tokens."""
    lengths = np.array([len(prompt) for prompt in prompts], np.int32)
    if len(prompts) and not 1 <= lengths.min() <= lengths.max() <= length:
        raise ValueError(f"prompts have {lengths.min()} to {lengths.max()} tokens; must have 1 to {length}")
    tokens = np.full((len(prompts), length), pad_id, np.int32)
    for row, prompt in zip(tokens, prompts, strict=True):
        row[: len(prompt)] = prompt
    return tokens, lengths
