"""`flask demo`: a fictional city that looks real. Refused in production."""

from __future__ import annotations

import csv
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.terminal import fail, progress, say

if TYPE_CHECKING:
    from casework.demo.city import Account

COLUMNS = ("username", "password", "totp_secret", "name", "role", "unit")


@click.command("demo")
@click.option("--cases", default=3000, show_default=True, type=click.IntRange(0, 5_000_000), help="How many cases.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same city.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The city's last day; today when left out."
)
@click.option("--processes", default=os.cpu_count() or 1, type=click.IntRange(1, 16), help="Processes that make cases.")
@with_appcontext
def demo(cases: int, seed: int, until: datetime | None, processes: int) -> None:
    """Make a fictional city with staff, businesses and CASES cases in an empty database."""
    import pyotp

    from casework import attachments, documents, passwords
    from casework.demo import city
    from casework.errors import WorkError
    from models import clock
    from rules.calendar import end_of_day

    settings = current_app.config["SETTINGS"]
    if settings.is_production:
        fail("PROFILE=production refuses demo accounts. Nothing was changed.")
    now = clock.now()
    moment = now if until is None else min(now, end_of_day(until.date()) - timedelta(seconds=1))
    password = f"linjiang-{secrets.token_hex(5)}"
    totp = iter(pyotp.random_base32, "")
    rng = Random(f"{seed}/city")  # noqa: S311 - invented names, no secret
    try:
        accounts = city.build(passwords.hashed(password), totp, rng, now)
    except WorkError as error:
        fail(error.sentence)
    _write_accounts(settings.demo_accounts_file, accounts, password)
    say(f"The city has its offices and people; {len(accounts)} demo accounts are in {settings.demo_accounts_file}.")
    if cases:
        documents.configure(settings.documents_dir)
        attachments.configure(settings.uploads_dir)
        _fill(cases, seed, moment, processes)


def _fill(cases: int, seed: int, until: datetime, processes: int) -> None:
    """Fill the desks of the city up to `until`, and say how long it took."""
    from casework.demo import (
        assessing,
        briefings,
        filling,
        knowledge,
        notices,
        orders,
        publishing,
        signals,
        supervising,
        watch,
    )
    from models import clock
    from models.base import db

    done = 0
    with progress("Cases", cases) as line:
        for done in filling.fill(db.engine, cases, seed, until, processes):
            line(done)
        seconds = line.end(done)
    orders.give(until, seed)
    supervised = supervising.fill(seed, until)
    shifts, drawn = watch.fill(seed, until)
    assessed = assessing.Months(seed, until)
    issued = briefings.fill(seed, until, assessed.one)
    shown = notices.fill(until)
    published, known = publishing.publish(until), knowledge.fill(until)
    waiting = signals.fill(until)
    fresh = filling.order_fresh_papers(clock.now())
    say(f"{done:,} cases were written in {seconds:.1f} seconds; {fresh} papers wait for the worker.")
    say(f"The roster holds {shifts} watches; {drawn} cases of the last month were drawn to be called back.")
    say(f"{supervised} supervision orders were issued in the last two weeks; {issued} briefings are signed off.")
    say(f"The units were assessed month by month; {assessed.signed} notifications are signed.")
    say(f"{published:,} complaints are published; the knowledge base has {known} entries.")
    say(f"{shown} notices stand on the board.")
    say(f"{waiting} hot spots wait for somebody to look at them.")


def _write_accounts(file: Path, accounts: list[Account], password: str) -> None:
    """Write the accounts for the owner alone, in one step."""
    part = file.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for one in accounts:
            writer.writerow([one.username, password, one.totp_secret, one.name, one.role, one.unit])
    part.replace(file)
