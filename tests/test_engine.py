"""The engine against the reference sampler: slots, refill, packing, a growing ring and devices change no text."""

import collections
import dataclasses
import functools
import re
import threading
import weakref

import batch_shapes
import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding
from test_model import CONFIG as MODEL_CONFIG
from test_model import KEY, random_params

from kpo_jax.config import MeshConfig
from kpo_jax.model.head import row_log_probs
from kpo_jax.records import Prompts
from kpo_jax.runtime import compilation, sharding
from kpo_jax.runtime.ahead import Ahead, Program, like
from kpo_jax.runtime.sharding import make_mesh, put_rows, replicated
from kpo_jax.sampling import decoding, engine, sampler, shapes
from kpo_jax.sampling import programs as engine_programs
from kpo_jax.sampling.config import SampleConfig
from kpo_jax.sampling.engine import make_sampler
from kpo_jax.sampling.prompts import pad_prompts

CONFIG = dataclasses.replace(MODEL_CONFIG, num_layers=2, vocab_size=54)
T, WIDTH = 24, 6
SAMPLING = SampleConfig(temperature=1.5, max_response_length=T)
PROMPTS = [np.random.default_rng(i).integers(2, 53, 1 + i % WIDTH).tolist() for i in range(13)]
ENDS = tuple(range(5))  # a token in ten or so ends a response: lengths from 1 to T


@pytest.fixture(autouse=True)
def small_shapes(monkeypatch):
    """Shapes so small that short responses meet every decision."""
    monkeypatch.setattr(shapes, "_SEGMENT", 6)
    monkeypatch.setattr(engine_programs, "STEPS", 7)
    monkeypatch.setattr(engine_programs, "LOOK", 3)
    monkeypatch.setattr(shapes, "_PREFILL_TOKENS", 2 * WIDTH)


def mesh_of(data=1, fsdp=1, tensor=1, sequence=1):
    config = MeshConfig(data=data, fsdp=fsdp, tensor=tensor, sequence=sequence)
    return make_mesh(config, jax.devices()[: data * config.inner])


def row_ids(group, prompts=PROMPTS):
    return np.arange(len(prompts) * group).reshape(-1, group)


def sample(num_slots, group=2, *, prompts=PROMPTS, ids=None, mesh=None, eos_ids=ENDS, sampling=SAMPLING, **more):
    run = cached_sampler(mesh or mesh_of(), eos_ids, sampling, group)
    ids = row_ids(group, prompts) if ids is None else ids
    return run(random_params(CONFIG), prompts, key=KEY, row_ids=ids, prompt_length=WIDTH, num_slots=num_slots, **more)


@functools.cache  # tests share compilations
def cached_sampler(mesh, eos_ids, sampling, group):
    return make_sampler(engine_programs.Programs(CONFIG, sampling, mesh, eos_ids), pad_id=0, group_size=group)


@functools.cache
def reference(group, eos_ids=ENDS, sampling=SAMPLING):
    tokens, lengths = pad_prompts(PROMPTS, WIDTH, 0)
    run = jax.jit(lambda params, prompts, ids: sampler.generate(
        CONFIG, sampling, params, prompts, KEY, ids, eos_ids=eos_ids, pad_id=0, group_size=group)[0])  # fmt: skip
    return jax.device_get(run(random_params(CONFIG), Prompts(tokens, lengths), row_ids(group).reshape(-1)))


def assert_same(actual, expected):
    chex.assert_trees_all_equal(actual.replace(sampler_log_prob=0), expected.replace(sampler_log_prob=0))
    chex.assert_trees_all_close(actual.sampler_log_prob, expected.sampler_log_prob, atol=1e-4)


@pytest.fixture
def decisions(monkeypatch):
    """Counts what the engine decides: dispatches, packings, changes of the ring."""
    count = collections.Counter()

    def counted(name):
        decide = getattr(engine, name)

        def run(*args, **named):
            count[name] += 1
            return decide(*args, **named)

        monkeypatch.setattr(engine, name, run)

    for name in ("_run",):
        counted(name)
    move = engine._move

    def moved(programs, batch, shape):
        count["narrower"] += shape.rows < batch.shape.rows
        count["longer"] += shape.columns > batch.shape.columns
        return move(programs, batch, shape)

    monkeypatch.setattr(engine, "_move", moved)
    return count


