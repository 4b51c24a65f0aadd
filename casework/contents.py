"""What stands on a paper beside its frozen facts: people, texts, the law in full, entered values in words.

Read when the paper is made and kept nowhere: names and numbers of people live with their record alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import casewords, papertext
from casework.reference import Reference
from casework.steps import opened_fields
from models import Attachment, Case, CaseText, Event, Respondent
from models.document import Document
from models.party import FILER, PROXY, REPRESENTATIVE, Party
from rules.citation import cite, parts
from rules.table import Action, Ground
from rules.workflow import WORKFLOW

_NOBODY = {"complaint": "投诉人", "report": "举报人", "consultation": "咨询人", "suggestion": "建议人"}
_TO_BOTH = frozenset({"form.mediation_notice", "form.termination", "paper.recusal_decision"})
_TO_UNIT: Mapping[str, tuple[str, ...]] = {
    "form.forwarding_notice": ("unit",),
    "paper.delegation_letter": ("organisation",),
    "paper.lead_note": ("case_unit",),
    "paper.transfer_letter": ("body",),
}
"""Papers to units and other bodies: the fields of the acts that name them."""
_INSIDE = frozenset({"paper.directive", "paper.supervision_order", "paper.leader_note"})
MISCONDUCT = "misconduct"


@dataclass(frozen=True)
class Person:
    """Somebody of the filer's side, in full."""

    role: str = FILER
    name: str = ""
    phone: str = ""
    address: str = ""
    id_type: str = ""
    id_number: str = ""


@dataclass(frozen=True)
class Business:
    """The side complained about."""

    name: str = ""
    code: str = ""
    phone: str = ""
    contact: str = ""
    address: str = ""


@dataclass(frozen=True)
class Place:
    """A unit as papers name it."""

    name: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True)
