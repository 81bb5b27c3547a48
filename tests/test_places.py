"""A workdir in a bucket: stores, the copy of this machine, and what is there when the machine is lost. The store is a
folder, file://, and S3's emulator where it is installed (pip install 'moto[server]' s3fs).
"""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from report_runs import write_run
from test_trainer import ROOT, SMALL

from kpo_jax import places
from kpo_jax.ends import Failed
from kpo_jax.places import copies, stores
from kpo_jax.report.runs import load
from kpo_jax.runtime import lock

HAS_S3 = all(importlib.util.find_spec(name) for name in ("moto", "s3fs", "flask"))


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """The address of a bucket of an emulator that runs as long as the tests of this module."""
    if not HAS_S3:
        pytest.skip("S3's emulator is not installed (pip install 'moto[server]' s3fs)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = (tmp_path_factory.mktemp("moto") / "said").open("w")
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(words, stdout=said, stderr=said)
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in settings}
    os.environ |= settings
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        import fsspec

        fsspec.filesystem("s3").mkdir("bucket")
        yield "s3://bucket"
    finally:
        server.kill()
        server.wait()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(params=("file", "s3"))
def address(request, tmp_path):
    """An address at which nothing is."""
    root = f"file://{tmp_path}/store" if request.param == "file" else request.getfixturevalue("s3")
    return f"{root}/{tmp_path.name}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(copies, "PATIENCE", 0.0)


def copy_of(address):
    """A machine's copy of what is there: of another machine than all before."""
    copies._copies.pop(address, None)
    places.fetch(address, pytest.fail)
    return copies._copies[address]


def put(copy, **files):
    for name, text in files.items():
        path = copy.folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


# --------------------------------------------------------------------------------------------------------------- stores


def test_a_store_keeps_what_it_is_given_and_makes_an_object_once(address, tmp_path):
    store = stores.opened(address)
    assert store.names() == [] and store.read("a") is None
    assert store.create("lock", b"1") and not store.create("lock", b"2") and store.read("lock") == b"1"
    store.write("lock", b"3")
    assert store.create("other", b"") and store.read("lock") == b"3"
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "d").mkdir(parents=True)
    (here / "a").write_bytes(b"\x00\xff")
    (here / "d" / "b").write_text("b")
    store.upload(here, ["a", "d/b"])
    assert sorted(store.names()) == ["a", "d/b", "lock", "other"]
    store.download(there, ["a", "d/b"])
    assert (there / "a").read_bytes() == b"\x00\xff" and (there / "d" / "b").read_text() == "b"
    store.remove(["a", "d/b", "never"])
    store.remove([])
    assert sorted(store.names()) == ["lock", "other"]
    with pytest.raises(FileNotFoundError):
        store.upload(here, ["nothing"])
    with pytest.raises(OSError):
        store.download(there, ["nothing"])


@pytest.mark.parametrize(
    ("address", "line"),
    [
        (
            "ftp://host/run",
            "ftp:// is not supported; it must be a path of this machine's file system, or gs://, s3://, ",
        ),
        ("s3://bucket", "s3://bucket names no folder of a bucket; it must be s3://BUCKET/RUN"),
        ("gs:///run", "gs:///run names no folder of a bucket"),
        ("file://a/b", "file://a/b names no absolute path"),
        ("://", ":// is not supported"),
    ],
)
def test_an_address_that_names_nothing_is_one_line(address, line):
    assert places.reach(address).startswith(line) and "\n" not in places.reach(address)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    def missing(scheme, **options):
        raise ImportError(f"Install it to access {scheme}")

    monkeypatch.setattr("fsspec.filesystem", missing)
    monkeypatch.setattr(copies, "_copies", {})
    assert "s3:// needs s3fs" in (line := places.reach("s3://b/c")) and line.endswith("pip install s3fs")
    assert "gs:// needs gcsfs" in (line := places.reach("gs://b/c")) and line.endswith("pip install gcsfs")


