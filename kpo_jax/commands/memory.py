"""What a device holds of a run in its phases, worked out from shapes; and whether that is more than it has.

The sampler's caches are counted for responses that are all as long as they may be, as a run must be able to hold them.
What activations and other temporaries of the compiled programs take is an estimate (kpo_jax.commands.activations);
--dry_run_topology asks the compiler. Not among it is what the sampler holds twice while it moves caches to another
shape: a layer's, or on a TPU the keys or the values of all.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import NamedTuple

from kpo_jax.commands import activations
from kpo_jax.config import Config, eval_sample_config, problems_of
from kpo_jax.lazy import jax
from kpo_jax.model import parameters
from kpo_jax.model.config import DTYPES, PROJECTIONS, ModelConfig
from kpo_jax.model.shapes import PackShape
from kpo_jax.runtime.mesh import bytes_per_device, mesh_shape
from kpo_jax.sampling.shapes import plan
from kpo_jax.training.shapes import longest_prompt, update_shape

UPDATE, ROLLOUT, EVALUATION, OPTIMIZER = "update", "rollout", "evaluation", "optimizer's step"
MOVE = "way to the sampler's mesh"


def held(config: Config, sizes: dict[str, int]) -> dict[str, int]:
    """{what: its bytes on one device of a mesh of those sizes} of all that is there from the first step to the last."""
    trained, moments = state_bytes(config, sizes)
    on_device = not config.learner.moments_on_host
    out = {"frozen": frozen_bytes(config, sizes), "parameters": trained, "optimizer": moments * on_device}
    out["past policies"] = config.rollout.staleness * trained
    out["reference"] = trained if config.algorithm.kl.has_reference else 0
    if config.algorithm.has_critic:  # the policy's network without its output head; the value head is a few bytes
        own = {name: part for name, part in _trained(config).items() if name != "lm_head"}
        size, of_critic = _network_bytes(config, own, sizes)
        out |= {"critic": size, "its optimizer": of_critic * on_device}
    return {what: size for what, size in out.items() if size}


def phases(config: Config, sizes: dict[str, int], hosts: int = 1) -> dict[str, dict[str, int]]:
    """{phase: {what: bytes on one device}} of what it holds beside what is `held` all the time. Devices are those of
    so many hosts, each of which samples its share.
    """
    tensor, moves = _sampling_mesh(config, sizes, hosts)
    weights = {"for decoding": decoding_bytes(config, tensor)}
    rollout = weights | _of_call(("KV cache", "in its passes"), _rollouts(config), sizes, tensor, hosts)
    gradient, moments = state_bytes(config, sizes)
    update, shape = {"gradient": gradient}, _update_shape(config, sizes)
    if shape.microbatches > 1:  # they are added up in float32
        trained = _trained(config)
        gradient = update["gradient"] = bytes_per_device(parameters.leaves(trained), "float32", sizes)
        update["of microbatch"] = activations.of_another_gradient(trained, config.model.trained_dtype, sizes)
    update["activations"] = activations.of_update(config.model, shape, sizes)
    out = {UPDATE: update, ROLLOUT: rollout}
    if config.eval.sets:
        names = "eval KV cache", "in eval passes"
        out[EVALUATION] = weights | _of_call(names, _evaluations(config), sizes, tensor, hosts)
    if moves:
        out[MOVE] = {"split again": moved_bytes(config, tensor)} | weights
    if config.learner.moments_on_host:  # they come when the gradient is done and activations are gone
        out[OPTIMIZER] = {"gradient": gradient, "moments": moments}
    return out


def _update_shape(config: Config, sizes: dict[str, int]) -> PackShape:
    """That of prompts as long as they may be, or as a microbatch takes: a run's own may be shorter."""
    rows, prompt = sizes["data"] * sizes["fsdp"], longest_prompt(config)
    if budget := config.learner.microbatch_tokens // rows // config.mesh.sequence * config.mesh.sequence:
        prompt = min(prompt, max(budget - config.sampler.max_response_length, 1))
    return update_shape(config, prompt, rows)


def at_once(config: Config, sizes: dict[str, int], hosts: int = 1) -> dict[str, int]:
    """{phase: the bytes on one device that may be there together}."""
    always = sum(held(config, sizes).values())
    return {phase: always + sum(of.values()) for phase, of in phases(config, sizes, hosts).items()}


def state_bytes(config: Config, sizes: dict[str, int]) -> tuple[int, int]:
    """Bytes on one device of a mesh of those sizes: (trained parameters, both moments). The gradient of one
    microbatch is as large as the parameters.
    """
    return _network_bytes(config, _trained(config), sizes)


def _trained(config: Config) -> parameters.Table:
    return parameters.adapters(config.model) or parameters.tree(config.model)


