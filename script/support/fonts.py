"""Fetch the fonts for papers into a directory: Fandol, from Debian's package texlive-lang-chinese.

    python -m script.support.fonts DIRECTORY

The package is downloaded and unpacked, not installed. Without these fonts papers are set in what the system has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "texlive-lang-chinese"
FONTS = (
    "FandolFang-Regular.otf",
    "FandolHei-Bold.otf",
    "FandolHei-Regular.otf",
    "FandolKai-Regular.otf",
    "FandolSong-Bold.otf",
    "FandolSong-Regular.otf",
)
INSTALLED = Path("/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol")
PATIENCE = 300  # seconds for the download of 49 MB


class CannotFetch(RuntimeError):
    """The fonts cannot be brought here; the message says why."""


def missing(directory: Path) -> list[str]:
    """Return the names of the fonts that `directory` lacks."""
    return [name for name in FONTS if not (directory / name).is_file()]


def fetch(directory: Path) -> str:
    """Bring what is missing into `directory`; return a sentence about where it came from. Raises CannotFetch."""
    if not missing(directory):
        return "The fonts for papers are already here."
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(not (INSTALLED / name).is_file() for name in FONTS):
        _take(INSTALLED, directory)
        return f"Fonts for papers copied from {INSTALLED}."
    with tempfile.TemporaryDirectory(dir=directory) as work:
        package = _download(Path(work))
        _run(["dpkg-deb", "--extract", str(package), "unpacked"], Path(work))
        found = next(Path(work, "unpacked").rglob("FandolFang-Regular.otf"), None)
        if found is None:
            raise CannotFetch(f"{package.name} holds no Fandol fonts.")
        _take(found.parent, directory)
        for licence in Path(work, "unpacked").rglob("fandol/COPYING*"):
            shutil.copyfile(licence, directory / f"Fandol-{licence.name}")
    return f"Fonts for papers taken from Debian's package {PACKAGE}."


def _download(work: Path) -> Path:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise CannotFetch("this system has no apt-get; put the Fandol .otf files there by hand.")
    try:
        _run(["apt-get", "download", "-qq", PACKAGE], work)
    except CannotFetch:
        if os.getuid() != 0:
            raise
        _run(["apt-get", "update", "-qq"], work)
        _run(["apt-get", "download", "-qq", PACKAGE], work)
    package = next(work.glob("*.deb"), None)
    if package is None:
        raise CannotFetch(f"apt-get brought no {PACKAGE}.")
    return package


def _take(source: Path, directory: Path) -> None:
    """Copy each font under a temporary name first, so that a reader never sees half a file."""
    for name in FONTS:
        part = directory / f"{name}.part"
        shutil.copyfile(source / name, part)
        part.rename(directory / name)


def _run(command: list[str], cwd: Path) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or error.stdout or "").strip().splitlines()
        raise CannotFetch(f"{command[0]} failed: {reason[-1] if reason else error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotFetch(f"{command[0]} failed: {error}") from error


def main() -> int:
    """Fetch into the directory given; exit 1 with a sentence when that fails."""
    directory = Path(sys.argv[1])
    try:
        print(fetch(directory))
    except CannotFetch as error:
        print(f"The fonts for papers are not in {directory}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
