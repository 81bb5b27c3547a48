"""The axes of the device mesh and what is split over them, worked out without jax and without a device."""

import math
from collections.abc import Iterable, Mapping

from kpo_jax.model.config import HELD
from kpo_jax.model.parameters import Parameter

AXES = ("data", "fsdp", "sequence", "tensor")

# logical axis of a parameter -> mesh axis, or several; axes not named here are replicated
RULES = {
    "vocab": "tensor", "embed": ("fsdp", "sequence"), "heads": "tensor", "kv_heads": "tensor", "mlp": "tensor",
}  # fmt: skip


def mesh_shape(config, num_devices: int) -> dict[str, int]:
    """Axis sizes of a MeshConfig on `num_devices` devices. Raises ValueError if they do not fit."""
    data = num_devices // config.inner if config.data == -1 else config.data
    sizes = dict(zip(AXES, (data, config.fsdp, config.sequence, config.tensor), strict=True))
    if data * config.inner != num_devices:
        axes = shown(sizes)
        product = f"{' x '.join(axes)} = {' x '.join(map(str, axes.values()))}"
        raise ValueError(f"mesh: {product} does not use {num_devices} devices")
    return sizes


def axes_text(sizes: Mapping[str, int]) -> str:
    """Axis sizes for a person."""
    return " x ".join(f"{axis} {size}" for axis, size in shown(sizes).items())


def shown(sizes: Mapping[str, int]) -> dict[str, int]:
    """Without the axis `sequence` where it splits nothing, as in most runs."""
    return {axis: size for axis, size in sizes.items() if axis != "sequence" or size > 1}


def bytes_per_device(parameters: Iterable[Parameter], dtype: str, sizes: dict[str, int]) -> int:
    """Bytes that one device of a mesh of those sizes holds of arrays of that dtype, split as the parameters are."""

    def one(parameter):
        rules = [RULES.get(axis, ()) for axis in parameter.axes]
        axes = [axis for rule in rules for axis in ((rule,) if isinstance(rule, str) else rule)]
        return parameter.size * HELD[dtype] // math.prod(sizes.get(axis, 1) for axis in axes)

    return sum(map(one, parameters))
