"""Supervision orders, and what goes out to staff by the channel they chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('open', 'answered', 'returned')")


def upgrade() -> None:
    op.create_table(
        "supervision_order",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("ground", sa.String(length=8), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("deadline_id", BIG_ID, nullable=True),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("issuer_id", BIG_ID, nullable=False),
        sa.Column("signer_id", BIG_ID, nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("new_due_on", sa.Date(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", BIG_ID, nullable=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Text(), nullable=True),
        sa.Column("assessed", sa.Boolean(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_why", sa.Text(), nullable=True),
        sa.Column("replaces_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_supervision_order_case_id_cases")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_supervision_order_deadline_id_deadline")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_supervision_order_unit_id_unit")),
        sa.ForeignKeyConstraint(["issuer_id"], ["unit.id"], name=op.f("fk_supervision_order_issuer_id_unit")),
        sa.ForeignKeyConstraint(["signer_id"], ["staff.id"], name=op.f("fk_supervision_order_signer_id_staff")),
        sa.ForeignKeyConstraint(["answered_by"], ["staff.id"], name=op.f("fk_supervision_order_answered_by_staff")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["supervision_order.id"], name=op.f("fk_supervision_order_replaces_id_supervision_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_order")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_order_number")),
        sa.UniqueConstraint("case_id", "event_seq", name=op.f("uq_supervision_order_case_id")),
    )
    op.create_index(
        "ux_supervision_order_live",
        "supervision_order",
        ["case_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index(
        "ix_supervision_order_worst", "supervision_order", ["since_on", "id"], sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_index("ix_supervision_order_unit", "supervision_order", ["unit_id", "state"])
    op.create_table(
        "staff_notice",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=False),
        sa.Column("message_id", BIG_ID, nullable=True),
        sa.Column("mark", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("sent_as", sa.String(length=80), nullable=True),
        sa.Column("failed", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_staff_id_staff")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["staff_message.id"], name=op.f("fk_staff_notice_message_id_staff_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
        sa.UniqueConstraint("mark", name=op.f("uq_staff_notice_mark")),
    )
    op.create_index("ix_staff_notice_staff", "staff_notice", ["staff_id", "id"])
    op.create_index(op.f("ix_staff_notice_message_id"), "staff_notice", ["message_id"])


def downgrade() -> None:
    op.drop_table("staff_notice")
    op.drop_table("supervision_order")
