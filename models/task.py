"""Tasks: what must happen later, written in the transaction of its cause. The database remembers, Redis carries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

_WAITING = text("done_at IS NULL AND dead_at IS NULL")
_DEAD = text("dead_at IS NOT NULL")


class Task(Model):
    """One piece of later work; `unique_key` makes sure that it exists once."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_waiting", "not_before", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_task_dead", "dead_at", sqlite_where=_DEAD, postgresql_where=_DEAD),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    """Ids only, never names, codes or texts."""
    unique_key: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    """Not earlier than this; pushed ahead after a failure and while somebody works on it (the lease)."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    carried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
