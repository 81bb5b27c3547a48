"""The axes of the device mesh and what is split over them, worked out without jax and without a device."""

from collections.abc import Iterable

from kpo_jax.model.config import HELD
from kpo_jax.model.parameters import Parameter

AXES = ("data", "fsdp", "tensor")

# logical axis of a parameter -> mesh axis; axes not named here are replicated
RULES = {"vocab": "tensor", "embed": "fsdp", "heads": "tensor", "kv_heads": "tensor", "mlp": "tensor"}


def mesh_shape(config, num_devices: int) -> dict[str, int]:
    """Axis sizes of a MeshConfig on `num_devices` devices. Raises ValueError if they do not fit."""
    inner = config.fsdp * config.tensor
    data = num_devices // inner if config.data == -1 else config.data
    if data * inner != num_devices:
        raise ValueError(
            f"mesh: data x fsdp x tensor = {data} x {config.fsdp} x {config.tensor} does not use {num_devices} devices"
        )
    return {"data": data, "fsdp": config.fsdp, "tensor": config.tensor}


def bytes_per_device(parameters: Iterable[Parameter], dtype: str, sizes: dict[str, int]) -> int:
    """Bytes that one device of a mesh of those sizes holds of arrays of that dtype, split as the parameters are."""
    whole = sizes | {None: 1}

    def one(parameter):
        split = 1
        for axis in parameter.axes:
            split *= whole[RULES.get(axis)]
        return parameter.size * HELD[dtype] // split

    return sum(map(one, parameters))
