"""Saving and restoring a run with orbax: asynchronous, atomic, checked, the newest and the best kept.

A checkpoint of step n holds the TrainState after n training steps, and the policies before it where a past one draws
the responses (see past.py). Weights that are frozen under adapters are in none: they are saved once, beside the
checkpoints, and each of these has their fingerprint, so that a run does not go on with others. Data order and sampling
keys are pure functions of (seed, step), so the step is all that resuming needs besides the arrays. Beside the arrays
stand their fingerprint, which tells damage that orbax does not notice, the configuration and the version of the code.
The configuration of the run's latest start also stands beside the checkpoints in `config.json`.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from absl import logging
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, CustomSteps, LatestN

from kpo_jax.config import Config, to_dict
from kpo_jax.ends import Failed, Refused
from kpo_jax.places import folder, is_remote, shown
from kpo_jax.recording.terminal import tell
from kpo_jax.records import TrainState, over
from kpo_jax.runtime import distributed

DAMAGED = "damaged_checkpoints"  # where a run that falls back puts them, beside `checkpoints`
BASE = "base"  # the frozen weights of a run with adapters, beside `checkpoints`


class NotSaved(Failed):
    """A checkpoint that the run cannot go without was not written; the message says why."""


class Damaged(Refused):
    """A checkpoint is missing or not as it was saved, or none is; one line."""


class NotRead(Failed):
    """A checkpoint could not be read, and may be good all the same: the storage or the memory failed; one line."""


class Restored(NamedTuple):
    """The state after training step `step`, and where it is saved.

    `state` is a dict where only some of the state's fields were asked for. `past` are the policies before it, by their
    steps.
    """

    step: int
    state: TrainState | dict
    saved: int | None
    past: dict


# ---------------------------------------------------------------------------------------------------------- fingerprint


@jax.jit
def fingerprint(tree) -> jax.Array:
    """A number [] uint32 of all bits of a tree of arrays and of their places; it does not depend on how they are
    sharded.

    The sum modulo 2^32 of a scrambled product of every word with an odd weight: no change of a single word leaves it as
    it was. Scrambled, because two flipped sign bits would cancel in a sum of the products themselves.
    """
    total = jnp.uint32(0)
    for number, leaf in enumerate(jax.tree.leaves(tree)):
        total = total * jnp.uint32(2654435761) + _fingerprint(leaf) * jnp.uint32(2 * number + 1)
    return total


@jax.jit
def _fingerprints(state: TrainState | dict) -> dict[str, jax.Array]:
    """The fingerprint of each field that holds arrays, so that some of them can be restored without the others."""
    fields = (
        state
        if isinstance(state, dict)
        else {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    )
    return {name: fingerprint(value) for name, value in fields.items() if jax.tree.leaves(value)}


def _fingerprint(x) -> jax.Array:
    x = jax.device_put(x, jax.memory.Space.Device)  # moments may lie on the host
    x = x.astype(jnp.uint8) if x.dtype == bool else x
    unsigned = {1: jnp.uint8, 2: jnp.uint16, 4: jnp.uint32, 8: jnp.uint32}[x.dtype.itemsize]
    words = jax.lax.bitcast_convert_type(x, unsigned).astype(jnp.uint32)
    index = jnp.zeros(words.shape, jnp.uint32)
    for axis, size in enumerate(words.shape):  # wraps beyond 2^32 words
        index = index * jnp.uint32(size) + jax.lax.broadcasted_iota(jnp.uint32, words.shape, axis)
    index = (index ^ (index >> 15)) * jnp.uint32(0x2C1B3C6D)  # neighbours get weights that are no neighbours
    product = words * ((index ^ (index >> 12)) * jnp.uint32(2) + jnp.uint32(1))
    scrambled = (product ^ (product >> 16)) * jnp.uint32(0x7FEB352D)
    return jnp.sum(scrambled ^ (scrambled >> 15), dtype=jnp.uint32)


def code_version() -> str:
    """The version of jax and a digest of this package's source."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(set(package.rglob("*.py")) - set((package / "configs").glob("*.py"))):  # as in a checkout
        digest.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    return f"kpo_jax {digest.hexdigest()[:12]}, jax {jax.__version__}"


# ----------------------------------------------------------------------------------------------------------------- save


