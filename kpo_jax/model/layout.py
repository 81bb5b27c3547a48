"""How rows and tokens lie on the mesh in use while the model runs over whole rows.

Rows are split over data x fsdp. With an axis `sequence` larger than 1 a row's tokens are split over it, but within
attention, where each of its devices has whole rows of a part of the heads (Ulysses, Jacobs et al. 2023, arXiv
2309.14509). All of this says where to compute, never what.
"""

import math

import jax
from jax.sharding import NamedSharding, PartitionSpec

# mesh axes, see runtime/sharding.py
ROWS, SEQUENCE, HEADS, VOCAB = ("data", "fsdp"), "sequence", ("tensor", "sequence"), "tensor"


def size_of(*axes: str) -> int:
    """The devices along these axes of the mesh in use; 1 where there is none."""
    sizes = jax.sharding.get_abstract_mesh().shape
    return math.prod(sizes.get(axis, 1) for axis in axes)


def split_rows(x: jax.Array) -> jax.Array:
    """x [R, S, D] with rows and D split, where `split_tokens` would split tokens: half of the way from embeddings that
    were looked up, which are split in D alone as their table is. XLA does not find it and would have them whole.
    """
    return _constrained(x, ROWS, None, SEQUENCE) if _splits(x.shape) else x


def split_tokens(x: jax.Array) -> jax.Array:
    """x [R, S, ...] with its tokens split over `sequence`, where that is an axis and divides them."""
    return _placed(x, 1, SEQUENCE)


def split_heads(x: jax.Array) -> jax.Array:
    """x [R, S, heads, H] with whole rows of a part of the heads, where tokens are split elsewhere."""
    return _placed(x, 2, HEADS)


def tokens_together(x: jax.Array) -> jax.Array:
    """x [R, S, ...] with all tokens in one axis, [R S, ...]. Where rows and tokens are split, those of a device stand
    together in it: XLA would have every device of `sequence` take all tokens of its rows otherwise.
    """
    if not _splits(x.shape):
        return x.reshape(-1, *x.shape[2:])
    rows, parts = size_of(*ROWS), size_of(SEQUENCE)
    blocks = x.reshape(rows, x.shape[0] // rows, parts, x.shape[1] // parts, *x.shape[2:])
    return _constrained(blocks.swapaxes(1, 2).reshape(-1, *x.shape[2:]), (*ROWS, SEQUENCE))


def tokens_apart(x: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """[R S, ...] of `tokens_together` as [R, S, ...]; `shape` is (R, S)."""
    if not _splits(shape):
        return x.reshape(*shape, *x.shape[1:])
    rows, parts = size_of(*ROWS), size_of(SEQUENCE)
    blocks = x.reshape(rows, parts, shape[0] // rows, shape[1] // parts, *x.shape[1:])
    return split_tokens(blocks.swapaxes(1, 2).reshape(*shape, *x.shape[1:]))


def _placed(x, axis: int, over: str | tuple[str, ...]):
    axes = (over,) if isinstance(over, str) else over
    if not _splits(x.shape, axis, axes):
        return x
    return _constrained(x, ROWS, *[None] * (axis - 1), over)


def _splits(shape, axis: int = 1, axes: tuple[str, ...] = (SEQUENCE,)) -> bool:
    """Whether tokens are split over `sequence` in the mesh in use, which splits rows and that axis evenly."""
    return size_of(SEQUENCE) > 1 and shape[axis] % size_of(*axes) == 0 and shape[0] % size_of(*ROWS) == 0


def _constrained(x, *spec):
    return jax.lax.with_sharding_constraint(x, NamedSharding(jax.sharding.get_abstract_mesh(), PartitionSpec(*spec)))
