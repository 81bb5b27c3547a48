"""The records of a configuration. `Config` is the one that names every choice of a run.

Rooms own their records (`ModelConfig` lives in model/decoder.py, and so on); what has no room of its own is here. A
record checks its own fields; what must fit together is checked in validate.py.

A field marked `FREE` may change when a run is resumed: it does not alter the trajectory of the parameters.
"""

import dataclasses
import math
import re

from kpo_jax.algorithm.choices import AlgorithmConfig
from kpo_jax.checks import (
    Problem,
    above_zero,
    below_one,
    between,
    is_whole,
    not_negative,
    of_32_bits,
    one_of,
    positive,
    refuse,
    share,
    unless,
    whole,
)
from kpo_jax.model.config import DTYPES, PRESETS, CriticConfig, ModelConfig
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.tasks.prompts import DataConfig
from kpo_jax.tasks.registry import TaskConfig
from kpo_jax.tasks.rewards import RewardConfig

FREE = {"free": True}


@dataclasses.dataclass(frozen=True)
class RolloutConfig:
    """prompts_per_step x group_size responses are sampled per training step, of at most prompts_per_call prompts at
    once (0 = all).

    Another `stream` draws other responses of the same policy to the same prompts, and changes nothing else. So it makes
    the A/A twin of a run: how far the two end apart is what a difference of methods has to exceed.

    With a `staleness` of k the responses of training step t are drawn by the policy of k training steps ago, that after
    max(0, t - 1 - k) of them, as where sampler and trainer run side by side. The old log-probabilities are the
    trainer's under that same policy, not under the present one: so from the first minibatch on the log-ratio, and what
    a filter makes of it, is of k training steps of drift, and sampler and trainer differ by rounding alone. The k
    policies are kept on the devices and in every checkpoint.
    """

    prompts_per_step: int = 8
    group_size: int = 8
    prompts_per_call: int = 0
    stream: int = 0
    staleness: int = 0

    def __post_init__(self):
        refuse(
            [
                *whole(self, 1, "prompts_per_step", "group_size"),
                *whole(self, 0, "prompts_per_call", "staleness"),
                *of_32_bits(self, "stream"),
            ]
        )

    @property
    def prompts_at_once(self) -> int:
        """The prompts of one sampler call, over all processes."""
        return self.prompts_per_call or self.prompts_per_step


SCHEDULES = ("constant", "linear", "cosine", "wsd")


