"""All components that a configuration may name, as text."""

import sys

from kpo_jax import references
from kpo_jax.advantages import ADVANTAGES
from kpo_jax.algorithm.methods import METHODS
from kpo_jax.filters import FILTERS
from kpo_jax.objectives import OBJECTIVES
from kpo_jax.references import REQUIRED
from kpo_jax.tasks.registry import TASKS
from kpo_jax.tasks.rewards import REWARDS

REGISTRIES = {
    "algorithm.filter.name": FILTERS,
    "algorithm.objective.name": OBJECTIVES,
    "algorithm.advantage.name": ADVANTAGES,
    "task.name": TASKS,
    "reward.kind": REWARDS,
}


def describe() -> str:
    """Every component with its parameters, their defaults and where it comes from; and the methods made of them."""
    lines = ["methods (what stands behind the colon of --config=tiny:METHOD)", f"  {' '.join(METHODS)}"]
    for path, registry in REGISTRIES.items():
        lines += ["", f"--config.{path}: one of these, or file.py:Name, or package.module:Name"]
        lines += [line for name, component in registry.items() for line in _described(name, component)]
    return "\n".join(lines)


def _described(name: str, component) -> list[str]:
    parameters = references.parameters(component)
    given = [key if about.default is REQUIRED else f"{key}={about.default!r}" for key, about in parameters.items()]
    own = sys.modules[component.__module__] if name in component.__module__ else component
    source = own.__doc__.partition("\n\n")[0]
    return [f"  {name}({', '.join(given)})", f"      {' '.join(source.split())}"]
