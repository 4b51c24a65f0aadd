"""The notification (通报) of a signed month: as a table, as PDF, as a workbook and as CSV, all of the same results."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from casework import documents, tasks
from casework.assessment import keeping, results
from casework.assessment.results import Result
from casework.documents import Done, Paper, Render
from casework.errors import Refused
from casework.reference import current
from casework.statistics.sheets import Grid
from models import Assessment
from models import document as states
from models.base import writing
from models.secrets import ring
from rules import assessment as law
from rules.calendar import local_date
from rules.periods import Period

KIND = "assessment"
UNFINISHED = frozenset({states.QUEUED, states.MAKING})
_NUMERALS = "一二三四五六七八九十"


def path_of(assessment_id: int) -> Path:
    """Return where the file of a notification lies once it is made."""
    return documents.folder() / f"assessment-{assessment_id}.pdf"


def _bound(assessment_id: int) -> str:
    return f"assessment-print/{assessment_id}"


def read(row: Assessment) -> bytes:
    """Return a notification as it was made. Raise ValueError when the file is not what was made."""
    body = ring().open(path_of(row.id).read_bytes(), _bound(row.id))
    if row.print_state != states.MADE or hashlib.sha256(body).digest() != row.print_sha256:
        raise ValueError(f"the notification of {row.month} is not as made")
    return body


def make(assessment_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make a notification: lay it out and put the file in its place. Killed at any point, it begins again."""
    paper = _begin(assessment_id, now, done)
    if paper is None:
        return "nothing to do"
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    scratch = documents.write_scratch(f"assessment-{assessment_id}", ring().seal(rendered.pdf, _bound(assessment_id)))
    try:
        with writing() as session:
            row = keeping.locked(session, assessment_id)
            if row.print_state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds it made and leaves it.
                os.replace(scratch, path_of(assessment_id))
                documents.sync(documents.folder())
                row.print_state, row.print_size, row.print_pages = states.MADE, len(rendered.pdf), rendered.pages
                row.print_sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return f"made, {rendered.pages} page(s)"


def _begin(assessment_id: int, now: datetime, done: Done) -> Paper | None:
    with writing() as session:
        row = session.get(Assessment, assessment_id)
        if row is None or row.print_state not in UNFINISHED:
            done(session, now)
            return None
        held = keeping.locked(session, assessment_id)
        held.print_state = states.MAKING
        return paper_of(session, held)


def again(row: Assessment, now: datetime) -> None:
    """Queue a notification once more that had failed. Raise Refused for one that did not fail."""
    with writing() as session:
        held = keeping.locked(session, row.id)
        if held.print_state != states.FAILED:
            raise Refused("这份通报没有失败，不用再印。")
        held.print_state = states.QUEUED
        key = f"assessment-print-{row.id}-{now.timestamp():.0f}"
        added = tasks.add(session, [keeping.print_task(row.id, key, now)])
    tasks.wake(added)


def gave_up(assessment_id: int) -> None:
    """Mark a notification that could not be made after every try."""
    with writing() as session:
        waiting = (Assessment.id == assessment_id) & Assessment.print_state.in_(UNFINISHED)
        session.execute(update(Assessment).where(waiting).values(print_state=states.FAILED))


def number_of(row: Assessment) -> str:
    """Return the number of a notification, of the year in which it was signed."""
    return f"{local_date(row.signed_at).year}年第{row.number}期" if row.signed_at else "（签发时编号）"


def paper_of(session: Session, row: Assessment) -> Paper:
    """Return all that stands in a notification."""
    month, root = Period.parse(row.month), current().root()
    found = keeping.results_of(row)
    return Paper(
        kind=KIND,
        title=f"关于{month.label}12315工作考核情况的通报",
        number=number_of(row),
        bureau=documents.organ_of(root),
        bureau_key=root.key,
        addressee="各县（市、区）市场监督管理局，市局机关各处室",
        issued_on=local_date(row.signed_at or row.ordered_at),
        facts={
            "month": month.label,
            "said": said(row, found),
            "heads": [law.ITEMS[one["key"]].label for one in row.data["items"]],
            "weights": [one["weight"] for one in row.data["items"]],
            "formulas": row.data["items"],
            "groups": [(label, _lines(members)) for label, members in results.by_group(found)],
            "corrections": _corrections(row, found),
            "breaches": _breaches(found),
            "least": row.data["least"],
            "ranked_least": row.data["ranked_least"],
            "frozen_at": row.frozen_at.isoformat() if row.frozen_at else "",
            "data_seal": row.data_sha256.hex() if row.data_sha256 else "",
        },
    )


