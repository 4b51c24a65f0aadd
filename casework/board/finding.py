"""Finding notices by words: the index of bigrams that casework.search made for cases, over another table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from casework import search
from casework.board import markup
from models import Notice, db
from rules import board as law

MOST = 1000
"""Candidates looked at, the newest."""
LONGEST = 20_000
"""Characters of one notice that are indexed."""

_INSERT = {
    "sqlite": text("INSERT INTO notice_search (rowid, grams) VALUES (:notice_id, :grams)"),
    "postgresql": text(
        "INSERT INTO notice_search (notice_id, grams) VALUES (:notice_id, to_tsvector('simple', :grams))"
    ),
}
_REMOVE = {
    "sqlite": text("INSERT INTO notice_search (notice_search, rowid, grams) VALUES ('delete', :notice_id, :grams)"),
    "postgresql": text("DELETE FROM notice_search WHERE notice_id = :notice_id"),
}
_FIND = {
    "sqlite": text("SELECT rowid FROM notice_search WHERE notice_search MATCH :query ORDER BY rowid DESC LIMIT :most"),
    "postgresql": text(
        "WITH found AS MATERIALIZED (SELECT notice_id FROM notice_search WHERE grams @@ to_tsquery('simple', :query)) "
        "SELECT notice_id FROM found ORDER BY notice_id DESC LIMIT :most"
    ),
}


def document_of(notice: Notice) -> str:
    """Return what is searched of a notice: title, summary, and the words of its text."""
    return "\n".join((notice.title, notice.summary, markup.words(notice.body)))[:LONGEST]


def enter(session: Session, notice: Notice) -> None:
    """Enter a notice as it stands now, in place of what was entered before, inside the caller's transaction."""
    remove(session, notice)
    notice.words = document_of(notice)
    _run(session, _INSERT, notice)


def remove(session: Session, notice: Notice) -> None:
    """Take a notice out of the index again."""
    if notice.words:
        _run(session, _REMOVE, notice)
        notice.words = ""


def _run(session: Session, statements: dict[str, Any], notice: Notice) -> None:
    session.flush()
    dialect = session.get_bind().dialect.name
    values: dict[str, Any] = {"notice_id": notice.id}
    if dialect == "sqlite" or statements is _INSERT:
        values["grams"] = search.joined(notice.words)
    session.execute(statements[dialect], values)


def condition(entered: str) -> Any:
    """Return the condition on Notice for what somebody typed.

    Words of two characters and more are looked for in the whole text; a single one, and what is no word at all (a
    quotation mark, an emoji), in the titles.
    """
    session = db.session()
    dialect = session.get_bind().dialect.name
    query = search.phrase_query(entered, dialect)
    if query is None:
        # First the ids, from the index of titles alone: sorted by date, every row would be fetched.
        place = {"sqlite": func.instr, "postgresql": func.strpos}[dialect]  # a third of the time of LIKE
        named = select(Notice.id).where(Notice.state == law.PUBLISHED, place(Notice.title, entered.strip()) > 0)
        if dialect == "postgresql":
            named = named.order_by(Notice.id.desc()).limit(MOST)
        return _one_of(sorted(session.scalars(named), reverse=True)[:MOST])
    return _one_of(list(session.scalars(_FIND[dialect], {"query": query, "most": MOST})))


def _one_of(ids: list[int]) -> Any:
    """Return the condition on one of these numbers, written out: a thousand parameters take longer than the search."""
    return Notice.id.in_(bindparam("found", ids, expanding=True, literal_execute=True))


def in_titles(entered: str) -> bool:
    """Tell whether these words are only looked for in titles."""
    return search.phrase_query(entered, "sqlite") is None
