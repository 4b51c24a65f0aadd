"""One case followed in memory: the same steps as `cases.create` and `handling.act`, with lists in place of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.orm import Session

from casework import access, cases, documents, facts, notify, people, search, steps, telling
from casework.actors import SYSTEM, Actor
from casework.cases import NewCase, Shell
from casework.effects import Act
from casework.errors import NotAllowed
from casework.reference import Reference
from casework.steps import OpenRow, Written
from models import Case
from models.secrets import ring
from rules.workflow import WORKFLOW, Action

Row = dict[str, Any]
_NO_SESSION = cast(Session, None)
_NEEDS_RECORDS = frozenset({"same_filer", "dossier_complete"})
"""Guards that `facts` decides from other rows; a walk is told of them instead."""


@dataclass(frozen=True)
class Given:
    """What a walk is told beside the filing: keys that the database would have given, and what is to be written."""

    number: str
    code: str
    case_id: int
    filing_id: int
    respondent_id: int | None
    papers_from: datetime
    """Papers ordered and messages sent before this moment are left out: they are in the paper archive."""
    lines_from: datetime
    """Lines in the lists of staff before this moment are left out: they were read long ago."""


class Walk:
    """A case in the making. `act` does one act; what was written lies in the lists."""

    def __init__(self, new: NewCase, given: Given, now: datetime, ref: Reference) -> None:
        self.given, self.ref, self.new = given, ref, new
        self.events: list[Row] = []
        self.recorded: list[tuple[str, str]] = []
        """Of each event the canonical texts of `fields` and `clocks`."""
        self.deadlines: list[Row] = []
        self.pauses: list[Row] = []
        """`deadline_id` is the place of the term in `deadlines`."""
        self.documents: list[Row] = []
        self.messages: list[Row] = []
        self.lines: list[Row] = []
        self.links: list[Row] = []
        self.gathered: list[Row] = []
        """The incident that the case lies in, if one."""
        self.attachments: list[Row] = []
        self.clocks: dict[str, OpenRow] = {}
        act, columns = cases.beginning(new, given.number, given.filing_id, given.respondent_id, now, ref)
        columns["query_mark"] = ring().code_mark(given.number, given.code) if given.code else None
        self.case = columns
        self.text = cases.text_row(new)
        self.party = people.party_row(new.values) if people.is_somebody(new.values) else None
        self._filer = SimpleNamespace(**self.party) if self.party else None
        self._shell = cast(Case, Shell(columns, given.case_id))
        self._keep(act, steps.write(act, self.clocks, {"number": given.number}))

    @property
    def state(self) -> str:
        """The state the case is in now."""
        return str(self.case["state"])

    @property
    def last_at(self) -> datetime:
        """The moment of the last act."""
        return cast(datetime, self.case["last_event_at"])

    def act(
        self,
        action_key: str,
        actor: Actor,
        now: datetime,
        values: Mapping[str, Any],
        attested: Iterable[str] = (),
        known: Iterable[str] = (),
    ) -> Row:
        """Do one act and return its event. `values` are typed and as `fields.check` would leave them; `known` are
        guards that other rows prove. Raises NotAllowed and rules.procedure.Refused as the one door does."""
        action = WORKFLOW.action(action_key)
        role = access.acting_role(actor, action, self.case, self.ref)
        if role is None:
            raise NotAllowed(f"{action_key} by {actor.staff.username if actor.staff else actor.kind} at {self.state}")
        asked = facts.Asked(
            _NO_SESSION, _without_records(action_key), self.case, values, frozenset(attested), actor, now, self.ref
        )
        held = facts.holding(asked).union(known)
        doing = Act(action, self.case, values, held, actor, role, now, self.ref)
        written = steps.write(doing, self.clocks, None)
        late = steps.unsaid_lapses(doing, self.clocks, written)
        for row, level in late:
            row.level = self.deadlines[row.id]["level"] = level
            Walk.act(self, steps.OVERDUE, SYSTEM, now, {"rule": row.clock.rule})
        return Walk.act(self, action_key, actor, now, values, attested, known) if late else self._keep(doing, written)

    def attach(self, row: Row) -> None:
        """Bind a file to the next act."""
        self.attachments.append({**row, "case_id": self.given.case_id, "event_seq": self.case["seq"] + 1})

    def link(self, other_id: int, relation: str, now: datetime) -> None:
        """Link this case to another one."""
        self.links.append(
            {"case_id": self.given.case_id, "other_id": other_id, "relation": relation, "created_at": now}
        )

    def gather(self, incident_id: int, staff_id: int | None, now: datetime) -> None:
        """Put this case into an incident, as the act before it said."""
        self.gathered.append(
            {
                "case_id": self.given.case_id,
                "incident_id": incident_id,
                "attached_at": now,
                "attached_by": staff_id,
            }
        )

    def document(self) -> str:
        """Return what is searched of the case; nothing of a sealed one."""
        if self.case["kind"] == "misconduct":
            return ""
        return search.document_of(self.case, str(self.new.values.get("content", "")))

    def _keep(self, act: Act, written: Written) -> Row:
        """Do in the lists what `handling.save` and `telling.after` do in the tables."""
        self.case.update(written.case)
        self.events.append(written.event)
        self.recorded.append(written.recorded)
        at = written.event["at"]
        kept = [dict(pause) for pause in self.pauses if pause["deadline_id"] in written.carried]
        for place, outcome in written.closed:
            self._close(place, outcome, at)
        for place, outcome, row in written.replaced:
            self._close(place, outcome, at)
            row["replaces_id"] = place
        for place, columns in written.changed:
            self.deadlines[place].update(columns)
        for place, columns in written.pauses:
            self.pauses.append({"deadline_id": place, "to_on": None, "document_id": None, **columns})
        for place, to_on in written.resumed:
            self._end_pause(place, to_on)
        self.clocks = written.clocks
        for row in [*written.opened, *[row for _, _, row in written.replaced]]:
            self.clocks[row["rule"]].id = len(self.deadlines)
            for pause in kept:
                if pause["deadline_id"] == row["replaces_id"]:
                    self.pauses.append({**pause, "deadline_id": len(self.deadlines)})
            self.deadlines.append(row)
        self._tell(act, written)
        return written.event

    def _close(self, place: int, outcome: str, at: datetime) -> None:
        self.deadlines[place].update(closed_at=at, outcome=outcome, next_step_at=None)
        self._end_pause(place, at.date())

    def _end_pause(self, place: int, to_on: date) -> None:
        for pause in self.pauses:
            if pause["deadline_id"] == place and pause["to_on"] is None:
                pause["to_on"] = to_on

    def _tell(self, act: Act, written: Written) -> None:
        now, seq = act.now, written.event["seq"]
        if now >= self.given.papers_from:
            if written.step.documents:
                frozen = telling.frozen_facts(act, written)
                self.documents += documents.order_rows(
                    self._shell, act.action.key, seq, written.step.documents, frozen, now, self.ref
                )
            if written.tell and "filer" in (act.action.told or ("filer",)):
                told = [self._filer] if self._filer else []
                self.messages += notify.filer_message_rows(self._shell, seq, written.tell, told, now)
        if now >= self.given.lines_from:
            self.lines += telling.inform_rows(act, self._shell, seq)


@cache
def _without_records(action_key: str) -> Action:
    action = WORKFLOW.action(action_key)
    return replace(action, guards=tuple(key for key in action.guards if key not in _NEEDS_RECORDS))
