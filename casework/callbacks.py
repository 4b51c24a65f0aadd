"""Calling filers back: the draw of each month, how far it is, and what people said (Order 121 art. 26).

The draw is made once for a month, from a seed that is kept: whoever doubts it draws again and compares. A call is an
act of its case (`call_back`); what it brings is noted on the drawn row in the same transaction.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework import access
from casework.actors import StaffView, by
from casework.errors import NotFound, Refused
from casework.reference import current
from models import CallbackDraw, CallbackMonth, Case, Party
from models import callback as states
from models.base import db, writing
from rules import sampling
from rules.calendar import end_of_day, local_date
from rules.workflow import WORKFLOW

ACTION = "call_back"
TRIES = 3
"""Failed calls after which a filer counts as not reached."""
LOOKED_AT = 60
"""Waiting cases among which the next one is sought."""
DISSATISFIED = "dissatisfied"
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Row:
    """A drawn case as the list shows it: no name and no number of the filer."""

    draw: CallbackDraw
    case: Case
    unit: str


@dataclass(frozen=True)
class UnitResult:
    """What the calls of one unit brought: cases by how the call went, and the answers of those who were reached."""

    unit: str
    drawn: int
    waiting: int
    reached: int
    not_reached: int
    refused: int
    satisfied: int
    fairly: int
    dissatisfied: int

    @property
    def rated(self) -> int:
        """Return how many said how satisfied they are: what a rate is of."""
        return self.satisfied + self.fairly + self.dissatisfied


def month_before(day: date) -> str:
    """Return the month before the one of a day: 2026-10."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


