"""A demo city of some hundred cases, and the small city of the cast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from flask import Flask

from casework import attachments, documents, founding
from casework.demo import city, filling, watch
from models.base import db
from tests.support import cast
from tests.support.cast import Cast

UNTIL = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def people(context: Flask) -> Cast:
    """The small city with its people, without cases."""
    return cast.build()


@pytest.fixture
def demo(context: Flask) -> Callable[[int], None]:
    """What fills the database with the demo city and so many cases, up to UNTIL."""

    def fill(cases: int) -> None:
        settings = context.config["SETTINGS"]
        documents.configure(settings.documents_dir)
        attachments.configure(settings.uploads_dir)
        founding.found("临江市市场监督管理局", "admin", "not used here", None, UNTIL)
        city.build("!", iter(lambda: "A" * 32, ""), Random(3), UNTIL)
        assert list(filling.fill(db.engine, cases, 1, UNTIL, 1))
        watch.fill(1, UNTIL)

    return fill
