"""The tables of docs/metrics.md, and what of a run's files they do not know or wrongly promise."""

import json
import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
PLACEHOLDERS = {"SET": r"[\w-]+", "NAME": r"\w+", "K": r"\d+", "P": "[0-7]"}


class Entry(NamedTuple):
    """A row: the key with its placeholders, the files that hold it, in which runs."""

    key: str
    files: tuple[str, ...]
    written: str

    def matches(self, key: str) -> bool:
        parts = re.split(f"({'|'.join(PLACEHOLDERS)})", self.key)
        return re.fullmatch("".join(PLACEHOLDERS.get(part) or re.escape(part) for part in parts), key) is not None


def entries(text: str) -> list[Entry]:
    """The rows of all tables of the page."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    return [Entry(key.strip("`"), tuple(files.split(", ")), written) for key, _, files, written, _ in rows]


def differences(glossary: list[Entry], keys: dict[str, set[str]], kinds: set[str]) -> list[str]:
    """What a run of these kinds wrote that has no entry, and entries that it should have written and did not.

    `keys` are those of its files, {file: keys}; an entry is expected if what its `written` says is in `kinds`.
    """
    out = []
    for file, found in keys.items():
        expected = [entry for entry in glossary if file in entry.files and entry.written in kinds]
        out += [
            f"{file}: {key} is not in docs/metrics.md" for key in found if not any(e.matches(key) for e in expected)
        ]
        out += [
            f"{file}: {entry.key} of docs/metrics.md was not written"
            for entry in expected
            if not any(entry.matches(key) for key in found)
        ]
    return sorted(out)


def keys_of(workdir: Path) -> dict[str, set[str]]:
    """{file: all keys of all its lines} of a run."""
    paths = {name: [workdir / f"{name}.jsonl"] for name in ("metrics", "minibatches", "timing")}
    paths["evals"] = sorted((workdir / "evals").glob("*.jsonl"))
    return {
        name: {key for path in group for line in path.read_text().splitlines() for key in json.loads(line)}
        for name, group in paths.items()
    }
