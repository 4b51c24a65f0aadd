"""From what casework knows to what the desk's templates print: badges, rows, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Request, current_app
from jinja2 import Environment

from blueprints.web import badges
from blueprints.web.badges import Badge
from casework.listing import Row, Term
from casework.queue import COUNTED


@dataclass(frozen=True)
class Place:
    """Where on the desk somebody is: the list, what narrows it down, the place in it. The address holds all of it."""

    view: str = ""
    q: str = ""
    kind: str = ""
    category: str = ""
    handler: str = ""
    after: str = ""

    @classmethod
    def asked(cls, request: Request) -> Place:
        """Return the place that an address asks for; names it does not know are left out."""
        return cls(
            *(request.args.get(name, "")[:200] for name in ("view", "q", "kind", "category", "handler", "after"))
        )

    def href(self, **other: str) -> str:
        """Return the address of this place with some parts changed."""
        parts = {**self.__dict__, **other}
        query = urlencode({name: value for name, value in parts.items() if value})
        return "/desk/" + (f"?{query}" if query else "")


def case_href(number: str) -> str:
    """Return the address of a case."""
    return f"/desk/cases/{number}"


def badge(term: Term | None, what: str = "") -> Badge | None:
    """Return the badge of a term, None where none runs."""
    if term is None:
        return None
    if term.paused or term.left is None:
        return badges.paused()
    return badges.running(term.left, term.unit, what)


class Line(NamedTuple):
    """A row of the table, as the macro `case_row` wants it."""

    number: str
    href: str
    matter: str
    flags: tuple[tuple[str, bool], ...]
    badge: Badge | None
    due_on: date | None
    respondent: str
    category: str
    amount: int | None
    channel: str
    handler: str
    state: str
    tone: str
    next_label: str
    next_href: str

    @property
    def html(self) -> str:
        """Return the row drawn; the same row was most often drawn a moment ago."""
        return _drawn(current_app.jinja_env, self)


@lru_cache(4096)
def _drawn(environment: Environment, line: Line) -> str:
    macros: Any = environment.get_template("components/cases.html").module
    drawn: str = macros.case_row(line)
    return drawn


def rows(found: Sequence[Row]) -> list[Line]:
    """Return the rows of the table."""
    return [_line(row) for row in found]


def _line(row: Row) -> Line:
    case = row.case
    href = case_href(case.number)
    return Line(
        number=case.number,
        href=href,
        matter=case.matter or "密封件",
        flags=row.flags,
        badge=badge(row.term),
        due_on=row.due_on,
        respondent=case.respondent_name or "",
        category=row.category,
        amount=case.amount,
        channel=row.channel,
        handler=row.handler,
        state=row.state.partition("（")[0],
        tone=row.tone,
        next_label=row.next.label if row.next else "查看",
        next_href=f"{href}#do" if row.next else href,
    )


def count(number: int) -> str:
    """Return a count as a tab shows it: 999+ where counting stopped."""
    return f"{COUNTED - 1}+" if number >= COUNTED else f"{number:,}"
