"""The door: settings in, everything wired, an app out. Nothing else happens here."""

from __future__ import annotations

from importlib import import_module

from flask import Flask
from flask_migrate import Migrate

import commands
from blueprints.web import setup
from blueprints.web.signed_in import DatabaseSessions
from blueprints.web.staff import Sessions
from casework import attachments, pagestamp, throttle
from casework.board import sheets
from config import Settings
from jobs import house
from models import secrets
from models.base import db

BLUEPRINTS = (
    "blueprints.public.health",
    "blueprints.public.pages",
    "blueprints.public.figures",
    "blueprints.public.publicity",
    "blueprints.public.knowledge",
    "blueprints.public.stations",
    "blueprints.public.filing",
    "blueprints.public.receipt",
    "blueprints.public.track",
    "blueprints.board.public",
    "blueprints.board.editing",
    "blueprints.board.amending",
    "blueprints.desk.account",
    "blueprints.desk.views",
    "blueprints.desk.cases",
    "blueprints.desk.papers",
    "blueprints.desk.dossiers",
    "blueprints.desk.register",
    "blueprints.desk.messages",
    "blueprints.desk.style",
    "blueprints.desk.knowledge",
    "blueprints.command.views",
    "blueprints.command.supervision",
    "blueprints.command.directives",
    "blueprints.command.orders",
    "blueprints.command.incidents",
    "blueprints.command.duty",
    "blueprints.command.roster",
    "blueprints.command.callbacks",
    "blueprints.command.publicity",
    "blueprints.command.stations",
    "blueprints.command.operations",
    "blueprints.archive.views",
    "blueprints.briefings.views",
    "blueprints.briefings.examples",
    "blueprints.briefings.pictures",
    "blueprints.briefings.reports",
    "blueprints.insight.views",
    "blueprints.insight.hotspots",
    "blueprints.insight.assessment",
    "blueprints.insight.assessment_acts",
    "blueprints.admin.views",
    "blueprints.admin.calendar",
)
"""Modules whose `bp` is mounted, in this order."""


def create_app(settings: Settings | None = None, *, sessions: Sessions | None = None) -> Flask:
    """Return the portal for `settings` (those of the environment by default).

    `sessions` keeps the sign-ins of staff. Raise SettingsError or KeyFileWrong when the portal must not start.
    """
    settings = settings or Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    keys = secrets.load(settings.keys_dir)
    secrets.install(keys)
    house.furnish(settings)
    attachments.configure(settings.uploads_dir)
    throttle.switch(settings.rate_limits)
    pagestamp.configure(settings.data_dir / "pages.stamp")
    sheets.configure(settings.public_url)
    app = Flask("portal", root_path=str(setup.ROOT), static_folder=None)
    app.config.update(SQLALCHEMY_DATABASE_URI=settings.database_url, SETTINGS=settings)
    if not settings.is_sqlite:
        # A connection that the server has dropped since (a restart, a failover) is noticed before it is used.
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True}
    db.init_app(app)
    Migrate(app, db, directory=str(setup.ROOT / "migrations"), render_as_batch=True)
    app.extensions["portal_pages"] = setup.prepare(app, settings, keys, sessions or DatabaseSessions())
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).bp)
    commands.register(app)
    return app
