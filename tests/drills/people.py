"""Who uses the portal during a drill, and the diary that is kept outside of it.

Citizens file through the web form and write a number down only when they have read the whole receipt. Staff press
the buttons of the desk. Whoever gets no answer presses again, as people do; some citizens give up.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Any

from models import clock
from rules.calendar import local_date
from tests.blueprints.filing_world import FORMS
from tests.drills.portal import Served
from tests.drills.visitor import Answer, Fields, Unanswered, Visitor, form_on, held, slips_on
from tests.support.cast import Cast
from tests.support.desk import PASSWORD

KINDS = ("complaint", "complaint", "complaint", "report", "consultation")
AGAIN = 0.4
"""Seconds after which somebody who got no answer presses again."""
GIVES_UP = 0.25
"""How many of the citizens whose sending got no answer do not press again."""
WITH_FILE = 0.15
WAY = (
    ("city_dispatcher", "dispatch"),
    ("east_lead", "sign_for"),
    ("east_lead", "assign"),
    ("east_handler", "accept"),
)
"""Who does what with a complaint, in this order."""


@dataclass
class Attempt:
    """One filing as its citizen knows it. `mark` stands in its text; `slips` come from the whole receipt alone."""

    mark: str
    kind: str
    visitor: Visitor
    file: bytes | None = None
    fields: Fields = field(default_factory=list)
    pressed: int = 0
    slips: list[tuple[str, str]] = field(default_factory=list)


class Diary:
    """What people outside know for certain; written to a file line by line, so that it outlives the drill."""

    def __init__(self, file: Path) -> None:
        self._file: IO[str] = file.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.attempts: list[Attempt] = []
        self.acts: list[tuple[str, str]] = []
        """Acts of staff that were answered as done: (number, action)."""
        self.tried: set[tuple[str, str]] = set()
        self.odd: list[str] = []
        """Answers that nobody should ever get."""
        self.unanswered = 0
        self.over = threading.Event()
        """Set when the drill is over: nobody tries again then."""

    def begin(self, attempt: Attempt) -> None:
        """Note that somebody begins to file."""
        with self._lock:
            self.attempts.append(attempt)

    def receipt(self, attempt: Attempt, slips: list[tuple[str, str]]) -> None:
        """Note a receipt that was read to its end. The same form has the same numbers for ever."""
        with self._lock:
            if attempt.slips and attempt.slips != slips:
                self.odd.append(f"{attempt.mark} got {slips} after {attempt.slips}")
            attempt.slips = slips
            self._write({"mark": attempt.mark, "slips": slips})

    def act(self, number: str, action: str) -> None:
        """Note an act that was answered as done."""
        with self._lock:
            self.acts.append((number, action))
            self._write({"number": number, "action": action})

    def lost(self) -> None:
        """Count a request that got no answer."""
        with self._lock:
            self.unanswered += 1

    def strange(self, what: str, answer: Answer) -> None:
        """Note an answer that should not be."""
        with self._lock:
            self.odd.append(f"{what}: {answer.status}")
            self._write({"odd": what, "status": answer.status, "page": answer.text[:3000]})

    def acknowledged(self) -> list[Attempt]:
        """Return the filings whose receipt was read."""
        return [one for one in self.attempts if one.slips]

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; nobody tries again."""
        self.over.set()
        self._file.close()


def persistently(ask: Callable[[], Answer], diary: Diary, patience: float = 60.0) -> Answer:
    """Ask again until an answer comes. Raise Unanswered when none comes in `patience` seconds."""
    give_up = time.monotonic() + patience
    while True:
        try:
            return ask()
        except Unanswered:
            diary.lost()
            if time.monotonic() > give_up:
                raise
            diary.over.wait(AGAIN)


