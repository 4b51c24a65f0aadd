"""What the districts report to the city each month (NJ五6): text, the day it was due, the moment it came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from casework.actors import StaffView
from casework.briefings import places
from casework.briefings.keeping import Conflict
from casework.errors import Faults, NotAllowed, NotFound
from casework.reference import UnitView, current
from models import Briefing, DistrictReport, db
from models import briefing as states
from models.base import writing
from rules import briefing as law
from rules.calendar import local_date
from rules.periods import Period

LEAST, LONGEST = 20, 6000


def find(unit_id: int, month: Period) -> DistrictReport | None:
    """Return a district's report on a month, if it came."""
    return db.session.scalar(
        select(DistrictReport).where(DistrictReport.unit_id == unit_id, DistrictReport.month == month.key)
    )


def file(staff: StaffView, unit_key: str, month: Period, text: str, version: int, now: datetime) -> bool:
    """Keep a district's report on a month; return whether it came late. The first time it came decides that.

    Raises NotAllowed for another district's people, NotFound, Faults, Conflict when a colleague saved it since.
    """
    unit = next((one for one in places.districts(staff) if one.key == unit_key), None)
    if unit is None:
        raise NotAllowed("您不能替这个单位报送。")
    if month.ends > now:
        raise Faults({"text": f"{month.label}还没有过完，过完以后才能报送。"})
    text = text.strip()
    if not LEAST <= len(text) <= LONGEST:
        raise Faults({"text": f"请写{LEAST}到{LONGEST:,}个字，现在有{len(text):,}个字。"})
    due = law.report_due(month, current().calendar)
    with writing() as session:
        issued = select(Briefing.id).where(Briefing.month == month.key, Briefing.state == states.ISSUED)
        row = session.scalar(
            select(DistrictReport)
            .where(DistrictReport.unit_id == unit.id, DistrictReport.month == month.key)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if row is None:
            late = local_date(now) > due
            session.add(
                DistrictReport(
                    unit_id=unit.id, month=month.key, due_on=due, text=text, filed_at=now, filed_by=staff.id,
                    late=late, version=1,
                )
            )  # fmt: skip
            return late
        if row.text == text:
            return row.late
        if row.version != version:
            raise Conflict(row.text, row.version, row.filed_by)
        if session.scalar(issued) is not None:
            raise Faults({"text": "这个月的简报已经签发，报送的内容不能再改。"})
        row.text, row.version, row.changed_at, row.filed_by = text, row.version + 1, now, staff.id
        return row.late


def read(staff: StaffView, unit_key: str, month: Period) -> tuple[UnitView, DistrictReport | None]:
    """Return a district and its report, for the city's people and its own. Raise NotFound for anybody else."""
    unit = next((one for one in places.all_districts() if one.key == unit_key), None)
    own = unit is not None and unit in places.districts(staff)
    if unit is None or not (own or places.may(staff, places.EDIT) or places.may(staff, places.SIGN)):
        raise NotFound("没有这个单位的报送。")
    return unit, find(unit.id, month)
