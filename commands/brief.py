"""`flask brief`: the briefing of a month. This edition of the portal cannot compile one."""

from __future__ import annotations

import click

from commands.terminal import fail


@click.command("brief")
@click.argument("period")
@click.option("--out", type=click.Path(dir_okay=False), default=None, help="Where the PDF goes.")
def brief(period: str, out: str | None) -> None:
    """Compile the briefing of PERIOD (2026-10)."""
    where = f" to {out}" if out else ""
    fail(f"The briefing of {period} was not written{where}: this edition of the portal does not compile briefings.")
