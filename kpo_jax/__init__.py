"""Kalman-filtered importance ratios for LLM reinforcement learning, in JAX."""

__version__ = "0.2.0"  # the only place; pyproject.toml reads it
