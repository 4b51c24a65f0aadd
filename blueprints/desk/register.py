"""Registering what comes by telephone, at the counter, by letter: one screen, in the order of a call."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, request

from blueprints.desk import present
from blueprints.desk.dates import completed
from blueprints.web import page, policy
from blueprints.web.errors import LATER, not_now
from blueprints.web.forms import Filled, Value
from blueprints.web.pages import leave
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import session_token
from casework import access, attachments, casefile, intake, listing, offers, receipts, similar, voicemail
from casework.actors import StaffView, by
from casework.errors import Faults, NotFound, Refused
from casework.reference import current
from models import clock
from models.outage import Unavailable
from rules.calendar import local_date
from rules.identifiers import row_number
from rules.table import Choice
from rules.workflow import WORKFLOW

bp = Blueprint("register", __name__, url_prefix="/desk")
KINDS = [(kind, WORKFLOW.kind_labels[kind]) for kind in ("complaint", "report", "consultation", "suggestion")]
FIELDS = {field.name: field for field in WORKFLOW.action("register_by_staff").fields}
MANY = ("demands", "recording")
CHANNEL_WORDS = {**listing.SHORT_CHANNELS, "platform_12315": "全国平台"}


@bp.get("/new")
@policy("staff", "register")
def new() -> Response:
    """Show an empty form; with `?voicemail=` a recording that the clerk has taken is attached, its time filled in."""
    today = local_date(clock.now()).isoformat()
    first: dict[str, Value] = {
        "channel": "hotline_12315", "kind": "complaint", "urgent": "normal", "received_on": today,
    }  # fmt: skip
    heard = _heard(request.args.get("voicemail", ""), worker_of_desk())
    if heard is not None:
        file_id, arrived_at = heard
        first |= {
            "received_on": local_date(arrived_at).isoformat(),
            "recording": [str(file_id)],
            "voicemail": request.args["voicemail"],
        }
    return _form(Filled({**first, "form_key": secrets.token_urlsafe(24)}), ())


def _heard(voicemail_id: str, staff: StaffView) -> tuple[int, datetime] | None:
    """Return file and arrival of the recording that a form is about; None for no or somebody else's recording."""
    number = row_number(voicemail_id)
    return voicemail.held(number, staff) if number is not None else None


@bp.post("/new")
@policy("staff", "register", uploads=True, multi=MANY)
def register() -> Response:
    """Take the filing in; the form's key makes a second press the same case."""
    staff, now = worker_of_desk(), clock.now()
    values = _entered(local_date(now))
    kind = str(values["kind"])
    try:
        faults = _receive(values, staff, now)
        if kind not in dict(KINDS):
            raise Faults({"kind": "请选择类型"})
        if faults:
            raise Faults(faults)
        intake.register(_filing(kind, values, staff), now)
    except Faults as found:
        return _form(Filled(values, _in_order(found.faults)), _likenesses(values, staff), 422)
    except Refused as refused:
        return _form(Filled(values, {refused.field or "content": refused.sentence}), _likenesses(values, staff), 422)
    except Unavailable:
        return not_now(_form(Filled(values, {"content": LATER}), _likenesses(values, staff), 503))
    return leave(f"/desk/new/{values['form_key']}")


def _entered(today: date) -> dict[str, Value]:
    form = request.form
    values: dict[str, Value] = {name: form.getlist(name) for name in MANY}
    for name in ("kind", *FIELDS):
        if name not in MANY:
            values[name] = form.get(name, "")
    for name in ("received_on", "happened_on"):
        values[name] = completed(str(values[name]), today, past=True)
    values["voicemail"] = form.get("voicemail", "")
    key = form.get("form_key", "")
    values["form_key"] = key if 20 <= len(key) <= 64 and key.isascii() else secrets.token_urlsafe(24)
    return values


def _filing(kind: str, values: Mapping[str, Value], staff: StaffView) -> intake.NewFiling:
    entered: dict[str, Any] = {name: value for name, value in values.items() if name in FIELDS}
    # The clerk reads the sentence to the caller and writes down the answer: the form has no box to forget.
    entered["consent_truth"] = "yes"
    files = tuple(_ids(values["recording"]))
    entered["recording"] = list(values["recording"])
    heard = _heard(str(values["voicemail"]), staff)
    arrived_at = heard[1] if heard is not None and heard[0] in files else None
    return intake.NewFiling(
        kind, entered, by(staff), form_key=key_of(str(values["form_key"])), attachment_ids=files, received_at=arrived_at
    )


