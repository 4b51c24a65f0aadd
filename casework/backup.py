"""One file that holds a portal: database, sealed uploads, papers as issued; the keys only when asked for.

The archive is a tar: `manifest.json` (versions, counts, SHA-256 of every part), `database.sqlite3` or
`database.dump`, `uploads/…`, `documents/…`, `keys/…`. Without its keys nobody can read from it who filed what, so keys
and backup belong in different places; the manifest bears a mark of each key, by which the right ones are known again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from models import secrets

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE_NAME, POSTGRES_NAME = "database.sqlite3", "database.dump"
CLEAR = """
SET client_min_messages = warning;
SET lock_timeout = '30s';
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', found.name); END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole
    LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.name); END LOOP;
END $$;
"""
"""Takes away every table and function of ours: also those of a newer schema, which the backup does not know. Waits
half a minute for the tables, because a portal that still runs holds them."""


class BackupError(RuntimeError):
    """The backup cannot be written or read; the text is a sentence."""


@dataclass(frozen=True)
class Places:
    """Where the parts of a portal lie."""

    database_url: str
    uploads: Path
    documents: Path
    keys: Path

    @property
    def sqlite_file(self) -> Path | None:
        """Return the file of a SQLite database, None for PostgreSQL."""
        url = make_url(self.database_url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def write(places: Places, target: Path, now: datetime, *, with_keys: bool) -> int:
    """Write the backup while the portal runs; return its size in bytes. Raise BackupError."""
    part = target.with_name(f".{target.name}.part")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        database = _dump(places, Path(scratch))
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        sums: dict[str, str] = {}
        with os.fdopen(handle, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            for name, file in _parts(places, database, with_keys):
                # The portal runs meanwhile: what it has erased since the list was made is no part of the backup.
                with suppress(FileNotFoundError):
                    sums[name] = _add(archive, name, file)
            told = {"format": FORMAT, "made_at": now.isoformat(), "keys": with_keys}
            _manifest(archive, {**told, "key_marks": secrets.load(places.keys).marks(), "sha256": sums})
            stream.flush()
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(target)
    return target.stat().st_size


def _dump(places: Places, scratch: Path) -> Path:
    """Copy the database as it is at one moment."""
    file = places.sqlite_file
    if file is None:
        target = scratch / POSTGRES_NAME
        command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
        done = subprocess.run([*command, _address(places)], capture_output=True, check=False, env=_environ(places))  # noqa: S603 - own words
        _refuse_failed("pg_dump", done.returncode, done.stderr)
        return target
    if not file.exists():
        raise BackupError(f"There is no database at {file}.")
    target = scratch / SQLITE_NAME
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    return target


def _parts(places: Places, database: Path, with_keys: bool) -> Iterator[tuple[str, Path]]:
    yield database.name, database
    folders = {"uploads": places.uploads, "documents": places.documents}
    if with_keys:
        folders["keys"] = places.keys
    for name, folder in folders.items():
        for file in sorted(folder.rglob("*")) if folder.exists() else ():
            if file.is_file() and not file.name.endswith(".part"):
                yield f"{name}/{file.relative_to(folder).as_posix()}", file


def _add(archive: tarfile.TarFile, name: str, file: Path) -> str:
    """Add one file and return its SHA-256; read once, so that what is summed is what is written."""
    with file.open("rb") as stream:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(stream.fileno()).st_size, 0o600
        reader = _Summing(stream)
        archive.addfile(info, reader)
    return reader.sum.hexdigest()


class _Summing:
    def __init__(self, stream: Any) -> None:
        self.stream, self.sum = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found: bytes = self.stream.read(size)
        self.sum.update(found)
        return found


def _manifest(archive: tarfile.TarFile, content: dict[str, Any]) -> None:
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode = len(body), 0o600
    archive.addfile(info, io.BytesIO(body))


def restore(places: Places, source: Path, *, replace: bool) -> dict[str, Any]:
    """Put a portal back where nothing is, or in place of what is when `replace`; return the manifest.

    Everything is unpacked beside its place, its sums and the keys are compared before anything is moved. Raise
    BackupError.
    """
    if not replace and _holds_something(places):
        raise BackupError("There is a database already; --replace puts the backup in its place.")
    root = places.uploads.parent
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        scratch = Path(folder)
        manifest = _unpack(source, scratch)
        _compare_keys(manifest, scratch / "keys" if manifest["keys"] else places.keys)
        _put_database(places, scratch)
        for name, target in (("uploads", places.uploads), ("documents", places.documents), ("keys", places.keys)):
            if (scratch / name).exists():
                _swap(scratch / name, target)
    os.sync()
    return manifest


def _holds_something(places: Places) -> bool:
    file = places.sqlite_file
    if file is not None and not file.exists():
        return False
    engine = create_engine(places.database_url)
    try:
        return bool(inspect(engine).get_table_names())
    except SQLAlchemyError as error:
        raise BackupError(f"The database of DATABASE_URL cannot be read: {type(error).__name__}.") from error
    finally:
        engine.dispose()


def _compare_keys(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse a backup whose keys are not at hand: it would be put back, and nobody could read it."""
    found, wanted = secrets.load(folder).marks(), manifest.get("key_marks", {})
    if any(found.get(name) != mark for name, mark in wanted.items()):
        raise BackupError(
            f"The keys in {folder} are not those of this backup. Put the keys directory of that time there, then "
            "restore again. Nothing was changed."
        )


