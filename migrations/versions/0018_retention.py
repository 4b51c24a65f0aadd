"""Terms of archived cases; lists of those to be destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
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
        "archive_term",
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("bureau_id", BIG_ID, nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        _belongs("archive_term", "case_id", "cases"),
        _belongs("archive_term", "bureau_id", "unit"),
        sa.UniqueConstraint("case_id", name=op.f("uq_archive_term_case_id")),
    )
    op.create_index("ix_archive_term_due", "archive_term", ["bureau_id", "keep_until"])
    _table(
        "destruction",
        sa.Column("bureau_id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("proposed_by", BIG_ID, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", BIG_ID, nullable=True),
        sa.Column("decision", sa.String(length=400), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("destruction", "bureau_id", "unit"),
        _belongs("destruction", "proposed_by", "staff"),
        _belongs("destruction", "decided_by", "staff"),
    )
    op.create_index("ix_destruction_bureau_id", "destruction", ["bureau_id"])
    _table(
        "destruction_item",
        sa.Column("destruction_id", BIG_ID, nullable=False),
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("dossier_number", sa.String(length=40), nullable=False),
        sa.Column("retention", sa.String(length=10), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.Column("kept", sa.String(length=100), nullable=True),
        _belongs("destruction_item", "destruction_id", "destruction"),
        _belongs("destruction_item", "case_id", "cases"),
        sa.UniqueConstraint("destruction_id", "case_id", name=op.f("uq_destruction_item_destruction_id")),
    )
    op.create_index("ix_destruction_item_case_id", "destruction_item", ["case_id"])


def downgrade() -> None:
    for name in ("destruction_item", "destruction", "archive_term"):
        op.drop_table(name)