@pytest.mark.parametrize("group", [1, 3])
def test_any_number_of_slots_samples_the_references_texts(group, decisions):
    expected = reference(group)
    lengths = expected.mask.sum(axis=1)
    assert lengths.min() < 4 and lengths.max() > 16
    for num_slots in (1, 3, 16):
        decisions.clear()
        assert_same(sample(num_slots, group), expected)
        assert decisions["longer"] >= 1 and decisions["narrower"] >= (2 if num_slots * group > 3 else 0)
        assert decisions["_run"] < 0.7 * lengths.sum() / (num_slots * group) + 14  # several steps per dispatch


def test_what_has_ended_is_told_once_while_the_rest_is_sampled(decisions):
    told, parts = [], []

    def ended(samples, part):
        told.append((decisions["_run"], samples))
        parts.append(part)

    whole = sample(3, ended=ended)
    samples = np.concatenate([samples for _, samples in told])
    np.testing.assert_array_equal(np.sort(samples), np.arange(len(whole.tokens)))
    joined = jax.tree.map(lambda *x: np.concatenate(x), *parts)
    chex.assert_trees_all_equal(joined, jax.tree.map(lambda x: x[samples], whole))
    early = [len(samples) for number, samples in told if number < decisions["_run"]]
    assert len(early) > 2 and sum(early) > len(samples) // 2  # and not all of it at the end


def test_weights_whole_on_several_cpu_devices_lie_in_memory_once():
    programs = engine_programs.Programs(CONFIG, SAMPLING, mesh_of(data=2, fsdp=2, tensor=2), ENDS)
    params = random_params(CONFIG)

    def places(x):
        return {shard.data.unsafe_buffer_pointer() for shard in x.addressable_shards}

    weights = programs.prepare(params)
    norm = weights["norm"]
    assert norm.is_fully_replicated and len(places(norm)) == 1
    assert (
        len(places(jax.device_put(np.asarray(norm), norm.sharding) + 0)) == 8
    )  # the control: as jax lays a result out
    assert len(places(weights["layers"][0]["down_proj"])) > 1  # split over tensor, left as it is
    expected = jax.jit(lambda p: decoding.decode_weights(CONFIG, p))(params)
    chex.assert_trees_all_equal(jax.device_get(weights), jax.device_get(expected))


@pytest.fixture
def form(request, monkeypatch):
    """Layers as on a TPU, in stacks, or as elsewhere."""
    monkeypatch.setattr(decoding, "stacks_layers", lambda platform: request.param == "stacked")
    return request.param


FORMS = pytest.mark.parametrize("form", ["unrolled", "stacked"], indirect=True)


@FORMS
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("mesh", [{}, dict(data=2, fsdp=2, tensor=2), dict(data=8)], ids=str)
def test_rows_move_between_devices_to_the_bit(mesh, dtype, form):
    programs = engine_programs.Programs(dataclasses.replace(CONFIG, dtype=dtype), SAMPLING, mesh_of(**mesh), ENDS)

    def normal(i, x):
        values = np.random.default_rng(i).normal(size=x.shape)
        rows = values if form == "unrolled" else values.swapaxes(0, 1)
        # not chosen below: they must not reach what is
        rows[3], rows[-1 if len(rows) == 8 else 11] = np.nan, np.inf
        return values.astype(x.dtype)

    old, new = shapes.Shape(8, 16, 1, 8, WIDTH), shapes.Shape(8, 8, 1, 8, WIDTH)
    prompt, ring = programs.empty_prompts(8, WIDTH), programs.empty_ring(16, 1, 8)
    slots, rows = np.array([5, 0, 2, 2, 4, 1, 2, 7]), np.array([15, 0, 4, 4, 9, 1, 2, 8])
    axis = int(form == "stacked")
    for number, part in enumerate(programs.parts(prompt, ring)):
        leaves, tree = jax.tree.flatten(part)
        before = [normal(4 * number + i, x) for i, x in enumerate(leaves)]
        given = tree.unflatten(jax.device_put(before, [x.sharding for x in leaves]))
        after = jax.device_get(jax.tree.leaves(programs.move(old, new)(*given, slots, rows, np.int32(0))))
        for x, y, empty in zip(before, after, leaves, strict=True):
            chosen = slots if x.shape[axis] == 8 else rows
            assert y.tobytes() == x.take(chosen, axis).tobytes() and y.dtype == empty.dtype
            assert y.tobytes() != x.take(np.sort(chosen), axis).tobytes()  # the control


