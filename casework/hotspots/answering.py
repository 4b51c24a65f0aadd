"""Answering a signal: set it aside with a reason, or hand it to the editor of the board as the draft of a warning.

The draft is kept in the signal as it was handed over, and becomes a draft on the board in the same transaction: an
editor decides there whether it is published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.actors import StaffView
from casework.board import keeping as board
from casework.board import typed
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.hotspots import words
from casework.hotspots.reading import Shown
from models import Signal, db
from models.base import writing
from models.signal import HANDED_OVER, NEW, SET_ASIDE
from rules.hotspots import PREPAID, RESPONDENT

WARNING = "warning"
"""The category of the board into which a hot spot goes."""
REASON_MOST, TEXT_MOST = 200, 4000
_PERSONAL = re.compile(r"(?<!\d)(1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


def draft(shown: Shown) -> dict[str, str]:
    """Return title and text of the warning that the evidence makes: what the form begins with."""
    row = shown.row
    title, text = words.draft(row.kind, row.words, row.first_on, row.last_on, row.evidence)
    return {"title": title, "text": text}


def set_aside(staff: StaffView, shown: Shown, reason: str, now: datetime) -> None:
    """Say that a signal needs nothing; it does not come back while its windows overlap. Raise Faults, NotAllowed,
    Refused when somebody was quicker."""
    _require(shown.may_answer)
    said = reason.strip()
    if not said:
        raise Faults({"reason": "请写明为什么搁置"})
    if len(said) > REASON_MOST:
        raise Faults({"reason": f"最多{REASON_MOST}个字，现在是{len(said)}个"})
    with writing() as session:
        row = _waiting_row(session, shown.row.id)
        row.state, row.reason, row.answered_at, row.answered_by = SET_ASIDE, said, now, staff.id


def hand_over(staff: StaffView, shown: Shown, entered: Mapping[str, str], now: datetime) -> None:
    """Hand a signal to the editor: the draft of a warning on the board. Raise Faults, NotAllowed, Refused."""
    _require(shown.may_hand_over)
    title, text = entered.get("title", "").strip(), entered.get("text", "").replace("\r\n", "\n").strip()
    faults = _faults(shown, title, text)
    if faults:
        raise Faults(faults)
    notice = _as_notice(title, text, now)
    with writing() as session:
        row = _waiting_row(session, shown.row.id)
        row.state, row.answered_at, row.answered_by = HANDED_OVER, now, staff.id
        row.draft_title, row.draft_text = title, text
        board.of(session, None, notice, now, f"signal:{row.id}")


def _as_notice(title: str, text: str, now: datetime) -> typed.Typed:
    """Return the draft as the board takes it. Raise Faults at the fields of our own form."""
    try:
        return typed.read({"category": WARNING, "title": title, "body": text}, now, frozenset(), None)
    except Faults as found:
        raise Faults({{"body": "text"}.get(name, name): said for name, said in found.faults.items()}) from found


def _faults(shown: Shown, title: str, text: str) -> dict[str, str]:
    faults = {}
    for name, value, most, empty in (
        ("title", title, words.TITLE_MOST, "请写标题"),
        ("text", text, TEXT_MOST, "请写正文"),
    ):
        if not value:
            faults[name] = empty
        elif len(value) > most:
            faults[name] = f"最多{most:,}个字，现在是{len(value):,}个"
        elif _PERSONAL.search(value):
            faults[name] = "不要写手机号码和证件号码"
        elif shown.row.kind in (RESPONDENT, PREPAID) and shown.row.words in value:
            faults[name] = "不要写经营者的名称，投诉没有核实以前不点名"
    return faults


def drafts(limit: int = 100) -> list[Signal]:
    """Return the signals handed over, the latest first: what the editor of the board takes up."""
    query = select(Signal).where(Signal.state == HANDED_OVER).order_by(Signal.answered_at.desc(), Signal.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotAllowed("这个信号您不能处理：它已经有人处理过，或者还涉及您管辖范围以外的件，由市局处理。")


def _waiting_row(session: Session, signal_id: int) -> Signal:
    row = session.scalar(
        select(Signal).where(Signal.id == signal_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    if row.state != NEW:
        raise Refused("这个信号刚刚已经有人处理过了", conflict=True)
    return row
