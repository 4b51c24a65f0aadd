"""The working-day calendar: a year with its days off and working weekends, and declaring what changes in it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import calendars
from casework.errors import Faults
from casework.reference import current
from models import clock
from rules.calendar import local_date

bp = Blueprint("calendar", __name__, url_prefix="/admin/calendar")
DAYS = ("kind", "first_on", "last_on", "name", "source")
YEAR = ("year", "lines", "source")


@bp.get("")
@policy("staff", "admin.system")
def index() -> Response:
    """Show a year, what was declared of late and how far the terms follow."""
    return _page()


def _year() -> int:
    """Return the year that is asked for; this one for anything else."""
    now, asked = clock.now(), request.values.get("show", "")
    found = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else 0
    return found if found in calendars.years(now) else local_date(now).year


def _page(days: Filled | None = None, year: Filled | None = None, status: int = 200) -> Response:
    now, shown = clock.now(), _year()
    view = calendars.view(shown)
    this = local_date(now).year
    return page(
        "admin/calendar.html",
        status=status,
        view=view,
        years=calendars.years(now),
        kinds=list(calendars.KINDS.items()),
        days=days or Filled({"kind": calendars.OFF}),
        year=year or Filled({"year": str(shown)}, prefix="y-"),
        sent_back=days or year,
        may_enter=not view.known and this <= shown <= this + 1,
        changes=calendars.changes(),
        names=current().names,
        address=bp.url_prefix,
    )


@bp.post("/days")
@policy("staff", "admin.system")
def days() -> Response:
    """Declare single days: say first what it would mean, and do it once that is confirmed."""
    return _declare({name: request.form.get(name, "") for name in DAYS}, "")


@bp.post("/year")
@policy("staff", "admin.system")
def year() -> Response:
    """Enter the arrangement of a year, in the same two steps."""
    return _declare({name: request.form.get(name, "") for name in YEAR}, "y-")


def _declare(entered: Mapping[str, str], prefix: str) -> Response:
    now, shown = clock.now(), _year()
    try:
        if request.form.get("edit"):
            return _back(Filled(entered, prefix=prefix))
        if not request.form.get("confirmed"):
            wanted = calendars.read(entered, now)
            return page(
                "admin/calendar_confirm.html",
                wanted=wanted,
                found=calendars.preview(wanted, now),
                where="year" if prefix else "days",
                hidden=[*entered.items(), ("show", str(shown))],
            )
        change = calendars.declare(entered, worker_of_desk(), now)
    except Faults as wrong:
        return _back(Filled(entered, wrong.faults, prefix), 422)
    say(f"{change.words}，已登记。{change.touched} 件正在办理的件由后台核对期限，进度在这一页看。")
    return leave(f"/admin/calendar?show={change.last_on.year}")


def _back(filled: Filled, status: int = 200) -> Response:
    return _page(year=filled, status=status) if filled.prefix else _page(days=filled, status=status)
