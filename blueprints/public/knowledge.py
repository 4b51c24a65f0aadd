"""Frequent questions with their answers (常见问题), by subject or found by words."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.web import page, policy
from casework.knowledge import finding
from rules import knowledge as law

bp = Blueprint("questions", __name__)
MOST = 100
"""Characters of a search."""


@bp.get("/guide/questions")
@policy("public", cached=True)
def index() -> Response:
    """Every entry by subject, or those that fit what was typed."""
    entered = request.args.get("q", "").strip()[:MOST]
    entries = finding.fitting(entered) if entered else finding.listed()
    by_subject = {key: [one for one in entries if one.subject == key] for key in law.SUBJECTS}
    return page(
        "public/questions.html",
        entered=entered,
        entries=entries,
        groups=[(key, law.SUBJECTS[key], found) for key, found in by_subject.items() if found],
    )


@bp.get("/guide/questions/<int:entry_id>")
@policy("public", cached=True)
def one(entry_id: int) -> Response:
    """One question with its answer."""
    found = finding.one(entry_id)
    return page("public/question.html", one=found, subject=law.SUBJECTS.get(found.subject, ""))
