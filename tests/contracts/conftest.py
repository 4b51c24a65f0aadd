"""One portal for the contracts that look at how it is wired; nothing is asked of its database."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app
from config import Settings


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The portal as it is put together at the door."""
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("wired")))
