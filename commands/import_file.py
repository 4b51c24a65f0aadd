"""`flask import`: real input from a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from commands.terminal import fail, progress, say


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", "name", required=True, metavar="NAME", help="The mapping file of the source.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, write nothing.")
@with_appcontext
def import_file(file: Path, name: str, dry_run: bool) -> None:
    """Import FILE (CSV or Excel) as the profile NAME says. Safe to run twice; rows that cannot be taken are named."""
    from casework import imports
    from casework.imports import reading, running
    from models import clock

    try:
        profile = imports.load(name)
        total = running.count(file)
        say(f"{profile.title}: {total:,} rows in {file.name}." + (" Nothing will be written." if dry_run else ""))
        report = imports.Report()
        with progress("Rows", total) as line:
            for report in imports.run(file, profile, clock.now(), dry=dry_run):
                for number, reason in report.reasons:
                    click.echo(f"line {number}: {reason}")
                line(report.read)
            seconds = line.end(report.read)
    except (imports.ProfileError, reading.Unreadable) as error:
        fail(f"{file.name}: {error}")
    say(f"Done in {seconds:.1f} seconds." if not dry_run else f"Checked in {seconds:.1f} seconds.")
    say(report.last_line)
