"""The fast sampler: a batch that is kept full and small, run many steps at a time, for any number of prompts.

The batch is cut into slots: a slot is one prompt with a row for each sample of its group, so that the prompt is held
and read once. Between dispatches the host

  - gives the slots whose rows have all ended to the next prompts, while there are any (rows of one slot wait for one
    another: a slot of rows of different prompts would have to hold, and read, them all);
  - after that, moves the active rows to a smaller batch (see `shapes`) whenever they fit, each to a slot of its own;
  - lets the ring of columns (see `decoding`) grow with the oldest row, and shrink when that has gone.

A dispatch ends when there is something to do of that kind. The host decides by what the last one returned, whole, to
every process: which rows have ended and how many tokens each has drawn. The shapes are few and follow from the numbers
of prompts and samples alone. What is drawn depends on none of this (see `sampler`).
"""

import dataclasses

import jax
import numpy as np

from kpo_jax.records import Completions, KVCache
from kpo_jax.runtime import preemption
from kpo_jax.runtime.sharding import put_rows
from kpo_jax.sampling import programs as engine_programs
from kpo_jax.sampling.programs import Programs, Rows, Steps
from kpo_jax.sampling.prompts import pad_prompts
from kpo_jax.sampling.shapes import Shape, choose, first, plan


@dataclasses.dataclass
class _Batch:
    """Rows and slots on the host, caches on the device. A sample is an index into the flat results; -1 is an idle
    row.
    """

    shape: Shape
    rows: Rows
    sample: np.ndarray  # [B]
    prompt: KVCache
    response: KVCache
    column: int  # the next one to write

    @property
    def oldest(self):
        return int(self.rows.age[self.rows.active].max(initial=0))

    @property
    def most_left(self):
        """So many tokens the active rows may still draw, the one of them that may draw most."""
        return int((self.rows.limit - self.rows.age)[self.rows.active].max(initial=0))

    def free_slots(self):
        return np.flatnonzero(~self.rows.active.reshape(self.shape.slots, -1).any(axis=1))


def make_sampler(programs: Programs, *, pad_id: int, group_size: int):
    """`sample(params, prompt_ids, *, key, row_ids, prompt_length, num_slots, max_lengths=None, ended=None, stops=None)
    -> Completions` on the host.

    Draws `group_size` (G) responses to each of `prompt_ids` (lists of 1 to `prompt_length` tokens), prompt-major, what
    `sampler.generate` would draw, with no more than `num_slots` prompts in the batch at once. `row_ids` [num_prompts,
    G] name the rows' random streams; `max_lengths`, as row_ids, ends responses, unfinished, before max_response_length.
    `ended(samples [n], Completions)` is called with rows of the result that have ended, each once, while the devices
    draw others. `stops(samples [n], tokens [n, T], lengths [n]) -> [n] bool` is asked between dispatches which of the
    rows that have not ended end there, unfinished, with the tokens drawn so far.

    Raises:
      preemption.Interrupted: when called, between two dispatches.
      ValueError: group_size < 1, an id outside the vocabulary; when called, row_ids or max_lengths of another shape,
        num_slots that data x fsdp of the mesh does not divide, a prompt that is too long, a max_length < 1.
    """
    eos_ids, device_rows = programs.eos_ids, programs.device_rows
    _check_ids(programs.model_config.vocab_size, eos_ids, pad_id, group_size)
    longest = programs.sample_config.max_response_length

    def sample(
        params, prompt_ids, *, key, row_ids, prompt_length, num_slots, max_lengths=None, ended=None, stops=None
    ) -> Completions:
        wanted = (len(prompt_ids), group_size)
        max_lengths = np.full(wanted, longest) if max_lengths is None else np.minimum(max_lengths, longest)
        _check_call(wanted, row_ids, max_lengths, num_slots, device_rows)
        tokens, lengths = pad_prompts(prompt_ids, prompt_length, pad_id)
        queue = _Queue(tokens, lengths, row_ids.astype(np.int32), max_lengths.astype(np.int32))
        collected = _Collected(row_ids.size, longest, pad_id)
        weights = programs.prepare(params)
        shapes, at_once = plan(len(prompt_ids), num_slots, group_size, prompt_length, longest, device_rows)
        batch = _empty_batch(programs, first(shapes))

        def report():
            samples = collected.take_ended()
            if ended is not None and len(samples):
                ended(samples, collected.completions(eos_ids, samples))

        while True:
            preemption.check()
            _admit(programs, weights, batch, queue, at_once)
            if not batch.rows.active.any():
                report()
                return collected.completions(eos_ids)
            active = int(batch.rows.active.sum())
            _move(programs, batch, choose(shapes, batch.shape, active, batch.oldest + 1, refilled=bool(queue)))
            steps = min(engine_programs.STEPS, batch.shape.columns - batch.oldest, batch.most_left)
            if queue:
                until = (steps, min(at_once, len(queue)), 0)
            else:
                until = (steps, batch.shape.slots + 1, _few(shapes, batch))
            _run(programs, weights, key, batch, until, collected, meanwhile=report)
            if stops is not None:
                _stop(batch, collected, stops)

    return sample


