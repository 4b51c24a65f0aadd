"""One file that holds a portal: database, sealed uploads, papers as issued; the keys only when asked for.

The archive is a tar: `manifest.json` (versions, counts, SHA-256 of every part), `database.sqlite3` or
`database.dump`, `uploads/…`, `documents/…`, `keys/…`. Without its keys it cannot be read by anybody, so keys and
backup belong in different places.
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
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE_NAME, POSTGRES_NAME = "database.sqlite3", "database.dump"


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
                sums[name] = _add(archive, name, file)
            _manifest(archive, {"format": FORMAT, "made_at": now.isoformat(), "keys": with_keys, "sha256": sums})
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
        _run(places, "pg_dump", "--format=custom", f"--file={target}", f"--dbname={_address(places)}")
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

    Everything is unpacked beside its place and its sums are compared before anything is moved. Raise BackupError.
    """
    file = places.sqlite_file
    if not replace and file is not None and file.exists():
        raise BackupError(f"There is a database at {file} already; --replace puts the backup in its place.")
    root = places.uploads.parent
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        scratch = Path(folder)
        manifest = _unpack(source, scratch)
        _put_database(places, scratch)
        for name, target in (("uploads", places.uploads), ("documents", places.documents), ("keys", places.keys)):
            if (scratch / name).exists():
                _swap(scratch / name, target)
    return manifest


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
        _run(
            places, "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
            f"--dbname={_address(places)}", str(dump),
        )  # fmt: skip
        return
    if not (scratch / SQLITE_NAME).exists():
        raise BackupError("The backup holds a PostgreSQL database; DATABASE_URL names a SQLite file.")
    for ending in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    (scratch / SQLITE_NAME).replace(file)


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
    return make_url(places.database_url).set(drivername="postgresql", password=None).render_as_string()


def _run(places: Places, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed; it comes with the PostgreSQL client.")
    password = make_url(places.database_url).password
    environ = {"PATH": os.defpath, **({"PGPASSWORD": password} if password else {})}
    command = [found, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603 - own words
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {lines[-1] if lines else done.returncode}")
