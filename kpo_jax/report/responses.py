"""Sampled responses of runs for a reader: graded answers of evaluations, and per-token ratios of recorded traces.

Everything here was written by a model and is hostile until shown otherwise: `visible` makes it text that can only be
read. What is returned is plain data for JSON. Bounded: a page of a hundred runs stays a page.
"""

import json
import math
import unicodedata
from pathlib import Path

import numpy as np

from kpo_jax.recording import evaluations
from kpo_jax.report.runs import Run
from kpo_jax.weights.tokenizers import load_tokenizer

MAX_CHARACTERS = 4000  # of one text
MAX_TOKENS = 40_000  # of all traced responses together
ANSWERS_PER_RUN = 12
STEPS_PER_TRACE = 3
ROWS_PER_STEP = 6
TOKENS_PER_ROW = 4096


def visible(text: str, limit: int = MAX_CHARACTERS) -> str:
    """`text` with control characters, direction marks and lone surrogates spelled out, newlines kept, and cut at
    `limit`.
    """
    cut = text[:limit]
    shown = "".join(_visible(character) for character in cut)
    return shown if len(cut) == len(text) else f"{shown} ... ({len(text) - limit:,} more characters)"


def _visible(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return character
    if code < 0x20:
        return chr(0x2400 + code)  # its picture
    if code == 0x7F or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return character


def collect(runs: list[Run]) -> dict:
    """{"answers": [...], "traces": [...], "notes": [...]}, what page.html shows; a damaged trace is a note, not an
    end.
    """
    answers = [item for run in runs for item in _answers(run)]
    traces, notes, left = [], [], MAX_TOKENS
    for run in runs:
        try:
            for item in _traces(run):
                left -= sum(len(row["tokens"]) for row in item["rows"])
                if left < 0:
                    notes.append(
                        f"{item['run']}: step {item['step']} and what follows is not shown, to keep this page small."
                    )
                    return {"answers": answers, "traces": traces, "notes": notes}
                traces.append(item)
        except Exception as error:  # numpy, zipfile, zlib and json each have their own for a torn file
            notes.append(visible(f"{run.label}: its trace cannot be read ({error})", 300))
    return {"answers": answers, "traces": traces, "notes": notes}


def _answers(run: Run) -> list[dict]:
    """The first problems of every set at the newest step: how many samples were right, and the first of them whole."""
    out = []
    for name, by_step in run.evaluations.items():
        step = max(by_step)
        items = [
            {
                "problem": visible(line.get("problem", line["id"])),  # runs of earlier versions have the id alone
                "answer": visible(line["answer"]),
                "extracted": visible(line["extracted"][0] or "none"),
                "correct": bool(line["correct"][0]),
                # runs of earlier versions have none
                "rewards": visible(", ".join(f"{k} {v[0]:.4g}" for k, v in line.get("rewards", {}).items())),
                "right": int(sum(line["correct"])),
                "samples": len(line["correct"]),
                "response": visible(line["response"]),
            }
            for line in evaluations.load_responses(run.workdir, name, step)[:ANSWERS_PER_RUN]
        ]
        out.append({"run": visible(run.label), "set": visible(name), "step": step, "items": items})
    return out


def of_step(arrays: dict[str, np.ndarray], group_size: int, tokenizer, count: int) -> list[dict]:
    """`count` responses of a traced step (trace.step_arrays), as they are shown; of the last minibatch, right and wrong
    ones by turns.
    """
    decode = _decoder_of(tokenizer)
    return [_row(arrays, int(i), group_size, decode) for i in _chosen(arrays, count)]


def _traces(run: Run):
    """First, middle and last recorded step: some right and some wrong responses of the last minibatch, whose ratios
    moved furthest.
    """
    directory = Path(run.workdir) / "trace"
    paths = sorted(directory.glob("step_*.npz"))
    if not paths:
        return
    description = json.loads((directory / "trace.json").read_text())
    decode = _decoder(run.config["tokenizer"], run.config["revision"])
    for place in sorted({round(i) for i in np.linspace(0, len(paths) - 1, STEPS_PER_TRACE)}):
        with np.load(paths[place]) as file:
            arrays = {name: file[name] for name in file.files}
        yield {
            "run": visible(run.label),
            "step": int(paths[place].stem.removeprefix("step_")),
            "filter": visible(str(description["filter"]["name"])),
            "band": _band(description["objective"]),
            "rows": [_row(arrays, int(i), description["group_size"], decode) for i in _chosen(arrays)],
        }


def _chosen(arrays: dict[str, np.ndarray], count: int = ROWS_PER_STEP) -> list[int]:
    """Rows of the last minibatch, right and wrong ones by turns, those with an advantage first."""
    rows = np.flatnonzero(arrays["minibatch"] == arrays["minibatch"].max())
    starts = arrays["offsets"][rows]
    has_tokens = arrays["offsets"][rows + 1] > starts
    rows, starts = rows[has_tokens], starts[has_tokens]
    order = rows[np.argsort(arrays["advantage"][starts] == 0, kind="stable")]
    right, wrong = ([int(i) for i in order if bool(arrays["correct"][i]) == which] for which in (True, False))
    by_turns = [i for pair in zip(right, wrong, strict=False) for i in pair] + right[len(wrong) :] + wrong[len(right) :]
    return by_turns[:count]


def _row(arrays: dict[str, np.ndarray], row: int, group_size: int, decode) -> dict:
    start, end = (int(x) for x in arrays["offsets"][row : row + 2])
    part = slice(start, min(end, start + TOKENS_PER_ROW))
    group = row // group_size
    prompt = arrays["prompt_token"][arrays["prompt_offsets"][group] : arrays["prompt_offsets"][group + 1]]
    flags = lambda name: np.flatnonzero(arrays[name][part]).tolist()
    return {
        "problem": visible("".join(decode(int(i)) for i in prompt)),
        "answer": visible(str(arrays["answer"][group])),
        "extracted": visible(str(arrays["extracted"][row]) or "none"),
        "correct": bool(arrays["correct"][row]),
        "reward": _numbers(arrays["reward"][row : row + 1])[0],
        "advantage": _numbers(arrays["advantage"][start : start + 1])[0],
        "minibatch": int(arrays["minibatch"][row]) + 1,
        "tokens": [visible(decode(int(i)), 80) for i in arrays["token"][part]],
        "before": _numbers(arrays["log_ratio"][part]),
        "after": _numbers(arrays["filtered_log_ratio"][part]),
        "innovation": _numbers(arrays["innovation"][part]),
        "sigma": _numbers(arrays["innovation_std"][part]),
        "gain": _numbers(arrays["gain"][part]),
        "saturated": flags("saturated"),
        "clipped": flags("clipped"),
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    """Four significant digits; None for what JSON has no number for."""
    return [float(f"{v:.4g}") if math.isfinite(v) else None for v in values.astype(float)]


def _band(objective: dict) -> list[float] | None:
    """The clip band of ratios as log-ratios; None for an objective without one."""
    low, high = objective.get("clip_low"), objective.get("clip_high")
    if objective["name"] != "clipped" or objective.get("clip") is False or low is None or high is None or low >= 1:
        return None
    return [math.log1p(-low), math.log1p(high)]


def _decoder(tokenizer: str, revision: str):
    """id -> its text; its number in brackets for special tokens, and for all where the tokenizer is not on this
    machine.
    """
    try:
        found = load_tokenizer(tokenizer, revision or None)
    except (ValueError, OSError):
        return lambda i: f"[{i}]"
    return _decoder_of(found)


def _decoder_of(tokenizer):
    cache: dict[int, str] = {}

    def decode(i: int) -> str:
        if i not in cache:
            cache[i] = tokenizer.decode([i]) or f"[{i}]"
        return cache[i]

    return decode
