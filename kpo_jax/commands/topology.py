"""Training step and sampler compiled ahead of time for accelerators that are not here: which mesh fits, its memory and
its FLOPs.
"""

import dataclasses
import re
import time
from typing import NamedTuple

import jax
from jax.sharding import Mesh

from kpo_jax.commands.chips import Chip, parse
from kpo_jax.commands.dry_run import longest_step
from kpo_jax.commands.memory import EVALUATION, MOVE, OPTIMIZER, ROLLOUT, UPDATE, at_once, held, human, phases
from kpo_jax.config import Config, problems_of
from kpo_jax.model import flops
from kpo_jax.model.decoder import init_params
from kpo_jax.model.lora import init_adapters
from kpo_jax.model.shapes import PackShape
from kpo_jax.recording.terminal import tell
from kpo_jax.runtime.ahead import like
from kpo_jax.runtime.mesh import AXES, axes_text, mesh_shape, shown
from kpo_jax.runtime.sharding import localized, make_mesh, param_specs, process_mesh, replicated
from kpo_jax.sampling.programs import Programs
from kpo_jax.sampling.shapes import plan
from kpo_jax.training.compiling import batch_shapes
from kpo_jax.training.learner import make_init
from kpo_jax.training.setup import make_optimizers, update_step
from kpo_jax.training.shapes import longest_prompt, update_shape


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes on one device. Outputs that take the place of an argument count in `outputs` and again in `in_place`. What
    lies in the host's memory for it, `on_host`, is none of its own.
    """

    arguments: int
    outputs: int
    in_place: int
    temporaries: int
    program: int
    on_host: int = 0

    @property
    def total(self) -> int:
        return self.arguments + self.outputs - self.in_place + self.temporaries + self.program


class DoesNotFit(Exception):
    """The compiler found no plan within the chip's memory; the message is one line of its own."""


def on(config: Config, text: str) -> Config:
    """The configuration with its mesh spelled out for that topology. Raises ValueError if they do not fit each
    other.
    """
    sizes = mesh_shape(config.mesh, parse(text)[1])
    config = dataclasses.replace(config, mesh=dataclasses.replace(config.mesh, **sizes))
    if problems := problems_of(config):
        raise ValueError("; ".join(problems))
    update_shape(config, longest_prompt(config), sizes["data"] * sizes["fsdp"])
    return config


def describe(config: Config, text: str, found: list) -> str:
    """What training step and sampler take on `found`, the devices of the topology, by the configuration's mesh or the
    first other one that fits; for a person. Minutes of compilation.
    """
    chip, count = parse(text)
    hosts = len({device.process_index for device in found})
    lines = [f"topology         {text}: {count} x {chip.kind}, {hosts} host(s), {chip.memory / 2**30:.0f} GiB a device"]
    for candidate in [config, *alternatives(config, text)]:
        lines.append(f"mesh             {_name(candidate)}")
        if (state := _state_bytes(candidate)) > chip.memory:
            lines.append(
                f"  does not fit   state and gradient alone take {state / 2**30:.2f} GiB of {chip.memory / 2**30:.0f}"
            )
            continue
        tell(f"compiling for {text}, mesh {_name(candidate)}")
        try:
            step, sampler = compile_step(candidate, found), compile_sampler(candidate, found)
        except (DoesNotFit, ValueError) as error:  # ValueError: these devices do not take such a mesh
            lines.append(f"  does not fit   {error}")
            continue
        told, together = report(candidate, chip, step, sampler)
        lines += told
        if together > chip.memory:
            lines.append(f"  does not fit   {together / 2**30:.2f} GiB of {chip.memory / 2**30:.0f}")
            continue
        flags = [f"--config.mesh.{name}={value}" for name, value in shown(_sizes(candidate)).items()]
        if candidate.mesh.across_hosts:
            flags.append("--config.mesh.across_hosts=True")
        if candidate.mesh.sampling_tensor:
            flags.append(f"--config.mesh.sampling_tensor={candidate.mesh.sampling_tensor}")
        return "\n".join([*lines, f"fits             {' '.join(flags)}"])
    return "\n".join(
        [*lines, "no mesh of these fits; a smaller learner.microbatch_tokens, model.remat=full or more devices may"]
    )


