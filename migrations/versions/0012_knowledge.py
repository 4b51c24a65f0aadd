"""The knowledge base: entries, the pairs of characters they are found by, what was done to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "knowledge_entry",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("question", sa.String(length=120), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("basis", sa.String(length=400), nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("published_by", BIG_ID, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("draft_question", sa.String(length=120), nullable=True),
        sa.Column("draft_answer", sa.Text(), nullable=True),
        sa.Column("draft_basis", sa.String(length=400), nullable=True),
        sa.Column("drafted_at", MOMENT, nullable=True),
        sa.Column("drafted_by", BIG_ID, nullable=True),
        sa.Column("case_id", BIG_ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _belongs("knowledge_entry", "published_by", "staff"),
        _belongs("knowledge_entry", "drafted_by", "staff"),
        _belongs("knowledge_entry", "case_id", "cases"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_entry")),
    )
    op.create_index("ix_knowledge_entry_subject", "knowledge_entry", ["subject"])
    op.create_index("ix_knowledge_entry_drafted_at", "knowledge_entry", ["drafted_at"])
    op.create_table(
        "knowledge_pair",
        sa.Column("pair", sa.String(length=40), nullable=False),
        sa.Column("entry_id", BIG_ID, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        _belongs("knowledge_pair", "entry_id", "knowledge_entry"),
        sa.PrimaryKeyConstraint("pair", "entry_id", name=op.f("pk_knowledge_pair")),
    )
    op.create_index("ix_knowledge_pair_entry", "knowledge_pair", ["entry_id"])
    op.create_table(
        "knowledge_step",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("entry_id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        _belongs("knowledge_step", "entry_id", "knowledge_entry"),
        _belongs("knowledge_step", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_step")),
    )
    op.create_index("ix_knowledge_step_entry_id", "knowledge_step", ["entry_id"])


def downgrade() -> None:
    for name in ("knowledge_step", "knowledge_pair", "knowledge_entry"):
        op.drop_table(name)
