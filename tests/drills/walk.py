"""Walk two cases from filing to archive through the pages, and print how long each step took.

    python -m tests.drills.walk [--messages FILE.csv --row N]

One is a complaint: with --messages the text of a real message (columns 留言主题 and 留言详情), registered anew at the
telephone desk as received today; else an invented one. The other is an anonymous report through the web form. The
days between the steps pass by a clock that is set; papers and messages are made after each step. Of the text nothing
is printed or kept: the records lie in a temporary directory.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as of_day
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import flask_migrate
from bs4 import BeautifulSoup
from PIL import Image
from werkzeug.test import TestResponse

from app import create_app
from casework import access, channels, tasks
from casework.actors import by
from casework.reference import current
from config import Settings
from jobs import pdf, run
from models import Case, Document, Event, FilerMessage, Task, clock, db
from models import document as states
from rules.calendar import ZONE, at_time, local_date
from rules.table import Action
from rules.workflow import WORKFLOW
from tests.blueprints import filing_world
from tests.stories import complete_fields
from tests.support import cast, databases, desk
from tests.support.desk import Desk, Person

LONGEST_TEXT = 4000
COMPLAINT: Sequence[tuple[int, str, dict[str, object]]] = (
    (0, "dispatch", {}),
    (0, "sign_for", {}),
    (1, "assign", {}),
    (1, "log_contact", {}),
    (2, "accept", {}),
    (2, "ask_consent", {}),
    (4, "record_consent", {"party": "filer", "stance": "agrees", "delegate_stance": "agrees"}),
    (5, "record_consent", {"party": "respondent", "stance": "agrees", "delegate_stance": "agrees"}),
    (5, "start_mediation", {}),
    (5, "mediation_notice", {}),
    (9, "hold_mediation", {}),
    (9, "make_agreement", {}),
    (10, "confirm_agreement", {}),
    (11, "reply", {}),
    (12, "decide_publication", {}),
    (13, "archive", {"missing": "文书另行归卷"}),
)
REPORT: Sequence[tuple[int, str, dict[str, object]]] = (
    (0, "dispatch", {}),
    (0, "sign_for", {}),
    (1, "assign", {}),
    (1, "log_contact", {}),
    (7, "decide_not_to_open", {"ground": "N5"}),
    (8, "close_report", {}),
    (12, "archive", {"missing": "文书另行归卷"}),
)


@dataclass
class Line:
    """One step as it is told."""

    day: date
    what: str
    who: str
    state: str
    milliseconds: float
    papers: int


class Walk:
    """One case on its way; `start` is the moment of filing."""

    def __init__(self, office: Desk, start: datetime) -> None:
        self.office, self.start = office, start
        self.number, self.code = "", ""
        self.lines: list[Line] = []

    def moment(self, working_days: int) -> datetime:
        """Return a moment of office hours so many working days after the start; later steps come later."""
        if working_days == 0:
            return self.start + timedelta(minutes=len(self.lines))
        with self.office.records():
            day = current().calendar.add_working_days(local_date(self.start), working_days)
        return at_time(day, of_day(9, 30)) + timedelta(minutes=len(self.lines))

    def note(self, what: str, who: str, now: datetime, begun: float) -> None:
        """Write a step down, after the workers have done what it left to them."""
        spent = (time.perf_counter() - begun) * 1000
        with self.office.records(), clock.frozen(now):
            while run.drain(now):
                pass
            case = db.session.query(Case).filter_by(number=self.number).one()
            papers = db.session.query(Document).filter_by(case_id=case.id, state=states.MADE).count()
            state = WORKFLOW.state(case.kind, case.state).label
        self.lines.append(Line(now.astimezone(ZONE).date(), what, who, state, spent, papers))

    def call(self, text: str, title: str) -> None:
        """Register the complaint as somebody reads it out on the telephone."""
        with clock.frozen(self.start):
            clerk = Person(self.office.app, "city_intake")
            key = BeautifulSoup(clerk.get("/desk/new").text, "html.parser").select_one("input[name=form_key]")
            assert key is not None
            data = {
                **_CALL, "content": text, "matter": title, "received_on": local_date(self.start).isoformat(),
                "form_key": str(key["value"]),
            }  # fmt: skip
            begun = time.perf_counter()
            self._receipt(clerk.post("/desk/new", data, content_type="multipart/form-data"), clerk.get)
            self.note("登记", "孙慧", self.start, begun)

    def file_anonymously(self) -> None:
        """Send the report through the web form, without a name."""
        with clock.frozen(self.start):
            client = self.office.app.test_client()
            ready = filing_world.ready(client, "report")
            begun = time.perf_counter()
            self._receipt(client.post("/file/report/send", data=ready), client.get)
            self.note("网上匿名提交", "举报人", self.start, begun)

    def _receipt(self, answer: TestResponse, get: Any) -> None:
        assert answer.status_code == 303, _words(answer)
        keys = BeautifulSoup(get(answer.location).text, "html.parser").select(".receipt-keys dd")
        self.number, self.code = (one.get_text().strip() for one in keys[:2])

    def act(self, days: int, action: str, given: dict[str, object]) -> None:
        """Let whoever may take the step press its button."""
        now = self.moment(days)
        with clock.frozen(now):
            part, data = self._form(WORKFLOW.action(action), given, now)
            person = Person(self.office.app, part)
            seen = self.office.case(self.number).seq
            begun = time.perf_counter()
            answer = person.act(self.number, action, seen=seen, **data)
            assert answer.status_code == 303, f"{action}: {_words(answer)}"
        self.note(WORKFLOW.action(action).label, cast.PEOPLE[part][0], now, begun)

    def _form(self, action: Action, given: dict[str, object], now: datetime) -> tuple[str, dict[str, Any]]:
        with self.office.records():
            case = db.session.query(Case).filter_by(number=self.number).one()
            part = self._who(case, action, now)
            fields = complete_fields(action, case.kind, given, local_date(now), case.regime, None)
            kinds = {field.name: field.type for field in WORKFLOW.fields(action.key, case.kind)}
        fitting: dict[str, Any] = {"unit": "east_office", "person": str(self.office.people.staff["east_handler"])}
        data: dict[str, Any] = {}
        for name, value in fields.items():
            kind = kinds.get(name, "")
            data[name] = (_picture(), "材料.png") if kind == "files" else fitting.get(kind, _typed(value))
            if kind == "people":
                data[name] = "、".join(data[name])
        data["attested"] = [guard for guard in action.guards if WORKFLOW.guards[guard].kind == "attested"]
        return part, data

    def _who(self, case: Case, action: Action, now: datetime) -> str:
        columns, ref = access.columns(case), current()
        for role in action.roles:
            for part, (_name, held, _unit) in cast.PEOPLE.items():
                actor = by(self.office.people.view(part, now))
                if held == role and access.acting_role(actor, action, columns, ref) == role:
                    return part
        raise AssertionError(f"nobody may {action.key} in {case.state}")

    def look_it_up(self) -> None:
        """Follow the case with number and code, as the filer does at the end."""
        now = self.moment(14)
        with clock.frozen(now):
            client = self.office.app.test_client()
            begun = time.perf_counter()
            answer = client.post("/track", data={"number": self.number, "code": self.code})
            assert answer.status_code == 303
            assert self.number in client.get("/track/case").text
            self.note("凭查询码查看", "来件人", now, begun)


_CALL: dict[str, Any] = {
    "kind": "complaint",
    "channel": "hotline_12315",
    "urgent": "normal",
    "filer_name": "王秀英",
    "filer_phone": "13800001234",
    "filer_address": "东城区柳荫里7幢502室",
    "respondent_name": "临江澜亭健身服务有限公司",
    "respondent_address": "东城区望江街道沿江东路266号3楼",
    "goods": "其他",
    "demands": ["refund"],
    "consent_mediation": "yes",
    "consent_publish": "yes",
}


def _typed(value: object) -> Any:
    """Return a value as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | int):
        return str(value)
    return [_typed(one) for one in value] if isinstance(value, list | tuple) else value


