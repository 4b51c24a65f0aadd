"""The databases that tests are given."""

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from models.base import db


@pytest.mark.both_databases
def test_a_test_gets_a_migrated_database_of_the_kind_it_asked_for(context: Flask, database_kind: str) -> None:
    expected = {"sqlite": "sqlite", "postgres": "postgresql"}[database_kind]
    assert db.engine.dialect.name == expected
    assert "alembic_version" in inspect(db.engine).get_table_names()


@pytest.mark.both_databases
@pytest.mark.parametrize("visit", [1, 2])
def test_what_one_test_writes_the_next_does_not_find(context: Flask, visit: int) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (n integer)"))
    assert "left_behind" in inspect(db.engine).get_table_names()
