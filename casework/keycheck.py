"""Do the keys belong to what is stored? Asked at every start and by `flask doctor` and `flask audit verify`.

A portal on the wrong keys would take filings in and show errors where names should stand; it has to say so at once.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from casework import people
from models import Attachment, CaseText, FilerMessage, Party, Staff, db
from models.secrets import Unreadable

_SAMPLED: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    Staff.totp_secret,
    Party.name,
    Party.phone,
    CaseText.sealed_content,
    FilerMessage.text,
    Attachment.name,
)


def mismatch() -> str | None:
    """Return in a few words what cannot be read with the keys at hand, None when all is well. Looks at samples only."""
    for column in _SAMPLED:
        try:
            db.session.scalars(select(column).where(column.is_not(None)).limit(1)).first()
        except Unreadable:
            return f"{column.class_.__tablename__}.{column.key} cannot be read with these keys"
    found = db.session.execute(
        select(Party.phone, Party.phone_index).where(Party.phone.is_not(None), Party.phone_index.is_not(None)).limit(1)
    ).first()
    if found is not None and people.index_of(people.PHONE, found.phone) != bytes(found.phone_index):
        return "the blind index of telephone numbers was made with another key"
    return None
