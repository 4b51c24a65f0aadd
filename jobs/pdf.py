"""Laying out papers as PDF. The only module that knows WeasyPrint; only workers import it.

The layout may read the kit (templates/print), the fonts and the seals, and nothing else: an address in a text that
somebody typed leads nowhere, neither into the network nor into the file system.
"""

from __future__ import annotations

import logging
import mimetypes
import re
import threading
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from casework import papertext
from casework.documents import Paper, Rendered
from jobs import justify
from jobs.pictures import shrunk

log = logging.getLogger("portal.pdf")

KIT = Path(__file__).resolve().parent.parent / "templates" / "print"
BASE = "http://paper.invalid/"
"""An address that exists nowhere: what the templates name is found by `Shelf` alone."""
VARIANT = "pdf/a-3u"
PICTURE, QUALITY = 1600, 85
"""Pixels of the longer side of a picture in a paper: 260 an inch where it takes the whole width."""
NO_PICTURES: Mapping[str, Callable[[], bytes]] = {}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class CannotPrint(RuntimeError):
    """The paper would not show what it must: a character has no glyph in any font, or a part is missing."""


class Shelf(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Hands the layout files of three folders and the pictures of a paper by name, and refuses all else."""

    def __init__(self, folders: dict[str, Path], pictures: Mapping[str, Callable[[], bytes]] = NO_PICTURES) -> None:
        super().__init__(allowed_protocols=["http"], allow_redirects=False)
        self.folders, self.pictures = folders, pictures
        self.missing: list[str] = []
        """Pictures of the paper that could not be read: WeasyPrint would leave them out without a word."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the file that `http://paper.invalid/<folder>/<name>` stands for; raise ValueError otherwise."""
        parts = urlsplit(url)
        folder, _, name = unquote(parts.path).removeprefix("/").partition("/")
        if url.startswith(f"{BASE}pictures/") and name in self.pictures:
            return URLFetcherResponse(url, self._picture(name), {"Content-Type": "image/jpeg"})
        if not url.startswith(BASE) or folder not in self.folders or not _NAME.fullmatch(name):
            raise ValueError("not on the shelf")
        body = (self.folders[folder] / name).read_bytes()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body, {"Content-Type": kind})

    def _picture(self, name: str) -> bytes:
        try:
            return shrunk(self.pictures[name](), PICTURE, QUALITY)[0]
        except Exception:
            log.exception("picture %s of a paper", name)
            self.missing.append(name)
            raise


class _Complaints(logging.Handler):
    """Collects what WeasyPrint complains about during one layout."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.glyphs = False
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Sort one complaint: missing glyphs spoil a paper, the rest is for the log."""
        if ".notdef" in str(record.msg):
            self.glyphs = True
        else:
            self.others.append(str(record.msg))


# One set of fonts for the whole process, and one layout at a time: sharing it between threads crashes Pango, and a
# new one for each paper is never given back.
_lock = threading.Lock()
_fonts = FontConfiguration()
_folders = {"print": KIT}
"""By the name that stands first in an address; `configure` adds the others."""


def configure(fonts: Path, seals: Path) -> None:
    """Say where the fonts (DATA_DIR/fonts) and the seals (DATA_DIR/seals) lie, and get ready to work."""
    _folders.update({"fonts": fonts, "seals": seals})
    if not justify.install():
        log.warning("this version of WeasyPrint is not known here: Chinese lines will end unevenly")
    logging.getLogger("weasyprint").propagate = False
    logging.getLogger("fontTools").setLevel(logging.ERROR)


def warm_up() -> None:
    """Lay out an empty page, so that the first paper does not wait for fonts to be found."""
    _layout("<!doctype html><html lang=zh-CN><meta charset=utf-8><title>-</title><p>市</p></html>")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(KIT.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters.update(papertext.FILTERS)
    return made


_templates = _environment()


def render(paper: Paper) -> Rendered:
    """Lay out one paper. Raises CannotPrint when it would not show what it must."""
    return _layout(page_of(paper), paper.pictures)


def page_of(paper: Paper) -> str:
    """Return the page of one paper before it is laid out."""
    page = _templates.get_template(papertext.template_of(paper.kind)).render(
        paper=paper, seal=_seal(paper), preview=False, **papertext.given(paper)
    )
    return papertext.breaking(page)


def _seal(paper: Paper) -> str | None:
    """Return the file of the bureau's seal, if one was put there; without it the place for the stamp is marked."""
    folder = _folders.get("seals")
    for ending in ("svg", "png"):
        name = f"{paper.bureau_key}.{ending}"
        if folder is not None and (folder / name).is_file():
            return name
    return None


def _layout(page: str, pictures: Mapping[str, Callable[[], bytes]] = NO_PICTURES) -> Rendered:
    complaints, shelf = _Complaints(), Shelf(_folders, pictures)
    voice = logging.getLogger("weasyprint")
    with _lock:
        voice.addHandler(complaints)
        try:
            document = HTML(string=page, base_url=f"{BASE}print/", url_fetcher=shelf).render(
                font_config=_fonts, pdf_variant=VARIANT, pdf_tags=True
            )
            out = BytesIO()
            document.write_pdf(out, pdf_variant=VARIANT, pdf_tags=True)
        finally:
            voice.removeHandler(complaints)
    if complaints.glyphs:
        raise CannotPrint("a character has no glyph in any font")
    if shelf.missing:
        raise CannotPrint("a picture cannot be read")
    for kind in sorted(set(complaints.others)):
        log.debug("layout: %s", kind)
    return Rendered(out.getvalue(), len(document.pages))
