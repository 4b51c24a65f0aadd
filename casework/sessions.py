"""Sign-in and sessions of staff, kept in the database so that they can be ended there.

The browser holds a random token, the table its hash. A wrong name, a wrong password and a wrong one-time code all
get the same answer after the same work. Failures are counted per account and per network: five in a row cost a
minute, each further one twice as long, up to fifteen minutes; nobody can lock an account for good.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from casework import access, passwords, throttle
from casework.actors import StaffView
from casework.errors import Refused, TooFast
from models.base import UtcDateTime, db, writing
from models.outage import Unavailable
from models.prepared import Prepared
from models.staff import Staff, StaffSession

log = logging.getLogger("portal.sign-in")

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTED = timedelta(minutes=1)
"""How often the use of a session is written down at most."""
KEPT = timedelta(days=180)
"""How long ended sessions stay listed, for whoever looks into a break-in."""

_STEP = 30
_NO_SECRET = pyotp.random_base32()
_WRONG = "用户名、密码或动态口令不对，请核对后再试"


@dataclass(frozen=True)
class SignedIn:
    """A session that was opened. `token` is shown to the browser once and kept nowhere."""

    token: str
    staff_id: int
    must_change: bool
    """The password was set by somebody else: a new one is asked for before anything else."""
    needs_otp: bool
    """No second factor is set up yet."""


@dataclass(frozen=True)
class SignInRefused:
    """Nobody was signed in; `wait` is the number of seconds until the next try is looked at."""

    sentence: str
    wait: int = 0


@dataclass(frozen=True)
class SessionView:
    """One line in a person's list of sessions."""

    id: int
    created_at: datetime
    seen_at: datetime
    browser: str
    current: bool


def sign_in(
    username: str, password: str, otp: str, network_key: str, browser: str, now: datetime
) -> SignedIn | SignInRefused:
    """Open a session for whoever knows name, password and the code of the moment.

    `network_key` stands for the address of the request (hashed by the caller); `browser` is kept, shortened, for the
    list that people see of their own sessions.
    """
    name = unicodedata.normalize("NFKC", username).strip().lower()[:60]
    account, network = _account_key(name), f"network:{network_key}"[:80]
    # The try is counted before the password is looked at: a hundred guesses at once are a hundred failures.
    wait = max(throttle.waiting(network, now), throttle.count(account, now))
    if wait:
        return _too_fast(wait)
    staff = db.session.scalars(select(Staff).where(Staff.username == name)).one_or_none()
    db.session.commit()  # nothing stays open while the password is hashed
    known = staff if staff is not None and staff.active else None
    right = passwords.matches(known.password_hash if known else None, password)
    step = _step_of(otp, (known.totp_secret if known else None) or _NO_SECRET, now)
    if known is None or not right or (known.totp_secret is not None and step is None):
        throttle.count(network, now)
        wait = max(throttle.waiting(network, now), throttle.waiting(account, now))
        log.info("sign-in refused for account %s", known.id if known else "unknown")
        return _too_fast(wait) if wait else SignInRefused(_WRONG)
    opened = _open(known, password, step, browser, now)
    if opened is None:
        throttle.count(network, now)
        return SignInRefused(_WRONG)
    throttle.clear(account, network)
    log.info("staff %d signed in", known.id)
    return opened


def _open(staff: Staff, password: str, step: int | None, browser: str, now: datetime) -> SignedIn | None:
    """Use up the one-time code and write the session, in one transaction; None when the code was used already."""
    renewed = passwords.hashed(password) if passwords.outdated(staff.password_hash) else None
    token = secrets.token_urlsafe(32)
    with writing() as session:
        if staff.totp_secret is not None and (step is None or not _use_code(session, staff.id, step)):
            return None
        if renewed is not None:
            session.execute(update(Staff).where(Staff.id == staff.id).values(password_hash=renewed))
        session.add(
            StaffSession(
                token_hash=hash_of(token),
                staff_id=staff.id,
                created_at=now,
                seen_at=now,
                expires_at=now + LONGEST,
                browser="".join(one for one in browser if one.isprintable())[:120],
            )
        )
    return SignedIn(token, staff.id, staff.must_change, staff.totp_secret is None)


