"""From what casework knows to what the desk's templates print: badges, rows, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Request

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


def rows(found: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows of the table, as the macro `case_row` wants them."""
    return [_row(row) for row in found]


def _row(row: Row) -> dict[str, Any]:
    case = row.case
    href = case_href(case.number)
    return {
        "number": case.number,
        "href": href,
        "matter": case.matter or "密封件",
        "flags": row.flags,
        "badge": badge(row.term),
        "due_on": row.due_on,
        "respondent": case.respondent_name or "",
        "category": row.category,
        "amount": case.amount,
        "channel": row.channel,
        "handler": row.handler,
        "state": row.state.partition("（")[0],
        "tone": row.tone,
        "next_label": row.next.label if row.next else "查看",
        "next_href": f"{href}#do" if row.next else href,
    }


def count(number: int) -> str:
    """Return a count as a tab shows it: 999+ where counting stopped."""
    return f"{COUNTED - 1}+" if number >= COUNTED else f"{number:,}"
