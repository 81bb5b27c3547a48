"""One part of the check in this process: python -m kpo_jax.hardware.part NAME SCALE prints each finding as a line."""

import sys
from functools import partial

from kpo_jax.hardware import correctness, speed
from kpo_jax.hardware.records import SCALES, to_json

_FUNCTIONS = {
    "device": speed.device,
    "attention": correctness.kernels,
    "log-probabilities": correctness.log_probs,
    "training": correctness.training,
    "filters": speed.filters,
    "attention forms": speed.attention_forms,
    "update": speed.update,
    "sampler": speed.sampler,
}


def run(name: str, scale_name: str) -> None:
    """Print the findings of a part; `name` is one of records.parts."""
    kind, _, model = name.partition(" ")
    function = _FUNCTIONS[name] if name in _FUNCTIONS else partial(_FUNCTIONS[kind], name=model)
    for finding in function(SCALES[scale_name]):
        print(to_json(finding), flush=True)


if __name__ == "__main__":
    run(*sys.argv[1:])
