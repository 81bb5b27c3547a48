"""The training step compiled ahead of time for a TPU that is not here: which mesh fits, its memory and its FLOPs.

The compiler is that of the libtpu package, an optional extra (launch/requirements-tpu.txt); no TPU is asked for.
"""

import dataclasses
import importlib.util
import re
import time

import jax
import numpy as np
from jax.experimental import topologies

from kpo_jax.commands.dry_run import human, longest_step, state_bytes
from kpo_jax.config import Config, problems_of
from kpo_jax.model import flops
from kpo_jax.model.packing import PackShape
from kpo_jax.recording.terminal import tell
from kpo_jax.runtime.mesh import AXES, mesh_shape
from kpo_jax.runtime.sharding import make_mesh
from kpo_jax.training.compiling import batch_shapes
from kpo_jax.training.inputs import PROMPT_ROUNDING
from kpo_jax.training.learner import make_init
from kpo_jax.training.setup import make_optimizers, update_shape, update_step


@dataclasses.dataclass(frozen=True)
class Chip:
    """`kind` is its device_kind in JAX and in flops.DATA_SHEETS, `memory` its HBM in bytes, `axes` those of its
    torus.
    """

    kind: str
    memory: int
    axes: int


# cloud.google.com/tpu/docs/v5e, v5p, v6e
CHIPS = {
    "v5e": Chip("TPU v5 lite", 16 * 2**30, 2),
    "v5p": Chip("TPU v5", 95 * 2**30, 3),
    "v6e": Chip("TPU v6 lite", 32 * 2**30, 2),
}


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes on one device. Outputs that take the place of an argument count in `outputs` and again in `in_place`."""

    arguments: int
    outputs: int
    in_place: int
    temporaries: int
    program: int

    @property
    def total(self) -> int:
        return self.arguments + self.outputs - self.in_place + self.temporaries + self.program


class DoesNotFit(Exception):
    """The compiler found no plan within the chip's memory; the message is one line of its own."""


def parse(text: str) -> tuple[Chip, int]:
    """(chip, number of chips) of e.g. "v5p:2x2x4". Raises ValueError, one line, for what is none."""
    match = re.fullmatch(r"(\w+):([1-9][0-9]{0,3}(?:x[1-9][0-9]{0,3})+)", text)
    if match is None or match[1] not in CHIPS:
        raise ValueError(
            f"--dry_run_topology: {text!r} is no topology; legal: {', '.join(CHIPS)} and its chips, "
            "e.g. v5e:2x4, v5p:2x2x4"
        )
    chip, sides = CHIPS[match[1]], match[2].split("x")
    if len(sides) != chip.axes:
        raise ValueError(f"--dry_run_topology: {text!r} has {len(sides)} sides; {match[1]} has {chip.axes}")
    return chip, int(np.prod([int(side) for side in sides]))


def on(config: Config, text: str) -> Config:
    """The configuration with its mesh spelled out for that topology. Raises ValueError if they do not fit each
    other.
    """
    sizes = mesh_shape(config.mesh, parse(text)[1])
    config = dataclasses.replace(config, mesh=dataclasses.replace(config.mesh, **sizes))
    if problems := problems_of(config):
        raise ValueError("; ".join(problems))
    update_shape(config, _prompt_length(config), sizes["data"] * sizes["fsdp"])
    return config


def devices(text: str) -> list:
    """The topology's devices. Raises ValueError, one line, without libtpu or for a topology that it does not know."""
    if importlib.util.find_spec("libtpu") is None:
        raise ValueError(
            "--dry_run_topology: needs the libtpu package: "
            "pip install -r launch/requirements-tpu.txt -c launch/requirements.lock"
        )
    try:
        return topologies.get_topology_desc(platform="tpu", topology_name=text).devices
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(f"--dry_run_topology: {text!r}: {str(error).splitlines()[0]}") from error


def describe(config: Config, text: str, found: list) -> str:
    """What the training step takes on `found`, the devices of the topology, by the configuration's mesh or the first
    other one that fits; for a person. Minutes of compilation."""
    chip, count = parse(text)
    hosts = len({device.process_index for device in found})
    lines = [f"topology         {text}: {count} x {chip.kind}, {hosts} host(s), {chip.memory / 2**30:.0f} GiB a device"]
    for candidate in [config, *alternatives(config, text)]:
        lines.append(f"mesh             {_name(candidate)}")
        if (state := _state_bytes(candidate)) > chip.memory:
            lines.append(
                f"  does not fit   parameters, gradient and optimizer alone take {state / 2**30:.2f} GiB "
                f"of {chip.memory / 2**30:.0f}"
            )
            continue
        tell(f"compiling for {text}, mesh {_name(candidate)}")
        try:
            memory, shape, seconds = compile_step(candidate, found)
        except (DoesNotFit, ValueError) as error:  # ValueError: these devices do not take such a mesh
            lines.append(f"  does not fit   {error}")
            continue
        flags = [f"--config.mesh.{name}={value}" for name, value in _sizes(candidate).items()]
        if candidate.mesh.across_hosts:
            flags.append("--config.mesh.across_hosts=True")
        lines += [*report(candidate, chip, memory, shape, seconds), f"fits             {' '.join(flags)}"]
        return "\n".join(lines)
    return "\n".join(
        [*lines, "no mesh of these fits; a smaller learner.microbatch_tokens, model.remat=full or more devices may"]
    )