def frozen_bytes(config: Config, sizes: dict[str, int]) -> int:
    """The same of the weights that are frozen under adapters; 0 where there are none."""
    model = config.model
    leaves = parameters.leaves(parameters.tree(model)) if model.lora.rank else ()
    return bytes_per_device(leaves, model.param_dtype, sizes)


def _network_bytes(config: Config, table: parameters.Table, sizes: dict[str, int]) -> tuple[int, int]:
    learner, leaves = config.learner, list(parameters.leaves(table))
    params, first, second = (
        bytes_per_device(leaves, dtype, sizes)
        for dtype in (config.model.trained_dtype, learner.first_moment_dtype, learner.second_moment_dtype)
    )
    return params, first + second  # the optimizer's counters are a few bytes


def decoding_bytes(config: Config, tensor: int = 0) -> int:
    """Bytes on one device of the weights as decoding reads them: in the sampler's dtype, split by heads alone, over so
    many devices or as the configuration has it, and with a head of their own where the embeddings are tied.
    """
    model, sizes = config.sampler.decoder(config.model), {"tensor": tensor or config.mesh.tensor_of_sampler}
    head = model.vocab_size * model.hidden_size * DTYPES[model.dtype] if model.tie_embeddings else 0
    table = parameters.tree(model)
    whole = bytes_per_device(parameters.leaves(table), model.dtype, sizes) + head // sizes["tensor"]
    if not config.sampler.int8:
        return whole
    projections = list(parameters.named(table, PROJECTIONS))
    saved = bytes_per_device(projections, model.dtype, sizes) - bytes_per_device(projections, "int8", sizes)
    return whole - saved + bytes_per_device(map(parameters.outputs, projections), "float32", sizes)  # the scales


def moved_bytes(config: Config, tensor: int) -> int:
    """Bytes on one device of the parameters on a mesh of the sampler's own, where the weights for decoding are made of
    them.
    """
    model = config.model
    dtype = config.sampler.moved_dtype(model) or model.param_dtype
    return bytes_per_device(parameters.leaves(parameters.tree(model)), dtype, {"tensor": tensor})


def _sampling_mesh(config: Config, sizes: dict[str, int], hosts: int) -> tuple[int, bool]:
    """(over how many devices the sampler splits weights and heads, whether parameters move for it); as local_mesh and
    localize of kpo_jax.runtime.sharding have it.
    """
    mesh, per_host = config.mesh, math.prod(sizes.values()) // hosts
    crosses = hosts > 1 and per_host % mesh.inner > 0
    tensor = math.gcd(per_host, mesh.tensor) if crosses else mesh.tensor
    own = mesh.sampling_tensor or tensor
    return own, crosses or own != mesh.tensor or (bool(mesh.sampling_tensor) and mesh.inner > mesh.tensor)


class _Call(NamedTuple):
    """A call of the sampler over all hosts: the decoder, prompts of which `at_once` are in the batch, samples of each,
    tokens of prompts and responses that are as long as they may be.
    """

    model: ModelConfig
    prompts: int
    at_once: int
    group: int
    prompt: int
    response: int


def _rollouts(config: Config) -> _Call:
    of, sampler = config.rollout, config.sampler
    lengths = longest_prompt(config), sampler.max_response_length
    return _Call(sampler.decoder(config.model), of.prompts_per_step, of.prompts_at_once, of.group_size, *lengths)


def _evaluations(config: Config) -> _Call:
    of, sampler = config.eval, eval_sample_config(config)
    prompt = max(longest_prompt(config, data) for data in of.sets.values())
    calls = (of.prompts_per_call,) * 2
    return _Call(sampler.decoder(config.model), *calls, of.num_samples, prompt, sampler.max_response_length)


def cache_bytes(config: Config, sizes: dict[str, int]) -> int:
    """Bytes on one device of the prompt cache (one row per prompt) and the response cache (one row per sample) of one
    call of the sampler of rollouts.
    """
    return _cache_bytes(_rollouts(config), sizes)


def _cache_bytes(call: _Call, sizes: dict[str, int]) -> int:
    tokens = call.at_once * (call.prompt + call.group * call.response)
    return _key_value_bytes(call.model, tokens) // math.prod(sizes.values())  # tokens over all axes but tensor


def _key_value_bytes(model: ModelConfig, tokens: int) -> int:
    return 2 * model.num_layers * tokens * model.num_kv_heads * model.head_dim * DTYPES[model.dtype]