def bounds(month: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month and the first one after it, by the city's time.

    Raises NotFound for what is no month.
    """
    if not _MONTH.fullmatch(month):
        raise NotFound("没有这个月份，请写成 2026-10 这样。")
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return end_of_day(first - timedelta(days=1)), end_of_day(last)


def draw_last(now: datetime) -> int:
    """Draw the month before this one unless it has been drawn; return how many cases were."""
    return draw(month_before(local_date(now)), now)


def draw(month: str, now: datetime, *, drawn_by: int | None = None, seed: str | None = None) -> int:
    """Draw the cases of a month that are called back, unit by unit; return how many, 0 when it was drawn before.

    Drawn are cases that were closed in the month and can still be called about: not archived, not anonymous, with a
    telephone number. Share and minimum are settings of the bureau. A month in which nothing can be drawn is looked at
    again. Raises Refused for a month that is not over. `seed` is given by the demo city; chance chooses it otherwise.
    """
    after = bounds(month)[1]
    if after > now:
        raise Refused("这个月还没有过完，下个月 1 日起抽取", "month")
    if drawn(month) is not None:
        return 0
    ref = current()
    share, least = int(ref.settings["callback_sample"].rstrip("%")), int(ref.settings["callback_minimum"])
    found = population(month)  # read before the writing begins: nobody waits for a long look
    if not found:
        return 0
    seed = seed or secrets.token_hex(16)
    chosen = {unit: sampling.draw(seed, str(unit), ids, share, least) for unit, ids in found.items()}
    units = {
        str(unit): {"from": len(ids), "drawn": len(chosen[unit]), "mark": sampling.mark(ids)}
        for unit, ids in found.items()
    }
    rows = [
        {"month": month, "unit_id": unit, "case_id": one, "drawn_at": now, "state": states.WAITING, "tries": 0}
        for unit, ids in chosen.items()
        for one in ids
    ]
    head = {"month": month, "seed": seed, "share": share, "least": least, "drawn_at": now, "drawn_by": drawn_by}
    try:
        with writing() as session:
            session.execute(insert(CallbackMonth).values(**head, units=units))
            session.execute(insert(CallbackDraw), rows)
    except IntegrityError:
        return 0  # another process drew this month while we read: its draw is the draw
    return len(rows)


def population(month: str) -> dict[int, list[int]]:
    """Return the ids of the cases that can be drawn for a month, by unit."""
    begins, ends = bounds(month)
    action = WORKFLOW.action(ACTION)
    open_to = {kind: action.states.get(kind, frozenset()) for kind in action.kinds}
    queues = {WORKFLOW.state(kind, state).queue for kind, named in open_to.items() for state in named}
    ended = {state for named in open_to.values() for state in named}
    reachable = select(Party.id).where(
        Party.case_id == Case.id, Party.role == "filer", Party.left_at.is_(None), Party.phone.is_not(None)
    )
    query = select(Case.id, Case.unit_id).where(
        Case.queue.in_(sorted(queues)),
        Case.kind.in_(sorted(open_to)),
        Case.state.in_(sorted(ended)),
        Case.closed_at >= begins,
        Case.closed_at < ends,
        Case.anonymous.is_(False),
        reachable.exists(),
    )
    found: dict[int, list[int]] = {}
    for case_id, unit_id in db.session.execute(query.order_by(Case.id)):
        found.setdefault(unit_id, []).append(case_id)
    return found


def drawn(month: str) -> CallbackMonth | None:
    """Return the draw of a month, None when there was none."""
    return db.session.get(CallbackMonth, month)


def repeated(made: CallbackMonth, unit_id: int, ids: Sequence[int]) -> list[int]:
    """Return the cases that the kept seed draws from these of a unit: to check a draw by making it again."""
    return sampling.draw(made.seed, str(unit_id), ids, made.share, made.least)


def months() -> list[str]:
    """Return the months that were drawn, the latest first."""
    return list(db.session.scalars(select(CallbackMonth.month).order_by(CallbackMonth.month.desc()).limit(24)))


def of_month(staff: StaffView, month: str) -> list[Row]:
    """Return the drawn cases of a month that this person may see, by unit; those still to be called first."""
    query = (
        access.visible(staff)
        .join(CallbackDraw, CallbackDraw.case_id == Case.id)
        .where(CallbackDraw.month == month)
        .add_columns(CallbackDraw)
    )
    ref = current()
    rows = [Row(one, case, ref.units[one.unit_id].short_name) for case, one in db.session.execute(query)]
    return sorted(
        rows, key=lambda row: (ref.units[row.draw.unit_id].path, row.draw.state != states.WAITING, row.draw.id)
    )


def following(staff: StaffView, month: str, but: int | None = None) -> str | None:
    """Return the number of the case that this person calls about next: those never called first, then by unit. None
    when there is none left for them; `but` is the case that lies open."""
    query = (
        access.visible(staff)
        .join(CallbackDraw, CallbackDraw.case_id == Case.id)
        .where(CallbackDraw.month == month, CallbackDraw.state == states.WAITING)
        .order_by(CallbackDraw.tries, CallbackDraw.unit_id, CallbackDraw.id)
        .limit(LOOKED_AT)
    )
    ready = (case for case in db.session.scalars(query) if case.id != but and callable_now(staff, case))
    return next((case.number for case in ready), None)


def by_month(staff: StaffView, months: Sequence[str]) -> dict[str, dict[str, UnitResult]]:
    """Return what the calls of some months brought, by unit name in the order of the tree and by month; the units that
    this person sees. One count in the database, whatever was drawn."""
    ref = current()
    query = (
        select(CallbackDraw.unit_id, CallbackDraw.month, CallbackDraw.state, CallbackDraw.result, func.count())
        .join(Case, Case.id == CallbackDraw.case_id)
        .where(CallbackDraw.month.in_(months), access.visible_clause(staff, ref))
        .group_by(CallbackDraw.unit_id, CallbackDraw.month, CallbackDraw.state, CallbackDraw.result)
    )
    counted: dict[int, dict[str, Counter[str]]] = {}
    for unit_id, month, state, result, number in db.session.execute(query) if months else ():
        tally = counted.setdefault(unit_id, {}).setdefault(month, Counter())
        tally[state] += number
        tally[f"said {result}"] += number
    ordered = sorted(counted, key=lambda unit_id: ref.units[unit_id].path)
    return {
        ref.units[unit_id].short_name: {
            month: _counted(ref.units[unit_id].short_name, tally) for month, tally in counted[unit_id].items()
        }
        for unit_id in ordered
    }


def results(rows: Sequence[Row]) -> list[UnitResult]:
    """Return what the calls brought, a line for each unit in the order of the rows."""
    found: dict[str, list[CallbackDraw]] = {}
    for row in rows:
        found.setdefault(row.unit, []).append(row.draw)
    return [_sum(unit, draws) for unit, draws in found.items()]


def total(results: Sequence[UnitResult]) -> UnitResult:
    """Return the sum of all lines."""
    numbers = [astuple(one)[1:] for one in results]
    return (
        UnitResult("合计", *(sum(column) for column in zip(*numbers, strict=True)))
        if numbers
        else UnitResult("合计", *[0] * 8)
    )


def _sum(unit: str, draws: Sequence[CallbackDraw]) -> UnitResult:
    return _counted(unit, Counter([one.state for one in draws] + [f"said {one.result}" for one in draws]))


def _counted(unit: str, tally: Counter[str]) -> UnitResult:
    states_of = (states.WAITING, states.REACHED, states.NOT_REACHED, states.DECLINED)
    said = ("said satisfied", "said fairly_satisfied", f"said {DISSATISFIED}")
    stands = [tally[one] for one in states_of]
    return UnitResult(unit, sum(stands), *stands, *(tally[one] for one in said))


def of_case(case_id: int) -> CallbackDraw | None:
    """Return the latest draw of a case, None when it was never drawn."""
    query = select(CallbackDraw).where(CallbackDraw.case_id == case_id).order_by(CallbackDraw.month.desc())
    return db.session.scalars(query.limit(1)).first()


def waits(case_id: int) -> bool:
    """Tell whether a drawn case is still to be called about."""
    query = select(func.count()).where(CallbackDraw.case_id == case_id, CallbackDraw.state == states.WAITING)
    return bool(db.session.scalar(query))


def noted(session: Session, case_id: int, values: Mapping[str, Any], now: datetime) -> None:
    """Note a call on the drawn row of its case, inside the transaction of the act: reached, refused, or one more
    failed try, of which the third ends it. A call about a case that nobody drew changes nothing here."""
    query = select(CallbackDraw).where(CallbackDraw.case_id == case_id, CallbackDraw.state == states.WAITING)
    for row in session.scalars(query.with_for_update()).all():
        tries = row.tries + 1
        state, result = states.WAITING, None
        if values["reached"] == states.REACHED:
            state, result = states.REACHED, values.get("score")
        elif values["reached"] == states.DECLINED:
            state = states.DECLINED
        elif tries >= TRIES:
            state = states.NOT_REACHED
        changed = {"tries": tries, "state": state, "result": result, "called_at": now}
        session.execute(update(CallbackDraw).where(CallbackDraw.id == row.id).values(**changed))


def callable_now(staff: StaffView, case: Case) -> bool:
    """Tell whether this person may record a call about a case in the state in which it is."""
    return may_call(staff, case) and case.state in WORKFLOW.action(ACTION).states.get(case.kind, frozenset())


def may_call(staff: StaffView, case: Case) -> bool:
    """Tell whether this person may record a call about a case."""
    return access.acting_role(by(staff), WORKFLOW.action(ACTION), access.columns(case), current()) is not None
