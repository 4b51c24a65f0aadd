"""The `flask` commands, a file each. A command's own imports wait until it runs, so that a web process stays light."""

from __future__ import annotations

from importlib import import_module

import click
from flask import Flask

COMMANDS = ("init", "demo", "import_file", "sweep", "due", "brief", "audit", "backup", "doctor")


def register(app: Flask) -> None:
    """Add every command to the application's command line."""
    for name in COMMANDS:
        found = [one for one in vars(import_module(f"commands.{name}")).values() if isinstance(one, click.Command)]
        inner = {id(one) for group in found if isinstance(group, click.Group) for one in group.commands.values()}
        for command in found:
            if id(command) not in inner:
                app.cli.add_command(command)