def _check_ids(vocab_size, eos_ids, pad_id, group_size):
    if group_size < 1:
        raise ValueError(f"make_sampler: group_size = {group_size} must be at least 1")
    if not all(0 <= token < vocab_size for token in eos_ids):
        raise ValueError(f"make_sampler: eos_ids = {eos_ids} must be in [0, {vocab_size})")
    if not 0 <= pad_id < vocab_size:
        raise ValueError(f"make_sampler: pad_id = {pad_id} must be in [0, {vocab_size})")


def _check_call(wanted, row_ids, max_lengths, num_slots, device_rows):
    for name, x in (("row_ids", row_ids), ("max_lengths", max_lengths)):
        if x.shape != wanted:
            raise ValueError(f"sample: {name} has shape {x.shape}, must be (prompts, group_size) = {wanted}")
    if num_slots < 1 or num_slots % device_rows:
        raise ValueError(f"sample: num_slots = {num_slots} must be a multiple of data x fsdp = {device_rows}")
    if max_lengths.min(initial=1) < 1:
        raise ValueError(f"sample: max_lengths must be at least 1, not {max_lengths.min()}")


class _Queue:
    """The prompts that wait, in order: tokens [num_prompts, P], lengths [num_prompts], row_ids and limits [num_prompts,
    G].
    """

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
        self.ended: list[np.ndarray] = []

    def add(self, sample, rows: Rows, steps: Steps):
        """The tokens that the `rows`, as they were before these steps, of `sample` [B] have drawn."""
        age = rows.age
        self.ended.append(sample[rows.active & ~steps.active])
        drawn, row = np.nonzero(np.arange(steps.count)[:, None] < (steps.age - age)[None, :])
        place = sample[row], age[row] + drawn
        self.tokens[place], self.log_prob[place] = steps.tokens[drawn, row], steps.log_probs[drawn, row]
        self.length[sample[sample >= 0]] = steps.age[sample >= 0]

    def take_ended(self) -> np.ndarray:
        """The samples that have ended since this was last asked."""
        ended, self.ended = np.concatenate([*self.ended, np.zeros((0,), int)]), []
        return ended

    def completions(self, eos_ids, samples=slice(None)) -> Completions:
        """Of all samples, or of `samples` [n]."""
        tokens, length = self.tokens[samples], self.length[samples]
        last = np.take_along_axis(tokens, np.maximum(length - 1, 0)[:, None], axis=1)[:, 0]
        mask = np.arange(tokens.shape[1])[None, :] < length[:, None]
        return Completions(
            tokens=tokens, mask=mask, sampler_log_prob=self.log_prob[samples], finished=np.isin(last, eos_ids)
        )


