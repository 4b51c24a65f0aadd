"""Sealed files and the encrypted spool."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask

from casework.attachments import Spool, store
from casework.errors import NotFound
from models.secrets import Unreadable

CHUNK = store.CHUNK


def put(data: bytes) -> str:
    writer = store.Writer()
    writer.write(data)
    return writer.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_a_file_of_any_size_comes_back_as_it_was(app: Flask, folder: Path, size: int) -> None:
    data = bytes(index % 251 for index in range(1000)) * (size // 1000 + 1)

    assert b"".join(store.read(put(data[:size]))) == data[:size]


def test_a_file_is_readable_by_its_owner_alone(app: Flask, folder: Path) -> None:
    path = store.path_of(put(b"x"))

    assert path.stat().st_mode & 0o077 == 0


def test_equal_contents_are_stored_differently(app: Flask, folder: Path) -> None:
    first, second = (store.path_of(put(b"same" * 100)).read_bytes() for _ in range(2))

    assert first[20:] != second[20:]


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    sealed = CHUNK + 30
    head, chunks = data[:20], [data[at : at + sealed] for at in range(20, len(data), sealed)]
    path.write_bytes(
        {
            "bit": data[:500] + bytes((data[500] ^ 1,)) + data[501:],
            "salt": data[:10] + bytes((data[10] ^ 1,)) + data[11:],
            "cut at a chunk": head + b"".join(chunks[:-1]),
            "cut inside": data[:-5],
            "swapped": head + chunks[1] + chunks[0] + chunks[2],
            "repeated": data + chunks[2],
            "lengthened": data + b"more",
            "emptied": b"",
        }[how]
    )


@pytest.mark.parametrize(
    "how", ["bit", "salt", "cut at a chunk", "cut inside", "swapped", "repeated", "lengthened", "emptied"]
)
def test_a_file_that_was_altered_does_not_open(app: Flask, folder: Path, how: str) -> None:
    name = put(b"evidence" * (CHUNK // 4 + 10))
    damage(store.path_of(name), how)

    with pytest.raises(Unreadable):
        b"".join(store.read(name))


def test_a_file_under_another_files_name_does_not_open(app: Flask, folder: Path) -> None:
    mine, other = put(b"mine"), put(b"other")
    store.path_of(other).replace(store.path_of(mine))

    with pytest.raises(Unreadable):
        b"".join(store.read(mine))


def test_a_missing_file_is_not_found(app: Flask, folder: Path) -> None:
    with pytest.raises(NotFound):
        store.read("0" * 32)


@pytest.mark.parametrize("in_memory", [0, 100, 10_000_000])
def test_a_spool_gives_back_what_was_written(app: Flask, folder: Path, in_memory: int) -> None:
    pieces = [bytes((number,)) * (number * 37) for number in range(60)]
    whole = b"".join(pieces)
    with Spool(in_memory) as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        assert spool.read() == whole
        for place in (0, 1, 15, 16, 17, 5000, len(whole) - 3):
            assert spool.seek(place) == place
            assert spool.read(40) == whole[place : place + 40]
        assert spool.seek(-5, io.SEEK_END) == len(whole) - 5
        assert spool.read(100) == whole[-5:]


def test_a_spool_on_disk_is_encrypted_and_has_no_name(app: Flask, folder: Path) -> None:
    with Spool(in_memory=10) as spool:
        spool.write(b"canary" * 1000)
        spool._file.seek(0)
        assert b"canary" not in spool._file.read()
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_spool_is_written_in_one_pass(app: Flask, folder: Path) -> None:
    with Spool() as spool:
        spool.write(b"abc")
        spool.seek(1)
        with pytest.raises(ValueError, match="beginning to end"):
            spool.write(b"x")