def test_a_bucket_that_is_not_there_or_not_ours_is_one_line(s3, monkeypatch):
    assert places.reach(f"{s3}/new") is None  # the control
    assert "there is no such bucket" in (line := places.reach("s3://no-such-bucket/run")) and "\n" not in line
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert "Could not connect" in (line := places.reach(f"{s3}/other")) and "\n" not in line
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, os.devnull)
    assert "credentials" in (line := places.reach(f"{s3}/third")) and "\n" not in line


# ----------------------------------------------------------------------------------------------------------------- copy


def test_what_changes_is_carried_and_another_machine_finds_it(address):
    with places.carried(address, pytest.fail):
        first = copies._copies[address]
        put(first, **{"config.json": "{}", "evals__a": "1", "tensorboard__events": "e", ".shared": "", "x.tmp": ""})
        put(first, checkpoints__2__state="s2", **{"checkpoints__4.orbax-checkpoint-tmp-1__state": "half"})
    second = copy_of(address)
    assert content(second.folder) == {"config.json": "{}", "evals/a": "1", "checkpoints/2/state": "s2"}
    assert second.store.read("tensorboard/events") == b"e"  # not fetched, and there
    assert second.store.read(".shared") is None and second.store.read("x.tmp") is None
    with places.carried(address, pytest.fail):
        put(second, evals__a="22", checkpoints__4__state="s4")
        (second.folder / "config.json").unlink()
        (second.folder / "checkpoints" / "2" / "state").unlink()
        (second.folder / "checkpoints" / "2").rmdir()
    third = copy_of(address)
    assert content(third.folder) == {"evals/a": "22", "checkpoints/4/state": "s4"}
    assert sorted(third.store.names()) == ["checkpoints.json", "checkpoints/4/state", "evals/a", "tensorboard/events"]


def test_an_address_with_a_slash_at_its_end_is_the_one_without(tmp_path):
    write_run(tmp_path / "store" / "run", "grpo", 0, np.eye(4, 2) > 0, np.eye(4, 2) > 0)
    address = f"file://{tmp_path}/store/run/"
    assert places.reach(address) is None
    places.fetch(address, pytest.fail)
    assert places.folder(load(address).workdir) == places.folder(address)
    assert str(places.entry(address, "lock.json")) == address + "lock.json"


def test_what_was_never_here_is_not_removed_there(address):
    with places.carried(address, pytest.fail):
        put(copies._copies[address], metrics="m", checkpoints__2__state="s", trace__t="t")
    copies._copies.pop(address)
    places.fetch(address, pytest.fail, without=("checkpoints", "trace"))
    with places.carried(address, pytest.fail):
        assert content(copies._copies[address].folder) == {"metrics": "m"}
        put(copies._copies[address], report="r")
    found = content(copy_of(address).folder)
    assert found == {"metrics": "m", "checkpoints/2/state": "s", "trace/t": "t", "report": "r"}


class Loses:
    """A store that is lost after so many requests that change it."""

    def __init__(self, store, left):
        self.store, self.left = store, left

    def __getattr__(self, name):
        def call(*arguments):
            if name in ("write", "create", "remove", "upload"):
                if name == "upload":  # of many files, some arrive
                    for one in sorted(arguments[1]):
                        self.count()
                        self.store.upload(arguments[0], [one])
                    return None
                self.count()
            return getattr(self.store, name)(*arguments)

        return call

    def count(self):
        self.left -= 1
        if self.left < 0:
            raise OSError("lost")


def life(copy, tell):
    """A run of three checkpoints, of which the last two stay; a round whenever there is something new."""
    for step in (1, 2, 3):
        put(copy, **{"metrics.jsonl": f"{step} " * step, f"checkpoints__{step}__state": f"s{step}"})
        put(copy, **{f"checkpoints__{step}__about": f"a{step}"})
        if step == 3:
            for name in ("state", "about"):
                (copy.folder / "checkpoints" / "1" / name).unlink()
            (copy.folder / "checkpoints" / "1").rmdir()
        copy.try_round(tell)


