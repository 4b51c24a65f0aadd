"""12315 stations and points (消费维权服务站、点): what everybody may know of one, and its ledgers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime


class Station(Model):
    """One station: a unit of the tree with what the directory says of it. Closed it stays: its poster explains."""

    __tablename__ = "station"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), unique=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    place: Mapped[str] = mapped_column(String(20))
    """Kind of place (rules.stations.PLACES)."""
    host: Mapped[str] = mapped_column(String(80), default="")
    """Who keeps it: the mall, the village committee."""
    hours: Mapped[str] = mapped_column(String(80), default="")
    fills: Mapped[str] = mapped_column(String(200), default="")
    """What its code fills in as the place of a business."""
    opened_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    closed_why: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts the changes; the poster of each version is made once."""
    poster_version: Mapped[int | None] = mapped_column(Integer)
    poster_state: Mapped[str | None] = mapped_column(String(12))
    """As models.document: queued, making, made, failed."""
    poster_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class StationRecord(Model):
    """One entry of a ledger: training, inspection, assessment. Only added to."""

    __tablename__ = "station_record"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_id: Mapped[int] = mapped_column(BigId, ForeignKey("station.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    held_on: Mapped[date] = mapped_column(Date)
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text, default="")
    mark: Mapped[int | None] = mapped_column(Integer)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