class Contents:
    """What one paper says beside its facts."""

    kind: str = ""
    kind_label: str = ""
    number: str = ""
    """Of the case."""
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the act entered, in words, by field."""
    ground: Ground | None = None
    grounds: tuple[Ground, ...] = ()
    """Every ground of the list in which one was chosen, that the same article prints."""
    ground_place: str = ""
    """第十六条第三项 with the title of the text."""
    basis: str = ""
    """The articles of the Measures under which the paper is made."""
    filer: Person | None = None
    proxy: Person | None = None
    people: tuple[Person, ...] = ()
    business: Business = Business()
    unit: Place = Place()
    bureau: Place = Place()
    summary: tuple[tuple[str, str], ...] = ()
    content: str = ""
    demands: str = ""
    evidence: str = ""
    channel: str = ""
    consents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    files: int = 0
    mediators: str = ""
    accepted_on: date | None = None
    outcome: str = ""
    amount_recovered: int | None = None
    dossier: tuple[tuple[str, str, int | None], ...] = ()
    """Papers of the case, for the cover: number, title, pages."""
    replaces: str = ""
    """Number of the paper in whose place this one stands."""


NOTHING = Contents()


@dataclass(frozen=True)
class Sources:
    """The records from which contents are composed."""

    case: Case
    entered: Mapping[str, Any]
    """What the act entered, as its event or the paper keeps it."""
    parties: Sequence[Party] = ()
    business: Respondent | None = None
    text: CaseText | None = None
    files: int = 0
    dossier: Sequence[tuple[str, str, int | None]] = ()
    replaces: str = ""


def gather(session: Session, row: Document, ref: Reference) -> Contents:
    """Return what a paper of a case says beside its facts, read now. A paper of a directive has nothing more."""
    if row.case_id is None:
        return NOTHING
    case = session.get_one(Case, row.case_id)
    former = session.get(Document, row.replaces_id) if row.replaces_id else None
    said = Sources(
        case,
        _entered(session, row, case),
        parties=list(session.scalars(select(Party).where(Party.case_id == case.id, Party.left_at.is_(None)))),
        business=session.get(Respondent, case.respondent_id) if case.respondent_id else None,
        text=session.get(CaseText, case.id),
        files=session.scalar(select(func.count()).where(Attachment.case_id == case.id)) or 0,
        dossier=_dossier(session, case) if row.kind == "paper.archive_cover" else (),
        replaces=(former.number or "") if former else "",
    )
    return compose(row.kind, str(row.facts.get("action", "")), said, ref)


def _entered(session: Session, row: Document, case: Case) -> Mapping[str, Any]:
    """Return what the act entered: of a sealed case from its event, where it lies encrypted."""
    if case.kind != MISCONDUCT:
        return row.facts
    kept = session.scalar(select(Event.fields).where(Event.case_id == case.id, Event.seq == row.event_seq))
    return opened_fields(kept) if kept else {}


def _dossier(session: Session, case: Case) -> list[tuple[str, str, int | None]]:
    wanted = select(Document.number, Document.kind, Document.pages)
    wanted = wanted.where(Document.case_id == case.id, Document.number.is_not(None)).order_by(Document.id)
    return [(number or "", WORKFLOW.documents[kind].title, pages) for number, kind, pages in session.execute(wanted)]


def compose(kind: str, action_key: str, said: Sources, ref: Reference) -> Contents:
    """Return what a paper of `kind`, ordered by an act, says beside its facts. Pure: from records to words."""
    case = said.case
    action = WORKFLOW.actions.get(action_key)
    sealed = case.kind == MISCONDUCT
    words = words_of(action, case, said.entered, ref) if action else {}
    ground, grounds = _grounds(action, case, said.entered)
    law = case.regime
    people = () if sealed else tuple(_person(one) for one in sorted(said.parties, key=lambda one: one.id or 0))
    unit, bureau = ref.units[case.unit_id], ref.bureau_of(case.unit_id)
    outcome = _outcome(case)
    return Contents(
        kind=case.kind,
        kind_label=WORKFLOW.kind_labels[case.kind],
        number=case.number,
        words=MappingProxyType(words),
        ground=ground,
        grounds=grounds,
        ground_place=cite(ground.source) if ground is not None else "",
        basis=basis_of(WORKFLOW.documents[kind].source, law),
        filer=next((one for one in people if one.role == FILER), None),
        proxy=next((one for one in people if one.role == PROXY), None),
        people=people,
        business=_business(case, said.business),
        unit=Place(unit.name, unit.phone or bureau.phone, unit.address or bureau.address),
        bureau=Place(bureau.name.partition("12315")[0] or bureau.name, bureau.phone, bureau.address),
        summary=() if sealed or said.text is None else tuple(casewords.summary(case, said.text)),
        content="" if sealed or said.text is None else said.text.content,
        demands=_demands(said.text),
        evidence=(said.text.evidence or "") if said.text is not None and not sealed else "",
        channel="" if sealed else casewords.channel_name(case),
        consents=_consents(said.text),
        files=said.files,
        mediators="、".join(case.facts.get("mediator") or ()),
        accepted_on=_day(case.facts.get("accepted_on")),
        outcome=outcome.label if outcome else WORKFLOW.state(case.kind, case.state).label,
        amount_recovered=case.amount_recovered,
        dossier=tuple(said.dossier),
        replaces=said.replaces,
    )


def words_of(action: Action, case: Case, entered: Mapping[str, Any], ref: Reference) -> dict[str, str]:
    """Return what was entered into an act as official documents write it, by field."""
    found: dict[str, str] = {}
    for name, value in entered.items():
        asked = action.named.get(name)
        if asked is None or value in (None, "", []):
            continue
        if asked.type == "date":
            found[name] = papertext.date_text(value)
        elif asked.type == "datetime":
            found[name] = papertext.moment_text(value)
        elif asked.type == "person" and not str(value).isdigit():
            found[name] = str(value)  # frozen as a name
        else:
            words = casewords.entry_words(name, value, action, case, ref)
            if words is not None:
                found[name] = words[1]
    return found


def basis_of(source: str, regime: str) -> str:
    """Return the articles of a case's own Measures among the sources of a paper; empty where they say nothing."""
    mine = [f"{law}:{place}" for law, place in parts(source) if law == regime and place]
    if not mine:
        return ""
    title = WORKFLOW.laws[regime].short
    return title + "、".join(cite(one).removeprefix(title) for one in mine)


