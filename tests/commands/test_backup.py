"""REL-20, REL-21: what a backup holds comes back whole, without its keys it tells nothing, a wrong key is noticed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, text

from app import create_app
from casework import backup, documents
from casework.attachments import store
from casework.documents import Paper, Rendered
from config import Settings
from models import Attachment, Case, Document, clock, secrets
from models.base import db, writing
from models.search_table import NOTICE_TABLE, SEARCH_TABLE
from models.secrets import KeyFileWrong
from tests.blueprints import filing_world
from tests.support import cast, databases
from tests.support.databases import SQLITE, Databases

pytestmark = pytest.mark.both_databases

FILER = {"filer_name": "欧阳佩兰", "filer_phone": "13987654321", "filer_address": "南浦区梧桐弄18号"}
FILE = "欧阳佩兰的付款记录，电话13987654321。"
PAPER = f"%PDF-1.7 致{FILER['filer_name']}".encode()
"""Stands for a paper with its addressee; the layout itself is none of the backup's business."""


@pytest.fixture
def city(app: Flask) -> Flask:
    """A portal with filings of every kind, a file, a paper as issued, acts and terms."""
    with app.app_context(), clock.frozen(cast.MORNING):
        people = cast.build()
        for kind in ("report", "consultation", "suggestion", "misconduct"):
            cast.file(kind)
        filing_world.sent(app.test_client(), **FILER, attachments=(BytesIO(FILE.encode()), "欧阳佩兰的记录.txt"))
        case = db.session.query(Case).filter_by(kind="complaint").one()
        desk_acts(case, people)
        order_paper(case)
        db.session.remove()
    return app


def desk_acts(case: Case, people: cast.Cast) -> None:
    """Bring the complaint to its office."""
    from casework import handling

    given = {"unit": "east_office", "routing_reason": "地址在东城区"}
    handling.apply(case, "dispatch", people.actor("city_dispatcher"), clock.now(), seen=None, **given)


def order_paper(case: Case) -> None:
    """Order a paper and make it."""
    with writing() as session:
        documents.add(
            session, documents.order_rows(case, "accept", 2, (documents.ACCEPTANCE,), {}, clock.now()), clock.now()
        )
    row = db.session.query(Document).order_by(Document.id.desc()).first()
    assert row is not None

    def laid_out(_paper: Paper) -> Rendered:
        return Rendered(PAPER, 1)

    documents.make(row.id, clock.now(), laid_out, lambda _session, _now: None)


@pytest.fixture
def elsewhere(database_templates: Databases, database_kind: str, tmp_path: Path) -> Iterator[Settings]:
    """Another machine: an empty data directory and an empty database."""
    with database_templates.empty(database_kind) as address:
        yield Settings(data_dir=tmp_path / "elsewhere", database_url=address, redis_url="unix:///nowhere.sock")


def run(settings: Settings, *words: str) -> tuple[int, str]:
    """Run a command on a machine; return its exit code and what it said."""
    app = create_app(settings)
    result = app.test_cli_runner().invoke(args=list(words))
    databases.release(app)
    return result.exit_code, result.output


def backed_up(city: Flask, tmp_path: Path, *more: str) -> Path:
    """Write a backup of the city."""
    file = tmp_path / "city.backup"
    result = city.test_cli_runner().invoke(args=["backup", str(file), *more])
    assert result.exit_code == 0, result.output
    return file


def content(address: str) -> dict[str, tuple[int, str]]:
    """Return the number of rows and a hash over all of them, by table: also of those that no model knows."""
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            names = sorted(inspect(engine).get_table_names())
            if engine.dialect.name == SQLITE:
                # What these hold stands in the tables that FTS5 makes for them.
                names = [name for name in names if name not in (SEARCH_TABLE, NOTICE_TABLE)]
            return {name: _summed(connection, name) for name in names}
    finally:
        engine.dispose()


