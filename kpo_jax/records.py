"""The dimension glossary and the records that cross module borders.

One letter, one meaning, in every shape comment `# [B, T]` and every einsum of the package:

    B  sequences           P  prompt length       G  group size (samples per prompt)
    T  response length     S  whole length, P + T  D  model width
    F  feed-forward width  N  query heads          K  key/value heads
    H  head dimension      V  vocabulary           L  layers
    R  packed rows         C  response tokens in a packed row

The letters Q, V, P, K of the Kalman literature are therefore never variable names: they are `process_var`,
`measurement_var`, `predicted_var` / `state_var` and `gain`.

`NamedTuple` is for what lives inside a scan or loop, `flax.struct.dataclass` for what crosses modules.
Masks are boolean and True on valid tokens. What lies under a False mask is junk and must never matter.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import struct

from kpo_jax.outputs import FilterOutput, ObjectiveOutput
from kpo_jax.verifier import Verdict  # a record too, but its room imports no jax

__all__ = [
    "Batch",
    "Completions",
    "FilterOutput",
    "KVCache",
    "ObjectiveOutput",
    "Packed",
    "Prompts",
    "TokenTrace",
    "TrainState",
    "Verdict",
    "require_tokens",
]


class TokenTrace(NamedTuple):
    """What the loss saw and made of every token, before the update it led to; each [B, T], float32 unless said, junk
    where masked.

    Attributes:
      log_prob: of the policy that is about to be updated.
      log_ratio: log_prob - old_log_prob, what the filter is given.
      filtered_log_ratio, innovation, innovation_std, gain, saturated (bool): as in FilterOutput.
      clipped: bool, as in ObjectiveOutput.
    """

    log_prob: jax.Array
    log_ratio: jax.Array
    filtered_log_ratio: jax.Array
    innovation: jax.Array
    innovation_std: jax.Array
    gain: jax.Array
    saturated: jax.Array
    clipped: jax.Array


class KVCache(NamedTuple):
    """Keys and values of L layers: L arrays, or one stack of them with a leading axis (see `decoding`).

    Attributes:
      keys: [B, K, H, C], C columns of one token each, or [B, K, segments, H, C / segments]: the products with queries
        and weights need no transpose.
      values: [B, K, C, H].
    """

    keys: tuple[jax.Array, ...] | jax.Array
    values: tuple[jax.Array, ...] | jax.Array

    @property
    def columns(self) -> int:
        """C."""
        return jax.tree.leaves(self.values)[0].shape[-2]


@struct.dataclass
class Prompts:
    """Right-padded prompts: tokens [B, P] int32, lengths [B] int32 (at least 1)."""

    tokens: jax.Array
    lengths: jax.Array


@struct.dataclass
class Completions:
    """Sampled responses, right-padded.

    Attributes:
      tokens: [B, T] int32.
      mask: [B, T] bool, True up to and including the end-of-text token.
      sampler_log_prob: [B, T] float32, log-probability at the sampling temperature, 0 where masked.
      finished: [B] bool, True where an end-of-text token was sampled within T.
    """

    tokens: jax.Array
    mask: jax.Array
    sampler_log_prob: jax.Array
    finished: jax.Array


@struct.dataclass
class Packed:
    """Sequences packed into rows: prompt, response, next prompt, ..., with the padding at the end of a row (see
    packing.py). Several responses may follow the prompt that they share.

    Attributes:
      tokens: [R, S] int32.
      segments: [R, S] int32, which of its row's segments a token belongs to, from 1; 0 is padding. A sequence is one
        segment, or two where it shares its prompt.
      prompts: [R, S] int32, the segment that holds the prompt; None where no sequences may share one.
      positions: [R, S] int32, from 0 at each sequence's first token.
      columns: [R, C] int32, the column whose hidden state predicts a response token of the row.
      targets: [R, C] int32, that token.
      places: [B, T] int32, where in the flattened [R * C] the response token t of sequence b is. Junk where masked.
    """

    tokens: jax.Array
    segments: jax.Array
    prompts: jax.Array | None
    positions: jax.Array
    columns: jax.Array
    targets: jax.Array
    places: jax.Array


@struct.dataclass
class Batch:
    """One microbatch's training data; with a leading axis on every field, all the microbatches of an optimizer step.

    `num_tokens` and `num_sequences` are the denominators of the WHOLE optimizer step, over all its microbatches,
    devices and hosts, so that losses of microbatches add up to the loss of the step. Supervised batches leave the
    fields of RL None.

    Attributes:
      packed: what the model reads.
      response_mask: [B, T] bool.
      old_log_prob: [B, T] float32, recomputed by the trainer with the weights that sampled.
      sampler_log_prob: [B, T] float32, as the sampler saw it.
      advantage: [B] float32, or [B, T] where a critic gives every token its own; see masked.over_tokens.
      reward: [B] float32.
      old_value, returns: [B, T] float32, the critic's values at rollout time and what it is to learn; None without a
        critic.
      reference_log_prob: [B, T] float32, of the reference policy; None without one.
      num_tokens: [] int32, valid response tokens.
      num_sequences: [] int32, sequences with at least one valid token.
    """

    packed: Packed | None
    response_mask: jax.Array
    old_log_prob: jax.Array | None = None
    sampler_log_prob: jax.Array | None = None
    advantage: jax.Array | None = None
    reward: jax.Array | None = None
    old_value: jax.Array | None = None
    returns: jax.Array | None = None
    reference_log_prob: jax.Array | None = None
    num_tokens: jax.Array | None = None
    num_sequences: jax.Array | None = None

    @classmethod
    def of(cls, response_mask, old_log_prob, advantage, *, sampler_log_prob=None, **others) -> "Batch":
        """A whole optimizer step as one batch of arrays of one's own (numpy's will do), with its totals, for no model.

        `others` are further fields by their names. Where the sampler is the trainer, sampler_log_prob may be left out.

        Raises:
          ValueError: an array has another shape than this record says, or the mask is not boolean.
        """
        sampler_log_prob = old_log_prob if sampler_log_prob is None else sampler_log_prob
        fields = dict(old_log_prob=old_log_prob, sampler_log_prob=sampler_log_prob, advantage=advantage) | others
        mask, fields = jnp.asarray(response_mask), {name: jnp.asarray(value) for name, value in fields.items()}
        require_tokens(mask, **{name: value for name, value in fields.items() if name not in ("advantage", "reward")})
        for name in ("advantage", "reward"):
            if name in fields and fields[name].shape not in (mask.shape, mask.shape[:1]):
                raise ValueError(f"{name}: its shape {fields[name].shape} is not [B] or [B, T] of {mask.shape}")
        totals = dict(num_tokens=jnp.sum(mask, dtype=jnp.int32), num_sequences=jnp.sum(mask.any(-1), dtype=jnp.int32))
        return cls(packed=None, response_mask=mask, **fields, **totals)


def require_tokens(response_mask: jax.Array, **arrays: jax.Array | None) -> None:
    """Raises ValueError, one line, unless the mask is [B, T] bool and the named arrays are there and have its shape."""
    if jnp.ndim(response_mask) != 2:
        raise ValueError(f"response_mask: its shape {jnp.shape(response_mask)} is not [B, T], sequences by tokens")
    if response_mask.dtype != jnp.bool_:
        raise ValueError(f"response_mask: its dtype {response_mask.dtype} is not bool, True on valid tokens")
    for name, array in arrays.items():
        if array is None:
            raise ValueError(f"{name}: None; [B, T] = {response_mask.shape} is wanted")
        if jnp.shape(array) != response_mask.shape:
            raise ValueError(
                f"{name}: its shape {jnp.shape(array)} is not that of the mask, [B, T] = {response_mask.shape}"
            )


@struct.dataclass
class TrainState:
    """Arrays only; the model and the optimizer are closed over.

    Attributes:
      step: [] int32, optimizer steps taken, skipped ones included.
      params: what is trained: the network's parameters in their master dtype (float32 by default), or its adapters.
      opt_state: optax state.
      skipped: [] int32, updates skipped because loss or gradient was not finite, or the gradient a spike.
      skipped_in_a_row: [] int32, the current run of them.
      spikes: [] int32, those of them that were spikes.
      typical_norm: [] float32, running mean of the gradient norms of the updates that were taken.
      critic: the critic's own TrainState; None without a critic.
      base: the frozen weights under the adapters, which a critic's adapters share; None where all weights are trained.
        No step changes, differentiates or donates them, and checkpoints leave them out.
    """

    step: jax.Array
    params: Any
    opt_state: Any
    skipped: jax.Array
    skipped_in_a_row: jax.Array
    spikes: jax.Array
    typical_norm: jax.Array
    critic: Any = None
    base: Any = None

    @property
    def network(self) -> Any:
        """All parameters, as the network reads them."""
        return over(self.base, self.params)

    @property
    def weights(self) -> Any:
        """The network's weights without adapters, trained or frozen."""
        return self.params if self.base is None else self.base

    @property
    def whole_critic(self) -> "TrainState":
        """The critic's state with the frozen weights that it shares."""
        return self.critic.replace(base=self.base)


def over(base, params):
    """Trained parameters over the frozen weights: what a network reads. Without frozen weights they are all."""
    return params if base is None else base | params
