"""What must fit together in a configuration, beyond what each record checks by itself. Touches no device."""

import dataclasses
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kpo_jax.algorithm.choices import AlgorithmConfig, build_filter, build_objective
from kpo_jax.checks import Illegal, Problem
from kpo_jax.config.plain import from_plain, to_dict
from kpo_jax.config.schema import Config, eval_sample_config, longest_row
from kpo_jax.objectives import TruncatedIS
from kpo_jax.objectives.base import TiesTokens
from kpo_jax.tasks.prompts import prompt_template
from kpo_jax.tasks.registry import build_task
from kpo_jax.tasks.rewards import terms
from kpo_jax.text import holds_secret, unsupported
from kpo_jax.weights.gguf import is_gguf
from kpo_jax.weights.peft import CONFIG as ADAPTERS
from kpo_jax.weights.peft import is_adapter


class Combination(NamedTuple):
    """What does not fit together: the path it is reported at, the text, and the other paths that it depends on."""

    path: str
    text: str
    depends_on: tuple[str, ...] = ()


def from_dict(mapping: dict) -> Config:
    """The Config that `to_dict` wrote. Raises ValueError with every problem if it is not one.

    Files of data that it names may be gone: what is done with a run's configuration need not read them.
    """
    config, problems = checked(mapping, files=False)
    if problems:
        raise ValueError("; ".join(line(problem) for problem in problems))
    return config


def checked(
    mapping: dict, broken: Iterable[str] = (), *, files: bool = True, begins: bool = True
) -> tuple[Config, list[Problem]]:
    """(the Config of nested dicts, everything that is wrong with it): fields first, then what does not fit together.

    A combination is judged only where the fields that it is made of are right, and not among the paths `broken`.
    Whether files are there is looked at only with `files`; the directory that the first policy comes from only of a run
    that `begins`, as it is not read again.
    """
    config, problems = from_plain(Config, mapping)
    wrong = [*broken, *(path for path, _ in problems)]
    return config or Config(), problems + [
        (found.path, found.text)
        for found in combinations(config or Config(), files, begins)
        if not any(_same_field(path, other) for path in (found.path, *found.depends_on) for other in wrong)
    ]


def problems_of(config: Config) -> list[str]:
    """Everything that is wrong with a Config, a line each."""
    return [line(problem) for problem in checked(to_dict(config))[1]]


def line(problem: Problem) -> str:
    """A problem as it is printed."""
    path = "\\n".join(problem[0].splitlines())  # of a file, where a name may be any text
    return f"{path}: {problem[1]}" if path else problem[1]


def _same_field(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}.") or b.startswith(f"{a}.")


def combinations(config: Config, files: bool = True, begins: bool = True) -> Iterator[Combination]:
    """What does not fit together; and, with `files`, which files and directories are missing, see `checked`."""
    for rule in (
        _secrets,
        _components,
        _task,
        _batches,
        _schedule,
        _mesh,
        _sampling,
        _positions,
        _first_policy,
        *[_source] * (files and begins),
        *[_files] * files,
    ):
        yield from rule(config)


def _secrets(config: Config) -> Iterator[Combination]:
    for path, value in _texts(to_dict(config)):
        if holds_secret(value):
            why = "config.json would keep it; give it in the environment (HF_TOKEN) or in ~/.netrc"
            yield Combination(path, f"holds a secret, and {why}")


