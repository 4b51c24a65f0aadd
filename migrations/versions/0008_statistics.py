"""Indexes from which statistics are counted: by day of receipt, by end, by the day a term ends, by decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DECISION = sa.text("outcome = 'done' AND rule IN ('complaint.decide', 'report.verify', 'mediation.verify-lead')")


def upgrade() -> None:
    op.drop_index("ix_cases_received", table_name="cases")
    op.create_index("ix_cases_received", "cases", ["received_on", "id", "kind", "unit_id"])
    op.create_index("ix_cases_closed", "cases", ["closed_at", "received_on", "id", "kind", "unit_id"])
    op.create_index("ix_deadline_due", "deadline", ["rule", "due_on", "case_id"])
    op.create_index(
        "ix_deadline_decision", "deadline", ["closed_at", "case_id"], sqlite_where=DECISION, postgresql_where=DECISION
    )


def downgrade() -> None:
    op.drop_index("ix_deadline_decision", table_name="deadline", sqlite_where=DECISION, postgresql_where=DECISION)
    op.drop_index("ix_deadline_due", table_name="deadline")
    op.drop_index("ix_cases_closed", table_name="cases")
    op.drop_index("ix_cases_received", table_name="cases")
    op.create_index("ix_cases_received", "cases", ["received_on", "id"])
