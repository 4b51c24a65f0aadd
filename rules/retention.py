"""How long dossiers are kept: the bureau's own terms, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from rules.citation import parts
from rules.tables import TableError, only, read
from rules.workflow import WORKFLOW

FOR_GOOD = "permanent"

_DATA = read("retention.toml")
only(_DATA, "retention.toml", ("source", "years"))
parts(_DATA["source"])
YEARS: Mapping[str, int] = MappingProxyType(_DATA["years"])
_CHOICES = {one.key: one.label for one in WORKFLOW.action("archive").named["retention"].choices}
if YEARS.keys() != _CHOICES.keys():
    raise TableError("retention.toml: its terms are not those that the archive can choose")


def keep_until(retention: str | None, archived_on: date) -> date | None:
    """Return the last day on which a dossier must be kept, None when it is kept for good.

    A case without a stated term (of the sealed track, or archived before terms were recorded) is kept for good.
    """
    years = YEARS.get(retention or FOR_GOOD, 0)
    return date(archived_on.year + years, 12, 31) if years else None


def words(retention: str | None) -> str:
    """Return a term as people write it: 10年, 长期."""
    label = _CHOICES.get(retention or FOR_GOOD, "")
    return f"{label}年" if label.isdigit() else label
