"""The monthly briefing: frozen figures, parts, typical cases, editions; the districts' reports; events by moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))
    op.create_table(name, sa.Column("id", BIG_ID, nullable=False), *parts, key)


def upgrade() -> None:
    _table(
        "briefing",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("ordered_by", BIG_ID, nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("data_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("records_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("records_last", sa.BigInteger(), nullable=True),
        sa.Column("records_count", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("total_number", sa.Integer(), nullable=True),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("issued_by", BIG_ID, nullable=True),
        _belongs("briefing", "ordered_by", "staff"),
        _belongs("briefing", "issued_by", "staff"),
        sa.UniqueConstraint("month", name=op.f("uq_briefing_month")),
        sa.UniqueConstraint("total_number", name=op.f("uq_briefing_total_number")),
    )
    _table(
        "briefing_section",
        sa.Column("briefing_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edited_at", MOMENT, nullable=True),
        sa.Column("edited_by", BIG_ID, nullable=True),
        _belongs("briefing_section", "briefing_id", "briefing"),
        _belongs("briefing_section", "edited_by", "staff"),
        sa.UniqueConstraint("briefing_id", "key", name=op.f("uq_briefing_section_briefing_id")),
    )
    _table(
        "briefing_example",
        sa.Column("briefing_id", BIG_ID, nullable=False),
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _belongs("briefing_example", "briefing_id", "briefing"),
        _belongs("briefing_example", "case_id", "cases"),
        sa.UniqueConstraint("briefing_id", "case_id", name=op.f("uq_briefing_example_briefing_id")),
    )
    _table(
        "briefing_step",
        sa.Column("briefing_id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _belongs("briefing_step", "briefing_id", "briefing"),
        _belongs("briefing_step", "staff_id", "staff"),
    )
    op.create_index("ix_briefing_step_briefing_id", "briefing_step", ["briefing_id"])
    _table(
        "briefing_edition",
        sa.Column("briefing_id", BIG_ID, nullable=False),
        sa.Column("edition", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=60), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("briefing_edition", "briefing_id", "briefing"),
        sa.UniqueConstraint("briefing_id", "mark", name=op.f("uq_briefing_edition_briefing_id")),
    )
    _table(
        "district_report",
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("filed_at", MOMENT, nullable=False),
        sa.Column("filed_by", BIG_ID, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=True),
        _belongs("district_report", "unit_id", "unit"),
        _belongs("district_report", "filed_by", "staff"),
        sa.UniqueConstraint("unit_id", "month", name=op.f("uq_district_report_unit_id")),
    )
    op.create_index("ix_district_report_month", "district_report", ["month"])
    op.create_index("ix_event_at", "event", ["at"])


def downgrade() -> None:
    op.drop_index("ix_event_at", table_name="event")
    for name in (
        "district_report",
        "briefing_edition",
        "briefing_step",
        "briefing_example",
        "briefing_section",
        "briefing",
    ):
        op.drop_table(name)
