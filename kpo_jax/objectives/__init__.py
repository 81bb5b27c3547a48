"""Objectives: (filtered_log_ratio [B, T], batch) -> ObjectiveOutput. One file each, named here."""

from kpo_jax.objectives.base import AGGREGATIONS, Objective, aggregation_weights
from kpo_jax.objectives.cispo import Cispo
from kpo_jax.objectives.clip_cov import ClipCov
from kpo_jax.objectives.clipped import Clipped
from kpo_jax.objectives.dppo import Dppo
from kpo_jax.objectives.dro import Dro
from kpo_jax.objectives.geometric import Geometric
from kpo_jax.objectives.harmonic import Harmonic
from kpo_jax.objectives.kl_cov import KlCov
from kpo_jax.objectives.position_clipped import PositionClipped
from kpo_jax.objectives.random_drop import RandomDrop
from kpo_jax.objectives.sapo import Sapo
from kpo_jax.objectives.scaled_clipped import ScaledClipped
from kpo_jax.objectives.truncated_is import TruncatedIS
from kpo_jax.objectives.vespo import Vespo

OBJECTIVES = {
    "clipped": Clipped,
    "position_clipped": PositionClipped,
    "geometric": Geometric,
    "cispo": Cispo,
    "sapo": Sapo,
    "random_drop": RandomDrop,
    "scaled_clipped": ScaledClipped,
    "harmonic": Harmonic,
    "dppo": Dppo,
    "vespo": Vespo,
    "clip_cov": ClipCov,
    "kl_cov": KlCov,
    "dro": Dro,
}

__all__ = ["AGGREGATIONS", "OBJECTIVES", "Objective", "TruncatedIS", "aggregation_weights"]
