"""Staff reached by the channel they chose: what presses at once, the rest in one text each morning."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import select, update

from casework import channels, digest, notices, sweep, tasks
from casework.channels import Outgoing, Unavailable, Undeliverable
from casework.channels.webhook import WebhookGateway
from casework.notices import Quiet
from jobs import run
from models import Case, Staff, StaffNotice, Task, db
from models.base import writing
from rules.calendar import ZONE
from tests.casework.test_handling import bring
from tests.casework.test_sweep import day, quiet_but, watch
from tests.support import cast
from tests.support.cast import Cast


class Noted:
    """A gateway that remembers, or is dead."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.dead = False

    def send(self, message: Outgoing) -> str:
        """Remember a message, or be away."""
        if self.dead:
            raise Unavailable("dead")
        if message.key.startswith("portal-notice-"):  # filers are reached by the same ways
            self.sent.append(message)
        return f"id-{len(self.sent)}"


@pytest.fixture
def gateway(context: Flask) -> Iterator[Noted]:
    """One gateway for every way."""
    noted = Noted()
    channels.install(dict.fromkeys(channels.OF_STAFF, noted))
    yield noted
    channels.configure(context.config["SETTINGS"])


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city whose lead at 望江所 is reached by mail, whose supervisors and leader by the office's messenger."""
    found = cast.build()
    with writing() as session:
        for part, way in (("east_lead", "email"), ("city_leader", "webhook"), ("east_handler", "sms")):
            values = {"reach_by": way, "email": "lead@bureau.example", "phone": "13800005555"}
            session.execute(update(Staff).where(Staff.id == found.staff[part]).values(**values))
    return found


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint due on 2 December."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    quiet_but(case, "complaint.decide")
    return case


def drain(now: datetime) -> None:
    """Let the worker of messages do what is due; papers have one of their own."""
    run.drain(now, (tasks.DEFAULT,))


def waiting() -> list[StaffNotice]:
    """The notices in the order in which they were written."""
    db.session.rollback()
    return list(
        db.session.scalars(select(StaffNotice).order_by(StaffNotice.id).execution_options(populate_existing=True))
    )


class TestWhatPresses:
    def test_a_supervision_order_goes_out_by_the_persons_channel(
        self, people: Cast, complaint: Case, gateway: Noted
    ) -> None:
        watch(day(11, 24), day(12, 3))
        drain(day(12, 3))
        assert sorted(one.address for one in gateway.sent) == ["13800005555", "lead@bureau.example"]
        assert all("东市监督〔2026〕1号" in one.text for one in gateway.sent)
        assert all(notice.sent_at is not None for notice in waiting())

    def test_a_text_on_its_way_says_nothing_of_what_the_case_is_about(
        self, people: Cast, complaint: Case, gateway: Noted
    ) -> None:
        watch(day(11, 24), day(12, 3))
        drain(day(12, 3))
        assert all("健身" not in one.text and "3680" not in one.text for one in gateway.sent)

    def test_warnings_and_urgings_wait_for_the_digest(self, people: Cast, complaint: Case, gateway: Noted) -> None:
        watch(day(11, 24), day(12, 2))
        assert waiting() == []

    def test_at_night_only_what_is_urgent_goes_out(self, people: Cast, complaint: Case, gateway: Noted) -> None:
        watch(day(11, 24), day(12, 2))
        night = datetime(2026, 12, 3, 23, 0, tzinfo=ZONE)
        sweep.run(night)
        drain(night)
        assert gateway.sent == []
        morning = datetime(2026, 12, 4, 8, 0, tzinfo=ZONE)
        assert {notice.not_before for notice in waiting()} == {morning}
        drain(morning)
        assert len(gateway.sent) == 2

    def test_a_dead_gateway_blocks_nothing_and_the_message_is_shown_as_waiting(
        self, people: Cast, complaint: Case, gateway: Noted
    ) -> None:
        gateway.dead = True
        watch(day(11, 24), day(12, 3))
        drain(day(12, 3))
        rows = waiting()
        assert [notice.sent_at for notice in rows] == [None, None]
        assert set(notices.states_of([row.message_id for row in rows if row.message_id]).values()) == {
            "邮件等待发出", "短信等待发出",
        }  # fmt: skip
        pauses = []
        now = day(12, 3)
        for _ in range(3):
            found = db.session.scalars(select(Task).where(Task.kind == "notice.send").order_by(Task.id)).first()
            assert found is not None
            db.session.refresh(found)
            pauses.append(found.not_before - now)
            now = found.not_before
            drain(now)
        assert pauses == sorted(pauses)
        assert pauses[0] < pauses[-1]
        gateway.dead = False
        drain(now + timedelta(hours=4))
        assert len(gateway.sent) == 2

    def test_a_repeat_after_a_crash_carries_the_same_key(self, people: Cast, complaint: Case, gateway: Noted) -> None:
        watch(day(11, 24), day(12, 3))
        first = waiting()[0]

        def crash(*_: Any) -> None:
            raise RuntimeError("killed after sending")

        with pytest.raises(RuntimeError):
            notices.send(first.id, day(12, 3), crash)
        drain(day(12, 3))
        mine = [one for one in gateway.sent if one.key == f"portal-notice-{first.id}"]
        assert len(mine) == 2, "the receiver knows the repeat by its key"

    def test_who_has_left_or_left_no_address_is_not_written_to(
        self, people: Cast, complaint: Case, gateway: Noted
    ) -> None:
        watch(day(11, 24), day(12, 3))
        with writing() as session:
            session.execute(update(Staff).where(Staff.id == people.staff["east_lead"]).values(email=None))
            session.execute(update(Staff).where(Staff.id == people.staff["east_handler"]).values(active=False))
        drain(day(12, 3))
        assert gateway.sent == []
        assert {notice.failed for notice in waiting()} == {"没有登记联系方式", "账号已停用"}


