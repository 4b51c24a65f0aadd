"""Reading signals: who sees which, their cases as far as the person may see them, and what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, select

from casework import access
from casework.actors import StaffView
from casework.errors import NotFound
from casework.hotspots import words
from casework.queue import Listed
from casework.reference import Reference, current
from models import Case, Signal, SignalCase, db
from models.signal import HANDED_OVER, NEW, SET_ASIDE
from rules.access import POLICIES
from rules.calendar import local_date
from rules.hotspots import FILER, KINDS, LOCAL, PLACE, WINDOW_DAYS

VIEWS = {"now": "现在的", "handed": "已交编辑", "aside": "已搁置", "over": "已经过去的"}
STATES = {NEW: "待处理", HANDED_OVER: "已交编辑", SET_ASIDE: "已搁置"}
MOST, PAGE = 100, 50
_NONE = "没有找到这个信号，或者它不在您能看的范围里。"


@dataclass(frozen=True)
class Shown:
    """A signal as one person may know it: `seen` of its `kept` cases may be opened."""

    row: Signal
    seen: int
    kept: int
    may_answer: bool

    @property
    def title(self) -> str:
        """Return what it is called."""
        return words.title(self.row.kind, self.row.words)

    @property
    def days(self) -> str:
        """Return the days of its window, with their year: signals are kept for years."""
        return words.days(self.row.first_on, self.row.last_on)

    @property
    def short(self) -> str:
        """Return in one line what stands out."""
        return words.short(self.row.kind, self.row.evidence)

    @property
    def may_hand_over(self) -> bool:
        """Tell whether it may become the draft of a warning; what is about filers never does."""
        return self.may_answer and KINDS[self.row.kind].draft


def listed(staff: StaffView, view: str, now: datetime) -> list[Shown]:
    """Return the signals of a view that a person sees, those found last first."""
    fresh = local_date(now) - timedelta(days=WINDOW_DAYS)
    limits = {
        "now": and_(Signal.state == NEW, Signal.last_on >= fresh),
        "handed": Signal.state == HANDED_OVER,
        "aside": Signal.state == SET_ASIDE,
        "over": and_(Signal.state == NEW, Signal.last_on < fresh),
    }
    query = select(Signal).where(limits[view]).order_by(Signal.last_on.desc(), Signal.id).limit(MOST)
    return _seen(staff, list(db.session.scalars(query)))


def find(staff: StaffView, signal_id: int) -> Shown:
    """Return a signal. Raise NotFound for one that is not there or of which this person sees nothing."""
    row = db.session.get(Signal, signal_id)
    found = _seen(staff, [row]) if row is not None else []
    if not found:
        raise NotFound(_NONE)
    return found[0]


def _seen(staff: StaffView, rows: Sequence[Signal]) -> list[Shown]:
    ids = [row.id for row in rows if KINDS[row.kind].cases]
    held = select(SignalCase.signal_id, func.count()).where(SignalCase.signal_id.in_(ids))
    kept = {row[0]: row[1] for row in db.session.execute(held.group_by(SignalCase.signal_id))}
    ref = current()
    mine = held.join(Case, Case.id == SignalCase.case_id).where(access.visible_clause(staff, ref), _OPEN)
    seen = {row[0]: row[1] for row in db.session.execute(mine.group_by(SignalCase.signal_id))}
    found = []
    for row in rows:
        mine_of, all_of = seen.get(row.id, 0), kept.get(row.id, 0)
        if _may_see(staff, row, mine_of):
            found.append(Shown(row, mine_of, all_of, _may_answer(staff, row, mine_of >= all_of, ref)))
    return found


_OPEN = Case.kind != "misconduct"


def _may_see(staff: StaffView, row: Signal, seen: int) -> bool:
    """Counts of the city are for all who may open the page; a business or a person for whom a case of it is visible.

    An editor sees no case, but what may become a warning.
    """
    if not KINDS[row.kind].cases or seen:
        return True
    return row.kind != FILER and staff.has("editor")


def _may_answer(staff: StaffView, row: Signal, whole: bool, ref: Reference) -> bool:
    if row.state != NEW:
        return False
    for one in staff.assignments:
        if one.role not in POLICIES["hotspots.answer"]:
            continue
        if one.role == "editor":
            if row.kind != FILER:
                return True
        elif ref.bureau_of(one.unit_id) is ref.root() or _within(row, one.path, whole, ref):
            return True
    return False


def _within(row: Signal, path: str, whole: bool, ref: Reference) -> bool:
    """Tell whether a signal is about what lies below a place alone."""
    if KINDS[row.kind].cases:
        return whole
    place = ref.unit_keys.get(row.subject.partition("/")[0]) if row.kind in (PLACE, LOCAL) else None
    return place is not None and place.path.startswith(path)


@dataclass(frozen=True)
class Page:
    """One page of cases, the latest first; `after` asks for the next one, None on the last."""

    cases: Sequence[Listed]
    after: int | None


def cases(staff: StaffView, shown: Shown, after: int | None) -> Page:
    """Return a page of the cases of a signal that a person may open."""
    held = select(SignalCase.case_id).where(SignalCase.signal_id == shown.row.id)
    query: Select[tuple[object, ...]] = access.visible_rows(staff, Listed._fields).where(Case.id.in_(held), _OPEN)
    if after is not None:
        query = query.where(Case.id < after)
    rows = db.session.connection().execute(query.order_by(Case.id.desc()).limit(PAGE + 1)).all()
    found = [Listed._make(row) for row in rows[:PAGE]]
    return Page(found, found[-1].id if len(rows) > PAGE else None)


def narrowing(row: Signal) -> dict[str, str]:
    """Return what narrows the statistics down to the cases of a signal that keeps none itself."""
    if row.kind == LOCAL:
        place, _, category = row.subject.partition("/")
        return {"place": place, "category": category}
    return {row.kind: row.subject}
