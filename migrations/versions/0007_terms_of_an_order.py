"""Let one supervision order hold every term that has run out on its case, not the first alone."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ORDERS = sa.table(
    "supervision_order",
    sa.column("id", sa.BigInteger),
    sa.column("rule", sa.String),
    sa.column("deadline_id", sa.BigInteger),
    sa.column("since_on", sa.Date),
    sa.column("terms", sa.Text),
)


def upgrade() -> None:
    op.add_column("supervision_order", sa.Column("terms", sa.Text(), nullable=False, server_default="[]"))
    bind = op.get_bind()
    caused = sa.select(ORDERS.c.id, ORDERS.c.rule, ORDERS.c.deadline_id, ORDERS.c.since_on)
    for row in bind.execute(caused.where(ORDERS.c.rule.is_not(None))).all():
        term = {"deadline_id": row.deadline_id, "rule": row.rule, "since_on": row.since_on.isoformat()}
        text = json.dumps([term], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        bind.execute(sa.update(ORDERS).where(ORDERS.c.id == row.id).values(terms=text))


def downgrade() -> None:
    op.drop_column("supervision_order", "terms")
