"""`flask init`: the schema, the reference data, the first administrator. Run at every start; changes nothing twice."""

from __future__ import annotations

import logging
import secrets

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.terminal import fail, say

WORDS = 4
ADMIN = "admin"


@click.command("init")
@with_appcontext
def init() -> None:
    """Bring the database up to date and, in an empty one, make the first administrator."""
    import flask_migrate
    import pyotp

    from casework import founding, keycheck
    from models import clock

    settings = current_app.config["SETTINGS"]
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate.upgrade()
    say("The schema is up to date.")
    if wrong := keycheck.mismatch():
        fail(f"The keys in {settings.keys_dir} do not belong to this database: {wrong}. Put the right ones there.")
    password, secret = _password(), pyotp.random_base32()
    if not founding.found(settings.bureau_name, ADMIN, password, secret, clock.now()):
        say("Reference data and an administrator are there already; nothing was changed.")
        return
    say("The calendar of the known years and the city centre are entered.")
    say("The first administrator was made. This is shown once; write it down:")
    say(f"  username       {ADMIN}")
    say(f"  password       {password}   (must be changed at the first sign-in)")
    say(f"  second factor  {secret}   (enter it into an authenticator app)")


def _password() -> str:
    """Return a password of 96 random bits that can be read out on the telephone."""
    return "-".join(secrets.token_hex(3) for _ in range(WORDS))
