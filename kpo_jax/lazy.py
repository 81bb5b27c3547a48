"""Libraries whose import takes seconds, imported when something of them is first used.

A configuration names its components, and each of these stands in one file with its arithmetic. With
`from kpo_jax.lazy import jax, jnp` such a file can be read for its fields and checks alone, so `--help` and a wrong
flag are answered at once. Outside functions nothing of these may be touched: annotations stay text
(`from __future__ import annotations`), and decorators are applied where they are needed.
"""

import importlib
import types
from typing import TYPE_CHECKING, Any


class Lazy(types.ModuleType):
    """The module of that name, once an attribute is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    import numpy as np
else:
    jax, jnp, np = Lazy("jax"), Lazy("jax.numpy"), Lazy("numpy")

__all__ = ["Lazy", "jax", "jnp", "np"]
