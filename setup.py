"""The packages of the distribution; everything else about it is said in pyproject.toml, which cannot say this: the
rooms of kpo_jax are found, and the configurations of configs/ are packaged beside them as kpo_jax.configs.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["kpo_jax", "kpo_jax.*"]), "kpo_jax.configs"],
    package_dir={"kpo_jax.configs": "configs"},
)
