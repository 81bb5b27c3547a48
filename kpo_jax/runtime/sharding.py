"""The device mesh, where every array lives on it, and how host arrays get there.

Mesh axes: `data` (replicas), `fsdp` (parameters and batch), `sequence` (parameters and the tokens of a row), `tensor`
(heads, feed-forward and vocabulary). The batch is split over data x fsdp. With several processes (hosts), `data` is
what crosses from one to another.
"""

import functools
import math

import jax
import numpy as np
from jax.experimental import mesh_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from kpo_jax.model import parameters
from kpo_jax.runtime.mesh import AXES, RULES, mesh_shape

BATCH = PartitionSpec(("data", "fsdp"))


def make_mesh(config, devices=None) -> Mesh:
    """The mesh of a MeshConfig over all devices (or those given).

    Of several processes, each holds whole groups of fsdp x sequence x tensor devices: within a host links are fast, and
    every process has the parameters whole. Raises ValueError where they do not fit and the configuration does not say
    that they may cross.
    """
    devices = jax.devices() if devices is None else devices
    shape = mesh_shape(config, len(devices))
    hosts = len({device.process_index for device in devices})
    per_host, inner = len(devices) // hosts, config.inner
    if hosts == 1 or (per_host % inner and config.across_hosts):
        return jax.make_mesh(tuple(shape.values()), AXES, (AxisType.Auto,) * len(AXES), devices=devices)
    if per_host % inner:
        raise ValueError(
            f"mesh: fsdp x sequence x tensor = {inner} does not divide the {per_host} devices of a host, "
            "so parameters would be split across hosts; mesh.across_hosts=True allows that"
        )
    grid = mesh_utils.create_hybrid_device_mesh(
        (per_host // inner, *list(shape.values())[1:]), (hosts, 1, 1, 1), devices, process_is_granule=True
    )
    return Mesh(grid, AXES, axis_types=(AxisType.Auto,) * len(AXES))


def local_mesh(mesh: Mesh, tensor: int = 0) -> Mesh:
    """The mesh of this process's own devices, for sampling: its rows of `mesh`, or, where a row crosses hosts, one row
    of all of them, with `sequence` as a part of `fsdp`. With `tensor`, that many devices split what they would
    otherwise each hold, see MeshConfig.sampling_tensor.

    Raises ValueError where `tensor` does not divide the devices.
    """
    if jax.process_count() == 1 and not tensor and mesh.shape["sequence"] == 1:
        return mesh
    return process_mesh(mesh, jax.process_index(), tensor)


def process_mesh(mesh: Mesh, process: int, tensor: int = 0) -> Mesh:
    """The same for one of several processes, whose devices need not be here."""
    grid = _grid_of(mesh, process)
    if tensor:
        if grid.size % tensor:
            raise ValueError(f"mesh.sampling_tensor: {tensor} does not divide the {grid.size} devices of a host")
        grid = grid.reshape(-1, 1, 1, tensor)
    return Mesh(grid, AXES, axis_types=mesh.axis_types)


def _grid_of(mesh: Mesh, process: int) -> np.ndarray:
    mine = np.vectorize(lambda device: device.process_index == process)(mesh.devices)
    if (whole := mine.all(axis=(1, 2, 3))).any():
        rows = mesh.devices[whole]
        return rows.reshape(len(rows), -1, 1, rows.shape[-1])
    own = sorted(mesh.devices[mine], key=lambda device: device.id)
    tensor = math.gcd(len(own), mesh.shape["tensor"])
    return np.array(own).reshape(1, len(own) // tensor, 1, tensor)


def localize(tree, specs, mesh: Mesh, local: Mesh, dtype=None):
    """Parameters on `mesh` as arrays on this process's `local` mesh (see `local_mesh`), split by the same specs. All
    processes call it together.

    Nothing is copied where the process has the parameters whole, so the result must be out of use when they are
    donated. What has to move is rounded to `dtype` first, where it lies.
    """
    if local is mesh:
        return tree
    everyone = _meshes_of_all(mesh, local)

    def own(x, spec):
        whole = NamedSharding(everyone, spec)
        if not x.sharding.is_equivalent_to(whole, x.ndim):
            x = jax.device_put(x if dtype is None else x.astype(dtype), whole)
        shards = {shard.device: shard.data for shard in x.addressable_shards}
        sharding = NamedSharding(local, spec)
        return jax.make_array_from_single_device_arrays(x.shape, sharding, [shards[d] for d in local.devices.flat])

    return jax.tree.map(own, tree, specs)


def localized(shapes, specs, mesh: Mesh, local: Mesh, dtype=None):
    """What `localize` gives for such parameters, as shapes with their shardings."""
    everyone = mesh if local is mesh else _meshes_of_all(mesh, local)

    def own(x, spec):
        stays = NamedSharding(mesh, spec).is_equivalent_to(NamedSharding(everyone, spec), x.ndim)
        return jax.ShapeDtypeStruct(
            x.shape, x.dtype if stays or dtype is None else dtype, sharding=NamedSharding(local, spec)
        )

    return jax.tree.map(own, shapes, specs)


def _meshes_of_all(mesh: Mesh, local: Mesh) -> Mesh:
    """The local meshes of all processes, one after the other."""
    hosts = dict.fromkeys(device.process_index for device in mesh.devices.flat)
    grids = np.stack([_grid_of(mesh, process).reshape(local.devices.shape) for process in sorted(hosts)])
    return Mesh(grids, ("host", *AXES), axis_types=(AxisType.Auto,) * grids.ndim)


def param_specs(model_config):
    """PartitionSpec of every parameter of a policy: the tree of `decoder.init_params`, and its adapters' beside it."""
    table = parameters.tree(model_config) | parameters.adapters(model_config)
    return jax.tree.map(lambda one: PartitionSpec(*map(RULES.get, one.axes)), table)


def state_shardings(state_shapes, model_config, mesh: Mesh, moments_on_host: bool = False):
    """NamedSharding of every leaf of a TrainState (given as shapes): optimizer moments live where their parameter
    does, or, split in the same way, in the pinned memory of that device's host.
    """
    specs = dict(jax.tree_util.tree_leaves_with_path(param_specs(model_config), is_leaf=_is_spec))

    def sharding(path, leaf):
        if leaf.ndim:
            for start in range(len(path)):
                if path[start:] in specs:
                    host = moments_on_host and jax.tree_util.GetAttrKey("opt_state") in path
                    return NamedSharding(mesh, specs[path[start:]], memory_kind="pinned_host" if host else None)
        return NamedSharding(mesh, PartitionSpec())

    return jax.tree_util.tree_map_with_path(sharding, state_shapes)


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


def on_mesh(function, mesh: Mesh):
    """`function`, for jax.jit, traced with the mesh in use: attention chooses its form by it, also where the devices
    are not here.
    """

    @functools.wraps(function)
    def traced(*args):
        with jax.sharding.use_abstract_mesh(mesh.abstract_mesh):
            return function(*args)

    return traced


def share_replicas(tree):
    """The arrays, of which those whole on each of several CPU devices lie in memory once: cores then share what the
    cache holds of them.

    They must not be donated.
    """

    def shared(x):
        devices = x.sharding.device_set
        if len(devices) == 1 or not x.is_fully_replicated or any(device.platform != "cpu" for device in devices):
            return x
        host = np.asarray(x.addressable_data(0))  # a view, and so are the arrays that are put on devices from it
        return jax.make_array_from_single_device_arrays(
            x.shape, x.sharding, [jax.device_put(host, device) for device in devices]
        )

    return jax.tree.map(shared, tree)


def put_rows(mesh: Mesh, tree):
    """Host arrays with a leading row axis -> device arrays split over the batch axes."""
    return _put(tree, batch_sharding(mesh))


def put_microbatches(mesh: Mesh, tree):
    """Host arrays [microbatches, rows, ...] -> device arrays with their rows split over the batch axes."""
    return _put(tree, microbatch_sharding(mesh))


def _put(tree, sharding: NamedSharding):
    """Host arrays that every process has whole -> device arrays, to which each process gives what its own devices
    hold.
    """
    if sharding.is_fully_addressable:
        return jax.device_put(tree, sharding)
    return jax.tree.map(
        lambda x: jax.make_array_from_callback(np.shape(x), sharding, lambda index: np.asarray(x)[index]), tree
    )
