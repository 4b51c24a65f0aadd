"""A board for tests: people of the city's cast write, approve and read notices."""

from __future__ import annotations

from datetime import datetime, timedelta

from casework.board import keeping
from models import Notice, db
from tests.support.cast import MORNING, Cast

TEXT = "## 一、看执照\n\n店里应当挂营业执照，和合同上的公司**对一对**。\n\n## 二、看合同\n\n退款的办法要写进合同。"


def typed(**other: str) -> dict[str, str]:
    """A notice as an editor types it."""
    return {"category": "warning", "title": "办预付卡前，先看这两点", "summary": "少充、勤查。", "body": TEXT} | other


def drafted(people: Cast, now: datetime = MORNING, **other: str) -> Notice:
    """A draft of the editor's."""
    return keeping.find(keeping.draft(people.view("editor"), typed(**other), now))


def published(people: Cast, now: datetime = MORNING, **other: str) -> Notice:
    """A notice that the editor wrote and the supervisor approved."""
    row = drafted(people, now, **other)
    keeping.submit(people.view("editor"), row, now)
    keeping.publish(people.view("city_supervisor"), row, now)
    db.session.expire_all()
    return keeping.find(row.id)


def later(**span: float) -> datetime:
    """A moment after the morning of the cast."""
    return MORNING + timedelta(**span)
