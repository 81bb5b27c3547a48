"""Checkpoints: the fingerprint, what is damaged, what falls back, a full disk, another number of devices."""

import dataclasses
import gc
import json
import random
import re
import resource
import shutil
import types

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kpo_jax.algorithm.methods import method
from kpo_jax.config import CheckpointConfig, Config, EvalConfig, MeshConfig, to_dict
from kpo_jax.ends import Refused
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.recording import workdir as workdirs
from kpo_jax.runtime.sharding import batch_sharding, make_mesh, replicated
from kpo_jax.tasks.problem_sets import Problem
from kpo_jax.tasks.prompts import ProblemSet
from kpo_jax.training import checkpoints, run
from kpo_jax.training.checkpoints import Damaged, NotSaved, Saver, fingerprint
from kpo_jax.training.inputs import load_inputs
from kpo_jax.training.learner import make_init, make_optimizer
from kpo_jax.training.setup import build_programs, first_state

MODEL = dataclasses.replace(Config().model, num_layers=1, hidden_size=32, intermediate_size=64)
CONFIG = dataclasses.replace(Config(), model=MODEL, checkpoint=CheckpointConfig(every=1, keep_last=3, keep_best=0))


def machine(devices=1, fsdp=1, moments_on_host=False, param_dtype="float32", first_moment_dtype="float32"):
    mesh = make_mesh(MeshConfig(fsdp=fsdp), jax.devices()[:devices])
    model = dataclasses.replace(MODEL, param_dtype=param_dtype)
    optimizer = make_optimizer(dataclasses.replace(CONFIG.learner, first_moment_dtype=first_moment_dtype))
    init, shardings = make_init(model, optimizer, mesh, moments_on_host=moments_on_host)
    return init, jax.eval_shape(init, jax.random.key(0)), shardings


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A workdir with checkpoints of steps 0, 1 and 2, whose states are those of keys 0, 1 and 2."""
    workdir, (init, shapes, shardings) = tmp_path_factory.mktemp("run"), machine()
    saver = Saver(str(workdir), CONFIG, None)
    for step in range(3):
        saver.save(step, init(jax.random.key(step)))
    saver.close()
    return workdir, init, shapes, shardings


@pytest.fixture
def copy(saved, tmp_path):
    shutil.copytree(saved[0], tmp_path / "run")
    return tmp_path / "run", *saved[1:]


def data_files(workdir, step):
    """The files that hold the arrays, largest first."""
    files = [
        p for p in (workdir / "checkpoints" / str(step) / "state").rglob("*") if p.is_file() and p.parent.name == "d"
    ]
    return sorted(files, key=lambda p: -p.stat().st_size)


def flip_bit(path, generator):
    data = bytearray(path.read_bytes())
    data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    path.write_bytes(data)


def restored_step(workdir, shapes, shardings):
    return checkpoints.restore(str(workdir), shapes, shardings).step


# ---------------------------------------------------------------------------------------------------------- fingerprint


def test_the_fingerprint_is_that_of_a_plain_sum():
    x = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    words, index = x.view(np.uint32).reshape(-1).astype(object), np.arange(15, dtype=np.uint64)
    index = ((index ^ (index >> 15)) * 0x2C1B3C6D) % 2**32
    weights = ((index ^ (index >> 12)) * 2 + 1) % 2**32
    total = 0
    for weight, word in zip(weights.tolist(), words, strict=True):
        product = weight * word % 2**32
        scrambled = (product ^ (product >> 16)) * 0x7FEB352D % 2**32
        total += scrambled ^ (scrambled >> 15)
    assert int(fingerprint({"x": x})) == total % 2**32


def test_the_fingerprint_does_not_depend_on_the_sharding_but_on_every_bit_and_place():
    mesh = make_mesh(MeshConfig())
    rng = np.random.default_rng(1)
    tree = {
        "a": rng.standard_normal((16, 3)).astype(np.float32),
        "b": rng.standard_normal(8).astype(jnp.bfloat16),
        "n": np.int32(7),
    }
    expected = int(fingerprint(tree))
    spread = {
        **tree,
        "a": jax.device_put(tree["a"], batch_sharding(mesh)),
        "b": jax.device_put(tree["b"], replicated(mesh)),
    }
    assert int(fingerprint(spread)) == expected
    changed = []
    for _ in range(20):
        x = tree["a"].copy()
        x.view(np.uint32)[rng.integers(16), rng.integers(3)] ^= np.uint32(1 << rng.integers(32))
        changed.append({**tree, "a": x})
    swapped = tree["a"].copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    changed += [{**tree, "a": swapped}, {**tree, "n": np.int32(6)}, {**tree, "a": -tree["a"]}]
    assert expected not in {int(fingerprint(other)) for other in changed}


# -------------------------------------------------------------------------------------------------------------- restore


@pytest.mark.parametrize("devices,fsdp", [(1, 1), (8, 4)])
def test_what_was_saved_comes_back_on_any_number_of_devices(saved, devices, fsdp):
    workdir, init, *_ = saved
    _, shapes, shardings = machine(devices, fsdp)
    restored = checkpoints.restore(str(workdir), shapes, shardings)
    assert (restored.step, restored.saved) == (2, 2)
    for got, expected in zip(jax.tree.leaves(restored.state), jax.tree.leaves(init(jax.random.key(2))), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert checkpoints.restore(str(workdir), shapes, shardings, step=1).step == 1


def test_beside_the_arrays_stand_configuration_and_version(saved):
    about = json.loads((saved[0] / "checkpoints" / "2" / "about" / "metadata").read_text())
    assert about["config"]["model"]["hidden_size"] == 32 and about["version"].startswith("kpo_jax ")


def test_flipped_bits_are_found_where_orbax_alone_restores_them(copy, capsys):
    workdir, init, shapes, shardings = copy
    path, generator = data_files(workdir, 2)[0], random.Random(0)
    pristine, silent = path.read_bytes(), 0
    for _ in range(12):
        flip_bit(path, generator)
        restored = checkpoints.restore(str(workdir), shapes, shardings)
        if restored.step == 2:  # bytes that hold no array
            chex.assert_trees_all_equal(jax.device_get(restored.state), jax.device_get(init(jax.random.key(2))))
        silent += "fingerprint" in capsys.readouterr().err
        path.write_bytes(pristine)
    assert silent >= 6  # the negative control: orbax read these without an error
    assert restored_step(workdir, shapes, shardings) == 2


def truncate(workdir):
    path = data_files(workdir, 2)[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty_files(workdir, step=2):
    for path in (workdir / "checkpoints" / str(step)).rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


def empty_directory(workdir, step=2):
    shutil.rmtree(workdir / "checkpoints" / str(step))
    (workdir / "checkpoints" / str(step)).mkdir()


def without_arrays(workdir):
    shutil.rmtree(workdir / "checkpoints" / "2" / "state")


def half_about(workdir):
    path = workdir / "checkpoints" / "2" / "about" / "metadata"
    path.write_text(path.read_text()[:100])


def half_written(workdir):
    (workdir / "checkpoints" / "2").rename(workdir / "checkpoints" / "2.orbax-checkpoint-tmp")


@pytest.mark.parametrize("damage", [truncate, empty_files, empty_directory, without_arrays, half_about, half_written])
def test_a_run_falls_back_and_goes_on_from_there(copy, damage, capsys):
    workdir, init, shapes, shardings = copy
    damage(workdir)
    restored = checkpoints.restore(str(workdir), shapes, shardings)
    assert restored.step == 1
    assert damage is half_written or "step 2" in capsys.readouterr().err
    checkpoints.set_aside(str(workdir), after=1)
    assert (workdir / "damaged_checkpoints" / "2").exists() == (damage is not half_written)
    saver = Saver(str(workdir), CONFIG, restored.saved)
    saver.save(2, init(jax.random.key(2)))
    saver.require(2)
    saver.close()
    assert restored_step(workdir, shapes, shardings) == 2


@pytest.mark.parametrize("there", [True, False])
def test_moments_on_the_host_are_saved_and_restored(tmp_path, there):
    init, shapes, shardings = machine(moments_on_host=there)
    saver, state = Saver(str(tmp_path), CONFIG, None), init(jax.random.key(3))
    saver.save(0, state)
    saver.require(0)
    saver.close()
    *_, others = machine(moments_on_host=not there)
    kinds = lambda state: {x.sharding.memory_kind for x in jax.tree.leaves(state.opt_state[1].mu)}
    same, other = (checkpoints.restore(str(tmp_path), shapes, where).state for where in (shardings, others))
    assert (kinds(same) == {"pinned_host"}) == there and kinds(same) != kinds(other)
    chex.assert_trees_all_equal(*map(jax.device_get, (same, state)))
    chex.assert_trees_all_equal(*map(jax.device_get, (other, state)))
    assert fingerprint(same.opt_state) == fingerprint(other.opt_state) != fingerprint(same.params)


BFLOAT16 = [dict(first_moment_dtype="bfloat16"), dict(param_dtype="bfloat16")]


@pytest.mark.parametrize("dtypes", [*BFLOAT16, BFLOAT16[0] | dict(moments_on_host=True)])
@pytest.mark.parametrize("widens", [False, True])
def test_other_dtypes_are_no_damage(tmp_path, dtypes, widens):
    """What was saved is checked as it was saved, and cast then."""
    (init, *_), (_, shapes, shardings) = (machine(), machine(**dtypes))[:: -1 if widens else 1]
    state = init(jax.random.key(3))
    own = lambda x: x + jnp.asarray(0.3, x.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x
    state = state.replace(opt_state=jax.tree.map(own, jax.device_get(state.opt_state)))
    saver = Saver(str(tmp_path), CONFIG, None)
    saver.save(2, state, {1: state.params})
    saver.close()
    restored = checkpoints.restore(str(tmp_path), shapes, shardings, staleness=1)
    expected = jax.tree.map(lambda x, shape: x.astype(shape.dtype), jax.device_get(state), shapes)
    chex.assert_trees_all_equal(jax.device_get(restored.state), expected)
    chex.assert_trees_all_equal(jax.device_get(restored.past), {1: expected.params})
    kinds = {x.sharding.memory_kind for x in jax.tree.leaves(restored.state.opt_state[1].mu)}
    assert (kinds == {"pinned_host"}) == ("moments_on_host" in dtypes and not widens)
    params = checkpoints.restore_weights(str(tmp_path), 2, shapes, shardings)
    chex.assert_trees_all_equal(jax.device_get(params), expected.params)
    assert {x.dtype for x in jax.tree.leaves(shapes)} != {x.dtype for x in jax.tree.leaves(state)}  # the control


def unreadable_arrays(workdir):
    path = data_files(workdir, 2)[0]
    path.unlink()
    path.symlink_to(path.name)  # too many levels of symbolic links, for root as well


def unreadable_about(workdir):
    path = workdir / "checkpoints" / "2" / "about" / "metadata"
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("fault", [unreadable_arrays, unreadable_about])
def test_what_the_storage_cannot_read_now_is_not_taken_for_damaged(copy, fault):
    workdir, _, shapes, shardings = copy
    fault(workdir)
    with pytest.raises(checkpoints.NotRead, match=r"^checkpoint: step 2 in .* could not be read: "):
        checkpoints.restore(str(workdir), shapes, shardings)
    assert checkpoints.restore(str(workdir), shapes, shardings, step=1).step == 1  # the control


@pytest.mark.parametrize(
    "error, passing",
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), True),
        (ValueError("NOT_FOUND: Failed to open: [os_error_code='2']"), False),
        (NotADirectoryError(20, "Not a directory"), False),
        (ValueError("OUT_OF_RANGE: Requested byte range"), False),
    ],
)
def test_which_errors_tell_nothing_of_what_was_saved(error, passing):
    assert checkpoints._is_passing(error) == passing


def test_who_begins_again_keeps_what_lay_frozen_beside_the_checkpoints(copy):
    workdir, *_ = copy
    (workdir / "base").mkdir()
    checkpoints.set_aside(str(workdir), after=0)
    assert (workdir / "base").is_dir()  # the control: the checkpoint that is left needs it
    checkpoints.set_aside(str(workdir), after=-1)
    assert {path.name for path in (workdir / "damaged_checkpoints").iterdir()} == {"0", "1", "2", "base"}
    assert not (workdir / "base").exists()
    (workdir / "base").mkdir()
    checkpoints.set_aside(str(workdir), after=-1)  # nothing was damaged: it is of a start that was killed
    assert (workdir / "base").is_dir()


@pytest.mark.parametrize("damage", [empty_files, empty_directory])
def test_damage_to_an_older_step_stops_nothing(copy, damage):
    workdir, init, shapes, shardings = copy
    damage(workdir, step=1)
    saver = Saver(str(workdir), CONFIG, checkpoints.restore(str(workdir), shapes, shardings).saved)
    for step in range(3, 6):
        saver.save(step, init(jax.random.key(step)))
    saver.require(5)
    saver.close()
    assert checkpoints.steps(str(workdir)) == [0, 3, 4, 5] and restored_step(workdir, shapes, shardings) == 5


def test_the_best_are_kept_also_where_their_rank_came_after_they_were_saved(tmp_path):
    init, *_ = machine()
    state, ranks = init(jax.random.key(0)), {1: 0.5, 2: None, 4: 0.1}
    config = dataclasses.replace(CONFIG, checkpoint=CheckpointConfig(every=1, keep_last=1, keep_best=1))
    saver = Saver(str(tmp_path), config, None, ranks)
    for step in range(5):
        saver.save(step, state)
        saver.finish()
        if step == 3:
            assert checkpoints.steps(str(tmp_path)) == [0, 1, 3]  # the control
            ranks[3] = 0.9  # as where its evaluation was interrupted, and done when the run went on
    saver.close()
    assert checkpoints.steps(str(tmp_path)) == [0, 3, 4]


def test_a_reference_is_on_disk_before_the_run_goes_on():
    """Without the weights of step 0 no later start could."""
    asked = []
    saver = types.SimpleNamespace(save=lambda *given: None, require=asked.append)
    policy = method("grpo")
    kept = KLConfig("k3", beta=0.1)
    for kl, base, step in ((kept, None, 0), (kept, {}, 0), (kept, None, 1), (KLConfig(), None, 0)):
        config = dataclasses.replace(CONFIG, algorithm=dataclasses.replace(policy, kl=kl))
        run.Run.save(types.SimpleNamespace(config=config, _saver=saver), step, types.SimpleNamespace(base=base), {})
    assert asked == [0]  # adapters lie over it, and where there is no reference nothing is waited for


def test_what_was_evaluated_is_read_off_the_metrics(tmp_path):
    """And not off the checkpoint, which may have been saved before, or with other sets in mind."""
    lines = (
        {"step": 0, "eval/a/avg@16": 0.25},
        {"step": 1, "learner/loss": 1.0, "eval/a/avg@16": 0.5},
        {"step": 2, "eval/a/avg@16": 0.5, "eval/b/avg@16": 0.75},
        {"step": 3, "eval/a/avg@8": 0.5},
    )
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def found(*names):
        sets = dict.fromkeys(names, CONFIG.data)
        return run.evaluated(dataclasses.replace(CONFIG, eval=EvalConfig(sets=sets)), str(tmp_path))

    # and where sets or samples are others than now, ranked by what there is: the best so far must not be forgotten
    assert found("a") == {0: 0.25, 2: 0.5, 3: 0.5} and found("a", "b") == {0: 0.25, 2: 0.625, 3: 0.5}
    assert run.evaluated(CONFIG, str(tmp_path / "nowhere")) == {}


def test_where_none_is_good_nothing_is_taken(copy):
    workdir, _, shapes, shardings = copy
    for step in range(3):
        shutil.rmtree(workdir / "checkpoints" / str(step) / "state")
    with pytest.raises(Damaged, match="none of 3"):
        checkpoints.restore(str(workdir), shapes, shardings)
    with pytest.raises(Damaged, match=r"step 1 .* is damaged"):
        checkpoints.restore(str(workdir), shapes, shardings, step=1)
    with pytest.raises(Damaged):
        checkpoints.restore_weights(str(workdir), 0, shapes, shardings)


def test_another_trajectory_is_named_and_only_a_start_writes_the_configuration(tmp_path):
    workdir, other = str(tmp_path / "run"), dataclasses.replace(CONFIG, seed=1)
    assert workdirs.changes(workdir, CONFIG, allow_change=False) == [] and not (tmp_path / "run").exists()
    workdirs.write_config(workdir, CONFIG)
    assert workdirs.changes(workdir, dataclasses.replace(CONFIG, num_steps=99), allow_change=False) == []
    assert workdirs.changes(workdir, other, allow_change=False) == ["seed: 0 -> 1"]
    assert workdirs.changes(workdir, other, allow_change=True) == []
    (tmp_path / "run" / "config.json").write_text('{"sed": 1}')
    (line,) = workdirs.changes(workdir, CONFIG, allow_change=False)
    assert "not a configuration of this version" in line


def test_other_training_problems_are_named(tmp_path):
    problems = [Problem(str(number), f"{number}+1", str(number + 1)) for number in range(3)]
    train = ProblemSet("train", problems, [[1, 2], [3], [4]], 16)
    assert workdirs.other_problems(str(tmp_path), train) == ""  # of a run that was begun without a record of them
    workdirs.write_problems(str(tmp_path), train)
    others = {
        "fewer": dict(problems=problems[:2], prompt_ids=train.prompt_ids[:2]),
        "in another order": dict(problems=problems[::-1], prompt_ids=train.prompt_ids[::-1]),
        "another prompt": dict(prompt_ids=[[1, 2], [3], [5]]),
        "another answer": dict(problems=[*problems[:2], problems[2]._replace(answer="7")]),
    }
    for fields in others.values():
        line = workdirs.other_problems(str(tmp_path), dataclasses.replace(train, **fields))
        assert re.match(r"data: the [23] training problems are not the 3 that the run began with; ", line)
    moved = [problem._replace(id=f"elsewhere {problem.id}") for problem in problems]
    assert workdirs.other_problems(str(tmp_path), dataclasses.replace(train, problems=moved)) == ""


# ---------------------------------------------------------------------------------------------- parameters alone


def run_of(name, **changes):
    """(configuration, inputs, programs) of a run by a method, of which nothing is compiled."""
    model, sets = dataclasses.replace(MODEL, hidden_size=changes.pop("hidden_size", 32)), EvalConfig(sets={})
    config = dataclasses.replace(CONFIG, model=model, eval=sets, algorithm=method(name), **changes)
    inputs = load_inputs(config)
    return config, inputs, build_programs(config, inputs)


@pytest.fixture(scope="module")
def by_method(tmp_path_factory):
    """{method: (workdir, state)} of a run with a critic and one without, saved before the first step."""
    out = {}
    for name in ("ppo", "grpo"):
        config, inputs, programs = run_of(name)
        workdir, state = str(tmp_path_factory.mktemp(name)), first_state(config, inputs, programs)
        saver = Saver(workdir, config, None)
        saver.save(0, state)
        saver.require(0)
        saver.close()
        out[name] = workdir, state
    return out


@pytest.mark.parametrize("other,own", [("ppo", "grpo"), ("grpo", "ppo"), ("ppo", "ppo")])
def test_a_run_begins_from_the_policy_of_another_whether_they_have_a_critic_or_not(by_method, other, own):
    workdir, saved_state = by_method[other]
    config, inputs, programs = run_of(own, init_from=workdir, seed=1)
    state = first_state(config, inputs, programs)
    chex.assert_trees_all_equal(jax.device_get(state.params), jax.device_get(saved_state.params))
    assert (state.critic is not None) == (own == "ppo")
    if own == "ppo":
        chex.assert_trees_all_equal(
            jax.device_get(state.critic.params["trunk"]["layers"]), jax.device_get(state.params["layers"])
        )
    with pytest.raises(AssertionError):  # the negative control: its own first policy is another
        chex.assert_trees_all_equal(
            jax.device_get(programs.init(jax.random.key(1)).params), jax.device_get(state.params)
        )
    step, params = checkpoints.restore_policy(workdir, programs.shapes, programs.shardings, None)
    assert step == 0
    chex.assert_trees_all_equal(jax.device_get(params), jax.device_get(saved_state.params))


def test_parameters_alone_are_checked_by_their_own_fingerprint(by_method, tmp_path):
    _, _, programs = run_of("grpo")
    shutil.copytree(by_method["ppo"][0], tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "0" / "about" / "metadata"
    about = json.loads(path.read_text())
    for field, damaged in (("critic", False), ("params", True)):
        path.write_text(json.dumps(about | {"fingerprints": about["fingerprints"] | {field: 7}}))
        if damaged:
            with pytest.raises(Damaged, match="the fingerprint of its params is"):
                checkpoints.restore_weights(str(tmp_path / "run"), 0, programs.shapes, programs.shardings)
        else:
            checkpoints.restore_weights(str(tmp_path / "run"), 0, programs.shapes, programs.shardings)


def test_frozen_weights_of_a_start_that_was_killed_are_not_the_policy(by_method, tmp_path):
    _, _, programs = run_of("grpo")
    shutil.copytree(by_method["grpo"][0], tmp_path / "run")
    (tmp_path / "run" / "base").mkdir()
    params = checkpoints.restore_weights(str(tmp_path / "run"), 0, programs.shapes, programs.shardings)
    chex.assert_trees_all_equal(*map(jax.device_get, (params, by_method["grpo"][1].params)))


def test_a_run_of_another_architecture_is_refused_though_its_arrays_fit(by_method, tmp_path):
    source = str(tmp_path / "run")
    shutil.copytree(by_method["grpo"][0], source)
    config, inputs, programs = run_of("grpo", init_from=source)
    plain = to_dict(dataclasses.replace(config, init_from=""))

    def begin_from(**model):
        (tmp_path / "run" / "config.json").write_text(json.dumps(plain | {"model": plain["model"] | model}))
        return first_state(config, inputs, programs)

    begin_from(remat="full", of_an_earlier_version=1)  # the control: these are each run's own
    for change, flags in (
        ({"rope_theta": 1e4, "norm_eps": 1e-5}, "--config.model.rope_theta=10000.0 --config.model.norm_eps=1e-05"),
        ({"layer_pattern": "l", "window": 8}, "--config.model.layer_pattern=l --config.model.window=8"),
    ):
        with pytest.raises(Refused) as caught:
            begin_from(**change)
        assert str(caught.value) == f"init_from: the run in {source} is not of config.model; what differs: {flags}"


@pytest.mark.parametrize("hidden_size", [16, 64])
def test_parameters_of_another_shape_are_refused(by_method, hidden_size):
    _, _, programs = run_of("grpo", hidden_size=hidden_size)
    with pytest.raises(Damaged, match="step 0") as caught:
        checkpoints.restore_weights(by_method["ppo"][0], 0, programs.shapes, programs.shardings)
    assert "\n" not in str(caught.value)


def test_parameters_of_a_step_or_a_run_that_is_not_there_are_a_line(by_method, tmp_path):
    _, _, programs = run_of("grpo")
    with pytest.raises(Damaged, match=r"no step 3 in .*; there are \[0\]"):
        checkpoints.restore_weights(by_method["ppo"][0], 3, programs.shapes, programs.shardings)
    with pytest.raises(Damaged, match=r"init_from: .* holds no checkpoints"):
        checkpoints.restore_weights(str(tmp_path), 0, programs.shapes, programs.shardings)


# ------------------------------------------------------------------------------------------------------------ disk full


def test_a_full_disk_ends_nothing_and_damages_nothing(copy, capsys):
    workdir, init, shapes, shardings = copy
    saver = Saver(str(workdir), CONFIG, 2)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    try:
        saver.save(3, init(jax.random.key(3)))
        assert not saver.finish()
        saver.save(4, init(jax.random.key(4)))
        with pytest.raises(NotSaved, match="step 4"):
            saver.require(4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert "step 3 was not saved" in capsys.readouterr().err
    assert saver.newest == 2 and checkpoints.steps(str(workdir)) == [0, 1, 2]
    for step in range(3):
        assert checkpoints.restore(str(workdir), shapes, shardings, step=step).step == step
    saver.save(5, init(jax.random.key(5)))
    saver.require(5)
    saver.close()
    assert restored_step(workdir, shapes, shardings) == 5
    # Orbax leaves tasks whose exceptions nobody reads: printing them when they are collected parses source, which must
    # not happen in the middle of another test's ast.parse.
    gc.collect()
