"""One process of two with four devices each: what test_distributed.py asks of kpo_jax.runtime.distributed and
kpo_jax.runtime.sharding.

    KPO_COORDINATOR=... python tests/distributed_worker.py SHARED OWN    (two directories)

Prints one JSON object, then process 1 raises an exception while process 0 waits for it.
"""

import dataclasses
import json
import os
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from kpo_jax.config import Config, JobConfig, MeshConfig
from kpo_jax.records import Completions
from kpo_jax.runtime import distributed, preemption
from kpo_jax.runtime.sharding import local_mesh, localize, make_mesh, param_specs, put_microbatches, put_rows
from kpo_jax.training.checkpoints import fingerprint
from kpo_jax.training.learner import make_init


def message(call) -> str:
    try:
        call()
    except (ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def localized(mesh_config) -> dict:
    """Whether parameters arrive whole on this process's own devices."""
    config, mesh = (
        dataclasses.replace(Config().model, num_layers=1, hidden_size=32, intermediate_size=64),
        make_mesh(mesh_config),
    )
    optimizer = optax.sgd(1.0)
    params, own = make_init(config, optimizer, mesh)[0](jax.random.key(0)).params, local_mesh(mesh)
    local = localize(params, param_specs(config), mesh, own)
    rounded = jax.tree.leaves(localize(params, param_specs(config), mesh, own, "bfloat16"))
    alone = jax.tree.leaves(make_init(config, optimizer, own)[0](jax.random.key(0)).params)
    return {
        "grid": [[device.process_index for device in row.flat] for row in mesh.devices],
        "local_shape": dict(own.shape),
        "on_own_devices": all(x.is_fully_addressable for x in jax.tree.leaves(local)),
        "equal": all(bool(jnp.array_equal(a, b)) for a, b in zip(jax.tree.leaves(local), alone, strict=True)),
        "rounded": sorted({x.dtype.name for x in rounded}),
        "rounded_equal": all(bool(jnp.array_equal(a, b.astype(a.dtype))) for a, b in zip(rounded, alone, strict=True)),
        "fingerprints": [int(fingerprint(params)), int(fingerprint(alone))],
    }


def main(shared: str, own: str) -> None:
    jax.config.update("jax_num_cpu_devices", 4)
    distributed.initialize(distributed.member(os.environ), JobConfig(start_timeout=240, heartbeat_timeout=30))
    me = distributed.job().process_id
    mesh = make_mesh(MeshConfig())
    rows = np.arange(8, dtype=np.int32) * 10
    count = 3 - me  # 3 rows of process 0, 2 of process 1
    mine = Completions(
        tokens=np.full((count, 2), me, np.int32),
        mask=np.ones((count, 2), bool),
        sampler_log_prob=np.full((count, 2), 0.1, np.float32),
        finished=np.arange(count) == 0,
    )
    everyone = distributed.gather_rows(mine)
    out = {
        "share": [distributed.share(5).start, distributed.share(5).stop],
        "crossing": message(lambda: make_mesh(MeshConfig(fsdp=8))),
        "hybrid": localized(MeshConfig(fsdp=2, tensor=2)),
        "across": localized(MeshConfig(fsdp=4, tensor=2, across_hosts=True)),
        "row_sum": int(jax.jit(jnp.sum)(put_rows(mesh, rows))),
        "microbatch_sum": int(jax.jit(jnp.sum)(put_microbatches(mesh, np.ones((2, 8, 3), np.int32)))),
        "gather": distributed.gather({"me": me, "long": "ä" * 3000 * me, "float": 0.1})
        == [{"me": i, "long": "ä" * 3000 * i, "float": 0.1} for i in range(2)],
        "gather_rows": [everyone.tokens[:, 0].tolist(), everyone.finished.tolist(), str(everyone.mask.dtype)],
        "meet": distributed.meet("the end of step 1"),
        "out_of_step": message(lambda: distributed.meet(f"the end of step {1 + me}")),
        "shared": message(lambda: distributed.check_shared(shared)),
        "not_shared": message(lambda: distributed.check_shared(own)),
    }
    if me == 1:
        preemption.request()  # as SIGTERM would
    deadline = time.monotonic() + 30
    while not preemption.requested() and time.monotonic() < deadline:
        time.sleep(0.05)
    out["heard"] = preemption.requested()
    out["meet_to_stop"] = distributed.meet("the end of step 2")
    print(json.dumps(out), flush=True)
    if me == 1:
        raise ZeroDivisionError("one host has a problem of its own")
    distributed.exchange("", "never met")


if __name__ == "__main__":
    main(*sys.argv[1:])
