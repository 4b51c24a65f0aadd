"""Those complained about: one row for the same business, found again by credit code, else by name and address."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from models import Respondent
from models.prepared import Prepared


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


def keep(connection: Connection, row: Mapping[str, Any]) -> int:
    """Find the business of a row (`respondent_row`) in the records or enter it, inside the caller's transaction."""
    known: int | None = _KNOWN.value(connection, {"wanted": row["mark"]})
    if known is not None:
        return known
    entered: int | None = _ENTER.value(connection, row)
    if entered is not None:
        return entered
    found: int = _KNOWN.value(connection, {"wanted": row["mark"]})  # somebody was quicker
    return found


_BUSINESSES = cast(Table, Respondent.__table__)
_KNOWN = Prepared(select(_BUSINESSES.c.id).where(_BUSINESSES.c.mark == bindparam("wanted")))
_ENTER = Prepared(
    {
        name: insert(_BUSINESSES).on_conflict_do_nothing(index_elements=["mark"]).returning(_BUSINESSES.c.id)
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    }
)