@dataclasses.dataclass(frozen=True)
class LearnerConfig:
    """Optimizer and batching of the policy update.

    Each rollout is cut into `num_minibatches` optimizer steps (so the ratio is off-policy from the second on), which
    are taken `epochs` times over, in the same order, on the same old log-probabilities and advantages. Each of them
    accumulates its gradient over microbatches of at most `microbatch_tokens` tokens, prompts included, packed
    without padding (0: the whole minibatch at once). With `share_prompts` a group's prompt is computed once for the
    responses that are packed behind it, which needs attention that passes over what a mask hides to be worth it: on a
    CPU it has. An update that is not finite is skipped, and so is a spike, whose gradient norm is more than
    `max_norm_ratio` times the mean of the last `norm_window` or so that were taken (0: there are no spikes; the first
    `norm_window` updates are none); `max_bad_updates` skipped in a row end the run. After a linear warm-up of
    `warmup_steps` updates the learning rate is constant, or it decays in `decay_steps` updates to the share `decay_to`
    of itself, where it stays: by `schedule` as a line, as half a cosine, or as a line that begins after `stable_steps`
    updates at the full rate (wsd: warm-up, stable, decay; Hu et al. 2024, arXiv 2404.06395). These are numbers of
    updates and no shares of the run, so that a run which goes on for longer is the same up to there; one that would go
    on at a rate of 0 is refused. Adam's moments are stored in
    `first_moment_dtype` and `second_moment_dtype`; a second moment in bfloat16 hardly decays at adam_b2 = 0.999, as the
    dtype has no number that is a thousandth smaller. With `moments_on_host` they lie in the host's pinned memory, and
    on the device from the gradient to the end of the update alone, which reads and writes them over the host's bus: for
    a state that does not fit beside activations or the sampler's cache.
    """

    learning_rate: float = 1e-6
    warmup_steps: int = 0
    schedule: str = "constant"
    stable_steps: int = 0
    decay_steps: int = 0
    decay_to: float = 0.0
    weight_decay: float = 0.1
    adam_b1: float = 0.9
    adam_b2: float = 0.999
    max_grad_norm: float = 1.0
    num_minibatches: int = 4
    epochs: int = 1
    microbatch_tokens: int = 0
    share_prompts: bool = True
    first_moment_dtype: str = "float32"
    second_moment_dtype: str = "float32"
    moments_on_host: bool = False
    max_bad_updates: int = 3
    max_norm_ratio: float = 0.0
    norm_window: int = 64

    def __post_init__(self):
        off_or_above_one = self.max_norm_ratio == 0 or 1 < self.max_norm_ratio < math.inf
        decays = self.schedule != "constant"
        refuse(
            [
                *positive(self, "learning_rate"),
                *above_zero(self, "max_grad_norm"),
                *not_negative(self, "weight_decay"),
                *below_one(self, "adam_b1", "adam_b2"),  # at 1 the moments would be 0, over a correction of 0
                *between(self, 0, 1, "decay_to"),
                *whole(self, 0, "warmup_steps", "microbatch_tokens"),
                *whole(self, 1, "num_minibatches", "epochs", "max_bad_updates", "norm_window"),
                *one_of(self, "schedule", SCHEDULES),
                *(whole(self, 1, "decay_steps") if decays else self._nothing_without("decay_steps", "decay_to")),
                *(whole(self, 1, "stable_steps") if self.schedule == "wsd" else self._nothing_without("stable_steps")),
                *one_of(self, "first_moment_dtype", DTYPES),
                *one_of(self, "second_moment_dtype", DTYPES),
                *unless(
                    off_or_above_one,
                    "max_norm_ratio",
                    f"{self.max_norm_ratio!r} is neither 0 (off) nor a finite number > 1",
                ),
            ]
        )

    def _nothing_without(self, *names: str) -> list[Problem]:
        """The named fields must be 0 under this schedule, which does not read them."""
        values = {name: getattr(self, name) for name in names}
        return [
            (name, f"{value!r} does nothing with schedule {self.schedule!r}; it must be 0")
            for name, value in values.items()
            if value != 0 or isinstance(value, bool)
        ]

    @property
    def updates_per_rollout(self) -> int:
        """The optimizer steps of a training step."""
        return self.num_minibatches * self.epochs

    @property
    def decayed_after(self) -> float:
        """The updates after which the learning rate is `decay_to` of itself; inf if it never is."""
        if self.schedule == "constant":
            return math.inf
        return self.warmup_steps + self.stable_steps + self.decay_steps


@dataclasses.dataclass(frozen=True)
class WarmStartConfig:
    """A supervised stage on worked demonstrations before RL; num_steps = 0 leaves it out.

    Each step of a demonstration is wrong with probability `error_rate`, as in the text a base model learns from.
    """

    num_steps: int = 0
    batch_size: int = 64
    learning_rate: float = 1e-3
    warmup_steps: int = 20
    error_rate: float = 0.0

    def __post_init__(self):
        refuse(
            [
                *whole(self, 0, "num_steps", "warmup_steps"),
                *whole(self, 1, "batch_size"),
                *positive(self, "learning_rate"),
                *between(self, 0, 1, "error_rate"),
            ]
        )