def holes(copy):
    """What is amiss in a copy: checkpoints that are not whole, or of which the metrics say nothing."""
    steps = sorted(int(path.name) for path in (copy.folder / "checkpoints").glob("*"))
    whole = [step for step in steps if (copy.folder / f"checkpoints/{step}/about").is_file()
             and (copy.folder / f"checkpoints/{step}/state").is_file()]  # fmt: skip
    done = (copy.folder / "metrics.jsonl").read_text().split() if steps else []
    return [step for step in steps if step not in whole or len(done) < step], steps


def test_wherever_a_run_is_lost_its_checkpoints_are_whole_and_its_metrics_reach_as_far(tmp_path):
    seen = set()
    for left in range(40):
        address = f"file://{tmp_path}/{left}/run"
        copy = copy_of(address)
        copy.store = Loses(copy.store, left)
        life(copy, lambda line: None)
        copies._copies.pop(address)
        places.fetch(address, lambda line: None)
        amiss, steps = holes(copies._copies[address])
        assert amiss == [], left
        seen.add(tuple(steps))
    assert seen >= {(), (1,), (1, 2), (2, 3)}
    copy = copy_of(f"file://{tmp_path}/control/run")  # the control: the index first, and a file less
    put(copy, checkpoints__5__state="s", **{"metrics.jsonl": "1"})
    copy.store.upload(copy.folder, ["checkpoints/5/state", "metrics.jsonl"])
    copy.store.write(copies.INDEX, b'{"5": {"state": 1, "about": 1}}')
    assert holes(copy_of(f"file://{tmp_path}/control/run")) == ([5], [5])


def test_a_checkpoint_that_never_became_whole_is_told_and_not_fetched(address):
    copy = copy_of(address)
    put(copy, checkpoints__7__state="half")
    copy.store.upload(copy.folder, ["checkpoints/7/state"])
    told = []
    copies._copies.pop(address)
    places.fetch(address, told.append)
    assert content(copies._copies[address].folder) == {} and len(told) == 1 and "steps 7 in checkpoints" in told[0]
    with places.carried(address, pytest.fail):  # once it is whole, nothing is left of its parts
        put(copies._copies[address], checkpoints__7__other="whole")
    assert sorted(copies._copies[address].store.names()) == ["checkpoints.json", "checkpoints/7/other"]


def test_another_checkpoint_of_the_same_step_takes_its_place(address):
    with places.carried(address, pytest.fail):
        put(copies._copies[address], checkpoints__2__state="old", checkpoints__2__d="d")
    copy = copy_of(address)
    with places.carried(address, pytest.fail):
        (copy.folder / "checkpoints/2/d").unlink()  # as while it is being removed: what is there stays whole
        copy.try_round(pytest.fail)
        assert set(json.loads(copy.store.read(copies.INDEX))["2"]) == {"state", "d"}
        put(copy, checkpoints__2__state="longer")
    assert content(copy_of(address).folder) == {"checkpoints/2/state": "longer"}
    assert sorted(copy.store.names()) == ["checkpoints.json", "checkpoints/2/state"]


def test_names_that_lead_out_of_the_copy_are_not_followed(tmp_path, monkeypatch):
    copy = copy_of(f"file://{tmp_path}/store/run")
    asked = []
    monkeypatch.setattr(copy.store, "names", lambda: ["../evil", "a/../../evil", "/etc/x", "a//b", "good"])
    monkeypatch.setattr(copy.store, "download", lambda folder, names: asked.extend(names))
    copy.fetch(lambda name: True)
    assert asked == ["good"]


@pytest.mark.parametrize("index", ("{", "[1]", '{"2": 3}', '{"2": {"../../x": 1}}', '{"../2": {}}'))
def test_a_damaged_list_of_checkpoints_is_one_line(tmp_path, index):
    stores.opened(address := f"file://{tmp_path}/run").write(copies.INDEX, index.encode())
    assert f"{address}/checkpoints.json is damaged: " in (line := places.reach(address)) and "\n" not in line


