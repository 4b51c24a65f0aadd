"""Objections (申诉): filed by a unit with its reason, decided at the city by somebody else; the correction is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from casework.actors import StaffView
from casework.assessment import keeping, places
from casework.assessment.keeping import LONGEST
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.reference import current
from models import Assessment, AssessmentObjection
from models import assessment as states
from models.base import writing
from rules import assessment as law

LEAST = 10
MOST_CASES = 1_000_000


def may_file(staff: StaffView, row: Assessment, unit_key: str, now: datetime) -> bool:
    """Tell whether a person may object for a unit now."""
    unit = current().unit_keys.get(unit_key)
    return unit is not None and places.speaks_for(staff, unit) and keeping.window_open(row, now)


def file(staff: StaffView, row: Assessment, unit_key: str, item: str, reason: str, now: datetime) -> None:
    """Object to one item of a unit. Raise NotAllowed, Faults, Refused after the last day.

    One item has one objection that waits: sent twice it is kept once.
    """
    unit = current().unit_keys.get(unit_key)
    if unit is None or not places.speaks_for(staff, unit):
        raise NotAllowed("您不能替这个单位申诉。")
    reason, faults = reason.strip(), {}
    if item not in law.ITEMS:
        faults["item"] = "请选择对哪一项申诉"
    if not LEAST <= len(reason) <= LONGEST:
        faults["reason"] = f"请写明理由，说清是哪些件，{LEAST}到{LONGEST:,}个字"
    if faults:
        raise Faults(faults)
    with writing() as session:
        held = keeping.locked(session, row.id)
        if not keeping.window_open(held, now):
            raise Refused("申诉期已经过了，或者这个月已经签发。")
        mine = (
            AssessmentObjection.assessment_id == held.id,
            AssessmentObjection.unit_id == unit.id,
            AssessmentObjection.item == item,
        )
        rows = session.scalars(select(AssessmentObjection).where(*mine)).all()
        waiting = next((one for one in rows if one.decided_at is None), None)
        if waiting is not None:
            if waiting.reason == reason:
                return
            raise Refused("这一项的申诉已经提出，正在等市局处理。", "item")
        if rows:
            raise Refused("这一项已经处理过申诉，不能再申诉。", "item")
        session.add(
            AssessmentObjection(
                assessment_id=held.id, unit_id=unit.id, item=item, reason=reason, filed_at=now, filed_by=staff.id
            )
        )


def decide(
    staff: StaffView, row: Assessment, objection_id: int, entered: Mapping[str, str], now: datetime
) -> AssessmentObjection:
    """Decide an objection: `upheld` yes with the corrected value, or no; always with an answer.

    Raises NotAllowed for who filed it, NotFound, Faults, Refused when a colleague decided meanwhile.
    """
    places.require(staff, places.DECIDE)
    upheld, answer = entered.get("upheld", ""), entered.get("answer", "").strip()
    with writing() as session:
        held = keeping.locked(session, row.id)
        one = session.get(AssessmentObjection, objection_id)
        if one is None or one.assessment_id != held.id:
            raise NotFound("没有这件申诉。")
        if held.state != states.OPEN or one.decided_at is not None:
            raise Refused("这件申诉已经处理过了。")
        if one.filed_by in staff.acts_for:
            raise NotAllowed("提出申诉的人不能自己处理。")
        faults = {}
        if upheld not in ("yes", "no"):
            faults["upheld"] = "请选择申诉成立还是不成立"
        if not 5 <= len(answer) <= LONGEST:
            faults["answer"] = f"请写明核对的情况，5到{LONGEST:,}个字"
        value = _corrected(law.ITEMS[one.item], entered, faults) if upheld == "yes" else (None, None, None)
        if faults:
            raise Faults(faults)
        one.decided_at, one.decided_by, one.upheld, one.answer = now, staff.id, upheld == "yes", answer
        one.part, one.whole, one.score = value
    return one


def _corrected(
    item: law.Item, entered: Mapping[str, str], faults: dict[str, str]
) -> tuple[int | None, int | None, int | None]:
    """Return (part, whole, score) as corrected; what cannot be read gets its sentence."""
    if item.way in (law.RATED, law.POSTS):
        part, whole = _number(entered.get("part", ""), MOST_CASES), _number(entered.get("whole", ""), MOST_CASES)
        if whole is None:
            faults["whole"] = "请写更正以后一共多少，只写数字"
        if part is None or (whole is not None and part > whole):
            faults["part"] = "请写更正以后合格的有多少，只写数字，不能比一共的多"
        if part is None or whole is None:
            return None, None, None
        return part, whole, law.rate(part, whole, 1 if item.way == law.POSTS else law.LEAST)
    points = _number(entered.get("score", ""), 100)
    if points is None:
        faults["score"] = "请写更正以后的得分，0到100的整数"
        return None, None, None
    return None, None, points * 100


def _number(text: str, most: int) -> int | None:
    plain = text.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9 or int(plain) > most:
        return None
    return int(plain)
