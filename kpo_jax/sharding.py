"""The device mesh, where every array lives on it, and how host arrays get there.

Mesh axes: `data` (replicas), `fsdp` (parameters and batch split), `tensor` (heads, feed-forward and vocabulary split). The
batch is split over data x fsdp.
"""

import math

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from kpo_jax.model import param_axes

AXES = ("data", "fsdp", "tensor")
BATCH = PartitionSpec(("data", "fsdp"))

# logical axis of a parameter -> mesh axis; axes not named here are replicated
RULES = {"vocab": "tensor", "embed": "fsdp", "heads": "tensor", "kv_heads": "tensor", "mlp": "tensor"}


def mesh_shape(config, num_devices: int) -> dict[str, int]:
    """Axis sizes of a MeshConfig on `num_devices` devices. Raises ValueError if they do not fit."""
    inner = config.fsdp * config.tensor
    data = num_devices // inner if config.data == -1 else config.data
    if data * inner != num_devices:
        raise ValueError(f"mesh: data x fsdp x tensor = {data} x {config.fsdp} x {config.tensor} does not use {num_devices} devices")
    return {"data": data, "fsdp": config.fsdp, "tensor": config.tensor}


def make_mesh(config, devices=None) -> Mesh:
    """The mesh of a MeshConfig over all devices (or those given)."""
    devices = jax.devices() if devices is None else devices
    shape = mesh_shape(config, len(devices))
    return jax.make_mesh(tuple(shape.values()), AXES, (AxisType.Auto,) * len(AXES), devices=devices)


def param_specs(model_config):
    """PartitionSpec of every parameter."""
    def spec(axes):
        return PartitionSpec(*(RULES.get(axis) for axis in axes))

    return jax.tree.map(spec, param_axes(model_config), is_leaf=_is_spec)


def state_shardings(state_shapes, model_config, mesh: Mesh):
    """NamedSharding of every leaf of a TrainState (given as shapes): optimizer moments live where their parameter does."""
    specs = dict(jax.tree_util.tree_leaves_with_path(param_specs(model_config), is_leaf=_is_spec))

    def sharding(path, leaf):
        if leaf.ndim:
            for start in range(len(path)):
                if path[start:] in specs:
                    return NamedSharding(mesh, specs[path[start:]])
        return NamedSharding(mesh, PartitionSpec())

    return jax.tree_util.tree_map_with_path(sharding, state_shapes)


def bytes_per_device(shapes, specs, mesh_sizes: dict[str, int]) -> int:
    """Bytes one device holds of a tree of shapes split by a tree of PartitionSpecs; no device is touched."""
    def one(leaf, spec):
        split = math.prod(mesh_sizes[a] for axes in spec if axes for a in ((axes,) if isinstance(axes, str) else axes))
        return math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize // split

    return sum(jax.tree.leaves(jax.tree.map(one, shapes, specs)))


def _is_spec(x) -> bool:
    return isinstance(x, PartitionSpec)


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """Rows split over data x fsdp."""
    return NamedSharding(mesh, BATCH)


def microbatch_sharding(mesh: Mesh) -> NamedSharding:
    """Rows of arrays [microbatches, rows, ...] split over data x fsdp."""
    return NamedSharding(mesh, PartitionSpec(None, *BATCH))


def replicated(mesh: Mesh) -> NamedSharding:
    return NamedSharding(mesh, PartitionSpec())


def put_rows(mesh: Mesh, tree):
    """Host arrays with a leading row axis -> device arrays split over the batch axes."""
    return jax.device_put(tree, batch_sharding(mesh))


def put_microbatches(mesh: Mesh, tree):
    """Host arrays [microbatches, rows, ...] -> device arrays with their rows split over the batch axes."""
    return jax.device_put(tree, microbatch_sharding(mesh))
