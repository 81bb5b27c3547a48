"""The whole configuration: frozen dataclasses inside, ml_collections at the door.

`Config` is the one record that names every choice of a run. Rooms own their sub-configs (`ModelConfig` lives in
model.py, and so on); what has no room of its own is defined here. Configuration files return
`to_config_dict(Config(...))`, so that `--config.a.b=value` can override any field; `from_config_dict` turns the result
back and reports everything that is wrong with it at once.

A field marked `FREE` may change when a run is resumed: it does not alter the trajectory of the parameters.
"""

import ast
import dataclasses
import difflib
import importlib.util
import math
import os
import types
import typing
from typing import Any

import ml_collections

from kpo_jax.algorithm.advantages import ADVANTAGES, CRITIC_ADVANTAGE
from kpo_jax.filters import FILTERS
from kpo_jax.model.critic import CriticConfig
from kpo_jax.model.decoder import DTYPES, PRESETS, ModelConfig
from kpo_jax.objectives import OBJECTIVES, TruncatedIS
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.sampling.sampler import SampleConfig
from kpo_jax.tasks.prompts import DataConfig, prompt_template
from kpo_jax.tasks.registry import TaskConfig, build_task
from kpo_jax.tasks.rewards import RewardConfig, terms
from kpo_jax.text import holds_secret
from kpo_jax.weights.gguf import is_gguf

FREE = {"free": True}


@dataclasses.dataclass(frozen=True)
class FilterConfig:
    """Which ratio filter, by its name in FILTERS, and its parameters; None means the filter's own default.

    A parameter that the named filter does not have is an error, not a silent no-op.
    """

    name: str = "identity"
    process_var: float | None = None
    measurement_var: float | None = None
    initial_var: float | None = None
    kappa: float | None = None
    masked: str | None = None
    method: str | None = None
    covariance: str | None = None
    gain: float | None = None
    var_ratio: float | None = None
    initial_ratio: float | None = None
    initial_scale: float | None = None
    statistic: str | None = None
    rate: float | None = None
    floor: float | None = None
    bound: float | None = None
    state_bound: float | None = None
    step_size: float | None = None
    degrees_of_freedom: float | None = None
    iterations: int | None = None
    gradient: str = "straight_through"


@dataclasses.dataclass(frozen=True)
class ObjectiveConfig:
    """Which objective, by its name in OBJECTIVES, and its parameters; None means the objective's own default.

    A parameter that the named objective does not have is an error, not a silent no-op. `truncated_is` ("token" or
    "sequence") weights any objective for the mismatch of sampler and trainer; None leaves that out.
    """

    name: str = "clipped"
    clip_low: float | None = None
    clip_high: float | None = None
    clip: bool | None = None
    dual_clip: float | None = None
    tau_positive: float | None = None
    tau_negative: float | None = None
    aggregation: str | None = None
    log_ratio_cap: float | None = None
    length_norm: float | None = None
    truncated_is: str | None = None
    truncated_is_cap: float | None = None


@dataclasses.dataclass(frozen=True)
class AlgorithmConfig:
    """The science: ratio filter, objective, advantage, divergence from a reference policy, and which groups are trained
    on.

    `advantage` is a name of ADVANTAGES, or "gae": generalized advantage estimates with a critic (Config.critic).
    `dynamic_sampling` is DAPO's: groups whose rewards are all equal are dropped and others sampled until the batch is
    full, in at most that many generation batches (10 in DAPO); 0 trains on whatever the one batch holds.
    """

    filter: FilterConfig = FilterConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    advantage: str = "group"
    kl: KLConfig = KLConfig()
    dynamic_sampling: int = 0

    @property
    def has_critic(self) -> bool:
        return self.advantage == CRITIC_ADVANTAGE


@dataclasses.dataclass(frozen=True)
class RolloutConfig:
    """prompts_per_step x group_size responses are sampled per training step, of at most prompts_per_call prompts at
    once (0 = all).
    """

    prompts_per_step: int = 8
    group_size: int = 8
    prompts_per_call: int = 0


