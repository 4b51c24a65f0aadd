"""A city with its clock stopped on a Monday morning, for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from models import clock
from tests.support import cast
from tests.support.cast import Cast


@pytest.fixture
def city(app: Flask) -> Cast:
    """The small city, in the database of the app."""
    with app.app_context():
        return cast.build()


@pytest.fixture
def morning() -> Iterator[datetime]:
    """Monday 23 November 2026, 9:30: the clock stands still."""
    with clock.frozen(cast.MORNING):
        yield cast.MORNING
