"""The stages of a training step: collect, score, judge, update; and what is measured of them."""

from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np

from kpo_jax.algorithm import diagnostics
from kpo_jax.config import Config
from kpo_jax.model import critic, flops
from kpo_jax.model.packing import make_batch, pack, unpack
from kpo_jax.recording.metrics import to_host
from kpo_jax.records import TrainState
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import put_microbatches
from kpo_jax.tasks.prompts import extra_prompts, prompt_order
from kpo_jax.training.dynamic_sampling import fill
from kpo_jax.training.rollout import Rollout, rollout
from kpo_jax.training.setup import Data, Machine, minibatch_rows

SAMPLING_STREAM = 1  # fold_in constant of the training sampler; evaluate.KEY_STREAM is another


class Diverged(RuntimeError):
    """Too many non-finite or spiking updates in a row; the message says where the batch was saved."""


def collect(config: Config, data: Data, machine: Machine, params, step: int) -> Rollout:
    """The rollout of training step `step` (1-based): a pure function of the parameters, the seed and the step.

    Raises NotFull where dynamic sampling finds too little to train on.
    """
    prompts, group = config.rollout.prompts_per_step, config.rollout.group_size
    where = (len(data.train.problems), prompts)
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(config.seed), SAMPLING_STREAM), step)

    def generate(number: int) -> Rollout:
        chosen = (
            extra_prompts(config.seed, step - 1, number, *where)
            if number
            else prompt_order(config.seed, step - 1, *where)
        )
        return rollout(
            machine.sampler,
            params,
            [data.train.problems[i] for i in chosen],
            [data.train.prompt_ids[i] for i in chosen],
            terms=data.rewards,
            where=f"the rollout of step {step}" + (f", generation batch {number + 1}" if number else ""),
            config=config,
            tokenizer=data.tokenizer,
            key=key,
            prompt_length=data.train.prompt_length,
            first_row=number * prompts * group,
        )

    if not config.algorithm.dynamic_sampling:
        return generate(0)
    return fill(generate, num_groups=prompts, group_size=group, max_batches=config.algorithm.dynamic_sampling)


def pack_minibatches(config: Config, machine: Machine, rows: dict) -> list[tuple]:
    """The rollout's rows cut into minibatches: (its rows, Packed, order) of each, see packing.pack."""
    size, minibatches = minibatch_rows(config), []
    for start in range(0, len(rows["tokens"]), size):
        part = {name: value[start : start + size] for name, value in rows.items()}
        minibatches.append((part, *pack(part, machine.pack_shape)))
    return minibatches


def score(
    machine: Machine, params, minibatches: list[tuple], name: str = "old_log_prob", step: Callable | None = None
) -> None:
    """Add what `step` finds at each response token, before any update, to the minibatches' rows as `name` [N, T].

    By default that is the score step: the trainer's own log-probabilities under `params`.
    """
    step = step or machine.score_step
    scores = [step(params, put_microbatches(machine.mesh, packed)) for _, packed, _ in minibatches]
    for (part, _, order), found in zip(minibatches, jax.device_get(scores), strict=True):
        part[name] = np.where(part["response_mask"], unpack(found, order, len(part["tokens"])), np.float32(0))


def judge(config: Config, machine: Machine, state: TrainState, minibatches: list[tuple]) -> dict[str, float]:
    """Add the critic's old_value and, over the whole rollout, advantage and returns [N, T] to the rows; (how good the
    values are).
    """
    if machine.value_step is None:
        return {}
    score(machine, state.critic.params, minibatches, "old_value", machine.value_step)
    parts = [part for part, _, _ in minibatches]
    reward, value, mask = (
        np.concatenate([part[name] for part in parts]) for name in ("reward", "old_value", "response_mask")
    )
    advantage, returns = critic.targets(reward, value, mask, config.critic)
    for name, whole in (("advantage", advantage), ("returns", returns)):
        for part, rows in zip(parts, np.split(whole, len(parts)), strict=True):
            part[name] = rows
    return critic.summary(value, returns, mask)


