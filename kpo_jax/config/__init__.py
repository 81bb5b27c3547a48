"""The whole configuration: frozen dataclasses, given by a Python file and flags, kept as JSON.

config = Config(...)                      records, each of which checks its own fields
plain = override(load_file(spec), texts)  a file and the flags that change it, as nested dicts
config, problems = checked(plain)         the configuration and everything that is wrong with it
from_dict(to_dict(config)) == config      what config.json holds
"""

from kpo_jax.algorithm.choices import AdvantageConfig, AlgorithmConfig, FilterConfig, ObjectiveConfig
from kpo_jax.config.difference import difference, free_fields
from kpo_jax.config.methods import with_method
from kpo_jax.config.overrides import load_file, override
from kpo_jax.config.plain import flat, from_plain, to_dict
from kpo_jax.config.schema import (
    CheckpointConfig,
    Config,
    EvalConfig,
    JobConfig,
    LearnerConfig,
    MeshConfig,
    MetricsConfig,
    RolloutConfig,
    TraceConfig,
    WarmStartConfig,
    eval_sample_config,
    longest_row,
)
from kpo_jax.config.validate import checked, from_dict, line, problems_of

__all__ = [
    "AdvantageConfig",
    "AlgorithmConfig",
    "CheckpointConfig",
    "Config",
    "EvalConfig",
    "FilterConfig",
    "JobConfig",
    "LearnerConfig",
    "MeshConfig",
    "MetricsConfig",
    "ObjectiveConfig",
    "RolloutConfig",
    "TraceConfig",
    "WarmStartConfig",
    "checked",
    "difference",
    "eval_sample_config",
    "flat",
    "free_fields",
    "from_dict",
    "from_plain",
    "line",
    "load_file",
    "longest_row",
    "override",
    "problems_of",
    "to_dict",
    "with_method",
]
