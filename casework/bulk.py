"""The same act on many cases: each by itself through the one door, with a list of what was not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework import access, fields, handling, offers
from casework.actors import StaffView, by
from casework.errors import Faults, NotFound, Refused, WorkError
from casework.reference import current
from models import Case
from rules.calendar import local_date
from rules.explanation import long_date
from rules.workflow import WORKFLOW

ACTIONS = ("dispatch", "sign_for", "assign", "attach_incident")
MOST = 100


@dataclass(frozen=True)
class Result:
    """What came of it: the numbers done, and those that were not, each with the sentence why."""

    label: str
    done: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def do(
    staff: StaffView,
    numbers: Sequence[str],
    action: str,
    now: datetime,
    *,
    unit: str | None = None,
    handler: str | None = None,
    incident: str | None = None,
) -> Result:
    """Take one action on each case. Without `unit` every case goes to the unit that the routing table proposes.

    Raises Refused when nothing was chosen, NotFound for the whole when one of the cases is not this person's to see.
    """
    if action not in ACTIONS:
        raise Refused("请选择要怎么办", "do")
    cases = _chosen(staff, numbers)
    if action == "assign" and not handler:
        raise Refused("请选择承办人", "handler")
    if action == "attach_incident" and not incident:
        raise Refused("请选择事件", "incident")
    return _each(staff, cases, action, now, lambda case: _entered(case, action, unit, handler, incident))


def supervise(staff: StaffView, numbers: Sequence[str], now: datetime, entered: Mapping[str, Any]) -> Result:
    """Issue a supervision order about each case, all with the same level, ground, requirement and term.

    Raises Faults for what was entered before any case is touched, Refused and NotFound as `do`.
    """
    cases = _chosen(staff, numbers)
    action, today = WORKFLOW.action("supervise"), local_date(now)
    checked = fields.check(action, "complaint", entered, current())
    due_on = checked.values.get("due_on")
    if due_on is not None and due_on < today:
        checked.faults["due_on"] = f"答复期限不能早于今天（{long_date(today)}）"
    if checked.faults:
        raise Faults(checked.faults)
    return _each(staff, cases, action.key, now, lambda _case: entered)


def _chosen(staff: StaffView, numbers: Sequence[str]) -> list[Case]:
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise Refused("请先在表里勾选案件", "case")
    if len(wanted) > MOST:
        raise Refused(f"一次最多办 {MOST} 件", "case")
    return [access.find(staff, number) for number in wanted]


def _each(
    staff: StaffView,
    cases: Sequence[Case],
    action: str,
    now: datetime,
    entered: Callable[[Case], Mapping[str, Any]],
) -> Result:
    done, refused = [], []
    for case in cases:
        number = case.number
        try:
            handling.apply(case, action, by(staff), now, **entered(case))
        except NotFound:
            refused.append((number, "已经不在您能办的范围里"))
        except WorkError as error:
            refused.append((number, error.sentence))
        else:
            done.append(number)
    return Result(WORKFLOW.action(action).label, tuple(done), tuple(refused))


def _entered(case: Case, action: str, unit: str | None, handler: str | None, incident: str | None) -> Mapping[str, Any]:
    if action == "attach_incident":
        return {"incident": incident}
    if action == "assign":
        return {"handler": handler}
    if action == "sign_for":
        return {}
    if unit is not None:
        return {"unit": unit, "routing_reason": "批量分送"}
    route = offers.proposed(case)
    if route is None:
        raise Refused("没有合适的分送规则，请打开这一件单独分送", "unit")
    return {"unit": route[0], "routing_reason": route[1]}