def resume(token: str | bytes, now: datetime, *, touch: bool = True) -> StaffView | None:
    """Return who holds the session, with the roles that count now; None when it has ended.

    `token` is what the browser brought, or its hash. `touch` is False for requests that a page makes by itself: they
    keep nobody signed in. An account that was closed ends with its next request.
    """
    row = _alive(token, now)
    if row is None:
        return None
    view = access.view_of(row.staff_id, now)
    if view is None:
        end_all(row.staff_id, "closed", now)
        return None
    if touch and now - row.seen_at >= NOTED:
        with suppress(Unavailable):  # who reads only is not stopped because the use cannot be noted
            _note_use(row.id, now)
    return view


def _note_use(session_id: int, now: datetime) -> None:
    with writing() as session:
        session.execute(
            update(StaffSession)
            .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None), StaffSession.seen_at < now)
            .values(seen_at=now)
        )


def end(token: str | bytes, now: datetime, why: str = "signed out") -> None:
    """End one session. Ending one that has ended changes nothing."""
    _end(StaffSession.token_hash == hash_of(token), why, now)


def end_one(staff_id: int, session_id: int, now: datetime, why: str = "ended from the list") -> None:
    """End one session of a person, found in their list."""
    _end((StaffSession.id == session_id) & (StaffSession.staff_id == staff_id), why, now)


def end_all(staff_id: int, why: str, now: datetime, *, but: str | bytes | None = None) -> None:
    """End every session of a person at once (account closed, password changed, moved to another unit).

    `but` is the token of the one that may go on.
    """
    which = StaffSession.staff_id == staff_id
    if but is not None:
        which &= StaffSession.token_hash != hash_of(but)
    _end(which, why, now)


def _end(which: ColumnElement[bool], why: str, now: datetime) -> None:
    with writing() as session:
        session.execute(
            update(StaffSession).where(which, StaffSession.ended_at.is_(None)).values(ended_at=now, ended_why=why[:40])
        )


def sessions_of(staff_id: int, now: datetime, token: str | bytes | None = None) -> list[SessionView]:
    """Return a person's running sessions, the one used last first; the one of `token` is marked."""
    mine = hash_of(token) if token is not None else None
    running = select(StaffSession).where(StaffSession.staff_id == staff_id, *_running(now))
    return [
        SessionView(row.id, row.created_at, row.seen_at, row.browser, row.token_hash == mine)
        for row in db.session.scalars(running.order_by(StaffSession.seen_at.desc(), StaffSession.id.desc()))
    ]


def change_password(
    staff_id: int, current: str, new: str, otp: str, now: datetime, *, keep: str | bytes | None = None
) -> None:
    """Give a person a new password and end their other sessions; `keep` is the token of the one that goes on.

    Asks for the present password and a fresh one-time code. Raises Refused naming the field, TooFast after failures.
    """
    staff, step = _known(staff_id, current, otp, now)
    account = _account_key(staff.username)
    fault = passwords.fault(new, (staff.username, staff.name))
    if fault is None and passwords.matches(staff.password_hash, new):
        fault = "新密码不能和现在的一样"
    if fault is not None:
        throttle.clear(account)
        raise Refused(fault, "new_password")
    kept = passwords.hashed(new)
    with writing() as session:
        _use_up(session, staff, step)
        session.execute(update(Staff).where(Staff.id == staff_id).values(password_hash=kept, must_change=False))
    throttle.clear(account)
    end_all(staff_id, "password changed", now, but=keep)


def prove(staff_id: int, password: str, otp: str, now: datetime) -> None:
    """Let a person show once more who they are, before their own data change: by password and one-time code.

    Raises Refused naming the field, TooFast after failures.
    """
    staff, step = _known(staff_id, password, otp, now)
    with writing() as session:
        _use_up(session, staff, step)
    throttle.clear(_account_key(staff.username))


