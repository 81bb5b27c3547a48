"""What a configuration says of the networks: the decoder's architecture and numerics, and the critic."""

import dataclasses

from kpo_jax.checks import above_zero, one_of, positive, refuse, unless, whole

DTYPES = ("float32", "bfloat16")
REMAT = ("none", "elementwise", "attention", "full")


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Architecture and numerics of one decoder.

    Attributes:
      num_heads, num_kv_heads, head_dim: num_heads * head_dim need not equal hidden_size.
      qk_norm: RMS-normalise queries and keys per head (Qwen3).
      qkv_bias: biases on the query, key and value projections (Qwen2.5).
      dtype: computation and caches; softmax, rotary angles, norms' statistics and logits are float32 in any case.
      param_dtype: storage of the parameters; they are cast to `dtype` where they are used.
      remat: what the backward pass recomputes in a layer: "none"; "elementwise", all but matrix products and attention,
        which costs little time and saves much memory; "attention", that too; "full", everything.

    Raises:
      ValueError: lists every illegal field.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    rope_theta: float = 1e6
    norm_eps: float = 1e-6
    tie_embeddings: bool = True
    qk_norm: bool = True
    qkv_bias: bool = False
    dtype: str = "float32"
    param_dtype: str = "float32"
    remat: str = "elementwise"

    def __post_init__(self):
        sizes = (
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_layers",
            "num_heads",
            "num_kv_heads",
            "head_dim",
        )
        problems = whole(self, 1, *sizes)
        if not problems:
            groups, pairs = self.num_heads % self.num_kv_heads == 0, self.head_dim % 2 == 0
            problems += unless(
                groups, "num_kv_heads", f"{self.num_kv_heads} does not divide num_heads = {self.num_heads}"
            )
            problems += unless(pairs, "head_dim", f"{self.head_dim} is not even: rotary embedding turns pairs")
        refuse(
            [
                *problems,
                *positive(self, "rope_theta", "norm_eps"),
                *one_of(self, "dtype", DTYPES),
                *one_of(self, "param_dtype", DTYPES),
                *one_of(self, "remat", REMAT),
            ]
        )


def _qwen3(hidden_size, intermediate_size, num_layers, num_heads, tie_embeddings):
    return ModelConfig(
        vocab_size=151_936, hidden_size=hidden_size, intermediate_size=intermediate_size, num_layers=num_layers,
        num_heads=num_heads, num_kv_heads=8, head_dim=128, tie_embeddings=tie_embeddings,
    )  # fmt: skip


# Sizes of the published models: the config.json of Qwen/Qwen3-0.6B ... Qwen/Qwen3-32B.
PRESETS: dict[str, ModelConfig] = {
    "tiny": ModelConfig(
        vocab_size=64, hidden_size=128, intermediate_size=384, num_layers=4, num_heads=4, num_kv_heads=2, head_dim=32
    ),
    "qwen3-tiny": ModelConfig(
        vocab_size=2048, hidden_size=256, intermediate_size=768, num_layers=6, num_heads=8, num_kv_heads=4, head_dim=32
    ),
    "qwen3-0.6b": _qwen3(1024, 3072, 28, 16, True),
    "qwen3-1.7b": _qwen3(2048, 6144, 28, 16, True),
    "qwen3-4b": _qwen3(2560, 9728, 36, 32, True),
    "qwen3-8b": _qwen3(4096, 12_288, 36, 32, False),
    "qwen3-14b": _qwen3(5120, 17_408, 40, 40, False),
    "qwen3-32b": _qwen3(5120, 25_600, 64, 64, False),
}


@dataclasses.dataclass(frozen=True)
class CriticConfig:
    """The critic of `algorithm.advantage = gae`; with any other advantage there is none.

    Attributes:
      learning_rate, warmup_steps: of its optimizer, which is the policy's (LearnerConfig) in all else.
      value_clip: how far a value may move from the one at rollout time while its gradient lives; inf is no clip.
      normalize: whether advantages get mean 0 and standard deviation 1 over the rollout's valid tokens, as is the
        custom.
    """

    learning_rate: float = 1e-5
    warmup_steps: int = 0
    value_clip: float = 0.2
    normalize: bool = True

    def __post_init__(self):
        refuse(
            [
                *positive(self, "learning_rate"),
                *whole(self, 0, "warmup_steps"),
                *above_zero(self, "value_clip"),
            ]
        )