def _summed(connection: Connection, table: str) -> tuple[int, str]:
    quoted = connection.dialect.identifier_preparer.quote(table)
    rows = sorted(repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {quoted}")))  # noqa: S608 - own name
    return len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()


def carry_keys(settings: Settings, elsewhere: Settings) -> None:
    """Bring the keys from where they are kept apart."""
    shutil.copytree(settings.keys_dir, elsewhere.keys_dir)


def test_every_row_and_every_file_comes_back_on_an_empty_machine(
    city: Flask, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """REL-20, by the written procedure: keys, restore, init, audit verify."""
    before = content(settings.database_url)
    assert before["cases"][0] == 5
    assert min(before[name][0] for name in ("event", "party", "attachment", "document", "deadline", "task")) > 0
    file = backed_up(city, tmp_path)
    carry_keys(settings, elsewhere)
    assert run(elsewhere, "restore", str(file))[0] == 0
    assert content(elsewhere.database_url) == before
    for command in (("init",), ("audit", "verify")):
        code, said = run(elsewhere, *command)
        assert code == 0, said
    app = create_app(elsewhere)
    with app.app_context():
        attachment = db.session.query(Attachment).one()
        assert b"".join(store.read(attachment.original)).decode() == FILE
        assert documents.read(db.session.query(Document).filter_by(state="made").one()) == PAPER
    databases.release(app)


def test_a_restored_portal_takes_new_filings_and_still_refuses_to_change_the_past(
    city: Flask, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Counters of keys and the triggers of the event log are part of what comes back."""
    file = backed_up(city, tmp_path, "--with-keys")
    assert run(elsewhere, "restore", str(file))[0] == 0
    app = create_app(elsewhere)
    with app.app_context(), clock.frozen(cast.MORNING):
        cast.file(content="恢复以后才来的一件，要有自己的编号。")
        assert db.session.query(Case).count() == 6
        with pytest.raises(Exception, match="event"), writing() as session:
            session.execute(text("UPDATE event SET public_text = 'x'"))
    databases.release(app)
    assert run(elsewhere, "audit", "verify")[0] == 0


def test_a_backup_made_while_people_file_is_whole(
    city: Flask, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """REL-20 under load: what was acknowledged before it began is in it, and nothing in it is half."""
    begun, enough = threading.Event(), threading.Event()
    numbers: list[str] = []

    def keep_filing() -> None:
        with city.app_context():
            while not enough.is_set():
                slips = cast.file(content=f"第{len(numbers)}件，在备份的时候来的。", now=cast.MORNING).slips
                numbers.append(slips[0].number)
                if len(numbers) == 3:
                    begun.set()
            db.session.remove()

    crowd = threading.Thread(target=keep_filing)
    crowd.start()
    try:
        assert begun.wait(20)
        acknowledged = list(numbers)
        file = backed_up(city, tmp_path)
    finally:
        enough.set()
        crowd.join()
    assert len(numbers) > len(acknowledged)
    carry_keys(settings, elsewhere)
    assert run(elsewhere, "restore", str(file))[0] == 0
    assert run(elsewhere, "audit", "verify")[0] == 0
    engine = create_engine(elsewhere.database_url)
    with engine.connect() as connection:
        there = set(connection.execute(text("SELECT number FROM cases")).scalars())
    engine.dispose()
    assert set(acknowledged) <= there


def test_nothing_is_restored_over_a_database_unless_that_is_said(
    city: Flask, settings: Settings, tmp_path: Path
) -> None:
    file = backed_up(city, tmp_path)
    before = content(settings.database_url)
    with city.app_context():
        cast.file(content="备份以后才来的一件，恢复以后就不在了。")
        db.session.remove()
    code, said = run(settings, "restore", str(file))
    assert code == 1
    assert "--replace" in said
    assert content(settings.database_url) != before
    assert run(settings, "restore", str(file), "--replace")[0] == 0
    assert content(settings.database_url) == before


def test_a_newer_schema_is_taken_away_whole(city: Flask, settings: Settings, tmp_path: Path) -> None:
    """The way back from an upgrade: tables that came with it would stand in the way of the next one."""
    file = backed_up(city, tmp_path)
    before = content(settings.database_url)
    with city.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE newer (id INTEGER PRIMARY KEY, case_id BIGINT REFERENCES cases (id))"))
    assert run(settings, "restore", str(file), "--replace")[0] == 0
    assert content(settings.database_url) == before


def test_what_cannot_be_put_back_leaves_everything_as_it_was(
    city: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs of PostgreSQL may fail half-way; then the old content stays. On SQLite it is one renaming."""
    file = backed_up(city, tmp_path)
    before = content(settings.database_url)
    if settings.is_sqlite:
        monkeypatch.setattr(backup.shutil, "copyfile", _no_room)
    else:
        monkeypatch.setattr(backup, "CLEAR", backup.CLEAR + "CREATE TABLE cases (id INTEGER);")
    code, _ = run(settings, "restore", str(file), "--replace")
    assert code == 1
    assert content(settings.database_url) == before


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_backup_alone_names_nobody(city: Flask, database_kind: str, tmp_path: Path) -> None:
    """REL-21: neither database nor files nor papers tell who filed, however they are unpacked."""
    file = backed_up(city, tmp_path)
    folder = tmp_path / "thief"
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    assert not (folder / "keys").exists()
    if database_kind != SQLITE:
        dump = folder / backup.POSTGRES_NAME
        plain = subprocess.run(["pg_restore", "--file=-", str(dump)], capture_output=True, check=True)
        (folder / "plain.sql").write_bytes(plain.stdout)
    parts = [one for one in folder.rglob("*") if one.is_file()]
    assert len(parts) >= 4
    for part in parts:
        body = part.read_bytes()
        for word in (*FILER.values(), FILE[:8], PAPER.decode()[-4:]):
            for code in ("utf-8", "utf-16-le", "gb18030"):
                secret = word.encode(code)
                assert secret not in body, (part.name, word)
                assert secret.hex().encode() not in body.lower(), (part.name, word)


def test_a_restore_on_the_wrong_keys_is_refused_aloud(
    city: Flask, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """REL-21: also on a new machine, which has made keys of its own meanwhile. With the right ones it goes on."""
    file = backed_up(city, tmp_path)
    code, said = run(elsewhere, "restore", str(file))
    assert code == 1
    assert "keys" in said
    assert "Nothing was changed" in said
    assert content(elsewhere.database_url) == {}
    shutil.rmtree(elsewhere.keys_dir)
    carry_keys(settings, elsewhere)
    assert run(elsewhere, "restore", str(file))[0] == 0


@pytest.mark.parametrize("lost", ["fields.json", "blind.key"])
def test_a_portal_on_the_wrong_keys_does_not_start(city: Flask, settings: Settings, lost: str) -> None:
    """REL-21: flask init runs at every start; doctor and audit verify say the same."""
    (settings.keys_dir / lost).unlink()
    for command in (("init",), ("doctor",), ("audit", "verify")):
        code, said = run(settings, *command)
        assert code == 1, command
        assert "keys" in said
        assert "do not belong to this database" in said


def test_a_damaged_key_file_stops_everything(city: Flask, settings: Settings) -> None:
    (settings.keys_dir / "fields.json").write_text("{}")
    with pytest.raises(KeyFileWrong):
        create_app(settings)


def test_marks_tell_keys_apart_and_nothing_else(tmp_path: Path) -> None:
    one, other = secrets.load(tmp_path / "one"), secrets.load(tmp_path / "other")
    assert one.marks() == secrets.load(tmp_path / "one").marks()
    assert not set(one.marks().values()) & set(other.marks().values())
    assert all(key.hex()[:16] not in one.marks().values() for key in (*one.fields.values(), one.blind, one.codes))


def test_a_password_of_the_database_stands_in_no_command_line(tmp_path: Path) -> None:
    places = backup.Places("postgresql+psycopg://portal:se%40cret@127.0.0.1/portal", tmp_path, tmp_path, tmp_path)
    assert backup._address(places) == "postgresql://portal@127.0.0.1/portal"
    assert backup._environ(places)["PGPASSWORD"] == "se@cret"
