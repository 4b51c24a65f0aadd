"""Taking in: a filing becomes one or two cases, numbered, with their terms running, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework import attachments, drafts, fields, handling, linked, tasks
from casework.actors import CITIZEN, FILER, SYSTEM, Actor
from casework.cases import Created, NewCase, Ready, create, prepare
from casework.errors import Faults, NotAllowed, NotFound, OtherWords, Refused
from casework.receipts import VISIT, Receipt, Slip, mark_of, seal, show
from casework.reference import Reference, current
from models import Case, Filing
from models.base import canonical, db, writing
from models.prepared import Prepared
from rules import deadlines, identifiers
from rules.calendar import local_date
from rules.workflow import WORKFLOW

ONLINE = "online"
_FILINGS = cast(Table, Filing.__table__)
# Written once: composing a statement anew costs more than the database needs to run it.
_NEW_FILING = Prepared(insert(_FILINGS).returning(_FILINGS.c.id))
_KEEP_CODES = Prepared(
    update(_FILINGS)
    .where(_FILINGS.c.id == bindparam("filing"))
    .values(receipt_codes=bindparam("codes"), receipt_until=bindparam("until"))
)
_EARLIER = select(_FILINGS.c.body_mark).where(_FILINGS.c.form_key == bindparam("mark"))
SEALED_KIND = "misconduct"
FIRST_TERM = {
    "complaint": "complaint.decide",
    "report": "report.verify",
    "consultation": "consultation.answer",
    "suggestion": "suggestion.answer",
}
"""The term that a filer is told of before sending, by kind."""


@dataclass(frozen=True)
class NewFiling:
    """What somebody files. `entered` are the fields of design.md, as typed or already typed values."""

    kind: str
    entered: Mapping[str, Any]
    actor: Actor = FILER
    form_key: str | None = None
    """The one-time key of the form: sent again, it gives the same receipt."""
    source_key: str | None = None
    draft_token: str | None = None
    """The draft that holds the files; it goes when the filing is taken in."""
    attachment_ids: tuple[int, ...] = ()
    """Files that staff uploaded while registering."""
    received_at: datetime | None = None
    """When it arrived, where that is not now (a letter, a voicemail, an import)."""
    unit_id: int | None = None
    """The unit that registers it; online filings arrive at the city centre."""
    extra: Mapping[str, Any] = field(default_factory=dict)


def check(kind: str, entered: Mapping[str, Any], now: datetime, actor: Actor = FILER) -> fields.Checked:
    """Check a filing before it is sent: values typed, a sentence for each field that cannot be taken."""
    return _check(kind, entered, now, actor, current())


def _check(kind: str, entered: Mapping[str, Any], now: datetime, actor: Actor, ref: Reference) -> fields.Checked:
    action = WORKFLOW.action(action_of(kind, actor))
    checked = fields.check(action, kind, _completed(entered, kind, actor, now), ref)
    _cross_check(kind, checked, now)
    return checked


def promise(kind: str, now: datetime) -> tuple[str, date | None] | None:
    """Return the term that a filing sent now would begin with, as (rule, last day); None for a kind without one."""
    rule, ref, day = FIRST_TERM.get(kind), current(), local_date(now)
    version = deadlines.version_for(rule, day) if rule else None
    if rule is None or version is None:
        return None
    clock = deadlines.Clock(rule, version.key, day, now)
    return rule, deadlines.due(clock, ref.calendar, ref.settings).on


def action_of(kind: str, actor: Actor) -> str:
    """Return the action by which a kind of filing is registered by this actor."""
    if kind == SEALED_KIND:
        return "register_sealed"
    if actor.kind == CITIZEN:
        return "register_online"
    return "register_at_station" if actor.staff and actor.staff.has("station") else "register_by_staff"


def _completed(entered: Mapping[str, Any], kind: str, actor: Actor, now: datetime) -> dict[str, Any]:
    given = dict(entered)
    if kind == SEALED_KIND or actor.kind == CITIZEN:
        given["received_on"] = local_date(now)  # a citizen does not choose the day of receipt
    if kind in {"report", SEALED_KIND} and fields.is_yes(given.get("anonymous")):
        given = {name: value for name, value in given.items() if not name.startswith("filer_")}
    return given


def _cross_check(kind: str, checked: fields.Checked, now: datetime) -> None:
    """Check what concerns two fields together: dates not in the future, the identity number of its kind."""
    values, today = checked.values, local_date(now)
    for name, label in (("happened_on", "发生日期"), ("received_on", "收到日期")):
        if isinstance(values.get(name), date) and values[name] > today:
            checked.faults[name] = f"{label}是 {values[name]:%Y-%m-%d}，还没有到，请再看一下"
    number, kind_of_id = values.get("filer_id_number"), values.get("filer_id_type")
    if number and kind_of_id in (None, "resident_card") and not identifiers.identity_number_valid(number):
        checked.faults["filer_id_number"] = "身份证号码是 18 位，最后一位对不上，请对照身份证再看一下"
    if kind in {"complaint", "report"} and values.get("consent_truth") is False:
        checked.faults["consent_truth"] = "请勾选：我写的都是真实的"
    if values.get("reply_by") == "email" and not values.get("filer_email"):
        checked.faults["filer_email"] = "选了用电子邮件告诉您，请填写电子邮箱"


def register(filing: NewFiling, now: datetime) -> Receipt:
    """Take a filing in and return its receipt; sent twice, it gives the first receipt again.

    One transaction writes filing, cases, people, files, numbers, codes, first events, terms and tasks.
    Raises Faults (a sentence by field) and OtherWords (the same key with another text).
    """
    ref = current()
    checked = _check(filing.kind, filing.entered, now, filing.actor, ref)
    if checked.faults:
        raise Faults(checked.faults)
    body = _body_mark(filing, checked.values)
    try:
        # A form sent before is found by its key: the first row to be written cannot be written twice.
        ready = _ready(filing, checked.values, now, ref)
        with writing() as session:
            receipt, added = _write(session, filing, ready, body)
    except IntegrityError:
        again = _earlier(filing, body, now)
        if again is None:
            raise
        return again
    tasks.wake(added)
    return receipt


def _body_mark(filing: NewFiling, values: Mapping[str, Any]) -> bytes:
    said = {name: str(value) for name, value in values.items() if name != "received_on"}
    return hashlib.sha256(canonical({"kind": filing.kind, "said": said, "draft": filing.draft_token}).encode()).digest()


def _earlier(filing: NewFiling, body: bytes, now: datetime) -> Receipt | None:
    """Return the receipt of the same form if it was sent before. Raise OtherWords if it said something else then."""
    if filing.form_key is None:
        return None
    row = db.session.connection().execute(_EARLIER, {"mark": mark_of(filing.form_key)}).one_or_none()
    if row is None:
        return None
    if row.body_mark != body:
        raise OtherWords(
            "这份表格已经提交过，内容和现在的不一样。已收到的那一份有效；要补充，请用编号和查询码进去补充材料。"
        )
    return show(filing.form_key, now)


def _ready(filing: NewFiling, values: Mapping[str, Any], now: datetime, ref: Reference) -> Ready:
    """Return the case that a filing begins, before its turn to be written. Raise NotAllowed for staff who may not."""
    received_at = filing.received_at or now
    new = NewCase(
        kind=filing.kind,
        action=action_of(filing.kind, filing.actor),
        values=values,
        actor=filing.actor,
        role=_role(filing, ref),
        channel=values.get("channel", ONLINE if filing.actor.kind == CITIZEN else "visit"),
        received_on=values.get("received_on", local_date(received_at)),
        received_at=received_at,
        unit_id=_unit(filing, ref),
        anonymous=bool(values.get("anonymous")),
        extra=filing.extra,
    )
    return prepare(new, now, ref)


def _write(session: Session, filing: NewFiling, ready: Ready, body: bytes) -> tuple[Receipt, list[tasks.Added]]:
    new, values, now = ready.new, ready.new.values, ready.act.now
    row = {
        "form_key": mark_of(filing.form_key) if filing.form_key else None,
        "body_mark": body,
        "source_key": filing.source_key,
        "channel": new.channel,
        "received_at": new.received_at,
        "registered_at": now,
        "anonymous": new.anonymous,
        "receipt_codes": None,
        "receipt_until": None,
    }
    filing_id: int = _NEW_FILING.value(session.connection(), row)
    made = create(session, filing_id, ready)
    slips = [Slip(new.kind, made.number, made.code, made.due_rule, made.due_on)]
    added = list(made.added)
    if values.get("also_report") and filing.kind == "complaint":
        other, more = _split(session, made.case, values, now)
        slips.append(Slip("report", other.number, other.code, other.due_rule, other.due_on))
        added += more
    _bind(session, filing, filing_id, made.case_id, len(slips), new.anonymous, now)
    if filing.form_key:
        _keep_codes(session, filing_id, tuple(slips), filing.form_key, now)
    return Receipt(tuple(slips), new.received_at), added


def _split(session: Session, case: Case, values: Mapping[str, Any], now: datetime) -> tuple[Created, list[tasks.Added]]:
    """Split a filing that is complaint and report in one: a report of its own, with its own terms (art. 9)."""
    other = {name: value for name, value in values.items() if name not in {"also_report", "demands"}}
    new = NewCase(
        kind="report",
        action="register_linked",
        values={**other, "linked_case": case.number, "received_on": case.received_on},
        actor=SYSTEM,
        role="system",
        channel=case.channel,
        received_on=case.received_on,
        received_at=case.received_at,
        unit_id=case.unit_id,
    )
    made = create(session, case.filing_id, prepare(new, now, current()))
    linked.link(session, case.id, made.case_id, "split", now)
    entered = {"part_content": str(values["content"]), "new_kind": "report"}
    _event, added = handling.act(
        session, case.id, "split_mixed", SYSTEM, now, seen=None, entered=entered, number_of_other=made.number
    )
    return made, [*made.added, *added]


def _bind(
    session: Session, filing: NewFiling, filing_id: int, case_id: int, cases: int, anonymous: bool, now: datetime
) -> None:
    own = case_id if cases == 1 else None
    if filing.draft_token is not None:
        try:
            drafts.consume(session, filing.draft_token, now, filing_id=filing_id, case_id=own, anonymous=anonymous)
        except NotFound as gone:
            raise Refused("上传的文件过了保存期，请重新上传", "attachments") from gone
    if filing.attachment_ids:
        attachments.bind_to_event(
            session, filing.attachment_ids, case_id=case_id, event_seq=1, staff_id=filing.actor.id
        )


def _keep_codes(session: Session, filing_id: int, slips: tuple[Slip, ...], form_key: str, now: datetime) -> None:
    kept = {"filing": filing_id, "codes": seal(slips, form_key), "until": now + VISIT}
    _KEEP_CODES.run(session.connection(), kept)


def _role(filing: NewFiling, ref: Reference) -> str:
    """Return the role in which somebody registers. Raise NotAllowed for staff who may not."""
    if filing.actor.staff is None:
        return filing.actor.kind
    action = WORKFLOW.action(action_of(filing.kind, filing.actor))
    for assignment in filing.actor.staff.assignments:
        if assignment.role in action.roles:
            return assignment.role
    raise NotAllowed("您的岗位不能登记来件。")


def _unit(filing: NewFiling, ref: Reference) -> int:
    if filing.unit_id is not None:
        return filing.unit_id
    if filing.actor.staff is not None:
        role = _role(filing, ref)
        return next(one.unit_id for one in filing.actor.staff.assignments if one.role == role)
    return ref.root().id
