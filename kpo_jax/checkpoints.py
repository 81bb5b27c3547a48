"""Saving and restoring a run with orbax: asynchronous, atomic, the newest and the best kept.

A checkpoint of step n holds the TrainState after n training steps. Data order and sampling keys are pure functions of
(seed, step), so the step is all that resuming needs besides the arrays. The configuration stands beside the checkpoints in
`config.json`, written once.
"""

import json
import os
from pathlib import Path

import jax
import orbax.checkpoint as ocp
from absl import logging
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, BestN, CustomSteps, LatestN

from kpo_jax.config import Config, difference, from_dict, to_dict
from kpo_jax.types import TrainState


def make_manager(workdir: str, config) -> ocp.CheckpointManager:
    """The manager of `workdir`/checkpoints under a CheckpointConfig. Step 0, the base policy, is always kept."""
    keep = [CustomSteps([0]), LatestN(config.keep_last)]
    if config.keep_best:
        keep.append(BestN(get_metric_fn=lambda m: m["score"], n=config.keep_best, keep_checkpoints_without_metrics=False))
    options = ocp.CheckpointManagerOptions(
        preservation_policy=AnyPreservationPolicy(keep), cleanup_tmp_directories=True, enable_async_checkpointing=True
    )
    return ocp.CheckpointManager(_directory(workdir), options=options)


def save(manager: ocp.CheckpointManager, step: int, state: TrainState, score: float | None = None) -> None:
    """Start saving `state` as `step`; returns before it is on disk. `score` (higher is better) ranks it among the best."""
    metrics = None if score is None else {"score": score}
    manager.save(step, args=ocp.args.Composite(state=ocp.args.StandardSave(state)), metrics=metrics)


def restore(manager: ocp.CheckpointManager, shapes: TrainState, shardings: TrainState, step: int | None = None):
    """(step, state) of the newest checkpoint (or of `step`), on the given shardings; None if there is none."""
    step = manager.latest_step() if step is None else step
    if step is None:
        return None
    _check_step(manager, step)
    target = _placed(shapes, shardings)
    return step, manager.restore(step, args=ocp.args.Composite(state=ocp.args.StandardRestore(target))).state


def _check_step(manager: ocp.CheckpointManager, step: int) -> None:
    if step not in manager.all_steps():
        raise ValueError(f"checkpoint: no step {step} in {manager.directory}; there are {sorted(manager.all_steps())}")


def restore_params(workdir: str, step: int, shapes: TrainState, shardings: TrainState):
    """The policy's parameters, and nothing else, of a checkpoint: the run may have a critic where this one has none.

    Raises ValueError if it is missing or of another shape.
    """
    if not _directory(workdir).is_dir():
        raise ValueError(f"init_from: {workdir} holds no checkpoints")
    with ocp.CheckpointManager(_directory(workdir), options=ocp.CheckpointManagerOptions(read_only=True)) as manager:
        _check_step(manager, step)
        target = {"params": _placed(shapes.params, shardings.params)}
        arguments = ocp.checkpoint_utils.construct_restore_args(target)
        restored = manager.restore(step, args=ocp.args.Composite(state=ocp.args.PyTreeRestore(target, restore_args=arguments, partial_restore=True)))
        return restored.state["params"]


def _directory(workdir: str) -> Path:
    return Path(os.path.abspath(workdir)) / "checkpoints"


def _placed(shapes, shardings):
    return jax.tree.map(lambda s, d: jax.ShapeDtypeStruct(s.shape, s.dtype, sharding=d), shapes, shardings)


def claim_workdir(workdir: str, config: Config, *, allow_change: bool, write: bool) -> list[str]:
    """The lines by which `config` would change the trajectory of the run in `workdir`; [] for a new run or none.

    With `allow_change` such lines are only logged. With `write`, an empty result leaves the configuration written there.
    """
    path = Path(workdir) / "config.json"
    if path.exists():
        try:
            old = from_dict(json.loads(path.read_text()))
        except ValueError as error:
            changes = [f"{path}: not a configuration of this version: {error}"]
        else:
            changes = difference(old, config)
        if changes and not allow_change:
            return changes
        for line in changes:
            logging.warning("configuration changed on resume: %s", line)
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".json.tmp")
        temporary.write_text(json.dumps(to_dict(config), indent=2) + "\n")
        os.replace(temporary, path)
    return []
