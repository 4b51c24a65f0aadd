"""The districts' monthly reports to the city."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.briefings.views import back
from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.actors import StaffView
from casework.briefings import districts, keeping, places
from casework.briefings.keeping import Conflict
from casework.errors import Faults, NotFound
from casework.reference import current
from models import clock
from rules import briefing as law
from rules.periods import Period

bp = Blueprint("district_reports", __name__, url_prefix="/briefings")


@bp.get("/<month>/reports/<unit>")
@policy("staff", "briefing")
def one(month: str, unit: str) -> Response:
    """Show a district's report on a month; its own people may write it."""
    try:
        return _one(worker_of_desk(), keeping.month_of(month), unit, None)
    except NotFound as gone:
        return back(gone)


def _one(
    staff: StaffView, month: Period, unit: str, form: Filled | None, conflict: Conflict | None = None, status: int = 200
) -> Response:
    place, report = districts.read(staff, unit, month)
    kept = {"text": report.text, "version": str(report.version)} if report else {"text": "", "version": "0"}
    return page(
        "briefings/report.html",
        status=status,
        unit=place,
        report=report,
        month=month,
        due_on=law.report_due(month, current().calendar),
        form=form or Filled(kept),
        conflict=conflict,
        may_write=place in places.districts(staff),
        names=current().names,
    )


@bp.post("/<month>/reports/<unit>")
@policy("staff", "briefing.report")
def file(month: str, unit: str) -> Response:
    """Keep a district's report."""
    staff, asked = worker_of_desk(), keeping.month_of(month)
    typed = {"text": request.form.get("text", "").replace("\r\n", "\n"), "version": request.form.get("version", "")}
    version = int(typed["version"]) if typed["version"].isdecimal() and len(typed["version"]) < 9 else -1
    try:
        late = districts.file(staff, unit, asked, typed["text"], version, clock.now())
    except Conflict as conflict:
        errors = {"text": "这份报送刚才有同事保存过，请对照下面的内容再保存。"}
        return _one(staff, asked, unit, Filled({**typed, "version": str(conflict.version)}, errors), conflict, 422)
    except Faults as found:
        return _one(staff, asked, unit, Filled(typed, found.faults), status=422)
    say("已报送，超过了报送日期，已记为迟报。" if late else "已按时报送。", tone="warn" if late else "ok")
    return leave(f"/briefings/{month}/reports/{unit}")
