"""The day of receipt put right: which terms count from it, and whose day the main case of a merge goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.effects import Act
from casework.errors import Refused
from casework.steps import OpenRow
from casework.wording import long_date
from models import Case, Event
from rules.calendar import local_date
from rules.refusals import RECEIPT
from rules.workflow import WORKFLOW

TAKES = "take_receipt"
_FROM_FIRST_RECEIPT = frozenset({"station_pass_on", "restore"})
"""Later acts that begin terms at the day of receipt; what any other later act begins counts from a day of its own."""


@dataclass(frozen=True)
class Caused:
    """An act of the system on another case, in the same transaction."""

    case_id: int
    entered: Mapping[str, Any]
    must: bool
    """Whether the act that caused it is refused with it."""


def mark(session: Session, case_id: int, clocks: Mapping[str, OpenRow]) -> None:
    """Mark the clocks that count from a later day: another bureau's receipt, a later report, an order, a new question.

    Two days may fall on one date, so the history says which of them a clock counts from.
    """
    query = select(Event.action, Event.clocks).where(Event.case_id == case_id).order_by(Event.seq)
    for action, said in session.execute(query):
        later = bool(WORKFLOW.action(action).from_) and action not in _FROM_FIRST_RECEIPT
        for rule in said.get("opened", ()):
            _set(clocks, rule, later)
        for outcome in ("passed_on", "restarted"):
            for rule in said.get(outcome, ()):
                _set(clocks, rule, True)


def _set(clocks: Mapping[str, OpenRow], rule: str, elsewhere: bool) -> None:
    if rule in clocks:
        clocks[rule].elsewhere = elsewhere


def prepare(case: Case, values: dict[str, Any], typed: Any) -> None:
    """Check a corrected day of receipt as far as the record decides it. Raise Refused at the field, with the reason."""
    if case.channel == "own_finding":
        raise Refused("依职权发现的线索自发现之日起算，没有收到日期可以更正", "field")
    if case.state == "at_station":
        raise Refused("服务站还没有转交，市场监管部门收到的日期以转交之日为准", "field")
    if not isinstance(typed, date):
        raise Refused("请填写收到日期，例如 2026-10-08", "new_value")
    latest = max(local_date(case.registered_at), case.received_on)
    if typed > latest:
        raise Refused(f"收到日期不能晚于登记之日（{long_date(latest)}）", "new_value")
    if typed == case.received_on:
        raise Refused(f"现在登记的收到日期就是{long_date(typed)}", "new_value")
    values.update({RECEIPT: typed, "new_value": typed.isoformat(), "old_value": case.received_on.isoformat()})


def caused(session: Session, case: Case, act: Act) -> Caused | None:
    """Return what an act means for the main case: merged into it, an earlier case brings its day of receipt with it;
    restored, it takes that day back."""
    if act.action.key == "merge_duplicate":
        main = session.get_one(Case, act.values["_main_case"])
        if _runs(main) and case.received_on < main.received_on:
            return Caused(main.id, {"received_on": case.received_on, "other_case": case.number}, must=True)
    if act.action.key == "restore" and act.case["main_case_id"]:
        main = session.get_one(Case, act.case["main_case_id"])
        own = _own_day(session, main, case.number)
        if _runs(main) and own is not None:
            return Caused(main.id, {"received_on": own, "other_case": case.number}, must=False)
    return None


def _runs(case: Case) -> bool:
    """Tell whether terms of the case run at all; one that has ended keeps its days as they were."""
    return case.state in WORKFLOW.action(TAKES).states[case.kind]


def _own_day(session: Session, main: Case, number: str) -> date | None:
    """Return the day that the main case had before it took that of a merged one; None when it goes by another since."""
    query = select(Event).where(Event.case_id == main.id, Event.action == TAKES).order_by(Event.seq.desc()).limit(1)
    taken = session.scalar(query)
    if taken is None or taken.fields["other_case"] != number:
        return None
    if taken.fields["received_on"] != main.received_on.isoformat():
        return None
    return date.fromisoformat(taken.fields["old_value"])
