"""Page images of every paper, from specimens: `python -m script.support.paper_pictures [NAME …]`.

Laid out as the worker does, with the fonts of DATA_DIR/fonts (`instance/fonts` without it); turned into pictures by
pdftoppm of poppler-utils.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from jobs import pdf
from script.support import specimens

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures" / "papers"
DOTS = 96
"""To the inch: a page is about 800 points wide, small type can be read."""
MOST_BYTES = 150_000
COLOURS = (64, 32, 16, 8)


class CannotPicture(RuntimeError):
    """The pictures cannot be made; the message says why."""


def picture(name: str, page: bytes) -> list[Path]:
    """Keep one picture of each page of a file; return where they are. Raises CannotPicture."""
    with tempfile.TemporaryDirectory() as work:
        source = Path(work, "paper.pdf")
        source.write_bytes(page)
        command = ["pdftoppm", "-r", str(DOTS), "-png", str(source), str(Path(work, "page"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotPicture(f"pdftoppm failed: {done.stderr.strip()}")
        return [
            _keep(shot, PICTURES / f"{name}-{place}.png")
            for place, shot in enumerate(sorted(Path(work).glob("page*.png")), start=1)
        ]


def _keep(shot: Path, place: Path) -> Path:
    with Image.open(shot) as opened:
        picture = opened.convert("RGB")
    for colours in COLOURS:
        kept = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(kept, "PNG", optimize=True)
        if kept.tell() < MOST_BYTES:
            break
    place.write_bytes(kept.getvalue())
    return place


def main() -> int:
    """Make the pictures whose names begin as asked, all without arguments; return 0 when all are small enough."""
    if not shutil.which("pdftoppm"):
        print("pdftoppm is not here: install poppler-utils.", file=sys.stderr)
        return 1
    wanted = tuple(sys.argv[1:])
    data = Path(os.environ.get("DATA_DIR", ROOT / "instance")).resolve()
    pdf.configure(data / "fonts", data / "seals")
    PICTURES.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    for name, paper in specimens.all_of_them():
        if wanted and not name.startswith(wanted):
            continue
        for old in PICTURES.glob(f"{name}-[0-9].png"):
            old.unlink()
        try:
            taken += picture(name, pdf.render(paper).pdf)
        except CannotPicture as error:
            print(error, file=sys.stderr)
            return 1
    large = [place.name for place in taken if place.stat().st_size >= MOST_BYTES]
    print(f"{len(taken)} pages were taken; too large: {', '.join(large) or 'none'}.")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
