"""The forms of the panel 办理: from the table's fields to what a template prints, and back from what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from blueprints.desk.dates import completed
from blueprints.desk.present import case_href
from blueprints.web.forms import Filled, Value
from casework import attachments, casefile, casewords, offers
from casework.actors import StaffView
from casework.casefile import CaseFile
from casework.errors import Refused
from models import Attachment, Case
from rules.identifiers import row_number
from rules.table import Action
from rules.workflow import WORKFLOW

MANY = ("multi_choice", "files")
RADIOS = 5
"""Up to so many choices stand open, more are folded into a list."""
MULTI = tuple(sorted({"attested"} | {f.name for a in WORKFLOW.actions.values() for f in a.fields if f.type in MANY}))
"""Names that a form of the panel may send more than once."""


@dataclass(frozen=True)
class Sheet:
    """One action with its form as the page shows it."""

    action: Action
    form: offers.Form
    filled: Filled
    issues: str
    open: bool
    confirms: bool
    files: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)
    uploads: bool = False


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form of one action, sent back with what is wrong with it."""

    action: str
    values: Mapping[str, Value]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """The panel: open forms, rare actions behind 更多, and what cannot be done now."""

    sheets: Sequence[Sheet]
    rare: Sequence[tuple[str, str]]
    """(address, label)."""
    not_now: Sequence[tuple[str, str]]
    others: Sequence[tuple[Sequence[str], str]]
    """(labels, who): what is for somebody else at this step."""
    lost: Sequence[tuple[str, str]] = ()
    """What was typed into a form that has no place any more."""
    lost_label: str = ""


def panel(file: CaseFile, staff: StaffView, wanted: str, typed: Typed | None, now: datetime) -> Panel:
    """Return the panel; `wanted` is the action that was asked for by its address, `typed` a form sent back."""
    chosen = typed.action if typed else wanted
    doable = [offer for offer in file.offers if offer.refused is None]
    shown = [offer for offer in doable if offer.usual or offer.action.key == chosen]
    shown.sort(key=lambda offer: offer.action.key != chosen)
    sheets = [_sheet(offer, file.case, staff, typed, place == 0, now) for place, offer in enumerate(shown)]
    not_now = [(offer.action.label, offer.refused) for offer in file.offers if offer.refused and offer.usual]
    others: dict[str, list[str]] = {}
    for action, who in file.others:
        others.setdefault(who, []).append(action.label)
    waiting = [(labels, who) for who, labels in others.items()]
    rare = [
        (f"{case_href(file.case.number)}?do={offer.action.key}#do", offer.action.label)
        for offer in doable
        if not offer.usual and offer.action.key != chosen
    ]
    if typed is None or chosen in {sheet.action.key for sheet in sheets}:
        return Panel(sheets, rare, not_now, waiting)
    action = WORKFLOW.action(typed.action)
    return Panel(sheets, rare, not_now, waiting, casewords.answers(file.case, action, typed.values), action.label)


def _sheet(offer: offers.Offer, case: Case, staff: StaffView, typed: Typed | None, first: bool, now: datetime) -> Sheet:
    action = offer.action
    form = offers.form_of(case, action, staff, now)
    mine = typed if typed is not None and typed.action == action.key else None
    values = mine.values if mine else form.first
    filled = Filled(values, mine.errors if mine else {}, prefix=f"{action.key}-")
    uploads = any(one.field.type == "files" for one in form.asked)
    return Sheet(
        action,
        form,
        filled,
        "、".join(offer.papers[:2]) + ("等" if len(offer.papers) > 2 else ""),
        first,
        offers.may_need_confirmation(action, case.kind),
        _kept(form, values, staff) if mine and uploads else {},
        uploads,
    )


def _kept(form: offers.Form, values: Mapping[str, Value], staff: StaffView) -> dict[str, list[Attachment]]:
    ids = {one.field.name: _ids(values.get(one.field.name)) for one in form.asked if one.field.type == "files"}
    rows = casefile.loose_files(staff, [one for found in ids.values() for one in found])
    return {name: [rows[one] for one in found if one in rows] for name, found in ids.items()}


def _ids(value: Value | None) -> list[int]:
    parts = [value] if isinstance(value, str) else list(value or ())
    return [one for one in map(row_number, parts) if one is not None]


def entered(
    form: MultiDict[str, str] | ImmutableMultiDict[str, str], action: Action, kind: str, today: date
) -> dict[str, Value]:
    """Return what was typed into the fields of an action, days with their year; other names are not looked at."""
    found: dict[str, Value] = {}
    for asked in WORKFLOW.fields(action.key, kind):
        if asked.type in MANY:
            found[asked.name] = [one for one in form.getlist(asked.name) if one]
        elif asked.name in form and asked.type in ("date", "datetime"):
            found[asked.name] = completed(form[asked.name], today)
        elif asked.name in form:
            found[asked.name] = form[asked.name]
    found["attested"] = form.getlist("attested")
    return found


def receive(
    files: Any, action: Action, kind: str, values: dict[str, Value], staff: StaffView, now: datetime
) -> dict[str, str]:
    """Take the uploaded files in, add their ids to `values`; return a sentence for each field that had a bad one."""
    faults: dict[str, str] = {}
    for asked in WORKFLOW.fields(action.key, kind):
        if asked.type != "files":
            continue
        ids = list(values.get(asked.name, ()))
        for upload in files.getlist(asked.name):
            if not upload.filename:
                continue
            try:
                row = attachments.receive(
                    upload.stream, upload.filename, uploaded_by="staff", staff_id=staff.id,
                    kind="paper", field=asked.name, now=now,
                )  # fmt: skip
            except Refused as refused:
                faults[asked.name] = refused.sentence
            else:
                ids.append(str(row.id))
        values[asked.name] = ids
    return faults


def seen_in(form: Mapping[str, str]) -> int | None:
    """Return the number of the last event that the form showed, None where it said nothing."""
    return row_number(form.get("seen", ""))
