"""What a configuration will need, worked out from shapes alone: parameters, mesh, bytes per device, FLOPs; and whether
the problems, the tokenizer and the weights that it names are there.
"""

import dataclasses
import math
import os

from kpo_jax.config import Config
from kpo_jax.model import flops, parameters
from kpo_jax.model.config import DTYPES
from kpo_jax.runtime import cpu
from kpo_jax.runtime.mesh import bytes_per_device, mesh_shape
from kpo_jax.tasks.prompts import ProblemSet
from kpo_jax.training.inputs import Inputs, load_inputs


def describe(config: Config) -> str:
    """A few lines for a person. With mesh.data = -1 the devices of this machine are counted, otherwise none is touched.

    Opens what training would open: the weights, the tokenizer and all problems, except what lies on the hub, which is
    not asked. Raises ValueError, one line, where training would.
    """
    inputs = load_inputs(config, ask_hub=False)
    mesh = config.mesh
    num_devices = cpu.count_all(os.environ) if mesh.data == -1 else mesh.data * mesh.fsdp * mesh.tensor
    sizes = mesh_shape(mesh, num_devices)
    param_bytes, moment_bytes = state_bytes(config, sizes)
    lines = [
        f"parameters       {parameters.num_params(config.model):,}",
        *_adapter_lines(config),
        f"first policy     {_first_policy(config)}",
        f"mesh             {' x '.join(f'{k} {v}' for k, v in sizes.items())} = {num_devices} device(s)",
        "bytes per device",
        *([f"  frozen         {human(frozen)}"] if (frozen := frozen_bytes(config, sizes)) else []),
        f"  parameters     {human(param_bytes)}",
        f"  gradient       {human(param_bytes)}",
        f"  optimizer      {human(moment_bytes)}",
        *_further_networks(config, sizes),
        f"  for decoding   {human(decoding_bytes(config))}",
        f"  KV cache       {human(_cache_bytes(config, sizes))}",
        "TFLOPs of a training step, all prompts and responses as long as they may be",
        *(f"  {phase:<14} {count / 1e12:,.3g}" for phase, count in dataclasses.asdict(longest_step(config)).items()),
        *_data_lines(inputs),
    ]
    return "\n".join(lines)


def _data_lines(inputs: Inputs) -> list[str]:
    """The sets of problems that were opened, and what training would say of them."""
    sets = [problem_set for problem_set in (inputs.train, *inputs.eval_sets) if problem_set is not None]
    lines = [f"  {one.name:<14} {len(one.problems):,} problems" + _prompt_lengths(one) for one in sets]
    return [*(["data"] if lines or inputs.notes else []), *lines, *(f"  {note}" for note in inputs.notes)]


def _prompt_lengths(problem_set: ProblemSet) -> str:
    lengths = [len(ids) for ids in problem_set.prompt_ids]
    return f", prompts of {min(lengths)} to {max(lengths)} tokens" if lengths else ""


def _adapter_lines(config: Config) -> list[str]:
    lora = config.model.lora
    if not lora.rank:
        return []
    count = parameters.num_trained(config.model)
    return [f"trained          {count:,}, in adapters of rank {lora.rank}, {lora.targets}"]


def state_bytes(config: Config, sizes: dict[str, int]) -> tuple[int, int]:
    """Bytes on one device of a mesh of those sizes: (trained parameters, both moments). The gradient is as large as the
    parameters.
    """
    return _network_bytes(config, parameters.adapters(config.model) or parameters.tree(config.model), sizes)


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


def _further_networks(config: Config, sizes: dict[str, int]) -> list[str]:
    """Lines on the bytes of past policies, of the reference policy and of the critic, where there are any."""
    lines, staleness = [], config.rollout.staleness
    if staleness:
        lines.append(f"  past policies  {human(staleness * state_bytes(config, sizes)[0])}")
    if config.algorithm.kl.estimate:
        lines.append(f"  reference      {human(state_bytes(config, sizes)[0])}")
    if config.algorithm.has_critic:  # the policy's network without its output head; the value head is a few bytes
        own = parameters.adapters(config.model) or parameters.tree(config.model)
        size, moments = _network_bytes(config, {name: part for name, part in own.items() if name != "lm_head"}, sizes)
        lines += [f"  critic         {human(size)}", f"  its optimizer  {human(moments)}"]
    return lines


def _first_policy(config: Config) -> str:
    start = f"step 0 of {config.init_from}" if config.init_from else config.pretrained or "random weights"
    return (
        f"{start}, then a warm start of {config.warm_start.num_steps} steps" if config.warm_start.num_steps else start
    )


def longest_step(config: Config) -> flops.StepFlops:
    """FLOPs of a training step whose prompts and responses are all as long as they may be."""
    rollout = config.rollout
    return flops.training_step(
        config.model,
        prompt_lengths=[config.data.max_prompt_length] * rollout.prompts_per_step,
        response_lengths=[config.sampler.max_response_length] * rollout.prompts_per_step * rollout.group_size,
        group_size=rollout.group_size,
        share_prompts=config.learner.share_prompts,
        epochs=config.learner.epochs,
    )


def decoding_bytes(config: Config) -> int:
    """Bytes on one device of the weights as decoding reads them: in the compute dtype, split by heads alone, and with a
    head of their own where the embeddings are tied.
    """
    model, split = config.model, config.mesh.sampling_tensor or config.mesh.tensor
    sizes = {"data": 1, "fsdp": 1, "tensor": split}
    head = model.vocab_size * model.hidden_size * DTYPES[model.dtype] // split if model.tie_embeddings else 0
    return bytes_per_device(parameters.leaves(parameters.tree(model)), model.dtype, sizes) + head


def _cache_bytes(config: Config, sizes: dict[str, int]) -> int:
    """Prompt cache (one row per prompt) and response cache (one row per sample) of one sampler call."""
    model, rollout = config.model, config.rollout
    prompts = rollout.prompts_at_once
    tokens = prompts * config.data.max_prompt_length + prompts * rollout.group_size * config.sampler.max_response_length
    entries = 2 * model.num_layers * tokens * model.num_kv_heads * model.head_dim
    return entries * DTYPES[model.dtype] // math.prod(sizes.values())  # tokens over data x fsdp, heads over tensor


def human(count: int) -> str:
    """Bytes in the largest unit of which they have one."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"