@pytest.mark.parametrize("form", ["stacked"], indirect=True)
def test_stacked_layers_sample_the_references_texts(form, decisions):
    """Refilled, moved to fewer rows and to a longer ring, on several devices."""
    run = cached_sampler.__wrapped__(mesh_of(data=2, fsdp=2, tensor=2), ENDS, SAMPLING, 2)
    ids = row_ids(2)
    actual = run(random_params(CONFIG), PROMPTS, key=KEY, row_ids=ids, prompt_length=WIDTH, num_slots=8)
    assert_same(actual, reference(2))
    assert decisions["longer"] >= 1 and decisions["narrower"] >= 1


@FORMS
@pytest.mark.parametrize("mesh", [{}, dict(data=2, fsdp=2, tensor=2), dict(data=8)], ids=str)
def test_a_prompt_is_written_to_its_slot_and_to_no_other(mesh, form):
    mesh = mesh_of(**mesh)
    programs = engine_programs.Programs(CONFIG, SAMPLING, mesh, ENDS)
    weights, before = programs.prepare(random_params(CONFIG)), programs.empty_prompts(16, WIDTH)
    before = jax.tree.map(lambda x: x + 7, before)
    tokens = np.random.default_rng(0).integers(0, CONFIG.vocab_size, (8, WIDTH)).astype(np.int32)
    slots = np.array([15, 0, 7, 8, 16, 3, 16, 4])  # 16 is out of range: not written
    expected = jax.device_get(jax.jit(lambda w: decoding.prefill(CONFIG, w, tokens))(weights))
    after = jax.device_get(programs.admit(weights, put_rows(mesh, tokens), slots, before))
    written = slots < 16
    for new, x in zip(*map(jax.tree.leaves, (after, expected)), strict=True):
        if form == "stacked":
            new, x = new.swapaxes(0, 1), x.swapaxes(0, 1)
        np.testing.assert_allclose(new[slots[written]], x[written], atol=1e-5)
        assert (np.delete(new, slots[written], axis=0) == 7).all()
        assert np.abs(new[slots[written]] - x[written][::-1]).max() > 0.1  # the control


def test_a_batch_that_prompts_wait_for_is_refilled_by_quarters(monkeypatch):
    taken, take = [], engine._Queue.take
    monkeypatch.setattr(engine._Queue, "take", lambda queue, count: taken.append(count) or take(queue, count))
    monkeypatch.setattr(shapes, "_PREFILL_TOKENS", 100 * WIDTH)
    assert_same(sample(8), reference(2))
    assert taken[:4] == [2] * 4 and max(taken) == 2 and len(taken) > 4
    taken.clear()
    assert_same(sample(16), reference(2))
    assert taken == [4] * 4


def test_negative_control_another_stream_or_prompt_is_another_text():
    expected = sample(4)
    other = row_ids(2)
    other[5] += 1000
    changed = sample(4, ids=other).tokens != expected.tokens
    assert changed[10:12].any(axis=1).all() and not changed[:10].any() and not changed[12:].any()
    prompts = [*PROMPTS[:5], [7, 8, 9, 10], *PROMPTS[6:]]
    changed = sample(4, prompts=prompts).tokens != expected.tokens
    assert changed[10:12].any(axis=1).all() and not changed[:10].any() and not changed[12:].any()


