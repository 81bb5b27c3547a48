"""One small file of a workdir that several runs look at while it changes: the lock. It is never in a copy."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from kpo_jax.files import write_whole
from kpo_jax.places import copies
from kpo_jax.places.stores import Store


class Entry(Protocol):
    """A text by a name; its `str` is where it stands. Every method may raise OSError."""

    def create(self, text: str) -> bool:
        """Make it unless it is there; whether it was made."""

    def read(self) -> str | None:
        """The text, None if there is none."""

    def write(self, text: str) -> None:
        """Put another text in its place."""

    def remove(self) -> None:
        """There is none any more."""

    def remove_if(self, text: str) -> bool:
        """Remove it if it reads `text`; False if it is another one by now, which stays."""


def entry(workdir: str, name: str) -> Entry:
    if copies.is_remote(workdir):
        return Object(copies.store(workdir), name, copies.shown(workdir, name))
    return File(Path(os.path.abspath(workdir)) / name)


class File:
    """An Entry of this machine's file system."""

    def __init__(self, path: Path):
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def create(self, text: str) -> bool:
        try:
            file = self._path.open("x")
        except FileExistsError:
            return False
        try:
            with file:
                file.write(text)
        except OSError:  # or an empty one would be there for others to wonder at
            self.remove()
            raise
        return True

    def read(self) -> str | None:
        try:
            return self._path.read_text(errors="replace")
        except FileNotFoundError:
            return None

    def write(self, text: str) -> None:
        write_whole(self._path, text)

    def remove(self) -> None:
        self._path.unlink()

    def remove_if(self, text: str) -> bool:
        aside = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        try:
            self._path.rename(aside)  # only one of two that find it stale can
        except FileNotFoundError:
            return False
        found = aside.read_text(errors="replace")
        if found != text:  # the other one was faster, and this is its own lock
            with contextlib.suppress(FileExistsError), self._path.open("x") as file:
                file.write(found)
        aside.unlink()
        return found == text


class Object:
    """An Entry of a store."""

    def __init__(self, store: Store, name: str, address: str):
        self._store, self._name, self._address = store, name, address

    def __str__(self) -> str:
        return self._address

    def create(self, text: str) -> bool:
        # where the answer to a request that was done is lost, its repetition finds what is ours
        return self._store.create(self._name, text.encode()) or self.read() == text

    def read(self) -> str | None:
        content = self._store.read(self._name)
        return None if content is None else content.decode(errors="replace")

    def write(self, text: str) -> None:
        self._store.write(self._name, text.encode())

    def remove(self) -> None:
        self._store.remove([self._name])

    def remove_if(self, text: str) -> bool:
        # Nothing can be renamed: between these two requests another may put its own there, and that is removed. It sees
        # so when it next shows life.
        if self.read() != text:
            return False
        self.remove()
        return True
