"""The fast sampler: a batch that is kept full and small, run many steps at a time, for any number of prompts.

The batch is cut into slots: a slot is one prompt with a row for each sample of its group, so that the prompt is held and read
once. Between dispatches the host

  - gives the slots whose rows have all ended to the next prompts, while there are any (rows of one slot wait for one another:
    a slot of rows of different prompts would have to hold, and read, them all);
  - after that, halves the batch whenever half of its rows have ended: the others are packed into slots of fewer rows, down to
    one, which may hold a prompt more than once;
  - lets the ring of columns (see `decoding`) grow with the oldest row, and shrink when that has gone.

A dispatch ends when there is something to do of that kind. The host decides by what the last one returned, whole, to every
process: which rows have ended and how many tokens each has drawn. Shapes come from ladders: a batch of other lengths compiles
nothing new. What is drawn depends on none of this (see `sampler`).
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from kpo_jax import decoding, model
from kpo_jax.data import pad_prompts
from kpo_jax.model import ModelConfig
from kpo_jax.sampler import SampleConfig, draw_token, ends_response
from kpo_jax.sharding import BATCH, RULES, batch_sharding, put_rows, replicated
from kpo_jax.types import Completions, KVCache

_STEPS = 128  # at most, per dispatch
_SEGMENT = 64  # columns; the ring grows by whole segments
_PREFILL_TOKENS = 512  # at once, about: below that, reading the weights is most of the work


class _Rows(NamedTuple):
    """The rows of the batch as the device needs them, all [B] but the first."""

    prompt_length: np.ndarray  # [slots] int32
    row_id: np.ndarray  # int32, names the random stream
    token: np.ndarray  # int32, to be run next: the last one drawn, or at age 0 the last of the prompt
    age: np.ndarray  # int32, tokens drawn
    limit: np.ndarray  # int32, tokens to draw at most
    active: np.ndarray  # bool; what the others draw is not kept


class _Steps(NamedTuple):
    """What a dispatch returns to the host: the rows' new state and the tokens [_STEPS, B] drawn, with their log-probabilities."""

    count: jax.Array
    token: jax.Array
    age: jax.Array
    active: jax.Array
    tokens: jax.Array
    log_probs: jax.Array


@dataclasses.dataclass
class _Batch:
    """Rows and slots on the host, caches on the device. A sample is an index into the flat results; -1 is an idle row."""

    rows: _Rows
    sample: np.ndarray  # [B]
    prompt: KVCache
    response: KVCache
    column: jax.Array  # [] the next one to write

    @property
    def num_slots(self):
        return len(self.rows.prompt_length)

    @property
    def columns(self):
        return self.response.values[0].shape[2]

    @property
    def segments(self):
        return self.response.keys[0].shape[2]

    @property
    def oldest(self):
        return int(self.rows.age[self.rows.active].max(initial=0))

    def free_slots(self):
        return np.flatnonzero(~self.rows.active.reshape(self.num_slots, -1).any(axis=1))


