"""Several processes as a job runs them: real ones, on loopback."""

import json
import socket
import threading
import time

import numpy as np
import pytest
from processes import run, without_phases

from kpo_jax.recording import trace
from kpo_jax.runtime import distributed, lifeline

GOOD = {"KPO_COORDINATOR": "10.0.0.1:1234", "KPO_NUM_PROCESSES": "4", "KPO_PROCESS_ID": "3"}
RUN = [
    "-m",
    "kpo_jax.main",
    "--config=configs/tiny.py:is_kpo_weak",
    "--config.num_steps=2",
    "--config.model.num_layers=1",
    "--config.model.hidden_size=32",
    "--config.model.intermediate_size=64",
    "--config.warm_start.num_steps=2",
    "--config.rollout.prompts_per_step=8",
    "--config.rollout.group_size=4",
    "--config.algorithm.advantage=gae",  # a critic
    "--config.algorithm.kl.estimate=k3",  # a reference policy
    "--config.algorithm.kl.beta=0.1",
    "--config.algorithm.dynamic_sampling=8",
    "--config.trace.every=1",
    "--config.learner.num_minibatches=2",
    "--config.learner.warmup_steps=0",
    "--config.sampler.max_response_length=12",
    "--config.reward.kind=format",  # so that some responses are right, whatever is answered
    "--config.reward.pattern=[01]",
    "--config.reward.overlong_buffer=8",
    "--config.eval.every=2",
    "--config.eval.num_samples=2",
    "--config.eval.prompts_per_call=8",
    "--config.eval.sets.held_out.num_problems=11",  # no multiple of the processes
    "--config.data.num_problems=64",
]


def test_the_environment_s_contract():
    assert distributed.member({"PATH": "/bin"}) is None
    assert distributed.member(GOOD) == distributed.Member("10.0.0.1:1234", 4, 3)
    assert distributed.member(GOOD | {"KPO_COORDINATOR": "[::1]:80"}).coordinator == "[::1]:80"


@pytest.mark.parametrize(
    "change,says",
    [
        ({"KPO_PROCESS_ID": ""}, "KPO_PROCESS_ID: not set"),
        ({"KPO_PROCESS_ID": "4"}, "4 is not below"),
        ({"KPO_PROCESS_ID": "-1"}, "'-1' is not a whole number"),
        ({"KPO_NUM_PROCESSES": "two"}, "'two' is not a whole number"),
        ({"KPO_NUM_PROCESSES": "0"}, "is not below KPO_NUM_PROCESSES = 0"),
        ({"KPO_COORDINATOR": "10.0.0.1"}, "is not host:port"),
        ({"KPO_COORDINATOR": ":1"}, "is not host:port"),
        ({"KPO_COORDINATOR": "a:99999"}, "is not host:port"),
    ],
)
def test_a_wrong_environment_is_one_line(change, says):
    with pytest.raises(ValueError, match=says) as error:
        distributed.member(GOOD | change)
    assert "\n" not in str(error.value)