def compile_step(config: Config, found: list) -> tuple[Memory, PackShape, float]:
    """(memory, shape of the update, seconds it took) of the training step on the mesh over `found`. Raises DoesNotFit,
    or ValueError as make_mesh does."""
    mesh = make_mesh(config.mesh, found)
    optimizer, critic_optimizer = make_optimizers(config)
    init, shardings = make_init(config.model, optimizer, mesh, critic_optimizer)
    shape = update_shape(config, _prompt_length(config), mesh.shape["data"] * mesh.shape["fsdp"])
    start = time.perf_counter()
    lowered = update_step(config, optimizer, shardings, mesh).lower(
        jax.eval_shape(init, jax.random.key(0)), batch_shapes(shape, config, _prompt_length(config))
    )
    try:
        analysis = lowered.compile().memory_analysis()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise DoesNotFit(out_of_memory(str(error))) from error
    memory = Memory(
        arguments=analysis.argument_size_in_bytes,
        outputs=analysis.output_size_in_bytes,
        in_place=analysis.alias_size_in_bytes,
        temporaries=analysis.temp_size_in_bytes,
        program=analysis.generated_code_size_in_bytes,
    )
    return memory, shape, time.perf_counter() - start


def report(config: Config, chip: Chip, memory: Memory, shape: PackShape, seconds: float) -> list[str]:
    """Lines on one mesh's memory and work. FLOPs are counted from shapes: XLA's own count takes the body of a loop
    once.
    """
    count = config.mesh.data * config.mesh.fsdp * config.mesh.tensor
    work = longest_step(config).update / config.learner.num_minibatches / count
    peak = flops.data_sheet(chip.kind, 1).flops

    def line(name, size, remark=""):
        return f"  {name:<14} {human(size)}{remark}"

    return [
        (
            f"  update         {shape.microbatches} microbatch(es) of {shape.rows} x {shape.length:,} tokens, "
            f"compiled in {seconds:.0f} s"
        ),
        line("arguments", memory.arguments),
        line("outputs", memory.outputs, f", {human(memory.in_place)} of them in place of arguments"),
        line("temporaries", memory.temporaries),
        line("program", memory.program),
        line("together", memory.total, f" = {memory.total / chip.memory:.1%} of {chip.memory / 2**30:.0f} GiB"),
        (
            f"  FLOPs          {work / 1e12:,.4g} T a device and optimizer step, "
            f"{work / peak:.3g} s at the data sheet's {peak / 1e12:.0f} T/s"
        ),
    ]


def alternatives(config: Config, text: str):
    """Configurations with meshes of the same devices that split the state further, the nearest first, where they are
    legal.
    """
    count = parse(text)[1]
    ways = [
        (fsdp, tensor)
        for tensor in (1, 2, 4, 8)
        for fsdp in range(1, count // tensor + 1)
        if count % (fsdp * tensor) == 0
    ]
    own = config.mesh.fsdp * config.mesh.tensor
    for fsdp, tensor in sorted(ways, key=lambda way: (way[0] * way[1], way[1])):
        mesh = dataclasses.replace(config.mesh, data=count // (fsdp * tensor), fsdp=fsdp, tensor=tensor)
        if fsdp * tensor < own or mesh == config.mesh:
            continue
        try:
            yield on(dataclasses.replace(config, mesh=mesh), text)
        except ValueError:  # not for this model and batch
            continue


def _state_bytes(config: Config) -> int:
    """Bytes on one device of parameters, gradient and both moments."""
    params, moments = state_bytes(config, _sizes(config))
    return 2 * params + moments


def _prompt_length(config: Config) -> int:
    return -(-config.data.max_prompt_length // PROMPT_ROUNDING) * PROMPT_ROUNDING


def _sizes(config: Config) -> dict[str, int]:
    return {axis: size for axis, size in dataclasses.asdict(config.mesh).items() if axis in AXES}


def _name(config: Config) -> str:
    return " x ".join(f"{axis} {size}" for axis, size in _sizes(config).items())


def out_of_memory(message: str) -> str:
    """The compiler's sentence on the memory it would need, or its first line."""
    match = re.search(r"Used \S+ of \S+ hbm\.[^.]*\d\.\d+\w", message)
    return match[0] if match else message.splitlines()[0]
