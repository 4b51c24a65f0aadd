"""Pages of a cleaned PDF as pictures, for dossiers: nothing of the file itself is carried over but what one sees."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from casework.cleaning.verdict import BROKEN, Bytes, Copy, Uncleanable

DPI = 150
LONGEST = 4000
"""Pixels of the longer side of one page: a poster is drawn coarser."""
QUALITY = 80


def pages_as_pictures(data: Bytes) -> Copy:
    """Return a PDF whose pages are pictures of the pages of `data`, one drawn after the other."""
    try:
        source = pypdfium2.PdfDocument(bytes(data))
    except pypdfium2.PdfiumError as error:
        raise Uncleanable(BROKEN) from error
    out = BytesIO()
    with Pdf.new() as fresh:
        for page in source:
            width, height = page.get_size()
            scale = min(DPI / 72, LONGEST / max(width, height, 1))
            picture = page.render(scale=scale, draw_annots=False).to_pil().convert("RGB")
            coded = BytesIO()
            picture.save(coded, "JPEG", quality=QUALITY)
            add_picture(fresh, coded.getvalue(), picture.size, (width, height))
            page.close()
        number = len(fresh.pages)
        fresh.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return Copy("application/pdf", out.getbuffer(), pages=number)


def add_picture(pdf: Pdf, jpeg: bytes, pixels: tuple[int, int], points: tuple[float, float]) -> None:
    """Append a page of `points` (1/72 inch) that an RGB JPEG of `pixels` fills."""
    image = Stream(
        pdf, jpeg, Type=Name.XObject, Subtype=Name.Image, Width=pixels[0], Height=pixels[1],
        ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    drawn = f"q {points[0]:.2f} 0 0 {points[1]:.2f} 0 0 cm /P Do Q".encode()
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(points[0], 2), round(points[1], 2)]),
        Resources=Dictionary(XObject=Dictionary(P=pdf.make_indirect(image))),
        Contents=pdf.make_indirect(Stream(pdf, drawn)),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
