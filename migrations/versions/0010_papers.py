"""Who withdrew a paper, when and why; papers that wait to be made up, found by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("state = 'due'")


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("withdrawn_by", BIG_ID, nullable=True))
        batch.add_column(sa.Column("withdrawn_why", sa.String(length=200), nullable=True))
        batch.create_foreign_key(op.f("fk_document_withdrawn_by_staff"), "staff", ["withdrawn_by"], ["id"])
    op.create_index("ix_document_due", "document", ["id"], unique=False, sqlite_where=DUE, postgresql_where=DUE)


def downgrade() -> None:
    op.drop_index("ix_document_due", table_name="document")
    with op.batch_alter_table("document") as batch:
        batch.drop_constraint(op.f("fk_document_withdrawn_by_staff"), type_="foreignkey")
        batch.drop_column("withdrawn_why")
        batch.drop_column("withdrawn_by")
        batch.drop_column("withdrawn_at")
