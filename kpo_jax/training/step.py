"""A training step: collect a rollout, score it, update on it; and what is measured of the three."""

import io
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from kpo_jax.advantages import TokensTold, Told, advantages_of, token_rewards
from kpo_jax.algorithm import diagnostics
from kpo_jax.algorithm.choices import build_advantage
from kpo_jax.algorithm.diagnostics import Accumulator
from kpo_jax.config import Config
from kpo_jax.ends import Failed
from kpo_jax.files import write_whole
from kpo_jax.model import critic, flops
from kpo_jax.model.packing import make_batch, pack, unpack
from kpo_jax.objectives.kl import reward_penalty
from kpo_jax.places import folder, shown
from kpo_jax.recording.metrics import to_host
from kpo_jax.records import Packed, TokenTrace, TrainState, over
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import put_microbatches
from kpo_jax.tasks.prompts import extra_prompts, prompt_order
from kpo_jax.training.dynamic_sampling import fill
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.rollout import Rollout, rollout
from kpo_jax.training.setup import Programs
from kpo_jax.training.shapes import minibatch_rows

SAMPLING_STREAM = 1  # fold_in constant of the training sampler; evaluate.KEY_STREAM is another


class Diverged(Failed):
    """Too many non-finite or spiking updates in a row; the message says where the batch is, or why it is not."""


class Minibatch(NamedTuple):
    """The rows of one optimizer step, on the host, and how they are packed.

    Attributes:
      rows: [N, ...] by the field names of Batch, with tokens [N, S] and prompt_length [N]; scoring adds to them.
      packed, order: what packing.pack made of them.
    """

    rows: dict[str, np.ndarray]
    packed: Packed
    order: np.ndarray


class Updated(NamedTuple):
    """What the optimizer steps of a training step reported, in their order; on the devices.

    Attributes:
      metrics: the scalars of each.
      measured: the diagnostics.Accumulator of each.
      traces: the TokenTrace [microbatches, B, T] of each; None unless it was asked for.
    """

    metrics: list[dict[str, jax.Array]]
    measured: list[Accumulator]
    traces: list[TokenTrace] | None


def collect(config: Config, inputs: Inputs, programs: Programs, params, step: int) -> Rollout:
    """The rollout of training step `step` (1-based): a pure function of the parameters, seed, stream and step.

    Raises:
      dynamic_sampling.NotFull: there is too little to train on.
      preemption.Interrupted: some process was asked to stop; on all of them.
    """
    train, prompts, group = inputs.train, config.rollout.prompts_per_step, config.rollout.group_size
    where = (len(train.problems), prompts)
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(config.seed), SAMPLING_STREAM), step)
    if config.rollout.stream:
        key = jax.random.fold_in(key, config.rollout.stream)

    def generate(number: int) -> Rollout:
        if number:
            chosen, name = extra_prompts(config.seed, step - 1, number, *where), f", generation batch {number + 1}"
        else:
            chosen, name = prompt_order(config.seed, step - 1, *where), ""
        return rollout(
            programs.sampler,
            params,
            [train.problems[i] for i in chosen],
            [train.prompt_ids[i] for i in chosen],
            terms=inputs.rewards,
            where=f"the rollout of step {step}{name}",
            config=config,
            tokenizer=inputs.tokenizer,
            key=key,
            prompt_length=train.prompt_length,
            first_row=number * prompts * group,
        )

    if not config.algorithm.dynamic_sampling:
        return generate(0)
    return fill(generate, num_groups=prompts, group_size=group, max_batches=config.algorithm.dynamic_sampling)


def score(
    config: Config,
    programs: Programs,
    state: TrainState,
    reference,
    rows: dict[str, np.ndarray],
    drew=None,
    told: Told | None = None,
) -> tuple[list[Minibatch], dict[str, float]]:
    """The rollout's rows as minibatches that the update can be made on, and the metrics of `add_advantages`.

    All is found before any update: the trainer's own log-probabilities under the parameters that drew the rows
    (old_log_prob), those of the `reference` parameters unless they are None (reference_log_prob), with a critic values
    and returns, and advantages where the rows have none yet. `drew` are the parameters that drew; None if they are the
    state's. Of both those are meant that a state trains. `told` is what advantages of responses are told.
    """
    minibatches = pack_minibatches(config, programs, rows)
    add_old_scores(programs, over(state.base, state.params if drew is None else drew), minibatches)
    if reference is not None:
        add_scores(programs, programs.score_step, over(state.base, reference), minibatches, "reference_log_prob")
    return minibatches, add_advantages(config, programs, state, minibatches, told)


def pack_minibatches(config: Config, programs: Programs, rows: dict[str, np.ndarray]) -> list[Minibatch]:
    """The rollout's rows cut into minibatches, each of them packed."""
    size, minibatches = minibatch_rows(config), []
    for start in range(0, len(rows["tokens"]), size):
        part = {name: value[start : start + size] for name, value in rows.items()}
        minibatches.append(Minibatch(part, *pack(part, programs.pack_shape)))
    return minibatches


