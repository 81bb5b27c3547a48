"""Configurations of the tests: a file's, with some fields changed."""

from kpo_jax import config as config_lib


def load(spec: str, **changes):
    """(Config, problem lines) of a configuration file with fields changed, a__b for a.b."""
    plain = config_lib.load_file(spec)
    for name, value in changes.items():
        *parents, last = name.split("__")
        here = plain
        for parent in parents:
            here = here[parent]
        here[last] = value
    config, problems = config_lib.checked(plain)
    return config, [config_lib.line(problem) for problem in problems]