def said(row: Assessment, found: list[Result]) -> list[str]:
    """Return the sentences that follow from the results: who is first, who has lost points, what was corrected."""
    lines = []
    for place, (label, members) in enumerate(results.by_group(found)):
        ranked = [one for one in members if one.rank is not None]
        head = f"（{_NUMERALS[place]}）{label}共{len(members)}个"
        if not ranked:
            lines.append(f"{head}，件数都太少，不排名。")
            continue
        first = "、".join(f"{one.name}（{one.shown}分）" for one in ranked if one.rank == 1)
        last = max(one.rank or 0 for one in ranked)
        behind = "、".join(f"{one.name}（{one.shown}分）" for one in ranked if one.rank == last)
        more = f"，排在最后的是{behind}" if last > 1 else ""
        lines.append(f"{head}，{len(ranked)}个排名。第一名是{first}{more}。")
    objections = keeping.corrections(row)
    upheld = sum(1 for one in objections if one.upheld)
    if objections:
        lines.append(f"各单位提出申诉{len(objections)}件，核对后更正{upheld}件。")
    return lines


def _lines(members: list[Result]) -> list[dict[str, Any]]:
    return [
        {
            "rank": one.rank if one.rank is not None else "—",
            "name": one.name,
            "scores": [(_short(figure.score), figure.was is not None) for figure in one.figures],
            "total": one.shown.replace("--", "—"),
        }
        for one in members
    ]


def _short(score: int | None) -> str:
    return "—" if score is None else law.score_words(score).removesuffix(".00")


def _corrections(row: Assessment, found: list[Result]) -> list[dict[str, str]]:
    by_key, keys = {one.key: one for one in found}, keeping.unit_keys()
    lines = []
    for one in keeping.corrections(row):
        result = by_key.get(keys[one.unit_id])
        if result is None:
            continue
        figure = result.figure(one.item)
        old = figure.was if figure.was is not None else figure
        change = f"{old.shown}更正为{figure.shown}" if one.upheld else f"{old.shown}，维持"
        lines.append(
            {
                "unit": result.name,
                "item": law.ITEMS[one.item].label,
                "reason": one.reason,
                "change": change,
                "answer": one.answer or "",
            }
        )
    return lines


def _breaches(found: list[Result]) -> list[dict[str, str]]:
    """Every breach once, with the unit that did it: a district repeats those of the units below it."""
    return [
        {"unit": one.name, "on": breach["on"], "kind": law.BREACH_KINDS[breach["kind"]].label, "text": breach["text"]}
        for one in found
        for breach in one.breaches
        if breach["unit"] == one.key
    ]


def grid(row: Assessment, found: list[Result]) -> Grid:
    """Return the table of a notification for spreadsheets: a line for each unit, part and whole beside each score."""
    month = Period.parse(row.month)
    heads = ["分组", "名次", "单位"]
    for one in law.ITEMS.values():
        heads += [f"{one.label}得分", f"{one.label}合格", f"{one.label}应办"]
    lines: list[list[str | int | float | None]] = []
    for label, members in results.by_group(found):
        for result in members:
            line: list[str | int | float | None] = [label, result.rank, result.name]
            for figure in result.figures:
                line += [_points(figure.score), figure.part, figure.whole]
            total = _points(result.total) if result.rank is not None else None
            lines.append([*line, total, "有更正" if result.corrected else ""])
    notes = [(one["label"], f"{one['formula']}（权重{one['weight']}）") for one in row.data.get("items", [])]
    title = f"{month.label}12315工作考核（{'已签发' if row.signed_at else '未签发'}）"
    return Grid(title, (*heads, "总分", "更正"), tuple(map(tuple, lines)), tuple(notes), row.frozen_at)


def _points(score: int | None) -> float | None:
    return None if score is None else score / 100
