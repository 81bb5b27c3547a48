"""What a configuration will need, worked out from shapes alone: parameters, mesh, bytes per device, FLOPs."""

import dataclasses

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from kpo_jax import critic, flops, hf
from kpo_jax.config import Config
from kpo_jax.learner import make_optimizer
from kpo_jax.model import init_params, num_params
from kpo_jax.sharding import bytes_per_device, mesh_shape, param_specs


def describe(config: Config) -> str:
    """A few lines for a person. With mesh.data = -1 the devices of this machine are counted, otherwise none is touched.

    Raises ValueError if the pretrained weights are of another architecture; those of a hub id are not asked for.
    """
    if config.pretrained and hf.is_local(config.pretrained):
        hf.find(config.pretrained, config.revision, config.model)
    mesh = config.mesh
    num_devices = len(jax.devices()) if mesh.data == -1 else mesh.data * mesh.fsdp * mesh.tensor
    sizes = mesh_shape(mesh, num_devices)
    params = jax.eval_shape(lambda: init_params(config.model, jax.random.key(0)))
    specs = param_specs(config.model)
    param_bytes = bytes_per_device(params, specs, sizes)
    adam = jax.eval_shape(make_optimizer(config.learner).init, params)[1]  # its counters are a few bytes
    lines = [
        f"parameters       {num_params(config.model):,}",
        f"first policy     {_first_policy(config)}",
        f"mesh             {' x '.join(f'{k} {v}' for k, v in sizes.items())} = {num_devices} device(s)",
        "bytes per device",
        f"  parameters     {_human(param_bytes)}",
        f"  gradient       {_human(param_bytes)}",
        f"  optimizer      {_human(sum(bytes_per_device(moment, specs, sizes) for moment in (adam.mu, adam.nu)))}",
        *_further_networks(config, params, specs, sizes),
        f"  KV cache       {_human(_cache_bytes(config, sizes))}",
        "TFLOPs of a training step, all prompts and responses as long as they may be",
        *(f"  {phase:<14} {count / 1e12:,.3g}" for phase, count in dataclasses.asdict(_longest_step(config)).items()),
    ]
    return "\n".join(lines)


def _further_networks(config: Config, params, specs, sizes: dict[str, int]) -> list[str]:
    """Lines on the bytes of the reference policy and of the critic, where there are any."""
    lines = []
    if config.algorithm.kl.estimate:
        lines.append(f"  reference      {_human(bytes_per_device(params, specs, sizes))}")
    if config.algorithm.has_critic:
        trunk = jax.eval_shape(critic.init_params, params)["trunk"]
        trunk_specs = {name: specs[name] for name in trunk}
        adam = jax.eval_shape(make_optimizer(config.learner).init, trunk)[1]
        size = bytes_per_device(trunk, trunk_specs, sizes)
        moments = sum(bytes_per_device(moment, trunk_specs, sizes) for moment in (adam.mu, adam.nu))
        lines += [f"  critic         {_human(size)}", f"  its optimizer  {_human(moments)}"]
    return lines


def _first_policy(config: Config) -> str:
    start = f"step 0 of {config.init_from}" if config.init_from else config.pretrained or "random weights"
    return f"{start}, then a warm start of {config.warm_start.num_steps} steps" if config.warm_start.num_steps else start


def _longest_step(config: Config) -> flops.StepFlops:
    rollout = config.rollout
    return flops.training_step(
        config.model,
        prompt_lengths=[config.data.max_prompt_length] * rollout.prompts_per_step,
        response_lengths=[config.sampler.max_response_length] * rollout.prompts_per_step * rollout.group_size,
        group_size=rollout.group_size,
        share_prompts=config.learner.share_prompts,
    )


def _cache_bytes(config: Config, sizes: dict[str, int]) -> int:
    """Prompt cache (one row per prompt) and response cache (one row per sample) of one sampler call."""
    model, rollout = config.model, config.rollout
    prompts = rollout.prompts_per_call or rollout.prompts_per_step
    tokens = prompts * config.data.max_prompt_length + prompts * rollout.group_size * config.sampler.max_response_length
    shape = jax.ShapeDtypeStruct((2, model.num_layers, tokens, model.num_kv_heads, model.head_dim), jnp.dtype(model.dtype))
    return bytes_per_device(shape, PartitionSpec(None, None, ("data", "fsdp"), "tensor"), sizes)


def _human(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"