def test_one_process_is_a_job_of_its_own(tmp_path):
    assert distributed.share(5) == slice(0, 5) and distributed.num_processes() == 1 and distributed.is_first()
    assert distributed.exchange({"a": 1}, "test") == [{"a": 1}] == distributed.gather({"a": 1})
    assert distributed.meet("anywhere") is False
    distributed.check_shared(str(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_two_processes(tmp_path):
    own = {number: [str(tmp_path / "shared"), str(tmp_path / f"own_{number}")] for number in range(2)}
    results = run(["tests/distributed_worker.py"], 2, own=own)
    assert [code for code, _, _ in results] == [13, 13], results  # the exception of one ended both
    assert "waiting for 2 processes at 127.0.0.1:" in results[0][2]
    assert "the job was ended by process 1 on" in results[0][2] and "ZeroDivisionError: one host has" in results[0][2]
    # of gloo's lines, which two threads may write at once, a piece can be left
    lines = [[line for line in stdout.splitlines() if line.startswith("{")] for _, stdout, _ in results]
    first, second = outs = [json.loads(line) for (line,) in lines]
    assert [first["share"], second["share"]] == [[0, 2], [2, 5]]
    for out in outs:
        assert out["crossing"].startswith(
            "ValueError: mesh: fsdp x sequence x tensor = 8 does not divide the 4 devices of a host"
        )
        assert out["hybrid"]["grid"] == [[0] * 4, [1] * 4] and out["hybrid"]["local_shape"] == {
            "data": 1,
            "fsdp": 2,
            "sequence": 1,
            "tensor": 2,
        }
        assert sorted(out["across"]["grid"][0]) == [0] * 4 + [1] * 4 and out["across"]["local_shape"] == {
            "data": 1,
            "fsdp": 2,
            "sequence": 1,
            "tensor": 2,
        }
        for mesh in ("hybrid", "across"):
            assert out[mesh]["on_own_devices"] and out[mesh]["equal"] and len(set(out[mesh]["fingerprints"])) == 1
            assert out[mesh]["rounded_equal"]
        # only what moves from one process to another is rounded on its way
        assert out["hybrid"]["rounded"] == ["float32"] and "bfloat16" in out["across"]["rounded"]
        assert (out["row_sum"], out["microbatch_sum"]) == (280, 48)
        assert out["gather"] and out["gather_rows"] == [[0, 0, 0, 1, 1], [True, False, False, True, False], "bool"]
        assert (out["meet"], out["heard"], out["meet_to_stop"]) == (False, True, True)
        assert out["shared"] == ""
        assert out["not_shared"].startswith("NotShared: --workdir: ") and "process 1 on" in out["not_shared"]
    assert (
        "is at the end of step 1, but process 1 on" in first["out_of_step"]
        and "is at the end of step 2" in first["out_of_step"]
    )
    assert "but process 0 on" in second["out_of_step"]


def test_a_mode_of_one_process_is_refused_by_all(tmp_path):
    for code, stdout, stderr in run([*RUN[:3], "--mode=benchmark", f"--workdir={tmp_path / 'x'}"], 2):
        assert (code, stdout) == (64, "") and not (tmp_path / "x").exists()
        said = without_phases(stderr)
        assert said == "error: --mode=benchmark: legal with one process alone, but KPO_NUM_PROCESSES is 2\n"


MEMBER = """
import os, sys, time
from kpo_jax.runtime import distributed
from kpo_jax.config import JobConfig
distributed.initialize(distributed.member(os.environ), JobConfig(heartbeat_timeout=300))
distributed.meet("the beginning")
exec(sys.argv[1])
"""


@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_process_ends_the_others_within_seconds(killed):
    own = {number: ["os.kill(os.getpid(), 9)" if number == killed else "time.sleep(600)"] for number in range(3)}
    start = time.monotonic()
    results = run(["-c", MEMBER], 3, own=own)
    assert time.monotonic() - start < 300 and results[killed][0] == -9, results
    if killed == 1:
        assert [results[0][0], results[2][0]] == [13, 13], results
        assert all("process 1 is gone without a word" in results[number][2] for number in (0, 2))
    else:  # jax itself aborts without its coordinator, if it is faster
        assert {code for code, *_ in results[1:]} <= {13, -6}, results


def test_a_lifeline_counts_members_that_leave_without_a_word_and_nobody_else():
    died = []
    port, secret = lifeline.offer("127.0.0.1", died.append)
    with pytest.raises(OSError):
        lifeline.hold("127.0.0.1", (port, "wrong"), 3, died.append)
    for hello, last in [(b"", b""), (b"GET / HTTP/1.1\n", b""), (f"{secret} 2\n".encode(), b"-")]:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(hello)
            if secret.encode() in hello:
                assert line.recv(1) == b"+"
            line.sendall(last)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{secret} 1\n".encode())
        assert line.recv(1) == b"+" and not died
    deadline = time.monotonic() + 30
    while not died and time.monotonic() < deadline:
        time.sleep(0.01)
    assert died == [1]


@pytest.mark.parametrize(("last_word", "dead"), [(b"", [0]), (b"-", [])])
def test_a_member_sees_process_0_leave_without_a_word(last_word, dead):
    died = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(
            target=lifeline.hold, args=("127.0.0.1", (server.getsockname()[1], "secret"), 1, died.append)
        )
        thread.start()
        line, _ = server.accept()
        with line:
            assert line.recv(100) == b"secret 1\n"
            line.sendall(b"+" + last_word)
            thread.join(30)
    deadline = time.monotonic() + (30 if dead else 0.5)
    while not died and time.monotonic() < deadline:
        time.sleep(0.01)
    assert died == dead


def test_a_member_that_gave_up_is_not_dead(monkeypatch):
    """Process 0 stands still for a while at the start, and reads what the member said when that has given up."""
    died, take, late = [], lifeline._take, threading.Event()

    def slow(*args):
        late.wait(30)
        return take(*args)

    monkeypatch.setattr(lifeline, "_take", slow)
    monkeypatch.setattr(lifeline, "_TIMEOUT", 0.5)
    offered = lifeline.offer("127.0.0.1", died.append)
    with pytest.raises(OSError, match="timed out"):
        lifeline.hold("127.0.0.1", offered, 1, died.append)
    late.set()
    time.sleep(0.5)
    assert died == []


def test_negative_control_a_process_that_ends_by_itself_ends_no_other():
    for first, last in (("pass", "time.sleep(3)"), ("time.sleep(3)", "pass")):
        results = run(["-c", MEMBER], 2, own={0: [first], 1: [last]})
        assert [code for code, *_ in results] == [0, 0] and "gone" not in results[0][2] + results[1][2], results


def test_no_thread_is_inside_jax_when_python_ends():
    """It would abort the process after all was done, now and then; a listener that hardly pauses makes that most of the
    time.
    """
    eager = MEMBER.replace("distributed.initialize", "distributed._POLL_SECONDS = 5e-4; distributed.initialize")
    assert [code for code, *_ in run(["-c", eager], 2, own={0: ["pass"], 1: ["pass"]})] == [0, 0]


def test_who_waits_for_the_others_to_end_sees_one_of_them_die():
    results = run(["-c", MEMBER], 2, own={0: ["pass"], 1: ["time.sleep(3); os.kill(os.getpid(), 9)"]})
    assert [code for code, *_ in results] == [13, -9] and "process 1 is gone" in results[0][2], results


# ------------------------------------------------------------------------------------------------------------- training


def metrics(workdir) -> list[dict]:
    return [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]


def assert_same_run(a: list[dict], b: list[dict]) -> None:
    """What was drawn is the same, and what was computed from it close: the order of sums depends on the split."""
    assert [line.keys() for line in a] == [line.keys() for line in b]
    for one, other in zip(a, b, strict=True):
        for key in one:
            if key.startswith(("rollout/", "eval/", "verifier/")) or isinstance(one[key], int):
                assert one[key] == other[key], key
            else:
                np.testing.assert_allclose(
                    np.float64(one[key]), np.float64(other[key]), rtol=2e-3, atol=5e-7, err_msg=key
                )


@pytest.fixture(scope="module")
def one_by_four(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("split") / "1x4"
    assert [code for code, *_ in run([*RUN, "--cpu_devices=4", f"--workdir={workdir}"], 1)] == [0]
    return workdir


@pytest.mark.parametrize("processes,devices", [(2, 2), pytest.param(4, 1, marks=pytest.mark.slow)])
def test_processes_draw_what_one_draws(one_by_four, tmp_path, processes, devices):
    workdir = tmp_path / "run"
    results = run([*RUN, f"--cpu_devices={devices}", f"--workdir={workdir}"], processes)
    assert [code for code, *_ in results] == [0] * processes, results
    assert [bool(stdout) for _, stdout, _ in results] == [True] + [False] * (processes - 1)  # process 0 alone speaks
    expected, actual = metrics(one_by_four), metrics(workdir)
    assert_same_run(expected, actual)
    assert (
        expected[1]["learner/grad_norm"] > 1e-2 and expected[1]["rollout/reward_mean"] != 0
    )  # there was something to learn
    assert (
        max(line.get("rollout/generation_batches", 0) for line in actual) > 1
    )  # all of them filled the batch with the same groups
    assert actual[-2]["policy/reference_k2"] > 0 and trace.steps(workdir / "trace") == [1, 2]
    one, two = (trace.load_step(run / "trace", 2) for run in (one_by_four, workdir))
    for field in ("token", "problem", "answer", "extracted", "correct", "reward"):
        np.testing.assert_array_equal(one[field], two[field])
    np.testing.assert_allclose(one["log_ratio"], two["log_ratio"], atol=1e-4)
    for name in ("step_000000_held_out.jsonl", "step_000002_held_out.jsonl"):  # texts and verdicts, in order
        assert (workdir / "evals" / name).read_bytes() == (one_by_four / "evals" / name).read_bytes()


def test_negative_control_other_draws_are_seen(one_by_four):
    first, second = (line for line in metrics(one_by_four) if "learner/loss" in line)
    with pytest.raises(AssertionError):
        assert_same_run([first], [second | {"step": 1}])


@pytest.mark.slow
def test_modes_of_a_job_and_of_one_process_agree(one_by_four, tmp_path):
    """A checkpoint of one process: evaluated, sampled from and exported by two, on devices across which parameters are
    split; its noise is the same, and its trace replayed and its report written by one of them."""
    command = [*RUN, f"--workdir={one_by_four}", "--config.mesh.fsdp=2"]
    before = (one_by_four / "evals" / "step_000002_held_out.jsonl").read_bytes()
    results = run([*command, "--mode=eval", "--cpu_devices=4"], 2)
    assert [code for code, *_ in results] == [0, 0], results
    assert (one_by_four / "evals" / "step_000002_held_out.jsonl").read_bytes() == before
    sample = [*command, "--mode=sample", "--prompt=1+2+3-1=?"]  # one prompt: process 1 has none
    two, one = run([*sample, "--cpu_devices=2"], 2), run([*sample, "--cpu_devices=4"], 1)
    assert two[0][:2] == (0, one[0][1]) and two[1][:2] == (0, "")
    noise = []
    for processes in (1, 2):
        results = run([*command, "--mode=noise", f"--cpu_devices={4 // processes}"], processes)
        assert [(code, bool(stdout)) for code, stdout, _ in results] == [(0, True), (0, False)][:processes], results
        noise.append((one_by_four / "noise" / "step_000002.jsonl").read_bytes())
    assert noise[0] == noise[1]
    for mode in (
        ["--mode=replay", f"--trace={one_by_four}", "--grid=grpo"],
        ["--mode=report", f"--runs={one_by_four}"],
    ):
        results = run([*RUN[:2], *mode, f"--workdir={tmp_path / 'alone'}"], 2)
        assert [(code, bool(stdout)) for code, stdout, _ in results] == [(0, True), (0, False)], results
    assert (tmp_path / "alone" / "replay.md").exists() and (tmp_path / "alone" / "report.md").exists()
    for name, processes in (("one", 1), ("two", 2)):
        export = [
            "-m",
            "kpo_jax.main",
            "--mode=export",
            f"--workdir={one_by_four}",
            f"--out={tmp_path / name}",
            "--cpu_devices=2",
        ]
        assert [code for code, *_ in run(export, processes)] == [0] * processes
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir()) and "model.safetensors" in files
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
