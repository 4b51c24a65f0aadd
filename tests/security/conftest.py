"""The city of the authorisation matrix, built once more for these tests: some of them write into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models import clock
from tests.authorisation import world as worlds
from tests.authorisation.world import World
from tests.support.databases import Databases


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, database_templates: Databases) -> Iterator[World]:
    """A city for one file of tests."""
    with worlds.standing(tmp_path_factory.mktemp("security"), database_templates, every_place=False) as made:
        yield made


@pytest.fixture
def city(built: World) -> Iterator[World]:
    """The city, on a morning that stands still."""
    built.take_over()
    with clock.frozen(worlds.NOW):
        yield built
