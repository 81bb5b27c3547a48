"""The update's memory at a large vocabulary: no logits, and little more than the state and one gradient of the
embedding.
"""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import update_memory

from kpo_jax.model.config import LoraConfig

EMBEDDING_BYTES = 4 * update_memory.MODEL.vocab_size * update_memory.MODEL.hidden_size
LOGITS_BYTES = 4 * update_memory.MODEL.vocab_size * update_memory.ROWS * update_memory.RESPONSE


@pytest.fixture(scope="module")
def temporaries():
    return update_memory.temporary_bytes()


def test_temporaries_are_one_gradient_and_the_activations(temporaries):
    assert temporaries < EMBEDDING_BYTES + 200 * 2**20


def test_with_adapters_there_is_no_gradient_of_what_is_frozen(temporaries):
    adapted = dataclasses.replace(update_memory.MODEL, lora=LoraConfig(rank=4))
    assert update_memory.temporary_bytes(adapted) < temporaries - 0.8 * EMBEDDING_BYTES


def test_negative_control_whole_logits_would_show(monkeypatch):
    monkeypatch.setattr("kpo_jax.model.head.count_tiles", lambda *_: 1)
    assert update_memory.temporary_bytes() > EMBEDDING_BYTES + LOGITS_BYTES


@pytest.mark.slow
def test_resident_memory_of_a_process():
    root = Path(__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "tests/update_memory.py"], capture_output=True, text=True, cwd=root, env={"PYTHONPATH": "."}
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout.split()[-2]) < 1.5
