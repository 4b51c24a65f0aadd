"""The city of the matrix, built once for each test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models import clock
from tests.authorisation import world as worlds
from tests.authorisation.world import World
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, database_templates: Databases) -> Iterator[World]:
    """A city with a case of each kind in each state and each pair of hands."""
    with worlds.standing(tmp_path_factory.mktemp("matrix"), database_templates) as made:
        yield made


@pytest.fixture
def city(built: World) -> Iterator[World]:
    """The city, on a morning that stands still: what is written is written by what was asked."""
    built.take_over()
    with clock.frozen(worlds.NOW):
        yield built
