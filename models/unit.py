"""Units: the tree of the organisation, of any depth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

CITY = "city"
DEPARTMENT = "department"
DISTRICT = "district"
OFFICE = "office"
STATION = "station"
MEDIATION = "mediation"


class Unit(Model):
    """A place in the tree: city centre, department, district centre, office, station, mediation body."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    short_name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(String(200), index=True)
    """Ids from the root to this unit, each between slashes: `/1/4/17/`."""
    bureau_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    """The bureau in whose name the unit acts (Order 121 art. 30); a bureau names itself."""
    document_prefix: Mapped[str] = mapped_column(String(20), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    places: Mapped[list[str]] = mapped_column(Json, default=list)
    """Names of streets and towns in its charge, for routing."""
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