class Step(NamedTuple):
    """The compiled training step: its memory, the shape of the update and the seconds it took."""

    memory: Memory
    shape: PackShape
    seconds: float


class Sampler(NamedTuple):
    """The compiled sampler of a host: the memory of the copy of the weights, of prefill and of the largest shape of
    decoding, how many shapes and hosts there are, what a device holds of the parameters that moved to its mesh until
    they are copied, and the seconds that the three took.
    """

    copy: Memory
    prefill: Memory
    decode: Memory
    shapes: int
    hosts: int
    moved: int
    seconds: float

    @property
    def most(self) -> int:
        """Bytes on one device beside the state: while weights are made, with all caches in prefill, in decoding."""
        making = self.moved + self.copy.total - self.copy.arguments
        prefilling = self.decode.arguments + self.prefill.temporaries + self.prefill.program
        return max(making, prefilling, self.prefill.total, self.decode.total)


def compile_step(config: Config, found: list) -> Step:
    """The training step on the mesh over `found`. Raises DoesNotFit, or ValueError as make_mesh does."""
    mesh = make_mesh(config.mesh, found)
    optimizer, critic_optimizer = make_optimizers(config)
    init, shardings = make_init(config.model, optimizer, mesh, critic_optimizer, config.learner.moments_on_host)
    shape = update_shape(config, longest_prompt(config), mesh.shape["data"] * mesh.shape["fsdp"])
    start = time.perf_counter()
    state = jax.eval_shape(init, jax.random.key(0))
    batch = batch_shapes(shape, config, longest_prompt(config))
    memory = _compiled(update_step(config, optimizer, shardings, mesh).lower(state, batch))
    return Step(memory, shape, time.perf_counter() - start)


def compile_sampler(config: Config, found: list) -> Sampler:
    """The sampler of the first host of the mesh over `found`. Raises as `compile_step` does."""
    start, mesh = time.perf_counter(), make_mesh(config.mesh, found)
    own, shapes, lowered = lower_sampler(config, mesh, found)
    memory = [_compiled(one) for one in lowered]
    moves = own.shape["tensor"] != mesh.shape["tensor"] or own.size // own.shape["data"] != config.mesh.inner
    hosts = len({device.process_index for device in found})
    return Sampler(*memory, shapes, hosts, memory[0].arguments if moves else 0, time.perf_counter() - start)


def lower_sampler(config: Config, mesh: Mesh, found: list) -> tuple:
    """(the mesh of the first host's sampler, the number of its shapes, (the copy of the weights, prefill, the largest
    decoding), all lowered).
    """
    hosts = len({device.process_index for device in found})
    own = process_mesh(mesh, found[0].process_index, config.mesh.sampling_tensor)
    rollout, sampled = config.rollout, dataclasses.replace(config.sampler, stop=())
    programs = Programs(config.model, sampled, own, ())
    how = plan(
        rollout.prompts_per_step // hosts,
        rollout.prompts_at_once // hosts,
        rollout.group_size,
        longest_prompt(config),
        sampled.max_response_length,
        programs.device_rows,
    )
    params = jax.eval_shape(lambda: init_params(config.model, jax.random.key(0)))
    params |= jax.eval_shape(lambda: init_adapters(config.model, jax.random.key(0))) or {}
    shapes = localized(params, param_specs(config.model), mesh, own, sampled.moved_dtype(config.model))
    key = like(jax.eval_shape(lambda: jax.random.key(0)), replicated(own))
    wanted = programs.copy, programs.admit, programs.decode(how.shapes[0])
    lowered = {
        program: program.lower(*given) for program, given in programs.calls(how, shapes, key) if program in wanted
    }
    return own, len(how.shapes), tuple(lowered[program] for program in wanted)


