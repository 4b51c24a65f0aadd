"""The decision to publish a complaint (公示决定): what is checked, and the row that everybody reads from then on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from casework.effects import Act
from casework.errors import Refused
from models import Case, CaseText, Party, Publication, PublicationStep
from rules import publicity as law
from rules.calendar import local_date

ACTION = "decide_publication"
PUBLISH = "publish"
REOPENED = "这件投诉重新办理，原公示撤下"


def decided(session: Session, case: Case, act: Act) -> None:
    """Publish the complaint that was decided about, in the transaction of the decision.

    Raises Refused at the field: for a complaint whose filer does not agree, whose business is not known, and for a
    text that holds what must be masked.
    """
    if act.values["decision"] != PUBLISH:
        if not act.values.get("ground"):
            raise Refused("请选择不予公示的理由", "ground")
        withdraw(session, case.id, act.now, act.actor.id, "决定不予公示")
        return
    consent = session.scalar(select(CaseText.consent_publish).where(CaseText.case_id == case.id))
    if consent is False:
        raise Refused("投诉人不同意公示，请选“不予公示”和理由“投诉人不同意公示”", "decision")
    if case.respondent_id is None or case.closed_at is None:
        raise Refused("没有登记被投诉人的，不能公示", "decision")
    people = session.scalars(select(Party.name).where(Party.case_id == case.id, Party.name.is_not(None)))
    fault = law.reveals(act.values["masked_text"], [name for name in people if name])
    if fault:
        raise Refused(fault, "masked_text")
    row = row_of(
        {column.key: getattr(case, column.key) for column in Case.__table__.columns},
        act.values["masked_text"], act.actor.id, act.now,
    )  # fmt: skip
    old = session.scalar(select(Publication.id).where(Publication.case_id == case.id))
    if old is None:
        session.execute(insert(Publication).values(**row))
        return
    session.execute(update(Publication).where(Publication.id == old).values(**row))
    _step(session, old, "published", "重新作出公示决定", act.actor.id, act.now)


def row_of(case: Mapping[str, Any], text: str, staff_id: int | None, now: datetime) -> dict[str, Any]:
    """Return the columns of the publication of a case, given by its columns."""
    return {
        "case_id": case["id"],
        "respondent_id": case["respondent_id"],
        "bureau_id": case["bureau_id"],
        "category": case["category"],
        "problem": case["problem"],
        "received_on": case["received_on"],
        "happened_on": case["happened_on"],
        "closed_on": local_date(case["closed_at"]),
        "outcome": case["outcome"] or "",
        "regime": case["regime"],
        "text": text,
        "decided_at": now,
        "decided_by": staff_id,
        "shown_until": law.shown_until(local_date(now)),
        "withdrawn_at": None,
    }


def reopened(session: Session, case: Case, act: Act) -> None:
    """Take a complaint that is handled anew out of the public eye."""
    withdraw(session, case.id, act.now, act.actor.id, REOPENED)


def withdraw(session: Session, case_id: int, now: datetime, staff_id: int | None, why: str) -> None:
    """Withdraw the publication of a case, if it is shown."""
    shown = (Publication.case_id == case_id) & Publication.withdrawn_at.is_(None)
    found = session.scalar(update(Publication).where(shown).values(withdrawn_at=now).returning(Publication.id))
    if found is not None:
        _step(session, found, "withdrawn", why, staff_id, now)


def _step(session: Session, publication_id: int, step: str, why: str, staff_id: int | None, now: datetime) -> None:
    values = {"publication_id": publication_id, "at": now, "staff_id": staff_id, "step": step, "why": why}
    session.execute(insert(PublicationStep).values(**values))
