"""Rows of people: encrypted, with blind indexes over what is searched for exactly."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Party
from models.secrets import ring

NAME = "party.name"
PHONE = "party.phone"
IDENTITY = "party.id_number"


def index_of(bound_to: str, text: str | None) -> bytes | None:
    """Return the blind index of a value as typed, None for an empty one: spaces, case and width do not matter."""
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"\D", "", plain) if bound_to == PHONE else re.sub(r"\s", "", plain).upper()
    return ring().index(plain, bound_to) if plain else None


def party_row(values: Mapping[str, Any], role: str = "filer") -> dict[str, Any]:
    """Return the columns of a person from the fields of a filing (`filer_…`)."""
    name, phone, identity = values.get("filer_name"), values.get("filer_phone"), values.get("filer_id_number")
    return {
        "role": role,
        "name": name,
        "name_index": index_of(NAME, name),
        "phone": phone,
        "phone_index": index_of(PHONE, phone),
        "address": values.get("filer_address"),
        "postcode": values.get("filer_postcode"),
        "email": values.get("filer_email"),
        "id_type": values.get("filer_id_type"),
        "id_number": identity,
        "id_number_index": index_of(IDENTITY, identity),
        "reply_by": values.get("reply_by"),
        "left_at": None,
    }


def is_somebody(values: Mapping[str, Any]) -> bool:
    """Tell whether a filing says who filed it; an anonymous report must leave no row at all."""
    if values.get("anonymous"):
        return False
    return any(values.get(name) for name in ("filer_name", "filer_phone", "filer_email", "filer_address"))


def filer_of(session: Session, case_id: int) -> Party | None:
    """Return the filer of a case, None for an anonymous one."""
    return session.scalar(_FILER, {"case_id": case_id})


_FILER = (
    select(Party)
    .where(Party.case_id == bindparam("case_id"), Party.role == "filer", Party.left_at.is_(None))
    .order_by(Party.id.desc())
    .limit(1)
)
