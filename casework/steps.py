"""From one act to the rows that record it: pure, so that the bulk writer and `apply` cannot differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from casework import chain, wording
from casework.actors import SYSTEM_KIND
from casework.effects import Act, columns_of
from casework.lapses import LAPSES, next_look
from casework.reference import Reference
from models.base import NEVER, canonical
from models.secrets import ring
from rules import deadlines, procedure
from rules.deadlines import Clock, Due
from rules.workflow import WORKFLOW, Action, regime_for

SEALED_FIELDS = "event.fields"
OVERDUE = "mark_overdue"


@dataclass(slots=True)
class OpenRow:
    """A running clock with its row: `id` is the row's, or anything by which the caller finds it."""

    clock: Clock
    id: Any
    due: Due
    level: int = 0
    elsewhere: bool = False
    """Counts from another day than that on which the case was first received."""
    kept_on: date | None = None
    """The day on which the row says that it ends."""

    @property
    def moved(self) -> bool:
        """Tell whether the calendar says another day than the row does: it was changed since the row was written."""
        return self.kept_on is not None and self.due.on is not None and self.kept_on != self.due.on


@dataclass(slots=True)
class Written:
    """What one act writes. Rows are plain column mappings."""

    case: dict[str, Any]
    event: dict[str, Any]
    step: procedure.Step
    opened: list[dict[str, Any]] = field(default_factory=list)
    closed: list[tuple[Any, str]] = field(default_factory=list)
    replaced: list[tuple[Any, str, dict[str, Any]]] = field(default_factory=list)
    """(old row, its outcome, new row)."""
    carried: list[Any] = field(default_factory=list)
    """Old rows whose pauses the row in their place keeps: days that did not count do not count afterwards either."""
    changed: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    pauses: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    resumed: list[tuple[Any, date]] = field(default_factory=list)
    clocks: dict[str, OpenRow] = field(default_factory=dict)
    """Every clock that runs after the act."""
    tell: str = ""
    due: date | None = None
    recorded: tuple[str, str] = ("{}", "{}")
    """The canonical texts of the event's `fields` and `clocks`, as they were hashed."""


def write(act: Act, clocks: Mapping[str, OpenRow], more: Mapping[str, str] | None = None) -> Written:
    """Return everything that the act writes. Raise rules.procedure.Refused when the procedure does not allow it.

    `clocks` are the running ones by rule; `more` fills blanks of the wording that the act itself cannot know.
    """
    step = procedure.advance(
        procedure.CaseView(
            kind=act.case["kind"],
            state=act.case["state"],
            previous=act.case["previous_state"],
            received_on=act.case["received_on"],
            regime=act.case["regime"],
            clocks=clocks,
        ),
        act.action,
        act.values,
        act.now,
        act.ref.calendar,
        act.facts,
        act.ref.settings,
    )
    columns = columns_of(act)
    if "received_on" in columns:
        columns["regime"] = regime_for(columns["received_on"])
    changed = {**columns, **_place(act, step)}
    after: dict[str, Any] = {**act.case, **changed}
    written = Written(case=changed, event={}, step=step)
    said = _clocks(act, after, clocks, step, written)
    _desk(after, written)
    written.due = _due_to_tell(act, written)
    _tell(act, after, step, said, written, more or {})
    return written


def _place(act: Act, step: procedure.Step) -> dict[str, Any]:
    state = WORKFLOW.state(act.case["kind"], step.to_state)
    changed: dict[str, Any] = {
        "state": step.to_state,
        "previous_state": step.to_previous,
        "queue": state.queue,
    }
    if state.terminal and act.case.get("closed_at") is None:
        changed["closed_at"] = act.now
    if not state.terminal and step.to_state != "unsealed" and act.case.get("closed_at") is not None:
        changed["closed_at"] = None
    return changed


