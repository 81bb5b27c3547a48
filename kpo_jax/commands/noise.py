"""The A/A noise floor: log-ratios of a policy with itself, pushed through every method.

The same weights give other log-probabilities in another microbatching, packing or dtype, and in the sampler. A trainer
takes such differences for a change of the policy. A clip band of 3e-4 may lie below them: how much of the clipping is
numerics?
"""

import dataclasses

import jax
import numpy as np

from kpo_jax.advantages.group import Group
from kpo_jax.algorithm.methods import METHODS, name_of
from kpo_jax.commands import replay
from kpo_jax.commands.replay import Minibatch
from kpo_jax.config import Config
from kpo_jax.model.packing import pack, unpack
from kpo_jax.model.shapes import PackShape, pack_shape
from kpo_jax.places import folder
from kpo_jax.runtime import distributed
from kpo_jax.runtime.sharding import put_microbatches
from kpo_jax.text import table
from kpo_jax.training.inputs import Inputs
from kpo_jax.training.learner import log_prob_scores, make_scorer
from kpo_jax.training.setup import Programs
from kpo_jax.training.step import collect, pack_minibatches


def log_probs(programs: Programs, score_step, shape: PackShape, params, minibatches: list[dict]) -> list[np.ndarray]:
    """[N, T] of each minibatch's rows by `score_step` on sequences packed into `shape`, 0 where masked."""
    out = []
    for rows in minibatches:
        packed, order = pack(rows, shape)
        scores = jax.device_get(score_step(params, put_microbatches(programs.mesh, packed)))
        out.append(np.where(rows["response_mask"], unpack(scores, order, len(rows["tokens"])), np.float32(0)))
    return out


