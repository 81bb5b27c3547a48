"""The paper's seven methods, one word each, with its Q, V, kappa and clip bounds.

Where the paper prints a gain or threshold that its own equations do not give, the values here are the parameters, not the
printed consequences (see the README).
"""

from kpo_jax.config import AlgorithmConfig, FilterConfig, ObjectiveConfig

# KPO and GSPO clip filtered ratios, which hardly move, in a band a thousand times narrower than PPO's.
_NARROW = ObjectiveConfig(clip_low=3e-4, clip_high=4e-4)
_WIDE = ObjectiveConfig(clip_low=0.2, clip_high=0.2)


def _kalman(process_var: float, measurement_var: float, kappa: float | None = None) -> AlgorithmConfig:
    return AlgorithmConfig(
        filter=FilterConfig(
            name="kalman" if kappa is None else "saturated_kalman",
            process_var=process_var,
            measurement_var=measurement_var,
            initial_var=0.0,
            kappa=kappa,
        ),
        objective=_NARROW,
    )


METHODS: dict[str, AlgorithmConfig] = {
    "grpo": AlgorithmConfig(filter=FilterConfig(name="identity"), objective=_WIDE),
    "gspo": AlgorithmConfig(filter=FilterConfig(name="sequence_mean"), objective=_NARROW),
    "kpo_strong": _kalman(1e-6, 1.0),
    "kpo_weak": _kalman(1e-2, 1.0),
    "is_kpo_weak": _kalman(1e-2, 1.0, kappa=3.0),
    "opt0": _kalman(5e-2, 1.0, kappa=1.0),
    "opt1": _kalman(1e-2, 0.1, kappa=2.0),
}


def method(name: str) -> AlgorithmConfig:
    """The algorithm of a method. Raises ValueError naming the legal ones."""
    if name not in METHODS:
        raise ValueError(f"no method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]