def _unpack(source: Path, scratch: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as archive:
            archive.extractall(scratch, filter="data")
        manifest: dict[str, Any] = json.loads((scratch / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupError(f"{source} is not a whole backup of this portal.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{source} was written by another edition of the portal.")
    for name, wanted in manifest["sha256"].items():
        part = scratch / name
        if not part.is_file() or _sum(part) != wanted:
            raise BackupError(f"{name} in {source} is not as it was written. Nothing was changed.")
    return manifest


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put_database(places: Places, scratch: Path) -> None:
    file = places.sqlite_file
    if file is None:
        dump = scratch / POSTGRES_NAME
        if not dump.exists():
            raise BackupError("The backup holds a SQLite database; DATABASE_URL names PostgreSQL.")
        _put_dump(places, dump)
        return
    if not (scratch / SQLITE_NAME).exists():
        raise BackupError("The backup holds a PostgreSQL database; DATABASE_URL names a SQLite file.")
    # By way of a neighbour: the database may lie on another disk than the uploads.
    part = file.with_name(f".{file.name}.part")
    shutil.copyfile(scratch / SQLITE_NAME, part)
    part.chmod(0o600)
    for ending in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    part.replace(file)


def _put_dump(places: Places, dump: Path) -> None:
    """Clear the database and fill it anew in one transaction, which is committed only when the whole dump was read."""
    unpack = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dump)]
    fill = [_program("psql"), "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--file=-"]
    environ = _environ(places)
    with (
        tempfile.TemporaryFile() as unpack_said,
        tempfile.TemporaryFile() as fill_said,
        subprocess.Popen(unpack, stdout=subprocess.PIPE, stderr=unpack_said, env=environ) as source,  # noqa: S603 - own words
        subprocess.Popen([*fill, _address(places)], stdin=subprocess.PIPE, stderr=fill_said, env=environ) as sink,  # noqa: S603 - own words
    ):
        assert source.stdout is not None  # noqa: S101 - asked for above
        assert sink.stdin is not None  # noqa: S101 - asked for above
        # psql ends at its first error; what it said then is read below.
        with suppress(BrokenPipeError):
            sink.stdin.write(b"BEGIN;" + CLEAR.encode())
            shutil.copyfileobj(source.stdout, sink.stdin)
        source.stdout.close()
        unpacked = source.wait()
        with suppress(BrokenPipeError):
            sink.stdin.write(b"\nCOMMIT;\n" if unpacked == 0 else b"\nROLLBACK;\n")
            sink.stdin.close()
        filled = sink.wait()
        for said in (unpack_said, fill_said):
            said.seek(0)
        _refuse_failed("psql", filled, fill_said.read())
        _refuse_failed("pg_restore", unpacked, unpack_said.read())


def _swap(new: Path, target: Path) -> None:
    """Put a folder in the place of another one."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    new.chmod(0o700)
    new.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def _address(places: Places) -> str:
    """Return the address for PostgreSQL's programs, without the password: command lines can be seen."""
    return make_url(places.database_url)._replace(drivername="postgresql", password=None).render_as_string()


def _environ(places: Places) -> dict[str, str]:
    """Return what PostgreSQL's programs may know: where programs are, and the password."""
    password = make_url(places.database_url).password
    return {"PATH": os.defpath, **({"PGPASSWORD": password} if password else {})}


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed: apt-get install postgresql-client")
    return found


def _refuse_failed(program: str, code: int, said: bytes) -> None:
    if code:
        lines = said.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{program} failed: {lines[-1] if lines else code}")
