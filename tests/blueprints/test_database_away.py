"""REL-09: while the database is away a page says so and what to do; when it is back, everything goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from models import Case
from models.base import db
from tests.blueprints import filing_world
from tests.support import cast, databases, desk

pytestmark = pytest.mark.both_databases


@contextmanager
def away(app: Flask) -> Iterator[None]:
    """Take the database away: its connections end, and there are no new ones."""
    url = make_url(app.config["SETTINGS"].database_url)
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        databases.release(app)
        hidden = file.rename(file.with_name(file.name + ".away"))
        file.mkdir()
        try:
            yield
        finally:
            databases.release(app)
            file.rmdir()
            hidden.rename(file)
        return
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        _end(connection, url.database)
        try:
            yield
        finally:
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
    engine.dispose()


def _end(connection: Connection, database: str | None) -> None:
    """End every connection of a database, as a restart of the server does."""
    connection.execute(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :d"), {"d": database}
    )


def test_a_filing_is_refused_honestly_and_taken_when_the_database_is_back(app: Flask) -> None:
    office = desk.founded(app)
    client, clerk = app.test_client(), office.person("city_dispatcher")
    form = filing_world.ready(client)
    with away(app):
        refused = client.post("/file/complaint/send", data=form)
        assert refused.status_code == 503
        assert "再提交一次也没关系" in refused.text
        assert int(refused.headers["Retry-After"]) > 0
        assert clerk.get("/desk/").status_code == 503
    assert client.post("/file/complaint/send", data=form).status_code == 303
    assert clerk.get("/desk/").status_code == 200
    with app.app_context():
        assert db.session.query(Case).count() == 1


def test_a_database_that_goes_away_in_the_middle_of_a_page_is_told_of_as_well(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that says so asks nothing of the database, not even how many messages wait."""
    clerk = desk.founded(app).person("city_dispatcher")
    with ExitStack() as stack:

        def goes_away(*_: object, **__: object) -> None:
            stack.enter_context(away(app))
            db.session.rollback()
            db.session.execute(text("SELECT 1 FROM cases"))

        monkeypatch.setattr("casework.queue.page", goes_away)
        answer = clerk.get("/desk/")
        assert answer.status_code == 503
        assert "平台正在忙" in answer.text


def test_connections_that_the_server_has_dropped_are_noticed_before_they_are_used(app: Flask) -> None:
    """A restart of PostgreSQL between two requests costs nobody an error."""
    office = desk.founded(app)
    clerk = office.person("city_dispatcher")
    assert clerk.get("/desk/").status_code == 200
    url = make_url(app.config["SETTINGS"].database_url)
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            _end(connection, url.database)
        engine.dispose()
    assert clerk.get("/desk/").status_code == 200
    with app.app_context():
        cast.file()
