"""Filers are told by the way they chose, at least once, and a dead gateway blocks nobody."""

from __future__ import annotations

import smtplib
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import channels, notify, tasks
from casework.channels import EMAIL, SMS, Outgoing, Unavailable, Undeliverable
from casework.channels.log import LogGateway
from casework.channels.mail import MailGateway
from casework.channels.sms import SmsGateway
from jobs import run
from models import FilerMessage, Task, db
from models.base import writing
from tests.support import cast
from tests.support.cast import MORNING as NOW


@dataclass
class Person:
    """Somebody who left what is given here."""

    phone: str | None = None
    email: str | None = None
    address: str | None = None
    reply_by: str | None = None


@dataclass
class Recorder:
    """A gateway that keeps what it is given, and fails as often as it is told to."""

    failures: list[Exception] = field(default_factory=list)
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing) -> str:
        """Keep the message."""
        self.sent.append(message)
        if self.failures:
            raise self.failures.pop(0)
        return f"gw-{len(self.sent)}"


@pytest.mark.parametrize(
    ("person", "way"),
    [
        (None, "page"),
        (Person(), "page"),
        (Person(phone="13800001234"), "sms"),
        (Person(phone="13800001234", reply_by="phone"), "phone"),
        (Person(phone="000-66123150", reply_by="sms"), "phone"),
        (Person(email="wang@example.org"), "email"),
        (Person(phone="13800001234", email="wang@example.org", reply_by="email"), "email"),
        (Person(phone="13800001234", reply_by="email"), "sms"),
        (Person(phone="13800001234", reply_by="page"), "page"),
        (Person(address="东城区柳荫里7幢", reply_by="mail"), "mail"),
    ],
)
def test_a_person_is_reached_by_what_they_chose_and_left(person: Person | None, way: str) -> None:
    assert notify.way_to(person)[0] == way


def told(phone: str | None = "13800001234") -> int:
    """A message to the filer of a fresh complaint, with its task; return its id."""
    cast.build()
    case = cast.case_of(cast.file())
    db.session.query(Task).delete()
    db.session.query(FilerMessage).delete()
    db.session.commit()
    with writing() as session:
        rows = notify.filer_message_rows(case, 1, "您的投诉已受理。", [Person(phone=phone)] if phone else [], NOW)
        tasks.add(session, notify.add(session, rows, NOW))
    return db.session.query(FilerMessage.id).scalar() or 0


def message(message_id: int) -> FilerMessage:
    """The message as it stands in the database."""
    return db.session.get_one(FilerMessage, message_id, populate_existing=True)


def test_an_anonymous_filer_finds_the_text_on_the_tracking_page_only(context: Flask) -> None:
    found = message(told(phone=None))
    assert (found.channel, found.address, found.sent_at) == ("page", None, NOW)
    assert db.session.query(Task).count() == 0


def test_a_message_is_sent_once(context: Flask) -> None:
    gateway = Recorder()
    message_id = told()
    channels.install({SMS: gateway})
    assert run.drain(NOW) == 1
    assert run.drain(NOW + timedelta(days=1)) == 0
    assert [one.text for one in gateway.sent] == ["您的投诉已受理。"]
    assert message(message_id).sent_as == "gw-1"
    assert message(message_id).sent_at == NOW


def test_a_dead_gateway_is_tried_again_with_the_same_key(context: Flask) -> None:
    gateway = Recorder(failures=[Unavailable(), Unavailable()])
    message_id = told()
    channels.install({SMS: gateway})
    now = NOW
    for _ in range(3):
        run.drain(now)
        now += timedelta(hours=1)
    assert len({one.key for one in gateway.sent}) == 1
    assert len(gateway.sent) == 3
    assert message(message_id).sent_at == NOW + timedelta(hours=2)


