"""Whose turn it is to write on SQLite, which has one writer at a time.

Left to itself SQLite lets a writer that finds the lock taken look again after pauses that grow to a tenth of a second:
under load single writers waited for seconds while others passed them. Here the threads of a process queue at a lock,
and the first of each process asks for a file lock every fifth of a millisecond. It is courtesy only: who has waited
long enough goes on, and SQLite's own lock remains what keeps the data whole.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL

PATIENCE = 10.0
"""Seconds after which a writer goes on without its turn: somebody holds it who is not getting on."""
PAUSE = 0.0002
BREATH = 0.002
"""Seconds for which somebody with much to write steps aside: time enough for whoever waits to see that it is free."""
_threads = threading.Lock()


@contextmanager
def turn(database: URL) -> Iterator[None]:
    """Wait for the turn to write to a SQLite file and hold it inside the block; any other database needs none."""
    if database.get_backend_name() != "sqlite" or not database.database or database.database == ":memory:":
        yield
        return
    first = _threads.acquire(timeout=PATIENCE)
    try:
        handle = _file_lock(f"{database.database}-turn") if first else None
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)
    finally:
        if first:
            _threads.release()


def give_way(database: URL) -> None:
    """Step aside between two of many transactions; only where writers take turns.

    Who ends one and begins the next at once has the turn again before anybody who waits has looked.
    """
    if database.get_backend_name() == "sqlite":
        time.sleep(BREATH)


def _file_lock(file: str) -> int | None:
    """Return the handle that holds the lock until it is closed; None when it cannot be had in time."""
    with suppress(OSError):
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(PAUSE)
            else:
                return handle
        os.close(handle)
    return None
