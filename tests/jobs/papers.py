"""Papers for tests of the layout, and measures taken from their PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pikepdf
from pypdf import PdfReader

from casework.documents import ACCEPTANCE, Paper

MM = 25.4 / 72
FACTS: dict[str, Any] = {
    "action": "accept",
    "case_number": "T20261120-00042-7",
    "regime": "order-121",
    "received_on": "2026-11-20",
    "source_number": None,
    "respondent": "临江澜亭健身服务有限公司",
    "matter": "健身年卡：退还剩余费用",
    "handler": "李明",
    "unit": "望江所",
    "phone": "000-66123150",
    "due_on": "2027-01-22",
}


def acceptance(addressee: str = "王秀英", bureau: str = "临江市市场监督管理局", **facts: Any) -> Paper:
    """An acceptance decision with the facts given."""
    return Paper(
        kind=ACCEPTANCE,
        title="投诉受理决定书",
        number="临市监投受〔2026〕第412号",
        bureau=bureau,
        bureau_key="city",
        addressee=addressee,
        issued_on=date(2026, 11, 23),
        facts={**FACTS, **facts},
    )


@dataclass
class Line:
    """One line of text, measured in millimetres from the left and lower edge of the page."""

    y: float
    left: float
    right: float
    size: float
    text: str = ""


class _Reader:
    """Follows the text operators of one page and keeps where each run of glyphs begins and ends."""

    def __init__(self, page: Any) -> None:
        self.widths = {name: _widths(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
        self.font, self.size, self.spacing = "", 0.0, 0.0
        self.runs: list[tuple[float, float, float, float]] = []

    def before(self, operator: bytes, operands: list[Any], matrix: list[float], text_matrix: list[float]) -> None:
        """See one operator with the matrices that hold for it."""
        if operator == b"Tf":
            self.font, self.size = operands[0], float(operands[1])
        if operator != b"TJ" or not self.widths.get(self.font):
            return
        advance = 0.0
        for part in operands[0]:
            if isinstance(part, (bytes, str)):
                raw = part.encode("latin-1") if isinstance(part, str) else part
                codes = [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2)]
                advance += sum(self.widths[self.font].get(code, 1000.0) for code in codes)
            else:
                advance -= float(part)
        scale = abs(text_matrix[0] * matrix[0])
        x = (text_matrix[4] * matrix[0] + matrix[4]) * MM
        y = (text_matrix[5] * matrix[3] + matrix[5]) * MM
        self.runs.append((round(y, 1), x, x + advance / 1000 * self.size * scale * MM, self.size * scale))


def _widths(font: Any) -> dict[int, float]:
    """The advance of each glyph in thousandths of the size, for the fonts of CID type that papers are set in."""
    if "/DescendantFonts" not in font:
        return {}
    entries = list(font["/DescendantFonts"][0].get_object().get("/W", []))
    found: dict[int, float] = {}
    while entries:
        first, following = int(entries.pop(0)), entries.pop(0)
        if isinstance(following, list):
            found.update({first + place: float(width) for place, width in enumerate(following)})
        else:
            width = float(entries.pop(0))
            found.update(dict.fromkeys(range(first, int(following) + 1), width))
    return found


def lines(pdf: bytes, page: int = 0) -> list[Line]:
    """The lines of a page from the top, as the file positions them."""
    source = PdfReader(BytesIO(pdf)).pages[page]
    reader = _Reader(source)
    texts: dict[float, str] = {}

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: Any, _size: float) -> None:
        y = round((text_matrix[5] * matrix[3] + matrix[5]) * MM, 1)
        texts[y] = texts.get(y, "") + text.strip()

    source.extract_text(visitor_operand_before=reader.before, visitor_text=visit)
    found: dict[float, Line] = {}
    for y, left, right, size in reader.runs:
        line = found.setdefault(y, Line(y, left, right, size, texts.get(y, "")))
        line.left, line.right = min(line.left, left), max(line.right, right)
    return sorted(found.values(), key=lambda line: -line.y)


def pages_of(pdf: bytes) -> int:
    """How many pages a file has."""
    return len(PdfReader(BytesIO(pdf)).pages)


def unembedded(pdf: bytes) -> set[str]:
    """The fonts that a file names without carrying them."""
    found = set()
    for page in PdfReader(BytesIO(pdf)).pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[attr-defined]
            whole = font.get_object()
            inner = whole["/DescendantFonts"][0].get_object() if "/DescendantFonts" in whole else whole
            described = inner.get("/FontDescriptor", {})
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.get_object() if described else ()):
                found.add(str(whole["/BaseFont"]))
    return found


def complaints(pdf: bytes) -> list[str]:
    """What qpdf finds wrong with the structure of a file."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        return list(opened.check_pdf_syntax())


def text_of(pdf: bytes) -> str:
    """All text of a file without its line ends and invisible marks."""
    whole = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return "".join(one for one in whole if one not in "\n\u200b\u2060")