def _of_call(names: tuple[str, str], call: _Call, sizes: dict[str, int], tensor: int, hosts: int) -> dict[str, int]:
    """Bytes on one device, by these names, of the caches, and of what prefill or a step of decoding holds for a while,
    whichever is more.
    """
    groups = max(math.prod(sizes.values()) // hosts // tensor, 1)
    of_host = max(call.prompts // hosts, 1), max(call.at_once // hosts, 1)
    how = plan(*of_host, call.group, call.prompt, call.response, groups)
    tokens = how.prefilled * call.prompt
    # Whose slots the prompts go to is not known beforehand: every device is sent the keys and values of all.
    sent = _key_value_bytes(call.model, tokens) // tensor if groups > 1 else 0
    passes = max(
        activations.of_prefill(call.model, tokens // groups, tensor) + sent,
        activations.of_logits(call.model, how.shapes[0].rows // groups, tensor),
    )
    return dict(zip(names, (_cache_bytes(call, sizes), passes), strict=True))


# ------------------------------------------------------------------------------------------------- more than there is


def device_memory() -> int | None:
    """Bytes that a device of this process may use; None where the backend does not say, as on a CPU."""
    return (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")


def refusal_here(config: Config) -> str | None:
    """`refusal` on the devices that there are; None where they do not say what they have."""
    limit = device_memory()
    return None if limit is None else refusal(config, jax.device_count(), limit, jax.process_count())


def refusal(config: Config, num_devices: int, limit: int, hosts: int = 1) -> str | None:
    """Why a run need not fit into `limit` bytes a device, and the nearest change that could make it; None if it may."""
    needed = at_once(config, mesh_shape(config.mesh, num_devices), hosts)
    phase = max(needed, key=needed.get)
    if needed[phase] <= limit:
        return None
    what = f"a device may have to hold about {human(needed[phase])} in the {phase}, and has {human(limit)}"
    for flags, most in nearest(config, num_devices, hosts):
        if most <= limit:
            return f"{what}; {' '.join(f'--config.{path}={value}' for path, value in flags.items())} could fit"
    return f"{what}; no single change is enough: a smaller model, more devices or several of the fields together"


def nearest(config: Config, num_devices: int, hosts: int = 1) -> Iterator[tuple[dict[str, object], int]]:
    """({field: value}, the most bytes on one device so) for legal changes that save memory, those first that change
    the least of what a run computes.
    """
    mesh, per_data, per_host = config.mesh, num_devices // config.mesh.inner, num_devices // hosts
    calls = {"rollout.prompts_per_call": config.rollout.prompts_at_once}
    calls |= {"eval.prompts_per_call": config.eval.prompts_per_call} if config.eval.sets else {}
    steps = [{path: n} for path, prompts in calls.items() for n in range(prompts - 1, 0, -1) if prompts % n == 0]
    if len(calls) == 2:
        most, other = calls.values()
        steps += [dict.fromkeys(calls, n) for n in range(min(most, other) - 1, 0, -1) if most % n == other % n == 0]
    steps += [{"mesh.sampling_tensor": n} for n in range(2 * mesh.tensor, per_host + 1) if per_host % n == 0]
    tokens = config.learner.microbatch_tokens or math.prod(_update_shape(config, mesh_shape(mesh, num_devices))[:3])
    halves, least = (tokens // 2**n for n in range(1, tokens.bit_length())), _least_microbatch(config, num_devices)
    steps += [{"learner.microbatch_tokens": half} for half in halves if half >= least]
    steps += [{"model.remat": "full"}] if config.model.remat != "full" else []
    steps += [
        {"mesh.data": per_data // n, "mesh.fsdp": mesh.fsdp * n} for n in range(2, per_data + 1) if per_data % n == 0
    ]
    steps += [{"learner.moments_on_host": True}, {"learner.first_moment_dtype": "bfloat16"}]
    if not config.model.lora.rank:
        steps += [{"model.lora.rank": 32}, {"model.lora.rank": 32, "model.param_dtype": "bfloat16"}]
    for flags in steps:
        try:
            other = _changed(config, flags)
            sizes = mesh_shape(other.mesh, num_devices)
            if _is_legal(other, sizes, hosts):
                yield flags, max(at_once(other, sizes, hosts).values())
        except ValueError:  # not for this model or batch
            continue


def _is_legal(config: Config, sizes: dict[str, int], hosts: int) -> bool:
    """Whether a run on devices of these sizes would start."""
    split = math.prod(sizes.values()) // hosts % config.mesh.inner > 0
    if hosts > 1 and split and not config.mesh.across_hosts:
        return False
    return not problems_of(_changed(config, {"mesh.data": sizes["data"]}))


def _least_microbatch(config: Config, num_devices: int) -> int:
    """Tokens of a sequence as long as it may be for each part of the devices that has rows of its own."""
    longest, parts = longest_prompt(config) + config.sampler.max_response_length, config.mesh.sequence
    return -(-longest // parts) * parts * (num_devices // (config.mesh.tensor * parts))


def _changed(config, flags: dict[str, object]):
    """A record with the fields at these paths changed."""
    for path, value in flags.items():
        head, _, rest = path.partition(".")
        new = _changed(getattr(config, head), {rest: value}) if rest else value
        config = dataclasses.replace(config, **{head: new})
    return config


def human(count: int) -> str:
    """Bytes in the largest unit of which they have one."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"
