"""The staff sessions of casework, as the pages see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import has_request_context, request

from blueprints.web.staff import StaffView, current_staff
from casework import actors, sessions
from casework.reference import current

BY_ITSELF = "again"
"""The word in an address with which a page asks by itself: it keeps nobody signed in."""


@dataclass(frozen=True)
class Signed:
    """Who is signed in: what every page prints, and the view that casework asks for."""

    staff: actors.StaffView
    unit_name: str
    must_change: bool

    @property
    def id(self) -> int:
        """Return the staff id."""
        return self.staff.id

    @property
    def name(self) -> str:
        """Return the person's name."""
        return self.staff.name

    @property
    def roles(self) -> Iterable[str]:
        """Return the roles that count now."""
        return tuple(dict.fromkeys(one.role for one in self.staff.assignments))


class DatabaseSessions:
    """The keeper of sessions that the portal runs with (`casework.sessions`)."""

    def resume(self, token_hash: bytes, now: datetime) -> StaffView | None:
        """Return who holds the session; None when it has ended."""
        touch = not (has_request_context() and BY_ITSELF in request.args)
        view = sessions.resume(token_hash, now, touch=touch)
        if view is None:
            return None
        unit = current().units.get(view.unit_id) if view.unit_id is not None else None
        return Signed(view, unit.short_name if unit else "", view.must_change)


def worker_of_desk() -> actors.StaffView:
    """Return the signed-in person as casework knows one; 401 when nobody is."""
    return cast(Signed, current_staff()).staff
