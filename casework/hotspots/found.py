"""One find of a look, before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.hotspots import Window


@dataclass(frozen=True)
class Found:
    """What stands out: of which kind, what, in which window, with what evidence; `cases` where the kind keeps them."""

    kind: str
    subject: str
    words: str
    window: Window
    evidence: Mapping[str, Any]
    cases: tuple[int, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return it as plain values, without its cases: what a briefing freezes."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "words": self.words,
            "first": str(self.window.first),
            "last": str(self.window.last),
            "evidence": dict(self.evidence),
        }