def _clocks(
    act: Act, after: dict[str, Any], clocks: Mapping[str, OpenRow], step: procedure.Step, written: Written
) -> dict[str, Any]:
    """Bring the clocks to where the step leaves them; return what the event says of it."""
    running = dict(clocks)
    said: dict[str, Any] = {}
    ref, sealed = act.ref, after["kind"] == "misconduct"
    for rule, outcome in step.closed:
        written.closed.append((running.pop(rule).id, outcome))
        said.setdefault("closed", {})[rule] = outcome
    for outcome, pairs in (
        ("extended", step.extended),
        ("passed_on", step.rebased),
        ("restarted", step.restarted),
        ("recomputed" if act.action.recomputes else "corrected", step.recounted),
    ):
        for rule, clock in pairs:
            old = running.pop(rule)
            level = _level_kept(old, act.now, sealed) if act.action.recomputes else 0
            row, found = clock_row(clock, after, ref, sealed, level)
            written.replaced.append((old.id, outcome, row))
            if clock.pauses:
                written.carried.append(old.id)
            running[rule] = OpenRow(clock, None, found, level)
            said.setdefault(outcome, {})[rule] = _day(found.on)
    for clock in step.opened:
        row, found = clock_row(clock, after, ref, sealed)
        if clock.rule in running:
            old = running.pop(clock.rule)
            written.replaced.append((old.id, "replaced", row))
        else:
            written.opened.append(row)
        running[clock.rule] = OpenRow(clock, None, found)
        said.setdefault("opened", {})[clock.rule] = _day(found.on)
    for rule, from_on in step.paused:
        old = running[rule]
        clock = _with_pauses(old.clock, (*old.clock.pauses, deadlines.Pause(from_on)))
        running[rule] = _moved(old, clock, ref, sealed, written)
        reason = str(act.values.get("ground") or act.action.key)
        written.pauses.append(
            (old.id, {"from_on": from_on, "reason": reason, "due_before": old.due.on, "approver_id": act.actor.id})
        )
        said.setdefault("paused", {})[rule] = from_on.isoformat()
    for rule, to_on in step.resumed:
        old = running[rule]
        last = old.clock.pauses[-1]
        clock = _with_pauses(old.clock, (*old.clock.pauses[:-1], deadlines.Pause(last.from_on, to_on)))
        running[rule] = _moved(old, clock, ref, sealed, written)
        written.resumed.append((old.id, to_on))
        said.setdefault("resumed", {})[rule] = _day(running[rule].due.on)
    if after["unit_id"] != act.case["unit_id"]:
        written.changed += [(row.id, {"unit_id": after["unit_id"]}) for row in running.values() if row.id is not None]
    written.clocks = running
    return said


def unsaid_lapses(act: Act, clocks: Mapping[str, OpenRow], written: Written) -> list[tuple[OpenRow, int]]:
    """Return the clocks that the act ends after their day although nobody has said yet that they lapsed, each with
    the level of its lapse: it goes on record before the act that ends it. What the system ends itself is not overdue.
    """
    allowed = WORKFLOW.action(OVERDUE).states.get(act.case["kind"], frozenset())
    if act.actor.kind == SYSTEM_KIND or act.case["state"] not in allowed:
        return []
    ended = {row_id for row_id, _ in written.closed}
    ended |= {row_id for row_id, outcome, _ in written.replaced if outcome in _ENDED_ALL_THE_SAME}
    found = []
    for rule, row in clocks.items():
        late = row.id in ended and row.due.at is not None and row.due.at <= act.now and rule not in LAPSES
        level = deadlines.lapse_level(rule) if late else None
        if level is not None and row.level < level:
            found.append((row, level))
    return found


_ENDED_ALL_THE_SAME = ("passed_on", "restarted")
"""A row that is replaced so has ended with its own date; another one only takes over from what was put right."""


def _level_kept(old: OpenRow, now: datetime, sealed: bool) -> int:
    """Return which of the spoken levels a term keeps when the calendar has changed: what was said is not said again,
    but a term that ends later than now has not lapsed, and lapses anew when its day has come."""
    if old.due.at is not None and old.due.at > now:
        return deadlines.said_before_the_end(old.clock.rule, old.level, sealed)
    return old.level


def _with_pauses(clock: Clock, pauses: tuple[deadlines.Pause, ...]) -> Clock:
    return clock._replace(pauses=pauses)


def _moved(old: OpenRow, clock: Clock, ref: Reference, sealed: bool, written: Written) -> OpenRow:
    found = deadlines.due(clock, ref.calendar, ref.settings)
    written.changed.append((old.id, due_columns(clock, found, old.level, ref, sealed)))
    return OpenRow(clock, old.id, found, old.level)


def clock_row(
    clock: Clock, case: Mapping[str, Any], ref: Reference, sealed: bool, level: int = 0
) -> tuple[dict[str, Any], Due]:
    """Return the columns of a new clock and its due date."""
    found = deadlines.due(clock, ref.calendar, ref.settings)
    row = {
        "rule": clock.rule,
        "version": clock.version,
        "unit_id": case["unit_id"],
        "opened_on": clock.opened_on,
        "opened_at": clock.opened_at,
        "length": clock.length,
        "fixed_on": clock.fixed_on,
        "extended": clock.extended,
        "extra": clock.extra,
        "closed_at": None,
        "outcome": None,
        "level": level,
        "replaces_id": None,
        **due_columns(clock, found, level, ref, sealed),
    }
    return row, found


def due_columns(clock: Clock, due: Due, level: int, ref: Reference, sealed: bool) -> dict[str, Any]:
    """Return the columns that follow from a due date: the date itself and the next moment to speak."""
    moment = deadlines.next_moment(clock, due, ref.calendar, level, sealed)
    return {
        "due_on": due.on,
        "raw_on": due.raw_on,
        "due_at": due.at,
        "provisional": due.provisional,
        "next_step_at": next_look(clock.rule, moment.at if moment else None, due.at),
    }


