"""Pictures of a briefing, and the check sum of all that people wrote in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NAME = "briefing_picture"


def _belongs(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{NAME}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        NAME,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("briefing_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("attachment_id", BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(length=60), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        _belongs("briefing_id", "briefing"),
        _belongs("attachment_id", "attachment"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
        sa.UniqueConstraint("attachment_id", name=op.f(f"uq_{NAME}_attachment_id")),
    )
    op.create_index(op.f(f"ix_{NAME}_briefing_id"), NAME, ["briefing_id"])
    op.add_column("briefing", sa.Column("written_sha256", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    # The files become loose uploads, which the daily sweep erases.
    op.execute("ALTER TABLE briefing DROP COLUMN written_sha256")
    op.drop_table(NAME)
