"""The peak resident memory of a policy update at a vocabulary of 151,936, this process's own baseline included.

    PYTHONPATH=. python tests/update_memory.py

One GRPO update of 8 sequences of 64 + 192 tokens; hidden size 256, 4 layers, tied embedding, float32. Linux only.
"""

import resource
import sys

import jax
import numpy as np

from kpo_jax.algorithm.methods import METHODS
from kpo_jax.config import Config, LearnerConfig, MeshConfig
from kpo_jax.model.config import ModelConfig
from kpo_jax.model.packing import make_batch, pack
from kpo_jax.model.shapes import pack_shape
from kpo_jax.runtime.sharding import make_mesh, put_microbatches
from kpo_jax.training import learner
from kpo_jax.training.setup import policy_loss_of

MODEL = ModelConfig(
    vocab_size=151_936, hidden_size=256, intermediate_size=768, num_layers=4, num_heads=8, num_kv_heads=4, head_dim=32
)
ROWS, PROMPT, RESPONSE = 8, 64, 192


def make_step(model_config=MODEL):
    """(jitted train step, jitted init, a Batch on the mesh)."""
    mesh = make_mesh(MeshConfig(data=1), jax.devices()[:1])
    optimizer = learner.make_optimizer(LearnerConfig())
    init, shardings = learner.make_init(model_config, optimizer, mesh)
    loss = learner.loss_of_policy(model_config, policy_loss_of(Config(algorithm=METHODS["grpo"])), temperature=1.0)
    step = learner.make_step(loss, optimizer, shardings, mesh, LearnerConfig())
    rng = np.random.default_rng(0)
    log_prob = rng.normal(-12, 0.1, (ROWS, RESPONSE)).astype(np.float32)
    rows = dict(
        tokens=rng.integers(MODEL.vocab_size, size=(ROWS, PROMPT + RESPONSE)).astype(np.int32),
        prompt_length=np.full(ROWS, PROMPT, np.int32),
        response_mask=np.ones((ROWS, RESPONSE), bool),
        old_log_prob=log_prob,
        sampler_log_prob=log_prob,
        advantage=rng.normal(size=ROWS).astype(np.float32),
        reward=np.zeros(ROWS, np.float32),
    )
    shape = pack_shape(ROWS, PROMPT, RESPONSE, group_size=1, microbatch_tokens=0, device_rows=1)
    return step, init, put_microbatches(mesh, make_batch(rows, *pack(rows, shape)))


def temporary_bytes(model_config=MODEL) -> int:
    """What XLA plans for beside the state, which is updated in place."""
    step, init, batch = make_step(model_config)
    state = jax.eval_shape(init, jax.random.key(0))
    return step.lower(state, batch).compile().memory_analysis().temp_size_in_bytes


if __name__ == "__main__":
    step, init, batch = make_step()
    state = init(jax.random.key(0))
    for _ in range(5):
        state, metrics, _ = step(state, batch)
    jax.block_until_ready(state)
    if int(metrics["learner/skipped"]):
        sys.exit("an update was skipped")
    print(f"peak resident memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.3f} GiB")
