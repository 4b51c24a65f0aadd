"""`flask backup` and `flask restore`: the whole portal in one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.terminal import fail, say

if TYPE_CHECKING:
    from casework.backup import Places


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-keys", is_flag=True, help="Put the keys in as well: whoever has the file can then read it all.")
@with_appcontext
def backup(file: Path, with_keys: bool) -> None:
    """Write database, uploads and papers into FILE while the portal runs."""
    from casework import backup as work
    from models import clock

    if not file.absolute().parent.is_dir():
        fail(f"There is no directory {file.absolute().parent}.")
    try:
        size = work.write(_places(), file.absolute(), clock.now(), with_keys=with_keys)
    except (work.BackupError, OSError) as error:
        fail(str(error))
    say(f"The backup is in {file}: {size / 1024**2:,.1f} MiB.")
    if not with_keys:
        say("The keys are not in it. Keep a copy of the keys directory elsewhere, or nobody can read the backup.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the backup in the place of what is there.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Put back what FILE holds. Stop web and worker before; keys that are not in FILE have to be in place."""
    from casework import backup as work
    from models.base import db

    db.session.remove()
    db.engine.dispose()
    try:
        manifest = work.restore(_places(), file, replace=replace)
    except (work.BackupError, OSError) as error:
        fail(str(error))
    say(f"The portal is as it was at {manifest['made_at']}.")
    say("Run flask init (for a newer schema), then flask audit verify.")


def _places() -> Places:
    from casework.backup import Places

    settings = current_app.config["SETTINGS"]
    return Places(settings.database_url, settings.uploads_dir, settings.documents_dir, settings.keys_dir)
