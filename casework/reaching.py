"""By which way a member of staff is reached besides the list in the portal: chosen by the person alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from casework import channels, sessions
from casework.errors import Faults
from models import Staff
from models.base import db, writing

LABELS: Mapping[str, str] = {
    channels.PAGE: "只在平台里看",
    channels.SMS: "短信",
    channels.EMAIL: "邮件",
    channels.WEBHOOK: "办公平台",
}
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]+\.[^\s@.]{2,}")
EMAIL_MOST = 120


@dataclass(frozen=True)
class Reach:
    """How somebody is reached."""

    way: str
    email: str
    phone: str


def of(staff_id: int) -> Reach:
    """Return how a person is reached now."""
    staff = db.session.get_one(Staff, staff_id)
    return Reach(staff.reach_by, staff.email or "", staff.phone or "")


def offered(present: str) -> list[tuple[str, str]]:
    """Return the ways that can be chosen: those for which this portal has a gateway, and the present one."""
    ways = (way for way in LABELS if way in (channels.PAGE, present) or channels.is_configured(way))
    return [(way, LABELS[way]) for way in ways]


def choose(staff_id: int, wanted: Reach, password: str, otp: str, now: datetime) -> None:
    """Let a person be reached in another way.

    Addresses are what somebody who sits down at an open desk would change first, so that a new one asks for the
    password and the one-time code; another way to addresses that are known does not. Raises Faults and Refused with
    a sentence at the field, TooFast after failures.
    """
    before = of(staff_id)
    email, phone = wanted.email.strip(), re.sub(r"[\s-]", "", wanted.phone)
    faults: dict[str, str] = {}
    if wanted.way not in dict(offered(before.way)):
        faults["reach_by"] = "请选一种接收方式"
    if wanted.way == channels.EMAIL and not email:
        faults["email"] = "选了邮件，请填写邮箱"
    elif email and (len(email) > EMAIL_MOST or not _EMAIL.fullmatch(email)):
        faults["email"] = "邮箱要像 name@example.cn 这样"
    if wanted.way == channels.SMS and not phone:
        faults["phone"] = "选了短信，请填写手机号"
    elif phone and not _MOBILE.fullmatch(phone):
        digits = sum(one.isdigit() for one in phone)
        known = f"，现在是 {digits} 位" if digits != len("13800001234") else ""
        faults["phone"] = f"手机号要有 11 位，以 1 开头{known}"
    if faults:
        raise Faults(faults)
    if (email, phone) != (before.email, before.phone):
        sessions.prove(staff_id, password, otp, now)
    values = {"reach_by": wanted.way, "email": email or None, "phone": phone or None}
    with writing() as session:
        session.execute(update(Staff).where(Staff.id == staff_id).values(**values))