def _empty_batch(programs, shape: Shape) -> _Batch:
    numbers = np.zeros((shape.rows,), np.int32)
    return _Batch(
        shape=shape,
        rows=Rows(np.ones((shape.slots,), np.int32), numbers, numbers, numbers, numbers, numbers.astype(bool)),
        sample=np.full((shape.rows,), -1),
        prompt=programs.empty_prompts(shape.slots, shape.prompt),
        response=programs.empty_ring(shape.rows, shape.segments, shape.width),
        column=0,
    )


def _admit(programs, weights, batch: _Batch, queue: _Queue, size: int) -> None:
    """Gives free slots to the next prompts once `size` can be, or all the rest: prefill has one shape, `size`
    prompts.
    """
    free = batch.free_slots()
    if len(free) < min(size, len(queue)):
        return
    shape = (batch.shape.slots, -1)
    rows = Rows(*(np.array(x) for x in batch.rows))
    while len(free) and queue:
        chosen = queue.take(min(size, len(free)))
        slots, free = free[: len(chosen)], free[len(chosen) :]
        missing = size - len(chosen)
        tokens = queue.tokens[np.concatenate([chosen, np.repeat(chosen[:1], missing)])]
        places = np.concatenate([slots, np.repeat(batch.shape.slots, missing)])
        batch.prompt = programs.admit(weights, put_rows(programs.mesh, tokens), places, batch.prompt)
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


def _few(shapes, batch: _Batch) -> int:
    """So many active rows that the batch can be a smaller one, 0 if it is the smallest."""
    smaller = [shape.rows for shape in shapes if shape.work < batch.shape.work and shape.columns > batch.oldest]
    return max((rows for rows in smaller if rows < batch.shape.rows), default=0)


def _move(programs, batch: _Batch, shape: Shape) -> None:
    """Moves the batch to another shape: where that has fewer rows, its active rows, each to a slot of its own."""
    if shape == batch.shape:
        return
    move, slots, rows = programs.move(batch.shape, shape), np.arange(shape.slots), np.arange(shape.rows)
    if shape.rows < batch.shape.rows:
        active = np.flatnonzero(batch.rows.active)
        idle = np.arange(shape.rows) >= len(active)
        rows = np.where(idle, 0, np.resize(active, shape.rows))
        slots = rows // (batch.shape.rows // batch.shape.slots)
        per_row = {name: x[rows] for name, x in batch.rows._asdict().items() if name != "prompt_length"}
        per_row["active"] = per_row["active"] & ~idle
        batch.rows = Rows(prompt_length=batch.rows.prompt_length[slots], **per_row)
        batch.sample = np.where(idle, -1, batch.sample[rows])
    parts = programs.parts(batch.prompt, batch.response)
    batch.prompt = batch.response = None
    moved = []
    while parts:
        moved.append(move(*parts.pop(0), slots, rows, np.int32(batch.column)))
    batch.prompt, batch.response = programs.joined(moved)
    batch.shape, batch.column = shape, 0


def _run(programs, weights, key, batch: _Batch, until, collected: _Collected, meanwhile) -> None:
    """One dispatch, and what it drew; the host does `meanwhile()` while the devices draw."""
    rows, until = batch.rows, tuple(np.int32(x) for x in until)
    decode = programs.decode(batch.shape)
    batch.response, steps = decode(
        weights, key, batch.prompt, batch.response, np.int32(batch.column), put_rows(programs.mesh, rows), until
    )
    meanwhile()
    steps = jax.device_get(steps)
    batch.column = (batch.column + int(steps.count)) % batch.shape.columns
    collected.add(batch.sample, rows, steps)
    batch.rows = rows._replace(token=steps.token, age=steps.age, active=steps.active)


def _stop(batch: _Batch, collected: _Collected, stops) -> None:
    """Ends the active rows that `stops` names."""
    rows = np.flatnonzero(batch.rows.active)
    samples = batch.sample[rows]
    stopped = rows[stops(samples, collected.tokens[samples], collected.length[samples])]
    if len(stopped):
        active = np.array(batch.rows.active)
        active[stopped] = False
        collected.ended.append(batch.sample[stopped])
        batch.rows = batch.rows._replace(active=active)