def _known(staff_id: int, password: str, otp: str, now: datetime) -> tuple[Staff, int | None]:
    """Return a person whose password and code are right, and the step of the code; failures count."""
    staff = db.session.get_one(Staff, staff_id)
    wait = throttle.count(_account_key(staff.username), now)
    if wait:
        raise TooFast(_too_fast(wait).sentence, wait)
    if not passwords.matches(staff.password_hash, password):
        raise Refused("现在的密码不对", "password")
    step = _step_of(otp, staff.totp_secret or _NO_SECRET, now)
    if staff.totp_secret is not None and step is None:
        raise Refused("动态口令不对，请等验证器换一组数字再试", "otp")
    return staff, step


def _use_up(session: Session, staff: Staff, step: int | None) -> None:
    if step is not None and staff.totp_secret is not None and not _use_code(session, staff.id, step):
        raise Refused("这组动态口令已经用过，请等验证器换一组数字再试", "otp")


def confirm(staff_id: int, otp: str, now: datetime) -> bool:
    """Tell whether a code is the person's second factor of this moment, and use it up (before a reveal or export).

    Failures count against the account. Raises TooFast when it has to wait.
    """
    staff = db.session.get_one(Staff, staff_id)
    secret, account = staff.totp_secret, _account_key(staff.username)
    wait = throttle.count(account, now)
    if wait:
        raise TooFast(_too_fast(wait).sentence, wait)
    step = _step_of(otp, secret or _NO_SECRET, now)
    if secret is None or step is None:
        return False
    with writing() as session:
        used = _use_code(session, staff_id, step)
    if used:
        throttle.clear(account)
    return used


def end_expired(now: datetime) -> int:
    """Mark sessions that ran out and forget those that ended long ago; return how many were marked."""
    with writing() as session:
        out = or_(StaffSession.expires_at <= now, StaffSession.seen_at <= now - IDLE)
        marked = session.execute(
            update(StaffSession)
            .where(StaffSession.ended_at.is_(None), out)
            .values(ended_at=now, ended_why="expired")
            .returning(StaffSession.id)
        ).all()
        session.execute(delete(StaffSession).where(StaffSession.ended_at < now - KEPT))
    return len(marked)


def hash_of(token: str | bytes) -> bytes:
    """Return what the table keeps of a token; a hash is returned as it is."""
    return token if isinstance(token, bytes) else hashlib.sha256(token.encode()).digest()


# Asked with every page of the desk: written once, and read as a plain row.
_ALIVE = Prepared(
    select(StaffSession.id, StaffSession.staff_id, StaffSession.seen_at).where(
        StaffSession.token_hash == bindparam("token_hash"),
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > bindparam("now", type_=UtcDateTime),
        StaffSession.seen_at > bindparam("idle_since", type_=UtcDateTime),
    )
)


def _alive(token: str | bytes, now: datetime) -> Any:
    asked = {"token_hash": hash_of(token), "now": now, "idle_since": now - IDLE}
    return next(iter(_ALIVE.rows(db.session.connection(), asked)), None)


def _running(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (StaffSession.ended_at.is_(None), StaffSession.expires_at > now, StaffSession.seen_at > now - IDLE)


def _account_key(username: str) -> str:
    """Hash the name: whatever was typed there (a password, too) is not kept in clear."""
    return f"account:{hashlib.sha256(username.encode()).hexdigest()[:40]}"


def _too_fast(wait: int) -> SignInRefused:
    shown = f"{wait}秒" if wait < 60 else f"{-(-wait // 60)}分钟"
    return SignInRefused(f"连续输错次数过多，请{shown}后再试；忘了密码请联系管理员", wait)


def _step_of(otp: str, secret: str, now: datetime) -> int | None:
    """Return the 30-second step whose code was typed, one step early or late allowed; None for any other text."""
    typed = "".join(unicodedata.normalize("NFKC", otp).split())
    clock = pyotp.TOTP(secret)
    present = int(now.timestamp()) // _STEP
    fits = [
        s
        for s in (present - 1, present, present + 1)
        if secrets.compare_digest(clock.at(s * _STEP).encode(), typed.encode())
    ]
    return fits[-1] if fits else None


def _use_code(session: Session, staff_id: int, step: int) -> bool:
    """Use up a code: True for the first who comes with it, False for everybody after."""
    taken = session.execute(
        update(Staff)
        .where(Staff.id == staff_id, Staff.totp_last_step < step)
        .values(totp_last_step=step)
        .returning(Staff.id)
    ).all()
    return bool(taken)