def add_old_scores(programs: Programs, params, minibatches: list[Minibatch]) -> None:
    """Add the log-probabilities under the parameters that drew the rows, all of them, as old_log_prob, and what a token
    baseline takes beside them.
    """
    if programs.baseline_step is None:
        add_scores(programs, programs.score_step, params, minibatches, "old_log_prob")
    else:
        add_scores(programs, programs.baseline_step, params, minibatches, "old_log_prob", "squared_probs")


def add_scores(programs: Programs, scorer: Callable, params, minibatches: list[Minibatch], *names: str) -> None:
    """Add what `scorer` finds at each response token to the rows of the minibatches as `names`, [N, T] each, 0 where
    masked.

    See learner.make_scorer: several names are those of a tuple that it finds.
    """
    scores = [scorer(params, put_microbatches(programs.mesh, packed)) for _, packed, _ in minibatches]
    for (rows, _, order), found in zip(minibatches, jax.device_get(scores), strict=True):
        for name, of in zip(names, found if isinstance(found, tuple) else (found,), strict=True):
            rows[name] = np.where(rows["response_mask"], unpack(of, order, len(rows["tokens"])), np.float32(0))


def add_advantages(
    config: Config, programs: Programs, state: TrainState, minibatches: list[Minibatch], told: Told | None = None
) -> dict[str, float]:
    """Add the advantages that take what scoring has found to the rows of the minibatches, over the whole rollout; and
    the metrics of what they were made of.

    With a critic, those are advantage, old_value and returns [N, T], and metrics of how good the values were. With a
    token baseline it is advantage [N, T]; with a divergence in the reward alone, advantage [N] of the rewards less that
    of the responses, of which `told` becomes one more score. Otherwise the rows have advantages already.
    """
    algorithm = config.algorithm
    if not algorithm.advantage_after_scoring:
        return {}
    rows = {name: np.concatenate([rows[name] for rows, _, _ in minibatches]) for name in minibatches[0].rows}
    divergence, metrics = _divergence(config, rows)
    advantage, penalty = build_advantage(algorithm.advantage), algorithm.kl.reward_beta * divergence
    if algorithm.has_critic:
        add_scores(programs, programs.value_step, state.whole_critic.network, minibatches, "old_value")
        value, mask = np.concatenate([rows["old_value"] for rows, _, _ in minibatches]), rows["response_mask"]
        found, returns = critic.targets(rows["reward"], value, mask, advantage, config.critic, penalty)
        _add(minibatches, "returns", returns)
        metrics |= critic.summary(value, returns, mask)
    elif algorithm.has_token_baseline:
        of_tokens = TokensTold(*(jnp.asarray(rows[name]) for name in TokensTold._fields))
        reward = token_rewards(jnp.asarray(rows["reward"]), of_tokens.response_mask, jnp.asarray(penalty))
        found = advantage(reward, config.rollout.group_size, of_tokens)
        for minibatch in minibatches:
            del minibatch.rows["squared_probs"]  # no field of a Batch
    else:
        reward = jnp.asarray(rows["reward"] - penalty.sum(axis=1))
        found = advantages_of(advantage, reward, config.rollout.group_size, _with_divergence(told, divergence, config))
    _add(minibatches, "advantage", np.asarray(found))
    return metrics


def _divergence(config: Config, rows: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, float]]:
    """(k1 [N, T] of the policy that drew from the reference, 0 where it has no part in the reward, metrics of it)."""
    if not config.algorithm.kl.reward_beta:
        return np.zeros(rows["response_mask"].shape, np.float32), {}
    k1 = reward_penalty(rows["old_log_prob"], rows["reference_log_prob"], rows["response_mask"])
    of_response = k1.sum(axis=1)
    penalized = rows["reward"] - config.algorithm.kl.reward_beta * of_response
    return k1, {"advantage/kl_mean": float(of_response.mean()), "advantage/reward_mean": float(penalized.mean())}


def _with_divergence(told: Told, divergence: np.ndarray, config: Config) -> Told:
    """What is known of responses, with the divergence as one more score."""
    return told._replace(
        scores=jnp.concatenate([told.scores, -divergence.sum(axis=1)[None]]),
        weights=jnp.append(told.weights, jnp.float32(config.algorithm.kl.reward_beta)),
    )


def _add(minibatches: list[Minibatch], name: str, whole: np.ndarray) -> None:
    """Give every minibatch its part of an array [N, ...] of the whole rollout."""
    for minibatch, part in zip(minibatches, np.split(whole, len(minibatches)), strict=True):
        minibatch.rows[name] = part


