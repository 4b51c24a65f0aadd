"""The stamp of the pages for everybody: touched when what they say changes, so that nobody is shown the old ones.

The layer that keeps such pages (blueprints.web.cache) looks at it before each; it lies in DATA_DIR, one for all the
processes of a machine.
"""

from __future__ import annotations

import os
from pathlib import Path

_stamp: Path | None = None


def configure(stamp: Path) -> None:
    """Say where the stamp lies."""
    global _stamp
    _stamp = stamp


def forget() -> None:
    """Let every process of this machine make its pages anew. Call it after the commit."""
    if _stamp is not None:
        touch(_stamp)


def touch(stamp: Path) -> None:
    """Touch one stamp."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    before = stamp.stat().st_mtime_ns if stamp.exists() else 0
    stamp.touch()
    if stamp.stat().st_mtime_ns <= before:  # twice within one tick of the file system
        os.utime(stamp, ns=(before + 1, before + 1))