class _Best:
    """Preserves the `n` steps of the highest rank, of equal ones the later; a step without one is not among them."""

    def __init__(self, ranks: Mapping[int, float | None], n: int):
        self._ranks, self._n = ranks, n

    def should_preserve(self, checkpoints, *, context) -> list[bool]:
        ranks = ((self._ranks.get(info.step), info.step) for info in checkpoints)
        best = {step for _, step in sorted(pair for pair in ranks if pair[0] is not None)[-self._n :]}
        return [info.step in best for info in checkpoints]


class Saver:
    """Writes the checkpoints of a run, each while the run goes on. Steps that are there stay as they are if one fails.

    Step 0, the base policy, is always kept, beside the newest and the best ones of the configuration: those of the
    highest rank, by the step's number in `ranks`, which the caller keeps. A step may get its rank after it was saved.
    """

    def __init__(
        self, workdir: str, config: Config, newest: int | None, ranks: Mapping[int, float | None] | None = None
    ):
        """`newest`: the step of the newest checkpoint that is there and good, None if there is none."""
        self._workdir, self._config, self._version = workdir, config, code_version()
        self._ranks = {} if ranks is None else ranks
        self._manager = self._open()
        self._good, self._pending = newest, None
        self._has_base = newest is not None

    @property
    def newest(self) -> int | None:
        """The step saved last, as far as is known: its save may be under way."""
        return self._good if self._pending is None else self._pending

    def _open(self) -> ocp.CheckpointManager:
        config = self._config.checkpoint
        keep = [CustomSteps([0]), LatestN(config.keep_last)]
        if config.keep_best:
            keep.append(_Best(self._ranks, config.keep_best))
        options = ocp.CheckpointManagerOptions(
            preservation_policy=AnyPreservationPolicy(keep),
            cleanup_tmp_directories=True,
            enable_async_checkpointing=True,
        )
        return ocp.CheckpointManager(_directory(self._workdir), options=options)

    def save(self, step: int, state: TrainState, past: dict | None = None) -> None:
        """Start saving `state`, and the `past` policies if there are any, as `step`; returns before it is on disk."""
        self.finish()
        about = {
            "fingerprints": {name: int(value) for name, value in _fingerprints(state).items()},
            "config": to_dict(self._config),
            "version": self._version,
        }
        items = {"state": ocp.args.StandardSave(_own(state)), "about": ocp.args.JsonSave(about)}
        if past:
            about["past"] = {str(number): int(fingerprint(params)) for number, params in past.items()}
            items["past"] = ocp.args.StandardSave({str(number): params for number, params in past.items()})
        self._pending, error = step, ""
        try:
            if state.base is not None and not self._has_base:
                with contextlib.closing(ocp.StandardCheckpointer()) as checkpointer:  # atomic, as the manager is
                    checkpointer.save(_base(self._workdir), state.base, force=True)
                    checkpointer.wait_until_finished()
                self._has_base = True
            self._manager.save(step, args=ocp.args.Composite(**items))
        except Exception as caught:  # what a full disk raises depends on which layer of orbax meets it
            error = _one_line(caught)
        self._settle(error)

    def finish(self) -> bool:
        """Wait for the save under way. False, and a line at the terminal, if it failed: the run may go on."""
        if self._pending is None:
            return True
        error = ""
        try:
            self._manager.wait_until_finished()
        except Exception as caught:  # as in save
            error = _one_line(caught)
        if not self._settle(error):
            return False
        self._good, self._pending = self._pending, None
        return True

    def require(self, step: int) -> None:
        """Raises NotSaved unless `step` is the newest checkpoint and on disk."""
        if not self.finish() or self._good != step:
            place = _place(self._workdir)
            raise NotSaved(f"step {step}: the checkpoint could not be saved in {place}; older ones are as they were")

    def _settle(self, error: str) -> bool:
        """Agree whether all processes have done their part. After a failure the manager is made anew, since its list of
        steps holds the one that failed.
        """
        errors = [e for e in distributed.exchange(error, "save") if e]
        if not errors:
            return True
        tell(
            f"warning: the checkpoint of step {self._pending} was not saved ({errors[0]}); "
            "older ones are as they were, training goes on"
        )
        try:
            self._manager.close()
        except Exception as caught:  # it says again what has just been told
            logging.info("closing after a failed save: %s", caught)
        self._manager = self._open()
        self._pending = None
        return False

    def close(self) -> None:
        """Waits for the save under way: leaving without would lose it."""
        self.finish()
        self._manager.close()


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


# -------------------------------------------------------------------------------------------------------------- restore


def steps(workdir: str) -> list[int]:
    """The steps of the checkpoints in a workdir, good or not, as process 0 sees them."""
    directory = _directory(workdir)
    found = sorted(int(p.name) for p in directory.iterdir() if p.name.isdecimal()) if directory.is_dir() else []
    return distributed.exchange(found, "steps")[0]


