"""Which filter, objective and advantage: records of a configuration, and what is built from them.

What a component takes is declared in its own file alone; these records know nothing of it.
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from kpo_jax import choices
from kpo_jax.advantages import ADVANTAGES, CRITIC_ADVANTAGE, OfTokens
from kpo_jax.checks import Illegal, not_negative, one_of, refuse, unless, whole
from kpo_jax.filters import FILTER_GRADIENTS, FILTERS
from kpo_jax.objectives import OBJECTIVES, TruncatedIS
from kpo_jax.objectives.kl import KLConfig
from kpo_jax.objectives.rejection import RejectionConfig

Value = bool | int | float | str | None


def _corrected(objective, config) -> TruncatedIS:
    cap = {} if config.truncated_is_cap is None else {"cap": config.truncated_is_cap}
    return TruncatedIS(objective, config.truncated_is, **cap)


def _set(record, **fields) -> None:
    for name, value in fields.items():
        object.__setattr__(record, name, value)


@dataclasses.dataclass(frozen=True, init=False)
class FilterConfig:
    """Which ratio filter, by its name in FILTERS or file.py:Name, and its parameters.

    Attributes:
      name: of the filter.
      gradient: "straight_through" or "through_filter", see filters.apply_filter.
      parameters: those that are not left to the filter's defaults; keywords of the constructor.
    """

    registry: ClassVar[Mapping] = FILTERS
    chooser: ClassVar[str] = "name"
    name: str = "identity"
    gradient: str = "straight_through"
    parameters: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    def __init__(self, name="identity", gradient="straight_through", parameters=None, **more):
        _set(self, name=name, gradient=gradient, parameters={**(parameters or {}), **more})
        choices.spell_out(self)
        refuse(one_of(self, "gradient", FILTER_GRADIENTS))


@dataclasses.dataclass(frozen=True, init=False)
class ObjectiveConfig:
    """Which objective, by its name in OBJECTIVES or file.py:Name, and its parameters.

    Attributes:
      name: of the objective.
      truncated_is: "token" or "sequence" weights any objective for the mismatch of sampler and trainer; None does not.
      truncated_is_cap: the largest such weight; None is TruncatedIS's own.
      parameters: those that are not left to the objective's defaults; keywords of the constructor.
    """

    registry: ClassVar[Mapping] = OBJECTIVES
    chooser: ClassVar[str] = "name"
    name: str = "clipped"
    truncated_is: str | None = None
    truncated_is_cap: float | None = None
    parameters: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    def __init__(self, name="clipped", truncated_is=None, truncated_is_cap=None, parameters=None, **more):
        _set(self, name=name, truncated_is=truncated_is, truncated_is_cap=truncated_is_cap)
        _set(self, parameters={**(parameters or {}), **more})
        choices.spell_out(self)
        if truncated_is is None:
            caps_nothing = f"{truncated_is_cap!r} caps nothing without truncated_is"
            refuse(unless(truncated_is_cap is None, "truncated_is_cap", caps_nothing))
        else:
            try:
                _corrected(None, self)
            except Illegal as error:
                names = {"level": "truncated_is", "cap": "truncated_is_cap"}
                raise Illegal((names[field], text) for field, text in error.problems) from None


@dataclasses.dataclass(frozen=True, init=False)
class AdvantageConfig:
    """Which advantage, by its name in ADVANTAGES or file.py:Name, and its parameters (keywords of the constructor).

    "gae" is that of a critic (Config.critic).
    """

    registry: ClassVar[Mapping] = ADVANTAGES
    chooser: ClassVar[str] = "name"
    name: str = "group"
    parameters: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    def __init__(self, name="group", parameters=None, **more):
        _set(self, name=name, parameters={**(parameters or {}), **more})
        choices.spell_out(self)


@dataclasses.dataclass(frozen=True)
class AlgorithmConfig:
    """The science: ratio filter, objective, advantage, which tokens are rejected, divergence from a reference policy,
    entropy bonus, and which groups are used.

    `entropy_bonus` weighs the policy's entropy in the loss, see loss.PolicyLoss; 0 only measures it.
    `dynamic_sampling` is DAPO's: groups that are all right or all wrong are dropped and others sampled until the batch
    is full, in at most that many generation batches (10 in DAPO); 0 trains on whatever the one batch holds.
    """

    filter: FilterConfig = FilterConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    advantage: AdvantageConfig = AdvantageConfig()
    rejection: RejectionConfig = RejectionConfig()
    kl: KLConfig = KLConfig()
    dynamic_sampling: int = 0
    entropy_bonus: float = 0.0

    def __post_init__(self):
        refuse([*whole(self, 0, "dynamic_sampling"), *not_negative(self, "entropy_bonus")])

    @property
    def has_critic(self) -> bool:
        return self.advantage.name == CRITIC_ADVANTAGE

    @property
    def has_token_baseline(self) -> bool:
        """Whether the advantage is one of `advantages.OfTokens`, which asks for the policy's squared probabilities."""
        return isinstance(build_advantage(self.advantage), OfTokens)

    @property
    def has_token_advantage(self) -> bool:
        """Whether every token has an advantage of its own, and not its response."""
        return self.has_critic or self.has_token_baseline

    @property
    def advantage_after_scoring(self) -> bool:
        """Whether advantages can be made only when the responses have been scored, and not of rewards alone."""
        return self.has_token_advantage or self.kl.reward_beta > 0


def build_filter(config: FilterConfig):
    """The ratio filter that is named. Raises ValueError for a name that is none, Illegal for parameters."""
    ratio_filter = choices.build(config)
    for attribute in ("kappa", "batch_coupled"):
        if not hasattr(ratio_filter, attribute):
            raise ValueError(f"{config.name!r} declares no {attribute}; see filters.base.RatioFilter")
    return ratio_filter


def build_objective(config: ObjectiveConfig):
    """The objective that is named, corrected for the sampler where that is asked for. Raises as `build_filter` does."""
    objective = choices.build(config)
    for attribute in ("aggregation", "length_norm", "batch_coupled"):
        if not hasattr(objective, attribute):
            raise ValueError(f"{config.name!r} declares no {attribute}; see objectives.base.Objective")
    return objective if config.truncated_is is None else _corrected(objective, config)


def build_advantage(config: AdvantageConfig):
    """The advantage that is named. Raises as `build_filter` does."""
    return choices.build(config)