def test_negative_control_a_wrong_ring_is_seen(monkeypatch):
    expected = reference(2)
    moved = engine_programs._moved
    monkeypatch.setattr(engine_programs, "_moved", lambda *args: moved(*args[:-1], args[-1] + 1))  # a column too far
    run = make_sampler(engine_programs.Programs(CONFIG, SAMPLING, mesh_of(), ENDS), pad_id=0, group_size=2)
    wrong = run(random_params(CONFIG), PROMPTS, key=KEY, row_ids=row_ids(2), prompt_length=WIDTH, num_slots=3)
    with pytest.raises(AssertionError):
        assert_same(wrong, expected)


@pytest.mark.parametrize("shape", [dict(data=8), dict(data=2, fsdp=2, tensor=2), dict(fsdp=4)])
def test_devices_sample_the_same_texts(shape):
    assert_same(sample(8, mesh=mesh_of(**shape)), reference(2))


@pytest.mark.parametrize("look", [1, 4])
def test_devices_meet_when_they_look_at_their_rows_and_at_no_other_step(look, monkeypatch):
    """What is in the loop but in no branch runs in every step; a look in each is the control."""
    monkeypatch.setattr(engine_programs, "LOOK", look)
    mesh = mesh_of(data=2, fsdp=2)
    programs = engine_programs.Programs(CONFIG, SAMPLING, mesh, ENDS)
    params = like(random_params(CONFIG), replicated(mesh))
    calls = programs.calls(shapes.plan(4, 4, 2, WIDTH, T, 4), params, jax.random.key(0))
    program, given = next((program, given) for program, given in calls if program in programs._decode.values())
    text = program.lower(*given).compile().as_text()
    inside = re.findall(r" all-reduce\(.*op_name=\"jit\(traced\)/while/body/(\w+)", text)
    assert inside == (["reduce_sum"] if look == 1 else ["cond"])
    assert (" conditional(" in text) == (look > 1)


@pytest.mark.parametrize("data", [1, 2])
def test_no_step_is_taken_for_rows_whose_limit_is_known(data, monkeypatch):
    """Devices that look seldom would draw on, and a benchmark would take prefill for eight steps more."""
    monkeypatch.setattr(engine_programs, "LOOK", 8)
    monkeypatch.setattr(engine_programs, "STEPS", 16)
    counts, device_get = [], jax.device_get

    def counted(x):
        if isinstance(x, engine_programs.Steps):
            counts.append(int(x.count))
        return device_get(x)

    monkeypatch.setattr(engine.jax, "device_get", counted)
    run = make_sampler(engine_programs.Programs(CONFIG, SAMPLING, mesh_of(data=data), ()), pad_id=0, group_size=1)
    four = dict(prompt_length=WIDTH, num_slots=4, key=KEY, row_ids=row_ids(1, PROMPTS[:4]))
    for limits, expected in (([1, 1, 1, 1], [1]), ([3, 1, 2, 5], [5])):
        counts.clear()
        run(random_params(CONFIG), PROMPTS[:4], max_lengths=np.array(limits)[:, None], **four)
        assert sum(counts) == sum(expected) and len(counts) <= 3