def restore(
    workdir: str, shapes: TrainState | dict, shardings: TrainState | dict, step: int | None = None, staleness: int = 0
) -> Restored | None:
    """The newest checkpoint that is as it was saved (or that of `step`), on the given shardings and in the dtypes of
    `shapes`; None if there is no checkpoint at all.

    If `shapes` and `shardings` are dicts of some of the state's fields, these alone are restored and checked. Of the
    past policies the last `staleness` are restored, or as many as were saved. The
    person at the terminal is told of every damaged checkpoint that is passed over. Raises Damaged if `step` is missing
    or damaged, or if all checkpoints are damaged; and NotRead, so that no good one is taken for damaged.
    """
    found = steps(workdir)
    if step is not None:
        if step not in found:
            raise Damaged(f"checkpoint: no step {step} in {_place(workdir)}; there are {found}")
        found = [step]
    for candidate in reversed(found):
        restored, problem = _restore(workdir, candidate, shapes, shardings, staleness)
        if restored is not None:
            return restored
        line = f"checkpoint: step {candidate} in {_place(workdir)} is damaged: {problem}"
        if step is not None:
            raise Damaged(line)
        tell(f"warning: {line}")
    if found:
        raise Damaged(f"checkpoint: none of {len(found)} in {_place(workdir)} is good")
    return None


def _restore(
    workdir: str, step: int, shapes: TrainState | dict, shardings: TrainState | dict, staleness: int
) -> tuple[Restored | None, str]:
    """(restored, "") or (None, what is wrong), the same on every process."""
    path, problem, passing, past = _directory(workdir) / str(step), "", False, {}
    try:
        about = _about(workdir, step)
        wanted = dict(about["fingerprints"])
        wanted_past = {int(number): value for number, value in about.get("past", {}).items()}
        state = _read_state(workdir, path / "state", shapes, shardings)
        if numbers := sorted(wanted_past)[max(len(wanted_past) - staleness, 0) :]:
            each = lambda params: {str(number): params for number in numbers}
            past = _read(path / "past", each(shapes.params), each(shardings.params))
            past = {number: past[str(number)] for number in numbers}
    except Exception as error:  # whatever orbax, tensorstore or json make of damaged files
        cause = error.__cause__ or error  # orbax says of which array, at length, what tensorstore says shortly
        problem, passing = _one_line(cause), _is_passing(cause)
    if problems := [p for p in distributed.exchange([problem, passing], "restore") if p[0]]:
        problem, passing = max(problems, key=lambda p: p[1])
        if passing:
            raise NotRead(f"checkpoint: step {step} in {_place(workdir)} could not be read: {problem}")
        return None, problem
    for name, value in _fingerprints(state).items():
        if wanted.get(name) != int(value):
            return None, f"the fingerprint of its {name} is {int(value)}, that of what was saved was {wanted.get(name)}"
    for number, params in past.items():
        if wanted_past[number] != int(fingerprint(params)):
            return None, f"the fingerprint of the policy of step {number} is not that of what was saved"
    state = jax.tree.map(_as, state, shapes)
    past = {number: jax.tree.map(_as, params, shapes.params) for number, params in past.items()}
    return Restored(step, state, saved=step, past=past), ""


