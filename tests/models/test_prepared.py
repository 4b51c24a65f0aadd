"""Prepared statements: the same rows and the same errors as SQLAlchemy's own way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, event, insert, select
from sqlalchemy.exc import IntegrityError

from models import Task, db
from models.base import writing
from models.prepared import Prepared

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("context")]

NOW = datetime(2026, 11, 23, 4, 5, 6, 789, tzinfo=UTC)
_TASKS = Task.__table__
_INSERT = insert(_TASKS).returning(_TASKS.c.id)


def row(key: str) -> dict[str, Any]:
    return {
        "kind": "message.send",
        "payload": {"message_id": 7, "said": "您好"},
        "unique_key": key,
        "created_at": NOW,
        "not_before": NOW,
        "attempts": 0,
    }


def stored(task_id: int) -> dict[str, Any]:
    found = db.session.execute(select(*_TASKS.columns).where(_TASKS.c.id == task_id)).one()._mapping
    return {name: found[name] for name in row("")}


def test_a_row_is_written_as_sqlalchemy_writes_it() -> None:
    with writing() as session:
        prepared = Prepared(_INSERT).value(session.connection(), row("a"))
        plain = session.connection().execute(_INSERT, row("b")).scalar_one()
    assert stored(prepared) == {**stored(plain), "unique_key": "a"} == row("a")


def test_another_set_of_columns_is_another_statement() -> None:
    statement = Prepared(_INSERT)
    with writing() as session:
        first = statement.value(session.connection(), row("a"))
        second = statement.value(session.connection(), {**row("b"), "last_error": "ValueError"})
    errors = db.session.scalars(select(Task.last_error).where(Task.id.in_([first, second])).order_by(Task.id))
    assert list(errors) == [None, "ValueError"]


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_column() -> None:
    by_key = Prepared(select(_TASKS.c.id).where(_TASKS.c.unique_key == bindparam("wanted")))
    with writing() as session:
        assert by_key.value(session.connection(), {"wanted": "nobody's"}) is None
    with pytest.raises(KeyError), writing() as session:
        by_key.value(session.connection(), {"other": "nobody's"})


def test_a_key_that_is_taken_raises_what_sqlalchemy_raises() -> None:
    statement = Prepared(_INSERT)

    def twice() -> None:
        with writing() as session:
            statement.value(session.connection(), row("a"))
            statement.value(session.connection(), row("a"))

    with pytest.raises(IntegrityError) as broken:
        twice()
    assert "您好" not in str(broken.value), "an error must not tell what people wrote"
    assert db.session.scalar(select(Task.id)) is None


def test_who_listens_to_statements_hears_of_prepared_ones() -> None:
    heard: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        heard.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        with writing() as session:
            Prepared(_INSERT).value(session.connection(), row("a"))
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert any("INSERT INTO task" in statement for statement in heard)


def test_rows_come_back_with_the_names_and_values_that_sqlalchemy_gives() -> None:
    statement = select(_TASKS.c.id, _TASKS.c.payload, _TASKS.c.not_before, _TASKS.c.done_at).where(
        _TASKS.c.kind == bindparam("wanted")
    )
    with writing() as session:
        Prepared(_INSERT).value(session.connection(), row("a"))
        Prepared(_INSERT).value(session.connection(), row("b"))
    connection = db.session.connection()
    plain = [found._asdict() for found in connection.execute(statement, {"wanted": "message.send"})]
    assert [found._asdict() for found in Prepared(statement).rows(connection, {"wanted": "message.send"})] == plain
    assert [found["not_before"] for found in plain] == [NOW, NOW]
    assert Prepared(statement).rows(connection, {"wanted": "nothing"}) == []


def test_rows_are_the_same_when_somebody_listens() -> None:
    heard: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, said, *_: heard.append(said))
    with writing() as session:
        Prepared(_INSERT).value(session.connection(), row("a"))
        found = Prepared(select(_TASKS.c.payload, _TASKS.c.created_at)).rows(session.connection(), {})
    assert [(one.payload, one.created_at) for one in found] == [(row("a")["payload"], NOW)]
    assert len(heard) >= 2
