"""One city for the whole matrix: a case of each kind in each state and each pair of hands, everybody signed in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import create_app
from casework import attachments, directives, documents, reference, throttle
from casework.attachments import store
from config import Settings
from models import (
    Attachment,
    Case,
    Document,
    Incident,
    IncidentCase,
    IncidentReport,
    IncidentSuggestion,
    StaffSession,
    clock,
    db,
)
from models import attachment as files
from models import document as papers
from models import secrets as keyring
from models.base import writing
from rules.workflow import WORKFLOW
from tests.authorisation.oracle import SEALED, Standing
from tests.support import cast
from tests.support.cast import MORNING, Cast
from tests.support.databases import SQLITE, Databases, release

NOW = MORNING + timedelta(minutes=20)
SHEET, PAPER = "小票照片上的字".encode(), b"%PDF-1.7 a paper as issued"
PLACES: dict[str, dict[str, str | None]] = {
    "centre": {"unit": "city"},
    "east": {"unit": "east_office", "handler": "east_handler"},
    "west": {"unit": "west_office", "handler": "west_handler"},
    "waiting": {"unit": "east_office"},
    "lent": {"unit": "east_office", "handler": "east_handler2", "delegate": "association"},
    "raided": {"unit": "legal", "handler": "legal_handler", "case_unit": "east_squad"},
    "district": {"unit": "west", "receiving": "west"},
}
SEALED_PLACES: dict[str, dict[str, str | None]] = {
    "centre": {"unit": "city"},
    "held": {"unit": "city", "handler": "discipline"},
    "east": {"unit": "east_office"},
}


@dataclass
class World:
    """The city, its cases by number, and a client for everybody."""

    app: Flask
    settings: Settings
    people: Cast
    file: Path
    cases: dict[str, Standing] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    papers: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def take_over(self) -> None:
        """Make this city the one of the process: another test may have wired a portal since."""
        keyring.install(keyring.load(self.settings.keys_dir))
        documents.configure(self.settings.documents_dir)
        attachments.configure(self.settings.uploads_dir)
        throttle.switch(False)

    def client(self, part: str | None) -> FlaskClient:
        """A browser in which this person is signed in; None is a stranger."""
        made = self.app.test_client()
        if part is not None:
            made.set_cookie("staff", self.tokens[part])
        return made

    def token(self, part: str | None) -> str:
        """What a form on a page of this person would carry."""
        return form_token(self.app, f"staff:{self.tokens[part]}") if part else ""

    def numbers(self, **wanted: str) -> list[str]:
        """The cases that stand as asked."""
        return [
            n for n, case in self.cases.items() if all(getattr(case, key) == value for key, value in wanted.items())
        ]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """AUZ-03: nothing at all may be written inside the block, by whatever connection."""
        watch = sqlite3.connect(self.file)
        try:
            before = watch.execute("PRAGMA data_version").fetchone()
            yield
            assert watch.execute("PRAGMA data_version").fetchone() == before, "something was written"
        finally:
            watch.close()


def form_token(app: Flask, holder: str) -> str:
    """The token of a form for a session or a visit, made as the page would make it."""
    digest = hmac.digest(app.config["CSRF_KEY"], holder.encode(), hashlib.sha256)
    pad = secrets.token_bytes(len(digest))
    return base64.urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, digest, strict=True))).decode()


def build(folder: Path, address: str, *, every_place: bool = True) -> World:
    """Make the city on an empty, migrated database; else with one pair of hands for each state."""
    reference.forget()
    settings = Settings(data_dir=folder, database_url=address, rate_limits=False)
    app = create_app(settings)
    with app.app_context(), clock.frozen(NOW):
        world = World(app, settings, cast.build(), Path(address.removeprefix("sqlite:///")))
        _sign_in_everybody(world)
        _order_everybody(world)
        _file_cases(world, every_place)
        _gather(world)
        db.session.remove()
    return world


@contextmanager
def standing(folder: Path, templates: Databases, *, every_place: bool = True) -> Iterator[World]:
    """Lend a city on a database of its own; it is gone afterwards."""
    with templates.copy(SQLITE) as address:
        made = build(folder, address, every_place=every_place)
        yield made
        release(made.app)


def _sign_in_everybody(world: World) -> None:
    with writing() as session:
        for part, staff_id in world.people.staff.items():
            world.tokens[part] = secrets.token_urlsafe(32)
            session.add(
                StaffSession(
                    token_hash=hashlib.sha256(world.tokens[part].encode()).digest(),
                    staff_id=staff_id, created_at=MORNING, seen_at=NOW, expires_at=NOW + timedelta(hours=8),
                )
            )  # fmt: skip
        world.tokens["expired"] = secrets.token_urlsafe(32)
        session.add(
            StaffSession(
                token_hash=hashlib.sha256(world.tokens["expired"].encode()).digest(),
                staff_id=world.people.staff["east_handler"], created_at=MORNING - timedelta(days=2),
                seen_at=MORNING - timedelta(days=2), expires_at=MORNING - timedelta(days=1),
            )
        )  # fmt: skip


def _order_everybody(world: World) -> None:
    """One directive to every unit, with a file that can be read: whoever leads or commands may open it."""
    writer = store.Writer()
    writer.write(SHEET)
    stored = writer.close()
    supervisor = world.people.view("city_supervisor")
    with writing() as session:
        sheet = Attachment(
            staff_id=supervisor.id, uploaded_by="staff", uploaded_at=NOW, state=files.CLEAN, kind="paper",
            name="通知.txt", original=stored, clean=stored, size=len(SHEET), clean_size=len(SHEET),
            media_type="text/plain", clean_type="text/plain", sha256=hashlib.sha256(SHEET).digest(),
        )  # fmt: skip
        session.add(sheet)
        session.flush()
        enclosed = (sheet.id,)
    order = directives.Order(
        title="排查门店", text="逐户核查。", hours="24", level="all", files=enclosed, form_key="everybody"
    )
    directives.issue(order, supervisor, NOW)


def _file_cases(world: World, every_place: bool) -> None:
    """Every kind in every state in every pair of hands: 71 × 7 open ones and 7 × 3 sealed ones."""
    for kind, states in WORKFLOW.states.items():
        for state in states.values():
            places = SEALED_PLACES if kind == SEALED else PLACES
            few = ("held",) if kind == SEALED else ("east", "centre")
            for place in places.values() if every_place else (places[name] for name in few):
                receipt = cast.file(kind)
                standing = Standing(kind, state.key, **{k: v for k, v in place.items() if v})
                world.cases[receipt.slips[0].number] = standing
    with writing() as session:
        for number, standing in world.cases.items():
            session.execute(update(Case).where(Case.number == number).values(**_columns(world.people, standing)))
        rows = session.query(Case.number, Case.id).all()
        _add_files_and_papers(world, session, rows)


def _gather(world: World) -> None:
    """An incident, a suggestion and a report with a case of every unit: whoever commands sees something of them."""
    numbers = [world.numbers(kind="complaint", unit=unit)[0] for unit in ("east_office", "west_office", "legal", "west")
               if world.numbers(kind="complaint", unit=unit)]  # fmt: skip
    city, supervisor = world.people.units["city"], world.people.staff["city_supervisor"]
    with writing() as session:
        ids = list(session.scalars(select(Case.id).where(Case.number.in_(numbers))))
        incident = Incident(
            number="SJ2026-001", mark="world", title="健身房停业", kind="group_complaint", level="general",
            unit_id=city, opened_by=supervisor, opened_at=NOW,
        )  # fmt: skip
        session.add(incident)
        session.flush()
        for case_id in ids:
            session.add(IncidentCase(case_id=case_id, incident_id=incident.id, attached_at=NOW, attached_by=supervisor))
        free = [world.numbers(kind="report", unit=unit)[0] for unit in ("east_office", "west_office", "legal", "west")
                if world.numbers(kind="report", unit=unit)]  # fmt: skip
        shown = list(session.scalars(select(Case.id).where(Case.number.in_(free))))
        session.add(
            IncidentSuggestion(
                subject="respondent:1", basis="respondent", words="某商家", first_on=NOW.date(), last_on=NOW.date(),
                cases=shown, made_at=NOW,
            )
        )  # fmt: skip
        session.add(
            IncidentReport(
                incident_id=incident.id, mark="world", unit_id=city, ordered_by=supervisor, ordered_at=NOW,
                state=papers.QUEUED, facts={},
            )
        )  # fmt: skip


def _add_files_and_papers(world: World, session: Session, rows: Sequence[Any]) -> None:
    """Give every case a file that can be read and a paper that was made."""
    writer = store.Writer()
    writer.write(SHEET)
    stored = writer.close()
    for number, case_id in rows:
        sheet = Attachment(
            case_id=case_id, uploaded_by="citizen", uploaded_at=NOW, state=files.CLEAN, kind="evidence",
            name=f"{number}.txt", original=stored, clean=stored, size=len(SHEET), clean_size=len(SHEET),
            media_type="text/plain", clean_type="text/plain", sha256=hashlib.sha256(SHEET).digest(),
        )  # fmt: skip
        paper = Document(
            case_id=case_id, event_seq=1, kind="form.acceptance", state=papers.MADE, ordered_at=NOW, issued_at=NOW,
            pages=1, size=len(PAPER), sha256=hashlib.sha256(PAPER).digest(), file="paper.pdf",
        )  # fmt: skip
        session.add_all((paper, sheet))
        session.flush()
        world.files[number], world.papers[number] = sheet.id, paper.id
        place = documents.path_of(paper.id)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(PAPER)


def _columns(people: Cast, case: Standing) -> dict[str, object]:
    from tests.authorisation.oracle import bureau

    units, staff = people.units, people.staff
    return {
        "state": case.state,
        "previous_state": case.state,
        "queue": WORKFLOW.state(case.kind, case.state).queue,
        "unit_id": units[case.unit],
        "bureau_id": units[bureau(case.unit)],
        "receiving_unit_id": units[case.receiving],
        "handler_id": staff[case.handler] if case.handler else None,
        "delegate_unit_id": units[case.delegate] if case.delegate else None,
        "case_unit_id": units[case.case_unit] if case.case_unit else None,
    }
