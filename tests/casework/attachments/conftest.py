"""A portal with an empty place for files."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from casework import attachments


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The place of the sealed files."""
    place = tmp_path / "sealed"
    attachments.configure(place)
    return place


@pytest.fixture
def files(context: Flask, folder: Path) -> Path:
    """The place of the sealed files, inside an application context with an empty database."""
    return folder
