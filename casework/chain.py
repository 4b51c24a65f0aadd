"""The hash chain of a case's events: whoever changes one must change all that follow."""

from __future__ import annotations

import hashlib
import json.encoder
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from models.base import canonical

START = b"\0" * 32
_quoted = json.encoder.encode_basestring


def event_hash(number: str, row: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 that stands for an event: its case number, all that it says, and the hash before it.

    `row` holds the columns of the event, `at` as an aware moment, `fields` and `clocks` as mappings.
    """
    return hash_of(number, row, canonical(row["fields"]), canonical(row["clocks"]))


def hash_of(number: str, row: Mapping[str, Any], fields: str, clocks: str) -> bytes:
    """As `event_hash`, for callers that have the canonical texts of `fields` and `clocks` at hand."""
    return hashlib.sha256(bytes(row["before"]) + covered(number, row, fields, clocks).encode()).digest()


def covered(number: str, row: Mapping[str, Any], fields: str, clocks: str) -> str:
    """Return what the hash covers beside the hash before it: the canonical text of these names, in their order.

    Put together by hand because every act and every line of the audit passes here; a test compares it with
    `models.base.canonical`.
    """
    moment: datetime = row["at"]
    at = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat("T", "microseconds")
    doer = _doer(row["action"], row["actor_id"], row["actor_kind"], row["actor_role"])
    return (
        f'{doer}"at":"{at}","clocks":{clocks},"fields":{fields},"from_state":{_key(row["from_state"])},'
        f'"number":{_quoted(number)},"public_text":{_quoted(row["public_text"])},'
        f'"respondent_text":{_quoted(row["respondent_text"])},"seq":{row["seq"]},'
        f'"to_state":{_key(row["to_state"])},"unit_id":{_or_null(row["unit_id"])}}}'
    )


@lru_cache(2**14)
def _doer(action: str, actor_id: int | None, kind: str, role: str) -> str:
    """Return the beginning of the text: what the same person does again and again is put together once."""
    return (
        f'{{"action":{_quoted(action)},"actor_id":{_or_null(actor_id)},'
        f'"actor_kind":{_quoted(kind)},"actor_role":{_quoted(role)},'
    )


@lru_cache(1024)
def _key(name: str | None) -> str:
    return "null" if name is None else _quoted(name)


def _or_null(key: int | None) -> int | str:
    return "null" if key is None else key


def first_broken(number: str, rows: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the place (1, 2, …) of the first event that was altered, removed or put in; None for a whole chain.

    `rows` are the events of one case in order of `seq`.
    """
    before, last = START, None
    for place, row in enumerate(rows, start=1):
        moved_back = last is not None and row["at"] < last
        if row["seq"] != place or bytes(row["before"]) != before or moved_back:
            return place
        before, last = event_hash(number, row), row["at"]
        if before != bytes(row["hash"]):
            return place
    return None
