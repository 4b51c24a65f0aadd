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


_maker: Callable[[Any], Batch] | None = None
"""What this process makes batches with; inherited by the fork, because reference data cannot be sent."""


def _take(maker: Callable[[Any], Batch]) -> None:
    global _maker
    _maker = maker
    gc.freeze()  # what came with the fork stays


@contextmanager
def _counting_seldom() -> Iterator[None]:
    """Rows are many, and leave no circles: looking for circles less often saves a sixth of the time. Forks inherit
    it."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _make(chunk: Any) -> Batch:
    if _maker is None:
        raise RuntimeError("the process was started without its maker")
    return _maker(chunk)


def run(make: Callable[[Chunk], Batch], chunks: Iterable[Chunk], processes: int) -> Iterator[Batch]:
    """Yield the batches in the order of their chunks. With one process nothing is started beside this one.

    The processes are forks: they read what this one has read (rules, keys, reference data) and must not touch its
    database connection.
    """
    with _counting_seldom():
        if processes < 2:
            yield from map(make, chunks)
            return
        with multiprocessing.get_context("fork").Pool(processes, _take, (make,), maxtasksperchild=200) as pool:
            waiting = deque()  # type: ignore[var-annotated]  # of AsyncResult, which has no public generic name
            for chunk in chunks:
                waiting.append(pool.apply_async(_make, (chunk,)))
                if len(waiting) >= processes * UNDER_WAY:
                    yield waiting.popleft().get()
            while waiting:
                yield waiting.popleft().get()