@dataclasses.dataclass(frozen=True)
class EvalConfig:
    """Evaluation every `every` training steps (0 = only before and after) on named sets, `num_samples` responses a
    problem.
    """

    sets: dict[str, DataConfig] = dataclasses.field(default_factory=dict, metadata=FREE)
    every: int = dataclasses.field(default=0, metadata=FREE)
    num_samples: int = dataclasses.field(default=16, metadata=FREE)
    prompts_per_call: int = dataclasses.field(default=16, metadata=FREE)
    temperature: float = dataclasses.field(default=1.0, metadata=FREE)
    top_k: int = dataclasses.field(default=0, metadata=FREE)
    top_p: float = dataclasses.field(default=1.0, metadata=FREE)
    max_response_length: int = dataclasses.field(default=0, metadata=FREE)  # 0 = as in training

    def __post_init__(self):
        refuse(
            [
                *whole(self, 0, "every", "top_k", "max_response_length"),
                *whole(self, 1, "num_samples", "prompts_per_call"),
                *not_negative(self, "temperature"),
                *share(self, "top_p"),
                *(
                    (f"sets.{name}", "a set is named by letters, digits and _ . -, as its files are, and not training")
                    for name in self.sets
                    if name == "training" or not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", name)
                ),
            ]
        )


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """A checkpoint every `every` training steps and at the end; the last `keep_last` and the best `keep_best` stay."""

    every: int = dataclasses.field(default=10, metadata=FREE)
    keep_last: int = dataclasses.field(default=2, metadata=FREE)
    keep_best: int = dataclasses.field(default=1, metadata=FREE)

    def __post_init__(self):
        refuse(
            [
                *whole(self, 1, "every", "keep_last"),
                *whole(self, 0, "keep_best"),
            ]
        )


@dataclasses.dataclass(frozen=True)
class TraceConfig:
    """Per-token records of every `every`-th training step (0 = none) in `workdir`/trace, of `max_bytes` in all (see
    trace.py).
    """

    every: int = dataclasses.field(default=0, metadata=FREE)
    max_bytes: int = dataclasses.field(default=2**28, metadata=FREE)

    def __post_init__(self):
        refuse(
            [
                *whole(self, 0, "every"),
                *whole(self, 2**16, "max_bytes"),
            ]
        )


SINKS = ("wandb", "trackio", "mlflow")


@dataclasses.dataclass(frozen=True)
class MetricsConfig:
    """Where metrics and samples go besides the workdir: `sinks` are names, "wandb,trackio" with commas between, each
    an extra of the package (see recording/trackers.py); `project` is what the runs are filed under there.
    """

    sinks: str = dataclasses.field(default="", metadata=FREE)
    project: str = dataclasses.field(default="kpo_jax", metadata=FREE)

    def __post_init__(self):
        wrong = [name for name in self.names if name not in SINKS]
        refuse(
            [
                *unless(not wrong, "sinks", f"{', '.join(map(repr, wrong))} is not one of {', '.join(SINKS)}"),
                *unless(self.project != "", "project", "'' is no name"),
            ]
        )

    @property
    def names(self) -> list[str]:
        """The sinks, each once."""
        return [name for name in dict.fromkeys(self.sinks.split(",")) if name]


@dataclasses.dataclass(frozen=True)
class MeshConfig:
    """Devices along each mesh axis; data = -1 takes all that the others leave.

    `fsdp` splits rows and parameters, `tensor` heads, features and vocabulary. `sequence` splits the tokens of a row,
    and parameters as fsdp does: for responses so long that one of them is too much for a device (Ulysses, Jacobs et
    al. 2023, arXiv 2309.14509: attention has whole rows of a part of the heads). The sampler takes it for more of fsdp.
    Of a job on several hosts, fsdp x sequence x tensor stays within a host, unless `across_hosts` says that it may be
    more. While they sample, devices hold the weights split by `tensor` alone; with `sampling_tensor` so many devices of
    a host split weights and heads between them instead, and rows are split over the rest of the host.
    """

    data: int = dataclasses.field(default=-1, metadata=FREE)
    fsdp: int = dataclasses.field(default=1, metadata=FREE)
    tensor: int = dataclasses.field(default=1, metadata=FREE)
    sequence: int = dataclasses.field(default=1, metadata=FREE)
    across_hosts: bool = dataclasses.field(default=False, metadata=FREE)
    sampling_tensor: int = dataclasses.field(default=0, metadata=FREE)

    @property
    def tensor_of_sampler(self) -> int:
        """Over how many devices of a host the sampler splits weights and heads."""
        return self.sampling_tensor or self.tensor

    def __post_init__(self):
        all_or_some = is_whole(self.data) and (self.data == -1 or self.data >= 1)
        refuse(
            [
                *unless(
                    all_or_some, "data", f"{self.data!r} is neither -1 (all that are left) nor a whole number >= 1"
                ),
                *whole(self, 1, "fsdp", "tensor", "sequence"),
                *whole(self, 0, "sampling_tensor"),
            ]
        )

    @property
    def inner(self) -> int:
        """The devices that hold one copy of the parameters between them."""
        return self.fsdp * self.sequence * self.tensor