def update(machine: Machine, state: TrainState, minibatches: list[tuple], traces: list | None = None):
    """(state, per-minibatch metrics, per-minibatch accumulators) after one optimizer step per minibatch; no host sync
    inside.

    A list of `traces` gets each minibatch's TokenTrace; the steps taken are the same.
    """
    metrics, measured = [], []
    for part, packed, order in minibatches:
        batch = put_microbatches(machine.mesh, make_batch(part, packed, order))
        if traces is None:
            state, scalars, accumulator = machine.train_step(state, batch)
        else:
            state, scalars, accumulator, tokens = machine.traced_step(state, batch)
            traces.append(tokens)
        if machine.critic_step is not None:
            trained, critic_scalars = machine.critic_step(state.critic, batch)
            state, scalars = state.replace(critic=trained), scalars | critic_scalars
        metrics.append(scalars)
        measured.append(accumulator)
    return state, metrics, measured


def step_metrics(machine: Machine, metrics: list[dict], measured: list) -> tuple[dict, list[dict]]:
    """(the training step's metrics, one dict per minibatch).

    The first minibatch after a rollout is on-policy, its ratio 1 up to numerics, so it is reported apart as
    `on_policy/...`; the other diagnostics are pooled exactly over the minibatches after it (over the only one, where
    there is one).
    """
    each = [to_host(m) | to_host(machine.summarize(a)) for m, a in zip(metrics, measured, strict=True)]
    pooled = measured[1] if len(measured) > 1 else measured[0]
    for accumulator in measured[2:]:
        pooled = diagnostics.merge(pooled, accumulator)
    areas, counts = ("learner/", "critic/"), ("/skipped", "/skipped_in_a_row", "/spikes")
    learner = {
        k: each[-1][k] if k.endswith(counts) else float(np.mean([m[k] for m in each]))
        for k in each[0]
        if k.startswith(areas)
    }
    on_policy = {f"on_policy/{k}": v for k, v in each[0].items() if k.startswith(("ratio/", "mismatch/"))}
    return learner | to_host(machine.summarize(pooled)) | on_policy, each


def check_finite(config: Config, metrics: dict, minibatches: list[tuple], step: int, workdir: str) -> None:
    """Raise Diverged, with the batch saved, once `max_bad_updates` updates in a row were not finite or spikes."""
    bad = max(
        metrics[f"{area}/skipped_in_a_row"] for area in ("learner", "critic") if f"{area}/skipped_in_a_row" in metrics
    )
    if bad < config.learner.max_bad_updates:
        return
    path = Path(workdir) / f"bad_batch_step_{step:06d}.npz"
    parts = [part for part, _, _ in minibatches]
    if distributed.is_first():
        np.savez_compressed(path, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    raise Diverged(f"step {step}: {bad} updates in a row were skipped, not finite or spikes; the batch is in {path}")


def speed(config: Config, rows: dict[str, np.ndarray], seconds, sampled: dict[str, np.ndarray]) -> dict[str, float]:
    """Time, rates and, where the accelerator's peak is known, the model-FLOPs utilisation (MFU) of a training step's
    phases.

    `seconds` are those of rollout (sampling and grading), scoring, and the update. `sampled` are the rows that were
    drawn, `rows` those that are trained on. The passes of a critic and of a reference policy take their time, but do
    not count as work.
    """

    def work_of(rows):
        group = config.rollout.group_size
        return flops.training_step(
            config.model,
            prompt_lengths=rows["prompt_length"][::group].tolist(),
            response_lengths=rows["response_mask"].sum(axis=1).tolist(),
            group_size=group,
            share_prompts=config.learner.share_prompts,
        )

    work, drawn = work_of(rows), work_of(sampled)
    tokens = int(rows["prompt_length"].sum() + rows["response_mask"].sum())
    responses = int(sampled["response_mask"].sum())
    phases = {
        "rollout": (responses, drawn.prefill + drawn.decode),
        "score": (tokens, work.score),
        "update": (tokens, work.update),
    }
    limits = flops.data_sheet(jax.devices()[0].device_kind, jax.device_count())
    out = {"speed/response_tokens_per_second": responses / sum(seconds)}
    for (name, (count, operations)), spent in zip(phases.items(), seconds, strict=True):
        out |= {
            f"time/{name}": float(spent),
            f"speed/{name}_tokens_per_second": count / spent,
            f"speed/{name}_tflops": operations / spent / 1e12,
        }
        if limits is not None:
            out[f"speed/{name}_mfu"] = operations / spent / limits.flops
    return out
