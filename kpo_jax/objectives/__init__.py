"""Objectives: (filtered_log_ratio [B, T], batch) -> ObjectiveOutput. One file each, named here."""

from kpo_jax.objectives.base import AGGREGATIONS, Objective, aggregation_weights
from kpo_jax.objectives.clipped import Clipped

OBJECTIVES = {"clipped": Clipped}

__all__ = ["AGGREGATIONS", "OBJECTIVES", "Objective", "aggregation_weights"]
