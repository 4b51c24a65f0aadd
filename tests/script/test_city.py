"""Whether a start makes a city or finds one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from config import Settings
from script.support import city


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    (tmp_path / "run").mkdir()
    return Settings(data_dir=tmp_path)


def make_table(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.data_dir / "portal.sqlite3")) as connection:
        connection.execute("CREATE TABLE cases (id integer)")


def test_an_empty_directory_is_new(place: Settings) -> None:
    assert city.is_new(place)


def test_a_database_that_somebody_else_filled_is_not_new(place: Settings) -> None:
    make_table(place)
    assert not city.is_new(place)


def test_a_finished_city_is_left_as_it_is(place: Settings) -> None:
    make_table(place)
    city.set_mark(place, city.City(city.READY, 3000))
    assert not city.is_new(place)
    assert (place.data_dir / "portal.sqlite3").exists()


def test_a_half_made_city_in_the_data_directory_is_made_again(place: Settings) -> None:
    make_table(place)
    city.set_mark(place, city.City(city.MAKING, 3000))
    assert city.is_new(place)
    assert not (place.data_dir / "portal.sqlite3").exists()


def test_a_half_made_city_elsewhere_is_never_cleared_away(
    place: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "portal.sqlite3"
    elsewhere.touch()
    outside = replace(place, database_url=f"sqlite:///{elsewhere}")
    city.set_mark(outside, city.City(city.MAKING, 3000))
    with pytest.raises(city.HalfMade):
        city.is_new(outside)
    assert elsewhere.exists()


def test_the_table_of_accounts_lines_up_with_chinese_names(tmp_path: Path) -> None:
    file = tmp_path / "demo-accounts.csv"
    file.write_text("username,name,role\nli,李四,handler\nouyang,欧阳明月,lead\n", encoding="utf-8")
    assert city.accounts_table(file) == [
        "username  name      role",
        "li        李四      handler",
        "ouyang    欧阳明月  lead",
    ]
    assert city.accounts_table(tmp_path / "none.csv") == []
