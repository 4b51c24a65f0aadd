"""Signing in: one answer for every mistake, codes that work once, sessions that end where they are kept."""

from __future__ import annotations

import statistics
import threading
import time
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask

from casework import passwords, sessions, throttle
from casework.errors import Refused, TooFast
from casework.sessions import SignedIn, SignInRefused
from models import Staff, StaffSession, Throttle, db
from models.base import writing
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

PASSWORD = "T7#kq9Lm2xVp"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASH = passwords.hashed(PASSWORD)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WRONG = "用户名、密码或动态口令不对，请核对后再试"


@pytest.fixture
def people(context: Flask) -> Cast:
    """The cast; everybody has the same password, 李明 (east_handler) a second factor as well."""
    throttle.switch(True)
    made = cast.build(password_hash=HASH)
    with writing() as session:
        session.get_one(Staff, made.staff["east_handler"]).totp_secret = SECRET
    return made


def code(now: Any = NOW) -> str:
    """The code of the moment."""
    return pyotp.TOTP(SECRET).at(now)


def enter(
    username: str = "east_handler",
    password: str = PASSWORD,
    otp: str | None = None,
    network: str = "n1",
    now: Any = NOW,
) -> SignedIn | SignInRefused:
    """Try to sign in; the right code of the moment unless another is given."""
    return sessions.sign_in(username, password, code(now) if otp is None else otp, network, "Firefox", now)


def inside(now: Any = NOW, username: str = "east_handler") -> SignedIn:
    """Sign in, which must succeed."""
    found = enter(username, now=now)
    assert isinstance(found, SignedIn)
    return found


def test_who_knows_name_password_and_code_is_let_in(people: Cast) -> None:
    opened = inside()
    view = sessions.resume(opened.token, NOW)
    assert view is not None
    assert view.name == "李明"
    assert not opened.must_change
    assert not opened.needs_otp


def test_the_table_keeps_no_token(people: Cast) -> None:
    opened = inside()
    row = db.session.query(StaffSession).one()
    assert row.token_hash == sessions.hash_of(opened.token)
    assert len(opened.token) >= 43  # 256 bits


@pytest.mark.parametrize(
    ("username", "password", "otp"),
    [
        ("nobody", PASSWORD, None),
        ("east_handler", "T7#kq9Lm2xVq", None),
        ("east_handler", PASSWORD, "000000"),
        ("east_handler", PASSWORD, ""),
        ("east_handler", "x" * 10_000, None),
        ("", "", ""),
    ],
)
def test_every_mistake_gets_the_same_answer(people: Cast, username: str, password: str, otp: str | None) -> None:
    assert enter(username, password, otp) == SignInRefused(WRONG, 0)


def test_a_closed_account_is_like_one_that_never_was(people: Cast) -> None:
    with writing() as session:
        session.get_one(Staff, people.staff["east_handler"]).active = False
    assert enter() == SignInRefused(WRONG, 0)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(people: Cast) -> None:
    times: dict[str, list[float]] = {"east_handler": [], "nobody": []}
    for turn in range(30):
        for name, taken in times.items():
            began = time.perf_counter()
            enter(name, "T7#kq9Lm2xVq", network=f"n{turn}-{name}", now=NOW + turn * timedelta(hours=2))
            taken.append(time.perf_counter() - began)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) < 0.010


def test_a_code_works_once(people: Cast) -> None:
    inside()
    assert enter(now=NOW + SECOND) == SignInRefused(WRONG, 0)
    assert isinstance(enter(now=NOW + MINUTE), SignedIn)


