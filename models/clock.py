"""The one place that reads the machine's clock. Rules and casework get `now` as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _machine() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _machine


def now() -> datetime:
    """Return the present moment, aware, in UTC. For views, jobs and commands only."""
    return _read()


@contextmanager
def told_by(read: Callable[[], datetime]) -> Iterator[None]:
    """Let `now()` answer what `read` says inside the block (drills whose days pass in fast motion)."""
    global _read
    before, _read = _read, read
    try:
        yield
    finally:
        _read = before


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` inside the block (tests and drills)."""
    with told_by(lambda: moment):
        yield
