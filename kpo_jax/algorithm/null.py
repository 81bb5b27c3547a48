"""How far a method is from none: its gradient beside that of a ratio of 1 without a clip, token by token.

The null gives a token the gradient -A times its share in the loss, however far the policy has moved. A filter and a
clip band can turn this gradient, shrink it, or take it from the tokens that have moved. A method that does none of
these on the data at hand trains as the null does, whatever its filter reports of itself.

`measure` a part, add the results in any order (`jax.tree.map(jnp.add, a, b)`), `figures` once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kpo_jax import masked
from kpo_jax.lazy import jax, jnp
from kpo_jax.objectives.base import aggregation_weights

if TYPE_CHECKING:
    from kpo_jax.objectives import Objective
    from kpo_jax.records import Batch

MOVED = 1e-3  # a token whose log-ratio is larger, in absolute value, has moved
# From here on a method is the null: an angle of 0.8 degrees, and one moved token in a thousand.
NULL_COSINE, NULL_LOST = 0.9999, 1e-3


class Distance(NamedTuple):
    """Sums over the tokens that have an advantage, [].

    Attributes:
      along, squares, null_squares: products of the method's and the null's gradient, and the squares of each, float32.
      num_tokens, num_moved, num_lost: tokens, those that have moved, and those of them without a gradient, int32.
    """

    along: jax.Array
    squares: jax.Array
    null_squares: jax.Array
    num_tokens: jax.Array
    num_moved: jax.Array
    num_lost: jax.Array


def nothing() -> Distance:
    """The measure of no token."""
    number, count = jnp.zeros((), jnp.float32), jnp.zeros((), jnp.int32)
    return Distance(number, number, number, count, count, count)


def weigh(token_gradient: jax.Array, batch: Batch, objective: Objective) -> tuple[jax.Array, jax.Array]:
    """(weight, unit) [B, T] of d loss / d log_prob [B, T], which is -weight * unit / batch.num_tokens.

    The unit is a token's advantage times its share in the loss, in shares of a mean over tokens, so around the
    advantage; 0 where masked. The weight of the null is 1; it is 0 where the unit is.
    """
    shares = aggregation_weights(batch, objective.aggregation, objective.length_norm)
    unit = shares * masked.over_tokens(batch.advantage, batch.response_mask) * batch.num_tokens
    return masked.divide(-token_gradient * batch.num_tokens, unit), unit


def measure(weight: jax.Array, unit: jax.Array, log_ratio: jax.Array) -> Distance:
    """The sums of arrays of one shape: what `weigh` gives, and the log-ratio before any filter."""
    counts = unit != 0
    weight, unit = masked.clean(weight, counts), masked.clean(unit, counts)
    moved = counts & (jnp.abs(log_ratio) > MOVED)
    return Distance(
        along=jnp.sum(weight * unit**2),
        squares=jnp.sum((weight * unit) ** 2),
        null_squares=jnp.sum(unit**2),
        num_tokens=masked.count(counts),
        num_moved=masked.count(moved),
        num_lost=masked.count(moved & (weight == 0)),
    )


def figures(of: Distance) -> dict[str, jax.Array]:
    """cosine of the two gradients as vectors over tokens; step_size, the method's length over the null's;
    moved_fraction of the tokens; lost_fraction of the moved tokens. Float32 [].

    The first two are NaN where no token has an advantage, so that there is nothing to compare; a method that takes
    every gradient away has 0 for both. A fraction of nothing is 0.
    """
    nan = lambda value: jnp.where(of.null_squares == 0, jnp.nan, value)
    return {
        "cosine": nan(masked.divide(of.along, jnp.sqrt(of.squares) * jnp.sqrt(of.null_squares))),
        "step_size": nan(jnp.sqrt(masked.divide(of.squares, of.null_squares))),
        "moved_fraction": masked.divide(of.num_moved, of.num_tokens),
        "lost_fraction": masked.divide(of.num_lost, of.num_moved),
    }


def is_null(cosine: float, lost_fraction: float) -> bool:
    """Whether figures such as these are the null's. False of NaN."""
    return cosine >= NULL_COSINE and lost_fraction <= NULL_LOST
