"""The check of an accelerator, at a small scale on the CPU: that it runs, says what it found, and can fail."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import jax.numpy as jnp
import pytest

from kpo_jax.hardware import __main__ as checks
from kpo_jax.hardware import candidates, correctness, records, speed
from kpo_jax.hardware.records import SCALES, Finding
from kpo_jax.model import attention
from kpo_jax.sampling import decoding

ROOT = Path(__file__).parents[1]
SMALL = SCALES["small"]


def check(out, *arguments):
    command = [sys.executable, "-m", "kpo_jax.hardware", f"--out={out}", "--scale=small", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_parts_are_run_and_written_down(tmp_path):
    ended = check(tmp_path, "--parts=update tiny,sampler tiny", "--minutes=8")
    found = [Finding(**one) for one in json.loads((tmp_path / "accelerator.json").read_text())]
    assert ended.returncode == 0, ended.stderr
    by_name = {(one.part, one.what): one for one in found}
    for part, what in (("update tiny", "update"), ("sampler tiny", "decoding")):
        assert by_name[part, what].value > 0 and by_name[part, what].unit == "tokens/s"
        assert by_name[part, "came to its end"].holds
    assert by_name["update tiny", "loss is finite"].holds
    assert (tmp_path / "accelerator.md").read_text().strip() == ended.stdout.strip()
    assert (tmp_path / "update_tiny.log").is_file()


@pytest.mark.slow
def test_the_run_of_the_check_repeats_itself_and_follows_the_cpu(tmp_path):
    ended = check(tmp_path, "--parts=training", "--minutes=8")
    found = [Finding(**one) for one in json.loads((tmp_path / "accelerator.json").read_text())]
    assert ended.returncode == 0, ended.stdout
    assert sum(one.holds is not None for one in found) == 7
    assert all(one.value == 0 for one in found if "distance to the CPU's" in one.what)  # here it is the CPU


def test_a_part_that_is_stopped_is_said_to_be(tmp_path):
    ended = check(tmp_path, "--parts=training", "--minutes=0.15")
    assert ended.returncode == 1
    last = Finding(**json.loads((tmp_path / "accelerator.json").read_text())[-1])
    assert last[:2] == ("training", "came to its end") and not last.holds and "stopped after" in last.value


def test_what_has_no_time_left_is_said_to_have_had_none(tmp_path):
    ended = check(tmp_path, "--parts=device,filters", "--minutes=0.01")
    assert ended.returncode == 1 and "0 of 2 bounds hold" in ended.stdout
    found = [Finding(**one) for one in json.loads((tmp_path / "accelerator.json").read_text())]
    assert [one.part for one in found] == ["device", "filters"]
    assert {one.value for one in found} == {"no: the time was up"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--parts=no such part"], "'no such part' is none of device, attention"),
        (["left over"], "unrecognized arguments: left over"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path, arguments, said):
    ended = check(tmp_path / "new", *arguments)
    assert ended.returncode == 64 and said in ended.stderr and len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder_for_what_is_found(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "argv", ["check", f"--out={tmp_path / 'file'}"])
    assert checks.main() == 64
    assert capsys.readouterr().err == f"error: --out: {tmp_path / 'file'} cannot be made: File exists\n"


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_no_part_outlives_the_check(tmp_path, monkeypatch, number, ends):
    """With a script in the interpreter's place."""
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("this signal is ignored here, as under nohup")
    begun, part, whole, pids = tmp_path / "begun", tmp_path / "part", tmp_path / "whole", []
    os.mkfifo(begun)
    part.write_text(f"#!/bin/bash\necho $$ > {begun}\nsleep 5\ntouch {whole}\n")
    part.chmod(0o755)
    monkeypatch.setattr(checks, "parts", lambda scale: [{"device": 60.0}])
    monkeypatch.setattr(sys, "executable", str(part))
    monkeypatch.setattr(sys, "argv", ["check", f"--out={tmp_path}"])
    before = signal.getsignal(signal.SIGTERM)

    def strike():
        pids.append(int(begun.read_text()))
        os.kill(os.getpid(), number)

    threading.Thread(target=strike).start()
    try:
        with pytest.raises(ends):
            checks.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    assert not whole.exists()  # it did not come to its own end


def test_the_flags_of_a_file_and_one_more(tmp_path, monkeypatch):
    """A run of the check with a variable that names a file of flags."""
    (tmp_path / "flags").write_text("--xla_a=1\n--xla_b=2\n")
    for given, told in ((tmp_path / "flags", ["--xla_a=1", "--xla_b=2"]), ("--xla_c=3", ["--xla_c=3"])):
        monkeypatch.setenv("XLA_FLAGS", str(given))
        with correctness._start(["sh", "-c", 'echo "$XLA_FLAGS" >&2']) as process:
            assert process.communicate()[1].split() == [*told, "--xla_gpu_exclude_nondeterministic_ops=true"]


def test_wrong_attention_is_seen(monkeypatch):
    """One key head for another: every comparison with the definition fails."""
    right = attention.causal_attention
    kept = [one for one in correctness.kernels(SMALL) if one.holds is not None]
    assert len(kept) == 9 and all(one.holds for one in kept)
    wrong = lambda query, key, value, segments: right(query, key[:, :, ::-1], value, segments)
    monkeypatch.setattr(attention, "causal_attention", wrong)
    assert not any(one.holds for one in correctness.kernels(SMALL) if one.wanted.startswith("<="))


def test_a_sampler_of_another_policy_is_seen(monkeypatch):
    assert all(one.holds for one in correctness.log_probs(SMALL) if one.holds is not None)
    sharper = lambda weights, hidden: 1.5 * jnp.einsum("bd,dv->bv", hidden, weights["head"])
    monkeypatch.setattr(decoding, "logits", sharper)
    assert not any(one.holds for one in correctness.log_probs(SMALL) if one.holds is not None)


def test_segments_are_told_by_where_they_begin():
    own = jnp.asarray([[1, 1, 1, 2, 3, 3, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1], [0] * 8])
    lengths, offsets = candidates.segment_offsets(own, 3)
    assert lengths.tolist() == [[3, 1, 2], [8, -1, -1], [-1, -1, -1]]
    assert offsets.tolist() == [[0, 3, 4, -1], [0, -1, -1, -1], [-1, -1, -1, -1]]


def test_forms_of_attention_are_timed():
    found = list(speed.attention_forms(SMALL))
    assert [one.what.partition(",")[0] for one in found] == ["whole rows", "packed rows"]  # the rest is a GPU's
    assert all(one.value > 0 and one.unit == "ms" for one in found)


def test_bounds_refuse_what_is_no_number():
    assert not records.at_most("p", "w", float("nan"), 1.0).holds and records.at_most("p", "w", 1.0, 1.0).holds
    assert not records.at_least("p", "w", float("nan"), 1.0).holds and not records.at_least("p", "w", 0.9, 1.0).holds


def test_a_report_names_what_does_not_hold_first():
    page = records.report("title", [Finding("a", "fine", 1.0), records.at_most("b", "slow", 3.0, 2.0, "s")])
    assert page.index("0 of 1 bounds hold") < page.index("- b: slow is 3, wanted <= 2") < page.index("| a ")
    assert records.from_json(records.to_json(records.at_most("b", "slow", 3.0, 2.0, "s"))).holds is False
