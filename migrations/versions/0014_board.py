"""The bulletin board: notices with every text and step, sheets for the wall, files and the search index of theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.search_table import NOTICE_DROP, NOTICE_POSTGRES_CREATE, NOTICE_SQLITE_CREATE


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OF_NOTICE = sa.text("notice_id IS NOT NULL")
KEY = "fk_attachment_notice_id_notice"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _belongs(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))
    op.create_table(name, sa.Column("id", BIG_ID, nullable=False), *parts, key)


def upgrade() -> None:
    _notice()
    _texts()
    _table(
        "notice_step",
        sa.Column("notice_id", BIG_ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=True),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        _belongs("notice_step", "notice_id", "notice"),
        _belongs("notice_step", "staff_id", "staff"),
    )
    op.create_index("ix_notice_step_notice_id", "notice_step", ["notice_id"])
    _table(
        "notice_sheet",
        sa.Column("notice_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("notice_sheet", "notice_id", "notice"),
        sa.UniqueConstraint("notice_id", "number", "size", name=op.f("uq_notice_sheet_notice_id")),
    )
    _files()
    for statement in NOTICE_SQLITE_CREATE if _is_sqlite() else NOTICE_POSTGRES_CREATE:
        op.execute(statement)


def _notice() -> None:
    _table(
        "notice",
        sa.Column("mark", sa.String(length=80), nullable=True),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("publish_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", BIG_ID, nullable=True),
        sa.Column("edited_at", MOMENT, nullable=False),
        sa.Column("edited_by", BIG_ID, nullable=True),
        sa.Column("corrected_at", MOMENT, nullable=True),
        sa.Column("correction", sa.String(length=200), nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("withdrawal", sa.String(length=200), nullable=True),
        _belongs("notice", "created_by", "staff"),
        _belongs("notice", "edited_by", "staff"),
        sa.UniqueConstraint("mark", name=op.f("uq_notice_mark")),
    )
    op.create_index("ix_notice_shown", "notice", ["state", "publish_at", "id"])
    op.create_index("ix_notice_category", "notice", ["state", "category", "publish_at", "expires_at"])
    op.create_index("ix_notice_title", "notice", ["state", "title"])
    op.create_index(
        "ix_notice_pinned",
        "notice",
        ["publish_at"],
        sqlite_where=sa.text("pinned = 1"),
        postgresql_where=sa.text("pinned"),
    )


def _texts() -> None:
    _table(
        "notice_text",
        sa.Column("notice_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("written_by", BIG_ID, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approved_by", BIG_ID, nullable=True),
        _belongs("notice_text", "notice_id", "notice"),
        _belongs("notice_text", "written_by", "staff"),
        _belongs("notice_text", "approved_by", "staff"),
        sa.UniqueConstraint("notice_id", "number", name=op.f("uq_notice_text_notice_id")),
    )


def _files() -> None:
    """Let a file belong to a notice; on SQLite without rebuilding a table that may hold millions of rows."""
    if _is_sqlite():
        op.execute(f"ALTER TABLE attachment ADD COLUMN notice_id INTEGER CONSTRAINT {KEY} REFERENCES notice (id)")
        op.execute("ALTER TABLE attachment ADD COLUMN alt VARCHAR(200)")
    else:
        op.add_column("attachment", sa.Column("notice_id", sa.BigInteger(), nullable=True))
        op.add_column("attachment", sa.Column("alt", sa.String(length=200), nullable=True))
        op.create_foreign_key(KEY, "attachment", "notice", ["notice_id"], ["id"])
    op.create_index(
        "ix_attachment_notice", "attachment", ["notice_id"], sqlite_where=OF_NOTICE, postgresql_where=OF_NOTICE
    )


def downgrade() -> None:
    for statement in NOTICE_DROP:
        op.execute(statement)
    op.execute("DELETE FROM attachment WHERE notice_id IS NOT NULL")
    op.drop_index("ix_attachment_notice", table_name="attachment")
    if not _is_sqlite():
        op.drop_constraint(KEY, "attachment", type_="foreignkey")
    for column in ("alt", "notice_id"):
        op.execute(f"ALTER TABLE attachment DROP COLUMN {column}")
    for name in ("notice_sheet", "notice_step", "notice_text", "notice"):
        op.drop_table(name)
