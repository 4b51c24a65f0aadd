"""Making a case: its row, its people, its first event, its first terms. Used by intake, by linked cases, by imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from casework import chain, facts, numbers, people, respondents, search, steps, tasks, telling, wording
from casework.actors import Actor
from casework.effects import Act
from casework.errors import Refused
from casework.reference import Reference
from casework.steps import Written
from models import Case, CaseText, Deadline, Event, Party
from models.base import NEVER
from models.prepared import Prepared
from models.secrets import ring
from rules import deadlines, procedure
from rules.calendar import ZONE, local_date
from rules.workflow import WORKFLOW, regime_for

OFFICE_HOURS = (time(8, 30), time(17, 30))
_CASES, _TEXTS = cast(Table, Case.__table__), cast(Table, CaseText.__table__)
_EVENTS, _DEADLINES = cast(Table, Event.__table__), cast(Table, Deadline.__table__)
_PARTIES = cast(Table, Party.__table__)
# Built once: at the desk's busiest hour making a statement costs more than running it.
_INSERT_CASE = Prepared(insert(_CASES).returning(_CASES.c.id))
_INSERT_TEXT, _INSERT_EVENT = Prepared(insert(_TEXTS)), Prepared(insert(_EVENTS))
_INSERT_DEADLINE, _INSERT_PARTY = Prepared(insert(_DEADLINES)), Prepared(insert(_PARTIES))

_NOT_YET = (
    "previous_state",
    "due_rule",
    "complexity",
    "amount_recovered",
    "sender_unit_id",
    "delegate_unit_id",
    "case_unit_id",
    "outcome",
    "main_case_id",
    "closed_at",
    "archived_at",
    "rating",
    "dossier_number",
    "retention",
    "query_mark",
)
"""Columns that a case gets by what is done to it."""


@dataclass(frozen=True)
class NewCase:
    """What a new case begins with; `values` are typed and checked."""

    kind: str
    action: str
    values: Mapping[str, Any]
    actor: Actor
    role: str
    channel: str
    received_on: date
    received_at: datetime
    unit_id: int
    anonymous: bool = False
    handler_id: int | None = None
    number: str | None = None
    """Taken already where another case's message names it."""
    coded: bool = True
    """False where the filer follows it with the code of the case that it comes from."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Created:
    """A case just made. The code is known only here and on the receipt."""

    case: Case
    case_id: int
    number: str
    code: str
    due_rule: str | None
    due_on: date | None
    added: tuple[tasks.Added, ...]


class Shell:
    """The columns of a case as attributes, for functions that ask a case."""

    def __init__(self, columns: dict[str, Any], case_id: int) -> None:
        self.__dict__ = columns
        columns["id"] = case_id

    @property
    def sealed(self) -> bool:
        """As models.Case."""
        return bool(self.__dict__["kind"] == "misconduct")


@dataclass(frozen=True, slots=True)
class Ready:
    """A case before it has a number: what needs no look at the database, made before others wait for the turn."""

    new: NewCase
    act: Act
    columns: dict[str, Any]
    text: dict[str, Any]
    business: dict[str, Any] | None
    party: dict[str, Any] | None
    grams: str | None


def prepare(new: NewCase, now: datetime, ref: Reference) -> Ready:
    """Return what `create` writes, as far as it can be told outside of a transaction. Pure."""
    act, columns = beginning(new, "", 0, None, now, ref)
    document = search.document_of(columns, new.values.get("content", "")) if new.kind != "misconduct" else None
    return Ready(
        new=new,
        act=act,
        columns=columns,
        text=text_row(new),
        business=respondents.respondent_row(new.values) if new.values.get("respondent_name") else None,
        party=people.party_row(new.values) if people.is_somebody(new.values) else None,
        grams=search.joined(document) if document is not None else None,
    )


def create(session: Session, filing_id: int, ready: Ready) -> Created:
    """Make a case inside the caller's writing transaction. Raise Refused when the procedure does not allow it."""
    new, act, columns = ready.new, ready.act, ready.columns
    connection = session.connection()  # below the ORM: hundreds of filings a second pass here
    number = new.number or numbers.case_number(connection, new.kind, local_date(act.now))
    code = numbers.query_code() if new.coded else ""
    columns.update(
        number=number,
        filing_id=filing_id,
        respondent_id=respondents.keep(connection, ready.business) if ready.business else None,
        query_mark=ring().code_mark(number, code) if code else None,
    )
    try:
        written = steps.write(act, {}, {"number": number})
    except procedure.Refused as refusal:
        raise Refused(refusal.sentence, refusal.field) from refusal
    columns.update(written.case)
    case_id: int = _INSERT_CASE.value(connection, columns)
    _INSERT_TEXT.run(connection, {"case_id": case_id, **ready.text})
    _INSERT_EVENT.run(connection, {"case_id": case_id, **written.event})
    _INSERT_DEADLINE.each(connection, [{"case_id": case_id, **row} for row in written.opened])
    if ready.party is not None:
        _INSERT_PARTY.run(connection, {"case_id": case_id, **ready.party})
    if ready.grams is not None:
        search.enter(connection, case_id, ready.grams)
    shell = cast(Case, Shell(columns, case_id))
    filer = cast(Party, SimpleNamespace(**ready.party)) if ready.party is not None else None
    added = telling.after(session, act, shell, written, filer)
    rule, due_on = promise(written)
    return Created(shell, case_id, number, code, rule, due_on, tuple(added))