@dataclasses.dataclass(frozen=True)
class JobConfig:
    """How long, in seconds, a job waits before it gives up.

    For all processes to start (`start_timeout`); without a sign of life of one of them (`heartbeat_timeout`); for a
    phase of the run (rollout, score, update, evaluation, checkpoint) to end before the stacks are printed and the run
    exits with 13 (`phase_timeout`; 0 is for ever).
    """

    start_timeout: int = dataclasses.field(default=300, metadata=FREE)
    heartbeat_timeout: int = dataclasses.field(default=60, metadata=FREE)
    phase_timeout: int = dataclasses.field(default=0, metadata=FREE)

    def __post_init__(self):
        refuse(
            [
                *whole(self, 1, "start_timeout", "heartbeat_timeout"),
                *whole(self, 0, "phase_timeout"),
            ]
        )


@dataclasses.dataclass(frozen=True)
class Config:
    """One experiment. `tokenizer` is "char" (built in) or a directory or hub id of a Hugging Face tokenizer.

    `pretrained` is the policy to begin from: a Hugging Face directory, a hub id or a .gguf file of the architecture
    that `model` spells out; "" is random weights. A warm start goes on from there. `revision` pins hub ids, those of
    `pretrained` and of `tokenizer`; "" is the main branch.
    `decontaminate` drops training problems that an evaluation set holds too, see data.decontaminate.
    `init_from` names the workdir of another run whose step-0 policy this run starts from, in place of a warm start of
    its own; with `pretrained`, a directory of PEFT's whose adapters this run goes on training over those weights.
    """

    seed: int = 0
    num_steps: int = dataclasses.field(default=16, metadata=FREE)
    tokenizer: str = "char"
    pretrained: str = ""
    revision: str = ""
    init_from: str = ""
    task: TaskConfig = TaskConfig()
    data: DataConfig = DataConfig()
    decontaminate: bool = True
    model: ModelConfig = PRESETS["tiny"]
    sampler: SampleConfig = SampleConfig(max_response_length=64)
    reward: RewardConfig = RewardConfig()
    rollout: RolloutConfig = RolloutConfig()
    algorithm: AlgorithmConfig = AlgorithmConfig()
    learner: LearnerConfig = LearnerConfig()
    critic: CriticConfig = CriticConfig()
    warm_start: WarmStartConfig = WarmStartConfig()
    eval: EvalConfig = EvalConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    trace: TraceConfig = TraceConfig()
    metrics: MetricsConfig = MetricsConfig()
    mesh: MeshConfig = MeshConfig()
    job: JobConfig = JobConfig()

    def __post_init__(self):
        refuse([*of_32_bits(self, "seed"), *whole(self, 0, "num_steps")])

    @property
    def adapters_given(self) -> bool:
        """Whether `init_from` is a directory of adapters, over the weights of `pretrained`."""
        return bool(self.init_from and self.pretrained)

    @property
    def first_policy(self) -> str:
        """What it is before a warm start, for a person."""
        if self.adapters_given:
            return f"{self.pretrained} with the adapters in {self.init_from}"
        return f"step 0 of {self.init_from}" if self.init_from else self.pretrained or "random weights"


def eval_sample_config(config: Config) -> SampleConfig:
    """How evaluation samples: the eval fields over the training sampler's length, stop texts and number type."""
    return SampleConfig(
        temperature=config.eval.temperature,
        top_k=config.eval.top_k,
        top_p=config.eval.top_p,
        max_response_length=config.eval.max_response_length or config.sampler.max_response_length,
        stop=config.sampler.stop,
        dtype=config.sampler.dtype,
    )


def longest_row(config: Config) -> int:
    """The most tokens that a prompt and its response have, in training and in evaluations."""
    trained = config.sampler.max_response_length
    evaluated = config.eval.max_response_length or trained
    prompts = [data.max_prompt_length for data in config.eval.sets.values()]
    return max([config.data.max_prompt_length + trained, *(prompt + evaluated for prompt in prompts)])
