"""Incidents: gathered cases, their log, what the system suggests, situation reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("opened_by", BIG_ID, nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _belongs("incident", "unit_id", "unit"),
        _belongs("incident", "opened_by", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
        sa.UniqueConstraint("mark", name=op.f("uq_incident_mark")),
    )
    op.create_index("ix_incident_state", "incident", ["state", "opened_at"])

    op.create_table(
        "incident_case",
        sa.Column("case_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attached_by", BIG_ID, nullable=True),
        _belongs("incident_case", "case_id", "cases"),
        _belongs("incident_case", "incident_id", "incident"),
        _belongs("incident_case", "attached_by", "staff"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_incident_case")),
    )
    op.create_index("ix_incident_case_incident", "incident_case", ["incident_id", "case_id"])

    op.create_table(
        "incident_note",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("directive", sa.String(length=60), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("unit_id", BIG_ID, nullable=True),
        _belongs("incident_note", "incident_id", "incident"),
        _belongs("incident_note", "staff_id", "staff"),
        _belongs("incident_note", "unit_id", "unit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_note")),
        sa.UniqueConstraint("mark", name=op.f("uq_incident_note_mark")),
    )
    op.create_index("ix_incident_note_incident", "incident_note", ["incident_id", "id"])

    op.create_table(
        "incident_suggestion",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("district_id", BIG_ID, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", BIG_ID, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("incident_id", BIG_ID, nullable=True),
        _belongs("incident_suggestion", "district_id", "unit"),
        _belongs("incident_suggestion", "answered_by", "staff"),
        _belongs("incident_suggestion", "incident_id", "incident"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_suggestion")),
        sa.UniqueConstraint("subject", "first_on", name=op.f("uq_incident_suggestion_subject")),
    )
    op.create_index(op.f("ix_incident_suggestion_incident_id"), "incident_suggestion", ["incident_id"])
    op.create_index(op.f("ix_incident_suggestion_last_on"), "incident_suggestion", ["last_on"])
    op.create_index(
        "ix_incident_suggestion_waiting",
        "incident_suggestion",
        ["last_on"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )

    op.create_table(
        "incident_report",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("incident_id", BIG_ID, nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("ordered_by", BIG_ID, nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("incident_report", "incident_id", "incident"),
        _belongs("incident_report", "unit_id", "unit"),
        _belongs("incident_report", "ordered_by", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_report")),
        sa.UniqueConstraint("mark", name=op.f("uq_incident_report_mark")),
    )
    op.create_index("ix_incident_report_incident", "incident_report", ["incident_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_incident_report_incident", table_name="incident_report")
    op.drop_table("incident_report")
    op.drop_index(
        "ix_incident_suggestion_waiting",
        table_name="incident_suggestion",
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.drop_index(op.f("ix_incident_suggestion_last_on"), table_name="incident_suggestion")
    op.drop_index(op.f("ix_incident_suggestion_incident_id"), table_name="incident_suggestion")
    op.drop_table("incident_suggestion")
    op.drop_index("ix_incident_note_incident", table_name="incident_note")
    op.drop_table("incident_note")
    op.drop_index("ix_incident_case_incident", table_name="incident_case")
    op.drop_table("incident_case")
    op.drop_index("ix_incident_state", table_name="incident")
    op.drop_table("incident")