def test_what_a_fetch_left_that_was_broken_off_is_never_carried(tmp_path, monkeypatch):
    address = f"file://{tmp_path}/store/run"
    with places.carried(address, pytest.fail):
        put(copies._copies[address], metrics="all of it")
    copies._copies.pop(address)
    copy = copies._copy(address)

    def torn(folder, names):
        put(copy, metrics="all")
        raise OSError("lost")

    with monkeypatch.context() as patched, pytest.raises(ValueError, match=r"cannot be read: lost"):
        patched.setattr(copy.store, "download", torn)
        with places.carried(address, pytest.fail):
            places.fetch(address, pytest.fail)
    assert copy.store.read("metrics") == b"all of it"


def test_a_store_that_is_down_for_a_while_is_told_once_and_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "PAUSE", 0.02)
    monkeypatch.setattr(copies, "SHARE", 0)
    address, told = f"file://{tmp_path}/store/run", []
    copy, tries = copy_of(address), threading.Semaphore(0)
    down = threading.Event()
    upload = copy.store.upload

    def sometimes(folder, names):
        tries.release()
        if down.is_set():
            raise OSError("down")
        upload(folder, names)

    monkeypatch.setattr(copy.store, "upload", sometimes)
    with places.carried(address, told.append):
        down.set()
        put(copy, metrics="1")
        for _ in range(4):
            tries.acquire()
        down.clear()
        for _ in range(4):
            tries.acquire()
    assert [line.partition(address)[2][:20] for line in told] == [" cannot be written (", " is written again"]
    assert "waits in" in told[0] and copy.store.read("metrics") == b"1"


@pytest.mark.parametrize("error", (None, KeyError("of the run")))
def test_a_store_that_is_down_at_the_end_is_an_error_and_the_copy_is_kept(tmp_path, error):
    address, told = f"file://{tmp_path}/store/run", []
    copy = copy_of(address)
    copy.store = Loses(copy.store, 0)
    with pytest.raises(Failed if error is None else KeyError) as raised, places.carried(address, told.append):
        put(copy, metrics="1")
        if error:
            raise error
    line = str(raised.value) if error is None else told[-1]
    assert f"it lacks the last of what is in {copy.folder}, which is kept" in line and copy.keep
    assert len(told) == 1 + (error is not None) and "\n" not in line


# ----------------------------------------------------------------------------------------------------------------- lock


def fail(reason):
    raise AssertionError(reason)


def test_one_workdir_one_run_in_a_bucket_too(address, monkeypatch, capfd):
    entry = places.entry(address, lock.NAME)
    with lock.held(address, fail):
        first = entry.read()
        with pytest.raises(lock.NotHeld, match=f"in use by process {os.getpid()} on"), lock.held(address, fail):
            pass
        assert entry.read() == first and json.loads(first)["pid"] == os.getpid()
    assert entry.read() is None
    assert entry.create(json.dumps(json.loads(first) | {"started": 1}) + "\n")  # of a process that is gone
    with lock.held(address, fail):
        assert json.loads(entry.read())["started"] != 1
    assert "which is gone, is taken over" in capfd.readouterr().err
    monkeypatch.setattr(lock, "WATCH", 0.3)
    assert entry.create(json.dumps(json.loads(first) | {"machine": "another"}) + "\n")  # it shows no sign of life
    with lock.held(address, fail):
        pass
    assert "waiting up to 0.3 s" in capfd.readouterr().err and entry.read() is None


def test_a_run_whose_lock_in_a_bucket_was_taken_over_hears_of_it(address, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)
    entry, heard = places.entry(address, lock.NAME), threading.Event()
    with lock.held(address, lambda line: heard.set()):
        mine = json.loads(entry.read())
        assert not entry.remove_if("another") and entry.read() is not None
        for _ in range(600):  # the other beats, too; a beat of ours may lie between two of its
            entry.write(json.dumps(mine | {"token": "other"}))
            if heard.wait(0.1):
                break
        assert heard.is_set()
    assert json.loads(entry.read())["token"] == "other"  # it stays


