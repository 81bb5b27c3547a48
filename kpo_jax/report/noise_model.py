"""What recorded log-ratios say of KPO's model of them: Q/V by maximum likelihood, and whether the model fits."""

from typing import NamedTuple

import numpy as np

from kpo_jax.algorithm import estimation
from kpo_jax.recording import trace


class Fit(NamedTuple):
    """Q and V, and the test that the innovations they give are uncorrelated."""

    estimate: estimation.Estimate
    white: estimation.Whiteness


def fit(workdir: str) -> Fit | None:
    """The fit to the off-policy log-ratios of a run's trace; None without a trace, or with one that allows no fit."""
    try:
        directory, _ = trace.load(workdir)
        parts = [_off_policy(trace.load_step(directory, step)) for step in trace.steps(directory)]
        rows = [row for part in parts for row in part]
        mask = np.arange(max(map(len, rows), default=0))[None, :] < np.array([[len(row)] for row in rows])
        log_ratio = np.zeros(mask.shape)
        log_ratio[mask] = np.concatenate(rows) if rows else []
        found = estimation.estimate(log_ratio, mask)
        variances = found.process_var, found.measurement_var
        standardized = estimation.standardized_innovations(log_ratio, mask, *variances)
        return Fit(found, estimation.whiteness(standardized, num_fitted=1))
    except ValueError:
        return None


def _off_policy(step: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The log-ratios of each response, of all minibatches but the first, or of the only one."""
    rows = np.split(step["log_ratio"], step["offsets"][1:-1])
    last = step["minibatch"].max()
    return [row for row, number in zip(rows, step["minibatch"], strict=True) if number > 0 or last == 0]
