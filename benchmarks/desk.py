"""The desk: its lists, the page of a case, and search, as server time in one process."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks import inside
from benchmarks.cities import City, opened, sign_in
from benchmarks.measuring import Line, under, within
from blueprints.web.staff import SESSION_COOKIE, hash_of
from casework import access, queue, sessions
from casework.actors import StaffView
from casework.reference import current
from models import Case, clock, db

LISTS = (
    ("leader", "all"),
    ("leader", "to-distribute"),
    ("leader", "overdue"),
    ("dispatcher", "to-distribute"),
    ("supervisor", "all"),
    ("lead", "all"),
    ("handler", "mine"),
    ("auditor", "all"),
)
"""Who opens which list: the city's, a bureau's, an office's, a person's own."""
FAR = 999
"""Pages before the thousandth."""
QUEUE_MEDIAN, QUEUE_P95, CASE_MEDIAN, SEARCH_MEDIAN, SAME_COST = 30.0, 60.0, 30.0, 100.0, 1.5
HEAVIEST = 15.0
"""KB that a page of the desk may weigh."""


def lists(city: City, small: City, samples: int) -> Iterator[Line]:
    """Measure first and thousandth pages, and that they cost the same in a small city."""
    with opened(small) as app:
        token = sign_in("leader")
        few, _ = inside.timed(app, ["/desk/?view=all"], {SESSION_COOKIE: token}, samples)
    with opened(city) as app:
        heaviest = 0
        for role, view in LISTS:
            cookies = {SESSION_COOKIE: sign_in(role)}
            for name, address in _pages(cookies[SESSION_COOKIE], view):
                found, size = inside.timed(app, [address], cookies, samples)
                heaviest = max(heaviest, size)
                yield within("queue", f"{role}, {view}: {name}", found, QUEUE_MEDIAN, QUEUE_P95)
        many, _ = inside.timed(app, ["/desk/?view=all"], {SESSION_COOKIE: sign_in("leader")}, samples)
    ratio = many.median / few.median
    yield under("queue", f"{city.cases:,} cases against {small.cases:,}: cost of a page", ratio, SAME_COST, "", 2)
    yield under("queue", "heaviest page, compressed", heaviest / 1000, HEAVIEST, "KB")


def _pages(token: str, view: str) -> Iterator[tuple[str, str]]:
    """Yield the first page and the thousandth (or the last full one), as (words, address)."""
    yield "page 1", f"/desk/?view={view}"
    staff, now = _person(token), clock.now()
    found = queue.page(staff, view, None, queue.Filters(), now, size=FAR * queue.PAGE)
    if found.after:
        yield f"page {FAR + 1:,}", f"/desk/?{urlencode({'view': view, 'after': found.after})}"
    elif len(found.cases) > 2 * queue.PAGE:
        place = found.cases[-queue.PAGE - 1]
        after = queue.cursor(place.due_at, place.id)
        yield f"last page ({len(found.cases) // queue.PAGE:,})", f"/desk/?{urlencode({'view': view, 'after': after})}"


def _person(token: str) -> StaffView:
    view = sessions.resume(hash_of(token), clock.now())
    assert view is not None
    return view


def case_pages(city: City, samples: int) -> Iterator[Line]:
    """Measure the page of a case, over cases of every age."""
    with opened(city) as app:
        for role in ("leader", "handler"):
            token = sign_in(role)
            numbers = _numbers(_person(token), samples)
            found, size = inside.timed(
                app, [f"/desk/cases/{number}" for number in numbers], {SESSION_COOKIE: token}, samples
            )
            yield within("case", f"{role}, {len(numbers)} cases, at most {size / 1000:.1f} KB", found, CASE_MEDIAN)


def _numbers(staff: StaffView, wanted: int) -> list[str]:
    newest = select(Case.number).where(access.visible_clause(staff, current())).order_by(Case.id.desc())
    oldest = newest.order_by(None).order_by(Case.id)
    return [*db.session.scalars(newest.limit(wanted // 2)), *db.session.scalars(oldest.limit(wanted - wanted // 2))]


def words(city: City, samples: int) -> Iterator[Line]:
    """Measure search by words, numbers and telephone, each as somebody types it."""
    with opened(city) as app:
        asked = dict(_asked())
        for role in ("leader", "handler"):
            cookies = {SESSION_COOKIE: sign_in(role)}
            for name, text in asked.items():
                found, _ = inside.timed(app, [f"/desk/?{urlencode({'q': text})}"], cookies, samples)
                yield within("search", f"{role}: {name}", found, SEARCH_MEDIAN)


def _asked() -> Iterator[tuple[str, str]]:
    some = db.session.scalar(select(Case).where(Case.kind == "complaint").order_by(Case.id.desc()).limit(1))
    yield "a word that most cases hold", "要求退款"
    yield "a word of two characters", "发票"
    yield "two words", "退款 发票"
    yield "a word that none holds", "麒麟凤凰貔貅"
    yield "a telephone number", "13800001234"
    if some is not None:
        yield "a case number", some.number
        yield "a business", some.respondent_name or "商店"
