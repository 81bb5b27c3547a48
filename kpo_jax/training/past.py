"""The policies of the last training steps: with `rollout.staleness` one of them draws the responses.

They are the parameters by the number of training steps that made them, `{number: params}`: after n training steps those
of n - k to n - 1, for a staleness of k, and fewer while the run is young. They lie on the devices as the parameters do.
"""

import jax
import jax.numpy as jnp


def drawn_at(past: dict, step: int) -> int:
    """How many training steps made the policy that draws the responses after `step` of them: the oldest one known."""
    return min(past, default=step)


def remember(past: dict, step: int, params, staleness: int) -> None:
    """Make `past`, in place, that of the state after `step` + 1 training steps, before the update that leads there.

    `params` are those after `step`. They are copied, since the update is done in place; the policy that is no longer
    needed goes first, so that there are never more than `staleness` of them.
    """
    for number in [number for number in past if number <= step - staleness]:
        del past[number]
    if staleness:
        past[step] = jax.tree.map(jnp.copy, params)
