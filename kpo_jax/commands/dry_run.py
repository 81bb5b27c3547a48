"""What a configuration will need, worked out from shapes alone: parameters, mesh, bytes per device, FLOPs; and whether
the problems, the tokenizer and the weights that it names are there.
"""

import dataclasses
import os

from kpo_jax.commands import memory
from kpo_jax.commands.memory import human
from kpo_jax.config import Config
from kpo_jax.model import flops, parameters
from kpo_jax.runtime import cpu
from kpo_jax.runtime.mesh import axes_text, mesh_shape
from kpo_jax.tasks.prompts import ProblemSet
from kpo_jax.training.inputs import Inputs, load_inputs


def describe(config: Config) -> str:
    """A few lines for a person. With mesh.data = -1 the devices of this machine are counted, otherwise none is touched.

    Opens what training would open: the weights, the tokenizer and all problems, except what lies on the hub, which is
    not asked. Raises ValueError, one line, where training would.
    """
    inputs = load_inputs(config, ask_hub=False)
    mesh = config.mesh
    num_devices = cpu.count_all(os.environ) if mesh.data == -1 else mesh.data * mesh.inner
    sizes = mesh_shape(mesh, num_devices)
    lines = [
        f"parameters       {parameters.num_params(config.model):,}",
        *_adapter_lines(config),
        f"first policy     {_first_policy(config)}",
        f"mesh             {axes_text(sizes)} = {num_devices} device(s)",
        "bytes per device",
        *_held_lines(config, sizes),
        "TFLOPs of a training step, all prompts and responses as long as they may be",
        *(f"  {phase:<14} {count / 1e12:,.3g}" for phase, count in dataclasses.asdict(longest_step(config)).items()),
        *_data_lines(inputs),
    ]
    return "\n".join(lines)


def _held_lines(config: Config, sizes: dict[str, int]) -> list[str]:
    """What a device holds all the time and in each phase, and together."""
    lines = [f"  {what:<14} {human(size)}" for what, size in memory.held(config, sizes).items()]
    together = memory.at_once(config, sizes)
    beside = {what: size for of in memory.phases(config, sizes).values() for what, size in of.items()}
    lines += [f"  {what:<14} {human(size)}" for what, size in beside.items()]
    said = ", ".join(f"{human(size)} in the {phase}" for phase, size in together.items())
    return [*lines, f"  together       {said}; activations and passes are estimates"]


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


def _first_policy(config: Config) -> str:
    start = config.first_policy
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
