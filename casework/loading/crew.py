"""Several processes that walk cases while one writes them. Memory stays bounded: only a few batches are under way."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from casework.loading.batch import Batch

Chunk = TypeVar("Chunk")
UNDER_WAY = 2
"""Batches per process that are walked or wait to be written."""
SWEPT_EVERY = 8
"""Batches between two looks for circles of objects."""


_maker: Callable[[Any], Batch] | None = None
"""What this process makes batches with; inherited by the fork, because reference data cannot be sent."""


def _take(maker: Callable[[Any], Batch]) -> None:
    global _maker
    _maker = maker
    gc.freeze()  # what came with the fork stays


@contextmanager
def _counting_seldom() -> Iterator[None]:
    """Rows are many, and leave next to no circles: to look for them after some batches instead of after so many
    objects saves a tenth of the time. Forks inherit it."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _sweeping(batches: Iterable[Batch]) -> Iterator[Batch]:
    for place, batch in enumerate(batches, start=1):
        yield batch
        if place % SWEPT_EVERY == 0:
            gc.collect()


_made = 0


def _make(chunk: Any) -> Batch:
    global _made
    if _maker is None:
        raise RuntimeError("the process was started without its maker")
    _made += 1
    if _made % SWEPT_EVERY == 0:
        gc.collect()
    return _maker(chunk)


def run(make: Callable[[Chunk], Batch], chunks: Iterable[Chunk], processes: int) -> Iterator[Batch]:
    """Yield the batches in the order of their chunks. With one process nothing is started beside this one.

    The processes are forks: they read what this one has read (rules, keys, reference data) and must not touch its
    database connection.
    """
    with _counting_seldom():
        if processes < 2:
            yield from _sweeping(map(make, chunks))
            return
        yield from _sweeping(_by_forks(make, chunks, processes))


def _by_forks(make: Callable[[Chunk], Batch], chunks: Iterable[Chunk], processes: int) -> Iterator[Batch]:
    with multiprocessing.get_context("fork").Pool(processes, _take, (make,), maxtasksperchild=200) as pool:
        waiting = deque()  # type: ignore[var-annotated]  # of AsyncResult, which has no public generic name
        for chunk in chunks:
            waiting.append(pool.apply_async(_make, (chunk,)))
            if len(waiting) >= processes * UNDER_WAY:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()
