"""Who is on duty, what a watch leaves to the next, voicemail; the monthly draw of cases to call back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "duty_shift",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("second_id", BIG_ID, nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("entered_by", BIG_ID, nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_duty_shift_unit_id_unit")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_shift_staff_id_staff")),
        sa.ForeignKeyConstraint(["second_id"], ["staff.id"], name=op.f("fk_duty_shift_second_id_staff")),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_duty_shift_entered_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
        sa.UniqueConstraint("unit_id", "starts_at", name=op.f("uq_duty_shift_unit_id")),
    )
    op.create_index("ix_duty_shift_times", "duty_shift", ["starts_at", "ends_at"], unique=False)

    op.create_table(
        "handover",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("shift_id", BIG_ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BIG_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_unit_id_unit")),
        sa.ForeignKeyConstraint(["shift_id"], ["duty_shift.id"], name=op.f("fk_handover_shift_id_duty_shift")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_handover_by_id_staff")),
        sa.ForeignKeyConstraint(["read_by_id"], ["staff.id"], name=op.f("fk_handover_read_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index(op.f("ix_handover_unit_id"), "handover", ["unit_id"], unique=False)

    op.create_table(
        "voicemail",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("attachment_id", BIG_ID, nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", BIG_ID, nullable=False),
        sa.Column("taken_by", BIG_ID, nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_why", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_voicemail_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachment.id"],
            name=op.f("fk_voicemail_attachment_id_attachment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_voicemail_entered_by_staff")),
        sa.ForeignKeyConstraint(["taken_by"], ["staff.id"], name=op.f("fk_voicemail_taken_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_voicemail_attachment_id")),
    )
    op.create_index(op.f("ix_voicemail_unit_id"), "voicemail", ["unit_id"], unique=False)

    op.create_table(
        "callback_month",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("seed", sa.String(length=40), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", BIG_ID, nullable=True),
        sa.Column("units", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by"], ["staff.id"], name=op.f("fk_callback_month_drawn_by_staff")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_callback_month")),
    )

    op.create_table(
        "callback_draw",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["month"], ["callback_month.month"], name=op.f("fk_callback_draw_month_callback_month")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_callback_draw_unit_id_unit")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_callback_draw_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_draw")),
        sa.UniqueConstraint("month", "case_id", name=op.f("uq_callback_draw_month")),
    )
    op.create_index("ix_callback_draw_unit", "callback_draw", ["month", "unit_id"], unique=False)
    op.create_index("ix_callback_draw_case", "callback_draw", ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_callback_draw_case", table_name="callback_draw")
    op.drop_index("ix_callback_draw_unit", table_name="callback_draw")

    op.drop_table("callback_draw")
    op.drop_table("callback_month")
    op.drop_index(op.f("ix_voicemail_unit_id"), table_name="voicemail")

    op.drop_table("voicemail")
    op.drop_index(op.f("ix_handover_unit_id"), table_name="handover")

    op.drop_table("handover")
    op.drop_index("ix_duty_shift_times", table_name="duty_shift")

    op.drop_table("duty_shift")