def test_a_crash_between_sending_and_recording_repeats_the_same_message(context: Flask) -> None:
    gateway = Recorder()
    message_id = told()
    channels.install({SMS: gateway})

    def crash(_session: Any, _now: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notify.send(message_id, NOW, crash)
    assert message(message_id).sent_at is None
    assert run.drain(NOW) == 1
    assert [one.key for one in gateway.sent] == [f"portal-message-{message_id}"] * 2


def test_what_can_never_arrive_is_marked_and_not_tried_again(context: Flask) -> None:
    gateway = Recorder(failures=[Undeliverable("短信网关拒收这个号码")])
    message_id = told()
    channels.install({SMS: gateway})
    assert run.drain(NOW) == 1
    assert run.drain(NOW + timedelta(days=9)) == 0
    assert message(message_id).failed == "短信网关拒收这个号码"


def test_without_a_gateway_nothing_claims_to_be_sent(context: Flask) -> None:
    message_id = told()
    channels.install({})
    run.drain(NOW)
    assert message(message_id).sent_at is None
    assert message(message_id).failed == "没有配置短信网关"


def test_after_the_last_try_the_case_says_so(context: Flask) -> None:
    message_id = told()
    channels.install({SMS: Recorder(failures=[Unavailable() for _ in range(99)])})
    now = NOW
    for _ in range(tasks.KINDS[tasks.MESSAGE_SEND].tries):
        run.drain(now)
        now += timedelta(days=1)
    assert message(message_id).failed == "多次发送未成功"
    assert tasks.waiting(now).dead == 1


def test_the_log_gateway_writes_neither_number_nor_text(tmp_path: Path) -> None:
    known_as = LogGateway(tmp_path / "logs", SMS).send(
        Outgoing("portal-message-7", "13800001234", "", "您的投诉已受理。")
    )
    LogGateway(tmp_path / "logs", EMAIL).send(Outgoing("portal-message-8", "wangxiuying@example.org", "", "甲"))
    lines = (tmp_path / "logs" / "messages.log").read_text()
    assert known_as == "log:portal-message-7"
    assert "138****1234" in lines
    assert "w***@example.org" in lines
    assert "13800001234" not in lines
    assert "受理" not in lines


class MailServer:
    """Stands in for smtplib's client and keeps the mail."""

    kept: list[bytes] = []
    refuse: dict[str, tuple[int, bytes]] | None = None

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> MailServer:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def send_message(self, mail: Any) -> None:
        """Keep it, or refuse the recipient."""
        if self.refuse:
            raise smtplib.SMTPRecipientsRefused(self.refuse)
        self.kept.append(mail.as_bytes())


MAIL = MailGateway(host="127.0.0.1", port=25, user="", password="", sender="12315@example.org", tls="none")


def test_a_mail_carries_its_own_id_at_every_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib, "SMTP", MailServer)
    monkeypatch.setattr(MailServer, "kept", [])
    outgoing = Outgoing("portal-message-7", "wang@example.org", "您的诉求有新进展", "您的投诉已受理。")
    assert MAIL.send(outgoing) == MAIL.send(outgoing) == "<portal-message-7@example.org>"
    first, again = (message_from_bytes(one) for one in MailServer.kept)
    assert first["Message-ID"] == again["Message-ID"] == "<portal-message-7@example.org>"
    assert first["To"] == "wang@example.org"
    body = first.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == "您的投诉已受理。"


def test_an_address_cannot_add_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib, "SMTP", MailServer)
    with pytest.raises(Undeliverable):
        MAIL.send(Outgoing("k", "wang@example.org\r\nBcc: all@example.org", "甲", "乙"))


def test_a_mailbox_that_does_not_exist_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib, "SMTP", MailServer)
    monkeypatch.setattr(MailServer, "refuse", {"wang@example.org": (550, b"no such user")})
    with pytest.raises(Undeliverable):
        MAIL.send(Outgoing("k", "wang@example.org", "甲", "乙"))
    monkeypatch.setattr(MailServer, "refuse", {"wang@example.org": (451, b"later")})
    with pytest.raises(Unavailable):
        MAIL.send(Outgoing("k", "wang@example.org", "甲", "乙"))


def test_a_mail_server_that_is_not_there_is_tried_later() -> None:
    nowhere = MailGateway(host="127.0.0.1", port=1, user="", password="", sender="a@example.org", tls="none")
    with pytest.raises(Unavailable):
        nowhere.send(Outgoing("k", "wang@example.org", "甲", "乙"))


class Gateway(BaseHTTPRequestHandler):
    """An SMS gateway that answers with the status of the class."""

    status = 200
    seen: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        """Keep what was posted."""
        self.seen.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"id": "abc-1"}')

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_short_message_is_signed_and_carries_its_key() -> None:
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway = SmsGateway(f"http://127.0.0.1:{server.server_port}/", "geheim", "临江市监")
    outgoing = Outgoing("portal-message-7", "13800001234", "", "您的投诉已受理。")
    try:
        assert gateway.send(outgoing) == "abc-1"
        headers, body = Gateway.seen[-1]
        assert headers["Idempotency-Key"] == "portal-message-7"
        assert headers["Authorization"] == "Bearer geheim"
        assert '"text": "【临江市监】您的投诉已受理。"' in body.decode()
        Gateway.status = 422
        with pytest.raises(Undeliverable):
            gateway.send(outgoing)
        Gateway.status = 503
        with pytest.raises(Unavailable):
            gateway.send(outgoing)
    finally:
        server.shutdown()
        server.server_close()
        Gateway.status = 200


def test_secrets_of_gateways_are_not_printed() -> None:
    shown = f"{SmsGateway('http://127.0.0.1/', 'geheim', '临江市监')} {MAIL}"
    assert "geheim" not in shown
    assert "password" not in shown