def _as(x: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
    """An array in the dtype of `shape`; if that is another, `x` is gone, so that there is never a second state."""
    if x.dtype == shape.dtype:
        return x
    cast = lambda x: jax.device_put(x, jax.memory.Space.Device).astype(shape.dtype)  # moments may lie on the host
    out = jax.jit(cast, out_shardings=x.sharding)(x)
    x.delete()
    return out


def _is_passing(error: BaseException) -> bool:
    """Whether an error of reading is the system's, of storage or memory, and says nothing of what was saved."""
    if isinstance(error, OSError):
        return not isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
    says = re.search(r"RESOURCE_EXHAUSTED|os_error_code='(?!(2|20|21)')", str(error))  # those say: no such file
    return isinstance(error, MemoryError) or says is not None


def _about(workdir: str, step: int) -> dict:
    """What stands beside the arrays of a checkpoint."""
    return json.loads((_directory(workdir) / str(step) / "about" / "metadata").read_text())


def _own(state: TrainState) -> dict:
    """What a checkpoint holds of a state, by its fields: all but frozen weights."""
    fields = {field.name: getattr(state, field.name) for field in dataclasses.fields(state) if field.name != "base"}
    return fields if state.critic is None else fields | {"critic": _own(state.critic)}


def _read_state(workdir: str, path: Path, shapes, shardings):
    """A state, or a dict of some of its fields, with the frozen weights from where they lie."""
    if not isinstance(shapes, dict):
        own = _read(path, _own(shapes), _own(shardings), whole=True)
        if shapes.critic is not None:
            own["critic"] = shapes.critic.replace(**own["critic"])
        base = None if shapes.base is None else _read(_base(workdir), shapes.base, shardings.base)
        return shapes.replace(**own, base=base)
    out, own = {}, [name for name in shapes if name != "base"]
    if own:
        out |= _read(path, {name: shapes[name] for name in own}, {name: shardings[name] for name in own})
    if "base" in shapes:
        out["base"] = _read(_base(workdir), shapes["base"], shardings["base"])
    return out


def _read(path: Path, shapes, shardings, whole: bool = False):
    """An item of a checkpoint on the shardings, in the dtypes it was saved in, of which its fingerprint is: those of
    its entries that are asked for, or all, and no others.
    """
    # Every process reads its part alone: one that cannot must not leave the others in a barrier.
    me = jax.process_index()
    alone = ocp.options.MultiprocessingOptions(
        primary_host=me, active_processes={me}, barrier_sync_key_prefix=f"restore_{me}"
    )
    places = jax.tree.map(lambda s, d: ocp.ArrayRestoreArgs(sharding=d, global_shape=s.shape), shapes, shardings)
    tree = jax.tree.map(lambda s: jax.Array, shapes)  # a leaf with a dtype is what orbax would cast to
    how = ocp.args.PyTreeRestore(tree, restore_args=places, partial_restore=not whole)
    with contextlib.closing(ocp.PyTreeCheckpointHandler(multiprocessing_options=alone)) as handler:
        return jax.block_until_ready(handler.restore(path, args=how))


def restore_weights(workdir: str, step: int, shapes: TrainState, shardings: TrainState):
    """The weights of the policy in another run's checkpoint, which may have a critic or adapters where this run has
    none. Those of a run with adapters are the frozen ones, which are its policy at step 0.

    Raises Damaged if the checkpoint is missing, damaged or of another shape.
    """
    if not _directory(workdir).is_dir():
        raise Damaged(f"init_from: {workdir} holds no checkpoints")
    name = "params"
    with contextlib.suppress(OSError, ValueError, KeyError):  # `restore` says what is wrong with it
        name = "base" if "base" in _about(workdir, step)["fingerprints"] else name
    return restore(workdir, {name: shapes.weights}, {name: shardings.weights}, step).state[name]


def restore_policy(workdir: str, shapes: TrainState, shardings: TrainState, step: int | None):
    """(step, all parameters of the policy) of a run's newest good checkpoint or of `step`, on `shardings`.

    Raises ValueError, one line, if there is none.
    """
    names = ["params"] if shapes.base is None else ["params", "base"]
    fields = lambda state: {name: getattr(state, name) for name in names}
    restored = restore(workdir, fields(shapes), fields(shardings), step)
    if restored is None:
        raise ValueError(f"--workdir: no checkpoint in {workdir}; train first")
    return restored.step, over(restored.state.get("base"), restored.state["params"])


def set_aside(workdir: str, after: int) -> None:
    """Move the checkpoints of steps beyond `after`, which are damaged, to `workdir`/damaged_checkpoints, and if none is
    left the frozen weights beside them. Nothing is deleted.
    """
    damaged = {f"the damaged checkpoint of step {n}": _directory(workdir) / str(n) for n in steps(workdir) if n > after}
    if damaged and after < 0 and _base(workdir).is_dir():
        damaged["what lay frozen beside them"] = _base(workdir)
    if distributed.is_first():
        for what, path in damaged.items():
            target, number = folder(workdir) / DAMAGED / path.name, 1
            while target.exists():
                number += 1
                target = target.with_name(f"{path.name}-{number}")
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            tell(f"warning: {what} is now {shown(workdir, DAMAGED, target.name)}")
    distributed.exchange("", "set aside")  # wait until it is done


def _base(workdir: str) -> Path:
    return Path(os.path.abspath(folder(workdir))) / BASE


def _directory(workdir: str) -> Path:
    return Path(os.path.abspath(folder(workdir))) / "checkpoints"


def _place(workdir: str) -> str:
    """The same for messages."""
    return shown(workdir if is_remote(workdir) else os.path.abspath(workdir), "checkpoints")