def _picture() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    out.seek(0)
    return out


def _words(answer: TestResponse) -> str:
    found = BeautifulSoup(answer.text, "html.parser").select(".errors, .error, .msg")
    return f"{answer.status_code} {' '.join(one.get_text(' ', strip=True) for one in found)[:300]}"


def message(file: Path, row: int) -> tuple[str, str]:
    """Return title and text of one real message; rows are counted from 1."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for place, found in enumerate(csv.DictReader(stream), start=1):
            if place == row:
                return found["留言主题"].strip()[:60], found["留言详情"].strip()[:LONGEST_TEXT]
    raise SystemExit(f"{file} has no row {row}.")


def told(walk: Walk, title: str) -> None:
    """Print the steps of a walk."""
    out = [f"\n{title}: {walk.number}, {len(walk.lines)} steps"]
    out += [
        f"  {line.day}  {line.milliseconds:7.1f} ms  {line.papers} papers  {line.what} ({line.who}) → {line.state}"
        for line in walk.lines
    ]
    sys.stdout.write("\n".join(out) + "\n")


def main() -> int:
    """Walk both cases; exit 1 when one does not reach the archive."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.walk", description="Walk two cases to the archive.")
    parser.add_argument("--messages", type=Path, metavar="FILE", help="CSV of real messages")
    parser.add_argument("--row", type=int, default=1, metavar="N", help="which of them (1)")
    given = parser.parse_args()
    title, text = message(given.messages, given.row) if given.messages else ("", cast.COMPLAINT["content"])
    with tempfile.TemporaryDirectory(prefix="portal-walk-") as place:
        settings = Settings(data_dir=Path(place) / "data", rate_limits=False)
        app = create_app(settings)
        pdf.configure(settings.fonts_dir, settings.data_dir / "seals")
        pdf.warm_up()
        channels.configure(settings)
        tasks.carry_with(None)  # the walk does the workers' part itself
        with app.app_context():
            flask_migrate.upgrade()
        today = local_date(clock.now())
        walked = walk_both(desk.founded(app, clock.now()), at_time(today, of_day(9, 0)), title, text)
        databases.release(app)
    return 0 if walked else 1


def walk_both(office: Desk, start: datetime, title: str, text: str) -> bool:
    """Walk the complaint and the report; return whether both are in the archive with nothing left to do."""
    complaint, report = Walk(office, start), Walk(office, start)
    complaint.call(text, title)
    report.file_anonymously()
    for walk, steps in ((complaint, COMPLAINT), (report, REPORT)):
        for step in steps:
            walk.act(*step)
        walk.look_it_up()
    told(complaint, "Complaint, registered by telephone")
    told(report, "Anonymous report, through the web form")
    with office.records():
        waiting = db.session.query(Task).filter(Task.done_at.is_(None)).count()
        events, messages = db.session.query(Event).count(), db.session.query(FilerMessage).count()
    sys.stdout.write(f"\n{events} events, {messages} messages, {waiting} tasks left\n")
    return not waiting and all(office.case(one.number).state == "archived" for one in (complaint, report))


if __name__ == "__main__":
    sys.exit(main())
