"""Publication of complaint information: what everybody reads, what was done to it, objections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
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
        "publication",
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("respondent_id", BIG_ID, nullable=False),
        sa.Column("bureau_id", BIG_ID, nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("regime", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("decided_by", BIG_ID, nullable=True),
        sa.Column("shown_until", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        _belongs("publication", "case_id", "cases"),
        _belongs("publication", "respondent_id", "respondent"),
        _belongs("publication", "bureau_id", "unit"),
        _belongs("publication", "decided_by", "staff"),
        sa.UniqueConstraint("case_id", name=op.f("uq_publication_case_id")),
    )
    op.create_index("ix_publication_shown", "publication", ["shown_until", "id"])
    op.create_index("ix_publication_respondent", "publication", ["respondent_id", "id"])
    _table(
        "publication_step",
        sa.Column("publication_id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("text_before", sa.Text(), nullable=True),
        _belongs("publication_step", "publication_id", "publication"),
        _belongs("publication_step", "staff_id", "staff"),
    )
    op.create_index("ix_publication_step_publication_id", "publication_step", ["publication_id"])
    _table(
        "publication_objection",
        sa.Column("publication_id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", BIG_ID, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        _belongs("publication_objection", "publication_id", "publication"),
        _belongs("publication_objection", "answered_by", "staff"),
    )
    op.create_index("ix_publication_objection_publication_id", "publication_objection", ["publication_id"])
    op.create_index("ix_publication_objection_state", "publication_objection", ["state", "id"])


def downgrade() -> None:
    for name in ("publication_objection", "publication_step", "publication"):
        op.drop_table(name)
