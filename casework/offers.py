"""What a person may do to a case now: the actions of the table, with their forms, and why one cannot be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from casework import access, documents, handling, listing
from casework.actors import Actor, StaffView, by
from casework.corrections import RECEIVED_ON, correctable
from casework.errors import Refused
from casework.facts import leads
from casework.reference import Reference, current
from casework.steps import OpenRow
from models import Case, Document, FilerMessage, Respondent, db
from models.base import writing
from rules import access as rights
from rules import categories, procedure, refusals
from rules.calendar import local_date
from rules.routing import propose
from rules.table import Action, Field, Guard
from rules.table import Document as Paper
from rules.workflow import WORKFLOW

Option = tuple[str, str]
Groups = list[tuple[str | None, list[Option]]]
TODAY = frozenset({"decided_on", "told_on", "received_on", "sent_on", "result_on", "approved_on", "said_on",
                   "discovered_on", "filer_told_on", "respondent_told_on", "submitted_on", "resumed_on"})  # fmt: skip
"""Days that are today unless somebody says otherwise."""
NOT_PROPOSED = frozenset({"propose", "note", "log_contact"})


@dataclass(frozen=True)
class Asked:
    """One field of a form: the field, its choices where there are some, and when it must be filled."""

    field: Field
    groups: Groups
    hint: str = ""


@dataclass(frozen=True)
class Offer:
    """One action that this person may take now; `refused` says why it cannot be done just now."""

    action: Action
    usual: bool
    papers: tuple[str, ...]
    refused: str | None = None


@dataclass(frozen=True)
class Form:
    """The form of one action: its fields, what is written in at first, the sentences to be ticked."""

    action: Action
    asked: tuple[Asked, ...]
    first: Mapping[str, Any]
    attested: tuple[Guard, ...]


@dataclass(frozen=True)
class Foreseen:
    """What an action would do, found by doing it and taking it back."""

    to_state: str
    terminal: bool
    tell: str
    papers: tuple[str, ...]
    official: bool
    opened: tuple[tuple[str, date | None], ...]
    sheets: tuple[documents.Paper, ...] = ()
    """The papers as they would be printed, those left out that say more of a person than this step needs."""

    @property
    def confirmed_first(self) -> bool:
        """Tell whether the act is looked at once more before it is done."""
        return self.terminal or self.official


def offers(case: Case, staff: StaffView, clocks: Mapping[str, OpenRow], now: datetime) -> list[Offer]:
    """Return what this person may do at this state, the usual things first."""
    ref, actor = current(), by(staff)
    columns, view = access.columns(case), listing.view_of(case, clocks)
    roles = frozenset(one.role for one in staff.assignments)
    found = []
    for action in procedure.offered(case.kind, case.state, listing.regime(case, now, ref), roles, ref.settings):
        if access.acting_role(actor, action, columns, ref) is None:
            continue
        why = procedure.why_not(view, action, now, ref.calendar, ref.settings)
        found.append(Offer(action, action.usual_in(case.kind, case.state), papers_of(action, case.kind), why))
    return found


def of_others(case: Case, mine: Sequence[Offer], now: datetime) -> list[tuple[Action, str]]:
    """Return the usual actions of the state that are for somebody else, and who that is."""
    ref = current()
    own = {offer.action.key for offer in mine}
    found = []
    for action in WORKFLOW.actions_from(case.kind, case.state, listing.regime(case, now, ref)):
        if action.usual_in(case.kind, case.state) and action.key not in own:
            who = [WORKFLOW.roles[role].label for role in action.roles if _may_decide(action, role, ref)]
            if who:
                found.append((action, f"由{'、'.join(who)}办理"))
    return found


def _may_decide(action: Action, role: str, ref: Reference) -> bool:
    """Tell whether a role of the staff takes this action under the settings, where its relation to the case holds."""
    held = frozenset({action.scope.get(role, "")})
    return role not in {"system", "citizen"} and rights.may_act(action, role, held, ref.settings)


def papers_of(action: Action, kind: str) -> tuple[str, ...]:
    """Return the titles of the papers that an action may issue."""
    return tuple(dict.fromkeys(WORKFLOW.documents[key].title for key in action.documents_for(kind)))


def may_need_confirmation(action: Action, kind: str) -> bool:
    """Tell whether an act may be one that is looked at once more: it ends the case, or may issue an official form."""
    target = action.target(kind)
    ends = target not in {"=", "@previous"} and WORKFLOW.state(kind, target).terminal and target != "archived"
    return ends or any(_goes_out(WORKFLOW.documents[key]) for key in action.documents_for(kind))


def _goes_out(paper: Paper) -> bool:
    """Tell whether a paper is an official form that reaches the parties: what they hold cannot be taken back."""
    return paper.official and paper.addressee.startswith(("投诉人", "举报人", "双方"))


def misplaced(case: Case, action: Action, now: datetime) -> str | None:
    """Return why an action has no place at this state, in Chinese; None when it has."""
    ref = current()
    try:
        refusals.check_place(listing.view_of(case, {}), action, listing.regime(case, now, ref), ref.settings)
    except procedure.Refused as refused:
        return refused.sentence
    return None


def form_of(case: Case, action: Action, staff: StaffView, now: datetime) -> Form:
    """Return the form of an action for this case, filled with what is usual."""
    ref = current()
    regime = listing.regime(case, now, ref)
    needs = _needed_by_grounds(action, regime, ref)
    asked = tuple(
        Asked(field, _groups(field, action, case, staff, regime, ref), _hint(field, needs))
        for field in WORKFLOW.fields(action.key, case.kind)
    )
    attested = tuple(WORKFLOW.guards[key] for key in action.guards if WORKFLOW.guards[key].kind == "attested")
    return Form(action, asked, _first(action, case, staff, now, ref), attested)


def _needed_by_grounds(action: Action, regime: str, ref: Reference) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field in action.fields:
        for ground in WORKFLOW.grounds(field.ground, regime, ref.settings) if field.ground else ():
            for need in ground.requires:
                found.setdefault(need, []).append(ground.label)
    return found


def _hint(field: Field, needs: Mapping[str, list[str]]) -> str:
    hints = {
        "date": "例如 2026-10-08 或 10.8",
        "datetime": "例如 2026-10-08 14:30",
        "people": "几个人用顿号隔开",
        "case": "写编号，例如 T20261123-00042-7",
        "money": "只写数字，例如 1280 或 1280.50",
    }
    said = [hints[field.type]] if field.type in hints else []
    grounds = list(dict.fromkeys(needs.get(field.name, ())))
    if grounds and not field.required:
        shown = "、".join(f"“{label}”" for label in grounds[:3]) + ("等" if len(grounds) > 3 else "")
        said.append(f"选{shown}时要填")
    return "；".join(said)


def _groups(
    field: Field, action: Action, case: Case, staff: StaffView, regime: str, ref: Reference
) -> list[tuple[str | None, list[Option]]]:
    if field.ground:
        return [(None, [(one.code, one.label) for one in WORKFLOW.grounds(field.ground, regime, ref.settings)])]
    if field.choices:
        return [(None, [(choice.key, choice.label) for choice in field.choices])]
    if field.tree:
        return tree_groups(field.tree)
    if field.type == "unit":
        return unit_groups(ref, field.name)
    if field.type == "person":
        return people_groups(case, field.name, staff, ref)
    if field.type == "action":
        keys = WORKFLOW.actions_from(case.kind, case.state, regime)
        wanted = [one for one in keys if {"lead", "leader"} & set(one.roles) and one.key not in NOT_PROPOSED]
        return [(None, [(one.key, one.label) for one in wanted])]
    if action.key == "correct_record" and field.name == "field":
        by_lead = leads(staff, access.columns(case), ref)
        return [(None, [(one.name, one.label) for one in correctable() if by_lead or one.name != RECEIVED_ON])]
    return []


def tree_groups(tree: str) -> Groups:
    """Return a tree of categories for a select: the tops as headings, all below in order."""
    found: Groups = []
    for top in categories.children(tree):
        below = [node for node in categories.tree(tree) if top.key in node.path and node.key != top.key]
        found.append((top.label, [(top.key, top.label), *((node.key, node.label) for node in below)]))
    return found


def unit_groups(ref: Reference, name: str = "unit") -> Groups:
    """Return the open units for a select, under their bureaus."""
    kinds = {"organisation": {"mediation", "station"}, "case_unit": {"department", "office"}}.get(name)
    found: dict[int, list[Option]] = {}
    for unit in ref.units.values():
        if not unit.closed and (kinds is None or unit.kind in kinds):
            found.setdefault(unit.bureau_id, []).append((unit.key, unit.name))
    return [(ref.units[bureau].name, options) for bureau, options in found.items()]


def people_groups(case: Case, name: str, staff: StaffView, ref: Reference) -> Groups:
    """Return who may be named: for an assignment the people of the unit, for sealed cases discipline officers."""
    if case.kind == "misconduct":
        ids = [one for (_unit, role), held in ref.roles.items() if role == "discipline" for one in held]
        return [(None, _named(ids, ref))]
    if name == "received_by":
        groups: Groups = []
        for unit in ref.units.values():
            held = [one for role in ("intake", "dispatcher") for one in ref.roles.get((unit.id, role), ())]
            if held:
                groups.append((unit.name, _named(held, ref)))
        return groups
    ids = [one for role in ("handler", "lead") for one in ref.roles.get((case.unit_id, role), ())]
    return [(None, _named(ids, ref))]


def _named(ids: Sequence[int], ref: Reference) -> list[Option]:
    return [(str(one), ref.names[one]) for one in dict.fromkeys(ids)]


def _first(action: Action, case: Case, staff: StaffView, now: datetime, ref: Reference) -> dict[str, Any]:
    today = local_date(now).isoformat()
    found: dict[str, Any] = {field.name: today for field in action.fields if field.name in TODAY}
    for field in action.fields:
        if field.type == "person" and field.name == "handler" and case.handler_id and action.key != "reassign":
            found["handler"] = str(case.handler_id)
        if field.name == "urgent":
            found["urgent"] = case.urgent
    if action.key == "restore":
        found["received_on"] = case.received_on.isoformat()  # a mistaken merge lengthens no term
    if action.key == "archive":
        found["retention"] = ref.settings["retention_years"]
    if action.key == "dispatch":
        route = proposed(case, ref)
        if route is not None:
            found["unit"], found["routing_reason"] = route
    return found


def proposed(case: Case, ref: Reference | None = None) -> tuple[str, str] | None:
    """Return the unit that the routing table proposes for a case, by key, and why; None where no rule fits."""
    ref = ref or current()
    business = db.session.get(Respondent, case.respondent_id) if case.respondent_id else None
    place = (business.address if business else None) or ""
    route = propose(ref.routes, case.kind, case.category, place, case.channel, case.respondent_name or "")
    return (route.unit_key, route.reason) if route else None


class _TakenBack(Exception):
    """Ends the transaction of a rehearsal."""


def rehearse(
    case: Case, action: Action, actor: Actor, now: datetime, seen: int | None, entered: Mapping[str, Any]
) -> Foreseen:
    """Return what the act would do. It is done inside a transaction that is taken back; nothing stays.

    Raises what `handling.apply` would raise.
    """
    found: Foreseen | None = None
    try:
        with writing() as session:
            event, _added = handling.act(session, case.id, action.key, actor, now, seen=seen, entered=entered)
            state = WORKFLOW.state(case.kind, event.to_state)
            opened = tuple(
                (rule, date.fromisoformat(day) if day else None)
                for rule, day in dict(event.clocks.get("opened", {})).items()
            )
            told = select(FilerMessage.text).where(FilerMessage.case_id == case.id, FilerMessage.event_seq == event.seq)
            ordered = select(Document).where(Document.case_id == case.id, Document.event_seq == event.seq)
            rows = list(session.scalars(ordered.order_by(Document.id)))
            papers = [WORKFLOW.documents[row.kind] for row in rows]
            found = Foreseen(
                state.label,
                state.terminal and event.to_state not in (event.from_state, "archived"),
                session.scalar(told) or "",
                tuple(paper.title for paper in papers),
                any(_goes_out(paper) for paper in papers),
                opened,
                tuple(
                    documents.paper_of(session, row, documents.NO_NUMBER)
                    for row in rows
                    if not WORKFLOW.documents[row.kind].identifies
                ),
            )
            raise _TakenBack
    except _TakenBack:
        pass
    if found is None:
        raise Refused("这一步没有办成，请再试一次")
    return found
