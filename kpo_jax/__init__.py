"""Kalman-filtered importance ratios for LLM reinforcement learning, in JAX."""