def make_sampler(
    model_config: ModelConfig, sample_config: SampleConfig, *, mesh, eos_ids: tuple[int, ...], pad_id: int, group_size: int
):
    """`sample(params, prompt_ids, *, key, row_ids, prompt_length, num_slots, max_lengths=None) -> Completions` on the host.

    Draws `group_size` (G) responses to each of `prompt_ids` (lists of 1 to `prompt_length` tokens), prompt-major, what
    `sampler.generate` would draw, with no more than `num_slots` prompts in the batch at once. `row_ids` [num_prompts, G]
    name the rows' random streams; `max_lengths`, as row_ids, ends responses, unfinished, before max_response_length.

    Raises:
      ValueError: group_size < 1, an id outside the vocabulary; when called, row_ids or max_lengths of another shape, num_slots
        that data x fsdp of the mesh does not divide, a prompt that is too long, a max_length < 1.
    """
    if group_size < 1:
        raise ValueError(f"make_sampler: group_size = {group_size} must be at least 1")
    vocab_size = model_config.vocab_size
    if not all(0 <= token < vocab_size for token in eos_ids):
        raise ValueError(f"make_sampler: eos_ids = {eos_ids} must be in [0, {vocab_size})")
    if not 0 <= pad_id < vocab_size:
        raise ValueError(f"make_sampler: pad_id = {pad_id} must be in [0, {vocab_size})")
    programs = _Programs(model_config, sample_config, mesh, eos_ids)
    device_rows = mesh.shape["data"] * mesh.shape["fsdp"]
    longest = sample_config.max_response_length

    width = min(_SEGMENT, longest)

    def segments_for(age):
        return _on_ladder(age // width + 1, -(-longest // width), 1)

    def sample(params, prompt_ids, *, key, row_ids, prompt_length, num_slots, max_lengths=None) -> Completions:
        wanted = (len(prompt_ids), group_size)
        max_lengths = np.full(wanted, longest) if max_lengths is None else np.minimum(max_lengths, longest)
        for name, x in (("row_ids", row_ids), ("max_lengths", max_lengths)):
            if x.shape != wanted:
                raise ValueError(f"sample: {name} has shape {x.shape}, must be (prompts, group_size) = {wanted}")
        if num_slots % device_rows:
            raise ValueError(f"sample: num_slots = {num_slots} must be a multiple of data x fsdp = {device_rows}")
        if max_lengths.min(initial=1) < 1:
            raise ValueError(f"sample: max_lengths must be at least 1, not {max_lengths.min()}")
        tokens, lengths = pad_prompts(prompt_ids, prompt_length, pad_id)
        queue = _Queue(tokens, lengths, row_ids.astype(np.int32), max_lengths.astype(np.int32))
        collected = _Collected(row_ids.size, longest, pad_id)
        weights = programs.prepare(params)
        slots = _on_ladder(len(prompt_ids), num_slots, device_rows)
        batch = programs.empty_batch(slots, group_size, prompt_length, segments_for(0), width)
        at_once = _prefill_size(batch, device_rows)
        while True:
            _admit(programs, params, batch, queue, at_once)
            if not batch.rows.active.any():
                return collected.completions(eos_ids)
            if not queue:
                _pack(programs, batch, segments_for, device_rows)
            if batch.oldest == batch.columns:
                _resize(programs, batch, segments_for(batch.oldest))
            steps = min(_STEPS, batch.columns - batch.oldest)
            if queue:
                until = (steps, min(at_once, len(queue)), 0)
            else:
                size = len(batch.sample)
                until = (steps, size + 1, size // 2 if size > device_rows else 0)
            _run(programs, weights, key, batch, until, collected)

    return sample


def _on_ladder(needed: int, largest: int, smallest: int) -> int:
    """The first of smallest, 2 smallest, 4 smallest, ..., largest that is at least `needed`."""
    size = smallest
    while size < needed:
        size *= 2
    return min(size, largest)


# ------------------------------------------------------------------------------------------------ what the device runs


class _Programs:
    """The jitted functions of a sampler. Rows are split over data x fsdp, key heads over tensor; what the host reads is whole."""

    def __init__(self, model_config, sample_config, mesh, eos_ids):
        self.model_config, self.mesh = model_config, mesh
        self.rows, self.whole = batch_sharding(mesh), replicated(mesh)
        cache = NamedSharding(mesh, PartitionSpec(*BATCH, RULES["kv_heads"]))
        self.empty_prompts = jax.jit(partial(_empty_prompts, model_config), static_argnums=(0, 1), out_shardings=cache)
        self.empty_ring = jax.jit(partial(decoding.empty_ring, model_config), static_argnums=(0, 1, 2), out_shardings=cache)
        self.prepare = jax.jit(partial(decoding.decode_weights, model_config), out_shardings=self._weight_shardings())
        self.admit = jax.jit(partial(_write_prompts, model_config), donate_argnums=3, out_shardings=cache)
        self.select = jax.jit(_select, out_shardings=cache)
        self.resize = jax.jit(_resized, static_argnums=2, out_shardings=cache)
        self.decode = jax.jit(
            partial(_decode, model_config, sample_config, eos_ids), donate_argnums=3, out_shardings=(cache, self.whole, self.whole)
        )

    def _weight_shardings(self):
        config = self.model_config
        shapes = jax.eval_shape(lambda: decoding.decode_weights(config, model.init_params(config, jax.random.key(0))))

        def sharding(path, _):
            axes = decoding.WEIGHT_AXES.get(path[-1].key, ())
            return NamedSharding(self.mesh, PartitionSpec(*(RULES.get(axis) for axis in axes)))

        return jax.tree_util.tree_map_with_path(sharding, shapes)

    def empty_batch(self, num_slots, group_size, prompt_length, segments, width) -> _Batch:
        batch = num_slots * group_size
        numbers = np.zeros((batch,), np.int32)
        return _Batch(
            rows=_Rows(np.ones((num_slots,), np.int32), numbers, numbers, numbers, numbers, np.zeros((batch,), bool)),
            sample=np.full((batch,), -1),
            prompt=self.empty_prompts(num_slots, prompt_length),
            response=self.empty_ring(batch, segments, width),
            column=jax.device_put(np.int32(0), self.whole),
        )


def _empty_prompts(config, num_slots, prompt_length) -> KVCache:
    ring = decoding.empty_ring(config, num_slots, 1, prompt_length)
    return ring._replace(keys=tuple(x[:, :, 0] for x in ring.keys))


def _write_prompts(config, params, tokens, slots, prompt: KVCache) -> KVCache:
    """`prompt` with the keys and values of the prompts `tokens` [A, P] in `slots` [A]; a slot out of range is dropped."""
    new = decoding.prefill(config, params, tokens)
    return jax.tree.map(lambda old, x: old.at[slots].set(x, mode="drop"), prompt, new)


def _select(cache: KVCache, rows) -> KVCache:
    return jax.tree.map(lambda x: jnp.take(x, rows, axis=0, mode="clip"), cache)


def _resized(response: KVCache, column, segments: int) -> KVCache:
    """The ring with its newest columns at the end of so many segments: the next one to write is 0."""

    def one(x, axis, columns):
        x = jnp.roll(x, -column, axis)  # the oldest column first
        missing = columns - x.shape[axis]
        if missing < 0:
            return jax.lax.slice_in_dim(x, -missing, None, axis=axis)
        return jnp.pad(x, [(missing if i == axis else 0, 0) for i in range(x.ndim)])

    def one_key(x):
        batch, heads, _, head_dim, width = x.shape
        flat = jnp.swapaxes(x, 2, 3).reshape(batch, heads, head_dim, -1)
        flat = one(flat, 3, segments * width)
        return jnp.swapaxes(flat.reshape(batch, heads, head_dim, segments, width), 2, 3)

    width = response.keys[0].shape[-1]
    return KVCache(tuple(one_key(x) for x in response.keys), tuple(one(x, 2, segments * width) for x in response.values))


class _State(NamedTuple):
    rows: _Rows
    response: KVCache
    column: jax.Array
    steps: _Steps


def _decode(model_config, sample_config, eos_ids, weights, key, prompt: KVCache, response: KVCache, column, rows: _Rows, until):
    """Steps all rows until (steps, free slots, active rows) `until` says so -> (response, column, what the host reads).

    It stops after that many steps, or when that many slots have no active row, or when no more than that many rows are active.
    """
    most_steps, enough_free, few_active = until
    batch, num_slots = rows.token.shape[0], rows.prompt_length.shape[0]
    columns = response.values[0].shape[2]
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, rows.row_id)
    before_last = rows.prompt_length - 1  # the last token of the prompt is the first to be run

    def go_on(state):
        active = state.rows.active
        free = jnp.sum(~jnp.any(active.reshape(num_slots, -1), axis=1))
        return (state.steps.count < most_steps) & (free < enough_free) & (jnp.sum(active) > few_active)

    def advance(state):
        now, steps = state.rows, state.steps
        positions = jnp.repeat(before_last, batch // num_slots) + now.age
        hidden, response = decoding.decode_step(
            model_config, weights, now.token, positions, now.age, state.column, prompt, before_last, state.response
        )
        token, log_prob = draw_token(model.logits(model_config, weights, hidden), row_keys, now.age, sample_config)
        age = now.age + now.active
        active = now.active & ~ends_response(token, eos_ids) & (age < now.limit)
        steps = steps._replace(
            count=steps.count + 1,
            tokens=steps.tokens.at[steps.count].set(token),
            log_probs=steps.log_probs.at[steps.count].set(log_prob),
        )
        return _State(now._replace(token=token, age=age, active=active), response, (state.column + 1) % columns, steps)

    nothing = jnp.zeros((_STEPS, batch), jnp.int32)
    steps = _Steps(jnp.int32(0), rows.token, rows.age, rows.active, nothing, nothing.astype(jnp.float32))
    state = jax.lax.while_loop(go_on, advance, _State(rows, response, column, steps))
    now = state.rows
    return state.response, state.column, state.steps._replace(token=now.token, age=now.age, active=now.active)


# ------------------------------------------------------------------------------------------------ what the host decides


class _Queue:
    """The prompts that wait, in order: tokens [num_prompts, P], lengths [num_prompts], row_ids and limits [num_prompts, G]."""

    def __init__(self, tokens, lengths, row_ids, limits):
        self.tokens, self.lengths, self.row_ids, self.limits = tokens, lengths, row_ids, limits
        self.next = 0

    def __len__(self):
        return len(self.lengths) - self.next

    def take(self, count):
        """The indices of the next prompts, `count` or as many as there are."""
        taken = np.arange(self.next, min(self.next + count, len(self.lengths)))
        self.next += len(taken)
        return taken


class _Collected:
    """The responses so far, by sample."""

    def __init__(self, num_samples, longest, pad_id):
        self.tokens = np.full((num_samples, longest), pad_id, np.int32)
        self.log_prob = np.zeros((num_samples, longest), np.float32)
        self.length = np.zeros((num_samples,), np.int32)

    def add(self, sample, age, steps: _Steps):
        """The tokens that rows of `sample` [B] and, before these steps, of `age` [B] have drawn."""
        drawn, row = np.nonzero(np.arange(steps.count)[:, None] < (steps.age - age)[None, :])
        place = sample[row], age[row] + drawn
        self.tokens[place], self.log_prob[place] = steps.tokens[drawn, row], steps.log_probs[drawn, row]
        self.length[sample[sample >= 0]] = steps.age[sample >= 0]

    def completions(self, eos_ids) -> Completions:
        last = np.take_along_axis(self.tokens, np.maximum(self.length - 1, 0)[:, None], axis=1)[:, 0]
        mask = np.arange(self.tokens.shape[1])[None, :] < self.length[:, None]
        return Completions(tokens=self.tokens, mask=mask, sampler_log_prob=self.log_prob, finished=np.isin(last, eos_ids))


def _prefill_size(batch: _Batch, device_rows: int) -> int:
    """Prompts prefilled at once, a shape of its own: so many, or the rest of the queue, are waited for before slots are refilled."""
    return _on_ladder(-(-_PREFILL_TOKENS // batch.prompt.values[0].shape[2]), batch.num_slots, device_rows)


def _admit(programs, params, batch: _Batch, queue: _Queue, size: int) -> None:
    """Gives free slots to the next prompts, `size` at a time."""
    free = batch.free_slots()
    if len(free) < min(size, len(queue)):
        return
    shape = (batch.num_slots, -1)
    rows = _Rows(*(np.array(x) for x in batch.rows))
    while len(free) and queue:
        chosen = queue.take(min(size, len(free)))
        slots, free = free[: len(chosen)], free[len(chosen) :]
        missing = size - len(chosen)
        tokens = queue.tokens[np.concatenate([chosen, np.repeat(chosen[:1], missing)])]
        places = np.concatenate([slots, np.repeat(batch.num_slots, missing)])
        batch.prompt = programs.admit(params, put_rows(programs.mesh, tokens), places, batch.prompt)
        lengths = queue.lengths[chosen]
        rows.prompt_length[slots] = lengths
        rows.row_id.reshape(shape)[slots] = queue.row_ids[chosen]
        rows.token.reshape(shape)[slots] = queue.tokens[chosen, lengths - 1][:, None]
        rows.age.reshape(shape)[slots] = 0
        rows.limit.reshape(shape)[slots] = queue.limits[chosen]
        rows.active.reshape(shape)[slots] = True
        group = queue.row_ids.shape[1]
        batch.sample.reshape(shape)[slots] = chosen[:, None] * group + np.arange(group)[None, :]
    batch.rows = rows


def _pack(programs, batch: _Batch, segments_for, device_rows: int) -> None:
    """Moves the active rows into the smallest batch that holds them, if half of the rows or fewer are active."""
    active = batch.rows.active
    if len(active) <= device_rows or active.sum() > len(active) // 2:
        return
    counts = active.reshape(batch.num_slots, -1).sum(axis=1)
    per_slot, best = len(active) // batch.num_slots, len(active)
    while per_slot:  # of batches as small, the one with the fewest copies of prompts: that with the most rows in a slot
        size = per_slot * _on_ladder(int((-(-counts // per_slot)).sum()), len(active), device_rows)
        if size < best:
            best, width = size, per_slot
        per_slot //= 2
    _repack(programs, batch, best // width, width)
    if segments_for(batch.oldest) < batch.segments:
        _resize(programs, batch, segments_for(batch.oldest))


def _repack(programs, batch: _Batch, num_slots: int, per_slot: int) -> None:
    active, slots, chosen = batch.rows.active, [], []
    for slot, rows in enumerate(np.arange(len(active)).reshape(batch.num_slots, -1)):
        rows = rows[active[rows]]
        for start in range(0, len(rows), per_slot):
            slots.append(slot)
            chosen.append(np.full((per_slot,), -1))
            chosen[-1][: len(rows) - start] = rows[start : start + per_slot]
    missing = num_slots - len(slots)
    slots, chosen = np.array(slots + [0] * missing), np.concatenate([*chosen, np.full((missing * per_slot,), -1)])
    idle, source = chosen < 0, np.maximum(chosen, 0)
    batch.prompt, batch.response = programs.select(batch.prompt, slots), programs.select(batch.response, source)
    per_row = {name: x[source] for name, x in batch.rows._asdict().items() if name != "prompt_length"}
    batch.rows = _Rows(**per_row | {"prompt_length": batch.rows.prompt_length[slots], "active": per_row["active"] & ~idle})
    batch.sample = np.where(idle, -1, batch.sample[source])


def _resize(programs, batch: _Batch, segments: int) -> None:
    batch.response = programs.resize(batch.response, batch.column, segments)
    batch.column = jax.device_put(np.int32(0), programs.whole)


def _run(programs, weights, key, batch: _Batch, until, collected: _Collected) -> None:
    """One dispatch, and what it drew."""
    rows = batch.rows
    rows_there = put_rows(programs.mesh, rows)
    batch.response, batch.column, steps = programs.decode(
        weights, key, batch.prompt, batch.response, batch.column, rows_there, tuple(np.int32(x) for x in until)
    )
    steps = jax.device_get(steps)
    collected.add(batch.sample, rows.age, steps)
    batch.rows = rows._replace(token=steps.token, age=steps.age, active=steps.active)
