"""What an act does outside its own row: files bound to it, people entered, cases linked, cases created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from casework import attachments, callbacks, people, tasks
from casework.corrections import correct, prepare
from casework.dossiers import destroying
from casework.dossiers import making as dossiers
from casework.effects import Act
from casework.errors import NotFound, Refused
from casework.incidents import membership
from casework.knowledge import keeping as knowledge
from casework.publicity import publishing
from casework.receipt_day import TAKES
from casework.reference import Reference
from models import Attachment, Case, CaseLink, Directive, DirectiveCase, Event, Party
from rules.refusals import RECEIPT
from rules.workflow import Action

OTHER_CASES = ("main_case", "other_case")


def resolve(session: Session, case: Case, action: Action, values: dict[str, Any], ref: Reference) -> None:
    """Turn what was typed into what it names: another case's number into its id, a correction into its entry.

    Raises Refused at the field.
    """
    for name in OTHER_CASES:
        if name in values:
            other = session.scalar(select(Case).where(Case.number == values[name], Case.kind != "misconduct"))
            if other is None or other.id == case.id:
                raise Refused("没有找到这个编号的件，请核对", name)
            values[f"_{name}"] = other.id
    if values.get("directive"):
        values["_directive"] = session.scalar(select(Directive.id).where(Directive.number == values["directive"]))
        if values["_directive"] is None:
            raise Refused("没有这个文号的指令，请核对", "directive")
    if action.key == "correct_record":
        prepare(session, case, values, ref)
    if action.key == TAKES:
        values.update({RECEIPT: values["received_on"], "old_value": case.received_on})


def follow(session: Session, case: Case, act: Act, event: Event) -> None:
    """Do what the act does outside its own row, in its transaction."""
    _bind_files(session, act, event)
    doing = AFTER.get(act.action.key)
    if doing is not None:
        doing(session, case, act)


def _bind_files(session: Session, act: Act, event: Event) -> None:
    for asked in act.action.fields:
        ids = act.values.get(asked.name)
        if asked.type != "files" or not ids:
            continue
        try:
            attachments.bind_to_event(session, ids, case_id=event.case_id, event_seq=event.seq, staff_id=act.actor.id)
        except NotFound as gone:
            raise Refused(gone.sentence, asked.name) from gone
        session.execute(update(Attachment).where(Attachment.id.in_(ids)).values(field=asked.name))


def _person(session: Session, case: Case, role: str, name: str) -> None:
    row = people.party_row({"filer_name": name}, role)
    session.execute(insert(Party).values(case_id=case.id, **row))


def _proxy(session: Session, case: Case, act: Act) -> None:
    _leave(session, case, ("proxy",), act.now)
    _person(session, case, "proxy", act.values["proxy_name"])


def _joint(session: Session, case: Case, act: Act) -> None:
    _leave(session, case, ("member", "representative"), act.now)
    chosen = set(act.values.get("representatives") or ())
    for name in act.values["members"]:
        _person(session, case, "representative" if name in chosen else "member", name)


def _change_of_people(session: Session, case: Case, act: Act) -> None:
    change, who = act.values["change"], act.values["who"]
    marks = [people.index_of(people.NAME, name) for name in who]
    mine = (Party.case_id == case.id) & Party.name_index.in_(marks) & Party.left_at.is_(None)
    if change == "replace_representative":
        _relabel(session, case, "representative", "member")
        session.execute(update(Party).where(mine).values(role="representative"))
    elif change == "representative_resigns":
        session.execute(update(Party).where(mine, Party.role == "representative").values(role="member"))
    else:
        session.execute(update(Party).where(mine, Party.role != "filer").values(left_at=act.now))


def _relabel(session: Session, case: Case, role: str, to: str) -> None:
    session.execute(update(Party).where(Party.case_id == case.id, Party.role == role).values(role=to))


def _heir(session: Session, case: Case, act: Act) -> None:
    """The heir steps in as filer; what reached the filer before reaches nobody else by mistake."""
    _leave(session, case, ("filer",), act.now)
    for name in act.values["heir"]:
        _person(session, case, "filer", name)


def _leave(session: Session, case: Case, roles: tuple[str, ...], now: datetime) -> None:
    gone = (Party.case_id == case.id) & Party.role.in_(roles) & Party.left_at.is_(None)
    session.execute(update(Party).where(gone).values(left_at=now))


def link(session: Session, case_id: int, other_id: int, relation: str, now: datetime) -> None:
    """Link two cases once, whichever way round; a later relation replaces the earlier one."""
    session.execute(delete(CaseLink).where(between(case_id, other_id)))
    session.execute(insert(CaseLink).values(case_id=case_id, other_id=other_id, relation=relation, created_at=now))


def between(case_id: int, other_id: int) -> Any:
    """Return the condition for the link between two cases, in either direction."""
    return or_(
        (CaseLink.case_id == case_id) & (CaseLink.other_id == other_id),
        (CaseLink.case_id == other_id) & (CaseLink.other_id == case_id),
    )


def _linked(session: Session, case: Case, act: Act) -> None:
    link(session, case.id, act.values["_other_case"], act.values["relation"], act.now)


def _unlinked(session: Session, case: Case, act: Act) -> None:
    removed = session.scalars(
        delete(CaseLink).where(between(case.id, act.values["_other_case"])).returning(CaseLink.id)
    )
    if not list(removed):
        raise Refused("这两件没有关联", "other_case")


def _merged(session: Session, case: Case, act: Act) -> None:
    link(session, case.id, act.values["_main_case"], "merged", act.now)


def _called_back(session: Session, case: Case, act: Act) -> None:
    callbacks.noted(session, case.id, act.values, act.now)


def _new_facts(session: Session, case: Case, act: Act) -> None:
    link(session, case.id, act.values["_other_case"], "same_event", act.now)


def _under_directive(session: Session, case: Case, act: Act) -> None:
    directive_id = act.values.get("_directive")
    if directive_id is None:
        return
    there = (DirectiveCase.directive_id == directive_id) & (DirectiveCase.case_id == case.id)
    if session.scalar(select(DirectiveCase.id).where(there)) is None:
        session.execute(insert(DirectiveCase).values(directive_id=directive_id, case_id=case.id))


def _archived(session: Session, case: Case, act: Act) -> None:
    """Have the dossier bound; the reconciler hands the task over once its papers are on their way."""
    tasks.add(session, dossiers.of_act(session, case, act.actor.id, act.now))
    destroying.begin_term(session, case, act.now)


AFTER: Mapping[str, Callable[[Session, Case, Act], None]] = {
    "answer": knowledge.answered,
    "archive": _archived,
    "attach_directive": _under_directive,
    "attach_incident": membership.attached,
    "call_back": _called_back,
    "change_representative": _change_of_people,
    "close_repeat": _merged,
    "correct_record": correct,
    "decide_publication": publishing.decided,
    "detach_incident": membership.detached,
    "form_joint": _joint,
    "link_duplicate": _linked,
    "merge_duplicate": _merged,
    "merge_new_facts": _new_facts,
    "register_proxy": _proxy,
    "reopen": publishing.reopened,
    "save_as_knowledge": knowledge.saved,
    "substitute_filer": _heir,
    "unlink": _unlinked,
}
