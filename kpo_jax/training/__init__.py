"""A run: its parts before the first step, rollout, update, evaluation, checkpoints, and the loop."""