def sampling_mesh(sampling_tensor, **sizes):
    """(the mesh of training, that of sampling)."""
    mesh = mesh_of(**sizes)
    return mesh, sharding.local_mesh(mesh, sampling_tensor)


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        (dict(fsdp=4), (2, 1, 1, 2)),
        (dict(fsdp=8), (4, 1, 1, 2)),
        (dict(data=2, fsdp=2, tensor=2), (8, 1, 1, 1)),
        (dict(fsdp=2, sequence=2, tensor=2), (4, 1, 1, 2)),
        (dict(data=2, fsdp=2, sequence=2), (4, 1, 1, 2)),
    ],
)
def test_a_sampling_mesh_of_its_own_samples_the_same_texts_and_splits_the_weights(sizes, shape):
    training, own = sampling_mesh(shape[3], **sizes)
    assert own.devices.shape == shape and own.devices.size == training.devices.size
    specs = sharding.param_specs(CONFIG)
    params = jax.tree.map(
        lambda x, spec: jax.device_put(x, NamedSharding(training, spec)), random_params(CONFIG), specs
    )
    local = sharding.localize(params, specs, training, own)
    for x, y, spec in zip(*map(jax.tree.leaves, (local, random_params(CONFIG), specs)), strict=True):
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))
        assert x.sharding.is_equivalent_to(NamedSharding(own, spec), x.ndim)
    programs = engine_programs.Programs(CONFIG, SAMPLING, own, ENDS)
    weights = programs.prepare(local)["layers"][0]["qkv_proj"]
    assert weights.sharding.shard_shape(weights.shape)[1] == 2 // own.shape["tensor"]
    run = make_sampler(programs, pad_id=0, group_size=2)
    drawn = run(local, PROMPTS, key=KEY, row_ids=row_ids(2), prompt_length=WIDTH, num_slots=8)
    assert_same(drawn, reference(2))


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_what_moves_to_a_sampling_mesh_is_rounded_first_and_gone_when_the_weights_are_made(dtype):
    training, own = sampling_mesh(2, fsdp=8)
    specs, sampling = sharding.param_specs(CONFIG), dataclasses.replace(SAMPLING, dtype=dtype)
    params = jax.tree.map(
        lambda x, spec: jax.device_put(x, NamedSharding(training, spec)), random_params(CONFIG), specs
    )
    moved, alive = [], []
    rounded = sampling.moved_dtype(CONFIG)

    def localize(params):
        there = sharding.localize(params, specs, training, own, rounded)
        shapes = sharding.localized(jax.eval_shape(lambda: random_params(CONFIG)), specs, training, own, rounded)
        for x, shape in zip(*map(jax.tree.leaves, (there, shapes)), strict=True):
            assert (x.shape, x.dtype) == (shape.shape, shape.dtype) and x.sharding.is_equivalent_to(
                shape.sharding, x.ndim
            )
        moved.extend(map(weakref.ref, jax.tree.leaves(there)))
        return there

    programs = engine_programs.Programs(CONFIG, sampling, own, ENDS, localize)
    weights = programs.prepare(params)
    assert {x().dtype.name for x in moved if x() is not None} == set()  # nothing of it is left
    assert rounded == {"bfloat16": "bfloat16", "int8": None}[dtype]  # parameters are float32
    # to the bit what is made of parameters that are not rounded on their way
    plain = engine_programs.Programs(CONFIG, sampling, own, ENDS).copy(sharding.localize(params, specs, training, own))
    for x, y in zip(*map(jax.tree.leaves, (weights, plain)), strict=True):
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))
    # the whole call holds none either, where its caller would
    admit = programs.admit
    programs.admit = lambda *args: (alive.append(sum(x() is not None for x in moved)), admit(*args))[1]
    run = make_sampler(programs, pad_id=0, group_size=2)
    run(params, PROMPTS, key=KEY, row_ids=row_ids(2), prompt_length=WIDTH, num_slots=8)
    assert alive and set(alive) == {0}
    held, alive[:] = localize(params), []  # the negative control
    run(params, PROMPTS, key=KEY, row_ids=row_ids(2), prompt_length=WIDTH, num_slots=8)
    assert min(alive) == len(jax.tree.leaves(held))


def test_a_sampling_mesh_must_divide_the_devices():
    with pytest.raises(ValueError, match=r"mesh\.sampling_tensor: 3 does not divide the 8 devices of a host"):
        sampling_mesh(3, fsdp=8)
    assert sampling_mesh(0, fsdp=8)[0] is sampling_mesh(0, fsdp=8)[1]


