"""Records that choose a component: by a name, and with parameters that belong to what is named.

A record of this kind is a frozen dataclass with the class variables `registry` (name -> component) and `chooser` (which
field holds the name) and, as its last field, `parameters`, a mapping. In a configuration the parameters stand beside
the other fields: `algorithm.filter.name`, `algorithm.filter.kappa`. Records spell themselves out when they are made.
"""

from typing import Any

from kpo_jax import references
from kpo_jax.checks import Illegal, Problem
from kpo_jax.references import REQUIRED, Parameter


def is_choice(cls) -> bool:
    """Whether records of this class choose a component."""
    return "registry" in vars(cls)


def component(record) -> Any:
    """The class or function that the record names. Raises ValueError, one line, if there is none."""
    return references.look_up(record.registry, getattr(record, record.chooser))


def parameters(record) -> dict[str, Parameter]:
    """The parameters of what the record names; none where it leaves that to something else, by an empty name."""
    return references.parameters(component(record)) if getattr(record, record.chooser) else {}


def build(record) -> Any:
    """What the record names, with its parameters. Raises Illegal, or ValueError for a name that is none."""
    return references.build(record.registry, getattr(record, record.chooser), record.parameters)


def spell_out(record) -> None:
    """Give the record, which is being made, every parameter that it leaves to its default, in their declared order.

    So two records that mean the same are equal. What is wrong with the name or a parameter stays as it is.
    """
    try:
        legal = parameters(record)
    except ValueError:
        legal = {}
    full = {name: about.default for name, about in legal.items() if about.default is not REQUIRED} | record.parameters
    first = {name: full[name] for name in legal if name in full}
    object.__setattr__(record, "parameters", first | full)


def check(record) -> list[Problem]:
    """What is wrong with the name and the parameters."""
    if not getattr(record, record.chooser):
        return [(name, f"has no {record.chooser} that it belongs to") for name in record.parameters]
    try:
        build(record)
    except Illegal as error:
        return error.problems
    except ValueError as error:
        return [(record.chooser, str(error))]
    return []
