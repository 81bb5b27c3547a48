"""What the engine runs on the devices: jitted functions whose shapes are numbers of slots, rows and segments, never
lengths.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from kpo_jax.model import decoder as model
from kpo_jax.records import KVCache
from kpo_jax.runtime.ahead import Ahead, Program, like
from kpo_jax.runtime.mesh import RULES
from kpo_jax.runtime.sharding import BATCH, on_mesh, replicated, share_replicas
from kpo_jax.sampling import decoding
from kpo_jax.sampling.sampler import draw_token, ends_response
from kpo_jax.sampling.shapes import Plan, Shape, first, moves

STEPS = 128  # at most, per dispatch
LOOK = 8  # steps from one look at the rows of all devices to the next: to look, they have to meet


class Rows(NamedTuple):
    """The rows of the batch as the device needs them, all [B] but the first."""

    prompt_length: np.ndarray  # [slots] int32
    row_id: np.ndarray  # int32, names the random stream
    token: np.ndarray  # int32, to be run next: the last one drawn, or at age 0 the last of the prompt
    age: np.ndarray  # int32, tokens drawn
    limit: np.ndarray  # int32, tokens to draw at most
    active: np.ndarray  # bool; what the others draw is not kept


class Steps(NamedTuple):
    """What a dispatch returns to the host: the rows' new state and the tokens [STEPS, B] drawn, with their
    log-probabilities.
    """

    count: jax.Array
    token: jax.Array
    age: jax.Array
    active: jax.Array
    tokens: jax.Array
    log_probs: jax.Array


class Programs:
    """The jitted functions of a sampler. Rows are split over data x fsdp, key heads over tensor; what the host reads is
    whole. Samplers of one model that draw alike may share them.
    """

    def __init__(self, model_config, sample_config, mesh, eos_ids, localize=lambda params: params):
        """`localize` gives parameters on `mesh` from where they lie. That is done here, as only so a copy is gone when
        the weights are made of it: whoever samples holds the parameters all the time.
        """
        self.localize = localize
        model_config = sample_config.decoder(model_config)
        self.model_config, self.sample_config, self.mesh, self.eos_ids = model_config, sample_config, mesh, eos_ids
        self.stacked = decoding.stacks_layers(mesh.devices.flat[0].platform)
        self._layer = PartitionSpec(*BATCH, RULES["kv_heads"])  # of a layer's cache
        self._cache = NamedSharding(mesh, PartitionSpec(*[None] * self.stacked, *self._layer))
        self._whole = replicated(mesh)
        self._weights = partial(decoding.decode_weights, model_config, int8=sample_config.int8, stacked=self.stacked)
        self._ring = partial(decoding.empty_ring, model_config, stacked=self.stacked)
        self._prompts = partial(_empty_prompts, self._ring)
        empty = partial(jax.jit, out_shardings=self._cache)
        self.empty_prompts = empty(self._prompts, static_argnums=(0, 1))
        self.empty_ring = empty(self._ring, static_argnums=(0, 1, 2))
        self.copy = Program(jax.jit(self._weights, out_shardings=self.weight_shardings()))
        write = on_mesh(partial(_write_prompts, model_config, self._layer, self.stacked), mesh)
        self.admit = Program(jax.jit(write, donate_argnums=3, out_shardings=self._cache))
        self._decode: dict[Shape, Program] = {}
        self._move: dict[tuple[Shape, Shape], Program] = {}
        self._handed_in: set[Plan] = set()

    @property
    def device_rows(self) -> int:
        """What numbers of slots and rows are multiples of."""
        return self.mesh.shape["data"] * self.mesh.shape["fsdp"]

    def prepare(self, params):
        """The parameters as decoding reads them."""
        return share_replicas(self.copy(self.localize(params)))

    def decode(self, shape: Shape) -> Program:
        """The program that steps a batch of this shape, see `_decode`."""
        if shape not in self._decode:
            look = LOOK if self.device_rows > 1 else 1
            function = partial(_decode, self.model_config, self.sample_config, self.eos_ids, look)
            jitted = jax.jit(on_mesh(function, self.mesh), donate_argnums=3, out_shardings=(self._cache, self._whole))
            self._decode[shape] = Program(jitted)
        return self._decode[shape]

    def move(self, old: Shape, new: Shape) -> Program:
        """The program that moves one of the `parts` of the caches from one shape to another, see `_moved`."""
        if (old, new) not in self._move:
            select = jax.shard_map(
                _select, mesh=self.mesh, in_specs=(self._layer, PartitionSpec()), out_specs=self._layer
            )
            function = partial(_moved, select if new.rows < old.rows else None, new)
            function = _of_each_layer(function) if self.stacked else function
            self._move[old, new] = Program(jax.jit(function, out_shardings=self._cache))
        return self._move[old, new]

    def parts(self, prompt: KVCache, response: KVCache) -> list[tuple]:
        """The caches in pieces (of the prompt, of the ring) that are moved one by one, as the old and the new ones
        together would be twice the memory: layers, or the keys of all and the values of all.
        """
        if self.stacked:
            return list(zip(prompt, response, strict=True))
        prompt_layers, layers = ([KVCache(*x) for x in zip(*cache, strict=True)] for cache in (prompt, response))
        return list(zip(prompt_layers, layers, strict=True))

    def joined(self, parts: list[tuple]) -> tuple[KVCache, KVCache]:
        """The caches of which these are the `parts`."""
        prompt, response = zip(*parts, strict=True)
        if self.stacked:
            return KVCache(*prompt), KVCache(*response)
        return KVCache(*zip(*prompt, strict=True)), KVCache(*zip(*response, strict=True))

    def compile_ahead(self, ahead: Ahead, plan: Plan, params, key) -> None:
        """Hand in all programs that a sampler runs by `plan`, unless they were; see `calls`."""
        if plan not in self._handed_in:
            self._handed_in.add(plan)
            for program, shapes in self.calls(plan, params, key):
                ahead.compile(program, *shapes)

    def calls(self, plan: Plan, params, key) -> Iterator[tuple[Program, tuple]]:
        """All programs that a sampler runs by `plan`, in the order of their first use, each with its arguments as
        shapes: the copy of the weights, prefill, decoding in each shape of the batch, and the moves between them.

        Args:
          params: as they lie on the sampler's mesh, see SampleConfig.moved_dtype, or as shapes with their shardings.
          key: of the random streams.
        """
        (shapes, prefilled), cache = plan, self._cache
        whole = shapes[0]
        yield self.copy, (params,)
        weights = like(jax.eval_shape(self.copy.jitted, params), self.weight_shardings())
        rows_of = NamedSharding(self.mesh, BATCH)

        def caches(shape):
            prompt = jax.eval_shape(lambda: self._prompts(shape.slots, shape.prompt))
            ring = jax.eval_shape(lambda: self._ring(shape.rows, shape.segments, shape.width))
            return like(prompt, cache), like(ring, cache)

        tokens = jax.ShapeDtypeStruct((prefilled, whole.prompt), np.int32, sharding=rows_of)
        yield self.admit, (weights, tokens, np.zeros((prefilled,), int), caches(whole)[0])
        begin = first(shapes)
        for shape in sorted(shapes, key=lambda shape: (shape != begin, shape == whole, shape.columns, -shape.rows)):
            prompt, ring = caches(shape)
            numbers = np.zeros((shape.rows,), np.int32)
            rows = Rows(np.zeros((shape.slots,), np.int32), *[numbers] * 4, numbers.astype(bool))
            until = (np.int32(0),) * 3
            yield self.decode(shape), (weights, key, prompt, ring, np.int32(0), like(rows, rows_of), until)
        for old, new in moves(shapes):
            places = np.zeros((new.slots,), int), np.zeros((new.rows,), int)
            for part in dict.fromkeys(self.parts(*caches(old))):  # layers are alike
                yield self.move(old, new), (*part, *places, np.int32(0))

    def weight_shardings(self):
        """Where each of the weights lies that `prepare` gives."""
        shapes = jax.eval_shape(lambda: self._weights(model.init_params(self.model_config, jax.random.key(0))))

        def sharding(path, x):
            axes = enumerate(decoding.weight_axes(path, self.stacked))
            split = (RULES.get(axis) if x.shape[i] > 1 else None for i, axis in axes)  # a scale is not
            return NamedSharding(self.mesh, PartitionSpec(*split))

        return jax.tree_util.tree_map_with_path(sharding, shapes)


def _empty_prompts(empty_ring, num_slots, prompt_length) -> KVCache:
    ring = empty_ring(num_slots, 1, prompt_length)
    return ring._replace(keys=jax.tree.map(lambda x: jnp.squeeze(x, -3), ring.keys))


def _write_prompts(config, layer_spec, stacked, weights, tokens, slots, prompt: KVCache) -> KVCache:
    """`prompt` with the keys and values of the prompts `tokens` [A, P] in `slots` [A]; a slot out of range is
    dropped.
    """
    new = decoding.prefill(config, weights, tokens)
    axes = BATCH[0]

    def write(
        old, x
    ):  # a device's slots, its rows of the new; the partitioner would also gather `slots`, once for every array
        place = slots - jax.lax.axis_index(axes) * old.shape[0]
        place = jnp.where(place < 0, old.shape[0], place)  # -1 would be the last
        return old.at[place].set(jax.lax.all_gather(x, axes, tiled=True), mode="drop")

    spec = PartitionSpec(None, *layer_spec) if stacked else layer_spec
    write = jax.vmap(write) if stacked else write
    return jax.tree.map(jax.shard_map(write, in_specs=spec, out_specs=spec), prompt, new)


def _select(cache, rows):
    """A device's part of rows `rows` [B'] of a cache of B, from its part of that: every device sends what it has of
    them.

    The partitioner would have every device gather the whole cache first, of which half or more is dropped. What arrives
    is a sum with zeros: the values to the bit, but for subnormal numbers and the sign of zero.
    """
    axes = BATCH[0]

    def select(x):
        place = rows - jax.lax.axis_index(axes) * x.shape[0]
        mine = ((place >= 0) & (place < x.shape[0])).reshape(-1, *[1] * (x.ndim - 1))
        return jax.lax.psum_scatter(jnp.where(mine, x.at[place].get(mode="clip"), 0), axes, tiled=True)

    return jax.tree.map(select, cache)


def _moved(select, shape: Shape, prompt, ring, slots, rows, column):
    """A layer's cache of prompts and its ring, or their keys or values alone, as a batch of another shape has them.

    `select` takes the rows with the given numbers, the slots of the prompts and the rows of the ring; None leaves all
    where they are. The ring's newest columns come to lie at the end of that of `shape`: the next one to write is 0;
    `column` was.
    """
    if select is not None:
        prompt, ring = select(prompt, slots), select(ring, rows)

    def resized(x, size):  # [B, K, old, ...] -> [B, K, size, ...]
        missing = size - x.shape[2]
        if missing < 0:
            return x[:, :, -missing:]
        return jnp.pad(x, [(missing if axis == 2 else 0, 0) for axis in range(x.ndim)])

    def turned(x):
        if x.ndim == 4:  # values [B, K, C, H]
            return resized(jnp.roll(x, -column, axis=2), shape.columns)
        flat = jnp.swapaxes(x, 2, 3)  # [B, K, H, segments, width]
        rolled = jnp.roll(flat.reshape(*flat.shape[:3], -1), -column, axis=3).reshape(flat.shape)
        return resized(jnp.swapaxes(rolled, 2, 3), shape.segments)

    return prompt, jax.tree.map(turned, ring)


def _of_each_layer(moved):
    """`_moved` of stacks, a layer at a time."""

    def function(prompt, ring, *places):
        return jax.lax.map(lambda layer: moved(*layer, *places), (prompt, ring))

    return function


class _State(NamedTuple):
    rows: Rows
    response: KVCache
    column: jax.Array
    steps: Steps
    enough: jax.Array  # bool: so many rows have ended that the host has something to do


def _decode(
    model_config, sample_config, eos_ids, look, weights, key, prompt: KVCache, response: KVCache, column, rows: Rows,
    until,
):  # fmt: skip
    """Steps all rows until (steps, free slots, active rows) `until` says so -> (response, what the host reads).

    It stops after that many steps, or when in one of every `look` steps that many slots have no active row, or no more
    than that many rows are active.
    """
    most_steps, enough_free, few_active = until
    batch, num_slots = rows.token.shape[0], rows.prompt_length.shape[0]
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, rows.row_id)
    before_last = rows.prompt_length - 1  # the last token of the prompt is the first to be run

    def ended(active):
        free = jnp.sum(~jnp.any(active.reshape(num_slots, -1), axis=1))
        return (free >= enough_free) | (jnp.sum(active) <= few_active)

    def go_on(state):
        return (state.steps.count < most_steps) & ~state.enough

    def advance(state):
        now, steps = state.rows, state.steps
        positions = jnp.repeat(before_last, batch // num_slots) + now.age
        hidden, response = decoding.decode_step(
            model_config, weights, now.token, positions, now.age, state.column, prompt, before_last, state.response
        )
        token, log_prob = draw_token(decoding.logits(weights, hidden), row_keys, now.age, sample_config)
        age = now.age + now.active
        active = now.active & ~ends_response(token, eos_ids) & (age < now.limit)
        steps = steps._replace(
            count=steps.count + 1,
            tokens=steps.tokens.at[steps.count].set(token),
            log_probs=steps.log_probs.at[steps.count].set(log_prob),
        )
        column = (state.column + 1) % response.columns
        if look == 1:
            enough = ended(active)
        else:
            enough = jax.lax.cond(steps.count % look == 0, ended, lambda _: state.enough, active)
        return _State(now._replace(token=token, age=age, active=active), response, column, steps, enough)

    nothing = jnp.zeros((STEPS, batch), jnp.int32)
    steps = Steps(jnp.int32(0), rows.token, rows.age, rows.active, nothing, nothing.astype(jnp.float32))
    state = jax.lax.while_loop(go_on, advance, _State(rows, response, column, steps, ended(rows.active)))
    now = state.rows
    return state.response, state.steps._replace(token=now.token, age=now.age, active=now.active)
