"""Stations and points: the register and the ledgers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "station",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("place", sa.String(length=20), nullable=False),
        sa.Column("host", sa.String(length=80), nullable=False),
        sa.Column("hours", sa.String(length=80), nullable=False),
        sa.Column("fills", sa.String(length=200), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_why", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("poster_version", sa.Integer(), nullable=True),
        sa.Column("poster_state", sa.String(length=12), nullable=True),
        sa.Column("poster_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_station_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("unit_id", name=op.f("uq_station_unit_id")),
        sa.UniqueConstraint("code", name=op.f("uq_station_code")),
    )
    op.create_table(
        "station_record",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("station_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=True),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("entered_by", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_station_record_station_id_station")),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_station_record_entered_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_record")),
    )
    op.create_index("ix_station_record_station_id", "station_record", ["station_id"])
    registered = sa.text("action = 'register_at_station'")
    op.create_index(
        "ix_event_station", "event", ["unit_id", "at"], sqlite_where=registered, postgresql_where=registered
    )


def downgrade() -> None:
    op.drop_index("ix_event_station", table_name="event")
    op.drop_table("station_record")
    op.drop_table("station")
