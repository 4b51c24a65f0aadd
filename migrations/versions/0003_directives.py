"""Directives with a copy for each unit, their clocks, answers and cases; their files, papers and messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ADDED = (
    ("attachment", "directive_id", "directive"),
    ("attachment", "directive_report_id", "directive_report"),
    ("document", "directive_id", "directive"),
    ("staff_message", "directive_id", "directive"),
)
OF_DIRECTIVE = sa.text("directive_id IS NOT NULL")
WAITS = sa.text("state = 'waiting'")
SPEAKS = sa.text("next_step_at IS NOT NULL")


def upgrade() -> None:
    _directive()
    _copies()
    _answers()
    for table, column, target in ADDED:
        _add_key(table, column, target)
    for table in ("attachment", "document"):
        op.create_index(
            f"ix_{table}_directive", table, ["directive_id"], sqlite_where=OF_DIRECTIVE, postgresql_where=OF_DIRECTIVE
        )
    _allow_null("document", "case_id")


def _directive() -> None:
    op.create_table(
        "directive",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("urgency", sa.String(length=12), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("issuer_id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", BIG_ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["staff.id"], name="fk_directive_issuer_id_staff"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_directive_unit_id_unit"),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name="fk_directive_ended_by_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_directive"),
        sa.UniqueConstraint("form_key", name="uq_directive_form_key"),
        sa.UniqueConstraint("number", name="uq_directive_number"),
    )
    op.create_index("ix_directive_unit", "directive", ["unit_id", "id"])


def _copies() -> None:
    op.create_table(
        "directive_unit",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("directive_id", BIG_ID, nullable=False),
        sa.Column("unit_id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by", BIG_ID, nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("completed_by", BIG_ID, nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=True),
        sa.Column("recorded_by", BIG_ID, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["directive_id"], ["directive.id"], name="fk_directive_unit_directive_id_directive"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_directive_unit_unit_id_unit"),
        *(
            sa.ForeignKeyConstraint([f"{act}_by"], ["staff.id"], name=f"fk_directive_unit_{act}_by_staff")
            for act in ("acknowledged", "completed", "recorded")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directive_unit"),
        sa.UniqueConstraint("directive_id", "unit_id", name="uq_directive_unit_directive_id"),
    )
    op.create_index("ix_directive_unit_of_unit", "directive_unit", ["unit_id", "directive_id"])
    op.create_index(
        "ix_directive_unit_waiting", "directive_unit", ["unit_id"], sqlite_where=WAITS, postgresql_where=WAITS
    )
    op.create_table(
        "directive_clock",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("directive_unit_id", BIG_ID, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("next_step_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["directive_unit_id"], ["directive_unit.id"], name="fk_directive_clock_directive_unit_id_directive_unit"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directive_clock"),
        sa.UniqueConstraint("directive_unit_id", "rule", name="uq_directive_clock_directive_unit_id"),
    )
    op.create_index(
        "ix_directive_clock_next_step",
        "directive_clock",
        ["next_step_at"],
        sqlite_where=SPEAKS,
        postgresql_where=SPEAKS,
    )


def _answers() -> None:
    op.create_table(
        "directive_report",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("directive_unit_id", BIG_ID, nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", BIG_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["directive_unit_id"], ["directive_unit.id"], name="fk_directive_report_directive_unit_id_directive_unit"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_directive_report_staff_id_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_report"),
        sa.UniqueConstraint("form_key", name="uq_directive_report_form_key"),
    )
    op.create_index("ix_directive_report_copy", "directive_report", ["directive_unit_id"])
    op.create_table(
        "directive_case",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("directive_id", BIG_ID, nullable=False),
        sa.Column("case_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directive.id"], name="fk_directive_case_directive_id_directive"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_directive_case_case_id_cases"),
        sa.PrimaryKeyConstraint("id", name="pk_directive_case"),
        sa.UniqueConstraint("directive_id", "case_id", name="uq_directive_case_directive_id"),
    )
    op.create_index("ix_directive_case_case_id", "directive_case", ["case_id"])


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _add_key(table: str, column: str, target: str) -> None:
    """Add a nullable foreign key; on SQLite without rebuilding a table that may hold millions of rows."""
    name = f"fk_{table}_{column}_{target}"
    if _is_sqlite():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
    op.create_foreign_key(name, table, target, [column], ["id"])


def _allow_null(table: str, column: str, nullable: bool = True) -> None:
    """Lift or set NOT NULL. SQLite keeps it in the text of the table alone, and says how to change that text
    (lang_altertable.html, section 7): rebuilding the table would break the keys that point at it."""
    if not _is_sqlite():
        op.alter_column(table, column, existing_type=sa.BigInteger(), nullable=nullable)
        return
    bare, bound = f"\t{column} INTEGER, ", f"\t{column} INTEGER NOT NULL, "
    old, new = (bound, bare) if nullable else (bare, bound)
    connection = op.get_bind()
    where = "type = 'table' AND name = :name"
    made = connection.execute(sa.text(f"SELECT sql FROM sqlite_master WHERE {where}"), {"name": table}).scalar_one()
    if old not in made:
        raise RuntimeError(f"{table} is not as 0001 made it")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text(f"UPDATE sqlite_master SET sql = :new WHERE {where}"),
        {"name": table, "new": made.replace(old, new, 1)},
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def downgrade() -> None:
    op.execute("DELETE FROM document WHERE case_id IS NULL")
    _allow_null("document", "case_id", nullable=False)
    for table in ("attachment", "document"):
        op.drop_index(
            f"ix_{table}_directive", table_name=table, sqlite_where=OF_DIRECTIVE, postgresql_where=OF_DIRECTIVE
        )
    for table, column, target in reversed(ADDED):
        if not _is_sqlite():
            op.drop_constraint(f"fk_{table}_{column}_{target}", table, type_="foreignkey")
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("directive_case", "directive_report", "directive_clock", "directive_unit", "directive"):
        op.drop_table(table)
