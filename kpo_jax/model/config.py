"""What a configuration says of the networks: the decoder's architecture and numerics, and the critic."""

import dataclasses
import math

from kpo_jax.checks import (
    Problem,
    above_zero,
    is_number,
    not_negative,
    one_of,
    positive,
    refuse,
    share,
    unless,
    whole,
)
from kpo_jax.model.families import FAMILIES, Family

DTYPES = {"float32": 4, "bfloat16": 2}  # bytes of an entry
HELD = DTYPES | {"int8": 1}  # the same of what weights may also be held in, where they are only read
ROPE_SCALINGS = ("none", "linear", "llama3", "yarn", "longrope")
REMAT = ("none", "elementwise", "attention", "full")


@dataclasses.dataclass(frozen=True)
class RopeScaling:
    """How rotary frequencies are changed for sequences longer than a model was first trained with.

    Attributes:
      kind: "none"; "linear", all are divided by `factor`; "llama3" and "yarn", those that turn less often than
        `slow_turns` times in `original_length` tokens are, those that turn more often than `fast_turns` are not, and
        between them the two are blended (Peng et al. 2023, https://arxiv.org/abs/2309.00071, is "yarn"); "longrope",
        frequency i is divided by factors[i], those for sequences of up to `original_length` tokens (Ding et al. 2024,
        https://arxiv.org/abs/2402.13753).
      attention_factor: what queries and keys are multiplied by ("yarn", "longrope").
    """

    kind: str = "none"
    factor: float = 1.0
    original_length: int = 0
    slow_turns: float = 1.0
    fast_turns: float = 4.0
    attention_factor: float = 1.0
    factors: tuple[float, ...] = ()

    def __post_init__(self):
        blended, needs_length = self.kind in ("llama3", "yarn"), self.kind in ("llama3", "yarn", "longrope")
        refuse(
            [
                *one_of(self, "kind", ROPE_SCALINGS),
                *positive(self, "factor", "slow_turns", "fast_turns", "attention_factor"),
                *unless(
                    self.attention_factor == 1 or self.kind in ("yarn", "longrope"),
                    "attention_factor",
                    f"{self.attention_factor!r}; {self.kind!r} has none, so it must be 1",
                ),
                *whole(self, int(needs_length), "original_length"),
                *unless(not blended or self.slow_turns < self.fast_turns, "slow_turns", "must be below fast_turns"),
                *unless(
                    all(is_number(x) and 0 < x < math.inf for x in self.factors), "factors", "must be finite and > 0"
                ),
            ]
        )


PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")  # of a layer
ALL_LINEAR = "all-linear"