def _ids(values: Value) -> list[int]:
    parts = [values] if isinstance(values, str) else values
    return [one for one in map(row_number, parts) if one is not None]


def key_of(token: str) -> str:
    """Return the key of a form from what stands in it and in the address afterwards: worthless without the session."""
    return hashlib.sha256(f"{session_token()}\0{token}".encode()).hexdigest()


def _receive(values: dict[str, Value], staff: StaffView, now: datetime) -> dict[str, str]:
    """Take uploaded recordings and pictures in; they wait for the case under the clerk's name."""
    ids = list(values["recording"])
    for upload in request.files.getlist("recording"):
        if not upload.filename:
            continue
        try:
            row = attachments.receive(
                upload.stream, upload.filename, uploaded_by="staff", staff_id=staff.id,
                kind="recording", field="recording", now=now,
            )  # fmt: skip
        except Refused as refused:
            return {"recording": refused.sentence}
        ids.append(str(row.id))
    values["recording"] = ids
    return {}


def _in_order(faults: Mapping[str, str]) -> dict[str, str]:
    """Return the faults in the order of the page."""
    order = list(FIELDS)
    return dict(sorted(faults.items(), key=lambda one: order.index(one[0]) if one[0] in order else -1))


def _likenesses(values: Mapping[str, Value], staff: StaffView) -> list[similar.Likeness]:
    return similar.find(staff, str(values["filer_phone"]), str(values["respondent_name"]), str(values["goods"]))


def _form(form: Filled, alike: Any, status: int = 200) -> Response:
    staff = worker_of_desk()
    kept = casefile.loose_files(staff, _ids(form.values.get("recording", ())))
    kind, heard = form.value("kind"), _heard(form.value("voicemail"), staff)
    return page(
        "desk/register.html",
        status=status,
        form=form,
        kinds=KINDS,
        channels=_words(FIELDS["channel"].choices, CHANNEL_WORDS),
        urgencies=_words(FIELDS["urgent"].choices, {}),
        goods=offers.tree_groups("goods"),
        problems=offers.tree_groups("report_problem" if kind == "report" else "problem"),
        sales=_words(FIELDS["sales_mode"].choices, {}),
        demands=[(choice.key, choice.plain or choice.label) for choice in FIELDS["demands"].choices],
        replies=_words(FIELDS["reply_by"].choices, {}),
        alike=alike,
        kept=kept,
        heard=heard,
    )


def _words(choices: tuple[Choice, ...], plain: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(choice.key, plain.get(choice.key, choice.label)) for choice in choices]


@bp.post("/similar")
@policy("staff", "register", multi=MANY)
def alike() -> Response:
    """Show what resembles the filing so far; asked for while the clerk types, and it writes nothing."""
    form = request.form
    found = similar.find(
        worker_of_desk(), form.get("filer_phone", ""), form.get("respondent_name", ""), form.get("goods", "")
    )
    return page("desk/_similar.html", "desk/_similar.html", alike=found)


@bp.get("/new/<token>")
@policy("staff", "register")
def receipt(token: str) -> Response:
    """Show number and query code to read out, what resembles it, and the unit that the routing table proposes."""
    staff, now = worker_of_desk(), clock.now()
    try:
        found = receipts.show(key_of(token), now)
    except NotFound:
        return leave("/desk/new")
    cases = [access.find(staff, slip.number) for slip in found.slips]
    route = offers.proposed(cases[0])
    ref = current()
    may_send = access.acting_role(by(staff), WORKFLOW.action("dispatch"), access.columns(cases[0]), ref) is not None
    alike = similar.find(staff, "", cases[0].respondent_name or "", cases[0].goods or "")
    return page(
        "desk/registered.html",
        slips=list(zip(found.slips, cases, strict=True)),
        case=cases[0],
        route=route,
        route_unit=ref.unit_keys[route[0]].name if route else "",
        may_send=may_send and cases[0].state in {"registered", "returned"},
        alike=[one for one in alike if one.case.id not in {case.id for case in cases}],
        href=present.case_href,
        labels=dict(KINDS),
    )
