"""The list of the day: one text per person each working morning, in place of a message for every term."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from casework import access, alive, channels, directives, notices, queue, tasks
from casework.actors import StaffView
from casework.queue import COUNTED, Filters
from casework.reference import current
from models import Heartbeat, Staff, db
from models.base import writing
from rules.calendar import ZONE, local_date
from rules.deadlines import RULES
from rules.explanation import long_date

MARK = "digest"
NAMED = 12
"""Cases that a digest names; the rest are a number."""
PARTS = (("overdue", "已超期"), ("due-today", "今天到期"), ("due-soon", "3个工作日内到期"))


def write_due(now: datetime) -> int:
    """Write the digests of today once their hour has come; return how many. On days off nobody is written to.

    Killed in the middle it goes on with those who have none yet: each person has one per day.
    """
    today = local_date(now)
    here = now.astimezone(ZONE).time()
    if here < notices.quiet_hours().digest_at or _written(today) or not current().calendar.is_working(today):
        return 0
    people = select(Staff.id, Staff.reach_by).where(Staff.active, Staff.reach_by.in_(channels.OF_STAFF))
    written = 0
    for person in db.session.execute(people.order_by(Staff.id)).all():
        staff = access.view_of(person.id, now)
        text = text_for(staff, now) if staff is not None else ""
        if not text:
            continue
        row = {
            "staff_id": person.id,
            "message_id": None,
            "mark": f"{MARK}-{person.id}-{today:%Y%m%d}",
            "channel": person.reach_by,
            "text": text,
            "created_at": now,
            "not_before": notices.quiet_hours().from_(now),
        }
        with writing() as session:
            added = notices.add(session, [row], now)
        tasks.wake(added)
        written += 1
    alive.beat(MARK, {"day": today.isoformat(), "written": written}, now)
    return written


def _written(today: date) -> bool:
    row = db.session.execute(select(Heartbeat.found).where(Heartbeat.name == MARK)).scalar_one_or_none()
    return row is not None and row.get("day") == today.isoformat()


def text_for(staff: StaffView, now: datetime) -> str:
    """Return what is due and overdue on a person's desk, that of colleagues they stand in for included; "" for nothing.

    Numbers and terms only: a text on its way says nothing of what a case is about.
    """
    if not staff.has("handler", "lead", "supervisor", "leader"):
        return ""
    counts = {tab.view.key: tab.count for tab in queue.tabs(staff, now)}
    wanted = [(key, words) for key, words in PARTS if counts.get(key)]
    orders = [f"待{to_do}的指令{number}份" for to_do, number in directives.owed(staff, now).items()]
    if not wanted and not orders:
        return ""
    head = "，".join([f"{words}{_many(counts[key])}件" for key, words in wanted] + orders)
    lines = [f"{long_date(local_date(now))}，您这里{head}。"]
    room = NAMED
    for key, words in wanted:
        found = queue.page(staff, key, None, Filters(), now, size=room).cases if room > 0 else ()
        for case in found:
            term = RULES[case.due_rule].label if case.due_rule else "期限"
            lines.append(f"{case.number} {words}：{term}")
        room -= len(found)
    return "\n".join(lines)


def _many(count: int) -> str:
    return f"{COUNTED - 1}+" if count >= COUNTED else str(count)
