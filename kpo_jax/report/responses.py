"""Sampled responses of runs for a reader: graded answers of evaluations, and per-token ratios of recorded traces.

Everything here was written by a model and is hostile until shown otherwise: `visible` makes it text that can only be
read. What is returned is plain data for JSON. Bounded: a page of a hundred runs stays a page.
"""

import itertools
import json
import math
import unicodedata

import numpy as np

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import to_dict
from kpo_jax.places import folder
from kpo_jax.recording import evaluations
from kpo_jax.report import page, refilter
from kpo_jax.report.runs import Run
from kpo_jax.tasks.rewards import OVERLONG
from kpo_jax.weights.tokenizers import load_tokenizer

MAX_CHARACTERS = 4000  # of one text
MAX_ANSWER_BYTES = 400_000  # of all graded answers together, as they stand in the page
MAX_TRACE_BYTES = 800_000  # of all traced responses together
ANSWERS_PER_EVALUATION = 40
STEPS_PER_TRACE = 3
ROWS_PER_STEP = 6
TOKENS_PER_ROW = 1500
TRAINING = "training"  # where a traced response is from, beside the names of the evaluation sets


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
    """{"samples": [...], "filters": {method: its clip band}, "notes": [...]}, what the page shows.

    A sample has `key` (unique), `run`, `set`, `step`, `id` of the problem, `problem`, `answer`, `extracted`, `correct`,
    `reward` (None if it was not recorded) and `length` in characters. A graded answer has `response`, `rewards`,
    `right` and `samples` besides, a traced response what `of_step` gives, `filter`, `band`, and under `others` what the
    methods in `filters` make of it. Damaged traces, and what was left out to keep the page small, are notes.
    """
    names = [run.label if [r.label for r in runs].count(run.label) == 1 else run.workdir for run in runs]
    names = [visible(name, 300) for name in names]
    notes: list[str] = []
    answers = [found for run, name in zip(runs, names, strict=True) for found in _answers(run, name)]
    traces = []
    for run, name in zip(runs, names, strict=True):
        try:
            traces += list(_traces(run, name, notes))
        except Exception as error:  # numpy, zipfile, zlib and json each have their own for a torn file
            notes.append(visible(f"{name}: its trace cannot be read ({error})", 300))
    samples = _fitting(traces, MAX_TRACE_BYTES, "traced responses", notes)
    samples += _fitting(answers, MAX_ANSWER_BYTES, "graded answers", notes)
    bands = {method: _band(to_dict(METHODS[method].objective)) for method in refilter.SHOWN}
    return {"samples": samples, "filters": bands, "notes": notes}


def _fitting(groups: list[list[dict]], limit: int, what: str, notes: list[str]) -> list[dict]:
    """The first of every group, then the second of every group and so on while they fit into `limit` bytes, so that all
    groups have the same ones; in the order of the groups.
    """
    kept, left = [0] * len(groups), limit
    for place, i in itertools.product(range(max(map(len, groups), default=0)), range(len(groups))):
        if place < len(groups[i]):
            left -= len(page.island(groups[i][place]))
            if left < 0:
                total = sum(map(len, groups))
                notes.append(f"{sum(kept)} of {total} {what} are shown, to keep this page small.")
                break
            kept[i] += 1
    return [sample for group, count in zip(groups, kept, strict=True) for sample in group[:count]]


def _answers(run: Run, label: str) -> list[list[dict]]:
    """For every set, the first problems at its first and its newest step: how many samples were right, and the first of
    them whole.
    """
    out = []
    for name, by_step in run.evaluations.items():
        for step in sorted({min(by_step), max(by_step)}):
            lines = evaluations.load_responses(run.workdir, name, step)[:ANSWERS_PER_EVALUATION]
            out.append([_answer(line, run, label, name, step, place) for place, line in enumerate(lines)])
    return out


def _answer(line: dict, run: Run, label: str, name: str, step: int, place: int) -> dict:
    rewards = {reward: values[0] for reward, values in line.get("rewards", {}).items()}  # earlier versions have none
    return {
        "key": f"{label}/{visible(name)}/{step}/{place + 1}",
        "run": label,
        "set": visible(name),
        "step": step,
        "id": visible(str(line["id"])),
        "problem": visible(line.get("problem", line["id"])),  # runs of earlier versions have the id alone
        "answer": visible(line["answer"]),
        "extracted": visible(line["extracted"][0] or "none"),
        "correct": bool(line["correct"][0]),
        "reward": _total(rewards, run.config.get("reward", {})),
        "rewards": visible(", ".join(f"{k} {v:.4g}" for k, v in rewards.items())),
        "right": int(sum(line["correct"])),
        "samples": len(line["correct"]),
        "length": len(line["response"]),
        "response": visible(line["response"]),
    }


