"""Directives reach people by the channel they chose, urgent ones at night as well, and stand in the digest."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from casework import digest, directives, notices
from models import db
from rules.calendar import ZONE
from tests.casework.test_notices import Noted, drain, gateway, people, waiting
from tests.support.cast import Cast
from tests.support.orders import copy_of, issued

__all__ = ["gateway", "people"]

NIGHT = datetime(2026, 11, 23, 23, 10, tzinfo=ZONE)
DAY = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=ZONE)


@pytest.mark.parametrize("urgency", ["urgent", "extreme"])
def test_an_urgent_directive_goes_out_at_night_at_once(people: Cast, gateway: Noted, urgency: str) -> None:
    found = issued(people, at=NIGHT, urgency=urgency)
    drain(NIGHT)
    assert [one.address for one in gateway.sent] == ["lead@bureau.example"]
    assert found.number in gateway.sent[0].text


def test_one_that_is_not_urgent_waits_for_the_morning(people: Cast, gateway: Noted) -> None:
    issued(people, at=NIGHT, urgency="normal")
    drain(NIGHT)
    assert gateway.sent == []
    assert [notice.not_before for notice in waiting()] == [EIGHT]
    drain(EIGHT)
    assert len(gateway.sent) == 1


def test_what_a_directive_is_about_stays_in_the_house(people: Cast, gateway: Noted) -> None:
    found = issued(people, at=DAY)
    directives.withdraw(found.id, "商家已经停业整顿", people.view("city_supervisor", DAY), DAY + timedelta(minutes=5))
    drain(DAY + timedelta(minutes=6))
    assert len(gateway.sent) == 2
    assert all(found.title not in one.text and "停业" not in one.text for one in gateway.sent)


def test_reminders_and_lapses_go_out_once_each(people: Cast, gateway: Noted) -> None:
    found = issued(people, at=DAY, hours="4")
    centre = people.view("city_supervisor", DAY)
    later = DAY + timedelta(minutes=30)
    directives.remind(found.id, centre, later)
    directives.remind(found.id, centre, later + timedelta(minutes=1))
    for hours in (2, 2, 3):
        directives.sweep(DAY + timedelta(hours=hours))
    drain(DAY + timedelta(hours=3))
    texts = [one.text for one in gateway.sent]
    assert len(texts) == len(set(texts))
    assert sum("【催办】请签收" in text for text in texts) == 1
    assert sum("到期没有签收" in text for text in texts) == 1


def test_a_dead_gateway_does_not_hold_up_the_directive_and_the_line_shows_it_as_waiting(
    people: Cast, gateway: Noted
) -> None:
    gateway.dead = True
    found = issued(people, at=DAY)
    drain(DAY)
    assert directives.acknowledge(copy_of(found, people).id, people.view("east_lead", DAY), DAY)
    [notice] = waiting()
    assert notice.message_id is not None
    assert notices.states_of([notice.message_id]) == {notice.message_id: "邮件等待发出"}


def test_the_digest_counts_what_is_to_be_acknowledged_reported_and_put_on_file(people: Cast, gateway: Noted) -> None:
    morning = datetime(2026, 11, 24, 8, 41, tzinfo=ZONE)
    one, other, done = (issued(people, at=DAY, hours="48", form_key=f"form-{place}") for place in range(3))
    lead = people.view("east_lead", DAY)
    for found in (other, done):
        directives.acknowledge(copy_of(found, people).id, lead, DAY)
    directives.complete(copy_of(done, people).id, "全部复秤。", lead, DAY, form_key="answer")
    assert "待签收的指令1份，待上报的指令1份" in digest.text_for(people.view("east_lead", morning), morning)
    assert "待销号的指令1份" in digest.text_for(people.view("city_supervisor", morning), morning)
    assert digest.text_for(people.view("west_lead", morning), morning) == ""
    assert one.title not in digest.text_for(people.view("east_lead", morning), morning)
    db.session.rollback()
