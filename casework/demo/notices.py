"""The board of the demo city: laws, warnings, knowledge, typical cases, news; some still being written."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import update

from casework import access, reference, tasks
from casework.actors import StaffView
from casework.board import correcting, keeping, typed
from casework.demo.sources import DATA, read
from models import Notice, Task
from models.base import writing
from rules.calendar import at_time, local_date

WRITTEN, APPROVED = time(9, 20), time(11, 5)


def fill(until: datetime) -> int:
    """Write, approve and correct as people do, at the moments at which they do; return how many are published."""
    root = reference.current().root()
    held = {role: reference.current().roles.get((root.id, role), ()) for role in ("editor", "supervisor")}
    if not all(held.values()):
        return 0
    published = 0
    for one in read("board")["notice"]:
        day = local_date(until) - timedelta(days=max(one["days"], 1))
        editor = access.view_of(held["editor"][0], at_time(day, WRITTEN))
        reviewer = access.view_of(held["supervisor"][0], at_time(day, APPROVED))
        if editor is not None and reviewer is not None:
            published += _notice(one, editor, reviewer, at_time(day, WRITTEN), until)
    _wait_until(until)
    return published


def _notice(one: dict[str, Any], editor: StaffView, reviewer: StaffView, written: datetime, until: datetime) -> int:
    values = _values(one, until)
    whole = values["body"]
    if "correction" in one:  # its table was forgotten at first
        values["body"] = "\n".join(line for line in whole.splitlines() if not line.startswith("|"))
    row = keeping.find(keeping.draft(editor, values, written, source=f"demo:{one['key']}"))
    state, approved = one.get("state", "published"), written + timedelta(hours=2)
    if state == "draft":
        return 0
    keeping.submit(editor, row, written + timedelta(minutes=5))
    if state == "review":
        return 0
    keeping.publish(reviewer, row, approved)
    if one.get("pinned"):
        keeping.pin(reviewer, row, True, approved)
    if "correction" in one:
        _correct(row, editor, reviewer, {**values, "body": whole, "note": one["correction"]}, approved)
    return 1


def _correct(row: Notice, editor: StaffView, reviewer: StaffView, values: dict[str, str], approved: datetime) -> None:
    moment = approved + timedelta(hours=4)
    correcting.propose(editor, row, values, moment)
    correcting.approve(reviewer, row, "1", moment + timedelta(minutes=20))


def _values(one: dict[str, Any], until: datetime) -> dict[str, str]:
    title, body = one.get("title", ""), one.get("body", "").strip()
    if "file" in one:
        text = (DATA / "board" / f"{one['file']}.md").read_text(encoding="utf-8")
        heading, _, body = text.partition("\n")
        title, body = heading.lstrip("# ").strip(), body.strip()
    coming = one["days"] < 0  # waits for its day
    publish_at = at_time(local_date(until) - timedelta(days=one["days"]), time(9)) if coming else None
    return {
        "category": one["category"],
        "title": title,
        "summary": one.get("summary", ""),
        "body": body,
        "publish_at": typed.moment_typed(publish_at) if publish_at else "",
        "expires_at": "",
    }


def _wait_until(moment: datetime) -> None:
    """Let what the workers do for the board be work of today: it did not lie about since then."""
    kinds = (tasks.BOARD_TURN, tasks.BOARD_SHEET)
    with writing() as session:
        late = update(Task).where(Task.kind.in_(kinds), Task.not_before < moment, Task.done_at.is_(None))
        session.execute(late.values(created_at=moment, not_before=moment))