@dataclasses.dataclass(frozen=True)
class LearnerConfig:
    """Optimizer and batching of the policy update.

    Each rollout is cut into `num_minibatches` optimizer steps (so the ratio is off-policy from the second on), each of
    which accumulates its gradient over microbatches of at most `microbatch_tokens` tokens, prompts included, packed
    without padding (0: the whole minibatch at once). With `share_prompts` a group's prompt is computed once for the
    responses that are packed behind it, which needs attention that passes over what a mask hides to be worth it: on a
    CPU it has. An update that is not finite is skipped, and so is a spike, whose gradient norm is more than
    `max_norm_ratio` times the mean of the last `norm_window` or so that were taken (0: there are no spikes; the first
    `norm_window` updates are none); `max_bad_updates` skipped in a row end the run. Adam's moments are stored in
    `first_moment_dtype` and `second_moment_dtype`; a second moment in bfloat16 hardly decays at adam_b2 = 0.999, as the
    dtype has no number that is a thousandth smaller.
    """

    learning_rate: float = 1e-6
    warmup_steps: int = 0
    weight_decay: float = 0.1
    adam_b1: float = 0.9
    adam_b2: float = 0.999
    max_grad_norm: float = 1.0
    num_minibatches: int = 4
    microbatch_tokens: int = 0
    share_prompts: bool = True
    first_moment_dtype: str = "float32"
    second_moment_dtype: str = "float32"
    max_bad_updates: int = 3
    max_norm_ratio: float = 0.0
    norm_window: int = 64


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


@dataclasses.dataclass(frozen=True)
class CheckpointConfig:
    """A checkpoint every `every` training steps and at the end; the last `keep_last` and the best `keep_best` stay."""

    every: int = dataclasses.field(default=10, metadata=FREE)
    keep_last: int = dataclasses.field(default=2, metadata=FREE)
    keep_best: int = dataclasses.field(default=1, metadata=FREE)


@dataclasses.dataclass(frozen=True)
class TraceConfig:
    """Per-token records of every `every`-th training step (0 = none) in `workdir`/trace, of `max_bytes` in all (see
    trace.py).
    """

    every: int = dataclasses.field(default=0, metadata=FREE)
    max_bytes: int = dataclasses.field(default=2**28, metadata=FREE)


@dataclasses.dataclass(frozen=True)
class MeshConfig:
    """Devices along each mesh axis; data = -1 takes all that the other two leave.

    Of a job on several hosts, fsdp x tensor stays within a host, unless `across_hosts` says that it may be more.
    """

    data: int = dataclasses.field(default=-1, metadata=FREE)
    fsdp: int = dataclasses.field(default=1, metadata=FREE)
    tensor: int = dataclasses.field(default=1, metadata=FREE)
    across_hosts: bool = dataclasses.field(default=False, metadata=FREE)


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