def _desk(after: dict[str, Any], written: Written) -> None:
    due_at, rule = nearest(written.clocks)
    written.case["due_at"], written.case["due_rule"] = due_at, rule
    after["due_at"], after["due_rule"] = due_at, rule


def nearest(clocks: Mapping[str, OpenRow]) -> tuple[datetime, str | None]:
    """Return the end of the nearest running term that staff must keep, and its rule; (NEVER, None) without one."""
    best: tuple[datetime, str | None] = (NEVER, None)
    for rule, row in clocks.items():
        if row.due.at is not None and deadlines.RULES[rule].ladder != "filer" and row.due.at < best[0]:
            best = (row.due.at, rule)
    return best


def _due_to_tell(act: Act, written: Written) -> date | None:
    """Return the date that the act's message names: of the first clock it set that the filer hears of."""
    if act.action.recomputes:
        named = str(act.values[act.action.recomputes])
        return written.clocks[named].due.on if deadlines.RULES[named].citizen else None
    for rule in (*act.action.opens, *act.action.resumes, *act.action.extends, *act.action.rebases):
        row = written.clocks.get(rule)
        if row is not None and row.due.on is not None and deadlines.RULES[rule].citizen:
            return row.due.on
    first: date | None = None
    for rule, row in written.clocks.items():
        on = row.due.on
        if on is not None and (first is None or on < first) and deadlines.RULES[rule].citizen:
            first = on
    return first


def _tell(
    act: Act,
    after: Mapping[str, Any],
    step: procedure.Step,
    said: dict[str, Any],
    written: Written,
    more: Mapping[str, str],
) -> None:
    action, case, actor = act.action, act.case, act.actor
    seq = case["seq"] + 1
    at = max(act.now, case["last_event_at"])
    filling = wording.Filling(action, after, act.values, act.ref, act.now, written.due, more)
    written.tell = wording.fill(action.tell, filling)
    fields = recorded(act)
    event: dict[str, Any] = {
        "seq": seq,
        "at": at,
        "action": action.key,
        "actor_kind": actor.kind,
        "actor_id": actor.staff.id if actor.staff else None,
        "actor_role": act.role,
        "unit_id": _unit_of(act),
        "from_state": case["state"],
        "to_state": step.to_state,
        "fields": fields,
        "clocks": said,
        "public_text": "" if action.recomputes and written.due is None else wording.fill(action.event, filling),
        "respondent_text": wording.fill(action.respondent, filling),
        "before": case["head"],
    }
    written.recorded = recorded_texts = canonical(fields) if fields else "{}", canonical(said) if said else "{}"
    event["hash"] = chain.hash_of(case["number"], event, *recorded_texts)
    written.event = event
    written.case.update(seq=seq, head=event["hash"], last_event_at=at)


def _unit_of(act: Act) -> int | None:
    if act.actor.staff is None:
        return None
    for one in act.actor.staff.assignments:
        if one.role == act.role:
            return one.unit_id
    return act.actor.staff.unit_id


PERSONAL_FIELDS = frozenset({"proxy_name", "heir", "members", "representatives", "who", "part_content"})
"""Names of people on the filer's side: kept in `party`, encrypted, never in an event."""

REGISTERED_ELSEWHERE = frozenset(
    {
        "filer_name", "filer_phone", "filer_address", "filer_postcode", "filer_id_type", "filer_id_number",
        "filer_email", "content", "evidence", "demand_text", "respondent_contact", "officer_name",
    }
)  # fmt: skip
"""What a registration writes into `party` and `case_text`."""
_LEFT_OUT_AT_FIRST = PERSONAL_FIELDS | REGISTERED_ELSEWHERE


def recorded(act: Act) -> dict[str, Any]:
    """Return what the event keeps of the act; of a sealed case one ciphertext."""
    kept = recorded_values(act.action, act.values)
    if act.facts:
        kept["facts"] = sorted(act.facts)
    if act.case["kind"] != "misconduct" or not kept:
        return kept
    return {"sealed": ring().seal(canonical(kept).encode(), SEALED_FIELDS).hex()}


def recorded_values(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entered values that an event keeps. Names beginning with `_` are the program's own."""
    left_out = PERSONAL_FIELDS if action.from_ else _LEFT_OUT_AT_FIRST
    return {
        name: value if type(value) in _PLAIN else _plain(value)
        for name, value in values.items()
        if name not in left_out and name[:1] != "_"
    }


def opened_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entered values of an event, those of a sealed case decrypted."""
    if "sealed" not in fields:
        return dict(fields)
    found: dict[str, Any] = json.loads(ring().open(bytes.fromhex(fields["sealed"]), SEALED_FIELDS))
    return found


_PLAIN = frozenset({str, int, bool, type(None)})
"""What an event keeps as it was entered."""


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a moment is one as well
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