# ------------------------------------------------------------------------------------------------------- as a user runs


def command(*arguments):
    """The entry point with rounds that follow each other closely."""
    code = "from kpo_jax.places import copies; copies.PAUSE, copies.SHARE = 0.2, 0; from kpo_jax.main import run; run()"
    return [sys.executable, "-c", code, *arguments]


def environment(settings):
    return os.environ | {"JAX_PLATFORMS": "cpu"} | settings


def run(*arguments, **settings):
    words = command(*arguments)
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=600, env=environment(settings))


def test_a_report_of_runs_in_a_bucket_is_written_into_one(tmp_path):
    correct = np.eye(4, 2) > 0
    for seed in (0, 1):
        write_run(tmp_path / "store" / f"run_{seed}", "grpo", seed, correct, ~correct)
    runs = ",".join(f"file://{tmp_path}/store/run_{seed}" for seed in (0, 1))
    out, scratch = f"file://{tmp_path}/store/report", tmp_path / "scratch"
    scratch.mkdir()
    result = run("--mode=report", f"--runs={runs}", f"--workdir={out}", TMPDIR=str(scratch))
    assert result.returncode == 0, result.stderr
    assert f"report       {out}/report.md" in result.stdout and f"run          {runs.split(',')[1]}" in result.stdout
    text = (tmp_path / "store" / "report" / "report.md").read_text()
    assert "run_0" in text and str(scratch) not in text + result.stdout
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "store" / "run_0").iterdir()) == [
        "config.json", "evals", "metrics.jsonl", "minibatches.jsonl",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_from_the_bucket_on_a_machine_with_an_empty_disk(address, tmp_path):
    train = [*SMALL, "--config.num_steps=8", "--config.trace.every=2"]
    unbroken, first, second = tmp_path / "unbroken", tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    assert run(*train, f"--workdir={unbroken}").returncode == 0
    words = command(*train, f"--workdir={address}")
    process = subprocess.Popen(words, cwd=ROOT, env=environment({"TMPDIR": str(first)}), stderr=subprocess.PIPE)
    store = stores.opened(address)
    try:
        while process.poll() is None and not {"2", "4"} & json.loads(store.read(copies.INDEX) or "{}").keys():
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL and len(list(first.iterdir())) == 1
    result = run(*train, f"--workdir={address}", TMPDIR=str(second))
    assert result.returncode == 0 and "resuming from step" in result.stderr, result.stderr
    assert list(second.iterdir()) == []
    for name in ("metrics.jsonl", "minibatches.jsonl", "evals/step_000008_held_out.jsonl", "trace/trace.json"):
        assert store.read(name) == (unbroken / name).read_bytes(), name
    assert len((store.read("provenance.jsonl")).splitlines()) == 2
    for mode in (["eval"], ["sample", "--num_prompts=1"], ["export", f"--out={tmp_path / 'out'}"]):
        result = run(f"--mode={mode[0]}", *mode[1:], f"--workdir={address}")
        assert result.returncode == 0, result.stderr
    result = run("--mode=replay", f"--trace={address}", f"--workdir={address}_replayed", "--grid=kpo_weak")
    assert result.returncode == 0 and stores.opened(f"{address}_replayed").read("replay.md"), result.stderr


@pytest.mark.slow
def test_two_processes_share_the_copy_of_the_first(tmp_path):
    from processes import run as run_processes

    words = [*command()[1:], *SMALL, "--config.mesh.data=2", f"--workdir=file://{tmp_path}/store/run"]
    ended = run_processes(words, 2)
    assert [code for code, _, _ in ended] == [0, 0], ended
    assert len((Path(tmp_path) / "store/run/metrics.jsonl").read_text().splitlines()) == 7
