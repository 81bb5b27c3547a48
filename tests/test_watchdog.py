"""The numbers guard on updates of known norm; the watchdog in a process of its own."""

import math
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from kpo_jax.config import LearnerConfig
from kpo_jax.training.learner import guarded_update, init_state

ROOT = Path(__file__).parents[1]
OPTIMIZER = optax.sgd(1.0)


def after(norms, **limits):
    """(state, its skipped_in_a_row after each) of updates whose gradients, and losses where not finite, have these
    norms.
    """
    config = LearnerConfig(**limits)
    step = jax.jit(lambda state, norm: guarded_update(state, norm, {"w": jnp.array([norm, 0.0])}, OPTIMIZER, config))
    state, in_a_row = init_state({"w": jnp.zeros(2)}, OPTIMIZER), []
    for norm in norms:
        state, metrics = step(state, jnp.float32(norm))
        in_a_row.append(int(metrics["skipped_in_a_row"]))
    return jax.device_get(state), in_a_row


def test_a_spike_is_skipped_counted_and_not_learnt_from():
    norms = [1.0, 2.0, 3.0, 2.0, 100.0, math.nan, 21.0, 2.0, 19.0]
    state, in_a_row = after(norms, max_norm_ratio=10.0, norm_window=4)
    assert in_a_row == [0, 0, 0, 0, 1, 2, 3, 0, 0]
    assert (int(state.skipped), int(state.spikes)) == (3, 2)
    taken = [1.0, 2.0, 3.0, 2.0, 2.0, 19.0]
    np.testing.assert_allclose(state.params["w"][0], -sum(taken))
    np.testing.assert_allclose(state.typical_norm, 2 + (19 - 2) / 4)  # the mean of the first four, then a quarter each


def test_negative_control_without_the_guard_the_spike_is_taken():
    state, in_a_row = after([1.0, 1.0, 1.0, 1.0, 100.0, math.inf], max_norm_ratio=0.0)
    assert in_a_row == [0, 0, 0, 0, 0, 1] and int(state.spikes) == 0 and state.params["w"][0] == -104


def test_the_first_updates_are_no_spikes():
    assert after([1e-3, 1.0, 1.0, 50.0], max_norm_ratio=10.0, norm_window=3)[1] == [0, 0, 0, 1]


@pytest.mark.parametrize("timeout,hangs", [(1.0, True), (0.0, False), (30.0, False)])
def test_a_phase_that_hangs_ends_with_its_stack(timeout, hangs):
    seconds = 60 if hangs else 1.5
    program = (
        "import time\nfrom kpo_jax.runtime.watchdog import Watchdog\n"
        f"watchdog = Watchdog({timeout})\nwatchdog.phase('step 3: rollout')\n"
        f"def stuck():\n    time.sleep({seconds})\nstuck()\nwatchdog.close()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == (13 if hangs else 0), result.stderr
    assert ("step 3: rollout took more than 1 s" in result.stderr and "in stuck" in result.stderr) == hangs
