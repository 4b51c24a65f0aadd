"""`flask sweep`: do now what the periodic process does every minute."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import with_appcontext

from commands.terminal import fail, say

MOST = 1_000_000


@click.command("sweep")
@click.option(
    "--now", "moment", default=None, metavar="T", help="As if it were this moment: 2026-11-23T09:00 (Shanghai)."
)
@with_appcontext
def sweep(moment: str | None) -> None:
    """Take every term whose moment to speak has come: reminders, lapses, escalations."""
    from casework import directives
    from casework import sweep as work
    from models import clock

    now = clock.now() if moment is None else _moment(moment)
    found = work.run(now, MOST)
    directives.sweep(now, MOST)
    say(f"{found.spoken} terms spoke, {found.lapsed} lapsed, {found.failed} failed and are tried again in an hour.")
    if found.failed:
        fail("Some terms could not be handled; the log names their cases.")


def _moment(text: str) -> datetime:
    from rules.calendar import ZONE

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--now: “{text}” is not a moment like 2026-11-23T09:00.")
    return found if found.tzinfo else found.replace(tzinfo=ZONE)
