"""The words of a dossier's own pages: cover, contents, page numbers, slips for what cannot be printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from casework import documents
from casework.attachments.policy import size_text
from casework.documents import Paper
from casework.dossiers.parts import Part
from casework.reference import current
from casework.statistics.parts import ending, ending_label
from models import Case, Event, db
from rules.calendar import local_date
from rules.workflow import WORKFLOW

FRONT, SLIPS, STAMPS = "dossier", "dossier.slips", "dossier.stamps"
"""Kinds of pages: templates/print/dossier.html and so on."""


def row(part: Part, start: int, count: int) -> dict[str, Any]:
    """Return one line of the contents; dates as ISO text."""
    pages = f"{start}" if count < 2 else f"{start}-{start + count - 1}"
    return {
        "title": part.title, "number": part.number, "day": part.day.isoformat(), "pages": pages, "note": part.note,
        "start": start, "count": count, "file": part.file is not None,
    }  # fmt: skip


def facts(case: Case, rows: Sequence[Mapping[str, Any]], total: int) -> dict[str, Any]:
    """Return what stands on cover and contents. Of a sealed case the number alone."""
    archived = _archived(case)
    found: dict[str, Any] = {
        "case_number": case.number,
        "kind": WORKFLOW.kind_labels[case.kind],
        "rows": list(rows),
        "total": total,
        "dossier_number": case.dossier_number or "",
        "retention": f"{case.retention}年" if (case.retention or "").isdigit() else case.retention or "",
        "archived_on": local_date(case.archived_at).isoformat() if case.archived_at else "",
        "missing": archived.get("missing") or "",
        "unit": current().units[case.unit_id].name,
        "received_on": case.received_on.isoformat(),
        "closed_on": local_date(case.closed_at).isoformat() if case.closed_at else "",
    }
    if case.sealed:
        return found
    outcome = ending_label(ending(case.outcome, case.regime)) if case.outcome else "已办结"
    return found | {"matter": case.matter or "", "respondent": case.respondent_name or "", "outcome": outcome}


def _archived(case: Case) -> Mapping[str, Any]:
    query = select(Event.fields).where(Event.case_id == case.id, Event.action == "archive").order_by(Event.seq.desc())
    found = db.session.scalar(query.limit(1))
    return found if isinstance(found, Mapping) and not case.sealed else {}


def stamps(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is stamped on each page after the contents: its number, and on the pages of files their name."""
    return [
        {"number": one["start"] + place, "caption": f"附件：{one['title']}" if one["file"] else ""}
        for one in rows
        for place in range(one["count"])
    ]


def slip(part: Part, why: str, text: str = "") -> dict[str, Any]:
    """Return what stands in place of a part: what it is, why it is not shown, its check sum; or its text."""
    file = part.file
    return {
        "title": part.title,
        "why": why,
        "text": text,
        "kind": file.media_type if file is not None else "文书",
        "size": size_text(file.size) if file is not None else "",
        "sha256": file.sha256.hex() if file is not None else "",
        "note": part.note,
        "day": part.day.isoformat(),
        "seconds": file.seconds if file is not None else None,
    }


def paper(case: Case, kind: str, said: dict[str, Any], now: datetime) -> Paper:
    """Return one of these kinds of pages for the layout."""
    bureau = current().bureau_of(case.unit_id)
    return Paper(
        kind=kind,
        title="卷宗",
        number=case.dossier_number or case.number,
        bureau=documents.organ_of(bureau),
        bureau_key=bureau.key,
        addressee="",
        issued_on=local_date(case.archived_at or now),
        facts=said,
    )