def test_of_two_who_come_with_one_code_at_once_one_gets_in(people: Cast, app: Flask) -> None:
    found: list[SignedIn | SignInRefused] = []
    start = threading.Barrier(2)

    def come(network: str) -> None:
        with app.app_context():
            start.wait()
            found.append(enter(network=network))

    both = [threading.Thread(target=come, args=(name,)) for name in ("n1", "n2")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(isinstance(one, SignedIn) for one in found) == [False, True]


@pytest.mark.parametrize(("seconds", "works"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_may_be_one_step_early_or_late(people: Cast, seconds: int, works: bool) -> None:
    assert isinstance(enter(otp=code(NOW + timedelta(seconds=seconds))), SignedIn) is works


def test_a_code_may_be_pasted_with_spaces_and_in_full_width(people: Cast) -> None:
    plain = code()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in plain)
    assert isinstance(enter(otp=f" {wide[:3]} {wide[3:]} "), SignedIn)


def test_five_failures_cost_a_minute_and_each_further_one_twice_as_long(people: Cast) -> None:
    waits, now = [], NOW
    for _ in range(11):
        refused = enter(password="wrong", network=f"n{now}", now=now)
        assert isinstance(refused, SignInRefused)
        waits.append(refused.wait)
        now += timedelta(seconds=refused.wait + 1)
    assert waits == [0, 0, 0, 0, 60, 120, 240, 480, 900, 900, 900]


def test_who_has_to_wait_is_told_how_long_and_is_let_in_afterwards(people: Cast) -> None:
    for turn in range(5):
        enter(password="wrong", network=f"n{turn}")
    refused = enter(network="another", now=NOW + 30 * SECOND)
    assert refused == SignInRefused("连续输错次数过多，请30秒后再试；忘了密码请联系管理员", 30)
    assert isinstance(enter(network="another", now=NOW + 61 * SECOND), SignedIn)
    assert db.session.query(Throttle).filter(Throttle.key.startswith("account:")).count() == 0


def test_one_who_keeps_trying_does_not_lengthen_the_wait(people: Cast) -> None:
    for turn in range(50):
        enter(password="wrong", network=f"n{turn}")
    assert isinstance(enter(network="another", now=NOW + 61 * SECOND), SignedIn)


def test_other_accounts_are_not_held_up(people: Cast) -> None:
    for turn in range(9):
        enter(password="wrong", network=f"n{turn}")
    assert isinstance(enter("west_handler", network="another"), SignedIn)


def test_a_network_that_tries_many_accounts_has_to_wait(people: Cast) -> None:
    for turn in range(5):
        enter(f"nobody{turn}", "wrong", network="n1")
    refused = enter("west_handler", network="n1", now=NOW + SECOND)
    assert isinstance(refused, SignInRefused)
    assert refused.wait == 59
    assert isinstance(enter("west_handler", network="n2", now=NOW + SECOND), SignedIn)


def test_a_hundred_guesses_at_once_are_a_hundred_failures(people: Cast, app: Flask) -> None:
    looked_at: list[int] = []
    start = threading.Barrier(8)

    def guess(turn: int) -> None:
        with app.app_context():
            start.wait()
            for more in range(3):
                found = enter(password="wrong", otp="000000", network=f"n{turn}{more}")
                assert isinstance(found, SignInRefused)
                if found.sentence == WRONG:
                    looked_at.append(turn)

    guessers = [threading.Thread(target=guess, args=(turn,)) for turn in range(8)]
    for one in guessers:
        one.start()
    for one in guessers:
        one.join()
    assert len(looked_at) <= 5


def test_throttles_keep_no_name_that_was_typed(people: Cast) -> None:
    enter("MyPassword-typed-here", "wrong")
    assert all("typed" not in row.key.lower() for row in db.session.query(Throttle))


def test_a_session_ends_after_half_an_hour_of_rest(people: Cast) -> None:
    token = inside().token
    assert sessions.resume(token, NOW + 29 * MINUTE) is not None
    assert sessions.resume(token, NOW + 58 * MINUTE) is not None
    assert sessions.resume(token, NOW + 88 * MINUTE) is None


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(people: Cast) -> None:
    token = inside().token
    for minute in range(1, 30):
        assert sessions.resume(token, NOW + minute * MINUTE, touch=False) is not None
    assert sessions.resume(token, NOW + 30 * MINUTE, touch=False) is None


def test_a_session_ends_after_twelve_hours_however_busy(people: Cast) -> None:
    token, now = inside().token, NOW
    while now < NOW + timedelta(hours=12) - MINUTE:
        now += 20 * MINUTE
        assert (sessions.resume(token, now) is not None) == (now < NOW + timedelta(hours=12))
    assert sessions.resume(token, NOW + timedelta(hours=12)) is None


def test_the_use_of_a_session_is_noted_once_a_minute_at_most(people: Cast) -> None:
    token = inside().token
    sessions.resume(token, NOW + 59 * SECOND)
    assert db.session.query(StaffSession.seen_at).scalar() == NOW
    sessions.resume(token, NOW + 60 * SECOND)
    assert db.session.query(StaffSession.seen_at).scalar() == NOW + MINUTE


def test_the_web_may_resume_by_the_hash_alone(people: Cast) -> None:
    assert sessions.resume(sessions.hash_of(inside().token), NOW) is not None


def test_signing_out_kills_the_session_on_the_server(people: Cast) -> None:
    token = inside().token
    sessions.end(token, NOW)
    assert sessions.resume(token, NOW) is None


def test_closing_an_account_ends_its_sessions_with_the_next_request(people: Cast) -> None:
    token = inside().token
    with writing() as session:
        session.get_one(Staff, people.staff["east_handler"]).active = False
    assert sessions.resume(token, NOW + SECOND) is None
    assert db.session.query(StaffSession.ended_why).scalar() == "closed"


def test_a_person_sees_and_ends_their_own_sessions_only(people: Cast) -> None:
    here, there = inside(), inside(NOW + MINUTE)
    other = enter("west_handler", now=NOW)
    assert isinstance(other, SignedIn)
    mine = people.staff["east_handler"]
    listed = sessions.sessions_of(mine, NOW + MINUTE, here.token)
    assert [one.current for one in listed] == [False, True]
    foreign = sessions.sessions_of(people.staff["west_handler"], NOW)[0].id
    sessions.end_one(mine, foreign, NOW)
    assert sessions.resume(other.token, NOW) is not None
    sessions.end_one(mine, listed[0].id, NOW + MINUTE)
    assert sessions.resume(there.token, NOW + MINUTE) is None
    assert sessions.resume(here.token, NOW + MINUTE) is not None


def test_a_new_password_ends_all_other_sessions(people: Cast) -> None:
    here, there = inside(), inside(NOW + MINUTE)
    now = NOW + 2 * MINUTE
    sessions.change_password(here.staff_id, PASSWORD, "9fQ-wm2e-R8vz", code(now), now, keep=here.token)
    assert sessions.resume(here.token, now) is not None
    assert sessions.resume(there.token, now) is None
    assert enter(now=now + MINUTE) == SignInRefused(WRONG, 0)
    assert isinstance(enter(password="9fQ-wm2e-R8vz", now=now + 2 * MINUTE), SignedIn)


@pytest.mark.parametrize(
    ("current", "new", "otp", "field"),
    [
        ("wrong", "9fQ-wm2e-R8vz", None, "password"),
        (PASSWORD, "9fQ-wm2e-R8vz", "000000", "otp"),
        (PASSWORD, "short", None, "new_password"),
        (PASSWORD, "east_handler2026", None, "new_password"),
        (PASSWORD, PASSWORD, None, "new_password"),
    ],
)
def test_a_refused_change_names_its_field(people: Cast, current: str, new: str, otp: str | None, field: str) -> None:
    with pytest.raises(Refused) as refused:
        sessions.change_password(people.staff["east_handler"], current, new, code() if otp is None else otp, NOW)
    assert refused.value.field == field


def test_guessing_the_present_password_in_the_form_has_to_wait_too(people: Cast) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            sessions.change_password(people.staff["east_handler"], "wrong", "9fQ-wm2e-R8vz", code(), NOW)
    with pytest.raises(TooFast) as refused:
        sessions.change_password(people.staff["east_handler"], PASSWORD, "9fQ-wm2e-R8vz", code(), NOW)
    assert refused.value.wait == 60


def test_a_fresh_second_factor_is_asked_for_and_used_up(people: Cast) -> None:
    person = people.staff["east_handler"]
    assert not sessions.confirm(person, "000000", NOW)
    assert sessions.confirm(person, code(), NOW)
    assert not sessions.confirm(person, code(), NOW)
    assert not sessions.confirm(people.staff["west_handler"], code(), NOW)


def test_who_has_no_second_factor_yet_is_told_to_set_one_up(people: Cast) -> None:
    opened = inside(username="west_handler")
    assert opened.needs_otp


def test_sessions_that_ran_out_are_marked_and_in_the_end_forgotten(people: Cast) -> None:
    inside()
    assert sessions.end_expired(NOW + 29 * MINUTE) == 0
    assert sessions.end_expired(NOW + 30 * MINUTE) == 1
    assert sessions.end_expired(NOW + 31 * MINUTE) == 0
    sessions.end_expired(NOW + sessions.KEPT + timedelta(days=1))
    assert db.session.query(StaffSession).count() == 0
