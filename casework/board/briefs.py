"""An issued briefing tells the public of its public parts: a notice, written by the house and signed by the leader."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from casework.actors import StaffView
from casework.board import keeping
from casework.board.markup import escaped
from casework.board.typed import Typed
from casework.tasks import Added
from models import Briefing
from rules import board as law
from rules import briefing as briefing_law
from rules.periods import Period

MARK = "briefing:"


def publish(
    session: Session, row: Briefing, parts: Sequence[Mapping[str, Any]], signer: StaffView, now: datetime
) -> list[Added]:
    """Write the notice of a briefing inside the transaction that signs it off; `keeping.done` wakes what is returned.

    The signature is its approval. `parts` are those of the public edition: sentences, commentary, typical cases.
    """
    month = Period.parse(row.month)
    text = Typed(
        category=law.BRIEFING,
        title=f"{month.label}{briefing_law.NAME}（{row.month[:4]}年第{row.number}期）"[: law.TITLE],
        summary=_summary(parts),
        body=body_of(parts),
    )
    held = keeping.of(session, None, text, now, f"{MARK}{row.month}")
    if held.state != law.DRAFT:
        return []
    return keeping.approve(session, held, signer, now)


def _summary(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the first sentence of the figures: what a list has room for."""
    said = next((one for part in parts for one in part["said"] if one), "")
    return re.split(r"(?<=[。；])", said)[0].replace("；", "。")[: law.SUMMARY]


def body_of(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the public parts as Markdown; what people typed is shown as it stands."""
    lines: list[str] = []
    for part in parts:
        lines.append(f"## {escaped(part['title'])}")
        lines += [escaped(said) for said in part["said"] if said]
        lines += _paragraphs(part["text"])
        for case in part["cases"]:
            lines += [f"### {escaped(case['title'])}", *_paragraphs(case["text"])]
    return "\n\n".join(lines)[: law.TEXT]


def _paragraphs(text: str) -> list[str]:
    return [escaped(line.strip()) for line in text.splitlines() if line.strip()]
