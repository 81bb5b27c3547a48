"""The copy that this machine has of a workdir in a bucket: everything but the lock works on it, as on any folder.

`fetch` fills it. Within `carried` a thread carries what has changed to the store, in rounds: first the files, then the
checkpoints that were whole when the round began, then `checkpoints.json` in the store, which names them and their
files. So whatever a checkpoint of the store says was done stands in its other files, too, whenever the machine is lost;
and a checkpoint that is on its way counts for nothing. What was never here is never removed there.
"""

import atexit
import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from kpo_jax.ends import Failed
from kpo_jax.places import stores

INDEX = "checkpoints.json"  # {step: {file under checkpoints/step: its size}}
STAYS = {"lock.json", INDEX}  # of a store alone
ONE_WAY = {"damaged_checkpoints", "tensorboard", "profile", "wandb"}  # carried there, not fetched: a run adds to them
CHECKPOINTS = "checkpoints"
PAUSE, SHARE = 10.0, 10  # seconds between two rounds, at least, and so many times what the last one took
PATIENCE = 300.0  # seconds for which a store that is down is asked again at the end

_copies: dict[str, "Copy"] = {}  # those of this process, by address without slashes at its end


class NotCarried(Failed):
    """The bucket lacks the last of a run, since it could not be written; the message says where it is."""


def is_remote(workdir: str | Path) -> bool:
    """Whether it is an address, scheme://..., and not a path."""
    return "://" in str(workdir)


def folder(workdir: str) -> Path:
    """The folder of this machine in which the files of a workdir are: itself, or its copy."""
    return _copy(workdir).folder if is_remote(workdir) else Path(workdir)


def shown(workdir: str, *names: str) -> str:
    """What a person is told of a file of a workdir: where it stands there, and not in the copy."""
    return "/".join((workdir.rstrip("/"), *names)) if is_remote(workdir) else str(Path(workdir, *names))


def store(workdir: str) -> stores.Store:
    """The store of a workdir that is remote. Raises ValueError if there can be none."""
    return _copy(workdir).store


def reach(address: str) -> str | None:
    """What is wrong with an address, None if it can be read; fetches the configuration that stands there."""
    try:
        _copy(address).fetch(lambda name: name in ("config.json", "sources.json"))
    except FileNotFoundError as error:
        return f"{address} cannot be read: there is no such bucket ({error})"
    except OSError as error:
        return f"{address} cannot be read: {error}"
    except ValueError as error:
        return str(error)
    return None


def fetch(workdir: str, tell: Callable[[str], None], without: Iterable[str] = ()) -> None:
    """Fill the copy of a workdir with what stands there now, but for the folders `without`; nothing if it is no copy.
    `tell` gets a line if there are checkpoints that are not whole.

    Raises ValueError, one line, if the store cannot be read.
    """
    if not is_remote(workdir):
        return
    unwanted = {*without, *STAYS, *ONE_WAY}
    try:
        parts = _copy(workdir).fetch(lambda name: name.partition("/")[0] not in unwanted)
    except OSError as error:
        raise ValueError(f"{workdir} cannot be read: {error}") from error
    if parts and CHECKPOINTS not in unwanted:
        tell(f"{workdir}: steps {', '.join(parts)} in {CHECKPOINTS} are not in {INDEX}, as they never became whole")


def adopt(workdir: str, path: str) -> None:
    """From now on `path`, that of another process, is the copy."""
    _copy(workdir).folder = Path(path)