@dataclasses.dataclass(frozen=True)
class Config:
    """One experiment. `tokenizer` is "char" (built in) or a directory or hub id of a Hugging Face tokenizer.

    `pretrained` is the policy to begin from: a Hugging Face directory, a hub id or a .gguf file of the architecture
    that `model` spells out; "" is random weights. A warm start goes on from there. `revision` pins hub ids, those of
    `pretrained` and of `tokenizer`; "" is the main branch.
    `decontaminate` drops training problems that an evaluation set holds too, see data.decontaminate.
    `init_from` names the workdir of another run whose step-0 policy this run starts from, in place of a warm start of
    its own.
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
    reward: RewardConfig = dataclasses.field(default_factory=RewardConfig)
    rollout: RolloutConfig = RolloutConfig()
    algorithm: AlgorithmConfig = AlgorithmConfig()
    learner: LearnerConfig = LearnerConfig()
    critic: CriticConfig = CriticConfig()
    warm_start: WarmStartConfig = WarmStartConfig()
    eval: EvalConfig = EvalConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    trace: TraceConfig = TraceConfig()
    mesh: MeshConfig = MeshConfig()
    job: JobConfig = JobConfig()


# ---------------------------------------------------------------------------------------------- dataclasses <->
# ConfigDict


def _hints(cls):
    return typing.get_type_hints(cls)


def _optional(hint):
    """(inner type, whether None is allowed) of `X` or `X | None`."""
    if isinstance(hint, types.UnionType):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        return inner[0], True
    return hint, False


def to_config_dict(config) -> ml_collections.ConfigDict:
    """The ConfigDict of a dataclass, locked, with typed placeholders where a field is None."""
    result = ml_collections.ConfigDict()
    hints = _hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            value = to_config_dict(value)
        elif field.name == "parameters":
            value = ml_collections.ConfigDict(dict(value))
        elif isinstance(value, dict):
            value = ml_collections.ConfigDict({k: to_config_dict(v) for k, v in value.items()})
        elif value is None:
            value = ml_collections.config_dict.placeholder(_optional(hints[field.name])[0])
        result[field.name] = value
    return result.lock()


def to_dict(config) -> dict:
    """The configuration as plain nested dicts, ready for JSON."""
    return dataclasses.asdict(config)


def nearest(name: str, names) -> str:
    """The end of an error message: the legal field that `name` may have been meant for."""
    names = list(names)
    match = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    return f"; nearest legal field: {match[0]}" if match else ""


def _from_mapping(cls, mapping, path: str, problems: list[str]):
    """Build `cls` from a mapping, appending a line to `problems` for everything wrong.

    A part that cannot be built is left at its default, so that the rest is still checked; None if `cls` itself cannot
    be.
    """
    hints, values, before = _hints(cls), {}, len(problems)
    for name in mapping:
        if name not in hints:
            problems.append(f"{path}{name}: no such field{nearest(name, hints)}")
    for field in dataclasses.fields(cls):
        if field.name not in mapping:
            continue
        value, where = mapping[field.name], f"{path}{field.name}"
        hint, may_be_none = _optional(hints[field.name])
        if dataclasses.is_dataclass(hint):
            part = _from_mapping(hint, value, f"{where}.", problems)
            if part is not None:
                values[field.name] = part
        elif field.name == "parameters":
            values[field.name] = dict(value)
        elif typing.get_origin(hint) is dict:
            inner = typing.get_args(hint)[1]
            values[field.name] = {k: _from_mapping(inner, value[k], f"{where}.{k}.", problems) for k in value}
        elif value is None and may_be_none:
            values[field.name] = None
        else:
            values[field.name] = _typed(value, hint, where, problems)
    if cls is not Config and len(problems) > before:
        return None
    try:
        return cls(**values)
    except ValueError as error:
        problems.append(f"{path.rstrip('.') or 'config'}: {error}")
        return None


def _typed(value, hint, where: str, problems: list[str]):
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if typing.get_origin(hint) is tuple:
        hint, value = tuple, tuple(value) if isinstance(value, list) else value  # JSON has lists alone
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        problems.append(f"{where}: {value!r} is a {type(value).__name__}, not a {hint.__name__}")
    return value


def from_config_dict(config_dict) -> tuple[Config | None, list[str]]:
    """(Config, problems): the config is None unless every field is legal and all fields fit together."""
    problems: list[str] = []
    config = _from_mapping(Config, config_dict, "", problems)
    problems += validate(config, combinations=not problems)
    return (None if problems else config), problems


def from_dict(mapping: dict) -> Config:
    """The Config that `to_dict` wrote; raises ValueError with every problem if it is not one."""
    config, problems = from_config_dict(mapping)
    if config is None:
        raise ValueError("; ".join(problems))
    return config


# -------------------------------------------------------------------------------------------------------------
# overrides


def load_config_file(spec: str) -> ml_collections.ConfigDict:
    """get_config() of `path` or `path:argument`. Raises ValueError with one line if there is no such file or
    argument.
    """
    path, _, argument = spec.partition(":")
    if not os.path.isfile(path):
        folder = os.path.dirname(path) or "."
        near = sorted(f for f in os.listdir(folder) if f.endswith(".py")) if os.path.isdir(folder) else []
        raise ValueError(f"--config: no file {path}" + (f"; there are {', '.join(near)} in {folder}" if near else ""))
    module_spec = importlib.util.spec_from_file_location("kpo_jax_config_file", path)
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
        return module.get_config(argument) if argument else module.get_config()
    except Exception as error:  # a configuration file is a user's program: whatever it raises is a usage error
        raise ValueError(f"--config: {path} did not give a configuration: {error}") from error


def screen_overrides(config_dict, overrides: dict[str, str]) -> list[str]:
    """Problems of `--config.a.b=text` overrides (name -> text): unknown fields with the nearest legal one, wrong
    types.
    """
    problems, legal = [], dict(_leaves(config_dict))
    for name, text in overrides.items():
        if name not in legal:
            problems.append(f"{name}: no such field{nearest(name, legal)}")
            continue
        hint = legal[name]
        if not _parses(text, hint):
            problems.append(f"{name}: {text!r} is not a {hint.__name__}")
    return problems


def _leaves(config_dict, prefix=""):
    for name in config_dict:
        if isinstance(config_dict[name], ml_collections.ConfigDict):
            yield from _leaves(config_dict[name], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", config_dict.get_type(name)


def _parses(text: str, hint: type) -> bool:
    if hint is str:
        return True
    if hint is bool:
        return text.lower() in ("true", "false", "1", "0")
    try:
        value = float(text) if hint is float else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))


# ------------------------------------------------------------------------------------------------------------
# validation


def _build(kind: str, registry: dict, config, apart: tuple[str, ...]):
    """registry[config.name] of the parameters that are given, all fields but the name and those kept `apart`."""
    if config.name not in registry:
        raise ValueError(f"name: no {kind} {config.name!r}{nearest(config.name, registry).replace('field', 'name')}")
    cls = registry[config.name]
    given = {f.name: getattr(config, f.name) for f in dataclasses.fields(config) if f.name not in ("name", *apart)}
    given = {k: v for k, v in given.items() if v is not None}
    fields = {f.name: f for f in dataclasses.fields(cls)}
    if extra := sorted(set(given) - set(fields)):
        raise ValueError(
            f"{', '.join(extra)}: {kind} {config.name!r} has no such parameter; it has: {', '.join(fields) or 'none'}"
        )
    required = {n for n, f in fields.items() if f.default is dataclasses.MISSING}
    if missing := sorted(required - set(given)):
        raise ValueError(f"{', '.join(missing)}: required by {kind} {config.name!r}")
    return cls(**given)


def build_filter(config: FilterConfig):
    """The ratio filter that a FilterConfig names. Raises ValueError for unknown names and parameters it does not
    have.
    """
    return _build("filter", FILTERS, config, apart=("gradient",))


def build_objective(config: ObjectiveConfig):
    """The objective that an ObjectiveConfig names. Raises ValueError for unknown names and parameters it does not
    have.
    """
    objective = _build("objective", OBJECTIVES, config, apart=("truncated_is", "truncated_is_cap"))
    cap = {} if config.truncated_is_cap is None else {"cap": config.truncated_is_cap}
    if config.truncated_is is None:
        if cap:
            raise ValueError(
                f"truncated_is_cap={config.truncated_is_cap!r} is not legal: without truncated_is it has nothing to cap"
            )
        return objective
    return TruncatedIS(objective, config.truncated_is, **cap)


def spelled_out(config: AlgorithmConfig) -> AlgorithmConfig:
    """The same algorithm with the defaults of its filter and objective in place of None."""

    def fill(part, registry):
        cls = registry[part.name]
        defaults = {f.name: f.default for f in dataclasses.fields(cls) if getattr(part, f.name) is None}
        return dataclasses.replace(part, **defaults)

    return dataclasses.replace(
        config, filter=fill(config.filter, FILTERS), objective=fill(config.objective, OBJECTIVES)
    )


def validate(config: Config, combinations: bool = True) -> list[str]:
    """Every impossible value, then combination, one line each, naming the field. Touches no device."""
    problems = []

    def check(good, line):
        if not good:
            problems.append(line)

    def attempt(path, build):
        try:
            build()
        except ValueError as error:
            problems.append(f"{path}: {error}")

    algorithm, rollout, learner = config.algorithm, config.rollout, config.learner
    attempt("algorithm.filter", lambda: build_filter(algorithm.filter))
    attempt("algorithm.objective", lambda: build_objective(algorithm.objective))
    check(
        algorithm.filter.gradient in ("straight_through", "through_filter"),
        f"algorithm.filter.gradient: {algorithm.filter.gradient!r} is not straight_through or through_filter",
    )
    check(
        algorithm.advantage in (*ADVANTAGES, CRITIC_ADVANTAGE),
        f"algorithm.advantage: no advantage {algorithm.advantage!r}; there are {', '.join((*ADVANTAGES, CRITIC_ADVANTAGE))}",
    )
    for path, value, low in [
        ("num_steps", config.num_steps, 0),
        ("rollout.prompts_per_step", rollout.prompts_per_step, 1),
        ("rollout.group_size", rollout.group_size, 1),
        ("rollout.prompts_per_call", rollout.prompts_per_call, 0),
        ("algorithm.dynamic_sampling", algorithm.dynamic_sampling, 0),
        ("learner.warmup_steps", learner.warmup_steps, 0),
        ("learner.num_minibatches", learner.num_minibatches, 1),
        ("learner.microbatch_tokens", learner.microbatch_tokens, 0),
        ("learner.max_bad_updates", learner.max_bad_updates, 1),
        ("learner.norm_window", learner.norm_window, 1),
        ("warm_start.num_steps", config.warm_start.num_steps, 0),
        ("warm_start.batch_size", config.warm_start.batch_size, 1),
        ("warm_start.warmup_steps", config.warm_start.warmup_steps, 0),
        ("eval.every", config.eval.every, 0),
        ("eval.num_samples", config.eval.num_samples, 1),
        ("eval.prompts_per_call", config.eval.prompts_per_call, 1),
        ("eval.max_response_length", config.eval.max_response_length, 0),
        ("checkpoint.every", config.checkpoint.every, 1),
        ("checkpoint.keep_last", config.checkpoint.keep_last, 1),
        ("checkpoint.keep_best", config.checkpoint.keep_best, 0),
        ("trace.every", config.trace.every, 0),
        ("trace.max_bytes", config.trace.max_bytes, 2**16),
        ("mesh.fsdp", config.mesh.fsdp, 1),
        ("mesh.tensor", config.mesh.tensor, 1),
        ("job.start_timeout", config.job.start_timeout, 1),
        ("job.heartbeat_timeout", config.job.heartbeat_timeout, 1),
        ("job.phase_timeout", config.job.phase_timeout, 0),
    ]:
        check(value >= low, f"{path}: {value} is below {low}")
    for path, value, low, high in [
        ("learner.learning_rate", learner.learning_rate, 0, math.inf),
        ("learner.weight_decay", learner.weight_decay, 0, math.inf),
        ("learner.max_grad_norm", learner.max_grad_norm, 0, math.inf),
        ("learner.adam_b1", learner.adam_b1, 0, 1),
        ("learner.adam_b2", learner.adam_b2, 0, 1),
        ("warm_start.learning_rate", config.warm_start.learning_rate, 0, math.inf),
        ("warm_start.error_rate", config.warm_start.error_rate, 0, 1),
    ]:
        check(low <= value <= high, f"{path}: {value} is outside [{low}, {high}]")
    check(
        learner.max_norm_ratio == 0 or 1 < learner.max_norm_ratio < math.inf,
        f"learner.max_norm_ratio: {learner.max_norm_ratio} is neither 0 (off) nor above 1",
    )
    for name in ("first_moment_dtype", "second_moment_dtype"):
        value = getattr(learner, name)
        check(value in DTYPES, f"learner.{name}: {value!r} is not one of {', '.join(DTYPES)}")
    check(
        config.mesh.data == -1 or config.mesh.data >= 1, f"mesh.data: {config.mesh.data} is neither -1 nor at least 1"
    )
    attempt("eval", lambda: eval_sample_config(config))
    attempt("task", lambda: _check_task(config))
    for path in _secrets(to_dict(config)):
        check(
            False,
            f"{path}: holds a secret, which config.json would keep; give it in the environment (HF_TOKEN) or in ~/.netrc",
        )
    if combinations and not problems:
        problems += _combinations(config)
    return problems


def _secrets(value, path=""):
    """The paths of texts in nested dicts that hold a secret."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _secrets(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, str) and holds_secret(value):
        yield path


