"""The duty roster of a unit: a week as a table, weeks pasted as lines, two watches that change places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import Blueprint, Response, request

from blueprints.command.duty import address, unit_of
from blueprints.command.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import duty
from casework.actors import StaffView
from casework.errors import Refused
from casework.reference import UnitView, current
from models import DutyShift, clock
from rules import duty as watches
from rules.calendar import local_date
from rules.duty import Entry, Slot

bp = Blueprint("roster", __name__, url_prefix="/command/duty/roster")
WEEK = 7
AHEAD = 28
"""Days of watches that the lists for a swap offer."""


@bp.get("")
@policy("staff", "duty")
def index() -> Response:
    """Show a week of a unit's roster."""
    return _page(_monday(request.args.get("week", "")))


def _monday(text: str) -> date:
    """Return the Monday of the week of a day; of this week for anything that is no day of these years."""
    day = local_date(clock.now())
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        wanted = day
    if abs(wanted.year - day.year) <= 2:
        day = wanted
    return day - timedelta(days=day.weekday())


def _page(
    monday: date,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    sentences: Sequence[str] = (),
    open_offered: str = "",
    status: int = 200,
) -> Response:
    staff, now = worker_of_desk(), clock.now()
    unit, sunday = unit_of(staff), monday + timedelta(days=WEEK - 1)
    rows = duty.roster(unit.id, monday, sunday)
    values = {"phone": next((row.phone for row in rows.values() if row.phone), unit.phone), "lines": ""}
    values |= {key: _cell(row) for key, row in rows.items()} | dict(typed or {})
    days = [monday + timedelta(days=n) for n in range(WEEK)]
    grid = [(day, [watches.slot(day, part) for part in watches.WATCHES]) for day in days]
    holding = watches.slot_at(now)
    return show(
        "command/roster.html",
        status=status,
        unit=unit,
        units=duty.units_of(staff),
        monday=monday,
        sunday=sunday,
        earlier=monday - timedelta(days=WEEK),
        later=monday + timedelta(days=WEEK),
        grid=grid,
        watches=list(watches.WATCHES.values()),
        form=Filled(values, errors or {}),
        sentences=sentences,
        open_offered=open_offered,
        may_enter=duty.may_enter(staff, unit),
        people=duty.people_of(unit),
        upcoming=_upcoming(unit, holding),
        holding=holding,
        now=now,
        address=address,
    )


def _cell(row: DutyShift) -> str:
    """Return who is entered for a watch, as it would be typed."""
    if row.staff_id is None:
        return "空"
    names = current().names
    return " ".join(names.get(one, "") for one in (row.staff_id, row.second_id) if one is not None)


def _upcoming(unit: UnitView, holding: Slot) -> list[tuple[str, str]]:
    last = holding.day + timedelta(days=AHEAD)
    rows = duty.roster(unit.id, holding.day, last)
    return [
        (one.key, f"{one.words} {_cell(rows[one.key])}")
        for one in watches.slots(holding.day, last)
        if one >= holding and one.key in rows
    ]


@bp.post("")
@policy("staff", "duty.roster")
def put() -> Response:
    """Enter a week from its table; watches that are over stay as they are."""
    staff, now = worker_of_desk(), clock.now()
    monday = _monday(request.form.get("week", ""))
    wanted = [one for one in watches.slots(monday, monday + timedelta(days=WEEK - 1)) if one.ends_at > now]
    typed = {one.key: request.form.get(one.key, "") for one in wanted} | {"phone": request.form.get("phone", "")}
    entries, faults = [], {}
    for one in wanted:
        if not typed[one.key].strip():
            continue  # a gap is found by the whole roster, in its order
        try:
            first, second = watches.parse_names(typed[one.key])
            entries.append(Entry(one, first, second))
        except ValueError as error:
            faults[one.key] = f"{one.words}：{error}"
    if faults:
        return _page(monday, typed, faults, status=422)
    return _put(monday, wanted, entries, typed, staff)


def _put(
    monday: date, wanted: Sequence[Slot], entries: Sequence[Entry], typed: dict[str, str], staff: StaffView
) -> Response:
    known, unit = request.form.get("open_known") == "yes", unit_of(staff)
    phone = typed["phone"].strip()
    try:
        number = duty.put(unit, entries, staff, clock.now(), phone=phone, open_known=known, wanted=wanted)
    except duty.NotWhole as wrong:
        order = {one.key: wrong.by_slot[one.key] for one in wanted if one.key in wrong.by_slot}
        offered = "week" if wrong.gaps else ""
        told = order or {next((one.key for one in wanted), "phone"): wrong.sentence}
        return _page(monday, typed, told, open_offered=offered, status=wrong.status)
    except Refused as refused:
        return _page(monday, typed, {refused.field or "phone": refused.sentence}, status=refused.status)
    left = number - sum(entry.first is not None for entry in entries)
    said = f"{unit.short_name} {monday.month}月{monday.day}日这一周的值班表已存。"
    say(said + (f"其中 {left} 班写明空着。" if left else ""))
    return leave(address(unit, "/roster", week=monday.isoformat()))


@bp.post("/lines")
@policy("staff", "duty.roster")
def paste() -> Response:
    """Enter what was pasted, when every line can be taken and the span is whole."""
    staff, now = worker_of_desk(), clock.now()
    unit, monday = unit_of(staff), _monday(request.form.get("week", ""))
    typed = {"lines": request.form.get("lines", ""), "lines_phone": request.form.get("lines_phone", "")}
    found = watches.parse_lines(typed["lines"])
    if found.faults:
        told = {"lines": f"有 {len(found.faults)} 行不能收，一行也没有存"}
        return _page(monday, typed, told, found.faults, status=422)
    known = request.form.get("open_known") == "yes"
    try:
        number = duty.put(unit, found.entries, staff, now, phone=typed["lines_phone"].strip(), open_known=known)
    except duty.NotWhole as wrong:
        told = {"lines": f"有 {len(wrong.sentences)} 处要改，还没有存"}
        return _page(monday, typed, told, wrong.sentences, "lines" if wrong.gaps else "", wrong.status)
    except Refused as refused:
        return _page(monday, typed, {"lines": refused.sentence}, status=refused.status)
    say(f"{unit.short_name}的值班表存了 {number} 班。")
    first = min(found.entries, key=lambda entry: entry.slot).slot.day
    return leave(address(unit, "/roster", week=first.isoformat()))


@bp.post("/swap")
@policy("staff", "duty.roster")
def swap() -> Response:
    """Let two watches change their people."""
    staff = worker_of_desk()
    unit, monday = unit_of(staff), _monday(request.form.get("week", ""))
    typed = {name: request.form.get(name, "") for name in ("swap_one", "swap_other")}
    try:
        pair = [_slot(typed[name], name) for name in typed]
        duty.swap(unit, pair[0], pair[1], staff, clock.now())
    except Refused as refused:
        return _page(monday, typed, {refused.field or "swap_one": refused.sentence}, status=refused.status)
    say(f"{pair[0].words}和{pair[1].words}的人已对调。")
    return leave(address(unit, "/roster", week=monday.isoformat()))


def _slot(key: str, field: str) -> Slot:
    day, _, part = key.rpartition("-")
    try:
        return watches.slot(date.fromisoformat(day), part)
    except (ValueError, KeyError):
        raise Refused("请选择要对调的班次", field) from None
