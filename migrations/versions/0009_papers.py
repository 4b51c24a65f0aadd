"""Who withdrew a paper, when and why; papers that wait to be made up, found by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DUE = sa.text("state = 'due'")


def upgrade() -> None:
    op.add_column("document", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("document", sa.Column("withdrawn_why", sa.String(length=200), nullable=True))
    if _is_sqlite():  # with its key at once: SQLite adds none to a table that is there
        op.execute(
            "ALTER TABLE document ADD COLUMN withdrawn_by INTEGER "
            "CONSTRAINT fk_document_withdrawn_by_staff REFERENCES staff (id)"
        )
    else:
        op.add_column("document", sa.Column("withdrawn_by", sa.BigInteger(), nullable=True))
        op.create_foreign_key("fk_document_withdrawn_by_staff", "document", "staff", ["withdrawn_by"], ["id"])
    op.create_index("ix_document_due", "document", ["id"], unique=False, sqlite_where=DUE, postgresql_where=DUE)


def downgrade() -> None:
    op.drop_index("ix_document_due", table_name="document", sqlite_where=DUE, postgresql_where=DUE)
    if not _is_sqlite():
        op.drop_constraint("fk_document_withdrawn_by_staff", "document", type_="foreignkey")
    for column in ("withdrawn_by", "withdrawn_why", "withdrawn_at"):
        op.execute(f"ALTER TABLE document DROP COLUMN {column}")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
