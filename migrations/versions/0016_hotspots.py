"""Hot spots: signals with their evidence, and the cases of those that no figure leads to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "signal",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", BIG_ID, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("draft_title", sa.String(length=80), nullable=True),
        sa.Column("draft_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["staff.id"], name=op.f("fk_signal_answered_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        sa.UniqueConstraint("kind", "subject", "month", name=op.f("uq_signal_kind")),
    )
    op.create_index("ix_signal_state", "signal", ["state", "last_on"])
    op.create_table(
        "signal_case",
        sa.Column("signal_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("case_id", BIG_ID, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(["signal_id"], ["signal.id"], name=op.f("fk_signal_case_signal_id_signal")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_signal_case_case_id_cases")),
        sa.PrimaryKeyConstraint("signal_id", "case_id", name=op.f("pk_signal_case")),
    )


def downgrade() -> None:
    op.drop_table("signal_case")
    op.drop_index("ix_signal_state", table_name="signal")
    op.drop_table("signal")