def _compiled(lowered) -> Memory:
    try:
        analysis = lowered.compile().memory_analysis()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise DoesNotFit(out_of_memory(str(error))) from error
    return Memory(
        arguments=analysis.argument_size_in_bytes,
        outputs=analysis.output_size_in_bytes,
        in_place=analysis.alias_size_in_bytes,
        temporaries=analysis.temp_size_in_bytes,
        program=analysis.generated_code_size_in_bytes,
        on_host=analysis.host_argument_size_in_bytes,
    )


def report(config: Config, chip: Chip, step: Step, sampler: Sampler) -> tuple[list[str], int]:
    """(lines on one mesh's memory and work, the most bytes that a device holds in any phase). FLOPs are counted from
    shapes: XLA's own count takes the body of a loop once.
    """
    count = config.mesh.data * config.mesh.inner
    work = longest_step(config).update / config.learner.updates_per_rollout / count
    peak = flops.data_sheet(chip.kind, 1).flops
    memory, shape = step.memory, step.shape
    always, planned = held(config, _sizes(config)), at_once(config, _sizes(config), sampler.hosts)
    kept = sum(always.values())
    others = sum(always.get(what, 0) for what in ("past policies", "reference"))  # not arguments of the step
    updating, sampling = others + memory.total, kept + sampler.most

    def line(name, size, remark=""):
        return f"  {name:<14} {human(size)}{remark}"

    def together(size, *phases):
        share = f"{size / chip.memory:.1%} of {chip.memory / 2**30:.0f} GiB"
        plan = max(planned.get(phase, 0) for phase in phases)
        return line("together", size, f" = {share}; the plan without a compiler: {human(plan)}")

    moved = f", made of {human(sampler.moved)} that moved to its mesh" if sampler.moved else ""
    lines = [
        (
            f"  update         {shape.microbatches} microbatch(es) of {shape.rows} x {shape.length:,} tokens, "
            f"compiled in {step.seconds:.0f} s"
        ),
        line("arguments", memory.arguments),
        line("outputs", memory.outputs, f", {human(memory.in_place)} of them in place of arguments"),
        line("temporaries", memory.temporaries),
        line("program", memory.program),
        *([line("on the host", memory.on_host)] if memory.on_host else []),
        *([line("beside it", others, " of past policies and reference")] if others else []),
        together(updating, UPDATE, OPTIMIZER),
        (
            f"  FLOPs          {work / 1e12:,.4g} T a device and optimizer step, "
            f"{work / peak:.3g} s at the data sheet's {peak / 1e12:.0f} T/s"
        ),
        (
            f"  sampler        copy of the weights, prefill and the largest of {sampler.shapes} shape(s) compiled in "
            f"{sampler.seconds:.0f} s"
        ),
        line("weights", sampler.copy.outputs, f", and {human(sampler.copy.temporaries)} of temporaries{moved}"),
        line("prefill", sampler.prefill.arguments, f", and {human(sampler.prefill.temporaries)} of temporaries"),
        line("decoding", sampler.decode.arguments, f", and {human(sampler.decode.temporaries)} of temporaries"),
        line("beside them", kept, " of state"),
        together(sampling, ROLLOUT, MOVE),
    ]
    if evaluation := planned.get(EVALUATION, 0):
        lines.append(line("evaluation", evaluation, " together by the plan, not compiled"))
    return lines, max(updating, sampling, evaluation)


def alternatives(config: Config, text: str):
    """Configurations with meshes of the same devices that split the state further, the nearest first, where they are
    legal.
    """
    count = parse(text)[1] // config.mesh.sequence
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
    """Bytes on one device of parameters, gradient, both moments and what else an update finds there."""
    sizes = _sizes(config)
    return sum(held(config, sizes).values()) + phases(config, sizes)[UPDATE]["gradient"]


def _sizes(config: Config) -> dict[str, int]:
    sizes = dataclasses.asdict(config.mesh)
    return {axis: sizes[axis] for axis in AXES}


def _name(config: Config) -> str:
    return axes_text(_sizes(config))


def out_of_memory(message: str) -> str:
    """The compiler's sentence on the memory it would need, or its first line."""
    match = re.search(r"Used \S+ of \S+ hbm\.[^.]*\d\.\d+\w", message)
    return match[0] if match else message.splitlines()[0]