class TestTheDigest:
    MORNING = datetime(2026, 12, 2, 8, 41, tzinfo=ZONE)

    def test_each_person_gets_one_text_a_day_with_what_is_due(
        self, people: Cast, complaint: Case, gateway: Noted
    ) -> None:
        for _ in range(3):
            digest.write_due(self.MORNING)
        drain(self.MORNING)
        texts = {one.address: one.text for one in gateway.sent}
        assert set(texts) == {"lead@bureau.example", "13800005555"}
        assert len(gateway.sent) == 2
        assert "已超期1件" in texts["lead@bureau.example"]
        assert complaint.number in texts["lead@bureau.example"]
        assert "健身" not in texts["lead@bureau.example"]

    def test_it_waits_for_its_hour_and_for_a_working_day(self, people: Cast, complaint: Case, gateway: Noted) -> None:
        assert digest.write_due(self.MORNING - timedelta(minutes=30)) == 0
        assert digest.write_due(datetime(2026, 12, 5, 10, 0, tzinfo=ZONE)) == 0, "a Saturday"
        assert digest.write_due(self.MORNING) > 0

    def test_killed_in_the_middle_it_goes_on_and_nobody_gets_two(
        self, people: Cast, complaint: Case, gateway: Noted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = notices.add, []

        def once(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) == 2:
                raise RuntimeError("killed")
            return real(*arguments)

        monkeypatch.setattr(notices, "add", once)
        with pytest.raises(RuntimeError):
            digest.write_due(self.MORNING)
        db.session.rollback()
        digest.write_due(self.MORNING + timedelta(minutes=1))
        assert len(waiting()) == len({notice.staff_id for notice in waiting()}) == 2

    def test_nothing_due_means_no_text(self, people: Cast, gateway: Noted) -> None:
        assert digest.write_due(self.MORNING) == 0
        assert waiting() == []

    def test_a_deputy_reads_what_lies_with_the_colleague(self, people: Cast, complaint: Case) -> None:
        with writing() as session:
            away = session.get_one(Staff, people.staff["east_handler"])
            away.away_from, away.away_until = self.MORNING - timedelta(days=1), self.MORNING + timedelta(days=1)
            away.deputy_id = people.staff["east_handler2"]
        text = digest.text_for(people.view("east_handler2", self.MORNING), self.MORNING)
        assert complaint.number in text


@pytest.mark.parametrize(
    ("hour", "minute", "then"),
    [(20, 59, None), (21, 0, (24, 8)), (23, 30, (24, 8)), (0, 10, (23, 8)), (7, 59, (23, 8)), (8, 0, None)],
)
def test_quiet_hours_put_a_text_off_to_the_morning(hour: int, minute: int, then: tuple[int, int] | None) -> None:
    now = datetime(2026, 11, 23, hour, minute, tzinfo=ZONE)
    quiet = Quiet(time(21, 0), time(8, 0))
    assert quiet.from_(now) == (now if then is None else datetime(2026, 11, then[0], then[1], 0, tzinfo=ZONE))
    assert quiet.from_(now, urgent=True) == now
    assert Quiet(time(0, 0), time(0, 0)).from_(now) == now


class Messenger(BaseHTTPRequestHandler):
    """An office messenger that answers as it is told."""

    status: ClassVar[int] = 200
    heard: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        """Take one text."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Messenger.heard.append({**json.loads(body), "auth": self.headers["Authorization"]})
        self.send_response(Messenger.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


def test_the_messenger_is_sent_person_text_and_key_and_its_refusals_are_told_apart() -> None:
    server = HTTPServer(("127.0.0.1", 0), Messenger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        gateway = WebhookGateway(f"http://127.0.0.1:{server.server_port}/", "secret")
        message = Outgoing("k-1", "east_lead", "题", "文")
        assert gateway.send(message) == "k-1"
        assert Messenger.heard[-1] == {"to": "east_lead", "subject": "题", "text": "文", "key": "k-1",
                                       "auth": "Bearer secret"}  # fmt: skip
        Messenger.status = 404
        with pytest.raises(Undeliverable):
            gateway.send(message)
        Messenger.status = 503
        with pytest.raises(Unavailable):
            gateway.send(message)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(Unavailable):
        gateway.send(message)
    assert "secret" not in repr(gateway)