@dataclasses.dataclass(frozen=True)
class LoraConfig:
    """Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): all weights stay as they are, and a projection W is
    trained as W + alpha / rank * A B, of which A [in, rank] and B [rank, out] alone learn, in float32. B begins at 0.

    Attributes:
      rank: 0 trains all weights, without adapters.
      alpha: of the factor alpha / rank.
      targets: which projections of every layer have adapters: names of PROJECTIONS with commas between, or
        "all-linear".
    """

    rank: int = 0
    alpha: float = 32.0
    targets: str = ALL_LINEAR

    def __post_init__(self):
        wrong = [name for name in self.names if name not in PROJECTIONS]
        legal = f"{ALL_LINEAR}, {', '.join(PROJECTIONS)}"
        refuse(
            [
                *whole(self, 0, "rank"),
                *positive(self, "alpha"),
                *unless(not wrong, "targets", f"{', '.join(map(repr, wrong))} is not one of {legal}"),
            ]
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The projections with adapters, each once."""
        return PROJECTIONS if self.targets == ALL_LINEAR else tuple(dict.fromkeys(self.targets.split(",")))

    @property
    def scale(self) -> float:
        """What A B is multiplied by."""
        return self.alpha / self.rank


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Architecture and numerics of one decoder.

    Attributes:
      family: what it has in common with others, an entry of FAMILIES.
      num_heads, num_kv_heads, head_dim: num_heads * head_dim need not equal hidden_size.
      intermediate_size: of the MLP, or of one expert.
      rope_theta, rope_scaling: rotary positions. rotary_share: of a head's features so many turn, the first ones.
      layer_pattern: a letter per layer, repeated through the depth: "g", sees all tokens before it; "l", the last
        `window` tokens alone, its own among them; "n", as "g", but without positions.
      local_rope_theta: that of the layers "l", without scaling; 0: they have the others'.
      num_experts, experts_per_token: of a mixture of experts; 0 in other families.
      dtype: computation and caches; softmax, rotary angles, norms' statistics and logits are float32 in any case.
      param_dtype: storage of the parameters; they are cast to `dtype` where they are used.
      remat: what the backward pass recomputes in a layer: "none"; "elementwise", all but matrix products and attention,
        which costs little time and saves much memory; "attention", that too; "full", everything.
      lora: adapters, which alone are trained where there are any.

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
    family: str = "qwen3"
    rope_theta: float = 1e6
    rope_scaling: RopeScaling = RopeScaling()
    rotary_share: float = 1.0
    layer_pattern: str = "g"
    window: int = 0
    local_rope_theta: float = 0.0
    num_experts: int = 0
    experts_per_token: int = 0
    norm_eps: float = 1e-6
    tie_embeddings: bool = True
    dtype: str = "float32"
    param_dtype: str = "float32"
    remat: str = "elementwise"
    lora: LoraConfig = LoraConfig()

    @property
    def description(self) -> Family:
        """What the model has in common with its family."""
        return FAMILIES[self.family]

    @property
    def trained_dtype(self) -> str:
        """That of what is trained: of adapters float32 in any case."""
        return "float32" if self.lora.rank else self.param_dtype

    @property
    def layer_kinds(self) -> str:
        """The letter of each layer."""
        return (self.layer_pattern * self.num_layers)[: self.num_layers]

    @property
    def rotary_dim(self) -> int:
        """How many features of a head turn."""
        return int(self.head_dim * self.rotary_share)

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
        problems = [
            *one_of(self, "family", FAMILIES),
            *whole(self, 1, *sizes),
            *positive(self, "rope_theta", "norm_eps"),
            *share(self, "rotary_share"),
            *not_negative(self, "local_rope_theta"),
            *whole(self, 0, "window", "num_experts", "experts_per_token"),
            *one_of(self, "dtype", DTYPES),
            *one_of(self, "param_dtype", DTYPES),
            *one_of(self, "remat", REMAT),
            *unless(
                isinstance(self.layer_pattern, str) and self.layer_pattern and set(self.layer_pattern) <= set("gln"),
                "layer_pattern",
                f"{self.layer_pattern!r} is not letters g, l, n",
            ),
        ]
        wrong = {name for name, _ in problems}
        fits = [] if wrong & {*sizes, "rotary_share"} else _fit_of_sizes(self)
        if not wrong & {"layer_pattern", "window", "family", "num_experts", "experts_per_token"}:
            fits += _fit_of_parts(self)
        refuse([*fits, *problems])


def _fit_of_sizes(config: ModelConfig) -> list[Problem]:
    heads, kv_heads, turning = config.num_heads, config.num_kv_heads, config.rotary_dim
    factors = len(config.rope_scaling.factors)
    wanted = turning // 2 if config.rope_scaling.kind == "longrope" else 0
    return [
        *unless(heads % kv_heads == 0, "num_kv_heads", f"{kv_heads} does not divide num_heads = {heads}"),
        *unless(config.head_dim % 2 == 0, "head_dim", f"{config.head_dim} is not even: rotary embedding turns pairs"),
        *unless(
            config.head_dim % 2 or (turning > 0 and turning % 2 == 0),
            "rotary_share",
            f"{config.rotary_share} of {config.head_dim} features are {turning}, which are no pairs",
        ),
        *unless(factors == wanted, "rope_scaling.factors", f"{factors} are given, must be {wanted}"),
    ]


def _fit_of_parts(config: ModelConfig) -> list[Problem]:
    local, experts, chosen = "l" in config.layer_pattern, config.num_experts, config.experts_per_token
    if config.description.experts:
        fits = unless(1 <= chosen <= experts, "experts_per_token", f"{chosen} is not in [1, num_experts = {experts}]")
    else:
        fits = unless(experts == chosen == 0, "num_experts", f"{experts}: {config.family} has no experts, must be 0")
    if config.lora.rank and config.description.experts:
        of_experts = [name for name in config.lora.names if name in ("gate_proj", "up_proj", "down_proj")]
        fits += unless(not of_experts, "lora.targets", f"{', '.join(of_experts)}: experts have no adapters")
    partial = f"{config.rotary_share}: all features of a {config.family}'s heads turn, so it must be 1"
    fits += unless(config.rotary_share == 1 or config.description.partial_rotary, "rotary_share", partial)
    problem = f"{config.window}: must be > 0 with layers 'l' in layer_pattern, and 0 without"
    return [*fits, *unless((config.window > 0) == local, "window", problem)]


# what the weights decide; the others are the run's own choice
ARCHITECTURE_FIELDS = tuple(
    field.name
    for field in dataclasses.fields(ModelConfig)
    if field.name not in ("dtype", "param_dtype", "remat", "lora")
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
    "smollm2-135m": ModelConfig(
        vocab_size=49_152, hidden_size=576, intermediate_size=1536, num_layers=30, num_heads=9, num_kv_heads=3,
        head_dim=64, rope_theta=1e5, norm_eps=1e-5, family="llama",
    ),
}  # fmt: skip


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
