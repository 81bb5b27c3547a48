"""Files that are whole or not there."""

import contextlib
import os
from pathlib import Path


def write_whole(path: str | Path, content: str | bytes | memoryview) -> Path:
    """Write a file under a name beside `path` and put it in its place: `path` is the old file or the new one, never a
    part of it, even if the process is killed. Directories that are missing are made. Returns `path`.

    Raises OSError, with the file at `path` as it was, if it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return path