@contextlib.contextmanager
def carried(workdir: str, tell: Callable[[str], None], active: bool = True) -> Iterator[None]:
    """While the context lasts and at its end, carry what changes in the copy to the store; nothing if it is no copy, or
    unless `active` (on other processes of a job). `tell` gets a line when the store cannot be written, and when it can
    again.

    Raises NotCarried if at the end it cannot be written for PATIENCE seconds; the copy is then kept. Where something
    else has been raised, that stays, and the line is told.
    """
    if not is_remote(workdir) or not active:
        yield
        return
    copy, over = _copy(workdir), threading.Event()
    thread = threading.Thread(target=_carry, args=(copy, over, tell), daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        if line := _last(copy, over, thread, tell):
            tell(f"error: {line}")
        raise
    if line := _last(copy, over, thread, tell):
        raise NotCarried(line)


def _carry(copy: "Copy", over: threading.Event, tell: Callable[[str], None]) -> None:
    pause = PAUSE
    while not over.wait(pause):
        began = time.monotonic()
        copy.try_round(tell)
        pause = max(PAUSE, SHARE * (time.monotonic() - began))


def _last(copy: "Copy", over: threading.Event, thread: threading.Thread, tell: Callable[[str], None]) -> str:
    """Carry what is left; a line if that cannot be."""
    over.set()
    thread.join()
    deadline, wait = time.monotonic() + PATIENCE, 1.0
    while not copy.try_round(tell):
        if time.monotonic() > deadline:
            copy.keep = True
            return f"{copy.address} could not be written: it lacks the last of what is in {copy.folder}, which is kept"
        time.sleep(wait)
        wait = min(2 * wait, 30.0)
    return ""


class Copy:
    """A folder that is removed at the end of the process unless `keep` is set, and what of it the store has."""

    def __init__(self, address: str):
        self.address, self.store, self.keep = address, stores.opened(address), False
        root = tempfile.mkdtemp(prefix="kpo_jax_")
        self.folder = Path(root) / (address.rstrip("/").rpartition("/")[2])
        self.folder.mkdir()
        self._known: dict[str, tuple[int, ...]] = {}  # files that the store has, too, as they were
        self._index: dict[str, dict[str, int]] = {}  # the checkpoints that the store has
        self._seen: set[str] = set()  # those that were here
        self._gone: set[str] = set()  # what is to be removed there
        self._parts: set[str] = set()  # files there of checkpoints that are in no index
        self._failing, self._torn = False, False  # a fetch that was broken off leaves files that must not be carried
        atexit.register(lambda: self.keep or shutil.rmtree(root, ignore_errors=True))

    def fetch(self, wanted: Callable[[str], bool]) -> list[str]:
        """Fill the folder with what is `wanted` of the store, and whole checkpoints alone; the steps of the others."""
        self._index = self._read_index()
        names = set(filter(_is_plain, self.store.names()))
        whole = {path for step, files in self._index.items() for path in self._paths(step, files)}
        self._parts = {name for name in names if name.startswith(f"{CHECKPOINTS}/")} - whole
        chosen = {name for name in names - self._parts if wanted(name)}
        self._torn = True
        self.store.download(self.folder, sorted(chosen))
        self._torn = False
        self._seen |= self._checkpoints().keys()
        self._known |= {name: state for name, state in self._files().items() if name in chosen}
        return sorted({name.split("/")[1] for name in self._parts if name.split("/")[1] not in self._index})

    def _read_index(self) -> dict[str, dict[str, int]]:
        """The checkpoints that the store says are whole. Raises ValueError, one line."""
        try:
            index = json.loads(self.store.read(INDEX) or "{}")
            if all(step.isdecimal() and all(map(_is_plain, files)) for step, files in index.items()):
                return {step: dict(files) for step, files in index.items()}
            reason = "it names what is no file of a checkpoint"
        except (ValueError, TypeError, AttributeError) as error:
            reason = str(error)
        raise ValueError(f"{self.address}/{INDEX} is damaged: {reason}")

    def try_round(self, tell: Callable[[str], None]) -> bool:
        """Whether a round went well; the first that does not, and the first that does again, are told."""
        try:
            self._round()
        except Exception as error:  # of the store or of what changes under its hands; nothing may end the thread
            if not self._failing:
                tell(f"warning: {self.address} cannot be written ({error}); what is new waits in {self.folder}")
            self._failing = True
            return False
        if self._failing:
            tell(f"{self.address} is written again")
        self._failing = False
        return True

    def _round(self) -> None:
        if self._torn:
            return
        here = self._checkpoints()  # first: the files that are read after it tell of these steps
        files = self._files()
        self._upload_still([name for name, state in files.items() if self._known.get(name) != state])
        self._gone |= self._known.keys() - files.keys()
        self._known = files
        index = dict(self._index)
        for step in [step for step in index if step in here and not here[step].items() <= index[step].items()]:
            self._gone |= set(self._paths(step, index.pop(step)))  # another one of the step: this one first has to go
        self._write_index(index)
        for step in here.keys() - index.keys():
            paths = self._paths(step, here[step])
            if self._upload(paths) and self._checkpoints().get(step) == here[step]:  # not while it is being removed
                index[step] = here[step]
                self._gone |= {name for name in self._parts if name.startswith(f"{CHECKPOINTS}/{step}/")}
        for step in [step for step in index if step in self._seen and step not in here]:
            self._gone |= set(self._paths(step, index.pop(step)))
        self._seen |= here.keys()
        self._write_index(index)
        self._gone -= {*files, *(path for step, sizes in index.items() for path in self._paths(step, sizes))}
        self.store.remove(sorted(self._gone))
        self._gone = set()

    def _write_index(self, index: dict[str, dict[str, int]]) -> None:
        if index != self._index:
            self.store.write(INDEX, (json.dumps(index, indent=1) + "\n").encode())
            self._index = dict(index)

    def _upload(self, names: list[str]) -> bool:
        """Whether all of them were there to be carried."""
        try:
            self.store.upload(self.folder, names)
        except FileNotFoundError:
            if all((self.folder / name).is_file() for name in names):
                raise  # it is the store that lacks something
            return False
        return True

    def _upload_still(self, names: list[str]) -> None:
        """Carry files that may grow meanwhile, as they are now; those that are gone by now are left out."""
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as still:
            found = []
            for name in names:
                (Path(still) / name).parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(self.folder / name, Path(still) / name)
                    found.append(name)
            self.store.upload(Path(still), found)

    def _files(self) -> dict[str, tuple[int, ...]]:
        """What is carried as it is, every file but those of checkpoints and those that are being made: its size, the
        time of its last change, and which file it is, as one that takes another's place may agree in both.
        """
        found = {}
        for path, folders, names in os.walk(self.folder):
            if path == str(self.folder) and CHECKPOINTS in folders:
                folders.remove(CHECKPOINTS)
            for one in (Path(path) / name for name in names if not name.startswith(".") and not name.endswith(".tmp")):
                name = one.relative_to(self.folder).as_posix()
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    if name not in STAYS and one.is_file():  # no pipes and the like
                        facts = one.stat()
                        found[name] = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        return found

    def _checkpoints(self) -> dict[str, dict[str, int]]:
        """The whole checkpoints by their steps, and the sizes of their files."""
        directory, found = self.folder / CHECKPOINTS, {}
        for step in directory.iterdir() if directory.is_dir() else ():
            if step.name.isdecimal():
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    paths = [path for path in step.rglob("*") if path.is_file()]
                    found[step.name] = {path.relative_to(step).as_posix(): path.stat().st_size for path in paths}
        return found

    def _paths(self, step: str, files: Iterable[str]) -> list[str]:
        return [f"{CHECKPOINTS}/{step}/{name}" for name in files]


def _is_plain(name: str) -> bool:
    """Whether a name of a store leads nowhere but into the folder that it is put in."""
    return not {"", ".", ".."} & set(name.split("/"))


def _copy(address: str) -> Copy:
    key = address.rstrip("/")
    if key not in _copies:
        _copies[key] = Copy(address)
    return _copies[key]
