"""Those complained about: one row for the same business, found again by credit code, else by name and address."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Respondent


def mark_of(values: Mapping[str, Any]) -> bytes:
    """Return what makes two entries the same business: its credit code, else its name and address without blanks."""
    code = values.get("respondent_code")
    if code:
        key = f"code:{code}"
    else:
        key = f"name:{_plain(values.get('respondent_name'))}|{_plain(values.get('respondent_address'))}"
    return hashlib.sha256(key.encode()).digest()[:16]


def _plain(text: str | None) -> str:
    return re.sub(r"[\s（）()·.。,，-]", "", unicodedata.normalize("NFKC", text or "")).upper()


def respondent_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a business from the fields of a filing (`respondent_…`)."""
    return {
        "mark": mark_of(values),
        "name": values["respondent_name"],
        "code": values.get("respondent_code"),
        "phone": values.get("respondent_phone"),
        "contact": values.get("respondent_contact"),
        "address": values.get("respondent_address"),
    }


def keep(session: Session, values: Mapping[str, Any]) -> int | None:
    """Find the business in the records or enter it, inside the caller's transaction; None when none is named."""
    if not values.get("respondent_name"):
        return None
    row = respondent_row(values)
    connection = session.connection()
    known: int | None = connection.execute(_KNOWN, {"wanted": row["mark"]}).scalar()
    if known is not None:
        return known
    entered: int | None = connection.execute(_ENTER[connection.dialect.name], row).scalar()
    if entered is not None:
        return entered
    found: int = connection.execute(_KNOWN, {"wanted": row["mark"]}).scalar_one()  # somebody was quicker
    return found


_BUSINESSES = cast(Table, Respondent.__table__)
_KNOWN = select(_BUSINESSES.c.id).where(_BUSINESSES.c.mark == bindparam("wanted"))
_ENTER: Mapping[str, Any] = {
    "sqlite": sqlite.insert(_BUSINESSES).on_conflict_do_nothing(index_elements=["mark"]).returning(_BUSINESSES.c.id),
    "postgresql": postgresql.insert(_BUSINESSES)
    .on_conflict_do_nothing(index_elements=["mark"])
    .returning(_BUSINESSES.c.id),
}