def _total(rewards: dict[str, float], config: dict) -> float | None:
    """The weighted sum that a response earned by a run's `reward` configuration."""
    weights = {OVERLONG: 1.0} | {name: term["weight"] for name, term in config.get("extra", {}).items()}
    total = sum(weights.get(name, config.get("weight", 1.0)) * value for name, value in rewards.items())
    return float(f"{total:.4g}") if rewards and math.isfinite(total) else None


def of_step(arrays: dict[str, np.ndarray], group_size: int, tokenizer, count: int) -> list[dict]:
    """`count` responses of a traced step (trace.step_arrays), as they are shown; of the last minibatch, right and wrong
    ones by turns.
    """
    decode = _decoder_of(tokenizer)
    return [_row(arrays, int(i), group_size, decode) for i in _chosen(arrays, count)]


def _traces(run: Run, label: str, notes: list[str]):
    """For the first, the middle and the last recorded step, some right and some wrong responses of the last minibatch,
    whose ratios moved furthest.
    """
    directory = folder(run.workdir) / "trace"
    paths = sorted(directory.glob("step_*.npz"))
    if not paths:
        return
    description = json.loads((directory / "trace.json").read_text())
    decode = _decoder(run.config["tokenizer"], run.config["revision"])
    for place in sorted({round(i) for i in np.linspace(0, len(paths) - 1, STEPS_PER_TRACE)}):
        with np.load(paths[place]) as file:
            arrays = {name: file[name] for name in file.files}
        step, group_size = int(paths[place].stem.removeprefix("step_")), description["group_size"]
        try:
            last = int(arrays["minibatch"].max())
            others = {method: refilter.rows(arrays, last, method) for method in refilter.SHOWN}
        except (KeyError, RuntimeError) as error:
            notes.append(visible(f"{label}, step {step}: no other filters ({error})", 300))
            others = {}
        about = {
            "run": label,
            "set": TRAINING,
            "step": step,
            "filter": visible(str(description["filter"]["name"])),
            "band": _band(description["objective"]),
        }
        yield [
            about
            | _row(arrays, i, group_size, decode)
            | {
                "key": f"{label}/{TRAINING}/{step}/{i + 1}",
                "id": visible(str(arrays["problem"][i // group_size])),
                "others": {method: _other(found[i]) for method, found in others.items()},
            }
            for i in _chosen(arrays)
        ]


def _other(found: refilter.Refiltered) -> dict:
    values, *flags = (values[:TOKENS_PER_ROW] for values in found)
    saturated, clipped = (np.flatnonzero(flag).tolist() for flag in flags)
    return {"after": _numbers(values, digits=3), "saturated": saturated, "clipped": clipped}


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
    tokens = [decode(int(i)) for i in arrays["token"][part]]
    return {
        "problem": visible("".join(decode(int(i)) for i in prompt)),
        "answer": visible(str(arrays["answer"][group])),
        "extracted": visible(str(arrays["extracted"][row]) or "none"),
        "correct": bool(arrays["correct"][row]),
        "reward": _numbers(arrays["reward"][row : row + 1])[0],
        "advantage": _numbers(arrays["advantage"][start : start + 1])[0],
        "minibatch": int(arrays["minibatch"][row]) + 1,
        "length": sum(map(len, tokens)),
        "left": end - part.stop,
        "tokens": [visible(token, 80) for token in tokens],
        "before": _numbers(arrays["log_ratio"][part]),
        "after": _numbers(arrays["filtered_log_ratio"][part]),
        "innovation": _numbers(arrays["innovation"][part]),
        "sigma": _numbers(arrays["innovation_std"][part]),
        "gain": _numbers(arrays["gain"][part]),
        "saturated": flags("saturated"),
        "clipped": flags("clipped"),
    }


def _numbers(values: np.ndarray, digits: int = 4) -> list[float | None]:
    """So many significant digits; None for what JSON has no number for."""
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in values.astype(float)]


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