def _texts(value, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every text in nested dicts."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, str):
        yield path, value


def _components(config: Config) -> Iterator[Combination]:
    """Components that are not what they are used as, and what a filter asks of the batch."""
    algorithm = config.algorithm
    for path, build, chosen in (
        ("algorithm.filter", build_filter, algorithm.filter),
        ("algorithm.objective", build_objective, algorithm.objective),
    ):
        try:
            built = build(chosen)
        except Illegal:
            continue  # reported with the record
        except ValueError as error:
            yield Combination(f"{path}.name", str(error))
            continue
        if built.batch_coupled and config.learner.microbatch_tokens:
            yield Combination(
                "learner.microbatch_tokens",
                f"{config.learner.microbatch_tokens} may cut up the minibatch, all of which "
                f"{path.removeprefix('algorithm.')} {chosen.name!r} must see at once; it must be 0",
                (path,),
            )
        if isinstance(_weighted(built), TiesTokens) and (takes_out := _single_tokens(algorithm)):
            yield Combination(
                "algorithm.rejection.criterion",
                f"{takes_out} takes single tokens out of a loss that the objective {chosen.name!r} has of whole "
                "responses; sequence, geometric, largest_k3 and mean_k3 take responses out",
                (path, "algorithm.advantage"),
            )


def _single_tokens(algorithm: AlgorithmConfig) -> str:
    """The rejection that takes single tokens of a response out; "" if it takes whole ones."""
    criterion = algorithm.rejection.criterion
    try:
        of_tokens = criterion == "off_policy" and algorithm.has_token_advantage
    except ValueError:  # an advantage that cannot be made, which is reported with the record
        of_tokens = False
    return "'token'" if criterion == "token" else "'off_policy' with advantages of tokens" if of_tokens else ""


def _weighted(objective):
    """What a truncated importance weight weighs; itself where there is none."""
    return objective.objective if isinstance(objective, TruncatedIS) else objective


def _task(config: Config) -> Iterator[Combination]:
    """A task that cannot be made, or that does not go with the rewards, the prompts or a warm start."""
    try:
        task = build_task(config.task)
    except Illegal as error:
        yield from (Combination(f"task.{name}", text) for name, text in error.problems)
        return
    except ValueError as error:
        yield Combination("task.name", str(error))
        return
    try:
        terms(config.reward, task.reward)
    except ValueError as error:
        yield Combination("reward", str(error), ("task",))
    for path, data in data_records(config):
        try:
            prompt_template(data, task)
        except ValueError as error:
            yield Combination(f"{path}.template", str(error), (path, "task"))
        if data.source == "task" and task.problems is None:
            yield Combination(
                f"{path}.source", f"'task', but {config.task.name!r} has no problems of its own", ("task",)
            )
    if config.warm_start.num_steps and task.demonstration is None:
        why = f"must be 0: the task {config.task.name!r} has no demonstrations"
        yield Combination("warm_start.num_steps", why, ("task",))


def data_records(config: Config):
    """(path, DataConfig) of the training set and of every evaluation set."""
    return [("data", config.data), *((f"eval.sets.{name}", data) for name, data in config.eval.sets.items())]


def _divides(what: str, number: int, path: str, by: int, *depends_on: str) -> Iterator[Combination]:
    if by and number % by:
        yield Combination(path, f"{by} does not divide {what} = {number}", depends_on)


def _batches(config: Config) -> Iterator[Combination]:
    rollout, learner = config.rollout, config.learner
    per_step = ("rollout.prompts_per_step", rollout.prompts_per_step)
    if config.algorithm.dynamic_sampling and rollout.group_size == 1:
        why = "a group of one (rollout.group_size) is all right or all wrong, so all are dropped"
        yield Combination("algorithm.dynamic_sampling", why, ("rollout.group_size",))
    yield from _divides(*per_step, "rollout.prompts_per_call", rollout.prompts_per_call, per_step[0])
    yield from _divides(*per_step, "learner.num_minibatches", learner.num_minibatches, per_step[0])


def _schedule(config: Config) -> Iterator[Combination]:
    """A run that would go on after its learning rate has decayed to 0, when no update moves the policy any more."""
    learner = config.learner
    updates = config.num_steps * learner.updates_per_rollout
    if learner.decay_to == 0 and updates > learner.decayed_after:
        why = (
            f"the learning rate is 0 after {learner.decayed_after} updates, and num_steps = {config.num_steps} makes "
            f"{updates}; learner.decay_to > 0 keeps a rate"
        )
        yield Combination("learner.decay_steps", why, ("learner", "num_steps"))
    elif learner.decay_to == 0 and config.algorithm.has_critic:
        ends = dataclasses.replace(learner, warmup_steps=config.critic.warmup_steps).decayed_after
        if updates > ends:
            why = f"the critic's rate is 0 after {ends} updates of {updates}; learner.decay_to > 0 keeps one"
            yield Combination("critic.warmup_steps", why, ("learner", "num_steps"))


def _mesh(config: Config) -> Iterator[Combination]:
    rollout, model, mesh = config.rollout, config.model, config.mesh
    if mesh.data != -1:
        rows, axes = mesh.data * mesh.fsdp, "mesh.data x mesh.fsdp"
        if mesh.sequence > 1:
            rows, axes = rows * mesh.sequence, f"{axes} x mesh.sequence"
        if mesh.sampling_tensor:  # a mesh of the sampler's own over the same devices
            rows, axes = mesh.data * mesh.inner // mesh.sampling_tensor, "number of devices / mesh.sampling_tensor"
        depends_on = (
            "mesh.data", "mesh.fsdp", "mesh.sequence", "mesh.tensor", "mesh.sampling_tensor",
            "rollout.prompts_per_step", "rollout.prompts_per_call", "eval.sets",
        )  # fmt: skip
        for what, number in (
            ("prompts per sampler call", rollout.prompts_at_once),
            *[("eval.prompts_per_call", config.eval.prompts_per_call)] * bool(config.eval.sets),
        ):
            if rows and number % rows:
                text = f"{axes} = {rows} does not divide {what} = {number}"
                yield Combination("mesh.data", text, (*depends_on, "eval.prompts_per_call"))
    for name in ("num_heads", "num_kv_heads", "intermediate_size", "vocab_size"):
        for axis, size in (("mesh.tensor", mesh.tensor), ("mesh.sampling_tensor", mesh.sampling_tensor or 1)):
            yield from _divides(f"model.{name}", getattr(model, name), axis, size, f"model.{name}")
    yield from _divides("model.hidden_size", model.hidden_size, "mesh.fsdp", mesh.fsdp, "model.hidden_size")
    if mesh.sequence > 1:
        heads, width = mesh.tensor * mesh.sequence, mesh.fsdp * mesh.sequence
        for name, axes, size in (
            ("num_kv_heads", "mesh.tensor x mesh.sequence", heads), ("hidden_size", "mesh.fsdp x mesh.sequence", width),
        ):  # fmt: skip
            yield from _divides(f"model.{name}", getattr(model, name), axes, size, f"model.{name}", "mesh.sequence")


def _sampling(config: Config) -> Iterator[Combination]:
    sampler = config.sampler
    if sampler.temperature == 0:
        why = "0 (greedy) gives a group of equal samples and no ratio; training needs it above 0"
        yield Combination("sampler.temperature", why)
    for name, whole in (("top_p", 1), ("top_k", 0), ("min_p", 0)):
        if getattr(sampler, name) != whole:
            why = (
                f"{getattr(sampler, name)!r} biases the importance ratio; training needs {whole} (eval.* may truncate)"
            )
            yield Combination(f"sampler.{name}", why)
    buffer = config.reward.overlong_buffer
    if buffer > sampler.max_response_length:
        text = f"{buffer} exceeds sampler.max_response_length = {sampler.max_response_length}"
        yield Combination("reward.overlong_buffer", text, ("sampler.max_response_length",))
    try:
        eval_sample_config(config)
    except Illegal as error:
        yield from (Combination(f"eval.{name}", text) for name, text in error.problems)


def _positions(config: Config) -> Iterator[Combination]:
    """Rotary factors that are for sequences of a certain length alone: transformers would take others beyond."""
    scaling, longest = config.model.rope_scaling, longest_row(config)
    if scaling.kind == "longrope" and longest > scaling.original_length:
        why = f"'longrope' with its factors for up to {scaling.original_length} tokens; rows have up to {longest}"
        lengths = "sampler.max_response_length", "eval.max_response_length"
        yield Combination("model.rope_scaling.kind", why, ("data", "eval.sets", *lengths))


def _first_policy(config: Config) -> Iterator[Combination]:
    if config.adapters_given and not config.model.lora.rank:
        why = "the policy comes from init_from, so it must be empty; over it adapters need model.lora.rank above 0"
        yield Combination("pretrained", why, ("init_from", "model.lora.rank"))
    if config.revision and not any(_may_be_hub_id(name) for name in (config.pretrained, config.tokenizer)):
        why = "it pins what comes from the hub, and neither pretrained nor tokenizer is a hub id"
        yield Combination("revision", why, ("pretrained", "tokenizer"))
    if config.init_from and config.warm_start.num_steps:
        yield Combination("warm_start.num_steps", "must be 0: the policy comes from init_from", ("init_from",))
    if config.warm_start.num_steps and config.task.name == "math" and config.data.source != "arithmetic":
        why = f"only data.source = arithmetic has demonstrations, not {config.data.source!r}"
        yield Combination("warm_start.num_steps", why, ("data.source", "task"))


def _may_be_hub_id(name: str) -> bool:
    return name not in ("", "char") and not is_gguf(name) and not os.path.isdir(name)


def _source(config: Config) -> Iterator[Combination]:
    if "://" in config.init_from:
        yield Combination("init_from", unsupported(config.init_from))
    elif config.init_from and not os.path.isdir(config.init_from):
        yield Combination("init_from", f"no directory {config.init_from}")
    elif config.init_from and is_adapter(config.init_from) != config.adapters_given:
        what = f"no {ADAPTERS} in" if config.adapters_given else "pretrained must name the model of the adapters in"
        yield Combination("init_from", f"{what} {config.init_from}", ("pretrained",))


def _files(config: Config) -> Iterator[Combination]:
    for path, data in data_records(config):
        if data.source in ("jsonl", "parquet"):
            if "://" in data.path:
                yield Combination(f"{path}.path", unsupported(data.path), (f"{path}.source",))
            elif not os.path.isfile(data.path):
                yield Combination(f"{path}.path", f"no file {data.path!r}", (f"{path}.source",))
