"""The heartbeat of a worker process: a thread that says every few seconds that the process lives and what it does.

It is also the watch: work that lasts far beyond its lease hangs where no signal reaches (in a C library), and then
the process ends itself, to be started again. The row comes back by its lease.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from casework import alive
from models import clock

log = logging.getLogger("portal.pulse")

AppContext = Callable[[], AbstractContextManager[Any]]
HANGS = 3
"""Exit code of a process that ended itself because its work hung."""


class Pulse:
    """Beats from `start` to `stop`. `also` is called at each beat inside the app's context; False keeps silent."""

    def __init__(
        self, name: str, context: AppContext, *, longest: float, also: Callable[[], bool] = lambda: True
    ) -> None:
        self.name = name
        self.done = 0
        """Pieces of work done, for whoever reads the heartbeat; counted by the owner."""
        self._context = context
        self._longest = longest
        self._also = also
        self._busy: tuple[str, float] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to beat; the first beat comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating and wait for the beat under way."""
        self._stop.set()
        self._thread.join(timeout=5)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Say that the process works on `what` (an id or a name) inside the block."""
        self._busy = (what, time.monotonic())
        try:
            yield
        finally:
            self._busy = None

    def _beat(self) -> None:
        while True:
            found: dict[str, Any] = {"pid": os.getpid(), "done": self.done}
            busy = self._busy
            if busy is not None:
                what, since = busy
                found |= {"busy": what, "busy_seconds": round(time.monotonic() - since)}
                if found["busy_seconds"] > self._longest:
                    log.critical("%s hangs in %s for %d s: ending", self.name, what, found["busy_seconds"])
                    os._exit(HANGS)
            try:
                with self._context():
                    if self._also():
                        alive.beat(self.name, found, clock.now())
            except Exception as error:
                log.warning("%s could not say that it lives: %s", self.name, type(error).__name__)
            if self._stop.wait(alive.EVERY.total_seconds()):
                return
