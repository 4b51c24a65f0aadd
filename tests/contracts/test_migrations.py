"""REL-22: from an empty database to the models, back and forth with data in it, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, event, inspect, select, table, text

from casework import reference
from models import db
from models.search_table import is_search_table
from tests.contracts import tree
from tests.support import cast

VERSIONS = tree.ROOT / "migrations" / "versions"
Rows = dict[str, list[dict[str, Any]]]


def chain() -> list[str]:
    """The revisions from the first to the last."""
    config = Config()
    config.set_main_option("script_location", str(tree.ROOT / "migrations"))
    return [found.revision for found in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def test_migrations_are_numbered_without_a_gap_and_end_in_one_head() -> None:
    names = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert [name.split("_")[0] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in names)
    assert chain() == [name.split("_")[0] for name in names]


def test_every_migration_says_what_it_is_for_and_can_be_undone() -> None:
    for path in VERSIONS.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert source.startswith('"""'), path.name
        undone = source.split("def downgrade")[1]
        assert "op." in undone, path.name


def test_a_migration_does_not_lean_on_models_that_change() -> None:
    """A migration must outlive the code it was made from; the statements of the search tables are kept for it."""
    allowed = {"models.search_table"}
    leaning = [
        f"{path.name}: {module}"
        for path in VERSIONS.glob("*.py")
        for module in re.findall(r"^(?:from|import) ((?:models|casework|rules)[\w.]*)", path.read_text(), re.MULTILINE)
        if module not in allowed
    ]
    assert leaning == []


def different() -> list[Any]:
    """What autogenerate would still write."""
    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _: not (kind == "table" and name is not None and is_search_table(name)),
    }
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata))


def everything() -> Rows:
    """The rows of every table as they are stored, search index included, in an order of their own."""
    names = [name for name in inspect(db.engine).get_table_names() if not is_search_table(name)]
    with db.engine.connect() as connection:
        return {name: _rows(connection, name) for name in names if name != "alembic_version"}


def _rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    found = [dict(row._mapping) for row in connection.execute(select(text("*")).select_from(table(name)))]
    return sorted(found, key=lambda row: repr(sorted((k, repr(v)) for k, v in row.items())))


def fill() -> None:
    """A city with a case of every kind in it."""
    reference.forget()
    cast.build()
    for kind in cast.FILINGS:
        cast.file(kind)
    db.session.remove()


class PowerCut(Exception):
    """Stands for whatever ends a migration in its middle."""


@contextmanager
def cut_off_after(statements: int) -> Iterator[None]:
    """End a migration when it has made so many tables and indexes."""
    seen = 0

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal seen
        seen += statement.lstrip().upper().startswith("CREATE ")
        if seen > statements:
            raise PowerCut

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def release() -> None:
    """Give the connections back, so that a migration finds nobody in its way."""
    db.session.remove()
    db.engine.dispose()


@pytest.mark.both_databases
class TestOnADatabase:
    def test_rel_22_upgrading_an_empty_database_gives_exactly_the_models(self, context: Flask) -> None:
        assert different() == []

    def test_every_table_of_the_models_is_there_and_no_other(self, context: Flask) -> None:
        there = {name for name in inspect(db.engine).get_table_names() if not is_search_table(name)}
        assert there - {"alembic_version"} == set(db.metadata.tables)

    def test_rel_22_each_step_down_and_up_again_keeps_what_the_older_schema_knows(self, context: Flask) -> None:
        """The rows of a city go down to the first schema, and up again, one step at a time."""
        fill()
        steps = chain()
        stages = [everything()]
        for lower in reversed(steps[:-1]):
            release()
            flask_migrate.downgrade(revision=lower)
            stages.append(everything())
            assert_kept(stages[-2], stages[-1])
        for higher in steps[1:]:
            release()
            flask_migrate.upgrade(revision=higher)
            before, risen = stages.pop(), everything()
            assert_kept(risen, before)
            assert_kept(stages[-1], risen)
        assert len(stages) == 1
        assert different() == []
        assert everything()["cases"] != []

    def test_rel_22_down_to_nothing_and_up_again_is_a_portal_that_works(self, context: Flask) -> None:
        fill()
        release()
        flask_migrate.downgrade(revision="base")
        left = {name for name in inspect(db.engine).get_table_names() if not is_search_table(name)}
        assert left <= {"alembic_version"}
        release()
        flask_migrate.upgrade()
        assert different() == []
        assert {name: rows for name, rows in everything().items() if rows} == {}
        fill()
        assert {kind: len(rows) for kind, rows in everything().items()}["cases"] == len(cast.FILINGS)

    def test_rel_22_a_migration_cut_off_half_way_leaves_nothing_and_runs_again(self, context: Flask) -> None:
        """Cut off at several places of the way up: what was begun is taken back, the second run is whole."""
        release()
        flask_migrate.downgrade(revision="base")
        for place in (1, 7, 40):
            with pytest.raises(PowerCut), cut_off_after(place):
                flask_migrate.upgrade()
            release()
            left = {name for name in inspect(db.engine).get_table_names() if not is_search_table(name)}
            assert left <= {"alembic_version"}, place
        flask_migrate.upgrade()
        assert different() == []
        fill()

    def test_a_briefing_that_is_being_written_gets_the_part_of_the_assessment(self, context: Flask) -> None:
        release()
        flask_migrate.downgrade(revision="0013")
        with db.engine.begin() as connection:
            for key, (month, state) in enumerate((("2026-09", "issued"), ("2026-10", "draft")), start=1):
                insert = text(
                    "INSERT INTO briefing (id, month, state, ordered_at, data) VALUES (:i, :m, :s, :at, '{}')"
                )
                connection.execute(insert, {"i": key, "m": month, "s": state, "at": "2026-11-02 00:00:00"})
        flask_migrate.upgrade()
        assert [(row["briefing_id"], row["key"]) for row in everything()["briefing_section"]] == [(2, "assessment")]

    def test_rel_22_upgrading_twice_changes_nothing(self, context: Flask) -> None:
        fill()
        before = everything()
        release()
        flask_migrate.upgrade()
        assert everything() == before

    def test_the_record_of_events_refuses_change_after_every_way_of_migrating(self, context: Flask) -> None:
        release()
        flask_migrate.downgrade(revision="base")
        flask_migrate.upgrade()
        fill()
        for statement in ("UPDATE event SET public_text = 'x'", "DELETE FROM event"):
            with pytest.raises(Exception, match="only added"), db.engine.begin() as connection:
                connection.execute(text(statement))


def assert_kept(richer: Rows, poorer: Rows) -> None:
    """Every row of the poorer side stands on the richer one, in the columns that both know."""
    for name, rows in poorer.items():
        if name not in richer:
            continue
        common = set(rows[0]) & set(richer[name][0]) if rows and richer[name] else set()
        cut = [
            sorted(repr(sorted((k, repr(v)) for k, v in row.items() if k in common)) for row in side)
            for side in (rows, richer[name])
        ]
        assert cut[0] == cut[1], name
