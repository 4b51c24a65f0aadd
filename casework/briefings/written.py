"""All that people wrote and chose in a briefing as one text, and its check sum: what is signed with the figures."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.briefings import pictures
from models import BriefingExample, BriefingSection
from models.base import canonical


def digest(session: Session, briefing_id: int) -> bytes:
    """Return the SHA-256 of texts, typical cases and pictures (by their own check sums), in the order of printing."""
    sections = select(BriefingSection).where(BriefingSection.briefing_id == briefing_id)
    examples = select(BriefingExample).where(BriefingExample.briefing_id == briefing_id).order_by(BriefingExample.id)
    whole = {
        "sections": {one.key: one.text for one in session.scalars(sections)},
        "examples": [[one.title, one.text] for one in session.scalars(examples)],
        "pictures": [
            [one.key, one.caption, one.inside, one.sha256.hex() if one.sha256 else ""]
            for one, _file in pictures.of(session, briefing_id)
        ],
    }
    return hashlib.sha256(canonical(whole).encode()).digest()
