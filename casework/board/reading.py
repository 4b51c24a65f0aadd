"""Reading the board: what is shown at a moment, a page at a time, at the same cost on the first and the last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from casework.board import finding
from casework.errors import NotFound
from models import Notice, db
from rules import board as law

_COLUMNS = (
    *(Notice.id, Notice.category, Notice.title, Notice.summary, Notice.publish_at, Notice.corrected_at),
    *(Notice.correction, Notice.pinned),
)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUERY_LONGEST = 50
"""Characters of a search that are looked at."""


@dataclass(frozen=True)
class Page:
    """One page of the list; `after` asks for the next one, None on the last."""

    pinned: Sequence[Any]
    rows: Sequence[Any]
    after: str | None


def shown(now: datetime) -> Any:
    """Return the condition for what everybody reads at this moment: exact to the moment, whatever a worker does."""
    return and_(Notice.state == law.PUBLISHED, Notice.publish_at <= now, Notice.expires_at > now)


def page(now: datetime, category: str = "", query: str = "", after: str = "") -> Page:
    """Return the newest notices, or those of a category, or those with these words; pinned ones first."""
    wanted = [shown(now)]
    if category in law.CATEGORIES:
        wanted.append(Notice.category == category)
    query = query.strip()[:QUERY_LONGEST]
    pinned: Sequence[Any] = ()
    if query:
        wanted.append(finding.condition(query))
    else:
        pinned = _pinned(wanted) if not after else ()
        wanted.append(~Notice.pinned)
    found = _place(after)
    if found is not None:
        at, last = found
        wanted.append(or_(Notice.publish_at < at, and_(Notice.publish_at == at, Notice.id < last)))
    ordered = select(*_COLUMNS).where(*wanted).order_by(Notice.publish_at.desc(), Notice.id.desc())
    rows = db.session.execute(ordered.limit(law.PAGE + 1)).all()
    return Page(pinned, rows[: law.PAGE], cursor(rows[law.PAGE - 1]) if len(rows) > law.PAGE else None)


def _pinned(wanted: Sequence[Any]) -> Sequence[Any]:
    # First the few ids from an index of their own: sorted by date, every notice would be looked at for them.
    ids = list(db.session.scalars(select(Notice.id).where(Notice.pinned).limit(100)))
    if not ids:
        return ()
    chosen = select(*_COLUMNS).where(*wanted, Notice.id.in_(ids))
    return db.session.execute(chosen.order_by(Notice.publish_at.desc(), Notice.id.desc()).limit(law.PINS)).all()


def cursor(row: Any) -> str:
    """Return the place after a row, for the address of the next page."""
    return f"{(row.publish_at - _EPOCH) // timedelta(microseconds=1)}-{row.id}"


def _place(after: str) -> tuple[datetime, int] | None:
    found = _CURSOR.fullmatch(after)
    if found is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
    except OverflowError:
        return None


def counts(now: datetime) -> dict[str, int]:
    """Return how many notices each category shows."""
    query = select(Notice.category, func.count()).where(shown(now)).group_by(Notice.category)
    found = {row.category: row[1] for row in db.session.execute(query)}
    return {key: found.get(key, 0) for key in law.CATEGORIES}


def newest(now: datetime, most: int = law.FEED) -> Sequence[Any]:
    """Return the newest notices, pinned or not, in the order in which they were shown."""
    query = select(*_COLUMNS).where(shown(now)).order_by(Notice.publish_at.desc(), Notice.id.desc())
    return db.session.execute(query.limit(most)).all()


def for_home(now: datetime) -> list[Any]:
    """Return what the home page shows: pinned ones, the newest warnings, and the newest of the rest."""
    urgent = [key for key, one in law.CATEGORIES.items() if one.urgent]
    ordered = (
        select(*_COLUMNS).where(shown(now)).order_by(Notice.pinned.desc(), Notice.publish_at.desc(), Notice.id.desc())
    )
    warnings = db.session.execute(ordered.where(Notice.category.in_(urgent)).limit(law.HOME - 2)).all()
    others = newest(now, law.HOME + len(warnings))
    ids = {one.id for one in warnings}
    rest = [one for one in others if one.id not in ids][: law.HOME - len(warnings)]
    return [*warnings, *rest]


def changed(now: datetime, rows: Sequence[Any]) -> datetime:
    """Return when what these rows say last changed, for feeds."""
    return max((one.corrected_at or one.publish_at for one in rows), default=_EPOCH)


def one(notice_id: int, now: datetime) -> Notice:
    """Return a notice that everybody may read, or one that was withdrawn or has expired; see `standing`.

    Raise NotFound for what never was on the board, or not yet.
    """
    row = db.session.get(Notice, notice_id)
    if row is None or row.state not in (law.PUBLISHED, law.WITHDRAWN) or row.publish_at > now:
        raise NotFound("没有这条公示，可能地址写错了。")
    return row


def standing(row: Notice, now: datetime) -> str:
    """Return how a notice stands for its readers: shown, expired, withdrawn."""
    if row.state == law.WITHDRAWN:
        return "withdrawn"
    return "expired" if row.expires_at <= now else "shown"


def near(row: Notice, now: datetime) -> Sequence[Any]:
    """Return a few other notices of the same category."""
    query = select(*_COLUMNS).where(shown(now), Notice.category == row.category, Notice.id != row.id)
    return db.session.execute(query.order_by(Notice.publish_at.desc(), Notice.id.desc()).limit(3)).all()
