"""The bulk writer says what the one door says: a sample of invented cases, walked and acted, row by row."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Boolean, Date, Dialect, LargeBinary, func, insert, inspect, select
from sqlalchemy.dialects import sqlite

from casework import (
    attachments,
    audit,
    chain,
    documents,
    founding,
    handling,
    intake,
    reference,
    respondents,
    search,
    steps,
)
from casework.actors import Actor
from casework.demo import businesses, city, gatherings, making, specimens, town
from casework.demo.life import Ids
from casework.demo.making import Chunk, Day, Maker
from casework.loading import batch, tables, writer
from casework.loading.tables import layouts
from casework.loading.walk import Walk
from models import (
    Attachment,
    Case,
    CaseText,
    Deadline,
    DeadlinePause,
    Document,
    Event,
    FilerMessage,
    Filing,
    IncidentCase,
    Party,
    Respondent,
    StaffMessage,
)
from models.base import Json, UtcDateTime, canonical, db, writing
from rules.calendar import ZONE, start_of_day
from tests.support import cast

UNTIL = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWN_KEYS = {"id", "case_id", "filing_id", "deadline_id", "replaces_id"}
NEVER_LEFT_OUT = datetime(2000, 1, 1, tzinfo=UTC)


class Noted(Walk):
    """A walk that remembers what it was asked to do, and leaves nothing out."""

    def __init__(self, new: Any, given: Any, now: datetime, ref: Any) -> None:
        self.asked: list[tuple[str, Actor, datetime, Mapping[str, Any], Iterable[str]]] = []
        super().__init__(new, replace(given, papers_from=NEVER_LEFT_OUT, lines_from=NEVER_LEFT_OUT), now, ref)

    def act(
        self,
        action_key: str,
        actor: Actor,
        now: datetime,
        values: Mapping[str, Any],
        attested: Iterable[str] = (),
        known: Iterable[str] = (),
    ) -> dict[str, Any]:
        """Remember, then do."""
        event = super().act(action_key, actor, now, values, attested, known)
        self.asked.append((action_key, actor, now, values, tuple(attested)))
        return event


@pytest.fixture
def place(context: Flask) -> town.Town:
    """The demo city with its people and some businesses, without cases."""
    settings = context.config["SETTINGS"]
    documents.configure(settings.documents_dir)
    attachments.configure(settings.uploads_dir)
    founding.found("临江市市场监督管理局", "admin", "not used here", None, UNTIL)
    city.build("!", iter(lambda: "A" * 32, ""), Random(3), UNTIL)
    found = town.survey(reference.current(), UNTIL)
    found.files = specimens.store_all(Random(3))
    rows = []
    for one in businesses.invent(300, Random(3), 1):
        found.businesses.setdefault(one.trade, []).append(one)
        rows.append({"id": one.id, **respondents.respondent_row(one.values)})
    with writing() as session:
        session.execute(insert(Respondent), rows)
    found.incidents = gatherings.gather(found, UNTIL)
    return found


def maker_of(place: town.Town, seed: int) -> Maker:
    dialect = db.engine.dialect.name
    return Maker(place, seed, UNTIL, layouts(dialect), dialect)


def walked(place: town.Town, day: date, count: int, seed: int = 5) -> list[Walk]:
    return Day(maker_of(place, seed), day, count, Ids(1, 1)).make().walks


@pytest.mark.parametrize("day", [date(2026, 3, 16), date(2026, 6, 19), date(2026, 11, 9)])
def test_a_walk_writes_the_rows_that_the_one_door_writes(
    place: town.Town, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    monkeypatch.setattr(making, "Walk", Noted)
    walks = [walk for walk in walked(place, day, 28) if isinstance(walk, Noted)]
    assert {walk.case["kind"] for walk in walks} >= {"complaint", "report", "consultation"}
    for walk in walks:
        new = walk.new
        receipt = intake.register(intake.NewFiling(new.kind, dict(new.values), new.actor), walk.events[0]["at"])
        assert receipt.slips[0].number == walk.given.number
    for walk in walks:
        case = db.session.scalars(select(Case).where(Case.number == walk.given.number)).one()
        with writing() as session:
            for row in walk.attachments:
                session.execute(insert(Attachment), _loose(row, case.id))
        for action, actor, now, values, attested in walk.asked:
            entered = {name: value for name, value in values.items() if not name.startswith("_")}
            handling.apply(case, action, actor, now, attested=attested, **entered)
        _same_everywhere(walk, case)


def _loose(row: Mapping[str, Any], case_id: int) -> dict[str, Any]:
    """The file as it is before the act that names it: uploaded, bound to nothing (a filer's to the case)."""
    loose = row["uploaded_by"] == "staff"
    return {**row, "case_id": None if loose else case_id, "event_seq": None, "field": None}


def _same_everywhere(walk: Walk, case: Case) -> None:
    number = walk.given.number
    stored = _columns(case)
    mine = {name: value for name, value in walk.case.items() if name in stored}
    events = _stored(Event, case.id, "seq")
    for walked_event, stored_event in zip(walk.events, events, strict=True):
        assert _opened(_but(walked_event)) == _opened(stored_event), f"{number} {stored_event['action']}"
    unlike = ("query_mark", "main_case_id", *(["head"] if case.sealed else []))
    assert _but(mine, *unlike) == _but(stored, *unlike), number
    assert [_but(row) for row in walk.deadlines] == _stored(Deadline, case.id, "id"), number
    terms = select(Deadline.id).where(Deadline.case_id == case.id)
    pauses = db.session.scalars(select(DeadlinePause).where(DeadlinePause.deadline_id.in_(terms)))
    assert [_but(row) for row in walk.pauses] == [_but(_columns(row)) for row in pauses], number
    assert [walk.text] == _stored(CaseText, case.id, "case_id"), number
    assert [_but(row) for row in walk.gathered] == _stored(IncidentCase, case.id, "case_id"), number
    people = [_but(walk.party)] if walk.party else []
    assert people == _stored(Party, case.id, "id"), number
    ordered = ("case_id", "kind", "state", "event_seq", "ordered_at", "facts")
    assert [_only(row, *ordered[1:]) for row in walk.documents] == [
        _only(_columns(row), *ordered[1:]) for row in _rows(Document, case.id, "id")
    ], number
    said = ("event_seq", "channel", "address", "text", "created_at", "sent_at")
    assert [_only(row, *said) for row in walk.messages] == [
        _only(_columns(row), *said) for row in _rows(FilerMessage, case.id, "id")
    ], number
    lines = [(row["staff_id"], row["text"], row["created_at"]) for row in walk.lines]
    assert lines == [(row.staff_id, row.text, row.created_at) for row in _rows(StaffMessage, case.id, "id")], number
    files = [_only(row, "id", "event_seq", "field") for row in walk.attachments]
    assert files == [_only(_columns(row), "id", "event_seq", "field") for row in _rows(Attachment, case.id, "id")]
    filing = db.session.get_one(Filing, case.filing_id)
    assert _but(batch.filing_row(walk)) == _only(
        _columns(filing), "channel", "received_at", "registered_at", "anonymous"
    )


def _opened(event: dict[str, Any]) -> dict[str, Any]:
    """A sealed act is another ciphertext each time, and so is its hash: what it says is compared."""
    if event["action"] != "register_sealed" and not event["action"].startswith("discipline_"):
        return event
    return {**_but(event, "hash", "before"), "fields": steps.opened_fields(event["fields"])}


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _but(row: Mapping[str, Any], *more: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OWN_KEYS and name not in more}


def _only(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def _rows(model: Any, case_id: int, order: str) -> list[Any]:
    db.session.expire_all()
    return list(db.session.scalars(select(model).where(model.case_id == case_id).order_by(getattr(model, order))))


def _stored(model: Any, case_id: int, order: str) -> list[dict[str, Any]]:
    return [_but(_columns(row)) for row in _rows(model, case_id, order)]


def written(place: town.Town, days: tuple[tuple[date, int], ...], seed: int = 5) -> None:
    with writer.opened(db.engine) as book:
        book.write(maker_of(place, seed)(Chunk(days, 1, 1)))


def test_what_is_written_in_bulk_reads_back_as_it_was_walked(place: town.Town) -> None:
    day = date(2026, 10, 12)
    walks = walked(place, day, 25)
    written(place, ((day, 25),))
    for walk in walks:
        case = db.session.scalars(select(Case).where(Case.number == walk.given.number)).one()
        assert [_but(row) for row in walk.events] == _stored(Event, case.id, "seq")
        assert [_but(walk.party)] * bool(walk.party) == _stored(Party, case.id, "id") if walk.party else True
        stored = _columns(case)
        assert {name: walk.case[name] for name in stored} == stored


def test_a_bulk_written_city_passes_the_audit(place: town.Town) -> None:
    last = UNTIL.date()
    written(place, tuple((last - timedelta(days=n), 12) for n in range(12, -1, -1)))
    checked = audit.Checked()
    assert list(audit.verify(checked)) == []
    assert checked.cases == 13 * 12
    assert checked.events > checked.cases


def test_a_number_taken_after_the_bulk_writer_follows_on(place: town.Town) -> None:
    written(place, ((UNTIL.date(), 9),))
    cases = list(db.session.scalars(select(Case.number).where(Case.kind != "misconduct").order_by(Case.number)))
    last = max(int(number.split("-")[1]) for number in cases)
    entered = {"filer_name": "王秀英", "filer_phone": "19900001234", "content": "想问一下投诉多长时间有结果？"}
    receipt = intake.register(intake.NewFiling("consultation", entered), UNTIL)
    assert int(receipt.slips[0].number.split("-")[1]) == last + 1


def test_a_business_that_nobody_knew_can_be_complained_of_afterwards(place: town.Town) -> None:
    written(place, ((UNTIL.date(), 9),))
    known = db.session.scalar(select(func.max(Respondent.id))) or 0
    entered = {**cast.COMPLAINT, "respondent_name": "临江从未有人投诉过的店"}
    receipt = intake.register(intake.NewFiling("complaint", entered), UNTIL)
    assert cast.case_of(receipt).respondent_id > known > 0


def test_terms_stand_as_the_sweep_would_have_left_them(place: town.Town) -> None:
    written(place, tuple((UNTIL.date() - timedelta(days=n), 20) for n in range(30, -1, -1)))
    waiting = db.session.scalars(select(Deadline).where(Deadline.next_step_at <= UNTIL)).all()
    assert {row.rule for row in waiting} <= {"complaint.supplement", "recusal.request", "station.settle"}


def test_a_batch_that_cannot_be_written_leaves_nothing_behind(place: town.Town) -> None:
    made = maker_of(place, 5)(Chunk(((date(2026, 9, 1), 5),), 1, 1))
    made.columns["event"] = [[*column, column[0]] for column in made.columns["event"]]  # the same event twice
    with pytest.raises(Exception, match="(?i)unique"), writer.opened(db.engine) as book:
        book.write(made)
    assert db.session.scalar(select(Case.id).limit(1)) is None


@pytest.mark.parametrize("fails", [False, True])
def test_a_large_city_has_its_indexes_made_at_the_end(place: town.Town, fails: bool) -> None:
    def _indexes() -> list[tuple[str | None, str | None]]:
        found = inspect(db.engine)
        return sorted((table, one["name"]) for table in found.get_table_names() for one in found.get_indexes(table))

    before = _indexes()
    with suppress(ZeroDivisionError), writer.opened(db.engine, many=True) as book:
        book.write(maker_of(place, 5)(Chunk(((date(2026, 9, 1), 5),), 1, 1)))
        if fails:
            raise ZeroDivisionError
    assert _indexes() == before
    assert db.session.scalar(select(func.count()).select_from(Case)) == 5


def test_the_same_seed_gives_the_same_city(place: town.Town) -> None:
    day = date(2026, 5, 6)
    first, again, other = (walked(place, day, 15, seed) for seed in (5, 5, 6))
    assert [walk.text["content"] for walk in first] == [walk.text["content"] for walk in again]
    assert [walk.case["head"] for walk in first] == [walk.case["head"] for walk in again]
    assert [walk.text["content"] for walk in first] != [walk.text["content"] for walk in other]


@pytest.mark.parametrize("minutes", [0, 2])
def test_a_city_may_end_when_its_last_day_has_just_begun(place: town.Town, minutes: int) -> None:
    begun = start_of_day(date(2026, 11, 24)) + timedelta(minutes=minutes)
    maker = replace(maker_of(place, 5), until=begun)
    walks = Day(maker, date(2026, 11, 24), 40, Ids(1, 1)).make().walks
    assert len(walks) == 40
    assert all(begun - timedelta(days=1) < walk.case["registered_at"] <= begun for walk in walks)


def test_values_are_bound_as_the_columns_themselves_bind_them() -> None:
    own: Dialect = sqlite.dialect()
    values: list[tuple[Any, list[Any]]] = [
        (UtcDateTime(), [UNTIL, UNTIL.astimezone(ZONE), UNTIL.replace(microsecond=7), UNTIL.replace(hour=0), None]),
        (Date(), [UNTIL.date(), date(1999, 1, 2), None]),
        (Boolean(), [True, False, None]),
        (LargeBinary(), [b"", b"\0\xff", None]),
        (Json(), [{}, [], {"b": 1, "a": ["甲", None, True]}, None]),
    ]
    for kind, samples in values:
        theirs, ours = kind.dialect_impl(own).bind_processor(own), tables.bind_of(kind, own)
        for value in samples:
            assert (ours(value) if ours else value) == (theirs(value) if theirs else value)


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_ROWS = st.dictionaries(_WORDS, _VALUES, max_size=5)


@given(_ROWS)
def test_the_canonical_text_is_that_of_the_standard_library(value: dict[str, Any]) -> None:
    assert canonical(value) == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(
    row=st.fixed_dictionaries(
        {
            "seq": st.integers(1),
            "at": st.datetimes(UNTIL.replace(tzinfo=None), timezones=st.sampled_from([UTC, ZONE])),
            "action": _WORDS,
            "actor_kind": _WORDS,
            "actor_id": st.none() | st.integers(1),
            "actor_role": _WORDS,
            "unit_id": st.none() | st.integers(1),
            "from_state": st.none() | _WORDS,
            "to_state": _WORDS,
            "fields": _ROWS,
            "clocks": _ROWS,
            "public_text": _WORDS,
            "respondent_text": _WORDS,
        }
    ),
    number=_WORDS,
)
def test_what_a_hash_covers_is_one_canonical_text(row: dict[str, Any], number: str) -> None:
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    whole = canonical({**row, "at": at, "number": number})
    assert chain.covered(number, row, canonical(row["fields"]), canonical(row["clocks"])) == whole


@given(_WORDS | st.text("手机A1b_ -，䷀\uf900𠮷é", max_size=30))
def test_the_search_cuts_text_into_runs_of_one_script(entered: str) -> None:
    expected: list[str] = []
    for word in re.findall(r"[^\W_]+", search.plain(entered)):
        for _, run in itertools.groupby(word, lambda sign: bool(search.is_ideograph(sign))):
            signs = "".join(run)
            pairs = [signs[place : place + 2] for place in range(len(signs) - 1)]
            expected += (pairs or [signs]) if search.is_ideograph(signs[0]) else [signs[:40]]
    assert search.grams(entered) == expected
