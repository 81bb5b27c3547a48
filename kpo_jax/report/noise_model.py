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
        rows = _off_policy([trace.load_step(directory, step) for step in trace.steps(directory)])
        mask = np.arange(max(map(len, rows), default=0))[None, :] < np.array([[len(row)] for row in rows])
        log_ratio = np.zeros(mask.shape)
        log_ratio[mask] = np.concatenate(rows) if rows else []
        found = estimation.estimate(log_ratio, mask)
        variances = found.process_var, found.measurement_var
        standardized = estimation.standardized_innovations(log_ratio, mask, *variances)
        return Fit(found, estimation.whiteness(standardized, num_fitted=1))
    except ValueError:
        return None


def _off_policy(steps: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    """The log-ratios of each response that is off-policy, or of all where none is."""
    rows = [row for step in steps for row in np.split(step["log_ratio"], step["offsets"][1:-1])]
    chosen = [taken for step in steps for taken in trace.off_policy(step)]
    return [row for row, taken in zip(rows, chosen, strict=True) if taken] or rows
