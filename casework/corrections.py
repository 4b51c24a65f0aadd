"""Correcting what was registered: which entries, each read as at registration; the old value stays in the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from casework import fields, people, receipt_day, respondents, search
from casework.effects import Act
from casework.errors import Refused
from casework.reference import Reference
from models import Case, CaseText, Party, Respondent
from rules.workflow import WORKFLOW, Field

OF_CASE = frozenset(
    {"matter", "category", "problem", "sales_mode", "platform", "order_number", "goods", "happened_on", "amount",
     "source_number"}
)  # fmt: skip
OF_TEXT = frozenset({"demand_text", "evidence"})
OF_RESPONDENT = frozenset(
    {"respondent_name", "respondent_code", "respondent_phone", "respondent_contact", "respondent_address"}
)
OF_FILER = frozenset(
    {"filer_name", "filer_phone", "filer_address", "filer_postcode", "filer_email", "filer_id_type",
     "filer_id_number", "reply_by"}
)  # fmt: skip
RECEIVED_ON = "received_on"
CORRECTABLE = OF_CASE | OF_TEXT | OF_RESPONDENT | OF_FILER | {RECEIVED_ON}


def correctable() -> tuple[Field, ...]:
    """Return the entries that can be corrected, for the list of the form."""
    return tuple(one for one in WORKFLOW.action("register_by_staff").fields if one.name in CORRECTABLE)


def prepare(session: Session, case: Case, values: dict[str, Any], ref: Reference) -> None:
    """Read the new value as the entry it corrects, and note the old one. Raise Refused at the field."""
    asked = next((one for one in correctable() if values["field"] in (one.name, one.label)), None)
    if asked is None:
        raise Refused("这一项不能更正，请从列表里选", "field")
    try:
        typed = fields.read(asked, values["new_value"], ref)
    except fields.Fault as fault:
        raise Refused(str(fault), "new_value") from fault
    values.update(field=asked.name, _typed=typed)
    if asked.name == RECEIVED_ON:
        receipt_day.prepare(case, values, typed)
    elif asked.name in OF_FILER:
        values["new_value"] = "（见当事人信息）"  # who somebody is never stands in an event
    else:
        values["old_value"] = str(_old(session, case, asked.name) or "")


def _old(session: Session, case: Case, name: str) -> Any:
    if name in OF_CASE:
        return getattr(case, name)
    if name in OF_TEXT:
        text = session.get(CaseText, case.id)
        return getattr(text, name) if text else None
    business = session.get(Respondent, case.respondent_id) if case.respondent_id else None
    return getattr(business, name.removeprefix("respondent_")) if business else None


def correct(session: Session, case: Case, act: Act) -> None:
    """Write the corrected entry where it is kept."""
    name, typed = act.values["field"], act.values["_typed"]
    if name == RECEIVED_ON:  # written with the terms that count from it
        return
    before = _document(session, case)
    if name in OF_CASE:
        setattr(case, name, typed if typed is not None or name != "matter" else "")
    elif name in OF_TEXT:
        session.execute(update(CaseText).where(CaseText.case_id == case.id).values(**{name: typed}))
    elif name in OF_RESPONDENT:
        _respondent(session, case, {name: typed})
    else:
        filer = (Party.case_id == case.id) & (Party.role == "filer") & Party.left_at.is_(None)
        session.execute(update(Party).where(filer).values(**_party_columns(name, typed)))
    after = _document(session, case)
    if after != before:
        search.reindex(session, case.id, before, after)


def _document(session: Session, case: Case) -> str:
    """Return what the search index holds of the case."""
    text = session.get(CaseText, case.id)
    said = {"matter": case.matter, "respondent_name": case.respondent_name, "goods": case.goods}
    return search.document_of(said, text.content if text else "")


def _respondent(session: Session, case: Case, change: Mapping[str, Any]) -> None:
    """A correction names another business for this case; the row that other cases share stays as it is."""
    old = session.get(Respondent, case.respondent_id) if case.respondent_id else None
    names = ("name", "code", "phone", "contact", "address")
    entered = {f"respondent_{part}": getattr(old, part) if old else None for part in names}
    entered.update(change)
    if not entered["respondent_name"]:
        raise Refused("请填写被反映单位或个人名称", "new_value")
    case.respondent_id = respondents.keep(session.connection(), respondents.respondent_row(entered))
    case.respondent_name = entered["respondent_name"]


def _party_columns(name: str, typed: Any) -> dict[str, Any]:
    column = name.removeprefix("filer_")
    row = people.party_row({name: typed})
    found = {column: row[column]}
    if f"{column}_index" in row:
        found[f"{column}_index"] = row[f"{column}_index"]
    return found
