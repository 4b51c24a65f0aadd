"""Staff at the desk: signed-in clients, and what stands on the pages they get."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casework import handling, passwords
from models import Case, Event, clock, db
from tests.support import cast
from tests.support.cast import Cast

PASSWORD = "鸭子 吃 青 豆 42 碗"
"""Long enough to be taken, and nobody's."""


@cache
def password_hash() -> str:
    """Return the hash that everybody of the cast has here; hashing is slow on purpose, so once is enough."""
    return passwords.hashed(PASSWORD)


@dataclass
class Desk:
    """A portal with its cast, and the people who have signed in so far."""

    app: Flask
    people: Cast
    _clients: dict[str, Person] = field(default_factory=dict)

    def person(self, part: str) -> Person:
        """Return the signed-in client of a part."""
        if part not in self._clients:
            self._clients[part] = Person(self.app, part)
        return self._clients[part]

    def records(self) -> AppContext:
        """Return the context for a look into the records; no request may be made inside it."""
        return self.app.app_context()

    def file(self, kind: str = "complaint", **entered: Any) -> str:
        """File something as a citizen would; return its number."""
        with self.records():
            return cast.file(kind, clock.now(), **entered).slips[0].number

    def case(self, number: str) -> Case:
        """Return a case as it is now."""
        with self.records():
            found = db.session.query(Case).filter_by(number=number).one()
            db.session.expunge(found)
            return found

    def events(self, number: str) -> list[str]:
        """Return what happened to a case, by action."""
        with self.records():
            rows = db.session.query(Event.action).join(Case, Case.id == Event.case_id).filter(Case.number == number)
            return [action for (action,) in rows.order_by(Event.seq)]

    def act(self, number: str, *steps: tuple[str, str, dict[str, Any]]) -> Case:
        """Take steps (part, action, fields) straight through casework, to where a test begins; return the case."""
        with self.records():
            case = db.session.query(Case).filter_by(number=number).one()
            for part, action, entered in steps:
                handling.apply(case, action, self.people.actor(part, clock.now()), clock.now(), **entered)
        return self.case(number)

    def in_hand(self, number: str) -> Case:
        """Bring a case to 李明, who has to decide whether to accept it."""
        return self.act(
            number,
            ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "地址在东城区"}),
            ("east_lead", "sign_for", {}),
            ("east_lead", "assign", {"handler": self.people.staff["east_handler"]}),
        )


class Person:
    """A browser without scripts, signed in."""

    def __init__(self, app: Flask, part: str) -> None:
        self.client: FlaskClient = app.test_client()
        answer = self.client.post("/login", data={"username": part, "password": PASSWORD, "otp": ""})
        assert answer.status_code == 303, answer.text
        page = self.client.get("/account")
        self.token = token_in(page.text)

    def get(self, address: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(address, **more)

    def post(self, address: str, data: dict[str, Any], **more: Any) -> TestResponse:
        """Send a form with its token."""
        return self.client.post(address, data={"csrf_token": self.token, **data}, **more)

    def act(self, number: str, action: str, *, seen: int | None = None, confirm: bool = True, **entered: Any) -> Any:
        """Send the form of an action, over the page that asks once more if there is one."""
        data = {**entered, **({"seen": str(seen)} if seen is not None else {})}
        answer = self.post(f"/desk/cases/{number}/{action}", dict(data), content_type="multipart/form-data")
        if confirm and answer.status_code == 200 and "办了以后" in answer.text:
            return self.send(answer, "confirmed")
        return answer

    def send(self, page: TestResponse, button: str) -> TestResponse:
        """Press a button of the last form on a page, with everything that the form holds."""
        form = BeautifulSoup(page.text, "html.parser").find_all("form")[-1]
        data: dict[str, list[str]] = {}
        for one in form.find_all("input"):
            data.setdefault(str(one["name"]), []).append(str(one.get("value", "")))
        data[button] = ["yes"]
        return self.client.post(str(form["action"]), data=data)


def token_in(html: str) -> str:
    """Return the token of the first form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]*)"', html)
    assert found is not None
    return found[1]


def soup(answer: TestResponse) -> BeautifulSoup:
    """Return a page, read."""
    return BeautifulSoup(answer.text, "html.parser")


def text_of(found: Tag | None) -> str:
    """Return the words of a part of a page, blanks folded."""
    assert found is not None
    return " ".join(found.get_text(" ").split())


def errors_of(answer: TestResponse) -> dict[str, str]:
    """Return the faults of a form that was sent back: the id of the field and the sentence."""
    links = soup(answer).select(".errors a")
    return {str(link["href"]).removeprefix("#"): link.get_text() for link in links}


def founded(app: Flask, now: datetime = cast.MORNING) -> Desk:
    """Return a desk whose cast can sign in."""
    with app.app_context():
        return Desk(app, cast.build(now, password_hash()))
