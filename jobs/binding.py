"""Binding a dossier: cover, contents, papers, pictures and files of a case in one PDF/A-3u, with page numbers and
bookmarks. Only workers import it.

What people sent in goes in as pictures of its pages; a PDF is drawn by the cleaning process, and its original lies
embedded beside the pages (not shown by any page, opened by whoever wants to prove it).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, AttachedFileSpec, Name, OutlineItem, Pdf, Rectangle

from casework import attachments, documents
from casework.attachments import store
from casework.cleaning.raster import add_picture
from casework.cleaning.runner import Cleaned, clean_apart
from casework.cleaning.sandbox import PAGES
from casework.documents import Paper
from casework.dossiers import cover
from casework.dossiers.parts import Part
from casework.errors import WorkError
from jobs import pdf
from jobs.pictures import shrunk
from models import Attachment, Case
from models.attachment import CLEAN

A4 = (595.28, 841.89)
"""Points."""
MARGIN = 54.0
"""Points around a picture, 19 mm: the number of the page stands in it."""
PICTURE = 2000
"""Pixels of the longer side of a picture in a dossier."""
DRAWN = 80 * 1024 * 1024
"""Bytes that the drawn pages of one PDF may take."""
EMBEDDED = 30 * 1024 * 1024
"""Bytes of originals that are embedded in all; what is beyond them is named with its check sum."""
TEXT = 2600
"""Characters of a text file that are printed."""


@dataclass
class Leaf:
    """One part with its pages. `slip` says in words what stands in place of a part that cannot be printed."""

    part: Part
    pages: list[bytes] = field(default_factory=list)
    count: int = 0
    slip: dict[str, Any] | None = None
    original: Attachment | None = None


def bind(case: Case, parts: list[Part], ordered_by: int | None, now: datetime) -> tuple[bytes, int]:
    """Return the dossier of a case and how many pages it has. Raises whatever layout or files raise."""
    leaves = [_leaf(part) for part in parts]
    slips = [leaf for leaf in leaves if leaf.slip is not None]
    if slips:
        drawn = pdf.render(_paper(case, cover.SLIPS, {"slips": [leaf.slip for leaf in slips]}, now))
        if drawn.pages != len(slips):
            raise RuntimeError(f"{len(slips)} slips took {drawn.pages} pages")
        for place, leaf in enumerate(slips):
            leaf.pages, leaf.count = [_single(drawn.pdf, place)], 1
    starts = _starts(leaves)
    total = sum(leaf.count for leaf in leaves)
    rows = [cover.row(leaf.part, start, leaf.count) for leaf, start in zip(leaves, starts, strict=True)]
    front = pdf.render(_paper(case, cover.FRONT, cover.facts(case, rows, total), now))
    stamps = pdf.render(_paper(case, cover.STAMPS, {"numbers": cover.stamps(rows)}, now)) if total else None
    out = BytesIO()
    with pikepdf.open(BytesIO(front.pdf)) as book:
        _untag(book)
        for leaf in leaves:
            for body in leaf.pages:
                _append(book, body)
            leaf.pages = []
        if stamps is not None:
            _stamp(book, front.pages, stamps.pdf)
        _outline(book, front.pages, leaves, starts)
        _embed(book, case, leaves, ordered_by, now)
        book.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue(), len(book.pages)


def _paper(case: Case, kind: str, facts: dict[str, Any], now: datetime) -> Paper:
    return cover.paper(case, kind, facts, now)


def _starts(leaves: list[Leaf]) -> list[int]:
    """Return the number of the first page of each part; the pages after the contents count from one."""
    found, at = [], 1
    for leaf in leaves:
        found.append(at)
        at += leaf.count
    return found


def _leaf(part: Part) -> Leaf:
    if part.paper is not None:
        try:
            return Leaf(part, [documents.read(part.paper)], part.paper.pages or 1)
        except (OSError, ValueError) as error:
            return Leaf(part, slip=cover.slip(part, f"文书的文件读不出来（{type(error).__name__}），请联系管理员"))
    file = part.file
    if file is None:
        raise ValueError("a part is a paper or a file")
    leaf = Leaf(part, original=file if file.media_type == "application/pdf" else None)
    if file.state != CLEAN or file.clean is None:
        return replace(leaf, slip=cover.slip(part, file.reason or "没有可以查看的副本，原件封存"))
    try:
        return _file(leaf, file)
    except (OSError, ValueError) as error:
        return replace(leaf, slip=cover.slip(part, f"文件读不出来（{type(error).__name__}），请联系管理员"))


def _file(leaf: Leaf, file: Attachment) -> Leaf:
    if file.clean_type == "image/jpeg":
        return replace(leaf, pages=[_picture(store.body(str(file.clean)))], count=1)
    if file.clean_type == "application/pdf":
        drawn, answer = bytearray(), None
        answer = clean_apart(PAGES, file.clean_size or 0, store.read(str(file.clean)), drawn.extend, DRAWN)
        if isinstance(answer, Cleaned) and answer.pages:
            return replace(leaf, pages=[bytes(drawn)], count=answer.pages)
        return replace(leaf, slip=cover.slip(leaf.part, f"不能转成图像：{answer.reason or '文件太大'}"))
    if file.clean_type == "text/plain":
        text = store.body(str(file.clean)).decode("utf-8", "replace")
        return replace(leaf, slip=cover.slip(leaf.part, "", text[:TEXT]))
    return replace(leaf, slip=cover.slip(leaf.part, "录音、录像不能印在纸上，保存在系统里"))


def _picture(body: bytes) -> bytes:
    """Return a page of A4 with one of our own cleaned pictures on it, lying or standing as it is."""
    coded, (width, height) = shrunk(body, PICTURE, 82)
    out = BytesIO()
    with Pdf.new() as made:
        add_picture(made, coded, (width, height), (width * 72 / 150, height * 72 / 150))
        made.save(out)
    return out.getvalue()


def _single(body: bytes, place: int) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(body)) as source, Pdf.new() as made:
        made.pages.append(source.pages[place])
        _untag_page(made.pages[0])
        made.save(out)
    return out.getvalue()


def _untag(book: Pdf) -> None:
    """Drop the structure of the front: it would say nothing of the pages that are bound behind it."""
    for key in ("/StructTreeRoot", "/MarkInfo"):
        if key in book.Root:
            del book.Root[key]
    for page in book.pages:
        _untag_page(page)


def _untag_page(page: pikepdf.Page) -> None:
    for key in ("/StructParents", "/Tabs"):
        if key in page.obj:
            del page.obj[key]


def _append(book: Pdf, body: bytes) -> None:
    """Append the pages of a part; one that is not of A4 is fitted into its margins."""
    with pikepdf.open(BytesIO(body)) as source:
        for page in source.pages:
            _untag_page(page)
            width, height = _size(page)
            if abs(width - A4[0]) < 3 and abs(height - A4[1]) < 3:
                book.pages.append(page)
                continue
            book.add_blank_page(page_size=A4)
            space = Rectangle(MARGIN, MARGIN, A4[0] - MARGIN, A4[1] - MARGIN)
            pikepdf.Page(book.pages[-1].obj).add_overlay(page, space)


def _size(page: pikepdf.Page) -> tuple[float, float]:
    box = [float(one) for one in page.mediabox]
    return abs(box[2] - box[0]), abs(box[3] - box[1])


def _stamp(book: Pdf, front: int, body: bytes) -> None:
    with pikepdf.open(BytesIO(body)) as stamps:
        for place, stamp in enumerate(stamps.pages):
            _untag_page(stamp)
            pikepdf.Page(book.pages[front + place].obj).add_overlay(stamp, Rectangle(0, 0, *A4))


def _outline(book: Pdf, front: int, leaves: list[Leaf], starts: list[int]) -> None:
    with book.open_outline() as outline:
        del outline.root[:]
        outline.root.append(OutlineItem("封面和目录", 0))
        for leaf, start in zip(leaves, starts, strict=True):
            if leaf.count:
                outline.root.append(OutlineItem(leaf.part.title, front + start - 1))


def _embed(book: Pdf, case: Case, leaves: list[Leaf], ordered_by: int | None, now: datetime) -> None:
    """Embed the originals of PDFs, as far as there is room; each is opened in the name of who ordered the dossier."""
    room, specs = EMBEDDED, []
    for place, original in _originals(leaves):
        if ordered_by is None or original.size > room:
            continue
        why = "装订卷宗，原件附入"
        with suppress(WorkError):
            opened = attachments.open_original(original.id, case=case, staff_id=ordered_by, reason=why, now=now)
            body = b"".join(opened.chunks)
            room -= len(body)
            name = f"{place:02d}-{original.name}"
            spec = AttachedFileSpec(
                book, body, filename=name, mime_type=original.media_type, relationship=Name.Source,
                description=f"第{place}件附件的原件",
            )  # fmt: skip
            book.attachments[name] = spec
            specs.append(spec.obj)
    if specs:
        book.Root.AF = Array(specs)


def _originals(leaves: list[Leaf]) -> Iterator[tuple[int, Attachment]]:
    for place, leaf in enumerate(leaves, 1):
        if leaf.original is not None:
            yield place, leaf.original