def test_where_training_splits_tokens_the_sampler_splits_rows_and_moves_nothing():
    training, own = sampling_mesh(0, data=2, fsdp=2, sequence=2)
    assert own.shape == {"data": 2, "fsdp": 4, "sequence": 1, "tensor": 1}
    specs = sharding.param_specs(CONFIG)
    params = jax.tree.map(
        lambda x, spec: jax.device_put(x, NamedSharding(training, spec)), random_params(CONFIG), specs
    )
    local = sharding.localize(params, specs, training, own)
    for x, y in zip(jax.tree.leaves(params), jax.tree.leaves(local), strict=True):
        assert [s.data.unsafe_buffer_pointer() for s in x.addressable_shards] == [
            s.data.unsafe_buffer_pointer() for s in y.addressable_shards
        ]


def test_caches_and_weights_are_split_over_the_devices():
    programs = engine_programs.Programs(CONFIG, SAMPLING, mesh_of(data=2, fsdp=2, tensor=2), ())
    for x in jax.tree.leaves((programs.empty_prompts(4, WIDTH), programs.empty_ring(8, 2, 8))):
        assert x.sharding.shard_shape(x.shape) == (x.shape[0] // 4, x.shape[1] // 2, *x.shape[2:])
    weights = programs.prepare(random_params(CONFIG))
    assert weights["layers"][0]["qkv_proj"].sharding.shard_shape((24, 2, 4, 8)) == (24, 1, 4, 8)
    assert weights["layers"][0]["down_proj"].sharding.shard_shape((40, 24)) == (20, 24)


def test_limits_end_rows_and_change_no_token_before():
    free = reference(2, eos_ids=())
    limits = np.random.default_rng(3).integers(1, T + 5, (13, 2))
    limited = sample(4, eos_ids=(), max_lengths=limits)
    np.testing.assert_array_equal(limited.mask.sum(axis=1), np.minimum(limits, T).reshape(-1))
    np.testing.assert_array_equal(limited.tokens, np.where(limited.mask, free.tokens, 0))
    assert not limited.finished.any()


def test_rows_are_stopped_between_dispatches_and_no_other_row_is_changed(monkeypatch):
    """Rows that hold one of certain tokens stop: what they drew up to there, and all that others drew, stays."""
    free, marks, steps = reference(2, eos_ids=()), range(28, 34), []
    add = engine._Collected.add
    monkeypatch.setattr(engine._Collected, "add", lambda *args: steps.append(int(args[-1].count)) or add(*args))
    told, asked = [], []

    def stops(samples, tokens, lengths):
        asked.extend(samples.tolist())
        assert tokens.shape == (len(samples), T) and not set(samples.tolist()) & set(told)
        return np.array([np.isin(row[:length], marks).any() for row, length in zip(tokens, lengths, strict=True)], bool)

    never = sample(4, eos_ids=(), stops=lambda samples, *_: np.zeros(len(samples), bool))
    assert_same(never, free)
    all_steps = sum(steps)
    steps.clear()
    stopped = sample(4, eos_ids=(), stops=stops, ended=lambda samples, _: told.extend(samples.tolist()))
    assert sorted(told) == list(range(26)) == sorted(set(asked))
    lengths = stopped.mask.sum(axis=1)
    np.testing.assert_array_equal(stopped.tokens, np.where(stopped.mask, free.tokens, 0))
    np.testing.assert_allclose(
        stopped.sampler_log_prob, np.where(stopped.mask, free.sampler_log_prob, 0), rtol=0, atol=1e-4
    )
    first = np.where(np.isin(free.tokens, marks).any(axis=1), np.isin(free.tokens, marks).argmax(axis=1), T)
    assert (lengths >= np.minimum(first + 1, T)).all()
    assert (lengths <= np.minimum(first + engine_programs.STEPS, T)).all()  # what was drawn in the same dispatch
    assert (lengths < T).any() and sum(steps) < all_steps and not stopped.finished.any()


def test_greedy_and_truncated_sampling():
    for keywords in ({"temperature": 0.0}, {"temperature": 1.5, "top_k": 5, "top_p": 0.9}):
        sampling = SampleConfig(max_response_length=T, **keywords)
        assert_same(sample(4, sampling=sampling), reference(2, sampling=sampling))


def test_log_probs_are_the_trainers():
    completions = sample(4)
    prompts, prompt_length = pad_prompts([p for p in PROMPTS for _ in range(2)], WIDTH, 0)
    tokens = np.pad(prompts, ((0, 0), (0, T)))
    for row, n in enumerate(prompt_length):
        tokens[row, n : n + T] = completions.tokens[row]
    recompute = lambda temperature: np.where(completions.mask, row_log_probs(
        CONFIG, random_params(CONFIG), tokens, prompt_length, T, temperature=temperature)[0], 0.0)  # fmt: skip
    np.testing.assert_allclose(completions.sampler_log_prob, recompute(1.5), atol=1e-4)
    assert np.max(np.abs(completions.sampler_log_prob - recompute(1.4))) > 1e-2


def test_a_program_that_was_handed_in_and_left_uncompiled_is_called_all_the_same():
    began, goes_on = threading.Event(), threading.Event()
    first, second = (Program(jax.jit(lambda x: x + 1)) for _ in range(2))
    first.lower = lambda *shapes: (began.set(), goes_on.wait(), jax.jit(lambda x: x).lower(*shapes))[-1]
    ahead = Ahead(1)
    for program in (first, second):
        ahead.compile(program, jax.ShapeDtypeStruct((), np.float32))
    began.wait()
    ahead.close()  # the second has not begun
    goes_on.set()
    found = []
    call = threading.Thread(target=lambda: found.append(float(second(np.float32(1)))), daemon=True)
    call.start()
    call.join(60)
    assert found == [2.0]


def test_all_programs_are_those_of_the_plan_and_may_be_compiled_ahead(monkeypatch):
    """Whatever the lengths, nothing else is compiled; and with them ready, nothing at all."""
    programs = engine_programs.Programs(CONFIG, SAMPLING, mesh_of(), ())
    run, params = make_sampler(programs, pad_id=0, group_size=1), random_params(CONFIG)
    plan = shapes.plan(len(PROMPTS), 8, 1, WIDTH, T, 1)
    ahead = Ahead(1)
    programs.compile_ahead(ahead, plan, like(params, replicated(mesh_of())), jax.random.key(0))
    params = jax.device_put(params, replicated(mesh_of()))
    made = []

    def go(seed):
        lengths = np.random.default_rng(seed).integers(1, T + 1, (13, 1))
        keys = dict(key=jax.random.key(seed), row_ids=row_ids(1), prompt_length=WIDTH, num_slots=8)
        run(params, PROMPTS, **keys, max_lengths=lengths)
        made.append(compilation.tally().programs)

    go(0)
    assert ahead.progress() == (len(plan.shapes) + len(shapes.moves(plan.shapes)) + 2,) * 2
    for seed in range(1, 10):
        go(seed)
    assert made == made[:1] * 10
    assert set(programs._decode) == set(plan.shapes)
    alone = engine_programs.Programs(CONFIG, SAMPLING, mesh_of(), ())  # the control: nothing was handed in
    run = make_sampler(alone, pad_id=0, group_size=1)
    go(0)
    assert made[-1] > made[0] + 3


def test_bad_arguments_are_named():
    def make(eos_ids=(), pad_id=0, group_size=2):
        programs = engine_programs.Programs(CONFIG, SAMPLING, mesh_of(), eos_ids)
        return make_sampler(programs, pad_id=pad_id, group_size=group_size)

    with pytest.raises(ValueError, match=r"eos_ids = \(3, 54\) must be in \[0, 54\)"):
        make(eos_ids=(3, 54))
    with pytest.raises(ValueError, match=r"pad_id = -1 must be in \[0, 54\)"):
        make(pad_id=-1)
    with pytest.raises(ValueError, match="group_size = 0"):
        make(group_size=0)
    with pytest.raises(ValueError, match=r"row_ids has shape \(13, 1\), must be .* \(13, 2\)"):
        sample(4, ids=row_ids(1))
    with pytest.raises(ValueError, match=r"max_lengths has shape \(13,\)"):
        sample(4, max_lengths=np.ones(13))
    with pytest.raises(ValueError, match="max_lengths must be at least 1, not 0"):
        sample(4, max_lengths=np.zeros((13, 2)))
    with pytest.raises(ValueError, match="num_slots = 4 must be a multiple of data x fsdp = 8"):
        sample(4, mesh=mesh_of(data=8))
    with pytest.raises(ValueError, match="prompts have 1 to 7 tokens; must have 1 to 6"):
        sample(4, prompts=[*PROMPTS[:12], list(range(7))])


def test_at_most_six_shapes_whatever_the_numbers():
    for slots, group, longest, device_rows in ((64, 8, 4096, 1), (64, 8, 4096, 16), (3, 1, 7, 1), (8, 2, 300, 8)):
        plan = shapes.plan(1000, slots, group, 16, longest, device_rows)
        whole = plan.shapes[0]
        assert len(plan.shapes) <= 6 and (whole.slots, whole.rows) == (slots, slots * group)
        assert longest <= whole.columns < longest + whole.width
        assert all(s.rows % device_rows == s.slots % device_rows == 0 for s in plan.shapes)


def test_a_batch_never_gets_wider_and_every_move_is_known():
    """From any state that a batch may be in there is room in what is chosen, and it costs no more than what was."""
    found = shapes.plan(64, 64, 8, 16, 4096, 1).shapes
    assert shapes.first(found).columns < found[0].columns and shapes.first(found).rows == found[0].rows
    known, made = set(shapes.moves(found)), set()
    for now in found:
        for rows in range(1, now.rows + 1, 5):
            for columns in range(1, found[0].columns + 1, 61):
                new = shapes.choose(found, now, rows, columns, refilled=False)
                assert rows <= new.rows <= now.rows and columns <= new.columns
                assert new.work <= now.work or columns > now.columns
                made |= {(now, new)} - {(now, now)}
                kept = shapes.choose(found, now, rows, columns, refilled=True)
                assert kept.rows == now.rows and kept.columns >= columns
    assert made <= known and len(made) > 10


def test_a_batch_that_would_not_be_smaller_is_none(monkeypatch):
    """A smaller batch holds a prompt once for each of its rows: where prompts are long, that may be more."""
    monkeypatch.setattr(shapes, "_SEGMENT", 64)  # as it is
    short, long = (shapes.plan(1000, 64, 8, prompt, 64, 1).shapes for prompt in (16, 1024))
    assert [shape.rows for shape in short] == [512, 128, 32]
    assert [shape.rows for shape in long] == [512, 32]
    for found in (short, long):
        columns = [shape.slots * shape.prompt + shape.rows * shape.columns for shape in found]
        assert columns == sorted(columns, reverse=True)


def test_few_shapes_cost_little_where_products_decide(monkeypatch):
    monkeypatch.setattr(shapes, "_SEGMENT", 64)
    ragged = batch_shapes.CALLS[1]
    assert max(batch_shapes.ratios(ragged, ragged.shapes, "products").values()) < 1.1
    assert batch_shapes.ratios(ragged, ragged.shapes[:1], "products")["ragged"] > 2  # the control


@pytest.mark.parametrize("segments", [1, 3])
def test_both_forms_of_own_scores_are_one(segments):
    rng = np.random.default_rng(0)
    query = jnp.asarray(rng.normal(size=(4, 2, 3, 8)), jnp.float32)
    keys = jnp.asarray(rng.normal(size=(4, 2, segments, 8, 5)), jnp.float32)
    expected = np.einsum("bkmh,bkshw->bkmsw", query, keys).reshape(4, 2, 3, -1)
    for platform in ("cpu", "gpu"):
        np.testing.assert_allclose(decoding.own_scores(query, keys, platform), expected, atol=1e-5)
    with pytest.raises(AssertionError):  # the columns in another order
        np.testing.assert_allclose(decoding.own_scores(query, keys[:, :, ::-1, :, ::-1], "gpu"), expected, atol=1e-5)
    assert decoding.own_scores(query.astype(jnp.bfloat16), keys.astype(jnp.bfloat16), "gpu").dtype == jnp.float32