def update(
    programs: Programs, state: TrainState, minibatches: list[Minibatch], traced: bool = False
) -> tuple[TrainState, Updated]:
    """The state after one optimizer step per minibatch given, and what they reported. The host waits for nothing.

    `state` is donated. If `traced`, every token is reported too; the steps taken are the same.
    """
    updated = Updated([], [], [] if traced else None)
    for minibatch in minibatches:
        batch = put_microbatches(programs.mesh, make_batch(*minibatch))
        step = programs.traced_step if traced else programs.train_step
        state, metrics, report = step(state, batch)
        if programs.critic_step is not None:
            trained, critic_metrics, _ = programs.critic_step(state.whole_critic, batch)
            state, metrics = state.replace(critic=trained.replace(base=None)), metrics | critic_metrics
        updated.metrics.append(metrics)
        updated.measured.append(report.total)
        if traced:
            updated.traces.append(report.tokens)
    return state, updated


def step_metrics(
    programs: Programs, updated: Updated, on_policy: bool = True
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """(the training step's metrics, those of each minibatch). Waits for the devices.

    The first minibatch after a rollout that the present policy drew is `on_policy`, its ratio 1 up to numerics, so it
    is reported apart as `on_policy/...`; the other diagnostics are pooled exactly over the minibatches after it (over
    the only one, where there is one). After a rollout of an older policy they are pooled over all.
    """
    metrics, measured, _ = updated
    each = [to_host(m) | to_host(programs.summarize(a)) for m, a in zip(metrics, measured, strict=True)]
    pooled, *others = measured[1:] if on_policy and len(measured) > 1 else measured
    for accumulator in others:
        pooled = diagnostics.merge(pooled, accumulator)
    areas, counts = ("learner/", "critic/"), ("/steps", "/skipped", "/skipped_in_a_row", "/spikes")
    learner = {
        k: each[-1][k] if k.endswith(counts) else float(np.mean([m[k] for m in each]))
        for k in each[0]
        if k.startswith(areas)
    }
    first = {f"on_policy/{k}": v for k, v in each[0].items() if k.startswith(("ratio/", "mismatch/"))}
    return learner | to_host(programs.summarize(pooled)) | (first if on_policy else {}), each


def check_finite(config: Config, updates: list[dict], minibatches: list[Minibatch], step: int, workdir: str) -> None:
    """Raise Diverged, with the batch saved if the disk has room, once `max_bad_updates` updates in a row were not
    finite or spikes, as the metrics of the training step's `updates` say.
    """
    names = [f"{area}/skipped_in_a_row" for area in ("learner", "critic")]
    bad = max(metrics[name] for metrics in updates for name in names if name in metrics)
    if bad < config.learner.max_bad_updates:
        return
    name = f"bad_batch_step_{step:06d}.npz"
    parts = [minibatch.rows for minibatch in minibatches]
    place = f"is in {shown(workdir, name)}"
    if distributed.is_first():
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{field: np.concatenate([part[field] for part in parts]) for field in parts[0]})
        try:
            write_whole(folder(workdir) / name, buffer.getbuffer())
        except OSError as error:
            place = f"was not written: {error}"
    raise Diverged(f"step {step}: {bad} updates in a row were skipped, not finite or spikes; the batch {place}")


def speed(
    config: Config, rows: dict[str, np.ndarray], seconds: list[float], sampled: dict[str, np.ndarray]
) -> dict[str, float]:
    """Time, rates and, where the accelerator's peak is known, the model-FLOPs utilisation (MFU) of a training step's
    phases.

    Args:
      rows: those that are trained on.
      seconds: what the rollout (sampling and grading), scoring and the update took. The passes of a critic and of a
        reference policy take their time, but do not count as work.
      sampled: the rows that were drawn, which are more under dynamic sampling.
    """

    def work_of(rows):
        group = config.rollout.group_size
        return flops.training_step(
            config.model,
            prompt_lengths=rows["prompt_length"][::group].tolist(),
            response_lengths=rows["response_mask"].sum(axis=1).tolist(),
            group_size=group,
            share_prompts=config.learner.share_prompts,
            epochs=config.learner.epochs,
        )

    work, drawn = work_of(rows), work_of(sampled)
    tokens = int(rows["prompt_length"].sum() + rows["response_mask"].sum())
    responses = int(sampled["response_mask"].sum())
    phases = {
        "rollout": (responses, drawn.prefill + drawn.decode),
        "score": (tokens, work.score),
        "update": (tokens * config.learner.epochs, work.update),
    }
    peak = flops.data_sheet(jax.devices()[0].device_kind, jax.device_count())
    out = {"speed/response_tokens_per_second": responses / sum(seconds)}
    for (name, (count, operations)), spent in zip(phases.items(), seconds, strict=True):
        out |= {
            f"time/{name}": float(spent),
            f"speed/{name}_tokens_per_second": count / spent,
            f"speed/{name}_tflops": operations / spent / 1e12,
        }
        if peak is not None:
            out[f"speed/{name}_mfu"] = operations / spent / peak.flops
    return out
