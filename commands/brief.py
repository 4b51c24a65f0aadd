"""`flask brief`: compile the briefing of a month, and have a worker print it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
from flask.cli import with_appcontext

from commands.terminal import fail, say

PATIENCE = 300
"""Seconds that the command waits for the worker, unless told otherwise."""


@click.command("brief")
@click.argument("period")
@click.option("--out", type=click.Path(dir_okay=False), default=None, help="Where the PDF goes; a worker must run.")
@click.option(
    "--wait", type=click.IntRange(0), default=PATIENCE, show_default=True, help="Seconds to wait for a worker."
)
@with_appcontext
def brief(period: str, out: str | None, wait: int) -> None:
    """Compile the briefing of PERIOD (2026-10); with --out wait for its printing."""
    from casework.briefings import keeping
    from casework.errors import NotFound, Refused
    from models import briefing as states
    from models import clock

    try:
        month = keeping.month_of(period)
        briefing_id, new = keeping.order(None, month, clock.now())
    except NotFound:
        fail(f"“{period}” is no month like 2026-10.")
    except Refused as refusal:
        fail(f"The briefing of {period} was not compiled: {refusal}")
    say(f"The briefing of {month.key} is {'being compiled' if new else 'there already'}.")
    state = _until(lambda: _state(briefing_id), {states.COUNTING}, "compiled its figures", wait)
    if state == states.FAILED:
        fail("Its figures could not be counted; the log of the worker says why.")
    say(f"State: {state}. Page: /briefings/{month.key}")
    if out is not None:
        _print(briefing_id, Path(out), wait)


def _state(briefing_id: int) -> str:
    from models import Briefing, db

    db.session.rollback()
    return db.session.get_one(Briefing, briefing_id, populate_existing=True).state


def _print(briefing_id: int, out: Path, wait: int) -> None:
    from casework.briefings import editions
    from models import BriefingEdition, clock, db
    from models import document as states

    edition_id = editions.for_command(briefing_id, clock.now())

    def state() -> str:
        db.session.rollback()
        return db.session.get_one(BriefingEdition, edition_id, populate_existing=True).state

    if _until(state, {states.QUEUED, states.MAKING}, "printed it", wait) == states.FAILED:
        fail("It could not be printed; the log of the worker says why.")
    one = db.session.get_one(BriefingEdition, edition_id)
    out.write_bytes(editions.read(one))
    say(f"Wrote {out}: {one.pages} pages.")


def _until(state: Callable[[], str], waiting: set[str], what: str, wait: int) -> str:
    """Wait until the worker has moved on; return the state then."""
    began = time.monotonic()
    while (found := state()) in waiting:
        if time.monotonic() - began > wait:
            fail(f"No worker has {what} within {wait} seconds. Is one running? It goes on when one does.")
        time.sleep(0.2)
    return found