def other_shapes(
    shape: PackShape, num_sequences: int, prompt_length: int, response_length: int, device_rows: int
) -> dict[str, PackShape]:
    """Other ways to pack the same minibatch, by name; one that would be the same is left out."""
    sequence_length, tokens = prompt_length + response_length, shape.rows * shape.length
    half = pack_shape(
        num_sequences,
        prompt_length,
        response_length,
        group_size=shape.shared,
        microbatch_tokens=max(tokens // 2, sequence_length * device_rows),
        device_rows=device_rows,
    )
    rows = max(tokens // sequence_length // device_rows, 1) * device_rows
    alone = PackShape(-(-num_sequences // rows), rows, sequence_length, response_length, rows, 1, shared=1)
    return {
        name: other for name, other in (("half the microbatch", half), ("a row per sequence", alone)) if other != shape
    }


def variations(
    config: Config, programs: Programs, params, minibatches: list[dict], prompt_length: int
) -> dict[str, list[np.ndarray]]:
    """{name: [N, T] log-probabilities of each minibatch}: "as trained" first, then the same again, then variations of
    it.
    """
    shape, device_rows = programs.pack_shape, programs.mesh.shape["data"] * programs.mesh.shape["fsdp"]
    response = config.sampler.max_response_length
    score = lambda step, how: log_probs(programs, step, how, params, minibatches)
    out = {"as trained": score(programs.score_step, shape), "the same again": score(programs.score_step, shape)}
    for name, other in other_shapes(shape, len(minibatches[0]["tokens"]), prompt_length, response, device_rows).items():
        out[name] = score(programs.score_step, other)
    dtype = "float32" if config.model.dtype == "bfloat16" else "bfloat16"
    model = dataclasses.replace(config.model, dtype=dtype)
    scorer = make_scorer(log_prob_scores(model, config.sampler.temperature), programs.shardings, programs.mesh)
    out[dtype] = score(scorer, shape)
    return out | {"the sampler": [rows["sampler_log_prob"] for rows in minibatches]}


def pseudo_minibatches(minibatches: list[dict], base: list[np.ndarray], other: list[np.ndarray]) -> list[Minibatch]:
    """What an update would see if `other` were the policy's log-probabilities and `base` the old ones."""
    whole = lambda x: x[None]  # in one microbatch
    return [
        Minibatch(
            number,
            off_policy=True,
            log_ratio=whole(np.where(rows["response_mask"], after - before, np.float32(0))),
            response_mask=whole(rows["response_mask"]),
            advantage=whole(np.broadcast_to(rows["advantage"].reshape(len(before), -1), before.shape)),
            old_log_prob=whole(before),
            sampler_log_prob=whole(rows["sampler_log_prob"]),
        )
        for number, (rows, before, after) in enumerate(zip(minibatches, base, other, strict=True))
    ]


def measure(algorithms: dict, minibatches: list[dict], scores: dict[str, list[np.ndarray]]) -> list[dict]:
    """One line per variation and method: spread of the pseudo log-ratio z, and what the method clips and saturates of
    it.
    """
    base, lines = scores["as trained"], []
    pushes = {method: replay.make_push(algorithm, weights=False) for method, algorithm in algorithms.items()}
    for name, other in scores.items():
        if other is base:
            continue
        pseudo = pseudo_minibatches(minibatches, base, other)
        z = np.concatenate([m.log_ratio[m.response_mask] for m in pseudo]).astype(np.float64)
        spread = {
            "tokens": len(z),
            "z_sd": float(z.std()),
            "z_abs_max": float(np.abs(z).max()),
            "z_not_zero": float(np.mean(z != 0)),
        }
        for method, push in pushes.items():
            tokens = replay.join([replay.flatten(m, push(m)) for m in pseudo])
            with_advantage, log_ratio = tokens["sign"] != 0, tokens["filtered_log_ratio"].astype(np.float64)
            lines.append(
                {"variation": name, "method": method}
                | spread
                | {
                    "log_ratio_sd": float(log_ratio.std()),
                    "tokens_with_advantage": int(with_advantage.sum()),
                    "clipped_fraction": float(tokens["clipped"][with_advantage].mean())
                    if with_advantage.any()
                    else None,
                    "saturated_fraction": float(tokens["saturated"].mean()),
                    "not_finite_fraction": float(np.mean(~np.isfinite(log_ratio))),
                }
            )
    return lines


def tables(lines: list[dict]) -> str:
    """The lines as Markdown: the variations, then what each method clips, saturates and makes not finite of each."""
    names = list(dict.fromkeys(line["variation"] for line in lines))
    of = {(line["variation"], line["method"]): line for line in lines}
    methods = list(dict.fromkeys(line["method"] for line in lines))
    first = [of[name, methods[0]] for name in names]
    spread = [[v["variation"], f"{v['z_sd']:.3g}", f"{v['z_abs_max']:.3g}", f"{v['z_not_zero']:.2%}"] for v in first]
    share = lambda value: "-" if value is None else f"{value:.2%}"
    parts = [table(["log-probabilities", "sd z", "max abs z", "z not 0"], spread)]
    for title, key in (
        ("Clipped, of the tokens with an advantage", "clipped_fraction"), ("Saturated", "saturated_fraction"),
        ("Not finite", "not_finite_fraction"),
    ):  # fmt: skip
        rows = [
            [m, *(share(of[name, m][key]) for name in names)]
            for m in methods
            if any(of[name, m][key] for name in names)
        ]
        parts.append(
            f"{title}{'' if rows else ': none by any method'}"
            + ("\n\n" + table(["method", *names], rows) if rows else "")
        )
    return "\n\n".join(parts)


def run(config: Config, inputs: Inputs, programs: Programs, params, step: int, workdir: str) -> str:
    """Sample the training step after `step` with its policy, score it in every way, write
    `workdir`/noise/step_NNNNNN.jsonl and .md.
    """
    result = collect(config, inputs, programs, params, step + 1)
    if config.algorithm.advantage_after_scoring:  # its sign alone matters here, and a group's does without the scores
        result.rows["advantage"] = np.asarray(Group()(result.rows["reward"], config.rollout.group_size))
    minibatches = [rows for rows, _, _ in pack_minibatches(config, programs, result.rows)]
    scores = variations(config, programs, params, minibatches, inputs.train.prompt_length)
    algorithms = dict(METHODS) if name_of(config.algorithm) else {"this run": config.algorithm} | METHODS
    lines = measure(algorithms, minibatches, scores)
    first = lines[0]
    head = (
        f"A/A noise floor of step {step}: {first['tokens']:,} tokens of {len(result.texts)} responses, "
        f"{first['tokens_with_advantage']:,} of them with an advantage. z is the log-probability so computed less "
        f"that of training ({config.model.dtype}, in its own packing); methods with none are left out of a table."
    )
    text = f"{head}\n\n{tables(lines)}"
    if distributed.is_first():
        replay.write(folder(workdir) / "noise", f"step_{step:06d}", text, [{"step": step} | line for line in lines])
    return text
