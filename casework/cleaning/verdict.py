"""What a cleaner hands back, or raises."""

from __future__ import annotations

from dataclasses import dataclass

Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Copy:
    """A cleaned copy: what it is now, its bytes, its pages or its length in whole seconds."""

    media_type: str
    data: Bytes
    pages: int | None = None
    seconds: int | None = None


class Uncleanable(Exception):
    """No harmless copy can be made; `reason` says why, in Chinese, for the list of files."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


BROKEN = "文件打不开，可能已经损坏"
TOO_HEAVY = "文件太复杂，检查不了"