def promise(written: Written) -> tuple[str | None, date | None]:
    """Return the first term that the filer is told of, and its date."""
    for rule, row in written.clocks.items():
        if deadlines.RULES[rule].citizen and row.due.on is not None:
            return rule, row.due.on
    return None, None


def beginning(
    new: NewCase, number: str, filing_id: int, respondent_id: int | None, now: datetime, ref: Reference
) -> tuple[Act, dict[str, Any]]:
    """Return the act that begins a case and the columns it begins with. Pure."""
    values, unit = new.values, ref.units[new.unit_id]
    real_name = not new.anonymous and bool(values.get("filer_name") and values.get("filer_phone"))
    noted = {**new.facts, **({"real_name": True} if real_name else {})}
    columns: dict[str, Any] = {
        **dict.fromkeys(_NOT_YET),
        "filing_id": filing_id,
        "number": number,
        "kind": new.kind,
        "state": None,
        "regime": regime_for(new.received_on),
        "queue": "",
        "due_at": NEVER,
        "channel": new.channel,
        "source_number": values.get("source_number"),
        "received_on": new.received_on,
        "received_at": new.received_at,
        "registered_at": now,
        "off_hours": values.get("off_hours", off_hours(new.received_at, ref)),
        "urgent": values.get("urgent", "normal"),
        "anonymous": new.anonymous,
        "category": values.get("category"),
        "problem": values.get("problem"),
        "sales_mode": values.get("sales_mode"),
        "platform": values.get("platform"),
        "order_number": values.get("order_number"),
        "goods": values.get("goods"),
        "happened_on": values.get("happened_on"),
        "amount": values.get("amount"),
        "matter": "" if new.kind == "misconduct" else wording.matter_of(new.kind, values),
        "respondent_id": respondent_id,
        "respondent_name": values.get("respondent_name"),
        "unit_id": unit.id,
        "bureau_id": unit.bureau_id,
        "competent_bureau_id": unit.bureau_id,
        "receiving_unit_id": unit.id,
        "handler_id": new.handler_id,
        "facts": noted,
        "seq": 0,
        "head": chain.START,
        "last_event_at": now,
        **new.extra,
    }
    held = held_at_start(new, columns, ref)
    act = Act(WORKFLOW.action(new.action), columns, values, held, new.actor, new.role, now, ref)
    return act, columns


def held_at_start(new: NewCase, columns: Mapping[str, Any], ref: Reference) -> frozenset[str]:
    """Return the guards that hold when a case begins: channel, desk, and which notices laws demand."""
    found = set(facts.notices(columns, ref))
    if facts.from_12345(columns):
        found.add("channel_12345")
    if facts.at_wrong_desk(columns, ref):
        found.add("wrong_desk")
    return frozenset(found)


def off_hours(at: datetime, ref: Reference) -> bool:
    """Tell whether something arrived outside of office hours: on a rest day, in the evening or at night."""
    local = at.astimezone(ZONE)
    return not ref.calendar.is_working(local.date()) or not OFFICE_HOURS[0] <= local.time() < OFFICE_HOURS[1]


def text_row(new: NewCase) -> dict[str, Any]:
    """Return the long texts of a case; those of a sealed one go into the encrypted column."""
    values = new.values
    sealed = new.kind == "misconduct"
    content = str(values.get("content") or "")
    if sealed and values.get("officer_name"):
        content = f"被反映人：{values['officer_name']}\n{content}"
    return {
        "content": "" if sealed else content,
        "sealed_content": content if sealed else None,
        "demands": list(values.get("demands") or ()),
        "demand_text": values.get("demand_text"),
        "evidence": values.get("evidence"),
        "consent_publish": values.get("consent_publish"),
        "consent_mediation": values.get("consent_mediation"),
        "consent_truth": values.get("consent_truth"),
    }
