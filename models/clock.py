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
def frozen(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` inside the block (tests and drills)."""
    global _read
    before, _read = _read, lambda: moment
    try:
        yield
    finally:
        _read = before
