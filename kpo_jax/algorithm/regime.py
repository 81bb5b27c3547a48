"""In which regime a filter works: the numbers that are the same for all that behave alike, whatever the units.

What a filter can do to a response of T tokens depends on T sqrt(Q/V): its memory is sqrt(V/Q) tokens long, and a much
shorter response is left at a ratio of 1. What a threshold and a clip band do depends on how wide they are beside the
deviation of what they bound.
"""

import math
from collections.abc import Mapping

from kpo_jax.filters import FILTERS


def var_ratio(name: str, parameters: Mapping) -> float | None:
    """Q/V of a filter with these parameters; None if it has no such thing, or is not one of FILTERS, in which alone
    the names of parameters are known to mean this. Of a constant gain K, the Q/V with that steady state, K^2 / (1 - K).
    """
    if name not in FILTERS:
        return None
    if "var_ratio" in parameters:
        return parameters["var_ratio"]
    if "measurement_var" in parameters:
        return parameters["process_var"] / parameters["measurement_var"]
    if "gain" in parameters and parameters["gain"] < 1:
        return parameters["gain"] ** 2 / (1 - parameters["gain"])
    return None


def band(objective: str, parameters: Mapping) -> float | None:
    """Half the width of the clip band of an objective, in log-ratios to first order; None if it has none of a fixed
    width.
    """
    if objective not in ("clipped", "random_drop", "geometric", "harmonic") or not parameters.get("clip", True):
        return None
    width = (parameters["clip_low"] + parameters["clip_high"]) / 2
    return width if math.isfinite(width) else None
