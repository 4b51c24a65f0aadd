"""The one door: every change of a case goes through `apply`.

It looks the action up in the table, asks who may, checks the fields, and in ONE transaction writes the new
state, the event, the terms it closes and opens, the papers it orders and the tasks it causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from casework import (
    access,
    aftermath,
    facts,
    fields,
    linked,
    numbers,
    people,
    receipt_day,
    steps,
    supervision,
    tasks,
    telling,
)
from casework.actors import SYSTEM, Actor
from casework.effects import Act
from casework.errors import Faults, NotAllowed, NotFound, Refused, Stale
from casework.reference import Reference, current
from casework.steps import OpenRow, Written
from models import CalendarChange, Case, Deadline, DeadlinePause, Event
from models.base import writing
from models.prepared import Prepared
from rules import deadlines, procedure
from rules.calendar import local_date
from rules.deadlines import Clock, Pause
from rules.workflow import WORKFLOW, Action


def apply(case: Case, action: str, actor: Actor, now: datetime, *, seen: int | None = None, **entered: Any) -> Event:
    """Take one action on one case and return its event.

    `seen` is the number of the last event that the person's form showed; when more has happened since, nothing
    is done and Stale says what. The same act sent twice gives the event of the first. `entered` are the fields
    of the action, as typed or already typed values; `attested` the guards that the person ticked.
    Raises NotAllowed (who), Refused and Faults (what, at which field), NotFound.
    """
    with writing() as session:
        event, added = act(session, case.id, action, actor, now, seen=seen, entered=entered)
    tasks.wake(added)
    return event


def act(
    session: Session,
    case_id: int,
    action_key: str,
    actor: Actor,
    now: datetime,
    *,
    seen: int | None,
    entered: Mapping[str, Any],
    number_of_other: str | None = None,
    own: Mapping[str, Any] | None = None,
) -> tuple[Event, list[tasks.Added]]:
    """Do what `apply` says inside the caller's writing transaction; return the event and the tasks to wake.

    `number_of_other` is the number of a case that was made already in place of the one this act would make. `own` are
    values that no form sends; their names begin with `_`, and the event does not keep them.
    """
    case = session.get(Case, case_id, populate_existing=True, with_for_update=True)
    if case is None:
        raise NotFound
    if action_key not in WORKFLOW.actions:
        raise NotFound("没有这个办理动作。")
    ref, action = current(), WORKFLOW.action(action_key)
    columns = access.columns(case)
    role = access.acting_role(actor, action, columns, ref)
    if role is None:
        raise NotAllowed(f"您现在不能对这一件做“{action.label}”。")
    if seen is not None and seen != case.seq:
        return _repeated(session, case, action, actor, seen, entered, ref), []
    clocks = open_clocks(session, case_id, ref)

    def _once_more(first: list[tasks.Added]) -> tuple[Event, list[tasks.Added]]:
        given: dict[str, Any] = {"entered": entered, "number_of_other": number_of_other, "own": own}
        event, added = act(session, case_id, action_key, actor, now, seen=None, **given)
        return event, [*first, *added]

    if action_key != RECOUNTS and any(row.moved for row in clocks.values()):
        return _once_more(recount(session, case_id, now)[1])
    values = {**_checked(action, case, entered, ref), **(own or {})}
    attested = frozenset(entered.get("attested") or ())
    aftermath.resolve(session, case, action, values, ref)
    held = facts.holding(facts.Asked(session, action, columns, values, attested, actor, now, ref))
    doing = Act(action, columns, values, held, actor, role, now, ref)
    supervision.check(session, doing)
    if action.recounts:
        receipt_day.mark(session, case_id, clocks)
    try:
        written = steps.write(doing, clocks, {"other_number": number_of_other} if number_of_other else None)
    except procedure.Refused as refusal:
        raise _as_work_error(refusal) from refusal
    late = steps.unsaid_lapses(doing, clocks, written)
    if late:
        return _once_more(_record_lapses(session, case_id, late, now))
    other = number_of_other
    if written.step.creates and other is None:
        other = numbers.case_number(session.connection(), linked.kind_of(doing, written), local_date(now))
        written = steps.write(doing, clocks, {"other_number": other})
    event = save(session, case, written)
    return event, _follow(session, case, doing, event, written, None if number_of_other else other)


def _follow(
    session: Session, case: Case, doing: Act, event: Event, written: Written, new_number: str | None
) -> list[tasks.Added]:
    """Do what the act causes besides its own row; `new_number` is that of the case it makes."""
    aftermath.follow(session, case, doing, event)
    added: list[tasks.Added] = []
    if written.step.creates and new_number is not None:
        added += linked.create(session, case, doing, written, new_number)
    more = supervision.record(session, case, doing, written)
    filer = people.filer_of(session, case.id) if written.tell else None
    added += telling.after(session, doing, case, written, filer, more)
    added += _caused(session, case, doing)
    if case.facts.get("supervised"):
        added += _withdraw_order(session, case, written, doing.now)
    return added


RECOUNTS = "recompute_deadlines"


def recount(session: Session, case_id: int, now: datetime) -> tuple[int, list[tasks.Added]]:
    """Bring the terms of a case to the calendar as it is now: an act of the system for each date that has moved, with
    the old and the new one. Return how many moved and the tasks to wake. Done again it finds nothing to do.

    The worker does so for every case that a new calendar touches; an act or the sweep that comes first does it itself,
    so that nobody acts on a date that holds no longer.
    """
    moved = [(rule, row) for rule, row in open_clocks(session, case_id, current()).items() if row.moved]
    added: list[tasks.Added] = []
    for rule, row in moved:
        entered = {"rule": rule, "old_due": row.kept_on, "new_due": row.due.on, "reasons": _why_moved(session)}
        added += act(session, case_id, RECOUNTS, SYSTEM, now, seen=None, entered=entered)[1]
    return len(moved), added


def _why_moved(session: Session) -> str:
    last = session.scalar(select(CalendarChange).order_by(CalendarChange.id.desc()).limit(1))
    return last.words if last is not None else "工作日历已更改"


def _record_lapses(session: Session, case_id: int, late: list[tuple[OpenRow, int]], now: datetime) -> list[tasks.Added]:
    """Put on record that terms lapsed which end just now, after their day, before the sweep has seen it.

    The warnings before the day are moot by now, and an order would ask for an answer about a term that is kept.
    """
    added: list[tasks.Added] = []
    for row, level in late:
        session.execute(update(Deadline).where(Deadline.id == row.id).values(level=level))
        own = {telling.SPOKEN: True}
        entered = {"rule": row.clock.rule}
        added += act(session, case_id, steps.OVERDUE, SYSTEM, now, seen=None, entered=entered, own=own)[1]
    return added


def _caused(session: Session, case: Case, doing: Act) -> list[tasks.Added]:
    """Let the main case of a merge take over the earlier day of receipt, or take back its own."""
    follows = receipt_day.caused(session, case, doing)
    if follows is None:
        return []
    try:
        _event, added = act(
            session, follows.case_id, receipt_day.TAKES, SYSTEM, doing.now, seen=None, entered=follows.entered
        )
    except Refused as refusal:
        if not follows.must:  # the merged case gets its own way back all the same; the main one stays as it is
            return []
        sentence = f"并入的件收到在先，主件要改按它的收到日期办理：{refusal.sentence}。可以把后收到的件并入先收到的件"
        raise Refused(sentence, "main_case") from refusal
    return added


def _withdraw_order(session: Session, case: Case, written: Written, now: datetime) -> list[tasks.Added]:
    """Withdraw the order of the system when the act has taken away its cause."""
    why = supervision.obsolete(session, case.id, written, now)
    if why is None:
        return []
    session.flush()
    return act(session, case.id, "withdraw_supervision", SYSTEM, now, seen=None, entered={"reasons": why})[1]


def _checked(action: Action, case: Case, entered: Mapping[str, Any], ref: Reference) -> dict[str, Any]:
    checked = fields.check(action, case.kind, entered, ref)
    if checked.faults:
        raise Faults(checked.faults)
    return checked.values


def _as_work_error(refusal: procedure.Refused) -> Refused:
    return Refused(refusal.sentence, refusal.field, conflict=refusal.code == "state")


def _repeated(
    session: Session, case: Case, action: Action, actor: Actor, seen: int, entered: Mapping[str, Any], ref: Reference
) -> Event:
    """Return the event of the first press when this is the second press of the same form; raise Stale otherwise."""
    since = list(session.scalars(select(Event).where(Event.case_id == case.id, Event.seq > seen).order_by(Event.seq)))
    first = next((event for event in since if event.action not in _BEFORE_AN_ACT), None)
    if first is not None and (first.action, first.actor_kind, first.actor_id) == (action.key, actor.kind, actor.id):
        checked = fields.check(action, case.kind, entered, ref)
        mine = steps.recorded_values(action, checked.values)
        kept = {name: value for name, value in steps.opened_fields(first.fields).items() if name != "facts"}
        if mine == kept:
            return first
    raise Stale(changes=tuple(describe(event, ref) for event in since))


_BEFORE_AN_ACT = frozenset({RECOUNTS, steps.OVERDUE})
"""What an act may itself have caused to be put on record ahead of it."""


def describe(event: Event, ref: Reference) -> str:
    """Return an event in one line for staff: who did what."""
    who = (
        ref.names.get(event.actor_id, "")
        if event.actor_id
        else {"citizen": "来件人", "system": "系统"}.get(event.actor_kind, "")
    )
    return f"{who} · {WORKFLOW.action(event.action).label}"


# Read with every act and every page that follows a case: written once, and read as plain rows.
_TERMS = cast(Table, Deadline.__table__)
_RUNS = (_TERMS.c.case_id == bindparam("of_case")) & _TERMS.c.closed_at.is_(None)
_OPEN = Prepared(select(_TERMS).where(_RUNS))
_PAUSE = select(DeadlinePause.deadline_id, DeadlinePause.from_on, DeadlinePause.to_on).order_by(DeadlinePause.id)
_PAUSES = _PAUSE.where(DeadlinePause.deadline_id.in_(bindparam("ids", expanding=True)))
_PAUSES_OF_OPEN = Prepared(_PAUSE.where(DeadlinePause.deadline_id.in_(select(_TERMS.c.id).where(_RUNS))))
_INSERT_TERM = Prepared(insert(_TERMS))


def open_clocks(session: Session, case_id: int, ref: Reference) -> dict[str, OpenRow]:
    """Return the running (and paused) clocks of a case by rule."""
    session.flush()  # rows that this transaction has changed count as changed
    connection = session.connection()
    pauses = _by_clock(_PAUSES_OF_OPEN.rows(connection, {"of_case": case_id}))
    found = {}
    for row in _OPEN.rows(connection, {"of_case": case_id}):
        clock = clock_of(row, pauses.get(row.id, ()))
        due = deadlines.due(clock, ref.calendar, ref.settings)
        found[row.rule] = OpenRow(clock, row.id, due, row.level, kept_on=row.due_on)
    return found


def pauses_of(session: Session, ids: list[int]) -> dict[int, tuple[Pause, ...]]:
    """Return the pauses of deadline rows, in order."""
    return _by_clock(session.connection().execute(_PAUSES, {"ids": ids})) if ids else {}


def _by_clock(rows: Iterable[Any]) -> dict[int, tuple[Pause, ...]]:
    found: dict[int, tuple[Pause, ...]] = {}
    for row in rows:
        found[row.deadline_id] = (*found.get(row.deadline_id, ()), Pause(row.from_on, row.to_on))
    return found


def clock_of(row: Deadline | Row[Any], pauses: tuple[Pause, ...] = ()) -> Clock:
    """Return the clock that a row stands for."""
    return Clock(
        rule=row.rule,
        version=row.version,
        opened_on=row.opened_on,
        opened_at=row.opened_at,
        pauses=pauses,
        extra=row.extra,
        extended=row.extended,
        fixed_on=row.fixed_on,
        length=row.length,
    )


def save(session: Session, case: Case, written: Written) -> Event:
    """Write what an act wrote: case, event and terms."""
    for name, value in written.case.items():
        setattr(case, name, value)
    event = Event(case_id=case.id, **written.event)
    session.add(event)
    closed_at = written.event["at"]
    kept = _pauses_kept(session, written.carried)
    for row_id, outcome in written.closed:
        _close(session, row_id, outcome, closed_at)
    for row_id, outcome, row in written.replaced:
        _close(session, row_id, outcome, closed_at)
        row["replaces_id"] = row_id
    for row_id, columns in written.changed:
        session.execute(update(Deadline).where(Deadline.id == row_id).values(**columns))
    for row_id, columns in written.pauses:
        session.execute(insert(DeadlinePause).values(deadline_id=row_id, to_on=None, document_id=None, **columns))
    for row_id, to_on in written.resumed:
        running = (DeadlinePause.deadline_id == row_id) & DeadlinePause.to_on.is_(None)
        session.execute(update(DeadlinePause).where(running).values(to_on=to_on))
    rows = [*written.opened, *(row for _, _, row in written.replaced)]
    _INSERT_TERM.each(session.connection(), [{"case_id": case.id, **row} for row in rows])
    _carry_pauses(session, kept)
    session.flush()  # the event's id is needed by what follows
    return event


def _pauses_kept(session: Session, ids: list[int]) -> list[dict[str, Any]]:
    """Return the pauses of rows that are about to be replaced, a running one still running."""
    if not ids:
        return []
    columns = [column for column in DeadlinePause.__table__.columns if column.key != "id"]
    query = select(*columns).where(DeadlinePause.deadline_id.in_(ids)).order_by(DeadlinePause.id)
    return [dict(row) for row in session.execute(query).mappings()]


def _carry_pauses(session: Session, kept: list[dict[str, Any]]) -> None:
    if not kept:
        return
    old = {row["deadline_id"] for row in kept}
    query = select(Deadline.replaces_id, Deadline.id).where(Deadline.replaces_id.in_(old))
    new = dict(session.execute(query).all())
    session.execute(insert(DeadlinePause), [{**row, "deadline_id": new[row["deadline_id"]]} for row in kept])


def _close(session: Session, row_id: int, outcome: str, at: datetime) -> None:
    """Close a clock with a running pause as well: the pause ends on the day of the decision (workflow.md 21)."""
    session.execute(
        update(Deadline).where(Deadline.id == row_id).values(closed_at=at, outcome=outcome, next_step_at=None)
    )
    running = (DeadlinePause.deadline_id == row_id) & DeadlinePause.to_on.is_(None)
    session.execute(update(DeadlinePause).where(running).values(to_on=at.date()))
