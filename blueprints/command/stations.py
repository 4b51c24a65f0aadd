"""Stations and points for staff: the register, one station with its ledgers, its monthly sheet."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.pages import forget_public_pages
from blueprints.web.signed_in import worker_of_desk
from casework.actors import StaffView
from casework.errors import Faults, NotAllowed, NotFound
from casework.stations import keeping, sheets
from casework.stations.keeping import Row
from models import clock
from rules import stations as law
from rules.calendar import local_date
from rules.periods import Period

HERE = "/command/stations"
bp = Blueprint("kept_stations", __name__, url_prefix=HERE)
POSTERS = {
    "queued": "海报排队制作",
    "making": "海报正在制作",
    "made": "海报已制成",
    "failed": "海报未能制成，已报告管理员",
}
MONTHS = 12


@bp.get("")
@policy("staff", "stations")
def index() -> Response:
    """List the stations in sight."""
    staff = worker_of_desk()
    rows = keeping.seen(staff)
    return show("command/stations.html", rows=rows, places=law.PLACES, may_enter=bool(keeping.offices(staff)))


@bp.get("/new")
@policy("staff", "stations.edit")
def new() -> Response:
    """Show an empty form."""
    return _new(worker_of_desk(), Filled())


def _new(staff: StaffView, form: Filled, status: int = 200) -> Response:
    offices = [(one.key, one.short_name) for one in keeping.offices(staff)]
    return show(
        "command/station_new.html", status=status, form=form, offices=offices, places=list(law.PLACES.items()),
        limits=keeping.LIMITS,
    )  # fmt: skip


@bp.post("/new")
@policy("staff", "stations.edit")
def enter() -> Response:
    """Enter a station."""
    staff = worker_of_desk()
    try:
        code = keeping.enter(staff, request.form, clock.now())
    except Faults as found:
        return _new(staff, Filled(request.form, found.faults), found.status)
    forget_public_pages()
    say("已登记，名录里马上看得到；海报一会儿就好。")
    return leave(f"{HERE}/{code}")


@bp.get("/<code>")
@policy("staff", "stations")
def one(code: str) -> Response:
    """Show a station with its ledgers; one that is not in sight leads back to the list."""
    staff = worker_of_desk()
    try:
        return _one(staff, keeping.find(staff, code))
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HERE)


def _one(
    staff: StaffView, row: Row, form: Filled | None = None, entry: Filled | None = None, status: int = 200
) -> Response:
    today = local_date(clock.now())
    month, months = Period.holding("month", today), []
    for _ in range(MONTHS):
        months.append(month)
        month = month.before()
    may_edit = keeping.may_edit(staff, row.unit) and row.station.closed_on is None
    kinds = [(one.key, one.label) for one in law.RECORDS.values() if may_edit or one.key == "training"]
    return show(
        "command/station.html",
        status=status,
        row=row,
        place=law.PLACES.get(row.station.place, ""),
        form=form or Filled(_values(row)),
        entry=entry or Filled({"kind": kinds[0][0], "held_on": today.isoformat()}, prefix="r-"),
        records=keeping.records(row.station),
        record_kinds={key: one.label for key, one in law.RECORDS.items()},
        kinds=kinds,
        marked=may_edit,
        may_edit=may_edit,
        places=list(law.PLACES.items()),
        limits=keeping.LIMITS,
        poster=POSTERS.get(row.station.poster_state or "", "还没有海报"),
        months=months,
    )


def _values(row: Row) -> dict[str, str]:
    return {
        "name": keeping.name_of(row.unit), "place": row.station.place, "address": row.unit.address,
        "phone": row.unit.phone, "host": row.station.host, "hours": row.station.hours, "fills": row.station.fills,
    }  # fmt: skip


@bp.post("/<code>")
@policy("staff", "stations.edit")
def change(code: str) -> Response:
    """Change what the directory says."""
    staff = worker_of_desk()
    row = keeping.find(staff, code)
    try:
        keeping.change(staff, code, request.form, clock.now())
    except Faults as found:
        return _one(staff, row, Filled(request.form, found.faults), status=found.status)
    forget_public_pages()
    say("已更改，新的海报一会儿就好。")
    return leave(f"{HERE}/{code}")


@bp.post("/<code>/close")
@policy("staff", "stations.edit")
def close(code: str) -> Response:
    """Close it."""
    staff = worker_of_desk()
    row, why = keeping.find(staff, code), request.form.get("why", "")
    try:
        keeping.close(staff, code, why, clock.now())
    except Faults as found:
        return _one(staff, row, Filled({**_values(row), "why": why}, found.faults), status=found.status)
    forget_public_pages()
    say("已撤销。扫旧海报的人会看到说明和别的办法。")
    return leave(f"{HERE}/{code}")


@bp.post("/<code>/records")
@policy("staff", "stations")
def record(code: str) -> Response:
    """Add an entry to a ledger."""
    staff = worker_of_desk()
    row = keeping.find(staff, code)
    try:
        keeping.record(staff, code, request.form, clock.now())
    except Faults as found:
        return _one(staff, row, entry=Filled(request.form, found.faults, "r-"), status=found.status)
    except NotAllowed as found:
        form = Filled(request.form, {"kind": found.sentence}, "r-")
        return _one(staff, row, entry=form, status=found.status)
    say("已记入台账。")
    return leave(f"{HERE}/{code}#ledger")


@bp.get("/<code>/sheets/<month>")
@policy("staff", "stations")
def sheet(code: str, month: str) -> Response:
    """Show the sheet of a month, ready to print; an address that is none leads back."""
    staff = worker_of_desk()
    try:
        row = keeping.find(staff, code)
        period = _month(month)
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HERE)
    return show(
        "command/station_sheet.html", row=row, sheet=sheets.sheet(row.station, period),
        record_kinds={key: one.label for key, one in law.RECORDS.items()},
    )  # fmt: skip


def _month(key: str) -> Period:
    try:
        found = Period.parse(key)
    except ValueError as error:
        raise NotFound("没有这个月份。") from error
    if found.kind != "month":
        raise NotFound("没有这个月份。")
    return found