class Citizens:
    """Makes filings by number; no two are alike, and each is found again by its mark."""

    def __init__(self, portal: Served, diary: Diary, seed: int) -> None:
        self.portal, self.diary, self.seed = portal, diary, seed
        self._next = itertools.count(1)

    def filled(self, rng: Random, kind: str | None = None, *, file: bool | None = None) -> Attempt:
        """Fill in a form and go on to the page before sending."""
        number = next(self._next)
        attempt = Attempt(f"演练{self.seed}-{number:06d}号", kind or rng.choice(KINDS), Visitor(self.portal.port))
        if file if file is not None else rng.random() < WITH_FILE:
            attempt.file = f"{attempt.mark}的付款记录\n".encode() * rng.randrange(1, 400)
        self.diary.begin(attempt)
        form = f"/file/{attempt.kind}"
        said: dict[str, Any] = {**FORMS[attempt.kind]}
        said["content"] = f"{said['content']}（{attempt.mark}）"
        fields = [(name, one) for name, value in said.items() for one in ([value] if isinstance(value, str) else value)]
        files = {"attachments": ("付款记录.txt", attempt.file)} if attempt.file else None
        page = persistently(lambda: attempt.visitor.post(form, fields, files), self.diary)
        found = form_on(page.text, "send")
        if page.status != 200 or found is None:
            self.diary.strange(f"filling in {attempt.mark} ({attempt.kind})", page)
            return attempt
        attempt.fields = held(found)
        if attempt.kind in {"complaint", "report"}:
            attempt.fields.append(("consent_truth", "yes"))
        return attempt

    def press(self, attempt: Attempt) -> bool:
        """Press the last button and read the receipt; True when it was read. Raise Unanswered when no answer came."""
        attempt.pressed += 1
        sent = attempt.visitor.post(f"/file/{attempt.kind}/send", attempt.fields)
        if sent.status != 303:
            self.diary.strange(f"sending {attempt.mark}", sent)
            return False
        receipt = attempt.visitor.get(sent.location)
        slips = slips_on(receipt.text)
        if receipt.status != 200 or not slips:
            self.diary.strange(f"the receipt of {attempt.mark}", receipt)
            return False
        self.diary.receipt(attempt, slips)
        return True

    def press_without_visit(self, attempt: Attempt) -> Answer:
        """Press when the browser has lost its cookies: the page comes back filled, with what sending needs now."""
        address = f"/file/{attempt.kind}/send"
        answer = persistently(lambda: attempt.visitor.post(address, attempt.fields), self.diary)
        form = form_on(answer.text, "send")
        if form is not None:
            late = [(name, value) for name, value in attempt.fields if name == "consent_truth"]
            attempt.fields = [*held(form), *late]
        return answer

    def press_until_answered(self, attempt: Attempt, patience: float = 90.0) -> bool:
        """Press again as long as no answer comes."""
        give_up = time.monotonic() + patience
        while attempt.fields and time.monotonic() < give_up:
            try:
                return self.press(attempt)
            except Unanswered:
                self.diary.lost()
                self.diary.over.wait(AGAIN)
        return False

    def file(self, rng: Random) -> None:
        """File once. Who gets no answer presses again, or gives up."""
        attempt = self.filled(rng)
        if not attempt.fields:
            return
        while True:
            try:
                self.press(attempt)
                return
            except Unanswered:
                self.diary.lost()
            if rng.random() < GIVES_UP:
                return
            self.diary.over.wait(AGAIN)

    def keep_filing(self, stop: threading.Event, rng: Random, most: int, pause: tuple[float, float]) -> None:
        """File until stopped, at most `most` times."""
        for _ in range(most):
            if stop.is_set():
                return
            try:
                self.file(rng)
            except Unanswered:
                continue
            stop.wait(rng.uniform(*pause))


class Clerk:
    """A member of staff at the desk, signed in again whenever that is needed."""

    def __init__(self, portal: Served, diary: Diary, part: str) -> None:
        self.portal, self.diary, self.part = portal, diary, part
        self.visitor = Visitor(portal.port)
        self.token = ""

    def sign_in(self) -> None:
        """Sign in and take the token of a form."""
        fields = [("username", self.part), ("password", PASSWORD), ("otp", "")]
        answer = persistently(lambda: self.visitor.post("/login", fields), self.diary)
        if answer.status != 303:
            self.diary.strange(f"{self.part} signs in", answer)
            return
        page = persistently(lambda: self.visitor.get("/account"), self.diary)
        found = form_on(page.text)
        self.token = dict(held(found)).get("csrf_token", "") if found else ""

    def act(self, number: str, action: str, seen: int, **entered: str) -> bool:
        """Press the button of an action and the one that confirms it, again and again until an answer comes."""
        if not self.token:
            self.sign_in()
        fields = [("csrf_token", self.token), ("seen", str(seen)), ("confirmed", "yes"), *entered.items()]
        self.diary.tried.add((number, action))
        answer = persistently(lambda: self.visitor.post(f"/desk/cases/{number}/{action}", fields), self.diary)
        if answer.status != 303:
            self.diary.strange(f"{self.part}: {action} of {number}", answer)
            return False
        self.diary.act(number, action)
        return True


def entered_for(action: str, people: Cast) -> dict[str, str]:
    """Return what staff enter for each act of WAY."""
    today, handler = local_date(clock.now()).isoformat(), str(people.staff["east_handler"])
    return {
        "dispatch": {"unit": "east_office", "routing_reason": "地址在东城区"},
        "sign_for": {},
        "assign": {"handler": handler},
        "accept": {"decided_on": today, "told_on": today, "told_by": "sms", "handler": handler},
    }[action]


def work(portal: Served, diary: Diary, stop: threading.Event, most: int, pause: float) -> None:
    """Take complaints from the diary, oldest first, all the way to the decision, until stopped."""
    clerks = {part: Clerk(portal, diary, part) for part, _ in WAY}
    taken = 0
    while not stop.is_set() and taken < most:
        waiting = [one for one in diary.acknowledged() if one.kind == "complaint"][taken:]
        if not waiting:
            stop.wait(0.2)
            continue
        taken += 1
        number = waiting[0].slips[0][0]
        try:
            for seen, (part, action) in enumerate(WAY, start=1):
                if not clerks[part].act(number, action, seen, **entered_for(action, portal.people)):
                    break
                stop.wait(pause)
        except Unanswered:
            continue