def _check_task(config: Config) -> None:
    """Raises ValueError for a task that cannot be made, or that does not fit the rewards and the prompts."""
    task = build_task(config.task)
    terms(config.reward, task.reward)
    for data in (config.data, *config.eval.sets.values()):
        prompt_template(data, task)
        if data.source == "task" and task.problems is None:
            raise ValueError(f"{config.task.name!r} has no problems of its own, so data.source must not be 'task'")
    if config.warm_start.num_steps and task.demonstration is None:
        raise ValueError(f"{config.task.name!r} has no demonstrations, so warm_start.num_steps must be 0")


def _combinations(config: Config) -> list[str]:
    problems = []
    rollout, learner, model, mesh, sampler = config.rollout, config.learner, config.model, config.mesh, config.sampler

    def divides(what, number, path, by):
        if number % by:
            problems.append(f"{path}: {by} does not divide {what} = {number}")

    if config.algorithm.dynamic_sampling and rollout.group_size == 1:
        problems.append(
            "algorithm.dynamic_sampling: the rewards of a group of one (rollout.group_size) are all equal, so all are dropped"
        )
    per_call = rollout.prompts_per_call or rollout.prompts_per_step
    divides("rollout.prompts_per_step", rollout.prompts_per_step, "rollout.prompts_per_call", per_call)
    divides("rollout.prompts_per_step", rollout.prompts_per_step, "learner.num_minibatches", learner.num_minibatches)
    if mesh.data != -1 and not problems:
        rows = mesh.data * mesh.fsdp
        divides("prompts per sampler call", per_call, "mesh.data x mesh.fsdp", rows)
        divides("eval.prompts_per_call", config.eval.prompts_per_call, "mesh.data x mesh.fsdp", rows)
    if learner.microbatch_tokens and build_filter(config.algorithm.filter).batch_coupled:
        problems.append(
            f"learner.microbatch_tokens: {learner.microbatch_tokens} may cut up the minibatch over which filter "
            f"{config.algorithm.filter.name!r} measures its scale; it must be 0"
        )
    for name in ("num_heads", "num_kv_heads", "intermediate_size", "vocab_size"):
        divides(f"model.{name}", getattr(model, name), "mesh.tensor", mesh.tensor)
    divides("model.hidden_size", model.hidden_size, "mesh.fsdp", mesh.fsdp)
    if sampler.temperature == 0:
        problems.append(
            "sampler.temperature: 0 (greedy) gives a group of equal samples and no ratio; training needs it above 0"
        )
    if sampler.top_p < 1 or sampler.top_k > 0 or sampler.min_p > 0:
        problems.append(
            "sampler.top_p, top_k, min_p: truncated sampling biases the importance ratio; training needs 1, 0, 0 (eval.* may truncate)"
        )
    if config.reward.overlong_buffer > sampler.max_response_length:
        problems.append(
            f"reward.overlong_buffer: {config.reward.overlong_buffer} exceeds sampler.max_response_length = {sampler.max_response_length}"
        )
    if config.init_from and config.pretrained:
        problems.append("pretrained: the policy comes from another run (init_from), so pretrained must be empty")
    if config.revision and not any(_may_be_hub_id(name) for name in (config.pretrained, config.tokenizer)):
        problems.append("revision: it pins what comes from the hub, and neither pretrained nor tokenizer is a hub id")
    if config.init_from and config.warm_start.num_steps:
        problems.append("init_from: the policy comes from another run, so warm_start.num_steps must be 0")
    if config.warm_start.num_steps and config.task.name == "math" and config.data.source != "arithmetic":
        problems.append(
            f"warm_start.num_steps: only data.source = arithmetic has demonstrations, not {config.data.source!r}"
        )
    if config.init_from and not os.path.isdir(config.init_from):
        problems.append(f"init_from: no directory {config.init_from}")
    for path, data in [("data", config.data), *((f"eval.sets.{k}", v) for k, v in config.eval.sets.items())]:
        if data.source in ("jsonl", "parquet") and not os.path.isfile(data.path):
            problems.append(f"{path}.path: no file {data.path!r}")
    return problems


def _may_be_hub_id(name: str) -> bool:
    return name not in ("", "char") and not is_gguf(name) and not os.path.isdir(name)


def eval_sample_config(config: Config) -> SampleConfig:
    """How evaluation samples: the eval fields over the training sampler's length and stop texts."""
    return SampleConfig(
        temperature=config.eval.temperature,
        top_k=config.eval.top_k,
        top_p=config.eval.top_p,
        max_response_length=config.eval.max_response_length or config.sampler.max_response_length,
        stop=config.sampler.stop,
    )


def difference(old: Config, new: Config) -> list[str]:
    """One line for every field that differs and is not FREE, i.e. that would change a resumed run's trajectory."""
    lines: list[str] = []
    _difference(old, new, "", lines)
    return lines


def _difference(old: Any, new: Any, path: str, lines: list[str]) -> None:
    for field in dataclasses.fields(old):
        if field.metadata.get("free"):
            continue
        a, b, where = getattr(old, field.name), getattr(new, field.name), f"{path}{field.name}"
        if dataclasses.is_dataclass(a):
            _difference(a, b, f"{where}.", lines)
        elif a != b:
            lines.append(f"{where}: {a!r} -> {b!r}")
