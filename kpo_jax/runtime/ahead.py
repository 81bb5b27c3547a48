"""Programs compiled ahead, in threads, while the process does something else.

A jitted function keeps what was compiled for the shapes of `jitted.lower(*shapes).compile()`, so a later call with
arrays of these shapes runs at once. What is here adds only that a call waits for the thread which has begun already.
"""

import concurrent.futures
import contextlib
import os
from collections.abc import Callable

import jax


class Program:
    """A jitted function whose call waits for a thread that is compiling it."""

    def __init__(self, jitted: Callable):
        self.jitted, self._under_way = jitted, []

    def __call__(self, *args):
        for future in self._under_way:
            with contextlib.suppress(concurrent.futures.CancelledError):
                future.exception()  # waits; what went wrong there is raised by the call below
        self._under_way = []
        return self.jitted(*args)

    def lower(self, *args):
        """As that of the jitted function."""
        return self.jitted.lower(*args)


class Ahead:
    """Threads that compile programs in the order in which they are handed in."""

    def __init__(self, threads: int | None = None):
        """`threads`: by default half of the cores, at most 8; the work itself needs some."""
        threads = threads or max(1, min(8, (os.cpu_count() or 1) // 2))
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="compile")
        self._futures: list[concurrent.futures.Future] = []

    def compile(self, program: Program, *shapes) -> None:
        """Compile it for these arguments: arrays, or jax.ShapeDtypeStruct with their shardings."""
        future = self._pool.submit(lambda: program.lower(*shapes).compile())
        program._under_way.append(future)
        self._futures.append(future)

    def progress(self) -> tuple[int, int]:
        """(programs that are ready, all of them)."""
        return sum(future.done() for future in self._futures), len(self._futures)

    def wait(self) -> None:
        """Until all that was handed in is ready; raises what went wrong first."""
        for future in self._futures:
            future.result()

    def close(self) -> None:
        """Begin none that has not begun; those under way are waited for when the process ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def like(tree, sharding):
    """The arrays, or shapes, of the tree as jax.ShapeDtypeStruct with this sharding, or each with its own of a tree."""
    if isinstance(sharding, jax.sharding.Sharding):
        sharding = jax.tree.map(lambda _: sharding, tree)
    return jax.tree.map(lambda x, s: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=s), tree, sharding)
