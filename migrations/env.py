"""Alembic's entrance: migrates the database of the running application."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from models import db
from models.base import Json, UtcDateTime
from models.search_table import is_search_table
from models.secrets import Secret

config = context.config


def include_name(name: str | None, kind: str, _parents: dict[str, str | None]) -> bool:
    """Leave the search tables out of comparisons: each database has its own kind of them."""
    return not (kind == "table" and name is not None and is_search_table(name))


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as the plain ones beneath: a migration must outlive the code it was made from."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and isinstance(item, Secret):
        return "sa.LargeBinary()"
    return False


def migrate(connection: Connection) -> None:
    """Run what is asked for on one connection, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=include_name,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(dialect_name=db.engine.dialect.name, target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with current_app.app_context(), db.engine.connect() as found:
        migrate(found)
        found.commit()
