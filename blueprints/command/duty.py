"""The watch: who is on duty, what came in since it began, what one watch leaves to the next, the voicemail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.desk.dates import completed
from blueprints.web import leave, policy, say
from blueprints.web.files import handed_out
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import current_staff, may_open
from casework import attachments, duty, voicemail
from casework.actors import StaffView
from casework.errors import NotFound, Refused
from casework.reference import UnitView, current
from models import clock
from rules import duty as watches
from rules.calendar import at_time, local_date
from rules.workflow import WORKFLOW

bp = Blueprint("duty", __name__, url_prefix="/command/duty")


@bp.get("")
@policy("staff", "duty")
def index() -> Response:
    """Show the watch that holds now."""
    return _page()


def unit_of(staff: StaffView) -> UnitView:
    """Return the unit that the page is about: the one that was asked for, else the person's own."""
    units = duty.units_of(staff)
    wanted = request.values.get("unit", "")
    found = next((unit for unit in units if unit.key == wanted), None)
    if found is None and (wanted or not units):
        raise NotFound("没有这个单位的值班表，或者不在您能看的范围里。")
    return found or units[0]


def address(unit: UnitView, page: str = "", **more: str) -> str:
    """Return the address of a page of the duty, for this unit."""
    said = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/command/duty{page}?unit={unit.key}{said}"


def _page(errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    staff, now = worker_of_desk(), clock.now()
    unit = unit_of(staff)
    watch = duty.on_duty(unit, now)
    after = duty.on_duty(unit, watch.slot.ends_at)
    return show(
        "command/duty.html",
        status=status,
        unit=unit,
        units=duty.units_of(staff),
        watch=watch,
        after=after,
        instead=duty.names(duty.officers(unit.id, now, current())),
        may_enter=duty.may_enter(staff, unit),
        hours=watches.WATCHES,
        incoming=duty.incoming(staff, watch.slot.starts_at),
        notes=duty.notes(unit.id),
        may_write=duty.belongs(staff, unit),
        voicemails=voicemail.waiting(unit, staff),
        may_register=may_open(current_staff(), ("register",)),
        form=Filled({name: request.form.get(name, "") for name in ("text", "arrived_at")}, errors or {}),
        me=staff.id,
        names=current().names,
        href=present.case_href,
        kinds=WORKFLOW.kind_labels,
        address=address,
    )


@bp.post("/handover")
@policy("staff", "duty")
def hand_over() -> Response:
    """Leave a note to the next watch."""
    staff = worker_of_desk()
    unit = unit_of(staff)
    try:
        duty.hand_over(unit, request.form.get("text", ""), staff, clock.now())
    except Refused as refused:
        return _page({refused.field or "text": refused.sentence}, refused.status)
    say("交接已记下，等接班的人确认。")
    return leave(f"{address(unit)}#h-notes")


@bp.post("/handover/<int:handover_id>/confirm")
@policy("staff", "duty")
def confirm(handover_id: int) -> Response:
    """Confirm that a note was read."""
    staff = worker_of_desk()
    try:
        duty.confirm(handover_id, staff, clock.now())
    except Refused as refused:
        return _page({f"note-{handover_id}": refused.sentence}, refused.status)
    say("已确认看过这条交接。")
    return leave(f"{address(unit_of(staff))}#h-notes")


@bp.post("/voicemail")
@policy("staff", "duty", uploads=True)
def upload() -> Response:
    """Take the recording of a voicemail in."""
    staff, now = worker_of_desk(), clock.now()
    unit, sent = unit_of(staff), request.files.get("recording")
    try:
        if sent is None or not sent.filename:
            raise Refused("请选择录音文件", "recording")
        arrived_at = _moment(request.form.get("arrived_at", ""), local_date(now))
        voicemail.receive(sent.stream, sent.filename, unit, staff, arrived_at, now)
    except Refused as refused:
        return _page({refused.field or "recording": refused.sentence}, refused.status)
    say("录音已收下，在“留言待登记”里等人登记。")
    return leave(f"{address(unit)}#h-voice")


@bp.get("/voicemail/<int:voicemail_id>/sound")
@policy("staff", "duty")
def sound(voicemail_id: int) -> Response:
    """Hand out the harmless copy of a recording, to be heard."""
    try:
        opened = attachments.open_clean(voicemail.sound(voicemail_id, worker_of_desk()))
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave("/command/duty")
    return handed_out(opened)


@bp.post("/voicemail/<int:voicemail_id>/take")
@policy("staff", "register")
def take(voicemail_id: int) -> Response:
    """Take a recording and go to register it."""
    try:
        voicemail.take(voicemail_id, worker_of_desk(), clock.now())
    except Refused as refused:
        say(refused.sentence, tone="warn")
        return leave("/command/duty")
    return leave(f"/desk/new?voicemail={voicemail_id}")


@bp.post("/voicemail/<int:voicemail_id>/drop")
@policy("staff", "duty")
def drop(voicemail_id: int) -> Response:
    """Write down why a recording makes no case."""
    staff = worker_of_desk()
    try:
        voicemail.drop(voicemail_id, request.form.get("why", ""), staff, clock.now())
    except Refused as refused:
        return _page({refused.field or "why": refused.sentence}, refused.status)
    say("已写明原因，这条录音不登记。")
    return leave(f"{address(unit_of(staff))}#h-voice")


def _moment(text: str, today: date) -> datetime | None:
    """Return a moment as clerks type it (2026-11-24 2:10, 11.24 02:10), aware; None when it is none."""
    plain = completed(text, today, past=True).replace("：", ":").strip()
    found = re.fullmatch(r"(20\d\d)-(\d{1,2})-(\d{1,2})[ T]+(\d{1,2}):(\d{2})", plain)
    if found is None:
        return None
    year, month, day, hour, minute = map(int, found.groups())
    try:
        return at_time(date(year, month, day), time(hour, minute))
    except ValueError:
        return None
