"""Workdirs of made-up runs with known numbers, as the trainer would leave them, for the tests of the report."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import Config, to_dict
from kpo_jax.weights.tokenizers import CharTokenizer

HOSTILE = (
    "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">",
    "\u202eevil\u2066 \x00\x07\x1b[31m &lt;b&gt; ${1+1} {{7*7}} ]]> --> `|` \ud800 \u2028",
    "x" * 100_000,
)


def write_run(
    directory: Path,
    algorithm: str,
    seed: int,
    base: np.ndarray,
    last: np.ndarray,
    *,
    metrics: dict | None = None,
    ids=None,
    problems=None,
    responses=None,
) -> Path:
    """A finished run of 2 steps: grades `base` at step 0 and `last` at step 2, [problems, k]; `metrics` are those of
    both steps.
    """
    directory.mkdir(parents=True)
    config = to_dict(dataclasses.replace(Config(), seed=seed, algorithm=METHODS[algorithm]))
    (directory / "config.json").write_text(json.dumps(config))
    values = {
        "filter/gain_mean": 0.08,
        "filter/gain_last": 0.095,
        "rollout/length_mean": 58.0,
        "policy/num_tokens": 1000,
    } | (metrics or {})
    (directory / "metrics.jsonl").write_text("".join(json.dumps({"step": step} | values) + "\n" for step in (1, 2)))
    rows = [{"step": step, "minibatch": m, "clip/fraction": 0.1 * m} for step in (1, 2) for m in range(4)]
    (directory / "minibatches.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (directory / "evals").mkdir()
    for step, correct in ((0, base), (2, last)):
        lines = [
            {
                "id": str(i) if ids is None else ids[i], "problem": f"{i}+1=?" if problems is None else problems[i],
                "answer": str(i + 1),
                "correct": [bool(c) for c in row], "extracted": [None] * len(row),
                "response": responses[i % len(responses)] if responses else f"Answer: {i + 1}",
            }
            for i, row in enumerate(correct)
        ]  # fmt: skip
        (directory / "evals" / f"step_{step:06d}_held_out.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in lines)
        )
    return directory


def rewrite(directory: Path, step: int, **fields) -> Path:
    """The run with these fields in all lines of its evaluation at that step."""
    path = directory / "evals" / f"step_{step:06d}_held_out.jsonl"
    lines = [json.loads(line) | fields for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return directory


def write_trace(
    directory: Path, step: int, text: str = "1+2=3\n3+4=7\nAnswer: 7", num_rows: int = 8, seed: int = 0
) -> None:
    """A trace of one step in `directory`/trace: two groups, minibatches of half the rows, log-ratios of deviation
    0.05.
    """
    rng, tokens = (
        np.random.default_rng(seed),
        np.array([*CharTokenizer().encode(text), CharTokenizer().eos_ids[0]], np.int32),
    )
    prompt = np.array(CharTokenizer().encode("1+2+4=?\n"), np.int32)
    length = len(tokens)
    before = rng.normal(0, 0.05, num_rows * length).astype(np.float32)
    saturated, clipped = np.abs(before) > 0.1, np.abs(before) > 0.05
    arrays = dict(
        offsets=np.arange(num_rows + 1) * length, token=np.tile(tokens, num_rows),
        log_ratio=before, filtered_log_ratio=before / 10, innovation=before,
        old_log_prob=np.full_like(before, -1), sampler_log_prob=np.full_like(before, -1),
        innovation_std=np.full_like(before, np.inf if step == 1 else 0.03), gain=np.full_like(before, 0.1),
        saturated=saturated, clipped=clipped,
        advantage=np.repeat(np.linspace(-1, 1, num_rows), length).astype(np.float32),
        reward=(np.arange(num_rows) % 2).astype(np.float32), correct=np.arange(num_rows) % 2 == 1,
        extracted=np.array(["7"] * num_rows), finished=np.ones(num_rows, bool),
        minibatch=np.repeat([0, 1], num_rows // 2).astype(np.int32), problem=np.array(["a", "b"]),
        answer=np.array(["7", HOSTILE[0]]), prompt_offsets=np.arange(3) * len(prompt), prompt_token=np.tile(prompt, 2),
    )  # fmt: skip
    (directory / "trace").mkdir(exist_ok=True)
    np.savez_compressed(directory / "trace" / f"step_{step:06d}.npz", **arrays)
    description = {
        "schema": 1, "group_size": num_rows // 2, "tokenizer": "char", "filter": {"name": "saturated_kalman"},
        "objective": {"name": "clipped", "clip_low": 3e-4, "clip_high": 4e-4},
    }  # fmt: skip
    (directory / "trace" / "trace.json").write_text(json.dumps(description))


def grades(rate: float, seed: int, problems: int = 40, k: int = 8) -> np.ndarray:
    """Made-up grades whose samples share their problem's success rate; `seed` moves the samples, not the problems."""
    easy = np.random.default_rng(99).beta(2, 2, problems)
    return np.random.default_rng(seed).random((problems, k)) < np.clip(easy + rate - 0.5, 0, 1)[:, None]
