"""What every test may ask for: `settings`, `app`, `context`, `client`, on a fresh copy of a migrated database.

Tests under the folders of BOTH, and those marked `both_databases`, run on SQLite and on PostgreSQL when script/test
has started one; `--every-database` does so for every test that uses a database.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from werkzeug.routing import Rule

from app import create_app
from blueprints.web import assets
from config import Settings
from script.support import redis_server
from script.support.processes import Supervisor
from tests.support import databases
from tests.support.databases import Databases

BOTH = ("models", "casework", "jobs")
HERE = Path(__file__).parent

# A slow machine is not a wrong answer, and the same examples every time make a failure repeatable.
hypothesis_settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis_settings.load_profile("portal")


# Six thousand portals are wired in one run. What is the same for all of them is made once for a test process: the
# compiled addresses, and the compressed static files.
_compile = Rule.compile
_compiled: dict[tuple[object, ...], dict[str, Any]] = {}
_COMPILED = ("_parts", "_trace", "_converters", "arguments")
_BUILDERS = ("_build", "_build_unknown")


def _compiled_once(rule: Rule) -> None:
    defaults = tuple(sorted((rule.defaults or {}).items()))
    key = (rule.rule, rule.host, rule.subdomain, rule.strict_slashes, rule.merge_slashes, defaults)
    known = _compiled.get(key)
    if known is None:
        _compile(rule)
        known = _compiled[key] = {name: getattr(rule, name) for name in _COMPILED}
        known |= {name: getattr(rule, name).__func__ for name in _BUILDERS}
        return
    for name in _COMPILED:
        setattr(rule, name, known[name])
    for name in _BUILDERS:
        setattr(rule, name, known[name].__get__(rule, None))


Rule.compile = _compiled_once  # type: ignore[method-assign]
assets._asset = lru_cache(assets._asset)  # type: ignore[assignment]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --every-database."""
    parser.addoption("--every-database", action="store_true", help="run every test of a database on both databases")


def pytest_collection_finish() -> None:
    """Leave the modules and the list of tests out of what is searched for garbage: that took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_report_header() -> str:
    """Say on which databases this run tests."""
    kinds = databases.available()
    return f"databases: {', '.join(kinds)}" + ("" if len(kinds) > 1 else " (script/test adds PostgreSQL)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of each test that uses one."""
    if "database_kind" not in metafunc.fixturenames:
        return
    folder = metafunc.definition.path.relative_to(HERE).parts[0]
    on_both = folder in BOTH or metafunc.definition.get_closest_marker("both_databases")
    every = metafunc.config.getoption("every_database")
    kinds = databases.available() if on_both or every else [databases.SQLITE]
    metafunc.parametrize("database_kind", kinds)


@pytest.fixture(scope="session")
def worker_name() -> str:
    """The name of this test process: gw0, gw1, … under xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
def database_templates(tmp_path_factory: pytest.TempPathFactory, worker_name: str) -> Iterator[Databases]:
    """The migrated databases that tests get copies of."""
    made = Databases(tmp_path_factory.mktemp("databases"), worker_name)
    yield made
    made.close()


@pytest.fixture
def database_url(database_templates: Databases, database_kind: str) -> Iterator[str]:
    """The address of a fresh, migrated database, of each kind that the test has to hold on."""
    with database_templates.copy(database_kind) as address:
        yield address


@pytest.fixture(scope="session")
def redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a real Redis server: the one that script/test started, else one for this test process."""
    given = os.environ.get("TEST_REDIS_SOCKET")
    if given:
        yield Path(given)
        return
    directory = tmp_path_factory.mktemp("redis")
    supervisor = Supervisor(print)
    child, _ = redis_server.child(directory / "redis.sock", directory, directory / "redis.log", os.environ)
    supervisor.add(child)
    started = supervisor.wait_until(lambda: redis_server.answers(directory / "redis.sock"), 30, every=0.02)
    assert started, child.last_lines()
    yield directory / "redis.sock"
    supervisor.stop()


@pytest.fixture
def redis_url(redis_socket: Path, worker_name: str) -> str:
    """The address of an empty Redis database that this test process has to itself."""
    address = f"unix://{redis_socket}?db={int(worker_name.removeprefix('gw'))}"
    with redis.Redis.from_url(address) as client:
        client.flushdb()
    return address


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    """Settings of a portal with its own data directory, database and Redis."""
    return Settings(data_dir=tmp_path / "data", database_url=database_url, redis_url=redis_url, rate_limits=False)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The portal, wired as in service, on an empty database."""
    made = create_app(settings)
    yield made
    databases.release(made)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The portal with its application context entered, for tests of casework and models."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without a browser."""
    return app.test_client()
