"""Notices as pages show them: rows with their category in words, links made of what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from casework import attachments
from casework.board import enclosing, reading, sheets
from models import Attachment, Notice, NoticeSheet
from models import attachment as files
from models import document as states
from rules import board as law

LIST = "/board"
SHEET_WORDS = {
    states.QUEUED: "正在制作，请过一会儿再看",
    states.MAKING: "正在制作，请过一会儿再看",
    states.FAILED: "没能制成，请用下面的打印页",
}


@dataclass(frozen=True)
class Item:
    """One line of a list of notices."""

    href: str
    title: str
    summary: str
    kind: str
    red: bool
    day: datetime
    pinned: bool
    corrected: bool


def item(row: Any) -> Item:
    """Return a row of the board as a line of a list."""
    category = law.CATEGORIES[row.category]
    return Item(
        href=f"{LIST}/{row.id}",
        title=row.title,
        summary=row.summary,
        kind=category.label,
        red=category.urgent,
        day=row.publish_at,
        pinned=row.pinned,
        corrected=row.corrected_at is not None,
    )


def tabs(category: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the categories as links; those without a notice are left out unless one stands there."""
    found = [{"href": LIST, "label": "全部", "count": sum(counts.values()), "here": not category, "red": False}]
    for key, one in law.CATEGORIES.items():
        if counts[key] or key == category:
            here = {"href": f"{LIST}?category={key}", "label": one.label, "count": counts[key]}
            found.append({**here, "here": key == category, "red": False})
    return found


def more_href(category: str, query: str, after: str | None) -> str | None:
    """Return the address of the next page, None on the last."""
    if after is None:
        return None
    asked = {"category": category, "q": query, "after": after}
    return f"{LIST}?" + urlencode({name: value for name, value in asked.items() if value})


def sheet_lines(row: Notice) -> list[dict[str, Any]]:
    """Return the sheets for the wall: a link where one is made, else how far it is."""
    return [_sheet_line(row, one) for one in sheets.latest(row.id).values()]


def _sheet_line(row: Notice, one: NoticeSheet) -> dict[str, Any]:
    made = one.state == states.MADE
    size = attachments.size_text(one.length or 0)
    return {
        "label": f"张贴版（{sheets.SIZES[one.size]}{f'，{one.pages}页，PDF，{size}' if made else ''}）",
        "href": f"{LIST}/{row.id}/sheets/{one.size}.pdf" if made else None,
        "word": SHEET_WORDS.get(one.state, ""),
        "failed": one.state == states.FAILED,
    }


def file_lines(rows: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return the files of a notice that can be handed out, pictures that stand in the text left out by the caller."""
    return [
        {
            "href": f"{LIST}/{one.notice_id}/files/{one.id}",
            "label": f"{one.name}（{attachments.size_text(one.clean_size or 0)}）",
        }
        for one in rows
    ]


def own_file(one: Attachment, row: Notice) -> dict[str, Any]:
    """Return a file as the editors see it: its state, and how a picture is named in the text."""
    picture = enclosing.is_picture(one)
    return {
        "id": one.id,
        "name": one.name,
        "alt": one.alt,
        "state": attachments.state_text(one),
        "bad": one.state in (files.SEALED, files.REFUSED),
        "href": f"{LIST}/edit/{row.id}/files/{one.id}" if one.state == files.CLEAN else None,
        "code": f"![{one.alt}]({enclosing.address_of(one)})" if picture else None,
    }


def page_of(now: datetime, category: str, query: str, after: str) -> dict[str, Any]:
    """Return all that the list shows."""
    category = category if category in law.CATEGORIES else ""
    found = reading.page(now, category, query, after)
    return {
        "tabs": tabs(category, reading.counts(now)),
        "items": [item(row) for row in (*found.pinned, *found.rows)],
        "more_href": more_href(category, query, found.after),
        "first_href": more_href(category, query, "") if after else None,
        "category": law.CATEGORIES.get(category),
    }
