"""The assessment of units: frozen months, breaches, objections; the part of the briefing that tells of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
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
        "assessment",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("ordered_by", BIG_ID, nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("objections_until", sa.Date(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("data_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("signed_at", MOMENT, nullable=True),
        sa.Column("signed_by", BIG_ID, nullable=True),
        sa.Column("print_state", sa.String(length=12), nullable=True),
        sa.Column("print_size", sa.Integer(), nullable=True),
        sa.Column("print_pages", sa.Integer(), nullable=True),
        sa.Column("print_sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("assessment", "ordered_by", "staff"),
        _belongs("assessment", "signed_by", "staff"),
        sa.UniqueConstraint("month", name=op.f("uq_assessment_month")),
    )
    _table(
        "assessment_breach",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("entered_by", BIG_ID, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by", BIG_ID, nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        _belongs("assessment_breach", "unit_id", "unit"),
        _belongs("assessment_breach", "entered_by", "staff"),
        _belongs("assessment_breach", "withdrawn_by", "staff"),
    )
    op.create_index("ix_assessment_breach_month", "assessment_breach", ["month"])
    _table(
        "assessment_objection",
        sa.Column("assessment_id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("filed_at", MOMENT, nullable=False),
        sa.Column("filed_by", BIG_ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", BIG_ID, nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        _belongs("assessment_objection", "assessment_id", "assessment"),
        _belongs("assessment_objection", "unit_id", "unit"),
        _belongs("assessment_objection", "filed_by", "staff"),
        _belongs("assessment_objection", "decided_by", "staff"),
    )
    op.create_index("ix_assessment_objection_assessment_id", "assessment_objection", ["assessment_id"])
    op.create_index("ix_reveal_at", "reveal", ["at", "case_id"])
    op.execute(
        "INSERT INTO briefing_section (briefing_id, key, text, version) "
        "SELECT id, 'assessment', '', 0 FROM briefing WHERE state IN ('draft', 'submitted')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM briefing_section WHERE key = 'assessment'")
    op.drop_index("ix_reveal_at", table_name="reveal")
    for name in ("assessment_objection", "assessment_breach", "assessment"):
        op.drop_table(name)
