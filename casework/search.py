"""Finding cases by words of their text, by number, and by people through the blind index.

Text is cut into overlapping pairs of characters (bigrams), the same on both databases, so that any word of two
characters is found without a dictionary. Candidates are fetched first, and only then sorted and filtered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from operator import add
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from casework import people
from models import Case, Party, db
from models.prepared import Prepared
from rules import identifiers

MOST = 1001
"""Candidates looked at: one more than can be shown as a number."""

_IDEOGRAPHS = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
is_ideograph = re.compile(_IDEOGRAPHS).match
"""Tells whether a text begins with a Chinese character."""
_runs = re.compile(rf"(?:{_IDEOGRAPHS}(?<=\w))+|(?:(?!{_IDEOGRAPHS})[^\W_])+").findall
"""Runs of Chinese characters, and of other letters and digits."""

_INSERT = Prepared(
    {
        "sqlite": text("INSERT INTO case_search (rowid, grams) VALUES (:case_id, :grams)"),
        "postgresql": text("INSERT INTO case_search (case_id, grams) VALUES (:case_id, to_tsvector('simple', :grams))"),
    }
)
_REMOVE = {
    "sqlite": text("INSERT INTO case_search (case_search, rowid, grams) VALUES ('delete', :case_id, :grams)"),
    "postgresql": text("DELETE FROM case_search WHERE case_id = :case_id"),
}
_FIND = {
    "sqlite": text("SELECT rowid FROM case_search WHERE case_search MATCH :query ORDER BY rowid DESC LIMIT :most"),
    "postgresql": text(
        "WITH found AS MATERIALIZED (SELECT case_id FROM case_search WHERE grams @@ to_tsquery('simple', :query) "
        "LIMIT :most) SELECT case_id FROM found ORDER BY case_id DESC"
    ),
}


def plain(entered: str) -> str:
    """Return text as it is compared: width and case do not matter."""
    return unicodedata.normalize("NFKC", entered).lower()


def grams(entered: str) -> list[str]:
    """Return the pairs that stand for a text, in order. Runs of Latin letters and digits stay whole words."""
    found: list[str] = []
    for run in _runs(plain(entered)):
        if is_ideograph(run) is None:
            found.append(run[:40])
        elif len(run) == 1:
            found.append(run)
        else:
            found += map(add, run, run[1:])
    return found


def document_of(case: Mapping[str, Any], content: str) -> str:
    """Return what is searched of a case: matter, business, goods and the story."""
    return "\n".join(
        part for part in (case.get("matter"), case.get("respondent_name"), case.get("goods"), content) if part
    )


def joined(document: str) -> str:
    """Return a document as the index takes it."""
    return " ".join(grams(document))


def enter(connection: Connection, case_id: int, pairs: str) -> None:
    """Enter a case into the index by its `joined` pairs, inside the caller's transaction. Sealed cases never come."""
    _INSERT.run(connection, {"case_id": case_id, "grams": pairs})


def reindex(session: Session, case_id: int, old: str, new: str) -> None:
    """Replace what is indexed of a case; `old` must be the document as it was entered."""
    dialect = session.get_bind().dialect.name
    gone: dict[str, Any] = {"case_id": case_id}
    if dialect == "sqlite":
        gone["grams"] = joined(old)
    session.execute(_REMOVE[dialect], gone)
    enter(session.connection(), case_id, joined(new))


def phrase_query(entered: str, dialect: str) -> str | None:
    """Return the query for every word of `entered`, each as a phrase; None when nothing can be searched.

    One Chinese character alone is refused (None): it would find half of all cases.
    """
    phrases: list[str] = []
    for run in _runs(plain(entered)):
        if is_ideograph(run) is None:
            phrases.append(_quoted([run[:40]], dialect))
        elif len(run) > 1:
            phrases.append(_quoted([run[place : place + 2] for place in range(len(run) - 1)], dialect))
    if not phrases:
        return None
    return (" " if dialect == "sqlite" else " & ").join(phrases[:12])


def _quoted(pairs: list[str], dialect: str) -> str:
    if dialect == "sqlite":
        return '"' + " ".join(pairs) + '"'
    return "(" + " <-> ".join(f"'{pair}'" for pair in pairs) + ")"


def case_ids(entered: str) -> list[int] | None:
    """Return the ids of cases with these words, newest first, at most MOST; None when they cannot be searched.

    Whoever calls must still filter by `access.visible`.
    """
    session = db.session()
    dialect = session.get_bind().dialect.name
    query = phrase_query(entered, dialect)
    if query is None:
        return None
    return list(session.scalars(_FIND[dialect], {"query": query, "most": MOST}))


def condition(entered: str) -> Any | None:
    """Return the condition on Case for what somebody typed into the search field; None when it says nothing.

    Tries in turn: a case number (whole, or its first digits), a telephone or identity number (blind index),
    the number of another platform, a name (blind index) together with words of the text.
    """
    entered = entered.strip()
    if not entered:
        return None
    try:
        return Case.number == identifiers.parse_case_number(entered).text
    except ValueError:
        pass
    compact = re.sub(r"[\s-]", "", plain(entered)).upper()
    if re.fullmatch(r"[TJZY]\d{8}\d*", compact):
        return Case.id.in_(_numbered(f"{compact[:9]}-{compact[9:]}" if len(compact) > 9 else compact))
    if re.fullmatch(r"\d{7,20}[\dX]?", compact):
        return _by_digits(compact, entered)
    return Case.id.in_({*_people(Party.name_index, people.NAME, entered), *(case_ids(entered) or ())})


def _by_digits(compact: str, entered: str) -> Any:
    """One list of ids: a condition with several columns would make the database look at every case."""
    found = {
        *_people(Party.phone_index, people.PHONE, compact),
        *_people(Party.id_number_index, people.IDENTITY, compact),
        *_cases(Case.source_number == entered.strip()),
        *_cases(Case.order_number == entered.strip()),
    }
    return Case.id.in_(found)


def _numbered(beginning: str) -> list[int]:
    # A range and not LIKE, for which SQLite cannot use the index: every sign of a number sorts before "~".
    return _cases((Case.number >= beginning) & (Case.number < f"{beginning}~"))


def _cases(condition: Any) -> list[int]:
    return list(db.session.scalars(select(Case.id).where(condition).order_by(Case.id.desc()).limit(MOST)))


def _people(column: Any, bound_to: str, entered: str) -> list[int]:
    mark = people.index_of(bound_to, entered)
    if mark is None:
        return []
    rows = db.session.query(Party.case_id).filter(column == mark).order_by(Party.id.desc()).limit(MOST)
    return [case_id for (case_id,) in rows]