def _grounds(action: Action | None, case: Case, entered: Mapping[str, Any]) -> tuple[Ground | None, tuple[Ground, ...]]:
    asked = action.named.get("ground") if action else None
    code = entered.get("ground")
    if asked is None or not asked.ground or not code:
        return None, ()
    chosen = WORKFLOW.find_ground(asked.ground, case.regime, str(code))
    if chosen is None:
        return None, ()
    article = chosen.source.partition("(")[0]
    alike = [one for one in WORKFLOW.grounds(asked.ground, case.regime) if one.source.partition("(")[0] == article]
    return chosen, tuple(alike) if chosen.verbatim else ()


def _outcome(case: Case) -> Ground | None:
    type_, _, code = (case.outcome or "").partition("/")
    return WORKFLOW.find_ground(type_, case.regime, code) if code else None


def _person(row: Party) -> Person:
    choices = WORKFLOW.action("register_by_staff").named["filer_id_type"]
    chosen = choices.choice(row.id_type) if row.id_type else None
    return Person(
        row.role,
        row.name or "",
        row.phone or "",
        "".join(part for part in (row.address, f"（邮编{row.postcode}）" if row.postcode else "") if part),
        chosen.label if chosen else "",
        row.id_number or "",
    )


def _business(case: Case, row: Respondent | None) -> Business:
    if case.kind == MISCONDUCT:
        return Business()
    if row is None:
        return Business(case.respondent_name or "")
    return Business(
        case.respondent_name or row.name, row.code or "", row.phone or "", row.contact or "", row.address or ""
    )


def _demands(text: CaseText | None) -> str:
    if text is None:
        return ""
    asked = WORKFLOW.action("register_by_staff").named["demands"]
    wanted = "、".join(choice.label for key in text.demands or () if (choice := asked.choice(key)))
    return "：".join(part for part in (wanted, text.demand_text) if part)


def _consents(text: CaseText | None) -> Mapping[str, str]:
    said = {True: "同意", False: "不同意", None: "未表示"}
    if text is None:
        return MappingProxyType({"publish": said[None], "mediation": said[None]})
    return MappingProxyType({"publish": said[text.consent_publish], "mediation": said[text.consent_mediation]})


def _day(value: str | None) -> date | None:
    return datetime.fromisoformat(value).date() if value else None


def addressee_of(kind: str, facts: Mapping[str, Any], said: Contents) -> str:
    """Return whom a paper is addressed to: units by what it was ordered with, people by their record."""
    if facts.get("addressee"):
        return str(facts["addressee"])
    if kind in _INSIDE:  # stays inside: to the unit that has the case
        return str(facts.get("unit") or said.unit.name)
    for name in _TO_UNIT.get(kind, ()):
        if said.words.get(name):
            return said.words[name]
    if kind in _TO_UNIT:
        return said.unit.name if kind == "paper.lead_note" else "有权处理的机关"
    filer = filer_name(said)
    if kind in _TO_BOTH:
        return "、".join(part for part in (filer, said.business.name or "被投诉人") if part)
    return filer


def filer_name(said: Contents) -> str:
    """Return the name to which papers of the filer's side go, or how one without a name is called."""
    people = {one.role: one.name for one in said.people if one.name}
    name = people.get(FILER) or people.get(REPRESENTATIVE) or people.get(PROXY)
    return name or _NOBODY.get(said.kind, "投诉人")
