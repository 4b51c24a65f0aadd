"""Filling the desks of the demo city: businesses, then the cases day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from sqlalchemy import Engine, func, insert, select

from casework import documents, reference, respondents, tasks
from casework.demo import businesses, gatherings, seasons, specimens, texts, town
from casework.demo.making import Maker, chunks
from casework.demo.town import Town
from casework.loading import crew, writer
from casework.loading.tables import layouts
from models import Attachment, Case, Document, Filing, Respondent
from models.base import db, writing
from models.document import DUE
from rules.calendar import local_date

BATCH = 1200
"""Cases walked at a time by one process."""
MANY = 200_000
"""Cases from which on it takes less time to make the indexes at the end."""
UNFILED, UNFILED_MOST = 1500, 0.4
"""A small city has many of last month's cases left to call back, a large one has enough of them anyhow."""
HABITUAL, HABITUAL_MOST = 800, 0.1
"""One person complains some fifteen times in the last weeks, however large the city is."""
FRESH_PAPERS = 24
"""Papers of the last days that are left to the worker to make, so that there are some to look at."""


def fill(engine: Engine, cases: int, seed: int, until: datetime, processes: int) -> Iterator[int]:
    """Write `cases` cases up to the moment `until`; yield how many are written. Needs the people of `city.build`."""
    rng = Random(f"{seed}/town")  # noqa: S311 - invented businesses, no secret
    place = _town(cases, rng, until)
    session = db.session()
    first_case = 1 + max(session.scalar(select(func.max(key))) or 0 for key in (Case.id, Filing.id))
    first_file = 1 + (session.scalar(select(func.max(Attachment.id))) or 0)
    session.commit()  # the writer has a connection of its own
    dialect = engine.dialect.name
    maker = Maker(place, seed, until, layouts(dialect), dialect)
    shares = seasons.counts(cases, local_date(until), place.ref.calendar, seed)
    parts = chunks(shares, BATCH, first_case, first_file)
    with writer.opened(engine, many=cases >= MANY) as book:
        for batch in crew.run(maker, parts, processes):
            book.write(batch)
            yield book.cases


def _town(cases: int, rng: Random, until: datetime) -> Town:
    place = town.survey(reference.current(), until)
    place.files = specimens.store_all(rng)
    place.unfiled = min(UNFILED_MOST, UNFILED / max(cases, 1))
    with writing() as session:
        first = 1 + (session.scalar(select(func.max(Respondent.id))) or 0)
        rows = []
        for one in businesses.invent(min(max(cases // 8, 400), 6000), rng, first):
            place.businesses.setdefault(one.trade, []).append(one)
            rows.append({"id": one.id, **respondents.respondent_row(one.values)})
        session.execute(insert(Respondent), rows)
    place.habitual = texts.filer(rng, place, place.pick_office(rng))
    place.habitual_share = min(HABITUAL_MOST, HABITUAL / max(cases, 1))
    place.incidents = gatherings.gather(place, until)
    return place


def order_fresh_papers(now: datetime) -> int:
    """Hand the newest papers that can be made to the worker; return how many."""
    wanted = select(Document).where(Document.state == DUE, Document.kind.in_(documents.TEMPLATES))
    with writing() as session:
        rows = []
        for paper in session.scalars(wanted.order_by(Document.id.desc()).limit(FRESH_PAPERS)):
            rows += documents.try_again(session, paper, now)
        tasks.add(session, rows)
    return len(rows)
