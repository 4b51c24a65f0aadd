"""`python -m benchmarks.paper COUNT`: make papers as the worker of the queue pdf does, and say what memory it took.

A process of its own, because only its highest mark counts. Prints megabytes, seconds for one
paper of the city, and seconds for the layout of a letter of one page.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.server import memory

if TYPE_CHECKING:
    from flask import Flask


def _one_page() -> float:
    """Return the seconds that the layout of a letter of one page takes on a warm worker, the middle of nine."""
    from jobs import pdf
    from script.support import specimens

    paper = dict(specimens.all_of_them())["form-acceptance"]
    found = []
    for _ in range(9):
        begun = time.perf_counter()
        pdf.render(paper)
        found.append(time.perf_counter() - begun)
    return sorted(found)[4]


def press() -> Flask:
    """Return the portal of the environment, ready to lay out papers as the worker of the queue pdf is."""
    from app import create_app
    from config import Settings
    from jobs import house, pdf

    settings = Settings.from_env()
    app = create_app(settings)
    house.furnish(settings)
    pdf.configure(settings.fonts_dir, settings.data_dir / "seals")
    pdf.warm_up()
    return app


def main() -> int:
    """Make COUNT papers of the first complaint that has one."""
    from sqlalchemy import select, update

    from casework import documents
    from casework.tasks import DOCUMENT_MAKE
    from jobs import pdf
    from models import Document, clock, db
    from models import document as states

    count = int(sys.argv[1])
    with press().app_context():
        known = select(Document.id).where(Document.kind.in_(documents.TEMPLATES)).order_by(Document.id).limit(count)
        ids = list(db.session.scalars(known))
        if not ids:
            print(f"no paper is ordered in this city ({DOCUMENT_MAKE})", file=sys.stderr)
            return 1
        begun = time.perf_counter()
        for document_id in ids:
            db.session.execute(update(Document).where(Document.id == document_id).values(state=states.QUEUED))
            db.session.commit()
            documents.make(document_id, clock.now(), pdf.render, lambda session, now: None)
        seconds = (time.perf_counter() - begun) / len(ids)
    print(f"{memory(os.getpid(), 'VmHWM'):.0f} {seconds:.3f} {_one_page():.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
