"""`flask doctor`: what is configured, what is missing, what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.terminal import fail, say
from config import Settings

LITTLE_ROOM = 2 * 1024**3
OK, WARNING, WRONG = "ok", "look", "wrong"


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at: how it is, and what to do when it is not well."""

    state: str
    what: str
    advice: str = ""


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Say what is configured and what is missing. Exits with 1 when something is wrong."""
    settings: Settings = current_app.config["SETTINGS"]
    say("Settings (environment variables; * set by you):")
    for line in settings.described():
        say(f"  {'*' if line.changed else ' '} {line.name:<16} {line.value or '(empty)':<34} {line.meaning}")
    say("")
    wrong = 0
    for sign in (*_places(settings), *_database(settings), *_engines(settings), *_ways(settings)):
        say(f"  [{sign.state:<5}] {sign.what}")
        if sign.advice:
            say(f"          → {sign.advice}")
        wrong += sign.state == WRONG
    if wrong:
        fail(f"{wrong} thing(s) keep the portal from working; see the arrows above.")
    say("The portal has what it needs.")


def _places(settings: Settings) -> Iterator[Sign]:
    free = shutil.disk_usage(settings.data_dir).free
    room = f"{free / 1024**3:.1f} GiB are free for {settings.data_dir}"
    yield Sign(OK, room) if free > LITTLE_ROOM else Sign(WARNING, room, "make room before files are refused")
    for file in sorted(settings.keys_dir.glob("*")):
        if file.stat().st_mode & 0o077:
            yield Sign(WRONG, f"{file} can be read by others", f"chmod 600 {file}")
            break
    else:
        yield Sign(OK, "the keys can be read by their owner alone")
    fonts = list(Path(settings.fonts_dir).glob("*"))
    if fonts:
        yield Sign(OK, f"{len(fonts)} fonts for papers are in {settings.fonts_dir}")
    else:
        yield Sign(
            WARNING, "no fonts for papers", f"script/fetch-fonts {settings.fonts_dir}; system fonts serve until then"
        )


def _database(settings: Settings) -> Iterator[Sign]:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy.exc import SQLAlchemyError

    from models.base import db

    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        yield Sign(WRONG, f"{kind} does not answer: {type(error).__name__}", "check DATABASE_URL and the server")
        return
    scripts = ScriptDirectory(str(Path(current_app.root_path) / "migrations"))
    if current == scripts.get_current_head():
        yield Sign(OK, f"{kind} has the newest schema")
        yield from _content()
    else:
        yield Sign(WRONG, f"{kind} has schema {current or '(none)'}", "flask init")


def _content() -> Iterator[Sign]:
    from sqlalchemy import func, select

    from casework import keycheck, reference
    from models import Case, Staff, clock
    from models.base import db
    from rules.calendar import local_date

    people = db.session.scalar(select(func.count()).select_from(Staff).where(Staff.active)) or 0
    cases = db.session.scalar(select(func.count()).select_from(Case)) or 0
    if wrong := keycheck.mismatch():
        yield Sign(
            WRONG, f"the keys do not belong to this database: {wrong}", "put the keys directory of its time back"
        )
    if people:
        yield Sign(OK, f"{people:,} active accounts, {cases:,} cases")
    else:
        yield Sign(WRONG, "there is no account", "flask init makes the first administrator")
        return
    today = local_date(clock.now())
    known = reference.current().calendar.known_years
    if today.year not in known:
        yield Sign(WRONG, f"the calendar of {today.year} is not entered", "enter the holidays of the year under 管理")
    elif today.month >= 11 and today.year + 1 not in known:
        yield Sign(
            WARNING, f"the calendar of {today.year + 1} is not entered yet: terms that reach into it are provisional",
            "enter it as soon as the State Council has published it",
        )  # fmt: skip
    else:
        yield Sign(OK, "the calendar is entered")


def _engines(settings: Settings) -> Iterator[Sign]:
    import redis

    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=2) as client:
            client.ping()
        yield Sign(OK, "Redis answers")
    except redis.RedisError:
        advice = "script/serve starts one" if settings.uses_private_redis else "check REDIS_URL and the server"
        yield Sign(WARNING, "Redis does not answer: tasks are done more slowly, from the database", advice)


def _ways(settings: Settings) -> Iterator[Sign]:
    for name, given, what in (
        ("SMTP_HOST", settings.smtp_host, "mail"),
        ("SMS_URL", settings.sms_url, "short messages"),
    ):
        if given:
            yield Sign(OK, f"{what} can be sent")
        else:
            yield Sign(WARNING, f"no {what} are sent; filers find the text on the tracking page", f"set {name}")
    if settings.webhook_url:
        yield Sign(OK, "staff can be reached by the office's own messenger")
    else:
        yield Sign(OK, "no messenger of the office is set; staff find everything in their list (WEBHOOK_URL)")
    if settings.is_production and settings.demo_accounts_file.exists():
        yield Sign(WRONG, "demo accounts lie beside a production portal", f"delete {settings.demo_accounts_file}")
