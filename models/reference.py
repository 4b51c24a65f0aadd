"""What administrators keep: settings, routing rules, number series; and one revision for all of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime


class Revision(Model):
    """A counter that rises with every change of reference data: processes reload when it has moved."""

    __tablename__ = "revision"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class Setting(Model):
    """One value of rules/data/settings that an administrator changed; history is kept by rows."""

    __tablename__ = "setting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40), index=True)
    value: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class RoutingRule(Model):
    """One line of the routing table; the first that fits proposes the unit. Empty means any."""

    __tablename__ = "routing_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, index=True)
    kinds: Mapped[list[str]] = mapped_column(Json, default=list)
    categories: Mapped[list[str]] = mapped_column(Json, default=list)
    places: Mapped[list[str]] = mapped_column(Json, default=list)
    channels: Mapped[list[str]] = mapped_column(Json, default=list)
    names: Mapped[list[str]] = mapped_column(Json, default=list)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(String(120), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Sequence(Model):
    """The last number of a series (`case.20261123`, `sealed.20261123`, `form.acceptance.7.2026`)."""

    __tablename__ = "sequence"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
