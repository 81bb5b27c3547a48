"""How rows and tokens lie on the mesh in use while the model runs over whole rows.

Rows are split over data x fsdp. With an axis `sequence` larger than 1 a row's tokens are split over it, but within
attention, where each of its devices has whole rows of a part of the heads (Ulysses, Jacobs et al. 2023, arXiv
2309.14509). All of this says where to compute, never what.
"""

import math

import jax
from jax.sharding import NamedSharding, PartitionSpec

ROWS, SEQUENCE, HEADS = ("data", "fsdp"), "sequence", ("tensor", "sequence")  # mesh axes, see runtime/sharding.py


def size_of(*axes: str) -> int:
    """The devices along these axes of the mesh in use; 1 where there is none."""
    sizes = jax.sharding.get_abstract_mesh().shape
    return math.prod(sizes.get(axis, 1) for axis in axes)


def split_tokens(x: jax.Array) -> jax.Array:
    """x [R, S, ...] with its tokens split over `sequence`, where that is an axis and divides them."""
    return _placed(x, 1, SEQUENCE)


def split_heads(x: jax.Array) -> jax.Array:
    """x [R, S, heads, H] with whole rows of a part of the heads, where tokens are split elsewhere."""
    return _placed(x, 2, HEADS)


def _placed(x, axis: int, over: str | tuple[str, ...]):
    axes = (over,) if isinstance(over, str) else over
    if size_of(SEQUENCE) == 1 or x.shape[axis] % size_of(*axes) or x.shape[0] % size_of(*ROWS):
        return x
    spec = PartitionSpec(ROWS, *[None] * (axis - 1), over)
    return jax.lax.with_sharding_constraint(x, NamedSharding(jax.sharding.get_abstract_mesh(), spec))
