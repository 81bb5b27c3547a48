"""Ratio filters: (log_ratio [B, T], response_mask [B, T]) -> FilterOutput. One file each, named here."""

from kpo_jax.filters.adaptive_var import AdaptiveVar
from kpo_jax.filters.base import FILTER_GRADIENTS, RatioFilter, apply_filter
from kpo_jax.filters.calibrated import Calibrated
from kpo_jax.filters.cumulative import Cumulative
from kpo_jax.filters.ema import Ema
from kpo_jax.filters.huber import Huber
from kpo_jax.filters.identity import Identity
from kpo_jax.filters.iterated import Iterated
from kpo_jax.filters.kalman import Kalman
from kpo_jax.filters.kpo_released import KpoReleased
from kpo_jax.filters.median_window import MedianWindow
from kpo_jax.filters.min_prefix import MinPrefix
from kpo_jax.filters.outlier_mixture import OutlierMixture
from kpo_jax.filters.quantile import Quantile
from kpo_jax.filters.rank import Rank
from kpo_jax.filters.running_scale import RunningScale
from kpo_jax.filters.saturated_kalman import SaturatedKalman
from kpo_jax.filters.score_t import ScoreT
from kpo_jax.filters.sequence_mean import SequenceMean
from kpo_jax.filters.smoother import Smoother
from kpo_jax.filters.stubborn import Stubborn
from kpo_jax.filters.student_t import StudentT
from kpo_jax.filters.wolf import Wolf

FILTERS = {
    "identity": Identity,
    "sequence_mean": SequenceMean,
    "cumulative": Cumulative,
    "min_prefix": MinPrefix,
    "ema": Ema,
    "kalman": Kalman,
    "kpo_released": KpoReleased,
    "smoother": Smoother,
    "saturated_kalman": SaturatedKalman,
    "calibrated": Calibrated,
    "running_scale": RunningScale,
    "stubborn": Stubborn,
    "iterated": Iterated,
    "huber": Huber,
    "wolf": Wolf,
    "student_t": StudentT,
    "adaptive_var": AdaptiveVar,
    "quantile": Quantile,
    "rank": Rank,
    "median_window": MedianWindow,
    "score_t": ScoreT,
    "outlier_mixture": OutlierMixture,
}

__all__ = ["FILTERS", "FILTER_GRADIENTS", "RatioFilter", "apply_filter"]
