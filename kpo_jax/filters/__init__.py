"""Ratio filters: (log_ratio [B, T], response_mask [B, T]) -> FilterOutput. One file each, named here."""

from kpo_jax.filters.base import FILTER_GRADIENTS, RatioFilter, apply_filter
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.kpo_released import KpoReleased
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.filters.sequence_mean import SequenceMean

FILTERS = {
    "identity": Identity,
    "sequence_mean": SequenceMean,
    "kalman": Kalman,
    "saturated_kalman": SaturatedKalman,
    "kpo_released": KpoReleased,
}

__all__ = ["FILTERS", "FILTER_GRADIENTS", "RatioFilter", "apply_filter"]
