"""How commands speak: plain sentences on standard output, refusals on standard error, one line of progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click


def say(sentence: str) -> None:
    """Print a sentence."""
    click.echo(sentence)


def fail(sentence: str) -> NoReturn:
    """Print why the command failed, and end with exit code 1."""
    raise click.ClickException(sentence)


class Progress:
    """Counts long work: a line that is written over on a terminal, a line every few seconds elsewhere."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total = what, total
        self.began = self.spoke = time.monotonic()
        self.on_terminal = sys.stdout.isatty()

    def __call__(self, done: int) -> None:
        """Say how far it is, not more often than people can read."""
        now = time.monotonic()
        if now - self.spoke < (0.2 if self.on_terminal else 10.0):
            return
        self.spoke = now
        self._write(done, now)

    def end(self, done: int) -> float:
        """Say the last count; return the seconds it took."""
        now = time.monotonic()
        if self.on_terminal:
            self._write(done, now)
            click.echo()
        return now - self.began

    def _write(self, done: int, now: float) -> None:
        seconds = now - self.began
        rate = f", {done / seconds:,.0f} per second" if seconds > 1 else ""
        line = f"{self.what}: {done:,} of {self.total:,}{rate}"
        if self.on_terminal:
            click.echo(f"\r\x1b[K{line}", nl=False)
        else:
            click.echo(line)


@contextmanager
def progress(what: str, total: int) -> Iterator[Progress]:
    """Count long work inside the block."""
    line = Progress(what, total)
    yield line
