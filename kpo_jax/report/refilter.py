"""What other methods' filters and clip bands make of the log-ratios that a trace recorded, for a reader of the page.

A filter sees the rows of one minibatch at once, as in training, so one that measures a scale over the minibatch
measures the one that it would have. Nothing is trained: this is what a filter does to the ratios that the recorded run
met.
"""

import functools
from typing import NamedTuple

import jax
import numpy as np

from kpo_jax.algorithm.choices import build_filter, build_objective
from kpo_jax.algorithm.loss import PolicyLoss, judged
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.records import Batch

# Without a filter, over the whole response, linear smoothing strong and weak, and robust in three ways.
SHOWN = (
    "grpo", "gspo", "kpo_strong", "kpo_weak", "is_kpo_weak", "is_kpo_calibrated", "is_kpo_running_mean",
    "is_kpo_student_t",
)  # fmt: skip


class Refiltered(NamedTuple):
    """What a method makes of the tokens of one response: float32 [tokens] and twice bool [tokens]."""

    filtered_log_ratio: np.ndarray
    saturated: np.ndarray
    clipped: np.ndarray


def rows(step: dict[str, np.ndarray], number: int, method: str) -> dict[int, Refiltered]:
    """{row of the step: what a method in METHODS makes of it} for the rows of minibatch `number`.

    `step` has the fields of recording/trace.py. Raises KeyError if it lacks one, RuntimeError where jax has no device.
    """
    chosen = np.flatnonzero(step["minibatch"] == number)
    starts, lengths = step["offsets"][chosen], np.diff(step["offsets"])[chosen]
    # a power of two, so that the steps of a run share one program
    width = 1 << max(0, int(lengths.max()) - 1).bit_length()
    mask = np.arange(width) < lengths[:, None]
    names = ("log_ratio", "advantage", "old_log_prob", "sampler_log_prob")
    fields = {name: np.zeros(mask.shape, np.float32) for name in names}
    for name, values in fields.items():
        values[mask] = np.concatenate([step[name][a : a + n] for a, n in zip(starts, lengths, strict=True)])
    out = jax.device_get(_program(method)(mask, **fields))
    return {
        int(row): Refiltered(*(values[place, :length] for values in out))
        for place, (row, length) in enumerate(zip(chosen, lengths, strict=True))
    }


@functools.cache
def _program(method: str):
    algorithm = METHODS[method]
    ratio_filter, objective = build_filter(algorithm.filter), build_objective(algorithm.objective)
    how = PolicyLoss(ratio_filter, objective, algorithm.filter.gradient, rejection=algorithm.rejection)

    @jax.jit
    def run(response_mask, log_ratio, **fields):
        totals = dict(num_tokens=response_mask.sum(), num_sequences=response_mask.any(axis=-1).sum())
        batch = Batch(packed=None, response_mask=response_mask, **fields, **totals)
        filtered, out = judged(log_ratio, batch, how)
        return filtered.log_ratio, filtered.saturated, out.clipped

    return run
